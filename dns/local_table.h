/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What dns/local*.c share; nobody else includes it.
 *
 * Three arrays hold everything, so that a million names are three allocations:
 *
 *	names	entries, each a number that says its rules, and the name,
 *		folded to lower case; 0 is no entry
 *	data	records, in chains; 0 is no record
 *	rules	what becomes of a name; 0 is none
 *
 * `slots` finds an entry by its name: an open hash table of offsets into
 * `names`.  What an offset leaves free of 32 bits is a tag of the hash, so that
 * most probes that miss never touch the name.
 */
#ifndef DNS_LOCAL_TABLE_H
#define DNS_LOCAL_TABLE_H

#include "dns/local.h"

#define LOCAL_LABELS_MAX 128 /* of a name of 255 octets, the root included */

/* In front of a name: which rules it has. */
#define LOCAL_ENTRY_FIXED 4

/* In front of RDATA: next, TTL, type, length. */
#define LOCAL_RECORD_FIXED 12

struct local_array {
	uint8_t *data;
	size_t size;
	size_t len;
};

struct local_rule {
	uint32_t data; /* first record, in `data` */
	uint16_t source;
	uint8_t action;
	bool has_soa;
};

struct local_source {
	struct dns_local_source is;
	uint32_t rule[DNS_LOCAL_ACTIONS]; /* what its names share; 0: none */
};

/* The two rules of an entry: of its name, of those below. */
struct local_entry {
	uint32_t self;
	uint32_t below;
};

struct dns_local {
	uint8_t key[HASH_KEY_LEN];
	struct local_array names;
	struct local_array data;
	struct local_rule *rules;
	size_t rules_size;
	size_t nrules;
	struct local_entry *pairs; /* of entries with two different rules */
	size_t pairs_size;
	size_t npairs;
	uint32_t *slots;
	size_t nslots;
	unsigned offset_bits; /* of a slot; the others are the tag */
	size_t count;
	unsigned labels_max; /* of the longest name, without the root */
	bool has_zone;	     /* local data has an SOA somewhere */
	struct local_source *sources;
	unsigned nsources;
};

/* A record of a chain; `rdata` lies in the table. */
struct local_record {
	uint32_t next;
	uint32_t ttl;
	uint16_t type;
	uint16_t len;
	const uint8_t *rdata;
};

/* Finds the entry of a lower-case name of `len` octets; 0: none. */
uint32_t local_lookup(
    const struct dns_local *l, const uint8_t *name, size_t len);

/* Reads and writes the rules of the entry at `at`; 0 or -ENOMEM. */
struct local_entry local_entry_get(const struct dns_local *l, uint32_t at);
int local_entry_set(
    struct dns_local *l, uint32_t at, const struct local_entry *e);

/* Reads the record at `at`, which is not 0. */
struct local_record local_record_get(const struct dns_local *l, uint32_t at);

/* Finds or makes the entry of a lower-case name; 0, -ENOMEM or -EFBIG. */
int local_insert(
    struct dns_local *l, const uint8_t *name, size_t len, uint32_t *ret_at);

/* Makes room in `data` for a record with `more` octets of RDATA. */
int local_reserve_data(struct dns_local *l, size_t more);

/* Gives back what was reserved and is not needed; 0 or -ENOMEM. */
int local_fit(struct dns_local *l);

/* What a plain name leads to; see dns_local_find(). */
struct local_hit {
	enum dns_local_action action; /* NONE: nothing */
	uint32_t rule;		      /* 0: none of its own */
	uint32_t soa;		      /* rule with the zone's SOA; 0: none */
	size_t zone;		      /* offset of the name of negatives */
};

void local_find(const struct dns_local *l, const uint8_t *name, bool only_data,
    struct local_hit *ret_hit);

#endif
