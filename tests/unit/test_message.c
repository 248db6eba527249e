/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients' messages: what each gets, and what of it reaches a backend.  A fault
 * is proved by the answer that the client gets, made as a DoQ front end does.
 */
#include "dns/message.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/answer.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	SOA = 6,
	SIG = 24,
	AAAA = 28,
	OPT = 41,
	TKEY = 249,
	TSIG = 250,
	IXFR = 251,
	ANY = 255,
	QUERY_BLOCK = 128,
	ANSWER_BLOCK = 468,
	OUR_SIZE = 1232,
	ROUNDS = 30000,
	CPU_MS_MAX = 50
};

static const struct dns_hop hop = {
    .max_size = DNS_MESSAGE_MAX,
    .pad_block = ANSWER_BLOCK,
    .zero_id = true,
    .no_keepalive = true,
};

/* A message as it was read from octets of exactly its length. */
struct asked {
	uint8_t *data;
	struct dns_query q;
	enum dns_verdict verdict;
};

/* What we made of it. */
struct made {
	uint8_t data[DNS_MESSAGE_MAX];
	struct dns_buf out;
};

static struct made made;

static void
ask(struct asked *a, const struct dnsmsg *m)
{
	memset(&a->q, 0, sizeof(a->q));
	a->data = dnsmsg_exact(m->data, m->len);
	a->verdict = dns_query_parse(a->data, m->len, &a->q);
	/* Whatever is wrong can be told, and nothing else is. */
	if (a->verdict == DNS_VERDICT_FORMERR)
		CU_ASSERT_FATAL(a->q.fault != NULL &&
				strlen(a->q.fault) <= DNS_EDE_TEXT_MAX);
	if (a->verdict == DNS_VERDICT_OK || a->verdict == DNS_VERDICT_NOTIMP ||
	    a->verdict == DNS_VERDICT_BADVERS)
		CU_ASSERT_FATAL(a->q.fault == NULL);
}

static void
start_output(void)
{
	made.out =
	    (struct dns_buf){.data = made.data, .size = sizeof(made.data)};
}

static enum dns_verdict
verdict_of(const struct dnsmsg *m)
{
	struct asked a;

	ask(&a, m);
	free(a.data);
	return a.verdict;
}

/* Is the message answered with this verdict's RCODE, OPT and opcode? */
static bool
is_refused(const struct dnsmsg *m, enum dns_verdict verdict, bool has_opt)
{
	struct dns_error e = {.ede = DNS_EDE_NONE};
	struct asked a;
	bool is_ok;

	ask(&a, m);
	if (a.verdict != verdict) {
		free(a.data);
		return false;
	}
	start_output();
	e.rcode = dns_verdict_rcode(verdict);
	is_ok = dns_answer_error(&a.q, &hop, &e, &made.out) == 0;
	free(a.data);
	is_ok = is_ok && dnsmsg_is_valid(made.data, made.out.len);
	is_ok = is_ok && dnsmsg_get16(made.data, 0) == 0;
	is_ok = is_ok && (made.data[2] & 0xf8) == (0x80 | (m->data[2] & 0x78));
	is_ok = is_ok && (made.data[3] & 0x0f) == (e.rcode & 0x0f);
	is_ok = is_ok && dnsmsg_get16(made.data, 10) == has_opt;
	if (has_opt)
		is_ok = is_ok && made.out.len % ANSWER_BLOCK == 0;
	return is_ok;
}

static bool
is_formerr(const struct dnsmsg *m, bool has_opt)
{
	return is_refused(m, DNS_VERDICT_FORMERR, has_opt);
}

/* Makes our own query of it; false if it may not be forwarded or is raw. */
static bool
forward(const struct dnsmsg *m, const struct dns_build *how)
{
	struct asked a;
	bool is_ok;

	ask(&a, m);
	start_output();
	is_ok = a.verdict == DNS_VERDICT_OK && !dns_query_is_raw(&a.q) &&
		dns_query_build(&a.q, how, &made.out) == 0 &&
		made.out.len <= dns_query_build_bound(&a.q, how) &&
		dnsmsg_is_valid(made.data, made.out.len);
	free(a.data);
	return is_ok;
}

/*
 * Is it forwarded as our own query: our header, its question octet by octet,
 * our OPT without any option?
 */
static bool
is_forwarded(const struct dnsmsg *m)
{
	struct dns_build how = {.id = 0x1234};
	size_t question; /* and the SOA of IXFR */

	if (!forward(m, &how))
		return false;
	question = made.out.len - DNS_HEADER_SIZE - DNS_OPT_SIZE;
	return dnsmsg_get16(made.data, 0) == how.id &&
	       (made.data[2] & ~0x01) == 0 && (made.data[3] & ~0x30) == 0 &&
	       dnsmsg_get16(made.data, 4) == 1 &&
	       dnsmsg_get16(made.data, 6) == 0 &&
	       dnsmsg_get16(made.data, 8) == dnsmsg_get16(m->data, 8) &&
	       dnsmsg_get16(made.data, 10) == 1 &&
	       memcmp(made.data + 12, m->data + 12, question) == 0 &&
	       dnsmsg_get16(made.data, 12 + question + 3) == OUR_SIZE &&
	       dnsmsg_get16(made.data, made.out.len - 2) == 0;
}

/* Is it forwarded octet by octet but for the ID? */
static bool
is_raw(const struct dnsmsg *m)
{
	static const uint8_t bits[DNS_NAME_CASE_BITS] = {0xff, 0xff, 0xff};
	struct dns_build how = {
	    .id = 0x1234, .case_bits = bits, .pad_block = QUERY_BLOCK};
	struct asked a;
	bool is_ok;

	ask(&a, m);
	start_output();
	is_ok = a.verdict == DNS_VERDICT_OK && dns_query_is_raw(&a.q) &&
		dns_query_build(&a.q, &how, &made.out) == 0 &&
		made.out.len == dns_query_build_bound(&a.q, &how);
	free(a.data);
	return is_ok && made.out.len == m->len &&
	       dnsmsg_get16(made.data, 0) == how.id &&
	       memcmp(made.data + 2, m->data + 2, m->len - 2) == 0;
}

static void
test_header(void)
{
	struct dnsmsg m;
	struct asked a;
	size_t n;

	for (n = 0; n < DNS_HEADER_SIZE; n++) {
		dnsmsg_query(&m, "example.com", A);
		m.len = n;
		CU_ASSERT(verdict_of(&m) == DNS_VERDICT_SHORT);
	}
	dnsmsg_start(&m, 0, 0);
	PROVE("BAD-004", is_formerr(&m, false));
	PROVE("BAD-096", made.out.len == DNS_HEADER_SIZE);

	dnsmsg_query(&m, "example.com", A);
	m.data[2] |= 0x80;
	CU_ASSERT(verdict_of(&m) == DNS_VERDICT_QR_SET);

	/* all members are there */
	dnsmsg_start(&m, 0xbeef, 0x0130);
	dnsmsg_question(&m, "example.com", AAAA);
	dnsmsg_opt(&m, 100, 0x00008001, NULL, 0);
	ask(&a, &m);
	CU_ASSERT(a.verdict == DNS_VERDICT_OK);
	CU_ASSERT(a.q.id == 0xbeef && a.q.flags == 0x0130);
	CU_ASSERT(a.q.qtype == AAAA && a.q.qclass == 1 && a.q.opcode == 0);
	CU_ASSERT(a.q.question_len == 13 + 4 && !a.q.is_signed);
	CU_ASSERT(a.q.edns.is_present && a.q.edns.flags == 0x8001);
	CU_ASSERT(a.q.edns.udp_size == DNS_EDNS_SIZE_MIN);
	free(a.data);
}

static void
test_flags(void)
{
	struct dnsmsg m;
	unsigned flags;

	dnsmsg_start(&m, 0, 0x0040);
	dnsmsg_question(&m, "example.com", A);
	PROVE("FWD-002", is_forwarded(&m) && (made.data[3] & 0x40) == 0);
	PROVE("BAD-129", is_forwarded(&m) && (made.data[3] & 0x40) == 0);
	dnsmsg_start(&m, 0, 0x0020);
	dnsmsg_question(&m, "example.com", A);
	PROVE("FWD-003", is_forwarded(&m) && (made.data[3] & 0x30) == 0x20);
	dnsmsg_start(&m, 0, 0x0010);
	dnsmsg_question(&m, "example.com", A);
	PROVE("FWD-003", is_forwarded(&m) && (made.data[3] & 0x30) == 0x10);
	dnsmsg_start(&m, 0, 0x0030);
	dnsmsg_question(&m, "example.com", A);
	PROVE("FWD-003", is_forwarded(&m) && (made.data[3] & 0x30) == 0x30);
	dnsmsg_start(&m, 0, 0x078f);
	dnsmsg_question(&m, "example.com", A);
	PROVE("BAD-128", is_forwarded(&m));
	dnsmsg_start(&m, 0, 0x7fff);
	dnsmsg_question(&m, "example.com", A);
	PROVE("BAD-127", is_refused(&m, DNS_VERDICT_NOTIMP, false));
	/* any flag, alone and with all others; the opcode stays QUERY */
	for (flags = 0; flags <= 0x7ff; flags++) {
		dnsmsg_start(&m, 0, (uint16_t)flags);
		dnsmsg_question(&m, "example.com", A);
		CU_ASSERT(is_forwarded(&m));
		CU_ASSERT((made.data[2] & 1) == (flags >> 8 & 1));
		CU_ASSERT((made.data[3] & 0x30) == (flags & 0x30));
	}
}

static void
test_opcodes(void)
{
	uint32_t seed = dnsmsg_seed("opcodes");
	struct dnsmsg m;
	unsigned opcode;
	unsigned round;
	bool is_ok;
	size_t n;

	for (opcode = 1; opcode < 16; opcode++) {
		if (opcode == DNS_OPCODE_NOTIFY || opcode == DNS_OPCODE_UPDATE)
			continue;
		is_ok = true;
		for (round = 0; round < 20; round++) {
			dnsmsg_start(&m, 0, (uint16_t)(opcode << 11));
			for (n = 0; n < 40; n++)
				dnsmsg_u8(&m, dnsmsg_random(&seed));
			dnsmsg_set_count(&m, IN_QUESTION, round % 3);
			dnsmsg_set_count(&m, IN_ADDITIONAL, round % 2);
			is_ok = is_ok &&
				is_refused(&m, DNS_VERDICT_NOTIMP, false) &&
				made.out.len == DNS_HEADER_SIZE;
		}
		PROVE("FWD-015", is_ok);
		if (opcode == 15 || opcode == 3 || opcode == 7)
			PROVE("BAD-092", is_ok);
		if (opcode == 1 || opcode == 2)
			PROVE("BAD-093", is_ok);
		if (opcode == 6) {
			PROVE("BAD-094", is_ok);
			PROVE("DOQ-031", is_ok);
		}
	}
	/* whole messages: sections empty, but OPT for OPT */
	dnsmsg_start(&m, 0, 7 << 11);
	dnsmsg_question(&m, "example.com", A);
	dnsmsg_opt(&m, OUR_SIZE, 0, NULL, 0);
	PROVE("FWD-015", is_refused(&m, DNS_VERDICT_NOTIMP, true) &&
			     dnsmsg_get16(made.data, 4) == 0);
	PROVE("FWD-026", dnsmsg_options(made.data, made.out.len, 12) == 1);
}

/* UPDATE and NOTIFY: their counts mean something else; never altered. */
static void
test_other_opcodes(void)
{
	struct dnsmsg m;

	dnsmsg_start(&m, 0, DNS_OPCODE_UPDATE << 11);
	dnsmsg_question(&m, "example.com", SOA);
	dnsmsg_a(&m, IN_ANSWER, "a.example.com");
	dnsmsg_a(&m, IN_ANSWER, "b.example.com");
	dnsmsg_rdata_end(
	    &m, dnsmsg_record(&m, IN_AUTHORITY, "c.example.com", A));
	PROVE("FWD-012", is_raw(&m));
	dnsmsg_start(&m, 0, DNS_OPCODE_NOTIFY << 11 | 0x0400);
	dnsmsg_question(&m, "example.com", SOA);
	dnsmsg_soa(&m, IN_ANSWER, "example.com");
	CU_ASSERT(is_raw(&m));
	dnsmsg_u8(&m, 0);
	CU_ASSERT(is_formerr(&m, false));
}

static void
test_counts(void)
{
	static const enum dnsmsg_section sections[] = {
	    IN_ANSWER, IN_AUTHORITY, IN_ADDITIONAL};
	struct dnsmsg m;
	size_t i;

	dnsmsg_query(&m, "example.com", A);
	dnsmsg_question(&m, "example.net", A);
	PROVE("FWD-011", is_formerr(&m, false));
	PROVE("BAD-097", is_formerr(&m, false));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_set_count(&m, IN_QUESTION, 65535);
	PROVE("BAD-097", is_formerr(&m, false));
	for (i = 0; i < 3; i++) {
		dnsmsg_query(&m, "example.com", A);
		dnsmsg_set_count(&m, sections[i], 65535);
		PROVE("BAD-098", is_formerr(&m, false));
		dnsmsg_query(&m, "example.com", A);
		dnsmsg_a(&m, sections[i], "example.com");
		dnsmsg_set_count(&m, sections[i], 0);
		PROVE("BAD-099", is_formerr(&m, false));
	}
	for (i = 1; i < 30; i++) {
		dnsmsg_query(&m, "example.com", A);
		dnsmsg_fill(&m, (uint8_t)(i * 9), i);
		PROVE("BAD-014", is_formerr(&m, false));
	}
	/* answer and authority records have no place in a query ... */
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_a(&m, IN_ANSWER, "example.com");
	PROVE("BAD-100", is_formerr(&m, false));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_soa(&m, IN_AUTHORITY, "example.com");
	PROVE("BAD-100", is_formerr(&m, false));
	/* ... but for the SOA of IXFR, compressed or not */
	dnsmsg_query(&m, "example.com", IXFR);
	dnsmsg_soa(&m, IN_AUTHORITY, "example.com");
	PROVE("BAD-100", is_forwarded(&m));
	dnsmsg_query(&m, "example.com", IXFR);
	dnsmsg_soa(&m, IN_AUTHORITY, "@12");
	CU_ASSERT(is_forwarded(&m));
	dnsmsg_soa(&m, IN_AUTHORITY, "@12");
	PROVE("BAD-100", is_formerr(&m, false));
	/* other additional records are no fault */
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_a(&m, IN_ADDITIONAL, "@12");
	CU_ASSERT(is_forwarded(&m));
}

/* A query whose QNAME is made by hand, then type and class. */
static void
start_name(struct dnsmsg *m)
{
	dnsmsg_start(m, 0, 0x0100);
	dnsmsg_set_count(m, IN_QUESTION, 1);
}

static void
end_name(struct dnsmsg *m)
{
	dnsmsg_u16(m, A);
	dnsmsg_u16(m, 1);
}

static void
test_bad_names(void)
{
	static const unsigned targets[] = {0, 5, 11, 12, 14, 15, 30, 16383};
	struct dnsmsg m;
	unsigned n;
	size_t i;

	start_name(&m);
	dnsmsg_u16(&m, 0xc00c);
	end_name(&m);
	PROVE("BAD-101", is_formerr(&m, false));
	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		start_name(&m);
		dnsmsg_u8(&m, 1);
		dnsmsg_u8(&m, 'a');
		dnsmsg_u16(&m, 0xc000 | targets[i]);
		end_name(&m);
		PROVE("BAD-102", is_formerr(&m, false));
	}
	start_name(&m); /* 12 leads to 14, and 14 to 12 */
	dnsmsg_u16(&m, 0xc00e);
	dnsmsg_u16(&m, 0xc00c);
	end_name(&m);
	PROVE("BAD-102", is_formerr(&m, false));

	for (n = 0x40; n < 0xc0; n++) {
		start_name(&m);
		dnsmsg_u8(&m, n);
		dnsmsg_fill(&m, 1, n);
		dnsmsg_u8(&m, 0);
		end_name(&m);
		PROVE("BAD-106", is_formerr(&m, false));
	}
	for (n = 61; n < 64; n++) { /* 3 times 64, and a last one */
		start_name(&m);
		for (i = 0; i < 3; i++) {
			dnsmsg_u8(&m, 63);
			dnsmsg_fill(&m, 'x', 63);
		}
		dnsmsg_u8(&m, n);
		dnsmsg_fill(&m, 'y', n);
		dnsmsg_u8(&m, 0);
		end_name(&m);
		if (n == 61)
			PROVE("BAD-105", is_forwarded(&m));
		else
			PROVE("BAD-104", is_formerr(&m, false));
	}
	/* 255 of the question and one label in front, by a pointer */
	dnsmsg_query(&m, "b.example.com", A);
	for (i = 0; i < 4; i++) {
		dnsmsg_u8(&m, 60);
		dnsmsg_fill(&m, 'z', 60);
	}
	dnsmsg_u16(&m, 0xc00c);
	dnsmsg_u16(&m, A);
	dnsmsg_fill(&m, 0, 8);
	dnsmsg_count(&m, IN_ADDITIONAL);
	PROVE("BAD-104", is_formerr(&m, false));

	start_name(&m);
	dnsmsg_u8(&m, 3);
	dnsmsg_bytes(&m, "www", 3);
	PROVE("BAD-110", is_formerr(&m, false));
	start_name(&m);
	dnsmsg_u8(&m, 3);
	dnsmsg_bytes(&m, "ww", 2);
	PROVE("BAD-110", is_formerr(&m, false));
	for (n = 0; n < 4; n++) {
		start_name(&m);
		dnsmsg_name(&m, "www");
		dnsmsg_fill(&m, 0, n);
		PROVE("BAD-111", is_formerr(&m, false));
	}
}

static void
test_good_names(void)
{
	struct dnsmsg m;
	bool is_ok = true;
	unsigned n;
	size_t i;

	start_name(&m);
	for (i = 0; i < 127; i++)
		dnsmsg_u16(&m, 0x0100 | 'a');
	dnsmsg_u8(&m, 0);
	end_name(&m);
	PROVE("BAD-105", is_forwarded(&m));
	start_name(&m);
	dnsmsg_u8(&m, 63);
	dnsmsg_fill(&m, 'l', 63);
	dnsmsg_u8(&m, 0);
	end_name(&m);
	PROVE("BAD-107", is_forwarded(&m));
	for (n = 0; n < 256; n++) {
		start_name(&m);
		dnsmsg_u8(&m, 3);
		dnsmsg_u8(&m, 'a');
		dnsmsg_u8(&m, n);
		dnsmsg_u8(&m, 'Z');
		dnsmsg_u8(&m, 0);
		end_name(&m);
		is_ok = is_ok && is_forwarded(&m);
	}
	PROVE("BAD-109", is_ok);
}

/* Fills a message with records whose owner is a chain of so many jumps. */
static void
make_bomb(struct dnsmsg *m, int jumps)
{
	size_t place;
	size_t chain;
	int i;

	dnsmsg_query(m, "example.com", A);
	place = dnsmsg_record(m, IN_ADDITIONAL, ".", 65280);
	chain = m->len;
	dnsmsg_u8(m, 0);
	for (i = 1; i < jumps; i++) {
		dnsmsg_u16(m, 0xc000 | (unsigned)chain);
		chain = m->len - 2;
	}
	dnsmsg_rdata_end(m, place);
	while (m->len + 12 <= DNS_MESSAGE_MAX) {
		dnsmsg_u16(m, 0xc000 | (unsigned)chain);
		dnsmsg_u16(m, 65280);
		dnsmsg_fill(m, 0, 8);
		dnsmsg_count(m, IN_ADDITIONAL);
	}
}

static void
test_pointer_bomb(void)
{
	static struct dnsmsg m;
	clock_t least = 0;
	clock_t spent;
	struct asked a;
	int i;

	make_bomb(&m, 128);
	CU_ASSERT(is_formerr(&m, false));
	make_bomb(&m, 127);
	for (i = 0; i < 3; i++) {
		spent = clock();
		ask(&a, &m);
		spent = clock() - spent;
		if (i == 0 || spent < least)
			least = spent;
		free(a.data);
		CU_ASSERT(a.verdict == DNS_VERDICT_OK);
	}
	PROVE("BAD-103", least * 1000 / CLOCKS_PER_SEC < CPU_MS_MAX);
}

static void
test_types(void)
{
	static const unsigned classes[] = {0, 1, 3, 4, 254, 255, 65280, 65535};
	struct dnsmsg m;
	unsigned type;
	bool is_ok = true;
	size_t i;

	for (type = 0; type <= 0xffff; type++) {
		if (type == OPT || type == TSIG || type == TKEY)
			continue;
		dnsmsg_query(&m, "example.com", type);
		is_ok = is_ok && is_forwarded(&m);
	}
	PROVE("FWD-005", is_ok);
	PROVE("BAD-112", is_ok);
	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		dnsmsg_query(&m, "example.com", A);
		m.data[m.len - 2] = (uint8_t)(classes[i] >> 8);
		m.data[m.len - 1] = (uint8_t)classes[i];
		PROVE("FWD-005", is_forwarded(&m));
		PROVE("BAD-113", is_forwarded(&m));
	}
	dnsmsg_query(&m, "example.com", OPT);
	PROVE("BAD-112", is_formerr(&m, false));
	dnsmsg_query(&m, "example.com", TSIG);
	PROVE("BAD-112", is_formerr(&m, false));
	dnsmsg_query(&m, "key.example", TKEY);
	dnsmsg_rdata_end(
	    &m, dnsmsg_record(&m, IN_ADDITIONAL, "key.example", TKEY));
	PROVE("FWD-189", is_raw(&m));
}

static void
test_opt_place(void)
{
	struct dnsmsg m;
	size_t place;

	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt(&m, OUR_SIZE, 0, NULL, 0);
	dnsmsg_a(&m, IN_ADDITIONAL, "example.com");
	PROVE("FWD-032", is_forwarded(&m));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_a(&m, IN_ADDITIONAL, "example.com");
	dnsmsg_opt(&m, OUR_SIZE, 0, NULL, 0);
	PROVE("FWD-032", is_forwarded(&m));
	dnsmsg_opt(&m, OUR_SIZE, 0, NULL, 0);
	PROVE("FWD-031", is_formerr(&m, true));
	PROVE("BAD-114", is_formerr(&m, true));

	dnsmsg_query(&m, "example.com", A);
	place = dnsmsg_record(&m, IN_ADDITIONAL, "a", OPT);
	dnsmsg_rdata_end(&m, place);
	PROVE("FWD-033", is_formerr(&m, true));
	PROVE("BAD-115", is_formerr(&m, true));
	dnsmsg_query(&m, "example.com", A);
	place = dnsmsg_record(&m, IN_ANSWER, ".", OPT);
	dnsmsg_rdata_end(&m, place);
	PROVE("FWD-033", is_formerr(&m, true));
	PROVE("BAD-115", is_formerr(&m, true));
	dnsmsg_query(&m, "example.com", IXFR);
	place = dnsmsg_record(&m, IN_AUTHORITY, ".", OPT);
	dnsmsg_rdata_end(&m, place);
	PROVE("FWD-033", is_formerr(&m, true));
	/* RDLENGTH beyond the message */
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt(&m, OUR_SIZE, 0, NULL, 0);
	m.data[m.len - 1] = 1;
	PROVE("FWD-037", is_formerr(&m, true));
	PROVE("BAD-115", is_formerr(&m, true));
}

static bool
has_fault(const struct dnsmsg *m, const char *fault)
{
	struct asked a;

	ask(&a, m);
	free(a.data);
	return a.verdict == DNS_VERDICT_FORMERR &&
	       strcmp(a.q.fault, fault) == 0;
}

/* The first thing that is wrong, in the order of the octets. */
static void
test_faults(void)
{
	struct dnsmsg m;
	size_t place;

	dnsmsg_query(&m, "example.com", A);
	dnsmsg_set_count(&m, IN_QUESTION, 2);
	CU_ASSERT(has_fault(&m, "a question cannot be parsed"));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_question(&m, "example.com", A);
	CU_ASSERT(has_fault(&m, "not exactly one question"));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_u8(&m, 0);
	CU_ASSERT(has_fault(&m, "octets behind the last record"));
	dnsmsg_set_count(&m, IN_ADDITIONAL, 1);
	CU_ASSERT(has_fault(&m, "a record cannot be parsed"));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_a(&m, IN_ADDITIONAL, "example.com");
	m.len--;
	CU_ASSERT(has_fault(&m, "a record is cut"));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_a(&m, IN_ANSWER, "example.com");
	CU_ASSERT(has_fault(&m, "a record in the answer section"));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_a(&m, IN_AUTHORITY, "example.com");
	CU_ASSERT(has_fault(&m, "a record in the authority section"));
	dnsmsg_query(&m, "example.com", OPT);
	CU_ASSERT(has_fault(&m, "no type to ask for"));

	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt(&m, OUR_SIZE, 0, NULL, 0);
	dnsmsg_opt(&m, OUR_SIZE, 0, "\0", 1);
	dnsmsg_u8(&m, 0);
	CU_ASSERT(has_fault(&m, "more than one OPT"));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt(&m, OUR_SIZE, 0, "\0", 1);
	CU_ASSERT(has_fault(&m, "options do not fill the OPT"));
	dnsmsg_query(&m, "example.com", A);
	place = dnsmsg_record(&m, IN_ADDITIONAL, "a", OPT);
	dnsmsg_rdata_end(&m, place);
	CU_ASSERT(has_fault(&m, "OPT with a name"));
	dnsmsg_query(&m, "example.com", A);
	place = dnsmsg_record(&m, IN_ANSWER, ".", OPT);
	dnsmsg_rdata_end(&m, place);
	CU_ASSERT(has_fault(&m, "OPT outside the additional section"));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_tsig(&m, IN_ANSWER);
	CU_ASSERT(has_fault(&m, "TSIG outside the additional section"));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_tsig(&m, IN_ADDITIONAL);
	dnsmsg_a(&m, IN_ADDITIONAL, "example.com");
	CU_ASSERT(has_fault(&m, "a record behind the TSIG"));
}

static void
test_opt_version(void)
{
	static const unsigned versions[] = {1, 100, 255};
	struct dnsmsg m;
	size_t i;

	for (i = 0; i < 3; i++) {
		dnsmsg_query(&m, "example.com", A);
		dnsmsg_opt(&m, OUR_SIZE, versions[i] << 16, NULL, 0);
		PROVE("FWD-034", is_refused(&m, DNS_VERDICT_BADVERS, true) &&
				     made.data[12 + 17 + 5] == 1 &&
				     made.data[12 + 17 + 6] == 0);
		PROVE("BAD-116", is_refused(&m, DNS_VERDICT_BADVERS, true));
	}
	/* a fault of the message goes first */
	dnsmsg_u8(&m, 0);
	CU_ASSERT(is_formerr(&m, true));
}

static void
test_options(void)
{
	static const unsigned cookies[] = {0, 7, 8, 9, 15, 41, 65000};
	static const uint8_t beyond[] = {0xfd, 0xe9, 0, 100, 1, 2, 3, 4, 5, 6};
	static const uint8_t ecs[] = {0, 8, 0, 8, 0, 3, 129, 7, 1, 2, 3, 4};
	static struct dnsmsg m;
	struct asked a;
	size_t i;

	for (i = 0; i <= 1000; i += 250) {
		dnsmsg_query(&m, "example.com", A);
		dnsmsg_opt_with(&m, 65001, i);
		PROVE("FWD-035", is_forwarded(&m));
		PROVE("FWD-043", is_forwarded(&m));
	}
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt_with(&m, 65001, 65000);
	PROVE("BAD-119", is_forwarded(&m));
	for (i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++) {
		dnsmsg_query(&m, "example.com", A);
		dnsmsg_opt_with(&m, 10, cookies[i]);
		PROVE("BAD-120", is_forwarded(&m));
	}
	PROVE("FWD-049", is_forwarded(&m));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt(&m, OUR_SIZE, 0, ecs, sizeof(ecs));
	PROVE("BAD-121", is_forwarded(&m));
	PROVE("FWD-058", is_forwarded(&m));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt_with(&m, 15, 2);
	PROVE("BAD-123", is_forwarded(&m));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt(&m, OUR_SIZE, 0, "\0\14\0\1\377\0\14\0\0", 9);
	PROVE("BAD-122", is_forwarded(&m));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt_with(&m, 12, 60000);
	PROVE("BAD-122", is_forwarded(&m));
	for (i = 0; i <= 65000; i += 13000) {
		dnsmsg_query(&m, "example.com", A);
		dnsmsg_opt_with(&m, 12, i);
		PROVE("FWD-074", is_forwarded(&m));
	}

	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt(&m, OUR_SIZE, 0, beyond, sizeof(beyond));
	PROVE("FWD-037", is_formerr(&m, true));
	PROVE("BAD-117", is_formerr(&m, true));
	for (i = 1; i < 4; i++) {
		dnsmsg_query(&m, "example.com", A);
		dnsmsg_opt(&m, OUR_SIZE, 0, "\375\351\0\0\0\0\0", 4 + i);
		PROVE("BAD-117", is_formerr(&m, true));
	}
	/* 16,000 empty ones */
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt_with(&m, 65001, 16000 * 4);
	for (i = m.len - 16000 * 4; i < m.len; i += 4)
		memcpy(m.data + i, "\375\351\0\0", 4);
	m.data[m.len - 16000 * 4 - 2] = 0;
	m.data[m.len - 16000 * 4 - 1] = 0;
	PROVE("BAD-118", is_forwarded(&m));

	/* what the parser notes */
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt(&m, OUR_SIZE, 0, "\0\10\0\0\0\12\0\0\0\14\0\0", 12);
	ask(&a, &m);
	free(a.data);
	CU_ASSERT(a.q.edns.has_ecs && a.q.edns.has_cookie);
	CU_ASSERT(a.q.edns.has_padding && !a.q.edns.has_keepalive);
	CU_ASSERT(a.q.edns.options_len == 12);
}

static bool
has_keepalive(const struct dnsmsg *m)
{
	struct asked a;

	ask(&a, m);
	free(a.data);
	return a.q.edns.has_keepalive;
}

/* Seen whatever else is wrong, as long as the OPT could be parsed. */
static void
test_keepalive(void)
{
	struct dnsmsg m;

	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt_with(&m, 11, 0);
	CU_ASSERT(has_keepalive(&m));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt_with(&m, 11, 2);
	CU_ASSERT(has_keepalive(&m) && verdict_of(&m) == DNS_VERDICT_OK);
	dnsmsg_u8(&m, 0); /* trailing octets */
	CU_ASSERT(has_keepalive(&m) && verdict_of(&m) == DNS_VERDICT_FORMERR);
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_question(&m, "example.com", A);
	dnsmsg_opt_with(&m, 11, 2);
	CU_ASSERT(has_keepalive(&m) && verdict_of(&m) == DNS_VERDICT_FORMERR);
	dnsmsg_u8(&m, 1);
	CU_ASSERT(has_keepalive(&m));
	m.data[2] = 7 << 3;
	CU_ASSERT(has_keepalive(&m) && verdict_of(&m) == DNS_VERDICT_NOTIMP);
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt(&m, OUR_SIZE, 1 << 16, "\0\13\0\0", 4);
	CU_ASSERT(has_keepalive(&m) && verdict_of(&m) == DNS_VERDICT_BADVERS);
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt(&m, OUR_SIZE, 0, "\0\13\0\0\0\13\0", 7);
	CU_ASSERT(has_keepalive(&m) && verdict_of(&m) == DNS_VERDICT_FORMERR);
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_opt(&m, OUR_SIZE, 0, "\0\14\0\4\0\13\0\0", 8);
	CU_ASSERT(!has_keepalive(&m)); /* inside another option */
}

static void
test_signed(void)
{
	struct dnsmsg m;
	size_t place;

	dnsmsg_query(&m, "wWw.example.com", A);
	dnsmsg_opt_with(&m, 12, 3);
	dnsmsg_a(&m, IN_ADDITIONAL, "@12");
	dnsmsg_tsig(&m, IN_ADDITIONAL);
	PROVE("FWD-183", is_raw(&m));
	PROVE("FWD-119", is_raw(&m));
	PROVE("FWD-080", is_raw(&m));
	PROVE("BAD-125", is_raw(&m));
	PROVE("BAD-126", is_raw(&m));
	dnsmsg_a(&m, IN_ADDITIONAL, "@12");
	PROVE("FWD-186", is_formerr(&m, true));
	PROVE("BAD-124", is_formerr(&m, true));
	dnsmsg_query(&m, "example.com", A);
	dnsmsg_tsig(&m, IN_ADDITIONAL);
	dnsmsg_tsig(&m, IN_ADDITIONAL);
	PROVE("FWD-186", is_formerr(&m, false));
	PROVE("BAD-124", is_formerr(&m, false));
	dnsmsg_query(&m, "example.com", IXFR);
	dnsmsg_tsig(&m, IN_AUTHORITY);
	PROVE("BAD-124", is_formerr(&m, false));
	/* class, TTL and RDATA of a TSIG are its receiver's affair */
	dnsmsg_query(&m, "example.com", A);
	place = dnsmsg_record(&m, IN_ADDITIONAL, "key", TSIG);
	dnsmsg_u8(&m, 7);
	dnsmsg_rdata_end(&m, place);
	PROVE("BAD-124", is_raw(&m));

	dnsmsg_query(&m, "example.com", A);
	place = dnsmsg_record(&m, IN_ADDITIONAL, ".", SIG);
	dnsmsg_fill(&m, 0, 18);
	dnsmsg_name(&m, "key.example");
	dnsmsg_fill(&m, 0xaa, 64);
	dnsmsg_rdata_end(&m, place);
	PROVE("BAD-126", is_raw(&m));
	m.data[place + 3] = A; /* covers something: no SIG(0) */
	CU_ASSERT(is_forwarded(&m));
}

static void
test_build(void)
{
	static const uint8_t bits[DNS_NAME_CASE_BITS] = {0xff, 0xff, 0xff};
	static const uint8_t option[] = {0, 10, 0, 2, 0xaa, 0xbb};
	struct dns_build how = {.id = 7};
	struct dns_buf small = {.data = made.data};
	struct dnsmsg m;
	struct asked a;
	size_t n;

	dnsmsg_query(&m, "ab1.example", A);
	dnsmsg_opt(&m, 65535, 0x00008000, "\375\351\0\1x", 5);
	CU_ASSERT_FATAL(forward(&m, &how));
	PROVE("FWD-039", dnsmsg_get16(made.data, 12 + 17 + 3) == OUR_SIZE);
	PROVE("DOQ-112", dnsmsg_get16(made.data, 12 + 17 + 3) == OUR_SIZE);
	PROVE("FWD-029",
	    is_forwarded(&m) && dnsmsg_get16(made.data, 12 + 17 + 7) == 0x8000);
	PROVE("FWD-028", dnsmsg_options(made.data, made.out.len, 65001) == 0);

	how.case_bits = bits;
	CU_ASSERT_FATAL(forward(&m, &how));
	CU_ASSERT(memcmp(made.data + 12, "\3AB1\7EXAMPLE", 12) == 0);
	how.case_bits = NULL;
	how.no_edns = true;
	PROVE("FWD-041", forward(&m, &how) && made.out.len == 12 + 17 &&
			     dnsmsg_get16(made.data, 10) == 0);
	how.no_edns = false;
	how.options = option;
	how.options_len = sizeof(option);
	CU_ASSERT_FATAL(forward(&m, &how));
	CU_ASSERT(dnsmsg_options(made.data, made.out.len, 10) == 1);
	PROVE("FWD-071", dnsmsg_options(made.data, made.out.len, 12) == 0);

	how.pad_block = QUERY_BLOCK;
	for (n = 1; n < 64; n++) {
		start_name(&m);
		dnsmsg_u8(&m, (unsigned)n);
		dnsmsg_fill(&m, 'p', n);
		dnsmsg_u8(&m, 0);
		end_name(&m);
		CU_ASSERT_FATAL(forward(&m, &how));
		PROVE("FWD-077",
		    made.out.len % QUERY_BLOCK == 0 &&
			dnsmsg_options(made.data, made.out.len, 12) == 1);
	}
	/* a buffer that is one octet too small stays as it was */
	how.pad_block = 0;
	CU_ASSERT_FATAL(forward(&m, &how));
	ask(&a, &m);
	for (n = 0; n < made.out.len; n++) {
		small.size = n;
		small.len = 1;
		CU_ASSERT(dns_query_build(&a.q, &how, &small) != 0);
		CU_ASSERT(small.len == 1);
	}
	free(a.data);
}

/* A message with one of everything; cut anywhere it is a FORMERR. */
static void
make_rich(struct dnsmsg *m)
{
	dnsmsg_query(m, "www.example.com", IXFR);
	dnsmsg_soa(m, IN_AUTHORITY, "@12");
	dnsmsg_a(m, IN_ADDITIONAL, "a.@12");
	dnsmsg_opt(m, OUR_SIZE, 0x8000, "\0\12\0\10abcdefgh\0\14\0\3xyz", 19);
	dnsmsg_a(m, IN_ADDITIONAL, "b.@16");
	dnsmsg_tsig(m, IN_ADDITIONAL);
}

static void
test_every_cut(void)
{
	struct dnsmsg m;
	struct dnsmsg cut;

	make_rich(&m);
	CU_ASSERT(is_raw(&m));
	for (cut = m; cut.len > DNS_HEADER_SIZE;) {
		cut.len--;
		CU_ASSERT(verdict_of(&cut) == DNS_VERDICT_FORMERR);
	}
}

/* Whatever comes: no octet outside is read, and what is made is valid. */
static void
test_property(void)
{
	uint32_t seed = dnsmsg_seed("message");
	struct dns_build how = {.id = 1, .pad_block = QUERY_BLOCK};
	struct dns_error e = {.rcode = DNS_RCODE_SERVFAIL, .ede = 23};
	struct dnsmsg m;
	struct asked a;
	size_t good = 0;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		make_rich(&m);
		dnsmsg_mutate(m.data, &m.len, &seed);
		ask(&a, &m);
		start_output();
		if (a.verdict == DNS_VERDICT_OK) {
			good++;
			CU_ASSERT_FATAL(
			    dns_query_build(&a.q, &how, &made.out) == 0);
			CU_ASSERT_FATAL(
			    dns_query_is_raw(&a.q) ||
			    dnsmsg_is_valid(made.data, made.out.len));
		}
		start_output();
		if (a.verdict != DNS_VERDICT_SHORT) {
			CU_ASSERT_FATAL(
			    dns_answer_error(&a.q, &hop, &e, &made.out) == 0);
			CU_ASSERT_FATAL(
			    dnsmsg_is_valid(made.data, made.out.len));
		}
		free(a.data);
	}
	CU_ASSERT(good > ROUNDS / 100);
}

void
test_message_register(void)
{
	CU_pSuite s = unit_suite("message");

	unit_test(s, "header", test_header);
	unit_test(s, "flags", test_flags);
	unit_test(s, "opcodes", test_opcodes);
	unit_test(s, "UPDATE and NOTIFY", test_other_opcodes);
	unit_test(s, "counts", test_counts);
	unit_test(s, "bad names", test_bad_names);
	unit_test(s, "good names", test_good_names);
	unit_test(s, "pointer bomb", test_pointer_bomb);
	unit_test(s, "types and classes", test_types);
	unit_test(s, "faults", test_faults);
	unit_test(s, "place of OPT", test_opt_place);
	unit_test(s, "EDNS version", test_opt_version);
	unit_test(s, "options", test_options);
	unit_test(s, "keepalive", test_keepalive);
	unit_test(s, "signed", test_signed);
	unit_test(s, "build", test_build);
	unit_test(s, "every cut", test_every_cut);
	unit_test(s, "property", test_property);
}
