/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where packets say that they come from: addresses at which no client is,
 * ports of others, moves to where nobody should be led, and moves without end.
 */
#include "tests/fake/duo.h"

#include <arpa/inet.h>
#include <string.h>

#include "tests/unit/unit.h"

enum {
	BULK = 200000,
	PORT = 40001,
	ADDRESS_BYTES = 4 /* fewer than one would take, each */
};

static struct duo d;

/* Keeps what clients send instead of delivering it, and counts what is sent to
 * the address that is watched. */
static struct wire {
	bool keeps;
	size_t len;
	uint8_t bytes[QUIC_MAX_TX_PAYLOAD];
	union quic_addr watched;
	unsigned replies;
} wire;

static bool
watch(void *arg, const struct net_datagram *g)
{
	(void)arg;
	wire.replies += net_port(&g->from) == SIM_PORT &&
			memcmp(&g->to, &wire.watched, sizeof(g->to)) == 0;
	if (!wire.keeps || memcmp(&g->to, &d.sim.addr, sizeof(g->to)) != 0)
		return true;
	wire.len = g->len;
	memcpy(wire.bytes, g->bytes, g->len);
	return false;
}

static union quic_addr
address(const char *text, uint16_t port)
{
	int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	union quic_addr a = net_addr(family, false, port);
	int rc = inet_pton(family, text,
	    family == AF_INET6 ? (void *)&a.in6.sin6_addr
			       : (void *)&a.in.sin_addr);

	CU_ASSERT_FATAL(rc == 1);
	return a;
}

static uint64_t
count(const char *name)
{
	return sim_server_count(&d.sim, name);
}

static void
begin(const struct duo_options *o)
{
	duo_init(&d, o);
	wire = (struct wire){.keeps = false};
	d.sim.net.tap = watch;
}

/* Sends what was kept, as if from there; true if nobody answers. */
static bool
is_silent(const char *text, uint16_t port)
{
	wire.watched = address(text, port);
	wire.replies = 0;
	net_inject(
	    &d.sim.net, &wire.watched, &d.sim.addr, wire.bytes, wire.len);
	sim_run(&d.sim, NSEC_PER_SEC);
	return wire.replies == 0;
}

/* Keeps a client's first packet; the client gives up. */
static void
keep_initial(void)
{
	wire.keeps = true;
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	sim_run(&d.sim, 2 * QUIC_HANDSHAKE_TIMEOUT);
	CU_ASSERT_FATAL(wire.len >= QUIC_MIN_INITIAL);
	CU_ASSERT(sim_is_empty(&d.sim));
	wire.keeps = false;
}

/* RFC 9000 21.5: nobody is there, or we are. */
static void
nobody(int family, bool wildcard, const char *const *hosts, size_t n)
{
	struct duo_options o = {.family = family, .wildcard = wildcard};
	const char *own = family == AF_INET ? "127.0.0.1" : "::1";

	begin(&o);
	keep_initial();
	CU_ASSERT(is_silent(own, 0));
	PROVE("QSV-021", is_silent(own, SIM_PORT));
	for (size_t i = 0; i < n; i++)
		PROVE("QSV-021", is_silent(hosts[i], PORT));
	PROVE("QSV-021",
	    count("drop_source") == n + 2 && count("conns_accepted") == 0);
	CU_ASSERT(!is_silent(own, PORT)); /* it was a good packet */
	CU_ASSERT(count("conns_accepted") == 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
test_nobody(void)
{
	static const char *const v4[] = {
	    "0.0.0.0", "255.255.255.255", "224.0.0.1", "239.255.255.250"};
	static const char *const v6[] = {"::", "ff02::1", "ff0e::fb"};

	for (int wildcard = 0; wildcard < 2; wildcard++) {
		nobody(AF_INET, wildcard, v4, 4);
		nobody(AF_INET6, wildcard, v6, 3);
	}
}

/* 21.5.6: who answers anybody is not asked by us: no handshake, no Retry, no
 * Version Negotiation, no reset. */
static void
test_service_ports(void)
{
	static const uint16_t ports[] = {53, 123, 1900, 5353, 11211};
	static const uint8_t unknown[] = {0xc0, 0x2a, 0x3a, 0x4a, 0x5a, 8};
	uint8_t initial[QUIC_MAX_TX_PAYLOAD];
	unsigned loud = 0;

	begin(NULL);
	keep_initial();
	memcpy(initial, wire.bytes, wire.len);
	for (size_t i = 0; i < 5; i++) {
		loud += !is_silent("192.0.2.1", ports[i]);
		memcpy(wire.bytes, unknown, sizeof(unknown));
		loud += !is_silent("192.0.2.1", ports[i]);
		wire.bytes[0] = 0x40; /* a short header */
		loud += !is_silent("192.0.2.1", ports[i]);
		memcpy(wire.bytes, initial, wire.len);
	}
	PROVE("QSV-022", loud == 0 && count("drop_service_port") == 15 &&
			     sim_is_empty(&d.sim));
	/* Each of the three draws an answer from elsewhere. */
	loud += !is_silent("192.0.2.1", PORT);
	memcpy(wire.bytes, unknown, sizeof(unknown));
	loud += !is_silent("192.0.2.1", PORT);
	wire.bytes[0] = 0x40;
	loud += !is_silent("192.0.2.1", PORT);
	CU_ASSERT(loud == 3);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* A packet of a living connection comes from elsewhere; true if nobody there
 * hears of it and the connection stays where it is. */
static bool
stays(const char *text, uint16_t port)
{
	wire.keeps = true;
	CU_ASSERT(duo_write(d.client.stream, 10, false) == 0);
	sim_settle(&d.sim);
	wire.keeps = false;
	return is_silent(text, port) && count("path_changes") == 0;
}

/* 21.5.6: whoever can make us send somewhere is not let to choose these. */
static void
test_traps(void)
{
	begin(NULL);
	d.sim.from = address("192.0.2.7", 0);
	CU_ASSERT_FATAL(duo_open(&d));
	duo_talk(&d);
	d.client.stream = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(d.client.stream != NULL);
	PROVE("BAD-083", stays("127.0.0.1", PORT));
	CU_ASSERT(stays("127.8.8.8", PORT));
	PROVE("QSV-022", stays("192.0.2.7", 53));
	PROVE("BAD-083", count("drop_move") == 3);
	PROVE("BAD-083", stays("224.0.0.1", PORT));
	PROVE("BAD-083", stays("127.0.0.1", SIM_PORT));
	CU_ASSERT(count("drop_source") == 2);
	/* Elsewhere is answered. */
	CU_ASSERT(!stays("192.0.2.8", PORT));
	duo_talk(&d);
	CU_ASSERT(d.server.bytes > 0 && d.server.n[DUO_CLOSED] == 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Who is at loopback may move there. */
static void
test_local_move(void)
{
	begin(NULL);
	CU_ASSERT_FATAL(duo_open(&d));
	duo_talk(&d);
	d.client.stream = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(d.client.stream != NULL);
	CU_ASSERT(!stays("127.0.0.1", PORT));
	CU_ASSERT(count("drop_move") == 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* --------------------------------------------------------------- storm -- */

/* Bytes to and from each of the NAT's ports. */
static struct storm {
	uint32_t in[NET_NAT_PORTS];
	uint32_t out[NET_NAT_PORTS];
} storm;

static bool
weigh(void *arg, const struct net_datagram *g)
{
	bool out = net_port(&g->from) == SIM_PORT;
	size_t i = net_port(out ? &g->to : &g->from) - (size_t)NET_NAT_FIRST;

	(void)arg;
	if (i < NET_NAT_PORTS)
		(out ? storm.out : storm.in)[i] += (uint32_t)g->len;
	return true;
}

static size_t
kept(void)
{
	struct evquic_accounts a;

	sim_accounts(d.sim.servers, d.sim.workers, &a);
	return a.conn_bytes;
}

/* RFC 9000 9.3: every packet from another port. */
static void
test_storm(void)
{
	unsigned used = 0, flooded = 0;
	size_t before;

	memset(&storm, 0, sizeof(storm));
	duo_init_open(&d, NULL);
	d.server.echoes = true;
	CU_ASSERT(duo_write(duo_stream(&d.client, true), BULK, true) == 0);
	sim_run(&d.sim, 3 * NSEC_PER_SEC);
	before = kept();
	d.sim.net.faults.rebind = 1000;
	d.sim.net.tap = weigh;
	CU_ASSERT(duo_write(duo_stream(&d.client, true), BULK, true) == 0);
	sim_run(&d.sim, 3 * NSEC_PER_SEC);
	for (size_t i = 0; i < NET_NAT_PORTS; i++) {
		used += storm.in[i] > 0;
		flooded += storm.out[i] > 3 * storm.in[i];
	}
	printf("# %u addresses, %u flooded, %zu bytes then %zu\n", used,
	    flooded, before, kept());
	PROVE("BAD-082", used > 1000 && flooded == 0 &&
			     kept() < before + used * ADDRESS_BYTES);
	d.sim.net.faults.rebind = 0;
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

void
test_quic_source_register(void)
{
	CU_pSuite s = unit_suite("quic_source");

	unit_test(s, "nobody", test_nobody);
	unit_test(s, "service_ports", test_service_ports);
	unit_test(s, "traps", test_traps);
	unit_test(s, "local_move", test_local_move);
	unit_test(s, "storm", test_storm);
}
