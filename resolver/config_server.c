/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One upstream server: what its keys mean together.
 *
 * Its keys come in any order, so the URL is kept as text and taken apart again
 * here, when all are known. A finished server has a port and at least one
 * address, each with that port; it has a name only if it is asked by TLS.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/config_parse.h"

static void
set_port(struct config_addr *addr, uint16_t port)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (addr->ss.ss_family == AF_INET) {
		memcpy(&sin, &addr->ss, sizeof(sin));
		sin.sin_port = htons(port);
		memcpy(&addr->ss, &sin, sizeof(sin));
	} else {
		memcpy(&sin6, &addr->ss, sizeof(sin6));
		sin6.sin6_port = htons(port);
		memcpy(&addr->ss, &sin6, sizeof(sin6));
	}
}

/* The addresses of the URL's host, unless it is a name. */
static int
take_addresses(
    struct config_server *server, const struct config_url *url, char *why)
{
	size_t i;

	if (url->addr_count == 0)
		return 0;
	server->addresses.item =
	    calloc(url->addr_count, sizeof(*server->addresses.item));
	if (server->addresses.item == NULL)
		return config_value_no_memory(why);
	for (i = 0; i < url->addr_count; i++)
		server->addresses.item[i] = url->addr[i];
	server->addresses.count = url->addr_count;
	return 0;
}

/* RFC 8310 8.1: the name that was configured is the one to verify. */
static int
take_name(struct config_server *server, const struct config_url *url, char *why)
{
	if (url->kind != CONFIG_HOST_NAME || server->name != NULL ||
	    !config_scheme_is_encrypted(url->scheme))
		return 0;
	server->name = strdup(url->host);
	return server->name != NULL ? 0 : config_value_no_memory(why);
}

static int
check_server(
    const struct config_server *server, const struct config_url *url, char *why)
{
	bool has_addresses = server->addresses.count > 0;

	if (url->addr_count > 0 && has_addresses)
		return config_value_fail(why, server->url,
		    "has an address already, \"addresses\" gives others");
	if (url->addr_count == 0 && !has_addresses)
		return config_value_fail(why, server->url,
		    "needs \"addresses\": names are not looked up");
	if (!config_scheme_is_encrypted(url->scheme) &&
	    (server->name != NULL || server->pins.count > 0 ||
		server->ca != NULL))
		return config_value_fail(why, server->url,
		    "is not encrypted: it has no name, pins or ca to check");
	if (config_scheme_is_encrypted(url->scheme) && server->is_proxied)
		return config_value_fail(why, server->url,
		    "is encrypted: proxy-protocol is for udp and tcp");
	if (server->name != NULL && !config_name_is_valid(server->name))
		return config_value_fail(
		    why, server->name, "is no name of a host");
	return 0;
}

static int
finish_server(
    struct config_server *server, const struct config_build *build, char *why)
{
	struct config_url url = {0};
	size_t i;
	int rc;

	if (server->url == NULL) {
		(void)snprintf(why, CONFIG_ERROR_LEN, "a server without url");
		return -EINVAL;
	}
	rc = config_url_parse(server->url, false, build, why, &url);
	if (rc == 0)
		rc = check_server(server, &url, why);
	if (rc == 0)
		rc = take_addresses(server, &url, why);
	if (rc == 0)
		rc = take_name(server, &url, why);
	if (rc != 0)
		return rc;
	server->scheme = url.scheme;
	server->port = url.port;
	for (i = 0; i < server->addresses.count; i++)
		set_port(&server->addresses.item[i], url.port);
	return 0;
}

int
config_server_append(struct config_servers *list, struct config_server *server,
    const struct config_build *build, char why[CONFIG_ERROR_LEN])
{
	struct config_server *items;
	int rc = finish_server(server, build, why);

	if (rc == 0) {
		items = realloc(list->item, (list->count + 1) * sizeof(*items));
		if (items != NULL) {
			list->item = items;
			items[list->count++] = *server;
			return 0;
		}
		rc = config_value_no_memory(why);
	}
	config_server_clear(server);
	return rc;
}

void
config_server_clear(struct config_server *server)
{
	config_record_clear(config_key_find("upstream.servers"), server);
}
