/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of our own, put into an answer between dns_answer_start() and
 * dns_answer_finish().
 */
#ifndef DNS_PUT_H
#define DNS_PUT_H

#include <stddef.h>
#include <stdint.h>

#include "dns/wire.h"

/* A record but for its RDATA. */
struct dns_head {
	const uint8_t *owner; /* a plain name; NULL: a pointer to ... */
	size_t owner_at;      /* ... this offset of the message */
	uint32_t ttl;
	uint16_t type;
	uint16_t class;
};

/* Writes a compression pointer (RFC 1035 4.1.4) to an offset of the message. */
void dns_put_pointer(uint8_t dst[2], size_t offset);

/*
 * Appends a record and counts it at `count`, one of DNS_OFF_ANCOUNT, NSCOUNT,
 * ARCOUNT, of the header.  Returns 0, or -EMSGSIZE with `out` as it was.
 */
int dns_put_record(struct dns_buf *out, size_t count,
    const struct dns_head *head, const uint8_t *rdata, size_t rdata_len);

/* Octets of the RDATA of dns_put_soa(). */
#define DNS_PUT_SOA_RDATA 38

/*
 * Appends an SOA that is made up, so that negative answers can be cached
 * (RFC 2308 3), as dns_put_record() does.  Its owner, the name of a zone,
 * stands at `zone_at` of the message; MINIMUM is `ttl`, too (RFC 6303 3).
 */
int dns_put_soa(struct dns_buf *out, size_t count, size_t zone_at,
    uint16_t class, uint32_t ttl);

#endif
