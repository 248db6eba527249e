/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flushing, saving and loading, other rules while it is in use.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/cache_private.h"
#include "tests/fake/alloc.h"
#include "tests/unit/cacheworld.h"
#include "tests/unit/unit.h"

#define MANY 500
#define SAVED_MAX 16
#define RUN_MAX 640 /* 20 * MANY are some 2,500 a shard */

static const uint8_t *
plain(struct cw_key *k, const char *name)
{
	cw_ask(k, name, DNS_TYPE_A);
	return k->question;
}

static void
put(struct cw *w, const char *name, unsigned type, uint32_t value)
{
	struct cw_key k;

	cw_ask(&k, name, type);
	CU_ASSERT_EQUAL(cw_put(w, &k, value, 3600), DNS_CACHE_STORED);
}

static int64_t
value(struct cw *w, const char *name, unsigned type)
{
	struct cw_key k;

	cw_ask(&k, name, type);
	return cw_value(w, &k);
}

/* A zone in the cache of several shards. */
static void
fill(struct cw *w)
{
	cw_init_shards(w, (size_t)8 << 20);
	put(w, "example", DNS_TYPE_A, 1);
	put(w, "www.example", DNS_TYPE_A, 2);
	put(w, "www.example", 300, 3);
	put(w, "a.www.example", DNS_TYPE_A, 4);
	put(w, "wwwexample", DNS_TYPE_A, 5);
	put(w, "other", DNS_TYPE_A, 6);
}

static void
flush_name(void)
{
	struct dns_cache_stats stats;
	struct cw w;
	struct cw_key k;

	fill(&w);
	CU_ASSERT_EQUAL(
	    dns_cache_flush_name(w.cache, plain(&k, "WWW.Example")), 2);
	CU_ASSERT_EQUAL(value(&w, "www.example", DNS_TYPE_A), CW_NOTHING);
	CU_ASSERT_EQUAL(value(&w, "www.example", 300), CW_NOTHING);
	CU_ASSERT_EQUAL(value(&w, "a.www.example", DNS_TYPE_A), 4);
	CU_ASSERT_EQUAL(value(&w, "example", DNS_TYPE_A), 1);
	CU_ASSERT_EQUAL(
	    dns_cache_flush_name(w.cache, plain(&k, "not.there")), 0);
	dns_cache_stats(w.cache, &stats);
	CU_ASSERT_EQUAL(counter_get(&stats.flushed), 2);
	CU_ASSERT_EQUAL(counter_get(&stats.entries), 4);
	cw_done(&w);
}

static void
flush_suffix(void)
{
	struct cw w;
	struct cw_key k;

	fill(&w);
	CU_ASSERT_EQUAL(
	    dns_cache_flush_suffix(w.cache, plain(&k, "eXample")), 4);
	CU_ASSERT_EQUAL(value(&w, "a.www.example", DNS_TYPE_A), CW_NOTHING);
	CU_ASSERT_EQUAL(value(&w, "wwwexample", DNS_TYPE_A), 5);
	CU_ASSERT_EQUAL(value(&w, "other", DNS_TYPE_A), 6);
	CU_ASSERT_EQUAL(dns_cache_flush_suffix(w.cache, plain(&k, ".")), 2);
	CU_ASSERT_EQUAL(cw_check(&w), 0);
	cw_done(&w);
}

static void
flush_all(void)
{
	struct dns_cache_stats before, after;
	struct cw w;
	char name[32];

	fill(&w);
	dns_cache_stats(w.cache, &before);
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		put(&w, name, DNS_TYPE_A, i + 1);
	}
	CU_ASSERT_EQUAL(cw_check(&w), MANY + 6);
	CU_ASSERT_EQUAL(dns_cache_flush_all(w.cache), MANY + 6);
	CU_ASSERT_EQUAL(cw_check(&w), 0);
	dns_cache_stats(w.cache, &after);
	CU_ASSERT(counter_get(&after.bytes) < counter_get(&before.bytes));
	put(&w, "again.example", DNS_TYPE_A, 1);
	CU_ASSERT_EQUAL(cw_check(&w), 1);
	cw_done(&w);
}

/* What was asked for before a flush is not kept after it, whatever its name:
 * it may be what was to be forgotten. */
static void
flush_and_late(void)
{
	struct dns_cache_stats stats;
	struct cw_answer a = {.value = 7, .ttl = 300, .flushes_since = 1};
	struct cw_key k;
	struct cw w;

	fill(&w);
	CU_ASSERT_EQUAL(
	    dns_cache_flush_name(w.cache, plain(&k, "not.there")), 0);
	cw_ask(&k, "late.example", DNS_TYPE_A);
	CU_ASSERT_EQUAL(cw_store(&w, &k, &a), DNS_CACHE_REFUSED);
	CU_ASSERT_EQUAL(cw_check(&w), 6);
	dns_cache_stats(w.cache, &stats);
	CU_ASSERT_EQUAL(counter_get(&stats.refused), 1);
	a.flushes_since = 0;
	CU_ASSERT_EQUAL(cw_store(&w, &k, &a), DNS_CACHE_STORED);
	CU_ASSERT_EQUAL(cw_check(&w), 7);
	cw_done(&w);
}

/* Copies of what was shown. */
struct saved {
	struct dns_cache_record records[SAVED_MAX];
	size_t count;
	size_t most;
};

static bool
save(void *ctx, const struct dns_cache_record *record)
{
	struct saved *s = ctx;
	struct dns_entry *copy = malloc(record->entry->size);

	CU_ASSERT_FATAL(copy != NULL && s->count < SAVED_MAX);
	memcpy(copy, record->entry, record->entry->size);
	CU_ASSERT(dns_entry_check(copy, copy->size));
	s->records[s->count] = *record;
	s->records[s->count++].entry = copy;
	return s->count < s->most;
}

static void
forget(struct saved *s)
{
	for (size_t i = 0; i < s->count; i++)
		free((void *)(uintptr_t)s->records[i].entry);
}

/* Each kind, flags and networks, and a failure, which is not saved. */
static void
fill_kinds(struct cw *w)
{
	struct dns_ecs scope;
	struct cw_answer a = {.value = 9, .ttl = 60, .scope = &scope};
	struct cw_key k;

	put(w, "a.example", DNS_TYPE_A, 1);
	cw_ask_flags(&k, "a.example", DNS_TYPE_A, true, true);
	(void)cw_put(w, &k, 2, 3600);
	cw_ask(&k, "nx.example", DNS_TYPE_A);
	(void)cw_negative(w, &k, DNS_RCODE_NXDOMAIN, 3600);
	cw_ask(&k, "nodata.example", DNS_TYPE_A);
	(void)cw_negative(w, &k, DNS_RCODE_NOERROR, 3600);
	cw_ask(&k, "failed.example", DNS_TYPE_A);
	(void)cw_fail(w, &k);
	cw_ask_from(&k, "net.example", DNS_TYPE_A, 0xc0000200, 24);
	scope = k.ecs;
	scope.scope = 16;
	(void)cw_store(w, &k, &a);
	cw_ask(&k, "old.example", DNS_TYPE_A);
	(void)cw_put(w, &k, 3, 10);
}

/* Saved at one time, loaded at another by another cache, whose clock has begun
 * anew. */
static void
save_and_load(void)
{
	struct saved s = {.most = SAVED_MAX};
	struct cw w, again;
	struct cw_key k;
	struct cw_got got;

	cw_init(&w);
	fill_kinds(&w);
	cw_forward(&w, 20);
	dns_cache_each(w.cache, w.now, save, &s);
	CU_ASSERT_EQUAL(s.count, 5);
	cw_init(&again);
	again.now = 3 * NSEC_PER_SEC;
	for (size_t i = 0; i < s.count; i++)
		CU_ASSERT_EQUAL(
		    dns_cache_load(again.cache, &s.records[i], again.now),
		    DNS_CACHE_STORED);
	CU_ASSERT_EQUAL(cw_check(&again), 5);
	cw_ask(&k, "a.example", DNS_TYPE_A);
	got = cw_find(&again, &k);
	CU_ASSERT_EQUAL(got.value, 1);
	CU_ASSERT_EQUAL(got.ttl, 3580);
	cw_ask_flags(&k, "a.example", DNS_TYPE_A, true, true);
	CU_ASSERT_EQUAL(cw_value(&again, &k), 2);
	cw_ask(&k, "nx.example", DNS_TYPE_TXT);
	CU_ASSERT_EQUAL(cw_find(&again, &k).rcode, DNS_RCODE_NXDOMAIN);
	cw_ask_from(&k, "net.example", DNS_TYPE_A, 0xc0000900, 24);
	got = cw_find(&again, &k);
	CU_ASSERT_EQUAL(got.value, 9);
	CU_ASSERT_EQUAL(got.scope, 16);
	cw_forward(&again, 3580);
	CU_ASSERT_EQUAL(value(&again, "a.example", DNS_TYPE_A), CW_NOTHING);
	forget(&s);
	cw_done(&again);
	cw_done(&w);
}

/* A walk that ends early; records that are not loaded. */
static void
not_loaded(void)
{
	struct saved s = {.most = 1};
	struct cw w;
	struct cw_key k;

	cw_init(&w);
	put(&w, "a.example", DNS_TYPE_A, 1);
	put(&w, "b.example", DNS_TYPE_A, 1);
	dns_cache_each(w.cache, w.now, save, &s);
	CU_ASSERT_EQUAL(s.count, 1);
	/* There is one just as young. */
	CU_ASSERT_EQUAL(
	    dns_cache_load(w.cache, &s.records[0], w.now), DNS_CACHE_REFUSED);
	(void)dns_cache_flush_all(w.cache);
	s.records[0].net.reach = DNS_REACH_NETWORK;
	CU_ASSERT_EQUAL(
	    dns_cache_load(w.cache, &s.records[0], w.now), DNS_CACHE_REFUSED);
	s.records[0].net.family = DNS_ECS_IPV4;
	s.records[0].net.bits = 33;
	CU_ASSERT_EQUAL(
	    dns_cache_load(w.cache, &s.records[0], w.now), DNS_CACHE_REFUSED);
	s.records[0].net = (struct dns_key_net){.reach = DNS_REACH_PLAIN};
	s.records[0].age = 3600 * NSEC_PER_SEC;
	CU_ASSERT_EQUAL(
	    dns_cache_load(w.cache, &s.records[0], w.now), DNS_CACHE_REFUSED);
	CU_ASSERT_EQUAL(cw_check(&w), 0);
	s.records[0].age--;
	CU_ASSERT_EQUAL(
	    dns_cache_load(w.cache, &s.records[0], w.now), DNS_CACHE_STORED);
	cw_ask(&k, "c.example", DNS_TYPE_A);
	CU_ASSERT_EQUAL(cw_value(&w, &k), CW_NOTHING);
	forget(&s);
	cw_done(&w);
}

/* Puts in so many, and counts how many of them are there. */
static unsigned
fill_many(struct cw *w, unsigned count)
{
	unsigned there = 0;
	char name[32];

	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		put(w, name, DNS_TYPE_A, i + 1);
	}
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		there += value(w, name, DNS_TYPE_A) == i + 1;
	}
	return there;
}

/* How many entries in a row were of one shard. */
struct runs {
	const struct dns_cache *cache;
	uint64_t shard;
	unsigned now;
	unsigned longest;
};

static bool
count_run(void *ctx, const struct dns_cache_record *record)
{
	struct runs *r = ctx;
	uint64_t hash = dns_key_name_hash(
	    r->cache->secret, dns_entry_question(record->entry));
	uint64_t shard = hash & (r->cache->count - 1);

	r->now = shard == r->shard ? r->now + 1 : 1;
	r->shard = shard;
	if (r->now > r->longest)
		r->longest = r->now;
	return true;
}

/* A walk is never long in one shard, where somebody may wait for the lock. */
static void
in_turn(void)
{
	struct runs r = {.now = 0};
	struct cw w;

	fill(&w);
	CU_ASSERT_EQUAL(fill_many(&w, 20 * MANY), 20 * MANY);
	r.cache = w.cache;
	dns_cache_each(w.cache, w.now, count_run, &r);
	CU_ASSERT(r.longest > 0);
	CU_ASSERT(r.longest < RUN_MAX);
	cw_done(&w);
}

static void
resize(void)
{
	struct cw w;
	size_t items;

	cw_init(&w);
	w.rules.bytes = (size_t)4 << 20;
	cw_configure(&w);
	CU_ASSERT_EQUAL(fill_many(&w, 20 * MANY), 20 * MANY);
	items = cw_check(&w);
	w.rules.bytes = DNS_CACHE_BYTES_MIN;
	cw_configure(&w);
	CU_ASSERT(cw_check(&w) < items);
	CU_ASSERT(cw_check(&w) > MANY);
	w.rules.bytes = (size_t)4 << 20;
	cw_configure(&w);
	CU_ASSERT_EQUAL(fill_many(&w, 20 * MANY), 20 * MANY);
	cw_done(&w);
}

/* The items of a shard, and their second chances. */
static size_t
count_chances(const struct dns_shard *s)
{
	const struct list *queues[] = {&s->small, &s->main};
	size_t chances = 0;

	for (unsigned i = 0; i < 2; i++) {
		for (struct list *l = queues[i]->next; l != queues[i];
		     l = l->next)
			chances +=
			    container_of(l, struct dns_item, link)->visits;
	}
	return chances;
}

/* Each piece of the way to another size touches no more than it may, and it
 * gets there; what comes in between takes no way back. */
static void
resize_in_pieces(void)
{
	struct cw w;
	struct dns_table_room room;
	struct dns_shard *s;
	size_t items;
	uint32_t buckets;
	unsigned pieces = 0;
	bool is_done;

	cw_init(&w);
	w.rules.bytes = (size_t)8 << 20;
	cw_configure(&w);
	s = &w.cache->shards[0];
	(void)fill_many(&w, 40 * MANY);
	CU_ASSERT_EQUAL_FATAL(
	    dns_table_room_init(&room, DNS_CACHE_BYTES_MIN), 0);
	do {
		items = s->table.items;
		buckets = s->table.count;
		is_done = dns_shard_configure(
		    s, &w.rules, DNS_CACHE_BYTES_MIN, &room, w.now);
		CU_ASSERT(items - s->table.items <= DNS_SHARD_PIECE);
		CU_ASSERT(buckets - s->table.count <= DNS_SHARD_PIECE);
		CU_ASSERT(s->bound - s->bytes < 1024);
		put(&w, "between", 256 + pieces++, 1);
		(void)cw_check(&w);
	} while (!is_done);
	CU_ASSERT(pieces > 10 && pieces < 1000);
	CU_ASSERT_EQUAL(s->bound, DNS_CACHE_BYTES_MIN);
	CU_ASSERT(s->bytes <= DNS_CACHE_BYTES_MIN);
	dns_table_room_done(&room);
	cw_done(&w);
}

/* All was asked for again and again, and something new comes. */
static void
chances(void)
{
	/* A chance takes up to three visits; so do those who go. */
	const size_t most = (size_t)3 * (DNS_SHARD_CHANCES + 8);
	struct dns_cache_stats stats;
	struct cw w;
	unsigned type = 256;
	size_t sum, taken = 0;

	cw_init(&w);
	w.rules.bytes = (size_t)4 << 20;
	cw_configure(&w);
	for (unsigned i = 0; i < 3; i++)
		(void)fill_many(&w, 20 * MANY);
	do {
		sum = count_chances(&w.cache->shards[0]);
		put(&w, "more", type++, 1);
		sum -= count_chances(&w.cache->shards[0]);
		taken = sum > taken ? sum : taken;
		dns_cache_stats(w.cache, &stats);
	} while (counter_get(&stats.evicted) < 10);
	CU_ASSERT(taken > DNS_SHARD_CHANCES);
	CU_ASSERT(taken <= most);
	cw_done(&w);
}

/* A walker that counts, and drops if it is told so. */
struct counting {
	struct dns_shard *shard;
	unsigned here;
	unsigned seen;
	unsigned last; /* after so many it ends; 0: never */
	bool drops;
};

static bool
count_item(void *ctx, struct dns_item *item)
{
	struct counting *n = ctx;

	n->here++;
	n->seen++;
	if (n->drops)
		dns_shard_replace(n->shard, item); /* and count it */
	return n->seen != n->last;
}

/* No piece of a walk is long, and large items make it shorter. */
static void
walk_in_pieces(void)
{
	struct dns_shard_walk walk = {.at = 0};
	struct counting n = {.drops = true};
	unsigned pieces = 0;
	struct cw w;
	bool is_more;

	cw_init(&w);
	n.shard = &w.cache->shards[0];
	(void)fill_many(&w, 4 * MANY);
	do {
		n.here = 0;
		is_more = dns_shard_walk(n.shard, &walk, count_item, &n);
		CU_ASSERT(n.here <= DNS_SHARD_PIECE + 64);
		pieces++;
	} while (is_more);
	CU_ASSERT_EQUAL(n.seen, 4 * MANY);
	CU_ASSERT(pieces > 4 * MANY / DNS_SHARD_PIECE);
	CU_ASSERT(!walk.is_ended);
	cw_done(&w);
}

/* Buckets are merged while somebody walks: he meets all that is left. */
static void
walk_and_merge(void)
{
	struct dns_shard_walk walk = {.at = 0};
	struct counting n = {.drops = true};
	struct cw w;

	cw_init(&w);
	w.rules.bytes = (size_t)8 << 20;
	cw_configure(&w);
	n.shard = &w.cache->shards[0];
	(void)fill_many(&w, 10 * MANY);
	n.last = 3 * MANY;
	while (dns_shard_walk(n.shard, &walk, count_item, &n))
		continue;
	CU_ASSERT(walk.is_ended);
	walk.is_ended = false;
	w.rules.bytes = DNS_CACHE_BYTES_MIN;
	cw_configure(&w);
	CU_ASSERT(n.shard->table.merges > 0);
	CU_ASSERT(cw_check(&w) > 0);
	while (dns_shard_walk(n.shard, &walk, count_item, &n))
		continue;
	CU_ASSERT_EQUAL(cw_check(&w), 0);
	cw_done(&w);
}

/* Without memory nothing is lost but the new. */
static void
no_memory(void)
{
	struct dns_cache_stats stats;
	struct cw w;
	struct cw_key k;

	cw_init(&w);
	put(&w, "a.example", DNS_TYPE_A, 1);
	fake_alloc_fail(1, 1);
	CU_ASSERT_PTR_NULL(dns_cache_new(&w.rules, k.question));
	cw_ask(&k, "b.example", DNS_TYPE_A);
	CU_ASSERT_EQUAL(cw_put(&w, &k, 2, 60), DNS_CACHE_NO_ROOM);
	w.rules.bytes *= 2;
	cw_configure(&w);
	CU_ASSERT(fake_alloc_heal() >= 3);
	w.rules.bytes /= 2;
	CU_ASSERT_EQUAL(value(&w, "a.example", DNS_TYPE_A), 1);
	CU_ASSERT_EQUAL(cw_check(&w), 1);
	dns_cache_stats(w.cache, &stats);
	CU_ASSERT_EQUAL(counter_get(&stats.no_room), 1);
	for (size_t nth = 1; nth < 3; nth++) {
		fake_alloc_fail(nth, 0);
		CU_ASSERT_PTR_NULL(dns_cache_new(&w.rules, k.question));
		CU_ASSERT_EQUAL(fake_alloc_heal(), 1);
	}
	cw_done(&w);
}

void
test_cache_walk_register(void)
{
	CU_pSuite s = unit_suite("cache_walk");

	unit_test(s, "flush name", flush_name);
	unit_test(s, "flush suffix", flush_suffix);
	unit_test(s, "flush all", flush_all);
	unit_test(s, "flush and late", flush_and_late);
	unit_test(s, "save and load", save_and_load);
	unit_test(s, "not loaded", not_loaded);
	unit_test(s, "in_turn", in_turn);
	unit_test(s, "resize", resize);
	unit_test(s, "resize in pieces", resize_in_pieces);
	unit_test(s, "chances", chances);
	unit_test(s, "walk in pieces", walk_in_pieces);
	unit_test(s, "walk and merge", walk_and_merge);
	unit_test(s, "no memory", no_memory);
}
