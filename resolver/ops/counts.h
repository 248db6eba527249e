/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All counters of all layers as one list, in the order of their tables
 * (quic/counters.h, resolver/counters.h, resolver/back/counters.h), and those
 * of the cache: for whoever prints them, by whatever name.
 */
#ifndef RESOLVER_OPS_COUNTS_H
#define RESOLVER_OPS_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_cache_stats;
struct worker;

enum counts_layer {
	COUNTS_QUIC,
	COUNTS_SERVICE,
	COUNTS_BACK,
	COUNTS_CACHE
};

/* What the tables say of one; static text. */
struct counts_row {
	enum counts_layer layer;
	const char *name;
	const char *help; /* without the word that makes it a gauge */
	bool is_gauge;
};

/* How many there are, and what the i-th is. */
size_t counts_number(void);
void counts_describe(size_t i, struct counts_row *ret_row);

/* The i-th, summed over the workers.  Any thread. */
uint64_t counts_sum(size_t i, struct worker *const *workers, size_t nworkers);

/*
 * The same of the cache (dns/cache.h), which all workers share: how many, what
 * the i-th is, and what it was when the numbers were taken.
 */
size_t counts_cache_number(void);
void counts_cache_describe(size_t i, struct counts_row *ret_row);
uint64_t counts_cache_read(size_t i, const struct dns_cache_stats *stats);

#endif
