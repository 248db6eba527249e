/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests for resolver/query_ask.c that are of nobody else's matter. */
#include "resolver/query_run.h"
#include "tests/unit/query_fake.h"
#include "tests/unit/unit.h"

static struct query_fake t;

/* What limits a client does not limit one of access.trusted. */
static void
test_exempt(void)
{
	struct access_prefix all;
	struct access **list;

	query_fake_begin(&t, "");
	query_fake_ask_name(&t, "www.example.com", DNS_TYPE_A, 0, 0);
	CU_ASSERT(!t.query.run->ask.is_exempt);
	query_cancel(&t.query);
	list = &t.worker.config->access.list;
	access_free(*list);
	CU_ASSERT_EQUAL_FATAL(
	    access_prefix_parse("0.0.0.0/0", ACCESS_TRUSTED, &all), 0);
	CU_ASSERT_EQUAL_FATAL(access_new(&all, 1, list), 0);
	query_fake_ask_name(&t, "www.example.com", DNS_TYPE_A, 0, 0);
	CU_ASSERT(t.query.run->ask.is_exempt);
	query_cancel(&t.query);
	query_fake_end(&t);
}

void
test_query_ask_register(void)
{
	CU_pSuite s = unit_suite("query_ask");

	unit_test(s, "exempt", test_exempt);
}
