/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handshakes that our own client would never make, against the server, and one
 * against the client: no name, a second hello, early data, transport parameters
 * out of range, another version.
 */
#include "tests/fake/visit.h"

#include <string.h>

#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

#define NO_APPLICATION 0x178

#define TRANSPORT_PARAMETER_ERROR 0x08

static struct duo d;
static struct peer peer;

static void
begin(const struct peer_options *o)
{
	visit_begin(&d, &peer, o);
}

static void
end(void)
{
	CU_ASSERT(visit_end(&d, &peer));
}

static bool
is_closed_with(uint64_t code)
{
	return peer_is_closed_with(&peer, code);
}

/* RFC 9001 8.1: GnuTLS itself lets a client without ALPN pass. */
static void
test_no_alpn(void)
{
	struct peer_options o = {.alpn = NULL};

	begin(&o);
	PROVE("DOQ-002", is_closed_with(NO_APPLICATION));
	PROVE("BAD-069", is_closed_with(NO_APPLICATION));
	CU_ASSERT(d.server.n[DUO_OPENED] == 0);
	end();
	o.alpn = "DUO"; /* case differs: RFC 7301 3.1 compares octets */
	begin(&o);
	PROVE("DOQ-002", is_closed_with(NO_APPLICATION));
	end();
}

/* A key share that the server does not take: HelloRetryRequest. */
static void
test_hello_retry(void)
{
	struct peer_options o = {.alpn = "duo",
	    .priority = PEER_PRIORITY ":-GROUP-ALL:"
				      "+GROUP-FFDHE2048:+GROUP-X25519"};

	begin(&o);
	CU_ASSERT(peer.handshake_done && !peer.gone);
	CU_ASSERT(gnutls_group_get(peer.session) == GNUTLS_GROUP_X25519);
	CU_ASSERT(d.server.n[DUO_OPENED] == 1);
	d.server.echoes = true;
	CU_ASSERT(peer_send(&peer, 5000, true) == 0);
	duo_talk(&d);
	CU_ASSERT(peer.bytes_in == 5000);
	end();
}

/* The other way round: our client gets one. */
static void
test_client_hello_retry(void)
{
	struct peer_options o = {.alpn = "duo",
	    .priority = PEER_PRIORITY ":-GROUP-ALL:"
				      "+GROUP-SECP521R1"};
	struct evquic_connect_options c = {.app = &duo_app};
	struct certs_pair r;

	certs_pair_init(&r);
	duo_init(&d, NULL);
	c.trust = d.tls.insecure;
	d.sim.addr = net_addr(AF_INET, false, 4433);
	peer_listen(&peer, &d.sim, &d.sim.addr, &o, r.cert, r.key);
	CU_ASSERT_FATAL(duo_connect(&d, &c) != NULL);
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1);
	CU_ASSERT(peer.handshake_done);
	CU_ASSERT(gnutls_group_get(peer.session) == GNUTLS_GROUP_SECP521R1);
	CU_ASSERT(duo_write(duo_stream(&d.client, true), 3000, true) == 0);
	duo_talk(&d);
	CU_ASSERT(peer.bytes_in == 3000);
	CU_ASSERT(duo_end(&d));
	peer_done(&peer);
	duo_done(&d);
	certs_pair_done(&r);
}

/* ---------------------------------------------------------- early data -- */

/* What a client remembers of a server that gave it a ticket. */
struct memory {
	gnutls_datum_t key; /* the server's */
	gnutls_datum_t session;
	uint8_t params[256];
	size_t params_len;
};

static void
prepare_tickets(struct peer *p)
{
	struct memory *m = p->options.arg;

	(void)gnutls_session_ticket_enable_server(p->session, &m->key);
	(void)gnutls_record_set_max_early_data_size(p->session, UINT32_MAX);
}

static void
prepare_resumption(struct peer *p)
{
	struct memory *m = p->options.arg;

	CU_ASSERT(gnutls_session_set_data(
		      p->session, m->session.data, m->session.size) == 0);
	CU_ASSERT(ngtcp2_conn_decode_and_set_0rtt_transport_params(
		      p->qc, m->params, m->params_len) == 0);
}

/* Gets a ticket of another server, which takes early data. */
static void
get_ticket(struct memory *m)
{
	static struct peer server;
	struct peer_options o = {
	    .alpn = "duo", .prepare = prepare_tickets, .arg = m, .early = true};
	struct peer_options c = {.alpn = "duo"};
	union quic_addr ours = d.sim.addr;
	ngtcp2_ssize n;
	struct certs_pair r;

	certs_pair_init(&r);
	(void)gnutls_session_ticket_key_generate(&m->key);
	d.sim.addr = net_addr(AF_INET, false, 4433);
	peer_listen(&server, &d.sim, &d.sim.addr, &o, r.cert, r.key);
	peer_connect(&peer, &d.sim, &c);
	duo_talk(&d);
	d.sim.addr = ours;
	CU_ASSERT_FATAL(peer.handshake_done && server.handshake_done);
	CU_ASSERT_FATAL(
	    gnutls_session_get_data2(peer.session, &m->session) == 0);
	n = ngtcp2_conn_encode_0rtt_transport_params(
	    peer.qc, m->params, sizeof(m->params));
	CU_ASSERT_FATAL(n > 0);
	m->params_len = (size_t)n;
	peer_done(&peer);
	peer_done(&server);
	certs_pair_done(&r);
}

/* Early data is off, and the ticket is another server's: a client that sends
 * some is served in 1-RTT.  One that has to say hello twice gives up by itself
 * (GnuTLS 3.7.9); what matters is that the server lives, and forgets it. */
static void
offer_early_data(const char *priority, bool completes)
{
	struct memory m = {.params_len = 0};
	struct peer_options o = {.alpn = "duo",
	    .priority = priority,
	    .prepare = prepare_resumption,
	    .arg = &m,
	    .early = true};

	duo_init(&d, NULL);
	get_ticket(&m);
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT(peer.has_early_key);
	CU_ASSERT(d.server.n[DUO_OPENED] == completes);
	CU_ASSERT(peer.handshake_done == completes);
	CU_ASSERT(!gnutls_session_is_resumed(peer.session));
	PROVE("QSV-045",
	    d.server.bytes == 0 && d.server.n[DUO_STREAM_OPENED] == 0);
	if (completes) {
		CU_ASSERT(peer_send(&peer, 100, true) == 0);
		duo_talk(&d);
		CU_ASSERT(d.server.bytes == 100 && d.server.fins == 1);
	}
	gnutls_free(m.key.data);
	gnutls_free(m.session.data);
	end();
}

static void
test_early_data(void)
{
	offer_early_data(NULL, true);
	offer_early_data(PEER_PRIORITY ":-GROUP-ALL:"
				       "+GROUP-FFDHE2048:+GROUP-X25519",
	    false);
}

/* -------------------------------------------------------- parameters -- */

static void
tweak_cid_limit(ngtcp2_transport_params *params)
{
	params->active_connection_id_limit = 8; /* more than ngtcp2 asks for */
}

static void
tweak_payload_1199(ngtcp2_transport_params *params)
{
	params->max_udp_payload_size = 1199;
}

static void
tweak_exponent_21(ngtcp2_transport_params *params)
{
	params->ack_delay_exponent = 21;
}

/* RFC 9000 7.4, 18.2. */
static void
test_transport_parameters(void)
{
	static void (*const tweaks[])(ngtcp2_transport_params *) = {
	    tweak_payload_1199, tweak_exponent_21};
	struct peer_options o = {.alpn = "duo"};

	for (size_t i = 0; i < sizeof(tweaks) / sizeof(tweaks[0]); i++) {
		o.tweak = tweaks[i];
		begin(&o);
		PROVE("BAD-070", is_closed_with(TRANSPORT_PARAMETER_ERROR));
		CU_ASSERT(d.server.n[DUO_OPENED] == 0);
		end();
	}
	o.tweak = tweak_cid_limit;
	begin(&o);
	CU_ASSERT(peer.handshake_done && !peer.gone);
	CU_ASSERT(d.server.n[DUO_OPENED] == 1);
	end();
}

/* QUIC version 2 is switched off: Version Negotiation says so. */
static void
test_version_2(void)
{
	struct peer_options o = {.alpn = "duo", .version = NGTCP2_PROTO_VER_V2};

	begin(&o);
	PROVE("BAD-058", peer.error == NGTCP2_ERR_RECV_VERSION_NEGOTIATION);
	CU_ASSERT(d.server.n[DUO_OPENED] == 0);
	end();
}

/* Packets of type 0-RTT that no key opens, for a connection that is there and
 * for none, where early data is off: harmless. */
static bool
add_zero_rtt(void *arg, const struct net_datagram *datagram)
{
	uint8_t bytes[1200];
	struct net *n = arg;

	if (net_port(&datagram->from) == SIM_PORT || datagram->len < 1200 ||
	    !(datagram->bytes[0] & 0x80))
		return true;
	memcpy(bytes, datagram->bytes, sizeof(bytes));
	bytes[0] = 0xd3;
	net_inject(n, &datagram->from, &datagram->to, bytes, sizeof(bytes));
	return true;
}

static void
test_zero_rtt_packets(void)
{
	duo_init(&d, NULL);
	d.sim.net.tap = add_zero_rtt;
	d.sim.net.tap_arg = &d.sim.net;
	CU_ASSERT(duo_open(&d));
	duo_talk(&d);
	CU_ASSERT(sim_server_count(&d.sim, "drop_unknown_cid") > 0);
	CU_ASSERT(duo_write(duo_stream(&d.client, true), 3000, true) == 0);
	duo_talk(&d);
	CU_ASSERT(d.server.bytes == 3000);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Lets the client's first two datagrams pass in the other order. */
struct swap {
	struct net *net;
	unsigned seen;
	bool swaps;
	size_t len;
	uint8_t bytes[QUIC_MAX_TX_PAYLOAD];
};

static bool
swap_first_two(void *arg, const struct net_datagram *datagram)
{
	struct swap *s = arg;

	if (net_port(&datagram->from) == SIM_PORT || s->seen == 2)
		return true;
	s->seen++;
	if (!s->swaps)
		return true;
	if (s->seen == 1) {
		s->len = datagram->len;
		memcpy(s->bytes, datagram->bytes, s->len);
		return false;
	}
	net_inject(s->net, &datagram->from, &datagram->to, datagram->bytes,
	    datagram->len);
	net_inject(s->net, &datagram->from, &datagram->to, s->bytes, s->len);
	return false;
}

/* A ClientHello of two datagrams, in either order.  One that does not begin
 * with its beginning draws Retry, and then all of it comes again; in
 * version 2, too. */
static void
say_large_hello(uint32_t version)
{
	struct peer_options o = {
	    .alpn = "duo", .large = true, .version = version};
	struct duo_options world = {.version_2 = true};
	struct evquic_accounts held;
	struct swap swap;

	for (int swaps = 0; swaps < 2; swaps++) {
		duo_init(&d, &world);
		swap = (struct swap){.net = &d.sim.net, .swaps = swaps};
		d.sim.net.tap = swap_first_two;
		d.sim.net.tap_arg = &swap;
		peer_connect(&peer, &d.sim, &o);
		duo_talk(&d);
		CU_ASSERT(swap.seen == 2);
		PROVE("QSV-013",
		    peer.handshake_done && d.server.n[DUO_OPENED] == 1);
		if (swaps == 0)
			PROVE("QSV-014",
			    sim_server_count(&d.sim, "conns_accepted") == 1);
		CU_ASSERT(sim_server_count(&d.sim, "retries_sent") ==
			  (unsigned)swaps);
		CU_ASSERT(peer.retries == (unsigned)swaps);
		/* What the beginning began when it came later is gone. */
		sim_accounts(d.sim.servers, 1, &held);
		CU_ASSERT(held.connections == 1);
		CU_ASSERT(d.sim.servers[0]->handshakes == 0);
		end();
	}
}

static void
test_large_hello(void)
{
	say_large_hello(NGTCP2_PROTO_VER_V1);
	say_large_hello(NGTCP2_PROTO_VER_V2);
}

void
test_quic_handshake_register(void)
{
	CU_pSuite s = unit_suite("quic_handshake");

	unit_test(s, "no_alpn", test_no_alpn);
	unit_test(s, "hello_retry", test_hello_retry);
	unit_test(s, "client_hello_retry", test_client_hello_retry);
	unit_test(s, "large_hello", test_large_hello);
	unit_test(s, "early_data", test_early_data);
	unit_test(s, "transport_parameters", test_transport_parameters);
	unit_test(s, "version_2", test_version_2);
	unit_test(s, "zero_rtt_packets", test_zero_rtt_packets);
}
