/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zone transfers, NOTIFY and UPDATE: not a resolver's affair, but relayed for
 * those whom the operator names, to the servers that he names.
 */
#include "resolver/query_operator.h"

#include <errno.h>

#include "dns/xfr.h"
#include "quic/evquic.h"
#include "resolver/back/transfer.h"
#include "resolver/query_answer.h"
#include "resolver/query_ask.h"
#include "resolver/worker.h"

bool
query_is_operators(const struct dns_query *q)
{
	return q->opcode != DNS_OPCODE_QUERY || dns_query_is_transfer(q);
}

/* One message of several.  False if none can be made. */
static bool
answer_part(
    struct query_run *q, const struct dns_response *r, struct query_answer *ret)
{
	static const struct dns_relay plain = {.ede = DNS_EDE_NONE};
	size_t bound = dns_answer_bound(&q->dns, &q->front->hop, r,
	    dns_query_is_raw(&q->dns) ? NULL : &plain);
	struct dns_buf out;

	if (!query_answer_begin(q, bound, ret, &out))
		return false;
	if (dns_answer_part(&q->dns, &q->front->hop, r, &out) == 0) {
		ret->len = out.len;
		return true;
	}
	evquic_buf_free(ret->buf);
	ret->buf = NULL;
	return false;
}

/* Makes what the client gets of a message, or in place of one. */
static void
answer_transfer(struct query_run *q, const struct transfer_part *part,
    struct query_answer *ret)
{
	struct query_dns64_end whole = {.result.response = part->response};
	int error = part->status;

	if (error == 0 && part->is_last && !q->is_partly_answered) {
		counter_add(&q->worker->counters.query_relayed, 1);
		query_answer_relay(q, &whole, ret);
		return;
	}
	if (error == 0 && answer_part(q, part->response, ret)) {
		ret->is_more = !part->is_last;
		if (part->is_last)
			counter_add(&q->worker->counters.query_relayed, 1);
		return;
	}
	if (q->is_partly_answered)
		counter_add(&q->worker->counters.query_broken, 1);
	else
		query_answer_failure(q,
		    &(struct upstream_result){
			.status = error == 0 ? -EBADMSG : error},
		    ret);
}

static void
on_transfer(void *arg, const struct transfer_part *part)
{
	struct query_run *q = arg;
	struct query_answer answer = {.buf = NULL};

	answer_transfer(q, part, &answer);
	q->is_partly_answered = answer.is_more;
	if (!answer.is_more) {
		if (part->status == 0 && !part->is_last)
			transfer_cancel(q->transfer);
		q->transfer = NULL;
		counter_sub(&q->worker->counters.queries_now, 1);
	}
	query_run_answer(q, answer);
}

static enum query_outcome
ask_transfer(struct query_run *q, const struct query_asker *asker,
    struct query_answer *ret)
{
	int rc = query_ask_keep(q, asker);
	struct transfer_ask ask = {
	    .query = &q->dns,
	    .client = net_addr_get(&q->client),
	    .local = net_addr_get(&q->local),
	    .fn = on_transfer,
	    .arg = q,
	};

	if (rc == 0)
		rc =
		    transfer_start(q->worker->zone_servers, &ask, &q->transfer);
	return query_ask_end(q, rc, ret);
}

static enum config_right
right_of(const struct dns_query *q)
{
	if (q->opcode == DNS_OPCODE_NOTIFY)
		return CONFIG_MAY_NOTIFY;
	return q->opcode == DNS_OPCODE_UPDATE ? CONFIG_MAY_UPDATE
					      : CONFIG_MAY_TRANSFER;
}

enum query_outcome
query_operate(struct query_run *q, const struct query_asker *asker,
    struct query_answer *ret_answer)
{
	static const struct dns_error denied = {DNS_RCODE_REFUSED,
	    DNS_EDE_PROHIBITED, "this address may not do that here"};
	static const struct dns_error not_done = {DNS_RCODE_REFUSED,
	    DNS_EDE_NOT_SUPPORTED, "not done by this resolver"};
	struct worker *w = q->worker;
	counter *reason = &w->counters.query_policy;
	const struct access *list = w->config->access.right[right_of(&q->dns)];

	if (list == NULL || !upstream_has_servers(w->zone_servers))
		return query_refuse(q, reason, &not_done, ret_answer);
	if (access_check(list, asker->address) == ACCESS_DENY)
		return query_refuse(q, reason, &denied, ret_answer);
	if (dns_query_is_transfer(&q->dns))
		return ask_transfer(q, asker, ret_answer);
	/* RFC 2136 6: what came by a stream goes on by one. */
	return query_ask(q, asker, w->zone_servers,
	    q->dns.opcode == DNS_OPCODE_UPDATE ? UPSTREAM_NO_UDP : 0,
	    ret_answer);
}
