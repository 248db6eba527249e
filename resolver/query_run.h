/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A query while something is done for it: from query_start() to its end.  What
 * the files of a query share among themselves; front ends see struct query.
 *
 * It is taken from the worker's pool and goes back there with the answer, so
 * that a query which is answered at once, as nearly all are, works in memory
 * that the one before it has just used, and nothing of it stays in the front
 * end's object, of which there are many.
 */
#ifndef RESOLVER_QUERY_RUN_H
#define RESOLVER_QUERY_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "resolver/fetch.h"
#include "resolver/net/addr.h"
#include "resolver/query.h"
#include "resolver/query_dns64.h"
#include "resolver/query_stale.h"
#include "resolver/subnet.h"

struct query_alias;
struct query_copy;
struct transfer;

/* Messages up to this size wait in the object itself. */
#define QUERY_INLINE 256

struct query_run {
	struct query *query; /* whose it is */
	struct worker *worker;
	const struct front *front;
	struct dns_query dns;
	struct subnet subnet;	   /* `dns` points into it, too */
	struct query_alias *alias; /* NULL: the client's question is asked */
	struct query_dns64 dns64;
	struct transfer *transfer; /* NULL: none runs */
	bool is_partly_answered;
	/* The cache was asked for this in vain, or has what is past its end. */
	const struct dns_query *missed;
	struct query_copy *copied; /* from the cache; NULL: nothing */
	struct query_stale stale;
	struct fetch_waiter waiter;
	union net_addr client; /* the client may move while we wait */
	union net_addr local;
	bool is_exempt; /* from limits for one client */
	uint8_t *copy;	/* the message while we wait; `inline_copy` or malloc */
	uint8_t inline_copy[QUERY_INLINE];
};

/* Begins one for an idle query; NULL if there is no memory. */
struct query_run *query_run_new(struct query *query);

/* Frees it and what it keeps; nothing may be on its way for it.  The query is
 * idle. */
void query_run_free(struct query_run *q);

/* Gives the answer to who waits; the run is over, unless there is more. */
void query_run_answer(struct query_run *q, struct query_answer answer);

#endif
