/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking upstream, once for all who ask the same at the time.
 *
 *	query -- waiter --+
 *	query -- waiter --+-- fetch -- upstream_ask --> resolver/back
 *	(nobody: a refresh)
 *
 * Who owns what:
 *
 * - a **fetch** is one question on its way upstream.  It belongs to its
 *   worker's struct fetches, and has what is asked with it: a copy of the
 *   question, of the addresses and the Client Subnet of who asked first, and
 *   the upstream_ask.  It ends with the answer, or when the last waiter leaves
 *   (RFC 9250 4.3.1: nobody wants it), unless it is a refresh;
 * - a **waiter** belongs to who waits, and is embedded there.  While it is in a
 *   fetch it has one place in it and perhaps a timer, and nothing in the fetch
 *   points to anything else of its owner's: a client that asked first may
 *   leave first;
 * - an **answer** is lent to each waiter in turn, and every one makes of it
 *   what its client gets: ID, case, EDNS and padding are its own.
 *
 * What is shared is asked in a form of its own: RD, AD (RFC 6840 5.7: we want
 * to know, and tell who has asked for it), DO and CD as in the key, and of the
 * spelling of the name that of who asked first.  What cannot be shared
 * (fetch_key()) crosses as it is, and has one waiter.
 *
 * Limits: fetches are as many as upstream_start() takes; those that nobody
 * waits for FETCH_MAX_REFRESHES; who comes when a fetch has all the waiters it
 * may have starts another, so that nobody is refused for the many, and the work
 * that one answer makes in one turn is bounded.
 */
#ifndef RESOLVER_FETCH_H
#define RESOLVER_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/pool.h"
#include "base/timer.h"
#include "dns/answer.h"
#include "dns/ecs.h"
#include "dns/key.h"
#include "dns/message.h"
#include "resolver/back/upstream.h"

struct dns_cache;
struct fetch;
struct fetch_waiter;

/* The answer, or why there is none; *result is lent for the call.  The waiter
 * is idle by then, and may be used again or freed. */
typedef void (*fetch_done_fn)(
    struct fetch_waiter *waiter, const struct upstream_result *result);

/* Zeroed memory with `done` set is an idle one. */
struct fetch_waiter {
	fetch_done_fn done;
	struct fetch *fetch; /* private; NULL while idle */
	struct list link;
	struct timer timer; /* its own deadline */
};

/* What is asked, of whom, for whom; all of it is lent for the call. */
struct fetch_question {
	struct upstream *upstream;
	unsigned flags; /* a set of enum upstream_flag */
	/* Of fetch_key(): what is asked.  NULL: it is not to be shared, and
	 * `query` and `ecs` are what is asked. */
	const struct dns_key *key;
	const struct dns_query *query;
	const struct dns_ecs *ecs;
	/* As in struct upstream_ask; of a shared question only those of who
	 * asks first count. */
	const struct sockaddr *client;
	const struct sockaddr *local;
	bool is_exempt;
};

/* What they work with, borrowed. */
struct fetch_env {
	struct timers *timers; /* as those of struct upstream_env */
	nsec (*now)(void *ctx);
	void *ctx;
	/* Where the owner has it, who may change it at any time; NULL there:
	 * nothing is kept. */
	struct dns_cache *const *cache;
	const uint8_t *key; /* HASH_KEY_LEN octets: dns_key_make()'s secret */
};

/* All of one worker; must not be moved. */
struct fetches {
	struct fetch_env env;
	struct list all;	 /* struct fetch */
	struct hash_table table; /* of these: those that may be joined */
	struct pool pool;
	unsigned max_waiters; /* of one fetch; set by the owner at any time */
	size_t refreshes;
};

void fetches_init(struct fetches *f, const struct fetch_env *env);

/* Forgets all that is on its way; `done` is not called for who waits still. */
void fetches_done(struct fetches *f);

/*
 * What is upstream has changed: who asks from now on is asked for anew, those
 * who wait get what they have asked for, and that is not kept.
 */
void fetches_renew(struct fetches *f);

/*
 * Makes the key of a question for `upstream`, with `ecs` sent there, or NULL;
 * borrows what `query` borrows, and `ecs`.  False: it is neither to be shared
 * nor to be kept, as dns_key_make() says, or since the servers are told who
 * asks (PROXY protocol).
 */
bool fetch_key(const struct fetches *f, const struct upstream *upstream,
    const struct dns_query *query, const struct dns_ecs *ecs,
    struct dns_key *ret_key);

/*
 * Asks for an idle waiter.  `done` will be called, never from within: with what
 * comes, or at `not_after` (0: no deadline but that of the fetch, which is
 * limits.query-timeout from when it was begun) with -ETIMEDOUT.
 *
 * Returns 0 if upstream was asked, 1 if it is asked already; or as
 * upstream_start() does, and the waiter stays idle.
 */
int fetch_start(struct fetches *f, const struct fetch_question *question,
    struct fetch_waiter *waiter, nsec not_after);

/* The waiter goes; `done` is not called.  Harmless if it is idle. */
void fetch_leave(struct fetch_waiter *waiter);

/* What this one waits for is asked to its end, whoever leaves; as far as
 * FETCH_MAX_REFRESHES allows. */
void fetch_hold(struct fetch_waiter *waiter);

/*
 * Asks for nobody, or sees to it that what is asked already is asked to its
 * end.  The question has a key.  Returns as fetch_start(); -EAGAIN also if too
 * many of these are on their way.
 */
int fetch_refresh(struct fetches *f, const struct fetch_question *question);

/* What is said of a question that has no answer (result->status is not 0):
 * SERVFAIL, and why (RFC 8914 4.23 - 4.25).  The text is
 * that of *result, or static. */
void fetch_error(
    const struct upstream_result *result, struct dns_error *ret_error);

#endif
