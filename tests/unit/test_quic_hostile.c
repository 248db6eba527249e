/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients that keep to no rules: frames that no honest one would send, each of
 * which ends in the code that the RFC names, or in nothing at all.
 */
#include "tests/fake/tap.h"
#include "tests/fake/visit.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define UNEXPECTED_MESSAGE 0x10a

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

/* One violation: frames of one packet, and the code that they end in. */
struct violation {
	const char *id;
	const char *what;
	uint64_t code;
	size_t len;
	const char *frames;
};

#define VIOLATION(id, what, code, frames)                                      \
	{                                                                      \
		(id), (what), (code), sizeof(frames) - 1, (frames)             \
	}

static const struct violation violations[] = {
    VIOLATION("QSV-047", "TLS KeyUpdate after the session was freed",
	UNEXPECTED_MESSAGE, "\x06\x00\x05\x18\x00\x00\x01\x00"),
    VIOLATION(
	"QSV-047", "CRYPTO far ahead", UNEXPECTED_MESSAGE, "\x06\x00\x01\x00"),
    VIOLATION("QSV-083", "unknown frame", 0x07, "\x5f\xff"),
    VIOLATION("QSV-083", "NEW_TOKEN from a client", 0x0a,
	"\x07\x04"
	"abcd"),
    VIOLATION("QSV-083", "HANDSHAKE_DONE from a client", 0x0a, "\x1e"),
    VIOLATION("BAD-049", "HANDSHAKE_DONE from a client", 0x0a, "\x1e"),
    VIOLATION(
	"QSV-084", "STOP_SENDING for a server's stream", 0x05, "\x05\x01\x00"),
    VIOLATION("QSV-084", "MAX_STREAM_DATA for a server's stream", 0x05,
	"\x11\x01\x40\x64"),
    VIOLATION("BAD-024", "STREAM on a server's stream", 0x05, "\x0a\x01\x01x"),
    VIOLATION("BAD-024", "STREAM on a server's one-way stream", 0x05,
	"\x0a\x03\x01x"),
    VIOLATION("QSV-082", "DATAGRAM, which was not offered", 0x0a, "\x31\x02xx"),
    VIOLATION("BAD-052", "DATAGRAM without a length", 0x0a, "\x30xx"),
    VIOLATION("QSV-078", "an eleventh stream", 0x04, "\x0a\x28\x01x"),
    VIOLATION("BAD-043", "a fourth one-way stream", 0x04, "\x0a\x0e\x01x"),
    VIOLATION("QSV-078", "data past the stream's window", 0x03,
	"\x0e\x00\x80\x01\x10\x00\x01x"),
    VIOLATION("QSV-078", "two ends of one stream", 0x06,
	"\x0b\x00\x02xx\x0f\x00\x03\x01x"),
    VIOLATION("BAD-034", "RESET_STREAM below what was sent", 0x06,
	"\x0a\x00\x04xxxx\x04\x00\x00\x02"),
    VIOLATION("BAD-035", "RESET_STREAM with a huge final size", 0x03,
	"\x04\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"),
    VIOLATION("BAD-041", "ACK of what was never sent", 0x0a,
	"\x02\x80\x01\x00\x00\x00\x00\x00"),
    VIOLATION(
	"BAD-042", "ACK with a range below zero", 0x07, "\x02\x01\x00\x00\x02"),
    VIOLATION("BAD-047", "RETIRE_CONNECTION_ID of none", 0x0a, "\x19\x40\xff"),
    VIOLATION("BAD-050", "frame cut short", 0x07, "\x0a\x00\x7f\xff"),
    VIOLATION("BAD-072", "MAX_STREAMS above 2^60", 0x07,
	"\x12\xd0\x00\x00\x00\x00\x00\x00\x01"),
};

static void
violate(const struct violation *v)
{
	bool closed;

	begin(NULL);
	CU_ASSERT_FATAL(peer.handshake_done && !peer.gone);
	peer_send_frames(&peer, v->frames, v->len);
	duo_talk(&d);
	closed = is_closed_with(v->code);
	if (!closed)
		printf("# %s: closed %d with %llx\n", v->what, peer.heard_close,
		    (unsigned long long)peer.close.error_code);
	PROVE(v->id, closed);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.server.stats.closed_by == EVQUIC_CLOSED_LOCALLY);
	CU_ASSERT(d.server.stats.code == v->code);
	end();
}

static void
test_violations(void)
{
	for (size_t i = 0; i < sizeof(violations) / sizeof(violations[0]); i++)
		violate(&violations[i]);
}

/* RFC 9000 3.2: STOP_SENDING may be the first frame of a stream. */
static void
test_stop_first(void)
{
	begin(NULL);
	peer_send_frames(&peer, "\x05\x00\x21", 3);
	duo_talk(&d);
	CU_ASSERT(!peer.gone);
	CU_ASSERT(d.server.n[DUO_STREAM_OPENED] == 1);
	PROVE("BAD-033", d.server.n[DUO_STOPPED] == 1);
	peer_send_frames(&peer, "\x0b\x00\x02xx", 5);
	duo_talk(&d);
	PROVE("BAD-031", d.server.bytes == 2 && d.server.fins == 1 &&
			     d.server.n[DUO_STREAM_CLOSED] == 1);
	end();
}

/* RFC 9000 3.5: STOP_SENDING comes with the query that is answered at once:
 * the answer, which waits to be sent, is thrown away, and nobody is told. */
static void
test_stop_answered(void)
{
	begin(NULL);
	d.server.echoes = true;
	peer_send_frames(&peer, "\x0b\x00\x02xx\x05\x00\x21", 8);
	duo_talk(&d);
	CU_ASSERT(d.server.bytes == 2 && d.server.fins == 1);
	CU_ASSERT(peer.bytes_in == 0);
	CU_ASSERT(sim_server_count(&d.sim, "streams_stopped") == 1);
	CU_ASSERT(d.server.n[DUO_STOPPED] == 0);
	CU_ASSERT(evquic_conn_unacked(d.server.conn) == 0);
	CU_ASSERT(d.server.n[DUO_STREAM_CLOSED] == 1);
	d.server.echoes = false;
	end();
}

/* A highest stream first opens all below it (RFC 9000 3.2). */
static void
test_highest_stream(void)
{
	begin(NULL);
	peer_send_frames(&peer, "\x0b\x24\x01x", 4);
	duo_talk(&d);
	CU_ASSERT(!peer.gone);
	CU_ASSERT(d.server.bytes == 1 && d.server.fins == 1);
	peer_send_frames(&peer, "\x0b\x00\x01x", 4);
	duo_talk(&d);
	CU_ASSERT(d.server.bytes == 2 && d.server.fins == 2);
	end();
}

/* A reason of any length and any bytes: cut, and nothing else happens. */
static void
test_long_reason(void)
{
	uint8_t frames[4 + 900];

	begin(NULL);
	memset(frames, 0xff, sizeof(frames));
	memcpy(frames, "\x1d\x07\x43\x84", 4); /* code 7, 900 bytes */
	peer_send_frames(&peer, frames, sizeof(frames));
	duo_talk(&d);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.server.stats.closed_by == EVQUIC_CLOSED_BY_PEER);
	CU_ASSERT(d.server.stats.application && d.server.stats.code == 7);
	PROVE("BAD-053", d.server.stats.reason_len == QUIC_MAX_REASON);
	end();
}

/* RFC 9000 5.1.1: more IDs than we said we keep. */
static void
test_many_ids(void)
{
	uint8_t frames[8 * (4 + 18 + 16)] = {0};
	size_t at = 0;

	begin(NULL);
	for (uint8_t i = 0; i < 8; i++) {
		frames[at++] = 0x18;
		frames[at++] = (uint8_t)(10 + i); /* sequence number */
		frames[at++] = 0;		  /* Retire Prior To */
		frames[at++] = 18;
		memset(frames + at, 0x70 + i, 18 + 16);
		at += 18 + 16;
	}
	peer_send_frames(&peer, frames, at);
	duo_talk(&d);
	PROVE("QSV-058", is_closed_with(0x09));
	end();
}

enum {
	TINY = 100,	  /* packets of one datagram */
	TINY_PAYLOAD = 20 /* what a header protection sample needs */
};

static void
count_line(void *arg, const struct evquic_conn *conn, const char *line)
{
	(void)conn;
	(void)line;
	++*(unsigned *)arg;
}

/* Headers as of this Initial packet, of one long type, with garbage. */
static size_t
write_tiny(const uint8_t *initial, uint8_t first, uint8_t *out)
{
	size_t ids = 6u + initial[5], len = 0;

	ids += 1u + initial[ids];
	for (unsigned i = 0; i < TINY; i++) {
		memcpy(out + len, initial, ids);
		out[len] = first;
		len += ids;
		if (first == 0xc0)
			out[len++] = 0; /* no token */
		out[len++] = TINY_PAYLOAD;
		memset(out + len, (int)i, TINY_PAYLOAD);
		len += TINY_PAYLOAD;
	}
	return len;
}

/* RFC 9000 12.2: each is looked at once and thrown away, while there are keys
 * for its kind and when they are gone; what ngtcp2 has to say of it is the
 * measure. */
static void
test_tiny_packets(void)
{
	static struct tap_catch k;
	static uint8_t bytes[TINY * 80];
	unsigned lines = 0;
	uint64_t sent;

	k = (struct tap_catch){.passes = true};
	duo_init(&d, NULL);
	d.sim.net.tap = tap_catch_client;
	d.sim.net.tap_arg = &k;
	d.sim.servers[0]->trace = count_line;
	d.sim.servers[0]->trace_arg = &lines;
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	for (unsigned i = 0; i < 40; i++) {
		/* Initial, 0-RTT, Handshake, from the first flight on. */
		uint8_t first = (uint8_t)(0xc0 + (i % 3 << 4));
		size_t len;

		sim_run(&d.sim, 2 * NSEC_PER_MSEC);
		CU_ASSERT_FATAL(k.n > 0);
		if (sim_server_count(&d.sim, "conns_accepted") == 0)
			continue;
		len = write_tiny(k.bytes[0], first, bytes);
		lines = 0;
		sent = sim_server_count(&d.sim, "tx_datagrams");
		net_inject(&d.sim.net, &k.from[0], &d.sim.addr, bytes, len);
		sim_run(&d.sim, 0);
		PROVE("BAD-081", lines > 0 && lines <= 5 * TINY);
		CU_ASSERT(sim_server_count(&d.sim, "tx_datagrams") == sent);
	}
	CU_ASSERT(sim_server_count(&d.sim, "conns_accepted") == 1);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1);
	CU_ASSERT(duo_write(duo_stream(&d.client, true), 100, true) == 0);
	duo_talk(&d);
	CU_ASSERT(d.server.bytes == 100);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

void
test_quic_hostile_register(void)
{
	CU_pSuite s = unit_suite("quic_hostile");

	unit_test(s, "violations", test_violations);
	unit_test(s, "stop_first", test_stop_first);
	unit_test(s, "stop_answered", test_stop_answered);
	unit_test(s, "highest_stream", test_highest_stream);
	unit_test(s, "long_reason", test_long_reason);
	unit_test(s, "many_ids", test_many_ids);
	unit_test(s, "tiny_packets", test_tiny_packets);
}
