/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands of a connection that was taken over: single frames, packets put
 * together by hand, data in any order.
 */
#include "tools/doqspec/raw/engine.h"
#include "tools/doqspec/raw/script.h"

#include <errno.h>
#include <string.h>

enum {
	NUMBERS_MAX = 4,
	LONG_MAX_LEN = 16000,
	RESERVED_BITS_SHIFT = 3
};

static const struct {
	const char *name;
	uint64_t type;
} named_frames[] = {
    {"ping", RAW_FRAME_PING},
    {"max_data", RAW_FRAME_MAX_DATA},
    {"max_stream_data", RAW_FRAME_MAX_STREAM_DATA},
    {"max_streams", RAW_FRAME_MAX_STREAMS_BIDI},
    {"max_streams_uni", RAW_FRAME_MAX_STREAMS_UNI},
    {"data_blocked", RAW_FRAME_DATA_BLOCKED},
    {"stream_data_blocked", RAW_FRAME_STREAM_DATA_BLOCKED},
    {"streams_blocked", RAW_FRAME_STREAMS_BLOCKED_BIDI},
    {"streams_blocked_uni", RAW_FRAME_STREAMS_BLOCKED_UNI},
    {"retire_cid", RAW_FRAME_RETIRE_CONNECTION_ID},
    {"reset", RAW_FRAME_RESET_STREAM},
    {"stop", RAW_FRAME_STOP_SENDING},
    {"handshake_done", RAW_FRAME_HANDSHAKE_DONE},
};

/* Octets and flags that `frame stream`, `crypto` and `scatter` share. */
struct data_words {
	struct raw_buf data;
	uint64_t id, off, size, times;
	bool fin, is_reversed;
};

static int
take_data_word(
    struct raw_script *script, const char *word, struct data_words *d)
{
	const struct raw_word_place places[] = {{"id", &d->id},
	    {"off", &d->off}, {"size", &d->size}, {"times", &d->times}};
	int rc =
	    raw_word_keyed(word, places, sizeof(places) / sizeof(places[0]));

	if (rc != -ENOENT)
		return rc;
	if (strcmp(word, "fin") == 0)
		d->fin = true;
	else if (strcmp(word, "order=reverse") == 0)
		d->is_reversed = true;
	else if (strcmp(word, "order=forward") != 0)
		return raw_word_part(script, word, &d->data);
	return 0;
}

static int
take_data_words(struct raw_script *script, const struct raw_words *words,
    int first, struct data_words *d)
{
	int rc = 0;

	for (int i = first; i < words->count && rc == 0; i++)
		rc = take_data_word(script, words->at[i], d);
	return rc;
}

static int
put_stream(struct raw_script *script, const struct raw_words *words,
    struct raw_buf *frame)
{
	struct data_words d = {.size = 0};
	int rc = take_data_words(script, words, 2, &d);

	if (rc == 0) {
		raw_conn_note_stream(script->current, d.id);
		raw_put_stream(frame, d.id, d.off, &d.data, d.fin);
	}
	raw_buf_done(&d.data);
	return rc;
}

static int
put_crypto(struct raw_script *script, const struct raw_words *words,
    struct raw_buf *frame)
{
	struct data_words d = {.size = 0};
	int rc = -EINVAL;

	if (words->count >= 3 && raw_word_number(words->at[2], &d.off) == 0)
		rc = take_data_words(script, words, 3, &d);
	if (rc == 0)
		raw_put_crypto(frame, d.off, &d.data);
	raw_buf_done(&d.data);
	return rc;
}

static int
put_raw(struct raw_script *script, const struct raw_words *words,
    struct raw_buf *frame)
{
	int rc = 0;

	for (int i = 2; i < words->count && rc == 0; i++) {
		rc = raw_word_part(script, words->at[i], frame);
		if (rc == -ENOENT)
			rc = raw_buf_hex(
			    frame, words->at[i], strlen(words->at[i]));
	}
	return rc;
}

static int
put_close(const struct raw_words *words, struct raw_buf *frame)
{
	uint64_t code;

	if (words->count < 4 || raw_word_number(words->at[3], &code) != 0)
		return -EINVAL;
	raw_put_close(frame, strcmp(words->at[2], "app") == 0, code,
	    words->count > 4 ? words->at[4] : "");
	return 0;
}

/* new_cid SEQUENCE PRIOR: an ID as long as ours, and a token. */
static int
put_new_cid(struct raw_script *script, const struct raw_words *words,
    struct raw_buf *frame)
{
	uint64_t numbers[2];
	uint8_t bytes[RAW_SCID_LEN + RAW_RESET_TOKEN_LEN];

	if (words->count != 4 ||
	    raw_word_number(words->at[2], &numbers[0]) != 0 ||
	    raw_word_number(words->at[3], &numbers[1]) != 0)
		return -EINVAL;
	raw_put_numbers(frame, RAW_FRAME_NEW_CONNECTION_ID, numbers, 2);
	raw_buf_u8(frame, RAW_SCID_LEN);
	gnutls_rnd(GNUTLS_RND_NONCE, bytes, sizeof(bytes));
	raw_buf_add(frame, bytes, sizeof(bytes));
	raw_record_replace(script->record, words->at[1], "raw");
	raw_record_octets(
	    script->record, words->at[2], "hex", frame->data, frame->len);
	raw_record_replace(script->record, words->at[3], "");
	return 0;
}

static int
put_padding(const struct raw_words *words, struct raw_buf *frame)
{
	uint64_t count;

	if (words->count != 3 || raw_word_number(words->at[2], &count) != 0 ||
	    count > RAW_PACKET_MAX)
		return -EINVAL;
	raw_buf_fill(frame, RAW_FRAME_PADDING, (size_t)count);
	return 0;
}

static int
put_named(struct raw_script *script, const struct raw_words *words,
    struct raw_buf *frame)
{
	uint64_t numbers[NUMBERS_MAX];
	size_t count = 0;

	for (int i = 2; i < words->count; i++) {
		if (count == NUMBERS_MAX ||
		    raw_word_number(words->at[i], &numbers[count]) != 0)
			return -EINVAL;
		count++;
	}
	for (size_t i = 0; i < sizeof(named_frames) / sizeof(named_frames[0]);
	     i++) {
		if (strcmp(named_frames[i].name, words->at[1]) != 0)
			continue;
		if (count > 0 &&
		    (named_frames[i].type == RAW_FRAME_RESET_STREAM ||
			named_frames[i].type == RAW_FRAME_STOP_SENDING))
			raw_conn_note_stream(script->current, numbers[0]);
		raw_put_numbers(frame, named_frames[i].type, numbers, count);
		return 0;
	}
	return -EINVAL;
}

static bool
is_taken_over(const struct raw_script *script)
{
	return script->current != NULL && script->current->is_taken_over;
}

static int
cmd_frame(struct raw_script *script, const struct raw_words *words)
{
	struct raw_buf frame = {0};
	int rc;

	if (!is_taken_over(script) || words->count < 2)
		return -EINVAL;
	if (strcmp(words->at[1], "stream") == 0)
		rc = put_stream(script, words, &frame);
	else if (strcmp(words->at[1], "crypto") == 0)
		rc = put_crypto(script, words, &frame);
	else if (strcmp(words->at[1], "raw") == 0)
		rc = put_raw(script, words, &frame);
	else if (strcmp(words->at[1], "close") == 0)
		rc = put_close(words, &frame);
	else if (strcmp(words->at[1], "new_cid") == 0)
		rc = put_new_cid(script, words, &frame);
	else if (strcmp(words->at[1], "padding") == 0)
		rc = put_padding(words, &frame);
	else
		rc = put_named(script, words, &frame);
	if (rc == 0)
		raw_engine_add(script->current, &frame);
	raw_buf_done(&frame);
	return rc == 0 ? 0 : -EINVAL;
}

static int
cmd_packet(struct raw_script *script, const struct raw_words *words)
{
	struct raw_buf payload = {0};
	int rc = 0;

	if (!is_taken_over(script))
		return -EINVAL;
	if (words->count == 1) {
		raw_engine_group(script->current);
		return 0;
	}
	if (strcmp(words->at[1], "again") == 0) {
		raw_engine_again(script->current);
		return 0;
	}
	if (strcmp(words->at[1], "raw") != 0)
		return -EINVAL;
	rc = put_raw(script, words, &payload);
	if (rc == 0)
		raw_engine_packet(script->current, &payload);
	raw_buf_done(&payload);
	return rc;
}

/* The connection ID of another connection, ours, or in hexadecimal. */
static int
put_dcid(struct raw_script *script, const char *word, struct raw_buf *cid)
{
	const struct raw_conn *conn = script->current;
	const ngtcp2_cid *dcid;

	if (word[0] != '@' && strcmp(word, "own") != 0)
		return raw_buf_hex(cid, word, strlen(word));
	if (word[0] == '@')
		conn = raw_loop_find(&script->loop, word + 1);
	if (conn == NULL)
		return -EINVAL;
	dcid = ngtcp2_conn_get_dcid(conn->quic);
	raw_buf_add(cid, dcid->data, dcid->datalen);
	return 0;
}

/* N random octets, or a PART. */
static int
take_octets(struct raw_script *script, const char *word, struct raw_buf *octets)
{
	uint64_t count = 0;
	int rc = raw_word_part(script, word, octets);

	if (rc != -ENOENT)
		return rc;
	if (raw_word_number(word, &count) != 0 || count > LONG_MAX_LEN)
		return -EINVAL;
	raw_buf_fill(octets, 0, (size_t)count);
	gnutls_rnd(GNUTLS_RND_NONCE, octets->data, octets->len);
	raw_record_octets(
	    script->record, word, "hex", octets->data, octets->len);
	return 0;
}

/* long TYPE own|@NAME|HEX N|PART [alone]: a long header, and octets. */
static int
cmd_long(struct raw_script *script, const struct raw_words *words)
{
	static const char *const types[] = {"initial", "0rtt", "handshake"};
	struct raw_buf packet = {0};
	struct raw_buf cid = {0};
	unsigned type = 0;
	bool is_alone = words->count == 5;
	struct raw_buf octets = {0};
	int rc = -EINVAL;

	if (script->current == NULL || words->count < 4 || words->count > 5 ||
	    (!is_alone && !is_taken_over(script)) ||
	    (is_alone && strcmp(words->at[4], "alone") != 0))
		return -EINVAL;
	while (type < 3 && strcmp(types[type], words->at[1]) != 0)
		type++;
	if (type < 3)
		rc = put_dcid(script, words->at[2], &cid);
	if (rc == 0)
		rc = take_octets(script, words->at[3], &octets);
	if (rc == 0 && octets.len > LONG_MAX_LEN)
		rc = -EINVAL;
	raw_buf_u8(&packet, 0xc3u | type << 4);
	raw_buf_u32(&packet, NGTCP2_PROTO_VER_V1);
	raw_buf_u8(&packet, (unsigned)cid.len & 0xff);
	raw_buf_add(&packet, cid.data, cid.len);
	raw_buf_u8(&packet, RAW_SCID_LEN);
	raw_buf_add(&packet, script->current->scid.data, RAW_SCID_LEN);
	if (type == 0)
		raw_buf_u8(&packet, 0); /* no token */
	raw_buf_varint_wide(&packet, octets.len, 2);
	raw_buf_add(&packet, octets.data, octets.len);
	if (rc == 0 && is_alone)
		raw_conn_datagram(script->current, packet.data, packet.len);
	else if (rc == 0)
		raw_buf_add(
		    &script->current->engine.front, packet.data, packet.len);
	raw_buf_done(&packet);
	raw_buf_done(&octets);
	raw_buf_done(&cid);
	return rc;
}

static int
cmd_flush(struct raw_script *script, const struct raw_words *words)
{
	if (!is_taken_over(script) || words->count != 1)
		return -EINVAL;
	raw_engine_flush(script->current);
	return 0;
}

static void
scatter_once(struct raw_conn *conn, uint64_t stream, uint64_t start,
    const struct data_words *d)
{
	size_t pieces = (d->data.len + (size_t)d->size - 1) / (size_t)d->size;

	for (size_t i = 0; i < pieces; i++) {
		size_t piece = d->is_reversed ? pieces - 1 - i : i;
		size_t at = piece * (size_t)d->size;
		size_t left = d->data.len - at;
		struct raw_buf part = {.data = d->data.data + at,
		    .len = left < d->size ? left : (size_t)d->size};
		struct raw_buf frame = {0};

		raw_put_stream(&frame, stream, start + at, &part,
		    d->fin && piece == pieces - 1);
		raw_engine_packet(conn, &frame);
		raw_buf_done(&frame);
	}
}

static int
cmd_scatter(struct raw_script *script, const struct raw_words *words)
{
	struct data_words d = {.size = 1, .times = 1};
	struct raw_out *out;
	uint64_t stream;
	int rc;

	if (!is_taken_over(script) || words->count < 3 ||
	    raw_word_stream(script, words->at[1], &stream) != 0)
		return -EINVAL;
	rc = take_data_words(script, words, 2, &d);
	out = raw_conn_out(script->current, stream);
	if (rc != 0 || d.size == 0 || out == NULL)
		rc = -EINVAL;
	if (rc == 0)
		raw_conn_note_stream(script->current, stream);
	for (uint64_t i = 0; i < d.times && rc == 0; i++)
		scatter_once(script->current, stream, out->offset, &d);
	if (rc == 0)
		out->offset += d.data.len;
	raw_buf_done(&d.data);
	return rc;
}

static int
cmd_quiet(struct raw_script *script, const struct raw_words *words)
{
	if (!is_taken_over(script) || words->count != 1)
		return -EINVAL;
	script->current->engine.is_silent = true;
	return 0;
}

/* cid N: packets go to the ID of that number from now on. */
static int
cmd_cid(struct raw_script *script, const struct raw_words *words)
{
	struct raw_conn *conn = script->current;
	uint64_t sequence;

	if (!is_taken_over(script) || words->count != 2 ||
	    raw_word_number(words->at[1], &sequence) != 0)
		return -EINVAL;
	for (size_t i = 0; i < conn->ncids; i++) {
		if (conn->cids[i].sequence != sequence)
			continue;
		memcpy(conn->dcid, conn->cids[i].data, conn->cids[i].len);
		conn->dcid_len = conn->cids[i].len;
		return 0;
	}
	raw_script_failed(script, "the server gave no such connection ID");
	return 0;
}

static int
cmd_bits(struct raw_script *script, const struct raw_words *words)
{
	struct raw_engine *e;

	if (!is_taken_over(script))
		return -EINVAL;
	e = &script->current->engine;
	for (int i = 1; i < words->count; i++) {
		const char *eq = strchr(words->at[i], '=');
		uint64_t n = 0;

		if (eq == NULL || raw_word_number(eq + 1, &n) != 0 || n > 3)
			return -EINVAL;
		if (raw_word_value(words->at[i], "reserved") != NULL)
			e->first = (uint8_t)(n << RESERVED_BITS_SHIFT);
		else if (raw_word_value(words->at[i], "fixed") != NULL)
			e->clear_fixed = n == 0;
		else if (raw_word_value(words->at[i], "corrupt") != NULL)
			e->break_tag = n != 0;
		else
			return -EINVAL;
	}
	return 0;
}

static int
cmd_keyupdate(struct raw_script *script, const struct raw_words *words)
{
	if (!is_taken_over(script) || words->count != 1)
		return -EINVAL;
	return raw_keys_update(&script->current->tx);
}

const struct raw_command raw_frame_commands[] = {
    {"frame", cmd_frame},
    {"packet", cmd_packet},
    {"flush", cmd_flush},
    {"long", cmd_long},
    {"scatter", cmd_scatter},
    {"quiet", cmd_quiet},
    {"bits", cmd_bits},
    {"cid", cmd_cid},
    {"keyupdate", cmd_keyupdate},
    {NULL, NULL},
};
