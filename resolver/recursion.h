/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server's recursors: the one in use, and those of earlier configurations
 * that still answer what they were asked.  For the main thread, but where it
 * says otherwise.
 */
#ifndef RESOLVER_RECURSION_H
#define RESOLVER_RECURSION_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "resolver/back/recursor.h"

struct config;
struct log;

struct recursion {
	struct recursor_shared shared;
	struct config *config;	   /* what `now` was made of, our reference */
	pthread_mutex_t lock;	   /* who changes what follows holds it */
	struct recursor *now;	   /* NULL: nothing is resolved here */
	struct recursor **retired; /* with room for one more */
	size_t count;
};

/*
 * Makes what the configuration asks for and starts it.  On failure one line was
 * logged and nothing is left.
 */
int recursion_init(struct recursion *rn, struct config *config,
    const char *state_dir, struct log *log);

/*
 * What another configuration needs: the recursor in use if it is the same, a
 * new one that runs, or NULL for none.  Either way recursion_replace() or
 * recursion_drop() must follow.  On failure one line was logged and nothing has
 * changed.
 */
int recursion_prepare(struct recursion *rn, const struct config *config,
    const char *state_dir, struct log *log, struct recursor **ret_recursor);

/*
 * The same for the configuration that is in force, with a new recursor in any
 * case, which knows nothing yet; NULL for none.
 */
int recursion_renew(struct recursion *rn, const char *state_dir,
    struct log *log, struct recursor **ret_recursor);

/*
 * The prepared recursor, made of `config`, is in use from now on, and what was
 * before it retires.
 */
void recursion_replace(
    struct recursion *rn, struct recursor *prepared, struct config *config);

/* The prepared recursor is not taken: frees it, unless it is in use. */
void recursion_drop(struct recursion *rn, struct recursor *prepared);

/* Questions that any of them has or will get, those that nobody waits for any
 * longer included; any thread. */
size_t recursion_outstanding(struct recursion *rn);

/* Opens `count` ports of a recursor, NULL pointers if that is NULL; an array to
 * be freed, or NULL if there is no memory or no descriptor. */
struct recursor_port **recursion_open_ports(struct recursor *r, size_t count);

/* Closes them again and frees the array; NULL is fine. */
void recursion_close_ports(struct recursor_port **ports, size_t count);

/* Ends all; their ports must have been closed. */
void recursion_done(struct recursion *rn);

#endif
