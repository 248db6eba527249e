/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backend's message judged.
 *
 * Two steps with different ends.  The first decides whether the message is an
 * answer to what was asked at all: if not, it may be forged, and it must
 * neither be used nor end the query (RFC 5452 9.1).  The second decides whether
 * it can be parsed: from here on it is believed to be the backend's, and a
 * fault ends the query with SERVFAIL.
 */
#include "dns/response.h"

#include <errno.h>
#include <string.h>

#include "dns/name.h"
#include "dns/record.h"
#include "dns/ttl.h"

/* Where the 4 upper bits of an RCODE of 12 go (RFC 6891 6.1.3). */
#define EXTENDED_SHIFT 4

static uint8_t
opcode_of(uint16_t flags)
{
	return (uint8_t)((flags & DNS_OPCODE_MASK) >> DNS_OPCODE_SHIFT);
}

/* Finds the end of the first question.  It has nothing to point to. */
static int
skip_question(const uint8_t *msg, size_t len, size_t *ret_len)
{
	size_t end;

	if (dns_name_skip(msg, len, DNS_HEADER_SIZE, &end) != 0 ||
	    len - end < DNS_QUESTION_FIXED)
		return -EBADMSG;
	*ret_len = end + DNS_QUESTION_FIXED - DNS_HEADER_SIZE;
	return 0;
}

int
dns_expect_init(const uint8_t *sent, size_t len, bool is_case_exact,
    struct dns_expect *ret_expect)
{
	struct dns_expect e = {.is_case_exact = is_case_exact};

	if (len < DNS_HEADER_SIZE)
		return -EINVAL;
	e.id = dns_get16(sent + DNS_OFF_ID);
	e.opcode = opcode_of(dns_get16(sent + DNS_OFF_FLAGS));
	if (dns_get16(sent + DNS_OFF_QDCOUNT) == 1) {
		if (skip_question(sent, len, &e.question_len) != 0)
			return -EINVAL;
		e.question = sent + DNS_HEADER_SIZE;
	} else if (e.opcode == DNS_OPCODE_QUERY) {
		return -EINVAL;
	}
	*ret_expect = e;
	return 0;
}

/* RFC 5452 9.1; some servers answer without it what they cannot parse, and
 * Unbound what its access-control refuses. */
static bool
may_lack_question(const struct dns_response *r, const struct dns_expect *e)
{
	unsigned rcode = r->flags & DNS_RCODE_MASK;

	return e->may_lack_question || e->opcode != DNS_OPCODE_QUERY ||
	       rcode == DNS_RCODE_FORMERR || rcode == DNS_RCODE_NOTIMP ||
	       rcode == DNS_RCODE_REFUSED;
}

static enum dns_match
match_question(struct dns_response *r, const struct dns_expect *e)
{
	const uint8_t *q = r->msg + DNS_HEADER_SIZE;
	unsigned count = dns_get16(r->msg + DNS_OFF_QDCOUNT);
	size_t name_len;

	if (count == 0)
		return may_lack_question(r, e) ? DNS_MATCH_ACCEPT
					       : DNS_MATCH_IGNORE;
	if (count != 1 || skip_question(r->msg, r->len, &r->question_len) != 0)
		return DNS_MATCH_IGNORE;
	if (r->question_len != e->question_len)
		return DNS_MATCH_IGNORE;
	name_len = e->question_len - DNS_QUESTION_FIXED;
	if (!dns_name_bytes_equal(q, e->question, name_len) ||
	    memcmp(q + name_len, e->question + name_len, DNS_QUESTION_FIXED) !=
		0)
		return DNS_MATCH_IGNORE;
	if (e->is_case_exact && memcmp(q, e->question, name_len) != 0)
		return DNS_MATCH_CASE;
	return DNS_MATCH_ACCEPT;
}

static enum dns_match
match_header(const struct dns_response *r, const struct dns_expect *e)
{
	if (dns_get16(r->msg + DNS_OFF_ID) != e->id)
		return DNS_MATCH_IGNORE;
	if ((r->flags & DNS_FLAG_QR) == 0 || opcode_of(r->flags) != e->opcode)
		return DNS_MATCH_IGNORE;
	return DNS_MATCH_ACCEPT;
}

/* RFC 6891 6.1.1, RFC 8945 5.1: where these two may stand, and how often. */
static int
note_meta(
    struct dns_response *r, const struct dns_record *rr, bool is_additional)
{
	if (r->tsig_start != 0)
		return -EBADMSG;
	if (rr->type == DNS_TYPE_TSIG) {
		r->tsig_start = rr->start;
		return is_additional ? 0 : -EBADMSG;
	}
	if (rr->type == DNS_TYPE_OPT) {
		if (!is_additional || r->opt_start != 0 ||
		    r->msg[rr->start] != 0)
			return -EBADMSG;
		r->opt_start = rr->start;
		r->opt_end = rr->end;
		/* Its options are for this hop: broken ones harm nobody. */
		dns_edns_read(r->msg, rr, &r->edns);
	}
	return 0;
}

/* RFC 8767 4; RFC 2181 5.2.  An RRset is seldom scattered over a message. */
static bool
is_odd_ttl(const struct dns_record *rr, const struct dns_record *before)
{
	if (rr->type == DNS_TYPE_OPT || rr->type == DNS_TYPE_TSIG)
		return false;
	return rr->ttl > DNS_TTL_MAX ||
	       (rr->type == before->type && rr->ttl != before->ttl);
}

static int
walk_records(struct dns_response *r, const struct dns_expect *e)
{
	unsigned additional = dns_get16(r->msg + DNS_OFF_ARCOUNT);
	unsigned before = dns_get16(r->msg + DNS_OFF_ANCOUNT) +
			  (unsigned)dns_get16(r->msg + DNS_OFF_NSCOUNT);
	/* RFC 2136 2.4: there records of any type may have no RDATA. */
	bool has_data = e->opcode != DNS_OPCODE_UPDATE;
	struct dns_record last = {.type = 0};
	size_t pos = r->records;
	struct dns_record rr;
	unsigned i;

	for (i = 0; i < before + additional; i++) {
		if (dns_record_read(r->msg, r->len, pos, &rr) != 0)
			return -EBADMSG;
		if (has_data && dns_record_check(r->msg, &rr) != 0)
			return -EBADMSG;
		if (note_meta(r, &rr, i >= before) != 0)
			return -EBADMSG;
		r->has_odd_ttls = r->has_odd_ttls || is_odd_ttl(&rr, &last);
		last = rr;
		pos = rr.end;
	}
	return pos == r->len ? 0 : -EBADMSG;
}

enum dns_match
dns_response_check(const uint8_t *msg, size_t len, const struct dns_expect *e,
    struct dns_response *ret_resp)
{
	struct dns_response r = {.msg = msg, .len = len};
	enum dns_match match;

	if (len < DNS_HEADER_SIZE)
		return DNS_MATCH_IGNORE;
	r.flags = dns_get16(msg + DNS_OFF_FLAGS);
	match = match_header(&r, e);
	if (match == DNS_MATCH_ACCEPT)
		match = match_question(&r, e);
	if (match != DNS_MATCH_ACCEPT)
		return match;
	r.records = DNS_HEADER_SIZE + r.question_len;
	r.rcode = r.flags & DNS_RCODE_MASK;
	if ((r.flags & DNS_FLAG_TC) != 0) {
		*ret_resp = r;
		return DNS_MATCH_TRUNCATED;
	}
	if (walk_records(&r, e) != 0)
		return DNS_MATCH_BROKEN;
	r.rcode |= (uint16_t)(r.edns.extended_rcode << EXTENDED_SHIFT);
	*ret_resp = r;
	return DNS_MATCH_ACCEPT;
}
