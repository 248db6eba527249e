/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpredictable bytes for IDs, ports and keys: the kernel's generator, read in
 * blocks, because a system call for every connection ID is too dear.  Tests
 * replace the source by a seeded one, so that a run can be repeated.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_BLOCK 1024

/* Fills `len` bytes; cannot fail (a source that can must abort). */
typedef void (*random_fill_fn)(void *ctx, uint8_t *out, size_t len);

struct random {
	random_fill_fn fill;
	void *ctx;
	size_t left; /* unused bytes at the end of `block` */
	uint8_t block[RANDOM_BLOCK];
};

/* Makes a pool over `fill`, or over getrandom(2) if that is NULL. */
void random_init(struct random *r, random_fill_fn fill, void *ctx);

/* Forgets the unused bytes. */
void random_done(struct random *r);

/* Writes `len` random bytes; none is ever given out twice. */
void random_bytes(struct random *r, void *out, size_t len);

/* A number drawn evenly from 0 .. bound-1; bound is at least 1. */
uint32_t random_below(struct random *r, uint32_t bound);

#endif
