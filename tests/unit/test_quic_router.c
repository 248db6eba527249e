/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams of nobody's: what the router does with everything that is no
 * packet of a connection.  Nearly all of it is dropped without a word, each
 * under its own counter, and leaves nothing behind.
 */
#include "tests/fake/duo.h"
#include "tests/fake/tap.h"

#include <stdio.h>
#include <string.h>

#include "tests/fake/prng.h"
#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

enum {
	INITIAL = 0xc0,
	HANDSHAKE = 0xe0,
	ZERO_RTT = 0xd0,
	SHORT = 0x40,
	MAX_CID = 255,
	FLOOD = 30000,
	VN_FLOOD = 100000,
	VN_BURST = 100,
	VN_LIST = 1 + 4 + 1 + 8 + 1 + 8,
	MAX_REPLY = 1500,
	NAMES = 200,
	QUERY = 60
};

#define UNKNOWN_VERSION 0x2a3a4a5au

static struct duo d;

/* A stranger, and what he was told last. */
struct stranger {
	union quic_addr addr;
	unsigned replies;
	size_t total;
	size_t len;
	uint8_t bytes[MAX_REPLY];
};

static struct stranger stranger;

static bool
hear(void *arg, const struct net_datagram *datagram)
{
	struct stranger *s = arg;

	if (memcmp(&datagram->to, &s->addr, sizeof(s->addr)) != 0)
		return true;
	s->replies++;
	s->total += datagram->len;
	s->len = datagram->len < MAX_REPLY ? datagram->len : MAX_REPLY;
	memcpy(s->bytes, datagram->bytes, s->len);
	return true;
}

static void
begin(void)
{
	duo_init(&d, NULL);
	stranger = (struct stranger){.addr = net_addr(AF_INET, false, 12345)};
	d.sim.net.tap = hear;
	d.sim.net.tap_arg = &stranger;
}

/* Sends one datagram as the stranger; true if there was no answer and nothing
 * is kept. */
static bool
is_ignored(const uint8_t *bytes, size_t len)
{
	unsigned before = stranger.replies;

	net_inject(&d.sim.net, &stranger.addr, &d.sim.addr, bytes, len);
	sim_run(&d.sim, 0);
	return stranger.replies == before && sim_is_empty(&d.sim);
}

static uint64_t
count(const char *name)
{
	return sim_server_count(&d.sim, name);
}

static void
end(void)
{
	CU_ASSERT(sim_run_out(&d.sim));
	CU_ASSERT(sim_is_empty(&d.sim));
	/* Who was there before, and who comes now, is served as ever. */
	d.sim.net.tap = NULL;
	CU_ASSERT(duo_open(&d));
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Writes a long header; returns its length. */
static size_t
put_long(uint8_t *p, uint8_t first, uint32_t version, uint8_t dcidlen,
    uint8_t scidlen)
{
	size_t at = 0;

	p[at++] = first;
	for (int shift = 24; shift >= 0; shift -= 8)
		p[at++] = (uint8_t)(version >> shift);
	p[at++] = dcidlen;
	memset(p + at, 0xd1, dcidlen);
	at += dcidlen;
	p[at++] = scidlen;
	memset(p + at, 0x5c, scidlen);
	return at + scidlen;
}

/* RFC 9000 10.3, 5.2.2: too short, too long, and nothing at all. */
static void
test_sizes(void)
{
	static uint8_t bytes[NET_MAX_DATAGRAM];
	static const size_t sizes[] = {0, 1, 2, 5, 6, 20, 21, 38, 39, 40, 1199,
	    1200, 1201, 1500, NET_MAX_DATAGRAM};
	static const uint8_t firsts[] = {0x00, 0x40, 0x7f, 0x80, 0xc0, 0xff};
	unsigned bad = 0;

	begin();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t k = 0; k < sizeof(firsts); k++) {
			memset(bytes, 0, sizeof(bytes));
			bytes[0] = firsts[k];
			bytes[4] = 1; /* the version, in a long header */
			/* Short headers may draw a reset (RFC 9000 10.3). */
			bad += is_ignored(bytes, sizes[i]) ==
			       ((firsts[k] & INITIAL) == SHORT &&
				   sizes[i] > QUIC_RESET_MIN);
		}
	}
	PROVE("QSV-020", bad == 0);
	CU_ASSERT(count("drop_empty") == sizeof(firsts));
	CU_ASSERT(count("drop_short") > 0);
	CU_ASSERT(count("drop_fixed_bit") > 0);
	CU_ASSERT(count("rx_errors") == 0);
	end();
}

/* RFC 9000 17.2, 17.3. */
static void
test_fixed_bit(void)
{
	uint8_t bytes[1200] = {0};

	begin();
	(void)put_long(bytes, INITIAL & ~SHORT, 1, 8, 8);
	PROVE("QSV-017",
	    is_ignored(bytes, sizeof(bytes)) && count("conns_accepted") == 0);
	bytes[0] = 0x3f;
	PROVE("QSV-017", is_ignored(bytes, sizeof(bytes)));
	CU_ASSERT(count("drop_fixed_bit") == 2);
	end();
}

/* True if the stranger was sent Version Negotiation for these IDs. */
static bool
is_negotiation(uint8_t dcidlen, uint8_t scidlen)
{
	uint8_t expected[1 + 4 + 1 + MAX_CID + 1 + MAX_CID] = {0};
	size_t len = put_long(expected, 0, 0, scidlen, dcidlen), at;
	bool has_v1 = false;

	memset(expected + 6, 0x5c, scidlen);
	memset(expected + 7 + scidlen, 0xd1, dcidlen);
	if (stranger.len < len + 4 || (stranger.len - len) % 4 != 0 ||
	    !(stranger.bytes[0] & 0x80) ||
	    memcmp(stranger.bytes + 1, expected + 1, len - 1) != 0)
		return false;
	for (at = len; at < stranger.len; at += 4)
		has_v1 =
		    has_v1 || memcmp(stranger.bytes + at, "\0\0\0\1", 4) == 0;
	return has_v1;
}

/* RFC 9000 5.2.2, 6.1: an unknown version is answered from 1200 bytes on. */
static void
test_versions(void)
{
	uint8_t bytes[1400] = {0};

	begin();
	(void)put_long(bytes, INITIAL, UNKNOWN_VERSION, 12, 7);
	PROVE("QSV-002", is_ignored(bytes, 1199));
	PROVE("BAD-056", is_ignored(bytes, 1199));
	net_inject(&d.sim.net, &stranger.addr, &d.sim.addr, bytes, 1200);
	sim_run(&d.sim, 0);
	PROVE("QSV-001", stranger.replies == 1 && is_negotiation(12, 7));
	PROVE("QSV-004", is_negotiation(12, 7));
	CU_ASSERT(stranger.len < 1200);
	CU_ASSERT(count("vn_sent") == 1);
	(void)put_long(bytes, INITIAL, UNKNOWN_VERSION, MAX_CID, MAX_CID);
	net_inject(&d.sim.net, &stranger.addr, &d.sim.addr, bytes, 1400);
	sim_run(&d.sim, 0);
	PROVE("QSV-005",
	    stranger.replies == 2 && is_negotiation(MAX_CID, MAX_CID));
	CU_ASSERT(sim_is_empty(&d.sim));
	end();
}

/* One packet of an unknown version behind another: the first is answered. */
static void
test_versions_coalesced(void)
{
	static uint8_t bytes[2 * 1200];

	begin();
	for (unsigned i = 0; i < 2; i++)
		(void)put_long(
		    bytes + i * 1200, INITIAL, UNKNOWN_VERSION + i, 8, 8);
	net_inject(
	    &d.sim.net, &stranger.addr, &d.sim.addr, bytes, sizeof(bytes));
	sim_run(&d.sim, 0);
	PROVE("QSV-006", stranger.replies == 1 && is_negotiation(8, 8));
	end();
}

/* A version that nobody speaks, to keep the place for new ones (RFC 9000 15).
 */
static bool
is_reserved(const uint8_t *p)
{
	for (int i = 0; i < 4; i++)
		if ((p[i] & 0x0f) != 0x0a)
			return false;
	return true;
}

/* RFC 9000 6.1, 6.3: all of them come in one second. */
static void
test_versions_flood(void)
{
	static uint8_t bytes[1200];
	const nsec step = NSEC_PER_SEC / (VN_FLOOD / VN_BURST);
	uint64_t sent;

	begin();
	(void)put_long(bytes, INITIAL, UNKNOWN_VERSION, 8, 8);
	for (unsigned i = 0; i < VN_FLOOD; i++) {
		net_inject(&d.sim.net, &stranger.addr, &d.sim.addr, bytes,
		    sizeof(bytes));
		if (i % VN_BURST == VN_BURST - 1)
			sim_run(&d.sim, step);
	}
	sent = count("vn_sent");
	PROVE("QSV-007", sent > QUIC_VNS_PER_SECOND / 2 &&
			     sent <= QUIC_VNS_PER_SECOND &&
			     count("vn_limited") == VN_FLOOD - sent &&
			     stranger.replies == sent);
	PROVE("QSV-007", is_reserved(stranger.bytes + VN_LIST));
	sim_run(&d.sim, NSEC_PER_SEC);
	net_inject(
	    &d.sim.net, &stranger.addr, &d.sim.addr, bytes, sizeof(bytes));
	sim_run(&d.sim, 0);
	CU_ASSERT(count("vn_sent") == sent + 1);
	end();
}

/* Draft 29, gQUIC and QUIC version 2 are no versions of ours. */
static void
test_other_versions(void)
{
	static const uint32_t versions[] = {
	    0xff00001du, 0x51303530u, 0x6b3343cfu, 0x1a2a3a4au};
	uint8_t bytes[1200] = {0};

	begin();
	for (unsigned i = 0; i < 4; i++) {
		(void)put_long(bytes, INITIAL, versions[i], 8, 8);
		net_inject(&d.sim.net, &stranger.addr, &d.sim.addr, bytes,
		    sizeof(bytes));
		sim_run(&d.sim, 0);
		PROVE(i == 3 ? "BAD-055" : "BAD-058",
		    stranger.replies == i + 1 && is_negotiation(8, 8));
	}
	end();
}

/* RFC 9000 6.1: never an answer to Version Negotiation. */
static void
test_version_zero(void)
{
	uint8_t bytes[1400] = {0};

	begin();
	(void)put_long(bytes, INITIAL, 0, 8, 8);
	PROVE("QSV-003", is_ignored(bytes, 1200));
	PROVE("BAD-057", is_ignored(bytes, 1400));
	bytes[0] = 0x80;
	CU_ASSERT(is_ignored(bytes, 1200));
	CU_ASSERT(is_ignored(bytes, 30));
	CU_ASSERT(count("drop_version") + count("drop_malformed") == 4);
	end();
}

/* RFC 9000 7.2, 17.2: IDs of a length that version 1 does not allow. */
static void
test_id_lengths(void)
{
	uint8_t bytes[1200];

	begin();
	for (unsigned len = 0; len <= 7; len++) {
		memset(bytes, 0, sizeof(bytes));
		(void)put_long(bytes, INITIAL, 1, (uint8_t)len, 8);
		PROVE("QSV-011", is_ignored(bytes, sizeof(bytes)));
	}
	memset(bytes, 0, sizeof(bytes));
	(void)put_long(bytes, INITIAL, 1, 21, 8);
	PROVE("QSV-008", is_ignored(bytes, sizeof(bytes)));
	(void)put_long(bytes, INITIAL, 1, 8, 21);
	PROVE("QSV-008", is_ignored(bytes, sizeof(bytes)));
	(void)put_long(bytes, INITIAL, 1, MAX_CID, MAX_CID);
	PROVE("BAD-059", is_ignored(bytes, sizeof(bytes)));
	CU_ASSERT(count("vn_sent") == 0);
	CU_ASSERT(count("conns_accepted") == 0);
	end();
}

/* RFC 9000 5.2.2: what can begin no connection. */
static void
test_unknown_connection(void)
{
	static const uint8_t firsts[] = {HANDSHAKE, ZERO_RTT, 0xf0};
	uint8_t bytes[1400];

	begin();
	for (size_t i = 0; i < sizeof(firsts); i++) {
		memset(bytes, 0x11, sizeof(bytes));
		(void)put_long(bytes, firsts[i], 1, 8, 8);
		PROVE("QSV-012", is_ignored(bytes, sizeof(bytes)));
	}
	memset(bytes, 0x11, sizeof(bytes));
	bytes[0] = SHORT;
	/* A stateless reset is no state; test_quic_reset.c looks at it. */
	PROVE("QSV-012", !is_ignored(bytes, sizeof(bytes)) &&
			     count("resets_sent") == 1 && sim_is_empty(&d.sim));
	CU_ASSERT(count("drop_unknown_cid") == 4);
	end();
}

/* Catches the first datagram that a client sends. */
struct first {
	size_t len;
	uint8_t bytes[QUIC_MAX_TX_PAYLOAD];
};

static bool
catch_first(void *arg, const struct net_datagram *datagram)
{
	struct first *f = arg;

	if (f->len == 0) {
		f->len = datagram->len;
		memcpy(f->bytes, datagram->bytes, datagram->len);
	}
	return false;
}

static void
catch_initial(struct first *f)
{
	f->len = 0;
	d.sim.net.tap = catch_first;
	d.sim.net.tap_arg = f;
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	sim_settle(&d.sim);
	CU_ASSERT_FATAL(f->len >= 1200);
	CU_ASSERT(sim_run_out(&d.sim)); /* the client gives up */
	d.sim.net.tap = hear;
	d.sim.net.tap_arg = &stranger;
	d.client.n[DUO_CLOSED] = 0;
}

/* An Initial packet that no key opens leaves nothing behind; nor does one in
 * a datagram that is too small. */
static void
test_initial(void)
{
	struct first f;

	begin();
	catch_initial(&f);
	PROVE("QSV-009", is_ignored(f.bytes, 1199));
	f.bytes[f.len / 2] ^= 1;
	net_inject(&d.sim.net, &stranger.addr, &d.sim.addr, f.bytes, f.len);
	sim_run(&d.sim, 0);
	PROVE("BAD-064", stranger.replies == 0 && sim_is_empty(&d.sim) &&
			     count("drop_undecryptable") == 1);
	CU_ASSERT(count("closed_dropped") == 1);
	CU_ASSERT(count("handshakes_failed") == 0);
	f.bytes[f.len / 2] ^= 1;
	net_inject(&d.sim.net, &stranger.addr, &d.sim.addr, f.bytes, f.len);
	sim_run(&d.sim, 0);
	CU_ASSERT(stranger.replies > 0); /* intact it begins one */
	CU_ASSERT(!sim_is_empty(&d.sim));
	sim_run(&d.sim, 30 * NSEC_PER_SEC); /* RFC 9000 8.1 */
	PROVE("QSV-023", stranger.total > f.len && stranger.total <= 3 * f.len);
	end();
}

/* A certificate that does not fit into what one datagram allows. */
static struct evquic_cred *
make_large_cred(void)
{
	static char text[NAMES][64];
	static const char *names[NAMES + 1];
	struct certs_spec spec = {.cn = "large", .dns = names};
	struct evquic_cred *cred = evquic_cred_new();
	char cert[CERTS_PATH], key[CERTS_PATH], why[EVQUIC_WHY_SIZE];
	struct certs_dir dir;
	int rc;

	for (unsigned i = 0; i < NAMES; i++) {
		(void)snprintf(text[i], sizeof(text[i]),
		    "a-name-of-fifty-octets-or-so-%03u.test.example", i);
		names[i] = text[i];
	}
	certs_dir_init(&dir);
	certs_make(&dir, "large", &spec);
	rc = evquic_cred_add_files(cred, certs_file(&dir, cert, "large.crt"),
	    certs_file(&dir, key, "large.key"), why, sizeof(why));
	CU_ASSERT_FATAL(rc == 0);
	certs_dir_done(&dir);
	return cred;
}

/* RFC 9000 8: three bytes for each that came, whatever there is to say and
 * however long the client says nothing to it. */
static void
test_amplification(void)
{
	struct evquic_service_options service;
	struct first f;

	begin();
	service = d.service;
	service.cred = make_large_cred();
	sim_restart(&d.sim, &service);
	evquic_cred_unref(service.cred);
	catch_initial(&f);
	net_inject(&d.sim.net, &stranger.addr, &d.sim.addr, f.bytes, f.len);
	sim_run(&d.sim, 60 * NSEC_PER_SEC);
	/* All that was allowed was used, but for a bit of a datagram. */
	CU_ASSERT(stranger.total > 2 * f.len);
	PROVE("DOQ-114", stranger.total <= 3 * f.len);
	stranger.total = 0;
	for (unsigned i = 0; i < 3; i++) { /* the same once more, as if lost */
		net_inject(
		    &d.sim.net, &stranger.addr, &d.sim.addr, f.bytes, f.len);
		sim_run(&d.sim, 2 * NSEC_PER_SEC);
		CU_ASSERT(stranger.total > i * 3 * f.len);
		PROVE("QSV-023", stranger.total <= (i + 1) * 3 * f.len);
	}
	sim_run(&d.sim, 20 * NSEC_PER_SEC);
	sim_restart(&d.sim, &d.service);
	end();
}

/* Reads a number of variable length (RFC 9000 16). */
static size_t
get_number(const uint8_t *p, size_t *at)
{
	size_t len = (size_t)1 << (p[*at] >> 6), n = p[*at] & 0x3fu;

	for (size_t i = 1; i < len; i++)
		n = n << 8 | p[*at + i];
	*at += len;
	return n;
}

/* The length of the long header packet that a datagram begins with. */
static size_t
packet_len(const uint8_t *p)
{
	size_t at = 6u + p[5], n;

	at += 1u + p[at];
	if ((p[0] & 0x30) == 0) {
		n = get_number(p, &at);
		at += n; /* the token */
	}
	n = get_number(p, &at);
	return at + n;
}

/* The client's first query leaves as soon as it may. */
static void
ask_when_open(
    struct duo_side *side, enum duo_event event, struct evquic_stream *stream)
{
	(void)stream;
	if (event == DUO_OPENED)
		CU_ASSERT(duo_write(duo_stream(side, true), QUERY, true) == 0);
}

/* Brings a handshake to where the client's second flight is caught. */
static void
catch_flight(struct tap_catch *k)
{
	duo_init(&d, NULL);
	d.client.hook = ask_when_open;
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	sim_run(&d.sim, 2 * d.sim.net.faults.delay - NSEC_PER_MSEC);
	*k = (struct tap_catch){.n = 0};
	d.sim.net.tap = tap_catch_client;
	d.sim.net.tap_arg = k;
	sim_run(&d.sim, 2 * NSEC_PER_MSEC);
	CU_ASSERT_FATAL(k->n >= 1 && (k->bytes[0][0] & 0xf0) == INITIAL);
	d.sim.net.tap = NULL;
	CU_ASSERT(d.client.n[DUO_OPENED] == 1 && d.server.n[DUO_OPENED] == 0);
}

/* RFC 9000 12.2: an Initial packet, a Handshake packet and a 1-RTT packet in
 * one datagram, each of which says something. */
static void
test_coalesced(void)
{
	static struct tap_catch k;
	size_t len;

	catch_flight(&k);
	len = packet_len(k.bytes[0]);
	CU_ASSERT_FATAL(len < k.len[0]);
	CU_ASSERT((k.bytes[0][len] & 0xf0) == HANDSHAKE);
	len += packet_len(k.bytes[0] + len);
	CU_ASSERT_FATAL(len < k.len[0]);
	CU_ASSERT((k.bytes[0][len] & INITIAL) == SHORT);
	net_inject(&d.sim.net, &k.from[0], &d.sim.addr, k.bytes[0], k.len[0]);
	sim_run(&d.sim, 0);
	PROVE("QSV-015", d.server.n[DUO_OPENED] == 1 &&
			     d.server.bytes == QUERY && d.server.fins == 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* RFC 9000 14.1: an Initial packet that the server can open, of a connection
 * that it has, in a datagram that is too small: thrown away, no more. */
static void
test_small_initial(void)
{
	static struct tap_catch k;
	size_t len;

	catch_flight(&k);
	len = packet_len(k.bytes[0]);
	CU_ASSERT_FATAL(len < QUIC_MIN_INITIAL && len < k.len[0]);
	for (int i = 0; i < 5; i++) {
		net_inject(
		    &d.sim.net, &k.from[0], &d.sim.addr, k.bytes[0], len);
		sim_run(&d.sim, NSEC_PER_MSEC);
	}
	CU_ASSERT(d.server.n[DUO_OPENED] == 0);
	net_inject(&d.sim.net, &k.from[0], &d.sim.addr, k.bytes[0], k.len[0]);
	sim_run(&d.sim, 0);
	PROVE("QSV-010",
	    d.server.bytes == QUERY &&
		count("closed_local") + count("closed_dropped") == 0);
	duo_talk(&d);
	/* And once the keys for it are gone. */
	net_inject(&d.sim.net, &k.from[0], &d.sim.addr, k.bytes[0], len);
	duo_talk(&d);
	PROVE("QSV-010",
	    d.server.n[DUO_CLOSED] == 0 && d.client.n[DUO_CLOSED] == 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Whatever comes, the one who was there before is served. */
static void
test_flood(void)
{
	static uint8_t bytes[2000];
	struct prng r = {77};
	struct first f;

	begin();
	catch_initial(&f);
	CU_ASSERT(duo_open(&d));
	for (int i = 0; i < FLOOD; i++) {
		size_t len = prng_below(&r, sizeof(bytes));

		prng_fill(&r, bytes, len);
		if (len > 8 && prng_chance(&r, 500))
			memcpy(bytes, "\xc0\0\0\0\1\x08", 6);
		if (prng_chance(&r, 300)) {
			len = f.len;
			memcpy(bytes, f.bytes, len);
			bytes[prng_below(&r, 60)] ^= (uint8_t)(i | 1);
		}
		net_inject(&d.sim.net, &stranger.addr, &d.sim.addr, bytes, len);
		if (i % 100 == 0)
			sim_run(&d.sim, NSEC_PER_MSEC);
	}
	CU_ASSERT(duo_write(duo_stream(&d.client, true), 3000, true) == 0);
	duo_talk(&d);
	PROVE("BAD-054", d.server.bytes == 3000);
	evquic_conn_close(d.client.conn, 0, NULL);
	CU_ASSERT(sim_run_out(&d.sim));
	CU_ASSERT(sim_is_empty(&d.sim));
	duo_done(&d);
}

/* Not more new connections than a bound in one wake-up; the rest come again. */
static void
test_accepts_are_bounded(void)
{
	struct first f;
	struct evquic_accounts a;

	begin();
	catch_initial(&f);
	d.sim.tick = NSEC_PER_MSEC;
	for (unsigned i = 0; i < QUIC_ACCEPTS_PER_WAKEUP + 20; i++) {
		union quic_addr from =
		    net_addr(AF_INET, false, (uint16_t)(10000 + i));

		/* Each its own ID; none of them can be opened, but the first
		 * packet of each is looked at. */
		f.bytes[6] = (uint8_t)i;
		net_inject(&d.sim.net, &from, &d.sim.addr, f.bytes, f.len);
	}
	sim_run(&d.sim, 2 * NSEC_PER_MSEC);
	CU_ASSERT(count("conns_accepted") <= QUIC_ACCEPTS_PER_WAKEUP * 2);
	sim_accounts(d.sim.servers, 1, &a);
	CU_ASSERT(a.connections <= 1);
	end();
}

void
test_quic_router_register(void)
{
	CU_pSuite s = unit_suite("quic_router");

	unit_test(s, "sizes", test_sizes);
	unit_test(s, "fixed_bit", test_fixed_bit);
	unit_test(s, "versions", test_versions);
	unit_test(s, "versions_coalesced", test_versions_coalesced);
	unit_test(s, "versions_flood", test_versions_flood);
	unit_test(s, "other_versions", test_other_versions);
	unit_test(s, "version_zero", test_version_zero);
	unit_test(s, "id_lengths", test_id_lengths);
	unit_test(s, "unknown_connection", test_unknown_connection);
	unit_test(s, "initial", test_initial);
	unit_test(s, "amplification", test_amplification);
	unit_test(s, "coalesced", test_coalesced);
	unit_test(s, "small_initial", test_small_initial);
	unit_test(s, "flood", test_flood);
	unit_test(s, "accepts_are_bounded", test_accepts_are_bounded);
}
