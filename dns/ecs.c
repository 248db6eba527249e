/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EDNS Client Subnet: one option read, made, shortened and compared.  Who may
 * learn what is policy, and the caller's.
 *
 * Invariant of struct dns_ecs: nothing is set behind the prefix, so that two of
 * them are compared octet by octet, and no bit leaves that was not meant to.
 */
#include "dns/ecs.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define OCTET_BITS 8
#define IPV4_OCTETS 4

/* ::ffff:0:0/96 (RFC 4291 2.5.5.2). */
#define MAPPED_PREFIX 12

/* Octets that a prefix fills, the last one perhaps in part. */
static size_t
octets_of(unsigned bits)
{
	return (bits + OCTET_BITS - 1) / OCTET_BITS;
}

/* Bits of the family's addresses; -1 if there is no such family. */
static int
bits_of(uint16_t family)
{
	switch (family) {
	case DNS_ECS_NONE:
		return 0;
	case DNS_ECS_IPV4:
		return IPV4_OCTETS * OCTET_BITS;
	case DNS_ECS_IPV6:
		return DNS_ECS_ADDRESS * OCTET_BITS;
	default:
		return -1;
	}
}

/* Clears what stands behind the first `bits`. */
static void
cut(struct dns_ecs *ecs, unsigned bits)
{
	size_t octets = octets_of(bits);
	unsigned rest = bits % OCTET_BITS;

	ecs->source = (uint8_t)bits;
	memset(ecs->address + octets, 0, sizeof(ecs->address) - octets);
	if (rest > 0)
		ecs->address[octets - 1] &=
		    (uint8_t)(UINT8_MAX << (OCTET_BITS - rest));
}

static int
read_data(const uint8_t *data, size_t len, struct dns_ecs *ret_ecs)
{
	struct dns_ecs ecs = {.family = 0};
	struct dns_ecs shortened;
	int bits;

	if (len < DNS_ECS_FIXED)
		return -EBADMSG;
	ecs.family = dns_get16(data);
	ecs.source = data[2];
	ecs.scope = data[3];
	bits = bits_of(ecs.family);
	if (ecs.source > bits || ecs.scope > bits)
		return -EBADMSG;
	if (len - DNS_ECS_FIXED != octets_of(ecs.source))
		return -EBADMSG;
	memcpy(ecs.address, data + DNS_ECS_FIXED, len - DNS_ECS_FIXED);
	shortened = ecs;
	cut(&shortened, ecs.source);
	if (memcmp(shortened.address, ecs.address, sizeof(ecs.address)) != 0)
		return -EBADMSG;
	*ret_ecs = ecs;
	return 0;
}

int
dns_ecs_take(
    const uint8_t *msg, const struct dns_edns *edns, struct dns_ecs *ret_ecs)
{
	const uint8_t *options = msg + edns->options;
	struct dns_ecs ecs = {.family = 0};
	struct dns_option option;
	unsigned count = 0;
	size_t pos = 0;

	if (edns->is_broken)
		return -EBADMSG;
	if (!edns->has_ecs)
		return 0;
	while (
	    dns_option_next(options, edns->options_len, &pos, &option) == 1) {
		if (option.code != DNS_OPTION_ECS)
			continue;
		if (count++ > 0 || read_data(option.data, option.len, &ecs) < 0)
			return -EBADMSG;
	}
	*ret_ecs = ecs;
	return 1;
}

size_t
dns_ecs_write(const struct dns_ecs *ecs, uint8_t ret_data[DNS_ECS_MAX])
{
	size_t octets = octets_of(ecs->source);

	dns_put16(ret_data, ecs->family);
	ret_data[2] = ecs->source;
	ret_data[3] = ecs->scope;
	memcpy(ret_data + DNS_ECS_FIXED, ecs->address, octets);
	return DNS_ECS_FIXED + octets;
}

int
dns_ecs_put(const struct dns_ecs *ecs, size_t opt, struct dns_buf *out)
{
	uint8_t data[DNS_ECS_MAX];

	return dns_opt_add(
	    out, opt, DNS_OPTION_ECS, data, dns_ecs_write(ecs, data));
}

void
dns_ecs_limit(struct dns_ecs *ecs, const struct dns_ecs_limits *limits)
{
	unsigned most =
	    ecs->family == DNS_ECS_IPV4 ? limits->ipv4 : limits->ipv6;

	if (ecs->source > most)
		cut(ecs, most);
}

/* RFC 1122 3.2.1.3, RFC 1918, RFC 3927, RFC 6598, RFC 1112 4, RFC 6890. */
static bool
is_public4(const uint8_t *a)
{
	if (a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224)
		return false;
	if (a[0] == 100 && (a[1] & 0xc0) == 64)
		return false;
	if (a[0] == 169 && a[1] == 254)
		return false;
	if (a[0] == 172 && (a[1] & 0xf0) == 16)
		return false;
	return a[0] != 192 || a[1] != 168;
}

/* RFC 4291 2.4: all that has been given to anybody so far is in 2000::/3. */
static bool
is_public6(const uint8_t *a)
{
	return (a[0] & 0xe0) == 0x20;
}

bool
dns_ecs_make(const uint8_t *address, size_t len,
    const struct dns_ecs_limits *limits, struct dns_ecs *ret_ecs)
{
	static const uint8_t mapped[MAPPED_PREFIX] = {[10] = 0xff, [11] = 0xff};
	struct dns_ecs ecs = {.family = DNS_ECS_IPV6};
	bool is_public;

	assert(len == IPV4_OCTETS || len == DNS_ECS_ADDRESS);
	if (len == DNS_ECS_ADDRESS &&
	    memcmp(address, mapped, sizeof(mapped)) == 0) {
		address += sizeof(mapped);
		len = IPV4_OCTETS;
	}
	if (len == IPV4_OCTETS)
		ecs.family = DNS_ECS_IPV4;
	is_public =
	    len == IPV4_OCTETS ? is_public4(address) : is_public6(address);
	if (!is_public)
		return false;
	memcpy(ecs.address, address, len);
	ecs.source = (uint8_t)(len * OCTET_BITS);
	dns_ecs_limit(&ecs, limits);
	*ret_ecs = ecs;
	return true;
}

bool
dns_ecs_is_answer(const struct dns_ecs *sent, const struct dns_ecs *answer)
{
	return sent->family == answer->family &&
	       sent->source == answer->source &&
	       memcmp(sent->address, answer->address, sizeof(sent->address)) ==
		   0;
}

int
dns_ecs_network(const struct dns_ecs *sent, const uint8_t *msg,
    const struct dns_edns *edns, struct dns_ecs *ret_network)
{
	struct dns_ecs network = *sent;
	struct dns_ecs answer = {.scope = 0};
	int rc = dns_ecs_take(msg, edns, &answer);

	if (rc < 0 || (rc == 1 && !dns_ecs_is_answer(sent, &answer)))
		return -EBADMSG;
	/* RFC 7871 7.2.1: nobody was named, so it cannot be for anybody. */
	network.scope = sent->source > 0 ? answer.scope : 0;
	if (network.scope < network.source)
		cut(&network, network.scope);
	*ret_network = network;
	return 0;
}
