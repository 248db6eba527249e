/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes headers of the PROXY protocol, version 2:
 *
 *	signature 12, version and command 1, family and transport 1, length 2,
 *	address of the client, address where it came in, port, port
 *
 * Pure: octets out of addresses.  Nothing reads such a header here: nobody in
 * front of us is believed.
 */
#include "resolver/net/proxyv2.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "dns/wire.h"
#include "resolver/net/addr.h"

enum {
	SIGNATURE_LEN = 12,
	OFF_COMMAND = SIGNATURE_LEN,
	OFF_FAMILY,
	OFF_LENGTH,
	OFF_ADDRESSES = 16,

	COMMAND_LOCAL = 0x20, /* with the version in the high half */
	COMMAND_PROXY = 0x21,
	FAMILY_UNSPEC = 0x00, /* with the transport in the low half */
	FAMILY_INET = 0x10,
	FAMILY_INET6 = 0x20,
	TRANSPORT_STREAM = 1,
	TRANSPORT_DGRAM = 2,

	V4_LEN = 4,
	V6_LEN = 16,
	MAPPED_LEN = 12, /* of an IPv6 address, in front of the IPv4 one */
	PORT_LEN = 2
};

static const uint8_t signature[SIGNATURE_LEN] = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

_Static_assert(OFF_ADDRESSES + 2 * (V6_LEN + PORT_LEN) == PROXYV2_MAX,
    "the longest header is one of IPv6");

/* An address as it is written. */
struct end {
	uint8_t len; /* V4_LEN, V6_LEN, or 0: none */
	uint8_t address[V6_LEN];
	uint16_t port; /* in network order */
};

static struct end
end_of(const struct sockaddr *sa)
{
	union net_addr a;
	struct end e = {0};

	net_addr_copy(&a, sa);
	if (a.sa.sa_family == AF_INET) {
		e.len = V4_LEN;
		e.port = a.in.sin_port;
		memcpy(e.address, &a.in.sin_addr, V4_LEN);
	} else if (a.sa.sa_family == AF_INET6) {
		const uint8_t *octets = a.in6.sin6_addr.s6_addr;
		bool is_mapped = IN6_IS_ADDR_V4MAPPED(&a.in6.sin6_addr);

		e.len = is_mapped ? V4_LEN : V6_LEN;
		e.port = a.in6.sin6_port;
		memcpy(e.address, octets + (is_mapped ? MAPPED_LEN : 0), e.len);
	}
	return e;
}

static size_t
write_ends(const struct end *from, const struct end *to, uint8_t *out)
{
	uint8_t *at = out;

	memcpy(at, from->address, from->len);
	at += from->len;
	memcpy(at, to->address, from->len);
	at += from->len;
	memcpy(at, &from->port, PORT_LEN);
	at += PORT_LEN;
	memcpy(at, &to->port, PORT_LEN);
	at += PORT_LEN;
	return (size_t)(at - out);
}

size_t
proxyv2_write(const struct sockaddr *client, const struct sockaddr *local,
    int socket_type, uint8_t out[PROXYV2_MAX])
{
	struct end from = end_of(client);
	struct end to = end_of(local);
	size_t len = 0;

	assert(socket_type == SOCK_DGRAM || socket_type == SOCK_STREAM);
	if (to.len != from.len)
		memset(to.address, 0, sizeof(to.address));
	memcpy(out, signature, SIGNATURE_LEN);
	out[OFF_COMMAND] = COMMAND_LOCAL;
	out[OFF_FAMILY] = FAMILY_UNSPEC;
	if (from.len > 0) {
		out[OFF_COMMAND] = COMMAND_PROXY;
		out[OFF_FAMILY] =
		    (from.len == V4_LEN ? FAMILY_INET : FAMILY_INET6) |
		    (socket_type == SOCK_DGRAM ? TRANSPORT_DGRAM
					       : TRANSPORT_STREAM);
		len = write_ends(&from, &to, out + OFF_ADDRESSES);
	}
	dns_put16(out + OFF_LENGTH, (uint16_t)len);
	return OFF_ADDRESSES + len;
}
