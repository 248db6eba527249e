/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_SEEN_H
#define RAW_SEEN_H

#include "tools/doqspec/raw/frame.h"

/*
 * What a server was seen to send on one connection, frame by frame.  Filled
 * by the packet reader in both modes (ngtcp2 and takeover); expectations look
 * here and nowhere else.
 */

enum {
	RAW_SEEN_STREAMS_MAX = 1 << 20,
	RAW_SEEN_BYTES_MAX = 128 << 20, /* of all streams, holes included */
	RAW_REASON_MAX = 1024,
	RAW_CIDS_MAX = 32,
	RAW_CID_MAX = 20
};

/* One client-opened bidirectional stream: what came back on it. */
struct raw_seen_stream {
	struct raw_buf data; /* may have holes */
	struct raw_buf have; /* one octet per octet of data: 1 = arrived */
	size_t whole;	     /* length of the part without holes */
	bool has_fin;
	uint64_t final; /* where the FIN stands */
	bool has_reset;
	uint64_t reset_code;
	unsigned resets;
	bool has_stop;
	uint64_t stop_code;
	bool is_inconsistent; /* two different octets for one offset */
};

/* The packet number spaces (RFC 9000 12.3). */
enum raw_level {
	RAW_LEVEL_INITIAL,
	RAW_LEVEL_HANDSHAKE,
	RAW_LEVEL_1RTT,
	RAW_LEVELS
};

struct raw_seen_close {
	bool is_seen;
	enum raw_level level; /* of the packet that it came in */
	bool is_app;
	uint64_t code;
	uint64_t frame_type;
	char reason[RAW_REASON_MAX]; /* any octets */
	size_t reason_len;
};

/* A connection ID that the server issued. */
struct raw_seen_cid {
	uint8_t data[RAW_CID_MAX];
	size_t len;
};

struct raw_seen {
	struct raw_seen_stream **streams; /* index: stream ID / 4 */
	size_t nstreams;
	/* Of 1-RTT packets; STREAM counts in 0x08. */
	uint64_t frames[RAW_FRAME_TYPES];
	uint64_t packets;
	/* Of the packets before, by level. */
	uint64_t long_frames[RAW_LEVEL_1RTT][RAW_FRAME_TYPES];
	uint64_t long_packets[RAW_LEVEL_1RTT];
	uint64_t misplaced; /* frames that no such packet may hold */
	struct raw_seen_close close;
	bool has_reset_packet; /* a stateless reset */
	uint64_t stops;	       /* STOP_SENDING frames, any stream */
	uint64_t foreign;      /* frames of a stream the server opened */
	size_t held;	       /* octets of all streams, holes included */
	uint64_t beyond; /* STREAM frames that would be more than is kept */
	uint64_t bad_packets; /* opened, but a frame could not be read */
	uint64_t max_streams_bidi;
	uint64_t max_data;
	uint8_t path_response[8];		/* the last */
	struct raw_buf token;			/* the last NEW_TOKEN */
	struct raw_seen_cid cids[RAW_CIDS_MAX]; /* of NEW_CONNECTION_ID */
	size_t ncids;
};

void raw_seen_done(struct raw_seen *seen);

/* Notes one frame of a 1-RTT packet. */
void raw_seen_frame(struct raw_seen *seen, const struct raw_frame *f);

/* Notes one frame of an Initial or Handshake packet. */
void raw_seen_long_frame(
    struct raw_seen *seen, enum raw_level level, const struct raw_frame *f);

/* "initial", "handshake", "1rtt" */
const char *raw_level_name(enum raw_level level);

/* The stream's record, or NULL when nothing was seen on it. */
const struct raw_seen_stream *raw_seen_stream(
    const struct raw_seen *seen, uint64_t id);

/* True when all octets up to the FIN are there. */
bool raw_seen_is_finished(const struct raw_seen_stream *stream);

#endif
