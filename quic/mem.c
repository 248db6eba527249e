/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ngtcp2 allocates for a connection: charged to its account, and kept in a
 * list, so that all of it goes when the connection does.
 *
 * ngtcp2 1.11 forgets blocks: a frame of many pieces that was lost and then
 * acknowledged in part is put where only small ones are freed from.  A peer
 * can cause that, so it must cost nobody memory beyond the connection's life
 * (and within it no more than quic/budget.c allows).
 *
 * And it does not always tell that there was no memory: some of its functions
 * say that all is well, and what they have left undone meets an assertion
 * later.  So we remember it, and the connection ends before ngtcp2 is asked
 * again.
 */
#include "quic/internal.h"

#include <stdlib.h>

/* In front of each block; as large as malloc()'s alignment. */
struct block {
	struct list link;
};

_Static_assert(sizeof(struct block) % _Alignof(max_align_t) == 0,
    "what follows a block's head is aligned");

static void *
enter(struct evquic_conn *c, struct block *b)
{
	if (b == NULL) {
		c->starved = true;
		return NULL;
	}
	list_append(&c->blocks, &b->link);
	return b + 1;
}

static struct block *
leave(void *ptr)
{
	struct block *b = (struct block *)ptr - 1;

	list_remove(&b->link);
	return b;
}

static void *
mem_malloc(size_t size, void *conn)
{
	struct evquic_conn *c = conn;

	if (size > SIZE_MAX - sizeof(struct block))
		return NULL;
	return enter(
	    c, account_malloc(&c->account, sizeof(struct block) + size));
}

static void
mem_free(void *ptr, void *conn)
{
	struct evquic_conn *c = conn;

	if (ptr != NULL)
		account_free(&c->account, leave(ptr));
}

static void *
mem_calloc(size_t count, size_t size, void *conn)
{
	struct evquic_conn *c = conn;

	if (size > 0 && count > (SIZE_MAX - sizeof(struct block)) / size)
		return NULL;
	return enter(c, account_calloc(&c->account, 1,
			    sizeof(struct block) + count * size));
}

static void *
mem_realloc(void *ptr, size_t size, void *conn)
{
	struct evquic_conn *c = conn;
	struct block *old, *new;

	if (ptr == NULL)
		return mem_malloc(size, conn);
	if (size > SIZE_MAX - sizeof(struct block))
		return NULL;
	old = leave(ptr);
	new = account_realloc(&c->account, old, sizeof(struct block) + size);
	(void)enter(c, new != NULL ? new : old);
	c->starved = c->starved || new == NULL;
	return new != NULL ? new + 1 : NULL;
}

void
quic_mem_init(struct evquic_conn *c)
{
	list_init(&c->blocks);
	c->mem = (ngtcp2_mem){c, mem_malloc, mem_free, mem_calloc, mem_realloc};
}

void
quic_mem_done(struct evquic_conn *c)
{
	struct quic_counters *n = &c->router->worker->counters;
	struct list *l;

	while ((l = list_pop(&c->blocks)) != NULL) {
		counter_add(&n->blocks_forgotten, 1);
		account_free(&c->account, container_of(l, struct block, link));
	}
}
