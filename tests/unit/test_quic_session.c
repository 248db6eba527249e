/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quic/session.c, quic/tls_client.c: what a client keeps to resume, what it is
 * good for, and what becomes of bytes that are none.
 */
#include "tests/fake/duo.h"
#include "tests/fake/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "quic/session.h"
#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

enum {
	ROOM = 400,
	BITS = 8,
	FLIPS = 50, /* a world has 64 sockets */
	LONG_HEADER = 0x80,
	INITIAL_MASK = 0xf0,
	INITIAL = 0xc0,
	TOKEN_AT = 1 + 4 /* flags, version; then the IDs */
};

static const struct duo_options early_on = {.early_data = true};
static struct duo d;
static struct peer peer;

/* -------------------------------------------------------------- bytes -- */

static void
fill(struct quic_session *s, uint8_t *out, size_t *ret_len)
{
	static const uint8_t bytes[] = "ticketparamstoken";

	*s = (struct quic_session){
	    .version = 0x6b3343cf,
	    .early = true,
	    .expiry = 0x0102030405060708,
	    .ticket = {bytes, 6},
	    .params = {bytes + 6, 6},
	    .token = {bytes + 12, 5},
	};
	*ret_len = quic_session_size(s);
	CU_ASSERT_FATAL(*ret_len <= ROOM);
	quic_session_write(s, out);
}

static bool
is_same(const struct quic_session_bytes *a, const struct quic_session_bytes *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void
test_bytes(void)
{
	struct quic_session s, t;
	uint8_t bytes[ROOM];
	size_t len;

	fill(&s, bytes, &len);
	CU_ASSERT(quic_session_read(bytes, len, &t) == 0);
	CU_ASSERT(t.version == s.version && t.expiry == s.expiry && t.early);
	CU_ASSERT(is_same(&t.ticket, &s.ticket));
	CU_ASSERT(is_same(&t.params, &s.params));
	CU_ASSERT(is_same(&t.token, &s.token));
	s.token.len = 0;
	s.early = false;
	len = quic_session_size(&s);
	quic_session_write(&s, bytes);
	CU_ASSERT(quic_session_read(bytes, len, &t) == 0);
	CU_ASSERT(!t.early && t.token.len == 0);
	s.params.len = 0; /* there are always some */
	len = quic_session_size(&s);
	quic_session_write(&s, bytes);
	CU_ASSERT(quic_session_read(bytes, len, &t) == -EBADMSG);
}

/* Cut anywhere, or longer: not a session.  Read from a room of its own, so
 * that a sanitizer sees a step too far. */
static void
test_cut(void)
{
	struct quic_session s, t;
	uint8_t bytes[ROOM] = {0};
	size_t len;

	fill(&s, bytes, &len);
	for (size_t i = 0; i < len; i++) {
		uint8_t *room = malloc(i + 1);

		memcpy(room, bytes, i);
		CU_ASSERT(quic_session_read(room, i, &t) == -EBADMSG);
		free(room);
	}
	CU_ASSERT(quic_session_read(bytes, len + 1, &t) == -EBADMSG);
}

/* --------------------------------------------------------------- world -- */

static void
begin(void)
{
	duo_init(&d, &early_on);
	CU_ASSERT_FATAL(duo_open(&d));
	duo_talk(&d);
	CU_ASSERT_FATAL(duo_end(&d));
	CU_ASSERT_FATAL(d.client.session_len > 0);
	d.server.echoes = true;
	d.client.hook = duo_ask_at_once;
}

static void
end(void)
{
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Connects with a session; true if it was resumed.  The query is answered
 * whatever the session is. */
static bool
is_resumed(
    const void *session, size_t len, const struct evquic_connect_options *more)
{
	struct evquic_connect_options o = {.size = sizeof(o)};
	uint64_t bytes = d.client.bytes;

	if (more != NULL)
		o = *more;
	o.session = session;
	o.session_len = len;
	o.early_data = true;
	CU_ASSERT_FATAL(duo_connect(&d, &o) != NULL);
	duo_talk(&d);
	CU_ASSERT(duo_end(&d));
	CU_ASSERT(d.client.bytes == bytes + DUO_QUERY);
	return d.client.stats.resumed;
}

/* Every part of it counts. */
static void
test_damaged(void)
{
	uint8_t bytes[DUO_SESSION_MAX];
	size_t len;

	begin();
	len = d.client.session_len;
	memcpy(bytes, d.client.session, len);
	for (size_t i = 0; i < len; i += len / FLIPS) {
		bytes[i] ^= (uint8_t)(1 << i % BITS);
		CU_ASSERT(!is_resumed(bytes, len, NULL));
		bytes[i] ^= (uint8_t)(1 << i % BITS);
	}
	CU_ASSERT(!is_resumed(bytes, 0, NULL));
	CU_ASSERT(!is_resumed(bytes, 1, NULL));
	CU_ASSERT(!is_resumed(bytes, len - 1, NULL));
	CU_ASSERT(is_resumed(bytes, len, NULL));
	end();
}

/* No certificate is looked at when a session is resumed: it must be the server,
 * and the demands, that it was looked at for. */
static void
test_bound(void)
{
	struct evquic_connect_options o = {.size = sizeof(o)};
	uint8_t bytes[DUO_SESSION_MAX];
	size_t len;

	begin();
	len = d.client.session_len;
	memcpy(bytes, d.client.session, len);
	o.trust = d.tls.insecure;
	CU_ASSERT(!is_resumed(bytes, len, &o));
	o.name = "other.example";
	CU_ASSERT(!is_resumed(bytes, len, &o));
	o = (struct evquic_connect_options){
	    .size = sizeof(o), .app = &solo_app};
	CU_ASSERT(!is_resumed(bytes, len, &o));
	o = (struct evquic_connect_options){
	    .size = sizeof(o), .trust = d.tls.pinned, .session = bytes};
	o.session_len = len;
	d.client.n[DUO_OPENED] = 0;
	CU_ASSERT_FATAL(duo_connect(&d, &o) != NULL);
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_OPENED] == 0); /* the pin was looked at */
	CU_ASSERT(duo_end(&d));
	CU_ASSERT(is_resumed(bytes, len, NULL));
	end();
}

/* A ticket that is over is not offered, nor is the token that came with it. */
static void
test_expired(void)
{
	begin();
	sim_run(&d.sim, 7 * 3600 * NSEC_PER_SEC);
	CU_ASSERT(!is_resumed(d.client.session, d.client.session_len, NULL));
	CU_ASSERT(sim_server_count(&d.sim, "tokens_accepted") == 0);
	end();
}

/* The tokens of the client's Initial packets. */
static struct {
	unsigned with;
	unsigned without;
} tokens;

static bool
count_tokens(void *arg, const struct net_datagram *g)
{
	size_t at = TOKEN_AT;

	(void)arg;
	if (net_port(&g->from) == SIM_PORT ||
	    (g->bytes[0] & INITIAL_MASK) != INITIAL)
		return true;
	at += 1 + (size_t)g->bytes[at];
	at += 1 + (size_t)g->bytes[at];
	if (g->bytes[at] != 0)
		tokens.with++;
	else
		tokens.without++;
	return true;
}

/* RFC 9250 5.5.3: who does not resume gives no token, which would tell who he
 * is as well. */
static void
test_token(void)
{
	begin();
	d.sim.net.tap = count_tokens;
	tokens.with = tokens.without = 0;
	CU_ASSERT(!is_resumed(NULL, 0, NULL));
	PROVE("DOQ-106", tokens.with == 0 && tokens.without > 0);
	tokens.without = 0;
	CU_ASSERT(is_resumed(d.client.session, d.client.session_len, NULL));
	PROVE("DOQ-106", tokens.with > 0 && tokens.without == 0);
	CU_ASSERT(sim_server_count(&d.sim, "tokens_accepted") == 1);
	end();
}

/* A ticket with a limit to early data (RFC 9001 4.6.1). */
static void
prepare_limited(struct peer *p)
{
	static const uint8_t key[64] = {1};
	const gnutls_datum_t datum = {(uint8_t *)(uintptr_t)key, sizeof(key)};

	(void)gnutls_session_ticket_enable_server(p->session, &datum);
	if (p->options.arg != NULL)
		(void)gnutls_record_set_max_early_data_size(
		    p->session, UINT32_MAX);
}

/* Our client with a raw server of this priority. */
static void
meet(struct peer_options *o, const struct evquic_connect_options *c)
{
	struct certs_spec spec = {.cn = "raw"};
	char cert[CERTS_PATH], key[CERTS_PATH];
	struct certs_dir dir;

	certs_dir_init(&dir);
	certs_make(&dir, "raw", &spec);
	(void)certs_file(&dir, cert, "raw.crt");
	(void)certs_file(&dir, key, "raw.key");
	o->alpn = "duo";
	o->prepare = prepare_limited;
	d.sim.addr = net_addr(AF_INET, false, net_port(&d.sim.addr) + 1);
	peer_listen(&peer, &d.sim, &d.sim.addr, o, cert, key);
	CU_ASSERT_FATAL(duo_connect(&d, c) != NULL);
	duo_talk(&d);
	certs_dir_done(&dir);
}

static void
test_limited(void)
{
	struct evquic_connect_options c = {.size = sizeof(c)};
	struct peer_options o = {.early = true};

	duo_init(&d, NULL);
	c.trust = d.tls.insecure;
	meet(&o, &c);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1 && d.client.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.client.n[DUO_SESSION] == 0);
	CU_ASSERT(d.client.stats.code == NGTCP2_PROTOCOL_VIOLATION);
	CU_ASSERT(peer.heard_close &&
		  peer.close.error_code == NGTCP2_PROTOCOL_VIOLATION);
	peer_done(&peer);
	end();
}

/*
 * The server answers early data with HelloRetryRequest.  ngtcp2 asserts when it
 * gets the key a second time; GnuTLS 3.7.9 then fails by itself, after which
 * the application asks again without early data.
 */
static void
test_hello_retry(void)
{
	struct evquic_connect_options c = {.size = sizeof(c)};
	struct peer_options o = {.early = true, .arg = &o};

	duo_init(&d, NULL);
	c.trust = d.tls.insecure;
	meet(&o, &c);
	CU_ASSERT_FATAL(d.client.n[DUO_SESSION] >= 1);
	CU_ASSERT(duo_end(&d));
	peer_done(&peer);
	d.client.hook = duo_ask_at_once;
	d.client.n[DUO_OPENED] = d.client.n[DUO_CLOSED] = 0;
	o.priority = PEER_PRIORITY ":-GROUP-ALL:+GROUP-SECP521R1";
	c.session = d.client.session;
	c.session_len = d.client.session_len;
	c.early_data = true;
	meet(&o, &c);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1);
	CU_ASSERT(duo_end(&d));
	CU_ASSERT(d.client.n[DUO_CLOSED] == 1);
	peer_done(&peer);
	c.early_data = false;
	meet(&o, &c);
	CU_ASSERT(peer.handshake_done && peer.bytes_in == DUO_QUERY);
	CU_ASSERT(d.client.n[DUO_OPENED] == 2);
	peer_done(&peer);
	end();
}

void
test_quic_session_register(void)
{
	CU_pSuite s = unit_suite("quic_session");

	unit_test(s, "bytes", test_bytes);
	unit_test(s, "cut", test_cut);
	unit_test(s, "damaged", test_damaged);
	unit_test(s, "bound", test_bound);
	unit_test(s, "expired", test_expired);
	unit_test(s, "token", test_token);
	unit_test(s, "limited", test_limited);
	unit_test(s, "hello_retry", test_hello_retry);
}
