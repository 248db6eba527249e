/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection's worker, the same for client and server: it feeds ngtcp2,
 * writes what ngtcp2 and the application have to say, keeps one timer, and
 * ends.
 *
 *	HANDSHAKE --complete--> OPEN
 *	    |                     |
 *	    +------- any end -----+--> DEAD --flush--> freed
 *
 * The application is told (`opened`) when the handshake is complete, or when
 * there is early data: by a server with its first stream, by a client before
 * the first packet.
 *
 * CLOSING and DRAINING (RFC 9000 10.2) are no states of a connection here: it
 * dies at once and leaves a tombstone, which is all that they need.
 *
 * Every event ends the same way: the connection joins the ready list, and the
 * flush writes, then sets the timer.  ngtcp2 is called by quic_conn_recv(),
 * quic_conn_flush() and the timer, and never from within its own callbacks
 * except for what may be called there.
 */
#include "quic/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------- life, death -- */

static void on_timer(struct timer *timer, nsec now);

struct evquic_conn *
quic_conn_new(struct quic_socket *s, const ngtcp2_path *path, nsec now)
{
	struct quic_router *r = s->router;
	struct evquic_worker *w = r->worker;
	struct evquic_conn *c = account_calloc(&w->account, 1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->router = r;
	c->socket = s;
	c->state = QUIC_HANDSHAKE;
	c->started = now;
	c->account.parent = &w->account;
	quic_mem_init(c);
	(void)quic_addr_copy(&c->local, path->local.addr);
	(void)quic_addr_copy(&c->remote, path->remote.addr);
	timer_init(&c->timer, on_timer);
	list_init(&c->cids);
	list_init(&c->streams);
	list_init(&c->sendq);
	list_init(&c->ready_link);
	list_init(&c->half_link);
	list_append(&r->conns, &c->link);
	r->nconns++;
	counter_add(&w->conns_now, 1);
	ngtcp2_ccerr_default(&c->error);
	return c;
}

void
quic_conn_free(struct evquic_conn *c)
{
	struct evquic_worker *w = c->router->worker;

	assert(list_is_empty(&c->streams) && list_is_empty(&c->cids));
	assert(c->unacked == 0 && c->kept == 0);
	ngtcp2_conn_del(c->qc);
	quic_mem_done(c);
	if (c->tls != NULL)
		account_refund(&c->account, QUIC_TLS_BYTES);
	quic_tls_free(c->tls);
	evquic_service_unref(c->service);
	if (!c->server)
		quic_socket_free(c->socket);
	assert(counter_get(&c->account.bytes) == 0);
	account_free(&w->account, c);
}

static void
count_end(struct evquic_conn *c, enum evquic_closed_by by)
{
	struct quic_counters *n = &c->router->worker->counters;
	counter *which[] = {
	    [EVQUIC_CLOSED_LOCALLY] = &n->closed_local,
	    [EVQUIC_CLOSED_BY_PEER] = &n->closed_by_peer,
	    [EVQUIC_CLOSED_IDLE] = &n->closed_idle,
	    [EVQUIC_CLOSED_RESET] = &n->closed_reset,
	    [EVQUIC_CLOSED_TIMEOUT] = &n->closed_timeout,
	    [EVQUIC_CLOSED_DROPPED] = &n->closed_dropped,
	    [EVQUIC_CLOSED_FAILED] = &n->closed_failed,
	};

	counter_add(which[by], 1);
	if (c->state == QUIC_HANDSHAKE && by != EVQUIC_CLOSED_DROPPED)
		counter_add(&n->handshakes_failed, 1);
}

/* Tells the application of the end: first every stream, then the whole. */
static void
tell_closed(struct evquic_conn *c, enum evquic_closed_by by)
{
	struct evquic_conn_stats stats;
	struct list todo, *l;

	/* The application may let go of any stream meanwhile. */
	list_init(&todo);
	list_splice(&todo, &c->streams);
	while ((l = list_pop(&todo)) != NULL) {
		list_append(&c->streams, l);
		quic_stream_closed(container_of(l, struct evquic_stream, link));
	}
	if (c->app != NULL && (c->opened || !c->server)) {
		evquic_conn_stats(c, &stats);
		stats.closed_by = by;
		c->app->closed(c, &stats);
	}
	while (!list_is_empty(&c->streams))
		evquic_stream_release(
		    container_of(c->streams.next, struct evquic_stream, link));
}

void
quic_conn_die(struct evquic_conn *c, enum evquic_closed_by by)
{
	struct quic_router *r = c->router;
	struct evquic_worker *w = r->worker;

	assert(c->state != QUIC_DEAD);
	count_end(c, by);
	if (c->server && c->state == QUIC_HANDSHAKE) {
		w->handshakes--;
		if (!c->proved)
			quic_worker_add_fruitless(w);
	}
	c->state = QUIC_DEAD;
	tell_closed(c, by);
	while (!list_is_empty(&c->cids))
		quic_cid_free(
		    r, container_of(c->cids.next, struct quic_cid, link));
	timer_cancel(&w->timers, &c->timer);
	list_remove(&c->ready_link);
	list_remove(&c->half_link);
	list_remove(&c->link);
	if (!c->server)
		c->socket->owner = NULL;
	else if (c->service->door != NULL)
		c->service->door->left(w, c->guest, c->proved);
	r->nconns--;
	counter_sub(&w->conns_now, 1);
	list_append(&w->dead, &c->link);
	quic_worker_want_flush(w);
}

/* RFC 9000 8.1: who completes a handshake is where it says.  False if the
 * service, which knows that only now, does not want it. */
static bool
settle_client(struct evquic_conn *c)
{
	struct evquic_worker *w = c->router->worker;
	const struct evquic_door *door = c->service->door;

	w->handshakes--;
	list_remove(&c->half_link);
	if (!c->proved)
		c->proved = door == NULL || door->settled(w, c->guest);
	return c->proved;
}

int
quic_conn_open(struct evquic_conn *c)
{
	assert(c->state != QUIC_DEAD && c->app != NULL);
	if (c->opened)
		return 0;
	c->opened = true;
	return c->app->opened(c);
}

/*
 * RFC 9001 4.6.2: whoever was refused begins all streams anew.  GnuTLS does not
 * tell ngtcp2, which would send again what it takes for lost, and compare
 * limits that do not count any more.
 */
static void
settle_early(struct evquic_conn *c)
{
	bool again = !c->stats.early_data;

	if (!c->opened) {
		c->settled = true;
		return;
	}
	if (again)
		(void)ngtcp2_conn_tls_early_data_rejected(c->qc);
	quic_stream_settle_early(c, again);
}

int
quic_conn_complete(struct evquic_conn *c)
{
	struct evquic_worker *w = c->router->worker;

	assert(c->state == QUIC_HANDSHAKE);
	c->state = QUIC_OPEN;
	c->stats.handshake_done = true;
	c->stats.handshake_ns = w->io.now(w->io.ctx) - c->started;
	counter_add(&w->counters.handshakes_done, 1);
	if (!c->server) {
		quic_tls_client_done(c);
		settle_early(c);
	} else if (!settle_client(c)) {
		counter_add(&w->counters.refused_unwelcome, 1);
		quic_conn_abandon(
		    c, NGTCP2_CONNECTION_REFUSED, "too many connections");
		return 0;
	}
	return quic_conn_open(c);
}

/* ------------------------------------------------------------- closing -- */

static void
copy_reason(struct evquic_conn *c, const void *reason, size_t len)
{
	if (len > QUIC_MAX_REASON)
		len = QUIC_MAX_REASON;
	if (len > 0)
		memcpy(c->reason, reason, len);
	c->stats.reason = c->reason;
	c->stats.reason_len = len;
}

/* Notes an error of QUIC's own; it is sent by the next flush. */
static void
want_close(struct evquic_conn *c, int rv)
{
	if (c->close_wanted)
		return;
	c->close_wanted = true;
	if (rv == NGTCP2_ERR_CRYPTO)
		ngtcp2_ccerr_set_tls_alert(
		    &c->error, ngtcp2_conn_get_tls_alert(c->qc), NULL, 0);
	else
		ngtcp2_ccerr_set_liberr(&c->error, rv, NULL, 0);
	c->stats.application = false;
	c->stats.code = c->error.error_code;
	quic_worker_ready(c);
}

void
evquic_conn_close(struct evquic_conn *c, uint64_t code, const char *reason)
{
	if (c->state == QUIC_DEAD || c->close_wanted)
		return;
	c->close_wanted = true;
	copy_reason(c, reason, reason != NULL ? strlen(reason) : 0);
	ngtcp2_ccerr_set_application_error(
	    &c->error, code, (const uint8_t *)c->reason, c->stats.reason_len);
	c->stats.application = true;
	c->stats.code = code;
	quic_worker_ready(c);
}

void
quic_conn_abandon(struct evquic_conn *c, uint64_t code, const char *reason)
{
	if (c->state == QUIC_DEAD || c->close_wanted)
		return;
	c->close_wanted = true;
	copy_reason(c, reason, strlen(reason));
	ngtcp2_ccerr_set_transport_error(
	    &c->error, code, (const uint8_t *)c->reason, c->stats.reason_len);
	c->stats.application = false;
	c->stats.code = code;
	quic_worker_ready(c);
}

/* The peer has closed, or reset: nothing more is sent (RFC 9000 10.2.2). */
static void
drain(struct evquic_conn *c, nsec now)
{
	const ngtcp2_ccerr *e = ngtcp2_conn_get_ccerr(c->qc);
	enum evquic_closed_by by = EVQUIC_CLOSED_BY_PEER;

	if (c->stats.closed_by == EVQUIC_CLOSED_RESET)
		by = EVQUIC_CLOSED_RESET;
	c->stats.application = e->type == NGTCP2_CCERR_TYPE_APPLICATION;
	c->stats.code = e->error_code;
	copy_reason(c, e->reason, e->reasonlen);
	if (c->server)
		quic_router_bury(c, NULL, 0,
		    now + QUIC_CLOSE_PTOS * ngtcp2_conn_get_pto(c->qc));
	quic_conn_die(c, by);
}

/* Sends CONNECTION_CLOSE and leaves a tombstone that repeats it. */
static void
send_close(struct evquic_conn *c, nsec now)
{
	size_t size = ngtcp2_conn_get_max_tx_udp_payload_size(c->qc);
	uint8_t packet[QUIC_MAX_TX_PAYLOAD];
	ngtcp2_path_storage ps;
	ngtcp2_pkt_info pi;
	ngtcp2_ssize n;
	uint8_t *room = quic_tx_room(c->socket, size);

	if (room == NULL) {
		list_append(&c->socket->waiting, &c->ready_link);
		return;
	}
	ngtcp2_path_storage_zero(&ps);
	n = ngtcp2_conn_write_connection_close(
	    c->qc, &ps.path, &pi, room, size, &c->error, now);
	if (n > 0) {
		memcpy(packet, room, (size_t)n);
		quic_write_commit(c, &ps.path, &pi, room, (size_t)n);
		if (c->server)
			quic_router_bury(c, packet, (size_t)n,
			    now + QUIC_CLOSE_PTOS * ngtcp2_conn_get_pto(c->qc));
	}
	quic_conn_die(c, EVQUIC_CLOSED_LOCALLY);
}

/* --------------------------------------------------------------- input -- */

/* RFC 9001 4: once the handshake is complete and a ticket is given a server
 * needs no TLS; what comes in CRYPTO frames then is answered by callbacks.c. */
static void
drop_tls(struct evquic_conn *c)
{
	if (!c->server || c->tls == NULL ||
	    !ngtcp2_conn_get_handshake_completed(c->qc))
		return;
	if (!c->close_wanted)
		quic_tls_give_ticket(c);
	ngtcp2_conn_set_tls_native_handle(c->qc, NULL);
	quic_tls_free(c->tls);
	c->tls = NULL;
	account_refund(&c->account, QUIC_TLS_BYTES);
}

/* What ngtcp2 said to a packet or a timer. */
static void
settle(struct evquic_conn *c, int rv, nsec now)
{
	if (c->starved)
		rv = NGTCP2_ERR_NOMEM;
	switch (rv) {
	case 0:
		drop_tls(c);
		quic_worker_ready(c);
		break;
	case NGTCP2_ERR_RETRY:
		/* The ClientHello does not begin in its first packet: nothing
		 * is kept for who cannot be answered (RFC 9000 8.1).  ngtcp2
		 * says so to nobody who has proved its address. */
		quic_stateless_retry(c->socket, ngtcp2_conn_get_path(c->qc),
		    ngtcp2_conn_get_client_chosen_version(c->qc),
		    ngtcp2_conn_get_client_initial_dcid(c->qc),
		    ngtcp2_conn_get_dcid(c->qc));
		quic_conn_die(c, EVQUIC_CLOSED_DROPPED);
		break;
	case NGTCP2_ERR_DRAINING:
		drain(c, now);
		break;
	case NGTCP2_ERR_DROP_CONN:
		counter_add(&c->router->worker->counters.drop_undecryptable, 1);
		quic_conn_die(c, EVQUIC_CLOSED_DROPPED);
		break;
	case NGTCP2_ERR_IDLE_CLOSE:
		quic_conn_die(c, EVQUIC_CLOSED_IDLE);
		break;
	case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
		quic_conn_die(c, EVQUIC_CLOSED_TIMEOUT);
		break;
	case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
		/* The server does not speak the version that was asked for. */
		quic_conn_die(c, EVQUIC_CLOSED_BY_PEER);
		break;
	default:
		want_close(c, rv);
		break;
	}
}

void
quic_conn_recv(struct evquic_conn *c, const ngtcp2_path *path,
    const ngtcp2_pkt_info *pi, const uint8_t *data, size_t len, nsec now)
{
	int rv;

	assert(c->state != QUIC_DEAD);
	c->stats.packets_in++;
	c->stats.bytes_in += len;
	c->heard = true;
	c->heard_at = now;
	if (c->starved)
		want_close(c, NGTCP2_ERR_NOMEM);
	if (c->close_wanted)
		return; /* answered by the close that this turn sends */
	rv = ngtcp2_conn_read_pkt(c->qc, path, pi, data, len, now);
	if (!c->server)
		quic_tls_tell_session(c);
	settle(c, rv, now);
	quic_budget_check(c);
}

static void
on_timer(struct timer *timer, nsec now)
{
	struct evquic_conn *c = container_of(timer, struct evquic_conn, timer);

	if (c->more) {
		c->more = false;
		quic_worker_ready(c);
	} else if (c->expiry > now) {
		/* It was set for something that has moved back since. */
		if (c->expiry != NSEC_NEVER)
			timer_arm(&c->router->worker->timers, timer, c->expiry);
	} else {
		quic_mtu_check(c, now);
		settle(c, ngtcp2_conn_handle_expiry(c->qc, now), now);
	}
}

/* -------------------------------------------------------------- output -- */

/* The path in use may be another one since the last packet. */
static void
follow_path(struct evquic_conn *c)
{
	const ngtcp2_path *path = ngtcp2_conn_get_path(c->qc);

	c->socket = path->user_data;
	(void)quic_addr_copy(&c->local, path->local.addr);
	(void)quic_addr_copy(&c->remote, path->remote.addr);
}

/* A client with early data may talk before anything is sent. */
static void
open_early(struct evquic_conn *c)
{
	if (!c->early_wanted)
		return;
	c->early_wanted = false;
	if (quic_conn_open(c) != 0)
		quic_conn_abandon(c, NGTCP2_INTERNAL_ERROR, "");
}

void
quic_conn_flush(struct evquic_conn *c, nsec now)
{
	int rv;

	assert(c->state != QUIC_DEAD);
	follow_path(c);
	if (c->socket->parked != NULL) {
		list_append(&c->socket->waiting, &c->ready_link);
		return;
	}
	open_early(c);
	if (c->starved)
		want_close(c, NGTCP2_ERR_NOMEM);
	if (c->heard && c->state == QUIC_OPEN && !c->close_wanted) {
		c->heard = false;
		quic_stream_find_stopped(c, now);
	}
	if (!c->close_wanted) {
		c->writing = true;
		rv = quic_write_packets(c, now);
		c->writing = false;
		if (rv != 0)
			want_close(c, rv);
	}
	if (c->close_wanted) {
		list_remove(&c->ready_link);
		if (c->starved)
			quic_conn_die(c, EVQUIC_CLOSED_FAILED);
		else
			send_close(c, now);
		return;
	}
	if (c->more || c->expiry < now)
		c->expiry = now; /* nobody is late for what was not yet asked */
	if (c->expiry != NSEC_NEVER)
		timer_arm_earlier(
		    &c->router->worker->timers, &c->timer, c->expiry);
}

/* -------------------------------------------------------------- access -- */

void
evquic_conn_set_data(struct evquic_conn *c, void *data)
{
	c->data = data;
}

void *
evquic_conn_data(const struct evquic_conn *c)
{
	return c->data;
}

void *
evquic_conn_arg(const struct evquic_conn *c)
{
	return c->arg;
}

struct evquic_worker *
evquic_conn_worker(const struct evquic_conn *c)
{
	return c->router->worker;
}

const struct sockaddr *
evquic_conn_peer(const struct evquic_conn *c)
{
	return &c->remote.sa;
}

const struct sockaddr *
evquic_conn_local(const struct evquic_conn *c)
{
	return &c->local.sa;
}

bool
evquic_conn_is_handshake_done(const struct evquic_conn *c)
{
	return c->stats.handshake_done;
}

const char *
evquic_conn_verify_error(const struct evquic_conn *c)
{
	return quic_tls_verify_error(c->tls);
}

void
evquic_conn_stats(const struct evquic_conn *c, struct evquic_conn_stats *ret)
{
	ngtcp2_conn_info info;

	*ret = c->stats;
	ret->account_bytes = counter_get(&c->account.bytes) + sizeof(*c);
	if (c->qc == NULL)
		return;
	ret->version = ngtcp2_conn_get_negotiated_version(c->qc);
	if (ret->version == 0)
		ret->version = ngtcp2_conn_get_client_chosen_version(c->qc);
	ngtcp2_conn_get_conn_info(c->qc, &info);
	ret->cwnd_bytes = info.cwnd;
	ret->rtt_ns = c->stats.handshake_done ? info.smoothed_rtt : 0;
}

bool
evquic_conn_is_closing(const struct evquic_conn *c)
{
	return c->close_wanted || c->state == QUIC_DEAD;
}

void
evquic_conn_ready(struct evquic_conn *c)
{
	quic_worker_ready(c);
}

void
evquic_conn_keep(struct evquic_conn *c, size_t before, size_t now)
{
	assert(before <= c->kept);
	c->kept = c->kept - before + now;
	account_charge(&c->router->worker->account, now);
	account_refund(&c->router->worker->account, before);
}

size_t
evquic_conn_unacked(const struct evquic_conn *c)
{
	return c->unacked;
}
