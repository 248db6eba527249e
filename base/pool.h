/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pool of objects of one size.  What is given back is kept for the next
 * asker, up to a limit, so that the path of a query does not visit malloc.
 * Owned by one worker; no locks.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

struct pool_item;

struct pool {
	struct pool_item *free;
	size_t size;	 /* bytes of an object */
	size_t live;	 /* objects in somebody's hands */
	size_t kept;	 /* objects that wait here */
	size_t max_kept; /* more than this go back to malloc */
};

/* Makes an empty pool of objects of `size` bytes. */
void pool_init(struct pool *p, size_t size, size_t max_kept);

/* Frees what is kept; asserts that all objects came back. */
void pool_done(struct pool *p);

/* Returns an object, its bytes undefined; NULL if there is no memory. */
void *pool_get(struct pool *p);

/* Takes an object back; NULL is fine. */
void pool_put(struct pool *p, void *object);

#endif
