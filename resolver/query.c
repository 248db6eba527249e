/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ladder: what becomes of a question, from top to bottom.
 *
 *	does it break the rules of its transport?   the front end's affair
 *	may this client ask?                        REFUSED, EDE 18
 *	can it be parsed?                           FORMERR, BADVERS
 *	may it be replayed, if it came early?       REFUSED, EDE 26
 *	do we know it?                              NOTIMP
 *	is its client subnet one, if we look?       FORMERR
 *	a transfer, NOTIFY, UPDATE?                 REFUSED; relayed for some
 *	ours: local data, or on a list?             answered here
 *	  a CNAME of ours leads away?               then ask for where it leads
 *	a special name?                             answered here
 *	is recursion wanted?                        REFUSED, EDE 20
 *	do we remember it?                          answered from the cache
 *	  though its end has passed?                only if upstream fails
 *	ask upstream                                what it says, or SERVFAIL
 *	  nothing for AAAA, and DNS64?              then ask for A, synthesise
 *	  ANY, and we say little?                   one HINFO (RFC 8482)
 *
 * A question that cannot be answered gets an answer that says why, never
 * silence (RFC 9250 4.3.2, RFC 8914).
 */
#include "resolver/query.h"
#include "dns/xfr.h"
#include "resolver/back/transfer.h"
#include "resolver/query_alias.h"
#include "resolver/query_answer.h"
#include "resolver/query_ask.h"
#include "resolver/query_cache.h"
#include "resolver/query_operator.h"
#include "resolver/query_special.h"
#include "resolver/worker.h"

#include <assert.h>
#include <stdlib.h>

/* --------------------------------------------------------------- life -- */

void
query_init(struct query *query, struct worker *worker,
    const struct front *front, query_done_fn done)
{
	query->worker = worker;
	query->front = front;
	query->done = done;
	query->run = NULL;
}

size_t
query_run_size(void)
{
	return sizeof(struct query_run);
}

struct query_run *
query_run_new(struct query *query)
{
	struct query_run *q = pool_get(&query->worker->query_runs);

	if (q == NULL)
		return NULL;
	q->query = query;
	q->worker = query->worker;
	q->front = query->front;
	q->alias = NULL;
	q->dns64 = (struct query_dns64){.config = NULL};
	q->transfer = NULL;
	q->is_partly_answered = false;
	q->waiter.done = query_ask_on_result;
	q->waiter.fetch = NULL;
	q->missed = NULL;
	q->stale.is_kept = false;
	q->copied = NULL;
	q->copy = NULL;
	return q;
}

void
query_run_free(struct query_run *q)
{
	query_dns64_done(q);
	query_alias_done(q);
	query_cache_done(q);
	if (q->copy != q->inline_copy)
		free(q->copy);
	q->query->run = NULL;
	pool_put(&q->worker->query_runs, q);
}

void
query_run_answer(struct query_run *q, struct query_answer answer)
{
	struct query *query = q->query;

	if (!answer.is_more)
		query_run_free(q);
	query->done(query, answer);
}

/* -------------------------------------------------------------- ladder -- */

/* RFC 9250 4.3.3 for DoQ; what the front table of another transport says. */
static bool
breaks_transport(const struct query_run *q, enum dns_verdict verdict,
    enum query_outcome *ret)
{
	const struct dns_hop *hop = &q->front->hop;

	if (verdict == DNS_VERDICT_SHORT || verdict == DNS_VERDICT_QR_SET)
		*ret = QUERY_BAD_MESSAGE;
	else if (hop->zero_id && q->dns.id != 0)
		*ret = QUERY_BAD_ID;
	else if (hop->no_keepalive && q->dns.edns.has_keepalive)
		*ret = QUERY_BAD_KEEPALIVE;
	else
		return false;
	return true;
}

static enum query_outcome
answer_verdict(
    struct query_run *q, enum dns_verdict verdict, struct query_answer *ret)
{
	struct service_counters *n = &q->worker->counters;
	struct dns_error e = {
	    .rcode = dns_verdict_rcode(verdict),
	    .ede = DNS_EDE_OTHER,
	    .text = q->dns.fault,
	};
	counter *reason = &n->query_formerr;

	if (verdict == DNS_VERDICT_NOTIMP) {
		reason = &n->query_notimp;
		e.ede = DNS_EDE_NOT_SUPPORTED;
		e.text = "no such opcode here";
	} else if (verdict == DNS_VERDICT_BADVERS) {
		reason = &n->query_badvers;
		e.text = "only version 0 of EDNS is known";
	}
	return query_refuse(q, reason, &e, ret);
}

/* RFC 9250 4.5: only these may come as early data, and a whole zone is too much
 * for who may be at another address than he says. */
static bool
is_replayable(const struct dns_query *q)
{
	return q->opcode == DNS_OPCODE_NOTIFY ||
	       (q->opcode == DNS_OPCODE_QUERY && !dns_query_is_transfer(q));
}

static enum query_outcome
descend(struct query_run *q, const uint8_t *msg, size_t len,
    const struct query_asker *asker, struct query_answer *ret_answer)
{
	static const struct dns_error denied = {DNS_RCODE_REFUSED,
	    DNS_EDE_PROHIBITED, "this address may not ask here"};
	static const struct dns_error too_early = {DNS_RCODE_REFUSED,
	    DNS_EDE_TOO_EARLY, "ask when the handshake is complete"};
	static const struct dns_error bad_subnet = {
	    DNS_RCODE_FORMERR, DNS_EDE_OTHER, "malformed client subnet"};
	static const struct dns_error no_recursion = {DNS_RCODE_REFUSED,
	    DNS_EDE_NOT_AUTHORITATIVE, "recursion must be desired"};
	struct service_counters *n = &q->worker->counters;
	const struct config *config = q->worker->config;
	enum dns_verdict verdict = dns_query_parse(msg, len, &q->dns);
	enum query_outcome bad;

	query_ask_name(q);
	if (breaks_transport(q, verdict, &bad))
		return bad;
	if (access_check(config->access.list, asker->address) == ACCESS_DENY)
		return query_refuse(q, &n->query_denied, &denied, ret_answer);
	if (asker->is_early && !is_replayable(&q->dns) &&
	    (verdict == DNS_VERDICT_OK || verdict == DNS_VERDICT_NOTIMP))
		return query_refuse(q, &n->query_early, &too_early, ret_answer);
	if (verdict != DNS_VERDICT_OK)
		return answer_verdict(q, verdict, ret_answer);
	if (subnet_choose(config, &q->dns, asker->address, &q->subnet) < 0)
		return query_refuse(
		    q, &n->query_formerr, &bad_subnet, ret_answer);
	if (q->subnet.has_client)
		q->dns.ecs = &q->subnet.client;
	if (query_is_operators(&q->dns))
		return query_operate(q, asker, ret_answer);
	if (query_special(q, asker, ret_answer))
		return QUERY_ANSWERED;
	if (!(q->dns.flags & DNS_FLAG_RD))
		return query_refuse(
		    q, &n->query_policy, &no_recursion, ret_answer);
	if (query_cache_answer(q, asker, ret_answer))
		return QUERY_ANSWERED;
	return query_ask(q, asker, q->worker->upstream, 0, ret_answer);
}

enum query_outcome
query_start(struct query *query, const uint8_t *msg, size_t len,
    const struct query_asker *asker, struct query_answer *ret_answer)
{
	struct service_counters *n = &query->worker->counters;
	enum query_outcome outcome;
	struct query_run *q;

	assert(!query_is_pending(query));
	counter_add(&n->queries, 1);
	q = query_run_new(query);
	if (q == NULL) {
		counter_add(&n->query_no_memory, 1);
		*ret_answer = (struct query_answer){.buf = NULL};
		return QUERY_ANSWERED;
	}
	outcome = descend(q, msg, len, asker, ret_answer);
	if (outcome == QUERY_PENDING)
		query->run = q;
	else
		query_run_free(q);
	return outcome;
}

/* ----------------------------------------------------- while it waits -- */

void
query_pause(struct query *query)
{
	if (query->run != NULL && query->run->transfer != NULL)
		transfer_pause(query->run->transfer);
}

void
query_resume(struct query *query)
{
	if (query->run != NULL && query->run->transfer != NULL)
		transfer_resume(query->run->transfer);
}

void
query_cancel(struct query *query)
{
	struct query_run *q = query->run;

	if (q == NULL)
		return;
	fetch_leave(&q->waiter);
	if (q->transfer != NULL)
		transfer_cancel(q->transfer);
	counter_sub(&q->worker->counters.queries_now, 1);
	counter_add(&q->worker->counters.query_cancelled, 1);
	query_run_free(q);
}

bool
query_is_pending(const struct query *query)
{
	return query->run != NULL;
}

size_t
query_kept(const struct query *query)
{
	const struct query_run *q = query->run;
	size_t kept;

	if (q == NULL)
		return 0;
	kept = sizeof(*q) + query_dns64_kept(q) + query_alias_kept(q) +
	       query_cache_kept(q);
	if (q->transfer != NULL)
		kept += transfer_held(q->transfer);
	if (q->copy != q->inline_copy)
		kept += q->dns.len;
	return kept;
}
