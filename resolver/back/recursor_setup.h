/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A context of libunbound made of the configuration.  For recursor.c only.
 */
#ifndef RESOLVER_BACK_RECURSOR_SETUP_H
#define RESOLVER_BACK_RECURSOR_SETUP_H

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

struct certs_listener;
struct config;
struct log;
struct recursor_shared;
struct ub_ctx;

#define RECURSOR_SAID_LEN 256

/* Must not move while it is in use. */
struct recursor_context {
	struct recursor_shared *shared;
	struct ub_ctx *ctx;
	FILE *words; /* what libunbound says in its log */
	struct log *log;
	/* What it says to the thread that makes the context is kept; what other
	 * threads hear, of this or of another one, goes to `log`. */
	pthread_t maker;
	char said[RECURSOR_SAID_LEN];
};

/*
 * Makes a context that is ready to be asked; without a state directory (NULL)
 * one that is there to be looked at, and then `log` may be NULL.  On failure
 * one line was told to the listener, with its place in the file if it has one,
 * and nothing is left.  Returns 0, -EINVAL or -ENOMEM.
 */
int recursor_context_init(struct recursor_context *c,
    struct recursor_shared *shared, const struct config *config,
    const char *state_dir, const struct certs_listener *listener,
    struct log *log);

/* Ends libunbound's thread, if there is one, and frees all.  Any thread's, but
 * one's only. */
void recursor_context_done(struct recursor_context *c);

#endif
