/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Early data as a client offers it, made by hand: the extension (RFC 8446
 * 4.2.10) and the early traffic secret (7.1).
 *
 * Why not GnuTLS's: it breaks off with an internal error when the server
 * answers by HelloRetryRequest, and it offers early data in the second
 * ClientHello again, which RFC 8446 forbids.  Only AES-128-GCM with SHA-256,
 * the raw client's first choice.
 */
#include "tools/doqspec/raw/conn.h"

#include <errno.h>
#include <string.h>

#include <gnutls/crypto.h>

enum {
	EXT_EARLY_DATA = 42,
	HASH_LEN = RAW_EARLY_PSK_LEN
};

static struct raw_conn *
session_conn(gnutls_session_t session)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);

	return ref->user_data;
}

static int
on_send_extension(gnutls_session_t session, gnutls_buffer_t ext)
{
	const struct raw_conn *conn = session_conn(session);

	(void)ext;
	if (conn->has_hello_retry && !conn->settings.is_stubborn)
		return 0;
	return GNUTLS_E_INT_RET_0; /* there, and empty */
}

/* In EncryptedExtensions: the server takes it. */
static int
on_receive_extension(
    gnutls_session_t session, const unsigned char *data, size_t len)
{
	(void)data;
	(void)len;
	session_conn(session)->is_early_taken = true;
	return 0;
}

int
raw_early_offer(struct raw_conn *conn, const struct raw_ticket *ticket)
{
	if (raw_ticket_psk(ticket, conn->early_psk, HASH_LEN) != 0)
		return -EINVAL;
	conn->has_early_psk = true;
	return gnutls_session_ext_register(conn->tls, "early data",
	    EXT_EARLY_DATA, GNUTLS_EXT_TLS, on_receive_extension,
	    on_send_extension, NULL, NULL, NULL,
	    GNUTLS_EXT_FLAG_OVERRIDE_INTERNAL | GNUTLS_EXT_FLAG_TLS |
		GNUTLS_EXT_FLAG_CLIENT_HELLO | GNUTLS_EXT_FLAG_EE);
}

/* Derive-Secret(Early Secret, "c e traffic", ClientHello) */
static int
derive_secret(
    const struct raw_conn *conn, const struct raw_buf *hello, uint8_t *ret)
{
	uint8_t zeros[HASH_LEN] = {0};
	uint8_t early[HASH_LEN];
	uint8_t hash[HASH_LEN];
	gnutls_datum_t psk = {
	    (uint8_t *)(uintptr_t)conn->early_psk, sizeof(conn->early_psk)};
	gnutls_datum_t salt = {zeros, sizeof(zeros)};
	struct raw_expand how = {.hash = GNUTLS_MAC_SHA256,
	    .secret = early,
	    .secret_len = sizeof(early),
	    .label = "c e traffic",
	    .context = hash,
	    .context_len = sizeof(hash)};

	if (gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &psk, &salt, early) != 0 ||
	    gnutls_hash_fast(
		GNUTLS_DIG_SHA256, hello->data, hello->len, hash) != 0)
		return -EINVAL;
	return raw_expand_label(&how, ret, HASH_LEN);
}

/* ngtcp2 takes over both handles, and frees them by its callbacks. */
static int
install(struct raw_conn *conn, const struct raw_keys *keys)
{
	ngtcp2_crypto_aead_ctx aead = {.native_handle = keys->aead};
	ngtcp2_crypto_cipher_ctx mask = {.native_handle = keys->mask};

	/* Initial packets have the same algorithms (RFC 9001 5.2). */
	ngtcp2_conn_set_0rtt_crypto_ctx(
	    conn->quic, ngtcp2_conn_get_initial_crypto_ctx(conn->quic));
	return ngtcp2_conn_install_0rtt_key(
	    conn->quic, &aead, keys->iv, sizeof(keys->iv), &mask);
}

int
raw_early_on_hello(struct raw_conn *conn, const struct raw_buf *hello)
{
	uint8_t secret[HASH_LEN];
	struct raw_keys keys;

	if (!conn->has_early_psk || conn->has_early_keys)
		return 0;
	if (derive_secret(conn, hello, secret) != 0 ||
	    raw_keys_init_as(&keys, GNUTLS_CIPHER_AES_128_GCM,
		conn->settings.version == NGTCP2_PROTO_VER_V2, secret,
		sizeof(secret)) != 0 ||
	    install(conn, &keys) != 0)
		return -EINVAL;
	conn->has_early_keys = true;
	return 0;
}
