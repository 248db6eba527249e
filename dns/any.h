/* SPDX-License-Identifier: BSD-2-Clause */
/* Little answers to ANY (RFC 8482): one HINFO instead of all there is. */
#ifndef DNS_ANY_H
#define DNS_ANY_H

#include <stdbool.h>

#include "dns/answer.h"
#include "dns/message.h"
#include "dns/response.h"

/* Octets that the record takes up. */
#define DNS_ANY_RECORDS (2 + 10 + 8 + 1)

/*
 * May one HINFO stand for what a backend answered?  RFC 8482 4.2: there are
 * records, and no CNAME among them.  Not for who asked with DO, who would miss
 * the signature of it where the zone is signed.
 */
bool dns_any_may_shrink(
    const struct dns_query *q, const struct dns_response *r);

/*
 * Makes that answer.  dns_answer_bound() and DNS_ANY_RECORDS octets are enough.
 * Returns 0 or -EMSGSIZE.
 */
int dns_any_answer(
    const struct dns_query *q, const struct dns_hop *hop, struct dns_buf *out);

#endif
