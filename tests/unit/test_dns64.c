/* SPDX-License-Identifier: BSD-2-Clause */
/* DNS64: the examples of RFC 6052 and RFC 6147, and what is not in them. */
#include "dns/dns64.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/discovery.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	CNAME = 5,
	SOA = 6,
	PTR = 12,
	TXT = 16,
	AAAA = 28,
	DNAME = 39,
	DS = 43,
	RRSIG = 46,
	ANY = 255,
	SERVFAIL = 2,
	NXDOMAIN = 3,
	NOTIMP = 4,
	REFUSED = 5,
	RESPONSE = 0x8180,
	RD = 0x0100,
	AD = 0x0020,
	CD = 0x0010,
	DO = 0x8000,
	TTL_PLACE = 4, /* in front of RDLENGTH */
	ROUNDS = 20000
};

static const struct dns_hop hop = {.max_size = DNS_MESSAGE_MAX};

static uint8_t got[DNS_MESSAGE_MAX];
static size_t got_len;

/* ----------------------------------------------------------- addresses -- */

static struct dns64_net
net(const char *addr, unsigned bits)
{
	struct dns64_net n = {.bits = (uint8_t)bits};

	CU_ASSERT(inet_pton(AF_INET6, addr, n.addr) == 1);
	return n;
}

static bool
maps(const char *prefix, unsigned bits, const char *v4, const char *v6)
{
	struct dns64_net p = net(prefix, bits);
	uint8_t want[DNS_AAAA_SIZE];
	uint8_t made[DNS_AAAA_SIZE];
	uint8_t from[DNS_A_SIZE];
	uint8_t back[DNS_A_SIZE];

	CU_ASSERT(inet_pton(AF_INET, v4, from) == 1);
	CU_ASSERT(inet_pton(AF_INET6, v6, want) == 1);
	CU_ASSERT(dns64_prefix_is_valid(&p));
	dns64_embed(&p, from, made);
	return memcmp(made, want, sizeof(want)) == 0 &&
	       dns64_extract(&p, made, back) &&
	       memcmp(back, from, sizeof(from)) == 0;
}

/* RFC 6052 2.4, tables 1 and 2 */
static void
test_addresses(void)
{
	CU_ASSERT(maps("2001:db8::", 32, "192.0.2.33", "2001:db8:c000:221::"));
	CU_ASSERT(
	    maps("2001:db8:100::", 40, "192.0.2.33", "2001:db8:1c0:2:21::"));
	CU_ASSERT(maps(
	    "2001:db8:122::", 48, "192.0.2.33", "2001:db8:122:c000:2:2100::"));
	CU_ASSERT(maps("2001:db8:122:300::", 56, "192.0.2.33",
	    "2001:db8:122:3c0:0:221::"));
	CU_ASSERT(maps("2001:db8:122:344::", 64, "192.0.2.33",
	    "2001:db8:122:344:c0:2:2100::"));
	CU_ASSERT(maps("2001:db8:122:344::", 96, "192.0.2.33",
	    "2001:db8:122:344::192.0.2.33"));
	CU_ASSERT(maps("64:ff9b::", 96, "192.0.2.33", "64:ff9b::192.0.2.33"));
	CU_ASSERT(
	    maps("64:ff9b::", 96, "255.255.255.255", "64:ff9b::ffff:ffff"));
	CU_ASSERT(
	    maps("64:ff9b:1::", 48, "255.1.2.3", "64:ff9b:1:ff01:2:300::"));
}

static void
test_prefixes(void)
{
	static const uint8_t lengths[] = {32, 40, 48, 56, 64, 96};
	struct dns64_net p = net("::", 0);
	uint8_t addr[DNS_AAAA_SIZE] = {0};
	uint8_t v4[DNS_A_SIZE];
	unsigned bits;

	for (bits = 0; bits <= 128; bits++) {
		p.bits = (uint8_t)bits;
		CU_ASSERT(
		    dns64_prefix_is_valid(&p) ==
		    (memchr(lengths, (int)bits, sizeof(lengths)) != NULL));
	}
	/* RFC 6052 2.2: bits 64 to 71 */
	p = net("2001:db8:0:0:100::", 96);
	CU_ASSERT(!dns64_prefix_is_valid(&p));
	p = net("2001:db8::", 48);
	CU_ASSERT(inet_pton(AF_INET6, "2001:db8:0:c000:2:2100::", addr) == 1);
	CU_ASSERT(dns64_extract(&p, addr, v4));
	addr[8] = 1;
	CU_ASSERT(!dns64_extract(&p, addr, v4));
	addr[8] = 0;
	addr[5] = 1;
	CU_ASSERT(!dns64_extract(&p, addr, v4));
}

static bool
may_embed(const char *prefix, const char *v4)
{
	struct dns64_net p = net(prefix, 96);
	uint8_t from[DNS_A_SIZE];

	CU_ASSERT(inet_pton(AF_INET, v4, from) == 1);
	return dns64_may_embed(&p, from);
}

/* RFC 6052 3.1; RFC 7050 8.2 for the two that are the exception */
static void
test_private(void)
{
	static const char *const not_global[] = {"0.0.0.0", "10.1.2.3",
	    "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
	    "169.254.9.9", "172.16.0.1", "172.31.255.255", "192.0.0.1",
	    "192.0.0.169", "192.0.0.172", "192.168.1.1", "198.18.0.1",
	    "198.19.255.255", "224.0.0.1", "240.0.0.1", "255.255.255.255"};
	static const char *const global[] = {"1.1.1.1", "9.255.255.255",
	    "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255",
	    "172.32.0.0", "192.0.0.170", "192.0.0.171", "192.0.1.0",
	    "192.0.2.1", "192.167.255.255", "192.169.0.0", "198.17.255.255",
	    "198.20.0.0", "203.0.113.1", "223.255.255.255"};
	size_t i;

	for (i = 0; i < sizeof(not_global) / sizeof(not_global[0]); i++) {
		CU_ASSERT(!may_embed("64:ff9b::", not_global[i]));
		CU_ASSERT(may_embed("2001:db8::", not_global[i]));
	}
	for (i = 0; i < sizeof(global) / sizeof(global[0]); i++)
		CU_ASSERT(may_embed("64:ff9b::", global[i]));
}

/* ------------------------------------------------------------- queries -- */

static bool
is_candidate(unsigned type, unsigned class, unsigned flags, unsigned edns_flags)
{
	struct dns_query q;
	struct dnsmsg m;

	dnsmsg_start(&m, 1, (uint16_t)flags);
	dnsmsg_question(&m, "h2.example.com", type);
	m.data[m.len - 1] = (uint8_t) class;
	if (edns_flags != 1)
		dnsmsg_opt(&m, 1232, edns_flags, NULL, 0);
	CU_ASSERT(dns_query_parse(m.data, m.len, &q) == DNS_VERDICT_OK);
	return dns64_is_candidate(&q);
}

/* RFC 6147 5.1, 5.5 */
static void
test_candidates(void)
{
	struct dns_query q;
	struct dnsmsg m;

	CU_ASSERT(is_candidate(AAAA, 1, RD, 1));
	CU_ASSERT(is_candidate(AAAA, 1, RD, 0));
	CU_ASSERT(is_candidate(AAAA, 1, RD | CD, 0));
	CU_ASSERT(is_candidate(AAAA, 1, RD, DO));
	CU_ASSERT(!is_candidate(AAAA, 1, RD | CD, DO));
	CU_ASSERT(!is_candidate(AAAA, 3, RD, 0));
	CU_ASSERT(!is_candidate(AAAA, 255, RD, 0));
	CU_ASSERT(!is_candidate(A, 1, RD, 0));
	CU_ASSERT(!is_candidate(ANY, 1, RD, 0));
	dnsmsg_query(&m, "h2.example.com", AAAA);
	dnsmsg_tsig(&m, IN_ADDITIONAL);
	CU_ASSERT(dns_query_parse(m.data, m.len, &q) == DNS_VERDICT_OK);
	CU_ASSERT(!dns64_is_candidate(&q));
}

/* ------------------------------------------------------------- answers -- */

static void
add_address(struct dnsmsg *m, const char *owner, uint32_t ttl, const char *text)
{
	uint8_t addr[DNS_AAAA_SIZE];
	bool is_v6 = strchr(text, ':') != NULL;
	size_t place = dnsmsg_record(m, IN_ANSWER, owner, is_v6 ? AAAA : A);

	CU_ASSERT(inet_pton(is_v6 ? AF_INET6 : AF_INET, text, addr) == 1);
	dns_put32(m->data + place - TTL_PLACE, ttl);
	dnsmsg_bytes(m, addr, is_v6 ? DNS_AAAA_SIZE : DNS_A_SIZE);
	dnsmsg_rdata_end(m, place);
}

static void
add_name(struct dnsmsg *m, const char *owner, unsigned type, const char *target)
{
	size_t place = dnsmsg_record(m, IN_ANSWER, owner, type);

	dnsmsg_name(m, target);
	dnsmsg_rdata_end(m, place);
}

static void
add_signature(struct dnsmsg *m, const char *owner, unsigned covered)
{
	size_t place = dnsmsg_record(m, IN_ANSWER, owner, RRSIG);

	dnsmsg_u16(m, covered);
	dnsmsg_fill(m, 3, 16);
	dnsmsg_name(m, "example.com");
	dnsmsg_fill(m, 0xaa, 64);
	dnsmsg_rdata_end(m, place);
}

static void
add_soa(struct dnsmsg *m, uint32_t ttl)
{
	size_t at = m->len;

	dnsmsg_soa(m, IN_AUTHORITY, "example.com");
	at += strlen("example.com") + 2 + 4;
	dns_put32(m->data + at, ttl);
}

static void
start_answer(struct dnsmsg *m, unsigned type, unsigned rcode)
{
	dnsmsg_start(m, 7, (uint16_t)(RESPONSE | rcode));
	dnsmsg_question(m, "h2.example.com", type);
}

static struct dns_response
read_answer(const struct dnsmsg *m, unsigned type)
{
	struct dns_expect e;
	struct dns_response r = {0};
	struct dnsmsg q;

	dnsmsg_query(&q, "h2.example.com", type);
	CU_ASSERT(dns_expect_init(q.data, q.len, false, &e) == 0);
	e.id = 7;
	CU_ASSERT_FATAL(
	    dns_response_check(m->data, m->len, &e, &r) == DNS_MATCH_ACCEPT);
	return r;
}

/* ::ffff:0:0/96, and one that ends within an octet */
static const struct dns64_net exclude[] = {
    {.addr = {[10] = 0xff, [11] = 0xff}, .bits = 96},
    {.addr = {0xfc}, .bits = 7},
};

static struct dns64
rules(const char *prefix, unsigned bits)
{
	return (struct dns64){
	    .prefix = net(prefix, bits),
	    .exclude = exclude,
	    .exclude_count = 2,
	};
}

static enum dns64_verdict
judge(const struct dnsmsg *m, uint32_t *ret_ttl)
{
	struct dns64 d = rules("64:ff9b::", 96);
	struct dns_response r = read_answer(m, AAAA);

	*ret_ttl = 0;
	return dns64_judge(&d, &r, ret_ttl);
}

static void
test_judge_addresses(void)
{
	struct dnsmsg m;
	uint32_t ttl;

	/* RFC 6147 5.1.1, 5.1.4 */
	start_answer(&m, AAAA, 0);
	add_address(&m, "@12", 300, "2001:db8::1");
	CU_ASSERT_EQUAL(judge(&m, &ttl), DNS64_RELAY);
	add_address(&m, "@12", 300, "::ffff:192.0.2.1");
	CU_ASSERT_EQUAL(judge(&m, &ttl), DNS64_FILTER);
	start_answer(&m, AAAA, 0);
	add_address(&m, "@12", 300, "::ffff:192.0.2.1");
	add_address(&m, "@12", 300, "fdff::1");
	CU_ASSERT_EQUAL(judge(&m, &ttl), DNS64_ASK_A);
	CU_ASSERT_EQUAL(ttl, 600);
	add_address(&m, "@12", 300, "fe00::1");
	CU_ASSERT_EQUAL(judge(&m, &ttl), DNS64_FILTER);
	/* RFC 6147 5.1.5 */
	start_answer(&m, AAAA, 0);
	add_name(&m, "@12", CNAME, "h3.example.com");
	CU_ASSERT_EQUAL(judge(&m, &ttl), DNS64_ASK_A);
	add_address(&m, "h3.example.com", 300, "2001:db8::1");
	CU_ASSERT_EQUAL(judge(&m, &ttl), DNS64_RELAY);
}

static void
test_judge_empty(void)
{
	static const unsigned errors[] = {SERVFAIL, NOTIMP, REFUSED};
	static const uint8_t bogus[] = {0, 15, 0, 2, 0, 6};
	static const uint8_t lame[] = {0, 15, 0, 2, 0, 22};
	struct dnsmsg m;
	uint32_t ttl;
	size_t i;

	/* RFC 6147 5.1.6, 5.1.7 */
	start_answer(&m, AAAA, 0);
	CU_ASSERT_EQUAL(judge(&m, &ttl), DNS64_ASK_A);
	CU_ASSERT_EQUAL(ttl, 600);
	add_soa(&m, 77);
	CU_ASSERT_EQUAL(judge(&m, &ttl), DNS64_ASK_A);
	CU_ASSERT_EQUAL(ttl, 77);
	/* RFC 6147 5.1.2 */
	start_answer(&m, AAAA, NXDOMAIN);
	add_soa(&m, 77);
	CU_ASSERT_EQUAL(judge(&m, &ttl), DNS64_RELAY);
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		start_answer(&m, AAAA, errors[i]);
		CU_ASSERT_EQUAL(judge(&m, &ttl), DNS64_ASK_A);
		CU_ASSERT_EQUAL(ttl, 600);
	}
	/* RFC 6147 5.5: a failed validation is no missing address */
	start_answer(&m, AAAA, SERVFAIL);
	dnsmsg_opt(&m, 1232, 0, bogus, sizeof(bogus));
	CU_ASSERT_EQUAL(judge(&m, &ttl), DNS64_RELAY);
	start_answer(&m, AAAA, SERVFAIL);
	dnsmsg_opt(&m, 1232, 0, lame, sizeof(lame));
	CU_ASSERT_EQUAL(judge(&m, &ttl), DNS64_ASK_A);
}

/* Relays with an edit into a buffer of exactly the size that was promised. */
static bool
relay_as(const char *name, const struct dns_response *r, struct dns_relay how)
{
	struct dns_query q;
	struct dns_buf out;
	struct dnsmsg m;
	int rc;

	dnsmsg_query(&m, name, AAAA);
	CU_ASSERT(dns_query_parse(m.data, m.len, &q) == DNS_VERDICT_OK);
	out = (struct dns_buf){.size = dns_answer_bound(&q, &hop, r, &how)};
	out.data = malloc(out.size);
	CU_ASSERT_FATAL(out.data != NULL);
	rc = dns_answer_relay(&q, &hop, r, &how, &out);
	got_len = rc == 0 ? out.len : 0;
	memcpy(got, out.data, got_len);
	free(out.data);
	return rc == 0 && dnsmsg_is_valid(got, got_len);
}

static bool
relay(const struct dns_response *r, const struct dns_edit *edit)
{
	return relay_as("h2.example.com", r,
	    (struct dns_relay){.ede = DNS_EDE_NONE, .edit = edit});
}

/* The answer is about another name than the question. */
static bool
relay_alias(const struct dns_response *r, const struct dns_edit *edit)
{
	uint8_t octets[DNS_QUESTION_MAX + DNS_NAME_MAX];
	struct dns_buf out = {.data = octets, .size = sizeof(octets)};
	struct dns_alias alias;
	struct dns_query q;
	struct dnsmsg m;

	dnsmsg_query(&m, "a.b.example.net", AAAA);
	CU_ASSERT(dns_query_parse(m.data, m.len, &q) == DNS_VERDICT_OK);
	dns_alias_make(&q, r->msg + DNS_HEADER_SIZE, 300, &out, &alias);
	return relay_as("a.b.example.net", r,
	    (struct dns_relay){
		.ede = DNS_EDE_NONE, .alias = &alias, .edit = edit});
}

static bool
got_records_of(bool no_dnssec, const char *want)
{
	char *text = dnsmsg_records(got, got_len, no_dnssec);
	bool is_same = text != NULL && strcmp(text, want) == 0;

	if (!is_same)
		printf("# want:\n%s# got:\n%s", want, text);
	free(text);
	return is_same;
}

static bool
got_records(const char *want)
{
	return got_records_of(false, want);
}

static bool
synthesise(const struct dnsmsg *m, const char *prefix, unsigned bits)
{
	struct dns64 d = rules(prefix, bits);
	struct dns_response r = read_answer(m, A);
	struct dns64_edit e;

	dns64_edit_synthesise(&e, &d, &r, 600);
	return dns64_can_synthesise(&d, &r) && relay(&r, &e.edit);
}

/* RFC 6147 7.1 and 7.2: h2.example.com, 192.0.2.1 */
static void
test_examples(void)
{
	struct dnsmsg m;

	start_answer(&m, A, 0);
	add_address(&m, "@12", 300, "192.0.2.1");
	CU_ASSERT(synthesise(&m, "64:ff9b::", 96));
	CU_ASSERT(got_records(
	    "h2.example.com.\t300\tin\taaaa\t64:ff9b::c000:201\n--\n--\n--\n"));
	CU_ASSERT_EQUAL(dnsmsg_get16(got, got_len - 28), 0xc00c);
	CU_ASSERT(synthesise(&m, "2001:db8::", 96));
	CU_ASSERT(got_records("h2.example.com.\t300\tin\taaaa\t2001:db8::c000:"
			      "201\n--\n--\n--\n"));
}

static void
test_synthesis(void)
{
	struct dnsmsg m;

	/* RFC 6147 5.1.5: the chain stays; 5.1.7: TTLs; 5.3.2: no others */
	start_answer(&m, A, 0);
	add_name(&m, "@12", CNAME, "h3.sub.example.com");
	add_signature(&m, "@12", CNAME);
	add_name(&m, "sub.example.com", DNAME, "example.net");
	add_name(&m, "h3.sub.example.com", CNAME, "h3.example.net");
	add_address(&m, "h3.example.net", 9999, "192.0.2.1");
	add_signature(&m, "h3.example.net", A);
	add_address(&m, "h3.example.net", 9999, "10.0.0.1");
	add_address(&m, "h3.example.net", 9999, "198.51.100.7");
	dnsmsg_a(&m, IN_ADDITIONAL, "ns.example.net");
	CU_ASSERT(synthesise(&m, "64:ff9b::", 96));
	CU_ASSERT_EQUAL(dnsmsg_get16(got, 6), 6);
	CU_ASSERT_EQUAL(dnsmsg_get16(got, 10), 1);
	CU_ASSERT(dnsmsg_get16(got, 12 + 16) == AAAA);
	CU_ASSERT(got_records_of(true,
	    "h2.example.com.\t300\tin\tcname\th3.sub.example.com.\n"
	    "sub.example.com.\t300\tin\tdname\texample.net.\n"
	    "h3.sub.example.com.\t300\tin\tcname\th3.example.net.\n"
	    "h3.example.net.\t600\tin\taaaa\t64:ff9b::c000:201\n"
	    "h3.example.net.\t600\tin\taaaa\t64:ff9b::c633:6407\n--\n--\n"
	    "ns.example.net.\t300\tin\ta\t192.0.2.1\n--\n"));
	/* none that may be embedded */
	start_answer(&m, A, 0);
	add_address(&m, "@12", 300, "10.0.0.1");
	CU_ASSERT(!synthesise(&m, "64:ff9b::", 96));
	CU_ASSERT(synthesise(&m, "2001:db8::", 96));
	start_answer(&m, A, NXDOMAIN);
	add_address(&m, "@12", 300, "192.0.2.1");
	CU_ASSERT(!synthesise(&m, "2001:db8::", 96));
}

/* What stands behind a record that grew, and is pointed to from there. */
static void
test_pointers(void)
{
	char target[8];
	struct dnsmsg m;
	unsigned i;

	start_answer(&m, A, 0);
	for (i = 0; i < 5; i++)
		add_address(&m, "@12", 300, "192.0.2.1");
	(void)snprintf(target, sizeof(target), "@%zu", m.len);
	dnsmsg_a(&m, IN_AUTHORITY, "ns.example.net");
	dnsmsg_a(&m, IN_ADDITIONAL, target);
	CU_ASSERT(synthesise(&m, "64:ff9b::", 96));
	CU_ASSERT_EQUAL(got_len, m.len + 5 * 12);
	CU_ASSERT_EQUAL(
	    dnsmsg_get16(got, got_len - 16), 0xc000 + 12 + 20 + 5 * 28);
	CU_ASSERT_EQUAL(dnsmsg_get16(got, 6), 5);
}

static void
test_filter(void)
{
	struct dns64 d = rules("64:ff9b::", 96);
	struct dns_response r;
	struct dns64_edit e;
	struct dnsmsg m;

	start_answer(&m, AAAA, 0);
	add_address(&m, "@12", 300, "::ffff:192.0.2.1");
	add_address(&m, "@12", 300, "2001:db8::1");
	add_signature(&m, "@12", AAAA);
	r = read_answer(&m, AAAA);
	dns64_edit_filter(&e, &d);
	CU_ASSERT(relay(&r, &e.edit));
	CU_ASSERT(got_records(
	    "h2.example.com.\t300\tin\taaaa\t2001:db8::1\n--\n--\n--\n"));
}

/* Many records fit what was promised; what is too long becomes SERVFAIL. */
static void
test_size(void)
{
	struct dnsmsg m;
	unsigned i;

	start_answer(&m, A, 0);
	for (i = 0; i < 2000; i++)
		add_address(&m, "@12", 300, "192.0.2.1");
	CU_ASSERT(synthesise(&m, "64:ff9b::", 96));
	CU_ASSERT_EQUAL(dnsmsg_get16(got, 6), 2000);
	CU_ASSERT_EQUAL(got_len, 12 + 20 + 2000 * 28);
	for (i = 0; i < 1000; i++)
		add_address(&m, "@12", 300, "192.0.2.1");
	CU_ASSERT(synthesise(&m, "64:ff9b::", 96));
	CU_ASSERT_EQUAL(dnsmsg_get16(got, 2) & 0xf, SERVFAIL);
}

/* ----------------------------------------------------------- discovery -- */

/* What is said of these names; false if they are ordinary. */
static bool
discover(const char *name, unsigned type, unsigned class)
{
	struct dns64_net prefix = net("2001:db8::", 96);
	const struct dns_discovery *zone;
	struct dns_query q;
	struct dns_buf out;
	struct dnsmsg m;

	dnsmsg_query(&m, name, type);
	m.data[m.len - 1] = (uint8_t) class;
	CU_ASSERT(dns_query_parse(m.data, m.len, &q) == DNS_VERDICT_OK);
	zone = dns_discovery_find(&q);
	if (zone == NULL)
		return false;
	out = (struct dns_buf){.size = dns_answer_bound(&q, &hop, NULL, NULL) +
				       DNS_DISCOVERY_RECORDS};
	out.data = malloc(out.size);
	CU_ASSERT_FATAL(out.data != NULL);
	CU_ASSERT_FATAL(
	    dns_discovery_answer(zone, &prefix, &q, &hop, &out) == 0);
	got_len = out.len;
	memcpy(got, out.data, got_len);
	free(out.data);
	CU_ASSERT(dnsmsg_is_valid(got, got_len));
	return true;
}

/* Nothing but an SOA that says so, under this RCODE. */
static bool
got_negative(unsigned rcode)
{
	return (dnsmsg_get16(got, 2) & 0xf) == rcode &&
	       dnsmsg_get16(got, 6) == 0 && dnsmsg_get16(got, 8) == 1;
}

/* RFC 8880 7.1 */
static void
test_ipv4only(void)
{
	CU_ASSERT(discover("ipv4only.arpa", A, 1));
	CU_ASSERT(got_records("ipv4only.arpa.\t3600\tin\ta\t192.0.0.170\n"
			      "ipv4only.arpa.\t3600\tin\ta\t192.0.0.171\n"
			      "--\n--\n--\n"));
	CU_ASSERT(discover("IPv4Only.ARPA", AAAA, 1));
	CU_ASSERT(
	    got_records("ipv4only.arpa.\t3600\tin\taaaa\t2001:db8::c000:aa\n"
			"ipv4only.arpa.\t3600\tin\taaaa\t2001:db8::c000:ab\n"
			"--\n--\n--\n"));
	CU_ASSERT(discover("ipv4only.arpa", TXT, 1) && got_negative(0));
	CU_ASSERT(discover("ipv4only.arpa", SOA, 1) && got_negative(0));
	CU_ASSERT(discover("ipv4only.arpa", ANY, 1) && got_negative(0));
	CU_ASSERT(discover("ipv4only.arpa", A, 3) && got_negative(0));
	CU_ASSERT(
	    discover("a.b.ipv4only.arpa", A, 1) && got_negative(NXDOMAIN));
	CU_ASSERT(!discover("ipv4only.arpa", DS, 1));
	CU_ASSERT(!discover("arpa", A, 1));
	CU_ASSERT(!discover("xipv4only.arpa", A, 1));
}

/* RFC 8880 7.2 */
static void
test_reverse(void)
{
	CU_ASSERT(discover("170.0.0.192.in-addr.arpa", PTR, 1));
	CU_ASSERT(got_records("170.0.0.192.in-addr.arpa.\t3600\tin\tptr\t"
			      "ipv4only.arpa.\n--\n--\n--\n"));
	CU_ASSERT(discover("171.0.0.192.in-addr.arpa", PTR, 1));
	CU_ASSERT_EQUAL(dnsmsg_get16(got, 6), 1);
	CU_ASSERT(
	    discover("170.0.0.192.in-addr.arpa", A, 1) && got_negative(0));
	CU_ASSERT(discover("1.171.0.0.192.in-addr.arpa", PTR, 1) &&
		  got_negative(NXDOMAIN));
	CU_ASSERT(!discover("170.0.0.192.in-addr.arpa", DS, 1));
	CU_ASSERT(!discover("172.0.0.192.in-addr.arpa", PTR, 1));
	CU_ASSERT(!discover("0.0.192.in-addr.arpa", PTR, 1));
}

/* Whatever was accepted is judged and rewritten into what can be read. */
static void
test_random(void)
{
	uint32_t seed = dnsmsg_seed("dns64");
	struct dns64 d = rules("64:ff9b::", 96);
	struct dns_expect e;
	struct dns_response r;
	struct dns64_edit edit;
	struct dnsmsg m;
	struct dnsmsg q;
	uint32_t ttl;
	unsigned i;

	dnsmsg_query(&q, "h2.example.com", A);
	CU_ASSERT(dns_expect_init(q.data, q.len, false, &e) == 0);
	e.id = 7;
	for (i = 0; i < ROUNDS; i++) {
		start_answer(&m, A, 0);
		add_name(&m, "@12", CNAME, "h3.example.com");
		add_signature(&m, "@12", A);
		add_address(&m, "@46", 300, "192.0.2.1");
		add_address(&m, "@46", 300, "2001:db8::1");
		add_soa(&m, 77);
		dnsmsg_mutate(m.data, &m.len, &seed);
		if (dns_response_check(m.data, m.len, &e, &r) !=
		    DNS_MATCH_ACCEPT)
			continue;
		(void)dns64_judge(&d, &r, &ttl);
		dns64_edit_synthesise(&edit, &d, &r, 600);
		if (r.question_len != 0 && dnsmsg_is_valid(m.data, m.len))
			CU_ASSERT_FATAL(relay(&r, &edit.edit) &&
					relay_alias(&r, NULL) &&
					relay_alias(&r, &edit.edit));
	}
}

void
test_dns64_register(void)
{
	CU_pSuite s = unit_suite("dns64");

	unit_test(s, "addresses", test_addresses);
	unit_test(s, "prefixes", test_prefixes);
	unit_test(s, "private", test_private);
	unit_test(s, "candidates", test_candidates);
	unit_test(s, "judge_addresses", test_judge_addresses);
	unit_test(s, "judge_empty", test_judge_empty);
	unit_test(s, "examples", test_examples);
	unit_test(s, "synthesis", test_synthesis);
	unit_test(s, "pointers", test_pointers);
	unit_test(s, "filter", test_filter);
	unit_test(s, "size", test_size);
	unit_test(s, "ipv4only", test_ipv4only);
	unit_test(s, "reverse", test_reverse);
	unit_test(s, "random", test_random);
}
