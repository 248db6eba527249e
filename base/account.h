/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory accounts: whoever lets a peer use memory has one, and it is zero when
 * he is gone.  An account may have a parent to which the same bytes are
 * charged (connection -> worker).
 */
#ifndef BASE_ACCOUNT_H
#define BASE_ACCOUNT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counter.h"

struct account {
	counter bytes;
	struct account *parent; /* may be NULL */
};

/* Charges `n` bytes to an account and to its parents. */
static inline void
account_charge(struct account *a, size_t n)
{
	for (; a != NULL; a = a->parent)
		counter_add(&a->bytes, n);
}

/* Gives back `n` bytes that were charged before. */
static inline void
account_refund(struct account *a, size_t n)
{
	for (; a != NULL; a = a->parent) {
		assert(counter_get(&a->bytes) >= n);
		counter_sub(&a->bytes, n);
	}
}

/*
 * malloc, calloc, realloc and free that are charged to `a` by the size that
 * the allocator really uses.  Same results and errors as the originals.
 */
void *account_malloc(struct account *a, size_t size);
void *account_calloc(struct account *a, size_t count, size_t size);
void *account_realloc(struct account *a, void *ptr, size_t size);
void account_free(struct account *a, void *ptr);

#endif
