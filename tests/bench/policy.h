/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Models of caches that differ in what they throw away: which answers they
 * would still have, without the answers.  For comparison with the real one.
 */
#ifndef TESTS_BENCH_POLICY_H
#define TESTS_BENCH_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/bench/trace.h"

enum policy_kind {
	POLICY_LRU,	/* the one that was not asked for the longest time */
	POLICY_SIEVE,	/* a hand walks from old to new, spares the asked */
	POLICY_S3_FIFO, /* small queue, main queue, memory of the evicted */
};

struct policy_options {
	enum policy_kind kind;
	const char *title;
	size_t bytes;	      /* bound of all that is kept */
	size_t overhead;      /* octets that an answer costs beside itself */
	unsigned small;	      /* S3-FIFO: small queue, of 100 octets */
	unsigned ghosts;      /* S3-FIFO: remembered, of 100 kept */
	unsigned promotes_at; /* S3-FIFO: asked so often to leave small */
};

struct policy;

/* An empty model; NULL without memory. */
struct policy *policy_new(const struct policy_options *o);

void policy_free(struct policy *p);

/* True if the answer is there and fresh; otherwise it is stored. */
bool policy_ask(struct policy *p, const struct trace_request *r);

#endif
