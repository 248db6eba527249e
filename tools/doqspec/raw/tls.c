/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TLS side of a raw connection: session, credentials, verification, and
 * the copies of the 1-RTT secrets that tap.c and engine.c need.
 *
 * The secret function takes the place of the one that ngtcp2's helper
 * installs and does the same work, so it must stay in step with it.
 */
#include "tools/doqspec/raw/conn.h"
#include "tools/doqspec/raw/hello.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

enum {
	ALPN_MAX = 8,
	SHA256_LEN = 32
};

/* Only AES-GCM: the tap knows no other (every TLS 1.3 server does). */
static const char default_priority[] =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:"
    "%DISABLE_TLS13_COMPAT_MODE";

static struct raw_conn *
session_conn(gnutls_session_t session)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);

	return ref->user_data;
}

static int
on_secret(gnutls_session_t session, gnutls_record_encryption_level_t level,
    const void *rx, const void *tx, size_t len)
{
	struct raw_conn *conn = session_conn(session);
	ngtcp2_encryption_level to =
	    ngtcp2_crypto_gnutls_from_gnutls_record_encryption_level(level);
	bool is_2 = raw_conn_version(conn) == NGTCP2_PROTO_VER_V2;

	if (rx != NULL && ngtcp2_crypto_derive_and_install_rx_key(
			      conn->quic, NULL, NULL, NULL, to, rx, len) != 0)
		return -1;
	if (tx != NULL && ngtcp2_crypto_derive_and_install_tx_key(
			      conn->quic, NULL, NULL, NULL, to, tx, len) != 0)
		return -1;
	if (level == GNUTLS_ENCRYPTION_LEVEL_HANDSHAKE && rx != NULL)
		/* GnuTLS does not tell its cipher yet; the length does. */
		(void)raw_keys_init_as(&conn->rx_handshake,
		    len > SHA256_LEN ? GNUTLS_CIPHER_AES_256_GCM
				     : GNUTLS_CIPHER_AES_128_GCM,
		    is_2, rx, len);
	if (level != GNUTLS_ENCRYPTION_LEVEL_APPLICATION)
		return 0;
	if (rx != NULL)
		(void)raw_keys_init(&conn->rx, session, is_2, rx, len);
	if (tx != NULL)
		(void)raw_keys_init(&conn->tx, session, is_2, tx, len);
	return 0;
}

/* Turns the offer of TLS 1.3 in a ClientHello into one of TLS 1.2. */
static void
lower_versions(uint8_t *hello, size_t len)
{
	/* extension 43, length 3, one version, 0x0304 (RFC 8446 4.2.1) */
	static const uint8_t offer[] = {0, 43, 0, 3, 2, 3, 4};

	for (size_t i = 0; i + sizeof(offer) <= len; i++)
		if (memcmp(hello + i, offer, sizeof(offer)) == 0)
			hello[i + sizeof(offer) - 1] = 3;
}

/* The message is whole before GnuTLS reads it, its ticket there afterwards. */
static void
note_ticket(
    struct raw_conn *conn, const gnutls_datum_t *message, bool has_been_read)
{
	struct raw_ticket *ticket = &conn->tickets[conn->ntickets];

	if (conn->ntickets == RAW_TICKETS_MAX)
		return;
	if (!has_been_read)
		raw_buf_add(&ticket->message, message->data, message->size);
	else if (raw_ticket_take(ticket, conn->tls, conn->quic))
		conn->ntickets++;
	else
		raw_ticket_done(ticket);
}

static int
on_message(gnutls_session_t session, unsigned type, unsigned when,
    unsigned incoming, const gnutls_datum_t *message)
{
	struct raw_conn *conn = session_conn(session);

	if (!incoming)
		return 0;
	if (type == GNUTLS_HANDSHAKE_HELLO_RETRY_REQUEST)
		conn->has_hello_retry = true;
	if (type == GNUTLS_HANDSHAKE_NEW_SESSION_TICKET)
		note_ticket(conn, message, when == GNUTLS_HOOK_POST);
	return 0;
}

static int
on_handshake_out(gnutls_session_t session,
    gnutls_record_encryption_level_t level, gnutls_handshake_description_t type,
    const void *data, size_t len)
{
	struct raw_conn *conn = session_conn(session);
	ngtcp2_encryption_level to =
	    ngtcp2_crypto_gnutls_from_gnutls_record_encryption_level(level);
	struct raw_buf copy = {0};
	int rc;

	if (type == GNUTLS_HANDSHAKE_CHANGE_CIPHER_SPEC)
		return 0;
	raw_buf_add(&copy, data, len);
	if (type == GNUTLS_HANDSHAKE_CLIENT_HELLO && conn->settings.hello_tls12)
		lower_versions(copy.data, copy.len);
	if (type == GNUTLS_HANDSHAKE_CLIENT_HELLO &&
	    conn->settings.hello != NULL &&
	    raw_hello_rewrite(&copy, conn->settings.hello) != 0) {
		raw_conn_fail(
		    conn, "the hello cannot be so: %s", conn->settings.hello);
		raw_buf_done(&copy);
		return -1;
	}
	if (type == GNUTLS_HANDSHAKE_CLIENT_HELLO && conn->hello.len == 0)
		raw_buf_add(&conn->hello, copy.data, copy.len);
	rc =
	    ngtcp2_conn_submit_crypto_data(conn->quic, to, copy.data, copy.len);
	if (rc == 0 && type == GNUTLS_HANDSHAKE_CLIENT_HELLO)
		rc = raw_early_on_hello(conn, &copy);
	raw_buf_done(&copy);
	return rc != 0 ? -1 : 0;
}

static bool
has_pin(gnutls_session_t session, const char *pin)
{
	unsigned count = 0;
	const gnutls_datum_t *raw =
	    gnutls_certificate_get_peers(session, &count);
	gnutls_x509_crt_t crt;
	gnutls_pubkey_t key;
	gnutls_datum_t spki = {NULL, 0};
	gnutls_datum_t digest = {NULL, SHA256_LEN};
	gnutls_datum_t text = {NULL, 0};
	uint8_t hash[SHA256_LEN];
	bool is_same = false;

	if (raw == NULL || count == 0 || gnutls_x509_crt_init(&crt) != 0)
		return false;
	if (gnutls_pubkey_init(&key) != 0) {
		gnutls_x509_crt_deinit(crt);
		return false;
	}
	if (gnutls_x509_crt_import(crt, raw, GNUTLS_X509_FMT_DER) == 0 &&
	    gnutls_pubkey_import_x509(key, crt, 0) == 0 &&
	    gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &spki) == 0 &&
	    gnutls_hash_fast(GNUTLS_DIG_SHA256, spki.data, spki.size, hash) ==
		0) {
		digest.data = hash;
		if (gnutls_base64_encode2(&digest, &text) == 0)
			is_same = text.size == strlen(pin) &&
				  memcmp(text.data, pin, text.size) == 0;
	}
	gnutls_free(text.data);
	gnutls_free(spki.data);
	gnutls_pubkey_deinit(key);
	gnutls_x509_crt_deinit(crt);
	return is_same;
}

static int
on_verify(gnutls_session_t session)
{
	struct raw_conn *conn = session_conn(session);
	unsigned status = 0;

	if (conn->settings.pin != NULL && !has_pin(session, conn->settings.pin))
		return GNUTLS_E_CERTIFICATE_ERROR;
	if (conn->settings.ca != NULL &&
	    (gnutls_certificate_verify_peers3(
		 session, conn->settings.verify_name, &status) != 0 ||
		status != 0))
		return GNUTLS_E_CERTIFICATE_ERROR;
	conn->is_verified = true;
	return 0;
}

static int
set_alpn(struct raw_conn *conn)
{
	gnutls_datum_t list[ALPN_MAX];
	unsigned count = 0;
	char *copy = raw_strdup(conn->settings.alpn);
	char *rest = copy;
	char *word;
	int rc = 0;

	while (count < ALPN_MAX && (word = strsep(&rest, ",")) != NULL) {
		list[count].data = (unsigned char *)word;
		list[count++].size = (unsigned)strlen(word);
	}
	if (strcmp(conn->settings.alpn, "none") != 0)
		rc = gnutls_alpn_set_protocols(conn->tls, list, count, 0);
	free(copy);
	return rc;
}

static int
set_credentials(struct raw_conn *conn)
{
	const char *ca = conn->settings.ca;

	if (gnutls_certificate_allocate_credentials(&conn->cred) != 0)
		return -EINVAL;
	if (ca != NULL && gnutls_certificate_set_x509_trust_file(
			      conn->cred, ca, GNUTLS_X509_FMT_PEM) <= 0)
		return -EINVAL;
	return gnutls_credentials_set(
	    conn->tls, GNUTLS_CRD_CERTIFICATE, conn->cred);
}

static ngtcp2_conn *
ref_conn(ngtcp2_crypto_conn_ref *ref)
{
	return ((struct raw_conn *)ref->user_data)->quic;
}

static int
use_ticket(struct raw_conn *conn)
{
	const struct raw_settings *s = &conn->settings;
	struct raw_ticket ticket;
	int rc;

	if (s->ticket == NULL)
		return 0;
	rc = raw_ticket_scan(s->ticket, &ticket);
	if (rc != 0)
		return rc;
	if (s->is_early)
		rc = raw_early_offer(conn, &ticket);
	if (rc == 0 && (s->spoil.is_flipped || s->spoil.size > 0))
		rc = raw_ticket_spoil(&ticket, &s->spoil);
	if (rc == 0)
		rc =
		    raw_ticket_use(&ticket, conn->tls, conn->quic, s->is_early);
	raw_ticket_done(&ticket);
	return rc;
}

int
raw_tls_init(struct raw_conn *conn)
{
	const struct raw_settings *s = &conn->settings;
	const char *priority = s->priority ? s->priority : default_priority;
	const unsigned share = s->one_share ? GNUTLS_KEY_SHARE_TOP : 0;

	if (gnutls_init(&conn->tls, GNUTLS_CLIENT | share) != 0 ||
	    gnutls_priority_set_direct(conn->tls, priority, NULL) != 0 ||
	    (s->params == NULL &&
		ngtcp2_crypto_gnutls_configure_client_session(conn->tls) != 0))
		goto fail;
	conn->ref.get_conn = ref_conn;
	conn->ref.user_data = conn;
	gnutls_session_set_ptr(conn->tls, &conn->ref);
	gnutls_handshake_set_secret_function(conn->tls, on_secret);
	gnutls_handshake_set_read_function(conn->tls, on_handshake_out);
	gnutls_handshake_set_hook_function(
	    conn->tls, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_BOTH, on_message);
	if (raw_extensions_add(conn) != 0)
		goto fail;
	if (set_credentials(conn) != 0 || set_alpn(conn) != 0 ||
	    use_ticket(conn) != 0)
		goto fail;
	if (s->sni != NULL && gnutls_server_name_set(conn->tls, GNUTLS_NAME_DNS,
				  s->sni, strlen(s->sni)) != 0)
		goto fail;
	if (s->ca != NULL || s->pin != NULL)
		gnutls_session_set_verify_function(conn->tls, on_verify);
	ngtcp2_conn_set_tls_native_handle(conn->quic, conn->tls);
	return 0;
fail:
	raw_conn_fail(conn, "TLS session could not be set up");
	return -EINVAL;
}

void
raw_tls_done(struct raw_conn *conn)
{
	if (conn->tls != NULL)
		gnutls_deinit(conn->tls);
	if (conn->cred != NULL)
		gnutls_certificate_free_credentials(conn->cred);
	raw_keys_done(&conn->rx_initial[0]);
	raw_keys_done(&conn->rx_initial[1]);
	raw_keys_done(&conn->rx_handshake);
	raw_keys_done(&conn->rx);
	raw_keys_done(&conn->tx);
}
