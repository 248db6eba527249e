/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket side: full sockets, segmentation that the system refuses, errors
 * of single datagrams, joined datagrams, batches, source addresses.
 */
#include "tests/fake/duo.h"
#include "tests/fake/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

enum {
	BULK = 200000,
	CLIENTS = 20,
	QUERY = 60,
	SMALLER = 1300
};

static struct duo d;

/* What a full socket refused is sent again byte for byte, before anything
 * else; the net watches over that. */
static void
test_full_socket(void)
{
	uint64_t sent, wakeups;

	duo_init_open(&d, NULL);
	sent = d.sim.net.sent;
	CU_ASSERT(duo_echo(&d, BULK, 2 * NSEC_PER_SEC));
	sent = d.sim.net.sent - sent;
	d.sim.net.faults.room = 5;
	d.sim.net.faults.drain = 3 * NSEC_PER_MSEC;
	wakeups = d.sim.steps;
	CU_ASSERT(duo_echo(&d, BULK, 10 * NSEC_PER_SEC));
	CU_ASSERT(sim_server_count(&d.sim, "tx_blocked") > 0);
	CU_ASSERT(sim_client_count(&d.sim, "tx_blocked") > 0);
	CU_ASSERT(sim_server_count(&d.sim, "tx_dropped") == 0);
	CU_ASSERT(sim_server_count(&d.sim, "tx_errors") == 0);
	/* Nobody asks again before the socket says so. */
	wakeups = d.sim.steps - wakeups;
	PROVE("QSV-100", wakeups < 20 * sent);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* A connection that closes while its socket is full says so later. */
static void
test_close_while_full(void)
{
	struct net_socket *sock;

	duo_init_open(&d, NULL);
	sock = net_find(&d.sim.net, d.sim.server_fds[0]);
	d.server.echoes = true;
	sock->full = true;
	CU_ASSERT(duo_write(duo_stream(&d.client, true), 500, true) == 0);
	sim_run(&d.sim, 100 * NSEC_PER_MSEC);
	CU_ASSERT(sim_server_count(&d.sim, "tx_blocked") == 1);
	evquic_conn_close(d.server.conn, 9, NULL);
	sim_run(&d.sim, 100 * NSEC_PER_MSEC);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 0);
	CU_ASSERT(d.client.bytes == 0);
	sock->full = false;
	sock->wants_write = true;
	duo_talk(&d);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.client.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.client.bytes == 500); /* what was parked came first */
	CU_ASSERT(d.client.stats.code == 9);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Segmentation fails at run time: given up for that socket, and not a packet
 * is lost by it. */
static void
refuse_gso(int error, uint32_t room)
{
	uint64_t trains, with, without;

	duo_init_open(&d, NULL);
	with = d.sim.net.sent;
	CU_ASSERT(duo_echo(&d, BULK, 2 * NSEC_PER_SEC));
	with = d.sim.net.sent - with;
	CU_ASSERT(d.sim.net.trains > 0);
	CU_ASSERT(sim_server_count(&d.sim, "tx_gso_trains") > 0);
	for (size_t i = 0; i < d.sim.net.nsockets; i++)
		d.sim.net.sockets[i].gso_error = error;
	trains = d.sim.net.trains;
	without = d.sim.net.sent;
	d.sim.net.faults.room = room;
	d.sim.net.faults.drain = NSEC_PER_MSEC;
	CU_ASSERT(duo_echo(&d, BULK, 5 * NSEC_PER_SEC));
	without = d.sim.net.sent - without;
	CU_ASSERT(d.sim.net.trains == trains);
	PROVE("QSV-098", sim_server_count(&d.sim, "tx_gso_disabled") == 1 &&
			     sim_server_count(&d.sim, "tx_errors") == 0 &&
			     sim_server_count(&d.sim, "tx_dropped") == 0);
	CU_ASSERT(sim_client_count(&d.sim, "tx_gso_disabled") == 1);
	if (room == 0) /* nothing had to be said twice */
		CU_ASSERT(without < with + with / 4);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
test_gso_refused(void)
{
	refuse_gso(EIO, 0);
	refuse_gso(EINVAL, 0);
	refuse_gso(EIO, 3); /* and full in the middle of a train */
}

/* An error for one datagram skips that one; QUIC makes good for it. */
static void
test_send_errors(void)
{
	static const int errors[] = {
	    EPERM, ENETUNREACH, ENOBUFS, ECONNREFUSED, EIO, EINVAL, EMSGSIZE};

	duo_init_open(&d, NULL);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		net_fail_sends(&d.sim.net, d.sim.server_fds[0], errors[i], 3);
		net_fail_sends(&d.sim.net, sim_fd(d.client.conn), errors[i], 2);
		CU_ASSERT(duo_echo(&d, BULK, 3 * NSEC_PER_SEC));
		CU_ASSERT(d.sim.net.sockets[0].nerrors == 0);
	}
	CU_ASSERT(sim_server_count(&d.sim, "tx_errors") > 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* ICMP errors come with a receive, and are no end of anything. */
static void
test_receive_error(void)
{
	struct net_socket *sock;

	duo_init_open(&d, NULL);
	sock = net_find(&d.sim.net, sim_fd(d.client.conn));
	sock->rx_error = ECONNREFUSED;
	CU_ASSERT(duo_echo(&d, BULK, 3 * NSEC_PER_SEC));
	CU_ASSERT(sock->rx_error == 0);
	CU_ASSERT(sim_client_count(&d.sim, "rx_errors") == 1);
	sock->rx_error = EINTR;
	CU_ASSERT(duo_echo(&d, BULK, 3 * NSEC_PER_SEC));
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Probes for a larger MTU that the system refuses (EMSGSIZE) cost nothing
 * but themselves (RFC 9000 14.2.1, 14.3). */
static void
test_small_mtu(void)
{
	duo_init(&d, NULL);
	d.sim.net.faults.mtu = 1300;
	CU_ASSERT(duo_open(&d));
	duo_talk(&d);
	CU_ASSERT(duo_echo(&d, BULK, 3 * NSEC_PER_SEC));
	PROVE("QSV-095", sim_server_count(&d.sim, "tx_errors") > 0 &&
			     d.client.n[DUO_CLOSED] == 0 &&
			     d.client.bytes == BULK);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static bool
drop_large(void *arg, const struct net_datagram *datagram)
{
	unsigned *dropped = arg;

	if (datagram->len <= SMALLER)
		return true;
	++*dropped;
	return false;
}

/* The path gets narrower while it is in use, and the system says so, or nobody
 * does (RFC 9000 14.3, RFC 8899 4.3): bytes arrive all the same. */
static void
test_mtu_falls(void)
{
	unsigned dropped = 0;

	duo_init_open(&d, NULL);
	CU_ASSERT(duo_echo(&d, BULK, 3 * NSEC_PER_SEC));
	d.sim.net.faults.mtu = SMALLER;
	PROVE("QSV-095", duo_echo(&d, BULK, 10 * NSEC_PER_SEC) &&
			     sim_server_count(&d.sim, "tx_errors") > 0);
	CU_ASSERT(sim_server_count(&d.sim, "narrow_paths") == 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
	duo_init_open(&d, NULL);
	CU_ASSERT(duo_echo(&d, BULK, 3 * NSEC_PER_SEC));
	d.sim.net.tap = drop_large;
	d.sim.net.tap_arg = &dropped;
	PROVE("QSV-094", duo_echo(&d, BULK, 10 * NSEC_PER_SEC) && dropped > 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Short answers all the while, which arrive, hide nothing. */
static void
test_mtu_falls_in_part(void)
{
	unsigned dropped = 0;

	duo_init_open(&d, NULL);
	CU_ASSERT(duo_echo(&d, BULK, 3 * NSEC_PER_SEC));
	d.client.bytes = 0;
	d.client.fins = 0;
	d.sim.net.tap = drop_large;
	d.sim.net.tap_arg = &dropped;
	CU_ASSERT(duo_write(duo_stream(&d.client, true), BULK, true) == 0);
	for (unsigned i = 0; i < CLIENTS * 5; i++) {
		struct evquic_stream *s = duo_stream(&d.client, true);

		CU_ASSERT_FATAL(s != NULL);
		CU_ASSERT(duo_write(s, QUERY, true) == 0);
		sim_run(&d.sim, 50 * NSEC_PER_MSEC);
	}
	PROVE("QSV-094", d.client.fins == 1 + CLIENTS * 5 &&
			     d.client.bytes == BULK + CLIENTS * 5 * QUERY);
	CU_ASSERT(dropped > 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* The path MTU is found and used. */
static bool
find_largest(void *arg, const struct net_datagram *datagram)
{
	size_t *largest = arg;

	if (datagram->len > *largest)
		*largest = datagram->len;
	return true;
}

static void
test_mtu_discovery(void)
{
	size_t largest = 0;

	duo_init_open(&d, NULL);
	CU_ASSERT(duo_echo(&d, BULK, 3 * NSEC_PER_SEC));
	d.sim.net.tap = find_largest;
	d.sim.net.tap_arg = &largest;
	CU_ASSERT(duo_echo(&d, BULK, 3 * NSEC_PER_SEC));
	CU_ASSERT(largest > 1400 && largest <= QUIC_MAX_TX_PAYLOAD);
	CU_ASSERT(sim_server_count(&d.sim, "narrow_paths") == 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* One train with segments of two connections and one of nobody's between
 * them; the last is shorter (the two are equally long, garbage fills up). */
static void
test_gro_of_two_connections(void)
{
	static struct tap_catch k;
	struct evquic_conn *first;
	struct evquic_stream *s;
	uint8_t junk[QUIC_MAX_TX_PAYLOAD] = {0x41};

	k = (struct tap_catch){.n = 0};
	duo_init_open(&d, NULL);
	first = d.client.conn;
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	duo_talk(&d);
	CU_ASSERT_FATAL(d.client.conn != first);
	d.sim.net.tap = tap_catch_client;
	d.sim.net.tap_arg = &k;
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_FATAL(
		    evquic_stream_open(
			i == 0 ? first : d.client.conn, true, &s) == 0);
		CU_ASSERT(duo_write(s, QUERY, true) == 0);
		sim_settle(&d.sim);
	}
	CU_ASSERT_FATAL(k.n == 2 && k.len[0] == k.len[1]);
	d.sim.net.tap = NULL;
	d.sim.net.faults.gro = true;
	net_inject(&d.sim.net, &k.from[0], &d.sim.addr, k.bytes[0], k.len[0]);
	net_inject(&d.sim.net, &k.from[0], &d.sim.addr, junk, k.len[0]);
	net_inject(&d.sim.net, &k.from[0], &d.sim.addr, k.bytes[1], k.len[1]);
	net_inject(&d.sim.net, &k.from[0], &d.sim.addr, junk, 30);
	sim_run(&d.sim, 0);
	PROVE("QSV-019", d.server.bytes == 2 * QUERY && d.server.fins == 2);
	CU_ASSERT(sim_server_count(&d.sim, "drop_unknown_cid") == 1);
	CU_ASSERT(sim_server_count(&d.sim, "drop_short") == 1);
	evquic_conn_close(first, 0, NULL);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Answers to many clients leave in one system call, and what one client is
 * sent in one train. */
static void
test_batches(void)
{
	struct evquic_conn *conns[CLIENTS];
	struct evquic_stream *s;
	uint64_t batches, datagrams, rx_batches;

	duo_init(&d, NULL);
	d.sim.tick = NSEC_PER_MSEC;
	d.server.echoes = true;
	for (int i = 0; i < CLIENTS; i++) {
		CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
		duo_talk(&d);
		conns[i] = d.client.conn;
	}
	sim_run(&d.sim, 5 * NSEC_PER_SEC); /* MTU probes are over */
	batches = sim_server_count(&d.sim, "tx_batches");
	rx_batches = sim_server_count(&d.sim, "rx_batches");
	datagrams = sim_server_count(&d.sim, "tx_datagrams");
	for (int i = 0; i < CLIENTS; i++) {
		CU_ASSERT_FATAL(evquic_stream_open(conns[i], true, &s) == 0);
		CU_ASSERT(duo_write(s, QUERY, true) == 0);
	}
	sim_run(&d.sim, d.sim.net.faults.delay + 2 * NSEC_PER_MSEC);
	CU_ASSERT(d.server.bytes == CLIENTS * QUERY);
	CU_ASSERT(
	    sim_server_count(&d.sim, "tx_datagrams") - datagrams == CLIENTS);
	CU_ASSERT(sim_server_count(&d.sim, "tx_batches") - batches <= 2);
	CU_ASSERT(sim_server_count(&d.sim, "rx_batches") - rx_batches > 0);
	CU_ASSERT(sim_server_count(&d.sim, "rx_batches") - rx_batches <= 2);
	duo_talk(&d);
	CU_ASSERT(d.client.fins == CLIENTS);
	evquic_endpoint_close(d.sim.server, 0, 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* A server that is bound to no address answers from the one that was asked,
 * in both families; the client's connected socket takes no other. */
static void
talk_to(int family, const char *text)
{
	struct duo_options o = {.wildcard = true, .family = family};

	duo_init(&d, &o);
	if (family == AF_INET)
		(void)inet_pton(AF_INET, text, &d.sim.addr.in.sin_addr);
	else
		(void)inet_pton(AF_INET6, text, &d.sim.addr.in6.sin6_addr);
	CU_ASSERT(duo_open(&d));
	duo_talk(&d);
	PROVE("QSV-018", duo_echo(&d, BULK, 3 * NSEC_PER_SEC));
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
test_source_address(void)
{
	talk_to(AF_INET, "127.0.0.5");
	talk_to(AF_INET, "192.0.2.77");
	talk_to(AF_INET6, "2001:db8::5");
}

void
test_quic_udp_register(void)
{
	CU_pSuite s = unit_suite("quic_udp");

	unit_test(s, "full_socket", test_full_socket);
	unit_test(s, "close_while_full", test_close_while_full);
	unit_test(s, "gso_refused", test_gso_refused);
	unit_test(s, "send_errors", test_send_errors);
	unit_test(s, "receive_error", test_receive_error);
	unit_test(s, "small_mtu", test_small_mtu);
	unit_test(s, "mtu_falls", test_mtu_falls);
	unit_test(s, "mtu_falls_in_part", test_mtu_falls_in_part);
	unit_test(s, "mtu_discovery", test_mtu_discovery);
	unit_test(s, "gro_of_two_connections", test_gro_of_two_connections);
	unit_test(s, "batches", test_batches);
	unit_test(s, "source_address", test_source_address);
}
