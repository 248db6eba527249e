/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keyed hashing and a hash table whose links live inside the objects.
 *
 * Whatever an attacker may choose (connection IDs, names, addresses) is hashed
 * with SipHash-2-4 and a secret key, so that nobody can aim at one bucket.
 * Inserting never fails: where the table cannot grow its chains get longer.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_KEY_LEN 16
#define HASH_FIRST_BUCKETS 8

struct hash_node {
	struct hash_node *next;
	uint64_t hash;
};

struct hash_table {
	struct hash_node **buckets; /* `first`, or from malloc */
	size_t mask;		    /* number of buckets - 1 */
	size_t count;
	struct hash_node *first[HASH_FIRST_BUCKETS];
};

/* SipHash-2-4 of `len` bytes under a secret key (Aumasson, Bernstein 2012). */
uint64_t hash_bytes(
    const uint8_t key[HASH_KEY_LEN], const void *data, size_t len);

/*
 * SipHash-1-3 of `n` words under a secret key, both as they lie in memory: less
 * work than the above, for tables alone.
 */
uint64_t hash_words(
    const uint8_t key[HASH_KEY_LEN], const uint64_t *words, size_t n);

/* Makes an empty table; it must not be moved in memory afterwards. */
void hash_init(struct hash_table *t);

/* Frees the table's own memory; asserts that it is empty. */
void hash_done(struct hash_table *t);

/* Adds a node under `hash`; the node belongs to its object and must stay. */
void hash_add(struct hash_table *t, struct hash_node *node, uint64_t hash);

/* Removes a node that is in the table (asserted). */
void hash_remove(struct hash_table *t, struct hash_node *node);

/*
 * Walks the nodes with exactly this hash: the first one after `prev`, or the
 * first one of all if `prev` is NULL; NULL at the end.  The caller compares
 * the keys themselves.
 */
struct hash_node *hash_find(
    const struct hash_table *t, uint64_t hash, const struct hash_node *prev);

/*
 * Calls `visit` for every node, in no order.  The visitor may remove (and
 * free) the node it is given, and no other.
 */
void hash_each(struct hash_table *t,
    void (*visit)(struct hash_node *node, void *arg), void *arg);

#endif
