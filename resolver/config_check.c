/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What concerns several keys at once, after all of them have been read; and
 * what is derived from them: the mode of the upstream, the access table, the
 * rules of DNS64.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "dns/identity.h"
#include "resolver/config_parse.h"

#define PORTS (UINT16_MAX + 1)
#define FIRST_FREE_PORT 1024 /* below are well-known services */

static void
check_tls(struct config_loader *loader)
{
	const struct config *config = loader->config;

	if (config->tls.cert != NULL && config->tls.key == NULL)
		config_error(loader, config_line(loader, "tls.cert"),
		    "tls.cert: needs tls.key, the private key");
	if (config->tls.key != NULL && config->tls.cert == NULL)
		config_error(loader, config_line(loader, "tls.key"),
		    "tls.key: needs tls.cert, the certificate");
	if (config->quic.early_data && !config->tls.tickets)
		config_error(loader, config_line(loader, "quic.early-data"),
		    "quic.early-data: needs tls.tickets");
}

/* tls.cert and tls.key as the first of the list. */
static int
compile_certs(struct config_loader *loader)
{
	struct config *config = loader->config;
	struct config_certs *list = &config->tls.certificates;
	struct config_cert first = {.line = config_line(loader, "tls.cert")};
	struct config_cert *items;

	if (config->tls.cert == NULL || config->tls.key == NULL)
		return 0;
	items = realloc(list->item, (list->count + 1) * sizeof(*items));
	if (items == NULL)
		return -ENOMEM;
	list->item = items;
	first.cert = strdup(config->tls.cert);
	first.key = strdup(config->tls.key);
	memmove(items + 1, items, list->count * sizeof(*items));
	items[0] = first;
	list->count++;
	return first.cert != NULL && first.key != NULL ? 0 : -ENOMEM;
}

/* The second of two could never be shown. */
static void
check_certs(struct config_loader *loader)
{
	const struct config_certs *list = &loader->config->tls.certificates;
	size_t i;
	size_t j;

	for (i = 1; i < list->count; i++) {
		for (j = 0; j < i; j++) {
			if (strcmp(list->item[i].cert, list->item[j].cert) != 0)
				continue;
			config_error(loader, list->item[i].line,
			    "tls.certificates: %s is given twice",
			    list->item[i].cert);
			break;
		}
	}
}

static void
check_windows(struct config_loader *loader)
{
	const struct config *config = loader->config;

	if (config->quic.connection_window_bytes <
	    config->quic.stream_window_bytes)
		config_error(loader,
		    config_line(loader, "quic.connection-window"),
		    "quic.connection-window: is less than stream-window");
	if (config->quic.connection_window_max_bytes <
	    config->quic.connection_window_bytes)
		config_error(loader,
		    config_line(loader, "quic.connection-window-max"),
		    "quic.connection-window-max: is less than "
		    "connection-window");
}

static bool
is_same_listen(const struct config_listen *a, const struct config_listen *b)
{
	char text_a[CONFIG_URL_LEN];
	char text_b[CONFIG_URL_LEN];

	config_url_format(
	    a->scheme, (const struct sockaddr *)&a->addr.ss, text_a);
	config_url_format(
	    b->scheme, (const struct sockaddr *)&b->addr.ss, text_b);
	return strcmp(text_a, text_b) == 0;
}

static bool
is_port_chosen(const struct config_listen *listen)
{
	struct sockaddr_in sin;

	/* The port stands at the same place in both families. */
	_Static_assert(offsetof(struct sockaddr_in, sin_port) ==
			   offsetof(struct sockaddr_in6, sin6_port),
	    "ports apart");
	memcpy(&sin, &listen->addr.ss, sizeof(sin));
	return sin.sin_port == 0;
}

static void
check_listen(struct config_loader *loader)
{
	const struct config_listens *list = &loader->config->listen;
	size_t line = config_line(loader, "listen");
	char text[CONFIG_URL_LEN];
	size_t i;
	size_t j;

	/* A wrong item has been told already. */
	if (list->count == 0 && loader->errors->count == 0)
		config_error(loader, line, "listen: nothing to listen on");
	for (i = 1; i < list->count; i++) {
		for (j = 0; j < i; j++) {
			if (is_port_chosen(&list->item[i]) ||
			    !is_same_listen(&list->item[i], &list->item[j]))
				continue;
			config_url_format(list->item[i].scheme,
			    (const struct sockaddr *)&list->item[i].addr.ss,
			    text);
			config_error(
			    loader, line, "listen: %s is given twice", text);
			break;
		}
	}
}

/* Servers imply `forward`; without servers and mode, we ask ourselves. */
static void
check_mode(struct config_loader *loader)
{
	struct config *config = loader->config;
	size_t line = config_line(loader, "upstream.mode");
	bool has_servers = config->upstream.servers.count > 0;

	if (line == 0 && has_servers)
		config->upstream.mode = CONFIG_MODE_FORWARD;
	/* A wrong server has been told already. */
	if (loader->errors->count > 0)
		return;
	if (config->upstream.mode == CONFIG_MODE_FORWARD && !has_servers)
		config_error(loader, line,
		    "upstream.mode: forward needs upstream.servers");
	if (config->upstream.mode != CONFIG_MODE_FORWARD && has_servers)
		config_error(loader, line,
		    "upstream.mode: with upstream.servers it must be forward");
}

/* Files are looked into later, when the resolver is made of them. */
static void
note_lines(struct config_loader *loader)
{
	struct config *config = loader->config;

	config->upstream.recursive.root_hints_line =
	    config_line(loader, "upstream.recursive.root-hints");
	config->upstream.recursive.trust_anchor_line =
	    config_line(loader, "upstream.recursive.trust-anchor");
}

/* libunbound has no Client Subnet. */
static void
check_ecs(struct config_loader *loader)
{
	const struct config *config = loader->config;

	if (config->ecs.mode != CONFIG_ECS_STRIP &&
	    config->upstream.mode == CONFIG_MODE_RECURSIVE)
		config_error(loader, config_line(loader, "ecs.mode"),
		    "ecs.mode: must be strip with upstream.mode recursive");
}

#define CACHE_LEAST_BYTES (1024 * 1024)
#define MSEC_PER_SEC 1000

/* Records tell whole seconds: less than one would silently be none. */
static void
check_seconds(struct config_loader *loader, const char *path, uint64_t msec)
{
	if (msec % MSEC_PER_SEC != 0)
		config_error(loader, config_line(loader, path),
		    "%s: must be whole seconds", path);
}

static void
check_cache_times(struct config_loader *loader)
{
	const struct config *config = loader->config;

	check_seconds(loader, "cache.min-ttl", config->cache.min_ttl_ms);
	check_seconds(loader, "cache.max-ttl", config->cache.max_ttl_ms);
	check_seconds(loader, "cache.max-negative-ttl",
	    config->cache.max_negative_ttl_ms);
	check_seconds(
	    loader, "cache.failure-ttl", config->cache.failure_ttl_ms);
	check_seconds(loader, "cache.stale", config->cache.stale_ms);
}

static void
check_cache(struct config_loader *loader)
{
	const struct config *config = loader->config;

	if (config->cache.bytes > 0 && config->cache.bytes < CACHE_LEAST_BYTES)
		config_error(loader, config_line(loader, "cache.size"),
		    "cache.size: must be 0, or at least 1M");
	check_cache_times(loader);
	if (config->cache.min_ttl_ms > config->cache.max_ttl_ms)
		config_error(loader, config_line(loader, "cache.min-ttl"),
		    "cache.min-ttl: is more than max-ttl");
	if (config->cache.min_ttl_ms > config->cache.max_negative_ttl_ms)
		config_error(loader, config_line(loader, "cache.min-ttl"),
		    "cache.min-ttl: is more than max-negative-ttl");
	/* Otherwise nobody would ever get a stale answer in time. */
	if (config->cache.stale_ms > 0 &&
	    config->cache.stale_client_timeout_ms >=
		config->limits.query_timeout_ms)
		config_error(loader, config_line(loader, "cache.stale"),
		    "cache.stale: stale-client-timeout must be less than "
		    "limits.query-timeout");
}

/* RFC 1035 3.3: they are told in one character-string. */
static void
check_identity(struct config_loader *loader)
{
	const struct config *config = loader->config;

	if (config->special.version != NULL &&
	    strlen(config->special.version) > DNS_IDENTITY_MAX)
		config_error(loader, config_line(loader, "special.version"),
		    "special.version: is longer than %d octets",
		    DNS_IDENTITY_MAX);
	if (config->special.id != NULL &&
	    strlen(config->special.id) > DNS_IDENTITY_MAX)
		config_error(loader, config_line(loader, "special.id"),
		    "special.id: is longer than %d octets", DNS_IDENTITY_MAX);
}

/* RFC 5452 9.2: the source port must stay hard to guess. */
static void
check_ports(struct config_loader *loader)
{
	const struct config_ports *list = &loader->config->upstream.avoid_ports;
	bool is_avoided[PORTS] = {false};
	size_t left = 0;
	size_t port;
	size_t i;

	for (i = 0; i < list->count; i++) {
		for (port = list->item[i].first; port <= list->item[i].last;
		     port++)
			is_avoided[port] = true;
	}
	for (port = FIRST_FREE_PORT; port < PORTS; port++) {
		if (!is_avoided[port])
			left++;
	}
	if (left < CONFIG_PORTS_LEFT)
		config_error(loader,
		    config_line(loader, "upstream.avoid-ports"),
		    "upstream.avoid-ports: leaves %zu ports, at least %d are "
		    "needed",
		    left, CONFIG_PORTS_LEFT);
}

static int
compile_access(struct config *config)
{
	const struct config_prefixes *lists[] = {
	    &config->access.allow,
	    &config->access.deny,
	    &config->access.trusted,
	};
	struct access_prefix *all;
	size_t count = 0;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		count += lists[i]->count;
	all = calloc(count + 1, sizeof(*all));
	if (all == NULL)
		return -ENOMEM;
	count = 0;
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (lists[i]->count > 0)
			memcpy(all + count, lists[i]->item,
			    lists[i]->count * sizeof(*all));
		count += lists[i]->count;
	}
	rc = access_new(all, count, &config->access.list);
	free(all);
	return rc;
}

static int
compile_dns64(struct config *config)
{
	const struct config_prefixes *exclude = &config->dns64.exclude;
	const struct config_prefixes *clients = &config->dns64.clients;
	struct dns64_net *nets = calloc(exclude->count + 1, sizeof(*nets));
	size_t i;

	if (nets == NULL)
		return -ENOMEM;
	for (i = 0; i < exclude->count; i++)
		access_prefix_to_v6(
		    &exclude->item[i], nets[i].addr, &nets[i].bits);
	config->dns64.nets = nets;
	config->dns64.rules = (struct dns64){
	    .prefix = config->dns64.prefix,
	    .exclude = nets,
	    .exclude_count = exclude->count,
	};
	if (clients->count == 0)
		return 0;
	return access_new(
	    clients->item, clients->count, &config->dns64.for_whom);
}

/* Who may do what by default nobody may. */
static int
compile_rights(struct config *config)
{
	const struct config_prefixes *lists[CONFIG_RIGHTS] = {
	    [CONFIG_MAY_TRANSFER] = &config->access.transfer,
	    [CONFIG_MAY_NOTIFY] = &config->access.notify,
	    [CONFIG_MAY_UPDATE] = &config->access.update,
	};
	int rc = 0;

	for (size_t i = 0; i < CONFIG_RIGHTS && rc == 0; i++) {
		if (lists[i]->count > 0)
			rc = access_new(lists[i]->item, lists[i]->count,
			    &config->access.right[i]);
	}
	return rc;
}

void
config_check(struct config_loader *loader)
{
	int rc;

	/* These two look whether there was an error before. */
	check_listen(loader);
	check_mode(loader);
	note_lines(loader);
	check_ecs(loader);
	check_cache(loader);
	check_tls(loader);
	check_windows(loader);
	check_ports(loader);
	check_identity(loader);
	loader->config->ddr.line = config_line(loader, "ddr.names");
	rc = compile_certs(loader);
	if (rc == 0) {
		check_certs(loader);
		rc = compile_access(loader->config);
	}
	if (rc == 0)
		rc = compile_dns64(loader->config);
	if (rc == 0)
		rc = compile_rights(loader->config);
	if (rc != 0)
		loader->rc = rc;
}
