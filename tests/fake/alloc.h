/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FAKE_ALLOC_H
#define TESTS_FAKE_ALLOC_H

#include <stddef.h>

/*
 * An allocator that can be told to fail.  The linker turns every malloc(),
 * calloc() and realloc() of our own objects into these (--wrap); those of
 * shared libraries stay as they are, so GnuTLS always has memory.  ngtcp2
 * allocates through the library's ngtcp2_mem and does fail.
 */

/* The `nth` allocation from now on fails (1: the next one), and all that
 * follow it if `forever`. */
void fake_alloc_fail(size_t nth, int forever);

/* For the tests' own needs: these never fail. */
void *fake_malloc(size_t size);
void *fake_calloc(size_t count, size_t size);

/* No allocation fails any more; returns how many did since fake_alloc_fail().
 */
size_t fake_alloc_heal(void);

/* Between the two nothing fails, and nothing is counted: the fake world's own
 * allocations. */
void fake_alloc_pause(void);
void fake_alloc_resume(void);

#endif
