/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table of networks in shards, each with its lock, so that workers
 * rarely meet.  A network that has nothing has no entry.
 */
#include "resolver/peers.h"
#include "base/hash.h"
#include "base/list.h"
#include "resolver/net/addr.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SHARDS 16

struct network_key {
	uint8_t len; /* 0: counted for nobody */
	uint8_t bytes[NET_NETWORK_MAX];
};

struct peers_network {
	struct hash_node node;
	struct shard *shard;
	struct network_key key;
	size_t connections;
	size_t handshakes;
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

/* Length 0: counted for nobody. */
static void
make_key(const struct sockaddr *sa, struct network_key *ret)
{
	*ret = (struct network_key){.len = 0};
	ret->len = (uint8_t)net_addr_network(sa, ret->bytes);
}

static struct shard *
find_shard(struct peers *p, const struct network_key *key, uint64_t *ret_hash)
{
	*ret_hash = hash_bytes(p->hash_key, key->bytes, key->len);
	return &p->shards[*ret_hash >> 60];
}

static struct peers_network *
find(const struct shard *s, const struct network_key *key, uint64_t hash)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&s->table, hash, n)) != NULL) {
		struct peers_network *w =
		    container_of(n, struct peers_network, node);

		if (w->key.len == key->len &&
		    memcmp(w->key.bytes, key->bytes, key->len) == 0)
			return w;
	}
	return NULL;
}

/* The network of this key, made if there is none; NULL: no memory. */
static struct peers_network *
find_or_make(struct shard *s, const struct network_key *key, uint64_t hash)
{
	struct peers_network *w = find(s, key, hash);

	if (w != NULL)
		return w;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return NULL;
	w->shard = s;
	w->key = *key;
	hash_add(&s->table, &w->node, hash);
	return w;
}

static void
free_if_empty(struct peers_network *w)
{
	if (w->connections != 0 || w->handshakes != 0)
		return;
	hash_remove(&w->shard->table, &w->node);
	free(w);
}

/* Counts one more for a network, if it may have one. */
static enum peers_answer
count_one(
    struct peers_network *w, const struct peers_limits *limits, bool proved)
{
	bool is_full = w->connections >= limits->connections;

	if (proved) {
		w->connections += !is_full;
		return is_full ? PEERS_FULL : PEERS_IN;
	}
	/* Who would be refused as soon as it had proved its address does so
	 * before it costs a handshake. */
	if (limits->handshakes != PEERS_ANY_NUMBER &&
	    (is_full || w->handshakes >= limits->handshakes))
		return PEERS_PROVE;
	w->handshakes++;
	return PEERS_IN;
}

enum peers_answer
peers_enter(struct peers *p, const struct sockaddr *sa,
    const struct peers_limits *limits, bool proved,
    struct peers_network **ret_network)
{
	enum peers_answer answer = PEERS_IN;
	struct peers_network *w;
	struct network_key key;
	struct shard *s;
	uint64_t hash;

	*ret_network = NULL;
	make_key(sa, &key);
	if (key.len == 0)
		return PEERS_IN;
	s = find_shard(p, &key, &hash);
	(void)pthread_mutex_lock(&s->lock);
	w = find_or_make(s, &key, hash);
	if (w != NULL) {
		answer = count_one(w, limits, proved);
		if (answer == PEERS_IN)
			*ret_network = w;
		free_if_empty(w);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return answer;
}

bool
peers_settle(struct peers_network *w, const struct peers_limits *limits)
{
	bool is_in;

	if (w == NULL)
		return true;
	(void)pthread_mutex_lock(&w->shard->lock);
	is_in = w->connections < limits->connections;
	if (is_in) {
		w->handshakes--;
		w->connections++;
	}
	(void)pthread_mutex_unlock(&w->shard->lock);
	return is_in;
}

void
peers_leave(struct peers_network *w, bool proved)
{
	struct shard *s;

	if (w == NULL)
		return;
	s = w->shard; /* it may be gone before the lock is */
	(void)pthread_mutex_lock(&s->lock);
	if (proved)
		w->connections--;
	else
		w->handshakes--;
	free_if_empty(w);
	(void)pthread_mutex_unlock(&s->lock);
}

size_t
peers_count(struct peers *p, const struct sockaddr *sa, bool proved)
{
	struct peers_network *w;
	struct network_key key;
	struct shard *s;
	uint64_t hash;
	size_t n = 0;

	make_key(sa, &key);
	if (key.len == 0)
		return 0;
	s = find_shard(p, &key, &hash);
	(void)pthread_mutex_lock(&s->lock);
	w = find(s, &key, hash);
	if (w != NULL)
		n = proved ? w->connections : w->handshakes;
	(void)pthread_mutex_unlock(&s->lock);
	return n;
}
