/* SPDX-License-Identifier: BSD-2-Clause */
/* What a resolver of our own found, made fit for being relayed. */
#include "dns/resolved.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	AAAA = 28,
	ID = 0x1234,
	/* QR, opcode 15, AA, TC, RD, no RA, Z, AD, CD, NXDOMAIN */
	ODD_FLAGS = 0xff73,
};

/* The client asks for www.ExAmple.com A; what was found is at `data`. */
static struct dns_query query;
static struct dnsmsg asked;
static struct dns_response found;
static uint8_t *data;

static void
ask(void)
{
	dnsmsg_query(&asked, "www.ExAmple.com", A);
	CU_ASSERT_EQUAL_FATAL(
	    dns_query_parse(asked.data, asked.len, &query), DNS_VERDICT_OK);
}

static int
read_as(const struct dnsmsg *m, bool is_secure)
{
	ask();
	free(data);
	data = dnsmsg_exact(m->data, m->len);
	memset(&found, 0, sizeof(found));
	return dns_resolved_read(&query, data, m->len, is_secure, &found);
}

static void
drop(void)
{
	free(data);
	data = NULL;
}

static void
test_flags(void)
{
	struct dnsmsg m;

	dnsmsg_start(&m, ID, ODD_FLAGS);
	dnsmsg_question(&m, "WWW.example.COM", A);
	CU_ASSERT_EQUAL(read_as(&m, false), 0);
	CU_ASSERT_EQUAL(found.flags, DNS_FLAG_QR | DNS_FLAG_RA | 3);
	CU_ASSERT_EQUAL(dnsmsg_get16(data, 0), 0);
	CU_ASSERT_EQUAL(found.rcode, DNS_RCODE_NXDOMAIN);
	CU_ASSERT_EQUAL(read_as(&m, true), 0);
	CU_ASSERT_EQUAL(
	    found.flags, DNS_FLAG_QR | DNS_FLAG_RA | DNS_FLAG_AD | 3);
	drop();
}

static void
test_others(void)
{
	struct dnsmsg m;

	dnsmsg_start(&m, 0, 0x8180);
	dnsmsg_question(&m, "www.example.org", A);
	CU_ASSERT_EQUAL(read_as(&m, false), -EBADMSG);
	dnsmsg_start(&m, 0, 0x8180);
	dnsmsg_question(&m, "www.example.com", AAAA);
	CU_ASSERT_EQUAL(read_as(&m, false), -EBADMSG);
	/* libunbound's own SERVFAIL is a header and nothing else. */
	dnsmsg_start(&m, 0, 0x8180);
	CU_ASSERT_EQUAL(read_as(&m, false), -EBADMSG);
	drop();
}

static void
test_cut(void)
{
	struct dnsmsg m;
	size_t whole;

	dnsmsg_start(&m, 0, 0x8180);
	dnsmsg_question(&m, "www.example.com", A);
	dnsmsg_a(&m, IN_ANSWER, "@12");
	dnsmsg_soa(&m, IN_AUTHORITY, "example.com");
	dnsmsg_opt(&m, 1232, 0, NULL, 0);
	whole = m.len;
	CU_ASSERT_EQUAL(read_as(&m, true), 0);
	CU_ASSERT_EQUAL(found.len, whole);
	for (m.len = 0; m.len < whole; m.len++)
		CU_ASSERT_EQUAL(read_as(&m, true), -EBADMSG);
	m.len = whole + 1;
	CU_ASSERT_EQUAL(read_as(&m, true), -EBADMSG);
	drop();
}

void
test_resolved_register(void)
{
	CU_pSuite suite = unit_suite("resolved");

	unit_test(suite, "flags", test_flags);
	unit_test(suite, "others", test_others);
	unit_test(suite, "cut", test_cut);
}
