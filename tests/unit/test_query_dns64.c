/* SPDX-License-Identifier: BSD-2-Clause */
/* A query with two questions. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dnsmsg.h"
#include "tests/unit/query_fake.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	SOA = 6,
	PTR = 12,
	TXT = 16,
	AAAA = 28,
	DS = 43,
	SERVFAIL = 2,
	NXDOMAIN = 3,
	REFUSED = 5,
	AD = 0x0020,
	CD = 0x0010,
	DO = 0x8000
};

static struct query_fake t;

static void
begin(const char *dns64)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "dns64: {%s}\n", dns64);
	query_fake_begin(&t, text);
}

static void
ask(unsigned type, unsigned flags, uint32_t edns_flags)
{
	query_fake_ask_name(&t, "h2.example.com", type, flags, edns_flags);
}

/* The only answer is this address, in AAAA. */
static bool
got_address(const char *text)
{
	uint8_t addr[DNS_AAAA_SIZE];
	const uint8_t *rr = t.got + DNS_HEADER_SIZE + 16 + 4;

	CU_ASSERT(inet_pton(AF_INET6, text, addr) == 1);
	return t.calls == 1 && dnsmsg_get16(t.got, 6) == 1 &&
	       query_fake_got_rcode(&t) == 0 && dns_get16(rr - 4) == AAAA &&
	       dns_get16(rr + 2) == AAAA &&
	       memcmp(rr + 12, addr, sizeof(addr)) == 0;
}

static uint64_t
made(void)
{
	return counter_get(&t.worker.counters.dns64_made);
}

#define WELL_KNOWN "prefix: \"64:ff9b::/96\""

static void
test_synthesis(void)
{
	begin(WELL_KNOWN);
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 0);
	CU_ASSERT(query_is_pending(&t.query));
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT(got_address("64:ff9b::192.0.2.1"));
	CU_ASSERT_EQUAL(query_fake_asked(&t), 0);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.dns64_asked), 1);
	CU_ASSERT_EQUAL(made(), 1);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.query_asked), 1);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.query_relayed), 1);
	query_fake_end(&t);
}

/* One question is enough. */
static void
test_one_question(void)
{
	begin(WELL_KNOWN);
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_say(&t, 0, "2001:db8::1", AD);
	CU_ASSERT(got_address("2001:db8::1"));
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_say(&t, NXDOMAIN, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), NXDOMAIN);
	ask(AAAA, CD, DO);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	ask(TXT, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), TXT);
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(query_fake_asked(&t), 0);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.dns64_asked), 0);
	query_fake_end(&t);
	begin("");
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(query_fake_asked(&t), 0);
	query_fake_end(&t);
}

static void
test_filter(void)
{
	begin(WELL_KNOWN);
	ask(AAAA, 0, DO);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_start_reply(&t, 0, AD);
	query_fake_add_address(&t, "::ffff:192.0.2.1");
	query_fake_add_address(&t, "2001:db8::1");
	query_fake_reply(&t);
	CU_ASSERT(got_address("2001:db8::1"));
	CU_ASSERT(!query_fake_got_ad(&t));
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.dns64_filtered), 1);
	/* nothing but what is excluded: RFC 6147 5.1.4 */
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_say(&t, 0, "::ffff:192.0.2.1", 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, 0, "192.0.2.7", 0);
	CU_ASSERT(got_address("64:ff9b::192.0.2.7"));
	query_fake_end(&t);
}

/* RFC 6147 5.4: with nothing to make, the first answer is the answer. */
static void
test_nothing(void)
{
	begin(WELL_KNOWN);
	ask(AAAA, 0, DO);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_start_reply(&t, 0, AD);
	dnsmsg_soa(&t.reply, IN_AUTHORITY, "first.example");
	query_fake_reply(&t);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_start_reply(&t, 0, 0);
	dnsmsg_soa(&t.reply, IN_AUTHORITY, "second.example");
	query_fake_reply(&t);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 0);
	CU_ASSERT(memmem(t.got, t.got_len, "\5first", 6) != NULL);
	CU_ASSERT(query_fake_got_ad(&t));
	/* private addresses are nothing, too: RFC 6052 3.1 */
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, 0, "10.0.0.1", 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 0);
	CU_ASSERT_EQUAL(made(), 0);
	/* an error is the answer: RFC 6147 5.1.6 */
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, REFUSED, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), REFUSED);
	query_fake_end(&t);
}

/* An answer too long to be kept: the second one stands for it, without A. */
static void
test_long_answer(void)
{
	begin(WELL_KNOWN);
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_start_reply(&t, 0, 0);
	for (unsigned i = 0; i < 60; i++)
		query_fake_add_address(&t, "::ffff:192.0.2.1");
	query_fake_reply(&t);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, 0, "10.0.0.1", 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), 0);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 0);
	query_fake_end(&t);
}

/* RFC 6147 5.1.2, 5.1.3 */
static void
test_errors(void)
{
	nsec start;

	begin(WELL_KNOWN);
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_say(&t, SERVFAIL, NULL, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT(got_address("64:ff9b::192.0.2.1"));
	/* silence: half of the time for each */
	ask(AAAA, 0, 0);
	start = t.f.now;
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	fake_advance(&t.f, 2 * NSEC_PER_SEC - 1);
	while (query_fake_asked(&t) == AAAA)
		continue;
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.dns64_asked), 1);
	fake_advance(&t.f, 1);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.dns64_asked), 2);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT(got_address("64:ff9b::192.0.2.1"));
	/* and both together no longer than one */
	ask(AAAA, 0, 0);
	start = t.f.now;
	while (t.calls == 0 && t.f.now < start + 10 * NSEC_PER_SEC)
		fake_advance(&t.f, NSEC_PER_MSEC);
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), SERVFAIL);
	CU_ASSERT_EQUAL((t.f.now - start) / NSEC_PER_MSEC, 4000);
	/* another query is not cut short by what this one left */
	ask(TXT, 0, 0);
	start = t.f.now;
	while (t.calls == 0 && t.f.now < start + 10 * NSEC_PER_SEC)
		fake_advance(&t.f, NSEC_PER_MSEC);
	CU_ASSERT_EQUAL((t.f.now - start) / NSEC_PER_MSEC, 4000);
	query_fake_end(&t);
}

static void
test_cancel(void)
{
	begin(WELL_KNOWN);
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_cancel(&t.query);
	CU_ASSERT(!query_is_pending(&t.query));
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), 0);
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	CU_ASSERT(query_kept(&t.query) > 0);
	query_cancel(&t.query);
	query_fake_say(&t, 0, "192.0.2.1", 0);
	fake_advance(&t.f, 10 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(t.calls, 0);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.query_cancelled), 2);
	query_fake_end(&t);
}

/* RFC 6147 5.5: what AD needs. */
static void
test_authentic(void)
{
	static const struct {
		unsigned first;
		unsigned second;
		unsigned edns_flags;
		bool is_ad;
	} rows[] = {
	    {AD, AD, DO, true},
	    {0, AD, DO, false},
	    {AD, 0, DO, false},
	    {AD, AD, 0, false},
	};

	begin(WELL_KNOWN);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask(AAAA, AD, rows[i].edns_flags);
		CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
		query_fake_say(&t, 0, NULL, rows[i].first);
		CU_ASSERT_EQUAL(query_fake_asked(&t), A);
		query_fake_say(&t, 0, "192.0.2.1", rows[i].second);
		CU_ASSERT(got_address("64:ff9b::192.0.2.1"));
		CU_ASSERT_EQUAL(query_fake_got_ad(&t), rows[i].is_ad);
	}
	query_fake_end(&t);
}

static void
test_clients(void)
{
	begin(WELL_KNOWN ", clients: [198.51.100.0/24]");
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT(got_address("64:ff9b::192.0.2.1"));
	query_fake_end(&t);
	begin(WELL_KNOWN ", clients: [198.51.101.0/24]");
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(query_fake_asked(&t), 0);
	query_fake_end(&t);
}

#define OF_198_51_99_1                                                         \
	"1.0.3.6.3.3.6.c.0.0.0.0.0.0.0.0."                                     \
	"0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa"
#define OF_192_0_2_1                                                           \
	"1.0.2.0.0.0.0.c.0.0.0.0.0.0.0.0."                                     \
	"0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa"
#define OF_10_0_0_1                                                            \
	"1.0.0.0.0.0.a.0.0.0.0.0.0.0.0.0."                                     \
	"0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa"
#define OF_LOCAL                                                               \
	"1.0.0.0.0.0.a.0.0.0.0.0.0.0.0.0."                                     \
	"0.0.0.0.1.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa"

/* RFC 6147 5.3.1: the name of the IPv4 address, behind an alias. */
static void
test_reverse(void)
{
	char *text;
	size_t place;

	begin(WELL_KNOWN);
	query_fake_ask_name(&t, OF_198_51_99_1, PTR, AD, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), PTR);
	query_fake_start_reply(&t, 0, AD);
	place = dnsmsg_record(&t.reply, IN_ANSWER, "@12", PTR);
	dnsmsg_name(&t.reply, "h2.example.com");
	dnsmsg_rdata_end(&t.reply, place);
	dnsmsg_a(&t.reply, IN_AUTHORITY, "ns.@14");
	query_fake_reply(&t);
	CU_ASSERT_EQUAL(t.calls, 1);
	text = dnsmsg_records(t.got, t.got_len, false);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_STRING_EQUAL(text, OF_198_51_99_1
	    ".\t600\tin\tcname\t1.99.51.198.in-addr.arpa.\n"
	    "1.99.51.198.in-addr.arpa.\t300\tin\tptr\th2.example.com.\n--\n"
	    "ns.99.51.198.in-addr.arpa.\t300\tin\ta\t192.0.2.1\n--\n--\n");
	free(text);
	CU_ASSERT(!query_fake_got_ad(&t));
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.dns64_reverse), 1);
	/* no alias that leads nowhere */
	query_fake_ask_name(&t, OF_198_51_99_1, PTR, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), PTR);
	query_fake_say(&t, NXDOMAIN, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), NXDOMAIN);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 0);
	query_fake_ask_name(&t, OF_198_51_99_1, PTR, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), PTR);
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), 0);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 0);
	query_fake_ask_name(&t, OF_198_51_99_1, PTR, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), PTR);
	query_cancel(&t.query);
	query_fake_end(&t);
}

/* What is no name of an address that was made is asked as it is. */
static void
test_not_reverse(void)
{
	static const char *const names[] = {OF_10_0_0_1, OF_192_0_2_1,
	    "1." OF_198_51_99_1, "g" OF_198_51_99_1, "ip6.arpa",
	    "1.0.0.127.example"};
	const uint8_t *question = t.sent.msg + DNS_HEADER_SIZE;
	uint8_t name[DNS_NAME_MAX];
	size_t len;

	begin(WELL_KNOWN);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		query_fake_ask_name(&t, names[i], PTR, 0, 0);
		CU_ASSERT_EQUAL(query_fake_asked(&t), PTR);
		CU_ASSERT(dns_name_from_text(names[i], name, &len) == 0);
		CU_ASSERT(dns_name_equal(question, name));
		query_cancel(&t.query);
	}
	query_fake_ask_name(&t, OF_198_51_99_1, PTR, CD, DO);
	CU_ASSERT_EQUAL(query_fake_asked(&t), PTR);
	CU_ASSERT(question[0] == 1);
	CU_ASSERT(dns_name_length(question) == 74);
	query_cancel(&t.query);
	query_fake_end(&t);
	/* what is answered here is not asked by this way either */
	begin("prefix: \"64:ff9b:1::/96\"");
	query_fake_ask_name(&t, OF_LOCAL, PTR, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), PTR);
	CU_ASSERT(dns_name_length(question) == 74);
	query_cancel(&t.query);
	query_fake_end(&t);
}

/* RFC 8880 7: answered here, for those whom DNS64 is for. */
static void
test_discovery(void)
{
	begin(WELL_KNOWN ", clients: [198.51.100.0/24]");
	query_fake_ask_name(&t, "ipv4only.arpa", AAAA, 0, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 2);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.query_special), 1);
	query_fake_ask_name(&t, "ipv4only.arpa", DS, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), DS);
	query_cancel(&t.query);
	query_fake_end(&t);
	begin(WELL_KNOWN ", clients: [198.51.101.0/24]");
	query_fake_ask_name(&t, "ipv4only.arpa", AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_cancel(&t.query);
	query_fake_end(&t);
	begin("");
	query_fake_ask_name(&t, "ipv4only.arpa", AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_cancel(&t.query);
	query_fake_end(&t);
}

/* The rules of the first question hold for the second. */
static void
test_reload(void)
{
	begin(WELL_KNOWN);
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	config_unref(t.worker.config);
	t.worker.config = query_fake_config("");
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT(got_address("64:ff9b::192.0.2.1"));
	query_fake_end(&t);
}

void
test_query_dns64_register(void)
{
	CU_pSuite s = unit_suite("query_dns64");

	unit_test(s, "synthesis", test_synthesis);
	unit_test(s, "one_question", test_one_question);
	unit_test(s, "filter", test_filter);
	unit_test(s, "nothing", test_nothing);
	unit_test(s, "long_answer", test_long_answer);
	unit_test(s, "errors", test_errors);
	unit_test(s, "cancel", test_cancel);
	unit_test(s, "authentic", test_authentic);
	unit_test(s, "clients", test_clients);
	unit_test(s, "reverse", test_reverse);
	unit_test(s, "not_reverse", test_not_reverse);
	unit_test(s, "discovery", test_discovery);
	unit_test(s, "reload", test_reload);
}
