/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer to a message: every name exists, and has the address 192.0.2.53.
 * Names that begin with "big" have a TXT record of 60,000 octets, those with
 * "slow" are answered late, those with "nx" do not exist.  A few names are
 * special (RFC 6761 and others).
 */
#include "tests/fake/wrong/wrong.h"
#include "tools/doqspec/raw/dnsmsg.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	QUERY = 0,
	DSO = 6,
	NOTIFY = 4,
	UPDATE = 5,
	FORMERR = 1,
	LABEL_MOST = 63,
	LABELS_MOST = 100,
	NAME_MOST = 254,
	RECORDS_MANY = 64,
	SERVFAIL = 2,
	NXDOMAIN = 3,
	NOTIMP = 4,
	REFUSED = 5,
	BADVERS = 16,
	TYPE_SOA = 6,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_TKEY = 249,
	TYPE_TSIG = 250,
	TYPE_IXFR = 251,
	TYPE_AXFR = 252,
	TYPE_MAILB = 253,
	TYPE_MAILA = 254,
	TYPE_ANY = 255,
	CLASS_IN = 1,
	CLASS_ANY = 255,
	TTL = 300,
	BIG_STRINGS = 240,
	STRING_LEN = 255,
	PAD_BLOCK = 468, /* RFC 8467 4.1 */
	QUERY_BLOCK = 128,
	OPTION_HEAD = 4,
	MESSAGE_MAX = 65535,
	OWN_SIZE = 1232,
	UDP_LIMIT = 512,
	FLAG_DO = 0x8000,
	EDE_TOO_EARLY = 26
};

#define ADDRESS 0xc0000235   /* 192.0.2.53 */
#define LOCALHOST 0x7f000001 /* 127.0.0.1 */

/* One message on its way to an answer. */
struct job {
	const struct wrong_dns *dns;
	const struct wrong_server *server;
	struct raw_dns query;
	bool is_readable;
	unsigned rcode;
	struct raw_buf *out;
	size_t start;
	unsigned answers, authorities, extras;
};

static bool
does(const struct job *job, enum wrong_mutant mutant)
{
	return wrong_does(job->server, mutant);
}

static bool
begins(const struct job *job, const char *prefix)
{
	return strncasecmp(job->query.qname, prefix, strlen(prefix)) == 0;
}

static bool
has_option(const struct raw_dns *query, unsigned code)
{
	for (size_t i = 0; i < query->noptions; i++)
		if (query->options[i] == code)
			return true;
	return false;
}

/* ------------------------------------------------------------- records -- */

static void
put_head(struct raw_buf *out, unsigned type, size_t len)
{
	raw_buf_u16(out, 0xc000 | RAW_DNS_HEADER_LEN); /* the question's name */
	raw_buf_u16(out, type);
	raw_buf_u16(out, CLASS_IN);
	raw_buf_u32(out, TTL);
	raw_buf_u16(out, (unsigned)len);
}

static void
put_big(struct job *job)
{
	put_head(job->out, TYPE_TXT, BIG_STRINGS * (STRING_LEN + 1));
	for (int i = 0; i < BIG_STRINGS; i++) {
		raw_buf_u8(job->out, STRING_LEN);
		raw_buf_fill(job->out, 'b', STRING_LEN);
	}
	job->answers++;
}

static void
put_soa(struct job *job)
{
	static const uint32_t numbers[] = {1, 3600, 600, 86400, 300};
	static const char mailbox[] = "\006nobody\007invalid";

	/* RFC 6303 3 */
	put_head(job->out, TYPE_SOA, 1 + sizeof(mailbox) + sizeof(numbers));
	raw_buf_u8(job->out, 0);
	raw_buf_add(job->out, mailbox, sizeof(mailbox));
	for (size_t i = 0; i < 5; i++)
		raw_buf_u32(job->out, numbers[i]);
	job->authorities++;
}

/* Is it this name, or below it?  A part of a label does not count. */
static bool
is_below(const struct job *job, const char *parent)
{
	const char *name = job->query.qname;
	size_t len = strlen(name), want = strlen(parent);

	if (len < want || strcasecmp(name + len - want, parent) != 0)
		return false;
	if (does(job, WRONG_SPECIAL_CASE) &&
	    strcmp(name + len - want, parent) != 0)
		return false;
	return len == want || name[len - want - 1] == '.' ||
	       does(job, WRONG_SPECIAL_LOOKALIKE);
}

/* Names that never existed anywhere. */
static bool
is_nowhere(const struct job *job)
{
	if (does(job, WRONG_SPECIAL_ORDINARY))
		return begins(job, "nx");
	return begins(job, "nx") || is_below(job, "invalid.") ||
	       is_below(job, "home.arpa.") ||
	       (is_below(job, "10.in-addr.arpa.") &&
		   !begins(job, "10.in-addr.arpa."));
}

/* Those of which only the SOA is told. */
static bool
is_empty(const struct job *job)
{
	return !does(job, WRONG_SPECIAL_ORDINARY) &&
	       (is_below(job, "resolver.arpa.") ||
		   is_below(job, "10.in-addr.arpa."));
}

static void
put_own_soa(struct job *job)
{
	put_soa(job);
	job->authorities--;
	job->answers++;
}

static void
put_address(struct job *job, uint32_t address)
{
	put_head(job->out, RAW_DNS_TYPE_A, 4);
	raw_buf_u32(job->out, address);
	job->answers++;
}

static void
put_records(struct job *job)
{
	static const uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	bool is_localhost =
	    !does(job, WRONG_SPECIAL_ORDINARY) && is_below(job, "localhost.");
	uint32_t address = is_localhost ? LOCALHOST : ADDRESS;

	if (is_nowhere(job)) {
		job->rcode = NXDOMAIN;
		put_soa(job);
		return;
	}
	if (job->query.qtype == TYPE_SOA) {
		put_own_soa(job);
		return;
	}
	switch (is_empty(job) ? 0 : job->query.qtype) {
	case RAW_DNS_TYPE_A:
		put_address(job, address);
		break;
	case TYPE_AAAA:
		put_head(job->out, TYPE_AAAA, sizeof(six));
		raw_buf_add(job->out, six, sizeof(six));
		job->answers++;
		break;
	case TYPE_TXT:
		if (begins(job, "big")) {
			put_big(job);
			break;
		}
		put_head(job->out, TYPE_TXT, 6);
		raw_buf_u8(job->out, 5);
		raw_buf_add(job->out, "right", 5);
		job->answers++;
		break;
	default:
		put_soa(job);
	}
}

/* ----------------------------------------------------------------- OPT -- */

static void
put_option(struct raw_buf *out, unsigned code, const void *data, size_t len)
{
	raw_buf_u16(out, code);
	raw_buf_u16(out, (unsigned)len);
	raw_buf_add(out, data, len);
}

static size_t
padding_for(const struct job *job, size_t len)
{
	size_t block = does(job, WRONG_PAD_BLOCK) ? QUERY_BLOCK : PAD_BLOCK;
	size_t over = len % block;
	size_t pad = over == 0 ? 0 : block - over;

	return len + pad > MESSAGE_MAX ? MESSAGE_MAX - len : pad;
}

static void
put_padding(struct job *job)
{
	size_t len = job->out->len - job->start + OPTION_HEAD;
	size_t pad = padding_for(job, len);

	if (does(job, WRONG_PAD_NONE) || len > MESSAGE_MAX)
		return;
	raw_buf_u16(job->out, RAW_DNS_OPTION_PADDING);
	raw_buf_u16(job->out, (unsigned)pad);
	raw_buf_fill(job->out, does(job, WRONG_PAD_NOT_ZERO) ? 0xff : 0, pad);
}

static void
put_opt(struct job *job)
{
	static const uint8_t seconds[2] = {0, 100};
	static const uint8_t early[2] = {0, EDE_TOO_EARLY};
	struct raw_buf *out = job->out;
	unsigned version =
	    does(job, WRONG_EDNS_VERSION_ECHO) ? job->query.edns_version : 0;
	size_t length_at;

	raw_buf_u8(out, 0);
	raw_buf_u16(out, RAW_DNS_TYPE_OPT);
	raw_buf_u16(out, OWN_SIZE);
	raw_buf_u8(out, job->rcode >> 4);
	raw_buf_u8(out, version);
	raw_buf_u16(
	    out, job->query.edns_flags &
		     (does(job, WRONG_EDNS_FLAGS_ECHO) ? 0xffff : FLAG_DO));
	length_at = out->len;
	raw_buf_u16(out, 0);
	if (does(job, WRONG_KEEPALIVE_SENT))
		put_option(out, RAW_DNS_OPTION_KEEPALIVE, seconds, 2);
	if (job->dns->is_early && job->rcode == REFUSED)
		put_option(out, RAW_DNS_OPTION_EDE, early, 2);
	if (does(job, WRONG_OPTION_ECHO))
		for (size_t i = 0; i < job->query.noptions; i++)
			if (job->query.option_len[i] < UDP_LIMIT)
				put_option(out, job->query.options[i],
				    job->query.option_data[i],
				    job->query.option_len[i]);
	put_padding(job);
	if (does(job, WRONG_PAD_TWICE))
		put_padding(job);
	out->data[length_at] = (uint8_t)((out->len - length_at - 2) >> 8);
	out->data[length_at + 1] = (uint8_t)(out->len - length_at - 2);
	job->extras++;
}

static bool
wants_opt(const struct job *job)
{
	if (does(job, WRONG_OPT_NEVER))
		return false;
	if (does(job, WRONG_OPT_ALWAYS))
		return true;
	if (does(job, WRONG_OPT_NOT_IN_ERRORS) && job->rcode != 0)
		return false;
	return job->query.opts > 0;
}

/* -------------------------------------------------------------- message -- */

static void
put_header(struct job *job)
{
	const struct raw_dns *q = &job->query;
	unsigned opcode = does(job, WRONG_OPCODE_ZERO) ? 0 : q->opcode;
	unsigned id = 0;

	if (does(job, WRONG_ID_IN_ERRORS) && job->rcode != 0)
		id = 0x1234;
	if (does(job, WRONG_ID_ECHO))
		id = q->id;
	raw_buf_u16(job->out, id);
	raw_buf_u8(job->out,
	    0x80u | opcode << 3 |
		(does(job, WRONG_FLAGS_ECHO) ? job->dns->query[2] & 0x06u : 0) |
		(does(job, WRONG_TC_SET) ? 0x02u : 0) |
		(does(job, WRONG_RD_CLEAR) ? 0 : q->rd));
	raw_buf_u8(job->out,
	    0x80u | (does(job, WRONG_Z_ECHO) ? job->dns->query[3] & 0x40u : 0) |
		(q->cd ? 0x10u : 0) | (job->rcode & 0x0f));
	raw_buf_fill(job->out, 0, 8);
}

static void
put_question(struct job *job)
{
	const struct raw_dns *q = &job->query;
	size_t at = job->out->len;

	/* Names inside may be compressed only in what is malformed. */
	if (q->question == NULL || !job->is_readable || q->qd != 1)
		return;
	raw_buf_add(job->out, q->question, q->question_len);
	if (does(job, WRONG_QUESTION_LOWER))
		for (size_t i = at; i < job->out->len; i++)
			job->out->data[i] = (uint8_t)tolower(job->out->data[i]);
	if (does(job, WRONG_QUESTION_MASKED))
		for (size_t i = at; i < job->out->len - 4; i++)
			if (job->out->data[i] >= 0x80)
				job->out->data[i] &= 0x7f;
	job->out->data[job->start + 5] = 1;
}

static void
begin(struct job *job)
{
	job->start = job->out->len + 2;
	raw_buf_u16(job->out, 0); /* the length, later */
	put_header(job);
	put_question(job);
}

static void
cut_to(struct job *job, size_t limit)
{
	if (job->out->len - job->start <= limit)
		return;
	job->out->len =
	    job->start + RAW_DNS_HEADER_LEN + (job->query.question_len);
	job->out->data[job->start + 2] |= 0x02;
	job->answers = 0;
	job->authorities = 0;
	job->extras = 0;
}

static void
finish(struct job *job)
{
	uint8_t *p;
	size_t len;

	if (does(job, WRONG_TRUNCATES))
		cut_to(
		    job, job->query.opts > 0 && job->query.udp_size > UDP_LIMIT
			     ? job->query.udp_size
			     : UDP_LIMIT);
	if (wants_opt(job))
		put_opt(job);
	p = job->out->data + job->start;
	len = job->out->len - job->start;
	p[3] = (uint8_t)((p[3] & 0xf0) | (job->rcode & 0x0f));
	p[7] = (uint8_t)job->answers;
	p[9] = (uint8_t)job->authorities;
	p[11] = (uint8_t)job->extras;

	p[-2] = (uint8_t)(len >> 8);
	p[-1] = (uint8_t)len;
}

static void
say(struct job *job, unsigned rcode)
{
	job->rcode = rcode;
	begin(job);
	finish(job);
}

/* --------------------------------------------------------------- ladder -- */

/* The first question that a message must stand up to: is it one for DoQ? */
static bool
is_fatal(const struct job *job)
{
	const struct raw_dns *q = &job->query;

	if (q->id != 0 && !does(job, WRONG_ID_TAKEN) &&
	    !does(job, WRONG_ID_FORMERR) && !does(job, WRONG_ID_ECHO))
		return true;
	if (q->qr && !does(job, WRONG_QR_TAKEN) && !does(job, WRONG_QR_FORMERR))
		return true;
	return has_option(q, RAW_DNS_OPTION_KEEPALIVE) &&
	       !does(job, WRONG_KEEPALIVE_TAKEN) &&
	       !does(job, WRONG_KEEPALIVE_FORMERR);
}

/* The longest label, how many there are, and the length of the name. */
struct shape {
	size_t longest, labels, octets;
};

static struct shape
shape_of(const struct raw_dns *q)
{
	struct shape shape = {.octets = q->question_len - 4};
	const uint8_t *p = q->question;

	for (size_t at = 0;
	     at < shape.octets && p[at] > 0 && p[at] <= LABEL_MOST;
	     at += 1 + (size_t)p[at]) {
		if (p[at] > shape.longest)
			shape.longest = p[at];
		shape.labels++;
	}
	return shape;
}

/* What a server of less patience or memory takes for malformed. */
static bool
is_too_much(const struct job *job)
{
	const struct raw_dns *q = &job->query;
	struct shape shape;

	if (!job->is_readable || q->question == NULL)
		return false;
	shape = shape_of(q);
	return (does(job, WRONG_LABEL_SHORT) && shape.longest >= LABEL_MOST) ||
	       (does(job, WRONG_LABELS_FEW) && shape.labels > LABELS_MOST) ||
	       (does(job, WRONG_NAME_SHORT) && shape.octets > NAME_MOST) ||
	       (does(job, WRONG_AUTHORITY_FORMERR) && q->ns > 0) ||
	       (does(job, WRONG_RDATA_READ) && q->ns + q->ar > q->opts);
}

static bool
is_malformed(const struct job *job)
{
	const struct raw_dns *q = &job->query;

	if (is_too_much(job))
		return true;

	if (does(job, WRONG_ID_FORMERR) && q->id != 0)
		return true;
	if (does(job, WRONG_QR_FORMERR) && q->qr)
		return true;
	if (does(job, WRONG_KEEPALIVE_FORMERR) &&
	    has_option(q, RAW_DNS_OPTION_KEEPALIVE))
		return true;
	if (!job->is_readable)
		return true;
	if (q->opts > 1 && !does(job, WRONG_OPT_TWO_TAKEN))
		return true;
	if (q->qd != 1 && !does(job, WRONG_QDCOUNT_TAKEN))
		return true;
	return false;
}

/* One zone may be transferred. */
static bool
may_transfer(const struct job *job)
{
	if (job->query.qtype == TYPE_IXFR && does(job, WRONG_IXFR_REFUSED))
		return false;
	return is_below(job, "transfer.example.");
}

static unsigned
refusal(const struct job *job)
{
	unsigned type = job->query.qtype;

	switch (type) {
	case RAW_DNS_TYPE_OPT:
	case TYPE_TSIG:
	case TYPE_TKEY:
	case 0:
		return does(job, WRONG_META_TAKEN) ? 0 : FORMERR;
	case TYPE_AXFR:
	case TYPE_IXFR:
		return may_transfer(job) ? 0 : REFUSED;
	case TYPE_MAILA:
	case TYPE_MAILB:
		return NOTIMP;
	}
	return job->query.qclass == CLASS_IN || job->query.qclass == CLASS_ANY
		   ? 0
		   : REFUSED;
}

static enum wrong_verdict
answer_opcode(struct job *job)
{
	unsigned opcode = job->query.opcode;

	/* RFC 9250 4.5: only QUERY and NOTIFY may be replayed. */
	if (opcode != NOTIFY && job->dns->is_early &&
	    !does(job, WRONG_EARLY_UPDATE))
		return WRONG_NOT_YET;
	if (does(job, WRONG_OPCODE_SILENT))
		return WRONG_SILENCE;
	if (does(job, WRONG_OPCODE_FATAL))
		return WRONG_FATAL;
	if (opcode == UPDATE)
		say(job, does(job, WRONG_EARLY_UPDATE) && job->dns->is_early
			     ? 0
			     : REFUSED);
	else if (opcode == DSO && does(job, WRONG_DSO_TAKEN))
		say(job, 0);
	else
		say(job, does(job, WRONG_OPCODE_FORMERR) ? FORMERR
			 : does(job, WRONG_OPCODE_TAKEN) ? 0
							 : NOTIMP);
	return WRONG_ANSWER;
}

/* Everything behind the question, as an answer. */
static void
put_copy(struct job *job)
{
	const struct raw_dns *q = &job->query;
	const uint8_t *p = q->question + q->question_len;
	size_t left = (size_t)(job->dns->query + job->dns->len - p);

	raw_buf_add(job->out, p, left);
	job->answers++;
}

static enum wrong_verdict
answer_malformed(struct job *job)
{
	if (does(job, WRONG_MALFORMED_SILENT))
		return WRONG_SILENCE;
	if (does(job, WRONG_MALFORMED_FATAL))
		return WRONG_FATAL;
	if (does(job, WRONG_MALFORMED_TAKEN)) {
		begin(job);
		finish(job);
		return WRONG_ANSWER;
	}
	say(job, does(job, WRONG_MALFORMED_SERVFAIL) ? SERVFAIL : FORMERR);
	return WRONG_ANSWER;
}

static bool
has_signature(const struct raw_dns *q)
{
	return q->text.len > 0 &&
	       memmem(q->text.data, q->text.len, " TSIG ", 6) != NULL;
}

/* Queries that some servers never answer. */
static bool
is_passed_over(const struct job *job)
{
	const struct raw_dns *q = &job->query;

	if (does(job, WRONG_TSIG_SILENT) && has_signature(q))
		return true;
	if (does(job, WRONG_OPT_MISPLACED_SILENT) && q->opts > 0 && q->an > 0)
		return true;
	if (does(job, WRONG_POINTER_SILENT) && q->question != NULL &&
	    memchr(q->question, 0xc0, q->question_len) != NULL)
		return true;
	if (does(job, WRONG_CLASS_SILENT) && job->is_readable && q->qd == 1 &&
	    q->qclass != CLASS_IN)
		return true;
	return does(job, WRONG_TYPE_SILENT) && job->is_readable && q->qd == 1 &&
	       (q->qtype >= TYPE_TKEY || q->qtype == RAW_DNS_TYPE_OPT);
}

/* RFC 1035 4.1.4: pointers can make much of little. */
static bool
is_crowded(const uint8_t *p)
{
	return raw_get_u16(p + 6) + raw_get_u16(p + 8) + raw_get_u16(p + 10) >
	       RECORDS_MANY;
}

/* RFC 5936 2.2: two messages, between two times the SOA. */
static void
transfer(struct job *job)
{
	for (int i = 0; i < 2; i++) {
		job->answers = 0;
		job->authorities = 0;
		job->extras = 0;
		begin(job);
		if (i == 0)
			put_own_soa(job);
		put_address(job, ADDRESS);
		if (i == 1)
			put_own_soa(job);
		finish(job);
	}
}

static enum wrong_verdict
climb(struct job *job)
{
	const struct raw_dns *q = &job->query;

	if (is_fatal(job))
		return WRONG_FATAL;
	if (is_passed_over(job))
		return WRONG_SILENCE;
	if (q->opcode != QUERY)
		return answer_opcode(job);
	if (is_malformed(job))
		return answer_malformed(job);
	if (q->edns_version > 0 && !does(job, WRONG_EDNS_VERSION_TAKEN)) {
		say(job, does(job, WRONG_BADVERS_FORMERR) ? FORMERR : BADVERS);
		return WRONG_ANSWER;
	}
	job->rcode = refusal(job);
	if (job->rcode == 0 &&
	    (q->qtype == TYPE_AXFR || q->qtype == TYPE_IXFR)) {
		transfer(job);
		return WRONG_ANSWER;
	}
	begin(job);
	if (job->rcode == 0)
		put_records(job);
	if (does(job, WRONG_RECORDS_TAKEN) && q->an == 1 && q->question != NULL)
		put_copy(job);
	finish(job);

	return begins(job, "slow") ? WRONG_ANSWER_LATER : WRONG_ANSWER;
}

enum wrong_verdict
wrong_dns_answer(const struct wrong_dns *dns, struct raw_buf *out)
{
	struct job job = {.dns = dns, .server = dns->server, .out = out};
	enum wrong_verdict verdict;
	size_t bytes = dns->len;

	if (dns->len < RAW_DNS_HEADER_LEN)
		return wrong_does(dns->server, WRONG_SHORT_SILENT)
			   ? WRONG_SILENCE
			   : WRONG_FATAL;
	if (is_crowded(dns->query)) {
		if (wrong_does(dns->server, WRONG_POINTERS_HANG))
			return WRONG_HANGS;
		bytes = RAW_DNS_HEADER_LEN; /* the counts cannot be right */
	}
	job.is_readable = raw_dns_read(dns->query, bytes, &job.query) == 0;
	verdict = climb(&job);
	raw_dns_done(&job.query);
	return verdict;
}
