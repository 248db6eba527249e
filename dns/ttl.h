/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TTLs of a message: where they stand, which of them belong to one RRset,
 * and what they should be.
 */
#ifndef DNS_TTL_H
#define DNS_TTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/wire.h"

/* Longest TTL that is given on: a week (RFC 8767 4). */
#define DNS_TTL_MAX UINT32_C(604800)

/* More records does no message have: each has an owner, the root at least. */
#define DNS_RECORDS_MAX                                                        \
	((DNS_MESSAGE_MAX - DNS_HEADER_SIZE) / (1 + DNS_RECORD_FIXED))

/*
 * RRsets that are told apart.  All that follow in a message of more count as
 * one: their TTLs become the smallest among them, which is allowed, and the
 * search for a record's RRset has a bound.
 */
#define DNS_TTL_SETS 32

/* Where the other fields of a record stand, seen from its TTL. */
#define DNS_TTL_TO_TYPE (-4)
#define DNS_TTL_TO_CLASS (-2)
#define DNS_TTL_TO_RDLENGTH 4
#define DNS_TTL_TO_RDATA 6

/* The records of a message but for OPT, in their order. */
struct dns_ttls {
	size_t count;
	size_t set_count;
	uint32_t ttl[DNS_TTL_SETS];   /* the smallest of an RRset */
	uint16_t at[DNS_RECORDS_MAX]; /* offset of the TTL */
	uint8_t set[DNS_RECORDS_MAX]; /* the record's RRset */
};

/*
 * Reads the records from the offset `records` up to the end of a message, with
 * one TTL for each RRset (RFC 2181 5.2), its signatures included (RFC 4034 3).
 * RRsets are told apart by a hash of 32 bits without a key: whoever makes two
 * alike shortens TTLs of his own message.  Returns 0, or -EBADMSG.
 */
int dns_ttls_read(
    const uint8_t *msg, size_t len, size_t records, struct dns_ttls *ret_ttls);

/*
 * Puts the TTLs within these limits.  Those with the highest bit set are long
 * ones, and not 0 (RFC 8767 4, changing RFC 2181 8).
 */
void dns_ttls_limit(struct dns_ttls *t, uint32_t least, uint32_t most);

/* The smallest of all; DNS_TTL_MAX if there are no records. */
uint32_t dns_ttls_smallest(const struct dns_ttls *t);

/*
 * Do all names remain what they are whatever is written into the TTLs, the type
 * and class of the question, which stands in front of `records`, and the RDATA
 * of these `count` records from `first`?  Compression pointers may lead
 * anywhere, but only a hostile message has any that lead there.  The message is
 * one that dns_response_check() accepted, or a copy of its records.  Linear in
 * its length but for 255 steps a name.
 */
bool dns_ttls_are_apart(const struct dns_ttls *t, const uint8_t *msg,
    size_t len, size_t records, size_t first, size_t count);

/* Writes them into the message that they were read of. */
void dns_ttls_write(const struct dns_ttls *t, uint8_t *msg);

#endif
