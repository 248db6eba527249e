/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Versions 1 and 2 of QUIC (RFC 9369), and how client and server agree on one
 * (RFC 9368): who gets which, Retry and tokens, and what is said of versions
 * that is not so.
 */
#include "tests/fake/duo.h"
#include "tests/fake/edit.h"
#include "tests/fake/peer.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

enum {
	V1 = NGTCP2_PROTO_VER_V1,
	TRANSPORT_PARAMETER_ERROR = 0x08,
	VERSION_NEGOTIATION_ERROR = 0x11,
	TEXT = 3000
};
#define V2 NGTCP2_PROTO_VER_V2

static struct duo d;
static struct peer peer;

/* What a tap sees of long headers. */
static struct wire {
	uint32_t first;	  /* version of the client's first packet */
	uint32_t last;	  /* of its last one with a long header */
	unsigned retries; /* and of which version they were */
	uint32_t retry_version;
	unsigned negotiations; /* and what the last one listed */
	bool lists_1;
	bool lists_2;
} wire;

static void
read_negotiation(const struct net_datagram *g)
{
	size_t at = 5;
	uint32_t version;

	wire.negotiations++;
	wire.lists_1 = wire.lists_2 = false;
	at += 1 + (size_t)g->bytes[at];
	at += 1 + (size_t)g->bytes[at];
	for (; at + sizeof(version) <= g->len; at += sizeof(version)) {
		memcpy(&version, g->bytes + at, sizeof(version));
		wire.lists_1 = wire.lists_1 || ntohl(version) == V1;
		wire.lists_2 = wire.lists_2 || ntohl(version) == V2;
	}
}

static bool
is_retry(uint8_t first, uint32_t version)
{
	unsigned type = first >> 4 & 3;

	return version == V1 ? type == 3 : version == V2 && type == 0;
}

static bool
watch(void *arg, const struct net_datagram *g)
{
	uint32_t version;

	(void)arg;
	if (g->len < 5 || !(g->bytes[0] & 0x80))
		return true;
	memcpy(&version, g->bytes + 1, sizeof(version));
	version = ntohl(version);
	if (net_port(&g->from) != SIM_PORT) {
		wire.last = version;
		if (wire.first == 0)
			wire.first = version;
	} else if (version == 0) {
		read_negotiation(g);
	} else if (is_retry(g->bytes[0], version)) {
		wire.retries++;
		wire.retry_version = version;
	}
	return true;
}

static void
begin(const struct duo_options *o)
{
	duo_init(&d, o);
	memset(&wire, 0, sizeof(wire));
	d.sim.net.tap = watch;
}

static void
end(void)
{
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static uint32_t
version_of(const struct duo_side *side)
{
	struct evquic_conn_stats stats;

	if (side->conn == NULL)
		return 0;
	evquic_conn_stats(side->conn, &stats);
	return stats.version;
}

/* ----------------------------------------------------------- our client -- */

struct meeting {
	bool server_2;
	enum evquic_versions client;
	uint32_t first;
	uint32_t agreed; /* 0: none */
};

static const struct meeting meetings[] = {
    {false, EVQUIC_VERSIONS_1, V1, V1},
    {false, EVQUIC_VERSIONS_2, V2, 0},
    {false, EVQUIC_VERSIONS_1_OR_2, V1, V1},
    {true, EVQUIC_VERSIONS_1, V1, V1},
    {true, EVQUIC_VERSIONS_2, V2, V2},
    {true, EVQUIC_VERSIONS_1_OR_2, V1, V2},
};

/* One of them; true if the connection is of the version that is due, and
 * carries bytes both ways. */
static bool
is_met(const struct meeting *m, enum evquic_retry retry)
{
	struct duo_options o = {.version_2 = m->server_2, .retry = retry};
	struct evquic_connect_options c = {.versions = m->client};

	begin(&o);
	d.server.echoes = true;
	CU_ASSERT(duo_connect(&d, &c) != NULL);
	duo_talk(&d);
	if (wire.first != m->first)
		return false;
	if (m->agreed == 0)
		return wire.negotiations > 0 && d.client.n[DUO_OPENED] == 0 &&
		       d.client.stats.closed_by == EVQUIC_CLOSED_BY_PEER;
	if (version_of(&d.client) != m->agreed ||
	    version_of(&d.server) != m->agreed)
		return false;
	CU_ASSERT(duo_write(duo_stream(&d.client, true), TEXT, true) == 0);
	duo_talk(&d);
	return d.server.bytes == TEXT && d.client.bytes == TEXT &&
	       wire.last == m->agreed;
}

static void
test_matrix(void)
{
	for (size_t i = 0; i < sizeof(meetings) / sizeof(meetings[0]); i++) {
		PROVE("QSV-090", is_met(&meetings[i], EVQUIC_RETRY_NEVER));
		CU_ASSERT(wire.retries == 0);
		if (meetings[i].agreed == 0)
			PROVE("BAD-058", wire.negotiations == 1);
		end();
	}
}

/* RFC 9369 4.1: Retry is of the version that the client began with. */
static void
test_retry(void)
{
	for (size_t i = 0; i < sizeof(meetings) / sizeof(meetings[0]); i++) {
		const struct meeting *m = &meetings[i];

		CU_ASSERT(is_met(m, EVQUIC_RETRY_ALWAYS));
		CU_ASSERT(wire.retries == (m->agreed != 0));
		if (m->agreed != 0)
			PROVE("QSV-090", wire.retry_version == m->first);
		end();
	}
}

/* Version Negotiation lists what is spoken (RFC 9000 6.1). */
static void
test_list(void)
{
	/* version 3, if there ever is one; IDs of eight octets */
	static const uint8_t packet[QUIC_MIN_INITIAL] = {
	    0xc0, 0, 0, 0, 3, 8, 1, 2, 3, 4, 5, 6, 7, 8, 8};
	union quic_addr stranger = net_addr(AF_INET, false, 12345);

	for (int on = 0; on < 2; on++) {
		struct duo_options o = {.version_2 = on};

		begin(&o);
		net_inject(
		    &d.sim.net, &stranger, &d.sim.addr, packet, sizeof(packet));
		sim_run(&d.sim, 0);
		CU_ASSERT(wire.negotiations == 1 && wire.lists_1);
		CU_ASSERT(wire.lists_2 == on);
		end();
	}
}

static void
test_options(void)
{
	struct evquic_connect_options c = {
	    .versions = EVQUIC_VERSIONS_1_OR_2 + 1};

	begin(NULL);
	c.size = sizeof(c);
	c.app = &duo_app;
	c.trust = d.tls.trust;
	c.remote = &d.sim.addr.sa;
	CU_ASSERT(
	    evquic_connect(d.sim.client, 0, &c, &d.client.conn) == -EINVAL);
	end();
}

/* Version 2 is switched off while a connection of it is being made: it is none
 * of a new one. */
static void
test_switched_off(void)
{
	struct duo_options o = {.version_2 = true};
	struct evquic_connect_options c = {.versions = EVQUIC_VERSIONS_2};
	struct evquic_service_options off;
	struct evquic_service *service;

	begin(&o);
	CU_ASSERT(duo_connect(&d, &c) != NULL);
	sim_run(&d.sim, d.sim.net.faults.delay);
	CU_ASSERT(sim_server_count(&d.sim, "conns_accepted") == 1);
	off = d.service;
	off.version_2 = false;
	off.cred = d.tls.cred;
	service = evquic_service_new(&off);
	CU_ASSERT_FATAL(service != NULL);
	evquic_endpoint_serve(d.sim.server, 0, service);
	evquic_service_unref(service);
	duo_talk(&d);
	CU_ASSERT(version_of(&d.client) == V2 && wire.negotiations == 0);
	d.client.n[DUO_OPENED] = 0;
	CU_ASSERT(duo_connect(&d, &c) != NULL);
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_OPENED] == 0 && wire.negotiations == 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* -------------------------------------------------------------- tokens -- */

static const uint32_t one_and_two[] = {V1, NGTCP2_PROTO_VER_V2};

static struct kept_token {
	size_t len;
	uint8_t bytes[PEER_TOKEN];
} token;

/* Connects with the token, if there is one; true if that needed a Retry. */
static bool
is_retried(uint32_t version, bool lists_both)
{
	struct peer_options o = {.alpn = "duo", .version = version};
	bool retried;

	if (lists_both) {
		o.versions = one_and_two;
		o.nversions = 2;
	}
	if (token.len > 0) {
		o.token = token.bytes;
		o.tokenlen = token.len;
	}
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT(peer.handshake_done && !peer.gone && peer.ntokens == 1);
	retried = peer.retries > 0;
	token.len = peer.tokenlen;
	memcpy(token.bytes, peer.token, peer.tokenlen);
	peer_done(&peer);
	return retried;
}

/* RFC 9369 5: a token is one of the version that was agreed on. */
static void
test_tokens(void)
{
	struct duo_options o = {
	    .version_2 = true, .retry = EVQUIC_RETRY_ALWAYS};

	begin(&o);
	token.len = 0;
	CU_ASSERT(is_retried(V1, false));
	CU_ASSERT(!is_retried(V1, false));
	PROVE("QSV-090", is_retried(V2, false)); /* of 1 */
	CU_ASSERT(!is_retried(V2, false));
	PROVE("QSV-090", is_retried(V1, true)); /* of 2, and another of 2 */
	CU_ASSERT(!is_retried(V2, false));
	CU_ASSERT(is_retried(V1, false));
	CU_ASSERT(sim_server_count(&d.sim, "tokens_invalid") == 0);
	end();
}

/* ------------------------------------------------------------- tickets -- */

/* The same of tickets: whoever comes in another version is met in full.  A raw
 * client keeps no rule of ours. */
static bool
is_resumed(uint32_t version, bool lists_both, struct peer_session *session)
{
	struct peer_options o = {
	    .alpn = "duo", .version = version, .session = session};
	bool resumed;

	if (lists_both) {
		o.versions = one_and_two;
		o.nversions = 2;
	}
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT_FATAL(peer.handshake_done && !peer.gone);
	resumed = gnutls_session_is_resumed(peer.session);
	if (session != NULL)
		peer_session_done(session);
	peer_done(&peer);
	return resumed;
}

static struct peer_session
get_session(uint32_t version, bool lists_both)
{
	struct peer_options o = {.alpn = "duo", .version = version};
	struct peer_session session;

	if (lists_both) {
		o.versions = one_and_two;
		o.nversions = 2;
	}
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT_FATAL(peer.handshake_done && peer.ntickets > 0);
	peer_session_take(&peer, &session);
	peer_done(&peer);
	return session;
}

static void
test_tickets(void)
{
	static const struct {
		uint32_t first;
		bool first_both;
		uint32_t second;
		bool second_both;
		bool resumes;
	} rows[] = {
	    {V1, false, V1, false, true},
	    {NGTCP2_PROTO_VER_V2, false, NGTCP2_PROTO_VER_V2, false, true},
	    {V1, true, NGTCP2_PROTO_VER_V2, false, true},
	    {V1, false, NGTCP2_PROTO_VER_V2, false, false},
	    {NGTCP2_PROTO_VER_V2, false, V1, false, false},
	    {V1, true, V1, false, false},
	    {V1, false, V1, true, false},
	};
	struct duo_options o = {.version_2 = true};

	begin(&o);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer_session s =
		    get_session(rows[i].first, rows[i].first_both);

		PROVE("QSV-090", is_resumed(rows[i].second, rows[i].second_both,
				     &s) == rows[i].resumes);
	}
	end();
}

/* Our client goes on in the version that its session is of, or without it. */
static void
test_sessions(void)
{
	static const struct {
		enum evquic_versions first;
		enum evquic_versions second;
		uint32_t begins;
		bool resumes;
	} rows[] = {
	    {EVQUIC_VERSIONS_1, EVQUIC_VERSIONS_1, V1, true},
	    {EVQUIC_VERSIONS_2, EVQUIC_VERSIONS_2, NGTCP2_PROTO_VER_V2, true},
	    {EVQUIC_VERSIONS_1_OR_2, EVQUIC_VERSIONS_1_OR_2,
		NGTCP2_PROTO_VER_V2, true},
	    {EVQUIC_VERSIONS_1_OR_2, EVQUIC_VERSIONS_1, V1, false},
	    {EVQUIC_VERSIONS_1, EVQUIC_VERSIONS_2, NGTCP2_PROTO_VER_V2, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct duo_options o = {.version_2 = true};
		struct evquic_connect_options c = {.versions = rows[i].first};

		begin(&o);
		CU_ASSERT(duo_connect(&d, &c) != NULL);
		duo_talk(&d);
		CU_ASSERT(duo_end(&d) && d.client.session_len > 0);
		c.versions = rows[i].second;
		c = duo_resume(&d, &c, false);
		wire.first = 0;
		CU_ASSERT(duo_connect(&d, &c) != NULL);
		duo_talk(&d);
		CU_ASSERT(duo_end(&d));
		CU_ASSERT(wire.first == rows[i].begins);
		PROVE("QSV-090", d.client.stats.handshake_done &&
				     d.client.stats.resumed == rows[i].resumes);
		duo_done(&d);
	}
}

static void
ask_at_once(
    struct duo_side *side, enum duo_event event, struct evquic_stream *stream)
{
	(void)stream;
	if (event == DUO_OPENED)
		CU_ASSERT(duo_write(duo_stream(side, true), 100, true) == 0);
}

/* Early data of version 2, and after having changed over to it. */
static void
test_early(void)
{
	static const enum evquic_versions versions[] = {
	    EVQUIC_VERSIONS_2, EVQUIC_VERSIONS_1_OR_2};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct duo_options o = {.version_2 = true, .early_data = true};
		struct evquic_connect_options c = {.versions = versions[i]};

		begin(&o);
		CU_ASSERT(duo_connect(&d, &c) != NULL);
		duo_talk(&d);
		CU_ASSERT(duo_end(&d) && d.client.session_len > 0);
		c = duo_resume(&d, &c, true);
		d.client.hook = ask_at_once;
		d.server.echoes = true;
		CU_ASSERT(duo_connect(&d, &c) != NULL);
		duo_talk(&d);
		CU_ASSERT(d.server.was_early && d.client.bytes == 100);
		CU_ASSERT(version_of(&d.client) == V2);
		end();
	}
}

/* ------------------------------------------------- version information -- */

static bool
is_closed_with(uint64_t code)
{
	return peer.heard_close && peer.close.error_code == code &&
	       peer.close.type == NGTCP2_CCERR_TYPE_TRANSPORT &&
	       d.server.n[DUO_OPENED] == 0;
}

struct lie {
	const char *data; /* the parameter: id, length, value */
	size_t len;
	uint64_t code;
};

#define LIE(data, code)                                                        \
	{                                                                      \
		(data), sizeof(data) - 1, (code)                               \
	}
#define WIRE_1 "\x00\x00\x00\x01"
#define WIRE_2 "\x6b\x33\x43\xcf"

/* Of a connection of version 1: 9368 4. */
static const struct lie lies[] = {
    /* chosen is another than the one in use */
    LIE("\x11\x08" WIRE_2 WIRE_2, VERSION_NEGOTIATION_ERROR),
    LIE("\x11\x0c" WIRE_2 WIRE_1 WIRE_2, VERSION_NEGOTIATION_ERROR),
    /* it cannot be parsed: too short, cut, 0 */
    LIE("\x11\x00", TRANSPORT_PARAMETER_ERROR),
    LIE("\x11\x03\x00\x00\x00", TRANSPORT_PARAMETER_ERROR),
    LIE("\x11\x07" WIRE_1 "\x00\x00\x00", TRANSPORT_PARAMETER_ERROR),
    LIE("\x11\x09" WIRE_1 WIRE_1 "\x00", TRANSPORT_PARAMETER_ERROR),
    LIE("\x11\x08\x00\x00\x00\x00" WIRE_1, TRANSPORT_PARAMETER_ERROR),
    LIE("\x11\x0c" WIRE_1 WIRE_1 "\x00\x00\x00\x00", TRANSPORT_PARAMETER_ERROR),
    /* chosen is none of those that are available */
    LIE("\x11\x08" WIRE_1 WIRE_2, TRANSPORT_PARAMETER_ERROR),
    LIE("\x11\x04" WIRE_1, TRANSPORT_PARAMETER_ERROR),
};

static void
test_lies(void)
{
	for (size_t i = 0; i < 2 * sizeof(lies) / sizeof(lies[0]); i++) {
		const struct lie *l = &lies[i / 2];
		struct duo_options w = {.version_2 = i % 2};
		struct edit e = {
		    .message = GNUTLS_HANDSHAKE_CLIENT_HELLO,
		    .extension = EDIT_PARAMETERS,
		    .data = l->data,
		    .len = l->len,
		    .replaces = true,
		};
		struct peer_options o = {
		    .alpn = "duo", .rewrite = edit_apply, .arg = &e};

		begin(&w);
		peer_connect(&peer, &d.sim, &o);
		duo_talk(&d);
		PROVE("QSV-089", is_closed_with(l->code));
		peer_done(&peer);
		end();
	}
}

/* Versions that nobody knows stand in the list: they are passed over.  These
 * are reserved (RFC 9000 15); ngtcp2 tells no others. */
static void
test_unknown(void)
{
	static const uint32_t list[] = {
	    0x1a2a3a4a, 0xfaeadaca, V1, 0x0a0a0a0a, NGTCP2_PROTO_VER_V2};
	struct duo_options w = {.version_2 = true};
	struct peer_options o = {.alpn = "duo", .versions = list};

	for (o.nversions = 4; o.nversions <= 5; o.nversions++) {
		begin(&w);
		peer_connect(&peer, &d.sim, &o);
		duo_talk(&d);
		PROVE("QSV-092", peer.handshake_done && !peer.gone);
		PROVE("QSV-092",
		    version_of(&d.server) == (o.nversions == 4 ? V1 : V2));
		CU_ASSERT(peer_send(&peer, TEXT, true) == 0);
		duo_talk(&d);
		CU_ASSERT(d.server.bytes == TEXT);
		peer_done(&peer);
		end();
	}
}

void
test_quic_version_register(void)
{
	CU_pSuite suite = unit_suite("quic_version");

	unit_test(suite, "matrix", test_matrix);
	unit_test(suite, "retry", test_retry);
	unit_test(suite, "list", test_list);
	unit_test(suite, "options", test_options);
	unit_test(suite, "switched_off", test_switched_off);
	unit_test(suite, "tokens", test_tokens);
	unit_test(suite, "tickets", test_tickets);
	unit_test(suite, "sessions", test_sessions);
	unit_test(suite, "early", test_early);
	unit_test(suite, "lies", test_lies);
	unit_test(suite, "unknown", test_unknown);
}
