/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters.  Each folder that counts has one X-macro table
 *
 *	#define QUIC_COUNTERS(X) X(name, "what one of them means") ...
 *
 * from which the struct, the names and the help texts are made, so that a
 * counter cannot be forgotten in a print-out.  One worker writes a counter,
 * anybody may read it: relaxed atomics, which cost no more than an addition.
 */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef _Atomic uint64_t counter;

/* One member of a struct of counters. */
#define COUNTER_MEMBER(name, help) counter name;

/* One row {name, help, offset} of a table; see struct counter_row. */
#define COUNTER_ROW(type, name, help) {#name, help, offsetof(type, name)},

/* Describes one counter of a struct for printing. */
struct counter_row {
	const char *name;
	const char *help;
	size_t offset; /* of the counter in its struct */
};

/* Adds `n`; only the worker that owns the counter calls this. */
static inline void
counter_add(counter *c, uint64_t n)
{
	uint64_t v = atomic_load_explicit(c, memory_order_relaxed);

	atomic_store_explicit(c, v + n, memory_order_relaxed);
}

/* Takes `n` off a gauge; only its owner calls this. */
static inline void
counter_sub(counter *c, uint64_t n)
{
	uint64_t v = atomic_load_explicit(c, memory_order_relaxed);

	atomic_store_explicit(c, v - n, memory_order_relaxed);
}

/* Reads a counter, from any thread. */
static inline uint64_t
counter_get(const counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

/* Reads the counter that a row describes in the struct at `base`. */
static inline uint64_t
counter_read(const struct counter_row *row, const void *base)
{
	return counter_get(
	    (const counter *)(const void *)((const char *)base + row->offset));
}

#endif
