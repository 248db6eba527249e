/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking by TCP: one connection to a server takes all queries and pipelines
 * them (RFC 7766 6.2.1.1); answers come in any order and are matched by ID and
 * question.
 *
 *	queue of the lane --flush--> connection --answer--> ask.c
 *
 * A connection ends: idle; told so by the server (keepalive 0, RFC 7828 3.2.2);
 * when it is stalled, that is, a query's turn passed and nothing came at all;
 * when the server closes it, which loses nothing: its queries are asked again
 * by a new one (RFC 7766 6.2.4).  A server that closes after so many answers
 * is given just so many queries in one connection for a while.
 *
 * A connection that ended, or takes no new queries and has none left, is freed
 * by the flush, never earlier.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/wire.h"
#include "resolver/back/internal.h"

/* RFC 7828 3.1: the unit of the option's timeout, and its length. */
#define KEEPALIVE_UNIT (100 * NSEC_PER_MSEC)
#define KEEPALIVE_LEN 2

static struct back_attempt *
attempt_of(struct list *carrier)
{
	return container_of(carrier, struct back_attempt, carrier);
}

/* No new queries: the next one opens another connection. */
static void
retire(struct back_conn *conn)
{
	struct back_lane *lane = conn->lane;

	conn->is_retired = true;
	if (lane->conn == conn)
		lane->conn = NULL;
	back_lane_raise(lane);
}

bool
back_conn_is_idle(const struct back_conn *conn)
{
	return conn->is_dead || conn->by_id.count == 0;
}

void
back_conn_kill(struct back_conn *conn)
{
	conn->is_dead = true;
	retire(conn);
}

static void
free_conn(struct back_conn *conn)
{
	struct upstream *u = conn->server->upstream;

	net_stream_close(&conn->stream);
	timer_cancel(u->env.timers, &conn->idle);
	hash_done(&conn->by_id);
	list_remove(&conn->link);
	counter_sub(&u->env.counters->tcp_connections, 1);
	free(conn);
}

/* Tells all that wait in `from` that nothing will come. */
static void
lose_all(struct list *from, int error, bool may_retry)
{
	struct list all;
	struct list *l;

	list_init(&all);
	list_splice(&all, from);
	while ((l = list_pop(&all)) != NULL) {
		list_append(from, l);
		back_ask_on_lost(attempt_of(l), error, may_retry);
	}
}

/* Remembers how many answers this server gives before it closes. */
static void
learn_quota(struct back_conn *conn)
{
	struct back_server *s = conn->server;
	nsec now = back_now(s->upstream);

	if (conn->answered == 0)
		return;
	s->quota = conn->answered;
	s->quota_until = nsec_add(now, UPSTREAM_QUOTA_TIME);
}

/* Nothing is outstanding any longer. */
static void
on_drained(struct back_conn *conn)
{
	struct upstream *u = conn->server->upstream;

	if (conn->is_retired)
		back_lane_raise(conn->lane);
	else
		timer_arm(u->env.timers, &conn->idle,
		    nsec_add(back_now(u), conn->idle_time));
}

static void
on_open(struct net_stream *stream)
{
	struct back_conn *conn = container_of(stream, struct back_conn, stream);

	conn->was_open = true;
	back_edns_note_local(
	    conn->server->upstream, stream->watch.fd, &conn->local);
	back_lane_raise(conn->lane);
	on_drained(conn); /* perhaps nobody waits for it any longer */
}

static void
on_closed(struct net_stream *stream, int error)
{
	struct back_conn *conn = container_of(stream, struct back_conn, stream);
	struct back_server *s = conn->server;
	struct upstream *u = s->upstream;

	back_conn_kill(conn);
	if (!conn->was_open) {
		BACK_COUNT(u, tcp_connect_failed);
		back_server_on_failure(s, back_now(u));
		lose_all(&conn->lane->queue, error, false);
		return;
	}
	if (error == -EBADMSG)
		BACK_COUNT(u, tcp_bad_frame);
	if (conn->by_id.count == 0)
		return;
	BACK_COUNT(u, tcp_closed_early);
	learn_quota(conn);
	lose_all(&conn->waiting, error == 0 ? -ECONNRESET : error, true);
}

/* RFC 7828 3.2.2: how long the server lets an idle connection stand. */
static void
note_keepalive(struct back_conn *conn, const struct dns_response *r)
{
	const uint8_t *options = r->msg + r->edns.options;
	struct dns_option option;
	size_t pos = 0;
	nsec time;

	if (!r->edns.has_keepalive)
		return;
	while (
	    dns_option_next(options, r->edns.options_len, &pos, &option) == 1) {
		if (option.code != DNS_OPTION_KEEPALIVE ||
		    option.len != KEEPALIVE_LEN)
			continue;
		time = dns_get16(option.data) * KEEPALIVE_UNIT;
		if (time < conn->idle_time)
			conn->idle_time = time;
		if (time == 0) {
			BACK_COUNT(conn->server->upstream, tcp_keepalive_zero);
			retire(conn);
		}
	}
}

/* A message that answers nothing: bounded patience (RFC 7766 7). */
static void
on_mismatch(struct back_conn *conn)
{
	if (++conn->mismatches >= BACK_CONN_MAX_MISMATCHES)
		back_conn_kill(conn);
}

static void
take_answer(struct back_conn *conn, struct back_attempt *a, const uint8_t *msg,
    size_t len)
{
	struct dns_response response;
	enum dns_match match = back_match_check(a, msg, len, &response);

	if (match == DNS_MATCH_IGNORE) {
		on_mismatch(conn);
		return;
	}
	a->is_answered = true;
	conn->answered++;
	switch (match) {
	case DNS_MATCH_ACCEPT:
		note_keepalive(conn, &response);
		back_ask_on_answer(a, &response);
		break;
	case DNS_MATCH_TRUNCATED:
		back_ask_on_unusable(a);
		break;
	case DNS_MATCH_BROKEN:
	case DNS_MATCH_CASE:
	case DNS_MATCH_IGNORE:
		back_ask_on_broken(a);
		break;
	}
}

static void
on_message(struct net_stream *stream, const uint8_t *msg, size_t len)
{
	struct back_conn *conn = container_of(stream, struct back_conn, stream);
	struct upstream *u = conn->server->upstream;
	struct hash_node *node;

	if (conn->is_dead)
		return;
	BACK_COUNT(u, tcp_received);
	conn->last_answer = back_now(u);
	node = hash_find(&conn->by_id, dns_get16(msg + DNS_OFF_ID), NULL);
	if (node != NULL) {
		take_answer(conn, container_of(node, struct back_attempt, node),
		    msg, len);
	} else if (conn->forgotten > 0) {
		conn->forgotten--;
		BACK_COUNT(u, late_answers);
	} else {
		BACK_COUNT(u, mismatch_id);
		on_mismatch(conn);
	}
}

static const struct net_stream_app conn_app = {
    .on_open = on_open,
    .on_message = on_message,
    .on_closed = on_closed,
};

static void
on_idle(struct timer *timer, nsec now)
{
	struct back_conn *conn = container_of(timer, struct back_conn, idle);

	(void)now;
	if (conn->by_id.count > 0)
		return;
	BACK_COUNT(conn->server->upstream, tcp_idle_closed);
	back_conn_kill(conn);
}

/* The first octets of a connection whose server is told of the client.  They
 * go with the first query: Knot Resolver 5.6 takes a query that comes by itself
 * for one of ours. */
static int
write_header(struct back_conn *conn)
{
	const struct back_lane *lane = conn->lane;
	struct evquic_buf *b;

	if (lane->header_len == 0 || conn->has_header)
		return 0;
	b = buf_new(&conn->server->upstream->bufs, lane->header_len);
	if (b == NULL)
		return -ENOMEM;
	memcpy(b->data, lane->header, lane->header_len);
	b->len = lane->header_len;
	conn->has_header = true;
	return net_stream_send_bare(&conn->stream, b);
}

static int
open_conn(struct back_lane *lane)
{
	struct back_server *s = lane->server;
	struct upstream *u = s->upstream;
	struct back_conn *conn = calloc(1, sizeof(*conn));
	int rc;

	if (conn == NULL)
		return -ENOMEM;
	conn->lane = lane;
	conn->server = s;
	conn->idle_time = BACK_CONN_IDLE_TIME;
	list_init(&conn->link);
	list_append(&lane->conns, &conn->link);
	list_init(&conn->waiting);
	hash_init(&conn->by_id);
	timer_init(&conn->idle, on_idle);
	net_stream_init(&conn->stream, &u->stream_env, &conn_app);
	counter_add(&u->env.counters->tcp_connections, 1);
	BACK_COUNT(u, tcp_connects);
	rc = net_stream_connect(&conn->stream,
	    (const struct sockaddr *)&s->addr.ss, s->addr.len,
	    nsec_add(back_now(u), BACK_CONN_CONNECT_TIME));
	if (rc < 0) {
		BACK_COUNT(u, tcp_connect_failed);
		free_conn(conn);
		return rc;
	}
	lane->conn = conn;
	return 0;
}

static size_t
count_conns(const struct back_lane *lane)
{
	const struct list *l = lane->conns.next;
	size_t count = 0;

	for (; l != &lane->conns; l = l->next)
		count++;
	return count;
}

static bool
has_room(const struct back_conn *conn)
{
	return conn->by_id.count < BACK_CONN_MAX_OUTSTANDING &&
	       net_stream_can_send(&conn->stream);
}

/* RFC 7766 6.2.1: no ID twice while it is outstanding in this connection. */
static uint16_t
draw_id(struct back_conn *conn)
{
	struct upstream *u = conn->server->upstream;
	uint16_t id;

	do {
		random_bytes(u->env.random, &id, sizeof(id));
	} while (hash_find(&conn->by_id, id, NULL) != NULL);
	return id;
}

static int
write_query(struct back_conn *conn, struct back_attempt *a)
{
	struct upstream *u = conn->server->upstream;
	const struct dns_query *query = a->ask->query;
	struct back_message m;
	struct dns_buf out;
	struct evquic_buf *b;
	int rc;

	back_match_build(a, &conn->local, &m);
	b = buf_new(&u->bufs, dns_query_build_bound(query, &m.how));
	if (b == NULL)
		return -ENOMEM;
	out = (struct dns_buf){.data = b->data, .size = buf_room(b)};
	rc = dns_query_build(query, &m.how, &out);
	assert(rc == 0); /* the bound is one */
	b->len = (uint32_t)out.len;
	return net_stream_send(&conn->stream, b);
}

/* Takes the first of the queue.  0, or why it could not be sent. */
static int
send_first(struct back_lane *lane)
{
	struct back_conn *conn = lane->conn;
	struct upstream *u = lane->server->upstream;
	struct back_attempt *a = attempt_of(lane->queue.next);
	int rc;

	a->id = draw_id(conn);
	rc = write_header(conn);
	if (rc == 0)
		rc = write_query(conn, a);
	if (rc < 0) {
		back_ask_on_lost(a, rc, false);
		return rc;
	}
	BACK_COUNT(u, tcp_sent);
	list_remove(&a->carrier);
	list_append(&conn->waiting, &a->carrier);
	hash_add(&conn->by_id, &a->node, a->id);
	timer_cancel(u->env.timers, &conn->idle);
	a->conn = conn;
	a->sends = 1;
	a->sent_at = back_now(u);
	a->ask->was_sent = true;
	conn->sent++;
	return 0;
}

/* Sends what the connection takes. */
static void
send_queue(struct back_lane *lane)
{
	const struct back_server *s = lane->server;
	bool has_quota = back_now(s->upstream) < s->quota_until;
	struct back_conn *conn = lane->conn;
	int rc = 0;

	while (!list_is_empty(&lane->queue) && lane->conn == conn && rc == 0 &&
	       has_room(conn)) {
		if (has_quota && conn->sent >= s->quota)
			break;
		rc = send_first(lane);
	}
	net_stream_flush(&conn->stream);
	/* Enough for this one: the rest goes by the next. */
	if (has_quota && conn->sent >= s->quota && lane->conn == conn)
		retire(conn);
}

void
back_conn_pump(struct back_lane *lane)
{
	struct back_server *s = lane->server;
	int rc;

	if (list_is_empty(&lane->queue))
		return;
	if (lane->conn == NULL) {
		/* One that finishes is waited for, it is soon gone. */
		if (count_conns(lane) >= BACK_CONN_MAX)
			return;
		rc = open_conn(lane);
		if (rc < 0) {
			back_server_on_failure(s, back_now(s->upstream));
			lose_all(&lane->queue, rc, false);
			return;
		}
	}
	if (lane->conn->stream.state == NET_STREAM_OPEN)
		send_queue(lane);
}

int
back_conn_start(struct back_attempt *a)
{
	struct back_lane *lane;
	int rc = back_lane_get(a, &lane);

	if (rc < 0)
		return rc;
	list_append(&lane->queue, &a->carrier);
	back_lane_raise(lane);
	return 0;
}

/* Makes room for a new connection if all that may be are finishing. */
static void
make_room(struct back_lane *lane)
{
	if (lane->conn == NULL && count_conns(lane) >= BACK_CONN_MAX)
		back_conn_kill(
		    container_of(lane->conns.next, struct back_conn, link));
}

bool
back_conn_is_stalled(struct back_attempt *a)
{
	struct back_conn *conn = a->conn;

	if (conn == NULL || conn->last_answer >= a->sent_at)
		return false;
	retire(conn);
	make_room(conn->lane);
	return true;
}

void
back_conn_forget(struct back_attempt *a)
{
	struct back_conn *conn = a->conn;

	/* Given up after a silence: as if its turn had passed, so that the
	 * next query does not wait behind an answer that does not come. */
	if (conn != NULL && !a->is_answered &&
	    nsec_add(a->sent_at, UPSTREAM_FIRST_WAIT) <=
		back_now(conn->server->upstream))
		(void)back_conn_is_stalled(a);
	list_remove(&a->carrier);
	if (conn == NULL)
		return;
	hash_remove(&conn->by_id, &a->node);
	a->conn = NULL;
	if (!a->is_answered)
		conn->forgotten++;
	if (conn->by_id.count == 0)
		on_drained(conn);
}

void
back_conn_reap(struct back_lane *lane)
{
	struct list *l = lane->conns.next;

	while (l != &lane->conns) {
		struct back_conn *conn =
		    container_of(l, struct back_conn, link);

		l = l->next;
		if (conn->is_dead && conn->by_id.count > 0) {
			/* Killed by us: may move anything but `conns`. */
			net_stream_close(&conn->stream);
			lose_all(&conn->waiting, -ECONNRESET, true);
		}
		if (conn->is_dead ||
		    (conn->is_retired && conn->by_id.count == 0))
			free_conn(conn);
	}
}

void
back_conn_done(struct back_lane *lane)
{
	while (!list_is_empty(&lane->conns))
		free_conn(
		    container_of(lane->conns.next, struct back_conn, link));
}
