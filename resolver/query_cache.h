/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rung of what is remembered.  An ordinary question is answered from the
 * entry where it lies in the cache; DNS64 and aliases, which must look into an
 * answer first, get a copy of it, as if upstream had answered at once.
 *
 * What comes from upstream is put into the cache at the end of a fetch.
 */
#ifndef RESOLVER_QUERY_CACHE_H
#define RESOLVER_QUERY_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/key.h"
#include "resolver/query_run.h"

/*
 * Do we remember the answer?  True: *ret is it.  False: it is not there, or
 * this is a question that query_ask() has to look at.
 */
bool query_cache_answer(struct query_run *q, const struct query_asker *asker,
    struct query_answer *ret);

/*
 * The same for any question of a query that keeps what it needs: *ret_result is
 * valid until the next call, or query_cache_done().  A question is looked for
 * once: one that was not found is not looked for again.
 */
bool query_cache_copy(struct query_run *q, const struct dns_query *question,
    const struct dns_key *key, struct upstream_result *ret_result);

/* The same after it was asked for in vain: what is past its end will do, but
 * no failure. */
bool query_cache_stale(struct query_run *q, const struct dns_key *key,
    struct upstream_result *ret_result);

/* Forgets a copy; harmless if there is none. */
void query_cache_done(struct query_run *q);

/* Bytes of it. */
size_t query_cache_kept(const struct query_run *q);

#endif
