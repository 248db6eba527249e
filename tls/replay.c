/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The set of what was used.  It is cut into shards of some 256 entries, each
 * a lock and an unordered array; an ID belongs to the shard that its hash
 * says.  To enter one is to read its whole shard: the ID may be there, and
 * what has expired is thrown out on the way, so no other sweep exists, no
 * entry is ever moved between shards, and the longest time under a lock is
 * that of copying 8 KB.
 *
 * Why not one table with open addressing: it has to be rehashed as it grows,
 * which stalls every worker that waits for the lock, and deleting from it
 * costs tombstones.  Why not two generations that are dropped whole: IDs come
 * with expiries of their own, and the older generation would have to live
 * until the last of them, at twice the memory.
 *
 * The price: a shard can be full while others are not.  Hashes are keyed, so
 * nobody can aim; by chance the first is full when some 80 of 100 places are
 * taken.  That is a bound which sets in gently, and full is a safe answer.
 *
 * Invariants: no live entry is ever given up; an array is never longer than
 * the shard's bound, and the bounds add up to at most the set's.
 */
#include "tls/replay.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/hash.h"

#define SHARD_ENTRIES 256
/* An array's first size; it doubles, and halves when a quarter is in use. */
#define FIRST_ENTRIES 8

struct entry {
	uint64_t hash;
	nsec expiry;
};

struct shard {
	pthread_mutex_t lock;
	uint32_t count;
	uint32_t room; /* of `entries` */
	struct entry *entries;
};

struct evquic_replay {
	atomic_uint refs;
	uint8_t key[HASH_KEY_LEN];
	uint32_t shard_max; /* entries of a shard */
	uint32_t nshards;
	struct shard shards[];
};

struct evquic_replay *
evquic_replay_new(size_t max)
{
	struct evquic_replay *r;
	size_t n = max / SHARD_ENTRIES > 0 ? max / SHARD_ENTRIES : 1;

	if (max < 1 || n > UINT32_MAX)
		return NULL;
	r = calloc(1, sizeof(*r) + n * sizeof(r->shards[0]));
	if (r == NULL)
		return NULL;
	if (gnutls_rnd(GNUTLS_RND_KEY, r->key, sizeof(r->key)) != 0) {
		free(r);
		return NULL;
	}
	atomic_init(&r->refs, 1);
	r->nshards = (uint32_t)n;
	r->shard_max = (uint32_t)(max / n);
	for (size_t i = 0; i < n; i++)
		(void)pthread_mutex_init(&r->shards[i].lock, NULL);
	return r;
}

struct evquic_replay *
evquic_replay_ref(struct evquic_replay *r)
{
	unsigned int refs =
	    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);

	assert(refs >= 1);
	(void)refs;
	return r;
}

void
evquic_replay_unref(struct evquic_replay *r)
{
	unsigned int refs;

	if (r == NULL)
		return;
	refs = atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel);
	assert(refs >= 1);
	if (refs > 1)
		return;
	for (size_t i = 0; i < r->nshards; i++) {
		(void)pthread_mutex_destroy(&r->shards[i].lock);
		free(r->shards[i].entries);
	}
	explicit_bzero(r->key, sizeof(r->key));
	free(r);
}

/* Throws out what has expired; is there a live entry of `hash`? */
static bool
sweep(struct shard *s, uint64_t hash, nsec now)
{
	bool found = false;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < s->count; i++) {
		if (s->entries[i].expiry <= now)
			continue;
		found |= s->entries[i].hash == hash;
		s->entries[kept++] = s->entries[i];
	}
	s->count = kept;
	return found;
}

/* Gives the array another length; false, and nothing changed: no memory. */
static bool
resize(struct shard *s, uint32_t room)
{
	struct entry *entries = realloc(s->entries, room * sizeof(*entries));

	if (entries == NULL)
		return false;
	s->entries = entries;
	s->room = room;
	return true;
}

/* Makes room for one more; gives back half of what a flood has left, so that
 * neither is done again at the next call. */
static bool
fit(struct shard *s, uint32_t max)
{
	uint32_t wanted = s->room > 0 ? s->room * 2 : FIRST_ENTRIES;

	if (s->count < s->room / 4 && s->room > FIRST_ENTRIES)
		(void)resize(s, s->room / 2);
	if (s->count < s->room)
		return true;
	if (s->count >= max)
		return false;
	return resize(s, wanted < max ? wanted : max);
}

static enum tls_replay
enter(struct shard *s, uint32_t max, const struct entry *new, nsec now)
{
	if (sweep(s, new->hash, now))
		return TLS_REPLAY_SEEN;
	if (!fit(s, max))
		return TLS_REPLAY_FULL;
	s->entries[s->count++] = *new;
	return TLS_REPLAY_NEW;
}

enum tls_replay
tls_replay_enter(
    struct evquic_replay *r, const void *id, size_t len, nsec now, nsec expiry)
{
	const struct entry new = {hash_bytes(r->key, id, len), expiry};
	struct shard *s = &r->shards[(new.hash >> 32) * r->nshards >> 32];
	enum tls_replay rc;

	if (expiry <= now)
		return TLS_REPLAY_FULL;
	(void)pthread_mutex_lock(&s->lock);
	rc = enter(s, r->shard_max, &new, now);
	(void)pthread_mutex_unlock(&s->lock);
	return rc;
}

size_t
tls_replay_count(struct evquic_replay *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nshards; i++) {
		(void)pthread_mutex_lock(&r->shards[i].lock);
		n += r->shards[i].count;
		(void)pthread_mutex_unlock(&r->shards[i].lock);
	}
	return n;
}
