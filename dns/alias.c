/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The records are made where they would stand in a message with the client's
 * question, so that their compression pointers are right in the answer.
 */
#include "dns/alias.h"

#include <assert.h>
#include <string.h>

#include "dns/put.h"

void
dns_alias_start(const struct dns_query *q, struct dns_buf *out)
{
	out->len = DNS_HEADER_SIZE + q->question_len;
	assert(out->len <= out->size);
	memset(out->data, 0, DNS_HEADER_SIZE);
}

void
dns_alias_finish(const struct dns_query *q, const struct dns_buf *out,
    size_t target_len, struct dns_alias *ret_alias)
{
	size_t start = DNS_HEADER_SIZE + q->question_len;

	*ret_alias = (struct dns_alias){
	    .records = out->data + start,
	    .len = out->len - start,
	    .count = dns_get16(out->data + DNS_OFF_ANCOUNT),
	    .target_len = target_len,
	};
}

size_t
dns_alias_bound(const struct dns_query *q, const uint8_t *target)
{
	return DNS_HEADER_SIZE + q->question_len + DNS_POINTER_SIZE +
	       DNS_RECORD_FIXED + dns_name_length(target);
}

void
dns_alias_make(const struct dns_query *q, const uint8_t *target, uint32_t ttl,
    struct dns_buf *out, struct dns_alias *ret_alias)
{
	struct dns_head head = {
	    .owner_at = DNS_HEADER_SIZE,
	    .ttl = ttl,
	    .type = DNS_TYPE_CNAME,
	    .class = DNS_CLASS_IN,
	};
	size_t len = dns_name_length(target);
	int rc;

	dns_alias_start(q, out);
	rc = dns_put_record(out, DNS_OFF_ANCOUNT, &head, target, len);
	assert(rc == 0);
	(void)rc;
	dns_alias_finish(q, out, len, ret_alias);
}

const uint8_t *
dns_alias_target(const struct dns_alias *a)
{
	return a->records + a->len - a->target_len;
}

void
dns_alias_ask(const struct dns_alias *a, const struct dns_query *q,
    uint8_t out[DNS_QUESTION_MAX], struct dns_query *ret_query)
{
	uint8_t *end = out + DNS_HEADER_SIZE + a->target_len;

	memcpy(out + DNS_HEADER_SIZE, dns_alias_target(a), a->target_len);
	dns_put16(end, q->qtype);
	dns_put16(end + 2, DNS_CLASS_IN);
	dns_query_make(out, a->target_len + DNS_QUESTION_FIXED, q->flags,
	    q->edns.flags, ret_query);
}
