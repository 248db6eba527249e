/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of `make bench`.  Each prints a table; nothing is compared with
 * anything, and nothing can fail but for lack of memory.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stddef.h>

/* How much of traces the cache answers, and others would. */
void bench_ratios(void);

/* What a hit and an insert cost, and an answer that is kept. */
void bench_speed(void);

/* What a full cache takes of the machine. */
void bench_memory(void);

/* Octets of memory that the process has. */
size_t bench_resident(void);

#endif
