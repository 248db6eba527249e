/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hash table of one shard of the cache, and its memory of what was evicted.
 * Its size is that of the shard's bound.
 */
#ifndef DNS_CACHE_TABLE_H
#define DNS_CACHE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/list.h"
#include "dns/entry.h"
#include "dns/key.h"

/* A bucket is one line of the processor's cache. */
#define DNS_BUCKET_SIZE 64
#define DNS_BUCKET_SLOTS 6

/* Buckets are had of malloc() so many at a time. */
#define DNS_SEGMENT_BUCKETS 64

/* Names of the evicted for each bucket: about as many as there are entries. */
#define DNS_TABLE_GHOSTS 4

/* Room for a struct dns_item_net in front of an entry, which stays aligned. */
#define DNS_ITEM_NET 24

enum dns_item_flag {
	DNS_ITEM_DO = 0x01,
	DNS_ITEM_CD = 0x02,
	DNS_ITEM_ANY_TYPE = 0x04,   /* kept under DNS_KEY_ALL_TYPES */
	DNS_ITEM_HAS_NET = 0x08,    /* not DNS_REACH_PLAIN */
	DNS_ITEM_IS_MAIN = 0x10,    /* in the main queue */
	DNS_ITEM_HAS_FAILED = 0x20, /* the attempt of `tried` has */
};

/* Those that are part of the key. */
#define DNS_ITEM_KEY                                                           \
	(DNS_ITEM_DO | DNS_ITEM_CD | DNS_ITEM_ANY_TYPE | DNS_ITEM_HAS_NET)

/* An entry in the cache: one block of memory. */
struct dns_item {
	uint64_t hash;
	struct dns_item *next; /* of those for which a bucket has no slot */
	struct list link;      /* in a queue */
	nsec stored;	       /* wraps for what is older than the clock */
	uint32_t cost;	       /* octets, all counted */
	uint32_t life;	       /* seconds; the entry's */
	uint32_t tried;	       /* 1 + seconds after `stored`; 0: never */
	uint16_t hits;	       /* wraps */
	uint8_t visits;	       /* since it was last moved, saturated */
	uint8_t flags;	       /* of enum dns_item_flag */
	uint8_t body[];	       /* the net, if any; the entry */
};

/* For whom it is, unless it is for all who ask without Client Subnet. */
struct dns_item_net {
	struct dns_key_net net;
	uint8_t scope; /* to tell them */
};

struct dns_bucket {
	uint64_t tags; /* an octet for each slot; 0: empty */
	struct dns_item *slots[DNS_BUCKET_SLOTS];
	struct dns_item *more;
};

/* What depends on the size that a table may have. */
struct dns_table_room {
	struct dns_bucket **segments; /* those in use first, then NULL */
	uint32_t (*ghosts)[DNS_TABLE_GHOSTS];
	uint32_t most; /* of buckets, and of ghosts */
};

struct dns_table {
	struct dns_table_room room;
	uint32_t count;	 /* of buckets in use */
	uint32_t merges; /* how often it has become less; wraps */
	size_t items;
};

/* What a probe compares. */
struct dns_want {
	const struct dns_key *key;
	const struct dns_key_net *net;
	uint64_t hash; /* dns_key_hash_for() */
	uint16_t qtype;
};

/* The entry of an item. */
static inline struct dns_entry *
dns_item_entry(struct dns_item *item)
{
	size_t at = item->flags & DNS_ITEM_HAS_NET ? DNS_ITEM_NET : 0;

	return (struct dns_entry *)(void *)(item->body + at);
}

/* The network of an item. */
struct dns_item_net dns_item_net(const struct dns_item *item);

/* Octets to allocate for an item. */
size_t dns_item_size(size_t entry, const struct dns_key_net *net);

/* The most that a block of such a size costs, with malloc's own octets. */
size_t dns_block_most(size_t size);

/* What a block does cost; it is smaller than 4 GiB. */
uint32_t dns_block_cost(void *block);

/* The key flags of an item that is wanted. */
uint8_t dns_want_flags(const struct dns_want *want);

/* Octets of a table for so many octets of cache. */
size_t dns_table_cost(size_t bytes);

/* Makes an empty table of that size.  Returns 0 or -ENOMEM. */
int dns_table_init(struct dns_table *t, size_t bytes);

/* What a table needs to be of that size.  Returns 0 or -ENOMEM. */
int dns_table_room_init(struct dns_table_room *room, size_t bytes);
void dns_table_room_done(struct dns_table_room *room);

/* Exchanges that; the evicted are forgotten.  There must be no more buckets in
 * use than the new one has (asserted). */
void dns_table_swap(struct dns_table *t, struct dns_table_room *room);

/* Merges so many buckets at the most, down to `most`; true if it is done. */
bool dns_table_merge(struct dns_table *t, uint32_t most, unsigned steps);

/* A bucket that is in use. */
static inline struct dns_bucket *
dns_table_bucket(const struct dns_table *t, size_t place)
{
	return &t->room.segments[place / DNS_SEGMENT_BUCKETS]
				[place % DNS_SEGMENT_BUCKETS];
}

/* Frees the table, not the items. */
void dns_table_done(struct dns_table *t);

/* Adds an item; takes one out that is in (asserted). */
void dns_table_add(struct dns_table *t, struct dns_item *item);
void dns_table_remove(struct dns_table *t, struct dns_item *item);

/* The item that is wanted, or NULL. */
struct dns_item *dns_table_find(
    const struct dns_table *t, const struct dns_want *want);

/* Remembers that an item of this hash was evicted. */
void dns_table_bury(struct dns_table *t, uint64_t hash);

/* Was one, not long ago?  Forgets it. */
bool dns_table_unbury(struct dns_table *t, uint64_t hash);

/*
 * Calls `visit` for each item of a bucket.  It may drop that item and no other,
 * and returns false to end the walk; so does this.
 */
bool dns_bucket_each(struct dns_bucket *b,
    bool (*visit)(void *ctx, struct dns_item *item), void *ctx);

#endif
