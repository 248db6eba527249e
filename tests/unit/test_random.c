/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool of random bytes: no byte is given out twice, what was given out is
 * erased, and numbers below a bound are drawn evenly.
 */
#include "base/random.h"

#include <stdbool.h>
#include <string.h>

#include "tests/fake/prng.h"
#include "tests/unit/unit.h"

enum {
	DRAWS = 60000,
	BOUND = 6
};

/* A source that counts up: what was given out twice would show. */
struct counting {
	uint8_t next;
	unsigned calls;
};

static void
count_up(void *ctx, uint8_t *out, size_t len)
{
	struct counting *c = ctx;

	c->calls++;
	for (size_t i = 0; i < len; i++)
		out[i] = c->next++;
}

static void
test_bytes(void)
{
	static const size_t lens[] = {
	    1, 3, 0, RANDOM_BLOCK, 17, 3 * RANDOM_BLOCK + 5, RANDOM_BLOCK - 1};
	static uint8_t got[4 * RANDOM_BLOCK];
	struct counting source = {0};
	struct random r;
	uint8_t expected = 0;
	unsigned bad = 0;

	random_init(&r, count_up, &source);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		memset(got, 0xee, sizeof(got));
		random_bytes(&r, got, lens[i]);
		for (size_t k = 0; k < lens[i]; k++)
			bad += got[k] != expected++;
		bad += got[lens[i]] != 0xee;
	}
	CU_ASSERT(bad == 0);
	random_done(&r);
}

/* RFC 9000 21.11 asks for IDs that a later leak does not tell. */
static void
test_erased(void)
{
	struct counting source = {.next = 1};
	struct random r;
	uint8_t got[100];
	unsigned bad = 0;

	random_init(&r, count_up, &source);
	random_bytes(&r, got, sizeof(got));
	for (size_t i = 0; i < sizeof(got); i++)
		bad += r.block[i] != 0;
	CU_ASSERT(bad == 0);
	CU_ASSERT(source.calls == 1);
	random_done(&r);
	for (size_t i = 0; i < sizeof(r.block); i++)
		bad += r.block[i] != 0;
	CU_ASSERT(bad == 0);
	random_bytes(&r, got, 1); /* still usable, from new bytes */
	CU_ASSERT(source.calls == 2);
	random_done(&r);
}

/* 60,000 throws of a die: each side 10,000 times, give or take five standard
 * deviations (91 each). */
static void
test_below(void)
{
	struct prng source = {4};
	struct random r;
	unsigned sides[BOUND] = {0};

	random_init(&r, prng_fill, &source);
	for (int i = 0; i < DRAWS; i++) {
		uint32_t v = random_below(&r, BOUND);

		CU_ASSERT_FATAL(v < BOUND);
		sides[v]++;
	}
	for (size_t i = 0; i < BOUND; i++)
		CU_ASSERT(sides[i] > 9540 && sides[i] < 10460);
	CU_ASSERT(random_below(&r, 1) == 0);
	random_done(&r);
}

/* With three quarters of the range as bound a plain remainder would give the
 * low third twice as often. */
static void
test_below_large_bound(void)
{
	struct prng source = {5};
	struct random r;
	uint32_t bound = 0xc0000000u;
	unsigned low = 0;

	random_init(&r, prng_fill, &source);
	for (int i = 0; i < DRAWS; i++)
		low += random_below(&r, bound) < bound / 3;
	CU_ASSERT(low > 19400 && low < 20600);
	random_done(&r);
}

static void
test_kernel(void)
{
	struct random r;
	uint8_t a[32], b[32];

	random_init(&r, NULL, NULL);
	random_bytes(&r, a, sizeof(a));
	random_bytes(&r, b, sizeof(b));
	CU_ASSERT(memcmp(a, b, sizeof(a)) != 0);
	random_done(&r);
}

void
test_random_register(void)
{
	CU_pSuite s = unit_suite("random");

	unit_test(s, "bytes", test_bytes);
	unit_test(s, "erased", test_erased);
	unit_test(s, "below", test_below);
	unit_test(s, "below_large_bound", test_below_large_bound);
	unit_test(s, "kernel", test_kernel);
}
