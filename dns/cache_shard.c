/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stays and what goes: S3-FIFO (Yang et al., SOSP 2023).  Newcomers enter
 * a small queue, a tenth of the room; those that nobody asked for again leave
 * it soon, so that a flood of names passes through without touching the main
 * queue.  Who was asked for moves on to the main queue, and so does a newcomer
 * whose hash was evicted not long ago.  The main queue gives second chances.  A
 * hit writes one counter and moves nothing.
 *
 * What is past its end goes first: before anything else is evicted the hand
 * looks into one more bucket for it, and nothing past its end gets a second
 * chance.
 *
 * Invariant: bytes == fixed + the costs of all items, and never more than
 * `bound`.
 */
#include "dns/cache_shard.h"

#include <assert.h>
#include <stdlib.h>

/* The small queue's part of the room. */
#define SMALL_PART 10

/* The largest entry's part of the room. */
#define LARGEST_PART 8

static void
set_bytes(struct dns_shard *s, size_t bytes)
{
	assert(bytes <= s->bound);
	s->bytes = bytes;
	atomic_store_explicit(&s->stats.bytes, bytes, memory_order_relaxed);
}

static size_t
fixed_cost(size_t bound)
{
	return sizeof(struct dns_shard) + dns_table_cost(bound);
}

int
dns_shard_init(
    struct dns_shard *s, const struct dns_cache_rules *rules, size_t bound)
{
	int rc = dns_table_init(&s->table, bound);

	if (rc < 0)
		return rc;
	(void)pthread_mutex_init(&s->lock, NULL);
	s->rules = *rules;
	s->bound = bound;
	s->fixed = fixed_cost(bound);
	list_init(&s->small);
	list_init(&s->main);
	set_bytes(s, s->fixed);
	return 0;
}

void
dns_shard_done(struct dns_shard *s)
{
	while (!list_is_empty(&s->small))
		dns_shard_drop(
		    s, container_of(s->small.next, struct dns_item, link));
	while (!list_is_empty(&s->main))
		dns_shard_drop(
		    s, container_of(s->main.next, struct dns_item, link));
	assert(s->bytes == s->fixed && s->small_bytes == 0);
	dns_table_done(&s->table);
	(void)pthread_mutex_destroy(&s->lock);
}

nsec
dns_item_age(const struct dns_item *item, nsec now)
{
	nsec age = now - item->stored;

	return age > INT64_MAX ? 0 : age;
}

bool
dns_item_is_over(const struct dns_item *item, nsec now)
{
	return dns_item_age(item, now) >= item->life * NSEC_PER_SEC;
}

bool
dns_item_is_dead(const struct dns_shard *s, struct dns_item *item, nsec now)
{
	nsec life = item->life;

	if (dns_item_entry(item)->kind != DNS_ENTRY_FAILURE)
		life += s->rules.stale;
	return dns_item_age(item, now) >= life * NSEC_PER_SEC;
}

/* The counts of an item's kind and reach. */
static void
count(struct dns_shard *s, struct dns_item *item, int by)
{
	counter *kinds[] = {
	    [DNS_ENTRY_POSITIVE] = &s->stats.positive,
	    [DNS_ENTRY_NODATA] = &s->stats.nodata,
	    [DNS_ENTRY_NXDOMAIN] = &s->stats.nxdomain,
	    [DNS_ENTRY_FAILURE] = &s->stats.failure,
	};
	struct dns_key_net net = dns_item_net(item).net;

	counter_add(kinds[dns_item_entry(item)->kind], (uint64_t)by);
	counter_add(&s->stats.entries, (uint64_t)by);
	if (net.reach == DNS_REACH_EVERYBODY)
		s->everybody += (uint32_t)by;
	if (net.reach == DNS_REACH_NETWORK)
		s->nets[net.family == DNS_ECS_IPV6][net.bits] += (uint32_t)by;
}

/* To the end of the small queue, or of the main one. */
static void
queue(struct dns_shard *s, struct dns_item *item, bool is_main)
{
	if (is_main) {
		item->flags |= DNS_ITEM_IS_MAIN;
		list_append(&s->main, &item->link);
	} else {
		item->flags &= (uint8_t)~DNS_ITEM_IS_MAIN;
		s->small_bytes += item->cost;
		list_append(&s->small, &item->link);
	}
}

static void
unqueue(struct dns_shard *s, struct dns_item *item)
{
	if (!(item->flags & DNS_ITEM_IS_MAIN))
		s->small_bytes -= item->cost;
	list_remove(&item->link);
}

void
dns_shard_drop(struct dns_shard *s, struct dns_item *item)
{
	dns_table_remove(&s->table, item);
	unqueue(s, item);
	count(s, item, -1);
	set_bytes(s, s->bytes - item->cost);
	free(item);
}

void
dns_shard_replace(struct dns_shard *s, struct dns_item *item)
{
	counter_add(&s->stats.replaced, 1);
	dns_shard_drop(s, item);
}

/* What is next to go, if there is anything. */
static struct dns_item *
next_to_go(struct dns_shard *s)
{
	bool is_small_full =
	    s->small_bytes > (s->bound - s->fixed) / SMALL_PART;
	struct list *from =
	    is_small_full || list_is_empty(&s->main) ? &s->small : &s->main;

	assert(!list_is_empty(from));
	return container_of(from->next, struct dns_item, link);
}

static void
give_chance(struct dns_shard *s, struct dns_item *item)
{
	item->visits =
	    item->flags & DNS_ITEM_IS_MAIN ? (uint8_t)(item->visits - 1) : 0;
	unqueue(s, item);
	queue(s, item, true);
}

/* Drops one item, of which there must be one. */
static void
evict(struct dns_shard *s, nsec now, unsigned *chances)
{
	struct dns_item *item = next_to_go(s);
	bool is_over, is_main;

	for (; *chances > 0; --*chances) {
		if (item->visits == 0 || dns_item_is_over(item, now))
			break;
		give_chance(s, item);
		item = next_to_go(s);
	}
	is_over = dns_item_is_over(item, now);
	is_main = (item->flags & DNS_ITEM_IS_MAIN) != 0;
	counter_add(is_over ? &s->stats.expired : &s->stats.evicted, 1);
	/* It was too short in the small queue, or only its time is over: then
	 * it comes back to where it was. */
	if (is_over == is_main)
		dns_table_bury(&s->table, item->hash);
	dns_shard_drop(s, item);
}

struct sweep {
	struct dns_shard *shard;
	nsec now;
};

static bool
drop_dead(void *ctx, struct dns_item *item)
{
	struct sweep *w = ctx;

	if (dns_item_is_dead(w->shard, item, w->now)) {
		counter_add(&w->shard->stats.expired, 1);
		if (item->flags & DNS_ITEM_IS_MAIN)
			dns_table_bury(&w->shard->table, item->hash);
		dns_shard_drop(w->shard, item);
	}
	return true;
}

/* Drops what is dead in the next bucket. */
static void
sweep(struct dns_shard *s, nsec now)
{
	struct sweep w = {.shard = s, .now = now};

	if (s->hand >= s->table.count)
		s->hand = 0;
	(void)dns_bucket_each(
	    dns_table_bucket(&s->table, s->hand++), drop_dead, &w);
}

/* Makes room for so many octets, not more than all items have. */
static void
make_room(struct dns_shard *s, size_t cost, nsec now)
{
	unsigned chances = DNS_SHARD_CHANCES;

	if (s->bytes + cost > s->bound)
		sweep(s, now);
	while (s->bytes + cost > s->bound)
		evict(s, now, &chances);
}

/* Drops what is in an item's place; should it be in the main queue? */
static bool
inherit(struct dns_shard *s, struct dns_item *item, const struct dns_want *want)
{
	struct dns_item *old = dns_table_find(&s->table, want);
	bool is_main;

	if (old == NULL)
		return dns_table_unbury(&s->table, item->hash);
	is_main = (old->flags & DNS_ITEM_IS_MAIN) != 0;
	item->visits = old->visits;
	dns_shard_replace(s, old);
	return is_main;
}

bool
dns_shard_put(struct dns_shard *s, struct dns_item *item,
    const struct dns_want *want, nsec now)
{
	bool is_main;

	if (item->cost > (s->bound - s->fixed) / LARGEST_PART)
		return false;
	is_main = inherit(s, item, want);
	make_room(s, item->cost, now);
	set_bytes(s, s->bytes + item->cost);
	dns_table_add(&s->table, item);
	queue(s, item, is_main);
	count(s, item, 1);
	counter_add(&s->stats.inserted, 1);
	return true;
}

bool
dns_shard_widen(const struct dns_shard *s, const struct dns_key *key,
    struct dns_key_net *net)
{
	unsigned bits = net->reach == DNS_REACH_NETWORK ? net->bits : 0;

	while (bits > 1) {
		if (s->nets[net->family == DNS_ECS_IPV6][--bits] == 0)
			continue;
		*net = dns_key_net_prefix(key->ecs, bits);
		return true;
	}
	if (net->reach == DNS_REACH_EVERYBODY || s->everybody == 0)
		return false;
	*net = (struct dns_key_net){.reach = DNS_REACH_EVERYBODY};
	return true;
}

/* Drops some items, until all are no more than so many octets; the bound
 * follows, so that what comes meanwhile takes none of the way back. */
static bool
shrink(struct dns_shard *s, size_t bytes, nsec now)
{
	unsigned chances = DNS_SHARD_CHANCES;

	for (int i = 0; i < DNS_SHARD_PIECE && s->bytes > bytes; i++)
		evict(s, now, &chances);
	if (s->bound > bytes)
		s->bound = s->bytes > bytes ? s->bytes : bytes;
	return s->bytes <= bytes;
}

bool
dns_shard_configure(struct dns_shard *s, const struct dns_cache_rules *rules,
    size_t bound, struct dns_table_room *room, nsec now)
{
	size_t fixed = fixed_cost(bound);

	s->rules = *rules;
	if (bound == s->bound)
		return true;
	if (!shrink(s, bound - fixed + s->fixed, now) ||
	    !dns_table_merge(&s->table, room->most, DNS_SHARD_PIECE))
		return false;
	dns_table_swap(&s->table, room);
	s->bytes -= s->fixed;
	s->fixed = fixed;
	s->bound = bound;
	set_bytes(s, s->bytes + s->fixed);
	return true;
}

/* Counts what the visitor is shown. */
struct piece {
	dns_item_visit_fn visit;
	void *ctx;
	size_t work;
};

static bool
show(void *ctx, struct dns_item *item)
{
	struct piece *p = ctx;

	p->work += 1 + item->cost / DNS_SHARD_LARGE;
	return p->visit(p->ctx, item);
}

bool
dns_shard_walk(struct dns_shard *s, struct dns_shard_walk *walk,
    dns_item_visit_fn visit, void *ctx)
{
	struct piece p = {.visit = visit, .ctx = ctx};

	if (walk->merges != s->table.merges)
		*walk = (struct dns_shard_walk){.merges = s->table.merges};
	while (!walk->is_ended && walk->at < s->table.count &&
	       p.work < DNS_SHARD_PIECE) {
		p.work++;
		walk->is_ended = !dns_bucket_each(
		    dns_table_bucket(&s->table, walk->at++), show, &p);
	}
	return !walk->is_ended && walk->at < s->table.count;
}
