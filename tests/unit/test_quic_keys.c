/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys that change, and packets that no key opens (RFC 9001 6).  The limits of
 * the ciphers, 2^23 packets and more, are lowered in ngtcp2's own object: what
 * it does at the limit is the same.
 */
#include "tests/fake/duo.h"
#include "tests/fake/peer.h"
#include "tests/fake/tap.h"

#include <string.h>

#include "tests/unit/unit.h"

enum {
	UPDATES = 50,
	QUERY = 100,
	SEALED = 100,	/* packets that one key may seal */
	PACKETS = 1200, /* that are sent in all */
	GARBAGE = 5000
};

static struct duo d;
static struct peer peer;

/* One query and its echo; true if it came back. */
static bool
ask(void)
{
	struct evquic_stream *s = duo_stream(&d.client, true);
	uint64_t before = d.client.bytes;

	d.server.echoes = true;
	if (s == NULL || duo_write(s, QUERY, true) != 0)
		return false;
	duo_talk(&d);
	return d.client.bytes == before + QUERY;
}

/*
 * One side changes its keys again and again.  It may not before the other one
 * has followed (RFC 9001 6.1), so that each success proves the one before.
 * The second query brings the packet with which ngtcp2 makes new keys ready.
 */
static void
update_many(struct duo_side *side)
{
	unsigned updates = 0;

	duo_init_open(&d, NULL);
	for (unsigned i = 0; i < UPDATES; i++) {
		updates += ngtcp2_conn_initiate_key_update(
			       side->conn->qc, d.sim.net.now) == 0;
		CU_ASSERT(ask() && ask());
	}
	PROVE("QSV-048", updates == UPDATES && d.client.n[DUO_CLOSED] == 0 &&
			     d.client.bytes == 2 * UPDATES * QUERY);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static void
test_peer_updates(void)
{
	update_many(&d.client);
	update_many(&d.server);
}

static ngtcp2_crypto_ctx *
limits_of(const struct evquic_conn *c)
{
	return (ngtcp2_crypto_ctx *)(uintptr_t)ngtcp2_conn_get_crypto_ctx(
	    c->qc);
}

/* RFC 9001 6.6: new keys before one has sealed too much. */
static void
test_own_updates(void)
{
	struct peer_options o = {.alpn = "duo"};
	unsigned keys;

	duo_init(&d, NULL);
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT_FATAL(d.server.conn != NULL);
	limits_of(d.server.conn)->max_encryption = SEALED;
	keys = peer.keys;
	d.server.echoes = true;
	for (unsigned i = 0; i < PACKETS; i++) {
		CU_ASSERT_FATAL(peer_send(&peer, QUERY, true) != -1);
		sim_run(&d.sim, 50 * NSEC_PER_MSEC);
	}
	CU_ASSERT(peer.bytes_in == PACKETS * QUERY);
	keys = peer.keys - keys;
	PROVE("QSV-048", keys >= PACKETS / SEALED && !peer.gone &&
			     d.server.n[DUO_CLOSED] == 0);
	evquic_conn_close(d.server.conn, 0, NULL);
	CU_ASSERT(sim_run_out(&d.sim));
	peer_done(&peer);
	CU_ASSERT(sim_is_empty(&d.sim));
	duo_done(&d);
}

/* Sends one packet of the client `n` times, each damaged in another way. */
static void
inject_damaged(const struct tap_catch *k, unsigned n)
{
	struct prng r = {n};
	uint8_t bytes[QUIC_MAX_TX_PAYLOAD];

	for (unsigned i = 0; i < n; i++) {
		memcpy(bytes, k->bytes[0], k->len[0]);
		/* Behind the connection ID: the number, the key phase and the
		 * length of the number change with the sample. */
		prng_fill(
		    &r, bytes + 1 + QUIC_CID_LEN, k->len[0] - 1 - QUIC_CID_LEN);
		bytes[0] = (uint8_t)(0x40 | prng_below(&r, 0x40));
		net_inject(
		    &d.sim.net, &k->from[0], &d.sim.addr, bytes, k->len[0]);
		if (i % 100 == 0)
			sim_run(&d.sim, NSEC_PER_MSEC);
	}
	sim_run(&d.sim, NSEC_PER_MSEC);
}

static void
catch_packet(struct tap_catch *k)
{
	*k = (struct tap_catch){.passes = true};
	d.sim.net.tap = tap_catch_client;
	d.sim.net.tap_arg = k;
	CU_ASSERT(ask());
	d.sim.net.tap = NULL;
	CU_ASSERT_FATAL(k->n > 0 && k->len[0] > 1 + QUIC_CID_LEN);
}

/* Garbage of all key phases changes nothing, until there was too much of it. */
static void
test_garbage(void)
{
	static struct tap_catch k;
	ngtcp2_crypto_ctx *limits;

	duo_init_open(&d, NULL);
	limits = limits_of(d.server.conn);
	CU_ASSERT(limits->max_decryption_failure >= UINT64_C(1) << 36);
	catch_packet(&k);
	inject_damaged(&k, GARBAGE);
	PROVE("BAD-085", ask() && d.server.n[DUO_CLOSED] == 0);
	PROVE("BAD-087", ask() && d.server.n[DUO_CLOSED] == 0);
	limits->max_decryption_failure = GARBAGE + 100;
	inject_damaged(&k, 90);
	PROVE("BAD-087", ask() && d.server.n[DUO_CLOSED] == 0);
	inject_damaged(&k, 20);
	duo_talk(&d);
	PROVE("BAD-087", d.server.n[DUO_CLOSED] == 1 &&
			     d.server.stats.code == NGTCP2_AEAD_LIMIT_REACHED);
	CU_ASSERT(d.client.stats.closed_by == EVQUIC_CLOSED_BY_PEER);
	CU_ASSERT(d.client.stats.code == NGTCP2_AEAD_LIMIT_REACHED);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

void
test_quic_keys_register(void)
{
	CU_pSuite s = unit_suite("quic_keys");

	unit_test(s, "peer_updates", test_peer_updates);
	unit_test(s, "own_updates", test_own_updates);
	unit_test(s, "garbage", test_garbage);
}
