/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a full cache takes of the machine's memory, beside what it says that it
 * takes: answers of all sizes come and go, by threads that have their turns, as
 * workers have.
 */
#include "tests/bench/bench.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>

#include "tests/bench/real.h"

#define CACHE_BYTES ((size_t)64 << 20)
#define TTL 86400
#define NAMES 4000000000u
#define MIB (1024.0 * 1024)
#define THREADS 4

/* Answers of so many octets, from one thread. */
struct part {
	const char *what;
	size_t least;
	size_t most;
	unsigned inserts; /* of each thread */
	unsigned threads; /* at a time */
};

static const struct part parts[] = {
    {"small, four threads", 80, 160, 150000, 4},
    {"large, four threads", 1000, 1400, 50000, 4},
    {"of all sizes, four threads", 80, 1400, 200000, 4},
    {"of all sizes, one thread", 80, 1400, 400000, 1},
    {"of all sizes, four threads", 80, 1400, 200000, 4},
};

struct job {
	struct dns_cache *cache;
	const struct part *part;
	uint64_t seed;
};

static void *
insert(void *arg)
{
	const struct job *j = arg;
	uint32_t range = (uint32_t)(j->part->most - j->part->least);
	struct prng p = {j->seed};

	for (unsigned i = 0; i < j->part->inserts; i++) {
		struct trace_request r = {
		    .name = prng_below(&p, NAMES),
		    .size = (uint32_t)j->part->least + prng_below(&p, range),
		    .ttl = TTL,
		};

		(void)real_ask(j->cache, &r);
	}
	return NULL;
}

static void
run(struct dns_cache *c, const struct part *part, uint64_t seed)
{
	pthread_t thread[THREADS];
	struct job jobs[THREADS];

	for (unsigned i = 0; i < part->threads; i++) {
		int rc;

		jobs[i] = (struct job){c, part, seed + i};
		rc = pthread_create(&thread[i], NULL, insert, &jobs[i]);
		assert(rc == 0);
		(void)rc;
	}
	for (unsigned i = 0; i < part->threads; i++)
		(void)pthread_join(thread[i], NULL);
}

void
bench_memory(void)
{
	size_t resident = bench_resident();
	struct dns_cache *c = real_new(CACHE_BYTES);
	struct dns_cache_stats s;

	assert(c != NULL);
	printf("Memory of a full cache, MiB\n%-30s %8s %8s %8s\n", "answers",
	    "bound", "counted", "process");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		run(c, &parts[i], 1 + i * THREADS);
		dns_cache_stats(c, &s);
		printf("%-30s %8.1f %8.1f %8.1f\n", parts[i].what,
		    CACHE_BYTES / MIB, (double)s.bytes / MIB,
		    (double)(bench_resident() - resident) / MIB);
	}
	dns_cache_free(c);
}
