/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_FRAME_H
#define RAW_FRAME_H

#include "tools/doqspec/raw/bytes.h"

/* Frame types (RFC 9000 19). */
enum raw_frame_type {
	RAW_FRAME_PADDING = 0x00,
	RAW_FRAME_PING = 0x01,
	RAW_FRAME_ACK = 0x02,
	RAW_FRAME_ACK_ECN = 0x03,
	RAW_FRAME_RESET_STREAM = 0x04,
	RAW_FRAME_STOP_SENDING = 0x05,
	RAW_FRAME_CRYPTO = 0x06,
	RAW_FRAME_NEW_TOKEN = 0x07,
	RAW_FRAME_STREAM = 0x08, /* 0x08 to 0x0f: OFF 4, LEN 2, FIN 1 */
	RAW_FRAME_STREAM_LAST = 0x0f,
	RAW_FRAME_MAX_DATA = 0x10,
	RAW_FRAME_MAX_STREAM_DATA = 0x11,
	RAW_FRAME_MAX_STREAMS_BIDI = 0x12,
	RAW_FRAME_MAX_STREAMS_UNI = 0x13,
	RAW_FRAME_DATA_BLOCKED = 0x14,
	RAW_FRAME_STREAM_DATA_BLOCKED = 0x15,
	RAW_FRAME_STREAMS_BLOCKED_BIDI = 0x16,
	RAW_FRAME_STREAMS_BLOCKED_UNI = 0x17,
	RAW_FRAME_NEW_CONNECTION_ID = 0x18,
	RAW_FRAME_RETIRE_CONNECTION_ID = 0x19,
	RAW_FRAME_PATH_CHALLENGE = 0x1a,
	RAW_FRAME_PATH_RESPONSE = 0x1b,
	RAW_FRAME_CLOSE = 0x1c,
	RAW_FRAME_CLOSE_APP = 0x1d,
	RAW_FRAME_HANDSHAKE_DONE = 0x1e,
	RAW_FRAME_TYPES = 0x1f
};

/*
 * One frame as read.  Which members count depends on the type:
 *   stream   RESET_STREAM STOP_SENDING STREAM MAX_STREAM_DATA *_BLOCKED
 *   code     RESET_STREAM STOP_SENDING CONNECTION_CLOSE
 *   value    final size, limit, largest acknowledged, sequence number
 *   offset   STREAM CRYPTO; the frame type that a transport close blames;
 *            Retire Prior To
 *   data     STREAM CRYPTO NEW_TOKEN, a close's reason, a connection ID, path
 *            data; points into the packet
 *   token    stateless reset token of NEW_CONNECTION_ID, 16 octets
 */
struct raw_frame {
	uint64_t type;
	uint64_t stream;
	uint64_t code;
	uint64_t value;
	uint64_t offset;
	const uint8_t *data;
	size_t len;
	const uint8_t *token;
	bool fin;
};

/*
 * Reads one frame from the start of a packet's payload.  A run of PADDING
 * counts as one frame.  Returns the octets used, or -EBADMSG when the frame
 * is cut short or its type is unknown.
 */
int raw_frame_read(const uint8_t *p, size_t len, struct raw_frame *ret_frame);

/* True when a peer must acknowledge it (RFC 9000 13.2.1). */
bool raw_frame_is_eliciting(uint64_t type);

/* The name of the RFC, or "frame" for an unknown type. */
const char *raw_frame_name(uint64_t type);

/*
 * Append one frame.  Nothing is checked: tests send what no honest client
 * would.  A STREAM frame is written with explicit offset and length.
 */
void raw_put_stream(struct raw_buf *buf, uint64_t stream, uint64_t offset,
    const struct raw_buf *data, bool fin);
void raw_put_reset(
    struct raw_buf *buf, uint64_t stream, uint64_t code, uint64_t final);
void raw_put_stop(struct raw_buf *buf, uint64_t stream, uint64_t code);
void raw_put_crypto(
    struct raw_buf *buf, uint64_t offset, const struct raw_buf *data);
void raw_put_close(
    struct raw_buf *buf, bool is_app, uint64_t code, const char *reason);

/* A frame of a type and up to two integers: MAX_DATA, MAX_STREAM_DATA ... */
void raw_put_numbers(
    struct raw_buf *buf, uint64_t type, const uint64_t *numbers, size_t count);

#endif
