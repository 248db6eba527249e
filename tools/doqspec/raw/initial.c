/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long headers, Initial protection and Retry's tag on GnuTLS alone.  Only form
 * is read here; what a server may send is judged elsewhere.
 */
#include "tools/doqspec/raw/initial.h"

#include <errno.h>
#include <string.h>

enum {
	LONG_FORM = 0x80,
	FIRST_LONG_MASK = 0x0f,
	FIRST_PN_MASK = 0x03,
	TYPE_SHIFT = 4,
	TYPE_MASK = 0x03,
	TYPES = 4,
	CIDS_AT = 5,
	SECRET_LEN = 32,
	HEADER_MAX = 2048,
	PN_LEN = 4,
	SAMPLE_LEN = 16
};

#define VERSION_1 0x00000001u
#define VERSION_2 0x6b3343cfu

/* RFC 9001 5.2 and 5.8; RFC 9369 3.3.1 and 3.3.3 */
static const struct version_secrets {
	uint8_t salt[20];
	uint8_t retry_key[16];
	uint8_t retry_nonce[12];
} secrets_1 = {{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
		   0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
    {0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a, 0x1d, 0x76, 0x6b, 0x54,
	0xe3, 0x68, 0xc8, 0x4e},
    {0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb}},
  secrets_2 = {{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
		   0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
      {0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2, 0x60, 0xfb, 0xcb, 0xce,
	  0xad, 0x7c, 0xcc, 0x92},
      {0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c, 0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a}};

static const struct version_secrets *
find_secrets(uint32_t version)
{
	return version == VERSION_2 ? &secrets_2 : &secrets_1;
}

unsigned
raw_long_bits(enum raw_long_type type, uint32_t version)
{
	unsigned bits = type;

	if (version == VERSION_2)
		bits = (bits + 1) % TYPES;
	return bits << TYPE_SHIFT;
}

static enum raw_long_type
find_type(unsigned first, uint32_t version)
{
	unsigned bits = first >> TYPE_SHIFT & TYPE_MASK;

	if (version == VERSION_2)
		bits = (bits + TYPES - 1) % TYPES;
	return (enum raw_long_type)bits;
}

/* A vector with one octet of length. */
static int
read_cid(const uint8_t *p, size_t len, size_t *at, const uint8_t **ret,
    size_t *ret_len)
{
	if (*at >= len || p[*at] > len - *at - 1)
		return -EBADMSG;
	*ret_len = p[*at];
	*ret = p + *at + 1;
	*at += 1 + *ret_len;
	return 0;
}

/* Token and Length (RFC 9000 17.2.2); a Retry's token ends with the packet. */
static int
read_rest(const uint8_t *p, size_t len, size_t at, struct raw_long *h)
{
	uint64_t value = 0;
	size_t used;

	h->size = len;
	if (h->type == RAW_LONG_RETRY) {
		if (len - at < RAW_TAG_LEN)
			return -EBADMSG;
		h->token = p + at;
		h->token_len = len - at - RAW_TAG_LEN;
		return 0;
	}
	if (h->type == RAW_LONG_INITIAL) {
		used = raw_get_varint(p + at, len - at, &value);
		if (used == 0 || value > len - at - used)
			return -EBADMSG;
		h->token = p + at + used;
		h->token_len = (size_t)value;
		at += used + (size_t)value;
	}
	used = raw_get_varint(p + at, len - at, &value);
	if (used == 0 || value > len - at - used)
		return -EBADMSG;
	h->number_at = at + used;
	h->size = at + used + (size_t)value;
	return 0;
}

int
raw_long_read(const uint8_t *p, size_t len, struct raw_long *ret_header)
{
	struct raw_long h = {.type = RAW_LONG_NONE};
	size_t at = CIDS_AT;

	if (len < CIDS_AT || (p[0] & LONG_FORM) == 0)
		return -EBADMSG;
	h.version = raw_get_u32(p + 1);
	if (read_cid(p, len, &at, &h.dcid, &h.dcid_len) != 0 ||
	    read_cid(p, len, &at, &h.scid, &h.scid_len) != 0)
		return -EBADMSG;
	h.size = len;
	h.number_at = at;
	if (h.version == 0) {
		h.type = RAW_LONG_VERSIONS;
	} else if (h.version != VERSION_1 && h.version != VERSION_2) {
		h.type = RAW_LONG_INITIAL;
	} else {
		h.type = find_type(p[0], h.version);
		if (read_rest(p, len, at, &h) != 0)
			return -EBADMSG;
	}
	*ret_header = h;
	return 0;
}

int
raw_initial_keys(struct raw_keys *keys, uint32_t version,
    const struct raw_buf *dcid, bool is_client)
{
	uint8_t common[SECRET_LEN];
	uint8_t secret[SECRET_LEN];
	gnutls_datum_t cid = {dcid->data, (unsigned)dcid->len};
	gnutls_datum_t salt = {
	    (uint8_t *)(uintptr_t)find_secrets(version)->salt,
	    sizeof(secrets_1.salt)};
	struct raw_expand how = {.hash = GNUTLS_MAC_SHA256,
	    .secret = common,
	    .secret_len = sizeof(common),
	    .label = is_client ? "client in" : "server in"};

	if (gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &cid, &salt, common) != 0 ||
	    raw_expand_label(&how, secret, sizeof(secret)) != 0)
		return -EINVAL;
	return raw_keys_init_as(keys, GNUTLS_CIPHER_AES_128_GCM,
	    version == VERSION_2, secret, sizeof(secret));
}

int
raw_initial_seal(struct raw_keys *keys, struct raw_buf *out, size_t start,
    size_t header_len, uint64_t number)
{
	uint8_t nonce[RAW_IV_LEN];
	uint8_t mask[RAW_MASK_LEN];
	size_t payload_len = out->len - start - header_len;
	size_t sealed_len = payload_len + RAW_TAG_LEN;
	struct raw_buf plain = {0};
	uint8_t *p;
	int rc;

	raw_buf_add(&plain, out->data + start + header_len, payload_len);
	raw_buf_fill(out, 0, RAW_TAG_LEN);
	p = out->data + start;
	raw_keys_nonce(keys, number, nonce);
	rc = gnutls_aead_cipher_encrypt(keys->aead, nonce, sizeof(nonce), p,
	    header_len, RAW_TAG_LEN, plain.data, plain.len, p + header_len,
	    &sealed_len);
	raw_buf_done(&plain);
	/* A packet too small for a sample is no packet that could be opened:
	 * its header stays as it is. */
	if (rc != 0 || sealed_len < SAMPLE_LEN ||
	    raw_keys_mask(keys, p + header_len, mask) != 0)
		return -EINVAL;
	p[0] ^= mask[0] & FIRST_LONG_MASK;
	for (size_t i = 0; i < PN_LEN; i++)
		p[header_len - PN_LEN + i] ^= mask[1 + i];
	return 0;
}

int
raw_initial_open(struct raw_keys *keys, const uint8_t *p,
    const struct raw_long *header, uint8_t *room, struct raw_packet *ret)
{
	uint8_t head[HEADER_MAX];
	uint8_t nonce[RAW_IV_LEN];
	uint8_t mask[RAW_MASK_LEN];
	size_t at = header->number_at;
	size_t room_len = header->size;
	size_t pn_len;
	uint64_t number = 0;

	if (at + PN_LEN > sizeof(head) ||
	    header->size < at + PN_LEN + SAMPLE_LEN ||
	    raw_keys_mask(keys, p + at + PN_LEN, mask) != 0)
		return -EBADMSG;
	memcpy(head, p, at + PN_LEN);
	head[0] ^= mask[0] & FIRST_LONG_MASK;
	pn_len = (size_t)(head[0] & FIRST_PN_MASK) + 1;
	for (size_t i = 0; i < pn_len; i++) {
		head[at + i] ^= mask[1 + i];
		number = number << 8 | head[at + i];
	}
	/* The first few of a connection: never cut short by so much that they
	 * would have to be expanded. */
	raw_keys_nonce(keys, number, nonce);
	if (gnutls_aead_cipher_decrypt(keys->aead, nonce, sizeof(nonce), head,
		at + pn_len, RAW_TAG_LEN, p + at + pn_len,
		header->size - at - pn_len, room, &room_len) != 0)
		return -EBADMSG;
	*ret = (struct raw_packet){
	    .number = number, .payload = room, .len = room_len};
	return 0;
}

bool
raw_retry_is_right(const uint8_t *p, const struct raw_long *header,
    const struct raw_buf *odcid)
{
	const struct version_secrets *s = find_secrets(header->version);
	gnutls_datum_t key = {
	    (uint8_t *)(uintptr_t)s->retry_key, sizeof(s->retry_key)};
	gnutls_aead_cipher_hd_t aead;
	struct raw_buf pseudo = {0};
	uint8_t none[1];
	size_t none_len = sizeof(none);
	bool is_right;

	if (gnutls_aead_cipher_init(&aead, GNUTLS_CIPHER_AES_128_GCM, &key) !=
	    0)
		return false;
	raw_buf_u8(&pseudo, (unsigned)odcid->len & 0xff);
	raw_buf_add(&pseudo, odcid->data, odcid->len);
	raw_buf_add(&pseudo, p, header->size - RAW_TAG_LEN);
	is_right = gnutls_aead_cipher_decrypt(aead, s->retry_nonce,
		       sizeof(s->retry_nonce), pseudo.data, pseudo.len,
		       RAW_TAG_LEN, p + header->size - RAW_TAG_LEN, RAW_TAG_LEN,
		       none, &none_len) == 0;
	gnutls_aead_cipher_deinit(aead);
	raw_buf_done(&pseudo);
	return is_right;
}
