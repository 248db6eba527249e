/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A query that waits for somebody's answer: what it keeps meanwhile, and what
 * becomes of the answer.
 */
#include "resolver/query_ask.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/any.h"
#include "resolver/query_alias.h"
#include "resolver/query_answer.h"
#include "resolver/query_cache.h"
#include "resolver/worker.h"

void
query_ask_name(struct query_run *q)
{
	q->dns.nsid = q->worker->config->special.id;
}

/* The client may move while we wait. */
static void
keep_asker(struct query_run *q, const struct query_asker *asker)
{
	net_addr_copy(&q->client, asker->address);
	net_addr_copy(&q->local, asker->local);
	q->is_exempt = access_check(q->worker->config->access.list,
			   asker->address) == ACCESS_TRUSTED;
}

int
query_ask_keep(struct query_run *q, const struct query_asker *asker)
{
	size_t len = q->dns.len;
	const struct dns_ecs *ecs = q->dns.ecs;
	enum dns_verdict verdict;

	keep_asker(q, asker);
	q->copy = len <= sizeof(q->inline_copy) ? q->inline_copy : malloc(len);
	if (q->copy == NULL)
		return -ENOMEM;
	memcpy(q->copy, q->dns.msg, len);
	verdict = dns_query_parse(q->copy, len, &q->dns);
	assert(verdict == DNS_VERDICT_OK);
	(void)verdict;
	q->dns.ecs = ecs;
	return 0;
}

/* RFC 8482 4.2 */
static bool
is_shrunk(const struct query_run *q, const struct upstream_result *result)
{
	return q->worker->config->special.any == CONFIG_ANY_HINFO &&
	       result->status == 0 &&
	       dns_any_may_shrink(&q->dns, result->response);
}

static void
answer_end(struct query_run *q, const struct query_dns64_end *end,
    struct query_answer *ret)
{
	struct service_counters *n = &q->worker->counters;

	query_ask_name(q);
	if (is_shrunk(q, &end->result)) {
		counter_add(&n->query_any, 1);
		query_answer_any(q, ret);
	} else if (end->result.status == 0) {
		counter_add(&n->query_relayed, 1);
		query_answer_relay(q, end, ret);
	} else {
		query_answer_failure(q, &end->result, ret);
	}
}

void
query_ask_on_result(
    struct fetch_waiter *waiter, const struct upstream_result *result)
{
	struct query_run *q = container_of(waiter, struct query_run, waiter);
	struct query_answer answer = {.buf = NULL};
	struct upstream_result best;
	struct query_dns64_end end;

	if (query_stale_step(q, result, &best) ||
	    query_dns64_step(q, &best, &end))
		return; /* one more question */
	counter_sub(&q->worker->counters.queries_now, 1);
	answer_end(q, &end, &answer);
	query_run_answer(q, answer);
}

/* RFC 8945 5.2.1: we have no keys, hence not this one. */
static enum query_outcome
answer_unresolvable(struct query_run *q, struct query_answer *ret)
{
	counter_add(&q->worker->counters.query_policy, 1);
	if (q->dns.is_signed)
		query_answer_error(q, DNS_RCODE_NOTAUTH, DNS_EDE_NOT_SUPPORTED,
		    "no keys are known here", ret);
	else
		query_answer_error(q, DNS_RCODE_REFUSED, DNS_EDE_NOT_SUPPORTED,
		    "not done by this resolver", ret);
	return QUERY_ANSWERED;
}

enum query_outcome
query_ask_end(struct query_run *q, int rc, struct query_answer *ret)
{
	struct service_counters *n = &q->worker->counters;

	if (rc >= 0) {
		counter_add(rc == 0 ? &n->query_asked : &n->query_shared, 1);
		counter_add(&n->queries_now, 1);
		return QUERY_PENDING;
	}
	query_ask_name(q);
	if (rc == -ENOTCONN) {
		counter_add(&n->query_no_upstream, 1);
		query_answer_error(q, DNS_RCODE_SERVFAIL,
		    DNS_EDE_NO_REACHABLE_AUTHORITY,
		    "no upstream server is configured", ret);
	} else if (rc == -EOPNOTSUPP) {
		return answer_unresolvable(q, ret);
	} else {
		query_answer_failure(
		    q, &(struct upstream_result){.status = rc}, ret);
	}
	return QUERY_ANSWERED;
}

static const struct dns_ecs *
sent_by(const struct query_run *q)
{
	return q->subnet.has_sent ? &q->subnet.sent : NULL;
}

bool
query_ask_key(const struct query_run *q, const struct upstream *upstream,
    const struct dns_query *question, struct dns_key *ret_key)
{
	return fetch_key(
	    &q->worker->fetches, upstream, question, sent_by(q), ret_key);
}

int
query_ask_fetch(struct query_run *q, struct upstream *upstream,
    const struct dns_query *question, unsigned flags, nsec not_after,
    struct upstream_result *ret_result)
{
	struct fetches *f = &q->worker->fetches;
	struct fetch_question ask = {
	    .upstream = upstream,
	    .flags = flags,
	    .query = question,
	    .ecs = sent_by(q),
	    .client = net_addr_get(&q->client),
	    .local = net_addr_get(&q->local),
	    .is_exempt = q->is_exempt,
	};
	struct dns_key key;

	if (query_ask_key(q, upstream, question, &key)) {
		if (query_cache_copy(q, question, &key, ret_result))
			return QUERY_ASK_AT_ONCE;
		ask.key = &key;
		if (q->stale.is_kept)
			return query_stale_fetch(
			    q, &ask, not_after, ret_result);
	}
	return fetch_start(f, &ask, &q->waiter, not_after);
}

/* The answer was there, to the first question at least. */
static enum query_outcome
go_on_at_once(struct query_run *q, const struct upstream_result *result,
    struct query_answer *ret)
{
	struct query_dns64_end end;

	if (query_dns64_step(q, result, &end)) {
		counter_add(&q->worker->counters.queries_now, 1);
		return QUERY_PENDING;
	}
	answer_end(q, &end, ret);
	return QUERY_ANSWERED;
}

enum query_outcome
query_ask(struct query_run *q, const struct query_asker *asker,
    struct upstream *upstream, unsigned flags, struct query_answer *ret)
{
	int rc = query_ask_keep(q, asker);
	const struct dns_query *question;
	struct upstream_result result;
	nsec not_after;

	if (rc == 0) {
		question = query_dns64_start(q, &not_after);
		rc = query_ask_fetch(
		    q, upstream, question, flags, not_after, &result);
	}
	if (rc == QUERY_ASK_AT_ONCE)
		return go_on_at_once(q, &result, ret);
	return query_ask_end(q, rc, ret);
}
