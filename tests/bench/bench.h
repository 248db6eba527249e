/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of `make bench`.  Each prints a table; nothing is compared with
 * anything, and nothing can fail but for lack of memory.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

/* How much of traces a cache answers, by what it throws away. */
void bench_ratios(void);

#endif
