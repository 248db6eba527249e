/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Early data and HelloRetryRequest, which together end a process that believes
 * ngtcp2 or GnuTLS: both have a state for one of them at a time.
 *
 * GnuTLS's own client gives up when its early data meets HelloRetryRequest (it
 * counts one epoch too many), so the client here does without its help: it
 * offers early data by an extension of its own, in the first ClientHello only
 * (RFC 8446 4.2.10), and has the key from GnuTLS's log of secrets.
 */
#include "tests/fake/duo.h"
#include "tests/fake/peer.h"

#include <string.h>

#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

enum {
	EXT_EARLY_DATA = 42,
	ILLEGAL_PARAMETER = 0x12f
};

#define AES PEER_PRIORITY ":-CIPHER-ALL:+AES-128-GCM:-GROUP-ALL"
#define ONE_HELLO AES ":+GROUP-X25519"
/* Sends a share of the first group only, which is none of the server's. */
#define TWO_HELLOS AES ":+GROUP-FFDHE2048:+GROUP-X25519"

static struct duo d;
static struct peer peer;

/* ------------------------------------------------------------- client -- */

static struct peer *
peer_of(gnutls_session_t session)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);

	return ref->user_data;
}

static int
send_extension(gnutls_session_t session, gnutls_buffer_t data)
{
	(void)data;
	/* The secret was logged when the first ClientHello was written. */
	return peer_of(session)->has_early_key ? 0 : GNUTLS_E_INT_RET_0;
}

static int
recv_extension(gnutls_session_t session, const unsigned char *data, size_t len)
{
	(void)data;
	(void)len;
	peer_of(session)->early_accepted = true;
	return 0;
}

/* Messages and keys that nobody wants. */
static int
swallow_message(gnutls_session_t session,
    gnutls_record_encryption_level_t level, gnutls_handshake_description_t type,
    const void *data, size_t len)
{
	(void)session;
	(void)level;
	(void)type;
	(void)data;
	(void)len;
	return 0;
}

static int
swallow_secret(gnutls_session_t session, gnutls_record_encryption_level_t level,
    const void *rx, const void *tx, size_t len)
{
	(void)session;
	(void)level;
	(void)rx;
	(void)tx;
	(void)len;
	return 0;
}

/* A session that believes in early data: ngtcp2 asks it for the cipher. */
static gnutls_session_t
make_believer(const struct peer *p)
{
	const gnutls_datum_t *data = &p->options.session->data;
	gnutls_session_t s;

	CU_ASSERT_FATAL(
	    gnutls_init(&s, GNUTLS_CLIENT | GNUTLS_ENABLE_EARLY_DATA) == 0);
	(void)gnutls_priority_set_direct(s, p->options.priority, NULL);
	(void)gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, p->cred);
	(void)gnutls_session_set_data(s, data->data, data->size);
	gnutls_handshake_set_read_function(s, swallow_message);
	gnutls_handshake_set_secret_function(s, swallow_secret);
	(void)gnutls_handshake(s);
	return s;
}

static int
on_keylog(
    gnutls_session_t session, const char *label, const gnutls_datum_t *secret)
{
	struct peer *p = peer_of(session);
	gnutls_session_t believer;
	int rc;

	if (strcmp(label, "CLIENT_EARLY_TRAFFIC_SECRET") != 0 ||
	    p->has_early_key)
		return 0;
	p->has_early_key = true;
	believer = make_believer(p);
	ngtcp2_conn_set_tls_native_handle(p->qc, believer);
	rc = ngtcp2_crypto_derive_and_install_tx_key(p->qc, NULL, NULL, NULL,
	    NGTCP2_ENCRYPTION_LEVEL_0RTT, secret->data, secret->size);
	ngtcp2_conn_set_tls_native_handle(p->qc, p->session);
	gnutls_deinit(believer);
	return rc;
}

static void
prepare(struct peer *p)
{
	CU_ASSERT_FATAL(gnutls_session_ext_register(p->session, "early",
			    EXT_EARLY_DATA, GNUTLS_EXT_TLS, recv_extension,
			    send_extension, NULL, NULL, NULL,
			    GNUTLS_EXT_FLAG_TLS | GNUTLS_EXT_FLAG_CLIENT_HELLO |
				GNUTLS_EXT_FLAG_EE |
				GNUTLS_EXT_FLAG_OVERRIDE_INTERNAL) == 0);
	gnutls_session_set_keylog_function(p->session, on_keylog);
}

/* -------------------------------------------------------------- server -- */

static void
begin(struct peer_session *session)
{
	static const struct duo_options o = {.early_data = true};
	struct peer_options p = {.alpn = "duo", .priority = ONE_HELLO};

	duo_init(&d, &o);
	d.server.echoes = true;
	peer_connect(&peer, &d.sim, &p);
	duo_talk(&d);
	CU_ASSERT_FATAL(peer.ntickets == 1);
	peer_session_take(&peer, session);
	peer_done(&peer);
}

static void
offer(const struct peer_session *session, const char *priority)
{
	struct peer_options o = {
	    .alpn = "duo",
	    .priority = priority,
	    .session = session,
	    .prepare = prepare,
	    .early = true,
	    .unhelped = true,
	};

	peer_connect(&peer, &d.sim, &o);
	CU_ASSERT(peer.has_early_key);
	duo_talk(&d);
}

static void
end(struct peer_session *session)
{
	peer_done(&peer);
	peer_session_done(session);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* The client of this file does it right: accepted where it may be. */
static void
test_one_hello(void)
{
	struct peer_session session;

	begin(&session);
	offer(&session, ONE_HELLO);
	CU_ASSERT(peer.handshake_done && !peer.gone);
	CU_ASSERT(d.server.was_early && d.server.fins == 1);
	CU_ASSERT(peer.bytes_in == PEER_EARLY);
	CU_ASSERT(sim_server_count(&d.sim, "early_accepted") == 1);
	end(&session);
}

/* It is refused, the handshake completes, and what is said then is heard. */
static void
test_two_hellos(void)
{
	struct peer_session session;

	begin(&session);
	offer(&session, TWO_HELLOS);
	CU_ASSERT(peer.handshake_done && !peer.gone);
	CU_ASSERT(gnutls_session_is_resumed(peer.session));
	PROVE("QSV-045",
	    d.server.bytes == 0 && d.server.n[DUO_STREAM_OPENED] == 0);
	CU_ASSERT(sim_server_count(&d.sim, "early_refused") == 1);
	CU_ASSERT(sim_server_count(&d.sim, "early_accepted") == 0);
	CU_ASSERT(peer_send(&peer, PEER_EARLY, true) == 0);
	duo_talk(&d);
	CU_ASSERT(d.server.fins == 1 && !d.server.was_early);
	CU_ASSERT(peer.bytes_in == PEER_EARLY);
	end(&session);
}

/* Asks for another protocol in the second ClientHello. */
static size_t
change_mind(struct peer *p, unsigned type, uint8_t *message, size_t len)
{
	unsigned *hellos = p->options.arg;
	uint8_t *name;

	if (type != GNUTLS_HANDSHAKE_CLIENT_HELLO || ++*hellos == 1)
		return len;
	name = memmem(message, len, "\3duo", 4);
	CU_ASSERT_FATAL(name != NULL);
	memcpy(name, "\3due", 4);
	return len;
}

/* RFC 8446 4.1.2: a ticket would be bound to the first one. */
static void
test_other_protocol(void)
{
	unsigned hellos = 0;
	struct peer_options o = {
	    .alpn = "duo",
	    .priority = TWO_HELLOS,
	    .rewrite = change_mind,
	    .arg = &hellos,
	};
	struct evquic_app other = duo_app;

	duo_init(&d, NULL);
	other.alpn = "due";
	d.offers[1].app = &other;
	sim_restart(&d.sim, &d.service);
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT(hellos == 2 && peer.heard_close);
	CU_ASSERT(peer.close.error_code == ILLEGAL_PARAMETER);
	peer_done(&peer);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

void
test_quic_early_hello_register(void)
{
	CU_pSuite s = unit_suite("quic_early_hello");

	unit_test(s, "one_hello", test_one_hello);
	unit_test(s, "two_hellos", test_two_hellos);
	unit_test(s, "other_protocol", test_other_protocol);
}
