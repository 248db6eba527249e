/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EDNS Client Subnet (RFC 7871): the part of a client's address that a query
 * may name, so that an answer can be one for that network.
 */
#ifndef DNS_ECS_H
#define DNS_ECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/edns.h"

/* RFC 7871 6: FAMILY and the two lengths, then the octets of the prefix. */
#define DNS_ECS_FIXED 4
#define DNS_ECS_ADDRESS 16
#define DNS_ECS_MAX (DNS_ECS_FIXED + DNS_ECS_ADDRESS)

/* Address families (IANA registry); none is what some send with length 0. */
enum dns_ecs_family {
	DNS_ECS_NONE = 0,
	DNS_ECS_IPV4 = 1,
	DNS_ECS_IPV6 = 2,
};

/* One option.  Octets and bits of the address behind the prefix are 0. */
struct dns_ecs {
	uint16_t family;
	uint8_t source; /* length of the prefix, in bits */
	uint8_t scope;	/* of the answer; in a query 0 */
	uint8_t address[DNS_ECS_ADDRESS];
};

/* Most bits to send of an address. */
struct dns_ecs_limits {
	uint8_t ipv4;
	uint8_t ipv6;
};

/*
 * Reads the option of a message.  Returns 1 with *ret_ecs, 0 if there is none,
 * or -EBADMSG: another number of octets than the prefix needs, bits set behind
 * it, lengths beyond the family's, an unknown family (RFC 7871 6, 7.2.1), two
 * options, options cut off.
 */
int dns_ecs_take(
    const uint8_t *msg, const struct dns_edns *edns, struct dns_ecs *ret_ecs);

/* Writes an option's data; returns its length. */
size_t dns_ecs_write(const struct dns_ecs *ecs, uint8_t ret_data[DNS_ECS_MAX]);

/* Adds it to the OPT record at `opt`, the last of `out`; 0 or -EMSGSIZE. */
int dns_ecs_put(const struct dns_ecs *ecs, size_t opt, struct dns_buf *out);

/* Shortens the prefix to the limit of its family. */
void dns_ecs_limit(struct dns_ecs *ecs, const struct dns_ecs_limits *limits);

/*
 * Makes an option of the first bits of an address of 4 or 16 octets.  False
 * for one that says nothing to others, or too much: private, loopback, link
 * local, shared (RFC 6598), multicast, none.  An IPv4 address within IPv6
 * counts as IPv4.
 */
bool dns_ecs_make(const uint8_t *address, size_t len,
    const struct dns_ecs_limits *limits, struct dns_ecs *ret_ecs);

/*
 * Whom an answer is for that came to a query with the option `sent` (RFC 7871
 * 7.3.1); `msg` and `edns` are the answer's.  Returns 0 with
 *
 *   ret_network->source, ->address  the network to keep it for: the first
 *	SCOPE bits of what was sent, or all of them if there are fewer.  0 bits:
 *	everybody; but if sent->source was 0, those only who want nobody named
 *	(7.1.2).
 *   ret_network->scope  what clients are told as SCOPE; 0 without an option.
 *
 * or -EBADMSG for an option that is broken or no answer to the one sent: then
 * nobody knows whom it is for, and it must not be kept.
 */
int dns_ecs_network(const struct dns_ecs *sent, const uint8_t *msg,
    const struct dns_edns *edns, struct dns_ecs *ret_network);

/* Is this answer's option one to the option that was sent (RFC 7871 7.3)? */
bool dns_ecs_is_answer(
    const struct dns_ecs *sent, const struct dns_ecs *answer);

#endif
