/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS over QUIC, server side (RFC 9250): one query a stream.
 *
 * A stream's way:
 *
 *	ARRIVING --FIN--> WHOLE --ladder--> ASKED -+------------> ANSWERED
 *	    |               |                 |    +-> STREAMING -^
 *	    |               |                 |            |
 *	    +----------- client cancels ------+------------+--> GIVEN UP
 *
 * A query is dispatched at its FIN (4.2 allows that), so nothing can follow
 * it.  Whatever breaks 4.3.3 closes the connection with DOQ_PROTOCOL_ERROR.  A
 * stream whose query does not end in time does so too: PING keeps the idle
 * timer of a connection alive, so it needs a timer of its own.  So does an
 * answer that the client does not take, or takes an octet at a time: every
 * stream has a deadline, but for those whose answer is still to come.
 *
 * Queries may come as early data: answered like others if they may be repeated
 * (4.5), which the ladder knows.
 *
 * We never send STOP_SENDING: a client must treat it as fatal (4.3.3).
 *
 * Memory.  Bytes of queries that are not yet dispatched are held up to a
 * limit of the connection; past it their flow control credit is kept back
 * until they are let go.  Past another limit of unacknowledged answers whole
 * queries wait undispatched, and past twice that answers become RESET_STREAM.
 * A zone transfer has a limit of its own, on top of these: past it nothing more
 * of it is read, until the client has taken most of what it was sent.
 */
#include "resolver/front/doq.h"
#include "base/list.h"
#include "dns/frame.h"
#include "resolver/front/front.h"
#include "resolver/query.h"
#include "resolver/worker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* RFC 8467 4.1: answers are padded to multiples of this. */
#define ANSWER_BLOCK 468

/* Bytes of a zone transfer that wait for the client: more are not fetched until
 * half of them are gone.  What one reading of the server brought comes on top.
 */
#define TRANSFER_WINDOW (128 * 1024)
#define TRANSFER_HELD (2 * TRANSFER_WINDOW)

/* Cancelled streams that are nobody's fault: so many a second, or half. */
#define CANCELS_PER_SECOND 100

enum doq_state {
	DOQ_ARRIVING,
	DOQ_WHOLE,     /* the query is complete and waits to be dispatched */
	DOQ_ASKED,     /* the answer will come */
	DOQ_STREAMING, /* so did its first messages, the others will */
	DOQ_ANSWERED,  /* the answer is the library's to deliver */
	DOQ_GIVEN_UP,  /* the client does not want it, or we cannot */
};

struct doq_conn {
	struct evquic_conn *conn;
	struct worker *worker;
	struct list arriving; /* streams in order of their deadlines */
	struct list whole;    /* streams that wait to be dispatched */
	struct list leaving;  /* streams in order of their deadlines */
	struct timer timer;   /* of the first that arrives or leaves */
	size_t held;	      /* bytes in their readers */
	size_t busy;	      /* streams whose FIN came and that are open */
	size_t streaming;     /* zone transfers among them */
	bool draining;
	unsigned open;	   /* streams */
	nsec window_start; /* of this second's counts */
	unsigned opened;   /* in it, or open when it began */
	unsigned cancelled;
};

struct doq_stream {
	struct evquic_stream *stream;
	struct doq_conn *dc;
	struct list link; /* in `arriving`, `whole` or `leaving` */
	enum doq_state state;
	bool was_whole;	  /* counted in dc->busy */
	bool is_transfer; /* counted in dc->streaming */
	nsec deadline;
	size_t held;	 /* bytes in the reader, part of dc->held */
	size_t kept;	 /* those, and what the query keeps */
	size_t withheld; /* bytes whose credit is kept back */
	struct dns_frame frame;
	struct query query;
};

static const struct front doq_front = {
    .name = "doq",
    .hop =
	{
	    .max_size = DNS_MESSAGE_MAX,
	    .pad_block = ANSWER_BLOCK,
	    .zero_id = true,
	    .no_keepalive = true,
	},
};

size_t
doq_stream_size(void)
{
	return sizeof(struct doq_stream);
}

/* ---------------------------------------------------------- violations -- */

/* RFC 9250 4.3.3: the connection ends, the reason is counted and told. */
static void
violation(struct doq_conn *dc, counter *reason, const char *text)
{
	char peer[CONFIG_URL_LEN];

	counter_add(reason, 1);
	config_url_format(CONFIG_QUIC, evquic_conn_peer(dc->conn), peer);
	log_limited(dc->worker->log, &dc->worker->peer_lines, LOG_LEVEL_DEBUG,
	    worker_now(dc->worker), "closing %s: %s", peer, text);
	evquic_conn_close(dc->conn, DOQ_PROTOCOL_ERROR, text);
}

/* A client may change its mind, but not live on it (RFC 9250 4.3.1). */
static void
count_cancel(struct doq_conn *dc)
{
	nsec now = worker_now(dc->worker);

	if (now - dc->window_start > NSEC_PER_SEC) {
		dc->window_start = now;
		dc->opened = dc->open;
		dc->cancelled = 0;
	}
	dc->cancelled++;
	if (dc->cancelled <= CANCELS_PER_SECOND ||
	    dc->cancelled * 2 <= dc->opened)
		return;
	counter_add(&dc->worker->counters.doq_excessive, 1);
	evquic_conn_close(
	    dc->conn, DOQ_EXCESSIVE_LOAD, "too many cancelled queries");
}

/* -------------------------------------------------------------- memory -- */

/* Notes how many bytes the reader holds now, and the query. */
static void
update_held(struct doq_stream *ds)
{
	struct service_counters *n = &ds->dc->worker->counters;
	size_t held = dns_frame_held(&ds->frame);
	size_t kept = held + query_kept(&ds->query);

	if (held == ds->held && kept == ds->kept)
		return; /* nothing, nearly always */
	ds->dc->held += held - ds->held;
	counter_add(&n->doq_held_now, held - ds->held);
	ds->held = held;
	evquic_conn_keep(ds->dc->conn, ds->kept, kept);
	ds->kept = kept;
}

/* The reader's bytes are not needed any more, and the client may send more. */
static void
let_go(struct doq_stream *ds)
{
	dns_frame_done(&ds->frame);
	update_held(ds);
	if (ds->withheld > 0)
		evquic_stream_consume(ds->stream, ds->withheld);
	ds->withheld = 0;
}

/* Gives credit for what came, unless the connection holds too much. */
static void
give_credit(struct doq_stream *ds, size_t len)
{
	if (ds->dc->held > ds->dc->worker->config->quic.unsent_max_bytes)
		ds->withheld += len;
	else
		evquic_stream_consume(ds->stream, len);
}

/* ----------------------------------------------------------- deadlines -- */

/* When the first stream of a list has to have gone on. */
static nsec
first_deadline(const struct list *streams)
{
	if (list_is_empty(streams))
		return NSEC_NEVER;
	return container_of(streams->next, struct doq_stream, link)->deadline;
}

static void
watch_streams(struct doq_conn *dc)
{
	nsec arriving = first_deadline(&dc->arriving);
	nsec leaving = first_deadline(&dc->leaving);
	nsec next = arriving < leaving ? arriving : leaving;

	if (next != NSEC_NEVER)
		timer_arm_earlier(&dc->worker->timers, &dc->timer, next);
}

static void
on_deadline(struct timer *timer, nsec now)
{
	struct doq_conn *dc = container_of(timer, struct doq_conn, timer);
	struct service_counters *n = &dc->worker->counters;

	if (first_deadline(&dc->arriving) <= now) {
		violation(dc, &n->doq_dangling, "a query did not end in time");
	} else if (first_deadline(&dc->leaving) <= now) {
		counter_add(&n->doq_untaken, 1);
		evquic_conn_close(
		    dc->conn, DOQ_EXCESSIVE_LOAD, "an answer was not taken");
	} else {
		watch_streams(dc);
	}
}

/* The client's part is done, and ours: what remains is that it says so. */
static void
leave(struct doq_stream *ds)
{
	struct worker *w = ds->dc->worker;

	ds->deadline = nsec_add(
	    worker_now(w), w->config->quic.delivery_timeout_ms * NSEC_PER_MSEC);
	list_remove(&ds->link);
	list_append(&ds->dc->leaving, &ds->link);
	watch_streams(ds->dc);
}

/* ------------------------------------------------------------- answers -- */

/* No DNS answer can be made or sent: RESET_STREAM (RFC 9250 4.3.2). */
static void
fail_stream(struct doq_stream *ds, counter *reason, enum doq_error code)
{
	counter_add(reason, 1);
	ds->state = DOQ_GIVEN_UP;
	evquic_stream_reset(ds->stream, code);
	if (ds->was_whole)
		leave(ds);
}

/* Bytes that wait for the client, without those of transfers. */
static size_t
count_unacked(const struct doq_conn *dc)
{
	size_t unacked = evquic_conn_unacked(dc->conn);
	size_t theirs = dc->streaming * TRANSFER_HELD;

	return unacked > theirs ? unacked - theirs : 0;
}

/* Writes a message with its length, and the stream's end if it is the last. */
static int
write_message(struct doq_stream *ds, struct query_answer answer)
{
	uint8_t *prefix = evquic_buf_prepend(answer.buf, DNS_FRAME_PREFIX);

	dns_put16(prefix, (uint16_t)answer.len);
	return evquic_stream_write(ds->stream, answer.buf,
	    answer.len + DNS_FRAME_PREFIX, !answer.is_more);
}

/* One message of a zone transfer; others follow, at the client's pace. */
static void
send_part(struct doq_stream *ds, struct query_answer answer)
{
	ds->state = DOQ_STREAMING;
	if (!ds->is_transfer)
		ds->dc->streaming++;
	ds->is_transfer = true;
	counter_add(&ds->dc->worker->counters.doq_parts, 1);
	(void)write_message(ds, answer);
	if (evquic_stream_unacked(ds->stream) <= TRANSFER_WINDOW)
		return;
	(void)evquic_stream_watch(ds->stream, TRANSFER_WINDOW / 2);
	query_pause(&ds->query);
	/* From now on it is the client who is waited for. */
	if (!list_is_linked(&ds->link))
		leave(ds);
}

static void
send_answer(struct doq_stream *ds, struct query_answer answer)
{
	struct service_counters *n = &ds->dc->worker->counters;
	const struct config *config = ds->dc->worker->config;

	if (answer.buf == NULL) {
		fail_stream(ds, &n->doq_internal, DOQ_INTERNAL_ERROR);
		return;
	}
	if (answer.is_more) {
		send_part(ds, answer);
		return;
	}
	if (count_unacked(ds->dc) + answer.len >
	    2 * config->quic.unsent_max_bytes) {
		evquic_buf_free(answer.buf);
		fail_stream(ds, &n->doq_overfull, DOQ_EXCESSIVE_LOAD);
		return;
	}
	ds->state = DOQ_ANSWERED;
	leave(ds);
	counter_add(&n->doq_answers, 1);
	(void)write_message(ds, answer);
}

static void
on_answer(struct query *q, struct query_answer answer)
{
	struct doq_stream *ds = container_of(q, struct doq_stream, query);

	update_held(ds);
	send_answer(ds, answer);
}

/* ------------------------------------------------------------- queries -- */

static void
dispatch(struct doq_stream *ds)
{
	struct doq_conn *dc = ds->dc;
	struct service_counters *n = &dc->worker->counters;
	struct query_asker asker = {
	    .address = evquic_conn_peer(dc->conn),
	    .local = evquic_conn_local(dc->conn),
	    .is_early = evquic_stream_is_early(ds->stream),
	};
	struct query_answer answer;

	ds->state = DOQ_ASKED;
	switch (query_start(
	    &ds->query, ds->frame.msg, ds->frame.msg_len, &asker, &answer)) {
	case QUERY_ANSWERED:
		send_answer(ds, answer);
		break;
	case QUERY_PENDING:
		break;
	case QUERY_BAD_ID:
		violation(dc, &n->doq_bad_id, "message ID is not 0");
		break;
	case QUERY_BAD_KEEPALIVE:
		violation(dc, &n->doq_bad_keepalive,
		    "edns-tcp-keepalive option in a query");
		break;
	case QUERY_BAD_MESSAGE:
		violation(dc, &n->doq_bad_message, "not a query");
		break;
	}
	let_go(ds);
}

static bool
is_overfull(const struct doq_conn *dc)
{
	return count_unacked(dc) > dc->worker->config->quic.unsent_max_bytes;
}

/* The client has read something: those who waited for that go on. */
static void
dispatch_waiting(struct doq_conn *dc)
{
	while (!list_is_empty(&dc->whole) && !is_overfull(dc) &&
	       !evquic_conn_is_closing(dc->conn))
		dispatch(container_of(
		    list_pop(&dc->whole), struct doq_stream, link));
}

/* One whole message and the end of the stream. */
static void
query_is_whole(struct doq_stream *ds)
{
	struct doq_conn *dc = ds->dc;
	struct service_counters *n = &dc->worker->counters;

	list_remove(&ds->link);
	ds->state = DOQ_WHOLE;
	ds->was_whole = true;
	dc->busy++;
	if (!is_overfull(dc)) {
		dispatch(ds);
		return;
	}
	if (dns_frame_keep(&ds->frame) != 0) {
		let_go(ds);
		fail_stream(ds, &n->doq_internal, DOQ_INTERNAL_ERROR);
		return;
	}
	update_held(ds);
	counter_add(&n->doq_postponed, 1);
	list_append(&dc->whole, &ds->link);
}

static void
on_frame(struct doq_stream *ds, enum dns_frame_state state, bool fin)
{
	struct doq_conn *dc = ds->dc;
	struct service_counters *n = &dc->worker->counters;

	switch (state) {
	case DNS_FRAME_MORE:
		break;
	case DNS_FRAME_MESSAGE:
		if (fin)
			query_is_whole(ds);
		else if (dns_frame_keep(&ds->frame) != 0)
			fail_stream(ds, &n->doq_internal, DOQ_INTERNAL_ERROR);
		break;
	case DNS_FRAME_SHORT:
		violation(dc, &n->doq_bad_length, "length too small");
		break;
	case DNS_FRAME_TRAILING:
		violation(dc, &n->doq_bad_trailing, "data behind the query");
		break;
	case DNS_FRAME_CUT:
	case DNS_FRAME_END:
		violation(dc, &n->doq_bad_cut, "stream ended before its query");
		break;
	case DNS_FRAME_NOMEM:
		fail_stream(ds, &n->doq_internal, DOQ_INTERNAL_ERROR);
		break;
	}
}

/* ------------------------------------------------------------- streams -- */

static void
on_stream_opened(struct evquic_stream *stream)
{
	struct doq_conn *dc = evquic_conn_data(evquic_stream_conn(stream));
	struct worker *w = dc->worker;
	struct doq_stream *ds = pool_get(&w->doq_streams);

	if (ds == NULL) {
		counter_add(&w->counters.doq_internal, 1);
		evquic_stream_reset(stream, DOQ_INTERNAL_ERROR);
		return; /* the stream has no object: all else ignores it */
	}
	ds->stream = stream;
	ds->dc = dc;
	ds->state = DOQ_ARRIVING;
	ds->was_whole = false;
	ds->is_transfer = false;
	ds->held = 0;
	ds->kept = 0;
	ds->withheld = 0;
	ds->deadline = nsec_add(worker_now(w),
	    w->config->quic.query_arrival_timeout_ms * NSEC_PER_MSEC);
	dns_frame_init(&ds->frame, DNS_FRAME_ONE);
	query_init(&ds->query, w, &doq_front, on_answer);
	list_append(&dc->arriving, &ds->link);
	evquic_stream_set_data(stream, ds);
	dc->opened++;
	dc->open++;
	counter_add(&w->counters.doq_streams_now, 1);
	watch_streams(dc);
}

static void
on_stream_data(
    struct evquic_stream *stream, const uint8_t *data, size_t len, bool fin)
{
	struct doq_stream *ds = evquic_stream_data(stream);
	enum dns_frame_state state;
	size_t used;

	if (ds == NULL || ds->state != DOQ_ARRIVING) {
		evquic_stream_consume(stream, len);
		/* Cancelled before it was whole: its end is no news, but it
		 * no longer arrives. */
		if (ds != NULL && fin)
			leave(ds);
		return;
	}
	state = dns_frame_feed(&ds->frame, data, len, &used);
	give_credit(ds, len);
	if (fin)
		state = dns_frame_fin(&ds->frame);
	on_frame(ds, state, fin);
	if (!ds->was_whole)
		update_held(ds); /* else it is up to date */
}

/* The client gave up; what we do for it stops. */
static void
give_up(struct doq_stream *ds)
{
	query_cancel(&ds->query);
	if (ds->state != DOQ_ARRIVING)
		leave(ds);
	ds->state = DOQ_GIVEN_UP;
	let_go(ds);
	count_cancel(ds->dc);
}

static void
on_stream_reset(struct evquic_stream *stream, uint64_t code)
{
	struct doq_stream *ds = evquic_stream_data(stream);

	/* After the FIN it changes nothing (RFC 9000 3.2). */
	if (ds == NULL || ds->state != DOQ_ARRIVING) {
		if (ds != NULL && ds->state == DOQ_GIVEN_UP)
			leave(ds);
		return;
	}
	/* RFC 9250 4.3.1: answered by a RESET_STREAM, its code copied. */
	counter_add(&ds->dc->worker->counters.doq_reset_back, 1);
	evquic_stream_reset(stream, code);
	give_up(ds);
	leave(ds);
}

static void
on_stream_stopped(struct evquic_stream *stream, uint64_t code)
{
	struct doq_stream *ds = evquic_stream_data(stream);

	(void)code; /* any means the same (RFC 9250 4.3.4) */
	if (ds == NULL || ds->state == DOQ_ANSWERED ||
	    ds->state == DOQ_GIVEN_UP)
		return;
	counter_add(&ds->dc->worker->counters.doq_stopped, 1);
	give_up(ds);
}

/* The client has read: a transfer goes on. */
static void
on_stream_drained(struct evquic_stream *stream)
{
	struct doq_stream *ds = evquic_stream_data(stream);

	if (ds == NULL || ds->state != DOQ_STREAMING)
		return;
	list_remove(&ds->link);
	query_resume(&ds->query);
}

static void
close_if_drained(struct doq_conn *dc)
{
	if (dc->draining && dc->busy == 0)
		evquic_conn_close(dc->conn, DOQ_NO_ERROR, NULL);
}

static void
on_stream_closed(struct evquic_stream *stream)
{
	struct doq_stream *ds = evquic_stream_data(stream);
	struct doq_conn *dc;

	if (ds == NULL) {
		evquic_stream_release(stream);
		return;
	}
	dc = ds->dc;
	query_cancel(&ds->query);
	if (ds->kept > 0 || ds->withheld > 0)
		let_go(ds);
	dc->open--;
	if (ds->was_whole)
		dc->busy--;
	if (ds->is_transfer)
		dc->streaming--;
	list_remove(&ds->link);
	evquic_stream_release(stream);
	counter_sub(&dc->worker->counters.doq_streams_now, 1);
	pool_put(&dc->worker->doq_streams, ds);
	dispatch_waiting(dc);
	close_if_drained(dc);
}

/* --------------------------------------------------------- connections -- */

static int
on_opened(struct evquic_conn *conn)
{
	struct worker *w = evquic_worker_data(evquic_conn_worker(conn));
	struct doq_conn *dc = calloc(1, sizeof(*dc));

	if (dc == NULL)
		return -ENOMEM;
	dc->conn = conn;
	dc->worker = w;
	dc->window_start = worker_now(w);
	list_init(&dc->arriving);
	list_init(&dc->whole);
	list_init(&dc->leaving);
	timer_init(&dc->timer, on_deadline);
	evquic_conn_set_data(conn, dc);
	counter_add(&w->counters.doq_conns_now, 1);
	return 0;
}

static void
on_closed(struct evquic_conn *conn, const struct evquic_conn_stats *stats)
{
	struct doq_conn *dc = evquic_conn_data(conn);

	(void)stats;
	if (dc == NULL)
		return; /* on_opened() failed */
	assert(list_is_empty(&dc->arriving) && list_is_empty(&dc->whole));
	assert(list_is_empty(&dc->leaving));
	assert(dc->held == 0 && dc->busy == 0 && dc->streaming == 0);
	timer_cancel(&dc->worker->timers, &dc->timer);
	counter_sub(&dc->worker->counters.doq_conns_now, 1);
	free(dc);
}

/* The service stops: what is whole is answered, what is not never will be. */
static void
on_drain(struct evquic_conn *conn)
{
	struct doq_conn *dc = evquic_conn_data(conn);

	if (dc == NULL)
		return;
	dc->draining = true;
	close_if_drained(dc);
}

const struct evquic_app doq_app = {
    .size = sizeof(doq_app),
    .alpn = "doq",
    .limits =
	{
	    .size = sizeof(doq_app.limits),
	    .max_streams_bidi = 100,
	},
    .opened = on_opened,
    .closed = on_closed,
    .stream_opened = on_stream_opened,
    .stream_data = on_stream_data,
    .stream_reset = on_stream_reset,
    .stream_stopped = on_stream_stopped,
    .stream_closed = on_stream_closed,
    .drain = on_drain,
    .stream_drained = on_stream_drained,
};
