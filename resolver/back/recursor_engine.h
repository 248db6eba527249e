/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the recursor's thread drives: libunbound, or a fake in tests.  For
 * recursor.c, recursor_thread.c and tests only.
 */
#ifndef RESOLVER_BACK_RECURSOR_ENGINE_H
#define RESOLVER_BACK_RECURSOR_ENGINE_H

#include "resolver/back/recursor.h"

/*
 * All but `free` are called by the recursor's thread only, `free` at its end or
 * if it never ran.
 */
struct recursor_engine_ops {
	/* Asks.  The answer comes once by recursor_answered(), from within this
	 * or `process`.  0, or a negative errno, and then it does not come. */
	int (*ask)(void *engine, struct recursor_job *job, const uint8_t *name,
	    uint16_t qtype);
	/* Readable when `process` has something to do; -1: nothing yet. */
	int (*fd)(void *engine);
	/* 0, or a negative errno if it works no longer. */
	int (*process)(void *engine);
	/* Ends it; what was asked may be answered, or not. */
	void (*free)(void *engine);
};

/*
 * Makes a recursor of an engine, and a text (from malloc, or NULL) that says
 * what it was made of.  Both are its own from then on, also on failure: NULL if
 * there is no memory or no descriptor.
 */
struct recursor *recursor_with(const struct recursor_engine_ops *ops,
    void *engine, char *about, struct log *log);

/* Is it made of what the text says, and does it work? */
bool recursor_is_about(struct recursor *r, const char *about);

/* The engine that was given the job. */
void *recursor_engine_of(const struct recursor_job *job);

/* For the engine: the job is done.  The message passes to it. */
void recursor_answered(
    struct recursor_job *job, const struct recursor_answer *answer);

#endif
