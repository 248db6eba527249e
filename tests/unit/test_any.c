/* SPDX-License-Identifier: BSD-2-Clause */
/* When one HINFO may stand for all there is, and how it looks. */
#include "dns/any.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	CNAME = 5,
	ANY = 255,
	ID = 7
};

static const struct dns_hop doq = {.max_size = DNS_MESSAGE_MAX,
    .pad_block = 468,
    .zero_id = true,
    .no_keepalive = true};

/* Is this answer, to a question of this type and with these EDNS flags, one
 * that may be made shorter? */
static bool
may_shrink(unsigned type, uint32_t edns_flags, struct dnsmsg *r)
{
	struct dns_expect e;
	struct dns_response resp;
	struct dnsmsg m;
	struct dns_query q;

	dnsmsg_query(&m, "example", type);
	dnsmsg_opt(&m, 1232, edns_flags, NULL, 0);
	CU_ASSERT_FATAL(dns_query_parse(m.data, m.len, &q) == DNS_VERDICT_OK);
	m.data[0] = 0;
	m.data[1] = ID;
	CU_ASSERT_FATAL(dns_expect_init(m.data, m.len, false, &e) == 0);
	CU_ASSERT_FATAL(
	    dns_response_check(r->data, r->len, &e, &resp) == DNS_MATCH_ACCEPT);
	return dns_any_may_shrink(&q, &resp);
}

static void
start(struct dnsmsg *r, unsigned type, unsigned rcode)
{
	dnsmsg_start(r, ID, (uint16_t)(0x8180 | rcode));
	dnsmsg_question(r, "example", type);
}

static void
test_conditions(void)
{
	struct dnsmsg r;
	size_t place;

	start(&r, ANY, 0);
	dnsmsg_a(&r, IN_ANSWER, "@12");
	dnsmsg_soa(&r, IN_ANSWER, "@12");
	PROVE("FWD-166", may_shrink(ANY, 0, &r));
	PROVE("FWD-168", !may_shrink(ANY, 0x8000, &r)); /* DO */
	place = dnsmsg_record(&r, IN_ANSWER, "@12", CNAME);
	dnsmsg_name(&r, "a.example");
	dnsmsg_rdata_end(&r, place);
	PROVE("FWD-168", !may_shrink(ANY, 0, &r));
	start(&r, A, 0);
	dnsmsg_a(&r, IN_ANSWER, "@12");
	CU_ASSERT(!may_shrink(A, 0, &r));
	/* There is nothing that could be made shorter. */
	start(&r, ANY, 0);
	dnsmsg_soa(&r, IN_AUTHORITY, "@12");
	CU_ASSERT(!may_shrink(ANY, 0, &r));
	start(&r, ANY, 3);
	dnsmsg_soa(&r, IN_AUTHORITY, "@12");
	CU_ASSERT(!may_shrink(ANY, 0, &r));
	start(&r, ANY, 3);
	dnsmsg_a(&r, IN_ANSWER, "@12");
	CU_ASSERT(!may_shrink(ANY, 0, &r));
}

static void
test_answer(void)
{
	/* owner, HINFO, IN, 3600, CPU, empty OS */
	static const uint8_t record[] =
	    "\300\14\0\15\0\1\0\0\16\20\0\11\7RFC8482\0";
	size_t head = 12 + 9 + 4;
	uint8_t got[1000];
	struct dns_buf out = {.data = got};
	struct dnsmsg m;
	struct dns_query q;

	dnsmsg_query(&m, "example", ANY);
	CU_ASSERT(dns_query_parse(m.data, m.len, &q) == DNS_VERDICT_OK);
	out.size = dns_answer_bound(&q, &doq, NULL, NULL) + DNS_ANY_RECORDS;
	CU_ASSERT_FATAL(dns_any_answer(&q, &doq, &out) == 0);
	CU_ASSERT(dnsmsg_is_valid(got, out.len));
	PROVE("FWD-168",
	    out.len == out.size && out.len == head + sizeof(record) - 1 &&
		memcmp(got + head, record, sizeof(record) - 1) == 0);
	PROVE("FWD-167", (got[2] & 0x02) == 0);
	CU_ASSERT(dnsmsg_get16(got, 6) == 1 && (got[3] & 0x8f) == 0x80);
	out.size--;
	out.len = 0;
	CU_ASSERT(dns_any_answer(&q, &doq, &out) != 0);
	dnsmsg_opt(&m, 1232, 0, NULL, 0);
	CU_ASSERT(dns_query_parse(m.data, m.len, &q) == DNS_VERDICT_OK);
	out.size = sizeof(got);
	CU_ASSERT(dns_any_answer(&q, &doq, &out) == 0 && out.len == 468);
}

void
test_any_register(void)
{
	CU_pSuite s = unit_suite("any");

	unit_test(s, "conditions", test_conditions);
	unit_test(s, "answer", test_answer);
}
