/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The router: whose datagram is this?
 *
 * Cheap questions first, each drop counted under its reason: source, empty,
 * too short, QUIC bit, known ID, version, token.  What is left goes to its
 * connection by a function call; an Initial packet of nobody's begins a
 * connection.
 *
 * A closed connection leaves a tombstone for three probe timeouts: its IDs, and
 * the CONNECTION_CLOSE to say again when the peer did not hear it (RFC 9000
 * 10.2.1), to every datagram whose number is a power of two, and never more
 * than three bytes for one.  A draining one says nothing (10.2.2).
 */
#include "quic/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LONG_HEADER 0x80
#define QUIC_BIT 0x40

/* RFC 9000 8: what an address that is not validated may be sent, for each
 * byte that came from it. */
#define AMPLIFICATION 3

/* A short header packet: first byte, ID, and enough for header protection to
 * sample (RFC 9001 5.4.2), packet number and tag. */
#define SHORT_MIN (1 + QUIC_CID_LEN + 4 + 16)

void
quic_router_init(
    struct quic_router *r, struct evquic_worker *w, struct evquic_endpoint *e)
{
	*r = (struct quic_router){.worker = w, .endpoint = e};
	list_init(&r->sockets);
	list_init(&r->conns);
	list_init(&r->halves);
	list_init(&r->tombstones);
	hash_init(&r->cids);
	random_bytes(&w->random, r->cid_key, sizeof(r->cid_key));
	list_append(&w->routers, &r->link);
}

/* ---------------------------------------------------------- tombstones -- */

static void
free_tombstone(struct quic_tombstone *t)
{
	struct quic_router *r = t->router;
	struct evquic_worker *w = r->worker;

	while (!list_is_empty(&t->cids))
		quic_cid_free(
		    r, container_of(t->cids.next, struct quic_cid, link));
	timer_cancel(&w->timers, &t->timer);
	list_remove(&t->link);
	r->ntombstones--;
	counter_sub(&w->tombstones_now, 1);
	account_free(&w->account, t);
}

void
quic_router_forget(struct quic_router *r, size_t n)
{
	for (; n > 0 && !list_is_empty(&r->tombstones); n--) {
		counter_add(&r->worker->counters.tombstones_forgotten, 1);
		free_tombstone(container_of(
		    r->tombstones.next, struct quic_tombstone, link));
	}
}

static void
on_tombstone_timer(struct timer *timer, nsec now)
{
	(void)now;
	free_tombstone(container_of(timer, struct quic_tombstone, timer));
}

void
quic_router_bury(
    struct evquic_conn *conn, const uint8_t *packet, size_t len, nsec deadline)
{
	struct quic_router *r = conn->router;
	struct evquic_worker *w = r->worker;
	struct quic_tombstone *t =
	    account_calloc(&w->account, 1, sizeof(*t) + len);

	if (t == NULL)
		return; /* its late packets find nobody: allowed, if unkind */
	if (r->ntombstones >= QUIC_MAX_TOMBSTONES)
		quic_router_forget(r, 1);
	t->router = r;
	/* A client's socket closes with its connection. */
	t->socket = conn->server ? conn->socket : NULL;
	t->local = conn->local;
	t->remote = conn->remote;
	t->len = (uint32_t)len;
	if (len > 0)
		memcpy(t->packet, packet, len);
	list_init(&t->cids);
	for (int i = 0; i < QUIC_TOMBSTONE_CIDS && !list_is_empty(&conn->cids);
	     i++) {
		struct quic_cid *cid =
		    container_of(conn->cids.prev, struct quic_cid, link);

		account_refund(&conn->account, sizeof(*cid));
		cid->conn = NULL;
		cid->tomb = t;
		list_remove(&cid->link);
		list_append(&t->cids, &cid->link);
	}
	list_append(&r->tombstones, &t->link);
	r->ntombstones++;
	counter_add(&w->tombstones_now, 1);
	timer_init(&t->timer, on_tombstone_timer);
	timer_arm(&w->timers, &t->timer, deadline);
}

/* Something came for a closed connection. */
static void
answer_late(struct quic_tombstone *t, size_t len)
{
	struct evquic_worker *w = t->router->worker;
	ngtcp2_path path = {
	    .local = {&t->local.sa, quic_addr_len(&t->local)},
	    .remote = {&t->remote.sa, quic_addr_len(&t->remote)},
	};
	uint8_t *room;

	counter_add(&w->counters.drop_tombstone, 1);
	t->received++;
	t->bytes_in += len;
	if (t->len == 0 || t->socket == NULL ||
	    (t->received & (t->received - 1)) != 0 ||
	    t->bytes_out + t->len > AMPLIFICATION * t->bytes_in)
		return;
	room = quic_tx_room(t->socket, t->len);
	if (room == NULL)
		return;
	memcpy(room, t->packet, t->len);
	quic_tx_commit(t->socket, &path, 0, t->len);
	t->bytes_out += t->len;
	quic_worker_want_flush(w);
}

/* ------------------------------------------------------------- routing -- */

/*
 * A client's socket is its connection's alone and goes with it.  A peer that
 * is known from another one must not lead a connection over to it, and nobody
 * begins one there.
 */
static bool
is_at_home(const struct quic_socket *s, const struct evquic_conn *c)
{
	return c->server ? !s->connected : s->owner == c;
}

/* False, and counted, if its sender may be a victim of who sent this: before
 * an address is validated nothing is said to such a port. */
static bool
may_answer(const struct quic_socket *s, const ngtcp2_path *path)
{
	if (s->connected || !quic_source_is_service(path->remote.addr))
		return true;
	counter_add(&s->router->worker->counters.drop_service_port, 1);
	return false;
}

static void
deliver(struct quic_cid *cid, const ngtcp2_path *path,
    const ngtcp2_pkt_info *pi, const uint8_t *data, size_t len, nsec now)
{
	const struct quic_socket *s = path->user_data;

	if (cid->tomb != NULL)
		answer_late(cid->tomb, len);
	else if (s->owner == NULL &&
		 quic_source_is_trap(cid->conn, path->remote.addr))
		counter_add(&s->router->worker->counters.drop_move, 1);
	else if (is_at_home(s, cid->conn))
		quic_conn_recv(cid->conn, path, pi, data, len, now);
	else
		counter_add(&s->router->worker->counters.drop_unknown_cid, 1);
}

/*
 * A packet of no known ID, or too short to have one.  On a client's socket it
 * may be a stateless reset (RFC 9000 10.3.1): its connection knows, once the
 * handshake has told it the token.  On a server's it may draw one.
 */
static void
deliver_stray(struct quic_socket *s, const ngtcp2_path *path,
    const ngtcp2_pkt_info *pi, const uint8_t *data, size_t len, nsec now)
{
	struct quic_counters *n = &s->router->worker->counters;

	if (s->owner != NULL && s->owner->state == QUIC_OPEN &&
	    len >= QUIC_RESET_MIN) {
		quic_conn_recv(s->owner, path, pi, data, len, now);
		return;
	}
	counter_add(len < SHORT_MIN ? &n->drop_short : &n->drop_unknown_cid, 1);
	if (may_answer(s, path))
		quic_stateless_reset(s, path, data, len, now);
}

/* RFC 9000 8.1: who has to prove its address before it costs us anything? */
static bool
is_retry_due(const struct quic_router *r)
{
	switch (r->service->retry) {
	case EVQUIC_RETRY_ALWAYS:
		return true;
	case EVQUIC_RETRY_NEVER:
		return false;
	case EVQUIC_RETRY_AUTO:
		break;
	}
	return quic_worker_handshakes(r->worker) >= r->service->retry_above ||
	       quic_budget_is_over(r);
}

/* True if a client's token, or that there is none, lets it in. */
static bool
is_proved(struct quic_socket *s, const ngtcp2_path *path,
    const struct quic_initial *in)
{
	switch (in->proof) {
	case QUIC_PROOF_RETRY:
	case QUIC_PROOF_TOKEN:
		return true;
	case QUIC_PROOF_FALSE:
		/* RFC 9000 8.1.2: it would take no second Retry. */
		quic_stateless_refuse(s, path, &in->hd, NGTCP2_INVALID_TOKEN);
		return false;
	case QUIC_PROOF_NONE:
		break;
	}
	if (!is_retry_due(s->router))
		return true;
	quic_stateless_retry(
	    s, path, in->hd.version, &in->hd.dcid, &in->hd.scid);
	return false;
}

/* True if the service lets a client in; it is its guest then. */
static bool
is_welcome(
    struct quic_socket *s, const ngtcp2_path *path, struct quic_initial *in)
{
	struct evquic_worker *w = s->router->worker;
	const struct evquic_door *door = s->router->service->door;
	bool proved = in->proof != QUIC_PROOF_NONE;

	in->guest = NULL;
	if (door == NULL)
		return true;
	switch (door->arrived(w, path->remote.addr, proved, &in->guest)) {
	case EVQUIC_WELCOME:
		return true;
	case EVQUIC_WELCOME_PROVED:
		assert(!proved);
		quic_stateless_retry(
		    s, path, in->hd.version, &in->hd.dcid, &in->hd.scid);
		return false;
	case EVQUIC_UNWELCOME:
		break;
	}
	counter_add(&w->counters.refused_unwelcome, 1);
	quic_stateless_refuse(s, path, &in->hd, NGTCP2_CONNECTION_REFUSED);
	return false;
}

/* True if there is memory for one connection more. */
static bool
has_room(struct quic_socket *s, const ngtcp2_path *path,
    const struct quic_initial *in)
{
	struct quic_router *r = s->router;

	if (quic_budget_make_room(r))
		return true;
	counter_add(&r->worker->counters.refused_memory, 1);
	quic_stateless_refuse(s, path, &in->hd, NGTCP2_CONNECTION_REFUSED);
	quic_guest_leaves(r, in);
	return false;
}

/* True if one more connection may begin in this wake-up. */
static bool
has_turn(struct quic_router *r)
{
	if (r->accepts < QUIC_ACCEPTS_PER_WAKEUP)
		return true;
	counter_add(&r->worker->counters.drop_accept_limit, 1);
	return false; /* the client sends it again */
}

/*
 * True if a first packet begins a connection.  A token that proves an address
 * once is spent by a packet that is looked at, not by one that the client sends
 * again.
 */
static bool
may_begin(
    struct quic_socket *s, const ngtcp2_path *path, struct quic_initial *in)
{
	if (in->proof == QUIC_PROOF_TOKEN) {
		if (!has_turn(s->router))
			return false;
		quic_token_spend(s->router, in);
	}
	return is_proved(s, path, in) && has_turn(s->router) &&
	       is_welcome(s, path, in) && has_room(s, path, in);
}

/*
 * The client goes on with a Retry, so it has left the connection that another
 * datagram of its first flight began (RFC 9000 17.2.5.2): that of the ID and
 * the address to which the token was given.  Retry was drawn by a part of the
 * ClientHello that came before its beginning; see conn.c.
 */
static void
shed_left(struct quic_router *r, const ngtcp2_path *path,
    const struct quic_initial *in)
{
	struct quic_cid *cid =
	    quic_cid_find(r, in->odcid.data, in->odcid.datalen);
	union quic_addr remote;

	if (in->proof != QUIC_PROOF_RETRY || cid == NULL || cid->conn == NULL)
		return;
	(void)quic_addr_copy(&remote, path->remote.addr);
	if (cid->conn->server && cid->conn->state == QUIC_HANDSHAKE &&
	    memcmp(&cid->conn->remote, &remote, sizeof(remote)) == 0)
		quic_conn_die(cid->conn, EVQUIC_CLOSED_DROPPED);
}

/* An Initial packet of nobody's: a new connection, perhaps. */
static void
accept_packet(struct quic_socket *s, const ngtcp2_path *path,
    const ngtcp2_pkt_info *pi, const uint8_t *data, size_t len, nsec now)
{
	struct quic_router *r = s->router;
	struct quic_counters *n = &r->worker->counters;
	struct quic_initial in;
	struct evquic_conn *c;

	/* Only an Initial of 1200 bytes or more with an ID of 8 octets or more
	 * passes (RFC 9000 7.2, 14.1), and not on a client's socket. */
	if (s->connected || ngtcp2_accept(&in.hd, data, len) != 0) {
		counter_add(&n->drop_unknown_cid, 1);
		return;
	}
	if (!may_answer(s, path))
		return;
	if (r->service == NULL || r->draining) {
		counter_add(&n->drop_not_serving, 1);
		return;
	}
	quic_token_judge(r, path, &in);
	if (!may_begin(s, path, &in))
		return;
	if (quic_conn_accept(s, path, &in, now, &c) != 0) {
		counter_add(&n->drop_memory, 1);
		return;
	}
	r->accepts++;
	shed_left(r, path, &in);
	quic_conn_recv(c, path, pi, data, len, now);
}

/* True if a connection of this version may begin here, or lives here: what
 * our own clients speak is their affair. */
static bool
is_spoken(const struct quic_socket *s, uint32_t version)
{
	const struct evquic_service *service = s->router->service;
	const struct quic_versions *v =
	    service != NULL ? service->versions : &quic_version_1;

	return quic_version_is_one_of(
	    s->connected ? &quic_version_2_and_1 : v, version);
}

/* What a long header's version field says, if there is one. */
static bool
is_of_spoken_version(
    const struct quic_socket *s, const uint8_t *data, size_t len)
{
	uint32_t version;

	if (len <= sizeof(version))
		return true;
	memcpy(&version, data + 1, sizeof(version));
	return is_spoken(s, ntohl(version));
}

static void
route_long(struct quic_socket *s, const ngtcp2_path *path,
    const ngtcp2_pkt_info *pi, const uint8_t *data, size_t len, nsec now)
{
	struct quic_router *r = s->router;
	struct quic_counters *n = &r->worker->counters;
	struct quic_cid *cid = NULL;
	ngtcp2_version_cid vc;
	int rv = ngtcp2_pkt_decode_version_cid(&vc, data, len, QUIC_CID_LEN);

	if (rv == 0)
		cid = quic_cid_find(r, vc.dcid, vc.dcidlen);
	/* ngtcp2 knows version 2 (RFC 9369), which may be off: for who comes
	 * now, not for a connection that was there before. */
	if (rv == 0 && cid == NULL && vc.version != 0 &&
	    !is_spoken(s, vc.version))
		rv = len >= QUIC_MIN_INITIAL ? NGTCP2_ERR_VERSION_NEGOTIATION
					     : NGTCP2_ERR_INVALID_ARGUMENT;
	if (rv == NGTCP2_ERR_VERSION_NEGOTIATION && r->service != NULL &&
	    !s->connected) {
		/* Unknown version, and 1200 bytes or more (RFC 9000 5.2.2);
		 * its IDs may have up to 255 octets. */
		if (may_answer(s, path))
			quic_stateless_version(s, path, &vc, now);
		return;
	}
	if (rv != 0) {
		counter_add(is_of_spoken_version(s, data, len)
				? &n->drop_malformed
				: &n->drop_version,
		    1);
		return;
	}
	/* In versions that we know the bit is 1 (RFC 9000 17.2); Version
	 * Negotiation, which clients get too, says nothing of it. */
	if (vc.version != 0 && !(data[0] & QUIC_BIT)) {
		counter_add(&n->drop_fixed_bit, 1);
		return;
	}
	if (cid != NULL)
		deliver(cid, path, pi, data, len, now);
	else if (vc.version == 0)
		counter_add(&n->drop_version, 1); /* 6.1: never answered */
	else
		accept_packet(s, path, pi, data, len, now);
}

void
quic_router_recv(struct quic_socket *s, const ngtcp2_path *path,
    const ngtcp2_pkt_info *pi, const uint8_t *data, size_t len, nsec now)
{
	struct quic_router *r = s->router, *owner = r;

	if (!s->connected && quic_source_is_none(s, path)) {
		counter_add(&r->worker->counters.drop_source, 1);
		return;
	}
	if (r->steer->workers > 1 && !s->connected)
		owner = quic_endpoint_owner(r->endpoint, data, len);
	if (owner == r)
		quic_router_recv_own(s, path, pi, data, len, now);
	else
		quic_inbox_put(owner, s, path, pi, data, len);
}

void
quic_router_recv_own(struct quic_socket *s, const ngtcp2_path *path,
    const ngtcp2_pkt_info *pi, const uint8_t *data, size_t len, nsec now)
{
	struct quic_router *r = s->router;
	struct quic_counters *n = &r->worker->counters;
	struct quic_cid *cid;

	if (len == 0) {
		/* ngtcp2 asserts that there is a byte. */
		counter_add(&n->drop_empty, 1);
		return;
	}
	if (!(data[0] & QUIC_BIT) && !(data[0] & LONG_HEADER)) {
		counter_add(&n->drop_fixed_bit, 1);
		return;
	}
	if (data[0] & LONG_HEADER) {
		route_long(s, path, pi, data, len, now);
		return;
	}
	cid = len > QUIC_CID_LEN ? quic_cid_find(r, data + 1, QUIC_CID_LEN)
				 : NULL;
	if (cid == NULL)
		deliver_stray(s, path, pi, data, len, now);
	else if (len < SHORT_MIN)
		counter_add(&n->drop_short, 1);
	else
		deliver(cid, path, pi, data, len, now);
}

void
quic_router_done(struct quic_router *r)
{
	/* Who frees a router need not be told that it is empty. */
	r->idle = NULL;
	while (!list_is_empty(&r->conns))
		quic_conn_die(
		    container_of(r->conns.next, struct evquic_conn, link),
		    EVQUIC_CLOSED_LOCALLY);
	while (!list_is_empty(&r->tombstones))
		free_tombstone(container_of(
		    r->tombstones.next, struct quic_tombstone, link));
	/* And with them clients' sockets. */
	quic_worker_free_dead(r->worker);
	while (!list_is_empty(&r->sockets))
		quic_socket_free(
		    container_of(r->sockets.next, struct quic_socket, link));
	evquic_service_unref(r->service);
	quic_inbox_done(r);
	hash_done(&r->cids);
	list_remove(&r->link);
}
