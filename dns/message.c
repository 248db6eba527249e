/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's message read, and our own query made from it.
 *
 * Reading keeps two questions apart.  "Can it be parsed?" is answered by one
 * walk over all records, which goes on over faults of meaning, so that an OPT
 * record further on is still seen: an answer needs to know of it, and so does
 * the rule that keepalive on DoQ is fatal before anything else.  "May it be
 * asked?" is answered afterwards from what the walk found.
 */
#include "dns/message.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "dns/record.h"

/* The sections with records, in the order of their counts in the header. */
enum section {
	SECTION_ANSWER,
	SECTION_AUTHORITY,
	SECTION_ADDITIONAL,
	SECTIONS,
};

/* TYPE COVERED is the first field of a SIG; 0 is a SIG(0) (RFC 2931 3). */
#define SIG_COVERED_SIZE 2

/* The walk over a client's message. */
struct walk {
	struct dns_query *q;
	size_t pos;
	bool has_tsig; /* nothing may follow */
};

/* The first fault is told; any makes the message one that is not asked. */
static void
note_fault(struct dns_query *q, const char *fault)
{
	if (q->fault == NULL)
		q->fault = fault;
}

/* Where the count of records of a section stands in the header. */
static uint16_t
count_of(const struct dns_query *q, enum section section)
{
	return dns_get16(q->msg + DNS_OFF_ANCOUNT + 2 * (size_t)section);
}

static int
walk_questions(struct walk *w)
{
	struct dns_query *q = w->q;
	unsigned count = dns_get16(q->msg + DNS_OFF_QDCOUNT);
	unsigned i;
	size_t end;

	for (i = 0; i < count; i++) {
		if (dns_name_skip(q->msg, q->len, w->pos, &end) != 0 ||
		    q->len - end < DNS_QUESTION_FIXED) {
			note_fault(q, "a question cannot be parsed");
			return -EBADMSG;
		}
		w->pos = end + DNS_QUESTION_FIXED;
	}
	if (count == 1) {
		/* A first name has nothing to point to: it is plain. */
		q->question_len = w->pos - DNS_HEADER_SIZE;
		q->qtype = dns_get16(q->msg + w->pos - DNS_QUESTION_FIXED);
		q->qclass = dns_get16(q->msg + w->pos - 2);
	}
	return 0;
}

/* RFC 6891 6.1.1: one, anywhere in the additional section, owned by the root */
static void
note_opt(struct walk *w, const struct dns_record *rr, enum section section)
{
	struct dns_edns *edns = &w->q->edns;
	const char *fault = NULL;

	if (section != SECTION_ADDITIONAL)
		fault = "OPT outside the additional section";
	else if (edns->is_present)
		fault = "more than one OPT";
	else if (w->q->msg[rr->start] != 0)
		fault = "OPT with a name";
	/* A bad one still is one, and its error answer has ours. */
	edns->is_present = true;
	if (fault != NULL)
		note_fault(w->q, fault);
	else if (!rr->is_cut)
		dns_edns_read(w->q->msg, rr, edns);
	if (edns->is_broken)
		note_fault(w->q, "options do not fill the OPT");
}

static void
note_signature(
    struct walk *w, const struct dns_record *rr, enum section section)
{
	if (rr->is_cut)
		return;
	if (rr->type == DNS_TYPE_TSIG) {
		/* RFC 8945 5.1: elsewhere is a FORMERR. */
		if (section != SECTION_ADDITIONAL)
			note_fault(w->q, "TSIG outside the additional section");
		w->has_tsig = true;
		w->q->is_signed = true;
	} else if (section == SECTION_ADDITIONAL &&
		   rr->end - rr->rdata >= SIG_COVERED_SIZE &&
		   dns_get16(w->q->msg + rr->rdata) == 0) {
		w->q->is_signed = true;
	}
}

static int
walk_section(struct walk *w, enum section section)
{
	struct dns_query *q = w->q;
	unsigned count = count_of(q, section);
	struct dns_record rr;
	unsigned i;

	for (i = 0; i < count; i++) {
		if (dns_record_peek(q->msg, q->len, w->pos, &rr) != 0) {
			note_fault(q, "a record cannot be parsed");
			return -EBADMSG;
		}
		if (w->has_tsig)
			note_fault(q, "a record behind the TSIG");
		if (rr.type == DNS_TYPE_OPT)
			note_opt(w, &rr, section);
		else if (rr.type == DNS_TYPE_TSIG || rr.type == DNS_TYPE_SIG)
			note_signature(w, &rr, section);
		if (rr.is_cut) {
			note_fault(q, "a record is cut");
			return -EBADMSG;
		}
		w->pos = rr.end;
	}
	return 0;
}

/* Reads all of it, by the counts and with nothing left over. */
static void
walk_message(struct dns_query *q)
{
	struct walk w = {.q = q, .pos = DNS_HEADER_SIZE};
	enum section section;

	if (walk_questions(&w) != 0)
		return;
	for (section = SECTION_ANSWER; section < SECTIONS; section++) {
		if (walk_section(&w, section) != 0)
			return;
	}
	if (w.pos != q->len)
		note_fault(q, "octets behind the last record");
}

static bool
is_known_opcode(uint8_t opcode)
{
	return opcode == DNS_OPCODE_QUERY || opcode == DNS_OPCODE_NOTIFY ||
	       opcode == DNS_OPCODE_UPDATE;
}

/*
 * Is it a query that can be asked?  RFC 9619 4: the rule on QDCOUNT is for this
 * opcode only.  OPT and TSIG are no types of data (RFC 6895 3.1).
 */
static void
check_query(struct dns_query *q)
{
	unsigned authority = count_of(q, SECTION_AUTHORITY);

	if (q->question_len == 0)
		note_fault(q, "not exactly one question");
	else if (count_of(q, SECTION_ANSWER) != 0)
		note_fault(q, "a record in the answer section");
	/* RFC 1995 3: the SOA that the asker of IXFR has. */
	else if (authority > (q->qtype == DNS_TYPE_IXFR ? 1 : 0))
		note_fault(q, "a record in the authority section");
	else if (q->qtype == DNS_TYPE_OPT || q->qtype == DNS_TYPE_TSIG)
		note_fault(q, "no type to ask for");
}

static enum dns_verdict
judge(struct dns_query *q)
{
	walk_message(q);
	if (!is_known_opcode(q->opcode)) {
		/* RFC 8906 8.1.4: the sections of the answer are empty. */
		q->question_len = 0;
		q->fault = NULL;
		return DNS_VERDICT_NOTIMP;
	}
	if (q->opcode == DNS_OPCODE_QUERY)
		check_query(q);
	if (q->fault != NULL)
		return DNS_VERDICT_FORMERR;
	if (q->edns.is_present && q->edns.version != DNS_EDNS_VERSION)
		return DNS_VERDICT_BADVERS;
	return DNS_VERDICT_OK;
}

enum dns_verdict
dns_query_parse(const uint8_t *msg, size_t len, struct dns_query *ret_query)
{
	struct dns_query *q = ret_query;
	enum dns_verdict verdict;
	uint16_t flags;

	if (len < DNS_HEADER_SIZE)
		return DNS_VERDICT_SHORT;
	flags = dns_get16(msg + DNS_OFF_FLAGS);
	*q = (struct dns_query){
	    .msg = msg,
	    .len = len,
	    .id = dns_get16(msg + DNS_OFF_ID),
	    .flags = flags,
	    .opcode = (uint8_t)((flags & DNS_OPCODE_MASK) >> DNS_OPCODE_SHIFT),
	};
	verdict = judge(q);
	return (flags & DNS_FLAG_QR) != 0 ? DNS_VERDICT_QR_SET : verdict;
}

void
dns_query_make(uint8_t *msg, size_t question_len, uint16_t flags,
    uint16_t edns_flags, struct dns_query *ret_query)
{
	enum dns_verdict verdict;

	memset(msg, 0, DNS_HEADER_SIZE);
	dns_put16(msg + DNS_OFF_FLAGS, flags);
	dns_put16(msg + DNS_OFF_QDCOUNT, 1);
	verdict =
	    dns_query_parse(msg, DNS_HEADER_SIZE + question_len, ret_query);
	assert(verdict == DNS_VERDICT_OK);
	(void)verdict;
	ret_query->edns.flags = edns_flags;
}

uint16_t
dns_verdict_rcode(enum dns_verdict verdict)
{
	assert(verdict == DNS_VERDICT_FORMERR ||
	       verdict == DNS_VERDICT_NOTIMP || verdict == DNS_VERDICT_BADVERS);
	if (verdict == DNS_VERDICT_NOTIMP)
		return DNS_RCODE_NOTIMP;
	return verdict == DNS_VERDICT_BADVERS ? DNS_RCODE_BADVERS
					      : DNS_RCODE_FORMERR;
}

bool
dns_query_is_raw(const struct dns_query *q)
{
	return q->is_signed || q->opcode != DNS_OPCODE_QUERY ||
	       q->qtype == DNS_TYPE_TKEY;
}

static int
build_raw(const struct dns_query *q, uint16_t id, struct dns_buf *out)
{
	if (out->size < q->len)
		return -EMSGSIZE;
	memcpy(out->data, q->msg, q->len);
	/* RFC 8945 4.3.2: the MAC is made with the Original ID in the TSIG. */
	dns_put16(out->data + DNS_OFF_ID, id);
	out->len = q->len;
	return 0;
}

/* RFC 1995 3: octets of the SOA that the asker of IXFR has; others have none,
 * and nothing else goes to a backend. */
static size_t
authority_size(const struct dns_query *q)
{
	size_t pos = DNS_HEADER_SIZE + q->question_len;
	struct dns_record rr;

	if (count_of(q, SECTION_AUTHORITY) == 0 ||
	    dns_record_read(q->msg, q->len, pos, &rr) != 0 ||
	    rr.type != DNS_TYPE_SOA || dns_record_check(q->msg, &rr) != 0)
		return 0;
	return rr.end - pos;
}

static int
build_question(
    const struct dns_query *q, const struct dns_build *how, struct dns_buf *out)
{
	size_t authority = authority_size(q);
	uint8_t *p = out->data;
	uint16_t flags;

	out->len = DNS_HEADER_SIZE + q->question_len + authority;
	if (out->len > out->size)
		return -EMSGSIZE;
	flags = q->flags & (DNS_FLAG_RD | DNS_FLAG_AD | DNS_FLAG_CD);
	memset(p, 0, DNS_HEADER_SIZE);
	dns_put16(p + DNS_OFF_ID, how->id);
	dns_put16(p + DNS_OFF_FLAGS, flags);
	dns_put16(p + DNS_OFF_QDCOUNT, 1);
	dns_put16(p + DNS_OFF_NSCOUNT, authority > 0 ? 1 : 0);
	/* Both at their old places, so that pointers stay right. */
	memcpy(p + DNS_HEADER_SIZE, q->msg + DNS_HEADER_SIZE,
	    q->question_len + authority);
	if (how->case_bits != NULL)
		dns_name_randomize_case(p + DNS_HEADER_SIZE, how->case_bits);
	return 0;
}

static int
build_opt(
    const struct dns_query *q, const struct dns_build *how, struct dns_buf *out)
{
	struct dns_opt opt = {
	    .rcode = DNS_RCODE_NOERROR,
	    .is_do = (q->edns.flags & DNS_EDNS_DO) != 0,
	};
	size_t at;

	if (dns_opt_start(out, &opt, &at) != 0 ||
	    dns_opt_add_raw(out, at, how->options, how->options_len) != 0)
		return -EMSGSIZE;
	if (how->pad_block > 0)
		dns_opt_pad(out, at, how->pad_block, out->size);
	return 0;
}

int
dns_query_build(
    const struct dns_query *q, const struct dns_build *how, struct dns_buf *out)
{
	struct dns_buf b = *out;
	int rc;

	if (b.size > DNS_MESSAGE_MAX)
		b.size = DNS_MESSAGE_MAX;
	if (dns_query_is_raw(q)) {
		rc = build_raw(q, how->id, &b);
	} else {
		assert(q->question_len > 0);
		rc = build_question(q, how, &b);
		if (rc == 0 && !how->no_edns)
			rc = build_opt(q, how, &b);
	}
	if (rc == 0)
		out->len = b.len;
	return rc;
}

size_t
dns_query_build_bound(const struct dns_query *q, const struct dns_build *how)
{
	size_t len = DNS_HEADER_SIZE + q->question_len;

	if (dns_query_is_raw(q))
		return q->len;
	len += authority_size(q);
	if (!how->no_edns)
		len += DNS_OPT_SIZE + how->options_len;
	if (how->pad_block > 0)
		len += DNS_OPTION_FIXED + (size_t)how->pad_block;
	return len < DNS_MESSAGE_MAX ? len : DNS_MESSAGE_MAX;
}
