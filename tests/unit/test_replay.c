/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls/replay.c: the set of what was used, against a plain array, under
 * threads, at its bound and without memory.
 */
#include "tls/replay.h"

#include <pthread.h>
#include <string.h>

#include "tests/fake/alloc.h"
#include "tests/fake/prng.h"
#include "tests/unit/unit.h"

enum {
	ROUNDS = 100000,
	NIDS = 3000,
	LIFE = 1000,
	MANY = 100000,
	SHARED = 20000,
	THREADS = 4
};

/* ID number `i`, each of them, with a life of one hour. */
static enum tls_replay
enter(struct evquic_replay *r, uint64_t i, nsec now)
{
	return tls_replay_enter(
	    r, &i, sizeof(i), now, now + 3600 * NSEC_PER_SEC);
}

static void
test_once(void)
{
	struct evquic_replay *r = evquic_replay_new(10);

	CU_ASSERT_FATAL(r != NULL);
	CU_ASSERT(tls_replay_enter(r, "ab", 2, 5, 9) == TLS_REPLAY_NEW);
	CU_ASSERT(tls_replay_enter(r, "ab", 2, 5, 9) == TLS_REPLAY_SEEN);
	CU_ASSERT(tls_replay_enter(r, "a", 1, 5, 9) == TLS_REPLAY_NEW);
	CU_ASSERT(tls_replay_enter(r, "", 0, 5, 9) == TLS_REPLAY_NEW);
	CU_ASSERT(tls_replay_count(r) == 3);
	evquic_replay_unref(r);
	evquic_replay_unref(NULL);
	CU_ASSERT(evquic_replay_new(0) == NULL);
	CU_ASSERT(evquic_replay_new(SIZE_MAX) == NULL);
}

/* To the nanosecond: there until the expiry, forgotten from then on; to come
 * again changes nothing; what is past cannot be remembered. */
static void
test_expiry(void)
{
	struct evquic_replay *r = evquic_replay_new(10);

	CU_ASSERT_FATAL(r != NULL);
	CU_ASSERT(tls_replay_enter(r, "a", 1, 100, 200) == TLS_REPLAY_NEW);
	CU_ASSERT(tls_replay_enter(r, "a", 1, 199, 200) == TLS_REPLAY_SEEN);
	CU_ASSERT(tls_replay_enter(r, "a", 1, 200, 400) == TLS_REPLAY_NEW);
	CU_ASSERT(tls_replay_enter(r, "a", 1, 201, 500) == TLS_REPLAY_SEEN);
	CU_ASSERT(tls_replay_enter(r, "a", 1, 202, 250) == TLS_REPLAY_SEEN);
	CU_ASSERT(tls_replay_enter(r, "a", 1, 399, 400) == TLS_REPLAY_SEEN);
	CU_ASSERT(tls_replay_enter(r, "b", 1, 399, 399) == TLS_REPLAY_FULL);
	CU_ASSERT(tls_replay_count(r) == 1);
	CU_ASSERT(tls_replay_enter(r, "b", 1, 400, 401) == TLS_REPLAY_NEW);
	CU_ASSERT(tls_replay_count(r) == 1); /* "a" went on the way */
	evquic_replay_unref(r);
}

/* What the set says, and what an array that remembers all says. */
static unsigned
run_model(uint64_t seed)
{
	static nsec expiry[NIDS];
	struct evquic_replay *r = evquic_replay_new(4 * NIDS);
	struct prng p = {seed};
	nsec now = 1;
	unsigned bad = 0;

	CU_ASSERT_FATAL(r != NULL);
	memset(expiry, 0, sizeof(expiry));
	for (int n = 0; n < ROUNDS; n++) {
		uint32_t i = prng_below(&p, NIDS);
		nsec until = now + 1 + prng_below(&p, LIFE);
		bool is_in = expiry[i] > now;

		bad += tls_replay_enter(r, &i, sizeof(i), now, until) !=
		       (is_in ? TLS_REPLAY_SEEN : TLS_REPLAY_NEW);
		if (!is_in)
			expiry[i] = until;
		now += prng_below(&p, 3);
	}
	evquic_replay_unref(r);
	return bad;
}

static void
test_model(void)
{
	unsigned bad = 0;

	for (uint64_t seed = 1; seed <= 5; seed++)
		bad += run_model(seed);
	CU_ASSERT(bad == 0);
}

/* Never more than it may hold; what was entered stays, whatever comes; and
 * once that has expired, all of its room is there again, at the first call. */
static void
test_bound(void)
{
	const nsec later = 2 * 3600 * NSEC_PER_SEC;
	struct evquic_replay *r = evquic_replay_new(MANY);
	static bool is_in[2 * MANY];
	size_t first_full = 0, entered = 0, refused = 0;
	unsigned bad = 0;

	CU_ASSERT_FATAL(r != NULL);
	for (uint64_t i = 0; i < 2 * MANY; i++) {
		is_in[i] = enter(r, i, 1) == TLS_REPLAY_NEW;
		entered += is_in[i];
		if (!is_in[i] && first_full == 0)
			first_full = i;
	}
	CU_ASSERT(entered <= MANY && entered > MANY - MANY / 50);
	CU_ASSERT(first_full > MANY - MANY / 3);
	CU_ASSERT(tls_replay_count(r) == entered);
	for (uint64_t i = 0; i < 2 * MANY; i++)
		bad += enter(r, i, 2) !=
		       (is_in[i] ? TLS_REPLAY_SEEN : TLS_REPLAY_FULL);
	CU_ASSERT(bad == 0);
	for (uint64_t i = 0; i < MANY / 2; i++)
		refused += enter(r, i, later) != TLS_REPLAY_NEW;
	CU_ASSERT(refused == 0);
	CU_ASSERT(tls_replay_count(r) == MANY / 2);
	evquic_replay_unref(r);
}

/* Bounds that are no multiple of a shard's size hold, too. */
static void
test_small_bounds(void)
{
	static const size_t bounds[] = {1, 2, 255, 256, 257, 511, 512, 1000};
	unsigned bad = 0;

	for (size_t b = 0; b < sizeof(bounds) / sizeof(bounds[0]); b++) {
		struct evquic_replay *r = evquic_replay_new(bounds[b]);
		size_t entered = 0;

		CU_ASSERT_FATAL(r != NULL);
		for (uint64_t i = 0; i < 10000; i++)
			entered += enter(r, i, 1) == TLS_REPLAY_NEW;
		bad += entered > bounds[b] ||
		       entered < bounds[b] - bounds[b] / 100 ||
		       tls_replay_count(r) != entered;
		evquic_replay_unref(r);
	}
	CU_ASSERT(bad == 0);
}

/* Without memory nothing passes for unused, and nothing is forgotten. */
static void
test_no_memory(void)
{
	struct evquic_replay *r;
	size_t entered = 0;
	unsigned bad = 0;

	fake_alloc_fail(1, 1);
	CU_ASSERT(evquic_replay_new(10) == NULL);
	(void)fake_alloc_heal();
	r = evquic_replay_new(MANY);
	CU_ASSERT_FATAL(r != NULL);
	for (uint64_t i = 0; i < 1000; i++)
		CU_ASSERT(enter(r, i, 1) == TLS_REPLAY_NEW);
	fake_alloc_fail(1, 1);
	for (uint64_t i = 0; i < 20000; i++) {
		enum tls_replay rc = enter(r, i, 1);

		bad += i < 1000 ? rc != TLS_REPLAY_SEEN : rc == TLS_REPLAY_SEEN;
		entered += rc == TLS_REPLAY_NEW;
	}
	CU_ASSERT(fake_alloc_heal() > 0);
	CU_ASSERT(bad == 0 && entered < 10000);
	CU_ASSERT(tls_replay_count(r) == 1000 + entered);
	CU_ASSERT(enter(r, 20001, 1) == TLS_REPLAY_NEW);
	evquic_replay_unref(r);
}

/* What a flood has taken is given back: a shard that shrinks asks realloc()
 * for less, which may fail and does no harm. */
static void
test_shrinks(void)
{
	struct evquic_replay *r = evquic_replay_new(200);
	nsec now = 1;
	size_t asked;

	CU_ASSERT_FATAL(r != NULL);
	for (uint64_t i = 0; i < 200; i++)
		CU_ASSERT(enter(r, i, now) == TLS_REPLAY_NEW);
	now += 7200 * NSEC_PER_SEC;
	fake_alloc_fail(1, 1);
	for (uint64_t i = 0; i < 10; i++)
		CU_ASSERT(enter(r, i, now) == TLS_REPLAY_NEW);
	asked = fake_alloc_heal();
	CU_ASSERT(asked == 10); /* still too large at each call */
	for (uint64_t i = 10; i < 20; i++)
		CU_ASSERT(enter(r, i, now) == TLS_REPLAY_NEW);
	for (uint64_t i = 0; i < 20; i++)
		CU_ASSERT(enter(r, i, now) == TLS_REPLAY_SEEN);
	fake_alloc_fail(1, 1);
	for (uint64_t i = 20; i < 25; i++)
		CU_ASSERT(enter(r, i, now) == TLS_REPLAY_NEW);
	CU_ASSERT(fake_alloc_heal() == 0);
	evquic_replay_unref(r);
}

struct hammer {
	struct evquic_replay *set;
	uint32_t seed;
	size_t entered;
	size_t full;
};

/* Enters every ID once, from a place of its own on, and its own ones. */
static void *
hammer(void *arg)
{
	struct hammer *h = arg;

	for (uint64_t n = 0; n < SHARED; n++) {
		uint64_t own = (uint64_t)h->seed << 32 | n;
		enum tls_replay rc = enter(
		    h->set, (n + h->seed * (SHARED / THREADS)) % SHARED, 1);

		h->entered += rc == TLS_REPLAY_NEW;
		h->full += rc == TLS_REPLAY_FULL;
		h->full += enter(h->set, own, 1) != TLS_REPLAY_NEW;
	}
	evquic_replay_unref(h->set);
	return NULL;
}

/* Of several threads that enter the same ID exactly one is the first. */
static void
test_threads(void)
{
	struct evquic_replay *r = evquic_replay_new(2 * THREADS * SHARED);
	struct hammer h[THREADS] = {0};
	pthread_t threads[THREADS];
	size_t entered = 0, full = 0;

	CU_ASSERT_FATAL(r != NULL);
	for (uint32_t i = 0; i < THREADS; i++) {
		h[i].set = evquic_replay_ref(r);
		h[i].seed = i + 1;
		CU_ASSERT_FATAL(
		    pthread_create(&threads[i], NULL, hammer, &h[i]) == 0);
	}
	for (uint32_t i = 0; i < THREADS; i++) {
		CU_ASSERT(pthread_join(threads[i], NULL) == 0);
		entered += h[i].entered;
		full += h[i].full;
	}
	CU_ASSERT(entered == SHARED && full == 0);
	CU_ASSERT(tls_replay_count(r) == SHARED + THREADS * SHARED);
	evquic_replay_unref(r);
}

void
test_replay_register(void)
{
	CU_pSuite s = unit_suite("replay");

	unit_test(s, "once", test_once);
	unit_test(s, "expiry", test_expiry);
	unit_test(s, "model", test_model);
	unit_test(s, "bound", test_bound);
	unit_test(s, "small_bounds", test_small_bounds);
	unit_test(s, "no_memory", test_no_memory);
	unit_test(s, "shrinks", test_shrinks);
	unit_test(s, "threads", test_threads);
}
