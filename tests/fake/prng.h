/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers that can be had again: everything that a simulated run
 * draws comes from one seed.  SplitMix64 (Steele, Lea, Flood 2014): each seed
 * gives another sequence, neighbouring seeds too.
 */
#ifndef TESTS_FAKE_PRNG_H
#define TESTS_FAKE_PRNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prng {
	uint64_t state;
};

/* The next 64 bits. */
static inline uint64_t
prng_next(struct prng *p)
{
	uint64_t z = p->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* A number of 0 .. bound-1; the bias below 2^-32 does not matter to tests. */
static inline uint32_t
prng_below(struct prng *p, uint32_t bound)
{
	return (uint32_t)((prng_next(p) >> 32) * bound >> 32);
}

/* True in `permille` of 1000 cases. */
static inline bool
prng_chance(struct prng *p, uint32_t permille)
{
	return permille > 0 && prng_below(p, 1000) < permille;
}

/* Fills `len` bytes; a random_fill_fn whose context is the prng. */
static inline void
prng_fill(void *ctx, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(prng_next(ctx) >> 56);
}

#endif
