/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks over all of the cache: flushing, saving, counting.  A lock is held for
 * some buckets at a time, so that no hit waits for a walk.
 */
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

/* Walks a shard; false if the visitor ended it. */
static bool
walk_shard(struct walk *w, struct dns_shard *s, dns_item_visit_fn visit)
{
	struct dns_shard_walk walk = {.at = 0};
	bool is_more;

	w->shard = s;
	do {
		(void)pthread_mutex_lock(&s->lock);
		is_more = dns_shard_walk(s, &walk, visit, w);
		dns_cache_unlock(s);
	} while (is_more);
	return !walk.is_ended;
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

static size_t
flush(struct dns_cache *c, struct walk *w)
{
	for (unsigned i = 0; i < c->count; i++)
		(void)walk_shard(w, &c->shards[i], flush_item);
	return w->dropped;
}

size_t
dns_cache_flush_name(struct dns_cache *c, const uint8_t *name)
{
	struct walk w = {.name = name};
	uint64_t hash = dns_key_name_hash(c->secret, name);

	(void)walk_shard(&w, dns_cache_shard(c, hash), flush_item);
	return w.dropped;
}

size_t
dns_cache_flush_suffix(struct dns_cache *c, const uint8_t *name)
{
	struct walk w = {.name = name, .is_suffix = true};

	return flush(c, &w);
}

size_t
dns_cache_flush_all(struct dns_cache *c)
{
	struct walk w = {.name = NULL};

	return flush(c, &w);
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

	for (unsigned i = 0; i < c->count; i++) {
		if (!walk_shard(&w, &c->shards[i], show_item))
			return;
	}
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
