/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A first flight with early data that somebody has copied and sends again: from
 * other addresses, to another worker, after a restart (RFC 8446 8).
 */
#include "tests/fake/duo.h"

#include <string.h>

#include "tests/unit/unit.h"

enum {
	FLIGHT = 4, /* datagrams of a first flight */
	TIMES = 10,
	MANY = 1000,
	COPIER_PORT = 30000
};

/* Longer than a handshake may take. */
#define SPAN (12 * NSEC_PER_SEC)

static struct duo d;

/* A first flight. */
static struct flight {
	bool catches;
	bool loses; /* the server never sees it */
	size_t n;
	size_t len[FLIGHT];
	uint8_t bytes[FLIGHT][QUIC_MAX_TX_PAYLOAD];
} flight;

static bool
catch_flight(void *arg, const struct net_datagram *g)
{
	(void)arg;
	if (net_port(&g->from) == SIM_PORT) {
		flight.catches = false; /* the server's answer */
		return true;
	}
	if (!flight.catches || flight.n == FLIGHT)
		return !flight.loses;
	flight.len[flight.n] = g->len;
	memcpy(flight.bytes[flight.n++], g->bytes, g->len);
	return !flight.loses;
}

/* A port of its own for one worker of the server. */
struct port {
	struct evquic_endpoint *endpoint;
	union quic_addr addr;
};

static void
open_port(struct port *p, unsigned worker, uint16_t number)
{
	struct quic_socket *s;

	p->endpoint = evquic_endpoint_new(&d.sim.servers[worker], 1);
	CU_ASSERT_FATAL(p->endpoint != NULL);
	p->addr = net_addr(AF_INET, false, number);
	s = quic_socket_new(quic_endpoint_router(p->endpoint, 0),
	    net_socket(&d.sim.net, &p->addr, 0), &p->addr, false);
	CU_ASSERT_FATAL(s != NULL);
	evquic_endpoint_serve(p->endpoint, 0, d.sim.service);
}

static void
replay(const struct port *p, uint16_t from)
{
	union quic_addr copier = net_addr(AF_INET, false, from);

	for (size_t i = 0; i < flight.n; i++)
		net_inject(&d.sim.net, &copier, &p->addr, flight.bytes[i],
		    flight.len[i]);
}

/* A client's flight is caught; `loses`: and does not arrive. */
static void
begin(bool loses)
{
	static const struct duo_options o = {.early_data = true, .workers = 2};
	struct evquic_connect_options resume;

	duo_init(&d, &o);
	CU_ASSERT_FATAL(duo_open(&d));
	duo_talk(&d);
	CU_ASSERT_FATAL(duo_end(&d));
	flight = (struct flight){.catches = true, .loses = loses};
	d.sim.net.tap = catch_flight;
	d.client.hook = duo_ask_at_once;
	resume = duo_resume(&d, NULL, true);
	CU_ASSERT_FATAL(duo_connect(&d, &resume) != NULL);
	sim_run(&d.sim, loses ? SPAN : NSEC_PER_SEC);
	CU_ASSERT_FATAL(flight.n > 0);
	CU_ASSERT_FATAL(duo_end(&d));
	CU_ASSERT(d.server.bytes == (loses ? 0 : DUO_QUERY));
	d.sim.net.tap = NULL;
}

static void
end(void)
{
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static uint64_t
count(const char *name)
{
	return sim_server_count(&d.sim, name);
}

static void
test_elsewhere(void)
{
	struct port ports[2];

	begin(false);
	CU_ASSERT(count("early_accepted") == 1);
	open_port(&ports[0], 0, SIM_PORT + 1);
	open_port(&ports[1], 1, SIM_PORT + 2);
	for (uint16_t i = 0; i < TIMES; i++) {
		replay(&ports[i % 2], COPIER_PORT + i);
		sim_run(&d.sim, SPAN);
	}
	PROVE("DOQ-102",
	    d.server.bytes == DUO_QUERY && count("early_replayed") == TIMES);
	CU_ASSERT(count("early_accepted") == 1);
	CU_ASSERT(count("closed_timeout") == TIMES);
	evquic_endpoint_free(ports[0].endpoint);
	evquic_endpoint_free(ports[1].endpoint);
	end();
}

/* Two workers see it at the same moment, and for the first time. */
static void
test_two_workers(void)
{
	struct port ports[2];

	begin(true);
	open_port(&ports[0], 0, SIM_PORT + 1);
	open_port(&ports[1], 1, SIM_PORT + 2);
	replay(&ports[0], COPIER_PORT);
	replay(&ports[1], COPIER_PORT + 1);
	sim_run(&d.sim, SPAN);
	PROVE("DOQ-102", d.server.bytes == DUO_QUERY);
	CU_ASSERT(count("early_accepted") == 1);
	CU_ASSERT(count("early_replayed") == 1);
	evquic_endpoint_free(ports[0].endpoint);
	evquic_endpoint_free(ports[1].endpoint);
	end();
}

static void
test_many(void)
{
	struct port port;

	begin(false);
	open_port(&port, 0, SIM_PORT + 1);
	for (uint16_t i = 0; i < MANY; i++) {
		replay(&port, COPIER_PORT + i);
		sim_run(&d.sim, SPAN);
	}
	PROVE("BAD-076",
	    d.server.bytes == DUO_QUERY && count("early_replayed") == MANY);
	evquic_endpoint_free(port.endpoint);
	end();
}

static void
test_restart(void)
{
	struct port port;

	begin(true);
	sim_run(&d.sim, NSEC_PER_SEC);
	sim_reboot(&d.sim, &d.service);
	open_port(&port, 0, SIM_PORT + 1);
	for (uint16_t i = 0; i < TIMES; i++) {
		replay(&port, COPIER_PORT + i);
		sim_run(&d.sim, SPAN);
	}
	PROVE("DOQ-102", d.server.bytes == 0 && count("early_accepted") == 0 &&
			     count("early_refused") == TIMES);
	evquic_endpoint_free(port.endpoint);
	end();
}

/* A reload makes a new service; what was seen stays seen. */
static void
test_reload(void)
{
	struct port port;

	begin(false);
	sim_restart(&d.sim, &d.service);
	open_port(&port, 0, SIM_PORT + 1);
	replay(&port, COPIER_PORT);
	sim_run(&d.sim, SPAN);
	CU_ASSERT(d.server.bytes == DUO_QUERY && count("early_replayed") == 1);
	evquic_endpoint_free(port.endpoint);
	end();
}

/* Hours later it is older than it may be, and that is why. */
static void
test_late(void)
{
	struct port port;

	begin(true);
	open_port(&port, 0, SIM_PORT + 1);
	sim_run(&d.sim, 7 * 3600 * NSEC_PER_SEC);
	replay(&port, COPIER_PORT);
	sim_run(&d.sim, SPAN);
	PROVE("BAD-078", d.server.bytes == 0 && count("early_accepted") == 0);
	evquic_endpoint_free(port.endpoint);
	end();
}

/* Where no more can be remembered, all is refused. */
static void
test_full(void)
{
	struct evquic_replay *tiny = evquic_replay_new(1);
	struct evquic_connect_options resume;

	begin(false);
	d.service.early_seen = tiny;
	sim_restart(&d.sim, &d.service);
	d.server.bytes = 0;
	for (int i = 0; i < 2; i++) {
		resume = duo_resume(&d, NULL, true);
		CU_ASSERT(duo_connect(&d, &resume) != NULL);
		duo_talk(&d);
		CU_ASSERT(duo_end(&d));
		CU_ASSERT(d.server.was_early == (i == 0));
	}
	CU_ASSERT(d.server.bytes == 2 * DUO_QUERY);
	CU_ASSERT(count("early_full") == 1);
	end();
	evquic_replay_unref(tiny);
}

void
test_quic_replay_register(void)
{
	CU_pSuite s = unit_suite("quic_replay");

	unit_test(s, "elsewhere", test_elsewhere);
	unit_test(s, "two_workers", test_two_workers);
	unit_test(s, "many", test_many);
	unit_test(s, "restart", test_restart);
	unit_test(s, "reload", test_reload);
	unit_test(s, "late", test_late);
	unit_test(s, "full", test_full);
}
