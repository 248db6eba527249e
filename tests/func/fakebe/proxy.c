/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the header of the PROXY protocol, version 2, as strictly as the
 * description of it allows (proxy-protocol.txt 2.2).
 */
#include "tests/func/fakebe/fakebe.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum {
	FIXED_LEN = 16,
	OFF_COMMAND = 12,
	OFF_FAMILY = 13,
	OFF_LENGTH = 14,
	PROXY = 0x21,
	LOCAL = 0x20,
	INET = 0x10,
	INET6 = 0x20,
	DGRAM = 2,
	STREAM = 1,
	V4_LEN = 4,
	V6_LEN = 16,
	PORT_LEN = 2
};

static const uint8_t signature[OFF_COMMAND] = "\r\n\r\n\0\r\nQUIT\n";

static void
put_ends(char *text, size_t size, int family, const uint8_t *ends)
{
	size_t len = family == AF_INET ? V4_LEN : V6_LEN;
	char from[INET6_ADDRSTRLEN] = "";
	char to[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(family, ends, from, sizeof(from));
	(void)inet_ntop(family, ends + len, to, sizeof(to));
	(void)snprintf(text, size, "client=%s#%u local=%s#%u", from,
	    raw_get_u16(ends + 2 * len), to,
	    raw_get_u16(ends + 2 * len + PORT_LEN));
}

int
be_proxy_read(
    const uint8_t *data, size_t len, bool is_tcp, char text[BE_PROXY_MAX])
{
	unsigned transport = is_tcp ? STREAM : DGRAM;
	size_t rest;

	if (len < FIXED_LEN)
		return is_tcp ? 0 : -1;
	rest = raw_get_u16(data + OFF_LENGTH);
	if (memcmp(data, signature, sizeof(signature)) != 0)
		return -1;
	if (len < FIXED_LEN + rest)
		return is_tcp ? 0 : -1;
	if (data[OFF_COMMAND] == LOCAL && data[OFF_FAMILY] == 0 && rest == 0)
		(void)snprintf(text, BE_PROXY_MAX, "local");
	else if (data[OFF_COMMAND] == PROXY &&
		 data[OFF_FAMILY] == (INET | transport) &&
		 rest == 2 * (V4_LEN + PORT_LEN))
		put_ends(text, BE_PROXY_MAX, AF_INET, data + FIXED_LEN);
	else if (data[OFF_COMMAND] == PROXY &&
		 data[OFF_FAMILY] == (INET6 | transport) &&
		 rest == 2 * (V6_LEN + PORT_LEN))
		put_ends(text, BE_PROXY_MAX, AF_INET6, data + FIXED_LEN);
	else
		return -1;
	return (int)(FIXED_LEN + rest);
}
