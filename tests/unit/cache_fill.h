/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers put into a cache, and looked for, by name: for tests of what is done
 * with caches, not of what they are. */
#ifndef TESTS_UNIT_CACHE_FILL_H
#define TESTS_UNIT_CACHE_FILL_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/cache.h"

#define FILL_BYTES ((size_t)4 << 20)
#define FILL_TTL 300 /* of what is put in */

enum fill_what {
	FILL_DATA,
	FILL_NODATA,
	FILL_NXDOMAIN,
	FILL_FAILURE,
};

/* One question. */
struct fill {
	const char *name; /* in text, with or without the last dot */
	uint16_t qtype;
	bool is_do;
	bool is_cd;
	const struct dns_ecs *ecs; /* NULL: without */
};

/* A cache of FILL_BYTES under a secret made of `seed`. */
struct dns_cache *fill_cache(uint8_t seed);

/* The same in one word: type A of a name. */
struct fill fill_a(const char *name);

/* Puts an answer in that holds for the question's network; is it stored? */
bool fill_put(struct dns_cache *cache, const struct fill *question,
    enum fill_what what, nsec now);

/* Is there an answer that is fresh?  Then *ret_left is how long it lasts. */
bool fill_find(struct dns_cache *cache, const struct fill *question, nsec now,
    uint32_t *ret_left);

/* The SCOPE that who asks is told; -1: there is no answer. */
int fill_scope(struct dns_cache *cache, const struct fill *question, nsec now);

/* As fill_find(), of type A of a name. */
bool fill_has(struct dns_cache *cache, const char *name, nsec now);

/* How many answers there are. */
uint64_t fill_count(const struct dns_cache *cache);

#endif
