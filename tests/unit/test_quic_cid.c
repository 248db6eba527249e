/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connection IDs: what can be seen of them (nothing), and which of them lead to
 * a connection (those that were issued and are not retired).
 */
#include "tests/fake/duo.h"
#include "tests/fake/peer.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

enum {
	DRAWS = 10000,
	VALUES = 256,
	BITS = 8,
	LIMIT = 5, /* IDs that the peer wants to have */
	RETIRED = 10000,
	SAMPLE = 100,
	LARGEST = 1500
};

static struct duo d;
static struct peer peer;

static uint8_t ids[DRAWS + 2 * LIMIT][QUIC_CID_LEN];
static size_t nids;

static uint64_t
count(const char *name)
{
	return sim_server_count(&d.sim, name);
}

/* --------------------------------------------------------------- looks -- */

/* How many values of an octet, or bits, of `n` IDs come too often or too
 * seldom: beyond eight standard deviations of what chance gives. */
static unsigned
structure(const uint8_t (*id)[QUIC_CID_LEN], unsigned n)
{
	const unsigned values = n / VALUES, bits = n / 2;
	unsigned bad = 0, vdev = 1, bdev = 1;

	while (vdev * vdev < values)
		vdev++;
	while (bdev * bdev < n / 4)
		bdev++;
	for (size_t at = 0; at < QUIC_CID_LEN; at++) {
		unsigned seen[VALUES] = {0}, set[BITS] = {0};

		for (unsigned i = 0; i < n; i++) {
			bad += ++seen[id[i][at]] > values + 8 * vdev;
			for (unsigned b = 0; b < BITS; b++)
				set[b] += id[i][at] >> b & 1;
		}
		for (unsigned b = 0; b < BITS; b++)
			bad += set[b] + 8 * bdev < bits ||
			       set[b] > bits + 8 * bdev;
	}
	return bad;
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, QUIC_CID_LEN);
}

static unsigned
repeats(void)
{
	unsigned bad = 0;

	qsort(ids, nids, sizeof(ids[0]), compare);
	for (size_t i = 1; i < nids; i++)
		bad += compare(ids[i - 1], ids[i]) == 0;
	return bad;
}

/* IDs of four workers: of one length, no two alike, and nothing in them that
 * tells the worker; but the worker knows its own. */
static void
test_looks(void)
{
	struct duo_options four = {.workers = 4};
	const unsigned share = DRAWS / 4;
	unsigned bad = 0;
	ngtcp2_cid id;

	duo_init(&d, &four);
	for (nids = 0; nids < DRAWS; nids++) {
		struct quic_router *r =
		    quic_endpoint_router(d.sim.server, (size_t)(nids / share));

		quic_cid_draw(r, &id);
		bad += id.datalen != QUIC_CID_LEN ||
		       quic_steer_id(r->steer, id.data) != r->index;
		memcpy(ids[nids], id.data, QUIC_CID_LEN);
	}
	CU_ASSERT(bad == 0);
	for (unsigned i = 0; i < 4; i++)
		bad += structure((const void *)ids[i * share], share);
	bad += structure((const void *)ids, DRAWS);
	PROVE("QSV-055", bad == 0 && repeats() == 0);
	CU_ASSERT(sim_run_out(&d.sim));
	duo_done(&d);
}

/* ----------------------------------------------------------------- use -- */

/* The client's last packet. */
static struct {
	union quic_addr from;
	size_t len;
	uint8_t bytes[LARGEST];
} last;

static bool
keep_last(void *arg, const struct net_datagram *g)
{
	(void)arg;
	if (net_port(&g->from) != SIM_PORT) {
		last.from = g->from;
		last.len = g->len;
		memcpy(last.bytes, g->bytes, g->len);
	}
	return true;
}

static void
want_ids(ngtcp2_transport_params *tp)
{
	tp->active_connection_id_limit = LIMIT;
}

/* Writes down the IDs that lead to the server's connection and are not yet in
 * `ids`; how many do. */
static size_t
note_ids(void)
{
	const struct list *l, *head = &d.server.conn->cids;
	size_t n = 0, before = nids;

	for (l = head->next; l != head; l = l->next, n++) {
		const struct quic_cid *cid = container_of(
		    (struct list *)(uintptr_t)l, struct quic_cid, link);
		size_t from = before > 2 * LIMIT ? before - 2 * LIMIT : 0, i;

		if (cid->len != QUIC_CID_LEN)
			continue; /* the client chose it */
		for (i = from; i < before; i++)
			if (compare(ids[i], cid->bytes) == 0)
				break;
		if (i == before && nids < sizeof(ids) / sizeof(ids[0]))
			memcpy(ids[nids++], cid->bytes, QUIC_CID_LEN);
	}
	return n;
}

/* The client goes on with its next ID and retires the one in use.  (What it
 * takes for another address of its own is none: no datagram says so.) */
static bool
change_id(void)
{
	union quic_addr local = peer.local;
	ngtcp2_path path = {
	    .local = {&local.sa, quic_addr_len(&local)},
	    .remote = {&peer.remote.sa, quic_addr_len(&peer.remote)},
	};

	net_set_port(&local, (uint16_t)(1000 + net_port(&local) % 1000 + 1));
	if (ngtcp2_conn_initiate_immediate_migration(
		peer.qc, &path, d.sim.net.now) != 0)
		return false;
	peer.local = local;
	return peer_send(&peer, 1, true) != -1;
}

/* A packet of before comes once more; true if its ID leads to nobody. */
static bool
is_unknown(const uint8_t *bytes, size_t len)
{
	uint64_t before = count("drop_unknown_cid");

	net_inject(&d.sim.net, &last.from, &d.sim.addr, bytes, len);
	sim_run(&d.sim, NSEC_PER_MSEC);
	return count("drop_unknown_cid") == before + 1;
}

/* RFC 9000 5.1.1, 5.1.2: each ID that was issued is used in its turn and
 * retired, ten thousand of them; none comes twice, and what the server keeps
 * for the connection does not grow. */
static void
test_retire(void)
{
	struct peer_options o = {.alpn = "duo", .tweak = want_ids};
	uint8_t old[LARGEST];
	size_t old_len, table = 0, own = 0;
	uint64_t bytes = 0;
	unsigned bad = 0, n;

	duo_init(&d, NULL);
	d.sim.net.tap = keep_last;
	d.server.echoes = true; /* so that streams end */
	nids = 0;
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT_FATAL(peer.handshake_done && d.server.conn != NULL);
	(void)note_ids();
	for (n = 0; n < RETIRED && !peer.gone; n++) {
		bool is_sample = n % SAMPLE == SAMPLE - 1;

		old_len = last.len;
		memcpy(old, last.bytes, last.len);
		bad += is_sample && is_unknown(old, old_len);
		if (!change_id())
			break;
		duo_talk(&d);
		own = note_ids();
		if (!is_sample)
			continue;
		bad += !is_unknown(old, old_len);
		if (table == 0) {
			table =
			    quic_endpoint_router(d.sim.server, 0)->cids.count;
			bytes = counter_get(&d.server.conn->account.bytes);
		}
		bad +=
		    quic_endpoint_router(d.sim.server, 0)->cids.count != table;
		bad += counter_get(&d.server.conn->account.bytes) > bytes;
	}
	CU_ASSERT_FATAL(n == RETIRED && !peer.gone);
	PROVE("QSV-057", bad == 0 && d.server.bytes == RETIRED &&
			     own <= LIMIT + 1 && table == own);
	PROVE("QSV-055", nids >= RETIRED && repeats() == 0);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 0);
	peer_done(&peer);
	CU_ASSERT(sim_run_out(&d.sim));
	CU_ASSERT(sim_is_empty(&d.sim));
	duo_done(&d);
}

void
test_quic_cid_register(void)
{
	CU_pSuite s = unit_suite("quic_cid");

	unit_test(s, "looks", test_looks);
	unit_test(s, "retire", test_retire);
}
