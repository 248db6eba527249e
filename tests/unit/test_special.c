/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that are answered here, and those that only look like them. */
#include "dns/special.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	NS = 2,
	SOA = 6,
	PTR = 12,
	TXT = 16,
	AAAA = 28,
	DS = 43,
	SVCB = 64,
	ANY = 255,
	NXDOMAIN = 3,
	ROUNDS = 20000
};

#define ZERO31 "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."

/* RFC 6303 4 */
static const char *const reverse[] = {"10.in-addr.arpa", "16.172.in-addr.arpa",
    "17.172.in-addr.arpa", "18.172.in-addr.arpa", "19.172.in-addr.arpa",
    "20.172.in-addr.arpa", "21.172.in-addr.arpa", "22.172.in-addr.arpa",
    "23.172.in-addr.arpa", "24.172.in-addr.arpa", "25.172.in-addr.arpa",
    "26.172.in-addr.arpa", "27.172.in-addr.arpa", "28.172.in-addr.arpa",
    "29.172.in-addr.arpa", "30.172.in-addr.arpa", "31.172.in-addr.arpa",
    "168.192.in-addr.arpa", "0.in-addr.arpa", "127.in-addr.arpa",
    "254.169.in-addr.arpa", "2.0.192.in-addr.arpa", "100.51.198.in-addr.arpa",
    "113.0.203.in-addr.arpa", "255.255.255.255.in-addr.arpa",
    ZERO31 "0.ip6.arpa", "1." ZERO31 "ip6.arpa", "d.f.ip6.arpa",
    "8.e.f.ip6.arpa", "9.e.f.ip6.arpa", "a.e.f.ip6.arpa", "b.e.f.ip6.arpa",
    "8.b.d.0.1.0.0.2.ip6.arpa"};

enum {
	REVERSE_ZONES = sizeof(reverse) / sizeof(reverse[0])
};

static const struct dns_hop hop = {.max_size = DNS_MESSAGE_MAX};

static uint8_t got[DNS_MESSAGE_MAX];
static size_t got_len;

/* Answers a message; false if its name is an ordinary one. */
static bool
answer_message(const struct dnsmsg *m, uint64_t off)
{
	uint8_t *data = dnsmsg_exact(m->data, m->len);
	struct dns_buf out = {.data = got, .size = sizeof(got)};
	const struct dns_special *s = NULL;
	struct dns_query q;

	got_len = 0;
	if (dns_query_parse(data, m->len, &q) == DNS_VERDICT_OK)
		s = dns_special_find(&q, off);
	if (s != NULL) {
		CU_ASSERT(dns_special_answer(s, &q, &hop, &out) == 0);
		got_len = out.len;
		CU_ASSERT(dnsmsg_is_valid(got, got_len));
	}
	free(data);
	return s != NULL;
}

static bool
answer(const char *name, unsigned type)
{
	struct dnsmsg m;

	dnsmsg_query(&m, name, type);
	return answer_message(&m, 0);
}

/* Is the answer negative, with this RCODE and an SOA that can be cached? */
static bool
is_negative(const char *name, unsigned type, unsigned rcode)
{
	ldns_pkt *pkt = NULL;
	const ldns_rr *soa;
	bool is_ok;

	if (!answer(name, type) || (got[3] & 0xf) != rcode ||
	    dnsmsg_get16(got, 6) != 0 || dnsmsg_get16(got, 8) != 1)
		return false;
	if (ldns_wire2pkt(&pkt, got, got_len) != LDNS_STATUS_OK)
		return false;
	soa = ldns_rr_list_rr(ldns_pkt_authority(pkt), 0);
	is_ok =
	    ldns_rr_get_type(soa) == LDNS_RR_TYPE_SOA &&
	    ldns_rr_ttl(soa) == ldns_rdf2native_int32(ldns_rr_rdf(soa, 6)) &&
	    ldns_rr_ttl(soa) > 0 &&
	    ldns_dname_compare(ldns_rr_owner(soa), ldns_rr_rdf(soa, 0)) == 0;
	ldns_pkt_free(pkt);
	return is_ok && (got[2] & 0x84) == 0x84;
}

static bool
is_nodata(const char *name, unsigned type)
{
	return is_negative(name, type, 0);
}

static bool
is_nxdomain(const char *name, unsigned type)
{
	return is_negative(name, type, NXDOMAIN);
}

/* Is the last answer one record with this RDATA at its end? */
static bool
has_rdata(const void *rdata, size_t len)
{
	return (got[3] & 0xf) == 0 && dnsmsg_get16(got, 6) == 1 &&
	       dnsmsg_get16(got, 8) == 0 &&
	       memcmp(got + got_len - len, rdata, len) == 0;
}

static void
test_localhost(void)
{
	static const char *const names[] = {
	    "localhost", "x.localhost", "LocalHost", "a.b.LOCALHOST"};
	static const uint8_t loopback6[16] = {[15] = 1};
	size_t i;

	for (i = 0; i < 4; i++) {
		PROVE("FWD-144",
		    answer(names[i], A) && has_rdata("\177\0\0\1", 4));
		PROVE("FWD-144",
		    answer(names[i], AAAA) && has_rdata(loopback6, 16));
		PROVE("FWD-144", is_nodata(names[i], TXT));
		CU_ASSERT(is_nodata(names[i], SOA));
		CU_ASSERT(answer(names[i], ANY) && dnsmsg_get16(got, 6) == 2);
	}
}

static void
test_no_names(void)
{
	static const unsigned types[] = {A, NS, TXT, SOA, ANY, 65280};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		PROVE("FWD-145", is_nxdomain("invalid", types[i]));
		PROVE("FWD-145", is_nxdomain("a.invalid", types[i]));
		PROVE("FWD-146", is_nxdomain("a.test", types[i]));
		PROVE("FWD-151", is_nxdomain("onion", types[i]));
		PROVE("FWD-151", is_nxdomain("x.oNion", types[i]));
	}
	PROVE("FWD-147", !answer("example.com", A));
	PROVE("FWD-147", !answer("www.example", A));
	PROVE("FWD-147", !answer("example", A));
}

static void
test_reverse(void)
{
	char name[300];
	size_t i;

	for (i = 0; i < REVERSE_ZONES; i++) {
		snprintf(name, sizeof(name), "x.%s", reverse[i]);
		PROVE("FWD-148", is_nxdomain(name, PTR));
		PROVE("FWD-150",
		    memmem(got, got_len, "\6nobody\7invalid\0", 16) != NULL);
		PROVE("FWD-148", is_nodata(reverse[i], PTR));
		CU_ASSERT(answer(reverse[i], SOA));
		CU_ASSERT(dnsmsg_get16(got, 6) == 1 && (got[3] & 0xf) == 0);
		CU_ASSERT(answer(reverse[i], NS));
		CU_ASSERT(dnsmsg_get16(got, 6) == 1 && (got[3] & 0xf) == 0);
		CU_ASSERT(answer(reverse[i], ANY));
		CU_ASSERT(dnsmsg_get16(got, 6) == 2);
	}
	PROVE("FWD-148", is_nxdomain("1.2.3.10.in-addr.arpa", PTR));
	/* neighbours */
	CU_ASSERT(!answer("1.11.in-addr.arpa", PTR));
	CU_ASSERT(!answer("1.15.172.in-addr.arpa", PTR));
	CU_ASSERT(!answer("1.32.172.in-addr.arpa", PTR));
	CU_ASSERT(!answer("1.110.in-addr.arpa", PTR));
	CU_ASSERT(!answer("192.in-addr.arpa", PTR));
	CU_ASSERT(!answer("in-addr.arpa", NS));
	CU_ASSERT(!answer("arpa", NS));
	CU_ASSERT(!answer("2." ZERO31 "ip6.arpa", PTR));
	CU_ASSERT(!answer("c.e.f.ip6.arpa", PTR));
	CU_ASSERT(!answer(".", NS));
}

static void
test_switches(void)
{
	uint64_t all = 0;
	uint64_t bit = 0;
	struct dnsmsg m;
	char name[300];
	size_t i;
	size_t k;

	for (i = 0; i < REVERSE_ZONES; i++) {
		CU_ASSERT_FATAL(dns_special_bit(reverse[i], &bit) == 0);
		CU_ASSERT((all & bit) == 0);
		all |= bit;
		for (k = 0; k < REVERSE_ZONES; k++) {
			snprintf(name, sizeof(name), "x.%s", reverse[k]);
			dnsmsg_query(&m, name, PTR);
			PROVE("FWD-149", answer_message(&m, bit) == (i != k));
		}
	}
	CU_ASSERT(dns_special_bit("TEST.", &bit) == 0);
	dnsmsg_query(&m, "a.test", A);
	PROVE("FWD-146", !answer_message(&m, bit));
	CU_ASSERT(dns_special_bit("home.arpa", &bit) == 0);
	CU_ASSERT(dns_special_bit("example", &bit) == -ENOENT);
	CU_ASSERT(dns_special_bit("..", &bit) == -ENOENT);
	CU_ASSERT(dns_special_bit("localhost", &bit) == -EPERM);
	CU_ASSERT(dns_special_bit("invalid", &bit) == -EPERM);
	CU_ASSERT(dns_special_bit("onion", &bit) == -EPERM);
	CU_ASSERT(dns_special_bit("resolver.arpa", &bit) == -EPERM);
	dnsmsg_query(&m, "localhost", A);
	CU_ASSERT(answer_message(&m, UINT64_MAX));
	dnsmsg_query(&m, "a.resolver.arpa", A);
	CU_ASSERT(answer_message(&m, UINT64_MAX));
}

static void
test_resolver_arpa(void)
{
	static const unsigned types[] = {A, AAAA, NS, SOA, SVCB, DS, TXT, ANY};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		PROVE("FWD-153", is_nodata("resolver.arpa", types[i]));
		PROVE("FWD-154", is_nodata("_dns.resolver.arpa", types[i]));
		PROVE("FWD-155", is_nodata("foo.resolver.arpa", types[i]));
	}
	PROVE("FWD-156", is_nodata("_dns.resolver.arpa", SVCB));
}

static void
test_home_arpa(void)
{
	struct dnsmsg m;

	PROVE("FWD-152", is_nxdomain("a.home.arpa", A));
	PROVE("FWD-152", is_nodata("home.arpa", A));
	PROVE("FWD-152", is_nodata("home.arpa", DS)); /* without DO */
	dnsmsg_query(&m, "Home.arpa", DS);
	dnsmsg_opt(&m, 1232, 0x8000, NULL, 0);
	PROVE("FWD-152", !answer_message(&m, 0));
	dnsmsg_query(&m, "a.home.arpa", DS);
	dnsmsg_opt(&m, 1232, 0x8000, NULL, 0);
	PROVE("FWD-152", answer_message(&m, 0));
}

/* What the registry of special-use names has got since. */
static void
test_newer(void)
{
	struct dnsmsg m;
	uint64_t bit;

	CU_ASSERT(is_nxdomain("local", A));
	CU_ASSERT(is_nxdomain("printer.Local", AAAA));
	CU_ASSERT(is_nxdomain("a.b.alt", TXT));
	CU_ASSERT(is_nxdomain("x.default.service.arpa", PTR));
	CU_ASSERT(is_nodata("default.service.arpa", A));
	CU_ASSERT(!answer("service.arpa", A));
	CU_ASSERT(!answer("xlocal", A));
	CU_ASSERT(!answer("local.example", A));
	CU_ASSERT(dns_special_bit("local", &bit) == 0);
	dnsmsg_query(&m, "printer.local", A);
	CU_ASSERT(!answer_message(&m, bit));
}

/* No address, so browsers go on asking us; its DS is its parent's affair. */
static void
test_canary(void)
{
	struct dnsmsg m;
	uint64_t bit;

	CU_ASSERT(is_nodata("use-application-dns.net", A));
	CU_ASSERT(is_nodata("Use-Application-DNS.Net", AAAA));
	CU_ASSERT(is_nxdomain("x.use-application-dns.net", A));
	CU_ASSERT(!answer("application-dns.net", A));
	CU_ASSERT(!answer("xuse-application-dns.net", A));
	CU_ASSERT(!answer("net", A));
	dnsmsg_query(&m, "use-application-dns.net", DS);
	dnsmsg_opt(&m, 1232, 0x8000, NULL, 0);
	CU_ASSERT(!answer_message(&m, 0));
	CU_ASSERT(dns_special_bit("use-application-dns.net", &bit) == 0);
	dnsmsg_query(&m, "use-application-dns.net", A);
	CU_ASSERT(!answer_message(&m, bit));
}

/* A negative answer of our own says that it is, a positive one is what it is.
 */
static void
test_reason(void)
{
	struct dnsmsg m;

	dnsmsg_query(&m, "x.test", A);
	dnsmsg_opt(&m, 1232, 0, NULL, 0);
	CU_ASSERT(answer_message(&m, 0));
	CU_ASSERT(dnsmsg_options(got, got_len, 15) == 1);
	dnsmsg_query(&m, "x.test", A);
	CU_ASSERT(answer_message(&m, 0));
	PROVE("FWD-081", dnsmsg_get16(got, 10) == 0);
	dnsmsg_query(&m, "localhost", A);
	dnsmsg_opt(&m, 1232, 0, NULL, 0);
	CU_ASSERT(answer_message(&m, 0));
	CU_ASSERT(dnsmsg_options(got, got_len, 15) == 0);
}

static void
test_borders(void)
{
	static const char *const local[] = {"LOCALhost", "x.LocalHost",
	    "InVaLiD", "a.b.c.INVALID", "Resolver.ARPA", "x.RESOLVER.arpa",
	    "HOME.arpa", "x.home.ARPA", "1.10.IN-ADDR.ARPA",
	    "8.B.D.0.1.0.0.2.IP6.ARPA"};
	static const char *const ordinary[] = {"notlocalhost", "localhost.com",
	    "localhosts", "notinvalid", "invalid.example", "xonion", "atest",
	    "notresolver.arpa", "xhome.arpa", "resolver.arpa.com",
	    "x10.in-addr.arpa", "10.in-addr.arpa.example", "10.ip6.arpa",
	    "in-addr", "arpa.com"};
	struct dnsmsg m;
	size_t i;

	for (i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		PROVE("BAD-131", answer(local[i], A));
	for (i = 0; i < sizeof(ordinary) / sizeof(ordinary[0]); i++)
		PROVE("BAD-131", !answer(ordinary[i], A));
	/* the same octets, but the border is inside a label */
	dnsmsg_start(&m, 0, 0x0100);
	dnsmsg_u8(&m, 11);
	dnsmsg_bytes(&m, "x\11localhost", 11);
	dnsmsg_u8(&m, 0);
	dnsmsg_u32(&m, 0x00010001);
	dnsmsg_count(&m, IN_QUESTION);
	PROVE("BAD-131", !answer_message(&m, 0));
}

/* Other classes are not asked elsewhere either. */
static void
test_class(void)
{
	struct dnsmsg m;

	dnsmsg_query(&m, "localhost", A);
	m.data[m.len - 1] = 3;
	CU_ASSERT(answer_message(&m, 0) && dnsmsg_get16(got, 6) == 0);
	m.data[m.len - 1] = 255;
	CU_ASSERT(answer_message(&m, 0) && dnsmsg_get16(got, 6) == 1);
	dnsmsg_query(&m, "x.onion", A);
	m.data[m.len - 1] = 3;
	CU_ASSERT(answer_message(&m, 0) && (got[3] & 0xf) == NXDOMAIN);
}

/* OPT, padding, RD, CD, case: as in every answer. */
static void
test_hop(void)
{
	static const struct dns_hop doq = {
	    .max_size = DNS_MESSAGE_MAX, .pad_block = 468, .zero_id = true};
	struct dns_buf out = {.data = got, .size = sizeof(got)};
	struct dnsmsg m;
	struct dns_query q;
	size_t n;

	dnsmsg_start(&m, 7, 0x0110);
	dnsmsg_question(&m, "wWw.LocalHost", A);
	dnsmsg_opt(&m, 512, 0, NULL, 0);
	CU_ASSERT_FATAL(dns_query_parse(m.data, m.len, &q) == DNS_VERDICT_OK);
	CU_ASSERT(
	    dns_special_answer(dns_special_find(&q, 0), &q, &doq, &out) == 0);
	PROVE("FWD-026", out.len == 468 && dnsmsg_options(got, 468, 12) == 1);
	CU_ASSERT(dnsmsg_get16(got, 0) == 0 && dnsmsg_get16(got, 2) == 0x8590);
	CU_ASSERT(memcmp(got + 12, "\3wWw\11LocalHost", 15) == 0);
	for (n = 12; n < 12 + 19 + 16 + 11; n++) {
		out.size = n;
		CU_ASSERT(dns_special_answer(
			      dns_special_find(&q, 0), &q, &doq, &out) != 0);
	}
	out.size = n;
	CU_ASSERT(
	    dns_special_answer(dns_special_find(&q, 0), &q, &doq, &out) == 0);
}

static void
test_property(void)
{
	uint32_t seed = dnsmsg_seed("special");
	struct dnsmsg m;
	char name[300];
	int round;

	for (round = 0; round < ROUNDS; round++) {
		snprintf(name, sizeof(name), "ab.%s",
		    reverse[dnsmsg_random(&seed) % REVERSE_ZONES]);
		dnsmsg_query(&m, name, dnsmsg_random(&seed) % 300);
		dnsmsg_mutate(m.data, &m.len, &seed);
		(void)answer_message(&m, dnsmsg_random(&seed));
	}
	CU_PASS("nothing outside was read");
}

void
test_special_register(void)
{
	CU_pSuite s = unit_suite("special");

	unit_test(s, "localhost", test_localhost);
	unit_test(s, "names that do not exist", test_no_names);
	unit_test(s, "reverse zones", test_reverse);
	unit_test(s, "switches", test_switches);
	unit_test(s, "resolver.arpa", test_resolver_arpa);
	unit_test(s, "home.arpa", test_home_arpa);
	unit_test(s, "newer names", test_newer);
	unit_test(s, "canary", test_canary);
	unit_test(s, "reason", test_reason);
	unit_test(s, "borders", test_borders);
	unit_test(s, "class", test_class);
	unit_test(s, "hop", test_hop);
	unit_test(s, "property", test_property);
}
