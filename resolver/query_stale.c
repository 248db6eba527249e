/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When an answer past its end is given.
 *
 *	asking has failed within half a minute       at once: query_cache.c
 *	upstream cannot be asked now                 at once
 *	it answers NOERROR or NXDOMAIN in time       not at all
 *	it answers anything else, or fails           then (RFC 8767 4)
 *	it is silent for cache.stale-client-timeout  then; it is asked on
 *
 * Nothing of it is copied before it is needed, so by then it may be gone; who
 * has waited for it then waits as anybody else.
 */
#include "resolver/query_stale.h"

#include <errno.h>

#include "resolver/query_ask.h"
#include "resolver/query_cache.h"
#include "resolver/worker.h"

static nsec
earlier(nsec a, nsec b)
{
	return a < b ? a : b;
}

int
query_stale_fetch(struct query_run *q, const struct fetch_question *question,
    nsec not_after, struct upstream_result *ret_result)
{
	struct worker *w = q->worker;
	const struct config *config = w->config;
	nsec now = worker_now(w);
	struct query_stale *s = &q->stale;
	int rc;

	if (not_after == 0)
		not_after = nsec_add(
		    now, config->limits.query_timeout_ms * NSEC_PER_MSEC);
	s->upstream = question->upstream;
	s->question = question->query;
	s->not_after = not_after;
	s->until = earlier(not_after,
	    nsec_add(
		now, config->cache.stale_client_timeout_ms * NSEC_PER_MSEC));
	rc = fetch_start(&w->fetches, question, &q->waiter, s->until);
	if (rc >= 0)
		/* Though all who wait may have been given the old one. */
		fetch_hold(&q->waiter);
	else if (query_cache_stale(q, question->key, ret_result))
		rc = QUERY_ASK_AT_ONCE;
	return rc;
}

/* RFC 8767 4: these replace what is kept. */
static bool
is_better(const struct upstream_result *result)
{
	return result->status == 0 &&
	       (result->response->rcode == DNS_RCODE_NOERROR ||
		   result->response->rcode == DNS_RCODE_NXDOMAIN);
}

/* Copies what is kept for the question. */
static bool
give(struct query_run *q, const struct query_stale *s,
    struct upstream_result *ret_result)
{
	struct dns_key key;

	return query_ask_key(q, s->upstream, s->question, &key) &&
	       query_cache_stale(q, &key, ret_result);
}

bool
query_stale_step(struct query_run *q, const struct upstream_result *result,
    struct upstream_result *ret_result)
{
	struct query_stale s = q->stale;
	nsec now = worker_now(q->worker);
	int rc;

	*ret_result = *result;
	q->stale.is_kept = false;
	if (!s.is_kept || is_better(result) || give(q, &s, ret_result) ||
	    result->status != -ETIMEDOUT || now < s.until || now >= s.not_after)
		return false;
	rc = query_ask_fetch(
	    q, s.upstream, s.question, 0, s.not_after, ret_result);
	if (rc == 0 || rc == 1)
		return true;
	if (rc < 0)
		*ret_result = (struct upstream_result){.status = rc};
	return false;
}
