/* SPDX-License-Identifier: BSD-2-Clause */
/* What is kept, given back. */
#include <stdlib.h>
#include <string.h>

#include "dns/entry.h"
#include "tests/unit/kept.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	CNAME = 5,
	AAAA = 28,
	NXDOMAIN = 3,
	SERVFAIL = 2,
	AA = 0x0400,
	RD = 0x0100,
	RA = 0x0080,
	AD = 0x0020,
	CD = 0x0010,
	QR = 0x8000,
	ANSWER_BLOCK = 468,
	STALE_TTL = 30,
	HEADER = 12,
};

static unsigned
got_flags(const struct kept *k)
{
	return dnsmsg_get16(k->got, 2);
}

/* Keeps www.example A with two records; TTLs 300. */
static void
keep_two(struct kept *k, unsigned flags, unsigned kept_flags)
{
	struct dnsmsg query;
	struct dnsmsg m;

	dnsmsg_query(&query, "www.example", A);
	kept_response(&m, "www.example", A, flags);
	kept_a(&m, IN_ANSWER, "@12", 300, 1);
	kept_a(&m, IN_ANSWER, "@12", 300, 2);
	CU_ASSERT_EQUAL_FATAL(
	    kept_make(k, &query, &m, kept_flags, &kept_rules), DNS_ENTRY_MADE);
}

static void
keep_negative(struct kept *k, unsigned rcode)
{
	struct dnsmsg query;
	struct dnsmsg m;

	dnsmsg_query(&query, "www.example", A);
	kept_response(&m, "www.example", A, rcode);
	kept_soa(&m, IN_AUTHORITY, "example", 300, 300);
	CU_ASSERT_FATAL(kept_keep(k, &query, &m));
}

static void
test_ttl(void)
{
	struct kept k = {.entry = NULL};
	struct dnsmsg query;

	dnsmsg_query(&query, "www.example", A);
	keep_two(&k, 0, 0);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	CU_ASSERT_EQUAL(kept_ttl(&k, 0), 300);
	CU_ASSERT_FATAL(kept_at(&k, &query, 5));
	PROVE("FWD-089", kept_ttl(&k, 0) == 295 && kept_ttl(&k, 1) == 295);
	CU_ASSERT_FATAL(kept_at(&k, &query, 299));
	CU_ASSERT_EQUAL(kept_ttl(&k, 1), 1);
	keep_negative(&k, NXDOMAIN);
	CU_ASSERT_FATAL(kept_at(&k, &query, 5));
	PROVE("FWD-094",
	    dnsmsg_get16(k.got, IN_AUTHORITY) == 1 && kept_ttl(&k, 0) == 295);
	kept_done(&k);
}

static void
test_header(void)
{
	struct kept k = {.entry = NULL};
	struct dns_entry_view view = {.age = 0};
	struct dnsmsg query;

	keep_two(&k, AA | CD, 0);
	view.entry = k.entry;
	dnsmsg_query(&query, "www.example", A);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	PROVE("FWD-016", got_flags(&k) == (QR | RD | RA));
	CU_ASSERT_EQUAL(dnsmsg_get16(k.got, 0), 0);
	query.data[0] = 0xab;
	query.data[3] |= CD;
	CU_ASSERT_FATAL(kept_serve(&k, &query, &kept_udp, &view));
	PROVE("FWD-044", got_flags(&k) == (QR | RD | RA | CD));
	CU_ASSERT_EQUAL(dnsmsg_get16(k.got, 0), 0xab00);
	kept_done(&k);
}

/* AD if the way to the server can be trusted, and for those who want it. */
static void
test_ad(void)
{
	struct kept k = {.entry = NULL};
	struct dnsmsg plain;
	struct dnsmsg with_ad;
	struct dnsmsg with_do;

	dnsmsg_query(&plain, "www.example", A);
	dnsmsg_query(&with_ad, "www.example", A);
	with_ad.data[3] |= AD;
	kept_query(&with_do, "www.example", A, DNS_EDNS_DO);
	keep_two(&k, AD, KEPT_TRUSTED);
	PROVE("FWD-046", kept_at(&k, &plain, 0) && (got_flags(&k) & AD) == 0);
	PROVE("FWD-046", kept_at(&k, &with_ad, 0) && (got_flags(&k) & AD) != 0);
	PROVE("FWD-046", kept_at(&k, &with_do, 0) && (got_flags(&k) & AD) != 0);
	keep_two(&k, AD, 0);
	PROVE("FWD-047", kept_at(&k, &with_ad, 0) && (got_flags(&k) & AD) == 0);
	keep_two(&k, 0, KEPT_TRUSTED);
	CU_ASSERT(kept_at(&k, &with_ad, 0) && (got_flags(&k) & AD) == 0);
	kept_done(&k);
}

/* The asker's own spelling, and his own type where that does not matter. */
static void
test_question(void)
{
	struct kept k = {.entry = NULL};
	struct dnsmsg mixed;
	struct dnsmsg lower;
	struct dnsmsg other;

	dnsmsg_query(&mixed, "wWw.ExAmPlE", A);
	dnsmsg_query(&lower, "www.example", A);
	keep_two(&k, 0, 0);
	CU_ASSERT_FATAL(kept_at(&k, &mixed, 0));
	PROVE("FWD-017", memcmp(k.got + HEADER, mixed.data + HEADER,
			     mixed.len - HEADER) == 0);
	CU_ASSERT_FATAL(kept_at(&k, &lower, 0));
	PROVE("FWD-017", memcmp(k.got + HEADER, lower.data + HEADER,
			     lower.len - HEADER) == 0);
	dnsmsg_query(&other, "www.example", AAAA);
	keep_negative(&k, NXDOMAIN);
	CU_ASSERT(k.entry->is_any_type == 1);
	CU_ASSERT_FATAL(kept_at(&k, &other, 0));
	CU_ASSERT(memcmp(k.got + HEADER, other.data + HEADER,
		      other.len - HEADER) == 0);
	kept_done(&k);
}

/* OPT is not kept: the one in the answer is ours, for those who sent one. */
static void
test_opt(void)
{
	struct kept k = {.entry = NULL};
	struct dnsmsg plain;
	struct dnsmsg query;
	struct dnsmsg m;

	dnsmsg_query(&plain, "www.example", A);
	kept_query(&query, "www.example", A, 0);
	kept_response(&m, "www.example", A, 0);
	kept_a(&m, IN_ANSWER, "@12", 300, 1);
	dnsmsg_opt_with(&m, 65001, 20);
	kept_a(&m, IN_ADDITIONAL, "ns.example", 300, 2);
	CU_ASSERT_FATAL(kept_keep(&k, &query, &m));
	CU_ASSERT_FATAL(kept_at(&k, &plain, 0));
	PROVE("FWD-027", dnsmsg_options(k.got, k.got_len, 65001) == -1);
	CU_ASSERT_EQUAL(dnsmsg_get16(k.got, IN_ADDITIONAL), 1);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	PROVE("FWD-026", dnsmsg_options(k.got, k.got_len, 12) == 1);
	PROVE("FWD-028", dnsmsg_options(k.got, k.got_len, 65001) == 0);
	CU_ASSERT_EQUAL(k.got_len, ANSWER_BLOCK);
	keep_negative(&k, NXDOMAIN);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	PROVE("FWD-026", dnsmsg_options(k.got, k.got_len, 12) == 1);
	kept_done(&k);
}

/* Whose octets are too many for plain UDP gets TC and no records. */
static void
test_truncation(void)
{
	struct kept k = {.entry = NULL};
	struct dns_entry_view view = {.age = 0};
	struct dnsmsg query;
	struct dnsmsg m;
	unsigned i;

	dnsmsg_query(&query, "www.example", A);
	kept_response(&m, "www.example", A, 0);
	for (i = 0; i < 100; i++)
		kept_a(&m, IN_ANSWER, "@12", 300, i);
	CU_ASSERT_FATAL(kept_keep(&k, &query, &m));
	view.entry = k.entry;
	CU_ASSERT_FATAL(kept_serve(&k, &query, &kept_udp, &view));
	PROVE("FWD-023", (got_flags(&k) & DNS_FLAG_TC) != 0 &&
			     dnsmsg_get16(k.got, IN_ANSWER) == 0);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	CU_ASSERT_EQUAL(dnsmsg_get16(k.got, IN_ANSWER), 100);
	kept_done(&k);
}

/* The last octets of the addresses in the answer section. */
static bool
has_order(const struct kept *k, const char *order)
{
	size_t at = k->got_len - 4 * 16 + 15;
	size_t i;

	for (i = 0; i < 4; i++, at += 16) {
		if (k->got[at] != (uint8_t)order[i] - '0')
			return false;
	}
	return true;
}

static void
test_turn(void)
{
	static const char *const orders[] = {
	    "1234", "2341", "3412", "4123", "1234"};
	struct kept k = {.entry = NULL};
	struct dns_entry_view view = {.age = 0};
	struct dnsmsg query;
	struct dnsmsg m;
	unsigned i;

	dnsmsg_query(&query, "www.example", A);
	kept_response(&m, "www.example", A, 0);
	kept_name(&m, IN_ANSWER, "@12", CNAME, 300, "b.example");
	for (i = 1; i <= 4; i++)
		kept_a(&m, IN_ANSWER, "@41", 300, i);
	CU_ASSERT_FATAL(kept_keep(&k, &query, &m));
	view.entry = k.entry;
	for (i = 0; i < 5; i++) {
		view.turn = i;
		CU_ASSERT_FATAL(kept_serve(&k, &query, &kept_doq, &view));
		CU_ASSERT(has_order(&k, orders[i]));
	}
	kept_done(&k);
}

/* One address, and those of different names, stay where they are. */
static void
test_turn_none(void)
{
	struct kept k = {.entry = NULL};
	struct dnsmsg query;
	struct dnsmsg m;

	dnsmsg_query(&query, "www.example", A);
	kept_response(&m, "www.example", A, 0);
	kept_a(&m, IN_ANSWER, "@12", 300, 1);
	kept_a(&m, IN_ANSWER, "b.example", 300, 2);
	kept_a(&m, IN_ADDITIONAL, "c.example", 300, 3);
	kept_a(&m, IN_ADDITIONAL, "c.example", 300, 4);
	CU_ASSERT_FATAL(kept_keep(&k, &query, &m));
	CU_ASSERT_EQUAL(k.entry->turn_count, 0);
	kept_done(&k);
}

static void
test_stale(void)
{
	struct kept k = {.entry = NULL};
	struct dns_entry_view view = {.age = 4000, .stale_ttl = STALE_TTL};
	char text[DNS_EDE_TEXT_MAX + 1];
	struct dnsmsg plain;
	struct dnsmsg query;

	dnsmsg_query(&plain, "www.example", A);
	kept_query(&query, "www.example", A, 0);
	keep_two(&k, 0, 0);
	view.entry = k.entry;
	CU_ASSERT_FATAL(kept_serve(&k, &query, &kept_doq, &view));
	PROVE("FWD-104", kept_ttl(&k, 0) == 30 && kept_ttl(&k, 1) == 30);
	PROVE("FWD-107", kept_ede(&k, text) == DNS_EDE_STALE);
	keep_negative(&k, NXDOMAIN);
	view.entry = k.entry;
	CU_ASSERT_FATAL(kept_serve(&k, &query, &kept_doq, &view));
	CU_ASSERT_EQUAL(kept_ttl(&k, 0), STALE_TTL);
	PROVE("FWD-107", kept_ede(&k, text) == DNS_EDE_STALE_NXDOMAIN);
	CU_ASSERT_FATAL(kept_serve(&k, &plain, &kept_doq, &view));
	PROVE("FWD-081", dnsmsg_get16(k.got, IN_ADDITIONAL) == 0);
	kept_done(&k);
}

/* What the server said is said again, but for its text. */
static void
test_ede(void)
{
	static const uint8_t blocked[] = {0, 15, 0, 5, 0, 15, 'x', 'y', 'z'};
	struct kept k = {.entry = NULL};
	char text[DNS_EDE_TEXT_MAX + 1];
	struct dnsmsg query;
	struct dnsmsg m;

	kept_query(&query, "www.example", A, 0);
	kept_response(&m, "www.example", A, 0);
	kept_a(&m, IN_ANSWER, "@12", 300, 1);
	dnsmsg_opt(&m, 1232, 0, blocked, sizeof(blocked));
	CU_ASSERT_FATAL(kept_keep(&k, &query, &m));
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	CU_ASSERT_EQUAL(kept_ede(&k, text), DNS_EDE_BLOCKED);
	CU_ASSERT_STRING_EQUAL(text, "said by the upstream server");
	kept_done(&k);
}

static void
test_failure(void)
{
	struct dns_error e = {
	    .rcode = SERVFAIL,
	    .ede = DNS_EDE_NO_REACHABLE_AUTHORITY,
	    .text = "no upstream server answered in time",
	};
	struct kept k = {.entry = NULL};
	char text[DNS_EDE_TEXT_MAX + 1];
	char longer[100];
	struct dnsmsg query;

	kept_query(&query, "www.example", A, 0);
	kept_fail(&k, &query, &e);
	CU_ASSERT_EQUAL(k.entry->life, 5);
	CU_ASSERT_EQUAL(k.entry->kind, DNS_ENTRY_FAILURE);
	CU_ASSERT_FATAL(kept_at(&k, &query, 4));
	CU_ASSERT_EQUAL(got_flags(&k), QR | RD | RA | SERVFAIL);
	CU_ASSERT_EQUAL(kept_ede(&k, text), DNS_EDE_CACHED_ERROR);
	CU_ASSERT_STRING_EQUAL(text, e.text);

	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	e.text = longer;
	kept_fail(&k, &query, &e);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	CU_ASSERT_EQUAL(kept_ede(&k, text), DNS_EDE_CACHED_ERROR);
	CU_ASSERT_EQUAL(strlen(text), DNS_EDE_TEXT_MAX);
	e.text = NULL;
	kept_fail(&k, &query, &e);
	CU_ASSERT_FATAL(kept_at(&k, &query, 0));
	CU_ASSERT_EQUAL(kept_ede(&k, text), DNS_EDE_CACHED_ERROR);
	CU_ASSERT_STRING_EQUAL(text, "");
	kept_done(&k);
}

/* A copy is what dns_response_check() reads of it. */
static void
check_copy(const struct kept *k, uint32_t age, struct dns_response *ret_read)
{
	struct dns_entry_view view = {.entry = k->entry, .age = age};
	size_t bound = dns_entry_copy_bound(&view);
	struct dns_buf out = {.data = malloc(bound), .size = bound};
	struct dns_response r;
	struct dns_expect e;

	CU_ASSERT_FATAL(out.data != NULL);
	CU_ASSERT_EQUAL_FATAL(dns_entry_copy(&view, &out, &r), 0);
	CU_ASSERT_EQUAL_FATAL(dns_expect_init(out.data, out.len, true, &e), 0);
	CU_ASSERT_EQUAL(dns_response_check(out.data, out.len, &e, ret_read),
	    DNS_MATCH_ACCEPT);
	CU_ASSERT(r.msg == ret_read->msg && r.len == ret_read->len);
	CU_ASSERT_EQUAL(r.question_len, ret_read->question_len);
	CU_ASSERT_EQUAL(r.records, ret_read->records);
	CU_ASSERT_EQUAL(r.opt_start, ret_read->opt_start);
	CU_ASSERT_EQUAL(r.opt_end, ret_read->opt_end);
	CU_ASSERT_EQUAL(r.flags, ret_read->flags);
	CU_ASSERT_EQUAL(r.rcode, ret_read->rcode);
	CU_ASSERT_EQUAL(r.edns.options, ret_read->edns.options);
	CU_ASSERT_EQUAL(r.edns.options_len, ret_read->edns.options_len);
	ret_read->msg = NULL;
	free(out.data);
}

static void
test_copy(void)
{
	struct dns_error e = {.rcode = SERVFAIL, .ede = 6, .text = "bogus"};
	struct kept k = {.entry = NULL};
	struct dns_response r;
	struct dnsmsg query;

	keep_two(&k, AD, KEPT_TRUSTED);
	check_copy(&k, 7, &r);
	CU_ASSERT_EQUAL(r.flags, QR | RA | AD);
	CU_ASSERT_EQUAL(r.opt_start, 0);
	keep_negative(&k, NXDOMAIN);
	check_copy(&k, 7, &r);
	CU_ASSERT_EQUAL(r.rcode, NXDOMAIN);
	dnsmsg_query(&query, "www.example", A);
	kept_fail(&k, &query, &e);
	check_copy(&k, 1, &r);
	CU_ASSERT_EQUAL(r.rcode, SERVFAIL);
	CU_ASSERT(r.opt_start != 0);
	/* The upper bits of an RCODE are in the OPT. */
	e = (struct dns_error){.rcode = 17, .ede = DNS_EDE_NONE};
	kept_fail(&k, &query, &e);
	check_copy(&k, 1, &r);
	CU_ASSERT_EQUAL(r.rcode, 17);
	kept_done(&k);
}

void
test_entry_give_register(void)
{
	CU_pSuite s = unit_suite("entry_give");

	unit_test(s, "ttl", test_ttl);
	unit_test(s, "header", test_header);
	unit_test(s, "ad", test_ad);
	unit_test(s, "question", test_question);
	unit_test(s, "opt", test_opt);
	unit_test(s, "truncation", test_truncation);
	unit_test(s, "turn", test_turn);
	unit_test(s, "turn_none", test_turn_none);
	unit_test(s, "stale", test_stale);
	unit_test(s, "ede", test_ede);
	unit_test(s, "failure", test_failure);
	unit_test(s, "copy", test_copy);
}
