/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many of a trace's questions are answered by what is kept, in percent, for
 * models of caches over the same questions.  Those for names that nobody asks
 * twice do not count, nor do the first, as the cache fills.
 */
#include "tests/bench/bench.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/policy.h"

#define REQUESTS 2000000
#define WARMING 500000
#define OVERHEAD 90 /* octets that an answer costs beside its own */
#define MEBI ((size_t)1 << 20)

static const struct trace_shape shapes[] = {
    {"Zipf 0.8", 1000000, 0.8, 0, 0, 1, 0},
    {"Zipf 0.9", 1000000, 0.9, 0, 0, 1, 0},
    {"Zipf 1.0", 1000000, 1.0, 0, 0, 1, 0},
    {"Zipf 1.1", 1000000, 1.1, 0, 0, 1, 0},
    {"Zipf 1.0, popularity drifts", 1000000, 1.0, 0, 0, 1, 1000},
    {"Zipf 1.0, 30 % random names", 1000000, 1.0, 300, 0, 1, 0},
    {"Zipf 1.0, 80 % random names", 1000000, 1.0, 800, 0, 1, 0},
    {"Zipf 1.0, 30 % a scan of 20000", 1000000, 1.0, 0, 300, 20000, 0},
    {"Zipf 1.0, 30 % a scan of 200000", 1000000, 1.0, 0, 300, 200000, 0},
};

static const struct policy_options models[] = {
    {.kind = POLICY_LRU, .title = "LRU"},
    {.kind = POLICY_SIEVE, .title = "SIEVE"},
    {.kind = POLICY_S3_FIFO,
	.title = "S3-FIFO",
	.small = 10,
	.ghosts = 100,
	.promotes_at = 1},
};

static const size_t sizes[] = {1, 4, 16, 64};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static double
measure(struct policy *p, const struct trace_shape *shape)
{
	struct trace *t = trace_new(shape, 1);
	unsigned asked = 0, answered = 0;
	struct trace_request r;

	assert(t != NULL && p != NULL);
	for (int i = 0; i < REQUESTS; i++) {
		bool hit;

		trace_next(t, &r);
		hit = policy_ask(p, &r);
		if (i < WARMING || trace_is_flood(&r))
			continue;
		asked++;
		answered += hit;
	}
	trace_free(t);
	return 100.0 * answered / asked;
}

static void
print_row(const struct trace_shape *shape, size_t bytes)
{
	printf("%-34s %3zuM", shape->title, bytes / MEBI);
	for (size_t i = 0; i < COUNT(models); i++) {
		struct policy_options o = models[i];
		struct policy *p;

		o.bytes = bytes;
		o.overhead = OVERHEAD;
		p = policy_new(&o);
		printf(" %8.2f", measure(p, shape));
		fflush(stdout);
		policy_free(p);
	}
	printf("\n");
}

void
bench_ratios(void)
{
	printf("\nAnswered from the cache, in percent\n%-34s %4s", "questions",
	    "size");
	for (size_t i = 0; i < COUNT(models); i++)
		printf(" %8s", models[i].title);
	printf("\n");
	for (size_t i = 0; i < COUNT(shapes); i++) {
		for (size_t k = 0; k < COUNT(sizes); k++)
			print_row(&shapes[i], sizes[k] * MEBI);
	}
}
