/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cache against a naive map, from seeds; its bound, its eviction, what a
 * hit allocates, and threads on one shard.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/cache_private.h"
#include "tests/fake/alloc.h"
#include "tests/fake/prng.h"
#include "tests/unit/cacheworld.h"
#include "tests/unit/unit.h"

#define SEEDS 40
#define STEPS 4000
#define NAMES 24
#define FLAG_SETS 4

static const unsigned types[] = {DNS_TYPE_A, 300, 65280};

#define TYPES (sizeof(types) / sizeof(types[0]))

/* One question's last good answer, as somebody would write it down who had all
 * the time and room of the world. */
struct note {
	bool is_known;
	nsec at;
	uint32_t ttl;
	uint32_t value;
};

struct model {
	struct note answers[NAMES][TYPES][FLAG_SETS];
	struct note nxdomain[NAMES][FLAG_SETS];
};

static bool
is_fresh(const struct note *n, nsec now)
{
	return n->is_known && now - n->at < n->ttl * NSEC_PER_SEC;
}

struct step {
	unsigned name, type, flags;
	struct cw_key key;
};

static void
draw(struct prng *p, struct step *s)
{
	char name[32];

	s->name = prng_below(p, NAMES);
	s->type = prng_below(p, TYPES);
	s->flags = prng_below(p, FLAG_SETS);
	(void)snprintf(name, sizeof(name), "%c%u.exAmple",
	    prng_chance(p, 500) ? 'n' : 'N', s->name);
	cw_ask_flags(&s->key, name, types[s->type], s->flags & 1, s->flags & 2);
}

static void
store(struct cw *w, struct prng *p, struct model *m, const struct step *s)
{
	uint32_t ttl = 1 + prng_below(p, 300);
	uint32_t value = 1 + prng_below(p, 1000000);
	struct note note = {
	    .is_known = true, .at = w->now, .ttl = ttl, .value = value};

	if (prng_chance(p, 200)) {
		CU_ASSERT_EQUAL(
		    cw_negative(w, &s->key, DNS_RCODE_NXDOMAIN, ttl),
		    DNS_CACHE_STORED);
		note.value = 0;
		m->nxdomain[s->name][s->flags] = note;
		m->answers[s->name][s->type][s->flags].is_known = false;
		return;
	}
	CU_ASSERT_EQUAL(cw_put(w, &s->key, value, ttl), DNS_CACHE_STORED);
	m->answers[s->name][s->type][s->flags] = note;
	m->nxdomain[s->name][s->flags].is_known = false;
}

static void
compare(struct cw *w, struct model *m, const struct step *s)
{
	const struct note *note = &m->answers[s->name][s->type][s->flags];
	struct cw_got got = cw_find(w, &s->key);
	uint32_t age;

	if (!is_fresh(note, w->now))
		note = &m->nxdomain[s->name][s->flags];
	if (!is_fresh(note, w->now)) {
		CU_ASSERT_EQUAL(got.verdict, DNS_CACHE_MISS);
		return;
	}
	age = (uint32_t)((w->now - note->at) / NSEC_PER_SEC);
	CU_ASSERT_EQUAL(got.verdict, DNS_CACHE_FRESH);
	CU_ASSERT_EQUAL(got.ttl, note->ttl - age);
	CU_ASSERT_EQUAL(got.value, note->value);
	CU_ASSERT_EQUAL(got.rcode,
	    note->value == 0 ? DNS_RCODE_NXDOMAIN : DNS_RCODE_NOERROR);
}

/* With room for all, it knows exactly what the map knows. */
static void
model(void)
{
	struct model *m = malloc(sizeof(*m));
	struct step s;
	struct cw w;

	CU_ASSERT_FATAL(m != NULL);
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct prng p = {.state = seed};

		memset(m, 0, sizeof(*m));
		cw_init(&w);
		for (unsigned i = 0; i < STEPS; i++) {
			draw(&p, &s);
			if (prng_chance(&p, 300))
				store(&w, &p, m, &s);
			else
				compare(&w, m, &s);
			w.now += prng_below(&p, 1000) * NSEC_PER_MSEC;
		}
		cw_done(&w);
	}
	free(m);
}

/* A name of a number, and a question of any type. */
static void
ask_number(struct cw_key *k, const char *kind, unsigned n, unsigned type)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s%u.example", kind, n);
	cw_ask(k, name, type);
}

/* Its octets, after anything that can happen. */
static size_t
octets(struct cw *w)
{
	struct dns_cache_stats stats;

	dns_cache_stats(w->cache, &stats);
	return counter_get(&stats.bytes);
}

/*
 * More than there is room for, of all lengths and kinds, with clocks and rules
 * that change: the bound holds after each step, and within them dns/ asserts
 * it.
 */
static void
bound(void)
{
	static const char *const kinds[] = {"a", "longer-name-than-that.of-a.",
	    "twenty-octets-at-first.and.then.twenty-more."};
	size_t most = 0;
	struct cw_key k;
	struct cw w;

	for (uint64_t seed = 1; seed <= SEEDS / 10; seed++) {
		struct prng p = {.state = seed};

		cw_init(&w);
		for (unsigned i = 0; i < 10 * STEPS; i++) {
			ask_number(&k, kinds[prng_below(&p, 3)],
			    prng_below(&p, 100000), 256 + prng_below(&p, 2));
			if (prng_chance(&p, 100))
				(void)cw_fail(&w, &k);
			else if (prng_chance(&p, 100))
				(void)cw_negative(
				    &w, &k, DNS_RCODE_NXDOMAIN, 60);
			else
				(void)cw_put(&w, &k, i, 1 + i % 90);
			most = octets(&w) > most ? octets(&w) : most;
			w.now += prng_below(&p, 10) * NSEC_PER_MSEC;
		}
		PROVE("FWD-108", most <= w.rules.bytes);
		CU_ASSERT(most > w.rules.bytes / 10 * 9);
		cw_done(&w);
	}
}

/* What the heap has of the machine; 0 where malloc is not glibc's. */
static size_t
heap(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.arena + info.hblkhd;
}

/*
 * Answers of all sizes come and go, ten times as many as there is room for: the
 * heap does not grow beyond the bound by more than the holes between blocks.
 */
static void
holes(void)
{
	struct prng p = {.state = 1};
	size_t before = heap();
	struct cw_key k;
	struct cw w;

	cw_init_shards(&w, (size_t)8 << 20);
	for (unsigned i = 0; i < 100 * STEPS; i++) {
		ask_number(&k, &"some-twenty-octets-it"[prng_below(&p, 20)],
		    prng_below(&p, 1000000), 256 + prng_below(&p, 2));
		(void)cw_put(&w, &k, i, 3600);
	}
	PROVE("FWD-108", heap() <= before + w.rules.bytes / 5 * 6);
	cw_done(&w);
}

/* How many of the hot names are known. */
static unsigned
count_hot(struct cw *w, unsigned count)
{
	unsigned there = 0;
	struct cw_key k;

	for (unsigned i = 0; i < count; i++) {
		ask_number(&k, "hot", i, DNS_TYPE_A);
		there += cw_value(w, &k) == i + 1;
	}
	return there;
}

/* Names that are asked for, and a flood of others that are not, many times
 * as many as there is room for. */
static void
flood(void)
{
	const unsigned hot = 500, rounds = 60, cold = 500;
	struct dns_cache_stats stats;
	struct cw_key k;
	struct cw w;

	cw_init(&w);
	for (unsigned i = 0; i < hot; i++) {
		ask_number(&k, "hot", i, DNS_TYPE_A);
		(void)cw_put(&w, &k, i + 1, 86400);
	}
	CU_ASSERT_EQUAL(count_hot(&w, hot), hot);
	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < cold; i++) {
			ask_number(&k, "cold", round * cold + i, DNS_TYPE_A);
			(void)cw_put(&w, &k, 1, 86400);
		}
		cw_forward(&w, 10);
	}
	PROVE("FWD-108", count_hot(&w, hot) == hot);
	dns_cache_stats(w.cache, &stats);
	CU_ASSERT(counter_get(&stats.evicted) > rounds * cold / 2);
	cw_done(&w);
}

/* What was evicted a moment ago and comes again is no newcomer. */
static void
comes_again(void)
{
	struct dns_cache_stats stats;
	struct cw_key first, k;
	unsigned n = 0;
	struct cw w;

	cw_init(&w);
	ask_number(&first, "first", 0, DNS_TYPE_A);
	(void)cw_put(&w, &first, 1, 86400);
	do {
		ask_number(&k, "cold", n++, DNS_TYPE_A);
		(void)cw_put(&w, &k, 1, 86400);
		dns_cache_stats(w.cache, &stats);
	} while (counter_get(&stats.evicted) < 10);
	CU_ASSERT(list_is_empty(&w.cache->shards[0].main));
	(void)cw_put(&w, &first, 1, 86400);
	CU_ASSERT(!list_is_empty(&w.cache->shards[0].main));
	cw_done(&w);
}

/* What is over goes before what is not. */
static void
expired_first(void)
{
	const unsigned count = 2500;
	struct dns_cache_stats stats;
	unsigned there = 0;
	struct cw_key k;
	struct cw w;

	cw_init(&w);
	for (unsigned i = 0; i < 2 * count; i++) {
		ask_number(&k, "x", i, DNS_TYPE_A);
		(void)cw_put(&w, &k, i + 1, i % 2 == 0 ? 10 : 3600);
	}
	cw_forward(&w, 11);
	for (unsigned i = 0; i < count; i++) {
		ask_number(&k, "y", i, DNS_TYPE_A);
		(void)cw_put(&w, &k, 1, 3600);
	}
	for (unsigned i = 1; i < 2 * count; i += 2) {
		ask_number(&k, "x", i, DNS_TYPE_A);
		there += cw_value(&w, &k) == i + 1;
	}
	dns_cache_stats(w.cache, &stats);
	CU_ASSERT(there > count / 10 * 9);
	CU_ASSERT(counter_get(&stats.expired) > 0);
	cw_done(&w);
}

/* The longest chain behind a bucket. */
static unsigned
longest_chain(const struct dns_shard *s)
{
	unsigned longest = 0, here;

	for (uint32_t i = 0; i < s->table.count; i++) {
		here = 0;
		for (struct dns_item *item =
			 dns_table_bucket(&s->table, i)->more;
		     item != NULL; item = item->next)
			here++;
		longest = here > longest ? here : longest;
	}
	return longest;
}

/* All types of one name: they spread over the table like names. */
static void
many_types(void)
{
	struct cw_key k;
	struct cw w;

	cw_init(&w);
	for (unsigned type = 256; type < 256 + 5000; type++) {
		cw_ask(&k, "x.example", type);
		(void)cw_put(&w, &k, type, 3600);
	}
	CU_ASSERT(cw_check(&w) > 4000);
	PROVE("FWD-108", longest_chain(&w.cache->shards[0]) < 20);
	cw_done(&w);
}

/* The largest message is kept; what is larger than an entry may be is not. */
static void
large(void)
{
	struct dns_cache_stats stats;
	struct dns_cache_record record = {.age = 0};
	struct dns_entry *entry = calloc(1, DNS_CACHE_BYTES_MIN);
	struct cw_key k;
	struct cw w;

	CU_ASSERT_FATAL(entry != NULL);
	cw_init(&w);
	cw_ask(&k, "x.example", DNS_TYPE_A);
	entry->life = 60;
	entry->question_len = (uint16_t)k.key.question_len;
	record.entry = entry;
	memcpy(entry->data + DNS_HEADER_SIZE, k.question, k.key.question_len);
	entry->size = DNS_MESSAGE_MAX + 1000;
	CU_ASSERT_EQUAL(
	    dns_cache_load(w.cache, &record, w.now), DNS_CACHE_STORED);
	CU_ASSERT_EQUAL(cw_check(&w), 1);
	(void)dns_cache_flush_all(w.cache);
	entry->size = DNS_CACHE_BYTES_MIN / 2;
	CU_ASSERT_EQUAL(
	    dns_cache_load(w.cache, &record, w.now), DNS_CACHE_NO_ROOM);
	dns_cache_stats(w.cache, &stats);
	CU_ASSERT_EQUAL(counter_get(&stats.no_room), 1);
	cw_done(&w);
	free(entry);
}

/* 100,000 hits, and no memory is asked for. */
static void
no_allocation(void)
{
	const unsigned hits = 100000, names = 1000;
	unsigned found = 0;
	struct cw_key k;
	struct cw w;

	cw_init(&w);
	for (unsigned i = 0; i < names; i++) {
		ask_number(&k, "hot", i, DNS_TYPE_A);
		(void)cw_put(&w, &k, i + 1, 86400);
	}
	fake_alloc_fail(1, 1);
	for (unsigned i = 0; i < hits; i++) {
		ask_number(&k, "hot", i % names, DNS_TYPE_A);
		found += cw_value(&w, &k) == i % names + 1;
	}
	CU_ASSERT_EQUAL(fake_alloc_heal(), 0);
	CU_ASSERT_EQUAL(found, hits);
	cw_done(&w);
}

/* What each thread does to the one shard that all share. */
struct hand {
	pthread_t thread;
	struct cw w;
	uint64_t seed;
	unsigned wrong;
	unsigned hits;
};

/* An address says of which name it is. */
static void
hammer_once(struct hand *h, struct prng *p)
{
	unsigned n = prng_below(p, 8000);
	struct cw_key k;
	int64_t value;

	ask_number(&k, "x", n, DNS_TYPE_A);
	if (prng_chance(p, 400)) {
		(void)cw_put(&h->w, &k, n + 1, 1 + prng_below(p, 4));
	} else {
		value = cw_value(&h->w, &k);
		h->hits += value != CW_NOTHING;
		h->wrong += value > 0 && value != n + 1;
	}
	h->w.now += prng_below(p, 1000) * NSEC_PER_USEC;
}

/* To and fro between two sizes; the smaller one comes last. */
static void
resize(struct hand *h, bool is_large)
{
	h->w.rules.bytes = DNS_CACHE_BYTES_MIN * (is_large ? 2 : 1);
	cw_configure(&h->w);
}

static void *
hammer(void *arg)
{
	struct hand *h = arg;
	struct prng p = {.state = h->seed};
	struct cw_key k;

	for (unsigned i = 0; i < 5 * STEPS; i++) {
		hammer_once(h, &p);
		if (i % STEPS == 0)
			resize(h, i / STEPS % 2);
		ask_number(&k, "x", prng_below(&p, 8000), DNS_TYPE_A);
		if (i % 100 == 0)
			(void)cw_fail(&h->w, &k);
		if (i % 1000 == 0)
			(void)dns_cache_flush_name(h->w.cache, k.question);
		h->wrong += octets(&h->w) > 2 * DNS_CACHE_BYTES_MIN;
	}
	return NULL;
}

static void
threads(unsigned count)
{
	struct hand hands[4];
	unsigned wrong = 0, hits = 0;
	struct cw w;

	cw_init(&w);
	for (unsigned i = 0; i < count; i++) {
		hands[i] = (struct hand){.w = w, .seed = i + 1};
		CU_ASSERT_EQUAL_FATAL(
		    pthread_create(&hands[i].thread, NULL, hammer, &hands[i]),
		    0);
	}
	for (unsigned i = 0; i < count; i++) {
		(void)pthread_join(hands[i].thread, NULL);
		wrong += hands[i].wrong;
		hits += hands[i].hits;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(hits > 0);
	cw_done(&w);
}

static void
two_threads(void)
{
	threads(2);
}

static void
four_threads(void)
{
	threads(4);
}

void
test_cache_random_register(void)
{
	CU_pSuite s = unit_suite("cache_random");

	unit_test(s, "model", model);
	unit_test(s, "bound", bound);
	unit_test(s, "holes", holes);
	unit_test(s, "flood", flood);
	unit_test(s, "comes again", comes_again);
	unit_test(s, "expired first", expired_first);
	unit_test(s, "many types", many_types);
	unit_test(s, "large", large);
	unit_test(s, "no allocation", no_allocation);
	unit_test(s, "two threads", two_threads);
	unit_test(s, "four threads", four_threads);
}
