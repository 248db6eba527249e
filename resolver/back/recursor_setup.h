/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A context of libunbound made of the configuration.  For recursor.c only.
 */
#ifndef RESOLVER_BACK_RECURSOR_SETUP_H
#define RESOLVER_BACK_RECURSOR_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct certs_listener;
struct config;
struct log;
struct ub_ctx;

#define RECURSOR_SAID_LEN 256

/* Must not move while it is in use. */
struct recursor_context {
	struct ub_ctx *ctx;
	FILE *words; /* what libunbound says in its log */
	struct log *log;
	bool is_ready; /* it says things to `log`; before, `said` keeps them */
	char said[RECURSOR_SAID_LEN];
};

/*
 * Makes a context that is ready to be asked; without a state directory (NULL)
 * one that is there to be looked at, and then `log` may be NULL.  On failure
 * one line was told to the listener, with its place in the file if it has one,
 * and nothing is left.  Returns 0, -EINVAL or -ENOMEM.
 */
int recursor_context_init(struct recursor_context *c,
    const struct config *config, const char *state_dir,
    const struct certs_listener *listener, struct log *log);

/* Ends libunbound's thread, if there is one, and frees all. */
void recursor_context_done(struct recursor_context *c);

#endif
