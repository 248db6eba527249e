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
	unit_test(s, "save and load", save_and_load);
	unit_test(s, "not loaded", not_loaded);
	unit_test(s, "resize", resize);
	unit_test(s, "no memory", no_memory);
}
