/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address validation (RFC 9000 8.1): Retry and its tokens, tokens of NEW_TOKEN
 * frames, and every way in which a token may be none of the client's.
 */
#include "tests/fake/duo.h"
#include "tests/fake/peer.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fake/prng.h"
#include "tests/unit/unit.h"

enum {
	TYPE_BITS = 0xf0,
	RETRY = 0xf0,
	INITIAL = 0xc0,
	SMALLEST = 1200,
	LARGEST = 1500,
	HEADER = 1 + 4 + 1 + 8 + 1 + 8, /* before the token's length */
	MANY = 10000,
	BATCH = 50,
	FLOOD = 3000,
	SEEDS = 12,
	ABOVE = 5,
	CROWD = 20,
	BITS = 8
};

#define SPAN (30 * NSEC_PER_SEC)
#define DAY (86400 * NSEC_PER_SEC)

static struct duo d;
static struct peer peer;

/* What is done to the client's first packet with a token. */
enum deed {
	DEED_NONE,
	DEED_KEEP,    /* it is kept, and lost */
	DEED_CORRUPT, /* a bit of the token is turned */
};

static struct wire {
	enum deed deed;
	unsigned retries;
	size_t retry_len;
	unsigned initials; /* with a token */
	union quic_addr from;
	size_t len;
	uint8_t bytes[LARGEST];
	union quic_addr stranger;
	unsigned replies; /* to the stranger */
	size_t total;
	size_t reply_len;
	uint8_t reply[LARGEST];
} wire;

static void
keep(const struct net_datagram *g)
{
	wire.from = g->from;
	wire.len = g->len;
	memcpy(wire.bytes, g->bytes, g->len);
}

/* The token in a client's first packet, in its bytes. */
static uint8_t *
token_of(uint8_t *bytes, size_t len, ngtcp2_pkt_hd *hd)
{
	if (ngtcp2_accept(hd, bytes, len) != 0 || hd->tokenlen == 0)
		return NULL;
	return bytes + (hd->token - bytes);
}

static bool
from_client(struct net_datagram *g)
{
	ngtcp2_pkt_hd hd;
	uint8_t copy[LARGEST], *token;

	if (g->len > sizeof(copy))
		return true;
	memcpy(copy, g->bytes, g->len);
	token = token_of(copy, g->len, &hd);
	if (token == NULL || wire.initials++ > 0)
		return true;
	keep(g);
	if (wire.deed == DEED_CORRUPT) {
		token[hd.tokenlen / 2] ^= 1;
		net_inject(&d.sim.net, &g->from, &g->to, copy, g->len);
	}
	return wire.deed == DEED_NONE;
}

static bool
watch(void *arg, const struct net_datagram *datagram)
{
	(void)arg;
	if (net_port(&datagram->from) != SIM_PORT)
		return from_client((void *)(uintptr_t)datagram);
	if ((datagram->bytes[0] & TYPE_BITS) == RETRY) {
		wire.retries++;
		wire.retry_len = datagram->len;
	}
	if (memcmp(&datagram->to, &wire.stranger, sizeof(datagram->to)) == 0) {
		wire.replies++;
		wire.total += datagram->len;
		wire.reply_len = datagram->len;
		memcpy(wire.reply, datagram->bytes,
		    datagram->len < LARGEST ? datagram->len : LARGEST);
	}
	return true;
}

static union quic_addr
address(uint8_t last, uint16_t port)
{
	union quic_addr a = net_addr(AF_INET, false, port);

	a.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + last);
	return a;
}

static void
begin(enum evquic_retry retry)
{
	struct duo_options o = {.retry = retry, .retry_above = ABOVE};

	duo_init(&d, &o);
	memset(&wire, 0, sizeof(wire));
	wire.stranger = address(2, 12345);
	d.sim.net.tap = watch;
}

static uint64_t
count(const char *name)
{
	return sim_server_count(&d.sim, name);
}

/* What the server keeps. */
static uint64_t
kept(void)
{
	struct evquic_accounts a;

	sim_accounts(d.sim.servers, 1, &a);
	return a.connections + a.tombstones + a.conn_bytes;
}

static void
end(void)
{
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
end_peer(void)
{
	peer_done(&peer);
	sim_run(&d.sim, 2 * SPAN);
	CU_ASSERT(kept() == 0);
	duo_done(&d);
}

static bool
has_retry(void *arg)
{
	(void)arg;
	return wire.retries > 0;
}

static bool
has_initial(void *arg)
{
	(void)arg;
	return wire.initials > 0;
}

/* What the server makes of a first packet with that token. */
static enum quic_proof
judge(const union quic_addr *from, const ngtcp2_pkt_hd *hd,
    const uint8_t *token, size_t len)
{
	union quic_addr remote = *from;
	struct quic_initial in = {.hd = *hd};
	ngtcp2_path path = {
	    .local = {&d.sim.addr.sa, quic_addr_len(&d.sim.addr)},
	    .remote = {&remote.sa, quic_addr_len(&remote)},
	};

	in.hd.version = NGTCP2_PROTO_VER_V1;
	in.hd.token = token;
	in.hd.tokenlen = len;
	quic_token_judge(quic_endpoint_router(d.sim.server, 0), &path, &in);
	return in.proof;
}

/* ------------------------------------------------------------- policy -- */

/* Always: one round trip more, and never a second Retry. */
static void
test_always(void)
{
	const ngtcp2_transport_params *tp;
	struct peer_options o = {.alpn = "duo"};

	begin(EVQUIC_RETRY_ALWAYS);
	CU_ASSERT(duo_connect(&d, NULL) != NULL);
	CU_ASSERT(sim_run_until(&d.sim, SPAN, has_retry, NULL));
	PROVE("DOQ-115", kept() == 0 && count("conns_accepted") == 0);
	PROVE("QSV-026", kept() == 0 && wire.retry_len < SMALLEST);
	duo_talk(&d);
	PROVE("QSV-030", d.client.n[DUO_OPENED] == 1 && wire.retries == 1 &&
			     count("tokens_accepted") == 1);
	CU_ASSERT(count("retries_sent") == 1);
	CU_ASSERT(count("conns_accepted") == 1);
	CU_ASSERT(d.sim.servers[0]->handshakes == 0);
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT_FATAL(peer.handshake_done && peer.retries == 1);
	tp = ngtcp2_conn_get_remote_transport_params(peer.qc);
	PROVE("QSV-036", tp->original_dcid_present && tp->retry_scid_present &&
			     tp->initial_scid_present);
	/* RFC 9000 7.2: the connection has an ID of its own after it. */
	CU_ASSERT(!ngtcp2_cid_eq(&tp->initial_scid, &tp->retry_scid));
	CU_ASSERT(!ngtcp2_cid_eq(&tp->initial_scid, &tp->original_dcid));
	CU_ASSERT(!ngtcp2_cid_eq(&tp->retry_scid, &tp->original_dcid));
	evquic_conn_close(d.client.conn, 0, NULL);
	end_peer();
}

static void
test_never(void)
{
	const ngtcp2_transport_params *tp;
	struct peer_options o = {.alpn = "duo"};

	begin(EVQUIC_RETRY_NEVER);
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	PROVE("DOQ-115", peer.handshake_done && count("retries_sent") == 0);
	tp = ngtcp2_conn_get_remote_transport_params(peer.qc);
	PROVE("QSV-036", tp->original_dcid_present && !tp->retry_scid_present &&
			     tp->initial_scid_present);
	end_peer();
}

static bool
is_lost(void *arg, const struct net_datagram *datagram)
{
	(void)arg;
	return net_port(&datagram->from) != SIM_PORT;
}

/* Auto: only while so many handshakes are in flight. */
static void
test_auto(void)
{
	begin(EVQUIC_RETRY_AUTO);
	CU_ASSERT(duo_open(&d));
	CU_ASSERT(count("retries_sent") == 0);
	CU_ASSERT(d.sim.servers[0]->handshakes == 0);
	d.sim.net.tap = is_lost;
	for (unsigned i = 0; i < CROWD; i++)
		CU_ASSERT(duo_connect(&d, NULL) != NULL);
	sim_run(&d.sim, 50 * NSEC_PER_MSEC);
	PROVE("DOQ-115", d.sim.servers[0]->handshakes == ABOVE &&
			     count("conns_accepted") == ABOVE + 1 &&
			     count("retries_sent") == CROWD - ABOVE);
	/* Those who were there are served; the others have given up. */
	d.sim.net.tap = watch;
	CU_ASSERT(duo_write(duo_stream(&d.client, true), 1000, true) == 0);
	sim_run(&d.sim, SPAN);
	CU_ASSERT(d.server.bytes == 1000);
	CU_ASSERT(d.sim.servers[0]->handshakes == 0);
	end();
}

/* First packets that no key opens keep nothing in flight, and count all the
 * same, for a second. */
static void
test_auto_fruitless(void)
{
	static uint8_t bytes[SMALLEST];

	begin(EVQUIC_RETRY_AUTO);
	for (unsigned i = 0; i < CROWD; i++) {
		union quic_addr from = address(3, (uint16_t)(20000 + i));

		memcpy(bytes, "\xc0\0\0\0\1\x08", 6);
		bytes[HEADER - 9] = 8;
		bytes[HEADER + 1] = 0x44; /* its length, without a token */
		bytes[HEADER + 2] = 0x80;
		net_inject(&d.sim.net, &from, &d.sim.addr, bytes, SMALLEST);
		sim_run(&d.sim, NSEC_PER_MSEC);
	}
	CU_ASSERT(count("drop_undecryptable") == ABOVE);
	CU_ASSERT(d.sim.servers[0]->handshakes == 0);
	PROVE("BAD-062", count("conns_accepted") == ABOVE &&
			     count("retries_sent") == CROWD - ABOVE);
	sim_run(&d.sim, NSEC_PER_SEC);
	CU_ASSERT(duo_open(&d));
	CU_ASSERT(count("retries_sent") == CROWD - ABOVE);
	end();
}

/* ------------------------------------------------------ Retry's tokens -- */

/* The client's close after what was done between Retry and its answer. */
static bool
is_refused(void)
{
	duo_talk(&d);
	return d.client.n[DUO_CLOSED] == 1 &&
	       d.client.stats.closed_by == EVQUIC_CLOSED_BY_PEER &&
	       d.client.stats.code == NGTCP2_INVALID_TOKEN && kept() == 0 &&
	       count("conns_accepted") == 0 && count("tokens_invalid") == 1;
}

/* A client that has just been sent Retry. */
static void
begin_retry(enum deed deed)
{
	begin(EVQUIC_RETRY_ALWAYS);
	wire.deed = deed;
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	CU_ASSERT_FATAL(sim_run_until(&d.sim, SPAN, has_retry, NULL));
}

static void
test_expired(void)
{
	begin_retry(DEED_NONE);
	d.sim.net.wall += QUIC_RETRY_TOKEN_LIFE;
	PROVE("QSV-028", is_refused());
	PROVE("BAD-079", d.client.stats.code == NGTCP2_INVALID_TOKEN);
	end();
	begin_retry(DEED_NONE);
	d.sim.net.wall += QUIC_RETRY_TOKEN_LIFE - NSEC_PER_SEC;
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1);
	end();
}

static void
test_other_port(void)
{
	struct list *l;

	begin_retry(DEED_NONE);
	l = d.sim.clients[0]->routers.next;
	l = container_of(l, struct quic_router, link)->sockets.next;
	net_rebind(&d.sim.net, container_of(l, struct quic_socket, link)->fd);
	PROVE("QSV-028", is_refused());
	PROVE("BAD-079", d.client.stats.code == NGTCP2_INVALID_TOKEN);
	end();
}

static void
test_corrupted(void)
{
	begin_retry(DEED_CORRUPT);
	PROVE("QSV-029", is_refused());
	end();
}

/* The token of another: he hears it, and nothing is kept. */
static void
test_other_address(void)
{
	begin_retry(DEED_KEEP);
	CU_ASSERT_FATAL(sim_run_until(&d.sim, SPAN, has_initial, NULL));
	net_inject(
	    &d.sim.net, &wire.stranger, &d.sim.addr, wire.bytes, wire.len);
	sim_run(&d.sim, 0);
	PROVE("QSV-029", kept() == 0 && wire.replies == 1 &&
			     (wire.reply[0] & TYPE_BITS) == INITIAL &&
			     wire.reply_len < wire.len);
	PROVE("BAD-079", count("tokens_invalid") == 1);
	CU_ASSERT(count("conns_accepted") == 0);
	wire.deed = DEED_NONE; /* the client repeats it, and is let in */
	sim_run(&d.sim, SPAN);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1);
	end();
}

/* The server is another process since: the key is all that it needs. */
static void
test_restart(void)
{
	begin_retry(DEED_NONE);
	sim_restart(&d.sim, &d.service);
	duo_talk(&d);
	PROVE("QSV-026", d.client.n[DUO_OPENED] == 1 && wire.retries == 1);
	end();
}

/* The next keys; those in use become the old ones. */
static void
rotate(uint8_t key)
{
	d.service.has_old_keys = true;
	memcpy(d.service.old_token_key, d.service.token_key,
	    sizeof(d.service.token_key));
	memset(d.service.token_key, key, sizeof(d.service.token_key));
}

/* A reload with another key between Retry and its answer. */
static void
test_new_key_in_retry(void)
{
	begin_retry(DEED_NONE);
	rotate(1);
	duo_reload(&d);
	duo_talk(&d);
	PROVE("QSV-037", d.client.n[DUO_OPENED] == 1 && wire.retries == 1 &&
			     count("tokens_accepted") == 1);
	end();
	/* Two of them: the token is of none that is known. */
	begin_retry(DEED_NONE);
	rotate(1);
	rotate(2);
	duo_reload(&d);
	PROVE("QSV-028", is_refused());
	end();
	/* Readable by the old key, it is judged as by the new one. */
	begin_retry(DEED_NONE);
	rotate(1);
	duo_reload(&d);
	d.sim.net.wall += QUIC_RETRY_TOKEN_LIFE;
	PROVE("QSV-028", is_refused());
	end();
}

/* One Retry for a datagram, with an ID of its own each time. */
static void
test_one_retry(void)
{
	static uint8_t two[2 * LARGEST];
	uint8_t scids[3][QUIC_CID_LEN];
	ngtcp2_version_cid vc, own;
	size_t at, rest;
	unsigned bad = 0;

	begin_retry(DEED_KEEP);
	CU_ASSERT_FATAL(sim_run_until(&d.sim, SPAN, has_initial, NULL));
	/* Without its token, and behind it once more. */
	memcpy(two, wire.bytes, wire.len);
	(void)ngtcp2_pkt_decode_version_cid(&own, two, wire.len, QUIC_CID_LEN);
	at = 1 + 4 + 1 + own.dcidlen + 1 + own.scidlen;
	memset(two + at, 0, wire.len - at);
	rest = wire.len - at - 3;
	two[at + 1] = (uint8_t)(0x40 | rest >> 8);
	two[at + 2] = (uint8_t)rest;
	memcpy(two + wire.len, two, wire.len);
	for (unsigned i = 0; i < 3; i++) {
		net_inject(
		    &d.sim.net, &wire.stranger, &d.sim.addr, two, 2 * wire.len);
		sim_run(&d.sim, 0);
		if (wire.replies != i + 1 ||
		    (wire.reply[0] & TYPE_BITS) != RETRY ||
		    ngtcp2_pkt_decode_version_cid(
			&vc, wire.reply, wire.reply_len, QUIC_CID_LEN) != 0 ||
		    vc.scidlen != QUIC_CID_LEN) {
			bad++;
			break;
		}
		memcpy(scids[i], vc.scid, QUIC_CID_LEN);
		bad += own.dcidlen == QUIC_CID_LEN &&
		       memcmp(scids[i], own.dcid, QUIC_CID_LEN) == 0;
		for (unsigned k = 0; k < i; k++)
			bad += memcmp(scids[i], scids[k], QUIC_CID_LEN) == 0;
	}
	PROVE("QSV-025", bad == 0 && wire.replies == 3);
	CU_ASSERT(kept() == 0);
	wire.deed = DEED_NONE;
	end();
}

/* Every bit of both kinds counts, the one that tells them apart, too. */
static void
test_bits(void)
{
	struct peer_options o = {.alpn = "duo"};
	uint8_t *token, first;
	ngtcp2_pkt_hd hd;
	unsigned taken = 0;

	begin(EVQUIC_RETRY_ALWAYS);
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT_FATAL(peer.handshake_done && peer.ntokens == 1);
	token = token_of(wire.bytes, wire.len, &hd);
	CU_ASSERT_FATAL(token != NULL);
	CU_ASSERT(
	    judge(&peer.local, &hd, token, hd.tokenlen) == QUIC_PROOF_RETRY);
	CU_ASSERT(judge(&peer.local, &hd, peer.token, peer.tokenlen) ==
		  QUIC_PROOF_TOKEN);
	for (size_t i = 0; i < hd.tokenlen * BITS; i++) {
		enum quic_proof p;

		token[i / BITS] ^= (uint8_t)(1 << i % BITS);
		p = judge(&peer.local, &hd, token, hd.tokenlen);
		taken += p == QUIC_PROOF_RETRY || p == QUIC_PROOF_TOKEN;
		token[i / BITS] ^= (uint8_t)(1 << i % BITS);
	}
	for (size_t i = 0; i < peer.tokenlen * BITS; i++) {
		peer.token[i / BITS] ^= (uint8_t)(1 << i % BITS);
		taken += judge(&peer.local, &hd, peer.token, peer.tokenlen) !=
			 QUIC_PROOF_NONE;
		peer.token[i / BITS] ^= (uint8_t)(1 << i % BITS);
	}
	for (size_t len = 1; len < hd.tokenlen; len++)
		taken += judge(&peer.local, &hd, token, len) != QUIC_PROOF_NONE;
	first = token[0];
	token[0] = peer.token[0];
	taken += judge(&peer.local, &hd, token, hd.tokenlen) != QUIC_PROOF_NONE;
	peer.token[0] = first;
	taken += judge(&peer.local, &hd, peer.token, peer.tokenlen) !=
		 QUIC_PROOF_NONE;
	PROVE("QSV-027", taken == 0);
	end_peer();
}

/* --------------------------------------------------- NEW_TOKEN's tokens -- */

/* Who comes again needs no Retry, from whatever port. */
static void
test_new_token(void)
{
	struct peer_options o = {.alpn = "duo"};
	uint8_t token[PEER_TOKEN];

	begin(EVQUIC_RETRY_ALWAYS);
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT(peer.retries == 1 && peer.ntokens == 1);
	memcpy(token, peer.token, peer.tokenlen);
	o.token = token;
	o.tokenlen = peer.tokenlen;
	peer_done(&peer);
	sim_restart(&d.sim, &d.service);
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	PROVE("DOQ-116", peer.handshake_done && peer.retries == 0 &&
			     peer.ntokens == 1 &&
			     count("tokens_accepted") == 2);
	peer_done(&peer);
	/* It ends with the day. */
	d.sim.net.wall += DAY;
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT(peer.handshake_done && peer.retries == 1);
	CU_ASSERT(count("tokens_unreadable") == 1);
	end_peer();
}

/* From another address it is worth nothing: three bytes for one. */
static void
test_new_token_elsewhere(void)
{
	struct peer_options o = {.alpn = "duo"};
	uint8_t token[PEER_TOKEN];
	union quic_addr near, far = address(2, 999);
	ngtcp2_pkt_hd hd = {.version = NGTCP2_PROTO_VER_V1};

	begin(EVQUIC_RETRY_NEVER);
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT_FATAL(peer.ntokens == 1);
	near = address(1, 999);
	CU_ASSERT(
	    judge(&near, &hd, peer.token, peer.tokenlen) == QUIC_PROOF_TOKEN);
	CU_ASSERT(
	    judge(&far, &hd, peer.token, peer.tokenlen) == QUIC_PROOF_NONE);
	memcpy(token, peer.token, peer.tokenlen);
	o.token = token;
	o.tokenlen = peer.tokenlen;
	peer_done(&peer);
	sim_run(&d.sim, 2 * SPAN);
	wire.initials = 0;
	wire.deed = DEED_KEEP;
	peer_connect(&peer, &d.sim, &o);
	CU_ASSERT_FATAL(sim_run_until(&d.sim, SPAN, has_initial, NULL));
	peer.silent = true;
	net_inject(
	    &d.sim.net, &wire.stranger, &d.sim.addr, wire.bytes, wire.len);
	sim_run(&d.sim, 2 * SPAN);
	PROVE("QSV-032", wire.replies > 0 && wire.total <= 3 * wire.len);
	PROVE("BAD-080",
	    count("tokens_accepted") == 0 &&
		count("tokens_unreadable") == 2 /* one by judge() */);
	end_peer();
}

/* A client that was given a token, which the options name from now on. */
static void
earn_token(struct peer_options *o, uint8_t token[PEER_TOKEN])
{
	peer_connect(&peer, &d.sim, o);
	duo_talk(&d);
	CU_ASSERT_FATAL(peer.handshake_done && peer.ntokens == 1);
	memcpy(token, peer.token, peer.tokenlen);
	o->token = token;
	o->tokenlen = peer.tokenlen;
	peer_done(&peer);
}

/* How many Retry packets a connection with that token is sent. */
static unsigned
retries_of(const struct peer_options *o)
{
	unsigned n;

	peer_connect(&peer, &d.sim, o);
	duo_talk(&d);
	CU_ASSERT(peer.handshake_done);
	n = peer.retries;
	peer_done(&peer);
	return n;
}

/* RFC 9000 8.1.4: it proves an address once, also to the next service, and
 * there is room to remember that; then it is as none. */
static void
test_new_token_once(void)
{
	struct peer_options one = {.alpn = "duo"}, two = {.alpn = "duo"};
	uint8_t first[PEER_TOKEN], second[PEER_TOKEN];

	begin(EVQUIC_RETRY_ALWAYS);
	d.service.tokens_seen = evquic_replay_new(1);
	sim_restart(&d.sim, &d.service);
	earn_token(&one, first);
	earn_token(&two, second);
	CU_ASSERT(retries_of(&one) == 0);
	PROVE("QSV-033", retries_of(&one) == 1 && count("tokens_reused") == 1);
	sim_restart(&d.sim, &d.service);
	PROVE("QSV-033", retries_of(&one) == 1 && count("tokens_reused") == 2);
	CU_ASSERT(retries_of(&two) == 1);
	CU_ASSERT(count("tokens_forgone") == 1);
	d.sim.net.wall += DAY - 100 * NSEC_PER_SEC;
	PROVE("QSV-033", retries_of(&one) == 1 && count("tokens_reused") == 3);
	/* After a day there is room again, and it is too old itself. */
	d.sim.net.wall += 100 * NSEC_PER_SEC;
	PROVE("QSV-033", retries_of(&one) == 1 && retries_of(&two) == 1 &&
			     count("tokens_unreadable") == 2);
	two = (struct peer_options){.alpn = "duo"};
	earn_token(&two, second);
	CU_ASSERT(retries_of(&two) == 0);
	sim_run(&d.sim, 2 * SPAN);
	CU_ASSERT(kept() == 0);
	evquic_replay_unref(d.service.tokens_seen);
	duo_done(&d);
}

/* Used before, it does not lift the limit of three bytes for one. */
static void
test_new_token_twice(void)
{
	struct peer_options o = {.alpn = "duo"};
	uint8_t token[PEER_TOKEN];

	begin(EVQUIC_RETRY_NEVER);
	earn_token(&o, token);
	(void)retries_of(&o);
	sim_run(&d.sim, 2 * SPAN);
	wire.initials = 0;
	wire.deed = DEED_KEEP;
	peer_connect(&peer, &d.sim, &o);
	CU_ASSERT_FATAL(sim_run_until(&d.sim, SPAN, has_initial, NULL));
	peer.silent = true;
	wire.stranger = wire.from;
	net_inject(
	    &d.sim.net, &wire.stranger, &d.sim.addr, wire.bytes, wire.len);
	sim_run(&d.sim, 2 * SPAN);
	PROVE("QSV-033", wire.replies > 0 && wire.total <= 3 * wire.len &&
			     count("tokens_reused") == 1);
	end_peer();
}

/* A packet that finds no room spends nothing: the client sends it again. */
static void
test_new_token_no_room(void)
{
	struct peer_options o = {.alpn = "duo"};
	struct quic_router *r;
	struct quic_socket *s;
	uint8_t token[PEER_TOKEN];
	ngtcp2_pkt_info pi = {.ecn = 0};
	ngtcp2_path path;

	begin(EVQUIC_RETRY_ALWAYS);
	earn_token(&o, token);
	wire.initials = 0;
	wire.deed = DEED_KEEP;
	peer_connect(&peer, &d.sim, &o);
	CU_ASSERT_FATAL(sim_run_until(&d.sim, SPAN, has_initial, NULL));
	r = quic_endpoint_router(d.sim.server, 0);
	s = container_of(r->sockets.next, struct quic_socket, link);
	path = (ngtcp2_path){
	    .local = {&d.sim.addr.sa, quic_addr_len(&d.sim.addr)},
	    .remote = {&wire.from.sa, quic_addr_len(&wire.from)},
	    .user_data = s,
	};
	r->accepts = QUIC_ACCEPTS_PER_WAKEUP;
	quic_router_recv(s, &path, &pi, wire.bytes, wire.len, d.sim.net.now);
	CU_ASSERT(count("drop_accept_limit") == 1);
	sim_run(&d.sim, SPAN / 3);
	CU_ASSERT(peer.handshake_done && peer.retries == 0);
	CU_ASSERT(count("tokens_accepted") == 2); /* Retry's, and this one */
	end_peer();
}

/* The same token comes in every datagram of the client's, lost or late. */
static void
test_new_token_lossy(void)
{
	unsigned bad = 0;

	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		struct peer_options o = {.alpn = "duo", .large = seed % 2 == 0};
		uint8_t token[PEER_TOKEN];

		begin(EVQUIC_RETRY_ALWAYS);
		earn_token(&o, token);
		d.sim.net.rng = (struct prng){seed};
		d.sim.net.faults.loss = 200;
		d.sim.net.faults.reorder = 200;
		d.sim.net.faults.duplicate = 100;
		peer_connect(&peer, &d.sim, &o);
		sim_run(&d.sim, SPAN / 3);
		bad += !peer.handshake_done || peer.retries > 0 ||
		       count("tokens_reused") > 0;
		end_peer();
	}
	CU_ASSERT(bad == 0);
}

/* Tokens of the key before are accepted, over a restart, too; of the one
 * before that they are as none. */
static void
test_new_token_old_key(void)
{
	struct peer_options o = {.alpn = "duo"}, late = {.alpn = "duo"};
	uint8_t token[PEER_TOKEN], other[PEER_TOKEN];

	begin(EVQUIC_RETRY_ALWAYS);
	d.service.tokens_seen = evquic_replay_new(BATCH);
	sim_restart(&d.sim, &d.service);
	earn_token(&o, token);
	earn_token(&late, other);
	rotate(1);
	sim_restart(&d.sim, &d.service);
	PROVE("QSV-037", retries_of(&o) == 0 && count("tokens_reused") == 0);
	PROVE("QSV-033", retries_of(&o) == 1 && count("tokens_reused") == 1);
	rotate(2);
	sim_restart(&d.sim, &d.service);
	CU_ASSERT(retries_of(&late) == 1);
	CU_ASSERT(count("tokens_unreadable") == 1);
	sim_run(&d.sim, 2 * SPAN);
	evquic_replay_unref(d.service.tokens_seen);
	duo_done(&d);
}

/* Also who came under the old key is given tokens of the new one. */
static void
test_new_token_new_key(void)
{
	struct peer_options o = {.alpn = "duo"};
	uint8_t token[PEER_TOKEN];

	begin(EVQUIC_RETRY_ALWAYS);
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT(peer.ntokens == 1);
	rotate(1);
	duo_reload(&d);
	net_rebind(&d.sim.net, peer.fd);
	(void)peer_send(&peer, 100, true);
	duo_talk(&d);
	CU_ASSERT_FATAL(peer.ntokens == 2);
	memcpy(token, peer.token, peer.tokenlen);
	o.token = token;
	o.tokenlen = peer.tokenlen;
	peer_done(&peer);
	d.service.has_old_keys = false;
	sim_restart(&d.sim, &d.service);
	PROVE("QSV-037", retries_of(&o) == 0);
	sim_run(&d.sim, 2 * SPAN);
	duo_done(&d);
}

/* After a move there is one for the new address. */
static void
test_new_token_after_move(void)
{
	struct peer_options o = {.alpn = "duo"};

	begin(EVQUIC_RETRY_NEVER);
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT(peer.ntokens == 1);
	net_rebind(&d.sim.net, peer.fd);
	(void)peer_send(&peer, 100, true);
	duo_talk(&d);
	PROVE("QSV-035", count("path_changes") == 1 && peer.ntokens == 2);
	end_peer();
}

/* All tokens that a client was given. */
static uint8_t tokens[MANY][NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN];
static size_t ntokens;

static void
collect(struct peer *p)
{
	if (ntokens < MANY && p->tokenlen == sizeof(tokens[0]))
		memcpy(tokens[ntokens++], p->token, p->tokenlen);
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(tokens[0]));
}

/* No two are alike, and nothing but the type is common to them. */
static void
test_unlinkable(void)
{
	struct peer_options o = {.alpn = "duo", .on_token = collect};
	ngtcp2_addr remote;
	unsigned bad = 0;

	begin(EVQUIC_RETRY_NEVER);
	ntokens = 0;
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	remote = (ngtcp2_addr){&peer.local.sa, quic_addr_len(&peer.local)};
	while (ntokens < MANY && bad++ < MANY / BATCH + 1) {
		for (int i = 0; i < BATCH; i++)
			quic_token_give(d.server.conn, &remote);
		evquic_conn_ready(d.server.conn);
		duo_talk(&d);
	}
	CU_ASSERT_FATAL(ntokens == MANY);
	bad = 0;
	for (size_t at = 1; at < sizeof(tokens[0]); at++) {
		unsigned n[256] = {0};

		/* 39 of each are expected; 10 sigma more would be 101. */
		for (size_t i = 0; i < MANY; i++)
			bad += ++n[tokens[i][at]] > 101;
	}
	qsort(tokens, MANY, sizeof(tokens[0]), compare);
	for (size_t i = 1; i < MANY; i++)
		bad += compare(tokens[i - 1], tokens[i]) == 0;
	PROVE("QSV-034", bad == 0);
	end_peer();
}

/* ---------------------------------------------------------- no tokens -- */

/* What cannot be read is as none: the handshake works, with Retry or not. */
static void
test_garbage(void)
{
	static const uint8_t firsts[] = {0x00, 0x36, 0xb6, 0xb7, 0xff};
	static const enum evquic_retry policies[] = {
	    EVQUIC_RETRY_NEVER, EVQUIC_RETRY_ALWAYS};
	uint8_t token[100];
	struct prng r = {99};
	struct peer_options o = {
	    .alpn = "duo", .token = token, .tokenlen = sizeof(token)};

	for (size_t i = 0; i < 2 * sizeof(firsts); i++) {
		prng_fill(&r, token, sizeof(token));
		token[0] = firsts[i / 2];
		begin(policies[i % 2]);
		peer_connect(&peer, &d.sim, &o);
		duo_talk(&d);
		PROVE("QSV-031", peer.handshake_done && peer.retries == i % 2 &&
				     count("tokens_unreadable") == 1);
		end_peer();
	}
}

/* Cheap, and nothing is kept, whatever the token. */
static void
test_flood(void)
{
	static uint8_t bytes[SMALLEST];
	struct prng r = {5};

	begin(EVQUIC_RETRY_ALWAYS);
	for (unsigned i = 0; i < FLOOD; i++) {
		size_t len = i % 3 == 0 ? 90 : 1 + prng_below(&r, 1000);
		union quic_addr from = address(3, (uint16_t)(20000 + i));

		prng_fill(&r, bytes, sizeof(bytes));
		memcpy(bytes, "\xc0\0\0\0\1\x08", 6);
		bytes[HEADER - 9] = 8;
		bytes[HEADER] = (uint8_t)(0x40 | len >> 8);
		bytes[HEADER + 1] = (uint8_t)len;
		if (i % 2 == 0)
			bytes[HEADER + 2] = i % 4 == 0 ? 0xb7 : 0x36;
		bytes[HEADER + 2 + len] = 0x40; /* what follows */
		bytes[HEADER + 3 + len] = 40;
		net_inject(&d.sim.net, &from, &d.sim.addr, bytes, SMALLEST);
		if (i % BATCH == 0)
			sim_run(&d.sim, NSEC_PER_MSEC);
	}
	sim_run(&d.sim, NSEC_PER_SEC);
	PROVE("BAD-063",
	    kept() == 0 && count("conns_accepted") == 0 &&
		count("retries_sent") + count("tokens_invalid") == FLOOD);
	CU_ASSERT(count("tokens_invalid") > 0);
	CU_ASSERT(duo_open(&d));
	end();
}

/* --------------------------------------------------------- bad networks -- */

/* Lets the client's first two datagrams pass in the other order. */
static struct {
	unsigned seen;
	size_t len;
	uint8_t bytes[LARGEST];
} swap;

static bool
swap_first_two(void *arg, const struct net_datagram *g)
{
	(void)arg;
	if (net_port(&g->from) == SIM_PORT || swap.seen == 2)
		return true;
	if (swap.seen++ == 0) {
		swap.len = g->len;
		memcpy(swap.bytes, g->bytes, g->len);
		return false;
	}
	net_inject(&d.sim.net, &g->from, &g->to, g->bytes, g->len);
	net_inject(&d.sim.net, &g->from, &g->to, swap.bytes, swap.len);
	return false;
}

/* A ClientHello of two datagrams crosses Retry, in order or not, with loss. */
static void
test_large_hello(void)
{
	static const enum evquic_retry policies[] = {
	    EVQUIC_RETRY_AUTO, EVQUIC_RETRY_ALWAYS, EVQUIC_RETRY_NEVER};
	struct peer_options o = {.alpn = "duo", .large = true};

	for (unsigned i = 0; i < 6; i++) {
		begin(policies[i / 2]);
		swap.seen = 0;
		if (i % 2 == 1)
			d.sim.net.tap = swap_first_two;
		peer_connect(&peer, &d.sim, &o);
		duo_talk(&d);
		PROVE("QSV-013",
		    peer.handshake_done && d.server.n[DUO_OPENED] == 1 &&
			peer.retries == (i == 0 || i == 4 ? 0 : 1));
		end_peer();
	}
	for (unsigned seed = 1; seed <= 3 * SEEDS; seed++) {
		begin(policies[seed % 3]);
		d.sim.net.rng = (struct prng){seed};
		d.sim.net.faults.loss = 200;
		d.sim.net.faults.reorder = 200;
		d.sim.net.faults.duplicate = 100;
		peer_connect(&peer, &d.sim, &o);
		sim_run(&d.sim, SPAN / 3);
		if (!peer.handshake_done)
			printf("# seed %u\n", seed);
		PROVE("QSV-013", peer.handshake_done && peer.retries <= 1);
		end_peer();
	}
}

void
test_quic_token_register(void)
{
	CU_pSuite s = unit_suite("quic_token");

	unit_test(s, "always", test_always);
	unit_test(s, "never", test_never);
	unit_test(s, "auto", test_auto);
	unit_test(s, "auto_fruitless", test_auto_fruitless);
	unit_test(s, "expired", test_expired);
	unit_test(s, "other_port", test_other_port);
	unit_test(s, "corrupted", test_corrupted);
	unit_test(s, "other_address", test_other_address);
	unit_test(s, "restart", test_restart);
	unit_test(s, "new_key_in_retry", test_new_key_in_retry);
	unit_test(s, "one_retry", test_one_retry);
	unit_test(s, "bits", test_bits);
	unit_test(s, "new_token", test_new_token);
	unit_test(s, "new_token_elsewhere", test_new_token_elsewhere);
	unit_test(s, "new_token_once", test_new_token_once);
	unit_test(s, "new_token_twice", test_new_token_twice);
	unit_test(s, "new_token_no_room", test_new_token_no_room);
	unit_test(s, "new_token_lossy", test_new_token_lossy);
	unit_test(s, "new_token_old_key", test_new_token_old_key);
	unit_test(s, "new_token_new_key", test_new_token_new_key);
	unit_test(s, "new_token_after_move", test_new_token_after_move);
	unit_test(s, "unlinkable", test_unlinkable);
	unit_test(s, "garbage", test_garbage);
	unit_test(s, "flood", test_flood);
	unit_test(s, "large_hello", test_large_hello);
}
