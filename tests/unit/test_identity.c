/* SPDX-License-Identifier: BSD-2-Clause */
/* Version and name of the server: by class CHAOS, and by NSID. */
#include "dns/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	TXT = 16,
	ANY = 255,
	IN = 1,
	CH = 3,
	NSID = 3
};

static const struct dns_hop hop = {.max_size = DNS_MESSAGE_MAX};
static const struct dns_identity both = {.version = "v 1", .id = "me"};

static uint8_t got[DNS_MESSAGE_MAX];
static size_t got_len;

/* What would be told; "-" if it is no question for that, "" if hidden. */
static const char *
told(const char *name, unsigned type, unsigned class,
    const struct dns_identity *identity)
{
	const char *text = "-";
	struct dnsmsg m;
	struct dns_query q;

	dnsmsg_query(&m, name, type);
	m.data[m.len - 1] = (uint8_t) class;
	if (dns_query_parse(m.data, m.len, &q) != DNS_VERDICT_OK)
		return NULL;
	(void)dns_identity_is_asked(&q, identity, &text);
	return text != NULL ? text : "";
}

static void
test_names(void)
{
	static const struct dns_identity hidden = {NULL, NULL};

	CU_ASSERT_STRING_EQUAL(told("version.bind", TXT, CH, &both), "v 1");
	CU_ASSERT_STRING_EQUAL(told("Version.Server", TXT, CH, &both), "v 1");
	CU_ASSERT_STRING_EQUAL(told("id.server", TXT, CH, &both), "me");
	CU_ASSERT_STRING_EQUAL(told("HOSTNAME.bind", A, CH, &both), "me");
	CU_ASSERT_STRING_EQUAL(told("version.bind", TXT, CH, &hidden), "");
	CU_ASSERT_STRING_EQUAL(told("id.server", TXT, CH, &hidden), "");
	CU_ASSERT_STRING_EQUAL(told("version.bind", TXT, IN, &both), "-");
	CU_ASSERT_STRING_EQUAL(told("x.version.bind", TXT, CH, &both), "-");
	CU_ASSERT_STRING_EQUAL(told("bind", TXT, CH, &both), "-");
	CU_ASSERT_STRING_EQUAL(told("authors.bind", TXT, CH, &both), "-");
}

static int
answer(const char *text, unsigned type, size_t room)
{
	uint8_t *exact = malloc(room);
	struct dns_buf out = {.data = exact, .size = room};
	struct dnsmsg m;
	struct dns_query q;
	int rc;

	dnsmsg_query(&m, "id.server", type);
	m.data[m.len - 1] = CH;
	CU_ASSERT(dns_query_parse(m.data, m.len, &q) == DNS_VERDICT_OK);
	rc = dns_identity_answer(text, &q, &hop, &out);
	if (rc == 0) {
		got_len = out.len;
		memcpy(got, exact, got_len);
		CU_ASSERT(dnsmsg_is_valid(got, got_len));
	}
	free(exact);
	return rc;
}

static void
test_record(void)
{
	/* owner, TXT, CH, TTL 0, one string */
	static const uint8_t record[] = "\300\14\0\20\0\3\0\0\0\0\0\3\2me";
	size_t head = 12 + 11 + 4;
	char longest[DNS_IDENTITY_MAX + 1];
	size_t n;

	CU_ASSERT(answer("me", TXT, DNS_MESSAGE_MAX) == 0);
	CU_ASSERT(got_len == head + sizeof(record) - 1);
	CU_ASSERT(memcmp(got + head, record, sizeof(record) - 1) == 0);
	CU_ASSERT(dnsmsg_get16(got, 6) == 1 && (got[2] & 0x84) == 0x84);
	CU_ASSERT(answer("me", ANY, DNS_MESSAGE_MAX) == 0);
	CU_ASSERT(dnsmsg_get16(got, 6) == 1);
	CU_ASSERT(answer("me", A, DNS_MESSAGE_MAX) == 0);
	CU_ASSERT(dnsmsg_get16(got, 6) == 0 && got_len == head);
	for (n = 12; n < head + sizeof(record) - 1; n++)
		CU_ASSERT(answer("me", TXT, n) == -EMSGSIZE);
	memset(longest, 'x', sizeof(longest));
	longest[DNS_IDENTITY_MAX] = '\0';
	CU_ASSERT(answer(longest, TXT, head + DNS_IDENTITY_RECORDS) == 0);
}

/* Makes an error answer to a query with or without NSID. */
static int
answer_nsid(const char *nsid, bool is_asked, size_t room)
{
	static const struct dns_error e = {
	    .rcode = DNS_RCODE_REFUSED, .ede = DNS_EDE_NONE};
	struct dns_buf out = {.data = got, .size = room};
	struct dnsmsg m;
	struct dns_query q;
	int rc;

	dnsmsg_query(&m, "example", A);
	dnsmsg_opt(&m, 1232, 0, "\0\3\0\0", is_asked ? 4 : 0);
	CU_ASSERT(dns_query_parse(m.data, m.len, &q) == DNS_VERDICT_OK);
	q.nsid = nsid;
	if (room == 0)
		out.size = dns_answer_bound(&q, &hop, NULL, NULL);
	rc = dns_answer_error(&q, &hop, &e, &out);
	got_len = rc == 0 ? out.len : 0;
	return rc;
}

/* RFC 5001 2.2: who asks for it gets it, nobody else does. */
static void
test_nsid(void)
{
	char longest[DNS_IDENTITY_MAX + 1];
	size_t least = 12 + 13 + 11;

	CU_ASSERT(answer_nsid("me", true, 0) == 0);
	CU_ASSERT(dnsmsg_options(got, got_len, NSID) == 1 &&
		  memcmp(got + got_len - 6, "\0\3\0\2me", 6) == 0);
	CU_ASSERT(answer_nsid("me", false, 0) == 0);
	CU_ASSERT(dnsmsg_options(got, got_len, NSID) == 0);
	CU_ASSERT(answer_nsid(NULL, true, 0) == 0);
	CU_ASSERT(dnsmsg_options(got, got_len, NSID) == 0);
	/* It gives way where there is no room. */
	CU_ASSERT(answer_nsid("me", true, least + 5) == 0);
	CU_ASSERT(got_len == least);
	CU_ASSERT(answer_nsid("me", true, least + 6) == 0);
	CU_ASSERT(got_len == least + 6);
	memset(longest, 'x', sizeof(longest));
	longest[DNS_IDENTITY_MAX] = '\0';
	CU_ASSERT(answer_nsid(longest, true, 0) == 0);
	CU_ASSERT(dnsmsg_options(got, got_len, NSID) == 1);
}

void
test_identity_register(void)
{
	CU_pSuite s = unit_suite("identity");

	unit_test(s, "names", test_names);
	unit_test(s, "record", test_record);
	unit_test(s, "NSID", test_nsid);
}
