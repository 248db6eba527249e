/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers, made by dns/ in buffers that pass to the front end. */
#include "resolver/query_answer.h"

#include <assert.h>
#include <errno.h>

#include "dns/any.h"
#include "quic/evquic.h"
#include "resolver/query_alias.h"
#include "resolver/worker.h"

bool
query_answer_begin(struct query_run *q, size_t bound, struct query_answer *ret,
    struct dns_buf *out)
{
	*ret = (struct query_answer){.len = 0};
	ret->buf = evquic_buf_new(q->worker->quic, bound);
	if (ret->buf == NULL) {
		counter_add(&q->worker->counters.query_no_memory, 1);
		return false;
	}
	*out = (struct dns_buf){
	    .data = evquic_buf_data(ret->buf),
	    .size = evquic_buf_room(ret->buf),
	};
	return true;
}

void
query_answer_end(int rc, const struct dns_buf *out, struct query_answer *ret)
{
	/* The buffer had the size that dns/ asked for. */
	assert(rc == 0 && out->len > 0);
	(void)rc;
	ret->len = out->len;
}

void
query_answer_error(struct query_run *q, uint16_t rcode, int ede,
    const char *text, struct query_answer *ret)
{
	struct dns_error e = {.rcode = rcode, .ede = ede, .text = text};
	size_t bound = dns_answer_bound(&q->dns, &q->front->hop, NULL, NULL);
	struct dns_buf out;

	if (query_answer_begin(q, bound, ret, &out))
		query_answer_end(
		    dns_answer_error(&q->dns, &q->front->hop, &e, &out), &out,
		    ret);
}

void
query_answer_any(struct query_run *q, struct query_answer *ret)
{
	size_t bound = dns_answer_bound(&q->dns, &q->front->hop, NULL, NULL);
	struct dns_buf out;

	if (query_answer_begin(q, bound + DNS_ANY_RECORDS, ret, &out))
		query_answer_end(
		    dns_any_answer(&q->dns, &q->front->hop, &out), &out, ret);
}

void
query_answer_relay(struct query_run *q, const struct query_dns64_end *end,
    struct query_answer *ret)
{
	const struct upstream_result *result = &end->result;
	struct dns_relay how = {
	    .is_ad_trusted = result->is_ad_trusted,
	    .strip_dnssec = result->strip_dnssec,
	    .ede = DNS_EDE_NONE,
	    .edit = end->has_edit ? &end->edit.edit : NULL,
	    .below = end->below,
	};
	bool raw = dns_query_is_raw(&q->dns);
	struct dns_buf out;
	size_t bound;
	int rc;

	if (result->ede_text != NULL) {
		how.ede = result->ede;
		how.ede_text = result->ede_text;
	}
	query_alias_relay(q, result->response, &how);
	subnet_learn(&q->subnet, result->response);
	bound = dns_answer_bound(
	    &q->dns, &q->front->hop, result->response, raw ? NULL : &how);
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

void
query_answer_failure(struct query_run *q, const struct upstream_result *result,
    struct query_answer *ret)
{
	struct dns_error e;

	counter_add(&q->worker->counters.query_failed, 1);
	fetch_error(result, &e);
	query_answer_error(q, e.rcode, e.ede, e.text, ret);
}

enum query_outcome
query_refuse(struct query_run *q, counter *reason, const struct dns_error *e,
    struct query_answer *ret)
{
	counter_add(reason, 1);
	query_answer_error(q, e->rcode, e->ede, e->text, ret);
	return QUERY_ANSWERED;
}
