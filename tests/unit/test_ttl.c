/* SPDX-License-Identifier: BSD-2-Clause */
/* TTLs of a message, RRset by RRset. */
#include "dns/ttl.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/kept.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	MX = 15,
	AAAA = 28,
	HEADER = 12
};

/* Reads the TTLs of a message without a question. */
static int
read_ttls(const struct dnsmsg *m, struct dns_ttls *ret_ttls)
{
	uint8_t *data = dnsmsg_exact(m->data, m->len);
	int rc = dns_ttls_read(data, m->len, HEADER, ret_ttls);

	free(data);
	return rc;
}

static void
test_sets(void)
{
	struct dns_ttls t;
	struct dnsmsg m;

	dnsmsg_start(&m, 0, 0);
	kept_a(&m, IN_ANSWER, "a.example", 60, 1);
	kept_name(&m, IN_ANSWER, "@12", AAAA, 7, ".");
	kept_a(&m, IN_ANSWER, "A.EXAMPLE", 50, 2);
	kept_a(&m, IN_ANSWER, "b.example", 40, 2);
	dnsmsg_opt(&m, 1232, 0, NULL, 0);
	kept_rrsig(&m, IN_ADDITIONAL, "a.example", A, 55);
	CU_ASSERT_EQUAL_FATAL(read_ttls(&m, &t), 0);
	CU_ASSERT_EQUAL(t.count, 5);
	CU_ASSERT_EQUAL(t.set_count, 3);
	CU_ASSERT(t.set[0] == t.set[2] && t.set[0] == t.set[4]);
	CU_ASSERT(t.set[1] != t.set[0] && t.set[3] != t.set[0]);
	CU_ASSERT_EQUAL(t.ttl[t.set[0]], 50);
	CU_ASSERT_EQUAL(dns_ttls_smallest(&t), 7);
	dns_ttls_limit(&t, 45, 50);
	dns_ttls_write(&t, m.data);
	CU_ASSERT_EQUAL_FATAL(read_ttls(&m, &t), 0);
	CU_ASSERT_EQUAL(t.ttl[t.set[0]], 50);
	CU_ASSERT_EQUAL(t.ttl[t.set[1]], 45);
	CU_ASSERT_EQUAL(t.ttl[t.set[3]], 45);
}

/* Another class is another RRset. */
static void
test_classes(void)
{
	struct dns_ttls t;
	struct dnsmsg m;

	dnsmsg_start(&m, 0, 0);
	kept_name(&m, IN_ANSWER, ".", MX, 60, ".");
	kept_name(&m, IN_ANSWER, ".", MX, 60, ".");
	m.data[m.len - 8] = 3;
	CU_ASSERT_EQUAL_FATAL(read_ttls(&m, &t), 0);
	CU_ASSERT_EQUAL(t.set_count, 2);
}

/* So many RRsets no answer has: the search for one ends. */
static void
test_many(void)
{
	struct dns_ttls t;
	struct dnsmsg m;
	char name[] = "aaa";
	unsigned i;

	dnsmsg_start(&m, 0, 0);
	for (i = 0; i < 2000; i++) {
		name[0] = (char)('a' + i % 20);
		name[1] = (char)('a' + i / 20 % 20);
		name[2] = (char)('a' + i / 400);
		kept_a(&m, IN_ANSWER, name, 2000 + i, 1);
	}
	CU_ASSERT_EQUAL_FATAL(read_ttls(&m, &t), 0);
	CU_ASSERT_EQUAL(t.count, 2000);
	CU_ASSERT_EQUAL(t.set_count, DNS_TTL_SETS);
	CU_ASSERT_EQUAL(t.set[1999], DNS_TTL_SETS - 1);
	CU_ASSERT_EQUAL(t.ttl[DNS_TTL_SETS - 1], 2000 + DNS_TTL_SETS - 1);
}

static void
test_full(void)
{
	struct dns_ttls t;
	struct dnsmsg m;
	unsigned i;

	dnsmsg_start(&m, 0, 0);
	for (i = 0; i < DNS_RECORDS_MAX; i++)
		dnsmsg_rdata_end(&m, dnsmsg_record(&m, IN_ANSWER, ".", 99));
	CU_ASSERT_EQUAL_FATAL(read_ttls(&m, &t), 0);
	CU_ASSERT_EQUAL(t.count, DNS_RECORDS_MAX);
	dnsmsg_rdata_end(&m, dnsmsg_record(&m, IN_ANSWER, ".", 99));
	CU_ASSERT_EQUAL(read_ttls(&m, &t), -EBADMSG);
}

static void
test_broken(void)
{
	struct dns_ttls t;
	struct dnsmsg m;

	dnsmsg_start(&m, 0, 0);
	kept_a(&m, IN_ANSWER, ".", 60, 1);
	for (m.len--; m.len > HEADER; m.len--)
		CU_ASSERT_EQUAL(read_ttls(&m, &t), -EBADMSG);
	CU_ASSERT_EQUAL(read_ttls(&m, &t), 0);
	CU_ASSERT_EQUAL(t.count, 0);
	CU_ASSERT_EQUAL(dns_ttls_smallest(&t), DNS_TTL_MAX);
}

void
test_ttl_register(void)
{
	CU_pSuite s = unit_suite("ttl");

	unit_test(s, "sets", test_sets);
	unit_test(s, "classes", test_classes);
	unit_test(s, "many", test_many);
	unit_test(s, "full", test_full);
	unit_test(s, "broken", test_broken);
}
