/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets with long headers made by hand, from the words of a script: what no
 * QUIC library would send.  Nothing is checked but the words.
 */
#include "tools/doqspec/raw/hello.h"
#include "tools/doqspec/raw/outsider.h"
#include "tools/doqspec/raw/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

enum {
	FIRST_LONG = 0x80,
	FIRST_FIXED = 0x40,
	RESERVED_SHIFT = 2,
	RESERVED_MAX = 3,
	PN_LEN = 4,
	CID_MAX = 255,
	LENGTH_WIDTH = 2,
	LENGTH_2_MAX = 0x3fff,
	FILL_MAX = 65535
};

struct plan {
	enum raw_long_type type;
	uint64_t version, number, size, length, cut, reserved;
	bool has_number, has_length, has_scid, has_dcid, clears_fixed;
	bool is_corrupt, is_retried, is_to_server, is_sealed;
	struct raw_buf dcid, scid, token, frames;
	uint64_t flip; /* octet of the token */
	bool has_flip;
	const char *edit; /* rules of hello.h */
};

static void
free_plan(struct plan *plan)
{
	raw_buf_done(&plan->dcid);
	raw_buf_done(&plan->scid);
	raw_buf_done(&plan->token);
	raw_buf_done(&plan->frames);
}

/* HEX, or *N for N random octets. */
static int
take_octets(struct raw_buf *buf, const char *text)
{
	uint64_t count;

	buf->len = 0;
	if (text[0] != '*')
		return raw_buf_hex(buf, text, strlen(text));
	if (raw_word_number(text + 1, &count) != 0 || count > FILL_MAX)
		return -EINVAL;
	raw_buf_fill(buf, 0, (size_t)count);
	if (count > 0)
		gnutls_rnd(GNUTLS_RND_NONCE, buf->data, buf->len);
	return 0;
}

static int
take_type(struct plan *plan, const char *text)
{
	static const char *const types[] = {
	    "initial", "0rtt", "handshake", "retry"};

	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i], text) == 0) {
			plan->type = (enum raw_long_type)i;
			return 0;
		}
	return -EINVAL;
}

/* ---- frames ------------------------------------------------------------ */

/* The ClientHello, with the connection ID that the packet has. */
static int
make_hello(
    const struct raw_outsider *out, const struct plan *plan, struct raw_buf *to)
{
	char rule[2 * CID_MAX + 64];
	int n;

	raw_buf_add(to, out->client->hello.data, out->client->hello.len);
	if (plan->has_scid && plan->scid.len <= NGTCP2_MAX_CIDLEN) {
		n = snprintf(
		    rule, sizeof(rule), "tp-0x0f;57+0f%02zx", plan->scid.len);
		for (size_t i = 0; i < plan->scid.len; i++)
			n += snprintf(rule + n, sizeof(rule) - (size_t)n,
			    "%02x", plan->scid.data[i]);
		if (raw_hello_rewrite(to, rule) != 0)
			return -EINVAL;
	}
	return plan->edit != NULL ? raw_hello_rewrite(to, plan->edit) : 0;
}

/* FROM-TO or FROM-: that part of the ClientHello; NULL: all of it. */
static int
put_hello(const struct raw_outsider *out, struct plan *plan, const char *text)
{
	struct raw_buf hello = {0};
	struct raw_buf part;
	size_t from = 0, to;
	char *end;
	int rc = make_hello(out, plan, &hello);

	to = hello.len;
	if (rc == 0 && text != NULL) {
		from = strtoul(text, &end, 10);
		if (*end == '-' && end[1] != '\0')
			to = strtoul(end + 1, &end, 10);
		else if (*end == '-')
			end++;
		if (*end != '\0' || from > hello.len)
			rc = -EINVAL;
		if (to > hello.len)
			to = hello.len;
		if (to < from)
			rc = -EINVAL;
	}
	if (rc == 0) {
		part = (struct raw_buf){
		    .data = hello.data + from, .len = to - from};
		raw_put_crypto(&plan->frames, from, &part);
	}
	raw_buf_done(&hello);
	return rc;
}

/* OFFSET:HEX or OFFSET*N */
static int
put_crypto(struct plan *plan, const char *text)
{
	struct raw_buf data = {0};
	uint64_t offset, count;
	char *end;
	int rc = 0;

	offset = strtoull(text, &end, 0);
	if (*end == ':')
		rc = raw_buf_hex(&data, end + 1, strlen(end + 1));
	else if (*end == '*' && raw_word_number(end + 1, &count) == 0 &&
		 count <= FILL_MAX)
		raw_buf_fill(&data, 0, (size_t)count);
	else
		rc = -EINVAL;
	if (rc == 0)
		raw_put_crypto(&plan->frames, offset, &data);
	raw_buf_done(&data);
	return rc;
}

static int
take_frame(const struct raw_outsider *out, struct plan *plan, const char *word)
{
	const char *value;
	uint64_t n;

	if (strcmp(word, "hello") == 0)
		return put_hello(out, plan, NULL);
	if ((value = raw_word_value(word, "hello")) != NULL)
		return put_hello(out, plan, value);
	if ((value = raw_word_value(word, "crypto")) != NULL)
		return put_crypto(plan, value);
	if ((value = raw_word_value(word, "frames")) != NULL)
		return raw_buf_hex(&plan->frames, value, strlen(value));
	if (strcmp(word, "ping") == 0) {
		raw_buf_u8(&plan->frames, RAW_FRAME_PING);
		return 0;
	}
	if ((value = raw_word_value(word, "padding")) == NULL ||
	    raw_word_number(value, &n) != 0 || n > FILL_MAX)
		return -EINVAL;
	raw_buf_fill(&plan->frames, RAW_FRAME_PADDING, (size_t)n);
	return 0;
}

/* ---- words ------------------------------------------------------------- */

static int
take_number(struct plan *plan, const char *word)
{
	const struct {
		const char *key;
		uint64_t *to;
		bool *has;
	} numbers[] = {{"version", &plan->version, NULL},
	    {"number", &plan->number, &plan->has_number},
	    {"size", &plan->size, NULL},
	    {"length", &plan->length, &plan->has_length},
	    {"flip", &plan->flip, &plan->has_flip}, {"cut", &plan->cut, NULL},
	    {"reserved", &plan->reserved, NULL}};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const char *value = raw_word_value(word, numbers[i].key);

		if (value == NULL)
			continue;
		if (numbers[i].has != NULL)
			*numbers[i].has = true;
		return raw_word_number(value, numbers[i].to);
	}
	return -ENOENT;
}

static int
take_id(struct raw_script *script, struct plan *plan, const char *word)
{
	const struct raw_conn *conn;
	const char *value;

	if ((value = raw_word_value(word, "dcid")) != NULL) {
		plan->has_dcid = true;
		return take_octets(&plan->dcid, value);
	}
	if ((value = raw_word_value(word, "scid")) != NULL) {
		plan->has_scid = true;
		return take_octets(&plan->scid, value);
	}
	if ((value = raw_word_value(word, "token")) != NULL)
		return take_octets(&plan->token, value);
	if ((value = raw_word_value(word, "token_of")) != NULL) {
		conn = raw_loop_find(&script->loop, value);
		if (conn == NULL)
			return -EINVAL;
		raw_buf_add(
		    &plan->token, conn->seen.token.data, conn->seen.token.len);
		return 0;
	}
	return -ENOENT;
}

static int
take_word(struct raw_script *script, struct plan *plan, const char *word)
{
	const struct raw_outsider *out = &script->outsider;
	const char *value;
	int rc = take_number(plan, word);

	if (rc == -ENOENT)
		rc = take_id(script, plan, word);
	if (rc != -ENOENT)
		return rc;
	if ((value = raw_word_value(word, "type")) != NULL && !plan->is_sealed)
		return take_type(plan, value);
	if ((value = raw_word_value(word, "edit")) != NULL)
		plan->edit = value;
	else if (strcmp(word, "fixed=0") == 0)
		plan->clears_fixed = true;
	else if (strcmp(word, "corrupt") == 0)
		plan->is_corrupt = true;
	else if (strcmp(word, "retry") == 0)
		plan->is_retried = true;
	else if (strcmp(word, "server") == 0)
		plan->is_to_server = true;
	else
		return plan->is_sealed ? take_frame(out, plan, word) : -EINVAL;
	return 0;
}

/* ---- packets ----------------------------------------------------------- */

static void
put_cid(struct raw_buf *packet, const struct raw_buf *cid)
{
	raw_buf_u8(packet, (unsigned)cid->len & 0xff);
	raw_buf_add(packet, cid->data, cid->len);
}

static void
put_length(struct raw_buf *packet, const struct plan *plan, size_t is)
{
	uint64_t length = plan->has_length ? plan->length : is;

	raw_buf_varint_wide(
	    packet, length, length > LENGTH_2_MAX ? 8 : LENGTH_WIDTH);
}

/* Up to the Length field; version 0 and unknown ones are written like 1. */
static void
put_header(struct raw_buf *packet, const struct plan *plan)
{
	unsigned first = FIRST_LONG | (PN_LEN - 1) |
			 (unsigned)plan->reserved << RESERVED_SHIFT |
			 raw_long_bits(plan->type, (uint32_t)plan->version);

	raw_buf_u8(packet, first | (plan->clears_fixed ? 0u : FIRST_FIXED));
	raw_buf_u32(packet, (uint32_t)plan->version);
	put_cid(packet, &plan->dcid);
	put_cid(packet, &plan->scid);
	if (plan->type == RAW_LONG_INITIAL) {
		raw_buf_varint(packet, plan->token.len);
		raw_buf_add(packet, plan->token.data, plan->token.len);
	}
}

static int
put_sealed(struct raw_outsider *out, const struct plan *plan,
    const struct raw_buf *key_cid, struct raw_buf *packet)
{
	uint64_t number = plan->has_number ? plan->number : out->number++;
	size_t start = packet->len;
	size_t pad = 0, header_len, payload;
	struct raw_keys keys;
	int rc;

	if (raw_initial_keys(&keys, (uint32_t)plan->version, key_cid, true))
		return -EINVAL;
	raw_outsider_note_keys(out, (uint32_t)plan->version, key_cid);
	put_header(packet, plan);
	header_len = packet->len - start + LENGTH_WIDTH + PN_LEN;
	if (plan->size > header_len + plan->frames.len + RAW_TAG_LEN)
		pad = (size_t)plan->size - header_len - plan->frames.len -
		      RAW_TAG_LEN;
	payload = plan->frames.len + pad;
	put_length(packet, plan, PN_LEN + payload + RAW_TAG_LEN);
	raw_buf_u32(packet, (uint32_t)number);
	header_len = packet->len - start;
	raw_buf_add(packet, plan->frames.data, plan->frames.len);
	raw_buf_fill(packet, RAW_FRAME_PADDING, pad);
	rc = raw_initial_seal(&keys, packet, start, header_len, number);
	raw_keys_done(&keys);
	return rc;
}

static void
put_open(const struct plan *plan, struct raw_buf *packet)
{
	size_t start = packet->len;
	size_t rest;

	put_header(packet, plan);
	rest = packet->len - start + LENGTH_WIDTH;
	rest = plan->size > rest ? (size_t)plan->size - rest : 0;
	if (plan->type != RAW_LONG_RETRY)
		put_length(packet, plan, rest);
	start = packet->len;
	raw_buf_fill(packet, 0, rest);
	if (rest > 0)
		gnutls_rnd(GNUTLS_RND_NONCE, packet->data + start, rest);
}

/* What was not said is the client's. */
static void
complete(struct raw_outsider *out, struct plan *plan, struct raw_buf *key_cid)
{
	const struct raw_buf *dcid = &out->dcid;

	if (!plan->has_scid)
		raw_buf_add(&plan->scid, out->client->scid.data,
		    out->client->scid.datalen);
	if (plan->is_retried && out->retry_cid.len > 0) {
		dcid = &out->retry_cid;
		if (plan->token.len == 0)
			raw_buf_add(&plan->token, out->retry_token.data,
			    out->retry_token.len);
	}
	if (plan->has_flip && plan->flip < plan->token.len)
		plan->token.data[plan->flip] ^= 0xff;
	if (plan->has_dcid)
		dcid = &plan->dcid;
	raw_buf_add(key_cid, dcid->data, dcid->len);
	if (plan->is_to_server)
		dcid = &out->server_cid;
	if (!plan->has_dcid)
		raw_buf_add(&plan->dcid, dcid->data, dcid->len);
}

static int
put_packet(struct raw_outsider *out, struct plan *plan, struct raw_buf *packet)
{
	struct raw_buf key_cid = {0};
	size_t start = packet->len;
	int rc = 0;

	complete(out, plan, &key_cid);
	if (plan->version > UINT32_MAX || plan->reserved > RESERVED_MAX ||
	    plan->size > FILL_MAX || plan->dcid.len > CID_MAX ||
	    plan->scid.len > CID_MAX)
		rc = -EINVAL;
	else if (plan->is_sealed)
		rc = put_sealed(out, plan, &key_cid, packet);
	else
		put_open(plan, packet);
	/* Retry may answer what does not open, too. */
	if (rc == 0 && !plan->is_sealed)
		raw_outsider_note_keys(
		    out, (uint32_t)plan->version, &plan->dcid);
	raw_buf_done(&key_cid);
	if (plan->is_corrupt)
		packet->data[packet->len - 1] ^= 0xff;
	if (plan->cut > 0 && packet->len - start > plan->cut)
		packet->len = start + (size_t)plan->cut;
	return rc;
}

int
raw_outsider_part(struct raw_script *script, const char *text, bool is_sealed,
    struct raw_buf *buf)
{
	struct raw_outsider *out = &script->outsider;
	struct raw_settings settings;
	struct plan plan = {
	    .version = NGTCP2_PROTO_VER_V1, .is_sealed = is_sealed};
	char *copy = raw_strdup(text);
	char *rest = copy;
	char *word;
	int rc = 0;

	if (out->client == NULL) {
		rc = raw_script_settings(script, &settings);
		if (rc == 0)
			raw_outsider_client(out, &settings);
	}
	while (rc == 0 && (word = strsep(&rest, ",")) != NULL)
		if (*word != '\0')
			rc = take_word(script, &plan, word);
	if (rc == 0)
		rc = put_packet(out, &plan, buf);
	free_plan(&plan);
	free(copy);
	return rc;
}
