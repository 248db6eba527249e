/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table of networks in shards, each with its lock, so that workers
 * rarely meet.  A network that has no connection has no entry.
 */
#include "resolver/peers.h"
#include "base/hash.h"
#include "base/list.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SHARDS 16

/* What one subscriber has: RFC 6177 speaks of /56. */
#define V6_PREFIX_BYTES 7
#define V4_BYTES 4

struct network {
	struct hash_node node;
	struct peers_key key;
	size_t connections;
};

struct shard {
	pthread_mutex_t lock;
	struct hash_table table;
};

struct peers {
	uint8_t hash_key[HASH_KEY_LEN];
	struct shard shards[SHARDS];
};

struct peers *
peers_new(void)
{
	struct peers *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	if (getrandom(p->hash_key, sizeof(p->hash_key), 0) !=
	    (ssize_t)sizeof(p->hash_key)) {
		free(p);
		return NULL;
	}
	for (size_t i = 0; i < SHARDS; i++) {
		(void)pthread_mutex_init(&p->shards[i].lock, NULL);
		hash_init(&p->shards[i].table);
	}
	return p;
}

void
peers_free(struct peers *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		hash_done(&p->shards[i].table);
		(void)pthread_mutex_destroy(&p->shards[i].lock);
	}
	free(p);
}

/* The network of an address; length 0 for loopback and other families. */
static void
make_key(const struct sockaddr *sa, struct peers_key *ret)
{
	*ret = (struct peers_key){.len = 0};
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;

		if (ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET)
			return;
		ret->len = V4_BYTES;
		memcpy(ret->bytes, &in->sin_addr, V4_BYTES);
	} else if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;

		if (IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr))
			return;
		ret->len = V6_PREFIX_BYTES;
		memcpy(ret->bytes, &in6->sin6_addr, V6_PREFIX_BYTES);
	}
}

static struct shard *
find_shard(struct peers *p, const struct peers_key *key, uint64_t *ret_hash)
{
	*ret_hash = hash_bytes(p->hash_key, key->bytes, key->len);
	return &p->shards[*ret_hash >> 60];
}

static struct network *
find(const struct shard *s, const struct peers_key *key, uint64_t hash)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&s->table, hash, n)) != NULL) {
		struct network *w = container_of(n, struct network, node);

		if (w->key.len == key->len &&
		    memcmp(w->key.bytes, key->bytes, key->len) == 0)
			return w;
	}
	return NULL;
}

/* Counts one more for a network; false if it is full. */
static bool
count_one(struct shard *s, uint64_t hash, size_t max, struct peers_key *key)
{
	struct network *w = find(s, key, hash);

	if (w != NULL) {
		if (w->connections >= max)
			return false;
		w->connections++;
		return true;
	}
	w = calloc(1, sizeof(*w));
	if (w == NULL) {
		key->len = 0;
		return true;
	}
	w->key = *key;
	w->connections = 1;
	hash_add(&s->table, &w->node, hash);
	return true;
}

bool
peers_enter(struct peers *p, const struct sockaddr *sa, size_t max,
    struct peers_key *ret_key)
{
	struct peers_key key;
	struct shard *s;
	uint64_t hash;
	bool is_in;

	make_key(sa, &key);
	if (key.len == 0) {
		*ret_key = key;
		return true;
	}
	s = find_shard(p, &key, &hash);
	(void)pthread_mutex_lock(&s->lock);
	is_in = count_one(s, hash, max, &key);
	(void)pthread_mutex_unlock(&s->lock);
	if (is_in)
		*ret_key = key;
	return is_in;
}

void
peers_leave(struct peers *p, const struct peers_key *key)
{
	struct network *w;
	struct shard *s;
	uint64_t hash;

	if (key->len == 0)
		return;
	s = find_shard(p, key, &hash);
	(void)pthread_mutex_lock(&s->lock);
	w = find(s, key, hash);
	if (--w->connections == 0) {
		hash_remove(&s->table, &w->node);
		free(w);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

size_t
peers_count(struct peers *p, const struct sockaddr *sa)
{
	struct peers_key key;
	struct network *w;
	struct shard *s;
	uint64_t hash;
	size_t n;

	make_key(sa, &key);
	if (key.len == 0)
		return 0;
	s = find_shard(p, &key, &hash);
	(void)pthread_mutex_lock(&s->lock);
	w = find(s, &key, hash);
	n = w != NULL ? w->connections : 0;
	(void)pthread_mutex_unlock(&s->lock);
	return n;
}
