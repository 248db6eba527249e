/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU time of a hit and of an insert, by one thread and by two that share the
 * cache, and what an answer takes in memory.
 *
 * A hit is all that the daemon does between a question that was read and an
 * answer that may be sent: the key, the search, the answer padded into a
 * buffer.  Reading the question is told apart, as it is not the cache's.
 * An insert begins with the check of the answer.  Questions are made in
 * batches, which are not timed.
 */
#include "tests/bench/bench.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dns/answer.h"
#include "tests/bench/real.h"

#define CACHE_BYTES ((size_t)64 << 20) /* all names fit */
#define FULL_BYTES ((size_t)16 << 20)  /* half of them do */
#define MANY 200000 /* names, of which few are in the processor's caches */
#define FEW 1000
#define BATCH 512
#define BATCHES 2000
#define SIZE 100 /* octets of an answer, about */
#define TTL 86400
#define NSEC_A_SECOND 1000000000u

/* One thread's work. */
struct hits {
	struct dns_cache *cache;
	uint64_t seed;
	uint32_t names;
	uint64_t parsing; /* nanoseconds, of all */
	uint64_t hitting;
	uint64_t octets; /* of answers: nothing is optimised away */
};

struct batch {
	struct question question[BATCH];
	struct dns_query query[BATCH];
};

static const struct dns_hop hop = {
    .max_size = DNS_MESSAGE_MAX,
    .pad_block = 468,
    .zero_id = true,
    .no_keepalive = true,
};

static uint64_t
cpu_time(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * NSEC_A_SECOND + (uint64_t)ts.tv_nsec;
}

size_t
bench_resident(void)
{
	unsigned long all = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f != NULL && fscanf(f, "%lu %lu", &all, &resident) != 2)
		resident = 0;
	if (f != NULL)
		(void)fclose(f);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* ------------------------------------------------------------- inserts -- */

/* An answer that is ready to be stored; the key borrows from the query. */
struct ready {
	struct question question;
	struct dns_query query;
	struct dns_key key;
	uint8_t msg[QUESTION_ANSWER_MAX];
	size_t len;
};

static uint64_t
time_inserts(struct dns_cache *c, uint32_t from, uint32_t names)
{
	struct ready r[BATCH];
	uint64_t sum = 0, start;

	for (uint32_t done = 0; done + BATCH <= names; done += BATCH) {
		for (uint32_t i = 0; i < BATCH; i++) {
			question_make(from + done + i, &r[i].question);
			real_key(c, &r[i].question, &r[i].query, &r[i].key);
			r[i].len = question_answer(
			    &r[i].question, SIZE, TTL, r[i].msg);
		}
		start = cpu_time();
		for (uint32_t i = 0; i < BATCH; i++)
			(void)real_store(c, &r[i].key, r[i].msg, r[i].len, 0);
		sum += cpu_time() - start;
	}
	return sum;
}

/* A cache that is full: what its answers take of it, and one more. */
static void
print_full(void)
{
	size_t resident = bench_resident();
	struct dns_cache *c = real_new(FULL_BYTES);
	struct dns_cache_stats s;
	uint64_t t;

	assert(c != NULL);
	(void)time_inserts(c, 0, MANY);
	t = time_inserts(c, MANY, MANY);
	printf(
	    "%-44s %8.0f ns\n", "insert, another is evicted", (double)t / MANY);
	dns_cache_stats(c, &s);
	printf("%-44s %8.0f octets\n", "an answer, as the cache counts",
	    (double)s.bytes / (double)s.entries);
	printf("%-44s %8.0f octets\n", "an answer, as the process has grown",
	    (double)(bench_resident() - resident) / (double)s.entries);
	dns_cache_free(c);
}

/* ---------------------------------------------------------------- hits -- */

static void
hit(struct hits *h, const struct dns_query *q)
{
	uint8_t space[2048];
	struct dns_buf out = {.data = space, .size = sizeof(space)};
	struct dns_cache_hit found;
	struct dns_key key;

	if (!dns_key_make(dns_cache_secret(h->cache), q, NULL, &key) ||
	    dns_cache_find(h->cache, &key, 0, &found) == DNS_CACHE_MISS)
		return;
	if (dns_answer_cached(q, &hop, &found.view, &out) == 0)
		h->octets += out.len;
	dns_cache_leave(&found);
}

static void
hit_batch(struct hits *h, struct batch *b)
{
	uint64_t start = cpu_time(), parsed;

	for (size_t i = 0; i < BATCH; i++)
		(void)dns_query_parse(
		    b->question[i].msg, QUESTION_LEN, &b->query[i]);
	parsed = cpu_time();
	for (size_t i = 0; i < BATCH; i++)
		hit(h, &b->query[i]);
	h->parsing += parsed - start;
	h->hitting += cpu_time() - parsed;
}

static void *
hit_many(void *arg)
{
	struct hits *h = arg;
	struct prng p = {h->seed};
	struct batch b;

	for (int i = 0; i < BATCHES; i++) {
		for (size_t k = 0; k < BATCH; k++)
			question_make(prng_below(&p, h->names), &b.question[k]);
		hit_batch(h, &b);
	}
	return NULL;
}

static void
print_hits(struct dns_cache *c, uint32_t names, int threads)
{
	struct hits h[2];
	pthread_t thread[2];
	uint64_t parsing = 0, hitting = 0;
	double n = (double)BATCH * BATCHES * threads;
	char what[80];

	for (int i = 0; i < threads; i++) {
		int rc;

		h[i] = (struct hits){
		    .cache = c, .seed = (uint64_t)i + 1, .names = names};
		rc = pthread_create(&thread[i], NULL, hit_many, &h[i]);
		assert(rc == 0);
		(void)rc;
	}
	for (int i = 0; i < threads; i++) {
		(void)pthread_join(thread[i], NULL);
		parsing += h[i].parsing;
		hitting += h[i].hitting;
		assert(h[i].octets > 0);
	}
	snprintf(
	    what, sizeof(what), "hit, threads: %d, names: %u", threads, names);
	printf("%-44s %8.0f ns (and %.0f to read the question)\n", what,
	    (double)hitting / n, (double)parsing / n);
}

void
bench_speed(void)
{
	struct dns_cache *c;

	printf("CPU time and memory of answers with %d octets\n", SIZE);
	print_full();
	c = real_new(CACHE_BYTES);
	assert(c != NULL);
	printf("%-44s %8.0f ns\n", "insert, there is room",
	    (double)time_inserts(c, 0, MANY) / MANY);
	for (int threads = 1; threads <= 2; threads++) {
		print_hits(c, MANY, threads);
		print_hits(c, FEW, threads);
		print_hits(c, 1, threads);
	}
	dns_cache_free(c);
}
