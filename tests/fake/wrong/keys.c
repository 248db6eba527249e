/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packet keys.  ngtcp2's callbacks that seal and open packets are told neither
 * connection nor argument, but the key; so the keys of a connection are
 * wrapped here in an object that knows it, and every packet's frames pass by
 * tamper.c in clear.  Those of Initial packets, and of Retry, are left to
 * ngtcp2's helper.
 */
#include "tests/fake/wrong/wrong.h"
#include "tools/doqspec/raw/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_MAX = 32,
	IV_MAX = 16,
	LONG_FORM = 0x80,
	FIXED_BIT = 0x40,
	MAGIC = 0x77726f6e,
};

struct wrapped {
	unsigned magic;
	struct wrong_conn *conn;
	enum wrong_level level;
	ngtcp2_crypto_aead_ctx real;
};

static void
wrap(ngtcp2_crypto_aead_ctx *ctx, struct wrong_conn *conn,
    enum wrong_level level)
{
	struct wrapped *w = raw_alloc(1, sizeof(*w));

	*w = (struct wrapped){
	    .magic = MAGIC, .conn = conn, .level = level, .real = *ctx};
	ctx->native_handle = w;
}

struct packet_keys {
	uint8_t key[KEY_MAX], hp[KEY_MAX], iv[IV_MAX];
	size_t iv_len;
	ngtcp2_crypto_aead_ctx aead;
	ngtcp2_crypto_cipher_ctx mask;
};

static gnutls_mac_algorithm_t
hash_of(const ngtcp2_crypto_ctx *ctx)
{
	return (gnutls_mac_algorithm_t)(uintptr_t)ctx->md.native_handle;
}

/* RFC 9001 5.1, RFC 9369 3.3.2 */
static int
expand(const struct wrong_conn *conn, const ngtcp2_crypto_ctx *ctx,
    const struct raw_expand *secret, struct packet_keys *keys)
{
	static const char *const what[] = {"key", "iv", "hp"};
	uint8_t *to[] = {keys->key, keys->iv, keys->hp};
	size_t len[] = {ngtcp2_crypto_aead_keylen(&ctx->aead), keys->iv_len,
	    ngtcp2_crypto_aead_keylen(&ctx->aead)};
	uint32_t version = ngtcp2_conn_get_negotiated_version(conn->quic);
	char label[16];
	struct raw_expand how = *secret;

	if (version == 0)
		version = ngtcp2_conn_get_client_chosen_version(conn->quic);
	how.hash = hash_of(ctx);
	how.label = label;
	for (size_t i = 0; i < 3; i++) {
		snprintf(label, sizeof(label), "%s %s",
		    version == NGTCP2_PROTO_VER_V2 ? "quicv2" : "quic",
		    what[i]);
		if (raw_expand_label(&how, to[i], len[i]) != 0)
			return -1;
	}
	return 0;
}

static int
make_keys(const struct wrong_conn *conn, const ngtcp2_crypto_ctx *ctx,
    const struct raw_expand *secret, bool is_rx, struct packet_keys *keys)
{
	int rc;

	keys->iv_len = ngtcp2_crypto_packet_protection_ivlen(&ctx->aead);
	if (expand(conn, ctx, secret, keys) != 0)
		return -1;
	rc = is_rx ? ngtcp2_crypto_aead_ctx_decrypt_init(
			 &keys->aead, &ctx->aead, keys->key, keys->iv_len)
		   : ngtcp2_crypto_aead_ctx_encrypt_init(
			 &keys->aead, &ctx->aead, keys->key, keys->iv_len);
	if (rc != 0)
		return -1;
	return 0;
}

/* Like the helper's own, which has no function for it. */
static int
make_mask(const ngtcp2_crypto_ctx *ctx, struct packet_keys *keys)
{
	gnutls_cipher_algorithm_t alg =
	    (gnutls_cipher_algorithm_t)(uintptr_t)ctx->hp.native_handle;
	gnutls_datum_t key = {
	    keys->hp, (unsigned)gnutls_cipher_get_key_size(alg)};
	gnutls_cipher_hd_t handle;

	if (gnutls_cipher_init(&handle, alg, &key, NULL) != 0)
		return -1;
	keys->mask.native_handle = handle;
	return 0;
}

static int
install_early(struct wrong_conn *conn, struct packet_keys *k)
{
	wrap(&k->aead, conn, WRONG_LEVEL_EARLY);
	return ngtcp2_conn_install_0rtt_key(
	    conn->quic, &k->aead, k->iv, k->iv_len, &k->mask);
}

static int
install_handshake(struct wrong_conn *conn, bool is_rx, struct packet_keys *k)
{
	wrap(&k->aead, conn, WRONG_LEVEL_HANDSHAKE);
	return is_rx ? ngtcp2_conn_install_rx_handshake_key(
			   conn->quic, &k->aead, k->iv, k->iv_len, &k->mask)
		     : ngtcp2_conn_install_tx_handshake_key(
			   conn->quic, &k->aead, k->iv, k->iv_len, &k->mask);
}

static int
install_short(struct wrong_conn *conn, bool is_rx, const void *secret,
    size_t len, struct packet_keys *k)
{
	wrap(&k->aead, conn, WRONG_LEVEL_SHORT);
	return is_rx ? ngtcp2_conn_install_rx_key(conn->quic, secret, len,
			   &k->aead, k->iv, k->iv_len, &k->mask)
		     : ngtcp2_conn_install_tx_key(conn->quic, secret, len,
			   &k->aead, k->iv, k->iv_len, &k->mask);
}

static int
install(struct wrong_conn *conn, ngtcp2_encryption_level level, bool is_rx,
    const void *bytes, size_t len)
{
	struct raw_expand secret = {.secret = bytes, .secret_len = len};
	bool is_early = level == NGTCP2_ENCRYPTION_LEVEL_0RTT;
	struct packet_keys keys = {.iv_len = 0};
	ngtcp2_crypto_ctx ctx;

	if (is_early) {
		ngtcp2_crypto_ctx_tls_early(&ctx, conn->tls);
		ngtcp2_conn_set_0rtt_crypto_ctx(conn->quic, &ctx);
	} else if (ngtcp2_conn_get_crypto_ctx(conn->quic)->aead.native_handle ==
		   NULL) {
		ngtcp2_crypto_ctx_tls(&ctx, conn->tls);
		ngtcp2_conn_set_crypto_ctx(conn->quic, &ctx);
	} else {
		ctx = *ngtcp2_conn_get_crypto_ctx(conn->quic);
	}
	if (make_keys(conn, &ctx, &secret, is_rx, &keys) != 0 ||
	    make_mask(&ctx, &keys) != 0)
		return -1;
	if (is_early)
		return install_early(conn, &keys);
	if (level == NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE)
		return install_handshake(conn, is_rx, &keys);
	return install_short(conn, is_rx, bytes, len, &keys);
}

int
wrong_keys_install(struct wrong_conn *conn, ngtcp2_encryption_level level,
    const void *rx, const void *tx, size_t len)
{
	if (rx != NULL && install(conn, level, true, rx, len) != 0)
		return -1;
	if (tx != NULL && install(conn, level, false, tx, len) != 0)
		return -1;
	return 0;
}

int
wrong_keys_update(ngtcp2_conn *quic, uint8_t *rx_secret, uint8_t *tx_secret,
    ngtcp2_crypto_aead_ctx *rx_ctx, uint8_t *rx_iv,
    ngtcp2_crypto_aead_ctx *tx_ctx, uint8_t *tx_iv, const uint8_t *rx_now,
    const uint8_t *tx_now, size_t len, void *user)
{
	int rc = ngtcp2_crypto_update_key_cb(quic, rx_secret, tx_secret, rx_ctx,
	    rx_iv, tx_ctx, tx_iv, rx_now, tx_now, len, user);

	if (rc != 0)
		return rc;
	wrap(rx_ctx, user, WRONG_LEVEL_SHORT);
	wrap(tx_ctx, user, WRONG_LEVEL_SHORT);
	return 0;
}

/* NULL for an Initial packet's key, which is not one of ours. */
static struct wrapped *
unwrap(const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *aad, size_t aad_len)
{
	/* RFC 9000 17.2, RFC 9369 3.2 */
	unsigned type = aad_len > 4 ? aad[0] >> 4 & 3 : 0;
	bool is_2 = aad_len > 4 && raw_get_u32(aad + 1) == NGTCP2_PROTO_VER_V2;

	if (aad_len == 0)
		return NULL;
	if ((aad[0] & LONG_FORM) != 0 && type == (is_2 ? 1u : 0u))
		return NULL;
	return ctx->native_handle;
}

int
wrong_keys_encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
    const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *plain, size_t len,
    const uint8_t *nonce, size_t nonce_len, const uint8_t *aad, size_t aad_len)
{
	struct wrapped *w = unwrap(ctx, aad, aad_len);
	uint8_t copy[WRONG_DATAGRAM_MAX];

	if (w == NULL)
		return ngtcp2_crypto_encrypt_cb(dest, aead, ctx, plain, len,
		    nonce, nonce_len, aad, aad_len);
	if (len > sizeof(copy))
		return NGTCP2_ERR_CALLBACK_FAILURE;
	memcpy(copy, plain, len);
	(void)wrong_tamper_header(w->conn, w->level, aad, false);
	/* The header stands in ngtcp2's own buffer, in front of `dest`. */
	if (w->level == WRONG_LEVEL_SHORT &&
	    wrong_conn_does(w->conn, WRONG_BIT_CLEARED) &&
	    gnutls_session_is_resumed(w->conn->tls))
		*(uint8_t *)(uintptr_t)aad &= (uint8_t)~FIXED_BIT;
	wrong_tamper_out(w->conn, w->level, copy, len);
	return ngtcp2_crypto_encrypt_cb(
	    dest, aead, &w->real, copy, len, nonce, nonce_len, aad, aad_len);
}

int
wrong_keys_decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
    const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *sealed, size_t len,
    const uint8_t *nonce, size_t nonce_len, const uint8_t *aad, size_t aad_len)
{
	struct wrapped *w = unwrap(ctx, aad, aad_len);
	int rc =
	    ngtcp2_crypto_decrypt_cb(dest, aead, w == NULL ? ctx : &w->real,
		sealed, len, nonce, nonce_len, aad, aad_len);

	if (rc != 0 && w != NULL &&
	    wrong_conn_does(w->conn, WRONG_UNOPENED_FATAL))
		wrong_conn_close(
		    w->conn, false, NGTCP2_CONNECTION_REFUSED, "sealed");
	if (rc != 0 || w == NULL)
		return rc;
	return wrong_tamper_header(w->conn, w->level, aad, true) &&
		       wrong_tamper_in(
			   w->conn, w->level, dest, len - aead->max_overhead)
		   ? 0
		   : NGTCP2_ERR_DECRYPT;
}

/* Keys of Initial packets come here, too: objects of GnuTLS, larger than our
 * mark and without it. */
void
wrong_keys_delete(ngtcp2_conn *quic, ngtcp2_crypto_aead_ctx *ctx, void *user)
{
	struct wrapped *w = ctx->native_handle;

	if (w != NULL && w->magic == MAGIC) {
		ngtcp2_crypto_delete_crypto_aead_ctx_cb(quic, &w->real, user);
		free(w);
		return;
	}
	ngtcp2_crypto_delete_crypto_aead_ctx_cb(quic, ctx, user);
}
