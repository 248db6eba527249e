/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Applications that are pulled from, at the edges of the contract: some that
 * ask for a turn from within pull(), one that offers bytes of a stream that
 * has ended, one that frees its bytes with the stream.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/alloc.h"
#include "tests/fake/duo.h"
#include "tests/fake/xfer.h"
#include "tests/unit/unit.h"

enum {
	TEXT = 60000,
	SHORT = 4000, /* fits into the first flight */
	CLIENTS = 40,
	MANY_PULLS = 5000,
	CODE = 0x31
};

static struct duo d;

/* The client: one stream, one text. */
struct puller {
	struct evquic_conn *conn;
	struct evquic_stream *stream; /* NULL: released */
	uint8_t *text;
	size_t len; /* of it */
	size_t given;
	size_t acked;
	bool fin_given;
	bool blocked;
	unsigned pulls;
	bool is_greedy; /* asks for another turn at each pull */
	unsigned stopped;
	unsigned closed_streams;
};

static struct puller p;

static int
on_opened(struct evquic_conn *conn)
{
	p.conn = conn;
	return 0;
}

static void
on_closed(struct evquic_conn *conn, const struct evquic_conn_stats *stats)
{
	(void)conn;
	(void)stats;
	p.conn = NULL;
}

static void
on_data(struct evquic_stream *stream, const uint8_t *data, size_t len, bool fin)
{
	(void)data;
	(void)fin;
	evquic_stream_consume(stream, len);
}

static void
on_reset(struct evquic_stream *stream, uint64_t code)
{
	(void)stream;
	(void)code;
}

static void
on_stopped(struct evquic_stream *stream, uint64_t code)
{
	(void)stream;
	(void)code;
	p.stopped++;
}

static void
on_stream_closed(struct evquic_stream *stream)
{
	p.closed_streams++;
	p.stream = NULL;
	evquic_stream_release(stream);
}

/* Offers what is left until it is told that the stream is blocked. */
static bool
on_pull(struct evquic_conn *conn, struct evquic_chunk *ret)
{
	p.pulls++;
	if (p.is_greedy)
		evquic_conn_ready(conn);
	if (p.stream == NULL || p.blocked || p.fin_given)
		return false;
	ret->stream = p.stream;
	ret->iov[0] = (struct iovec){p.text + p.given, p.len - p.given};
	ret->iovcnt = 1;
	ret->fin = true;
	return true;
}

static void
on_pulled(struct evquic_stream *stream, size_t len, bool fin)
{
	(void)stream;
	p.given += len;
	p.fin_given = fin;
}

static void
on_blocked(struct evquic_stream *stream, bool is_blocked)
{
	(void)stream;
	p.blocked = is_blocked;
}

static void
on_acked(struct evquic_stream *stream, uint64_t len)
{
	(void)stream;
	p.acked += len;
}

static const struct evquic_app puller_app = {
    .size = sizeof(puller_app),
    .alpn = "duo",
    .limits = {.size = sizeof(struct evquic_limits)},
    .opened = on_opened,
    .closed = on_closed,
    .stream_data = on_data,
    .stream_reset = on_reset,
    .stream_stopped = on_stopped,
    .stream_closed = on_stream_closed,
    .pull = on_pull,
    .pulled = on_pulled,
    .blocked = on_blocked,
    .acked = on_acked,
};

static void
begin(void)
{
	struct evquic_connect_options o = {.app = &puller_app};

	p = (struct puller){.text = fake_malloc(TEXT), .len = TEXT};
	memset(p.text, 'x', TEXT);
	duo_init(&d, NULL);
	CU_ASSERT_FATAL(duo_connect(&d, &o) != NULL);
	duo_talk(&d);
	CU_ASSERT_FATAL(p.conn != NULL);
	CU_ASSERT_FATAL(evquic_stream_open(p.conn, true, &p.stream) == 0);
	evquic_conn_ready(p.conn);
}

static void
end(void)
{
	if (p.conn != NULL)
		evquic_conn_close(p.conn, 0, NULL);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
	free(p.text);
}

/* It all arrives, and is acknowledged to the byte. */
static void
test_plain(void)
{
	begin();
	duo_talk(&d);
	CU_ASSERT(d.server.bytes == TEXT && d.server.fins == 1);
	CU_ASSERT(p.given == TEXT && p.acked == TEXT);
	CU_ASSERT(duo_write(d.server.stream, 10, true) == 0);
	duo_talk(&d);
	CU_ASSERT(p.closed_streams == 1);
	end();
}

/* One that asks for another turn whenever it is asked gets it in the next, not
 * in this one for ever. */
static void
test_greedy(void)
{
	begin();
	duo_talk(&d);
	p.is_greedy = true;
	evquic_conn_ready(p.conn);
	quic_worker_flush(d.sim.clients[0], d.sim.net.now);
	CU_ASSERT(!d.sim.clients[0]->flush_wanted);
	CU_ASSERT(quic_worker_next_expiry(d.sim.clients[0]) <= d.sim.net.now);
	p.is_greedy = false;
	duo_talk(&d);
	end();
}

/*
 * A connection that asked for another turn while it wrote, and whose socket
 * turned out to be full in the middle of that: many of them share a batch that
 * is sent when it is full itself.
 */
static void
test_full_in_the_middle(void)
{
	static struct sim sim;
	static struct xfer client, server;
	struct xfer_config config = {.streams = 2, .max_size = 60000};
	struct evquic_offer offer = {&xfer_server_pull, &server, NULL};
	struct evquic_service_options service = {
	    .offers = &offer, .noffers = 1};
	struct evquic_connect_options o = {
	    .app = &xfer_write_to_pull, .arg = &client};
	struct sim_options world = {.seed = 5,
	    .workers = 1,
	    .family = AF_INET,
	    .tick = 10 * NSEC_PER_MSEC,
	    .service = &service};
	struct sim_tls tls;
	struct evquic_conn *c;

	sim_tls_init(&tls);
	world.tls = &tls;
	xfer_init(&client, &config, false, 1);
	config.streams = 0;
	xfer_init(&server, &config, true, 2);
	sim_init(&sim, &world);
	for (int i = 0; i < CLIENTS; i++)
		CU_ASSERT(sim_connect(&sim, 0, &o, &c) == 0);
	sim.net.faults.room = 30;
	sim.net.faults.drain = NSEC_PER_MSEC;
	sim.net.sockets[0].gso_error = EIO;
	for (int i = 0; i < 200; i++) {
		sim_run(&sim, 100 * NSEC_PER_MSEC);
		xfer_catch_up(&client);
		xfer_catch_up(&server);
	}
	CU_ASSERT(sim_run_out(&sim));
	CU_ASSERT(sim_server_count(&sim, "tx_blocked") > 10);
	CU_ASSERT(client.finished == CLIENTS);
	CU_ASSERT(client.complaint[0] == '\0');
	CU_ASSERT(server.complaint[0] == '\0');
	CU_ASSERT(sim.net.complaint[0] == '\0');
	CU_ASSERT(sim_is_empty(&sim));
	sim_done(&sim);
	sim_tls_done(&tls);
}

/* Bytes of a stream that it has reset itself: refused once, not for ever. */
static void
test_offers_after_reset(void)
{
	begin();
	sim_run(&d.sim, 15 * NSEC_PER_MSEC);
	CU_ASSERT(p.given > 0 && p.given < TEXT);
	evquic_stream_reset(p.stream, CODE);
	evquic_conn_ready(p.conn);
	duo_talk(&d);
	CU_ASSERT(p.pulls < MANY_PULLS);
	CU_ASSERT(d.server.n[DUO_RESET] == 1 && d.server.code == CODE);
	end();
}

/* Bytes of a stream that the peer has stopped. */
static void
test_offers_after_stop(void)
{
	begin();
	sim_run(&d.sim, 15 * NSEC_PER_MSEC);
	CU_ASSERT_FATAL(d.server.stream != NULL);
	evquic_stream_stop(d.server.stream, CODE);
	duo_talk(&d);
	CU_ASSERT(p.stopped == 1);
	CU_ASSERT(p.pulls < MANY_PULLS);
	CU_ASSERT(d.server.n[DUO_RESET] == 1 && d.server.code == CODE);
	end();
}

/* The bytes are gone with the stream, also those under way: ngtcp2 must not
 * read them again when their packets are lost. */
static void
free_early(bool whole)
{
	begin();
	if (whole)
		p.len = SHORT;
	else
		sim_run(&d.sim, 15 * NSEC_PER_MSEC);
	d.sim.net.faults.loss = 1000;
	sim_settle(&d.sim);
	CU_ASSERT(p.given > p.acked && p.fin_given == whole);
	evquic_stream_release(p.stream);
	p.stream = NULL;
	memset(p.text, 'y', TEXT);
	free(p.text);
	p.text = NULL;
	sim_run(&d.sim, 50 * NSEC_PER_MSEC);
	d.sim.net.faults.loss = 0;
	duo_talk(&d);
	CU_ASSERT(d.server.n[DUO_RESET] == 1 && d.server.fins == 0);
	end();
}

static void
test_free_early(void)
{
	free_early(false);
	free_early(true);
}

void
test_quic_pull_register(void)
{
	CU_pSuite s = unit_suite("quic_pull");

	unit_test(s, "plain", test_plain);
	unit_test(s, "greedy", test_greedy);
	unit_test(s, "full_in_the_middle", test_full_in_the_middle);
	unit_test(s, "offers_after_reset", test_offers_after_reset);
	unit_test(s, "offers_after_stop", test_offers_after_stop);
	unit_test(s, "free_early", test_free_early);
}
