/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Octet by octet: nothing of dns/ is used to make what it is measured with.
 */
#include "tests/bench/question.h"

#include <string.h>

#define HEX_AT 13
#define HEX_LEN 16
#define QUESTION_END 48
#define ADDRESS_LEN 16 /* of an A record whose owner is a pointer */
#define OPT_LEN 11

/* RD, one question, one additional record; the OPT with its padding. */
static const uint8_t before[] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, HEX_LEN};
static const uint8_t behind[] = "\5bench\7example\0\0\1\0\1"
				"\0\0\51\4\320\0\0\0\0\0\105\0\14\0\101";

void
question_make(uint64_t number, struct question *ret)
{
	static const char digits[] = "0123456789abcdef";

	memset(ret, 0, sizeof(*ret));
	memcpy(ret->msg, before, sizeof(before));
	for (size_t i = 0; i < HEX_LEN; i++, number >>= 4)
		ret->msg[HEX_AT + i] = (uint8_t)digits[number & 15];
	memcpy(ret->msg + HEX_AT + HEX_LEN, behind, sizeof(behind) - 1);
}

static uint8_t *
put_address(uint8_t *p, uint32_t ttl, uint8_t last)
{
	const uint8_t record[ADDRESS_LEN] = {0xc0, 12, 0, 1, 0, 1,
	    (uint8_t)(ttl >> 24), (uint8_t)(ttl >> 16), (uint8_t)(ttl >> 8),
	    (uint8_t)ttl, 0, 4, 192, 0, 2, last};

	memcpy(p, record, sizeof(record));
	return p + sizeof(record);
}

size_t
question_answer(
    const struct question *q, size_t size, uint32_t ttl, uint8_t *ret_msg)
{
	static const uint8_t opt[OPT_LEN] = {0, 0, 41, 4, 208};
	uint8_t *p = ret_msg + QUESTION_END;
	uint8_t n = 0;

	memcpy(ret_msg, q->msg, QUESTION_END);
	if (size > QUESTION_ANSWER_MAX)
		size = QUESTION_ANSWER_MAX;
	do {
		p = put_address(p, ttl, n++);
	} while ((size_t)(p - ret_msg) + ADDRESS_LEN + OPT_LEN <= size);
	memcpy(p, opt, sizeof(opt));
	ret_msg[2] = 0x81; /* QR, RD */
	ret_msg[3] = 0x80; /* RA */
	ret_msg[7] = n;
	return (size_t)(p - ret_msg) + sizeof(opt);
}
