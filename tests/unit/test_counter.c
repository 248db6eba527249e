/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters: arithmetic, and that the table made from a list of names reads the
 * member of that name.
 */
#include <stddef.h>

#include "base/counter.h"

#include <string.h>

#include "tests/unit/unit.h"

#define TEST_COUNTERS(X)                                                       \
	X(apples, "apples eaten")                                              \
	X(pears, "pears thrown")                                               \
	X(plums, "plums lost")

struct test_counters {
	TEST_COUNTERS(COUNTER_MEMBER)
};

#define TEST_ROW(name, help) COUNTER_ROW(struct test_counters, name, help)

static const struct counter_row rows[] = {TEST_COUNTERS(TEST_ROW)};

static void
test_arithmetic(void)
{
	counter c = 0;

	CU_ASSERT(counter_get(&c) == 0);
	counter_add(&c, 5);
	counter_add(&c, UINT64_C(1) << 40);
	CU_ASSERT(counter_get(&c) == (UINT64_C(1) << 40) + 5);
	counter_sub(&c, UINT64_C(1) << 40);
	CU_ASSERT(counter_get(&c) == 5);
}

static void
test_table(void)
{
	struct test_counters c = {0};

	CU_ASSERT(sizeof(rows) / sizeof(rows[0]) == 3);
	counter_add(&c.apples, 1);
	counter_add(&c.pears, 2);
	counter_add(&c.plums, 3);
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT(counter_read(&rows[i], &c) == i + 1);
	CU_ASSERT(strcmp(rows[1].name, "pears") == 0);
	CU_ASSERT(strcmp(rows[1].help, "pears thrown") == 0);
}

void
test_counter_register(void)
{
	CU_pSuite s = unit_suite("counter");

	unit_test(s, "arithmetic", test_arithmetic);
	unit_test(s, "table", test_table);
}
