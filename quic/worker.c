/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker: what all connections of one event loop share, and the turn.
 *
 * The turn.  Any event (datagrams, a timer, an answer from elsewhere) may make
 * connections ready.  When the ready list becomes non-empty one non-I/O event
 * is made active; libevent appends it to the queue that it is working off, so
 * it runs after all events of the turn.  Then every ready connection writes
 * into one batch, the batch goes out, and the dead are freed.
 *
 * The flush never makes itself active: a connection that has more to send than
 * one flush lets it arms its timer for now, and timers are served only after
 * the sockets were polled again, so that an endless sender starves nobody.
 */
#include "quic/internal.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

/* How many freed objects wait for the next asker. */
#define STREAMS_KEPT 4096
#define CIDS_KEPT 4096

static void
set_timer(struct evquic_worker *w, nsec now)
{
	nsec next = quic_worker_next_expiry(w);
	struct timeval tv;

	if (w->timer_event == NULL || next >= w->timer_set)
		return; /* fires earlier than needed, and sets itself then */
	tv = nsec_until(next, now);
	(void)event_add(w->timer_event, &tv);
	w->timer_set = next;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct evquic_worker *w = arg;
	nsec now = w->io.now(w->io.ctx);

	(void)fd;
	(void)what;
	w->timer_set = NSEC_NEVER;
	quic_worker_expire(w, now);
	set_timer(w, now);
}

static void
on_flush(evutil_socket_t fd, short what, void *arg)
{
	struct evquic_worker *w = arg;
	nsec now = w->io.now(w->io.ctx);

	(void)fd;
	(void)what;
	quic_worker_flush(w, now);
	set_timer(w, now);
}

static int
make_events(struct evquic_worker *w)
{
	if (w->base == NULL)
		return 0;
	w->flush_event = event_new(w->base, -1, 0, on_flush, w);
	w->timer_event = event_new(w->base, -1, 0, on_timer, w);
	return w->flush_event != NULL && w->timer_event != NULL ? 0 : -1;
}

struct evquic_worker *
quic_worker_new(struct event_base *base,
    const struct evquic_worker_options *options, const struct quic_io *io)
{
	struct evquic_worker *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->base = base;
	w->io = *io;
	w->timer_set = NSEC_NEVER;
	if (options != NULL) {
		w->trace = options->trace;
		w->trace_arg = options->trace_arg;
		w->data = options->data;
	}
	random_init(&w->random, io->random, io->ctx);
	list_init(&w->ready);
	list_init(&w->dead);
	list_init(&w->routers);
	buf_store_init(&w->bufs, NULL);
	pool_init(&w->streams, sizeof(struct evquic_stream), STREAMS_KEPT);
	pool_init(&w->cids, sizeof(struct quic_cid), CIDS_KEPT);
	w->tx.bytes = malloc(QUIC_TX_BYTES);
	w->rx = quic_rx_new();
	if (w->tx.bytes == NULL || w->rx == NULL ||
	    quic_tls_worker_init(w) != 0 || make_events(w) != 0) {
		evquic_worker_free(w);
		return NULL;
	}
	return w;
}

struct evquic_worker *
evquic_worker_new(
    struct event_base *base, const struct evquic_worker_options *options)
{
	return quic_worker_new(base, options, &quic_io_system);
}

void
evquic_worker_free(struct evquic_worker *w)
{
	if (w == NULL)
		return;
	assert(list_is_empty(&w->routers) && list_is_empty(&w->dead));
	assert(counter_get(&w->account.bytes) == 0);
	assert(timers_next(&w->timers) == NSEC_NEVER);
	if (w->flush_event != NULL)
		event_free(w->flush_event);
	if (w->timer_event != NULL)
		event_free(w->timer_event);
	quic_tls_worker_done(w);
	buf_store_done(&w->bufs);
	pool_done(&w->streams);
	pool_done(&w->cids);
	random_done(&w->random);
	free(w->tx.bytes);
	quic_rx_free(w->rx);
	free(w);
}

const char *
evquic_ngtcp2_version(void)
{
	return ngtcp2_version(0)->version_str;
}

void *
evquic_worker_data(const struct evquic_worker *w)
{
	return w->data;
}

void
quic_worker_want_flush(struct evquic_worker *w)
{
	if (w->flush_wanted)
		return;
	w->flush_wanted = true;
	if (w->flush_event != NULL)
		event_active(w->flush_event, 0, 0);
}

void
quic_worker_ready(struct evquic_conn *conn)
{
	struct evquic_worker *w = conn->router->worker;

	if (conn->writing) {
		/* Asked for from within pull(): another flush of this turn
		 * would ask again, for ever. */
		conn->more = true;
		return;
	}
	if (conn->state == QUIC_DEAD || list_is_linked(&conn->ready_link))
		return;
	list_append(&w->ready, &conn->ready_link);
	quic_worker_want_flush(w);
}

void
quic_worker_free_dead(struct evquic_worker *w)
{
	struct list *l;

	while ((l = list_pop(&w->dead)) != NULL)
		quic_conn_free(container_of(l, struct evquic_conn, link));
}

static struct quic_router *
find_idle(const struct evquic_worker *w)
{
	struct list *l;

	for (l = w->routers.next; l != &w->routers; l = l->next) {
		struct quic_router *r =
		    container_of(l, struct quic_router, link);

		if (r->idle != NULL && r->nconns == 0)
			return r;
	}
	return NULL;
}

/* Tells those who wait for a drained router that it is empty.  They may free
 * their endpoint, and others, so nothing is held on to meanwhile. */
static void
tell_idle(struct evquic_worker *w)
{
	struct quic_router *r;

	while ((r = find_idle(w)) != NULL) {
		void (*idle)(void *) = r->idle;

		r->idle = NULL;
		idle(r->idle_arg);
	}
}

/*
 * A flood of first packets that end at once, since no key opens them or nobody
 * serves what they ask for, has nothing in flight, and costs as much.
 */
void
quic_worker_add_fruitless(struct evquic_worker *w)
{
	nsec now = w->io.now(w->io.ctx);

	if (now - w->fruitless_since >= NSEC_PER_SEC) {
		w->fruitless_since = now;
		w->fruitless = 0;
	}
	w->fruitless++;
}

size_t
quic_worker_handshakes(const struct evquic_worker *w)
{
	if (w->io.now(w->io.ctx) - w->fruitless_since >= NSEC_PER_SEC)
		return w->handshakes;
	return w->handshakes + w->fruitless;
}

void
quic_worker_flush(struct evquic_worker *w, nsec now)
{
	struct list todo, *l;

	list_init(&todo);
	list_splice(&todo, &w->ready);
	w->flush_wanted = false;
	counter_add(&w->counters.flushes, 1);
	while ((l = list_pop(&todo)) != NULL)
		quic_conn_flush(
		    container_of(l, struct evquic_conn, ready_link), now);
	quic_tx_flush(w);
	quic_worker_free_dead(w);
	tell_idle(w);
}

/* What a loop that something blocks is known by. */
static void
count_late(struct evquic_worker *w, nsec now)
{
	nsec due = timers_next(&w->timers);

	if (due > now || now - due < QUIC_TIMER_LATE)
		return;
	counter_add(&w->counters.timers_late, 1);
	counter_add(&w->counters.timers_late_ms, (now - due) / NSEC_PER_MSEC);
}

void
quic_worker_expire(struct evquic_worker *w, nsec now)
{
	count_late(w, now);
	timers_run(&w->timers, now);
}

nsec
quic_worker_next_expiry(const struct evquic_worker *w)
{
	return timers_next(&w->timers);
}

/* ---------------------------------------------------------- accounting -- */

static const struct counter_row rows[] = {
#define ROW(name, help) COUNTER_ROW(struct quic_counters, name, help)
    QUIC_COUNTERS(ROW)
#undef ROW
};

#define NROWS (sizeof(rows) / sizeof(rows[0]))

size_t
evquic_counter_count(void)
{
	return NROWS;
}

const char *
evquic_counter_name(size_t i)
{
	return i < NROWS ? rows[i].name : NULL;
}

const char *
evquic_counter_help(size_t i)
{
	return i < NROWS ? rows[i].help : NULL;
}

uint64_t
evquic_worker_counter(const struct evquic_worker *w, size_t i)
{
	return i < NROWS ? counter_read(&rows[i], &w->counters) : 0;
}

void
evquic_worker_accounts(
    const struct evquic_worker *w, struct evquic_accounts *ret)
{
	ret->connections = counter_get(&w->conns_now);
	ret->tombstones = counter_get(&w->tombstones_now);
	ret->streams = counter_get(&w->streams_now);
	ret->conn_bytes = counter_get(&w->account.bytes);
	ret->buffer_bytes = counter_get(&w->bufs.account.bytes);
}

/* ------------------------------------------------------------- buffers -- */

_Static_assert(EVQUIC_HEADROOM == BUF_HEADROOM, "one headroom");

struct evquic_buf *
evquic_buf_new(struct evquic_worker *w, size_t size)
{
	return buf_new(&w->bufs, size);
}

void
evquic_buf_free(struct evquic_buf *buf)
{
	buf_free(buf);
}

uint8_t *
evquic_buf_data(struct evquic_buf *buf)
{
	return buf->data;
}

size_t
evquic_buf_room(const struct evquic_buf *buf)
{
	return buf_room(buf);
}

uint8_t *
evquic_buf_prepend(struct evquic_buf *buf, size_t n)
{
	return buf_prepend(buf, n);
}
