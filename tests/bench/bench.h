/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of `make bench`.  Each prints a table; nothing is compared with
 * anything, and nothing can fail but for lack of memory.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

/* How much of traces the cache answers, and others would. */
void bench_ratios(void);

/* What a hit and an insert cost, and an answer that is kept. */
void bench_speed(void);

#endif
