/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How connections end: the tombstone that answers for a closed one, the silence
 * of a drained one, stopping the service, and what the application may do while
 * it is told.
 */
#include "tests/fake/duo.h"

#include <string.h>

#include "tests/unit/unit.h"

enum {
	LATE = 100, /* datagrams that come for a closed connection */
	STREAMS = 6
};

static struct duo d;

/* Watches the wire: counts both directions, keeps a client's last datagram, and
 * drops what the server sends if told so. */
struct wire {
	bool drops_server;
	unsigned from_server;
	size_t server_bytes;
	unsigned from_client;
	union quic_addr from;
	union quic_addr to;
	size_t len;
	uint8_t bytes[QUIC_MAX_TX_PAYLOAD];
};

static struct wire wire;

static bool
watch(void *arg, const struct net_datagram *datagram)
{
	struct wire *w = arg;

	if (net_port(&datagram->from) == SIM_PORT) {
		w->from_server++;
		w->server_bytes += datagram->len;
		return !w->drops_server;
	}
	w->from_client++;
	w->from = datagram->from;
	w->to = datagram->to;
	w->len = datagram->len;
	memcpy(w->bytes, datagram->bytes, datagram->len);
	return true;
}

static void
watch_wire(void)
{
	wire = (struct wire){.drops_server = false};
	d.sim.net.tap = watch;
	d.sim.net.tap_arg = &wire;
}

static uint64_t
server_tombstones(void)
{
	struct evquic_accounts a;

	sim_accounts(d.sim.servers, 1, &a);
	return a.tombstones;
}

/* Sends the client's last datagram again, `n` times, a millisecond apart. */
static void
repeat(unsigned n)
{
	while (n-- > 0) {
		net_inject(
		    &d.sim.net, &wire.from, &wire.to, wire.bytes, wire.len);
		sim_run(&d.sim, NSEC_PER_MSEC);
	}
}

/*
 * RFC 9000 10.2.1: the close is said again to a peer that did not hear it, but
 * ever more seldom, never more than three bytes for one, and not for ever.
 */
static void
test_tombstone_answers(void)
{
	struct evquic_stream *s;
	nsec closed;

	duo_init_open(&d, NULL);
	watch_wire();
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(duo_write(s, 100, false) == 0);
	duo_talk(&d);
	wire.drops_server = true;
	evquic_conn_close(d.server.conn, 5, NULL);
	sim_settle(&d.sim);
	closed = d.sim.net.now;
	CU_ASSERT(d.server.n[DUO_CLOSED] == 1);
	CU_ASSERT(server_tombstones() == 1);
	wire.from_server = 0;
	wire.server_bytes = 0;
	repeat(LATE);
	/* 100 datagrams: numbers 1, 2, 4 ... 64 are answered. */
	PROVE("QSV-066",
	    wire.from_server == 7 && wire.server_bytes <= 3 * LATE * wire.len);
	CU_ASSERT(sim_server_count(&d.sim, "drop_tombstone") == LATE);
	CU_ASSERT(d.client.n[DUO_CLOSED] == 0);
	/* Three PTO of a round trip of 20 ms: gone well within a second. */
	sim_run(&d.sim, NSEC_PER_SEC - (d.sim.net.now - closed));
	CU_ASSERT(server_tombstones() == 0);
	wire.from_server = 0;
	repeat(1);
	CU_ASSERT(sim_server_count(&d.sim, "drop_tombstone") == LATE);
	CU_ASSERT(sim_server_count(&d.sim, "drop_unknown_cid") > 0);
	/* From now on it is as unknown as any other. */
	CU_ASSERT(sim_server_count(&d.sim, "resets_sent") == 1);
	CU_ASSERT(wire.from_server == 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* The peer hears the close at last, and says nothing to it (10.2.2). */
static void
test_tombstone_is_heard(void)
{
	struct evquic_stream *s;
	unsigned before;

	duo_init_open(&d, NULL);
	watch_wire();
	wire.drops_server = true;
	evquic_conn_close(d.server.conn, 5, "bye");
	sim_settle(&d.sim);
	wire.drops_server = false;
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(duo_write(s, 100, true) == 0);
	before = wire.from_client;
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.client.stats.closed_by == EVQUIC_CLOSED_BY_PEER);
	CU_ASSERT(d.client.stats.code == 5);
	CU_ASSERT(strcmp(d.client.reason, "bye") == 0);
	CU_ASSERT(d.client.n[DUO_STREAM_CLOSED] == 1);
	CU_ASSERT(wire.from_client == before + 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* RFC 9000 10.2.2: who was told of the end sends nothing more. */
static void
test_draining_is_silent(void)
{
	duo_init_open(&d, NULL);
	watch_wire();
	evquic_conn_close(d.client.conn, 0, NULL);
	sim_run(&d.sim, d.sim.net.faults.delay + NSEC_PER_MSEC);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 1);
	CU_ASSERT(server_tombstones() == 1);
	wire.from_server = 0;
	repeat(LATE);
	PROVE("QSV-066", wire.from_server == 0);
	CU_ASSERT(sim_server_count(&d.sim, "drop_tombstone") == LATE);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* A tombstone keeps no more than itself, its IDs and the packet. */
static void
test_tombstone_is_small(void)
{
	struct evquic_accounts open, closed;

	duo_init_open(&d, NULL);
	sim_accounts(d.sim.servers, 1, &open);
	evquic_conn_close(d.server.conn, 5, NULL);
	sim_settle(&d.sim);
	sim_accounts(d.sim.servers, 1, &closed);
	CU_ASSERT(open.conn_bytes > 10000);
	PROVE("QSV-067", closed.connections == 0 && closed.tombstones == 1 &&
			     closed.conn_bytes < 1000 &&
			     closed.buffer_bytes == 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Streams end before their connection; whatever the application does while it
 * is told, also to other streams, is fine. */
static void
release_all(
    struct duo_side *side, enum duo_event event, struct evquic_stream *stream)
{
	struct evquic_stream **all = side->hook_arg;

	if (event != DUO_STREAM_CLOSED)
		return;
	for (size_t i = 0; i < STREAMS; i++) {
		if (all[i] != NULL && all[i] != stream)
			evquic_stream_release(all[i]);
		all[i] = NULL;
	}
	/* This one is released when the hook returns. */
	CU_ASSERT(stream != NULL);
}

static void
test_release_of_others(void)
{
	struct evquic_stream *all[STREAMS];

	duo_init_open(&d, NULL);
	for (size_t i = 0; i < STREAMS; i++) {
		all[i] = duo_stream(&d.client, true);
		CU_ASSERT_FATAL(all[i] != NULL);
		CU_ASSERT(duo_write(all[i], 1000, false) == 0);
	}
	d.client.hook = release_all;
	d.client.hook_arg = all;
	duo_talk(&d);
	evquic_conn_close(d.client.conn, 0, NULL);
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_STREAM_CLOSED] == 1); /* of the others: no */
	CU_ASSERT(d.client.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.server.n[DUO_STREAM_CLOSED] == STREAMS);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Streams that are kept over closed() are let go of then. */
static void
test_kept_streams(void)
{
	duo_init_open(&d, NULL);
	d.client.keeps = true;
	CU_ASSERT_FATAL(duo_stream(&d.client, true) != NULL);
	CU_ASSERT_FATAL(duo_stream(&d.client, true) != NULL);
	evquic_conn_close(d.client.conn, 0, NULL);
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_STREAM_CLOSED] == 2);
	CU_ASSERT(d.client.n[DUO_CLOSED] == 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
on_idle(void *arg)
{
	++*(unsigned *)arg;
}

/* Draining: nobody new, drain() for those there are, and idle() once. */
static void
test_drain(void)
{
	unsigned idle = 0;

	duo_init_open(&d, NULL);
	evquic_endpoint_drain(d.sim.server, 0, on_idle, &idle);
	CU_ASSERT(d.server.n[DUO_DRAIN] == 1);
	CU_ASSERT(idle == 0);
	duo_talk(&d);
	CU_ASSERT(idle == 0 && d.client.n[DUO_CLOSED] == 0);
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1);
	CU_ASSERT(sim_server_count(&d.sim, "drop_not_serving") > 0);
	evquic_conn_close(d.server.conn, 0, NULL);
	duo_talk(&d);
	CU_ASSERT(idle == 1);
	CU_ASSERT(sim_run_out(&d.sim));
	CU_ASSERT(idle == 1);
	CU_ASSERT(sim_is_empty(&d.sim));
	duo_done(&d);
}

static void
test_drain_nobody(void)
{
	unsigned idle = 0;

	duo_init(&d, NULL);
	evquic_endpoint_drain(d.sim.server, 0, on_idle, &idle);
	CU_ASSERT(idle == 0); /* from a later turn */
	sim_settle(&d.sim);
	CU_ASSERT(idle == 1);
	duo_done(&d);
}

/* Closing all of a worker's connections, and freeing an endpoint while they
 * live: everybody hears of his end. */
static void
test_close_all(void)
{
	duo_init_open(&d, NULL);
	CU_ASSERT(duo_open(&d));
	duo_talk(&d);
	evquic_endpoint_close(d.sim.server, 0, 4);
	duo_talk(&d);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 2);
	CU_ASSERT(d.client.n[DUO_CLOSED] == 2);
	CU_ASSERT(d.client.stats.application && d.client.stats.code == 4);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
test_free_while_open(void)
{
	struct evquic_stream *s;

	duo_init_open(&d, NULL);
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(duo_write(s, 100000, true) == 0);
	sim_run(&d.sim, 15 * NSEC_PER_MSEC); /* in mid-flight */
	duo_done(&d);
	CU_ASSERT(d.client.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.client.n[DUO_STREAM_CLOSED] == 1);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 1);
}

/* A new service is for new connections; the old one lives while it is used. */
static void
test_new_service(void)
{
	struct evquic_service *fresh;
	struct evquic_offer offer = {&solo_app, &d.server, NULL};
	struct evquic_connect_options solo = {.app = &solo_app};
	struct evquic_stream *s;

	duo_init_open(&d, NULL);
	d.service.offers = &offer;
	d.service.noffers = 1;
	fresh = evquic_service_new(&d.service);
	CU_ASSERT_FATAL(fresh != NULL);
	evquic_endpoint_serve(d.sim.server, 0, fresh);
	evquic_service_unref(fresh);
	evquic_service_unref(d.sim.service); /* the test's own reference */
	d.sim.service = NULL;
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(duo_write(s, 5000, true) == 0);
	duo_talk(&d);
	CU_ASSERT(d.server.bytes == 5000);
	evquic_conn_close(d.client.conn, 0, NULL);
	duo_talk(&d);
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL); /* "duo" is gone */
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1);
	CU_ASSERT_FATAL(duo_connect(&d, &solo) != NULL);
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_OPENED] == 2);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

void
test_quic_close_register(void)
{
	CU_pSuite s = unit_suite("quic_close");

	unit_test(s, "tombstone_answers", test_tombstone_answers);
	unit_test(s, "tombstone_is_heard", test_tombstone_is_heard);
	unit_test(s, "draining_is_silent", test_draining_is_silent);
	unit_test(s, "tombstone_is_small", test_tombstone_is_small);
	unit_test(s, "release_of_others", test_release_of_others);
	unit_test(s, "kept_streams", test_kept_streams);
	unit_test(s, "drain", test_drain);
	unit_test(s, "drain_nobody", test_drain_nobody);
	unit_test(s, "close_all", test_close_all);
	unit_test(s, "free_while_open", test_free_while_open);
	unit_test(s, "new_service", test_new_service);
}
