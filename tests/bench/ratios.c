/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many of a trace's questions are answered by what is kept, in percent:
 * the cache, and models of others, over the same questions.  Those for names
 * that nobody asks twice do not count, nor do the first, as the cache fills.
 *
 * Models are charged what an answer of the cache costs beside its octets, so
 * that all of them hold about as many.
 */
#include "tests/bench/bench.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/policy.h"
#include "tests/bench/real.h"

#define REQUESTS 2000000
#define WARMING 500000
#define OVERHEAD 90 /* octets; see the part `speed` */
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

/* Who answers a trace: one of them. */
struct subject {
	struct policy *model;
	struct dns_cache *real;
};

static bool
ask(struct subject *s, const struct trace_request *r)
{
	if (s->model != NULL)
		return policy_ask(s->model, r);
	return real_ask(s->real, r);
}

static double
measure(struct subject *s, const struct trace_shape *shape)
{
	struct trace *t = trace_new(shape, 1);
	unsigned asked = 0, answered = 0;
	struct trace_request r;

	assert(t != NULL && (s->model != NULL || s->real != NULL));
	for (int i = 0; i < REQUESTS; i++) {
		bool hit;

		trace_next(t, &r);
		hit = ask(s, &r);
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
	struct subject real = {.real = real_new(bytes)};

	printf("%-34s %3zuM %8.2f", shape->title, bytes / MEBI,
	    measure(&real, shape));
	dns_cache_free(real.real);
	for (size_t i = 0; i < COUNT(models); i++) {
		struct policy_options o = models[i];
		struct subject s;

		o.bytes = bytes;
		o.overhead = OVERHEAD;
		s = (struct subject){.model = policy_new(&o)};
		printf(" %8.2f", measure(&s, shape));
		fflush(stdout);
		policy_free(s.model);
	}
	printf("\n");
}

void
bench_ratios(void)
{
	printf("\nAnswered from the cache, in percent\n%-34s %4s %8s",
	    "questions", "size", "quoll");
	for (size_t i = 0; i < COUNT(models); i++)
		printf(" %8s", models[i].title);
	printf("\n");
	for (size_t i = 0; i < COUNT(shapes); i++) {
		for (size_t k = 0; k < COUNT(sizes); k++)
			print_row(&shapes[i], sizes[k] * MEBI);
	}
}
