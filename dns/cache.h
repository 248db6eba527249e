/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cache: answers by question, bounded in bytes, shared by all threads.
 *
 * All of a name is in one shard, which has a lock, a table and an eviction of
 * its own.  A hit takes that one lock, allocates nothing, and lends the entry
 * where it lies.  Time is an argument; what is kept of an answer, and how it is
 * given back, is dns/entry.h.
 *
 * NXDOMAIN holds for all types of its name (RFC 2308 5), unless an alias led to
 * it (RFC 6604 2); any other answer for its type alone.
 */
#ifndef DNS_CACHE_H
#define DNS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/hash.h"
#include "dns/entry.h"
#include "dns/key.h"
#include "dns/response.h"

/* The least that a cache can be. */
#define DNS_CACHE_BYTES_MIN ((size_t)1 << 20)

/* What can be set.  Times in seconds. */
struct dns_cache_rules {
	/* Most memory: of entries, tables and what malloc() adds to blocks.
	 * The holes between them come on top: up to a fifth, and more if other
	 * threads than before bring the answers. */
	size_t bytes;
	struct dns_entry_rules entry; /* what is kept, and how long */
	uint32_t stale;	      /* given beyond its end (RFC 8767); 0: never */
	uint32_t stale_ttl;   /* of the records then, not 0 (RFC 8767 4: 30) */
	uint32_t stale_retry; /* no new attempt after one that failed (30) */
	bool prefetch;	      /* hits say when to ask again */
	bool rotate;	      /* hits say so, for dns_answer_cached() */
	bool nxdomain_cut;    /* NXDOMAIN covers the names below (RFC 8020) */
};

/* What has happened since the start.  There are as many entries as were
 * inserted, less those that were replaced, evicted, expired and flushed. */
#define DNS_CACHE_COUNTERS(X)                                                  \
	X(inserted, "answers put into the cache")                              \
	X(replaced, "answers dropped for newer ones")                          \
	X(evicted, "answers dropped to make room before their time")           \
	X(expired, "answers dropped past their time")                          \
	X(flushed, "answers dropped by order")                                 \
	X(refused, "answers that may not be kept")                             \
	X(no_room, "answers too large for the cache, or no memory for them")

/* What there is now. */
#define DNS_CACHE_GAUGES(X)                                                    \
	X(bytes, "octets of memory in use, tables included")                   \
	X(entries, "answers in the cache")                                     \
	X(positive, "answers in the cache: records")                           \
	X(nodata, "answers in the cache: no records of the type")              \
	X(nxdomain, "answers in the cache: no such name")                      \
	X(failure, "answers in the cache: failures")

struct dns_cache_stats {
	DNS_CACHE_COUNTERS(COUNTER_MEMBER)
	DNS_CACHE_GAUGES(COUNTER_MEMBER)
};

enum dns_cache_verdict {
	DNS_CACHE_MISS,
	DNS_CACHE_FRESH,
	DNS_CACHE_STALE, /* past its end: to be given if asking fails */
	/* The same, and asking has failed less than stale_retry ago: give it at
	 * once (RFC 8767 5). */
	DNS_CACHE_STALE_NOW,
};

/* What became of an answer. */
enum dns_cache_outcome {
	DNS_CACHE_STORED,
	DNS_CACHE_MARKED, /* a failure: what was there stays, marked as tried */
	DNS_CACHE_REFUSED, /* see enum dns_entry_verdict */
	DNS_CACHE_NO_ROOM, /* larger than an entry may be, or no memory */
};

struct dns_cache;
struct dns_shard;

/* An entry that was found. */
struct dns_cache_hit {
	/* For dns_answer_cached(): lent until dns_cache_leave().  `turn` is
	 * another number each time, or always 0 if the rules say so. */
	struct dns_entry_view view;
	/* Octets by which the asked QNAME is longer than that of the entry, an
	 * NXDOMAIN for a name above it (RFC 8020); else 0. */
	size_t below;
	uint8_t scope; /* SCOPE to tell who asked with Client Subnet */
	/* It is asked for often and is about to expire; somebody should ask
	 * again, and only this asker is told. */
	bool wants_refresh;
	struct dns_shard *shard; /* private */
};

/* One entry, for who saves the cache and loads it again. */
struct dns_cache_record {
	const struct dns_entry *entry; /* question and all */
	struct dns_key_net net;
	uint8_t scope; /* as in a hit */
	bool is_do;
	bool is_cd;
	nsec age; /* since it was stored */
};

typedef bool (*dns_cache_visit_fn)(
    void *ctx, const struct dns_cache_record *record);

/*
 * Makes an empty cache; rules->bytes is at least DNS_CACHE_BYTES_MIN
 * (asserted).  Keys must be made under the same secret, which is copied.
 * Returns NULL if there is no memory.
 */
struct dns_cache *dns_cache_new(
    const struct dns_cache_rules *rules, const uint8_t secret[HASH_KEY_LEN]);

/*
 * Changes the rules, from any thread while others use the cache.  What is in
 * it keeps the life that it was given, and is evicted as far as the new bound
 * demands, some at a time, so that nobody waits for long.  The number of
 * shards, and with it the size of the largest entry, stays that of the first
 * rules.
 */
void dns_cache_configure(
    struct dns_cache *c, const struct dns_cache_rules *rules, nsec now);

/* Frees it with all entries; nobody may use it any more.  NULL is fine. */
void dns_cache_free(struct dns_cache *c);

/* The secret of the keys. */
const uint8_t *dns_cache_secret(const struct dns_cache *c);

/*
 * Looks a question up: its own type, then NXDOMAIN, then, if the rules say so,
 * NXDOMAIN of the names above.  With key->ecs the longest network that holds
 * the asker's is taken, then what holds for everybody (RFC 7871 7.3.1).
 *
 * After MISS there is nothing to do.  After anything else *ret_hit is valid and
 * the shard locked: until dns_cache_leave() the thread must not call any
 * function of the cache, nor anything slow.  A failure is never stale.
 */
enum dns_cache_verdict dns_cache_find(struct dns_cache *c,
    const struct dns_key *key, nsec now, struct dns_cache_hit *ret_hit);

/* Gives the entry back. */
void dns_cache_leave(struct dns_cache_hit *hit);

/*
 * Keeps an answer to a key's question, accepted by dns_response_check(), if
 * dns_entry_make() makes an entry of it, in the place of an older one.  With
 * key->ecs it is kept for whom dns_ecs_network() says, and REFUSED if nobody
 * can say.
 *
 * An RCODE other than NOERROR and NXDOMAIN is a failure: MARKED where there is
 * data that is fresh, or may yet be given stale (RFC 8767 4).
 *
 * `flushes` is what dns_cache_flushes() said when the question was asked: if
 * anything was flushed since then the answer is REFUSED, as it may be what was
 * to be forgotten.
 */
enum dns_cache_outcome dns_cache_store(struct dns_cache *c,
    const struct dns_key *key, const struct dns_response *r,
    const struct dns_entry_how *how, uint64_t flushes, nsec now);

/* How many flushes have begun. */
uint64_t dns_cache_flushes(const struct dns_cache *c);

/*
 * Keeps that there was no answer, for the rules' failure_ttl (RFC 9520 3.2).
 * `why` is what the first asker was told.  MARKED as above.
 */
enum dns_cache_outcome dns_cache_fail(struct dns_cache *c,
    const struct dns_key *key, const struct dns_error *why, nsec now);

/*
 * Puts in what dns_cache_each() gave, in a process before this one perhaps.
 * The entry must have passed dns_entry_check(); it is copied.  REFUSED if its
 * time is over, or there is a younger one.
 */
enum dns_cache_outcome dns_cache_load(
    struct dns_cache *c, const struct dns_cache_record *record, nsec now);

/*
 * Calls `visit` for each entry that is not a failure and may yet be given, in
 * no order, until it returns false.  A shard is locked meanwhile, a few entries
 * at a time: the visitor copies and does nothing slow.  What comes and goes
 * during the walk may be missed or met; some may be met twice if the bound
 * becomes smaller meanwhile.
 */
void dns_cache_each(
    struct dns_cache *c, nsec now, dns_cache_visit_fn visit, void *ctx);

/*
 * Drop what is known of a plain name; of it and all below; of everything.  Each
 * works in pieces with one lock at a time, and returns how many entries it
 * dropped; for answers that are on their way see dns_cache_store().
 */
size_t dns_cache_flush_name(struct dns_cache *c, const uint8_t *name);
size_t dns_cache_flush_suffix(struct dns_cache *c, const uint8_t *name);
size_t dns_cache_flush_all(struct dns_cache *c);

/* Sums over the shards, from any thread, without a lock. */
void dns_cache_stats(
    const struct dns_cache *c, struct dns_cache_stats *ret_stats);

#endif
