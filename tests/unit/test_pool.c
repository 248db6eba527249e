/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pools: what is kept, what is not, and what happens without memory.  Under
 * AddressSanitizer a pool keeps nothing, so only the counts that hold in both
 * cases are compared.
 */
#include "base/pool.h"

#include <stdint.h>
#include <string.h>

#include "tests/fake/alloc.h"
#include "tests/unit/unit.h"

enum {
	MAX_KEPT = 4,
	NOBJECTS = 10,
	OBJECT_BYTES = 40
};

static void
test_reuse(void)
{
	struct pool p;
	void *o[NOBJECTS];

	pool_init(&p, OBJECT_BYTES, MAX_KEPT);
	for (size_t i = 0; i < NOBJECTS; i++) {
		o[i] = pool_get(&p);
		CU_ASSERT_FATAL(o[i] != NULL);
		memset(o[i], (int)i, OBJECT_BYTES);
		for (size_t k = 0; k < i; k++)
			CU_ASSERT(o[k] != o[i]);
	}
	CU_ASSERT(p.live == NOBJECTS);
	for (size_t i = 0; i < NOBJECTS; i++)
		pool_put(&p, o[i]);
	CU_ASSERT(p.live == 0);
	CU_ASSERT(p.kept == MAX_KEPT || p.kept == 0);
	if (p.kept > 0) {
		CU_ASSERT(pool_get(&p) == o[MAX_KEPT - 1]); /* still warm */
		CU_ASSERT(p.kept == MAX_KEPT - 1);
		pool_put(&p, o[MAX_KEPT - 1]);
	}
	pool_done(&p);
	CU_ASSERT(p.kept == 0);
}

static void
test_none(void)
{
	struct pool p;

	pool_init(&p, OBJECT_BYTES, MAX_KEPT);
	pool_put(&p, NULL);
	CU_ASSERT(p.live == 0 && p.kept == 0);
	fake_alloc_fail(1, 1);
	CU_ASSERT(pool_get(&p) == NULL);
	CU_ASSERT(fake_alloc_heal() == 1);
	CU_ASSERT(p.live == 0);
	pool_done(&p);
}

/* Objects smaller than a link still hold one. */
static void
test_small_objects(void)
{
	struct pool p;
	uint8_t *a, *b;

	pool_init(&p, 1, MAX_KEPT);
	a = pool_get(&p);
	b = pool_get(&p);
	CU_ASSERT_FATAL(a != NULL && b != NULL);
	*a = 1;
	*b = 2;
	CU_ASSERT(*a == 1);
	pool_put(&p, a);
	CU_ASSERT(*b == 2);
	pool_put(&p, b);
	pool_done(&p);
}

void
test_pool_register(void)
{
	CU_pSuite s = unit_suite("pool");

	unit_test(s, "reuse", test_reuse);
	unit_test(s, "none", test_none);
	unit_test(s, "small_objects", test_small_objects);
}
