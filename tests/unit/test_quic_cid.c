/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connection IDs: what can be seen of them (nothing), and which of them lead to
 * a connection (those that were issued and are not retired).  And what else an
 * observer may see that we made: tokens and tickets.
 */
#include "tests/fake/duo.h"
#include "tests/fake/peer.h"
#include "tests/fake/tlsrnd.h"

#include <stdio.h>
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
	CONNS = 1000,
	BATCH = 50,
	ROW = 512,
	RETRY_TAG = 16,
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

/* Which values of an octet, or of its bits, come too often or too seldom in
 * `n` rows that are `stride` apart: beyond eight standard deviations of what
 * chance gives. */
static bool
is_marked(const uint8_t *octet, size_t stride, unsigned n)
{
	const unsigned values = n / VALUES, bits = n / 2;
	unsigned seen[VALUES] = {0}, set[BITS] = {0}, vdev = 1, bdev = 1;
	bool bad = false;

	while (vdev * vdev < values)
		vdev++;
	while (bdev * bdev < n / 4)
		bdev++;
	for (unsigned i = 0; i < n; i++, octet += stride) {
		bad |= ++seen[*octet] > values + 8 * vdev;
		for (unsigned b = 0; b < BITS; b++)
			set[b] += *octet >> b & 1;
	}
	for (unsigned b = 0; b < BITS; b++)
		bad |= set[b] + 8 * bdev < bits || set[b] > bits + 8 * bdev;
	return bad;
}

/* How many octets of `n` IDs are. */
static unsigned
structure(const uint8_t *id, unsigned n)
{
	unsigned bad = 0;

	for (size_t at = 0; at < QUIC_CID_LEN; at++)
		bad += is_marked(id + at, QUIC_CID_LEN, n);
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
		bad += structure(ids[i * share], share);
	bad += structure(ids[0], DRAWS);
	PROVE("QSV-055", bad == 0 && repeats() == 0);
	CU_ASSERT(sim_run_out(&d.sim));
	duo_done(&d);
}

/* One kind of thing that is sent where others read it: a row for each
 * connection. */
struct kind {
	const char *name;
	size_t len; /* of all rows */
	unsigned n;
	/* What all of them have in common: the first octets, and two more. */
	size_t type, also;
	uint8_t rows[CONNS][ROW];
};

static struct kind kinds[] = {
    {.name = "connection ID"},
    {.name = "reset token"},
    /* Of which kind it is. */
    {.name = "Retry token", .type = 1},
    {.name = "NEW_TOKEN token", .type = 1},
    /* GnuTLS: the name of the key, which is that of all clients for some
     * hours; behind it and a vector of 16 octets the length of the rest. */
    {.name = "ticket", .type = 16, .also = 32},
};

enum {
	KIND_ID,
	KIND_RESET,
	KIND_RETRY,
	KIND_TOKEN,
	KIND_TICKET,
	KINDS
};

static void
add(unsigned kind, const uint8_t *data, size_t len)
{
	struct kind *k = &kinds[kind];

	if (k->n == CONNS || len > ROW || (k->n > 0 && k->len != len))
		return;
	k->len = len;
	memcpy(k->rows[k->n++], data, len);
}

/* The ticket of NewSessionTicket (RFC 8446 4.6.1). */
static int
on_ticket(gnutls_session_t session, unsigned type, unsigned when,
    unsigned incoming, const gnutls_datum_t *m)
{
	size_t at = 4 + 4, len;

	(void)session;
	(void)type;
	(void)when;
	if (!incoming || m->size <= at)
		return 0;
	at += 1 + (size_t)m->data[at]; /* the nonce */
	len = (size_t)m->data[at] << 8 | m->data[at + 1];
	add(KIND_TICKET, m->data + at + 2, len);
	return 0;
}

static void
prepare_ticket(struct peer *p)
{
	gnutls_handshake_set_hook_function(p->session,
	    GNUTLS_HANDSHAKE_NEW_SESSION_TICKET, GNUTLS_HOOK_PRE, on_ticket);
}

static bool
keep_retry(void *arg, const struct net_datagram *g)
{
	ngtcp2_version_cid vc;
	size_t head;

	(void)arg;
	if (net_port(&g->from) == SIM_PORT && (g->bytes[0] & 0xf0) == 0xf0 &&
	    ngtcp2_pkt_decode_version_cid(&vc, g->bytes, g->len, 0) == 0) {
		head = 1 + 4 + 1 + vc.dcidlen + 1 + vc.scidlen;
		add(KIND_RETRY, g->bytes + head, g->len - head - RETRY_TAG);
	}
	return true;
}

static void
gather(void)
{
	struct peer_options o = {.alpn = "duo", .prepare = prepare_ticket};
	const ngtcp2_transport_params *tp;
	const ngtcp2_cid *id;

	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT_FATAL(peer.handshake_done && peer.ntokens == 1);
	tp = ngtcp2_conn_get_remote_transport_params(peer.qc);
	id = ngtcp2_conn_get_dcid(peer.qc);
	add(KIND_ID, id->data, id->datalen);
	add(KIND_RESET, tp->stateless_reset_token,
	    sizeof(tp->stateless_reset_token));
	add(KIND_TOKEN, peer.token, peer.tokenlen);
	peer_done(&peer);
	sim_run(&d.sim, 60 * NSEC_PER_SEC);
}

static bool
is_known(const struct kind *k, size_t at)
{
	return at < k->type ||
	       (k->also > 0 && (at == k->also || at == k->also + 1));
}

/* RFC 9250 7: one client that came a thousand times, and nothing that it was
 * given has a mark; what is known to be the same is the same for all. */
static void
test_no_marks(void)
{
	struct duo_options always = {.retry = EVQUIC_RETRY_ALWAYS};
	unsigned bad = 0;

	/* A world has not that many sockets; the keys are always the same. */
	for (unsigned world = 0; world < CONNS / BATCH; world++) {
		duo_init(&d, &always);
		d.sim.net.ids = (struct prng){world};
		tlsrnd_seed(world);
		d.sim.servers[0]->random.left = 0; /* of the first seed */
		d.sim.net.tap = keep_retry;
		for (unsigned i = 0; i < BATCH; i++)
			gather();
		CU_ASSERT(sim_is_empty(&d.sim));
		duo_done(&d);
	}
	for (const struct kind *k = kinds; k < kinds + KINDS; k++) {
		CU_ASSERT(k->n == CONNS && k->len > 0);
		for (size_t at = 0; at < k->len; at++) {
			if (!is_known(k, at) &&
			    is_marked(&k->rows[0][at], ROW, CONNS)) {
				printf("# %s: octet %zu\n", k->name, at);
				bad++;
			}
		}
	}
	PROVE("DOQ-133", bad == 0);
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
	unit_test(s, "no_marks", test_no_marks);
	unit_test(s, "retire", test_retire);
}
