/* SPDX-License-Identifier: BSD-2-Clause */
/* Designated resolvers: the octets of SVCB, written out by hand. */
#include "dns/ddr.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	TXT = 16,
	AAAA = 28,
	SVCB = 64,
	ANY = 255
};

#define ASKED "_dns.resolver.arpa"
/* Where the answer's first record has its RDATA: header, question, fixed. */
#define RDATA_AT (12 + 20 + 4 + 2 + 10)

static const struct dns_hop hop = {.max_size = DNS_MESSAGE_MAX};
static const struct dns_ddr_local nowhere = {NULL, 0};

static struct dns_ddr ddr;
static uint8_t got[DNS_MESSAGE_MAX];
static size_t got_len;

static struct dns_designation *
designate(const char *name)
{
	struct dns_designation *d = &ddr.item[ddr.count++];
	size_t len;

	memset(d, 0, sizeof(*d));
	CU_ASSERT_FATAL(dns_name_from_text(name, d->target, &len) == 0);
	d->alpn = DNS_DDR_ALPN_DOQ;
	return d;
}

static void
add4(struct dns_designation *d, const char *octets)
{
	memcpy(d->hint4[d->hints4++], octets, 4);
}

static void
add6(struct dns_designation *d, const char *octets)
{
	memcpy(d->hint6[d->hints6++], octets, 16);
}

/* Answers a message into at most `room` octets. */
static int
answer_message(const struct dnsmsg *m, const struct dns_ddr_local *local,
    const struct dns_hop *how, size_t room)
{
	uint8_t *data = dnsmsg_exact(m->data, m->len);
	uint8_t *exact = malloc(room);
	struct dns_buf out = {.data = exact, .size = room};
	struct dns_query q;
	int rc;

	CU_ASSERT_FATAL(dns_query_parse(data, m->len, &q) == DNS_VERDICT_OK);
	rc = dns_ddr_answer(&ddr, local, &q, how, &out);
	got_len = 0;
	if (rc == 0) {
		got_len = out.len;
		memcpy(got, exact, got_len);
		CU_ASSERT(dnsmsg_is_valid(got, got_len));
	}
	free(exact);
	free(data);
	return rc;
}

static void
answer(const struct dns_ddr_local *local)
{
	struct dnsmsg m;

	dnsmsg_query(&m, ASKED, SVCB);
	CU_ASSERT_FATAL(answer_message(&m, local, &hop, DNS_MESSAGE_MAX) == 0);
}

static bool
has_octets(size_t at, const void *octets, size_t len)
{
	return at + len <= got_len && memcmp(got + at, octets, len) == 0;
}

/* How many records of this type, name and data are in the additional section?
 */
static size_t
count_additional(
    const char *name, ldns_rr_type type, const void *data, size_t len)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(name);
	ldns_pkt *pkt = NULL;
	size_t count = 0;
	size_t i;

	CU_ASSERT_FATAL(ldns_wire2pkt(&pkt, got, got_len) == LDNS_STATUS_OK);
	for (i = 0; i < ldns_pkt_arcount(pkt); i++) {
		const ldns_rr *rr =
		    ldns_rr_list_rr(ldns_pkt_additional(pkt), i);
		const ldns_rdf *rdf = ldns_rr_rdf(rr, 0);

		if (ldns_rr_get_type(rr) == type &&
		    ldns_dname_compare(ldns_rr_owner(rr), owner) == 0 &&
		    ldns_rdf_size(rdf) == len &&
		    memcmp(ldns_rdf_data(rdf), data, len) == 0)
			count++;
	}
	ldns_pkt_free(pkt);
	ldns_rdf_deep_free(owner);
	return count;
}

#define V4 "\300\0\2\1"
#define V4B "\300\0\2\2"
#define V6 "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"

/* RFC 9460 2.2: priority, plain name, parameters by ascending key. */
static void
test_rdata(void)
{
	static const uint8_t rdata[] = "\0\1"		  /* priority 1 */
				       "\3dns\7example\0" /* TargetName */
				       "\0\1\0\4\3doq"	  /* alpn */
				       "\0\3\0\2\x22\x95" /* port 8853 */
				       "\0\4\0\4" V4	  /* ipv4hint */
				       "\0\6\0\x10" V6;	  /* ipv6hint */
	size_t len = sizeof(rdata) - 1;
	struct dns_designation *d;

	ddr.count = 0;
	d = designate("dns.example");
	d->port = 8853;
	add4(d, V4);
	add6(d, V6);
	answer(&nowhere);
	CU_ASSERT(dnsmsg_get16(got, 6) == 1 && dnsmsg_get16(got, 8) == 0);
	CU_ASSERT((got[2] & 0x84) == 0x84 && (got[3] & 0x8f) == 0x80);
	CU_ASSERT(dnsmsg_get16(got, RDATA_AT - 12) == 0xc00c);
	CU_ASSERT(dnsmsg_get16(got, RDATA_AT - 10) == SVCB);
	CU_ASSERT(dnsmsg_get16(got, RDATA_AT - 2) == len);
	PROVE("FWD-159", has_octets(RDATA_AT, rdata, len));
	PROVE("FWD-160", has_octets(RDATA_AT, rdata, len));
	PROVE("FWD-158",
	    dnsmsg_get16(got, 10) == 2 &&
		count_additional("dns.example.", LDNS_RR_TYPE_A, V4, 4) == 1 &&
		count_additional("dns.example.", LDNS_RR_TYPE_AAAA, V6, 16) ==
		    1);
}

/* The protocol's own port is not named, and no hint is no parameter. */
static void
test_least(void)
{
	static const uint8_t rdata[] = "\0\1\3dns\7example\0\0\1\0\4\3doq";

	ddr.count = 0;
	(void)designate("dns.example");
	answer(&nowhere);
	PROVE("FWD-160", dnsmsg_get16(got, RDATA_AT - 2) == sizeof(rdata) - 1 &&
			     has_octets(RDATA_AT, rdata, sizeof(rdata) - 1));
	CU_ASSERT(got_len == RDATA_AT + sizeof(rdata) - 1);
}

static void
test_targets(void)
{
	static const struct {
		const char *name;
		bool may;
	} rows[] = {
	    {".", false},
	    {"resolver.arpa", false},
	    {"Resolver.ARPA", false},
	    {"_dns.resolver.arpa", false},
	    {"arpa", true},
	    {"xresolver.arpa", true},
	    {"dns.example", true},
	};
	uint8_t name[DNS_NAME_MAX] = {0};
	size_t len;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		name[0] = 0;
		if (i > 0)
			CU_ASSERT(
			    dns_name_from_text(rows[i].name, name, &len) == 0);
		PROVE("FWD-157", dns_ddr_may_target(name) == rows[i].may);
	}
}

static bool
is_asked(const char *name, unsigned type, unsigned class)
{
	struct dnsmsg m;
	struct dns_query q;

	dnsmsg_query(&m, name, type);
	m.data[m.len - 1] = (uint8_t) class;
	return dns_query_parse(m.data, m.len, &q) == DNS_VERDICT_OK &&
	       dns_ddr_is_asked(&q);
}

static void
test_asked(void)
{
	CU_ASSERT(is_asked(ASKED, SVCB, 1));
	CU_ASSERT(is_asked("_DNS.Resolver.Arpa", SVCB, 255));
	CU_ASSERT(is_asked(ASKED, ANY, 1));
	PROVE("FWD-155", !is_asked(ASKED, A, 1));
	PROVE("FWD-155", !is_asked(ASKED, TXT, 1));
	PROVE("FWD-155", !is_asked("resolver.arpa", SVCB, 1));
	PROVE("FWD-155", !is_asked("x._dns.resolver.arpa", SVCB, 1));
	CU_ASSERT(!is_asked(ASKED, SVCB, 3));
}

/* In their order; an address that a name has twice is told once. */
static void
test_several(void)
{
	static const uint8_t second[] = "\0\2\3dns\7example\0\0\1\0\4\3doq"
					"\0\3\0\2\x01\xbb";
	static const uint8_t third[] = "\0\3\1b\7example\0";
	struct dns_designation *d;

	ddr.count = 0;
	add4(designate("dns.example"), V4);
	d = designate("dns.example");
	d->port = 443;
	add4(d, V4);
	add4(d, V4B);
	add4(designate("b.example"), V4);
	answer(&nowhere);
	CU_ASSERT(dnsmsg_get16(got, 6) == 3);
	PROVE("FWD-160",
	    memmem(got, got_len, second, sizeof(second) - 1) != NULL);
	CU_ASSERT(memmem(got, got_len, third, sizeof(third) - 1) != NULL);
	PROVE("FWD-158",
	    dnsmsg_get16(got, 10) == 3 &&
		count_additional("dns.example.", LDNS_RR_TYPE_A, V4, 4) == 1 &&
		count_additional("dns.example.", LDNS_RR_TYPE_A, V4B, 4) == 1 &&
		count_additional("b.example.", LDNS_RR_TYPE_A, V4, 4) == 1);
}

/* Who listens everywhere is where the question came in. */
static void
test_wildcard(void)
{
	const struct dns_ddr_local in4 = {(const uint8_t *)V4, 4};
	const struct dns_ddr_local in6 = {(const uint8_t *)V6, 16};
	struct dns_designation *d;

	ddr.count = 0;
	d = designate("dns.example");
	d->any4 = true;
	answer(&in4);
	PROVE("FWD-158",
	    count_additional("dns.example.", LDNS_RR_TYPE_A, V4, 4) == 1);
	CU_ASSERT(memmem(got, got_len, "\0\4\0\4" V4, 8) != NULL);
	answer(&in6);
	CU_ASSERT(dnsmsg_get16(got, 10) == 0);
	add4(d, V4);
	answer(&in4);
	CU_ASSERT(dnsmsg_get16(got, 10) == 1);
	d->any6 = true;
	answer(&in6);
	CU_ASSERT(dnsmsg_get16(got, 10) == 2);
	CU_ASSERT(
	    count_additional("dns.example.", LDNS_RR_TYPE_AAAA, V6, 16) == 1);
}

/* OPT and padding as in every answer; none without an OPT. */
static void
test_hop(void)
{
	static const struct dns_hop doq = {
	    .max_size = DNS_MESSAGE_MAX, .pad_block = 468, .zero_id = true};
	struct dnsmsg m;

	ddr.count = 0;
	add4(designate("dns.example"), V4);
	dnsmsg_query(&m, ASKED, SVCB);
	dnsmsg_opt(&m, 1232, 0, NULL, 0);
	CU_ASSERT(answer_message(&m, &nowhere, &doq, DNS_MESSAGE_MAX) == 0);
	CU_ASSERT(got_len == 468 && dnsmsg_options(got, got_len, 12) == 1);
	CU_ASSERT(dnsmsg_get16(got, 0) == 0);
	answer(&nowhere);
	CU_ASSERT(dnsmsg_options(got, got_len, 12) == -1);
}

/* Additional records are what may be missing, nothing else. */
static void
test_room(void)
{
	struct dnsmsg m;
	size_t whole;
	size_t least;
	size_t n;
	int rc;

	ddr.count = 0;
	add6(designate("dns.example"), V6);
	dnsmsg_query(&m, ASKED, SVCB);
	dnsmsg_opt(&m, 1232, 0, NULL, 0);
	CU_ASSERT(answer_message(&m, &nowhere, &hop, DNS_MESSAGE_MAX) == 0);
	whole = got_len;
	least = whole - (13 + 10 + 16);
	for (n = 12; n < whole; n++) {
		rc = answer_message(&m, &nowhere, &hop, n);
		CU_ASSERT(rc == (n < least ? -EMSGSIZE : 0));
		if (rc == 0)
			CU_ASSERT(got_len == least);
	}
	CU_ASSERT(answer_message(&m, &nowhere, &hop, whole) == 0);
	CU_ASSERT(whole <= m.len + dns_ddr_records(&ddr));
}

/* The most that can be configured. */
static void
test_most(void)
{
	static const char label[] =
	    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff.";
	char name[300];
	struct dns_designation *d;
	unsigned i;
	unsigned k;

	ddr.count = 0;
	for (i = 0; i < DNS_DDR_MAX; i++) {
		snprintf(name, sizeof(name), "n%u.%s%s%s%s", i, label, label,
		    label,
		    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffff"
		    "f");
		d = designate(name);
		d->port = 8853;
		for (k = 0; k < DNS_DDR_HINTS_MAX; k++) {
			memcpy(d->hint4[k], &(uint32_t){i << 16 | k}, 4);
			memset(d->hint6[k], (int)k, 16);
		}
		d->hints4 = d->hints6 = DNS_DDR_HINTS_MAX;
		d->any4 = true;
	}
	answer(&(struct dns_ddr_local){(const uint8_t *)V4, 4});
	CU_ASSERT(dnsmsg_get16(got, 6) == DNS_DDR_MAX);
	CU_ASSERT(dnsmsg_get16(got, 10) > 0);
	CU_ASSERT(dns_ddr_records(&ddr) == DNS_MESSAGE_MAX);
}

void
test_ddr_register(void)
{
	CU_pSuite s = unit_suite("ddr");

	unit_test(s, "rdata", test_rdata);
	unit_test(s, "least", test_least);
	unit_test(s, "targets", test_targets);
	unit_test(s, "asked", test_asked);
	unit_test(s, "several", test_several);
	unit_test(s, "wildcard", test_wildcard);
	unit_test(s, "hop", test_hop);
	unit_test(s, "room", test_room);
	unit_test(s, "most", test_most);
}
