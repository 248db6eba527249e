/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SipHash-2-4 against the vectors that its authors publish; the table through
 * growth, through a growth that gets no memory, with equal hashes, and under
 * random operations against a plain array.
 */
#include "base/hash.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/alloc.h"
#include "tests/fake/prng.h"
#include "tests/unit/unit.h"

enum {
	NITEMS = 500,
	ROUNDS = 50000
};

struct item {
	struct hash_node node;
	bool is_in;
	unsigned visits;
};

/* vectors_sip64 of the reference implementation: key 00 01 .. 0f, message
 * 00 01 .. of as many bytes as the index says. */
static const uint64_t vectors[] = {
    0x726fdb47dd0e0e31,
    0x74f839c593dc67fd,
    0x0d6c8009d9a94f5a,
    0x85676696d7fb7e2d,
    0xcf2794e0277187b7,
    0x18765564cd99a68d,
    0xcbc9466e58fee3ce,
    0xab0200f58b01d137,
    0x93f5f5799a932462,
    0x9e0082df0ba9e4b0,
    0x7a5dbbc594ddb9f3,
    0xf4b32f46226bada7,
    0x751e8fbc860ee5fb,
    0x14ea5627c0843d90,
    0xf723ca908e7af2ee,
    0xa129ca6149be45e5,
    0x3f2acc7f57c29bdb,
};
#define VECTOR_63 0x958a324ceb064572u

static void
test_siphash(void)
{
	uint8_t key[HASH_KEY_LEN], in[64];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	for (size_t n = 0; n < sizeof(vectors) / sizeof(vectors[0]); n++)
		CU_ASSERT(hash_bytes(key, in, n) == vectors[n]);
	CU_ASSERT(hash_bytes(key, in, 63) == VECTOR_63);
	key[15] ^= 1;
	CU_ASSERT(hash_bytes(key, in, 63) != VECTOR_63);
	CU_ASSERT(hash_bytes(key, NULL, 0) != vectors[0]);
}

/* vectors_sip13 of the same, of 0, 8, 16 and 24 bytes; on machines that have
 * the least byte first, which is what it was computed on. */
static const uint64_t short_vectors[] = {
    0xabac0158050fc4dc,
    0x369095118d299a8e,
    0xcc4fdd1a7d908b66,
    0xf464aeb267349c8c,
};

static void
test_words(void)
{
	uint8_t key[HASH_KEY_LEN], in[24];
	uint64_t words[3];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	memcpy(words, in, sizeof(words));
	if (words[0] != 0x0706050403020100u) {
		CU_PASS("another order of bytes, other hashes");
		return;
	}
	for (size_t n = 0; n < sizeof(short_vectors) / sizeof(uint64_t); n++)
		CU_ASSERT(hash_words(key, words, n) == short_vectors[n]);
	key[15] ^= 1;
	CU_ASSERT(hash_words(key, words, 0) != short_vectors[0]);
}

/* Bytes at odd addresses hash as the same bytes elsewhere. */
static void
test_alignment(void)
{
	static const uint8_t key[HASH_KEY_LEN] = {7};
	uint8_t room[8 + 24] = {0};
	uint64_t first;

	for (size_t i = 0; i < 24; i++)
		room[i] = (uint8_t)(i * 11);
	first = hash_bytes(key, room, 24);
	for (size_t shift = 1; shift < 8; shift++) {
		for (size_t i = 0; i < 24; i++)
			room[shift + i] = (uint8_t)(i * 11);
		CU_ASSERT(hash_bytes(key, room + shift, 24) == first);
	}
}

static void
test_equal_hashes(void)
{
	struct hash_table t;
	struct hash_node n[3], *f;
	unsigned seen = 0;

	hash_init(&t);
	CU_ASSERT(hash_find(&t, 5, NULL) == NULL);
	hash_add(&t, &n[0], 5);
	hash_add(&t, &n[1], 5 + HASH_FIRST_BUCKETS); /* the same bucket */
	hash_add(&t, &n[2], 5);
	for (f = hash_find(&t, 5, NULL); f != NULL; f = hash_find(&t, 5, f)) {
		CU_ASSERT(f == &n[0] || f == &n[2]);
		seen++;
	}
	CU_ASSERT(seen == 2);
	CU_ASSERT(hash_find(&t, 5 + HASH_FIRST_BUCKETS, NULL) == &n[1]);
	hash_remove(&t, &n[2]);
	CU_ASSERT(hash_find(&t, 5, NULL) == &n[0]);
	CU_ASSERT(hash_find(&t, 5, &n[0]) == NULL);
	hash_remove(&t, &n[1]);
	hash_remove(&t, &n[0]);
	CU_ASSERT(t.count == 0);
	hash_done(&t);
}

static void
remove_visited(struct hash_node *node, void *arg)
{
	struct item *item = (struct item *)(void *)node;

	item->visits++;
	if (item->is_in && arg != NULL) {
		hash_remove(arg, node);
		item->is_in = false;
	}
}

/* Every node is visited once, also while the visitor empties the table. */
static void
test_each(void)
{
	static struct item items[NITEMS];
	struct hash_table t;
	unsigned bad = 0;

	hash_init(&t);
	for (size_t i = 0; i < NITEMS; i++) {
		items[i] = (struct item){.is_in = true};
		hash_add(&t, &items[i].node, i / 2 * 0x10001);
	}
	hash_each(&t, remove_visited, NULL);
	CU_ASSERT(t.count == NITEMS);
	hash_each(&t, remove_visited, &t);
	CU_ASSERT(t.count == 0);
	for (size_t i = 0; i < NITEMS; i++)
		bad += items[i].visits != 2;
	CU_ASSERT(bad == 0);
	hash_done(&t);
}

static bool
is_found(const struct hash_table *t, const struct item *item, uint64_t hash)
{
	const struct hash_node *n = hash_find(t, hash, NULL);

	while (n != NULL && n != &item->node)
		n = hash_find(t, hash, n);
	return n != NULL;
}

/* Without memory the chains get longer and nothing is lost; with memory
 * again the table catches up. */
static void
test_growth_without_memory(void)
{
	static struct item items[NITEMS];
	struct hash_table t;
	unsigned missing = 0;

	hash_init(&t);
	fake_alloc_fail(1, 1);
	for (size_t i = 0; i < NITEMS - 1; i++)
		hash_add(&t, &items[i].node, i * 3);
	CU_ASSERT(fake_alloc_heal() > 0);
	CU_ASSERT(t.mask == HASH_FIRST_BUCKETS - 1);
	CU_ASSERT(t.buckets == t.first);
	for (size_t i = 0; i < NITEMS - 1; i++)
		missing += !is_found(&t, &items[i], i * 3);
	CU_ASSERT(missing == 0);
	hash_add(&t, &items[NITEMS - 1].node, (NITEMS - 1) * 3);
	CU_ASSERT(t.mask == 2 * HASH_FIRST_BUCKETS - 1);
	for (size_t i = 0; i < NITEMS; i++) {
		missing += !is_found(&t, &items[i], i * 3);
		hash_remove(&t, &items[i].node);
	}
	CU_ASSERT(missing == 0);
	hash_done(&t);
}

static void
test_random(void)
{
	static struct item items[NITEMS];
	struct prng r = {2};
	struct hash_table t;
	size_t count = 0;
	unsigned bad = 0;

	hash_init(&t);
	for (int n = 0; n < ROUNDS; n++) {
		size_t i = prng_below(&r, NITEMS);
		uint64_t hash = i % 97 * 0x9e3779b97f4a7c15u;

		bad += is_found(&t, &items[i], hash) != items[i].is_in;
		if (items[i].is_in) {
			hash_remove(&t, &items[i].node);
			count--;
		} else {
			hash_add(&t, &items[i].node, hash);
			count++;
		}
		items[i].is_in = !items[i].is_in;
		bad += t.count != count;
	}
	CU_ASSERT(bad == 0);
	CU_ASSERT(t.mask + 1 > HASH_FIRST_BUCKETS);
	hash_each(&t, remove_visited, &t);
	hash_done(&t);
}

void
test_hash_register(void)
{
	CU_pSuite s = unit_suite("hash");

	unit_test(s, "siphash", test_siphash);
	unit_test(s, "words", test_words);
	unit_test(s, "alignment", test_alignment);
	unit_test(s, "equal_hashes", test_equal_hashes);
	unit_test(s, "each", test_each);
	unit_test(s, "growth_without_memory", test_growth_without_memory);
	unit_test(s, "random", test_random);
}
