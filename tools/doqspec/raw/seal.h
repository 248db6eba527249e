/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_SEAL_H
#define RAW_SEAL_H

#include "tools/doqspec/raw/bytes.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

/*
 * Packet protection of 1-RTT packets (RFC 9001 5), for one direction, on
 * GnuTLS alone: opens what arrives beside ngtcp2, and seals packets that
 * ngtcp2 would never write.  AES-128-GCM and AES-256-GCM.
 */

enum {
	RAW_IV_LEN = 12,
	RAW_TAG_LEN = 16,
	RAW_MASK_LEN = 16,
	RAW_SECRET_MAX = 64,
	RAW_SCID_LEN = 8, /* the raw client's own connection IDs */
	RAW_PACKET_MAX = 65536
};

struct raw_keys {
	bool is_ready;
	bool is_version_2; /* RFC 9369 3.3.1: other labels */
	gnutls_cipher_algorithm_t aead_alg;
	gnutls_mac_algorithm_t hash;
	gnutls_aead_cipher_hd_t aead;
	gnutls_cipher_hd_t mask; /* header protection, lives over key updates */
	uint8_t iv[RAW_IV_LEN];
	uint8_t secret[RAW_SECRET_MAX];
	size_t secret_len;
	bool phase;
	uint64_t largest; /* largest packet number opened or sealed */
	bool has_largest;
};

struct raw_packet {
	uint64_t number;
	const uint8_t *payload; /* in the caller's buffer */
	size_t len;
};

/*
 * Derives key, IV and header key from a traffic secret of the session's
 * cipher.  -ENOTSUP when the cipher is not AES-GCM, -EINVAL on any other
 * refusal by GnuTLS.
 */
int raw_keys_init(struct raw_keys *keys, gnutls_session_t session,
    bool is_version_2, const uint8_t *secret, size_t len);
/* The same for a cipher that is known otherwise. */
int raw_keys_init_as(struct raw_keys *keys, gnutls_cipher_algorithm_t aead,
    bool is_version_2, const uint8_t *secret, size_t len);
void raw_keys_done(struct raw_keys *keys);

/* HKDF-Expand-Label (RFC 8446 7.1); -EINVAL. */
struct raw_expand {
	gnutls_mac_algorithm_t hash;
	const uint8_t *secret;
	size_t secret_len;
	const char *label;
	const uint8_t *context; /* at most RAW_SECRET_MAX octets */
	size_t context_len;
};
int raw_expand_label(
    const struct raw_expand *how, uint8_t *out, size_t out_len);

/* The next generation of keys (RFC 9001 6); header protection stays. */
int raw_keys_update(struct raw_keys *keys);

/* The nonce of a packet (RFC 9001 5.3); the mask of its header, from a sample
 * (5.4), or -EINVAL. */
void raw_keys_nonce(
    const struct raw_keys *keys, uint64_t number, uint8_t *ret_nonce);
int raw_keys_mask(
    struct raw_keys *keys, const uint8_t *sample, uint8_t *ret_mask);

/*
 * Opens one short-header packet of pkt[0..len) whose connection ID has
 * cid_len octets.  Follows one key update by trial.  `room` takes the
 * payload and must hold len octets.  -EBADMSG when it does not open.
 */
int raw_packet_open(struct raw_keys *keys, const uint8_t *pkt, size_t len,
    size_t cid_len, uint8_t *room, struct raw_packet *ret_packet);

/*
 * Appends a sealed short-header packet with a 4-octet packet number, so that
 * even an empty payload (a packet without frames) leaves a full sample.
 * `first` is or-ed into the first octet: the reserved bits.  -EINVAL when
 * GnuTLS refuses.
 */
struct raw_seal {
	const uint8_t *dcid;
	size_t dcid_len;
	uint64_t number;
	uint8_t first;
	bool clear_fixed;
	bool break_tag;
};
int raw_packet_seal(struct raw_keys *keys, const struct raw_seal *how,
    const struct raw_buf *payload, struct raw_buf *out);

#endif
