/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worker's thread and loop.
 *
 * The loop is libevent's, one turn at a time: after each the timer event is
 * set for the earliest of our timers, so that nobody who arms one has to
 * think of it.
 */
#include "resolver/worker.h"
#include "dns/cache.h"
#include "resolver/back/recursor.h"
#include "resolver/front/doq.h"
#include "resolver/own.h"
#include "resolver/query.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Lines that peers can cause: so many at once, then so many a second. */
#define PEER_LINES_BURST 20
#define PEER_LINES_PER_SECOND 2

#define DOQ_STREAMS_KEPT 1024
#define QUERY_RUNS_KEPT 1024

nsec
worker_now(const struct worker *w)
{
	return w->now(w->now_ctx);
}

/* Once a turn: no deadline of ours is as exact as that. */
static nsec
read_clock(void *ctx)
{
	nsec *turn = ctx;

	if (*turn == NSEC_NEVER)
		*turn = clock_now();
	return *turn;
}

static void
trace(void *arg, const struct evquic_conn *conn, const char *line)
{
	(void)conn;
	log_debug(arg, "quic: %s", line);
}

/* ---------------------------------------------------------------- loop -- */

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	w->timer_set = NSEC_NEVER;
	timers_run(&w->timers, worker_now(w));
}

static void
set_timer(struct worker *w)
{
	nsec next = timers_next(&w->timers);
	struct timeval tv;

	if (next >= w->timer_set)
		return; /* it fires earlier, and is set anew then */
	tv = nsec_until(next, worker_now(w));
	(void)event_add(w->timer_event, &tv);
	w->timer_set = next;
}

static void
on_idle(void *arg)
{
	struct worker *w = arg;

	w->stop = true;
}

static void
take_config(struct worker *w, const struct worker_orders *o)
{
	int rc = upstream_reload(w->upstream, o->config);

	if (rc == 0)
		rc = upstream_reload(w->zone_servers, o->config);
	if (upstream_recurse(w->upstream, o->port) != 0)
		log_err(
		    w->log, "worker %zu cannot recurse: no memory", w->index);
	if (rc != 0)
		log_err(w->log,
		    "worker %zu keeps its upstream servers: no "
		    "memory for others",
		    w->index);
	config_unref(w->config);
	w->config = o->config;
	w->cache = o->cache;
	w->fetches.max_waiters = w->config->limits.waiters;
	if (o->is_other_source)
		fetches_renew(&w->fetches);
	/* The server has emptied it; this is what we put in since then. */
	if (o->forget && w->cache != NULL)
		(void)dns_cache_flush_all(w->cache);
}

static void
on_orders(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	struct worker_orders o;
	eventfd_t count;

	(void)what;
	(void)eventfd_read(fd, &count);
	(void)pthread_mutex_lock(&w->lock);
	o = w->orders;
	w->orders = (struct worker_orders){.config = NULL};
	(void)pthread_mutex_unlock(&w->lock);
	if (o.config != NULL)
		take_config(w, &o);
	if (o.own != NULL) {
		own_unref(w->own);
		w->own = o.own;
	}
	if (o.service != NULL) {
		evquic_endpoint_serve(w->endpoint, w->index, o.service);
		evquic_service_unref(o.service);
	}
	if (o.drain && !w->drained) {
		w->drained = true;
		evquic_endpoint_drain(w->endpoint, w->index, on_idle, w);
	}
	if (o.close)
		evquic_endpoint_close(w->endpoint, w->index, DOQ_NO_ERROR);
}

static bool
take_turn(struct worker *w)
{
	w->turn = NSEC_NEVER;
	if (event_base_loop(w->base, EVLOOP_ONCE) != 0)
		return false;
	set_timer(w);
	return true;
}

static void *
run(void *arg)
{
	struct worker *w = arg;

	while (!w->stop && take_turn(w))
		continue;
	if (!w->stop)
		log_err(w->log, "worker %zu: its loop has failed", w->index);
	(void)eventfd_write(w->ended_fd, 1);
	return NULL;
}

/* ---------------------------------------------------------------- life -- */

static bool
make_events(struct worker *w)
{
	w->base = event_base_new();
	w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->base == NULL || w->wake_fd < 0)
		return false;
	w->wake_event =
	    event_new(w->base, w->wake_fd, EV_READ | EV_PERSIST, on_orders, w);
	w->timer_event = event_new(w->base, -1, 0, on_timer, w);
	return w->wake_event != NULL && w->timer_event != NULL &&
	       event_add(w->wake_event, NULL) == 0;
}

static bool
make_parts(struct worker *w)
{
	struct evquic_worker_options options = {.size = sizeof(options)};
	struct upstream_env env = {
	    .base = w->base,
	    .timers = &w->timers,
	    .random = &w->random,
	    .now = w->now,
	    .ctx = w->now_ctx,
	    .counters = &w->back_counters,
	    .log = w->log,
	};

	options.data = w;
	if (w->is_traced) {
		options.trace = trace;
		options.trace_arg = w->log;
	}
	w->quic = evquic_worker_new(w->base, &options);
	w->upstream = upstream_new(&env, w->config);
	env.for_zones = true;
	w->zone_servers = upstream_new(&env, w->config);
	return w->quic != NULL && w->upstream != NULL &&
	       w->zone_servers != NULL;
}

static void
make_fetches(struct worker *w)
{
	struct fetch_env env = {
	    .timers = &w->timers,
	    .now = w->now,
	    .ctx = w->now_ctx,
	    .cache = &w->cache,
	    .key = w->question_key,
	};

	fetches_init(&w->fetches, &env);
	w->fetches.max_waiters = w->config->limits.waiters;
}

struct worker *
worker_new(size_t index, struct log *log, struct config *config, bool is_traced)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->index = index;
	w->log = log;
	w->is_traced = is_traced;
	w->now = read_clock;
	w->now_ctx = &w->turn;
	w->turn = NSEC_NEVER;
	w->config = config_ref(config);
	w->wake_fd = -1;
	w->timer_set = NSEC_NEVER;
	(void)pthread_mutex_init(&w->lock, NULL);
	random_init(&w->random, NULL, NULL);
	random_bytes(&w->random, w->question_key, sizeof(w->question_key));
	make_fetches(w);
	pool_init(&w->doq_streams, doq_stream_size(), DOQ_STREAMS_KEPT);
	pool_init(&w->query_runs, query_run_size(), QUERY_RUNS_KEPT);
	log_limit_init(&w->peer_lines, PEER_LINES_BURST, PEER_LINES_PER_SECOND,
	    worker_now(w));
	if (!make_events(w) || !make_parts(w)) {
		worker_free(w);
		return NULL;
	}
	return w;
}

int
worker_start(struct worker *w)
{
	sigset_t all, before;
	int rc;

	/* Signals are the main thread's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&w->thread, NULL, run, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->is_running = rc == 0;
	return -rc;
}

void
worker_order(struct worker *w, const struct worker_orders *orders)
{
	struct config *config = NULL;
	struct recursor_port *port = NULL;
	struct evquic_service *service = NULL;
	struct own *own = NULL;

	(void)pthread_mutex_lock(&w->lock);
	if (orders->config != NULL) {
		config = w->orders.config;
		port = w->orders.port;
		w->orders.config = orders->config;
		w->orders.port = orders->port;
		w->orders.cache = orders->cache;
		w->orders.is_other_source |= orders->is_other_source;
		w->orders.forget |= orders->forget;
	}
	if (orders->service != NULL) {
		service = w->orders.service;
		w->orders.service = orders->service;
	}
	if (orders->own != NULL) {
		own = w->orders.own;
		w->orders.own = orders->own;
	}
	w->orders.drain |= orders->drain;
	w->orders.close |= orders->close;
	(void)pthread_mutex_unlock(&w->lock);
	config_unref(config);
	recursor_port_close(port);
	evquic_service_unref(service);
	own_unref(own);
	(void)eventfd_write(w->wake_fd, 1);
}

void
worker_join(struct worker *w)
{
	if (!w->is_running)
		return;
	(void)pthread_join(w->thread, NULL);
	w->is_running = false;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	assert(!w->is_running);
	fetches_done(&w->fetches);
	upstream_free(w->upstream);
	upstream_free(w->zone_servers);
	evquic_worker_free(w->quic);
	pool_done(&w->doq_streams);
	pool_done(&w->query_runs);
	random_done(&w->random);
	if (w->wake_event != NULL)
		event_free(w->wake_event);
	if (w->timer_event != NULL)
		event_free(w->timer_event);
	if (w->base != NULL)
		event_base_free(w->base);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	config_unref(w->orders.config);
	recursor_port_close(w->orders.port);
	evquic_service_unref(w->orders.service);
	own_unref(w->orders.own);
	own_unref(w->own);
	config_unref(w->config);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}
