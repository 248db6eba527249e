/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quic://HOST[:PORT], the way in which every subcommand names its server.
 * Pure: nothing is looked up here.
 */
#include "tools/doqspec/doqspec.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char scheme[] = "quic://";

enum {
	PORT_MAX = 65535
};

/* Copies the host; *ret_rest is what stands behind it. */
static int
take_host(const char *text, struct spec_url *url, const char **ret_rest)
{
	bool is_literal = text[0] == '[';
	size_t len = is_literal ? strcspn(++text, "]") : strcspn(text, ":/");

	if (len == 0 || len >= sizeof(url->host) ||
	    (is_literal && text[len] != ']'))
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (!isgraph((unsigned char)text[i]))
			return -EINVAL;
	memcpy(url->host, text, len);
	url->host[len] = '\0';
	*ret_rest = text + len + is_literal;
	return 0;
}

static int
take_port(const char *text, struct spec_url *url)
{
	unsigned port = 0;

	if (text[0] == '\0')
		return -EINVAL;
	for (const char *p = text; *p != '\0'; p++) {
		if (!isdigit((unsigned char)*p))
			return -EINVAL;
		port = port * 10 + (unsigned)(*p - '0');
		if (port > PORT_MAX)
			return -EINVAL;
	}
	if (port == 0)
		return -EINVAL;
	snprintf(url->port, sizeof(url->port), "%u", port);
	return 0;
}

int
spec_url_read(const char *text, struct spec_url *ret_url)
{
	struct spec_url url = {.port = "853"}; /* RFC 9250 4.1.1 */
	const char *rest;
	size_t len = strlen(scheme);

	if (strncmp(text, scheme, len) != 0 ||
	    take_host(text + len, &url, &rest) != 0 ||
	    (rest[0] == ':' && take_port(rest + 1, &url) != 0) ||
	    (rest[0] != ':' && rest[0] != '\0'))
		return -EINVAL;
	*ret_url = url;
	return 0;
}
