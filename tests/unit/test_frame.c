/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of length-prefixed messages.  First of all: a prefix that comes in
 * two pieces, which has cost another server its memory safety.
 */
#include "dns/frame.h"

#include <stdlib.h>
#include <string.h>

#include "dns/wire.h"
#include "tests/fake/alloc.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	ROUNDS = 2000,
	STREAM_MAX = 4096
};

/* Writes a framed message of `len` octets that can be told apart. */
static size_t
make_frame(uint8_t *dst, size_t len, unsigned mark)
{
	size_t i;

	dst[0] = (uint8_t)(len >> 8);
	dst[1] = (uint8_t)len;
	for (i = 0; i < len; i++)
		dst[2 + i] = (uint8_t)(i * 7 + mark);
	return 2 + len;
}

/* Feeds a copy of exactly these octets, which is gone afterwards. */
static enum dns_frame_state
feed_copy(struct dns_frame *f, const uint8_t *data, size_t len, size_t *used)
{
	uint8_t *copy = dnsmsg_exact(data, len);
	enum dns_frame_state state = dns_frame_feed(f, copy, len, used);

	if (state == DNS_FRAME_MESSAGE)
		CU_ASSERT(dns_frame_keep(f) == 0);
	free(copy);
	return state;
}

static void
test_split_prefix(void)
{
	uint8_t stream[64];
	size_t len = make_frame(stream, 40, 1);
	struct dns_frame f;
	size_t used;
	size_t i;

	/* one octet of it, then the rest in one piece */
	dns_frame_init(&f, DNS_FRAME_ONE);
	CU_ASSERT(feed_copy(&f, stream, 1, &used) == DNS_FRAME_MORE);
	CU_ASSERT(used == 1 && dns_frame_held(&f) == 0);
	CU_ASSERT(
	    feed_copy(&f, stream + 1, len - 1, &used) == DNS_FRAME_MESSAGE);
	CU_ASSERT(used == len - 1);
	CU_ASSERT(f.msg_len == 40 && memcmp(f.msg, stream + 2, 40) == 0);
	dns_frame_done(&f);

	/* octet by octet, with empty pieces between */
	dns_frame_init(&f, DNS_FRAME_ONE);
	for (i = 0; i < len; i++) {
		CU_ASSERT(feed_copy(&f, stream, 0, &used) == DNS_FRAME_MORE);
		/* as a FIN without octets comes */
		CU_ASSERT(dns_frame_feed(&f, NULL, 0, &used) == DNS_FRAME_MORE);
		CU_ASSERT(feed_copy(&f, stream + i, 1, &used) ==
			  (i + 1 < len ? DNS_FRAME_MORE : DNS_FRAME_MESSAGE));
		CU_ASSERT(used == 1);
	}
	PROVE("FWD-132", f.msg_len == 40 && memcmp(f.msg, stream + 2, 40) == 0);
	CU_ASSERT(dns_frame_fin(&f) == DNS_FRAME_MESSAGE);
	dns_frame_done(&f);
}

/* Every way to cut a message into three. */
static void
test_every_split(void)
{
	uint8_t stream[64];
	size_t len = make_frame(stream, 30, 9);
	struct dns_frame f;
	size_t used;
	size_t a;
	size_t b;

	for (a = 0; a <= len; a++) {
		for (b = a; b <= len; b++) {
			dns_frame_init(&f, DNS_FRAME_ONE);
			(void)feed_copy(&f, stream, a, &used);
			(void)feed_copy(&f, stream + a, b - a, &used);
			(void)feed_copy(&f, stream + b, len - b, &used);
			CU_ASSERT(f.state == DNS_FRAME_MESSAGE);
			CU_ASSERT(f.msg_len == 30);
			CU_ASSERT(memcmp(f.msg, stream + 2, 30) == 0);
			dns_frame_done(&f);
		}
	}
}

/* Faults of a stream that may hold one message; on DoQ all are fatal. */
static void
test_faults(void)
{
	uint8_t stream[128];
	size_t len = make_frame(stream, 40, 0);
	struct dns_frame f;
	size_t used;
	size_t n;

	for (n = 0; n < DNS_HEADER_SIZE; n++) {
		dns_frame_init(&f, DNS_FRAME_ONE);
		(void)make_frame(stream + 64, n, 0);
		CU_ASSERT(feed_copy(&f, stream + 64, n + 2, &used) ==
			  DNS_FRAME_SHORT);
		CU_ASSERT(dns_frame_fin(&f) == DNS_FRAME_SHORT);
		/* and nothing helps it */
		CU_ASSERT(feed_copy(&f, stream, len, &used) == DNS_FRAME_SHORT);
		CU_ASSERT(used == 0 && dns_frame_held(&f) == 0);
		dns_frame_done(&f);
	}
	/* the end after each octet but the last */
	for (n = 0; n < len; n++) {
		dns_frame_init(&f, DNS_FRAME_ONE);
		(void)feed_copy(&f, stream, n, &used);
		CU_ASSERT(dns_frame_fin(&f) == DNS_FRAME_CUT);
		CU_ASSERT(feed_copy(&f, stream, len, &used) == DNS_FRAME_CUT);
		dns_frame_done(&f);
	}
	/* also in a stream of many, where the end may only be between two */
	for (n = 0; n < len; n++) {
		dns_frame_init(&f, DNS_FRAME_MANY);
		(void)feed_copy(&f, stream, n, &used);
		CU_ASSERT(dns_frame_fin(&f) ==
			  (n == 0 ? DNS_FRAME_END : DNS_FRAME_CUT));
		dns_frame_done(&f);
	}
	/* one octet more, at once and later */
	dns_frame_init(&f, DNS_FRAME_ONE);
	CU_ASSERT(feed_copy(&f, stream, len + 1, &used) == DNS_FRAME_TRAILING);
	dns_frame_done(&f);
	dns_frame_init(&f, DNS_FRAME_ONE);
	CU_ASSERT(feed_copy(&f, stream, len, &used) == DNS_FRAME_MESSAGE);
	CU_ASSERT(feed_copy(&f, stream, 0, &used) == DNS_FRAME_MESSAGE);
	CU_ASSERT(feed_copy(&f, stream, 1, &used) == DNS_FRAME_TRAILING);
	CU_ASSERT(dns_frame_fin(&f) == DNS_FRAME_TRAILING);
	dns_frame_done(&f);
}

/* What a prefix promises costs nothing; what comes is bounded by twice. */
static void
test_memory(void)
{
	static uint8_t stream[2 + DNS_MESSAGE_MAX];
	size_t len = make_frame(stream, DNS_MESSAGE_MAX, 3);
	struct dns_frame f;
	size_t most = 0;
	size_t used;
	size_t n;

	dns_frame_init(&f, DNS_FRAME_ONE);
	(void)feed_copy(&f, stream, 2, &used);
	CU_ASSERT(dns_frame_held(&f) == 0);
	for (n = 2; n < len; n++) {
		(void)dns_frame_feed(&f, stream + n, 1, &used);
		if (n > 64 && dns_frame_held(&f) > 2 * (n - 1))
			most = n;
	}
	CU_ASSERT(most == 0);
	CU_ASSERT(f.state == DNS_FRAME_MESSAGE);
	CU_ASSERT(dns_frame_held(&f) == DNS_MESSAGE_MAX);
	CU_ASSERT(memcmp(f.msg, stream + 2, DNS_MESSAGE_MAX) == 0);
	dns_frame_done(&f);
	CU_ASSERT(dns_frame_held(&f) == 0);

	/* in one piece: not copied at all, until it is to be kept */
	dns_frame_init(&f, DNS_FRAME_ONE);
	CU_ASSERT(dns_frame_feed(&f, stream, len, &used) == DNS_FRAME_MESSAGE);
	CU_ASSERT(f.msg == stream + 2 && dns_frame_held(&f) == 0);
	CU_ASSERT(dns_frame_keep(&f) == 0);
	CU_ASSERT(f.msg != stream + 2);
	CU_ASSERT(dns_frame_held(&f) == DNS_MESSAGE_MAX);
	CU_ASSERT(dns_frame_keep(&f) == 0);
	dns_frame_done(&f);
}

static void
test_no_memory(void)
{
	uint8_t stream[256];
	size_t len = make_frame(stream, 200, 0);
	struct dns_frame f;
	size_t used;

	dns_frame_init(&f, DNS_FRAME_ONE);
	(void)dns_frame_feed(&f, stream, 50, &used);
	fake_alloc_fail(1, 1);
	CU_ASSERT(dns_frame_feed(&f, stream + 50, len - 50, &used) ==
		  DNS_FRAME_NOMEM);
	CU_ASSERT(fake_alloc_heal() == 1);
	CU_ASSERT(dns_frame_fin(&f) == DNS_FRAME_NOMEM);
	dns_frame_done(&f);

	dns_frame_init(&f, DNS_FRAME_ONE);
	CU_ASSERT(dns_frame_feed(&f, stream, len, &used) == DNS_FRAME_MESSAGE);
	fake_alloc_fail(1, 1);
	CU_ASSERT(dns_frame_keep(&f) != 0);
	CU_ASSERT(fake_alloc_heal() == 1);
	CU_ASSERT(f.msg == stream + 2);
	dns_frame_done(&f);
}

/* A stream of many, in pieces of any size: they come out as they went in. */
static void
test_many(void)
{
	uint32_t seed = dnsmsg_seed("frame");
	static uint8_t stream[STREAM_MAX];
	struct dns_frame f;
	size_t sizes[64];
	size_t messages;
	size_t seen;
	size_t piece;
	size_t used;
	size_t len;
	size_t at;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		messages = 1 + dnsmsg_random(&seed) % 20;
		for (len = 0, seen = 0; seen < messages; seen++) {
			sizes[seen] = 12 + dnsmsg_random(&seed) % 150;
			len += make_frame(
			    stream + len, sizes[seen], (unsigned)seen);
		}
		dns_frame_init(&f, DNS_FRAME_MANY);
		CU_ASSERT(len <= sizeof(stream));
		for (at = 0, seen = 0; at < len; at += used) {
			piece = 1 + dnsmsg_random(&seed) % 300;
			if (piece > len - at)
				piece = len - at;
			if (feed_copy(&f, stream + at, piece, &used) !=
			    DNS_FRAME_MESSAGE)
				continue;
			CU_ASSERT_FATAL(seen < messages);
			CU_ASSERT_FATAL(f.msg_len == sizes[seen]);
			CU_ASSERT_FATAL(f.msg[0] == (uint8_t)seen);
			dns_frame_next(&f);
			seen++;
		}
		CU_ASSERT(seen == messages);
		CU_ASSERT(dns_frame_fin(&f) == DNS_FRAME_END);
		CU_ASSERT(dns_frame_held(&f) == 0);
		dns_frame_done(&f);
	}
}

void
test_frame_register(void)
{
	CU_pSuite s = unit_suite("frame");

	unit_test(s, "split prefix", test_split_prefix);
	unit_test(s, "every split", test_every_split);
	unit_test(s, "faults", test_faults);
	unit_test(s, "memory", test_memory);
	unit_test(s, "no memory", test_no_memory);
	unit_test(s, "many", test_many);
}
