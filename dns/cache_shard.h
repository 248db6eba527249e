/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One shard of the cache: its entries, its bound, and what gives way.  All
 * functions but init and done want the lock held by the caller.
 */
#ifndef DNS_CACHE_SHARD_H
#define DNS_CACHE_SHARD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/cache.h"
#include "dns/cache_table.h"

/* Buckets and items that are touched in one go, under one lock, at the most;
 * large items count for more, as who walks may copy them. */
#define DNS_SHARD_PIECE 256
#define DNS_SHARD_LARGE 1024 /* octets that count for one more */

/* Second chances that are given in one go, at the most. */
#define DNS_SHARD_CHANCES 1024

#define DNS_ECS_FAMILIES 2
#define DNS_ECS_BITS (DNS_ECS_ADDRESS * 8)

struct dns_shard {
	_Alignas(DNS_BUCKET_SIZE) pthread_mutex_t lock;
	struct dns_cache_rules rules;
	size_t bound; /* this shard's part of rules.bytes */
	size_t fixed; /* octets of it that no item can have */
	size_t bytes; /* in use; never more than `bound` */
	struct dns_table table;
	struct list small; /* newcomers, oldest first */
	struct list main;  /* what was asked for again, or came again */
	size_t small_bytes;
	uint32_t hand; /* the bucket where to look for dead items next */
	/* Items for everybody, and by length of prefix. */
	uint32_t everybody;
	uint32_t nets[DNS_ECS_FAMILIES][DNS_ECS_BITS + 1];
	struct dns_cache_stats stats; /* written under the lock */
};

/* Makes an empty shard of `bound` octets.  Returns 0 or -ENOMEM. */
int dns_shard_init(
    struct dns_shard *s, const struct dns_cache_rules *rules, size_t bound);

/* Frees all that is in it. */
void dns_shard_done(struct dns_shard *s);

/*
 * Other rules, and another bound, with `room` for a table of that bound; false
 * if there is more to do: then it is called again, with the lock free in
 * between.  The bound becomes smaller as the work goes on.  In the end `room`
 * is that of the table before.
 */
bool dns_shard_configure(struct dns_shard *s,
    const struct dns_cache_rules *rules, size_t bound,
    struct dns_table_room *room, nsec now);

typedef bool (*dns_item_visit_fn)(void *ctx, struct dns_item *item);

/* A walk over a shard; all 0 to begin with. */
struct dns_shard_walk {
	uint32_t at;	 /* the bucket that is next */
	uint32_t merges; /* the table's, when it began */
	bool is_ended;	 /* by the visitor */
};

/*
 * Walks a piece: calls `visit` for each item there, which may drop it, until
 * that says false.  True if there is more to walk, with the lock free in
 * between.  Where buckets were merged meanwhile it begins anew: then items may
 * be met twice, and none is missed.
 */
bool dns_shard_walk(struct dns_shard *s, struct dns_shard_walk *walk,
    dns_item_visit_fn visit, void *ctx);

/* Time since an item was stored; 0 for a clock that runs behind. */
nsec dns_item_age(const struct dns_item *item, nsec now);

/* Past its end; and so long that it is of no use. */
bool dns_item_is_over(const struct dns_item *item, nsec now);
bool dns_item_is_dead(
    const struct dns_shard *s, struct dns_item *item, nsec now);

/*
 * The next wider network for which there may be items: shorter prefixes, then
 * everybody.  False if there is none.
 */
bool dns_shard_widen(const struct dns_shard *s, const struct dns_key *key,
    struct dns_key_net *net);

/*
 * Adds an item under what is wanted, after as many others have been dropped as
 * it takes.  An item that was there is dropped, and hands down its place in the
 * queues.  False if it is too large for one item.
 */
bool dns_shard_put(struct dns_shard *s, struct dns_item *item,
    const struct dns_want *want, nsec now);

/* Takes an item out and frees it. */
void dns_shard_drop(struct dns_shard *s, struct dns_item *item);

/* The same, counted: a newer answer makes it untrue. */
void dns_shard_replace(struct dns_shard *s, struct dns_item *item);

#endif
