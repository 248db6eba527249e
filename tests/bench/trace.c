/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests by Zipf's law, with a flood and a walk mixed in.
 *
 * The name of rank r is drawn with probability ~ 1 / r^exponent, by bisection
 * of the cumulated sums.  Names are numbers: three ranges, which never meet.
 */
#include "tests/bench/trace.h"

#include <math.h>
#include <stdlib.h>

#define REQUESTS_A_SECOND 10000
#define NSEC_A_SECOND 1000000000u
#define WALKED_BIT ((uint64_t)1 << 62)
#define FLOOD_BIT ((uint64_t)1 << 63)

struct trace {
	const struct trace_shape *shape;
	struct prng prng;
	uint64_t asked;
	uint64_t flooded;
	uint64_t walked;
	double *sums; /* of 1 / rank^exponent up to this rank */
};

/* A share of answers, of 1000, and what is true of them. */
struct share {
	uint32_t permille;
	uint32_t least;
	uint32_t most;
};

/* Octets: A and AAAA, short lists, CNAME chains, TXT and signed ones. */
static const struct share sizes[] = {
    {550, 60, 140}, {300, 140, 260}, {110, 260, 520}, {40, 520, 1400}};

/* Seconds, as content networks, ordinary zones and top levels have them. */
static const struct share ttls[] = {{150, 5, 30}, {300, 60, 60},
    {300, 300, 300}, {170, 600, 3600}, {80, 86400, 86400}};

static uint32_t
draw_share(const struct share *s, struct prng *p)
{
	uint32_t left = prng_below(p, 1000);

	while (left >= s->permille)
		left -= s++->permille;
	return s->least + prng_below(p, s->most - s->least + 1);
}

struct trace *
trace_new(const struct trace_shape *shape, uint64_t seed)
{
	struct trace *t = calloc(1, sizeof(*t));
	double sum = 0;

	if (t == NULL)
		return NULL;
	t->shape = shape;
	t->prng.state = seed;
	t->sums = malloc(shape->names * sizeof(*t->sums));
	if (t->sums == NULL) {
		free(t);
		return NULL;
	}
	for (uint32_t i = 0; i < shape->names; i++) {
		sum += pow(i + 1, -shape->exponent);
		t->sums[i] = sum;
	}
	return t;
}

void
trace_free(struct trace *t)
{
	free(t->sums);
	free(t);
}

static uint32_t
draw_rank(struct trace *t)
{
	uint32_t low = 0, high = t->shape->names - 1;
	double at;

	at = (double)(prng_next(&t->prng) >> 11) / 0x1p53 * t->sums[high];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (t->sums[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static uint64_t
draw_name(struct trace *t)
{
	const struct trace_shape *s = t->shape;
	uint32_t at = prng_below(&t->prng, 1000);
	uint64_t moved = s->drift > 0 ? t->asked / s->drift : 0;

	if (at < s->flood)
		return FLOOD_BIT | t->flooded++;
	if (at < s->flood + s->walk)
		return WALKED_BIT | t->walked++ % s->walked;
	return draw_rank(t) + moved;
}

void
trace_next(struct trace *t, struct trace_request *ret)
{
	struct prng p;

	ret->name = draw_name(t);
	ret->now = t->asked++ * (NSEC_A_SECOND / REQUESTS_A_SECOND);
	p.state = ret->name;
	ret->size = draw_share(sizes, &p);
	ret->ttl = draw_share(ttls, &p);
}

bool
trace_is_flood(const struct trace_request *r)
{
	return (r->name & FLOOD_BIT) != 0;
}
