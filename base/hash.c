/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SipHash-2-4 and a chained hash table that doubles when it holds more nodes
 * than buckets.  The full 64-bit hash is kept in each node, so growing hashes
 * nothing again and a lookup compares keys almost only with the right one.
 */
#include "base/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROTL(x, b) (((x) << (b)) | ((x) >> (64 - (b))))

/* Little-endian, whatever the machine: a load on most of them. */
static inline uint64_t
load64(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	       (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	       (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

struct sip {
	uint64_t a, b, c, d;
};

/* By value: the state stays in registers. */
static inline struct sip
sip_round(struct sip v)
{
	v.a += v.b;
	v.b = ROTL(v.b, 13) ^ v.a;
	v.a = ROTL(v.a, 32);
	v.c += v.d;
	v.d = ROTL(v.d, 16) ^ v.c;
	v.a += v.d;
	v.d = ROTL(v.d, 21) ^ v.a;
	v.c += v.b;
	v.b = ROTL(v.b, 17) ^ v.c;
	v.c = ROTL(v.c, 32);
	return v;
}

static inline struct sip
sip_word(struct sip v, uint64_t word)
{
	v.d ^= word;
	v = sip_round(sip_round(v));
	v.a ^= word;
	return v;
}

static inline struct sip
sip_start(uint64_t k0, uint64_t k1)
{
	return (struct sip){k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du,
	    k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u};
}

uint64_t
hash_bytes(const uint8_t key[HASH_KEY_LEN], const void *data, size_t len)
{
	const uint8_t *p = data;
	struct sip v = sip_start(load64(key), load64(key + 8));
	uint64_t last = (uint64_t)len << 56;
	size_t left = len;

	for (; left >= 8; left -= 8, p += 8)
		v = sip_word(v, load64(p));
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)p[i] << (8 * i);
	v = sip_word(v, last);
	v.c ^= 0xff;
	v = sip_round(sip_round(sip_round(sip_round(v))));
	return v.a ^ v.b ^ v.c ^ v.d;
}

uint64_t
hash_words(const uint8_t key[HASH_KEY_LEN], const uint64_t *words, size_t n)
{
	struct sip v;
	uint64_t k[2];

	memcpy(k, key, sizeof(k));
	v = sip_start(k[0], k[1]);
	for (size_t i = 0; i <= n; i++) {
		uint64_t m = i < n ? words[i] : (uint64_t)n * 8 << 56;

		v.d ^= m;
		v = sip_round(v);
		v.a ^= m;
	}
	v.c ^= 0xff;
	v = sip_round(sip_round(sip_round(v)));
	return v.a ^ v.b ^ v.c ^ v.d;
}

void
hash_init(struct hash_table *t)
{
	*t = (struct hash_table){.mask = HASH_FIRST_BUCKETS - 1};
	t->buckets = t->first;
}

void
hash_done(struct hash_table *t)
{
	assert(t->count == 0);
	if (t->buckets != t->first)
		free(t->buckets);
	hash_init(t);
}

static void
grow(struct hash_table *t)
{
	size_t size = (t->mask + 1) * 2;
	struct hash_node **buckets = calloc(size, sizeof(struct hash_node *));

	if (buckets == NULL)
		return; /* longer chains until there is memory again */
	for (size_t i = 0; i <= t->mask; i++) {
		struct hash_node *n = t->buckets[i], *next;

		for (; n != NULL; n = next) {
			next = n->next;
			n->next = buckets[n->hash & (size - 1)];
			buckets[n->hash & (size - 1)] = n;
		}
	}
	if (t->buckets != t->first)
		free(t->buckets);
	t->buckets = buckets;
	t->mask = size - 1;
}

void
hash_add(struct hash_table *t, struct hash_node *node, uint64_t hash)
{
	if (t->count > t->mask)
		grow(t);
	node->hash = hash;
	node->next = t->buckets[hash & t->mask];
	t->buckets[hash & t->mask] = node;
	t->count++;
}

void
hash_remove(struct hash_table *t, struct hash_node *node)
{
	struct hash_node **at = &t->buckets[node->hash & t->mask];

	while (*at != NULL && *at != node)
		at = &(*at)->next;
	assert(*at == node);
	*at = node->next;
	node->next = NULL;
	t->count--;
}

struct hash_node *
hash_find(
    const struct hash_table *t, uint64_t hash, const struct hash_node *prev)
{
	struct hash_node *n =
	    prev == NULL ? t->buckets[hash & t->mask] : prev->next;

	while (n != NULL && n->hash != hash)
		n = n->next;
	return n;
}

void
hash_each(struct hash_table *t,
    void (*visit)(struct hash_node *node, void *arg), void *arg)
{
	for (size_t i = 0; i <= t->mask; i++) {
		struct hash_node *n = t->buckets[i], *next;

		for (; n != NULL; n = next) {
			next = n->next;
			visit(n, arg);
		}
	}
}
