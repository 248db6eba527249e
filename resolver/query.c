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
 *	a special name?                             answered here
 *	is recursion wanted?                        REFUSED, EDE 20
 *	ask upstream                                what it says, or SERVFAIL
 *	  nothing for AAAA, and DNS64?              then ask for A, synthesise
 *	  ANY, and we say little?                   one HINFO (RFC 8482)
 *
 * A question that cannot be answered gets an answer that says why, never
 * silence (RFC 9250 4.3.2, RFC 8914).
 */
#include "resolver/query.h"
#include "dns/any.h"
#include "dns/xfr.h"
#include "resolver/back/transfer.h"
#include "resolver/query_answer.h"
#include "resolver/query_special.h"
#include "resolver/worker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void on_upstream(
    struct upstream_ask *ask, const struct upstream_result *result);

void
query_init(struct query *q, struct worker *worker, const struct front *front,
    query_done_fn done)
{
	q->worker = worker;
	q->front = front;
	q->done = done;
	q->copy = NULL;
	q->transfer = NULL;
	q->is_partly_answered = false;
	q->ask = (struct upstream_ask){.done = on_upstream};
	q->dns64 = (struct query_dns64){.config = NULL};
}

/* ------------------------------------------------------------- answers -- */

static void
answer_any(struct query *q, struct query_answer *ret)
{
	size_t bound = dns_answer_bound(&q->dns, &q->front->hop, NULL, NULL);
	struct dns_buf out;

	if (query_answer_begin(q, bound + DNS_ANY_RECORDS, ret, &out))
		query_answer_end(
		    dns_any_answer(&q->dns, &q->front->hop, &out), &out, ret);
}

static void
answer_relay(struct query *q, const struct query_dns64_end *end,
    struct query_answer *ret)
{
	const struct upstream_result *result = &end->result;
	struct dns_relay how = {
	    .is_ad_trusted = result->is_ad_trusted,
	    .strip_dnssec = result->strip_dnssec,
	    .ede = DNS_EDE_NONE,
	    .edit = end->has_edit ? &end->edit.edit : NULL,
	    .has_alias = end->has_alias,
	    .alias_ttl = DNS64_TTL_DEFAULT,
	};
	bool raw = dns_query_is_raw(&q->dns);
	size_t bound = dns_answer_bound(
	    &q->dns, &q->front->hop, result->response, raw ? NULL : &how);
	struct dns_buf out;
	int rc;

	subnet_learn(&q->subnet, result->response);
	if (!query_answer_begin(q, bound, ret, &out))
		return;
	if (raw)
		rc = dns_answer_raw(
		    &q->dns, &q->front->hop, result->response, &out);
	else
		rc = dns_answer_relay(
		    &q->dns, &q->front->hop, result->response, &how, &out);
	query_answer_end(rc, &out, ret);
}

/* Upstream failed: which Extended DNS Error says so (RFC 8914 4.23 - 4.25). */
static void
answer_failure(struct query *q, const struct upstream_result *result,
    struct query_answer *ret)
{
	static const struct {
		int status;
		int ede;
		const char *text;
	} rows[] = {
	    {-ETIMEDOUT, DNS_EDE_NO_REACHABLE_AUTHORITY,
		"no upstream server answered in time"},
	    {-EBADMSG, DNS_EDE_INVALID_DATA,
		"upstream's answer cannot be parsed"},
	    {-EAGAIN, DNS_EDE_OTHER, "too many queries are waiting"},
	    {-ENOMEM, DNS_EDE_OTHER, "out of memory"},
	    {-EIO, DNS_EDE_OTHER, "recursion does not work"},
	};
	int ede = DNS_EDE_NETWORK_ERROR;
	const char *text = "no way to any upstream server";

	counter_add(&q->worker->counters.query_failed, 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].status == result->status) {
			ede = rows[i].ede;
			text = rows[i].text;
		}
	}
	if (result->ede_text != NULL) {
		ede = result->ede;
		text = result->ede_text;
	}
	query_answer_error(q, DNS_RCODE_SERVFAIL, ede, text, ret);
}

/* ------------------------------------------------------------ upstream -- */

static void
drop_kept(struct query *q)
{
	query_dns64_done(q);
	if (q->copy != q->inline_copy)
		free(q->copy);
	q->copy = NULL;
}

/* The configuration is there for the moment only: it may be reloaded. */
static void
name_ourselves(struct query *q)
{
	q->dns.nsid = q->worker->config->special.id;
}

/* The client may move while we wait. */
static void
keep_asker(struct query *q, const struct query_asker *asker)
{
	net_addr_copy(&q->client, asker->address);
	net_addr_copy(&q->local, asker->local);
	q->ask.client = net_addr_get(&q->client);
	q->ask.local = net_addr_get(&q->local);
	q->ask.ecs = q->subnet.has_sent ? &q->subnet.sent : NULL;
}

/* What we have is only lent: from here on we need our own. */
static int
keep_question(struct query *q, const struct query_asker *asker)
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
is_shrunk(const struct query *q, const struct upstream_result *result)
{
	return q->worker->config->special.any == CONFIG_ANY_HINFO &&
	       result->status == 0 &&
	       dns_any_may_shrink(&q->dns, result->response);
}

static void
on_upstream(struct upstream_ask *ask, const struct upstream_result *result)
{
	struct query *q = container_of(ask, struct query, ask);
	struct service_counters *n = &q->worker->counters;
	struct query_answer answer = {.buf = NULL};
	struct query_dns64_end end;

	if (query_dns64_step(q, result, &end))
		return; /* one more question */
	counter_sub(&n->queries_now, 1);
	name_ourselves(q);
	if (is_shrunk(q, &end.result)) {
		counter_add(&n->query_any, 1);
		answer_any(q, &answer);
	} else if (end.result.status == 0) {
		counter_add(&n->query_relayed, 1);
		answer_relay(q, &end, &answer);
	} else {
		answer_failure(q, &end.result, &answer);
	}
	drop_kept(q);
	q->done(q, answer);
}

/* RFC 8945 5.2.1: we have no keys, hence not this one. */
static enum query_outcome
answer_unresolvable(struct query *q, struct query_answer *ret)
{
	counter_add(&q->worker->counters.query_policy, 1);
	if (q->dns.is_signed)
		query_answer_error(q, DNS_RCODE_NOTAUTH, DNS_EDE_NOT_SUPPORTED,
		    "no keys are known here", ret);
	else
		query_answer_error(q, DNS_RCODE_REFUSED, DNS_EDE_NOT_SUPPORTED,
		    "not done by this resolver", ret);
	drop_kept(q);
	return QUERY_ANSWERED;
}

/* Somebody was asked, or could not be: `rc`. */
static enum query_outcome
end_asking(struct query *q, int rc, struct query_answer *ret)
{
	struct service_counters *n = &q->worker->counters;

	if (rc == 0) {
		counter_add(&n->query_asked, 1);
		counter_add(&n->queries_now, 1);
		return QUERY_PENDING;
	}
	name_ourselves(q);
	if (rc == -ENOTCONN) {
		counter_add(&n->query_no_upstream, 1);
		query_answer_error(q, DNS_RCODE_SERVFAIL,
		    DNS_EDE_NO_REACHABLE_AUTHORITY,
		    "no upstream server is configured", ret);
	} else if (rc == -EOPNOTSUPP) {
		return answer_unresolvable(q, ret);
	} else {
		answer_failure(q, &(struct upstream_result){.status = rc}, ret);
	}
	drop_kept(q);
	return QUERY_ANSWERED;
}

static enum query_outcome
ask_upstream(struct query *q, const struct query_asker *asker,
    struct upstream *upstream, unsigned flags, struct query_answer *ret)
{
	int rc = keep_question(q, asker);

	if (rc == 0)
		rc = upstream_start(
		    upstream, &q->ask, query_dns64_start(q), flags);
	return end_asking(q, rc, ret);
}

/* ------------------------------------------------------------ transfer -- */

/* One message of several.  False if none can be made. */
static bool
answer_part(
    struct query *q, const struct dns_response *r, struct query_answer *ret)
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
answer_transfer(
    struct query *q, const struct transfer_part *part, struct query_answer *ret)
{
	struct query_dns64_end whole = {.result.response = part->response};
	int error = part->status;

	if (error == 0 && part->is_last && !q->is_partly_answered) {
		counter_add(&q->worker->counters.query_relayed, 1);
		answer_relay(q, &whole, ret);
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
		answer_failure(q,
		    &(struct upstream_result){
			.status = error == 0 ? -EBADMSG : error},
		    ret);
}

static void
on_transfer(void *arg, const struct transfer_part *part)
{
	struct query *q = arg;
	struct query_answer answer = {.buf = NULL};

	answer_transfer(q, part, &answer);
	q->is_partly_answered = answer.is_more;
	if (!answer.is_more) {
		if (part->status == 0 && !part->is_last)
			transfer_cancel(q->transfer);
		q->transfer = NULL;
		counter_sub(&q->worker->counters.queries_now, 1);
		drop_kept(q);
	}
	q->done(q, answer);
}

static enum query_outcome
ask_transfer(
    struct query *q, const struct query_asker *asker, struct query_answer *ret)
{
	int rc = keep_question(q, asker);
	struct transfer_ask ask = {
	    .query = &q->dns,
	    .client = q->ask.client,
	    .local = q->ask.local,
	    .fn = on_transfer,
	    .arg = q,
	};

	if (rc == 0)
		rc =
		    transfer_start(q->worker->zone_servers, &ask, &q->transfer);
	return end_asking(q, rc, ret);
}

void
query_pause(struct query *q)
{
	if (q->transfer != NULL)
		transfer_pause(q->transfer);
}

void
query_resume(struct query *q)
{
	if (q->transfer != NULL)
		transfer_resume(q->transfer);
}

/* -------------------------------------------------------------- ladder -- */

/* RFC 9250 4.3.3 for DoQ; what the front table of another transport says. */
static bool
breaks_transport(
    const struct query *q, enum dns_verdict verdict, enum query_outcome *ret)
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

/* Counts an answer of our own under its reason and makes it. */
static enum query_outcome
refuse(struct query *q, counter *reason, const struct dns_error *e,
    struct query_answer *ret)
{
	counter_add(reason, 1);
	query_answer_error(q, e->rcode, e->ede, e->text, ret);
	return QUERY_ANSWERED;
}

static enum query_outcome
answer_verdict(
    struct query *q, enum dns_verdict verdict, struct query_answer *ret)
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
	return refuse(q, reason, &e, ret);
}

/* Zone transfers, NOTIFY and UPDATE are not a resolver's, unless told so. */
static bool
is_operators(const struct dns_query *q)
{
	return q->opcode != DNS_OPCODE_QUERY || dns_query_is_transfer(q);
}

/* RFC 9250 4.5: only these may come as early data, and a whole zone is too much
 * for who may be at another address than he says. */
static bool
is_replayable(const struct dns_query *q)
{
	return q->opcode == DNS_OPCODE_NOTIFY ||
	       (q->opcode == DNS_OPCODE_QUERY && !dns_query_is_transfer(q));
}

static enum config_right
right_of(const struct dns_query *q)
{
	if (q->opcode == DNS_OPCODE_NOTIFY)
		return CONFIG_MAY_NOTIFY;
	return q->opcode == DNS_OPCODE_UPDATE ? CONFIG_MAY_UPDATE
					      : CONFIG_MAY_TRANSFER;
}

/* For whom the operator says, by the servers that he says. */
static enum query_outcome
operate(struct query *q, const struct query_asker *asker,
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
		return refuse(q, reason, &not_done, ret_answer);
	if (access_check(list, asker->address) == ACCESS_DENY)
		return refuse(q, reason, &denied, ret_answer);
	if (dns_query_is_transfer(&q->dns))
		return ask_transfer(q, asker, ret_answer);
	/* RFC 2136 6: what came by a stream goes on by one. */
	return ask_upstream(q, asker, w->zone_servers,
	    q->dns.opcode == DNS_OPCODE_UPDATE ? UPSTREAM_NO_UDP : 0,
	    ret_answer);
}

enum query_outcome
query_start(struct query *q, const uint8_t *msg, size_t len,
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

	assert(!query_is_pending(q));
	counter_add(&n->queries, 1);
	name_ourselves(q);
	if (breaks_transport(q, verdict, &bad))
		return bad;
	if (access_check(config->access.list, asker->address) == ACCESS_DENY)
		return refuse(q, &n->query_denied, &denied, ret_answer);
	if (asker->is_early && !is_replayable(&q->dns) &&
	    (verdict == DNS_VERDICT_OK || verdict == DNS_VERDICT_NOTIMP))
		return refuse(q, &n->query_early, &too_early, ret_answer);
	if (verdict != DNS_VERDICT_OK)
		return answer_verdict(q, verdict, ret_answer);
	if (subnet_choose(config, &q->dns, asker->address, &q->subnet) < 0)
		return refuse(q, &n->query_formerr, &bad_subnet, ret_answer);
	if (q->subnet.has_client)
		q->dns.ecs = &q->subnet.client;
	if (is_operators(&q->dns))
		return operate(q, asker, ret_answer);
	if (query_special(q, asker, ret_answer))
		return QUERY_ANSWERED;
	if (!(q->dns.flags & DNS_FLAG_RD))
		return refuse(q, &n->query_policy, &no_recursion, ret_answer);
	return ask_upstream(q, asker, q->worker->upstream, 0, ret_answer);
}

void
query_cancel(struct query *q)
{
	if (!query_is_pending(q))
		return;
	upstream_cancel(&q->ask);
	if (q->transfer != NULL)
		transfer_cancel(q->transfer);
	q->transfer = NULL;
	q->is_partly_answered = false;
	counter_sub(&q->worker->counters.queries_now, 1);
	counter_add(&q->worker->counters.query_cancelled, 1);
	drop_kept(q);
}

bool
query_is_pending(const struct query *q)
{
	return q->copy != NULL;
}

size_t
query_kept(const struct query *q)
{
	size_t kept = query_dns64_kept(q);

	if (q->transfer != NULL)
		kept += transfer_held(q->transfer);
	if (q->copy != NULL && q->copy != q->inline_copy)
		kept += q->dns.len;
	return kept;
}
