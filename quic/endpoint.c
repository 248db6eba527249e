/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An endpoint: a set of UDP ports with one router in each of its workers.
 *
 * Workers share a port by SO_REUSEPORT.  The first socket is bound without
 * the flag, so that a port that somebody else uses is noticed instead of
 * shared silently; it gets the flag afterwards, and the others are bound in the
 * order of the workers, which is the order that the kernel numbers them in
 * and the steering program speaks of.  No socket of a group is closed alone.
 */
#include "quic/internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct evquic_endpoint {
	size_t nworkers;
	struct quic_steer steer;
	struct quic_router routers[];
};

struct evquic_endpoint *
evquic_endpoint_new(struct evquic_worker *const *workers, size_t nworkers)
{
	uint8_t key[QUIC_STEER_KEY_LEN];
	struct evquic_endpoint *e;

	assert(nworkers >= 1 && nworkers <= QUIC_MAX_WORKERS);
	e = calloc(1, sizeof(*e) + nworkers * sizeof(e->routers[0]));
	if (e == NULL)
		return NULL;
	random_bytes(&workers[0]->random, key, sizeof(key));
	quic_steer_init(&e->steer, key, (uint32_t)nworkers);
	for (size_t i = 0; i < nworkers; i++) {
		struct quic_router *r = &e->routers[i];

		quic_router_init(r, workers[i], e);
		r->index = (uint32_t)i;
		r->steer = &e->steer;
		e->nworkers++;
		if (quic_inbox_init(r) != 0) {
			evquic_endpoint_free(e);
			return NULL;
		}
	}
	return e;
}

void
evquic_endpoint_steer(struct evquic_endpoint *e, const uint8_t key[16])
{
	quic_steer_init(&e->steer, key, (uint32_t)e->nworkers);
}

struct quic_router *
quic_endpoint_owner(struct evquic_endpoint *e, const uint8_t *data, size_t len)
{
	return &e->routers[quic_steer_datagram(&e->steer, data, len)];
}

void
evquic_endpoint_free(struct evquic_endpoint *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < e->nworkers; i++)
		quic_router_done(&e->routers[i]);
	free(e);
}

struct quic_router *
quic_endpoint_router(struct evquic_endpoint *e, size_t worker)
{
	assert(worker < e->nworkers);
	return &e->routers[worker];
}

/* ------------------------------------------------------------- listen -- */

static int
allow_sharing(int fd)
{
	int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0
		   ? 0
		   : -errno;
}

/* Opens and binds one worker's socket; `addr` gets the port it was given. */
static int
bind_one(union quic_addr *addr, bool first, int *ret_fd)
{
	socklen_t len = quic_addr_len(addr);
	int fd, rc = quic_udp_open(addr->sa.sa_family, &fd);

	if (rc != 0)
		return rc;
	if (!first)
		rc = allow_sharing(fd);
	if (rc == 0 && bind(fd, &addr->sa, len) != 0)
		rc = -errno;
	if (rc == 0 && first)
		rc = allow_sharing(fd);
	if (rc == 0 && getsockname(fd, &addr->sa, &len) != 0)
		rc = -errno;
	if (rc != 0) {
		close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

/* Closes the newest socket of the first `n` routers again. */
static void
unlisten(struct evquic_endpoint *e, size_t n)
{
	while (n-- > 0)
		quic_socket_free(container_of(
		    e->routers[n].sockets.prev, struct quic_socket, link));
}

int
evquic_endpoint_listen(struct evquic_endpoint *e, const struct sockaddr *addr,
    struct sockaddr_storage *ret_bound)
{
	union quic_addr bound;
	int first = -1;

	if (!quic_addr_copy(&bound, addr))
		return -EAFNOSUPPORT;
	for (size_t i = 0; i < e->nworkers; i++) {
		int fd = -1, rc = bind_one(&bound, i == 0, &fd);

		if (rc == 0 &&
		    quic_socket_new(&e->routers[i], fd, &bound, false) == NULL)
			rc = -ENOMEM;
		if (rc != 0) {
			unlisten(e, i);
			return rc;
		}
		if (i == 0)
			first = fd;
	}
	/* Without it the kernel spreads by addresses, and workers hand over. */
	if (e->nworkers > 1)
		(void)quic_steer_attach(&e->steer, first);
	if (ret_bound != NULL) {
		memset(ret_bound, 0, sizeof(*ret_bound));
		memcpy(ret_bound, &bound, sizeof(bound));
	}
	return 0;
}

/* --------------------------------------------------------------- serve -- */

void
evquic_endpoint_serve(
    struct evquic_endpoint *e, size_t worker, struct evquic_service *service)
{
	struct quic_router *r = quic_endpoint_router(e, worker);
	struct evquic_service *old = r->service;

	r->service = evquic_service_ref(service);
	evquic_service_unref(old);
}

/* Calls `visit` for each connection, each of which may die meanwhile. */
static void
each_conn(struct quic_router *r,
    void (*visit)(struct evquic_conn *c, uint64_t code), uint64_t code)
{
	struct list *l, *next;

	for (l = r->conns.next; l != &r->conns; l = next) {
		next = l->next;
		visit(container_of(l, struct evquic_conn, link), code);
	}
}

static void
drain_conn(struct evquic_conn *c, uint64_t code)
{
	(void)code;
	if (c->drain_told)
		return;
	c->drain_told = true;
	if (c->opened && c->app->drain != NULL)
		c->app->drain(c);
	else
		evquic_conn_close(c, 0, NULL);
}

static void
close_conn(struct evquic_conn *c, uint64_t code)
{
	evquic_conn_close(c, code, NULL);
}

void
evquic_endpoint_drain(struct evquic_endpoint *e, size_t worker,
    void (*idle)(void *arg), void *arg)
{
	struct quic_router *r = quic_endpoint_router(e, worker);

	r->draining = true;
	r->idle = idle;
	r->idle_arg = arg;
	each_conn(r, drain_conn, 0);
	quic_worker_want_flush(r->worker);
}

void
evquic_endpoint_close(struct evquic_endpoint *e, size_t worker, uint64_t code)
{
	each_conn(quic_endpoint_router(e, worker), close_conn, code);
}

/* ------------------------------------------------------------- service -- */

static const struct evquic_limits default_limits = {
    .size = sizeof(struct evquic_limits),
    .stream_window = QUIC_STREAM_WINDOW,
    .conn_window = QUIC_CONN_WINDOW,
    .conn_window_max = QUIC_CONN_WINDOW_MAX,
    .idle_timeout_ms = (uint32_t)(QUIC_IDLE_TIMEOUT / NSEC_PER_MSEC),
};

/* Limits with the defaults filled in. */
void
quic_limits_fill(struct evquic_limits *ret, const struct evquic_app *app,
    const struct evquic_limits *given)
{
	const struct evquic_limits *from = given != NULL ? given : &app->limits;

	*ret = *from;
	if (ret->stream_window == 0)
		ret->stream_window = default_limits.stream_window;
	if (ret->conn_window == 0)
		ret->conn_window = default_limits.conn_window;
	if (ret->conn_window_max < ret->conn_window)
		ret->conn_window_max =
		    ret->conn_window > default_limits.conn_window_max
			? ret->conn_window
			: default_limits.conn_window_max;
	if (ret->idle_timeout_ms == 0)
		ret->idle_timeout_ms = default_limits.idle_timeout_ms;
}

bool
quic_app_is_whole(const struct evquic_app *app)
{
	bool pulls = app->pull != NULL;

	return app->size == sizeof(*app) && app->alpn != NULL &&
	       app->alpn[0] != '\0' && strlen(app->alpn) <= UINT8_MAX &&
	       app->opened != NULL && app->closed != NULL &&
	       app->stream_data != NULL && app->stream_reset != NULL &&
	       app->stream_stopped != NULL && app->stream_closed != NULL &&
	       (app->pulled != NULL) == pulls &&
	       (app->blocked != NULL) == pulls && (app->acked != NULL) == pulls;
}

static bool
is_whole(const struct evquic_door *door)
{
	return door == NULL ||
	       (door->size == sizeof(*door) && door->arrived != NULL &&
		   door->settled != NULL && door->left != NULL);
}

struct evquic_service *
evquic_service_new(const struct evquic_service_options *o)
{
	struct evquic_service *s;
	bool whole =
	    o->size == sizeof(*o) && o->cred != NULL && o->noffers >= 1 &&
	    o->noffers <= QUIC_MAX_OFFERS &&
	    (!o->early_data || (o->early_seen != NULL && !o->no_tickets)) &&
	    is_whole(o->door);

	for (size_t i = 0; whole && i < o->noffers; i++)
		whole = quic_app_is_whole(o->offers[i].app);
	if (!whole) {
		errno = EINVAL;
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	atomic_init(&s->refs, 1);
	s->cred = evquic_cred_ref(o->cred);
	s->noffers = o->noffers;
	for (size_t i = 0; i < o->noffers; i++) {
		s->offers[i] = o->offers[i];
		quic_limits_fill(
		    &s->limits[i], o->offers[i].app, o->offers[i].limits);
		s->offers[i].limits = &s->limits[i];
	}
	s->handshake_timeout = o->handshake_timeout_ms != 0
				   ? o->handshake_timeout_ms * NSEC_PER_MSEC
				   : QUIC_HANDSHAKE_TIMEOUT;
	s->max_bytes = o->max_bytes;
	memcpy(s->reset_key, o->reset_key, sizeof(s->reset_key));
	memcpy(s->token_key, o->token_key, sizeof(s->token_key));
	s->versions = o->version_2 ? &quic_version_2_and_1 : &quic_version_1;
	s->door = o->door;
	s->has_old_keys = o->has_old_keys;
	memcpy(s->old_reset_key, o->old_reset_key, sizeof(s->old_reset_key));
	memcpy(s->old_token_key, o->old_token_key, sizeof(s->old_token_key));
	s->retry = o->retry;
	s->retry_above =
	    o->retry_above != 0 ? o->retry_above : QUIC_RETRY_ABOVE;
	memcpy(s->ticket_key, o->ticket_key, sizeof(s->ticket_key));
	s->no_tickets = o->no_tickets;
	s->early_data = o->early_data;
	if (o->early_seen != NULL)
		s->early_seen = evquic_replay_ref(o->early_seen);
	s->tokens_seen = o->tokens_seen != NULL
			     ? evquic_replay_ref(o->tokens_seen)
			     : evquic_replay_new(QUIC_TOKENS_SEEN);
	if (s->tokens_seen == NULL) {
		evquic_service_unref(s);
		errno = ENOMEM;
		return NULL;
	}
	return s;
}

struct evquic_service *
evquic_service_ref(struct evquic_service *s)
{
	if (s != NULL)
		atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void
evquic_service_unref(struct evquic_service *s)
{
	if (s == NULL ||
	    atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	evquic_cred_unref(s->cred);
	evquic_replay_unref(s->tokens_seen);
	explicit_bzero(s->reset_key, sizeof(s->reset_key));
	explicit_bzero(s->token_key, sizeof(s->token_key));
	explicit_bzero(s->ticket_key, sizeof(s->ticket_key));
	evquic_replay_unref(s->early_seen);
	explicit_bzero(s->old_reset_key, sizeof(s->old_reset_key));
	explicit_bzero(s->old_token_key, sizeof(s->old_token_key));
	free(s);
}
