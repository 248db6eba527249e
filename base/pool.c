/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A free list threaded through the objects themselves.  Under
 * AddressSanitizer nothing is kept, so that every use after free is seen.
 */
#include "base/pool.h"

#include <assert.h>
#include <stdlib.h>

struct pool_item {
	struct pool_item *next;
};

#if defined(__SANITIZE_ADDRESS__)
#define POOL_KEEPS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_KEEPS 0
#endif
#endif
#ifndef POOL_KEEPS
#define POOL_KEEPS 1
#endif

void
pool_init(struct pool *p, size_t size, size_t max_kept)
{
	if (size < sizeof(struct pool_item))
		size = sizeof(struct pool_item);
	*p = (struct pool){.size = size, .max_kept = max_kept};
}

void
pool_done(struct pool *p)
{
	assert(p->live == 0);
	while (p->free != NULL) {
		struct pool_item *item = p->free;

		p->free = item->next;
		free(item);
	}
	p->kept = 0;
}

void *
pool_get(struct pool *p)
{
	struct pool_item *item = p->free;

	if (item != NULL) {
		p->free = item->next;
		p->kept--;
	} else {
		item = malloc(p->size);
		if (item == NULL)
			return NULL;
	}
	p->live++;
	return item;
}

void
pool_put(struct pool *p, void *object)
{
	struct pool_item *item = object;

	if (item == NULL)
		return;
	assert(p->live > 0);
	p->live--;
	if (!POOL_KEEPS || p->kept >= p->max_kept) {
		free(item);
		return;
	}
	item->next = p->free;
	p->free = item;
	p->kept++;
}
