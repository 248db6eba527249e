/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream, and the bytes that it keeps until they are acknowledged.
 *
 *	head ... [acked_off          unsent ... [unsent_off          tail
 *	 sent, waiting for the acknowledgement | not yet sent
 *
 * A stream is in its connection's sendq while it has something that may be
 * offered to ngtcp2: unsent bytes or an end, and no lack of credit.
 *
 * An object lives until both have let go: ngtcp2 (closed) and the application
 * (released).  Only then the peer is given credit for another stream, so that
 * what a peer can make us hold is bounded by the streams he may have open.
 */
#include "quic/internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

struct evquic_stream *
quic_stream_new(struct evquic_conn *c, int64_t id)
{
	struct evquic_worker *w = c->router->worker;
	struct evquic_stream *s = pool_get(&w->streams);

	if (s == NULL)
		return NULL;
	*s = (struct evquic_stream){.conn = c, .id = id};
	list_append(&c->streams, &s->link);
	list_init(&s->send_link);
	account_charge(&c->account, sizeof(*s));
	counter_add(&w->streams_now, 1);
	counter_add(&w->counters.streams_opened, 1);
	c->stats.streams++;
	return s;
}

static bool
is_live(const struct evquic_conn *c)
{
	return c->state != QUIC_DEAD;
}

/* Gives the peer the stream's place and its bytes of the window back. */
static void
return_credit(struct evquic_stream *s)
{
	ngtcp2_conn *qc = s->conn->qc;

	if (s->unconsumed > 0)
		ngtcp2_conn_extend_max_offset(qc, s->unconsumed);
	s->unconsumed = 0;
	/* RFC 9000 4.2, 4.6: said at once, not when the peer complains. */
	quic_worker_ready(s->conn);
	if (!s->closed || ngtcp2_conn_is_local_stream(qc, s->id))
		return;
	if (ngtcp2_is_bidi_stream(s->id))
		ngtcp2_conn_extend_max_streams_bidi(qc, 1);
	else
		ngtcp2_conn_extend_max_streams_uni(qc, 1);
}

static void
free_stream(struct evquic_stream *s)
{
	struct evquic_conn *c = s->conn;
	struct evquic_worker *w = c->router->worker;

	assert(s->head == NULL && !list_is_linked(&s->send_link));
	list_remove(&s->link);
	account_refund(&c->account, sizeof(*s));
	counter_sub(&w->streams_now, 1);
	pool_put(&w->streams, s);
}

/* ------------------------------------------------------------- buffers -- */

static void
pop_head(struct evquic_stream *s)
{
	struct evquic_buf *b = s->head;

	s->head = b->next;
	if (s->head == NULL)
		s->tail = NULL;
	s->acked_off = 0;
	s->unacked -= b->len;
	s->conn->unacked -= b->len;
	buf_free(b);
}

/* Nothing more of it is offered. */
static void
withdraw(struct evquic_stream *s)
{
	s->shut = true;
	s->unsent = NULL;
	list_remove(&s->send_link);
}

void
quic_stream_shut(struct evquic_stream *s)
{
	withdraw(s);
	/* ngtcp2 does not look at the bytes of a stream that was reset. */
	while (s->head != NULL)
		pop_head(s);
}

/*
 * Asks ngtcp2 whether the peer has stopped our direction.  ngtcp2 answers
 * STOP_SENDING by itself and tells nobody (its callback of that name is about
 * our own frames), but then it refuses to write: more bytes than a stream can
 * ever have are refused with another error while a stream may still send, and
 * neither changes anything.  Once our end was sent nobody needs to know; while
 * it waits in the sendq, the refusal will be seen by conn.c when it is offered.
 */
static bool
is_stopped(const struct evquic_stream *s, nsec now)
{
	uint8_t packet[1];
	const ngtcp2_vec too_much = {packet, SIZE_MAX};
	bool receives_only = !ngtcp2_is_bidi_stream(s->id) &&
			     !ngtcp2_conn_is_local_stream(s->conn->qc, s->id);

	if (s->shut || s->closed || s->fin_sent || receives_only)
		return false;
	if (s->fin_wanted && list_is_linked(&s->send_link))
		return false;
	return ngtcp2_conn_writev_stream(s->conn->qc, NULL, NULL, packet,
		   sizeof(packet), NULL, 0, s->id, &too_much, 1,
		   now) == NGTCP2_ERR_STREAM_SHUT_WR;
}

void
quic_stream_find_stopped(struct evquic_conn *c, nsec now)
{
	struct list todo, *l;

	/* The application may let go of any stream meanwhile. */
	list_init(&todo);
	list_splice(&todo, &c->streams);
	while ((l = list_pop(&todo)) != NULL) {
		struct evquic_stream *s =
		    container_of(l, struct evquic_stream, link);

		list_append(&c->streams, l);
		if (!is_stopped(s, now))
			continue;
		counter_add(&c->router->worker->counters.streams_stopped, 1);
		quic_stream_shut(s);
		if (!s->released && !c->close_wanted)
			c->app->stream_stopped(s, 0);
	}
}

bool
quic_stream_is_stuck(const struct evquic_stream *s, nsec then)
{
	bool under_way = s->lent > 0 ||
			 (s->head != NULL && (s->unsent != s->head ||
						 s->unsent_off > s->acked_off));

	return under_way && s->sent_at < then;
}

void
quic_stream_acked(struct evquic_stream *s, uint64_t len)
{
	const struct evquic_app *app = s->conn->app;

	if (app->pull != NULL) {
		s->lent -= len;
		if (!s->released)
			app->acked(s, len);
		return;
	}
	while (len > 0 && s->head != NULL) {
		uint64_t left = s->head->len - s->acked_off;

		if (len < left) {
			s->acked_off += (uint32_t)len;
			return;
		}
		len -= left;
		pop_head(s);
	}
}

bool
quic_stream_has_drained(struct evquic_stream *s)
{
	if (!s->watched || s->shut || s->released || s->unacked > s->mark)
		return false;
	s->watched = false;
	return true;
}

bool
evquic_stream_watch(struct evquic_stream *s, size_t mark)
{
	assert(s->conn->app->stream_drained != NULL);
	s->watched = s->unacked > mark;
	s->mark = mark;
	return s->watched;
}

size_t
evquic_stream_unacked(const struct evquic_stream *s)
{
	return s->unacked;
}

static void
join_sendq(struct evquic_stream *s)
{
	if (!list_is_linked(&s->send_link))
		list_append(&s->conn->sendq, &s->send_link);
	quic_worker_ready(s->conn);
}

static void
append(struct evquic_stream *s, struct evquic_buf *b, size_t len)
{
	b->len = (uint32_t)len;
	b->next = NULL;
	if (s->tail != NULL)
		s->tail->next = b;
	else
		s->head = b;
	s->tail = b;
	if (s->unsent == NULL) {
		s->unsent = b;
		s->unsent_off = 0;
	}
	s->unacked += len;
	s->conn->unacked += len;
}

int
evquic_stream_write(
    struct evquic_stream *s, struct evquic_buf *buf, size_t len, bool fin)
{
	assert(s->conn->app->pull == NULL);
	assert(buf == NULL ? len == 0 : len <= buf_room(buf));
	assert(!s->fin_wanted || s->shut);
	if (s->shut || s->closed || s->conn->close_wanted ||
	    !is_live(s->conn)) {
		buf_free(buf);
		return -EPIPE;
	}
	if (len > 0)
		append(s, buf, len);
	else
		buf_free(buf);
	s->fin_wanted = fin;
	if (len > 0 || fin)
		join_sendq(s);
	quic_budget_check(s->conn);
	return 0;
}

/* -------------------------------------------------------------- chunks -- */

/* Collects what a stream has to send. */
static void
fill_chunk(struct evquic_stream *s, struct evquic_chunk *ret)
{
	size_t max = sizeof(ret->iov) / sizeof(ret->iov[0]);
	struct evquic_buf *b = s->unsent;
	uint32_t off = s->unsent_off;

	ret->stream = s;
	ret->iovcnt = 0;
	for (; b != NULL && ret->iovcnt < max; b = b->next, off = 0)
		ret->iov[ret->iovcnt++] =
		    (struct iovec){b->data + off, b->len - off};
	ret->fin = s->fin_wanted && b == NULL;
}

bool
quic_stream_next_chunk(struct evquic_conn *c, struct evquic_chunk *ret)
{
	if (c->app == NULL || !c->opened)
		return false;
	if (c->app->pull != NULL)
		return c->app->pull(c, ret);
	if (list_is_empty(&c->sendq))
		return false;
	fill_chunk(
	    container_of(c->sendq.next, struct evquic_stream, send_link), ret);
	return true;
}

void
quic_stream_taken(const struct evquic_chunk *chunk, size_t len, bool fin)
{
	struct evquic_stream *s = chunk->stream;
	const struct evquic_app *app = s->conn->app;

	s->fin_sent = s->fin_sent || fin;
	if (app->pull != NULL) {
		s->lent += len;
		app->pulled(s, len, fin);
		return;
	}
	while (s->unsent != NULL && len >= s->unsent->len - s->unsent_off) {
		len -= s->unsent->len - s->unsent_off;
		s->unsent = s->unsent->next;
		s->unsent_off = 0;
	}
	if (s->unsent != NULL)
		s->unsent_off += (uint32_t)len;
	/* The others' turn: a long answer does not hold up short ones. */
	list_remove(&s->send_link);
	if (s->unsent != NULL || (s->fin_wanted && !s->fin_sent))
		list_append(&s->conn->sendq, &s->send_link);
}

void
quic_stream_blocked(const struct evquic_chunk *chunk)
{
	struct evquic_stream *s = chunk->stream;

	if (s->conn->app->pull != NULL)
		s->conn->app->blocked(s, true);
	else
		list_remove(&s->send_link);
}

void
quic_stream_unblock(struct evquic_stream *s)
{
	if (s->conn->app->pull != NULL) {
		if (!s->released)
			s->conn->app->blocked(s, false);
		quic_worker_ready(s->conn);
	} else if (s->unsent != NULL || (s->fin_wanted && !s->fin_sent)) {
		join_sendq(s);
	}
}

/* ----------------------------------------------------------- lifetime -- */

int
evquic_stream_open(
    struct evquic_conn *c, bool bidi, struct evquic_stream **ret_stream)
{
	struct evquic_stream *s;
	int64_t id;
	int rv;

	if (!c->opened || !is_live(c) || c->close_wanted)
		return -ENOTCONN;
	if ((bidi ? ngtcp2_conn_get_streams_bidi_left(c->qc)
		  : ngtcp2_conn_get_streams_uni_left(c->qc)) == 0)
		return -EAGAIN;
	s = quic_stream_new(c, -1);
	if (s == NULL)
		return -ENOMEM;
	rv = bidi ? ngtcp2_conn_open_bidi_stream(c->qc, &id, s)
		  : ngtcp2_conn_open_uni_stream(c->qc, &id, s);
	if (rv != 0) {
		free_stream(s);
		return -ENOMEM;
	}
	s->id = id;
	*ret_stream = s;
	return 0;
}

void
quic_stream_closed(struct evquic_stream *s)
{
	if (s->closed)
		return;
	s->closed = true;
	quic_stream_shut(s);
	if (!s->released) {
		s->conn->app->stream_closed(s);
		return;
	}
	if (is_live(s->conn))
		return_credit(s);
	free_stream(s);
}

/*
 * While a client's handshake runs ngtcp2 drops what streams have to say but for
 * their bytes: resets and the like wait for its end.  Until then early data
 * that seems lost is sent again, so its bytes stay.
 */
static bool
has_to_wait(const struct evquic_stream *s)
{
	return !s->conn->server && s->conn->state == QUIC_HANDSHAKE;
}

static void
send_reset(struct evquic_stream *s)
{
	s->reset_late = has_to_wait(s);
	/* Only this direction: the other function would send STOP_SENDING
	 * too. */
	if (!s->reset_late) {
		(void)ngtcp2_conn_shutdown_stream_write(
		    s->conn->qc, 0, s->id, s->reset_code);
		quic_stream_shut(s);
	}
	quic_worker_ready(s->conn);
}

static void
send_stop(struct evquic_stream *s)
{
	s->stop_late = has_to_wait(s);
	if (!s->stop_late)
		(void)ngtcp2_conn_shutdown_stream_read(
		    s->conn->qc, 0, s->id, s->stop_code);
	quic_worker_ready(s->conn);
}

/*
 * Gives a stream of ours that ngtcp2 has forgotten a new one there, of the same
 * ID, since they come in the same order; false if the peer allows none.
 */
static bool
begin_again(struct evquic_stream *s)
{
	ngtcp2_conn *qc = s->conn->qc;

	list_remove(&s->send_link);
	if ((ngtcp2_is_bidi_stream(s->id)
		    ? ngtcp2_conn_open_bidi_stream(qc, &s->id, s)
		    : ngtcp2_conn_open_uni_stream(qc, &s->id, s)) != 0)
		return false;
	s->unsent = s->head;
	s->unsent_off = 0;
	s->fin_sent = false;
	if (!s->shut && (s->unsent != NULL || s->fin_wanted))
		join_sendq(s);
	return true;
}

void
quic_stream_settle_early(struct evquic_conn *c, bool again)
{
	struct list todo, *l;

	/* The application may let go of any stream meanwhile. */
	list_init(&todo);
	list_splice(&todo, &c->streams);
	while ((l = list_pop(&todo)) != NULL) {
		struct evquic_stream *s =
		    container_of(l, struct evquic_stream, link);

		list_append(&c->streams, l);
		if (again && !begin_again(s)) {
			quic_stream_closed(s);
			continue;
		}
		if (s->stop_late)
			send_stop(s);
		if (s->reset_late)
			send_reset(s);
	}
}

void
evquic_stream_release(struct evquic_stream *s)
{
	assert(!s->released);
	s->released = true;
	s->data = NULL;
	if (is_live(s->conn))
		return_credit(s);
	if (s->closed) {
		free_stream(s);
		return;
	}
	/* What was written goes out; what never would be is ended, and so is
	 * what an application lent and may free now. */
	if (!s->fin_wanted)
		evquic_stream_reset(s, 0);
}

void
evquic_stream_reset(struct evquic_stream *s, uint64_t code)
{
	if (s->shut || s->closed || !is_live(s->conn))
		return;
	if (s->fin_sent && s->head == NULL && s->lent == 0)
		return; /* all of it has arrived */
	withdraw(s);
	s->reset_code = code;
	send_reset(s);
}

void
evquic_stream_stop(struct evquic_stream *s, uint64_t code)
{
	if (s->closed || !is_live(s->conn))
		return;
	s->stop_code = code;
	send_stop(s);
}

void
evquic_stream_consume(struct evquic_stream *s, size_t len)
{
	assert(len <= s->unconsumed);
	s->unconsumed -= len;
	if (!is_live(s->conn) || len == 0)
		return;
	ngtcp2_conn_extend_max_offset(s->conn->qc, len);
	/* RFC 9000 4.1: who has sent all needs no credit of the stream's. */
	if (!s->closed && !s->ended)
		(void)ngtcp2_conn_extend_max_stream_offset(
		    s->conn->qc, s->id, len);
	quic_worker_ready(s->conn);
}

bool
evquic_stream_is_early(const struct evquic_stream *s)
{
	return s->early;
}

int64_t
evquic_stream_id(const struct evquic_stream *s)
{
	return s->id;
}

struct evquic_conn *
evquic_stream_conn(const struct evquic_stream *s)
{
	return s->conn;
}

void
evquic_stream_set_data(struct evquic_stream *s, void *data)
{
	s->data = data;
}

void *
evquic_stream_data(const struct evquic_stream *s)
{
	return s->data;
}
