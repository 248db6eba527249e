/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of a query share among themselves: asking somebody else. */
#ifndef RESOLVER_QUERY_ASK_H
#define RESOLVER_QUERY_ASK_H

#include "resolver/query_run.h"

/*
 * Asks the servers of `upstream`, or recursion.  `flags` is a set of enum
 * upstream_flag.  QUERY_PENDING, or *ret says why nobody could be asked.
 */
enum query_outcome query_ask(struct query_run *q,
    const struct query_asker *asker, struct upstream *upstream, unsigned flags,
    struct query_answer *ret);

/* The cache knew it: nobody is asked. */
#define QUERY_ASK_AT_ONCE 2

/*
 * Asks the cache, and then the servers of `upstream`, or recursion, for a query
 * that keeps what it needs: for its own question or one in its place, until
 * `not_after`, if that is not 0.  Returns as fetch_start(), or
 * QUERY_ASK_AT_ONCE with *ret_result, as query_cache_copy() does.
 */
int query_ask_fetch(struct query_run *q, struct upstream *upstream,
    const struct dns_query *question, unsigned flags, nsec not_after,
    struct upstream_result *ret_result);

/* Makes the key of a question in the query's place, as fetch_key(). */
bool query_ask_key(const struct query_run *q, const struct upstream *upstream,
    const struct dns_query *question, struct dns_key *ret_key);

/* The end of a query's waiting: an answer, or one more question. */
void query_ask_on_result(
    struct fetch_waiter *waiter, const struct upstream_result *result);

/* What the caller has of the question is only lent: copies it and the addresses
 * (the client may move while we wait).  0 or -ENOMEM. */
int query_ask_keep(struct query_run *q, const struct query_asker *asker);

/* Somebody was asked, or could not be: `rc` as of fetch_start().  Returns as
 * query_ask(). */
enum query_outcome query_ask_end(
    struct query_run *q, int rc, struct query_answer *ret);

/* Who we are (NSID), for the answer that is made now: the configuration is
 * there for the moment only, it may be reloaded while we wait. */
void query_ask_name(struct query_run *q);

#endif
