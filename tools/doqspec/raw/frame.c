/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QUIC frames: reading what a server sends, writing what a test wants sent.
 *
 * Pure functions over bytes; packets and keys are in seal.c.  The reader
 * bounds every length by what is left of the packet.  The writer checks
 * nothing on purpose.
 */
#include "tools/doqspec/raw/frame.h"

#include <errno.h>
#include <string.h>

enum {
	STREAM_FIN = 0x01,
	STREAM_LEN = 0x02,
	STREAM_OFF = 0x04,
	RESET_TOKEN_LEN = 16,
	PATH_DATA_LEN = 8
};

struct cursor {
	const uint8_t *p;
	size_t len;
	bool is_bad;
};

static uint64_t
take_varint(struct cursor *c)
{
	uint64_t value = 0;
	size_t used = raw_get_varint(c->p, c->len, &value);

	if (used == 0) {
		c->is_bad = true;
		c->len = 0;
		return 0;
	}
	c->p += used;
	c->len -= used;
	return value;
}

static const uint8_t *
take_bytes(struct cursor *c, uint64_t count)
{
	const uint8_t *p = c->p;

	if (count > c->len) {
		c->is_bad = true;
		c->len = 0;
		return NULL;
	}
	c->p += count;
	c->len -= (size_t)count;
	return p;
}

static void
take_data(struct cursor *c, uint64_t len, struct raw_frame *f)
{
	f->data = take_bytes(c, len);
	f->len = f->data != NULL ? (size_t)len : 0;
}

static void
take_ack(struct cursor *c, struct raw_frame *f)
{
	uint64_t ranges;

	f->value = take_varint(c);
	(void)take_varint(c); /* delay: the raw client measures no time */
	ranges = take_varint(c);
	(void)take_varint(c);
	for (; ranges > 0 && !c->is_bad; ranges--) {
		(void)take_varint(c);
		(void)take_varint(c);
	}
	if (f->type == RAW_FRAME_ACK_ECN)
		for (int i = 0; i < 3; i++)
			(void)take_varint(c);
}

static void
take_stream(struct cursor *c, struct raw_frame *f)
{
	f->stream = take_varint(c);
	if (f->type & STREAM_OFF)
		f->offset = take_varint(c);
	take_data(c, f->type & STREAM_LEN ? take_varint(c) : c->len, f);
	f->fin = f->type & STREAM_FIN;
}

static void
take_new_cid(struct cursor *c, struct raw_frame *f)
{
	const uint8_t *len;

	f->value = take_varint(c);
	f->offset = take_varint(c);
	len = take_bytes(c, 1);
	if (len == NULL)
		return;
	take_data(c, *len, f);
	f->token = take_bytes(c, RESET_TOKEN_LEN);
}

static void
take_close(struct cursor *c, struct raw_frame *f)
{
	f->code = take_varint(c);
	if (f->type == RAW_FRAME_CLOSE)
		f->offset = take_varint(c);
	take_data(c, take_varint(c), f);
}

static void
take_body(struct cursor *c, struct raw_frame *f)
{
	switch (f->type) {
	case RAW_FRAME_PADDING:
		while (c->len > 0 && c->p[0] == 0)
			(void)take_bytes(c, 1);
		break;
	case RAW_FRAME_PING:
	case RAW_FRAME_HANDSHAKE_DONE:
		break;
	case RAW_FRAME_ACK:
	case RAW_FRAME_ACK_ECN:
		take_ack(c, f);
		break;
	case RAW_FRAME_RESET_STREAM:
		f->stream = take_varint(c);
		f->code = take_varint(c);
		f->value = take_varint(c);
		break;
	case RAW_FRAME_STOP_SENDING:
		f->stream = take_varint(c);
		f->code = take_varint(c);
		break;
	case RAW_FRAME_CRYPTO:
		f->offset = take_varint(c);
		take_data(c, take_varint(c), f);
		break;
	case RAW_FRAME_NEW_TOKEN:
		take_data(c, take_varint(c), f);
		break;
	case RAW_FRAME_MAX_STREAM_DATA:
	case RAW_FRAME_STREAM_DATA_BLOCKED:
		f->stream = take_varint(c);
		f->value = take_varint(c);
		break;
	case RAW_FRAME_MAX_DATA:
	case RAW_FRAME_MAX_STREAMS_BIDI:
	case RAW_FRAME_MAX_STREAMS_UNI:
	case RAW_FRAME_DATA_BLOCKED:
	case RAW_FRAME_STREAMS_BLOCKED_BIDI:
	case RAW_FRAME_STREAMS_BLOCKED_UNI:
	case RAW_FRAME_RETIRE_CONNECTION_ID:
		f->value = take_varint(c);
		break;
	case RAW_FRAME_NEW_CONNECTION_ID:
		take_new_cid(c, f);
		break;
	case RAW_FRAME_PATH_CHALLENGE:
	case RAW_FRAME_PATH_RESPONSE:
		take_data(c, PATH_DATA_LEN, f);
		break;
	case RAW_FRAME_CLOSE:
	case RAW_FRAME_CLOSE_APP:
		take_close(c, f);
		break;
	default:
		if (f->type >= RAW_FRAME_STREAM &&
		    f->type <= RAW_FRAME_STREAM_LAST)
			take_stream(c, f);
		else
			c->is_bad = true;
	}
}

int
raw_frame_read(const uint8_t *p, size_t len, struct raw_frame *ret_frame)
{
	struct cursor c = {.p = p, .len = len};
	struct raw_frame f = {0};

	f.type = take_varint(&c);
	if (!c.is_bad)
		take_body(&c, &f);
	if (c.is_bad)
		return -EBADMSG;
	*ret_frame = f;
	return (int)(c.p - p);
}

bool
raw_frame_is_eliciting(uint64_t type)
{
	return type != RAW_FRAME_PADDING && type != RAW_FRAME_ACK &&
	       type != RAW_FRAME_ACK_ECN && type != RAW_FRAME_CLOSE &&
	       type != RAW_FRAME_CLOSE_APP;
}

const char *
raw_frame_name(uint64_t type)
{
	static const char *const names[RAW_FRAME_TYPES] = {
	    [RAW_FRAME_PADDING] = "PADDING",
	    [RAW_FRAME_PING] = "PING",
	    [RAW_FRAME_ACK] = "ACK",
	    [RAW_FRAME_ACK_ECN] = "ACK_ECN",
	    [RAW_FRAME_RESET_STREAM] = "RESET_STREAM",
	    [RAW_FRAME_STOP_SENDING] = "STOP_SENDING",
	    [RAW_FRAME_CRYPTO] = "CRYPTO",
	    [RAW_FRAME_NEW_TOKEN] = "NEW_TOKEN",
	    [RAW_FRAME_MAX_DATA] = "MAX_DATA",
	    [RAW_FRAME_MAX_STREAM_DATA] = "MAX_STREAM_DATA",
	    [RAW_FRAME_MAX_STREAMS_BIDI] = "MAX_STREAMS_BIDI",
	    [RAW_FRAME_MAX_STREAMS_UNI] = "MAX_STREAMS_UNI",
	    [RAW_FRAME_DATA_BLOCKED] = "DATA_BLOCKED",
	    [RAW_FRAME_STREAM_DATA_BLOCKED] = "STREAM_DATA_BLOCKED",
	    [RAW_FRAME_STREAMS_BLOCKED_BIDI] = "STREAMS_BLOCKED_BIDI",
	    [RAW_FRAME_STREAMS_BLOCKED_UNI] = "STREAMS_BLOCKED_UNI",
	    [RAW_FRAME_NEW_CONNECTION_ID] = "NEW_CONNECTION_ID",
	    [RAW_FRAME_RETIRE_CONNECTION_ID] = "RETIRE_CONNECTION_ID",
	    [RAW_FRAME_PATH_CHALLENGE] = "PATH_CHALLENGE",
	    [RAW_FRAME_PATH_RESPONSE] = "PATH_RESPONSE",
	    [RAW_FRAME_CLOSE] = "CONNECTION_CLOSE(transport)",
	    [RAW_FRAME_CLOSE_APP] = "CONNECTION_CLOSE(app)",
	    [RAW_FRAME_HANDSHAKE_DONE] = "HANDSHAKE_DONE",
	};

	if (type >= RAW_FRAME_STREAM && type <= RAW_FRAME_STREAM_LAST)
		return "STREAM";
	return type < RAW_FRAME_TYPES ? names[type] : "frame";
}

void
raw_put_stream(struct raw_buf *buf, uint64_t stream, uint64_t offset,
    const struct raw_buf *data, bool fin)
{
	unsigned flags = STREAM_OFF | STREAM_LEN;

	raw_buf_u8(buf, RAW_FRAME_STREAM | flags | (fin ? STREAM_FIN : 0));
	raw_buf_varint(buf, stream);
	raw_buf_varint(buf, offset);
	raw_buf_varint(buf, data->len);
	raw_buf_add(buf, data->data, data->len);
}

void
raw_put_numbers(
    struct raw_buf *buf, uint64_t type, const uint64_t *numbers, size_t count)
{
	raw_buf_varint(buf, type);
	for (size_t i = 0; i < count; i++)
		raw_buf_varint(buf, numbers[i]);
}

void
raw_put_reset(
    struct raw_buf *buf, uint64_t stream, uint64_t code, uint64_t final)
{
	const uint64_t numbers[] = {stream, code, final};

	raw_put_numbers(buf, RAW_FRAME_RESET_STREAM, numbers, 3);
}

void
raw_put_stop(struct raw_buf *buf, uint64_t stream, uint64_t code)
{
	const uint64_t numbers[] = {stream, code};

	raw_put_numbers(buf, RAW_FRAME_STOP_SENDING, numbers, 2);
}

void
raw_put_crypto(struct raw_buf *buf, uint64_t offset, const struct raw_buf *data)
{
	raw_buf_u8(buf, RAW_FRAME_CRYPTO);
	raw_buf_varint(buf, offset);
	raw_buf_varint(buf, data->len);
	raw_buf_add(buf, data->data, data->len);
}

void
raw_put_close(
    struct raw_buf *buf, bool is_app, uint64_t code, const char *reason)
{
	raw_buf_u8(buf, is_app ? RAW_FRAME_CLOSE_APP : RAW_FRAME_CLOSE);
	raw_buf_varint(buf, code);
	if (!is_app)
		raw_buf_varint(buf, 0); /* no frame type to blame */
	raw_buf_varint(buf, strlen(reason));
	raw_buf_add(buf, reason, strlen(reason));
}
