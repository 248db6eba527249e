/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client: Retry packets true and false (RFC 9000 8.1.2, 17.2.5), and
 * stateless resets of its own and of others' IDs (10.3.1).
 */
#include "tests/fake/duo.h"
#include "tests/fake/initial.h"
#include "tests/fake/peer.h"

#include <string.h>

#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

enum {
	INITIALS = 16,
	TOKEN = NGTCP2_STATELESS_RESET_TOKENLEN,
	RESET = 42,
	CID_LEN = 12,
	PEER_PORT = 4433
};

static struct duo d;
static struct peer peer;

static const ngtcp2_cid retry_cid = {
    .datalen = CID_LEN, .data = {'r', 'e', 't', 'r', 'y', '-', '1'}};
static const ngtcp2_cid other_cid = {
    .datalen = CID_LEN, .data = {'r', 'e', 't', 'r', 'y', '-', '2'}};

/* -------------------------------------------------------------- Retry -- */

/* What a server that only listens has heard of one client. */
static struct {
	union quic_addr client;
	ngtcp2_cid key; /* the ID that the keys come from */
	size_t n;
	struct initial seen[INITIALS];
	unsigned unread; /* packets that could not be opened */
} server;

static bool
listen_to(void *arg, const struct net_datagram *g)
{
	struct initial *i = &server.seen[server.n];

	(void)arg;
	if (net_port(&g->from) == SIM_PORT || server.n == INITIALS)
		return true;
	server.client = g->from;
	if (server.n == 0) {
		ngtcp2_version_cid vc;

		if (ngtcp2_pkt_decode_version_cid(&vc, g->bytes, g->len, 0) !=
		    0)
			return false;
		ngtcp2_cid_init(&server.key, vc.dcid, vc.dcidlen);
	}
	if (initial_open(i, &server.key, g->bytes, g->len))
		server.n++;
	else
		server.unread++;
	return false;
}

static void
retry(const ngtcp2_cid *scid, const char *token, bool is_damaged)
{
	const struct initial *to = &server.seen[server.n - 1];
	uint8_t packet[INITIAL_RETRY];
	size_t len = initial_retry(
	    to, scid, (const uint8_t *)token, strlen(token), packet);

	if (is_damaged)
		packet[len - 1] ^= 1;
	net_inject(&d.sim.net, &d.sim.addr, &server.client, packet, len);
}

/* A client that speaks to nobody but us. */
static void
begin(void)
{
	duo_init(&d, NULL);
	memset(&server, 0, sizeof(server));
	d.sim.net.tap = listen_to;
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	CU_ASSERT(sim_client_count(&d.sim, "conns_connected") == 1);
	sim_run(&d.sim, NSEC_PER_MSEC);
	CU_ASSERT_FATAL(server.n == 1 && server.seen[0].tokenlen == 0);
	CU_ASSERT_FATAL(server.seen[0].hellolen > 0);
}

static void
end(void)
{
	d.sim.net.tap = NULL;
	CU_ASSERT(sim_run_out(&d.sim));
	CU_ASSERT(sim_is_empty(&d.sim));
	duo_done(&d);
}

/* True if all from `first` on have this ID and this token and go on with the
 * hello and the numbers of the first packet. */
static bool
goes_on(size_t first, const ngtcp2_cid *dcid, const char *token)
{
	size_t len = strlen(token);

	if (first >= server.n || server.unread > 0)
		return false;
	for (size_t n = first; n < server.n; n++) {
		const struct initial *i = &server.seen[n];

		if (!ngtcp2_cid_eq(&i->dcid, dcid) || i->tokenlen != len ||
		    memcmp(i->token, token, len) != 0 ||
		    i->number <= server.seen[n - 1].number ||
		    i->hellolen != server.seen[0].hellolen ||
		    memcmp(i->hello, server.seen[0].hello, i->hellolen) != 0 ||
		    !ngtcp2_cid_eq(&i->scid, &server.seen[0].scid))
			return false;
	}
	return true;
}

/* The token is in each Initial from then on, and nothing else is new; what
 * calls itself Retry afterwards is ignored. */
static void
test_retry(void)
{
	size_t first;

	begin();
	retry(&retry_cid, "bring this back", false);
	server.key = retry_cid;
	sim_run(&d.sim, 3 * NSEC_PER_SEC);
	CU_ASSERT(server.n >= 3);
	PROVE("QSV-038", goes_on(1, &retry_cid, "bring this back"));
	first = server.n;
	retry(&other_cid, "or this", false);
	sim_run(&d.sim, 6 * NSEC_PER_SEC);
	PROVE("QSV-038", goes_on(first, &retry_cid, "bring this back"));
	end();
}

/* A tag that is not the packet's, an empty token, the client's own ID: no
 * Retry.  A true one is taken afterwards. */
static void
test_false_retry(void)
{
	ngtcp2_cid own;
	size_t first;

	begin();
	own = server.seen[0].dcid;
	retry(&retry_cid, "bring this back", true);
	sim_run(&d.sim, 2 * NSEC_PER_SEC);
	PROVE("QSV-038", goes_on(1, &own, ""));
	first = server.n;
	retry(&retry_cid, "", false);
	sim_run(&d.sim, 3 * NSEC_PER_SEC);
	PROVE("QSV-038", goes_on(first, &own, ""));
	first = server.n;
	retry(&own, "bring this back", false);
	sim_run(&d.sim, 3 * NSEC_PER_SEC);
	CU_ASSERT(goes_on(first, &own, ""));
	first = server.n;
	retry(&retry_cid, "bring this back", false);
	server.key = retry_cid;
	sim_run(&d.sim, NSEC_PER_SEC);
	CU_ASSERT(goes_on(first, &retry_cid, "bring this back"));
	end();
}

/* Who comes again begins without the token (RFC 9000 8.1.3). */
static void
test_retry_forgotten(void)
{
	begin();
	retry(&retry_cid, "bring this back", false);
	server.key = retry_cid;
	sim_run(&d.sim, NSEC_PER_SEC);
	CU_ASSERT(goes_on(1, &retry_cid, "bring this back"));
	CU_ASSERT(sim_run_out(&d.sim));
	memset(&server, 0, sizeof(server));
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	sim_run(&d.sim, 3 * NSEC_PER_SEC);
	PROVE("QSV-039",
	    goes_on(1, &server.key, "") && server.seen[0].tokenlen == 0);
	end();
}

/* The client's first packet; everything passes. */
static bool
keep_first(void *arg, const struct net_datagram *g)
{
	ngtcp2_version_cid vc;

	(void)arg;
	if (net_port(&g->from) == SIM_PORT || server.n > 0 ||
	    ngtcp2_pkt_decode_version_cid(&vc, g->bytes, g->len, 0) != 0)
		return true;
	ngtcp2_cid_init(&server.key, vc.dcid, vc.dcidlen);
	server.n +=
	    initial_open(&server.seen[0], &server.key, g->bytes, g->len);
	return true;
}

/* A connection from beginning to end; the token that it began with. */
static const struct initial *
begin_with(const struct evquic_connect_options *o)
{
	memset(&server, 0, sizeof(server));
	CU_ASSERT_FATAL(duo_connect(&d, o) != NULL);
	duo_talk(&d);
	CU_ASSERT_FATAL(server.n == 1 && d.client.conn != NULL);
	evquic_conn_close(d.client.conn, 0, NULL);
	duo_talk(&d);
	return &server.seen[0];
}

/* RFC 9250 5.5.3: a token would tell who comes again as surely as a ticket
 * does; so it is for those who resume.  It is that of NEW_TOKEN, though there
 * was Retry, too. */
static void
test_token_with_session(void)
{
	struct duo_options always = {.retry = EVQUIC_RETRY_ALWAYS};
	struct evquic_connect_options o;
	const struct initial *first;

	duo_init(&d, &always);
	d.sim.net.tap = keep_first;
	(void)begin_with(NULL);
	CU_ASSERT(sim_server_count(&d.sim, "retries_sent") == 1);
	CU_ASSERT_FATAL(d.client.session_len > 0);
	first = begin_with(NULL);
	PROVE("QSV-039", first->tokenlen == 0 &&
			     sim_server_count(&d.sim, "retries_sent") == 2);
	PROVE("DOQ-106", first->tokenlen == 0);
	o = duo_resume(&d, NULL, false);
	first = begin_with(&o);
	PROVE("QSV-039",
	    first->tokenlen > 0 &&
		first->token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_REGULAR);
	PROVE("DOQ-106", d.client.stats.resumed &&
			     sim_server_count(&d.sim, "retries_sent") == 2);
	CU_ASSERT(sim_run_out(&d.sim));
	CU_ASSERT(sim_is_empty(&d.sim));
	duo_done(&d);
}

/* ------------------------------------------------------------- resets -- */

/* What came from the client since it was last set to zero. */
static unsigned from_client;

static bool
count_client(void *arg, const struct net_datagram *g)
{
	(void)arg;
	if (net_port(&g->to) == net_port(&d.sim.addr))
		from_client++;
	return true;
}

/* A stateless reset with this token comes to the client, which is told at most
 * that; true if it is over and has nothing more to say. */
static bool
ends_by(const uint8_t token[TOKEN])
{
	uint8_t bytes[RESET] = {0x40, 1, 2, 3};
	struct net_socket *s;

	memcpy(bytes + RESET - TOKEN, token, TOKEN);
	from_client = 0;
	s = net_find(&d.sim.net, sim_fd(d.client.conn));
	net_inject(&d.sim.net, &d.sim.addr, &s->outside, bytes, sizeof(bytes));
	sim_run(&d.sim, NSEC_PER_SEC);
	return d.client.n[DUO_CLOSED] == 1 && from_client == 0 &&
	       d.client.stats.closed_by == EVQUIC_CLOSED_RESET;
}

/* The token of the ID that it uses ends the connection without a word; those
 * of IDs that it was given and does not use are nobody's. */
static void
test_reset(void)
{
	const struct list *l;
	const ngtcp2_cid *used;
	uint8_t token[TOKEN];
	unsigned unused = 0;

	duo_init_open(&d, NULL);
	d.sim.net.tap = count_client;
	used = ngtcp2_conn_get_dcid(d.client.conn->qc);
	for (l = d.server.conn->cids.next; l != &d.server.conn->cids;
	     l = l->next) {
		const struct quic_cid *cid = container_of(
		    (struct list *)(uintptr_t)l, struct quic_cid, link);

		if (cid->len == used->datalen &&
		    memcmp(cid->bytes, used->data, cid->len) == 0)
			continue;
		quic_stateless_token(
		    d.service.reset_key, cid->bytes, cid->len, token);
		PROVE("QSV-074", !ends_by(token) && d.client.conn != NULL);
		unused++;
	}
	CU_ASSERT(unused >= QUIC_ACTIVE_CID_LIMIT - 1);
	CU_ASSERT(duo_write(duo_stream(&d.client, true), 10, true) == 0);
	duo_talk(&d);
	CU_ASSERT(d.server.bytes == 10);
	quic_stateless_token(
	    d.service.reset_key, used->data, used->datalen, token);
	PROVE("QSV-074", ends_by(token));
	PROVE("DOQ-082", sim_client_count(&d.sim, "closed_reset") == 1);
	CU_ASSERT(sim_run_out(&d.sim));
	duo_done(&d);
}

static const uint8_t first_token[TOKEN] = "first token 123";
static const uint8_t next_token[TOKEN] = "next token 1234";

static void
tell_token(ngtcp2_transport_params *tp)
{
	tp->stateless_reset_token_present = 1;
	memcpy(tp->stateless_reset_token, first_token, TOKEN);
}

/* The server has the client retire the ID of the handshake. */
static void
test_reset_retired(void)
{
	/* NEW_CONNECTION_ID number 4 of 8 octets, all before it retired. */
	uint8_t frame[1 + 1 + 1 + 1 + 8 + TOKEN] = {0x18, 4, 4, 8, 'n'};
	struct peer_options o = {.alpn = "duo", .tweak = tell_token};
	struct evquic_connect_options c = {.app = &duo_app};
	char cert[CERTS_PATH], key[CERTS_PATH];
	struct certs_spec spec = {.cn = "raw"};
	struct certs_dir dir;

	certs_dir_init(&dir);
	certs_make(&dir, "raw", &spec);
	duo_init(&d, NULL);
	c.trust = d.tls.insecure;
	d.sim.addr = net_addr(AF_INET, false, PEER_PORT);
	peer_listen(&peer, &d.sim, &d.sim.addr, &o,
	    certs_file(&dir, cert, "raw.crt"),
	    certs_file(&dir, key, "raw.key"));
	CU_ASSERT_FATAL(duo_connect(&d, &c) != NULL);
	duo_talk(&d);
	CU_ASSERT_FATAL(d.client.n[DUO_OPENED] == 1);
	memcpy(frame + sizeof(frame) - TOKEN, next_token, TOKEN);
	peer_send_frames(&peer, frame, sizeof(frame));
	sim_run(&d.sim, 10 * NSEC_PER_SEC);
	CU_ASSERT(d.client.conn != NULL);
	PROVE("QSV-074", !ends_by(first_token) && d.client.conn != NULL);
	PROVE("QSV-074", ends_by(next_token));
	CU_ASSERT(sim_run_out(&d.sim));
	peer_done(&peer);
	duo_done(&d);
	certs_dir_done(&dir);
}

void
test_quic_client_register(void)
{
	CU_pSuite s = unit_suite("quic_client");

	unit_test(s, "retry", test_retry);
	unit_test(s, "false_retry", test_false_retry);
	unit_test(s, "retry_forgotten", test_retry_forgotten);
	unit_test(s, "token_with_session", test_token_with_session);
	unit_test(s, "reset", test_reset);
	unit_test(s, "reset_retired", test_reset_retired);
}
