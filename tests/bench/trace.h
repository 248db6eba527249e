/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the clients of a resolver ask, made from a seed: names by Zipf's law,
 * mixed with names that nobody asks twice (random subdomains) and with walks
 * over long lists (a mail server's log, a monitor's rounds).  Sizes and TTLs
 * belong to the name, so every policy is asked the same.
 */
#ifndef TESTS_BENCH_TRACE_H
#define TESTS_BENCH_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/fake/prng.h"

struct trace_shape {
	const char *title;
	uint32_t names;	 /* popular ones, ranked */
	double exponent; /* of Zipf's law */
	uint32_t flood;	 /* of 1000 requests: a name never seen before */
	uint32_t walk;	 /* of 1000 requests: the next of a long list */
	uint32_t walked; /* length of that list */
	uint32_t drift;	 /* requests after which ranks have moved by one */
};

struct trace_request {
	uint64_t name;
	uint32_t size; /* octets of the answer */
	uint32_t ttl;  /* seconds */
	uint64_t now;  /* nanoseconds since the trace began */
};

struct trace;

/* A trace of this shape; NULL without memory.  The shape is borrowed. */
struct trace *trace_new(const struct trace_shape *shape, uint64_t seed);

void trace_free(struct trace *t);

void trace_next(struct trace *t, struct trace_request *ret);

/* Does it ask for a name that nobody asks twice? */
bool trace_is_flood(const struct trace_request *r);

#endif
