/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packet protection for 1-RTT packets, one direction (RFC 9001 5 and 6).
 *
 * Uses GnuTLS primitives and nothing of ngtcp2, so that it is also a second
 * opinion on what the server put on the wire.  Keys come from the traffic
 * secret that tls.c copies when the handshake yields it.  GnuTLS has no ECB:
 * one block of CBC with a zero IV is the same.
 */
#include "tools/doqspec/raw/seal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	HP_SAMPLE_LEN = 16,
	PN_LEN = 4,
	PN_WINDOW_BITS = 8,
	FIRST_FIXED = 0x40,
	FIRST_PHASE = 0x04,
	FIRST_PN_MASK = 0x03,
	FIRST_PROTECTED_SHORT = 0x1f,
	LABEL_MAX = 64,
	KEY_MAX = 32
};

int
raw_expand_label(const struct raw_expand *how, uint8_t *out, size_t out_len)
{
	uint8_t info[LABEL_MAX + RAW_SECRET_MAX];
	size_t n = 0;
	size_t label_len = strlen(how->label);
	gnutls_datum_t secret = {
	    (uint8_t *)(uintptr_t)how->secret, (unsigned)how->secret_len};
	gnutls_datum_t datum = {info, 0};

	if (how->context_len > RAW_SECRET_MAX)
		return -EINVAL;
	info[n++] = (uint8_t)(out_len >> 8);
	info[n++] = (uint8_t)(out_len & 0xff);
	info[n++] = (uint8_t)(6 + label_len);
	memcpy(info + n, "tls13 ", 6);
	memcpy(info + n + 6, how->label, label_len);
	n += 6 + label_len;
	info[n++] = (uint8_t)how->context_len;
	if (how->context_len > 0)
		memcpy(info + n, how->context, how->context_len);
	n += how->context_len;
	datum.size = (unsigned)n;
	if (gnutls_hkdf_expand(how->hash, &secret, &datum, out, out_len) != 0)
		return -EINVAL;
	return 0;
}

/* The label is that of RFC 9001 5.1, or of RFC 9369 3.3.2, without its first
 * word. */
static int
expand_label(
    struct raw_keys *keys, const char *what, uint8_t *out, size_t out_len)
{
	char label[LABEL_MAX / 2];
	struct raw_expand how = {.hash = keys->hash,
	    .secret = keys->secret,
	    .secret_len = keys->secret_len,
	    .label = label};

	snprintf(label, sizeof(label), "%s %s",
	    keys->is_version_2 ? "quicv2" : "quic", what);
	return raw_expand_label(&how, out, out_len);
}

static size_t
key_size(const struct raw_keys *keys)
{
	return gnutls_cipher_get_key_size(keys->aead_alg);
}

static int
set_packet_key(struct raw_keys *keys)
{
	uint8_t key[KEY_MAX];
	gnutls_datum_t datum = {key, (unsigned)key_size(keys)};

	if (expand_label(keys, "key", key, datum.size) != 0 ||
	    expand_label(keys, "iv", keys->iv, RAW_IV_LEN) != 0)
		return -EINVAL;
	if (gnutls_aead_cipher_init(&keys->aead, keys->aead_alg, &datum) != 0)
		return -EINVAL;
	return 0;
}

static int
set_mask_key(struct raw_keys *keys)
{
	uint8_t key[KEY_MAX];
	uint8_t zero[RAW_MASK_LEN] = {0};
	gnutls_datum_t key_datum = {key, (unsigned)key_size(keys)};
	gnutls_datum_t iv_datum = {zero, sizeof(zero)};
	gnutls_cipher_algorithm_t alg =
	    keys->aead_alg == GNUTLS_CIPHER_AES_128_GCM
		? GNUTLS_CIPHER_AES_128_CBC
		: GNUTLS_CIPHER_AES_256_CBC;

	if (expand_label(keys, "hp", key, key_datum.size) != 0)
		return -EINVAL;
	if (gnutls_cipher_init(&keys->mask, alg, &key_datum, &iv_datum) != 0)
		return -EINVAL;
	return 0;
}

int
raw_keys_init(struct raw_keys *keys, gnutls_session_t session,
    bool is_version_2, const uint8_t *secret, size_t len)
{
	return raw_keys_init_as(
	    keys, gnutls_cipher_get(session), is_version_2, secret, len);
}

int
raw_keys_init_as(struct raw_keys *keys, gnutls_cipher_algorithm_t aead,
    bool is_version_2, const uint8_t *secret, size_t len)
{
	struct raw_keys fresh = {
	    .aead_alg = aead, .is_version_2 = is_version_2};
	int rc;

	/* RFC 8446 B.4: the hash goes with the cipher. */
	fresh.hash = aead == GNUTLS_CIPHER_AES_256_GCM ? GNUTLS_MAC_SHA384
						       : GNUTLS_MAC_SHA256;
	if (fresh.aead_alg != GNUTLS_CIPHER_AES_128_GCM &&
	    fresh.aead_alg != GNUTLS_CIPHER_AES_256_GCM)
		return -ENOTSUP;
	if (len > sizeof(fresh.secret))
		return -EINVAL;
	memcpy(fresh.secret, secret, len);
	fresh.secret_len = len;
	rc = set_packet_key(&fresh);
	if (rc == 0)
		rc = set_mask_key(&fresh);
	if (rc != 0) {
		raw_keys_done(&fresh);
		return rc;
	}
	fresh.is_ready = true;
	*keys = fresh;
	return 0;
}

void
raw_keys_done(struct raw_keys *keys)
{
	if (keys->aead != NULL)
		gnutls_aead_cipher_deinit(keys->aead);
	if (keys->mask != NULL)
		gnutls_cipher_deinit(keys->mask);
	*keys = (struct raw_keys){0};
}

int
raw_keys_update(struct raw_keys *keys)
{
	struct raw_keys next = *keys;
	uint8_t secret[RAW_SECRET_MAX];

	if (expand_label(keys, "ku", secret, keys->secret_len) != 0)
		return -EINVAL;
	memcpy(next.secret, secret, keys->secret_len);
	if (set_packet_key(&next) != 0)
		return -EINVAL;
	gnutls_aead_cipher_deinit(keys->aead);
	next.phase = !next.phase;
	*keys = next;
	return 0;
}

int
raw_keys_mask(struct raw_keys *keys, const uint8_t *sample, uint8_t *ret_mask)
{
	uint8_t zero[RAW_MASK_LEN] = {0};

	gnutls_cipher_set_iv(keys->mask, zero, sizeof(zero));
	if (gnutls_cipher_encrypt2(
		keys->mask, sample, HP_SAMPLE_LEN, ret_mask, RAW_MASK_LEN) != 0)
		return -EINVAL;
	return 0;
}

void
raw_keys_nonce(const struct raw_keys *keys, uint64_t number, uint8_t *ret_nonce)
{
	memcpy(ret_nonce, keys->iv, RAW_IV_LEN);
	for (size_t i = 0; i < 8; i++)
		ret_nonce[RAW_IV_LEN - 1 - i] ^= (uint8_t)(number >> 8 * i);
}

/* RFC 9000 A.3 */
static uint64_t
expand_number(const struct raw_keys *keys, uint64_t cut, size_t pn_len)
{
	uint64_t expected = keys->has_largest ? keys->largest + 1 : 0;
	uint64_t window = UINT64_C(1) << PN_WINDOW_BITS * pn_len;
	uint64_t half = window / 2;
	uint64_t guess = (expected & ~(window - 1)) | cut;

	if (guess + half <= expected)
		return guess + window;
	if (guess > expected + half && guess >= window)
		return guess - window;
	return guess;
}

struct opened_header {
	uint8_t bytes[1 + 255 + PN_LEN];
	size_t len;
	uint64_t number;
	bool phase;
};

static int
unmask_header(struct raw_keys *keys, const uint8_t *pkt, size_t len,
    size_t cid_len, struct opened_header *h)
{
	uint8_t mask[RAW_MASK_LEN];
	size_t pn_at = 1 + cid_len;
	size_t pn_len;
	uint64_t cut = 0;

	if (len < pn_at + PN_LEN + HP_SAMPLE_LEN || (pkt[0] & 0x80) != 0)
		return -EBADMSG;
	if (raw_keys_mask(keys, pkt + pn_at + PN_LEN, mask) != 0)
		return -EBADMSG;
	memcpy(h->bytes, pkt, pn_at + PN_LEN);
	h->bytes[0] ^= mask[0] & FIRST_PROTECTED_SHORT;
	pn_len = (size_t)(h->bytes[0] & FIRST_PN_MASK) + 1;
	for (size_t i = 0; i < pn_len; i++) {
		h->bytes[pn_at + i] ^= mask[1 + i];
		cut = cut << 8 | h->bytes[pn_at + i];
	}
	h->len = pn_at + pn_len;
	h->phase = h->bytes[0] & FIRST_PHASE;
	h->number = expand_number(keys, cut, pn_len);
	return 0;
}

static int
open_payload(struct raw_keys *keys, const struct opened_header *h,
    const uint8_t *pkt, size_t len, uint8_t *room, size_t *ret_len)
{
	uint8_t nonce[RAW_IV_LEN];
	size_t room_len = len;

	raw_keys_nonce(keys, h->number, nonce);
	if (gnutls_aead_cipher_decrypt(keys->aead, nonce, sizeof(nonce),
		h->bytes, h->len, RAW_TAG_LEN, pkt + h->len, len - h->len, room,
		&room_len) != 0)
		return -EBADMSG;
	*ret_len = room_len;
	return 0;
}

static int
open_next_phase(struct raw_keys *keys, const struct opened_header *h,
    const uint8_t *pkt, size_t len, uint8_t *room, size_t *ret_len)
{
	struct raw_keys next = *keys;
	uint8_t secret[RAW_SECRET_MAX];
	int rc;

	if (expand_label(keys, "ku", secret, keys->secret_len) != 0)
		return -EBADMSG;
	memcpy(next.secret, secret, keys->secret_len);
	if (set_packet_key(&next) != 0)
		return -EBADMSG;
	rc = open_payload(&next, h, pkt, len, room, ret_len);
	gnutls_aead_cipher_deinit(next.aead);
	if (rc == 0)
		rc = raw_keys_update(keys);
	return rc;
}

static void
note_largest(struct raw_keys *keys, uint64_t number)
{
	if (!keys->has_largest || number > keys->largest)
		keys->largest = number;
	keys->has_largest = true;
}

int
raw_packet_open(struct raw_keys *keys, const uint8_t *pkt, size_t len,
    size_t cid_len, uint8_t *room, struct raw_packet *ret_packet)
{
	struct opened_header h;
	size_t payload_len = 0;
	int rc = unmask_header(keys, pkt, len, cid_len, &h);

	if (rc != 0)
		return rc;
	if (h.phase == keys->phase)
		rc = open_payload(keys, &h, pkt, len, room, &payload_len);
	else
		rc = open_next_phase(keys, &h, pkt, len, room, &payload_len);
	if (rc != 0)
		return rc;
	note_largest(keys, h.number);
	*ret_packet = (struct raw_packet){
	    .number = h.number, .payload = room, .len = payload_len};
	return 0;
}

int
raw_packet_seal(struct raw_keys *keys, const struct raw_seal *how,
    const struct raw_buf *payload, struct raw_buf *out)
{
	uint8_t nonce[RAW_IV_LEN];
	uint8_t mask[RAW_MASK_LEN];
	size_t start = out->len;
	size_t head_len = 1 + how->dcid_len + PN_LEN;
	size_t sealed_len = payload->len + RAW_TAG_LEN;
	uint8_t *p;

	raw_buf_u8(out, (how->clear_fixed ? 0u : FIRST_FIXED) | how->first |
			    (keys->phase ? FIRST_PHASE : 0u) | (PN_LEN - 1));
	raw_buf_add(out, how->dcid, how->dcid_len);
	raw_buf_u32(out, (uint32_t)how->number);
	raw_buf_fill(out, 0, sealed_len);
	p = out->data + start;
	raw_keys_nonce(keys, how->number, nonce);
	if (gnutls_aead_cipher_encrypt(keys->aead, nonce, sizeof(nonce), p,
		head_len, RAW_TAG_LEN, payload->data, payload->len,
		p + head_len, &sealed_len) != 0)
		return -EINVAL;
	if (raw_keys_mask(keys, p + head_len, mask) != 0)
		return -EINVAL;
	p[0] ^= mask[0] & FIRST_PROTECTED_SHORT;
	for (size_t i = 0; i < PN_LEN; i++)
		p[1 + how->dcid_len + i] ^= mask[1 + i];
	if (how->break_tag)
		out->data[out->len - 1] ^= 0xff;
	note_largest(keys, how->number);
	return 0;
}
