/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands on the page /metrics, and the same as a list for the manual.
 *
 * Counters come from the tables: quoll_LAYER_NAME_total, or NAME alone for a
 * gauge.  Those that only differ in a reason are one family with a label.
 */
#ifndef RESOLVER_OPS_METRICS_PAGE_H
#define RESOLVER_OPS_METRICS_PAGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "dns/cache.h"

struct config;
struct evbuffer;
struct evquic_cred;
struct evquic_replay;
struct own;
struct worker;

/* What is looked at; all of it outlives the page. */
struct metrics_view {
	struct worker *const *workers;
	size_t nworkers;
	struct evquic_replay *tokens_seen;
	struct evquic_replay *early_seen;
	const struct config *config;
	const struct evquic_cred *cred; /* loaded from `config` */
	const struct own *own;		/* the same */
	int64_t started;		/* Unix time, s */
	int64_t now;			/* the same */
	uint64_t heap_bytes;
	struct dns_cache_stats cache; /* all 0 if there is none */
	uint64_t recursing;	      /* recursion_outstanding() */
};

/* Writes the page to `out`.  0, or -ENOMEM: then half of it is there. */
int metrics_page_write(const struct metrics_view *view, struct evbuffer *out);

/* Prints all names with what they mean, in mdoc, for quolld-metrics(7). */
void metrics_page_print_manual(FILE *out);

#endif
