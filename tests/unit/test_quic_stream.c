/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams one by one: flow control down to windows of a byte, RESET_STREAM and
 * STOP_SENDING both ways, and when the peer's credit comes back.
 */
#include "tests/fake/duo.h"

#include <errno.h>

#include "tests/unit/unit.h"

enum {
	CODE = 0x21,
	MANY = 400,
	PART = 40000,
	PARTS = 5,
	MARK = PART / 2,
	HELD = 4 /* streams that a client may open in some tests */
};

static struct duo d;

/* Writes `len` bytes through windows of the given sizes. */
static void
squeeze(uint64_t stream_window, uint64_t conn_window, size_t len)
{
	struct evquic_limits l = {.size = sizeof(l),
	    .max_streams_bidi = 10,
	    .stream_window = stream_window,
	    .conn_window = conn_window};
	struct duo_options o = {.server = &l};
	struct evquic_stream *s;

	duo_init_open(&d, &o);
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(duo_write(s, len, true) == 0);
	CU_ASSERT(evquic_conn_unacked(d.client.conn) == len);
	sim_run(&d.sim, 20 * NSEC_PER_SEC);
	CU_ASSERT(d.server.bytes == len);
	CU_ASSERT(d.server.fins == 1);
	CU_ASSERT(evquic_conn_unacked(d.client.conn) == 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
test_windows(void)
{
	squeeze(1, 0, 100);
	squeeze(100, 0, 5000);
	squeeze(0, 1, 100);
	squeeze(0, 100, 5000);
	squeeze(7, 3, 60);
	squeeze(0, 0, 300000);
}

/* RFC 9250 5.8 by way of the library: the largest DNS message and its length
 * fit into the window that a peer is told first. */
static void
test_largest_message(void)
{
	struct evquic_stream *s;

	duo_init_open(&d, NULL);
	d.server.hoards = true; /* no credit until it is whole */
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(duo_write(s, 65537, true) == 0);
	duo_talk(&d);
	PROVE("DOQ-089", d.server.bytes == 65537 && d.server.fins == 1);
	evquic_stream_consume(d.server.stream, 65537);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* What is not consumed holds up its stream only; credit is said when it is
 * given, the peer need not ask (RFC 9000 4.2). */
static void
test_credit(void)
{
	struct evquic_limits l = {.size = sizeof(l),
	    .max_streams_bidi = 10,
	    .stream_window = 1000,
	    .conn_window = 5000};
	struct duo_options o = {.server = &l};
	struct evquic_stream *a, *b;

	duo_init_open(&d, &o);
	d.server.hoards = true;
	a = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(a != NULL);
	CU_ASSERT(duo_write(a, 3000, true) == 0);
	duo_talk(&d);
	CU_ASSERT(d.server.bytes == 1000);
	CU_ASSERT(evquic_conn_unacked(d.client.conn) >= 2000);
	b = d.server.stream;
	d.server.hoards = false;
	a = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(a != NULL);
	CU_ASSERT(duo_write(a, 3000, true) == 0);
	duo_talk(&d);
	CU_ASSERT(d.server.bytes == 4000 && d.server.fins == 1);
	evquic_stream_consume(b, 1000); /* outside of any callback */
	duo_talk(&d);
	PROVE("QSV-080", d.server.bytes == 6000 && d.server.fins == 2);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* A window that stays shut: the bytes wait, and no more than those; another
 * connection does not notice. */
static void
test_no_credit(void)
{
	static const struct evquic_limits none = {.size = sizeof(none),
	    .max_streams_bidi = 1,
	    .stream_window = 1,
	    .conn_window = 1};
	struct duo_options o = {.client = &none};
	struct evquic_stream *s;
	struct evquic_conn *stuck;
	uint64_t flushes;

	duo_init_open(&d, &o);
	d.client.hoards = true;
	d.server.echoes = true;
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(duo_write(s, 20000, true) == 0);
	duo_talk(&d);
	stuck = d.server.conn;
	CU_ASSERT(d.client.bytes == 1);
	CU_ASSERT(evquic_conn_unacked(stuck) >= 19999);
	flushes = sim_server_count(&d.sim, "flushes");
	d.limits = NULL;
	d.client.hoards = false;
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	duo_talk(&d);
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(duo_write(s, 20000, true) == 0);
	duo_talk(&d);
	PROVE("QSV-081", d.client.bytes == 20001 && d.client.fins == 1 &&
			     evquic_conn_unacked(stuck) >= 19999);
	CU_ASSERT(sim_server_count(&d.sim, "flushes") - flushes < 200);
	evquic_endpoint_close(d.sim.server, 0, 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
test_reset_by_client(void)
{
	struct evquic_stream *s;

	duo_init_open(&d, NULL);
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(duo_write(s, 3000, false) == 0);
	duo_talk(&d);
	evquic_stream_reset(s, CODE);
	evquic_stream_reset(s, CODE + 1); /* harmless */
	CU_ASSERT(duo_write(s, 10, true) == -EPIPE);
	duo_talk(&d);
	CU_ASSERT(d.server.n[DUO_RESET] == 1);
	CU_ASSERT(d.server.code == CODE);
	CU_ASSERT(sim_server_count(&d.sim, "streams_reset") == 1);
	CU_ASSERT(d.server.fins == 0);
	/* The other direction lives on. */
	CU_ASSERT(duo_write(d.server.stream, 500, true) == 0);
	duo_talk(&d);
	CU_ASSERT(d.client.bytes == 500 && d.client.fins == 1);
	CU_ASSERT(d.client.n[DUO_STREAM_CLOSED] == 1);
	CU_ASSERT(d.server.n[DUO_STREAM_CLOSED] == 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/*
 * RFC 9000 3.5: STOP_SENDING is answered with RESET_STREAM of the same code by
 * the library; the application hears of it although it writes nothing.
 */
static void
test_stop_by_client(void)
{
	struct evquic_stream *s;

	duo_init_open(&d, NULL);
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(duo_write(s, 3000, true) == 0);
	duo_talk(&d);
	evquic_stream_stop(s, CODE);
	CU_ASSERT(d.client.n[DUO_STOPPED] == 0); /* it was we who stopped */
	duo_talk(&d);
	CU_ASSERT(d.server.n[DUO_STOPPED] == 1);
	CU_ASSERT(d.server.n[DUO_STREAM_CLOSED] == 1);
	CU_ASSERT(d.client.n[DUO_RESET] == 1);
	PROVE("DOQ-050", d.client.code == CODE);
	CU_ASSERT(d.client.n[DUO_STREAM_CLOSED] == 1);
	CU_ASSERT(sim_server_count(&d.sim, "streams_stopped") == 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Writing while nobody has told us yet: thrown away, nothing leaks. */
static void
test_stop_while_writing(void)
{
	struct evquic_stream *s;

	duo_init_open(&d, NULL);
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(duo_write(s, 100, false) == 0);
	duo_talk(&d);
	CU_ASSERT_FATAL(d.server.stream != NULL);
	CU_ASSERT(duo_write(d.server.stream, 50000, false) == 0);
	evquic_stream_stop(s, CODE);
	sim_run(&d.sim, d.sim.net.faults.delay + NSEC_PER_MSEC);
	CU_ASSERT(d.server.n[DUO_STOPPED] == 1);
	CU_ASSERT(duo_write(d.server.stream, 50000, true) == -EPIPE);
	CU_ASSERT(evquic_conn_unacked(d.server.conn) == 0);
	CU_ASSERT(duo_write(s, 100, true) == 0);
	duo_talk(&d);
	CU_ASSERT(d.server.bytes == 200);
	CU_ASSERT(d.server.n[DUO_STREAM_CLOSED] == 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* A stop that comes after the whole answer was delivered changes nothing. */
static void
test_stop_after_end(void)
{
	struct evquic_stream *s;

	duo_init_open(&d, NULL);
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(duo_write(s, 100, false) == 0);
	duo_talk(&d);
	CU_ASSERT(duo_write(d.server.stream, 900, true) == 0);
	duo_talk(&d);
	CU_ASSERT(d.client.bytes == 900 && d.client.fins == 1);
	evquic_stream_stop(s, CODE);
	duo_talk(&d);
	PROVE("DOQ-052",
	    d.server.n[DUO_STOPPED] == 0 && d.client.n[DUO_RESET] == 0);
	CU_ASSERT(duo_write(s, 100, true) == 0);
	duo_talk(&d);
	CU_ASSERT(d.server.n[DUO_STREAM_CLOSED] == 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Each takes the peer's place only when it is closed *and* released. */
static void
test_release_late(void)
{
	struct evquic_limits l = {.size = sizeof(l), .max_streams_bidi = HELD};
	struct duo_options o = {.server = &l};
	struct evquic_stream *held[HELD], *s;
	unsigned room;

	duo_init_open(&d, &o);
	d.server.keeps = true;
	for (int i = 0; i < HELD; i++) {
		s = duo_stream(&d.client, true);
		CU_ASSERT_FATAL(s != NULL);
		CU_ASSERT(duo_write(s, 10, true) == 0);
		duo_talk(&d);
		held[i] = d.server.stream;
		CU_ASSERT(duo_write(held[i], 10, true) == 0);
		duo_talk(&d);
	}
	CU_ASSERT(d.client.n[DUO_STREAM_CLOSED] == HELD);
	CU_ASSERT(d.server.n[DUO_STREAM_CLOSED] == HELD);
	CU_ASSERT(duo_stream(&d.client, true) == NULL);
	room = d.client.n[DUO_ROOM];
	evquic_stream_release(held[0]); /* outside of any callback */
	duo_talk(&d);
	PROVE("QSV-076", d.client.n[DUO_ROOM] == room + 1 &&
			     duo_stream(&d.client, true) != NULL);
	CU_ASSERT(duo_stream(&d.client, true) == NULL);
	for (int i = 1; i < HELD; i++)
		evquic_stream_release(held[i]);
	duo_talk(&d);
	CU_ASSERT(duo_stream(&d.client, true) != NULL);
	d.server.keeps = false;
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Released before it is closed: what comes is thrown away, the credit of the
 * connection is not, and our direction is ended. */
static void
test_release_early(void)
{
	struct evquic_limits l = {
	    .size = sizeof(l), .max_streams_bidi = HELD, .conn_window = 4000};
	struct duo_options o = {.server = &l};
	struct evquic_stream *s;

	duo_init_open(&d, &o);
	for (int i = 0; i < MANY; i++) {
		s = duo_stream(&d.client, true);
		CU_ASSERT_FATAL(s != NULL);
		CU_ASSERT(duo_write(s, 10, false) == 0);
		sim_run(&d.sim, 25 * NSEC_PER_MSEC);
		CU_ASSERT_FATAL(d.server.stream != NULL);
		evquic_stream_release(d.server.stream);
		d.server.stream = NULL;
		CU_ASSERT(duo_write(s, 990, true) == 0);
		sim_run(&d.sim, 60 * NSEC_PER_MSEC);
	}
	duo_talk(&d);
	CU_ASSERT(d.server.bytes == 10 * MANY);
	CU_ASSERT(d.client.n[DUO_RESET] == MANY && d.client.code == 0);
	CU_ASSERT(d.client.n[DUO_STREAM_CLOSED] == MANY);
	PROVE("QSV-079", duo_stream(&d.client, true) != NULL);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* What was written before the release still arrives. */
static void
test_release_after_writing(void)
{
	struct evquic_stream *s;

	duo_init_open(&d, NULL);
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(duo_write(s, 100, true) == 0);
	duo_talk(&d);
	CU_ASSERT(duo_write(d.server.stream, 30000, true) == 0);
	evquic_stream_release(d.server.stream);
	duo_talk(&d);
	CU_ASSERT(d.client.bytes == 30000 && d.client.fins == 1);
	CU_ASSERT(d.client.n[DUO_RESET] == 0);
	CU_ASSERT(d.server.n[DUO_STREAM_CLOSED] == 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Bytes of streams that were reset in mid-flight count and come back. */
static void
test_reset_returns_window(void)
{
	struct evquic_limits l = {
	    .size = sizeof(l), .max_streams_bidi = HELD, .conn_window = 3000};
	struct duo_options o = {.server = &l};
	struct evquic_stream *s;

	duo_init_open(&d, &o);
	d.server.hoards = true; /* not even what came is consumed */
	for (int i = 0; i < MANY; i++) {
		s = duo_stream(&d.client, true);
		CU_ASSERT_FATAL(s != NULL);
		CU_ASSERT(duo_write(s, 1000, false) == 0);
		if (i % 2 == 0)
			sim_run(&d.sim, 50 * NSEC_PER_MSEC);
		evquic_stream_reset(s, CODE);
		sim_run(&d.sim, 25 * NSEC_PER_MSEC);
		evquic_stream_reset(d.server.stream, CODE);
		sim_run(&d.sim, 60 * NSEC_PER_MSEC);
	}
	d.server.hoards = false;
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	d.server.bytes = 0;
	CU_ASSERT(duo_write(s, 20000, true) == 0);
	duo_talk(&d);
	PROVE("QSV-079", d.server.bytes == 20000);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Many streams, one after the other: their credit always comes back. */
static void
test_many_streams(void)
{
	struct evquic_limits l = {.size = sizeof(l), .max_streams_bidi = HELD};
	struct duo_options o = {.server = &l};
	struct evquic_stream *s;
	unsigned done = 0;

	duo_init_open(&d, &o);
	d.server.echoes = true;
	for (int i = 0; i < 10 * MANY; i++) {
		s = duo_stream(&d.client, true);
		if (s == NULL) {
			sim_run(&d.sim, 45 * NSEC_PER_MSEC);
			continue;
		}
		CU_ASSERT(duo_write(s, 20, true) == 0);
		done++;
	}
	duo_talk(&d);
	PROVE("QSV-076", done > MANY && d.client.fins == done);
	CU_ASSERT(d.client.bytes == 20 * done);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Writes the next part when most of the last one has arrived. */
static void
write_on(struct duo_side *side, enum duo_event event, struct evquic_stream *s)
{
	if (event != DUO_DRAINED)
		return;
	CU_ASSERT(evquic_stream_unacked(s) <= MARK);
	CU_ASSERT(duo_write(s, PART, side->n[DUO_DRAINED] == PARTS) == 0);
	if (side->n[DUO_DRAINED] < PARTS)
		CU_ASSERT(evquic_stream_watch(s, MARK));
}

/* Who has much to write is told when there is room. */
static void
test_drained(void)
{
	struct evquic_stream *s;

	duo_init_open(&d, NULL);
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(!evquic_stream_watch(s, 0));
	d.client.hook = write_on;
	CU_ASSERT(duo_write(s, PART, false) == 0);
	CU_ASSERT(evquic_stream_unacked(s) == PART);
	CU_ASSERT(!evquic_stream_watch(s, PART));
	CU_ASSERT(evquic_stream_watch(s, MARK));
	CU_ASSERT(d.client.n[DUO_DRAINED] == 0);
	sim_run(&d.sim, 20 * NSEC_PER_SEC);
	CU_ASSERT(d.client.n[DUO_DRAINED] == PARTS);
	CU_ASSERT(d.server.bytes == (PARTS + 1) * PART && d.server.fins == 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Nobody is told of a stream that has ended, or that somebody has ended. */
static void
test_not_drained(void)
{
	struct evquic_stream *s, *t;

	duo_init_open(&d, NULL);
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(duo_write(s, PART, true) == 0);
	CU_ASSERT(evquic_stream_watch(s, 0));
	evquic_stream_release(s);
	duo_talk(&d);
	CU_ASSERT(d.server.fins == 1 && d.client.n[DUO_DRAINED] == 0);
	d.server.hoards = true;
	s = duo_stream(&d.client, true);
	t = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL && t != NULL);
	CU_ASSERT(duo_write(s, 4 * PART, false) == 0);
	CU_ASSERT(duo_write(t, 4 * PART, false) == 0);
	CU_ASSERT(evquic_stream_watch(s, 0) && evquic_stream_watch(t, 0));
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_DRAINED] == 0);
	evquic_stream_reset(s, CODE);
	CU_ASSERT(evquic_stream_unacked(s) == 0);
	evquic_stream_stop(d.server.stream, CODE);
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_STOPPED] + d.client.n[DUO_RESET] > 0);
	CU_ASSERT(d.client.n[DUO_DRAINED] == 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

void
test_quic_stream_register(void)
{
	CU_pSuite s = unit_suite("quic_stream");

	unit_test(s, "windows", test_windows);
	unit_test(s, "largest_message", test_largest_message);
	unit_test(s, "credit", test_credit);
	unit_test(s, "no_credit", test_no_credit);
	unit_test(s, "reset_by_client", test_reset_by_client);
	unit_test(s, "stop_by_client", test_stop_by_client);
	unit_test(s, "stop_while_writing", test_stop_while_writing);
	unit_test(s, "stop_after_end", test_stop_after_end);
	unit_test(s, "release_late", test_release_late);
	unit_test(s, "release_early", test_release_early);
	unit_test(s, "release_after_writing", test_release_after_writing);
	unit_test(s, "reset_returns_window", test_reset_returns_window);
	unit_test(s, "many_streams", test_many_streams);
	unit_test(s, "drained", test_drained);
	unit_test(s, "not_drained", test_not_drained);
}
