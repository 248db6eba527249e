/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker: one thread with one event loop, and all that lives on it.
 *
 * Everything here is used from the worker's thread only.  The main thread
 * speaks to a running worker by orders: it writes them down under a lock and
 * wakes the loop.
 */
#ifndef RESOLVER_WORKER_H
#define RESOLVER_WORKER_H

#include <pthread.h>
#include <stdbool.h>

#include "base/hash.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/timer.h"
#include "quic/evquic.h"
#include "resolver/back/upstream.h"
#include "resolver/config.h"
#include "resolver/counters.h"
#include "resolver/fetch.h"
#include "resolver/ops/log.h"

struct dns_cache;
struct event;
struct event_base;
struct own;
struct peers;
struct recursor_port;
struct worker;

/* What the main thread wants of a worker; each is done once. */
struct worker_orders {
	struct config *config;	    /* a new one, with a reference, or NULL */
	struct recursor_port *port; /* comes with it; NULL: no recursion */
	struct dns_cache *cache;    /* the same; NULL: nothing is kept */
	bool is_other_source;	    /* the same; what was asked before is old */
	bool forget;		    /* the same; what is kept is to go */
	struct evquic_service *service;
	struct own *own; /* as the configuration */
	bool drain;	 /* answer what runs, then stop */
	bool close;	 /* close what is left, then stop */
};

struct worker {
	size_t index;
	pthread_t thread;
	bool is_running; /* the thread was started */
	bool is_traced;
	struct log *log;
	struct config *config; /* our reference */
	struct own *own;       /* ours; NULL: nothing (some tests) */

	struct event_base *base;
	struct event *wake_event; /* orders have come */
	struct event *timer_event;
	int wake_fd;
	int ended_fd;	/* the server's eventfd: told when the thread ends */
	nsec timer_set; /* for when `timer_event` is set; NSEC_NEVER: not */
	bool stop;
	bool drained;

	nsec (*now)(void *ctx); /* the clock; tests have their own */
	void *now_ctx;
	nsec
	    turn; /* when this turn read the clock first; NSEC_NEVER: not yet */
	struct timers timers;
	struct random random;
	struct evquic_worker *quic;
	struct evquic_endpoint *endpoint; /* the server's; shared, borrowed */
	struct peers *peers;		  /* of all workers; borrowed */
	struct dns_cache *cache; /* of all workers; borrowed; NULL: none */
	uint8_t question_key[HASH_KEY_LEN]; /* dns_key_make()'s; all have one
					     */
	struct upstream *upstream;
	struct upstream *zone_servers; /* transfers, NOTIFY, UPDATE */
	struct fetches fetches;	       /* of `upstream` and `zone_servers` */
	struct pool doq_streams;
	struct pool query_runs;	     /* struct query_run */
	struct log_limit peer_lines; /* for lines that a peer can cause */

	struct service_counters counters;
	struct back_counters back_counters;

	pthread_mutex_t lock;
	struct worker_orders orders; /* under `lock` */
};

/* Makes a worker without a thread, one that logs what QUIC does if `is_traced`;
 * NULL if there is no memory. */
struct worker *worker_new(
    size_t index, struct log *log, struct config *config, bool is_traced);

/* Starts its thread; 0 or a negative errno. */
int worker_start(struct worker *w);

/*
 * Gives orders, from the main thread.  The references in them pass to the
 * worker.  Orders not yet seen are replaced by newer ones of their kind.
 */
void worker_order(struct worker *w, const struct worker_orders *orders);

/* Waits until the thread has ended; harmless if it never began. */
void worker_join(struct worker *w);

/* Frees a worker that does not run; its endpoint must be gone.  NULL is
 * fine. */
void worker_free(struct worker *w);

/* The time, as this worker counts it. */
nsec worker_now(const struct worker *w);

#endif
