/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks over all of the cache: flushing, saving, counting.  A lock is held for
 * some buckets at a time, so that no hit waits for a walk.
 */
#include <stdatomic.h>

#include "dns/cache_private.h"

/* A walk, whatever it is for. */
struct walk {
	struct dns_shard *shard; /* where it is, locked */
	nsec now;
	const uint8_t *name; /* to flush, or NULL: all */
	bool is_suffix;
	size_t dropped;
	dns_cache_visit_fn visit;
	void *ctx;
};

/* A shard's part in it. */
struct part {
	struct dns_shard_walk walk;
	bool is_over;
};

/* Walks a piece of a shard; false if the visitor ended all. */
static bool
walk_piece(struct walk *w, struct dns_shard *s, struct part *part,
    dns_item_visit_fn visit)
{
	w->shard = s;
	(void)pthread_mutex_lock(&s->lock);
	part->is_over = !dns_shard_walk(s, &part->walk, visit, w);
	dns_cache_unlock(s);
	return !part->walk.is_ended;
}

/*
 * Walks some shards, a piece of each in turn: who waits for a lock gets it
 * while the walk is elsewhere.  One that took the same lock again at once would
 * be faster than any who are to be woken up, to the end of that shard.
 */
static void
walk_shards(struct walk *w, struct dns_shard *first, unsigned count,
    dns_item_visit_fn visit)
{
	struct part parts[DNS_CACHE_SHARDS_MAX] = {{.is_over = false}};
	bool goes_on = true, has_more = true;

	while (goes_on && has_more) {
		has_more = false;
		for (unsigned i = 0; goes_on && i < count; i++) {
			if (parts[i].is_over)
				continue;
			goes_on = walk_piece(w, &first[i], &parts[i], visit);
			has_more |= !parts[i].is_over;
		}
	}
}

static bool
flush_item(void *ctx, struct dns_item *item)
{
	struct walk *w = ctx;
	const uint8_t *name = dns_entry_question(dns_item_entry(item));

	if (w->name != NULL &&
	    !(w->is_suffix ? dns_name_is_subdomain(name, w->name)
			   : dns_name_equal(name, w->name)))
		return true;
	counter_add(&w->shard->stats.flushed, 1);
	dns_shard_drop(w->shard, item);
	w->dropped++;
	return true;
}

uint64_t
dns_cache_flushes(const struct dns_cache *c)
{
	return atomic_load_explicit(&c->flushes, memory_order_relaxed);
}

/* Counts it first: see is_flushed() in cache_store.c. */
static size_t
flush(struct dns_cache *c, struct walk *w, struct dns_shard *first,
    unsigned count)
{
	atomic_fetch_add_explicit(&c->flushes, 1, memory_order_relaxed);
	walk_shards(w, first, count, flush_item);
	return w->dropped;
}

size_t
dns_cache_flush_name(struct dns_cache *c, const uint8_t *name)
{
	struct walk w = {.name = name};
	uint64_t hash = dns_key_name_hash(c->secret, name);

	return flush(c, &w, dns_cache_shard(c, hash), 1);
}

size_t
dns_cache_flush_suffix(struct dns_cache *c, const uint8_t *name)
{
	struct walk w = {.name = name, .is_suffix = true};

	return flush(c, &w, c->shards, c->count);
}

size_t
dns_cache_flush_all(struct dns_cache *c)
{
	struct walk w = {.name = NULL};

	return flush(c, &w, c->shards, c->count);
}

static bool
show_item(void *ctx, struct dns_item *item)
{
	struct walk *w = ctx;
	struct dns_item_net net = dns_item_net(item);
	struct dns_cache_record record = {
	    .entry = dns_item_entry(item),
	    .net = net.net,
	    .scope = net.scope,
	    .is_do = (item->flags & DNS_ITEM_DO) != 0,
	    .is_cd = (item->flags & DNS_ITEM_CD) != 0,
	    .age = dns_item_age(item, w->now),
	};

	if (record.entry->kind == DNS_ENTRY_FAILURE ||
	    dns_item_is_dead(w->shard, item, w->now))
		return true;
	return w->visit(w->ctx, &record);
}

void
dns_cache_each(
    struct dns_cache *c, nsec now, dns_cache_visit_fn visit, void *ctx)
{
	struct walk w = {.now = now, .visit = visit, .ctx = ctx};

	walk_shards(&w, c->shards, c->count, show_item);
}

void
dns_cache_stats(const struct dns_cache *c, struct dns_cache_stats *ret_stats)
{
#define SUM(name, help)                                                        \
	counter_add(&ret_stats->name, counter_get(&c->shards[i].stats.name));

	*ret_stats = (struct dns_cache_stats){.inserted = 0};
	for (unsigned i = 0; i < c->count; i++) {
		DNS_CACHE_COUNTERS(SUM)
		DNS_CACHE_GAUGES(SUM)
	}
#undef SUM
}
