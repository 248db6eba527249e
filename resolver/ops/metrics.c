/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * evhttp parses; here is what it does not do itself.  It bounds neither how
 * many connections there are, nor how long a request may take that comes octet
 * by octet, nor the line that says how long a chunk is.  So each connection has
 * a place, of METRICS_CONNS: who comes when all are taken closes the oldest
 * ones, a tick closes those whose time is over, and nothing is read ahead of
 * evhttp beyond what a request may have.  Closing is to tell evhttp that time
 * is over: it would not see a client go whose octets nobody reads any more.
 *
 * That a connection has ended nobody tells.  So we hold each bufferevent, too,
 * and look after each turn which ones evhttp has let go: it takes its callbacks
 * off.  (A filter below it would tell, but libevent 2.1.12 frees one too
 * early.)
 *
 * All but the members behind `lock` and the atomic ones is the thread's, once
 * there is one.  One request a connection: none is held open for the next.
 */
#include "resolver/ops/metrics.h"
#include "base/clock.h"
#include "base/list.h"
#include "resolver/config.h"
#include "resolver/ops/log.h"
#include "resolver/ops/memory.h"
#include "resolver/ops/metrics_page.h"
#include "resolver/ops/metrics_port.h"
#include "resolver/own.h"
#include "resolver/recursion.h"
#include "tls/evquic_tls.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define PAGE_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define TEXT_TYPE "text/plain; charset=utf-8"
/* Those that get 405; CONNECT and what evhttp does not know get 501. */
#define METHODS                                                                \
	(EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | \
	    EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |        \
	    EVHTTP_REQ_PATCH)

/* One connection. */
struct place {
	struct list link;	  /* of `taken` or `free` */
	struct bufferevent *conn; /* our reference; NULL: nobody is here */
	nsec since;
};

struct metrics {
	struct metrics_sources sources;
	struct config_addr addr; /* as configured */

	pthread_mutex_t lock;
	struct metrics_subject subject; /* under `lock`; our references */
	atomic_bool draining;

	pthread_t thread;
	bool is_running;
	int stop_fd;
	bool stop;
	struct event_base *base;
	struct event *stop_event;
	struct event *tick_event;
	struct evconnlistener *listener; /* evhttp's */
	struct evhttp *http;
	struct list taken; /* the oldest first */
	struct list free;
	struct place places[METRICS_CONNS];
	uint64_t heap_bytes;
	nsec heap_at;
};

static struct metrics_subject
hold(const struct metrics_subject *subject)
{
	return (struct metrics_subject){
	    .config = config_ref(subject->config),
	    .cred = evquic_cred_ref(subject->cred),
	    .own = own_ref(subject->own),
	    .cache = subject->cache,
	};
}

static void
let_go(const struct metrics_subject *subject)
{
	config_unref(subject->config);
	evquic_cred_unref(subject->cred);
	own_unref(subject->own);
}

/* --------------------------------------------------------- connections -- */

/* Later in this turn; nothing, if evhttp has let it go already. */
static void
close_place(struct place *p)
{
	bufferevent_trigger_event(p->conn,
	    BEV_EVENT_READING | BEV_EVENT_TIMEOUT, BEV_TRIG_DEFER_CALLBACKS);
}

/* Several, so that a crowd of newcomers does not take a turn each. */
static void
close_oldest(struct metrics *m)
{
	struct list *l = m->taken.next;

	for (size_t i = 0; i < METRICS_CONNS / 4; i++, l = l->next)
		close_place(container_of(l, struct place, link));
}

static void
set_tick(struct metrics *m)
{
	const struct timeval tick = {.tv_sec = 1};

	if (!evtimer_pending(m->tick_event, NULL))
		(void)evtimer_add(m->tick_event, &tick);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct metrics *m = arg;
	nsec now = clock_now();

	(void)fd;
	(void)what;
	for (struct list *l = m->taken.next; l != &m->taken; l = l->next) {
		struct place *p = container_of(l, struct place, link);

		if (now - p->since < METRICS_CONN_SECONDS * NSEC_PER_SEC)
			break;
		close_place(p);
	}
	if (!list_is_empty(&m->free))
		(void)evconnlistener_enable(m->listener);
	if (!list_is_empty(&m->taken))
		set_tick(m);
}

/* Gives back the places of those that evhttp has freed. */
static void
release_gone(struct metrics *m)
{
	for (size_t i = 0; i < METRICS_CONNS; i++) {
		struct place *p = &m->places[i];
		bufferevent_event_cb cb = NULL;

		if (p->conn == NULL)
			continue;
		bufferevent_getcb(p->conn, NULL, NULL, &cb, NULL);
		if (cb != NULL)
			continue;
		(void)bufferevent_decref(p->conn);
		p->conn = NULL;
		list_remove(&p->link);
		list_append(&m->free, &p->link);
		(void)evconnlistener_enable(m->listener);
	}
}

/* A connection was accepted: evhttp wants a bufferevent for it.  The listener
 * stops while all places are taken, so there is always one. */
static struct bufferevent *
take_place(struct event_base *base, void *arg)
{
	struct metrics *m = arg;
	struct place *p = container_of(m->free.next, struct place, link);

	p->conn = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (p->conn == NULL)
		return NULL; /* evhttp will not have the memory, either */
	bufferevent_incref(p->conn);
	bufferevent_setwatermark(
	    p->conn, EV_READ, 0, METRICS_HEADER_BYTES + METRICS_BODY_BYTES);
	p->since = clock_now();
	list_remove(&p->link);
	list_append(&m->taken, &p->link);
	set_tick(m);
	if (list_is_empty(&m->free)) {
		(void)evconnlistener_disable(m->listener);
		close_oldest(m);
	}
	return p->conn;
}

/* No descriptors, most likely: the next tick tries again. */
static void
on_accept_failed(struct evconnlistener *listener, void *arg)
{
	(void)evconnlistener_disable(listener);
	set_tick(arg);
}

/* ------------------------------------------------------------ requests -- */

static void
send_reply(struct evhttp_request *req, int code, const char *reason,
    const char *type, struct evbuffer *body)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	const struct {
		const char *name;
		const char *value;
	} all[] = {
	    {"Content-Type", type},
	    {"Cache-Control", "no-store"},
	    {"X-Content-Type-Options", "nosniff"},
	    {"Connection", "close"},
	};
	char len[24];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		(void)evhttp_add_header(headers, all[i].name, all[i].value);
	(void)snprintf(len, sizeof(len), "%zu", evbuffer_get_length(body));
	(void)evhttp_add_header(headers, "Content-Length", len);
	evhttp_send_reply(req, code, reason,
	    evhttp_request_get_command(req) == EVHTTP_REQ_HEAD ? NULL : body);
	evbuffer_free(body);
}

/* A line of text as the body. */
static void
send_text(
    struct evhttp_request *req, int code, const char *reason, const char *text)
{
	struct evbuffer *body = evbuffer_new();

	if (body == NULL || evbuffer_add_printf(body, "%s\n", text) < 0) {
		if (body != NULL)
			evbuffer_free(body);
		evhttp_send_error(req, HTTP_INTERNAL, NULL);
		return;
	}
	send_reply(req, code, reason, TEXT_TYPE, body);
}

/* Looking at the heap locks it, so not for every request. */
static uint64_t
heap_bytes(struct metrics *m)
{
	nsec now = clock_now();

	if (m->heap_at == 0 || now - m->heap_at >= NSEC_PER_SEC) {
		m->heap_bytes = memory_in_use();
		m->heap_at = now;
	}
	return m->heap_bytes;
}

static void
send_page(struct metrics *m, struct evhttp_request *req)
{
	struct evbuffer *body = evbuffer_new();
	struct metrics_view view = {
	    .workers = m->sources.workers,
	    .nworkers = m->sources.nworkers,
	    .tokens_seen = m->sources.tokens_seen,
	    .early_seen = m->sources.early_seen,
	    .started = m->sources.started,
	    .now = (int64_t)time(NULL),
	    .heap_bytes = heap_bytes(m),
	    .recursing = recursion_outstanding(m->sources.recursion),
	};
	struct metrics_subject subject;
	int rc = -ENOMEM;

	(void)pthread_mutex_lock(&m->lock);
	subject = hold(&m->subject);
	(void)pthread_mutex_unlock(&m->lock);
	view.config = subject.config;
	view.cred = subject.cred;
	view.own = subject.own;
	if (subject.cache != NULL)
		dns_cache_stats(subject.cache, &view.cache);
	if (body != NULL)
		rc = metrics_page_write(&view, body);
	let_go(&subject);
	if (rc == 0) {
		send_reply(req, HTTP_OK, "OK", PAGE_TYPE, body);
		return;
	}
	if (body != NULL)
		evbuffer_free(body);
	evhttp_send_error(req, HTTP_INTERNAL, NULL);
}

static void
send_health(struct metrics *m, struct evhttp_request *req)
{
	if (atomic_load(&m->draining))
		send_text(
		    req, HTTP_SERVUNAVAIL, "Service Unavailable", "draining");
	else
		send_text(req, HTTP_OK, "OK", "serving");
}

static void
on_request(struct evhttp_request *req, void *arg)
{
	enum evhttp_cmd_type method = evhttp_request_get_command(req);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *path = uri != NULL ? evhttp_uri_get_path(uri) : NULL;
	bool is_page = path != NULL && strcmp(path, "/metrics") == 0;
	bool is_health = path != NULL && strcmp(path, "/health") == 0;

	if (!is_page && !is_health) {
		send_text(req, HTTP_NOTFOUND, "Not Found", "not found");
	} else if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
		(void)evhttp_add_header(evhttp_request_get_output_headers(req),
		    "Allow", "GET, HEAD");
		send_text(req, HTTP_BADMETHOD, "Method Not Allowed",
		    "only GET and HEAD");
	} else if (is_page) {
		send_page(arg, req);
	} else {
		send_health(arg, req);
	}
}

/* -------------------------------------------------------------- thread -- */

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct metrics *m = arg;

	(void)fd;
	(void)what;
	m->stop = true;
}

static void *
run(void *arg)
{
	struct metrics *m = arg;

	while (!m->stop && event_base_loop(m->base, EVLOOP_ONCE) == 0)
		release_gone(m);
	if (!m->stop)
		log_err(m->sources.log, "metrics: the loop has failed");
	return NULL;
}

int
metrics_start(struct metrics *m)
{
	sigset_t all, before;
	int rc;

	if (m == NULL || m->is_running)
		return 0;
	/* Signals are the main thread's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&m->thread, NULL, run, m);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		log_err(m->sources.log, "metrics: cannot start a thread: %s",
		    strerror(rc));
	m->is_running = rc == 0;
	return -rc;
}

/* ---------------------------------------------------------------- life -- */

/* `fd` is the listener's from here on. */
static bool
make_http(struct metrics *m, int fd)
{
	m->listener = evconnlistener_new(m->base, NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (m->listener == NULL) {
		(void)close(fd);
		return false;
	}
	m->http = evhttp_new(m->base);
	if (m->http == NULL ||
	    evhttp_bind_listener(m->http, m->listener) == NULL) {
		evconnlistener_free(m->listener);
		return false;
	}
	evconnlistener_set_error_cb(m->listener, on_accept_failed);
	evhttp_set_max_headers_size(m->http, METRICS_HEADER_BYTES);
	evhttp_set_max_body_size(m->http, METRICS_BODY_BYTES);
	evhttp_set_timeout(m->http, METRICS_CONN_SECONDS);
	evhttp_set_allowed_methods(m->http, METHODS);
	evhttp_set_bevcb(m->http, take_place, m);
	evhttp_set_gencb(m->http, on_request, m);
	return true;
}

static bool
make_loop(struct metrics *m)
{
	m->base = event_base_new();
	m->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (m->base == NULL || m->stop_fd < 0)
		return false;
	m->stop_event = event_new(m->base, m->stop_fd, EV_READ, on_stop, m);
	m->tick_event = evtimer_new(m->base, on_tick, m);
	return m->stop_event != NULL && m->tick_event != NULL &&
	       event_add(m->stop_event, NULL) == 0;
}

static struct metrics *
make(const struct metrics_sources *sources,
    const struct metrics_subject *subject, int fd)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (m == NULL) {
		(void)close(fd);
		return NULL;
	}
	m->sources = *sources;
	m->addr = subject->config->metrics.listen;
	m->subject = hold(subject);
	m->stop_fd = -1;
	(void)pthread_mutex_init(&m->lock, NULL);
	list_init(&m->taken);
	list_init(&m->free);
	for (size_t i = 0; i < METRICS_CONNS; i++)
		list_append(&m->free, &m->places[i].link);
	if (!make_loop(m)) {
		(void)close(fd);
		metrics_free(m);
		return NULL;
	}
	if (!make_http(m, fd)) {
		metrics_free(m);
		return NULL;
	}
	return m;
}

/* A new one for the address of the configuration. */
static int
open_new(const struct metrics_sources *sources,
    const struct metrics_subject *subject, struct metrics **ret)
{
	const struct config_addr *addr = &subject->config->metrics.listen;
	int fd = -1;
	int rc = metrics_port_open(addr, sources->log, &fd);
	struct metrics *m;

	if (rc != 0)
		return rc;
	m = make(sources, subject, fd);
	if (m == NULL) {
		log_err(sources->log, "metrics: no memory");
		return -ENOMEM;
	}
	*ret = m;
	return 0;
}

int
metrics_prepare(struct metrics *old, const struct metrics_sources *sources,
    const struct metrics_subject *subject, struct metrics **ret)
{
	const struct config_addr *addr = &subject->config->metrics.listen;

	if (addr->len == 0) {
		*ret = NULL;
		return 0;
	}
	if (old != NULL && old->addr.len == addr->len &&
	    memcmp(&old->addr.ss, &addr->ss, addr->len) == 0) {
		*ret = old;
		return 0;
	}
	return open_new(sources, subject, ret);
}

void
metrics_update(struct metrics *m, const struct metrics_subject *subject)
{
	struct metrics_subject old;

	if (m == NULL)
		return;
	(void)pthread_mutex_lock(&m->lock);
	old = m->subject;
	m->subject = hold(subject);
	(void)pthread_mutex_unlock(&m->lock);
	let_go(&old);
}

void
metrics_drain(struct metrics *m)
{
	if (m != NULL)
		atomic_store(&m->draining, true);
}

/* evhttp_free() frees all of its connections, and ours are the last references:
 * what is left is done by event_base_free(). */
static void
free_http(struct metrics *m)
{
	if (m->http == NULL)
		return;
	evhttp_free(m->http);
	for (size_t i = 0; i < METRICS_CONNS; i++)
		if (m->places[i].conn != NULL)
			(void)bufferevent_decref(m->places[i].conn);
}

static void
join(struct metrics *m)
{
	if (!m->is_running)
		return;
	(void)eventfd_write(m->stop_fd, 1);
	(void)pthread_join(m->thread, NULL);
	m->is_running = false;
}

void
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	join(m);
	free_http(m);
	if (m->stop_event != NULL)
		event_free(m->stop_event);
	if (m->tick_event != NULL)
		event_free(m->tick_event);
	if (m->base != NULL)
		event_base_free(m->base);
	if (m->stop_fd >= 0)
		(void)close(m->stop_fd);
	let_go(&m->subject);
	(void)pthread_mutex_destroy(&m->lock);
	free(m);
}
