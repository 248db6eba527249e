/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of a query share among themselves: making an answer. */
#ifndef RESOLVER_QUERY_ANSWER_H
#define RESOLVER_QUERY_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/wire.h"
#include "resolver/query_run.h"

/*
 * Gets a buffer of `bound` octets, and a view of it for dns/.  False, counted,
 * and *ret is no answer: there is no memory.
 */
bool query_answer_begin(struct query_run *q, size_t bound,
    struct query_answer *ret, struct dns_buf *out);

/* Ends what was begun, with what dns/ returned: 0, since `bound` was enough. */
void query_answer_end(
    int rc, const struct dns_buf *out, struct query_answer *ret);

/* Makes an answer without records; `ede` and `text` as in struct dns_error. */
void query_answer_error(struct query_run *q, uint16_t rcode, int ede,
    const char *text, struct query_answer *ret);

/* Makes such an answer and counts it under its reason.  QUERY_ANSWERED. */
enum query_outcome query_refuse(struct query_run *q, counter *reason,
    const struct dns_error *e, struct query_answer *ret);

/* Makes the one HINFO record that ANY may get (RFC 8482 4.2). */
void query_answer_any(struct query_run *q, struct query_answer *ret);

/* Makes the client's answer of what upstream said. */
void query_answer_relay(struct query_run *q, const struct query_dns64_end *end,
    struct query_answer *ret);

/* Upstream failed, which is counted: SERVFAIL, with the Extended DNS Error that
 * says so (RFC 8914 4.23 - 4.25). */
void query_answer_failure(struct query_run *q,
    const struct upstream_result *result, struct query_answer *ret);

#endif
