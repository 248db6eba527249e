/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How connections come about, and how they do not: ALPN, each application's
 * own limits, verification by the client, deadlines.
 */
#include "tests/fake/duo.h"

#include <string.h>

#include "tests/unit/unit.h"

/* RFC 9001 8.1, 4.8: no_application_protocol, and bad certificate. */
#define NO_APPLICATION 0x178
#define CERTIFICATE_REFUSED 0x12a

static struct duo d;

/* The client's own close arrived, and both sides are empty. */
static void
test_open_close(void)
{
	duo_init_open(&d, NULL);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1);
	CU_ASSERT(d.server.n[DUO_OPENED] == 1);
	evquic_conn_close(d.client.conn, 7, "enough");
	CU_ASSERT(d.client.n[DUO_CLOSED] == 0); /* not from within a call */
	evquic_conn_close(d.client.conn, 8, "a second time");
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.client.stats.closed_by == EVQUIC_CLOSED_LOCALLY);
	CU_ASSERT(d.client.stats.application && d.client.stats.code == 7);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.server.stats.closed_by == EVQUIC_CLOSED_BY_PEER);
	CU_ASSERT(d.server.stats.application && d.server.stats.code == 7);
	CU_ASSERT(strcmp(d.server.reason, "enough") == 0);
	CU_ASSERT(d.server.stats.handshake_done);
	CU_ASSERT(d.server.stats.handshake_ns > 0);
	CU_ASSERT(d.server.stats.rtt_ns > 0);
	CU_ASSERT(d.server.stats.bytes_in >= 1200);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
test_server_closes(void)
{
	duo_init_open(&d, NULL);
	evquic_conn_close(d.server.conn, 3, NULL);
	duo_talk(&d);
	CU_ASSERT(d.client.stats.closed_by == EVQUIC_CLOSED_BY_PEER);
	CU_ASSERT(d.client.stats.application && d.client.stats.code == 3);
	CU_ASSERT(d.client.stats.reason_len == 0);
	CU_ASSERT(d.server.stats.closed_by == EVQUIC_CLOSED_LOCALLY);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Tries a connection that is not to be; false if it was opened. */
static bool
is_refused(const struct evquic_connect_options *o)
{
	bool refused;

	duo_init(&d, NULL);
	CU_ASSERT_FATAL(duo_connect(&d, o) != NULL);
	CU_ASSERT(sim_run_out(&d.sim));
	CU_ASSERT(d.client.n[DUO_CLOSED] == 1);
	CU_ASSERT(sim_is_empty(&d.sim));
	refused = d.client.n[DUO_OPENED] == 0;
	return refused;
}

/* RFC 9001 8.1. */
static void
test_unknown_alpn(void)
{
	struct evquic_connect_options o = {.app = &stranger_app};

	CU_ASSERT(is_refused(&o));
	CU_ASSERT(d.server.n[DUO_OPENED] == 0);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 0);
	CU_ASSERT(d.client.stats.closed_by == EVQUIC_CLOSED_BY_PEER);
	CU_ASSERT(!d.client.stats.application);
	PROVE("DOQ-002", d.client.stats.code == NO_APPLICATION);
	CU_ASSERT(sim_server_count(&d.sim, "handshakes_failed") == 1);
	duo_done(&d);
}

/* Each application tells its own limits, although both share a port. */
static void
test_limits_by_alpn(void)
{
	struct evquic_connect_options o = {.app = &solo_app};

	duo_init_open(&d, NULL);
	for (int i = 0; i < 3; i++)
		CU_ASSERT(duo_stream(&d.client, false) != NULL);
	CU_ASSERT(duo_stream(&d.client, false) == NULL);
	for (int i = 0; i < 10; i++)
		CU_ASSERT(duo_stream(&d.client, true) != NULL);
	CU_ASSERT(duo_stream(&d.client, true) == NULL);
	CU_ASSERT(duo_end(&d));
	CU_ASSERT_FATAL(duo_connect(&d, &o) != NULL);
	duo_talk(&d);
	CU_ASSERT_FATAL(d.client.conn != NULL);
	CU_ASSERT(duo_stream(&d.client, false) == NULL);
	for (int i = 0; i < 5; i++)
		CU_ASSERT(duo_stream(&d.client, true) != NULL);
	CU_ASSERT(duo_stream(&d.client, true) == NULL);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
refuse_certificate(const struct evquic_connect_options *o)
{
	CU_ASSERT(is_refused(o));
	CU_ASSERT(d.client.stats.closed_by == EVQUIC_CLOSED_LOCALLY);
	CU_ASSERT(!d.client.stats.application);
	CU_ASSERT(d.client.stats.code == CERTIFICATE_REFUSED);
	CU_ASSERT(d.client.verify[0] != '\0');
	CU_ASSERT(d.server.bytes == 0);
	CU_ASSERT(d.server.n[DUO_STREAM_OPENED] == 0);
	CU_ASSERT(sim_client_count(&d.sim, "handshakes_done") == 0);
}

/* No byte of a stream leaves towards a server that is not the right one. */
static void
test_wrong_name(void)
{
	struct evquic_connect_options o = {.name = "other.example"};

	refuse_certificate(&o);
	duo_done(&d);
}

static void
test_unknown_ca(void)
{
	struct sim_tls tls;
	struct evquic_connect_options o = {.app = &duo_app};

	sim_tls_init(&tls); /* another "ca" of the same name */
	o.trust = tls.trust;
	refuse_certificate(&o);
	duo_done(&d);
	o.trust = tls.stranger;
	refuse_certificate(&o);
	duo_done(&d);
	sim_tls_done(&tls);
}

static void
test_wrong_pin(void)
{
	struct sim_tls tls;
	struct evquic_connect_options o = {.app = &duo_app};

	sim_tls_init(&tls);
	o.trust = tls.pinned;
	refuse_certificate(&o);
	duo_done(&d);
	sim_tls_done(&tls);
}

/* Who asks for no verification gets none. */
static void
test_insecure(void)
{
	struct sim_tls tls;
	struct evquic_connect_options o = {.name = "other.example"};

	sim_tls_init(&tls);
	o.trust = tls.insecure;
	duo_init(&d, NULL);
	CU_ASSERT_FATAL(duo_connect(&d, &o) != NULL);
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1);
	CU_ASSERT(duo_end(&d));
	CU_ASSERT(d.client.verify[0] == '\0');
	duo_done(&d);
	sim_tls_done(&tls);
}

static bool
drop_all(void *arg, const struct net_datagram *datagram)
{
	(void)datagram;
	++*(unsigned *)arg;
	return false;
}

/* Counts what the server sends, and lets nothing through. */
static bool
drop_from_server(void *arg, const struct net_datagram *datagram)
{
	if (net_port(&datagram->from) != SIM_PORT)
		return true;
	++*(unsigned *)arg;
	return false;
}

/* Nobody answers: the client gives up after its own time. */
static void
test_client_deadline(void)
{
	struct evquic_connect_options o = {.handshake_timeout_ms = 3000};
	unsigned sent = 0;
	nsec begun;

	duo_init(&d, NULL);
	d.sim.net.tap = drop_all;
	d.sim.net.tap_arg = &sent;
	begun = d.sim.net.now;
	CU_ASSERT_FATAL(duo_connect(&d, &o) != NULL);
	CU_ASSERT(sim_run_out(&d.sim));
	CU_ASSERT(d.client.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.client.stats.closed_by == EVQUIC_CLOSED_TIMEOUT);
	CU_ASSERT(d.sim.net.now - begun >= 3 * NSEC_PER_SEC);
	CU_ASSERT(d.sim.net.now - begun < 4 * NSEC_PER_SEC);
	CU_ASSERT(sent >= 2 && sent < 20);
	CU_ASSERT(sim_client_count(&d.sim, "closed_timeout") == 1);
	CU_ASSERT(sim_is_empty(&d.sim));
	duo_done(&d);
}

/* The client hears nothing: the server forgets it after its deadline, and has
 * sent at most three bytes for one until then (RFC 9000 8.1). */
static void
test_server_deadline(void)
{
	struct duo_options o = {.handshake_timeout_ms = 2000};
	unsigned sent = 0;
	struct evquic_accounts a;

	duo_init(&d, &o);
	d.sim.net.tap = drop_from_server;
	d.sim.net.tap_arg = &sent;
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	sim_run(&d.sim, NSEC_PER_SEC);
	sim_accounts(d.sim.servers, 1, &a);
	CU_ASSERT(a.connections == 1 && sent > 0);
	CU_ASSERT(sim_server_count(&d.sim, "tx_bytes") <=
		  3 * sim_server_count(&d.sim, "rx_bytes"));
	sim_run(&d.sim, 1500 * NSEC_PER_MSEC);
	sim_accounts(d.sim.servers, 1, &a);
	PROVE("QSV-049", a.connections == 0 && a.conn_bytes == 0 &&
			     sim_server_count(&d.sim, "closed_timeout") == 1);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 0); /* it never heard of it */
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* RFC 9000 10.1: what has gone silent is forgotten without a word. */
static void
test_idle(void)
{
	static const struct evquic_limits short_idle = {
	    .size = sizeof(short_idle), .idle_timeout_ms = 2000};
	struct duo_options o = {.client = &short_idle};
	unsigned sent;
	nsec quiet;

	duo_init_open(&d, &o);
	sent = (unsigned)d.sim.net.sent;
	quiet = d.sim.net.now;
	sim_run(&d.sim, 1500 * NSEC_PER_MSEC);
	CU_ASSERT(d.client.n[DUO_CLOSED] == 0);
	CU_ASSERT(sim_run_out(&d.sim));
	CU_ASSERT(d.sim.net.now - quiet < 3 * NSEC_PER_SEC);
	CU_ASSERT(d.client.stats.closed_by == EVQUIC_CLOSED_IDLE);
	CU_ASSERT(d.server.stats.closed_by == EVQUIC_CLOSED_IDLE);
	PROVE("QSV-065", d.sim.net.sent == sent);
	CU_ASSERT(sim_is_empty(&d.sim));
	duo_done(&d);
}

/* An application that refuses in opened(): INTERNAL_ERROR. */
static void
test_refused_by_application(void)
{
	duo_init(&d, NULL);
	d.server.refuses = -1;
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	CU_ASSERT(sim_run_out(&d.sim));
	CU_ASSERT(d.server.n[DUO_OPENED] == 1);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.client.stats.closed_by == EVQUIC_CLOSED_BY_PEER);
	CU_ASSERT(d.client.stats.code == 1 && !d.client.stats.application);
	CU_ASSERT(sim_is_empty(&d.sim));
	duo_done(&d);
}

/* A budget that is used up: CONNECTION_REFUSED, and nothing is kept. */
static void
test_memory_budget(void)
{
	struct duo_options o = {.max_bytes = 1};
	struct evquic_accounts a;

	duo_init_open(&d, &o);
	/* The first one is not idle: it stays. */
	CU_ASSERT(duo_write(duo_stream(&d.client, true), 1, false) == 0);
	duo_talk(&d);
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	duo_talk(&d);
	sim_accounts(d.sim.servers, 1, &a);
	CU_ASSERT(a.connections == 1);
	CU_ASSERT(d.client.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.client.stats.closed_by == EVQUIC_CLOSED_BY_PEER);
	PROVE(
	    "QSV-051", !d.client.stats.application && d.client.stats.code == 2);
	CU_ASSERT(sim_server_count(&d.sim, "refused_memory") > 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* The same with a first one that is idle: it makes room. */
static void
test_memory_idle(void)
{
	struct duo_options o = {.max_bytes = 1};
	struct evquic_accounts a;

	duo_init_open(&d, &o);
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	duo_talk(&d);
	sim_accounts(d.sim.servers, 1, &a);
	CU_ASSERT(a.connections == 1);
	CU_ASSERT(d.client.n[DUO_OPENED] == 2);
	CU_ASSERT(d.client.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.client.stats.closed_by == EVQUIC_CLOSED_BY_PEER);
	CU_ASSERT(!d.client.stats.application && d.client.stats.code == 0);
	CU_ASSERT(sim_server_count(&d.sim, "shed_idle") == 1);
	CU_ASSERT(sim_server_count(&d.sim, "refused_memory") == 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Of two idle ones the one makes room that has been silent for longer. */
static void
test_memory_silent(void)
{
	struct quic_router *r;
	struct evquic_conn *talks, *c;
	bool is_there = false;

	duo_init_open(&d, NULL);
	r = quic_endpoint_router(d.sim.server, 0);
	talks = container_of(r->conns.next, struct evquic_conn, link);
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	duo_talk(&d);
	talks->heard_at = d.sim.net.now; /* as by a PING */
	sim_run(&d.sim, NSEC_PER_SEC);
	r->service->max_bytes = 1;
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_OPENED] == 3);
	CU_ASSERT(sim_server_count(&d.sim, "shed_idle") == 1);
	for (struct list *l = r->conns.next; l != &r->conns; l = l->next) {
		c = container_of(l, struct evquic_conn, link);
		is_there |= c == talks;
	}
	CU_ASSERT(is_there);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

void
test_quic_conn_register(void)
{
	CU_pSuite s = unit_suite("quic_conn");

	unit_test(s, "open_close", test_open_close);
	unit_test(s, "server_closes", test_server_closes);
	unit_test(s, "unknown_alpn", test_unknown_alpn);
	unit_test(s, "limits_by_alpn", test_limits_by_alpn);
	unit_test(s, "wrong_name", test_wrong_name);
	unit_test(s, "unknown_ca", test_unknown_ca);
	unit_test(s, "wrong_pin", test_wrong_pin);
	unit_test(s, "insecure", test_insecure);
	unit_test(s, "client_deadline", test_client_deadline);
	unit_test(s, "server_deadline", test_server_deadline);
	unit_test(s, "idle", test_idle);
	unit_test(s, "refused_by_application", test_refused_by_application);
	unit_test(s, "memory_budget", test_memory_budget);
	unit_test(s, "memory_idle", test_memory_idle);
	unit_test(s, "memory_silent", test_memory_silent);
}
