/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens on the way: loss, repetition, marks, other addresses, long
 * pauses.  The network may be bad; it must not be made worse.
 */
#include "tests/fake/duo.h"
#include "tests/fake/peer.h"
#include "tests/fake/tap.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

enum {
	BULK = 200000,
	QUERIES = 40,
	QUERY = 60
};

static struct duo d;

struct marks {
	unsigned marked[2];
	unsigned all[2];
};

static bool
count_marks(void *arg, const struct net_datagram *datagram)
{
	struct marks *m = arg;
	int side = net_port(&datagram->from) == SIM_PORT;

	m->all[side]++;
	m->marked[side] += datagram->ecn != 0;
	return true;
}

/* Marks are received and reported: else the peer would have given ECN up after
 * validation failed (RFC 9000 13.4.2.1). */
static void
mark(int family)
{
	struct duo_options o = {.family = family};
	struct marks m = {{0}, {0}};

	duo_init_open(&d, &o);
	CU_ASSERT(duo_echo(&d, BULK, 3 * NSEC_PER_SEC));
	d.sim.net.tap = count_marks;
	d.sim.net.tap_arg = &m;
	CU_ASSERT(duo_echo(&d, BULK, 3 * NSEC_PER_SEC));
	PROVE("QSV-097", m.all[0] > 100 && m.all[1] > 100 &&
			     m.marked[0] == m.all[0] &&
			     m.marked[1] == m.all[1]);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
test_ecn(void)
{
	mark(AF_INET);
	mark(AF_INET6);
}

/* RFC 9000 9.3: a client comes from another address, and the old one leads
 * nowhere; what runs goes on. */
static void
test_rebinding(void)
{
	int fd;

	duo_init_open(&d, NULL);
	d.sim.net.faults.nat_forgets = true;
	d.server.echoes = true;
	fd = sim_fd(d.client.conn);
	CU_ASSERT(duo_write(duo_stream(&d.client, true), BULK, true) == 0);
	sim_run(&d.sim, 60 * NSEC_PER_MSEC);
	CU_ASSERT(d.client.bytes > 0 && d.client.bytes < BULK);
	net_rebind(&d.sim.net, fd);
	sim_run(&d.sim, 5 * NSEC_PER_SEC);
	PROVE("QSV-059", d.client.bytes == BULK && d.client.fins == 1 &&
			     d.client.n[DUO_CLOSED] == 0);
	CU_ASSERT(sim_server_count(&d.sim, "path_changes") == 1);
	CU_ASSERT(sim_client_count(&d.sim, "path_changes") == 0);
	evquic_conn_close(d.client.conn, 0, NULL);
	duo_talk(&d);
	CU_ASSERT(d.server.stats.path_changes == 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* The largest datagrams from and to one address of a client. */
struct path_sizes {
	union quic_addr addr;
	size_t sent;
	size_t received;
};

static bool
measure_path(void *arg, const struct net_datagram *datagram)
{
	struct path_sizes *p = arg;

	if (memcmp(&datagram->from, &p->addr, sizeof(p->addr)) == 0 &&
	    datagram->len > p->sent)
		p->sent = datagram->len;
	if (memcmp(&datagram->to, &p->addr, sizeof(p->addr)) == 0 &&
	    datagram->len > p->received)
		p->received = datagram->len;
	return true;
}

/* RFC 9000 8.2: the server challenges a path that is new to it, which is in
 * use only once our client has answered; both in full datagrams. */
static void
test_challenge(void)
{
	struct path_sizes new_path = {.sent = 0};
	int fd;

	duo_init_open(&d, NULL);
	fd = sim_fd(d.client.conn);
	net_rebind(&d.sim.net, fd);
	new_path.addr = net_find(&d.sim.net, fd)->outside;
	d.sim.net.tap = measure_path;
	d.sim.net.tap_arg = &new_path;
	CU_ASSERT(duo_write(duo_stream(&d.client, true), QUERY, true) == 0);
	duo_talk(&d);
	CU_ASSERT(new_path.received >= QUIC_MIN_INITIAL);
	PROVE("QSV-062", new_path.sent >= QUIC_MIN_INITIAL &&
			     sim_server_count(&d.sim, "path_changes") == 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* ------------------------------------------------------ a client stays -- */

enum {
	RAW_PORT = 4433,
	OTHER_PORT = 4434
};

static void
prefer_other_address(ngtcp2_transport_params *params)
{
	ngtcp2_preferred_addr *a = &params->preferred_addr;

	params->preferred_addr_present = 1;
	a->ipv4_present = 1;
	a->ipv4 = net_addr(AF_INET, false, OTHER_PORT).in;
	a->cid.datalen = 8;
	memset(a->cid.data, 0x77, 8);
	memset(
	    a->stateless_reset_token, 0x88, sizeof(a->stateless_reset_token));
}

/* Where a client's datagrams come from and go to. */
struct staying {
	union quic_addr from;
	unsigned all;
	unsigned strayed;
};

static bool
watch_client(void *arg, const struct net_datagram *datagram)
{
	struct staying *s = arg;

	if (net_port(&datagram->from) == RAW_PORT)
		return true;
	if (s->all++ == 0)
		s->from = datagram->from;
	s->strayed += memcmp(&s->from, &datagram->from, sizeof(s->from)) != 0 ||
		      net_port(&datagram->to) != RAW_PORT;
	return true;
}

/* Our client moves neither where the server would like to have it (RFC 9000
 * 9.6) nor when its own sends fail, before the handshake and after it. */
static void
test_client_stays(void)
{
	static struct peer peer;
	struct peer_options o = {.alpn = "duo", .tweak = prefer_other_address};
	struct evquic_connect_options c = {.app = &duo_app};
	struct staying staying = {.all = 0};
	struct certs_pair pair;

	certs_pair_init(&pair);
	duo_init(&d, NULL);
	c.trust = d.tls.insecure;
	d.sim.addr = net_addr(AF_INET, false, RAW_PORT);
	peer_listen(&peer, &d.sim, &d.sim.addr, &o, pair.cert, pair.key);
	d.sim.net.tap = watch_client;
	d.sim.net.tap_arg = &staying;
	CU_ASSERT_FATAL(duo_connect(&d, &c) != NULL);
	sim_run(&d.sim, d.sim.net.faults.delay + NSEC_PER_MSEC);
	for (int i = 0; i < 10; i++) {
		int fd = i == 0 ? NET_FIRST_FD + (int)d.sim.net.nsockets - 1
				: sim_fd(d.client.conn);

		net_fail_sends(&d.sim.net, fd, ENETUNREACH, 2);
		duo_talk(&d);
		CU_ASSERT_FATAL(d.client.conn != NULL);
		CU_ASSERT(
		    duo_write(duo_stream(&d.client, true), QUERY, true) == 0);
		duo_talk(&d);
	}
	CU_ASSERT(peer.bytes_in == 10 * QUERY && staying.all > 20);
	CU_ASSERT(sim_client_count(&d.sim, "tx_errors") >= 10);
	PROVE("QSV-063", staying.strayed == 0 &&
			     sim_client_count(&d.sim, "path_changes") == 0);
	CU_ASSERT(duo_end(&d));
	peer_done(&peer);
	duo_done(&d);
	certs_pair_done(&pair);
}

/* RFC 9000 9.3.1: a packet that somebody else sent from a stolen address moves
 * nothing for long, and the address is not flooded. */
static void
test_spoofed_address(void)
{
	static struct tap_catch k;
	struct tap_victim victim = {.addr = net_addr(AF_INET, false, 5300)};

	k = (struct tap_catch){.n = 0};
	duo_init_open(&d, NULL);
	d.sim.net.tap = tap_catch_client;
	d.sim.net.tap_arg = &k;
	CU_ASSERT(duo_write(duo_stream(&d.client, true), 100, false) == 0);
	sim_settle(&d.sim);
	CU_ASSERT_FATAL(k.n == 1);
	d.sim.net.tap = tap_count_victim;
	d.sim.net.tap_arg = &victim;
	net_inject(&d.sim.net, &victim.addr, &d.sim.addr, k.bytes[0], k.len[0]);
	sim_run(&d.sim, 5 * NSEC_PER_SEC);
	CU_ASSERT(victim.bytes > 0);
	CU_ASSERT(victim.bytes <= 3 * k.len[0]);
	PROVE("QSV-060", duo_echo(&d, BULK, 5 * NSEC_PER_SEC) &&
			     victim.bytes <= 3 * k.len[0]);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/*
 * Everything from another address, for a while: ngtcp2 challenges each of them,
 * and each response comes from yet another one, so there is no end of it; but
 * no more is sent than three bytes for one, and what is left is nothing.
 */
static void
test_migration_storm(void)
{
	uint64_t in, out;

	duo_init_open(&d, NULL);
	d.server.echoes = true;
	in = sim_server_count(&d.sim, "rx_bytes");
	out = sim_server_count(&d.sim, "tx_bytes");
	d.sim.net.faults.rebind = 1000;
	CU_ASSERT(duo_write(duo_stream(&d.client, true), BULK, true) == 0);
	sim_run(&d.sim, NSEC_PER_SEC);
	in = sim_server_count(&d.sim, "rx_bytes") - in;
	out = sim_server_count(&d.sim, "tx_bytes") - out;
	CU_ASSERT(d.sim.net.rebindings > 100);
	CU_ASSERT(out <= 3 * in);
	d.sim.net.faults.rebind = 0;
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Marks that vanish, or that all say "congestion": bytes arrive anyway. */
static void
test_ecn_mangled(void)
{
	static const enum net_ecn ways[] = {NET_ECN_BLEACHED, NET_ECN_CE};

	for (size_t i = 0; i < 2; i++) {
		duo_init(&d, NULL);
		d.sim.net.faults.ecn = ways[i];
		CU_ASSERT(duo_open(&d));
		duo_talk(&d);
		PROVE("BAD-089", duo_echo(&d, BULK, 10 * NSEC_PER_SEC));
		CU_ASSERT(duo_end(&d));
		duo_done(&d);
	}
}

/* A third of all datagrams is lost: short queries are answered, and what is
 * sent for that is a small multiple of it. */
static void
lose(uint32_t loss, uint64_t factor)
{
	uint64_t quiet;

	duo_init_open(&d, NULL);
	d.server.echoes = true;
	sim_run(&d.sim, 5 * NSEC_PER_SEC); /* MTU probes are over */
	quiet = d.sim.net.bytes_sent;
	d.sim.net.faults.loss = loss;
	for (int i = 0; i < QUERIES; i++) {
		struct evquic_stream *s = duo_stream(&d.client, true);

		CU_ASSERT_FATAL(s != NULL);
		CU_ASSERT(duo_write(s, QUERY, true) == 0);
		sim_run(&d.sim, 2 * NSEC_PER_SEC);
	}
	sim_run(&d.sim, 10 * NSEC_PER_SEC);
	PROVE("QSV-099",
	    d.client.fins == QUERIES && d.client.bytes == QUERIES * QUERY &&
		d.sim.net.bytes_sent - quiet < factor * QUERIES * QUERY);
	d.sim.net.faults.loss = 0;
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
test_loss(void)
{
	lose(10, 20);
	lose(100, 20);
	lose(300, 30);
}

/* Each datagram comes twice, the second time late. */
static void
test_repetition(void)
{
	duo_init(&d, NULL);
	d.sim.net.faults.duplicate = 1000;
	d.sim.net.faults.jitter = 5 * NSEC_PER_MSEC;
	CU_ASSERT(duo_open(&d));
	duo_talk(&d);
	CU_ASSERT(duo_echo(&d, BULK, 10 * NSEC_PER_SEC));
	PROVE("BAD-084", d.server.bytes == BULK && d.server.fins == 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* A client that falls silent in the middle of an answer: ever fewer packets
 * are sent to it, and then it is forgotten. */
static void
test_peer_falls_silent(void)
{
	static struct peer peer;
	struct peer_options o = {.alpn = "duo"};
	uint64_t sent, later;

	duo_init(&d, NULL);
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	d.server.echoes = true;
	CU_ASSERT(peer_send(&peer, 10000, true) == 0);
	peer.silent = true;
	sent = d.sim.net.sent;
	sim_run(&d.sim, 5 * NSEC_PER_SEC);
	sent = d.sim.net.sent - sent;
	later = d.sim.net.sent;
	sim_run(&d.sim, 5 * NSEC_PER_SEC);
	later = d.sim.net.sent - later;
	PROVE("BAD-040", sent > 0 && sent < 60 && later <= 4);
	sim_run(&d.sim, 30 * NSEC_PER_SEC);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.server.stats.closed_by == EVQUIC_CLOSED_IDLE);
	CU_ASSERT(sim_is_empty(&d.sim));
	peer_done(&peer);
	duo_done(&d);
}

/* The process stood still (a stopped process, a laptop's lid): no storm, and
 * what is over is over. */
static void
stand_still(nsec span, bool survives)
{
	uint64_t sent;

	duo_init_open(&d, NULL);
	d.server.echoes = true;
	CU_ASSERT(duo_write(duo_stream(&d.client, true), BULK, true) == 0);
	sim_run(&d.sim, 30 * NSEC_PER_MSEC);
	d.sim.net.now += span;
	sent = d.sim.net.sent;
	sim_settle(&d.sim);
	PROVE("BAD-090", d.sim.net.sent - sent < 40);
	sim_run(&d.sim, 10 * NSEC_PER_SEC);
	CU_ASSERT((d.client.bytes == BULK) == survives);
	CU_ASSERT((d.client.n[DUO_CLOSED] == 0) == survives);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
test_standstill(void)
{
	stand_still(10 * NSEC_PER_SEC, true);
	stand_still(60 * NSEC_PER_SEC, false);
	stand_still(3600 * NSEC_PER_SEC, false);
}

void
test_quic_path_register(void)
{
	CU_pSuite s = unit_suite("quic_path");

	unit_test(s, "ecn", test_ecn);
	unit_test(s, "ecn_mangled", test_ecn_mangled);
	unit_test(s, "rebinding", test_rebinding);
	unit_test(s, "challenge", test_challenge);
	unit_test(s, "client_stays", test_client_stays);
	unit_test(s, "spoofed_address", test_spoofed_address);
	unit_test(s, "migration_storm", test_migration_storm);
	unit_test(s, "loss", test_loss);
	unit_test(s, "repetition", test_repetition);
	unit_test(s, "peer_falls_silent", test_peer_falls_silent);
	unit_test(s, "standstill", test_standstill);
}
