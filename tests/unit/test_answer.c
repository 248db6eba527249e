/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers as clients get them.  Each is made into a buffer of exactly the size
 * that dns_answer_bound() says, and read by ldns.
 */
#include "dns/answer.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	NS = 2,
	SOA = 6,
	MX = 15,
	TXT = 16,
	SRV = 33,
	OPT = 41,
	RRSIG = 46,
	NSEC = 47,
	ID = 0x1234,
	CLIENT_ID = 0xbeef,
	RESPONSE = 0x8180,
	ANSWER_BLOCK = 468,
	PADDING = 12,
	EDE = 15,
	HEADER = 12,
	A_SIZE = 4,
	RDLENGTH_TTL = 6,     /* octets from a TTL to the RDATA */
	TSIG_ORIGINAL_ID = 4, /* field of its RDATA */
	ROUNDS = 2000
};

/* What a DoQ front end says of itself. */
static const struct dns_hop doq = {
    .max_size = DNS_MESSAGE_MAX,
    .pad_block = ANSWER_BLOCK,
    .zero_id = true,
    .no_keepalive = true,
};

/* Plain UDP, and plain TCP. */
static const struct dns_hop udp = {.max_size = 1232, .may_truncate = true};
static const struct dns_hop tcp = {.max_size = DNS_MESSAGE_MAX};

static const struct dns_relay plain = {.ede = DNS_EDE_NONE};

/* The answer that was made last. */
static uint8_t got[DNS_MESSAGE_MAX];
static size_t got_len;

static unsigned
got_flags(void)
{
	return dnsmsg_get16(got, 2);
}

static int
got_options(unsigned code)
{
	return dnsmsg_options(got, got_len, code);
}

/* A query and the answer to it, as they came. */
struct exchange {
	uint8_t *query;
	uint8_t *answer;
	struct dns_query q;
	struct dns_response r;
};

static void
end_exchange(struct exchange *x)
{
	free(x->query);
	free(x->answer);
}

/* Reads both; the answer was asked for with ID, whatever the client's was. */
static bool
start_exchange(
    struct exchange *x, const struct dnsmsg *query, const struct dnsmsg *answer)
{
	struct dns_expect e;
	bool is_ok;

	x->query = dnsmsg_exact(query->data, query->len);
	x->answer = dnsmsg_exact(answer->data, answer->len);
	is_ok =
	    dns_query_parse(x->query, query->len, &x->q) == DNS_VERDICT_OK &&
	    dns_expect_init(x->query, query->len, false, &e) == 0;
	e.id = ID;
	is_ok = is_ok && dns_response_check(x->answer, answer->len, &e,
			     &x->r) == DNS_MATCH_ACCEPT;
	if (!is_ok)
		end_exchange(x);
	return is_ok;
}

/* Takes over what was made into a buffer of its own, which it frees. */
static bool
take(struct dns_buf *out, int rc)
{
	got_len = rc == 0 ? out->len : 0;
	if (rc == 0)
		memcpy(got, out->data, out->len);
	free(out->data);
	return rc == 0 && dnsmsg_is_valid(got, got_len);
}

static struct dns_buf
make_room(size_t size)
{
	struct dns_buf out = {.data = malloc(size), .size = size};

	CU_ASSERT_FATAL(out.data != NULL);
	memset(out.data, 0xee, size);
	return out;
}

/* Relays an answer; false if it is not accepted or not what ldns can read. */
static bool
relay_as(const struct dns_hop *hop, const struct dns_relay *how,
    const struct dnsmsg *query, const struct dnsmsg *answer)
{
	struct exchange x;
	struct dns_buf out;
	int rc;

	if (!start_exchange(&x, query, answer))
		return false;
	out = make_room(dns_answer_bound(&x.q, hop, &x.r, how));
	rc = dns_answer_relay(&x.q, hop, &x.r, how, &out);
	end_exchange(&x);
	return take(&out, rc);
}

static bool
relay(const struct dnsmsg *query, const struct dnsmsg *answer)
{
	return relay_as(&doq, &plain, query, answer);
}

static bool
relay_raw(const struct dns_hop *hop, const struct dnsmsg *query,
    const struct dnsmsg *answer)
{
	struct exchange x;
	struct dns_buf out;
	int rc;

	if (!start_exchange(&x, query, answer))
		return false;
	out = make_room(dns_answer_bound(&x.q, hop, &x.r, NULL));
	rc = dns_answer_raw(&x.q, hop, &x.r, &out);
	end_exchange(&x);
	return take(&out, rc);
}

static bool
make_error(const struct dns_hop *hop, const struct dnsmsg *query,
    const struct dns_error *e)
{
	uint8_t *data = dnsmsg_exact(query->data, query->len);
	struct dns_query q;
	struct dns_buf out;
	int rc;

	(void)dns_query_parse(data, query->len, &q);
	out = make_room(dns_answer_bound(&q, hop, NULL, NULL));
	rc = dns_answer_error(&q, hop, e, &out);
	free(data);
	return take(&out, rc);
}

/* A query of type A with or without an OPT. */
static void
start_query(struct dnsmsg *m, unsigned flags, bool has_opt)
{
	dnsmsg_start(m, CLIENT_ID, (uint16_t)flags);
	dnsmsg_question(m, "www.example.com", A);
	if (has_opt)
		dnsmsg_opt(m, 512, 0, NULL, 0);
}

static void
start_answer(struct dnsmsg *m, unsigned flags)
{
	dnsmsg_start(m, ID, (uint16_t)(RESPONSE | flags));
	dnsmsg_question(m, "www.example.com", A);
	dnsmsg_a(m, IN_ANSWER, "@12");
}

/* Has the answer the same records as the backend's, for ldns? */
static bool
has_records_of(const struct dnsmsg *m, bool no_dnssec)
{
	char *a = dnsmsg_records(m->data, m->len, no_dnssec);
	char *b = dnsmsg_records(got, got_len, false);
	bool is_same = a != NULL && b != NULL && strcmp(a, b) == 0;

	free(a);
	free(b);
	return is_same;
}

static void
test_header(void)
{
	struct dnsmsg q;
	struct dnsmsg r;
	unsigned bits;
	unsigned want;
	bool is_ok = true;

	/* every RD and CD of the client with every AA, RA of the backend */
	for (bits = 0; bits < 16; bits++) {
		start_query(&q,
		    ((bits & 1) ? 0x0100 : 0) | ((bits & 2) ? 0x0010 : 0),
		    false);
		start_answer(&r, 0);
		r.data[2] = (uint8_t)(0x80 | ((bits & 4) ? 4 : 0));
		r.data[3] = (uint8_t)(0x40 | ((bits & 8) ? 0x80 : 0));
		want = 0x8000 | ((bits & 1) ? 0x0100 : 0) |
		       ((bits & 2) ? 0x0010 : 0) | ((bits & 4) ? 0x0400 : 0) |
		       ((bits & 8) ? 0x0080 : 0);
		is_ok = is_ok && relay(&q, &r) && got_flags() == want;
	}
	PROVE("FWD-016", is_ok);
	/* nothing else of the client's flags comes back, Z least of all */
	for (bits = 0; bits < 0x800; bits++) {
		start_query(&q, bits, false);
		start_answer(&r, 0);
		is_ok = is_ok && relay(&q, &r) &&
			got_flags() == (0x8080 | (bits & 0x0110));
	}
	PROVE("FWD-002", is_ok);
	PROVE("BAD-128", is_ok);
	PROVE("BAD-129", is_ok);
	start_query(&q, 0x0110, false);
	start_answer(&r, 0);
	PROVE("FWD-044", relay(&q, &r) && (got_flags() & 0x10) != 0);
	start_query(&q, 0x0100, false);
	start_answer(&r, 0x10);
	PROVE("FWD-044", relay(&q, &r) && (got_flags() & 0x10) == 0);
	PROVE("DOQ-033", dnsmsg_get16(got, 0) == 0);
	CU_ASSERT(relay_as(&tcp, &plain, &q, &r));
	PROVE("DOQ-037", dnsmsg_get16(got, 0) == CLIENT_ID);
	CU_ASSERT(has_records_of(&r, false));
}

/* AD: on request, and from a trusted backend only. */
static void
test_ad(void)
{
	static const struct dns_relay trusted = {
	    .is_ad_trusted = true, .ede = DNS_EDE_NONE};
	struct dnsmsg q;
	struct dnsmsg r;

	start_answer(&r, 0x20);
	start_query(&q, 0x0100, true);
	PROVE("FWD-046",
	    relay_as(&doq, &trusted, &q, &r) && (got_flags() & 0x20) == 0);
	start_query(&q, 0x0120, false);
	PROVE("FWD-046",
	    relay_as(&doq, &trusted, &q, &r) && (got_flags() & 0x20) != 0);
	PROVE("FWD-047", relay(&q, &r) && (got_flags() & 0x20) == 0);
	start_query(&q, 0x0100, false);
	dnsmsg_opt(&q, 1232, 0x8000, NULL, 0);
	PROVE("FWD-046",
	    relay_as(&doq, &trusted, &q, &r) && (got_flags() & 0x20) != 0);
	start_answer(&r, 0);
	CU_ASSERT(
	    relay_as(&doq, &trusted, &q, &r) && (got_flags() & 0x20) == 0);
}

static void
test_question(void)
{
	struct dnsmsg q;
	struct dnsmsg r;

	dnsmsg_query(&q, "wWw.ExAmPlE.", A);
	dnsmsg_start(&r, ID, RESPONSE);
	dnsmsg_question(&r, "WWW.example", A);
	dnsmsg_a(&r, IN_ANSWER, "@12");
	PROVE("FWD-017",
	    relay(&q, &r) && memcmp(got + HEADER, "\3wWw\7ExAmPlE", 13) == 0);
	CU_ASSERT(has_records_of(&r, false));
}

static void
test_opt(void)
{
	static const uint8_t options[] = {0, 8, 0, 7, 0, 1, 24, 24, 192, 0, 2,
	    0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 11, 0, 2, 0, 9, 0, 15, 0, 3,
	    0, 15, 'x', 0xfd, 0xe9, 0, 0, 0, 12, 0, 2, 0, 0};
	static const unsigned codes[] = {8, 10, 11, 65001};
	struct dnsmsg q;
	struct dnsmsg r;
	size_t i;

	start_answer(&r, 0);
	dnsmsg_opt(&r, 4096, 0x4000, options, sizeof(options));
	start_query(&q, 0x0100, false);
	PROVE("FWD-027", relay(&q, &r) && dnsmsg_get16(got, 10) == 0 &&
			     got_len == HEADER + 21 + 16);
	PROVE("FWD-070", relay(&q, &r) && got_options(PADDING) == -1);

	start_query(&q, 0x0100, false);
	dnsmsg_opt_with(&q, 65001, 9);
	CU_ASSERT(relay(&q, &r) && has_records_of(&r, false));
	PROVE("FWD-026", got_options(PADDING) == 1);
	PROVE("FWD-035", got_options(65001) == 0);
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		PROVE("FWD-028", got_options(codes[i]) == 0);
		PROVE("FWD-029", got_options(codes[i]) == 0);
	}
	PROVE("DOQ-068", got_options(11) == 0);
	PROVE("FWD-049", got_options(10) == 0);
	PROVE("FWD-060", got_options(8) == 0);
	/* Made anew: the code is the server's, and the text says so. */
	PROVE("FWD-084", got_options(EDE) == 1);
	PROVE("FWD-085",
	    memmem(got, got_len, "\0\17\0\35\0\17said by the upstream server",
		6 + 27) != NULL);
	PROVE("FWD-088", memmem(got, got_len, "\0\17x", 3) == NULL);
	/* our own size and version, and no unknown flag */
	PROVE("FWD-036", dnsmsg_get16(got, HEADER + 21 + 16 + 3) == 1232 &&
			     dnsmsg_get16(got, HEADER + 21 + 16 + 7) == 0);

	start_query(&q, 0x0100, false);
	dnsmsg_opt(&q, 512, 0xc000, NULL, 0); /* DO and an unknown flag */
	PROVE("FWD-036",
	    relay(&q, &r) && dnsmsg_get16(got, HEADER + 21 + 16 + 7) == 0x8000);
	start_query(&q, 0x0100, false);
	dnsmsg_opt_with(&q, 10, 8);
	start_answer(&r, 0);
	PROVE("FWD-050", relay(&q, &r) && got_options(10) == 0);
	start_query(&q, 0x0100, false);
	dnsmsg_opt(&q, 512, 0, "\0\10\0\4\0\1\0\0", 8);
	PROVE("FWD-059", relay(&q, &r) && got_options(8) == 0);
}

static void
test_padding(void)
{
	static struct dnsmsg q;
	static struct dnsmsg r;
	bool is_last = true;
	bool is_zero = true;
	size_t place;
	size_t n;
	size_t i;

	start_query(&q, 0x0100, false);
	dnsmsg_opt_with(&q, PADDING, 7);
	start_answer(&r, 0);
	PROVE("FWD-068", relay(&q, &r) && got_len == ANSWER_BLOCK &&
			     got_options(PADDING) == 1);
	start_query(&q, 0x0100, true);
	PROVE("FWD-069", relay(&q, &r) && got_len == ANSWER_BLOCK &&
			     got_options(PADDING) == 1);
	PROVE("FWD-071",
	    relay_as(&udp, &plain, &q, &r) && got_options(PADDING) == 0);

	for (n = 1; n <= 4000; n += 19) {
		start_answer(&r, 0);
		place = dnsmsg_record(&r, IN_ANSWER, "@12", 65280);
		dnsmsg_fill(&r, 'x', n);
		dnsmsg_rdata_end(&r, place);
		CU_ASSERT_FATAL(relay(&q, &r));
		PROVE("FWD-078", got_len % ANSWER_BLOCK == 0);
		is_last = is_last && got_options(PADDING) == 1;
		i = r.len + DNS_OPT_SIZE; /* no other option: padding's head */
		is_last = is_last && dnsmsg_get16(got, i) == PADDING &&
			  i + 4 + dnsmsg_get16(got, i + 2) == got_len;
		for (i += 4; i < got_len; i++)
			is_zero = is_zero && got[i] == 0;
	}
	PROVE("FWD-072", is_last);
	PROVE("FWD-073", is_zero);
}

/* An unknown record that makes the answer `len` octets long. */
static void
make_answer(struct dnsmsg *r, size_t len)
{
	size_t place;

	start_answer(r, 0);
	place = dnsmsg_record(r, IN_ANSWER, "@12", 65280);
	CU_ASSERT_FATAL(r->len <= len);
	dnsmsg_fill(r, 0xc0, len - r->len);
	dnsmsg_rdata_end(r, place);
}

static void
test_sizes(void)
{
	static struct dnsmsg q;
	static struct dnsmsg r;
	size_t n;

	/* the client's size says nothing on a stream */
	start_query(&q, 0x0100, true);
	make_answer(&r, 3000);
	PROVE("DOQ-111", relay(&q, &r) && (got_flags() & 0x200) == 0 &&
			     got_len == 7 * ANSWER_BLOCK);
	start_query(&q, 0x0100, false);
	PROVE("DOQ-111",
	    relay(&q, &r) && (got_flags() & 0x200) == 0 && got_len == 3000);
	make_answer(&r, DNS_MESSAGE_MAX);
	PROVE("DOQ-110", relay(&q, &r) && got_len == DNS_MESSAGE_MAX &&
			     (got_flags() & 0xf) == 0);
	/* padding gives way, then there is none, then it does not fit */
	start_query(&q, 0x0100, true);
	for (n = DNS_MESSAGE_MAX - 500; n <= DNS_MESSAGE_MAX; n++) {
		make_answer(&r, n);
		CU_ASSERT_FATAL(relay(&q, &r));
		if (n > DNS_MESSAGE_MAX - DNS_OPT_SIZE) {
			PROVE("DOQ-113", (got_flags() & 0x20f) == 2 &&
					     got_options(EDE) == 1);
			CU_ASSERT(got_len == ANSWER_BLOCK);
		} else if (n > DNS_MESSAGE_MAX - DNS_OPT_SIZE - 4) {
			PROVE("FWD-079", got_len == n + DNS_OPT_SIZE);
		} else {
			CU_ASSERT((got_flags() & 0xf) == 0);
			CU_ASSERT(got_len == DNS_MESSAGE_MAX ||
				  got_len % ANSWER_BLOCK == 0);
		}
	}
}

/* Plain UDP: there the size counts. */
static void
test_truncation(void)
{
	static struct dnsmsg q;
	static struct dnsmsg r;
	size_t n;

	start_query(&q, 0x0100, false);
	make_answer(&r, 512);
	CU_ASSERT(relay_as(&udp, &plain, &q, &r) && got_len == 512);
	make_answer(&r, 513);
	PROVE("FWD-023", relay_as(&udp, &plain, &q, &r) &&
			     (got_flags() & 0x20f) == 0x200 &&
			     got_len == HEADER + 21);
	for (n = 0; n <= 600; n += 100) {
		dnsmsg_query(&q, "www.example.com", A);
		dnsmsg_opt(&q, (unsigned)n, 0, NULL, 0);
		make_answer(&r, 500);
		PROVE("FWD-038", relay_as(&udp, &plain, &q, &r) &&
				     (got_flags() & 0x200) == 0);
	}
	dnsmsg_query(&q, "www.example.com", A);
	dnsmsg_opt(&q, 4096, 0, NULL, 0);
	make_answer(&r, 1300);
	CU_ASSERT(relay_as(&udp, &plain, &q, &r));
	CU_ASSERT((got_flags() & 0x200) != 0 && got_options(EDE) == 0);
	/* on no transport is TC cleared that the backend set */
	start_answer(&r, 0);
	{
		struct exchange x;
		struct dns_buf out;

		CU_ASSERT_FATAL(start_exchange(&x, &q, &r));
		x.r.flags |= DNS_FLAG_TC;
		out = make_room(dns_answer_bound(&x.q, &doq, &x.r, &plain));
		CU_ASSERT(take(
		    &out, dns_answer_relay(&x.q, &doq, &x.r, &plain, &out)));
		end_exchange(&x);
	}
	PROVE("FWD-022", (got_flags() & 0x200) != 0);
}

static void
test_rcodes(void)
{
	struct dnsmsg q;
	struct dnsmsg r;
	uint32_t rcode;
	unsigned want;
	bool is_ok = true;

	for (rcode = 0; rcode < 0x1000; rcode++) {
		start_answer(&r, rcode & 0xf);
		dnsmsg_opt(&r, 1232, (rcode >> 4) << 24, NULL, 0);
		start_query(&q, 0x0100, false);
		want = rcode < 16 ? rcode : 2;
		is_ok = is_ok && relay(&q, &r) && (got_flags() & 0xf) == want;
		start_query(&q, 0x0100, true);
		want = rcode == 16 || rcode == 23 ? 2 : rcode;
		is_ok = is_ok && relay(&q, &r) &&
			(got_flags() & 0xf) == (want & 0xf);
		/* an error that we made has no records */
		is_ok =
		    is_ok && got[HEADER + 21 + (want == rcode ? 16 : 0) + 5] ==
				 want >> 4;
	}
	PROVE("FWD-040", is_ok);
	start_query(&q, 0x0100, true);
	start_answer(&r, 0);
	dnsmsg_opt(&r, 1232, 0x01000000, NULL, 0);
	PROVE("BAD-140", relay(&q, &r) && (got_flags() & 0xf) == 2);
	/* FORMERR without a question: our own answer has the client's */
	dnsmsg_start(&r, ID, RESPONSE | 1);
	CU_ASSERT(relay(&q, &r));
	CU_ASSERT((got_flags() & 0xf) == 1 && dnsmsg_get16(got, 4) == 1);
	dnsmsg_opt(&r, 1232, 0, NULL, 0);
	dnsmsg_a(&r, IN_ADDITIONAL, "x");
	CU_ASSERT(relay(&q, &r) && dnsmsg_get16(got, 10) == 1);
	CU_ASSERT(got_len == ANSWER_BLOCK);
}

static void
test_ede(void)
{
	static const struct dns_relay stale = {
	    .ede = DNS_EDE_STALE, .ede_text = "stale"};
	struct dns_error e = {.rcode = 2,
	    .ede = DNS_EDE_NETWORK_ERROR,
	    .text = "0123456789012345678901234567890123456789012345678901234567"
		    "890123456789"};
	struct dnsmsg q;
	struct dnsmsg r;

	start_query(&q, 0x0100, false);
	PROVE("FWD-081", make_error(&doq, &q, &e) &&
			     dnsmsg_get16(got, 10) == 0 &&
			     got_len == HEADER + 21);
	start_query(&q, 0x0100, true);
	PROVE("FWD-026", make_error(&doq, &q, &e) && got_options(EDE) == 1);
	CU_ASSERT(got_len == ANSWER_BLOCK && got_options(PADDING) == 1);
	/* behind header, question, OPT: option head, code, text */
	PROVE("FWD-088", dnsmsg_get16(got, HEADER + 21 + 11 + 2) == 2 + 64);
	start_answer(&r, 0);
	CU_ASSERT(relay_as(&doq, &stale, &q, &r));
	PROVE("FWD-075",
	    got_options(EDE) == 1 &&
		dnsmsg_get16(got, r.len + 11 + 4 + 2 + 5) == PADDING);
	/* the backend's changes nothing */
	dnsmsg_opt_with(&r, EDE, 6);
	PROVE("FWD-082", relay(&q, &r) && (got_flags() & 0xf) == 0 &&
			     has_records_of(&r, false));
	start_answer(&r, 0);
	dnsmsg_opt(&r, 1232, 0,
	    "\0\17\0\5\0\17\377\0\376\0\17\0\2\0\0\0\17\0\3\0\1x", 22);
	/* the first that is one; the next is too short for a code */
	PROVE("FWD-083",
	    relay(&q, &r) && has_records_of(&r, false) &&
		got_options(EDE) == 1 &&
		memmem(got, got_len, "\0\17\0\35\0\17said", 10) != NULL);
	start_answer(&r, 0);
	dnsmsg_opt(&r, 1232, 0, "\0\17\0\1\0\0\17\0\2\0\6", 11);
	CU_ASSERT(relay(&q, &r) &&
		  memmem(got, got_len, "\0\17\0\35\0\6said", 10) != NULL);
	/* what we have to say ourselves goes before it */
	CU_ASSERT(relay_as(&doq, &stale, &q, &r) && got_options(EDE) == 1 &&
		  memmem(got, got_len, "\0\6said", 6) == NULL);
	start_query(&q, 0x0100, false);
	PROVE("FWD-081", relay(&q, &r) && dnsmsg_get16(got, 10) == 0);
}

/* Errors for what could not be parsed, too. */
static void
test_errors(void)
{
	static const unsigned rcodes[] = {1, 2, 4, 5, 9, 16};
	struct dns_error e = {.ede = DNS_EDE_NONE};
	struct dnsmsg q;
	size_t i;

	for (i = 0; i < 6; i++) {
		e.rcode = (uint16_t)rcodes[i];
		start_query(&q, 0x0110, true);
		CU_ASSERT(make_error(&doq, &q, &e));
		PROVE("FWD-026", got_options(PADDING) == 1);
		PROVE("DOQ-033", dnsmsg_get16(got, 0) == 0);
		CU_ASSERT((got_flags() & 0xf) == (rcodes[i] & 0xf));
		CU_ASSERT((got_flags() & 0xfff0) == 0x8190);
		CU_ASSERT(memcmp(got + HEADER, q.data + HEADER, 21) == 0);
		start_query(&q, 0x0000, false);
		CU_ASSERT(make_error(&doq, &q, &e));
		PROVE("FWD-027", dnsmsg_get16(got, 10) == 0);
		CU_ASSERT(
		    (got_flags() & 0xf) == (rcodes[i] == 16 ? 2 : rcodes[i]));
	}
	e.rcode = 1;
	dnsmsg_query(&q, "www.example.com", A);
	q.len--;
	CU_ASSERT(make_error(&doq, &q, &e));
	CU_ASSERT(got_len == HEADER && dnsmsg_get16(got, 4) == 0);
}

/* Client Subnet is the caller's to give; padding stays the last. */
static void
test_ecs(void)
{
	static const struct dns_ecs ecs = {
	    .family = DNS_ECS_IPV4,
	    .source = 24,
	    .scope = 20,
	    .address = {203, 0, 113},
	};
	static const char option[] = "\0\10\0\7\0\1\30\24\313\0\161";
	static struct dnsmsg q;
	static struct dnsmsg r;
	struct exchange x;
	struct dns_buf out;

	start_query(&q, 0x0100, true);
	start_answer(&r, 0);
	dnsmsg_opt(&r, 1232, 0, "\0\10\0\4\0\1\0\0", 8);
	CU_ASSERT(relay_as(&doq, &plain, &q, &r));
	PROVE("FWD-060", got_options(8) == 0);
	CU_ASSERT_FATAL(start_exchange(&x, &q, &r));
	x.q.ecs = &ecs;
	out = make_room(dns_answer_bound(&x.q, &doq, &x.r, &plain));
	CU_ASSERT(take(&out, dns_answer_relay(&x.q, &doq, &x.r, &plain, &out)));
	CU_ASSERT(got_options(8) == 1 && got_len % ANSWER_BLOCK == 0);
	CU_ASSERT(memmem(got, got_len, option, sizeof(option) - 1) != NULL);
	CU_ASSERT(got[got_len - 1] == 0 && got_options(PADDING) == 1);
	/* Room enough without padding, too. */
	out = make_room(dns_answer_bound(&x.q, &tcp, &x.r, &plain));
	CU_ASSERT(take(&out, dns_answer_relay(&x.q, &tcp, &x.r, &plain, &out)));
	CU_ASSERT(got_options(8) == 1);
	end_exchange(&x);
	/* Without OPT there is no place for it. */
	start_query(&q, 0x0100, false);
	CU_ASSERT_FATAL(start_exchange(&x, &q, &r));
	x.q.ecs = &ecs;
	out = make_room(dns_answer_bound(&x.q, &doq, &x.r, &plain));
	CU_ASSERT(take(&out, dns_answer_relay(&x.q, &doq, &x.r, &plain, &out)));
	CU_ASSERT(dnsmsg_get16(got, 10) == 0);
	end_exchange(&x);
}

/* The raw path: octet by octet but for the ID. */
static void
test_raw(void)
{
	static struct dnsmsg q;
	static struct dnsmsg r;

	start_query(&q, 0x0100, true);
	dnsmsg_tsig(&q, IN_ADDITIONAL);
	start_answer(&r, 0x60);
	dnsmsg_opt_with(&r, EDE, 6);
	dnsmsg_tsig(&r, IN_ADDITIONAL);
	CU_ASSERT_FATAL(relay_raw(&doq, &q, &r));
	PROVE("FWD-185", got_len == r.len && dnsmsg_get16(got, 0) == 0 &&
			     memcmp(got + 2, r.data + 2, r.len - 2) == 0);
	CU_ASSERT(relay_raw(&tcp, &q, &r));
	PROVE("FWD-080", got_len == r.len);
	CU_ASSERT(dnsmsg_get16(got, 0) == CLIENT_ID);

	start_answer(&r, 0);
	dnsmsg_opt_with(&r, 11, 2);
	dnsmsg_tsig(&r, IN_ADDITIONAL);
	CU_ASSERT_FATAL(relay_raw(&doq, &q, &r));
	PROVE("FWD-187", (got_flags() & 0xf) == 2 && got_options(11) == 0);
	CU_ASSERT(relay_raw(&tcp, &q, &r));
	CU_ASSERT(got_options(11) == 1);
	start_answer(&r, 0); /* one may hide behind broken options */
	dnsmsg_opt(&r, 1232, 0, "\0\12\0\377\0\13\0\0", 8);
	CU_ASSERT(relay_raw(&doq, &q, &r) && (got_flags() & 0xf) == 2);
	make_answer(&r, 600);
	CU_ASSERT(relay_raw(&udp, &q, &r) && (got_flags() & 0x20f) == 0x200);
}

/* A real TSIG survives the way through us and back: only the ID changes. */
static void
test_tsig(void)
{
	static const char key[] = "cXVvbGwgdGVzdCBrZXkgMTIzNDU2Nzg5MA==";
	struct dns_build how = {.id = ID};
	struct dns_buf out = make_room(DNS_MESSAGE_MAX);
	struct dnsmsg m;
	struct dns_query q;
	ldns_pkt *pkt = NULL;
	uint8_t *wire = NULL;
	size_t len;

	dnsmsg_query(&m, "www.example.com", A);
	CU_ASSERT_FATAL(ldns_wire2pkt(&pkt, m.data, m.len) == LDNS_STATUS_OK);
	CU_ASSERT_FATAL(ldns_pkt_tsig_sign(pkt, "key.example.", key, 300,
			    "hmac-sha256.", NULL) == LDNS_STATUS_OK);
	CU_ASSERT_FATAL(ldns_pkt2wire(&wire, pkt, &len) == LDNS_STATUS_OK);
	ldns_pkt_free(pkt);
	pkt = NULL;
	CU_ASSERT_FATAL(dns_query_parse(wire, len, &q) == DNS_VERDICT_OK);
	CU_ASSERT_FATAL(dns_query_build(&q, &how, &out) == 0);
	CU_ASSERT(dnsmsg_get16(out.data, 0) == ID);
	CU_ASSERT_FATAL(
	    ldns_wire2pkt(&pkt, out.data, out.len) == LDNS_STATUS_OK);
	/* RFC 8945 4.3.2: the receiver puts the Original ID of the TSIG back,
	 * which ldns leaves to its caller. */
	memcpy(out.data,
	    ldns_rdf_data(ldns_rr_rdf(ldns_pkt_tsig(pkt), TSIG_ORIGINAL_ID)),
	    2);
	PROVE("FWD-184", ldns_pkt_tsig_verify(pkt, out.data, out.len,
			     "key.example.", key, NULL));
	/* and the judge is awake: any other octet breaks it */
	out.data[3] ^= 0x10;
	CU_ASSERT(!ldns_pkt_tsig_verify(
	    pkt, out.data, out.len, "key.example.", key, NULL));
	ldns_pkt_free(pkt);
	free(wire);
	free(out.data);
}

/* RDATA of unknown types: whatever it looks like, and wherever OPT stands. */
static void
test_opaque(void)
{
	static const size_t sizes[] = {0, 1, 2, 1000, 65000};
	static struct dnsmsg q;
	static struct dnsmsg r;
	size_t place;
	size_t i;
	size_t n;

	for (i = 0; i < 10; i++) {
		n = sizes[i / 2];
		start_query(&q, 0x0100, false);
		dnsmsg_start(&r, ID, RESPONSE);
		dnsmsg_question(&r, "www.example.com", A);
		if (i % 2 == 1)
			dnsmsg_opt(&r, 1232, 0, "\0\12\0\0", 4);
		place = dnsmsg_record(
		    &r, i % 2 == 1 ? IN_ADDITIONAL : IN_ANSWER, "@12", 65280);
		dnsmsg_fill(&r, 0xc0, n);
		dnsmsg_rdata_end(&r, place);
		CU_ASSERT_FATAL(relay(&q, &r));
		PROVE("FWD-006",
		    memcmp(got + got_len - n, r.data + r.len - n, n) == 0);
		PROVE("FWD-007", dnsmsg_get16(got, got_len - n - 2) == n &&
				     has_records_of(&r, false));
		PROVE("BAD-130", has_records_of(&r, false));
	}
}

/* An OPT in the middle, and names that point over it, before it, into it. */
static void
test_gap(void)
{
	struct dnsmsg q;
	struct dnsmsg r;
	size_t place;
	char pointer[40];
	size_t ns;
	size_t opt;

	start_query(&q, 0x0100, false);
	dnsmsg_start(&r, ID, RESPONSE);
	dnsmsg_question(&r, "www.example.com", A);
	place = dnsmsg_record(&r, IN_AUTHORITY, "@16", NS);
	dnsmsg_name(&r, "ns1.@16");
	dnsmsg_rdata_end(&r, place);
	opt = r.len;
	dnsmsg_opt(&r, 1232, 0, "\0\12\0\3abc\3opt\7example\0", 20);
	ns = r.len;
	dnsmsg_a(&r, IN_ADDITIONAL, "NS2.example.net");	     /* literal */
	place = dnsmsg_record(&r, IN_ADDITIONAL, "@33", MX); /* before it */
	dnsmsg_u16(&r, 10);
	snprintf(pointer, sizeof(pointer), "MaIl.@%zu", ns + 4);
	dnsmsg_name(&r, pointer); /* behind it */
	dnsmsg_rdata_end(&r, place);
	place = dnsmsg_record(&r, IN_ADDITIONAL, "@12", SRV);
	dnsmsg_fill(&r, 1, 6);
	dnsmsg_name(&r, "sRv.example.net");
	dnsmsg_rdata_end(&r, place);
	CU_ASSERT_FATAL(relay(&q, &r) && has_records_of(&r, false));
	CU_ASSERT(dnsmsg_get16(got, 10) == 3);
	CU_ASSERT(got_len == r.len - (ns - opt)); /* nothing written out */
	PROVE("FWD-009", memmem(got, got_len, "\4MaIl", 5) != NULL);
	PROVE(
	    "FWD-008", memmem(got, got_len, "\3sRv\7example\3net", 17) != NULL);

	/* its owner is as good a root as any; its RDATA looks like a name */
	snprintf(pointer, sizeof(pointer), "x.@%zu", opt);
	dnsmsg_a(&r, IN_ADDITIONAL, pointer);
	CU_ASSERT(relay(&q, &r) && has_records_of(&r, false));
	snprintf(pointer, sizeof(pointer), "y.@%zu", opt + 11 + 7);
	dnsmsg_a(&r, IN_ADDITIONAL, pointer);
	dnsmsg_a(&r, IN_ADDITIONAL, pointer);
	CU_ASSERT(relay(&q, &r) && has_records_of(&r, false));
	/* labels that end only in the OPT: what follows them changes */
	dnsmsg_start(&r, ID, RESPONSE);
	dnsmsg_question(&r, "www.example.com", A);
	place = dnsmsg_record(&r, IN_AUTHORITY, ".", 65280);
	snprintf(pointer, sizeof(pointer), "x.@%zu", r.len);
	dnsmsg_bytes(&r, "\3abc", 4);
	dnsmsg_rdata_end(&r, place);
	dnsmsg_opt(&r, 1232, 0, NULL, 0);
	dnsmsg_a(&r, IN_ADDITIONAL, "other.example");
	dnsmsg_a(&r, IN_ADDITIONAL, pointer);
	CU_ASSERT(relay(&q, &r) && has_records_of(&r, false));
	/* a name written out that is just as long as the gap */
	dnsmsg_start(&r, ID, RESPONSE);
	dnsmsg_question(&r, "www.example.com", A);
	place = dnsmsg_record(&r, IN_AUTHORITY, ".", 65280);
	snprintf(pointer, sizeof(pointer), "@%zu", r.len);
	dnsmsg_bytes(&r, "\13abcdefghijk", DNS_OPT_SIZE + 1);
	dnsmsg_rdata_end(&r, place);
	dnsmsg_opt(&r, 1232, 0, NULL, 0);
	ns = r.len;
	dnsmsg_a(&r, IN_ADDITIONAL, "early.example");
	dnsmsg_a(&r, IN_ADDITIONAL, pointer);
	snprintf(pointer, sizeof(pointer), "@%zu", ns);
	dnsmsg_a(&r, IN_ADDITIONAL, pointer);
	CU_ASSERT(relay(&q, &r) && has_records_of(&r, false));
	CU_ASSERT(got_len == r.len);
	/* OPT, then TSIG: both out, for a query that was not signed */
	dnsmsg_tsig(&r, IN_ADDITIONAL);
	CU_ASSERT(relay(&q, &r) && has_records_of(&r, false));
	start_answer(&r, 0);
	dnsmsg_opt(&r, 1232, 0, NULL, 0);
	dnsmsg_tsig(&r, IN_ADDITIONAL);
	CU_ASSERT(relay(&q, &r) && has_records_of(&r, false));
	CU_ASSERT(dnsmsg_get16(got, 10) == 0 && got_len == HEADER + 21 + 16);
}

/* An RRSIG as a validating backend sends it. */
static void
add_rrsig(struct dnsmsg *m, enum dnsmsg_section section, const char *owner)
{
	size_t place = dnsmsg_record(m, section, owner, RRSIG);

	dnsmsg_fill(m, 1, 18);
	dnsmsg_name(m, "example.com");
	dnsmsg_fill(m, 0xaa, 32);
	dnsmsg_rdata_end(m, place);
}

static void
test_dnssec(void)
{
	static const struct dns_relay strip = {
	    .strip_dnssec = true, .ede = DNS_EDE_NONE};
	struct dnsmsg q;
	struct dnsmsg r;
	char pointer[40];
	size_t place;
	size_t nsec;

	start_query(&q, 0x0100, true);
	start_answer(&r, 0);
	add_rrsig(&r, IN_ANSWER, "@12");
	dnsmsg_soa(&r, IN_AUTHORITY, "@16");
	add_rrsig(&r, IN_AUTHORITY, "@16");
	nsec = r.len;
	place = dnsmsg_record(&r, IN_AUTHORITY, "ns.cut.example.com", NSEC);
	dnsmsg_name(&r, "z.example.com");
	dnsmsg_bytes(&r, "\0\1\100", 3);
	dnsmsg_rdata_end(&r, place);
	/* a name that is only in the record that goes */
	snprintf(pointer, sizeof(pointer), "@%zu", nsec);
	dnsmsg_a(&r, IN_ADDITIONAL, pointer);
	dnsmsg_a(&r, IN_ADDITIONAL, pointer);
	dnsmsg_opt(&r, 1232, 0x8000, NULL, 0);
	CU_ASSERT_FATAL(relay_as(&doq, &strip, &q, &r));
	PROVE("FWD-042", has_records_of(&r, true));
	start_query(&q, 0x0100, false);
	CU_ASSERT_FATAL(relay_as(&doq, &strip, &q, &r));
	PROVE("FWD-042", has_records_of(&r, true));
	start_query(&q, 0x0100, false);
	dnsmsg_opt(&q, 1232, 0x8000, NULL, 0);
	CU_ASSERT_FATAL(relay_as(&doq, &strip, &q, &r));
	PROVE("FWD-042", has_records_of(&r, false));
	PROVE("FWD-048", has_records_of(&r, false));
	/* asked for by name */
	dnsmsg_query(&q, "www.example.com", RRSIG);
	dnsmsg_start(&r, ID, RESPONSE);
	dnsmsg_question(&r, "www.example.com", RRSIG);
	add_rrsig(&r, IN_ANSWER, "@12");
	CU_ASSERT(relay_as(&doq, &strip, &q, &r));
	PROVE("FWD-042", has_records_of(&r, false));
}

/*
 * A message that becomes longer when records are taken out: names that end in
 * what goes, so often that offsets no longer fit into a pointer.
 */
static void
test_growth(void)
{
	enum {
		RUNS = 20,
		FILLER = 9500,
		LABELS = 3
	};
	static const struct dns_relay strip = {
	    .strip_dnssec = true, .ede = DNS_EDE_NONE};
	static struct dnsmsg r;
	struct dnsmsg q;
	size_t runs[RUNS];
	char pointer[40];
	size_t place;
	size_t i;
	size_t k;

	start_query(&q, 0x0100, false);
	dnsmsg_start(&r, ID, RESPONSE);
	dnsmsg_question(&r, "www.example.com", A);
	place = dnsmsg_record(&r, IN_ANSWER, ".", 65280);
	dnsmsg_fill(&r, 'f', FILLER);
	dnsmsg_rdata_end(&r, place);
	for (i = 0; i < RUNS; i++) {
		place = dnsmsg_record(&r, IN_ANSWER, "@12", 65280);
		runs[i] = r.len;
		for (k = 0; k < LABELS; k++) {
			dnsmsg_u8(&r, 63);
			dnsmsg_fill(&r, (uint8_t)('a' + i), 63);
		}
		dnsmsg_rdata_end(&r, place);
		add_rrsig(&r, IN_ANSWER, ".");
	}
	for (i = 0; i < RUNS; i++) {
		snprintf(pointer, sizeof(pointer), "@%zu", runs[i]);
		dnsmsg_a(&r, IN_ANSWER, pointer);
	}
	/* here it is still below the limit, in the new message above */
	snprintf(pointer, sizeof(pointer), "@%zu", r.len);
	dnsmsg_a(&r, IN_ANSWER, "last.example");
	CU_ASSERT(r.len < DNS_POINTER_MASK);
	dnsmsg_a(&r, IN_ANSWER, pointer);
	CU_ASSERT(relay_as(&doq, &strip, &q, &r));
	CU_ASSERT(has_records_of(&r, true));
	CU_ASSERT(got_len > r.len && got_len > DNS_POINTER_MASK + 100);
}

/* Names as a compressor may write them: labels, then perhaps a pointer. */
struct maker {
	struct dnsmsg m;
	size_t names[512]; /* where names and their tails begin */
	size_t count;
	uint32_t *seed;
};

static unsigned
draw(struct maker *k, unsigned n)
{
	return dnsmsg_random(k->seed) % n;
}

static void
add_random_name(struct maker *k)
{
	struct dnsmsg *m = &k->m;
	unsigned labels = draw(k, 4);
	size_t before = k->count;

	while (labels-- > 0) {
		if (k->count < 512 && m->len < DNS_POINTER_MASK)
			k->names[k->count++] = m->len;
		dnsmsg_u8(m, 2);
		dnsmsg_u8(m, 'a' + draw(k, 26));
		dnsmsg_u8(m, 'A' + draw(k, 26));
	}
	if (draw(k, 4) == 0)
		dnsmsg_u8(m, 0);
	else
		dnsmsg_u16(
		    m, 0xc000 | (unsigned)k->names[draw(k, (unsigned)before)]);
}

static void
add_random_record(struct maker *k, enum dnsmsg_section section)
{
	static const unsigned types[] = {
	    A, NS, SOA, MX, TXT, SRV, RRSIG, NSEC, 65280};
	unsigned type = types[draw(k, 9)];
	struct dnsmsg *m = &k->m;
	size_t place;

	add_random_name(k);
	dnsmsg_u16(m, type);
	dnsmsg_u16(m, 1);
	dnsmsg_u32(m, 1000 + type); /* the same over an RRset */
	dnsmsg_u16(m, 0);
	place = m->len - 2;
	if (type == A)
		dnsmsg_u32(m, 0xc0020001);
	if (type == TXT || type == 65280)
		dnsmsg_bytes(m, "\7c\300\014def", 8);
	if (type == MX)
		dnsmsg_u16(m, 10);
	if (type == SRV)
		dnsmsg_fill(m, 2, 6);
	if (type == RRSIG)
		dnsmsg_fill(m, 1, 18);
	if (type != A && type != TXT && type != 65280)
		add_random_name(k);
	if (type == SOA) {
		add_random_name(k);
		dnsmsg_fill(m, 3, 20);
	}
	if (type == RRSIG)
		dnsmsg_fill(m, 0xaa, 8);
	if (type == NSEC)
		dnsmsg_bytes(m, "\0\1\100", 3);
	dnsmsg_rdata_end(m, place);
	dnsmsg_count(m, section);
}

static void
add_random_section(struct maker *k, enum dnsmsg_section section, unsigned most)
{
	unsigned n = draw(k, most);

	while (n-- > 0)
		add_random_record(k, section);
}

/* An A record 192.0.2.1 with another TTL. */
static void
add_ttl(struct dnsmsg *m, uint32_t ttl)
{
	dnsmsg_a(m, IN_ANSWER, "@12");
	dns_put32(m->data + m->len - A_SIZE - RDLENGTH_TTL, ttl);
}

/* The TTL of record `i` of the answer, each of which is one of add_ttl(). */
static uint32_t
got_ttl(const struct dnsmsg *query, size_t i)
{
	size_t record = 2 + 10 + A_SIZE;
	size_t end = query->len + record * (i + 1);

	return dns_get32(got + end - A_SIZE - RDLENGTH_TTL);
}

static void
start_ttl(struct dnsmsg *m, uint32_t ttl)
{
	dnsmsg_start(m, ID, RESPONSE);
	dnsmsg_question(m, "www.example.com", A);
	add_ttl(m, ttl);
}

/* Those that are too long, and those of an RRset that differ. */
static void
test_ttls(void)
{
	struct dnsmsg q;
	struct dnsmsg a;

	start_query(&q, 0x0100, false);
	start_ttl(&a, UINT32_MAX);
	CU_ASSERT_FATAL(relay(&q, &a));
	PROVE("FWD-091", got_ttl(&q, 0) == 604800);
	start_ttl(&a, 604801);
	CU_ASSERT_FATAL(relay(&q, &a));
	CU_ASSERT_EQUAL(got_ttl(&q, 0), 604800);
	start_ttl(&a, 300);
	add_ttl(&a, 200);
	add_ttl(&a, 0);
	CU_ASSERT_FATAL(relay(&q, &a));
	PROVE("FWD-089", got_ttl(&q, 0) == 0 && got_ttl(&q, 1) == 0);
	PROVE("BAD-142", got_ttl(&q, 0) == got_ttl(&q, 2));
	/* A name that leads into the TTL would not be the same. */
	start_ttl(&a, UINT32_C(0x01610000));
	dnsmsg_a(&a, IN_ADDITIONAL, "@39");
	CU_ASSERT_FATAL(relay(&q, &a));
	CU_ASSERT_EQUAL(got_ttl(&q, 0), UINT32_C(0x01610000));
}

/* Any message, OPT anywhere: what is left says the same as before. */
static void
test_property(void)
{
	static const struct dns_relay strip = {
	    .strip_dnssec = true, .ede = DNS_EDE_NONE};
	uint32_t seed = dnsmsg_seed("answer");
	static struct maker k;
	struct dnsmsg q;
	unsigned most;
	int round;

	k.seed = &seed;
	start_query(&q, 0x0100, true);
	for (round = 0; round < ROUNDS; round++) {
		dnsmsg_start(&k.m, ID, RESPONSE);
		dnsmsg_question(&k.m, "www.example.com", A);
		k.count = 0;
		k.names[k.count++] = 12;
		k.names[k.count++] = 16;
		most = round % 50 == 0 ? 200 : 8;
		add_random_section(&k, IN_ANSWER, most);
		add_random_section(&k, IN_AUTHORITY, most);
		add_random_section(&k, IN_ADDITIONAL, most);
		dnsmsg_opt_with(&k.m, EDE, draw(&k, 30));
		add_random_section(&k, IN_ADDITIONAL, most);
		if (draw(&k, 4) == 0)
			dnsmsg_tsig(&k.m, IN_ADDITIONAL);
		/* ldns refuses names over 255 octets, and so do we */
		if (!dnsmsg_is_valid(k.m.data, k.m.len))
			continue;
		CU_ASSERT_FATAL(relay_as(&doq, &plain, &q, &k.m));
		CU_ASSERT_FATAL(has_records_of(&k.m, false));
		CU_ASSERT_FATAL(relay_as(&doq, &strip, &q, &k.m));
		CU_ASSERT_FATAL(has_records_of(&k.m, true));
		CU_ASSERT_FATAL(got_len % ANSWER_BLOCK == 0);
	}
}

/* Broken ones: nothing outside is touched; what comes out can be read. */
static void
test_mutated(void)
{
	static const struct dns_relay strip = {
	    .strip_dnssec = true, .ede = DNS_EDE_NONE};
	uint32_t seed = dnsmsg_seed("mutated answer");
	static struct maker k;
	struct dnsmsg q;
	struct exchange x;
	struct dns_buf out;
	size_t good = 0;
	int round;

	k.seed = &seed;
	start_query(&q, 0x0100, true);
	for (round = 0; round < 4 * ROUNDS; round++) {
		dnsmsg_start(&k.m, ID, RESPONSE);
		dnsmsg_question(&k.m, "www.example.com", A);
		k.count = 0;
		k.names[k.count++] = 12;
		add_random_section(&k, IN_ANSWER, 4);
		dnsmsg_opt_with(&k.m, EDE, draw(&k, 30));
		add_random_section(&k, IN_ADDITIONAL, 8);
		dnsmsg_mutate(k.m.data, &k.m.len, &seed);
		k.m.data[0] = ID >> 8;
		k.m.data[1] = ID & 0xff;
		if (!start_exchange(&x, &q, &k.m))
			continue;
		good++;
		out = make_room(dns_answer_bound(&x.q, &doq, &x.r, &strip));
		CU_ASSERT_FATAL(
		    dns_answer_relay(&x.q, &doq, &x.r, &strip, &out) == 0);
		CU_ASSERT_FATAL(out.len % ANSWER_BLOCK == 0);
		free(out.data);
		end_exchange(&x);
	}
	CU_ASSERT(good > ROUNDS / 100);
}

/* Every room that is too small for an answer. */
static void
test_no_room(void)
{
	struct exchange x;
	struct dns_buf out;
	struct dnsmsg q;
	struct dnsmsg r;
	size_t n;
	int rc;

	start_query(&q, 0x0100, true);
	start_answer(&r, 0);
	dnsmsg_opt(&r, 1232, 0, NULL, 0);
	dnsmsg_a(&r, IN_ADDITIONAL, "@12");
	CU_ASSERT_FATAL(start_exchange(&x, &q, &r));
	for (n = HEADER; n < 200; n++) {
		out = make_room(n);
		rc = dns_answer_relay(&x.q, &doq, &x.r, &plain, &out);
		/* an error answer has header, question, OPT and its EDE */
		CU_ASSERT((rc == 0) == (n >= HEADER + 21 + 11 + 6 + 15));
		free(out.data);
	}
	end_exchange(&x);
}

void
test_answer_register(void)
{
	CU_pSuite s = unit_suite("answer");

	unit_test(s, "header", test_header);
	unit_test(s, "AD", test_ad);
	unit_test(s, "question", test_question);
	unit_test(s, "OPT", test_opt);
	unit_test(s, "padding", test_padding);
	unit_test(s, "sizes", test_sizes);
	unit_test(s, "truncation", test_truncation);
	unit_test(s, "TTL", test_ttls);
	unit_test(s, "RCODE", test_rcodes);
	unit_test(s, "EDE", test_ede);
	unit_test(s, "errors", test_errors);
	unit_test(s, "client subnet", test_ecs);
	unit_test(s, "raw", test_raw);
	unit_test(s, "TSIG", test_tsig);
	unit_test(s, "opaque", test_opaque);
	unit_test(s, "gap", test_gap);
	unit_test(s, "DNSSEC", test_dnssec);
	unit_test(s, "growth", test_growth);
	unit_test(s, "property", test_property);
	unit_test(s, "mutated", test_mutated);
	unit_test(s, "no room", test_no_room);
}
