/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accounts: what is charged comes back to the byte, through every way that a
 * block of memory can go.
 */
#include "base/account.h"

#include <string.h>

#include "tests/fake/alloc.h"
#include "tests/fake/prng.h"
#include "tests/unit/unit.h"

enum {
	NBLOCKS = 40,
	ROUNDS = 5000,
	MAX_BYTES = 5000
};

static void
test_parents(void)
{
	struct account top = {0}, mid = {.parent = &top}, a = {.parent = &mid},
		       b = {.parent = &mid};

	account_charge(&a, 10);
	account_charge(&b, 5);
	account_charge(&mid, 1);
	CU_ASSERT(counter_get(&a.bytes) == 10);
	CU_ASSERT(counter_get(&b.bytes) == 5);
	CU_ASSERT(counter_get(&mid.bytes) == 16);
	CU_ASSERT(counter_get(&top.bytes) == 16);
	account_refund(&a, 10);
	account_refund(&b, 5);
	account_refund(&mid, 1);
	CU_ASSERT(counter_get(&top.bytes) == 0);
}

/* At least the bytes that were asked for are charged. */
static void
test_sizes(void)
{
	struct account a = {0};
	uint8_t *p = account_malloc(&a, 100), *q;

	CU_ASSERT_FATAL(p != NULL);
	CU_ASSERT(counter_get(&a.bytes) >= 100);
	memset(p, 7, 100);
	p = account_realloc(&a, p, 3000);
	CU_ASSERT_FATAL(p != NULL);
	CU_ASSERT(counter_get(&a.bytes) >= 3000);
	CU_ASSERT(p[0] == 7 && p[99] == 7);
	q = account_calloc(&a, 10, 20);
	CU_ASSERT_FATAL(q != NULL);
	CU_ASSERT(counter_get(&a.bytes) >= 3200);
	CU_ASSERT(q[0] == 0 && q[199] == 0);
	account_free(&a, p);
	account_free(&a, q);
	account_free(&a, NULL);
	CU_ASSERT(counter_get(&a.bytes) == 0);
	q = account_realloc(&a, NULL, 50); /* is a malloc */
	CU_ASSERT(q != NULL && counter_get(&a.bytes) >= 50);
	CU_ASSERT(account_realloc(&a, q, 0) == NULL); /* glibc: is a free */
	CU_ASSERT(counter_get(&a.bytes) == 0);
}

/* What fails charges nothing, and a failed realloc keeps the old block. */
static void
test_no_memory(void)
{
	struct account a = {0};
	uint8_t *p = account_malloc(&a, 100);
	uint64_t before = counter_get(&a.bytes);

	CU_ASSERT_FATAL(p != NULL);
	p[99] = 9;
	fake_alloc_fail(1, 1);
	CU_ASSERT(account_malloc(&a, 10) == NULL);
	CU_ASSERT(account_calloc(&a, 10, 10) == NULL);
	CU_ASSERT(account_realloc(&a, p, 1000) == NULL);
	CU_ASSERT(fake_alloc_heal() == 3);
	CU_ASSERT(counter_get(&a.bytes) == before);
	CU_ASSERT(p[99] == 9);
	account_free(&a, p);
	CU_ASSERT(counter_get(&a.bytes) == 0);
}

static void
test_random(void)
{
	struct account top = {0}, a = {.parent = &top};
	struct prng r = {6};
	void *blocks[NBLOCKS] = {0};
	unsigned bad = 0;

	for (int n = 0; n < ROUNDS; n++) {
		size_t i = prng_below(&r, NBLOCKS);
		size_t size = 1 + prng_below(&r, MAX_BYTES);

		if (prng_chance(&r, 300)) {
			account_free(&a, blocks[i]);
			blocks[i] = NULL;
		} else {
			blocks[i] = account_realloc(&a, blocks[i], size);
			CU_ASSERT_FATAL(blocks[i] != NULL);
		}
		bad += counter_get(&a.bytes) != counter_get(&top.bytes);
	}
	for (size_t i = 0; i < NBLOCKS; i++)
		account_free(&a, blocks[i]);
	CU_ASSERT(bad == 0);
	CU_ASSERT(counter_get(&a.bytes) == 0);
	CU_ASSERT(counter_get(&top.bytes) == 0);
}

void
test_account_register(void)
{
	CU_pSuite s = unit_suite("account");

	unit_test(s, "parents", test_parents);
	unit_test(s, "sizes", test_sizes);
	unit_test(s, "no_memory", test_no_memory);
	unit_test(s, "random", test_random);
}
