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

static uint64_t
load64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = ROTL(v[1], 13) ^ v[0];
	v[0] = ROTL(v[0], 32);
	v[2] += v[3];
	v[3] = ROTL(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = ROTL(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = ROTL(v[1], 17) ^ v[2];
	v[2] = ROTL(v[2], 32);
}

static void
sip_rounds(uint64_t v[4], int n)
{
	while (n-- > 0)
		sip_round(v);
}

static inline void
sip_start(uint64_t v[4], uint64_t k0, uint64_t k1)
{
	v[0] = k0 ^ 0x736f6d6570736575u;
	v[1] = k1 ^ 0x646f72616e646f6du;
	v[2] = k0 ^ 0x6c7967656e657261u;
	v[3] = k1 ^ 0x7465646279746573u;
}

uint64_t
hash_bytes(const uint8_t key[HASH_KEY_LEN], const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t v[4];
	uint64_t last = (uint64_t)len << 56;
	size_t left = len;

	sip_start(v, load64(key), load64(key + 8));
	for (; left >= 8; left -= 8, p += 8) {
		uint64_t m = load64(p);

		v[3] ^= m;
		sip_rounds(v, 2);
		v[0] ^= m;
	}
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)p[i] << (8 * i);
	v[3] ^= last;
	sip_rounds(v, 2);
	v[0] ^= last;
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t
hash_words(const uint8_t key[HASH_KEY_LEN], const uint64_t *words, size_t n)
{
	uint64_t k[2], v[4];

	memcpy(k, key, sizeof(k));
	sip_start(v, k[0], k[1]);
	for (size_t i = 0; i <= n; i++) {
		uint64_t m = i < n ? words[i] : (uint64_t)n * 8 << 56;

		v[3] ^= m;
		sip_round(v);
		v[0] ^= m;
	}
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
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
