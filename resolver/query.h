/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One question on its way: from a front end, down the ladder, to an answer.
 *
 * A query is embedded in the object of the front end that owns it, and has
 * exactly one end: an answer given back by query_start(), a call of `done`, or
 * query_cancel().
 */
#ifndef RESOLVER_QUERY_H
#define RESOLVER_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "resolver/front/front.h"

struct evquic_buf;
struct query;
struct query_run;
struct worker;

/*
 * An answer, or one message of a zone transfer, which may have many: `len`
 * bytes of a buffer that passes to the front end.  NULL if there was no memory
 * to make one, or if the transfer broke off: what was sent of it is no zone,
 * and must not look like one.
 */
struct query_answer {
	struct evquic_buf *buf;
	size_t len;
	bool is_more; /* `done` will be called again */
};

/* Who asks, and how. */
struct query_asker {
	const struct sockaddr *address;
	const struct sockaddr *local; /* where it came in */
	bool is_early; /* in early data, which anybody may replay */
};

/* The answer has come, later than query_start(); the query is idle again unless
 * there is more to come. */
typedef void (*query_done_fn)(struct query *q, struct query_answer answer);

struct query {
	struct worker *worker;
	const struct front *front;
	query_done_fn done;
	struct query_run *run; /* private; NULL while idle */
};

/* What a worker's pool of them needs: octets of a struct query_run. */
size_t query_run_size(void);

enum query_outcome {
	QUERY_ANSWERED, /* *ret_answer is set */
	QUERY_PENDING,	/* `done` will be called */
	QUERY_BAD_ID,	/* these break the rules of the transport (front
			   table): the front end does what it must */
	QUERY_BAD_KEEPALIVE,
	QUERY_BAD_MESSAGE, /* a response, or less than a header */
};

/* Makes an idle query. */
void query_init(struct query *q, struct worker *worker,
    const struct front *front, query_done_fn done);

/*
 * Asks: `msg` is one DNS message without length prefix, lent for the call, as
 * is `asker`.  `done` is never called from within.
 */
enum query_outcome query_start(struct query *q, const uint8_t *msg, size_t len,
    const struct query_asker *asker, struct query_answer *ret_answer);

/* Too much of its answer waits for the client: hardly any call of `done`, a few
 * messages at most, until query_resume().  Harmless if nothing more is due. */
void query_pause(struct query *q);
void query_resume(struct query *q);

/* Gives up: `done` is not called afterwards.  Safe at any time. */
void query_cancel(struct query *q);

/* True while `done` is to be expected. */
bool query_is_pending(const struct query *q);

/* Bytes that it keeps besides itself while it is pending. */
size_t query_kept(const struct query *q);

#endif
