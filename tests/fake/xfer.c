/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See xfer.h.  A stream's text lies in memory of our own, allocated once in
 * full, since a pulled application's bytes must not move; acknowledged bytes
 * are overwritten, so that whoever sends them again is found out.
 */
#include "tests/fake/xfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/alloc.h"

enum {
	PIECES = 8, /* iovecs of a chunk */
	MAX_BUF = 65535,
	PREFIX = 2,
	ACKED_BYTE = 0xdd,
	CODE_RESET = 0x11,
	CODE_STOP = 0x12
};

struct xfer_conn {
	struct list link;
	struct xfer *x;
	struct evquic_conn *conn;
	struct list streams;
	bool pulls;
	unsigned to_open;
	unsigned uni_to_open;
	unsigned incomplete; /* streams closed without an excuse */
	unsigned released;
};

struct xfer_stream {
	struct list link;
	struct xfer_conn *xc;
	struct evquic_stream *stream;
	int64_t id;
	bool sends;    /* has a direction of ours */
	bool receives; /* has one of theirs */
	uint8_t *text; /* ours to send; room for all of it from the start */
	size_t text_len;
	size_t given; /* to the library, or pulled */
	size_t acked;
	bool text_ends; /* no more will be added */
	bool fin_out;
	uint64_t got;
	bool fin_in;
	size_t credit; /* not given back yet */
	bool blocked;
	bool is_cut; /* a reset or a stop, by whomever */
};

static void
complain(struct xfer *x, const char *what, int64_t id)
{
	if (x->complaint[0] == '\0')
		(void)snprintf(x->complaint, sizeof(x->complaint),
		    "%s: %s (stream %lld)", x->server ? "server" : "client",
		    what, (long long)id);
}

uint8_t
xfer_byte(int64_t id, uint64_t offset)
{
	return (uint8_t)((uint64_t)id * 37 + offset * 131 + (offset >> 8) * 17);
}

void
xfer_init(struct xfer *x, const struct xfer_config *config, bool server,
    uint64_t seed)
{
	*x = (struct xfer){.config = *config, .server = server, .rng = {seed}};
	list_init(&x->conns);
}

/* ------------------------------------------------------------ sending -- */

/* Writes some or all of what is there; write() applications only. */
static void
write_some(struct xfer_stream *s, bool all)
{
	struct xfer *x = s->xc->x;
	size_t left = s->text_len - s->given, len = left, front = 0;
	struct evquic_buf *b;
	bool fin;

	if (!all && len > 0)
		len = prng_below(&x->rng, (uint32_t)len + 1);
	if (len > MAX_BUF)
		len = MAX_BUF;
	fin = s->text_ends && len == left;
	if (s->fin_out || (len == 0 && !fin))
		return;
	b = evquic_buf_new(evquic_conn_worker(s->xc->conn), len);
	if (b == NULL) {
		evquic_stream_reset(s->stream, CODE_RESET);
		s->is_cut = true;
		return;
	}
	if (len >= PREFIX && prng_chance(&x->rng, 500)) {
		memcpy(
		    evquic_buf_prepend(b, PREFIX), s->text + s->given, PREFIX);
		front = PREFIX;
	}
	memcpy(evquic_buf_data(b) + front, s->text + s->given + front,
	    len - front);
	s->given += len;
	s->fin_out = fin;
	if (evquic_stream_write(s->stream, b, len, fin) != 0 && !s->is_cut)
		complain(x, "write refused", s->id);
}

static void
offer(struct xfer_stream *s, bool all)
{
	if (!s->sends || s->is_cut)
		return;
	if (s->xc->pulls)
		evquic_conn_ready(s->xc->conn);
	else
		write_some(s, all);
}

static bool
has_to_pull(const struct xfer_stream *s)
{
	return s->sends && !s->is_cut && !s->blocked &&
	       (s->given < s->text_len || (s->text_ends && !s->fin_out));
}

/* Cuts what there is to send into pieces, so that all of an iovec is tried. */
static bool
on_pull(struct evquic_conn *conn, struct evquic_chunk *ret)
{
	struct xfer_conn *xc = evquic_conn_data(conn);
	struct xfer_stream *s = NULL;
	struct list *l;
	size_t at;

	if (prng_chance(&xc->x->rng, 50)) /* for nothing, which is allowed */
		evquic_conn_ready(conn);
	for (l = xc->streams.next; l != &xc->streams && s == NULL; l = l->next)
		if (has_to_pull(container_of(l, struct xfer_stream, link)))
			s = container_of(l, struct xfer_stream, link);
	if (s == NULL)
		return false;
	ret->stream = s->stream;
	ret->iovcnt = 0;
	for (at = s->given; at < s->text_len && ret->iovcnt < PIECES;) {
		size_t len = s->text_len - at;

		if (len > 1 && prng_chance(&xc->x->rng, 300))
			len = 1 + prng_below(&xc->x->rng, (uint32_t)len - 1);
		ret->iov[ret->iovcnt++] = (struct iovec){s->text + at, len};
		at += len;
	}
	ret->fin = s->text_ends && at == s->text_len;
	return true;
}

static void
on_pulled(struct evquic_stream *stream, size_t len, bool fin)
{
	struct xfer_stream *s = evquic_stream_data(stream);

	s->given += len;
	s->fin_out = s->fin_out || fin;
	if (s->given > s->text_len || (fin && s->given != s->text_len))
		complain(s->xc->x, "pulled what was not there", s->id);
	/* The others' turn. */
	list_remove(&s->link);
	list_append(&s->xc->streams, &s->link);
}

static void
on_blocked(struct evquic_stream *stream, bool is_blocked)
{
	struct xfer_stream *s = evquic_stream_data(stream);

	s->blocked = is_blocked;
}

static void
on_acked(struct evquic_stream *stream, uint64_t len)
{
	struct xfer_stream *s = evquic_stream_data(stream);

	if (len > s->given - s->acked) {
		complain(s->xc->x, "acked what was not sent", s->id);
		return;
	}
	memset(s->text + s->acked, ACKED_BYTE, len);
	s->acked += len;
	s->xc->x->acked += len;
}

/* ------------------------------------------------------------ streams -- */

static struct xfer_stream *
add_stream(struct xfer_conn *xc, struct evquic_stream *stream)
{
	struct xfer_stream *s = fake_calloc(1, sizeof(*s));
	bool bidi, ours;

	s->xc = xc;
	s->stream = stream;
	s->id = evquic_stream_id(stream);
	/* RFC 9000 2.1: bit 0 says who opened it, bit 1 that it is one-way. */
	bidi = (s->id & 2) == 0;
	ours = (s->id & 1) == (xc->x->server ? 1 : 0);
	s->sends = bidi || ours;
	s->receives = bidi || !ours;
	if (s->sends)
		s->text = fake_malloc(xc->x->config.max_size + 1u);
	evquic_stream_set_data(stream, s);
	list_append(&xc->streams, &s->link);
	xc->x->streams_opened++;
	return s;
}

static void
free_stream(struct xfer_stream *s)
{
	list_remove(&s->link);
	free(s->text);
	free(s);
}

static void
open_one(struct xfer_conn *xc, bool bidi, unsigned *left)
{
	struct xfer *x = xc->x;
	struct evquic_stream *stream;
	struct xfer_stream *s;
	uint32_t max = x->config.max_size;

	while (*left > 0 && evquic_stream_open(xc->conn, bidi, &stream) == 0) {
		(*left)--;
		s = add_stream(xc, stream);
		s->text_ends = true;
		s->text_len = prng_below(&x->rng, max + 1);
		if (prng_chance(&x->rng, 500)) /* many are short */
			s->text_len %= 300;
		for (size_t i = 0; i < s->text_len; i++)
			s->text[i] = xfer_byte(s->id, i);
		offer(s, prng_chance(&x->rng, 700));
	}
}

static void
open_streams(struct xfer_conn *xc)
{
	open_one(xc, true, &xc->to_open);
	open_one(xc, false, &xc->uni_to_open);
}

static void
give_credit(struct xfer_stream *s)
{
	size_t credit = s->credit;

	s->credit = 0;
	if (credit > 0)
		evquic_stream_consume(s->stream, credit);
}

static void
maybe_close(struct xfer_conn *xc)
{
	const struct xfer_config *k = &xc->x->config;

	if (!xc->x->server && !k->stays_open &&
	    xc->released == k->streams + k->uni + k->peer_uni)
		evquic_conn_close(xc->conn, 0, "done");
}

/* Lets go of a stream, before or after its end. */
static void
release(struct xfer_stream *s)
{
	struct xfer_conn *xc = s->xc;
	struct evquic_stream *stream = s->stream;

	free_stream(s);
	evquic_stream_release(stream);
	xc->released++;
	maybe_close(xc);
}

static bool
is_whole(const struct xfer_stream *s)
{
	bool out = !s->sends || (s->fin_out && s->given == s->text_len);
	bool in = !s->receives || s->fin_in;

	/* What comes back is as long as what was sent. */
	if (s->sends && s->receives && s->fin_in && s->got != s->text_len)
		return false;
	return out && in;
}

static void
on_stream_opened(struct evquic_stream *stream)
{
	(void)add_stream(evquic_conn_data(evquic_stream_conn(stream)), stream);
}

static void
check_bytes(struct xfer_stream *s, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == xfer_byte(s->id, s->got + i))
			continue;
		complain(s->xc->x, "wrong byte", s->id);
		return;
	}
}

static void
on_stream_data(
    struct evquic_stream *stream, const uint8_t *data, size_t len, bool fin)
{
	struct xfer_stream *s = evquic_stream_data(stream);
	struct xfer *x = s->xc->x;
	bool echoes = x->server && s->sends;

	if (s->fin_in || !s->receives)
		complain(x, "bytes after the end", s->id);
	check_bytes(s, data, len);
	s->got += len;
	s->fin_in = s->fin_in || fin;
	s->credit += len;
	x->bytes_in += len;
	if (s->got > x->config.max_size) {
		complain(x, "too many bytes", s->id);
		return;
	}
	if (!prng_chance(&x->rng, x->config.lazy))
		give_credit(s);
	if (echoes) {
		if (len > 0)
			memcpy(s->text + s->text_len, data, len);
		s->text_len += len;
		s->text_ends = fin;
		offer(s, prng_chance(&x->rng, 800));
	}
	if (x->config.releases_early && s->fin_in && s->fin_out &&
	    !s->xc->pulls) {
		x->streams_whole += is_whole(s);
		release(s);
	}
}

static void
on_stream_reset(struct evquic_stream *stream, uint64_t code)
{
	struct xfer_stream *s = evquic_stream_data(stream);

	if (code != CODE_RESET && code != CODE_STOP && code != 0)
		complain(s->xc->x, "reset with a wrong code", s->id);
	s->is_cut = true;
	if (s->sends && !s->fin_out)
		evquic_stream_reset(stream, CODE_RESET);
}

static void
on_stream_stopped(struct evquic_stream *stream, uint64_t code)
{
	struct xfer_stream *s = evquic_stream_data(stream);

	if (s->is_cut && !s->receives)
		complain(s->xc->x, "stopped what has ended", s->id);
	(void)code; /* ngtcp2 does not tell */
	s->is_cut = true;
}

static void
on_stream_closed(struct evquic_stream *stream)
{
	struct xfer_stream *s = evquic_stream_data(stream);
	struct xfer *x = s->xc->x;

	if (s->is_cut) {
		x->streams_cut++;
	} else if (is_whole(s)) {
		x->streams_whole++;
	} else {
		/* Only with its connection; closed() looks at that. */
		x->streams_lost++;
		s->xc->incomplete++;
	}
	release(s);
}

/* -------------------------------------------------------- connections -- */

static int
open_conn(struct evquic_conn *conn, bool pulls)
{
	struct xfer *x = evquic_conn_arg(conn);
	struct xfer_conn *xc = fake_calloc(1, sizeof(*xc));

	xc->x = x;
	xc->conn = conn;
	xc->pulls = pulls;
	xc->to_open = x->config.streams;
	xc->uni_to_open = x->config.uni;
	list_init(&xc->streams);
	list_append(&x->conns, &xc->link);
	evquic_conn_set_data(conn, xc);
	x->opened++;
	open_streams(xc);
	return 0;
}

static int
on_opened_write(struct evquic_conn *conn)
{
	return open_conn(conn, false);
}

static int
on_opened_pull(struct evquic_conn *conn)
{
	return open_conn(conn, true);
}

static void
on_room(struct evquic_conn *conn)
{
	open_streams(evquic_conn_data(conn));
}

static void
on_drain(struct evquic_conn *conn)
{
	struct xfer_conn *xc = evquic_conn_data(conn);

	xc->x->drains++;
	evquic_conn_close(conn, 0, "drain");
}

static void
keep_record(struct xfer *x, const struct evquic_conn *conn,
    const struct evquic_conn_stats *stats)
{
	size_t len = stats->reason_len;

	if (len >= sizeof(x->last_reason))
		complain(x, "reason too long", -1);
	else if (len > 0)
		memcpy(x->last_reason, stats->reason, len);
	x->last_reason[len < sizeof(x->last_reason) ? len : 0] = '\0';
	x->last = *stats;
	x->last.reason = x->last_reason;
	(void)snprintf(x->last_verify, sizeof(x->last_verify), "%s",
	    evquic_conn_verify_error(conn));
}

static void
on_session(struct evquic_conn *conn, const void *session, size_t len)
{
	struct xfer *x = evquic_conn_arg(conn);

	if (len > sizeof(x->session)) {
		complain(x, "a session of that length", (int64_t)len);
		return;
	}
	memcpy(x->session, session, len);
	x->session_len = len;
}

static void
on_closed(struct evquic_conn *conn, const struct evquic_conn_stats *stats)
{
	struct xfer *x = evquic_conn_arg(conn);
	struct xfer_conn *xc = evquic_conn_data(conn);
	bool ours = stats->closed_by == EVQUIC_CLOSED_LOCALLY &&
		    stats->application && stats->code == 0;

	x->closed++;
	keep_record(x, conn, stats);
	if (xc == NULL)
		return; /* a client's that was never opened */
	if (!list_is_empty(&xc->streams))
		complain(x, "closed with streams", -1);
	if (ours && !x->server && xc->to_open == 0 && xc->incomplete > 0 &&
	    !x->config.loses)
		complain(x, "closed too early", -1);
	if (ours && xc->to_open == 0)
		x->finished++;
	evquic_conn_set_data(conn, NULL);
	list_remove(&xc->link);
	free(xc);
}

/* -------------------------------------------------------------- ticks -- */

/*
 * Returns true if the stream is gone.  Two things are spared, since ngtcp2
 * 1.11 never closes such streams: resetting a unidirectional one (if that frame
 * is the first to arrive), and stopping one of which a later part arrived
 * before an earlier one.  Who does not stop a stream must read it to its end:
 * its window does not open any more once it is released.
 */
static bool
be_rude(struct xfer_stream *s)
{
	struct xfer *x = s->xc->x;
	bool stops = x->config.stops && prng_chance(&x->rng, 500);

	if (!s->receives)
		return false;
	s->is_cut = true;
	if (stops)
		evquic_stream_stop(s->stream, CODE_STOP);
	if (!s->fin_out || prng_chance(&x->rng, 300))
		evquic_stream_reset(s->stream, CODE_RESET);
	if ((!stops && !s->fin_in) || prng_chance(&x->rng, 500))
		return false;
	x->streams_cut++;
	release(s);
	return true;
}

static void
tick_stream(struct xfer_stream *s, bool all)
{
	struct xfer *x = s->xc->x;

	if (!s->is_cut && prng_chance(&x->rng, x->config.rude) && be_rude(s))
		return;
	if (all || prng_chance(&x->rng, 500))
		give_credit(s);
	if (all || prng_chance(&x->rng, 500))
		offer(s, all || prng_chance(&x->rng, 500));
}

static void
tick(struct xfer *x, bool all)
{
	struct list *l, *k, *next;

	for (l = x->conns.next; l != &x->conns; l = l->next) {
		struct xfer_conn *xc = container_of(l, struct xfer_conn, link);

		for (k = xc->streams.next; k != &xc->streams; k = next) {
			next = k->next;
			tick_stream(
			    container_of(k, struct xfer_stream, link), all);
		}
		maybe_close(xc);
	}
}

void
xfer_tick(struct xfer *x)
{
	tick(x, false);
}

void
xfer_catch_up(struct xfer *x)
{
	tick(x, true);
}

#define LIMITS                                                                 \
	{                                                                      \
		.size = sizeof(struct evquic_limits), .max_streams_bidi = 100, \
		.max_streams_uni = 10                                          \
	}
#define COMMON(name)                                                           \
	.size = sizeof(struct evquic_app), .alpn = (name), .limits = LIMITS,   \
	.closed = on_closed, .session = on_session,                            \
	.stream_opened = on_stream_opened, .stream_data = on_stream_data,      \
	.stream_reset = on_stream_reset, .stream_stopped = on_stream_stopped,  \
	.stream_closed = on_stream_closed, .drain = on_drain,                  \
	.stream_room = on_room
#define WRITES .opened = on_opened_write
#define PULLS                                                                  \
	.opened = on_opened_pull, .pull = on_pull, .pulled = on_pulled,        \
	.blocked = on_blocked, .acked = on_acked

const struct evquic_app xfer_server_write = {COMMON("write"), WRITES};
const struct evquic_app xfer_server_pull = {COMMON("pull"), PULLS};
const struct evquic_app xfer_write_to_write = {COMMON("write"), WRITES};
const struct evquic_app xfer_write_to_pull = {COMMON("pull"), WRITES};
const struct evquic_app xfer_pull_to_write = {COMMON("write"), PULLS};
const struct evquic_app xfer_pull_to_pull = {COMMON("pull"), PULLS};
