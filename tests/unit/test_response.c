/* SPDX-License-Identifier: BSD-2-Clause */
/* Backends' messages: ours or not, whole or not. */
#include "dns/response.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/message.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	SOA = 6,
	MX = 15,
	AAAA = 28,
	OPT = 41,
	RRSIG = 46,
	TSIG = 250,
	ID = 0x1234,
	RESPONSE = 0x8180,
	ROUNDS = 30000,
	CPU_MS_MAX = 50
};

static struct dns_response resp;

/* Judges a message as the answer to a query for www.ExAmple.com A. */
static enum dns_match
check_as(const struct dnsmsg *m, bool is_case_exact)
{
	struct dnsmsg sent;
	struct dns_expect e;
	enum dns_match match;
	uint8_t *data;

	dnsmsg_start(&sent, ID, 0x0100);
	dnsmsg_question(&sent, "www.ExAmple.com", A);
	CU_ASSERT_FATAL(
	    dns_expect_init(sent.data, sent.len, is_case_exact, &e) == 0);
	data = dnsmsg_exact(m->data, m->len);
	match = dns_response_check(data, m->len, &e, &resp);
	free(data);
	return match;
}

static enum dns_match
check(const struct dnsmsg *m)
{
	return check_as(m, false);
}

static void
start_response(struct dnsmsg *m)
{
	dnsmsg_start(m, ID, RESPONSE);
	dnsmsg_question(m, "www.ExAmple.com", A);
}

static void
test_match(void)
{
	struct dnsmsg m;
	unsigned opcode;
	size_t n;

	start_response(&m);
	dnsmsg_a(&m, IN_ANSWER, "@12");
	CU_ASSERT(check(&m) == DNS_MATCH_ACCEPT);
	m.data[0] ^= 1;
	CU_ASSERT(check(&m) == DNS_MATCH_IGNORE);
	m.data[0] ^= 1;
	m.data[1] ^= 0x80;
	CU_ASSERT(check(&m) == DNS_MATCH_IGNORE);
	m.data[1] ^= 0x80;
	m.data[2] &= 0x7f;
	PROVE("FWD-117", check(&m) == DNS_MATCH_IGNORE);
	m.data[2] |= 0x80;
	for (opcode = 1; opcode < 16; opcode++) {
		m.data[2] = (uint8_t)(0x81 | opcode << 3);
		PROVE("FWD-117", check(&m) == DNS_MATCH_IGNORE);
	}
	m.data[2] = 0x81;
	for (n = 0; n < 17 + 4; n++) { /* every octet of the question */
		m.data[12 + n] ^= 1;
		CU_ASSERT(check(&m) == DNS_MATCH_IGNORE);
		m.data[12 + n] ^= 1;
	}
	CU_ASSERT(check(&m) == DNS_MATCH_ACCEPT);
	for (n = 0; n < 12; n++) {
		m.len = n;
		CU_ASSERT(check(&m) == DNS_MATCH_IGNORE);
	}
}

static void
test_question_count(void)
{
	struct dnsmsg m;
	unsigned rcode;
	bool is_ok;

	for (rcode = 0; rcode < 16; rcode++) {
		dnsmsg_start(&m, ID, (uint16_t)(RESPONSE | rcode));
		is_ok = rcode == DNS_RCODE_FORMERR ||
			rcode == DNS_RCODE_NOTIMP || rcode == DNS_RCODE_REFUSED;
		PROVE("FWD-117", (check(&m) == DNS_MATCH_ACCEPT) == is_ok);
		PROVE("BAD-141", (check(&m) == DNS_MATCH_IGNORE) == !is_ok);
	}
	start_response(&m);
	dnsmsg_question(&m, "www.ExAmple.com", A);
	PROVE("FWD-117", check(&m) == DNS_MATCH_IGNORE);
	start_response(&m); /* longer and shorter names with the same begin */
	dnsmsg_start(&m, ID, RESPONSE);
	dnsmsg_question(&m, "www.ExAmple.com.x", A);
	CU_ASSERT(check(&m) == DNS_MATCH_IGNORE);
	dnsmsg_start(&m, ID, RESPONSE);
	dnsmsg_question(&m, "www.ExAmple", A);
	CU_ASSERT(check(&m) == DNS_MATCH_IGNORE);
	dnsmsg_start(&m, ID, RESPONSE);
	dnsmsg_u16(&m, 0xc00c);
	dnsmsg_u32(&m, 0x00010001);
	dnsmsg_count(&m, IN_QUESTION);
	CU_ASSERT(check(&m) == DNS_MATCH_IGNORE);
}

static void
test_case(void)
{
	struct dnsmsg m;

	dnsmsg_start(&m, ID, RESPONSE);
	dnsmsg_question(&m, "www.example.com", A);
	CU_ASSERT(check_as(&m, false) == DNS_MATCH_ACCEPT);
	CU_ASSERT(check_as(&m, true) == DNS_MATCH_CASE);
	m.data[1] ^= 1; /* a wrong ID says nothing about the server */
	CU_ASSERT(check_as(&m, true) == DNS_MATCH_IGNORE);
	start_response(&m);
	CU_ASSERT(check_as(&m, true) == DNS_MATCH_ACCEPT);
	dnsmsg_start(&m, ID, RESPONSE);
	dnsmsg_question(&m, "www.example.net", A);
	CU_ASSERT(check_as(&m, true) == DNS_MATCH_IGNORE);
}

static void
test_truncated(void)
{
	struct dnsmsg m;

	start_response(&m);
	m.data[2] |= 0x02;
	CU_ASSERT(check(&m) == DNS_MATCH_TRUNCATED);
	dnsmsg_a(&m, IN_ANSWER, "@12");
	m.len -= 5; /* cut within a record, as some servers do */
	CU_ASSERT(check(&m) == DNS_MATCH_TRUNCATED);
	CU_ASSERT((resp.flags & DNS_FLAG_TC) != 0);
}

/* One record of this type and RDATA in an otherwise good answer. */
static enum dns_match
check_rdata(unsigned type, const void *rdata, size_t len)
{
	struct dnsmsg m;
	size_t place;

	start_response(&m);
	place = dnsmsg_record(&m, IN_ANSWER, "@12", type);
	dnsmsg_bytes(&m, rdata, len);
	dnsmsg_rdata_end(&m, place);
	return check(&m);
}

static void
test_rdata(void)
{
	static const uint8_t soa[] = "\1a\0\1b\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0"
				     "\0\4\0\0\0\5";
	uint8_t rrsig[64] = {0};
	size_t n;

	for (n = 0; n < 20; n++) {
		CU_ASSERT(
		    (check_rdata(A, soa, n) == DNS_MATCH_ACCEPT) == (n == 4));
		CU_ASSERT((check_rdata(AAAA, soa, n) == DNS_MATCH_ACCEPT) ==
			  (n == 16));
		/* opaque in any length */
		CU_ASSERT(check_rdata(65280, soa, n) == DNS_MATCH_ACCEPT);
	}
	CU_ASSERT(check_rdata(A, soa, 5) == DNS_MATCH_BROKEN);
	for (n = 0; n < sizeof(soa) - 1; n++)
		CU_ASSERT(check_rdata(SOA, soa, n) == DNS_MATCH_BROKEN);
	CU_ASSERT(check_rdata(SOA, soa, sizeof(soa) - 1) == DNS_MATCH_ACCEPT);
	CU_ASSERT(check_rdata(SOA, soa, sizeof(soa)) == DNS_MATCH_BROKEN);
	for (n = 0; n < sizeof(rrsig); n++)
		CU_ASSERT((check_rdata(RRSIG, rrsig, n) == DNS_MATCH_ACCEPT) ==
			  (n >= 19));
	CU_ASSERT(check_rdata(MX, "\0\12\300\14", 4) == DNS_MATCH_ACCEPT);
	CU_ASSERT(check_rdata(MX, "\0\12\300", 3) == DNS_MATCH_BROKEN);
	CU_ASSERT(check_rdata(MX, "\0\12\377\377", 4) == DNS_MATCH_BROKEN);
	CU_ASSERT(check_rdata(MX, "\0\12\300\14x", 5) == DNS_MATCH_BROKEN);
	CU_ASSERT(check_rdata(16, "\3abc\2de", 7) == DNS_MATCH_ACCEPT);
	CU_ASSERT(check_rdata(16, "\3abc\3de", 7) == DNS_MATCH_BROKEN);
	CU_ASSERT(check_rdata(13, "\3abc\2de", 7) == DNS_MATCH_ACCEPT);
	CU_ASSERT(check_rdata(13, "\6abc\2de", 7) == DNS_MATCH_BROKEN);
	CU_ASSERT(
	    check_rdata(35, "\0\1\0\2\1U\0\1!\0", 10) == DNS_MATCH_ACCEPT);
	CU_ASSERT(check_rdata(35, "\0\1\0\2\1U\0\1!", 9) == DNS_MATCH_BROKEN);
}

static void
test_broken(void)
{
	static const enum dnsmsg_section sections[] = {
	    IN_ANSWER, IN_AUTHORITY, IN_ADDITIONAL};
	struct dnsmsg m;
	size_t i;

	for (i = 0; i < 3; i++) {
		start_response(&m);
		dnsmsg_set_count(&m, sections[i], 65535);
		CU_ASSERT(check(&m) == DNS_MATCH_BROKEN);
	}
	start_response(&m);
	dnsmsg_u8(&m, 0);
	CU_ASSERT(check(&m) == DNS_MATCH_BROKEN);
	start_response(&m);
	dnsmsg_a(&m, IN_ANSWER, "@33"); /* itself */
	CU_ASSERT(check(&m) == DNS_MATCH_BROKEN);
	start_response(&m);
	dnsmsg_a(&m, IN_ANSWER, "x.@33");
	CU_ASSERT(check(&m) == DNS_MATCH_BROKEN);
	start_response(&m);
	dnsmsg_a(&m, IN_ANSWER, "@12");
	m.data[m.len - 5]++;
	CU_ASSERT(check(&m) == DNS_MATCH_BROKEN);
}

static void
test_meta(void)
{
	struct dnsmsg m;
	size_t i;

	start_response(&m);
	dnsmsg_opt(&m, 1232, 0x01000000, "\0\13\0\2\0\1", 6);
	dnsmsg_a(&m, IN_ADDITIONAL, "@12");
	dnsmsg_tsig(&m, IN_ADDITIONAL);
	CU_ASSERT(check(&m) == DNS_MATCH_ACCEPT);
	CU_ASSERT(resp.rcode == 16 && resp.edns.has_keepalive);
	CU_ASSERT(resp.opt_start == 33 && resp.opt_end == 33 + 17);
	CU_ASSERT(resp.tsig_start > resp.opt_end && resp.question_len == 21);
	dnsmsg_a(&m, IN_ADDITIONAL, "@12"); /* behind the TSIG */
	CU_ASSERT(check(&m) == DNS_MATCH_BROKEN);
	start_response(&m);
	dnsmsg_opt(&m, 1232, 0, NULL, 0);
	dnsmsg_opt(&m, 1232, 0, NULL, 0);
	CU_ASSERT(check(&m) == DNS_MATCH_BROKEN);
	for (i = 0; i < 2; i++) {
		start_response(&m);
		dnsmsg_rdata_end(
		    &m, dnsmsg_record(
			    &m, i == 0 ? IN_ANSWER : IN_AUTHORITY, ".", OPT));
		CU_ASSERT(check(&m) == DNS_MATCH_BROKEN);
		start_response(&m);
		dnsmsg_tsig(&m, i == 0 ? IN_ANSWER : IN_AUTHORITY);
		CU_ASSERT(check(&m) == DNS_MATCH_BROKEN);
	}
	start_response(&m);
	dnsmsg_rdata_end(&m, dnsmsg_record(&m, IN_ADDITIONAL, "x", OPT));
	CU_ASSERT(check(&m) == DNS_MATCH_BROKEN);
	/* options are for this hop only: broken ones harm nobody */
	start_response(&m);
	dnsmsg_opt(&m, 1232, 0, "\0\12\0", 3);
	CU_ASSERT(check(&m) == DNS_MATCH_ACCEPT && resp.edns.is_broken);
}

static void
test_expect(void)
{
	struct dns_expect e;
	struct dnsmsg m;

	dnsmsg_query(&m, "example.com", A);
	CU_ASSERT(dns_expect_init(m.data, 11, false, &e) != 0);
	CU_ASSERT(dns_expect_init(m.data, m.len - 1, false, &e) != 0);
	CU_ASSERT(dns_expect_init(m.data, m.len, false, &e) == 0);
	CU_ASSERT(e.question == m.data + 12 && e.question_len == 17);
	dnsmsg_set_count(&m, IN_QUESTION, 0);
	CU_ASSERT(dns_expect_init(m.data, m.len, false, &e) != 0);
	/* NOTIFY and UPDATE may be answered without a question */
	dnsmsg_start(&m, ID, DNS_OPCODE_NOTIFY << 11);
	dnsmsg_question(&m, "example.com", SOA);
	CU_ASSERT(dns_expect_init(m.data, m.len, false, &e) == 0);
	dnsmsg_start(&m, ID, 0x8000 | DNS_OPCODE_NOTIFY << 11);
	CU_ASSERT(
	    dns_response_check(m.data, m.len, &e, &resp) == DNS_MATCH_ACCEPT);
	/* an UPDATE has records without RDATA */
	dnsmsg_start(&m, ID, DNS_OPCODE_UPDATE << 11);
	dnsmsg_question(&m, "example.com", SOA);
	CU_ASSERT(dns_expect_init(m.data, m.len, false, &e) == 0);
	dnsmsg_rdata_end(&m, dnsmsg_record(&m, IN_ANSWER, "@12", A));
	m.data[2] |= 0x80;
	CU_ASSERT(
	    dns_response_check(m.data, m.len, &e, &resp) == DNS_MATCH_ACCEPT);
}

/* Chains of pointers in each record's owner and RDATA. */
static void
test_bomb(void)
{
	static struct dnsmsg m;
	clock_t least = 0;
	clock_t spent;
	size_t place;
	size_t chain;
	int i;

	start_response(&m);
	place = dnsmsg_record(&m, IN_ANSWER, "@12", 65280);
	chain = 12;
	for (i = 0; i < 126; i++) {
		dnsmsg_u16(&m, 0xc000 | (unsigned)chain);
		chain = m.len - 2;
	}
	dnsmsg_rdata_end(&m, place);
	while (m.len + 16 <= DNS_MESSAGE_MAX) {
		dnsmsg_u16(&m, 0xc000 | (unsigned)chain);
		dnsmsg_u16(&m, MX);
		dnsmsg_u16(&m, 1);
		dnsmsg_u32(&m, 0);
		dnsmsg_u16(&m, 4);
		dnsmsg_u16(&m, 0);
		dnsmsg_u16(&m, 0xc000 | (unsigned)chain);
		dnsmsg_count(&m, IN_ANSWER);
	}
	for (i = 0; i < 3; i++) {
		spent = clock();
		CU_ASSERT(check(&m) == DNS_MATCH_ACCEPT);
		spent = clock() - spent;
		if (i == 0 || spent < least)
			least = spent;
	}
	PROVE("BAD-103", least * 1000 / CLOCKS_PER_SEC < CPU_MS_MAX);
}

static void
test_property(void)
{
	uint32_t seed = dnsmsg_seed("response");
	struct dnsmsg m;
	struct dnsmsg cut;
	size_t good = 0;
	int round;

	start_response(&m);
	dnsmsg_soa(&m, IN_AUTHORITY, "@12");
	dnsmsg_opt_with(&m, 15, 6);
	dnsmsg_a(&m, IN_ADDITIONAL, "x.@12");
	CU_ASSERT(check(&m) == DNS_MATCH_ACCEPT);
	for (cut = m; cut.len > 33;) {
		cut.len--;
		CU_ASSERT(check(&cut) == DNS_MATCH_BROKEN);
	}
	for (round = 0; round < ROUNDS; round++) {
		cut = m;
		dnsmsg_mutate(cut.data, &cut.len, &seed);
		if (check(&cut) != DNS_MATCH_ACCEPT)
			continue;
		good++;
		CU_ASSERT(resp.opt_end <= cut.len && resp.len == cut.len);
	}
	CU_ASSERT(good > ROUNDS / 100);
}

void
test_response_register(void)
{
	CU_pSuite s = unit_suite("response");

	unit_test(s, "match", test_match);
	unit_test(s, "question count", test_question_count);
	unit_test(s, "case", test_case);
	unit_test(s, "truncated", test_truncated);
	unit_test(s, "RDATA", test_rdata);
	unit_test(s, "broken", test_broken);
	unit_test(s, "OPT and TSIG", test_meta);
	unit_test(s, "expect", test_expect);
	unit_test(s, "pointer bomb", test_bomb);
	unit_test(s, "property", test_property);
}
