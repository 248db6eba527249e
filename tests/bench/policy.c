/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LRU, SIEVE (Zhang et al., NSDI 2024) and S3-FIFO (Yang et al., SOSP 2023)
 * over one kind of item.  An expired item that is asked for stays where it
 * is and is filled anew.
 *
 * Queues grow at their ends: the oldest is the first.  A ghost is an item
 * without size.
 */
#include "tests/bench/policy.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/list.h"

#define NSEC_A_SECOND 1000000000u
#define MOST_USES 3

enum place {
	PLACE_SMALL,
	PLACE_MAIN,
	PLACE_GHOST,
	PLACES
};

struct item {
	struct hash_node node;
	struct list link;
	uint64_t expires;
	uint64_t name;
	uint32_t size;
	uint8_t uses;
	uint8_t place;
};

struct policy {
	struct policy_options opts;
	struct hash_table table;
	struct list queues[PLACES];
	size_t bytes[PLACES];
	size_t count[PLACES];
	struct list *hand; /* SIEVE's: what it looks at next */
};

struct policy *
policy_new(const struct policy_options *o)
{
	struct policy *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->opts = *o;
	hash_init(&p->table);
	for (int i = 0; i < PLACES; i++)
		list_init(&p->queues[i]);
	p->hand = &p->queues[PLACE_MAIN];
	return p;
}

static void
take(struct policy *p, struct item *i)
{
	if (p->hand == &i->link)
		p->hand = i->link.next;
	list_remove(&i->link);
	p->bytes[i->place] -= i->size;
	p->count[i->place]--;
}

static void
put(struct policy *p, struct item *i, enum place place)
{
	i->place = place;
	list_append(&p->queues[place], &i->link);
	p->bytes[place] += i->size;
	p->count[place]++;
}

static void
forget(struct policy *p, struct item *i)
{
	take(p, i);
	hash_remove(&p->table, &i->node);
	free(i);
}

static struct item *
first(struct policy *p, enum place place)
{
	struct list *l = p->queues[place].next;

	return container_of(l, struct item, link);
}

void
policy_free(struct policy *p)
{
	for (int i = 0; i < PLACES; i++) {
		while (!list_is_empty(&p->queues[i]))
			forget(p, first(p, i));
	}
	hash_done(&p->table);
	free(p);
}

static struct item *
find(struct policy *p, uint64_t name)
{
	struct prng mix = {name};
	struct hash_node *n = hash_find(&p->table, prng_next(&mix), NULL);

	return n == NULL ? NULL : container_of(n, struct item, node);
}

static void
make_ghost(struct policy *p, struct item *i)
{
	size_t kept = p->count[PLACE_SMALL] + p->count[PLACE_MAIN];

	take(p, i);
	i->uses = 0;
	put(p, i, PLACE_GHOST);
	while (p->count[PLACE_GHOST] > kept * p->opts.ghosts / 100)
		forget(p, first(p, PLACE_GHOST));
}

static void
evict_small(struct policy *p)
{
	struct item *i = first(p, PLACE_SMALL);

	if (i->uses >= p->opts.promotes_at) {
		take(p, i);
		i->uses = 0;
		put(p, i, PLACE_MAIN);
	} else {
		make_ghost(p, i);
	}
}

static void
evict_main(struct policy *p)
{
	struct item *i = first(p, PLACE_MAIN);

	if (i->uses == 0) {
		forget(p, i);
		return;
	}
	take(p, i);
	i->uses--;
	put(p, i, PLACE_MAIN);
}

static void
evict_s3(struct policy *p)
{
	size_t small = p->opts.bytes / 100 * p->opts.small;

	if (p->bytes[PLACE_SMALL] > small || p->count[PLACE_MAIN] == 0)
		evict_small(p);
	else
		evict_main(p);
}

static void
evict_sieve(struct policy *p)
{
	struct item *i;

	if (p->hand == &p->queues[PLACE_MAIN])
		p->hand = p->hand->next;
	i = container_of(p->hand, struct item, link);
	if (i->uses == 0) {
		forget(p, i);
		return;
	}
	i->uses = 0;
	p->hand = p->hand->next;
}

static void
evict(struct policy *p)
{
	switch (p->opts.kind) {
	case POLICY_S3_FIFO:
		evict_s3(p);
		break;
	case POLICY_SIEVE:
		evict_sieve(p);
		break;
	case POLICY_LRU:
		forget(p, first(p, PLACE_MAIN));
		break;
	}
}

static void
use(struct policy *p, struct item *i)
{
	if (i->uses < MOST_USES)
		i->uses++;
	if (p->opts.kind == POLICY_LRU) {
		take(p, i);
		put(p, i, PLACE_MAIN);
	}
}

static void
store(struct policy *p, const struct trace_request *r, enum place place)
{
	struct prng mix = {r->name};
	struct item *i = calloc(1, sizeof(*i));

	assert(i != NULL);
	i->name = r->name;
	i->size = r->size + (uint32_t)p->opts.overhead;
	i->expires = r->now + (uint64_t)r->ttl * NSEC_A_SECOND;
	while (p->bytes[PLACE_SMALL] + p->bytes[PLACE_MAIN] + i->size >
	       p->opts.bytes)
		evict(p);
	hash_add(&p->table, &i->node, prng_next(&mix));
	put(p, i, place);
}

/* Where a new item begins; its ghost has done its work. */
static enum place
lay_ghost(struct policy *p, struct item *i)
{
	if (i != NULL) {
		forget(p, i);
		return PLACE_MAIN;
	}
	return p->opts.kind == POLICY_S3_FIFO ? PLACE_SMALL : PLACE_MAIN;
}

bool
policy_ask(struct policy *p, const struct trace_request *r)
{
	struct item *i = find(p, r->name);
	bool is_fresh;

	if (i == NULL || i->place == PLACE_GHOST) {
		store(p, r, lay_ghost(p, i));
		return false;
	}
	is_fresh = i->expires > r->now;
	if (!is_fresh)
		i->expires = r->now + (uint64_t)r->ttl * NSEC_A_SECOND;
	use(p, i);
	return is_fresh;
}
