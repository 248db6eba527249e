/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resumption and early data (RFC 8446 2.2, 2.3; RFC 9001 4.6): what
 * applications are told, and when, on both sides.
 */
#include "tests/fake/duo.h"
#include "tests/fake/peer.h"

#include <string.h>

#include "tests/unit/unit.h"

enum {
	QUERY = 40, /* bytes */
	LARGE = 30000,
	STREAMS = 10,
	APP_ERROR = 7
};

/* Longer than a handshake may take. */
#define SPAN (15 * NSEC_PER_SEC)
#define IDLE (60 * NSEC_PER_SEC)

static const struct duo_options early_on = {.early_data = true};
static struct duo d;
static struct peer peer;

/* What the client does as soon as it may talk. */
static struct {
	unsigned streams;
	size_t size; /* of each; 0: QUERY */
	bool resets_first;
	bool closes;
	bool was_done; /* the handshake, by then */
	nsec at;
} deed;

static void
ask_at_once(
    struct duo_side *side, enum duo_event event, struct evquic_stream *stream)
{
	(void)stream;
	if (event != DUO_OPENED)
		return;
	deed.at = d.sim.net.now;
	deed.was_done = evquic_conn_is_handshake_done(side->conn);
	for (unsigned i = 0; i < deed.streams; i++) {
		struct evquic_stream *s = duo_stream(side, true);

		CU_ASSERT_FATAL(s != NULL);
		CU_ASSERT(duo_write(s, deed.size != 0 ? deed.size : QUERY,
			      true) == 0);
		if (i == 0 && deed.resets_first)
			evquic_stream_reset(s, APP_ERROR);
	}
	if (deed.closes)
		evquic_conn_close(side->conn, APP_ERROR, NULL);
}

/* A world in which the client has a session and nobody is connected. */
static void
begin(const struct duo_options *o)
{
	duo_init(&d, o);
	CU_ASSERT_FATAL(duo_open(&d));
	duo_talk(&d);
	CU_ASSERT_FATAL(duo_end(&d));
	CU_ASSERT_FATAL(d.client.n[DUO_SESSION] == 1);
	memset(d.client.n, 0, sizeof(d.client.n));
	memset(d.server.n, 0, sizeof(d.server.n));
	d.server.echoes = true;
	d.client.hook = ask_at_once;
	memset(&deed, 0, sizeof(deed));
	deed.streams = 1;
}

static void
end(void)
{
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
again(bool early)
{
	struct evquic_connect_options o = duo_resume(&d, NULL, early);

	CU_ASSERT_FATAL(duo_connect(&d, &o) != NULL);
}

/* Each query came once and was answered once. */
static bool
is_answered(unsigned queries)
{
	return d.client.bytes == queries * QUERY && d.client.fins == queries &&
	       d.server.fins == queries && d.server.bytes == queries * QUERY;
}

static uint64_t
count(const char *name)
{
	return sim_server_count(&d.sim, name);
}

static void
test_resumption(void)
{
	begin(NULL);
	CU_ASSERT(count("tickets_sent") == 1);
	again(false);
	duo_talk(&d);
	CU_ASSERT(is_answered(1) && deed.was_done);
	CU_ASSERT(duo_end(&d));
	CU_ASSERT(d.client.stats.resumed && d.server.stats.resumed);
	CU_ASSERT(!d.client.stats.early_data && !d.server.stats.early_data);
	CU_ASSERT(count("sessions_resumed") == 1);
	CU_ASSERT(count("early_refused") == 0);
	end();
}

/* The answer is there after one round trip. */
static void
test_early(void)
{
	nsec begun;

	begin(&early_on);
	begun = d.sim.net.now;
	again(true);
	CU_ASSERT(d.client.n[DUO_OPENED] == 0); /* not from within */
	sim_run(&d.sim, 2 * d.sim.net.faults.delay);
	CU_ASSERT(deed.at == begun && !deed.was_done);
	CU_ASSERT(is_answered(1) && d.server.was_early);
	duo_talk(&d);
	CU_ASSERT(evquic_conn_is_handshake_done(d.client.conn));
	CU_ASSERT(is_answered(1));
	CU_ASSERT(duo_end(&d));
	CU_ASSERT(d.client.stats.early_data && d.server.stats.early_data);
	CU_ASSERT(count("early_accepted") == 1);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1 && d.server.n[DUO_OPENED] == 1);
	CU_ASSERT(d.client.n[DUO_CLOSED] == 1 && d.server.n[DUO_CLOSED] == 1);
	end();
}

/* A session allows early data; whether it is sent is the caller's to say. */
static void
test_not_wanted(void)
{
	begin(&early_on);
	again(false);
	duo_talk(&d);
	CU_ASSERT(is_answered(1) && deed.was_done && !d.server.was_early);
	CU_ASSERT(count("sessions_resumed") == 1);
	CU_ASSERT(count("early_accepted") + count("early_refused") == 0);
	end();
}

/* Nor is it sent with a ticket that does not allow it. */
static void
test_not_allowed(void)
{
	begin(NULL);
	d.service.early_data = true;
	d.service.early_seen = d.early_seen;
	sim_restart(&d.sim, &d.service);
	again(true);
	duo_talk(&d);
	CU_ASSERT(is_answered(1) && deed.was_done && !d.server.was_early);
	CU_ASSERT(count("sessions_resumed") == 1);
	CU_ASSERT(count("early_accepted") + count("early_refused") == 0);
	end();
}

/* 0-RTT packets that come before their Initial packet, and for nobody. */
static struct {
	unsigned strangers; /* to be sent for each */
	bool first;	    /* the Initial is lost the first time */
} packets;

static bool
lose_initial(void *arg, const struct net_datagram *g)
{
	uint8_t bytes[QUIC_MAX_TX_PAYLOAD];
	struct net *n = arg;

	if (net_port(&g->from) == SIM_PORT || (g->bytes[0] & 0xf0) != 0xc0)
		return true;
	memcpy(bytes, g->bytes, g->len);
	bytes[0] = 0xd3; /* type 0-RTT */
	for (unsigned i = 0; i < packets.strangers; i++)
		net_inject(n, &g->from, &g->to, bytes, g->len);
	packets.strangers = 0;
	if (!packets.first)
		return true;
	packets.first = false;
	return false;
}

/* ------------------------------------------------------------- refused -- */

static void
refuse(void)
{
	d.service.early_data = false;
	sim_restart(&d.sim, &d.service);
}

static void
test_refused(void)
{
	begin(&early_on);
	refuse();
	deed.streams = STREAMS;
	again(true);
	duo_talk(&d);
	CU_ASSERT(!deed.was_done);
	PROVE("DOQ-108", is_answered(STREAMS));
	PROVE("DOQ-101", is_answered(STREAMS) && d.client.n[DUO_CLOSED] == 0);
	PROVE("QSV-045", is_answered(STREAMS) && !d.server.was_early);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1);
	CU_ASSERT(duo_end(&d));
	CU_ASSERT(d.client.stats.resumed && !d.client.stats.early_data);
	CU_ASSERT(count("early_refused") == 1);
	end();
}

/* A server with less room than it had: streams that find none are closed. */
static void
test_refused_less(void)
{
	static const struct evquic_limits less = {
	    .size = sizeof(less),
	    .max_streams_bidi = 3,
	    .stream_window = QUERY / 2,
	    .conn_window = QUERY,
	};

	begin(&early_on);
	d.offers[0].limits = &less;
	sim_restart(&d.sim, &d.service);
	deed.streams = STREAMS;
	again(true);
	duo_talk(&d);
	PROVE("DOQ-090", is_answered(3) && d.client.n[DUO_CLOSED] == 0);
	CU_ASSERT(d.client.n[DUO_STREAM_CLOSED] == STREAMS);
	end();
}

/* What was reset before it was refused is reset again. */
static void
test_refused_reset(void)
{
	begin(&early_on);
	refuse();
	deed.streams = 3;
	deed.resets_first = true;
	again(true);
	duo_talk(&d);
	CU_ASSERT(is_answered(2));
	CU_ASSERT(d.server.n[DUO_STREAM_OPENED] == 3);
	CU_ASSERT(d.server.n[DUO_RESET] == 1 && d.server.code == APP_ERROR);
	end();
}

/* What is reset before the handshake is complete is reset in the end. */
static void
test_reset(void)
{
	begin(&early_on);
	deed.streams = 3;
	deed.resets_first = true;
	again(true);
	duo_talk(&d);
	CU_ASSERT(is_answered(2));
	CU_ASSERT(d.server.n[DUO_STREAM_OPENED] == 3);
	CU_ASSERT(d.server.n[DUO_RESET] == 1 && d.server.code == APP_ERROR);
	end();
}

/* What was sent before may be sent again until then: its bytes must stay. */
static void
test_reset_lost(void)
{
	struct evquic_stream *s;

	begin(&early_on);
	deed.streams = 0;
	d.sim.net.faults.loss = 1000;
	again(true);
	sim_settle(&d.sim);
	s = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT(duo_write(s, QUERY, true) == 0);
	sim_settle(&d.sim);
	evquic_stream_reset(s, APP_ERROR);
	CU_ASSERT(evquic_conn_unacked(d.client.conn) == QUERY);
	d.sim.net.faults.loss = 0;
	sim_run(&d.sim, SPAN);
	CU_ASSERT(evquic_conn_unacked(d.client.conn) == 0);
	CU_ASSERT(d.server.n[DUO_STREAM_OPENED] == 1);
	CU_ASSERT(d.server.n[DUO_RESET] == 1 && d.server.code == APP_ERROR);
	end();
}

/* More than may be under way at once, and the first packet is lost: it comes
 * again, and is large enough to be taken. */
static void
test_large(void)
{
	begin(&early_on);
	deed.size = LARGE;
	packets.first = true;
	d.sim.net.tap = lose_initial;
	d.sim.net.tap_arg = &d.sim.net;
	again(true);
	sim_run(&d.sim, SPAN);
	CU_ASSERT(d.client.bytes == LARGE && d.server.fins == 1);
	end();
}

static void
test_closed_early(void)
{
	begin(&early_on);
	deed.closes = true;
	again(true);
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1 && d.client.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.client.stats.code == APP_ERROR);
	end();
}

/* opened() refuses, before anything was sent, or when early data came. */
static void
test_refuses(void)
{
	begin(&early_on);
	d.client.refuses = -1;
	again(true);
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1 && d.client.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.server.n[DUO_OPENED] == 0);
	d.client.refuses = 0;
	d.server.refuses = -1;
	again(true);
	duo_talk(&d);
	CU_ASSERT(d.server.n[DUO_OPENED] == 1 && d.server.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.server.stats.code == NGTCP2_INTERNAL_ERROR);
	CU_ASSERT(!d.server.stats.handshake_done && d.server.bytes == 0);
	CU_ASSERT(d.client.n[DUO_CLOSED] == 2);
	end();
}

/* ---------------------------------------------------- before Finished -- */

static void
raw_begin(struct peer_session *session)
{
	struct peer_options o = {.alpn = "duo"};

	duo_init(&d, &early_on);
	d.server.echoes = true;
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT_FATAL(peer.ntickets == 1);
	peer_session_take(&peer, session);
	peer_done(&peer);
	sim_run(&d.sim, IDLE); /* the server forgets it */
	memset(d.server.n, 0, sizeof(d.server.n));
}

static void
raw_again(const struct peer_session *session, bool half)
{
	struct peer_options o = {
	    .alpn = "duo",
	    .session = session,
	    .early = true,
	    .half = half,
	};

	peer_connect(&peer, &d.sim, &o);
}

static void
raw_end(struct peer_session *session)
{
	peer_session_done(session);
	peer_done(&peer);
	end();
}

/* A client that never says Finished: all the time it may be a replay. */
static void
test_no_finished(void)
{
	struct peer_session s;

	raw_begin(&s);
	raw_again(&s, false);
	peer.silent = true; /* its first flight is out */
	sim_run(&d.sim, NSEC_PER_SEC);
	CU_ASSERT(d.server.n[DUO_OPENED] == 1 && d.server.fins == 1);
	CU_ASSERT_FATAL(d.server.conn != NULL);
	PROVE("DOQ-100", d.server.was_early &&
			     !evquic_conn_is_handshake_done(d.server.conn));
	CU_ASSERT(d.sim.servers[0]->handshakes == 1);
	sim_run(&d.sim, SPAN);
	CU_ASSERT(d.sim.servers[0]->handshakes == 0);
	CU_ASSERT(d.server.n[DUO_STREAM_CLOSED] == 1);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.server.stats.closed_by == EVQUIC_CLOSED_TIMEOUT);
	CU_ASSERT(!d.server.stats.handshake_done);
	CU_ASSERT(d.server.stats.early_data);
	CU_ASSERT(count("handshakes_failed") == 1);
	raw_end(&s);
}

/* Half of a stream as early data and the rest when the handshake is done. */
static void
test_half(void)
{
	struct peer_session s;

	raw_begin(&s);
	raw_again(&s, true);
	duo_talk(&d);
	CU_ASSERT(peer.handshake_done && d.server.bytes == PEER_EARLY);
	CU_ASSERT(d.server.was_early && d.server.fins == 0);
	d.server.was_early = false;
	peer_send_more(&peer, 0, PEER_EARLY, true);
	duo_talk(&d);
	CU_ASSERT(d.server.bytes == 2 * PEER_EARLY && d.server.fins == 1);
	PROVE("DOQ-099",
	    d.server.was_early && evquic_conn_is_handshake_done(d.server.conn));
	CU_ASSERT(peer_send(&peer, QUERY, true) == 4);
	duo_talk(&d);
	CU_ASSERT(d.server.fins == 2 && !d.server.was_early);
	raw_end(&s);
}

/* The service stops, or closes, while only early data has come. */
static void
test_drain(void)
{
	struct peer_session s;

	raw_begin(&s);
	raw_again(&s, false);
	peer.silent = true;
	sim_run(&d.sim, NSEC_PER_SEC);
	CU_ASSERT(d.server.n[DUO_OPENED] == 1);
	evquic_endpoint_drain(d.sim.server, 0, NULL, NULL);
	CU_ASSERT(d.server.n[DUO_DRAIN] == 1);
	evquic_endpoint_close(d.sim.server, 0, APP_ERROR);
	peer.silent = false;
	duo_talk(&d);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.server.stats.closed_by == EVQUIC_CLOSED_LOCALLY);
	CU_ASSERT(d.server.stats.code == APP_ERROR);
	CU_ASSERT(d.sim.servers[0]->handshakes == 0);
	CU_ASSERT(peer.gone);
	raw_end(&s);
}

/* ------------------------------------------------------------- on its way */

/* RFC 9000 17.2.5.3: what was sent early is sent again after Retry. */
static void
test_retry(void)
{
	begin(&early_on);
	d.service.retry = EVQUIC_RETRY_ALWAYS;
	d.service.token_key[0] ^= 1; /* the session's token proves nothing */
	sim_restart(&d.sim, &d.service);
	deed.streams = STREAMS;
	again(true);
	duo_talk(&d);
	CU_ASSERT(count("retries_sent") == 1);
	PROVE("DOQ-109", is_answered(STREAMS) && count("early_accepted") == 1 &&
			     d.server.was_early);
	end();
}

/* The token of an earlier connection stands in for Retry. */
static void
test_token(void)
{
	begin(&early_on);
	d.service.retry = EVQUIC_RETRY_ALWAYS;
	sim_restart(&d.sim, &d.service);
	again(true);
	duo_talk(&d);
	CU_ASSERT(is_answered(1) && d.server.was_early);
	CU_ASSERT(count("retries_sent") == 0);
	CU_ASSERT(count("tokens_accepted") == 1);
	end();
}

static void
test_strays(void)
{
	const unsigned many = 1000;

	begin(&early_on);
	packets.strangers = many;
	packets.first = true;
	d.sim.net.tap = lose_initial;
	d.sim.net.tap_arg = &d.sim.net;
	again(true);
	sim_run(&d.sim, d.sim.net.faults.delay);
	PROVE("BAD-077",
	    count("drop_unknown_cid") == many && count("conns_accepted") == 1);
	PROVE("QSV-012", count("drop_unknown_cid") == many);
	duo_talk(&d);
	duo_talk(&d);
	duo_talk(&d);
	CU_ASSERT(is_answered(1));
	end();
}

void
test_quic_early_register(void)
{
	CU_pSuite s = unit_suite("quic_early");

	unit_test(s, "resumption", test_resumption);
	unit_test(s, "early", test_early);
	unit_test(s, "not_wanted", test_not_wanted);
	unit_test(s, "not_allowed", test_not_allowed);
	unit_test(s, "refused", test_refused);
	unit_test(s, "refused_less", test_refused_less);
	unit_test(s, "refused_reset", test_refused_reset);
	unit_test(s, "reset", test_reset);
	unit_test(s, "reset_lost", test_reset_lost);
	unit_test(s, "large", test_large);
	unit_test(s, "closed_early", test_closed_early);
	unit_test(s, "refuses", test_refuses);
	unit_test(s, "no_finished", test_no_finished);
	unit_test(s, "half", test_half);
	unit_test(s, "drain", test_drain);
	unit_test(s, "retry", test_retry);
	unit_test(s, "token", test_token);
	unit_test(s, "strays", test_strays);
}
