/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The metrics endpoint: HTTP on a port and a thread of its own.
 *
 *	/metrics	counters, for Prometheus (metrics_page.h)
 *	/health		200 while we serve, 503 while we drain
 *
 * Used by the main thread.  The workers know nothing of it: it reads their
 * counters, which are atomic.
 */
#ifndef RESOLVER_OPS_METRICS_H
#define RESOLVER_OPS_METRICS_H

#include <stddef.h>
#include <stdint.h>

struct config;
struct dns_cache;
struct evquic_cred;
struct evquic_replay;
struct log;
struct metrics;
struct own;
struct recursion;
struct worker;

/* Whom it asks; they outlive it. */
struct metrics_sources {
	struct log *log;
	struct worker *const *workers;
	size_t nworkers;
	struct evquic_replay *tokens_seen;
	struct evquic_replay *early_seen;
	struct recursion *recursion;
	int64_t started; /* Unix time, s */
};

/* What a reload changes; `cred` and `own` were made of `config`. */
struct metrics_subject {
	struct config *config;
	struct evquic_cred *cred;
	struct own *own;
	const struct dns_cache *cache; /* as the sources; NULL: there is none */
};

/* At most so many connections at once; newcomers close the oldest. */
#define METRICS_CONNS 64

/* What a request line and headers may have, and a body that nobody reads. */
#define METRICS_HEADER_BYTES 8192
#define METRICS_BODY_BYTES 1024

/* From the connection to the last octet of the answer. */
#define METRICS_CONN_SECONDS 10

/*
 * The endpoint that subject->config wants: `old` itself, which may be NULL, if
 * that is where it wants it; a new one, which has its port; or NULL for none.
 * 0, or a negative errno and a line in the log.  `old` goes on in any case: the
 * caller then gives it metrics_update() if it is still the one, or frees it.
 * Takes references of all in `subject`.
 */
int metrics_prepare(struct metrics *old, const struct metrics_sources *sources,
    const struct metrics_subject *subject, struct metrics **ret);

/* Starts its thread, unless it runs: requests are answered from now on.  0, or
 * a negative errno.  Of NULL: 0. */
int metrics_start(struct metrics *m);

/* Takes over another configuration and what was made of it.  NULL is fine. */
void metrics_update(struct metrics *m, const struct metrics_subject *subject);

/* From now on we are not healthy.  NULL is fine. */
void metrics_drain(struct metrics *m);

/* Ends the thread, whatever it does, and frees all.  NULL is fine. */
void metrics_free(struct metrics *m);

#endif
