/* SPDX-License-Identifier: BSD-2-Clause */
/* What of an answer is kept, and for how long. */
#include "dns/entry.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/kept.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	NS = 2,
	CNAME = 5,
	SOA = 6,
	AAAA = 28,
	SRV = 33,
	RRSIG = 46,
	NSEC = 47,
	NXDOMAIN = 3,
	SERVFAIL = 2,
	REFUSED = 5,
	TC = 0x0200,
	AD = 0x0020,
	HOUR = 3600,
	DAY = 86400,
};

static void
ask(struct dnsmsg *m)
{
	dnsmsg_query(m, "www.example", A);
}

/* www.example A, its TTL. */
static enum dns_entry_verdict
make_a(struct kept *k, uint32_t ttl, const struct dns_entry_rules *rules)
{
	struct dnsmsg query;
	struct dnsmsg m;

	ask(&query);
	kept_response(&m, "www.example", A, 0);
	kept_a(&m, IN_ANSWER, "@12", ttl, 1);
	return kept_make(k, &query, &m, 0, rules);
}

static void
test_life(void)
{
	struct kept k = {.entry = NULL};

	CU_ASSERT_EQUAL_FATAL(make_a(&k, 300, &kept_rules), DNS_ENTRY_MADE);
	CU_ASSERT_EQUAL(k.entry->kind, DNS_ENTRY_POSITIVE);
	CU_ASSERT_EQUAL(k.entry->life, 300);
	CU_ASSERT_EQUAL(k.entry->is_any_type, 0);
	CU_ASSERT_EQUAL_FATAL(make_a(&k, 2 * DAY, &kept_rules), DNS_ENTRY_MADE);
	CU_ASSERT_EQUAL(k.entry->life, DAY);
	kept_done(&k);
}

static void
test_ttl_zero(void)
{
	struct dns_entry_rules rules = kept_rules;
	struct kept k = {.entry = NULL};
	struct dnsmsg query;
	struct dnsmsg m;

	rules.min_ttl = 60;
	PROVE("FWD-090", make_a(&k, 0, &kept_rules) == DNS_ENTRY_TTL_ZERO &&
			     make_a(&k, 0, &rules) == DNS_ENTRY_TTL_ZERO);
	CU_ASSERT_EQUAL_FATAL(make_a(&k, 1, &rules), DNS_ENTRY_MADE);
	CU_ASSERT_EQUAL(k.entry->life, 60);
	/* Of any record, since all are given together. */
	ask(&query);
	kept_response(&m, "www.example", A, 0);
	kept_a(&m, IN_ANSWER, "@12", 300, 1);
	kept_a(&m, IN_ADDITIONAL, "ns.example", 0, 2);
	CU_ASSERT_EQUAL(
	    kept_make(&k, &query, &m, 0, &rules), DNS_ENTRY_TTL_ZERO);
	kept_done(&k);
}

static void
test_ttl_long(void)
{
	struct dns_entry_rules rules = kept_rules;
	struct kept k = {.entry = NULL};
	struct dnsmsg query;

	ask(&query);
	rules.max_ttl = UINT32_MAX;
	CU_ASSERT_EQUAL_FATAL(make_a(&k, UINT32_MAX, &rules), DNS_ENTRY_MADE);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	PROVE("FWD-091", k.entry->life == 604800 && kept_ttl(&k, 0) == 604800);
	CU_ASSERT_EQUAL_FATAL(
	    make_a(&k, UINT32_C(0x80000000), &kept_rules), DNS_ENTRY_MADE);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	PROVE("BAD-142", k.entry->life == DAY && kept_ttl(&k, 0) == DAY);
	kept_done(&k);
}

/* An RRset has one TTL, wherever its records stand; so have its signatures. */
static void
test_ttl_sets(void)
{
	struct kept k = {.entry = NULL};
	struct dnsmsg query;
	struct dnsmsg m;

	kept_query(&query, "www.example", A, DNS_EDNS_DO);
	kept_response(&m, "www.example", A, 0);
	kept_a(&m, IN_ANSWER, "@12", 300, 1);
	kept_a(&m, IN_ANSWER, "@12", 100, 2);
	kept_rrsig(&m, IN_ANSWER, "@12", A, 200);
	kept_name(&m, IN_AUTHORITY, "example", NS, 500, "www.example");
	kept_a(&m, IN_ADDITIONAL, "WWW.example", 400, 1);
	CU_ASSERT_EQUAL_FATAL(
	    kept_make(&k, &query, &m, KEPT_DO, &kept_rules), DNS_ENTRY_MADE);
	CU_ASSERT_EQUAL(k.entry->life, 100);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	PROVE("FWD-089", kept_ttl(&k, 0) == 100 && kept_ttl(&k, 1) == 100);
	PROVE("BAD-142", kept_ttl(&k, 0) == kept_ttl(&k, 1));
	CU_ASSERT_EQUAL(kept_ttl(&k, 2), 100);
	CU_ASSERT_EQUAL(kept_ttl(&k, 3), 500);
	CU_ASSERT_EQUAL(kept_ttl(&k, 4), 100);
	kept_done(&k);
}

/* A negative answer for www.example A; no SOA if `zone` is NULL. */
static enum dns_entry_verdict
make_negative(struct kept *k, unsigned rcode, const char *zone, uint32_t ttl,
    uint32_t minimum)
{
	struct dnsmsg query;
	struct dnsmsg m;

	ask(&query);
	kept_response(&m, "www.example", A, rcode);
	if (zone != NULL)
		kept_soa(&m, IN_AUTHORITY, zone, ttl, minimum);
	return kept_make(k, &query, &m, 0, &kept_rules);
}

static void
test_negative_kinds(void)
{
	struct kept k = {.entry = NULL};

	CU_ASSERT_EQUAL_FATAL(
	    make_negative(&k, 0, "example", 60, 60), DNS_ENTRY_MADE);
	CU_ASSERT_EQUAL(k.entry->kind, DNS_ENTRY_NODATA);
	CU_ASSERT_EQUAL(k.entry->is_any_type, 0);
	CU_ASSERT_EQUAL_FATAL(
	    make_negative(&k, NXDOMAIN, "example", 60, 60), DNS_ENTRY_MADE);
	CU_ASSERT_EQUAL(k.entry->kind, DNS_ENTRY_NXDOMAIN);
	CU_ASSERT_EQUAL(k.entry->is_any_type, 1);
	kept_done(&k);
}

static void
test_negative_ttl(void)
{
	struct kept k = {.entry = NULL};
	struct dnsmsg query;

	ask(&query);
	CU_ASSERT_EQUAL_FATAL(
	    make_negative(&k, NXDOMAIN, "example", HOUR, 5), DNS_ENTRY_MADE);
	CU_ASSERT_FATAL(kept_at(&k, &query, 3));
	PROVE("FWD-093", k.entry->life == 5 && kept_ttl(&k, 0) == 2);
	CU_ASSERT_EQUAL_FATAL(
	    make_negative(&k, 0, "example", 7, HOUR), DNS_ENTRY_MADE);
	CU_ASSERT_EQUAL(k.entry->life, 7);
	PROVE("FWD-093", make_negative(&k, NXDOMAIN, "example", HOUR, 0) ==
			     DNS_ENTRY_TTL_ZERO);
	CU_ASSERT_EQUAL_FATAL(
	    make_negative(&k, NXDOMAIN, "example", 604800, 604800),
	    DNS_ENTRY_MADE);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	PROVE("FWD-096", k.entry->life == HOUR && kept_ttl(&k, 0) == HOUR);
	CU_ASSERT_EQUAL_FATAL(
	    make_negative(&k, 0, "example", UINT32_MAX, UINT32_C(0x80000000)),
	    DNS_ENTRY_MADE);
	PROVE("BAD-142", k.entry->life == HOUR);
	kept_done(&k);
}

static void
test_negative_soa(void)
{
	struct kept k = {.entry = NULL};
	struct dnsmsg query;
	struct dnsmsg m;

	PROVE("FWD-095",
	    make_negative(&k, NXDOMAIN, NULL, 0, 0) == DNS_ENTRY_NO_SOA &&
		make_negative(&k, 0, NULL, 0, 0) == DNS_ENTRY_NO_SOA);
	/* One of another zone says nothing of this name. */
	CU_ASSERT_EQUAL(
	    make_negative(&k, NXDOMAIN, "ample", 60, 60), DNS_ENTRY_NO_SOA);
	CU_ASSERT_EQUAL(make_negative(&k, NXDOMAIN, "a.www.example", 60, 60),
	    DNS_ENTRY_NO_SOA);
	CU_ASSERT_EQUAL(
	    make_negative(&k, NXDOMAIN, ".", 60, 60), DNS_ENTRY_MADE);
	/* Nor does one in another section, nor a referral. */
	ask(&query);
	kept_response(&m, "www.example", A, NXDOMAIN);
	kept_soa(&m, IN_ADDITIONAL, "example", 60, 60);
	CU_ASSERT_EQUAL(
	    kept_make(&k, &query, &m, 0, &kept_rules), DNS_ENTRY_NO_SOA);
	kept_response(&m, "www.example", A, 0);
	kept_name(&m, IN_AUTHORITY, "example", NS, 60, "ns.example");
	CU_ASSERT_EQUAL(
	    kept_make(&k, &query, &m, 0, &kept_rules), DNS_ENTRY_NO_SOA);
	/* The second one may be it. */
	kept_soa(&m, IN_AUTHORITY, "other", 60, 60);
	kept_soa(&m, IN_AUTHORITY, "example", 60, 9);
	CU_ASSERT_EQUAL_FATAL(
	    kept_make(&k, &query, &m, 0, &kept_rules), DNS_ENTRY_MADE);
	CU_ASSERT_EQUAL(k.entry->life, 9);
	kept_done(&k);
}

/* The SOA is that of the zone where the chain of aliases ends. */
static void
test_negative_alias(void)
{
	struct kept k = {.entry = NULL};
	struct dnsmsg query;
	struct dnsmsg m;

	ask(&query);
	kept_response(&m, "www.example", A, 0);
	kept_name(&m, IN_ANSWER, "b.test", CNAME, 50, "c.test");
	kept_name(&m, IN_ANSWER, "@12", CNAME, 300, "B.test");
	kept_soa(&m, IN_AUTHORITY, "test", 100, 60);
	CU_ASSERT_EQUAL_FATAL(
	    kept_make(&k, &query, &m, 0, &kept_rules), DNS_ENTRY_MADE);
	CU_ASSERT_EQUAL(k.entry->kind, DNS_ENTRY_NODATA);
	CU_ASSERT_EQUAL(k.entry->life, 50);
	CU_ASSERT_FATAL(kept_at(&k, &query, 10));
	CU_ASSERT_EQUAL(kept_ttl(&k, 2), 50);
	m.data[3] |= NXDOMAIN;
	CU_ASSERT_EQUAL_FATAL(
	    kept_make(&k, &query, &m, 0, &kept_rules), DNS_ENTRY_MADE);
	CU_ASSERT_EQUAL(k.entry->kind, DNS_ENTRY_NXDOMAIN);
	/* The QNAME exists: a query for its CNAME is answered otherwise. */
	CU_ASSERT_EQUAL(k.entry->is_any_type, 0);

	kept_response(&m, "www.example", A, 0);
	kept_name(&m, IN_ANSWER, "@12", CNAME, 300, "b.test");
	kept_soa(&m, IN_AUTHORITY, "example", 100, 60);
	CU_ASSERT_EQUAL(
	    kept_make(&k, &query, &m, 0, &kept_rules), DNS_ENTRY_NO_SOA);
	/* A loop ends somewhere. */
	kept_response(&m, "www.example", A, 0);
	kept_name(&m, IN_ANSWER, "@12", CNAME, 300, "@12");
	CU_ASSERT_EQUAL(
	    kept_make(&k, &query, &m, 0, &kept_rules), DNS_ENTRY_NO_SOA);
	kept_done(&k);
}

static void
test_alias_answer(void)
{
	struct kept k = {.entry = NULL};
	struct dnsmsg query;
	struct dnsmsg m;

	ask(&query);
	kept_response(&m, "www.example", A, 0);
	kept_name(&m, IN_ANSWER, "@12", CNAME, 30, "b.test");
	kept_a(&m, IN_ANSWER, "b.test", 300, 1);
	CU_ASSERT_EQUAL_FATAL(
	    kept_make(&k, &query, &m, 0, &kept_rules), DNS_ENTRY_MADE);
	CU_ASSERT_EQUAL(k.entry->kind, DNS_ENTRY_POSITIVE);
	CU_ASSERT_EQUAL(k.entry->life, 30);
	kept_done(&k);
}

static void
test_refused(void)
{
	static const uint8_t too_early[] = {0, 15, 0, 2, 0, 26};
	struct kept k = {.entry = NULL};
	struct dns_entry_how how;
	struct dns_response r = {.msg = NULL};
	struct dns_expect e;
	struct dns_query q;
	struct dnsmsg query;
	struct dnsmsg m;
	struct dns_entry *block = malloc(DNS_ENTRY_FAILURE_MAX);

	CU_ASSERT_FATAL(block != NULL);
	ask(&query);
	kept_response(&m, "www.example", A, TC);
	kept_a(&m, IN_ANSWER, "@12", 300, 1);
	PROVE("FWD-102",
	    kept_make(&k, &query, &m, 0, &kept_rules) == DNS_ENTRY_TRUNCATED);
	PROVE("FWD-123", k.entry == NULL);

	kept_response(&m, "www.example", A, REFUSED);
	dnsmsg_opt(&m, 1232, 0, too_early, sizeof(too_early));
	CU_ASSERT_EQUAL(
	    kept_make(&k, &query, &m, 0, &kept_rules), DNS_ENTRY_TOO_EARLY);

	/* What is the answer to one question is none to another. */
	kept_response(&m, "www.example", A, 0);
	kept_a(&m, IN_ANSWER, "@12", 300, 1);
	CU_ASSERT_EQUAL_FATAL(dns_expect_init(m.data, m.len, false, &e), 0);
	CU_ASSERT_EQUAL_FATAL(
	    dns_response_check(m.data, m.len, &e, &r), DNS_MATCH_ACCEPT);
	dnsmsg_query(&query, "vww.example", A);
	CU_ASSERT_EQUAL_FATAL(
	    dns_query_parse(query.data, query.len, &q), DNS_VERDICT_OK);
	how = (struct dns_entry_how){
	    .question = q.msg + DNS_HEADER_SIZE,
	    .question_len = q.question_len,
	};
	PROVE("FWD-102", dns_entry_make(&r, &how, &kept_rules, block,
			     DNS_ENTRY_FAILURE_MAX) == DNS_ENTRY_NO_MATCH);
	how.question = m.data + DNS_HEADER_SIZE;
	r.flags |= DNS_OPCODE_UPDATE << DNS_OPCODE_SHIFT;
	CU_ASSERT_EQUAL(
	    dns_entry_make(&r, &how, &kept_rules, block, DNS_ENTRY_FAILURE_MAX),
	    DNS_ENTRY_NO_MATCH);
	free(block);
	kept_done(&k);
}

static void
test_failure(void)
{
	struct kept k = {.entry = NULL};
	struct dnsmsg query;
	struct dnsmsg m;

	ask(&query);
	kept_response(&m, "www.example", A, SERVFAIL);
	kept_a(&m, IN_ANSWER, "@12", 300, 1);
	CU_ASSERT_FATAL(kept_keep(&k, &query, &m));
	PROVE("FWD-102", k.entry->kind == DNS_ENTRY_FAILURE);
	CU_ASSERT_EQUAL(k.entry->life, kept_rules.failure_ttl);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	/* No records, and the RCODE. */
	CU_ASSERT_EQUAL(dnsmsg_get16(k.got, IN_ANSWER), 0);
	CU_ASSERT_EQUAL(k.got[3] & 0x0f, SERVFAIL);

	/* Some servers refuse without the question. */
	dnsmsg_start(&m, 0x1234, 0x8185);
	CU_ASSERT_FATAL(kept_keep(&k, &query, &m));
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	CU_ASSERT_EQUAL(k.got[3] & 0x0f, REFUSED);

	/* BADVERS is about the hop behind us. */
	kept_response(&m, "www.example", A, 0);
	dnsmsg_opt(&m, 1232, UINT32_C(0x01000000), NULL, 0);
	CU_ASSERT_FATAL(kept_keep(&k, &query, &m));
	CU_ASSERT_EQUAL(k.entry->kind, DNS_ENTRY_FAILURE);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	CU_ASSERT_EQUAL(k.got[3] & 0x0f, SERVFAIL);
	kept_done(&k);
}

/* Without DO no DNSSEC records, if they are there only because we asked. */
static void
test_strip(void)
{
	struct kept k = {.entry = NULL};
	struct dnsmsg query;
	struct dnsmsg m;

	ask(&query);
	kept_response(&m, "www.example", A, NXDOMAIN);
	kept_rrsig(&m, IN_AUTHORITY, "example", SOA, 60);
	kept_soa(&m, IN_AUTHORITY, "example", 60, 60);
	kept_name(&m, IN_AUTHORITY, "example", NSEC, 60, "a.example");
	CU_ASSERT_EQUAL_FATAL(
	    kept_make(&k, &query, &m, KEPT_STRIP, &kept_rules), DNS_ENTRY_MADE);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	PROVE("FWD-042", dnsmsg_get16(k.got, IN_AUTHORITY) == 1);
	CU_ASSERT_EQUAL_FATAL(
	    kept_make(&k, &query, &m, KEPT_STRIP | KEPT_DO, &kept_rules),
	    DNS_ENTRY_MADE);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	CU_ASSERT_EQUAL(dnsmsg_get16(k.got, IN_AUTHORITY), 3);

	dnsmsg_query(&query, "www.example", RRSIG);
	kept_response(&m, "www.example", RRSIG, 0);
	kept_rrsig(&m, IN_ANSWER, "@12", A, 60);
	CU_ASSERT_EQUAL_FATAL(
	    kept_make(&k, &query, &m, KEPT_STRIP, &kept_rules), DNS_ENTRY_MADE);
	CU_ASSERT_EQUAL(k.entry->kind, DNS_ENTRY_POSITIVE);
	kept_done(&k);
}

/* The target of SRV is not compressed, though it could be, and something in
 * front of it was left out (RFC 3597 4). */
static void
test_uncompressed(void)
{
	struct kept k = {.entry = NULL};
	struct dnsmsg query;
	struct dnsmsg m;
	size_t place;

	dnsmsg_query(&query, "srv.example", SRV);
	kept_response(&m, "srv.example", SRV, 0);
	kept_rrsig(&m, IN_ANSWER, "@12", SRV, 60);
	place = dnsmsg_record(&m, IN_ANSWER, "@12", SRV);
	dnsmsg_fill(&m, 0, 6);
	dnsmsg_name(&m, "srv.example");
	dnsmsg_rdata_end(&m, place);
	CU_ASSERT_EQUAL_FATAL(
	    kept_make(&k, &query, &m, KEPT_STRIP, &kept_rules), DNS_ENTRY_MADE);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	/* It is the last record and was copied octet by octet. */
	PROVE("FWD-008", dnsmsg_get16(k.got, IN_ANSWER) == 1 &&
			     memcmp(k.got + k.got_len - (m.len - place),
				 m.data + place, m.len - place) == 0);
	kept_done(&k);
}

/* An A record, its RDATA the name "a" and something. */
static void
add_name_address(struct dnsmsg *m, unsigned octet)
{
	size_t place = dnsmsg_record(m, IN_ANSWER, "@12", A);

	dnsmsg_bytes(m, "\1a", 3);
	dnsmsg_u8(m, octet);
	dnsmsg_rdata_end(m, place);
}

/* Names that lead into what is written over when an answer is given. */
static void
test_entangled(void)
{
	struct kept k = {.entry = NULL};
	struct dnsmsg query;
	struct dnsmsg m;

	ask(&query);
	/* Into the type of the question, which stands at 25. */
	kept_response(&m, "www.example", A, 0);
	kept_a(&m, IN_ANSWER, "@25", 300, 1);
	CU_ASSERT_EQUAL(
	    kept_make(&k, &query, &m, 0, &kept_rules), DNS_ENTRY_ENTANGLED);
	/* Into a TTL, which stands at 35: "a." */
	kept_response(&m, "www.example", A, 0);
	kept_a(&m, IN_ANSWER, "@12", UINT32_C(0x01610001), 1);
	kept_name(&m, IN_ADDITIONAL, "@12", CNAME, 300, "@35");
	CU_ASSERT_EQUAL(
	    kept_make(&k, &query, &m, 0, &kept_rules), DNS_ENTRY_ENTANGLED);
	/* Into an address, at 41, which stays where it is; and then not. */
	kept_response(&m, "www.example", A, 0);
	add_name_address(&m, 1);
	kept_a(&m, IN_ADDITIONAL, "b.@41", 300, 1);
	CU_ASSERT(kept_keep(&k, &query, &m));
	kept_response(&m, "www.example", A, 0);
	add_name_address(&m, 1);
	add_name_address(&m, 2);
	kept_a(&m, IN_ADDITIONAL, "b.@41", 300, 1);
	CU_ASSERT_EQUAL(
	    kept_make(&k, &query, &m, 0, &kept_rules), DNS_ENTRY_ENTANGLED);
	kept_done(&k);
}

void
test_entry_register(void)
{
	CU_pSuite s = unit_suite("entry");

	unit_test(s, "life", test_life);
	unit_test(s, "ttl_zero", test_ttl_zero);
	unit_test(s, "ttl_long", test_ttl_long);
	unit_test(s, "ttl_sets", test_ttl_sets);
	unit_test(s, "negative_kinds", test_negative_kinds);
	unit_test(s, "negative_ttl", test_negative_ttl);
	unit_test(s, "negative_soa", test_negative_soa);
	unit_test(s, "negative_alias", test_negative_alias);
	unit_test(s, "alias_answer", test_alias_answer);
	unit_test(s, "refused", test_refused);
	unit_test(s, "failure", test_failure);
	unit_test(s, "strip", test_strip);
	unit_test(s, "uncompressed", test_uncompressed);
	unit_test(s, "entangled", test_entangled);
}
