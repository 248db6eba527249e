/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the cache share: its shards, their locks, and a look.
 */
#ifndef DNS_CACHE_PRIVATE_H
#define DNS_CACHE_PRIVATE_H

#include <stdatomic.h>

#include "dns/cache.h"
#include "dns/cache_shard.h"

struct dns_cache {
	_Alignas(DNS_BUCKET_SIZE) uint8_t secret[HASH_KEY_LEN];
	pthread_mutex_t configuring; /* taken before a shard's */
	_Atomic uint64_t flushes;    /* begun */
	unsigned count;		     /* of shards, a power of two */
	struct dns_shard shards[];
};

/* Most shards. */
#define DNS_CACHE_SHARDS_MAX 32

/* What a look has found. */
struct dns_found {
	struct dns_item *item; /* NULL: nothing; else it may be given */
	bool is_fresh;
};

/* A shard's part of so many octets. */
static inline size_t
dns_cache_part(size_t bytes, unsigned count)
{
	return (bytes - dns_block_most(sizeof(struct dns_cache)) -
		   DNS_BUCKET_SIZE) /
	       count;
}

/* The shard of a name. */
static inline struct dns_shard *
dns_cache_shard(struct dns_cache *c, uint64_t name_hash)
{
	return &c->shards[name_hash & (c->count - 1)];
}

/* The same, locked. */
static inline struct dns_shard *
dns_cache_lock(struct dns_cache *c, uint64_t name_hash)
{
	struct dns_shard *s = dns_cache_shard(c, name_hash);

	(void)pthread_mutex_lock(&s->lock);
	return s;
}

static inline void
dns_cache_unlock(struct dns_shard *s)
{
	(void)pthread_mutex_unlock(&s->lock);
}

/* What a shard, which is locked, knows of a question; see dns_cache_find(). */
struct dns_found dns_cache_look(
    const struct dns_shard *s, const struct dns_key *key, nsec now);

#endif
