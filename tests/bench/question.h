/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions and their answers by number, as clients and servers send them: A,
 * in the zone bench.example.
 */
#ifndef TESTS_BENCH_QUESTION_H
#define TESTS_BENCH_QUESTION_H

#include <stddef.h>
#include <stdint.h>

/* Octets of a question's message: with OPT, padded (RFC 8467 4.1). */
#define QUESTION_LEN 128
#define QUESTION_ANSWER_MAX 2048

struct question {
	uint8_t msg[QUESTION_LEN];
};

/* The question of that number. */
void question_make(uint64_t number, struct question *ret);

/*
 * The octets of a server's answer to it: as many addresses of that TTL as come
 * near `size` octets, one at least.  Returns how many octets it has, at most
 * QUESTION_ANSWER_MAX.
 */
size_t question_answer(
    const struct question *q, size_t size, uint32_t ttl, uint8_t *ret_msg);

#endif
