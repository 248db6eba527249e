/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers of our own, made by dns/ in buffers that pass to the front end. */
#include "resolver/query_answer.h"

#include <assert.h>

#include "quic/evquic.h"
#include "resolver/worker.h"

bool
query_answer_begin(struct query *q, size_t bound, struct query_answer *ret,
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
query_answer_error(struct query *q, uint16_t rcode, int ede, const char *text,
    struct query_answer *ret)
{
	struct dns_error e = {.rcode = rcode, .ede = ede, .text = text};
	size_t bound = dns_answer_bound(&q->dns, &q->front->hop, NULL, NULL);
	struct dns_buf out;

	if (query_answer_begin(q, bound, ret, &out))
		query_answer_end(
		    dns_answer_error(&q->dns, &q->front->hop, &e, &out), &out,
		    ret);
}
