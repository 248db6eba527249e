/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's message through all that may be made of it: the error answer, the
 * answer to a special name, and our own query, which must be one that we would
 * accept ourselves.
 */
#include <stdlib.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/cookie.h"
#include "dns/ecs.h"
#include "dns/message.h"
#include "dns/special.h"
#include "tests/fuzz/fuzz.h"

enum {
	QUERY_BLOCK = 128,
	ANSWER_BLOCK = 468
};

static const struct dns_hop hop = {
    .max_size = DNS_MESSAGE_MAX,
    .pad_block = ANSWER_BLOCK,
    .zero_id = true,
    .no_keepalive = true,
};

static struct dns_buf
make_room(size_t size)
{
	struct dns_buf out = {.data = malloc(size), .size = size};

	if (out.data == NULL)
		abort();
	return out;
}

static void
answer(const struct dns_query *q)
{
	struct dns_error e = {
	    .rcode = DNS_RCODE_BADVERS, .ede = DNS_EDE_OTHER, .text = "text"};
	const struct dns_special *s = dns_special_find(q, 0);
	struct dns_buf out = make_room(dns_answer_bound(q, &hop, NULL, NULL));

	if (dns_answer_error(q, &hop, &e, &out) != 0)
		abort();
	free(out.data);
	if (s == NULL)
		return;
	out = make_room(DNS_MESSAGE_MAX);
	if (dns_special_answer(s, q, &hop, &out) != 0)
		abort();
	free(out.data);
}

static void
forward(const struct dns_query *q)
{
	static const uint8_t bits[DNS_NAME_CASE_BITS] = {0x55, 0xaa};
	struct dns_build how = {
	    .id = 1, .case_bits = bits, .pad_block = QUERY_BLOCK};
	struct dns_buf out = make_room(dns_query_build_bound(q, &how));
	struct dns_query again;

	if (dns_query_build(q, &how, &out) != 0 ||
	    dns_query_parse(out.data, out.len, &again) != DNS_VERDICT_OK)
		abort();
	free(out.data);
}

/* The options that somebody reads: what is good is written as it came. */
static void
options(struct dns_query *q, struct dns_ecs *ecs)
{
	const uint8_t *all = q->msg + q->edns.options;
	uint8_t data[DNS_COOKIE_MAX];
	struct dns_option option;
	struct dns_cookie cookie;

	if (dns_ecs_take(q->msg, &q->edns, ecs) == 1) {
		if (dns_option_find(all, q->edns.options_len, DNS_OPTION_ECS,
			&option) != 1 ||
		    dns_ecs_write(ecs, data) != option.len ||
		    memcmp(data, option.data, option.len) != 0)
			abort();
		q->ecs = ecs;
	}
	if (dns_option_find(
		all, q->edns.options_len, DNS_OPTION_COOKIE, &option) == 1 &&
	    dns_cookie_read(option.data, option.len, &cookie) == 0 &&
	    (dns_cookie_write(&cookie, data) != option.len ||
		memcmp(data, option.data, option.len) != 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum dns_verdict verdict;
	struct dns_query q;
	struct dns_ecs ecs;

	if (len > DNS_MESSAGE_MAX)
		return 0;
	verdict = dns_query_parse(data, len, &q);
	if (verdict == DNS_VERDICT_SHORT)
		return 0;
	options(&q, &ecs);
	if (verdict == DNS_VERDICT_OK)
		forward(&q);
	answer(&q);
	return 0;
}
