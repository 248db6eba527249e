/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cache itself behind the questions of a trace.
 */
#ifndef TESTS_BENCH_REAL_H
#define TESTS_BENCH_REAL_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/cache.h"
#include "tests/bench/question.h"
#include "tests/bench/trace.h"

/* A cache of that size with the rules that the daemon begins with; NULL without
 * memory. */
struct dns_cache *real_new(size_t bytes);

/* Reads a question and makes its key, as the daemon does. */
void real_key(const struct dns_cache *c, const struct question *q,
    struct dns_query *ret_query, struct dns_key *ret_key);

/* Stores the answer to a question. */
enum dns_cache_outcome real_store(struct dns_cache *c,
    const struct dns_key *key, const uint8_t *msg, size_t len, nsec now);

/* True if the answer is there and fresh; otherwise it is stored. */
bool real_ask(struct dns_cache *c, const struct trace_request *r);

#endif
