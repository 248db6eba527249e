/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two ends of one attempt: how its message is made, and whether what came
 * is the answer to it.  The message is not kept: it is made anew for each
 * sending, from the asker's query and from the few random bits in the attempt.
 *
 * Addresses and ports are checked by the kernel and by udp.c, the ID by the
 * table of the socket or connection (RFC 5452 9.1).
 */
#include <string.h>

#include "dns/name.h"
#include "resolver/back/internal.h"

void
back_match_build(struct back_attempt *a, const union net_addr *local,
    struct back_message *ret_message)
{
	struct dns_build how = {.id = a->id, .no_edns = a->no_edns};

	if (a->has_case)
		how.case_bits = a->case_bits;
	ret_message->how = how;
	back_edns_put(a, local, ret_message);
}

size_t
back_match_header(const struct back_attempt *a, uint8_t out[PROXYV2_MAX])
{
	const struct upstream_ask *ask = a->ask;

	if (!a->slot->server->is_proxied)
		return 0;
	return proxyv2_write(
	    ask->client, ask->local, a->is_udp ? SOCK_DGRAM : SOCK_STREAM, out);
}

/* Says why dns_response_check() ignored a message of 12 octets or more. */
static void
count_mismatch(struct upstream *u, const struct dns_expect *e,
    const uint8_t *msg, size_t len)
{
	uint16_t flags = dns_get16(msg + DNS_OFF_FLAGS);
	const uint8_t *q = msg + DNS_HEADER_SIZE;
	size_t name_len;

	if ((flags & DNS_FLAG_QR) == 0) {
		BACK_COUNT(u, mismatch_qr);
		return;
	}
	if ((flags & DNS_OPCODE_MASK) >> DNS_OPCODE_SHIFT != e->opcode) {
		BACK_COUNT(u, mismatch_opcode);
		return;
	}
	if (e->question_len == 0 || len - DNS_HEADER_SIZE < e->question_len) {
		BACK_COUNT(u, mismatch_name);
		return;
	}
	name_len = e->question_len - DNS_QUESTION_FIXED;
	if (!dns_name_bytes_equal(q, e->question, name_len))
		BACK_COUNT(u, mismatch_name);
	else if (dns_get16(q + name_len) != dns_get16(e->question + name_len))
		BACK_COUNT(u, mismatch_type);
	else if (dns_get16(q + name_len + 2) !=
		 dns_get16(e->question + name_len + 2))
		BACK_COUNT(u, mismatch_class);
	else
		BACK_COUNT(u, mismatch_name); /* QDCOUNT is not 1 */
}

/* What the answer must match, its question in `question` if it was mixed. */
static void
expect(
    const struct back_attempt *a, uint8_t *question, struct dns_expect *ret_e)
{
	const struct dns_query *q = a->ask->query;
	struct dns_expect e = {
	    .id = a->id,
	    .opcode = q->opcode,
	    .question_len = q->question_len,
	    .is_case_exact = a->has_case,
	};

	if (q->question_len > 0)
		e.question = q->msg + DNS_HEADER_SIZE;
	if (a->has_case) {
		memcpy(question, e.question, e.question_len);
		dns_name_randomize_case(question, a->case_bits);
		e.question = question;
	}
	*ret_e = e;
}

enum dns_match
back_match_check(struct back_attempt *a, const uint8_t *msg, size_t len,
    struct dns_response *ret_response)
{
	struct upstream *u = a->ask->upstream;
	uint8_t question[DNS_NAME_MAX + DNS_QUESTION_FIXED];
	struct dns_expect e;
	enum dns_match match;

	expect(a, question, &e);
	match = dns_response_check(msg, len, &e, ret_response);
	if (match == DNS_MATCH_IGNORE)
		count_mismatch(u, &e, msg, len);
	else if (match == DNS_MATCH_CASE)
		BACK_COUNT(u, mismatch_case);
	else if (match == DNS_MATCH_BROKEN)
		BACK_COUNT(u, broken);
	else if (match == DNS_MATCH_ACCEPT)
		match = back_edns_check(a, ret_response);
	return match;
}
