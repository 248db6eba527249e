/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time that passes without a packet: how long a silent peer is remembered, and
 * what comes of each thing that ngtcp2 may say when a timer fires.
 */
#include "tests/fake/duo.h"
#include "tests/fake/expire.h"
#include "tests/fake/peer.h"
#include "tests/fake/tap.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

enum {
	QUERY = 30,
	BULK = 40000,
	CROWD = 300,
	CROWD_DEADLINE_MS = 10000
};

static struct duo d;
static struct peer peer;

/* ---------------------------------------------------------------- idle -- */

static void
offer_100ms(ngtcp2_transport_params *params)
{
	params->max_idle_timeout = 100 * NSEC_PER_MSEC;
}

static void
offer_2s(ngtcp2_transport_params *params)
{
	params->max_idle_timeout = 2 * NSEC_PER_SEC;
}

static void
offer_60s(ngtcp2_transport_params *params)
{
	params->max_idle_timeout = 60 * NSEC_PER_SEC;
}

static void
offer_none(ngtcp2_transport_params *params)
{
	params->max_idle_timeout = 0;
}

static bool
is_over(void *arg)
{
	const struct duo *duo = arg;

	return duo->server.n[DUO_CLOSED] == 1;
}

/* What one silent client meant. */
struct silence {
	nsec lasted;	/* from its last datagram on */
	nsec pto;	/* the server's, when that one had come */
	bool was_quiet; /* nothing was sent once it was acknowledged */
	bool was_reset; /* its next packet drew a reset */
};

/*
 * A client as `po` says, of a server with `limits`: says something, hears that
 * it came, and then no more.
 */
static struct silence
fall_silent_as(const struct peer_options *po,
    const struct evquic_limits *limits, nsec delay)
{
	static struct tap_catch k;
	struct duo_options o = {.server = limits};
	struct silence ret;
	uint64_t sent, resets;
	nsec heard;

	duo_init(&d, &o);
	d.sim.net.faults.delay = delay;
	peer_connect(&peer, &d.sim, po);
	sim_run(&d.sim, 10 * delay);
	CU_ASSERT_FATAL(peer.handshake_done && d.server.conn != NULL);
	k = (struct tap_catch){.passes = true};
	d.sim.net.tap = tap_catch_client;
	d.sim.net.tap_arg = &k;
	CU_ASSERT(peer_send(&peer, QUERY, true) == 0);
	/* All that either has to say to that, late ACKs included. */
	sim_run(&d.sim, 4 * delay + 100 * NSEC_PER_MSEC);
	peer.silent = true;
	heard = k.last + delay;
	CU_ASSERT_FATAL(d.server.conn != NULL && d.server.bytes == QUERY);
	ret.pto = ngtcp2_conn_get_pto(d.server.conn->qc);
	sent = sim_server_count(&d.sim, "tx_datagrams");
	CU_ASSERT(sim_run_until(&d.sim, 120 * NSEC_PER_SEC, is_over, &d));
	ret.lasted = d.sim.net.now - heard;
	CU_ASSERT(d.server.stats.closed_by == EVQUIC_CLOSED_IDLE);
	CU_ASSERT(sim_server_count(&d.sim, "closed_idle") == 1);
	sim_run(&d.sim, NSEC_PER_SEC);
	ret.was_quiet = sim_server_count(&d.sim, "tx_datagrams") == sent;
	CU_ASSERT(sim_is_empty(&d.sim));
	resets = sim_server_count(&d.sim, "resets_sent");
	CU_ASSERT_FATAL(k.n > 0);
	net_inject(&d.sim.net, &k.from[0], &d.sim.addr, k.bytes[0], k.len[0]);
	sim_run(&d.sim, 2 * delay);
	ret.was_reset = sim_server_count(&d.sim, "resets_sent") == resets + 1;
	peer_done(&peer);
	duo_done(&d);
	return ret;
}

/* The client's idle timeout is what `tweak` makes of it. */
static struct silence
fall_silent(void (*tweak)(ngtcp2_transport_params *),
    const struct evquic_limits *limits, nsec delay)
{
	struct peer_options po = {.alpn = "duo", .tweak = tweak};

	return fall_silent_as(&po, limits, delay);
}

static const struct evquic_limits five_seconds = {.size = sizeof(five_seconds),
    .max_streams_bidi = 10,
    .idle_timeout_ms = 5000};

/* RFC 9000 10.1: the smaller of the two, or the only one. */
static void
test_idle_minimum(void)
{
	static const struct {
		void (*tweak)(ngtcp2_transport_params *);
		const struct evquic_limits *limits;
		nsec expected;
	} cases[] = {
	    {offer_2s, NULL, 2 * NSEC_PER_SEC},
	    {offer_60s, &five_seconds, 5 * NSEC_PER_SEC},
	    {offer_none, &five_seconds, 5 * NSEC_PER_SEC},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct silence s = fall_silent(
		    cases[i].tweak, cases[i].limits, 10 * NSEC_PER_MSEC);

		PROVE("DOQ-073",
		    s.lasted >= cases[i].expected &&
			s.lasted < cases[i].expected + 10 * NSEC_PER_MSEC);
		PROVE("DOQ-073", s.was_quiet && s.was_reset);
	}
}

/* Milliseconds that are no number of nanoseconds any more, which libraries got
 * wrong: the largest there is, and one whose lower 64 bits are 0. */
static void
test_idle_largest(void)
{
	static const uint8_t values[][10] = {
	    {0x01, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	    {0x01, 0x08, 0xc4, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00},
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct peer_options po = {.alpn = "duo",
		    .tweak = offer_none,
		    .parameters = values[i],
		    .parameterslen = sizeof(values[i])};
		struct silence s =
		    fall_silent_as(&po, &five_seconds, 10 * NSEC_PER_MSEC);

		CU_ASSERT(s.lasted >= 5 * NSEC_PER_SEC);
		CU_ASSERT(s.lasted < 5 * NSEC_PER_SEC + 10 * NSEC_PER_MSEC);
	}
}

/* RFC 9000 10.1: three probe timeouts at least, whatever was agreed. */
static void
test_idle_three_ptos(void)
{
	struct silence s = fall_silent(offer_100ms, NULL, 300 * NSEC_PER_MSEC);

	CU_ASSERT(s.pto > 600 * NSEC_PER_MSEC);
	PROVE("DOQ-073",
	    s.lasted >= 3 * s.pto && s.lasted < 3 * s.pto + 10 * NSEC_PER_MSEC);
	CU_ASSERT(s.was_quiet && s.was_reset);
}

/* -------------------------------------------------------------- timers -- */

/* True if no connection has waited for longer than a millisecond. */
static bool
is_in_time(void)
{
	nsec expiry = NSEC_NEVER, other = NSEC_NEVER;

	if (d.server.conn != NULL)
		expiry = ngtcp2_conn_get_expiry(d.server.conn->qc);
	if (d.client.conn != NULL)
		other = ngtcp2_conn_get_expiry(d.client.conn->qc);
	return expiry + NSEC_PER_MSEC > d.sim.net.now &&
	       other + NSEC_PER_MSEC > d.sim.net.now;
}

/* What ngtcp2 waits for happens within a millisecond of when it said, be it
 * an acknowledgement, a probe, or the next packet that pacing allows. */
static void
test_precision(void)
{
	unsigned late = 0, steps = 0;

	duo_init(&d, NULL);
	d.sim.tick = NSEC_PER_MSEC / 2;
	d.server.echoes = true;
	CU_ASSERT(duo_open(&d));
	d.sim.net.faults.loss = 200;
	CU_ASSERT(duo_write(duo_stream(&d.client, true), BULK, true) == 0);
	while (d.client.fins == 0 && steps < 10000 && sim_step(&d.sim)) {
		steps++;
		late += !is_in_time();
	}
	CU_ASSERT(d.client.bytes == BULK && steps > 50);
	PROVE("QSV-075", late == 0);
	d.sim.net.faults.loss = 0;
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static bool
drop_all(void *arg, const struct net_datagram *datagram)
{
	(void)arg;
	(void)datagram;
	return false;
}

struct verdict {
	int error; /* of ngtcp2_conn_handle_expiry() */
	enum evquic_closed_by by;
	uint64_t code; /* of the CONNECTION_CLOSE; 0: nothing is sent */
};

/* The server's connection waits for an acknowledgement that never comes, and
 * ngtcp2 finds something else when it looks for it. */
static void
judge(const struct verdict *v)
{
	struct evquic_accounts a;
	uint64_t sent;

	duo_init_open(&d, NULL);
	d.sim.net.tap = drop_all;
	CU_ASSERT(duo_write(duo_stream(&d.server, true), QUERY, true) == 0);
	sim_settle(&d.sim);
	sent = sim_server_count(&d.sim, "tx_datagrams");
	fake_expire_fail(v->error);
	sim_run(&d.sim, NSEC_PER_SEC);
	sent = sim_server_count(&d.sim, "tx_datagrams") - sent;
	sim_accounts(d.sim.servers, 1, &a);
	PROVE("QSV-075", a.connections == 0 && d.server.n[DUO_CLOSED] == 1 &&
			     d.server.stats.closed_by == v->by);
	PROVE("QSV-075", v->code == 0
			     ? sent == 0
			     : sent == 1 && d.server.stats.code == v->code);
	d.sim.net.tap = NULL;
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
test_errors(void)
{
	static const struct verdict all[] = {
	    {NGTCP2_ERR_IDLE_CLOSE, EVQUIC_CLOSED_IDLE, 0},
	    {NGTCP2_ERR_HANDSHAKE_TIMEOUT, EVQUIC_CLOSED_TIMEOUT, 0},
	    {NGTCP2_ERR_DROP_CONN, EVQUIC_CLOSED_DROPPED, 0},
	    {NGTCP2_ERR_NOMEM, EVQUIC_CLOSED_LOCALLY, NGTCP2_INTERNAL_ERROR},
	    {NGTCP2_ERR_INTERNAL, EVQUIC_CLOSED_LOCALLY, NGTCP2_INTERNAL_ERROR},
	    {NGTCP2_ERR_AEAD_LIMIT_REACHED, EVQUIC_CLOSED_LOCALLY,
		NGTCP2_AEAD_LIMIT_REACHED},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		judge(&all[i]);
}

/* --------------------------------------------------------------- crowd -- */

/* A first packet of a new client that nobody ever hears of again. */
static void
draw_initial(struct tap_catch *k)
{
	struct quic_router *r = quic_endpoint_router(d.sim.client, 0);
	struct evquic_connect_options o = {.size = sizeof(o),
	    .app = &duo_app,
	    .arg = &d.client,
	    .trust = d.tls.trust,
	    .name = SIM_NAME,
	    .remote = &d.sim.addr.sa};
	/* All of them share the first one's number: nothing else is used. */
	static int fd;
	union quic_addr local = net_addr(AF_INET, false, 0);
	struct quic_socket *sock;
	struct evquic_conn *c;

	if (d.sim.net.nsockets == 1)
		fd = net_socket(&d.sim.net, &local, 0);
	net_connect(&d.sim.net, fd, &d.sim.addr);
	sock = quic_socket_new(r, fd, &net_find(&d.sim.net, fd)->inside, true);
	CU_ASSERT_FATAL(sock != NULL);
	CU_ASSERT_FATAL(quic_conn_connect(sock, &o, d.sim.net.now, &c) == 0);
	k->n = 0;
	sim_settle(&d.sim);
	CU_ASSERT_FATAL(k->n >= 1);
	quic_conn_die(c, EVQUIC_CLOSED_FAILED);
	sim_settle(&d.sim);
}

static size_t
crowd_size(void)
{
	const char *many = getenv("QUOLL_SIM_SEEDS");

	return many != NULL ? (size_t)atoi(many) : CROWD;
}

/*
 * Half-open connections, one more each millisecond ($QUOLL_SIM_SEEDS of them;
 * 10,000 in the long tests): each goes at its own deadline and not before,
 * whatever the others do.
 */
static void
test_crowd(void)
{
	static struct tap_catch k;
	struct duo_options o = {.handshake_timeout_ms = CROWD_DEADLINE_MS,
	    .retry = EVQUIC_RETRY_NEVER};
	size_t n = crowd_size(), wrong = 0;
	struct evquic_accounts a;
	nsec begun;

	duo_init(&d, &o);
	begun = d.sim.net.now;
	for (size_t i = 0; i < n; i++) {
		union quic_addr from =
		    net_addr(AF_INET, false, (uint16_t)(1024 + i));

		d.sim.net.tap = tap_catch_client;
		d.sim.net.tap_arg = &k;
		draw_initial(&k);
		d.sim.net.tap = NULL;
		d.sim.net.now = begun + i * NSEC_PER_MSEC;
		net_inject(
		    &d.sim.net, &from, &d.sim.addr, k.bytes[0], k.len[0]);
		sim_run(&d.sim, 0);
	}
	CU_ASSERT(sim_server_count(&d.sim, "conns_accepted") == n);
	CU_ASSERT(sim_server_count(&d.sim, "closed_timeout") == 0);
	for (size_t i = 0; i < n; i++) {
		/* Just before and just after the deadline of number i. */
		nsec end = begun + (CROWD_DEADLINE_MS + i) * NSEC_PER_MSEC;

		sim_run(&d.sim, end - NSEC_PER_MSEC / 2 - d.sim.net.now);
		wrong += sim_server_count(&d.sim, "closed_timeout") != i;
		sim_run(&d.sim, NSEC_PER_MSEC);
		wrong += sim_server_count(&d.sim, "closed_timeout") != i + 1;
	}
	sim_accounts(d.sim.servers, 1, &a);
	PROVE("QSV-075", wrong == 0 && a.connections == 0);
	CU_ASSERT(a.conn_bytes == 0 && a.tombstones == 0);
	duo_done(&d);
}

/* A loop that does not turn for a while is found out when it does. */
static void
test_late(void)
{
	nsec span = 0;

	duo_init_open(&d, NULL);
	duo_talk(&d);
	CU_ASSERT(sim_server_count(&d.sim, "timers_late") == 0);
	CU_ASSERT(duo_write(duo_stream(&d.client, true), QUERY, true) == 0);
	sim_run(&d.sim, NSEC_PER_MSEC);
	/* The idle timer is the last thing that anybody waits for. */
	while (sim_server_count(&d.sim, "timers_late") == 0 &&
	       span < QUIC_IDLE_TIMEOUT + NSEC_PER_SEC) {
		span += NSEC_PER_SEC;
		d.sim.net.now += NSEC_PER_SEC;
		sim_run(&d.sim, 0);
	}
	CU_ASSERT(sim_server_count(&d.sim, "timers_late") == 1);
	CU_ASSERT(sim_server_count(&d.sim, "timers_late_ms") >= 50);
	CU_ASSERT(sim_server_count(&d.sim, "timers_late_ms") < 1000);
	duo_done(&d);
}

void
test_quic_timers_register(void)
{
	CU_pSuite s = unit_suite("quic_timers");

	unit_test(s, "idle_minimum", test_idle_minimum);
	unit_test(s, "idle_largest", test_idle_largest);
	unit_test(s, "idle_three_ptos", test_idle_three_ptos);
	unit_test(s, "precision", test_precision);
	unit_test(s, "errors", test_errors);
	unit_test(s, "crowd", test_crowd);
	unit_test(s, "late", test_late);
}
