/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See initial.h.
 */
#include "tests/fake/initial.h"

#include <assert.h>
#include <gnutls/crypto.h>
#include <string.h>

enum {
	LONG_INITIAL = 0xc0,
	TYPE_BITS = 0xf0,
	HASH_LEN = 32,
	KEY_LEN = 16,
	IV_LEN = 12,
	TAG_LEN = 16,
	SAMPLE_AT = 4, /* behind the packet number */
	LABEL_MAX = 64,
	PACKET_MAX = 1500
};

enum {
	FRAME_PADDING = 0x00,
	FRAME_PING = 0x01,
	FRAME_ACK = 0x02,
	FRAME_CRYPTO = 0x06
};

static const uint8_t initial_salt[] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34,
    0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f,
    0x0a};
static uint8_t retry_key[] = {0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a,
    0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68, 0xc8, 0x4e};
static const uint8_t retry_nonce[] = {
    0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb};

struct keys {
	uint8_t key[KEY_LEN];
	uint8_t iv[IV_LEN];
	uint8_t hp[KEY_LEN];
};

static gnutls_datum_t
datum(const void *data, size_t len)
{
	return (gnutls_datum_t){
	    (unsigned char *)(uintptr_t)data, (unsigned)len};
}

/* HKDF-Expand-Label (RFC 8446 7.1) without context. */
static void
expand(
    const uint8_t secret[HASH_LEN], const char *label, uint8_t *out, size_t len)
{
	uint8_t info[LABEL_MAX];
	size_t n = strlen(label);
	gnutls_datum_t key = datum(secret, HASH_LEN), d;
	int rc;

	info[0] = 0;
	info[1] = (uint8_t)len;
	info[2] = (uint8_t)(n + 6);
	memcpy(info + 3, "tls13 ", 6);
	memcpy(info + 9, label, n);
	info[9 + n] = 0;
	d = datum(info, n + 10);
	rc = gnutls_hkdf_expand(GNUTLS_MAC_SHA256, &key, &d, out, len);
	assert(rc == 0);
	(void)rc;
}

/* Of what a client sends (RFC 9001 5.2). */
static void
derive(const ngtcp2_cid *cid, struct keys *ret)
{
	gnutls_datum_t salt = datum(initial_salt, sizeof(initial_salt));
	gnutls_datum_t key = datum(cid->data, cid->datalen);
	uint8_t initial[HASH_LEN], client[HASH_LEN];
	int rc = gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &key, &salt, initial);

	assert(rc == 0);
	(void)rc;
	expand(initial, "client in", client, sizeof(client));
	expand(client, "quic key", ret->key, sizeof(ret->key));
	expand(client, "quic iv", ret->iv, sizeof(ret->iv));
	expand(client, "quic hp", ret->hp, sizeof(ret->hp));
}

/* One block of AES: the first of CBC with a vector of zeros. */
static void
mask_of(const uint8_t key[KEY_LEN], uint8_t block[KEY_LEN])
{
	static const uint8_t zeros[KEY_LEN];
	gnutls_datum_t k = datum(key, KEY_LEN), iv = datum(zeros, KEY_LEN);
	gnutls_cipher_hd_t h;
	int rc = gnutls_cipher_init(&h, GNUTLS_CIPHER_AES_128_CBC, &k, &iv);

	assert(rc == 0);
	(void)rc;
	(void)gnutls_cipher_encrypt(h, block, KEY_LEN);
	gnutls_cipher_deinit(h);
}

static uint64_t
get_varint(const uint8_t **p, const uint8_t *end)
{
	size_t n = *p < end ? (size_t)1 << (**p >> 6) : 0;
	uint64_t v;

	if (n == 0 || n > (size_t)(end - *p)) {
		*p = end;
		return 0;
	}
	v = *(*p)++ & 0x3f;
	while (--n > 0)
		v = v << 8 | *(*p)++;
	return v;
}

static void
take_crypto(struct initial *i, const uint8_t **p, const uint8_t *end)
{
	uint64_t at = get_varint(p, end), n = get_varint(p, end);

	assert(n <= (size_t)(end - *p) && at + n <= sizeof(i->hello));
	memcpy(i->hello + at, *p, n);
	*p += n;
	if (at + n > i->hellolen)
		i->hellolen = at + n;
}

/* What an Initial packet of an honest client holds. */
static bool
take_frames(struct initial *i, const uint8_t *p, const uint8_t *end)
{
	while (p < end) {
		switch (*p++) {
		case FRAME_PADDING:
		case FRAME_PING:
			break;
		case FRAME_CRYPTO:
			take_crypto(i, &p, end);
			break;
		case FRAME_ACK:
			return true; /* nothing of the hello comes after it */
		default:
			return false;
		}
	}
	return true;
}

bool
initial_open(
    struct initial *i, const ngtcp2_cid *key, const uint8_t *bytes, size_t len)
{
	uint8_t packet[PACKET_MAX], mask[KEY_LEN], nonce[IV_LEN],
	    plain[PACKET_MAX];
	ngtcp2_pkt_hd hd;
	ngtcp2_ssize at = ngtcp2_pkt_decode_hd_long(&hd, bytes, len);
	size_t nlen, plainlen = sizeof(plain);
	gnutls_aead_cipher_hd_t h;
	gnutls_datum_t k;
	struct keys keys;
	int rc;

	if (at < 0 || (bytes[0] & TYPE_BITS) != LONG_INITIAL ||
	    len > sizeof(packet) || hd.tokenlen > sizeof(i->token))
		return false;
	derive(key, &keys);
	memcpy(packet, bytes, len);
	memcpy(mask, bytes + at + SAMPLE_AT, sizeof(mask));
	mask_of(keys.hp, mask);
	packet[0] ^= mask[0] & 0x0f;
	nlen = (size_t)(packet[0] & 3) + 1;
	memcpy(nonce, keys.iv, sizeof(nonce));
	i->number = 0;
	for (size_t n = 0; n < nlen; n++) {
		packet[(size_t)at + n] ^= mask[1 + n];
		nonce[IV_LEN - nlen + n] ^= packet[(size_t)at + n];
		i->number = i->number << 8 | packet[(size_t)at + n];
	}
	k = datum(keys.key, KEY_LEN);
	rc = gnutls_aead_cipher_init(&h, GNUTLS_CIPHER_AES_128_GCM, &k);
	assert(rc == 0);
	rc = gnutls_aead_cipher_decrypt(h, nonce, sizeof(nonce), packet,
	    (size_t)at + nlen, TAG_LEN, packet + at + nlen, hd.len - nlen,
	    plain, &plainlen);
	gnutls_aead_cipher_deinit(h);
	if (rc != 0)
		return false;
	i->dcid = hd.dcid;
	i->scid = hd.scid;
	i->tokenlen = hd.tokenlen;
	if (hd.tokenlen > 0)
		memcpy(i->token, hd.token, hd.tokenlen);
	return take_frames(i, plain, plain + plainlen);
}

static size_t
put_cid(uint8_t *p, const ngtcp2_cid *cid)
{
	p[0] = (uint8_t)cid->datalen;
	memcpy(p + 1, cid->data, cid->datalen);
	return 1 + cid->datalen;
}

/* The tag covers the ID that the client chose, too (RFC 9001 5.8). */
size_t
initial_retry(const struct initial *to, const ngtcp2_cid *scid,
    const uint8_t *token, size_t tokenlen, uint8_t ret[INITIAL_RETRY])
{
	uint8_t pseudo[INITIAL_RETRY];
	size_t before = put_cid(pseudo, &to->dcid), at = before, taglen;
	gnutls_datum_t k = datum(retry_key, sizeof(retry_key));
	gnutls_aead_cipher_hd_t h;
	int rc;

	memcpy(pseudo + at, "\xf0\0\0\0\1", 5);
	at += 5;
	at += put_cid(pseudo + at, &to->scid);
	at += put_cid(pseudo + at, scid);
	assert(at + tokenlen + TAG_LEN <= sizeof(pseudo));
	memcpy(pseudo + at, token, tokenlen);
	at += tokenlen;
	memcpy(ret, pseudo + before, at - before);
	rc = gnutls_aead_cipher_init(&h, GNUTLS_CIPHER_AES_128_GCM, &k);
	assert(rc == 0);
	taglen = TAG_LEN;
	rc = gnutls_aead_cipher_encrypt(h, retry_nonce, sizeof(retry_nonce),
	    pseudo, at, TAG_LEN, "", 0, ret + at - before, &taglen);
	assert(rc == 0 && taglen == TAG_LEN);
	(void)rc;
	gnutls_aead_cipher_deinit(h);
	return at - before + TAG_LEN;
}
