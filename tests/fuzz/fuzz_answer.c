/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backend's message relayed.  The first octet says how, the rest is the
 * message; the query is made of its own question, so that it is accepted.  What
 * the client gets must be sound in our own eyes, and fit what was promised.
 */
#include <stdlib.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/xfr.h"
#include "tests/fuzz/fuzz.h"

enum {
	HAS_OPT = 0x01,
	HAS_DO = 0x02,
	STRIP = 0x04,
	OVER_UDP = 0x08,
	RAW = 0x10,
	ANSWER_BLOCK = 468,
	UDP_SIZE = 1232,
	QUERY_MAX =
	    DNS_HEADER_SIZE + DNS_NAME_MAX + DNS_QUESTION_FIXED + DNS_OPT_SIZE
};

static const struct dns_hop doq = {
    .max_size = DNS_MESSAGE_MAX,
    .pad_block = ANSWER_BLOCK,
    .no_keepalive = true,
};

static const struct dns_hop udp = {.max_size = UDP_SIZE, .may_truncate = true};

/* Makes the query that the message may answer; 0 if it has no question. */
static size_t
make_query(const uint8_t *msg, size_t len, unsigned how, uint8_t *query)
{
	struct dns_opt opt = {.is_do = (how & HAS_DO) != 0};
	struct dns_buf out = {.data = query, .size = QUERY_MAX};
	size_t end;
	size_t at;

	if (len < DNS_HEADER_SIZE ||
	    dns_name_skip(msg, len, DNS_HEADER_SIZE, &end) != 0 ||
	    len - end < DNS_QUESTION_FIXED)
		return 0;
	out.len = end + DNS_QUESTION_FIXED;
	memcpy(query, msg, out.len);
	memset(query + DNS_OFF_FLAGS, 0, DNS_HEADER_SIZE - DNS_OFF_FLAGS);
	dns_put16(query + DNS_OFF_QDCOUNT, 1);
	if ((how & HAS_OPT) != 0)
		(void)dns_opt_start(&out, &opt, &at);
	return out.len;
}

static void
relay(const struct dns_query *q, const struct dns_response *r,
    const struct dns_expect *e, unsigned how)
{
	const struct dns_hop *hop = (how & OVER_UDP) != 0 ? &udp : &doq;
	struct dns_relay options = {
	    .is_ad_trusted = true,
	    .strip_dnssec = (how & STRIP) != 0,
	    .ede = DNS_EDE_STALE,
	    .ede_text = "stale",
	};
	struct dns_buf out = {.size = dns_answer_bound(q, hop, r, &options)};
	struct dns_response again;
	enum dns_match match;
	int rc;

	out.data = malloc(out.size);
	if (out.data == NULL)
		abort();
	if ((how & RAW) != 0)
		rc = dns_answer_raw(q, hop, r, &out);
	else
		rc = dns_answer_relay(q, hop, r, &options, &out);
	if (rc != 0 || out.len > hop->max_size)
		abort();
	match = dns_response_check(out.data, out.len, e, &again);
	if (match != DNS_MATCH_ACCEPT && match != DNS_MATCH_TRUNCATED)
		abort();
	free(out.data);
}

/* The same as a message of a transfer. */
static void
transfer(const struct dns_query *q, const struct dns_response *r)
{
	static const struct dns_relay plain = {.ede = DNS_EDE_NONE};
	struct dns_buf out = {.size = dns_answer_bound(q, &doq, r, &plain)};
	struct dns_xfr x;

	dns_xfr_init(&x, q);
	if (dns_xfr_take(&x, r) == DNS_XFR_BROKEN)
		return;
	out.data = malloc(out.size);
	if (out.data == NULL)
		abort();
	if (dns_answer_part(q, &doq, r, &out) == 0 && out.len > out.size)
		abort();
	free(out.data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t query[QUERY_MAX];
	struct dns_response r;
	struct dns_expect e;
	struct dns_query q;
	size_t query_len;

	if (len < 1 || len > 1 + DNS_MESSAGE_MAX)
		return 0;
	query_len = make_query(data + 1, len - 1, data[0], query);
	if (query_len == 0 ||
	    dns_query_parse(query, query_len, &q) != DNS_VERDICT_OK ||
	    dns_expect_init(query, query_len, true, &e) != 0)
		return 0;
	if (dns_response_check(data + 1, len - 1, &e, &r) != DNS_MATCH_ACCEPT)
		return 0;
	relay(&q, &r, &e, data[0]);
	if (dns_query_is_transfer(&q))
		transfer(&q, &r);
	return 0;
}
