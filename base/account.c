/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator is asked how large a block is (malloc_usable_size), which
 * saves a header of our own on each block and counts what is really used.
 */
#include "base/account.h"

#include <malloc.h>
#include <stdlib.h>

void *
account_malloc(struct account *a, size_t size)
{
	void *p = malloc(size);

	account_charge(a, malloc_usable_size(p));
	return p;
}

void *
account_calloc(struct account *a, size_t count, size_t size)
{
	void *p = calloc(count, size);

	account_charge(a, malloc_usable_size(p));
	return p;
}

void *
account_realloc(struct account *a, void *ptr, size_t size)
{
	size_t before = malloc_usable_size(ptr);
	void *p = realloc(ptr, size);

	if (p == NULL && size > 0)
		return NULL; /* the old block is still there */
	account_refund(a, before);
	account_charge(a, malloc_usable_size(p));
	return p;
}

void
account_free(struct account *a, void *ptr)
{
	account_refund(a, malloc_usable_size(ptr));
	free(ptr);
}
