/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside a block; for dns/entry*.c only.
 */
#ifndef DNS_ENTRY_PARTS_H
#define DNS_ENTRY_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "dns/entry.h"
#include "dns/ttl.h"

/* Octets in front of `data`. */
#define DNS_ENTRY_HEAD offsetof(struct dns_entry, data)

/* Octets of the place of a TTL. */
#define DNS_ENTRY_PLACE sizeof(uint16_t)

/* Octets of a block with these lengths. */
static inline size_t
dns_entry_size(const struct dns_entry *e)
{
	return DNS_ENTRY_HEAD + e->len + DNS_ENTRY_PLACE * e->ttl_count +
	       e->text_len;
}

/* Where the TTL of record `i` stands. */
static inline size_t
dns_entry_place(const struct dns_entry *e, size_t i)
{
	return dns_get16(e->data + e->len + DNS_ENTRY_PLACE * i);
}

/* The record whose TTL stands at this offset: its TYPE, its end. */
static inline uint16_t
dns_entry_type(const struct dns_entry *e, size_t at)
{
	return dns_get16(e->data + at + DNS_TTL_TO_TYPE);
}

static inline uint16_t
dns_entry_rdata_len(const struct dns_entry *e, size_t at)
{
	return dns_get16(e->data + at + DNS_TTL_TO_RDLENGTH);
}

static inline size_t
dns_entry_rdata_end(const struct dns_entry *e, size_t at)
{
	return at + DNS_TTL_TO_RDATA + dns_entry_rdata_len(e, at);
}

/*
 * Finds the first RRset of two or more A or AAAA records in the answer section,
 * as far as they stand together: the index of the first, and how many; 0 if
 * there is none.
 */
void dns_entry_find_turn(const struct dns_entry *e, const struct dns_ttls *t,
    uint16_t *ret_first, uint16_t *ret_count);

#endif
