/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Buffers: every size has room, the headroom takes a prefix without a copy,
 * and the account is zero when all came back.
 */
#include "base/buf.h"

#include <string.h>

#include "tests/fake/alloc.h"
#include "tests/unit/unit.h"

enum {
	LARGEST = 65535,
	PREFIX = 2,
	NBUFS = 50
};

/* Sizes around the borders of the classes, and every small one. */
static void
test_sizes(void)
{
	static const size_t borders[] = {0, 1, 495, 496, 497, 2031, 2032, 2033,
	    8175, 8176, 8177, 65519, 65534, LARGEST};
	struct buf_store s;

	buf_store_init(&s, NULL);
	for (size_t i = 0; i < sizeof(borders) / sizeof(borders[0]); i++) {
		struct evquic_buf *b = buf_new(&s, borders[i]);

		CU_ASSERT_FATAL(b != NULL);
		CU_ASSERT(b->len == 0);
		CU_ASSERT(buf_room(b) >= borders[i]);
		CU_ASSERT(
		    buf_footprint(b) >= borders[i] + BUF_HEADROOM + sizeof(*b));
		CU_ASSERT(counter_get(&s.account.bytes) == buf_footprint(b));
		memset(b->data, 0xa5, buf_room(b)); /* ASan watches the end */
		buf_free(b);
	}
	CU_ASSERT(counter_get(&s.account.bytes) == 0);
	CU_ASSERT(buf_new(&s, LARGEST + 1) == NULL);
	CU_ASSERT(buf_new(&s, SIZE_MAX) == NULL);
	CU_ASSERT(counter_get(&s.account.bytes) == 0);
	buf_free(NULL);
	buf_store_done(&s);
}

static void
test_prepend(void)
{
	struct buf_store s;
	struct evquic_buf *b;
	uint8_t *body;
	size_t room;

	buf_store_init(&s, NULL);
	b = buf_new(&s, 100);
	CU_ASSERT_FATAL(b != NULL);
	body = b->data;
	room = buf_room(b);
	memcpy(body, "body", 4);
	b->len = 4;
	CU_ASSERT(buf_prepend(b, PREFIX) == body - PREFIX);
	CU_ASSERT(b->data == body - PREFIX);
	CU_ASSERT(b->len == 4 + PREFIX);
	CU_ASSERT(buf_room(b) == room + PREFIX);
	CU_ASSERT(memcmp(b->data + PREFIX, "body", 4) == 0);
	/* All of the headroom, and not a byte in front of the object. */
	memset(buf_prepend(b, BUF_HEADROOM - PREFIX), 1, BUF_HEADROOM - PREFIX);
	CU_ASSERT(b->data == body - BUF_HEADROOM);
	buf_free(b);
	buf_store_done(&s);
}

/* The account names what is in somebody's hands, up to its parents. */
static void
test_account(void)
{
	struct account parent = {0};
	struct buf_store s;
	struct evquic_buf *b[NBUFS];
	size_t sum = 0;

	buf_store_init(&s, &parent);
	for (size_t i = 0; i < NBUFS; i++) {
		b[i] = buf_new(&s, i * i * 20);
		CU_ASSERT_FATAL(b[i] != NULL);
		sum += buf_footprint(b[i]);
	}
	CU_ASSERT(counter_get(&s.account.bytes) == sum);
	CU_ASSERT(counter_get(&parent.bytes) == sum);
	for (size_t i = 0; i < NBUFS; i++)
		buf_free(b[i]);
	CU_ASSERT(counter_get(&s.account.bytes) == 0);
	CU_ASSERT(counter_get(&parent.bytes) == 0);
	buf_store_done(&s);
}

static void
test_no_memory(void)
{
	struct buf_store s;

	buf_store_init(&s, NULL);
	fake_alloc_fail(1, 1);
	CU_ASSERT(buf_new(&s, 1) == NULL);
	CU_ASSERT(buf_new(&s, LARGEST) == NULL);
	CU_ASSERT(fake_alloc_heal() == 2);
	CU_ASSERT(counter_get(&s.account.bytes) == 0);
	buf_store_done(&s);
}

void
test_buf_register(void)
{
	CU_pSuite s = unit_suite("buf");

	unit_test(s, "sizes", test_sizes);
	unit_test(s, "prepend", test_prepend);
	unit_test(s, "account", test_account);
	unit_test(s, "no_memory", test_no_memory);
}
