/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * URLs of listeners and upstream servers: SCHEME://HOST[:PORT][/].
 *
 * The host is an address, an IPv6 one in brackets and perhaps with a zone,
 * `localhost`, `*` (only to listen on) or a name (only of an upstream). Nothing
 * is looked up here, and nothing else of RFC 3986 is taken: no user, no path,
 * no escapes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "resolver/config_parse.h"

#define LABEL_MAX 63 /* RFC 1035 2.3.4 */
#define NAME_MAX_LEN (CONFIG_HOST_LEN - 1)
#define DOMAIN_PORT 53
#define SHOWN_MAX 64 /* octets of a wrong URL in an error */

static const struct scheme {
	const char *name;
	uint16_t port;
	bool is_encrypted;
} schemes[CONFIG_SCHEMES] = {
    [CONFIG_QUIC] = {"quic", 853, true}, /* RFC 9250 4.1.1 */
    [CONFIG_UDP] = {"udp", DOMAIN_PORT, false},
    [CONFIG_TCP] = {"tcp", DOMAIN_PORT, false},
    [CONFIG_TLS] = {"tls", 853, true}, /* RFC 7858 3.1 */
    [CONFIG_H3] = {"h3", 443, true},
};

/* One URL being read: what is wrong is written to `why`. */
struct reader {
	const char *text;
	char *why;
	bool is_listen;
	struct config_url url;
};

static int __attribute__((format(printf, 2, 3)))
fail(struct reader *reader, const char *fmt, ...)
{
	char what[CONFIG_ERROR_LEN / 2];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	(void)snprintf(reader->why, CONFIG_ERROR_LEN, "\"%.*s\": %s", SHOWN_MAX,
	    reader->text, what);
	return -EINVAL;
}

bool
config_scheme_is_encrypted(enum config_scheme scheme)
{
	return schemes[scheme].is_encrypted;
}

bool
config_addr_is_any(const struct config_addr *addr)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (addr->ss.ss_family == AF_INET) {
		memcpy(&sin, &addr->ss, sizeof(sin));
		return sin.sin_addr.s_addr == htonl(INADDR_ANY);
	}
	memcpy(&sin6, &addr->ss, sizeof(sin6));
	return IN6_IS_ADDR_UNSPECIFIED(&sin6.sin6_addr);
}

static void
set_v4(struct config_addr *addr, in_addr_t host, uint16_t port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = host};

	*addr = (struct config_addr){.len = sizeof(sin)};
	memcpy(&addr->ss, &sin, sizeof(sin));
}

static void
set_v6(struct config_addr *addr, const struct in6_addr *host, uint32_t scope,
    uint16_t port)
{
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6,
	    .sin6_port = htons(port),
	    .sin6_addr = *host,
	    .sin6_scope_id = scope};

	*addr = (struct config_addr){.len = sizeof(sin6)};
	memcpy(&addr->ss, &sin6, sizeof(sin6));
}

/* An IPv6 zone is an interface, by name or number: RFC 4007 11.2. */
static int
parse_zone(const char *zone, uint32_t *ret_scope)
{
	uint64_t number;

	*ret_scope = if_nametoindex(zone);
	if (*ret_scope != 0)
		return 0;
	if (config_number_parse(zone, 1, UINT32_MAX, &number) != 0)
		return -EINVAL;
	*ret_scope = (uint32_t)number;
	return 0;
}

int
config_addr_parse(const char *text, uint16_t port, struct config_addr *ret_addr)
{
	char host[INET6_ADDRSTRLEN];
	struct in_addr v4;
	struct in6_addr v6;
	uint32_t scope = 0;
	size_t len = strcspn(text, "%");

	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(AF_INET, text, &v4) == 1) {
		set_v4(ret_addr, v4.s_addr, port);
		return 0;
	}
	if (inet_pton(AF_INET6, host, &v6) != 1)
		return -EINVAL;
	if (text[len] == '%' && parse_zone(text + len + 1, &scope) != 0)
		return -EINVAL;
	set_v6(ret_addr, &v6, scope, port);
	return 0;
}

/* Copies the host without brackets; *ret_port is what follows its colon. */
static int
split_address(const char *text, char host[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE],
    const char **ret_port)
{
	const char *colon = strrchr(text, ':');
	bool is_bracketed = text[0] == '[';
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;

	if (colon == NULL || len > INET6_ADDRSTRLEN + IF_NAMESIZE)
		return -EINVAL;
	if (is_bracketed && (len < 2 || text[len - 1] != ']'))
		return -EINVAL;
	len -= is_bracketed ? 2 : 0;
	memcpy(host, text + is_bracketed, len);
	host[len] = '\0';
	/* An IPv6 address has colons, and nothing else has. */
	if (is_bracketed != (strchr(host, ':') != NULL))
		return -EINVAL;
	*ret_port = colon + 1;
	return 0;
}

int
config_address_parse(
    const char *text, char why[CONFIG_ERROR_LEN], struct config_addr *ret_addr)
{
	char host[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE] = "127.0.0.1";
	const char *port = text;
	uint64_t number;

	if ((strchr(text, ':') != NULL &&
		split_address(text, host, &port) != 0) ||
	    config_number_parse(port, 0, UINT16_MAX, &number) != 0 ||
	    config_addr_parse(host, (uint16_t)number, ret_addr) != 0)
		return config_value_fail(why, text,
		    "is no ADDRESS:PORT, such as 127.0.0.1:9853 or "
		    "[::1]:9853");
	return 0;
}

static bool
is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool
config_name_is_valid(const char *text)
{
	size_t len = strlen(text);
	size_t label = 0;
	bool has_letter = false;
	size_t i;

	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len == 0 || len > NAME_MAX_LEN)
		return false;
	for (i = 0; i < len; i++) {
		if (text[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!is_label_char(text[i]) || ++label > LABEL_MAX)
			return false;
		if (text[i] < '0' || text[i] > '9')
			has_letter = true;
	}
	/* 192.0.2.300 is a mistake, not a name. */
	return label > 0 && has_letter;
}

static int
read_scheme(struct reader *reader, uint32_t allowed, const char **ret_rest)
{
	const char *mark = strstr(reader->text, "://");
	size_t len = mark != NULL ? (size_t)(mark - reader->text) : 0;
	enum config_scheme i;

	if (mark == NULL)
		return fail(reader, "no URL; write SCHEME://HOST[:PORT]");
	for (i = 0; i < CONFIG_SCHEMES; i++) {
		if (strlen(schemes[i].name) == len &&
		    memcmp(schemes[i].name, reader->text, len) == 0)
			break;
	}
	if (i == CONFIG_SCHEMES)
		return fail(reader,
		    "unknown scheme; there are quic, udp, tcp, tls and h3");
	if ((allowed & CONFIG_SCHEME_BIT(i)) == 0)
		return fail(reader, "this version of quolld cannot %s %s",
		    reader->is_listen ? "listen on" : "ask by",
		    schemes[i].name);
	reader->url.scheme = i;
	*ret_rest = mark + strlen("://");
	return 0;
}

/* Copies the host without brackets; *ret_rest is what follows it. */
static int
split_host(struct reader *reader, const char *text, const char **ret_rest)
{
	const char *end;
	size_t len;

	if (text[0] == '[') {
		text++;
		end = strchr(text, ']');
		if (end == NULL)
			return fail(reader, "a bracket is not closed");
		*ret_rest = end + 1;
	} else {
		end = text + strcspn(text, ":/");
		*ret_rest = end;
		if (*end == ':' && strchr(end + 1, ':') != NULL)
			return fail(
			    reader, "an IPv6 address needs brackets: [::1]");
	}
	len = (size_t)(end - text);
	if (len == 0)
		return fail(reader, "no host");
	if (len >= sizeof(reader->url.host))
		return fail(reader, "the host is too long");
	memcpy(reader->url.host, text, len);
	reader->url.host[len] = '\0';
	return 0;
}

static int
read_port(struct reader *reader, const char *text)
{
	struct config_url *url = &reader->url;
	char digits[sizeof("65535")];
	size_t len = 0;
	uint64_t port = schemes[url->scheme].port;

	if (*text == ':') {
		text++;
		len = strcspn(text, "/");
		if (len >= sizeof(digits))
			return fail(
			    reader, "the port is no number up to 65535");
		memcpy(digits, text, len);
		digits[len] = '\0';
		if (config_number_parse(digits, 0, UINT16_MAX, &port) != 0)
			return fail(
			    reader, "the port is no number up to 65535");
		text += len;
	}
	if (*text != '\0' && strcmp(text, "/") != 0)
		return fail(reader, "something follows the host and the port");
	if (port == 0 && !reader->is_listen)
		return fail(reader, "port 0 cannot be asked");
	if (port == DOMAIN_PORT && url->scheme == CONFIG_QUIC)
		return fail(reader,
		    "port 53 must not be used for DNS over QUIC "
		    "(RFC 9250 4.1.1)");
	url->port = (uint16_t)port;
	return 0;
}

static void
set_both(struct reader *reader, enum config_host kind)
{
	struct config_url *url = &reader->url;
	bool is_any = kind == CONFIG_HOST_ANY;

	url->kind = kind;
	url->addr_count = 2;
	set_v4(&url->addr[0], htonl(is_any ? INADDR_ANY : INADDR_LOOPBACK),
	    url->port);
	set_v6(&url->addr[1], is_any ? &in6addr_any : &in6addr_loopback, 0,
	    url->port);
}

static int
read_host(struct reader *reader, bool is_bracketed)
{
	struct config_url *url = &reader->url;

	if (config_addr_parse(url->host, url->port, &url->addr[0]) == 0 &&
	    is_bracketed == (url->addr[0].ss.ss_family == AF_INET6)) {
		url->kind = CONFIG_HOST_ADDRESS;
		url->addr_count = 1;
		return 0;
	}
	if (is_bracketed)
		return fail(reader, "no IPv6 address between the brackets");
	if (strcmp(url->host, "localhost") == 0) {
		set_both(reader, CONFIG_HOST_LOCALHOST);
		return 0;
	}
	if (strcmp(url->host, "*") == 0 && reader->is_listen) {
		set_both(reader, CONFIG_HOST_ANY);
		return 0;
	}
	if (!reader->is_listen && config_name_is_valid(url->host)) {
		url->kind = CONFIG_HOST_NAME;
		return 0;
	}
	if (reader->is_listen)
		return fail(reader, "\"%.*s\" is no address, localhost or *",
		    SHOWN_MAX, url->host);
	return fail(reader, "\"%.*s\" is no address and no host name",
	    SHOWN_MAX, url->host);
}

int
config_url_parse(const char *text, bool is_listen,
    const struct config_build *build, char why[CONFIG_ERROR_LEN],
    struct config_url *ret_url)
{
	struct reader reader = {
	    .text = text, .why = why, .is_listen = is_listen};
	const char *rest = NULL;
	bool is_bracketed;
	int rc;

	rc = read_scheme(&reader,
	    is_listen ? build->listen_schemes : build->upstream_schemes, &rest);
	if (rc != 0)
		return rc;
	is_bracketed = rest[0] == '[';
	rc = split_host(&reader, rest, &rest);
	if (rc == 0)
		rc = read_port(&reader, rest);
	if (rc == 0)
		rc = read_host(&reader, is_bracketed);
	if (rc == 0)
		*ret_url = reader.url;
	return rc;
}

int
config_url_check(const char *url, bool is_listen,
    const struct config_build *build, char *why, size_t whylen)
{
	struct config_url parsed = {0};
	char what[CONFIG_ERROR_LEN] = "";
	int rc;

	if (!is_listen && strcmp(url, "recursive") == 0)
		return 0;
	rc = config_url_parse(url, is_listen, build, what, &parsed);
	if (rc == 0 && parsed.kind == CONFIG_HOST_NAME) {
		(void)snprintf(what, sizeof(what),
		    "\"%.*s\": names are not looked up; write an address, or "
		    "the name with its addresses in the file",
		    SHOWN_MAX, url);
		rc = -EINVAL;
	}
	if (rc != 0)
		(void)snprintf(why, whylen, "%s", what);
	return rc;
}

void
config_url_format(enum config_scheme scheme, const struct sockaddr *sa,
    char ret_text[CONFIG_URL_LEN])
{
	char host[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE] = "?";
	char port[sizeof("65535")] = "?";
	socklen_t len = sizeof(struct sockaddr_in);
	bool is_v6 = sa->sa_family == AF_INET6;

	if (is_v6)
		len = sizeof(struct sockaddr_in6);
	if ((!is_v6 && sa->sa_family != AF_INET) ||
	    getnameinfo(sa, len, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
		(void)snprintf(
		    ret_text, CONFIG_URL_LEN, "%s://?", schemes[scheme].name);
		return;
	}
	(void)snprintf(ret_text, CONFIG_URL_LEN,
	    is_v6 ? "%s://[%s]:%s" : "%s://%s:%s", schemes[scheme].name, host,
	    port);
}
