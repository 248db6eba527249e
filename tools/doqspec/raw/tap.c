/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tap: opens every packet a second time, beside ngtcp2, and notes its
 * frames in `seen`; looks at our own packets for their numbers.
 *
 * Why beside: ngtcp2 keeps STOP_SENDING, MAX_STREAMS and others to itself, and
 * a judge should see frames, not callbacks.  Packets that come before their
 * keys wait in a small stash.
 */
#include "tools/doqspec/raw/engine.h"

#include <stdlib.h>
#include <string.h>

enum {
	LONG_FORM = 0x80,
	LONG_TYPE_SHIFT = 4,
	LONG_TYPE_MASK = 0x03,
	LONG_TYPES = 4,
	LONG_TYPE_INITIAL = 0,
	LONG_TYPE_HANDSHAKE = 2,
	LONG_TYPE_RETRY = 3,
	LONG_CIDS_AT = 5
};

/* The type by the numbers of version 1; in version 2 each is one more (RFC 9369
 * 3.2). */
static unsigned
long_type(const uint8_t *p)
{
	unsigned type = p[0] >> LONG_TYPE_SHIFT & LONG_TYPE_MASK;

	return raw_get_u32(p + 1) == NGTCP2_PROTO_VER_V2
		   ? (type + LONG_TYPES - 1) % LONG_TYPES
		   : type;
}

/*
 * The size of one long-header packet, and where its number stands; 0 when that
 * cannot be told.
 */
static size_t
long_packet_size(const uint8_t *p, size_t len, size_t *ret_number_at)
{
	size_t at = LONG_CIDS_AT;
	uint64_t value = 0;
	unsigned type;
	size_t used;

	if (len < LONG_CIDS_AT || raw_get_u32(p + 1) == 0)
		return 0;
	type = long_type(p);
	if (type == LONG_TYPE_RETRY)
		return 0;
	for (int i = 0; i < 2; i++) {
		if (at >= len)
			return 0;
		at += 1 + (size_t)p[at];
	}
	if (at >= len)
		return 0;
	if (type == LONG_TYPE_INITIAL) {
		used = raw_get_varint(p + at, len - at, &value);
		if (used == 0 || value > len - at - used)
			return 0;
		at += used + (size_t)value;
	}
	used = raw_get_varint(p + at, len - at, &value);
	if (used == 0 || value > len - at - used)
		return 0;
	*ret_number_at = at + used;
	return at + used + (size_t)value;
}

bool
raw_tap_is_initial(const uint8_t *data, size_t len)
{
	return len > LONG_CIDS_AT && (data[0] & LONG_FORM) != 0 &&
	       raw_get_u32(data + 1) != 0 &&
	       long_type(data) == LONG_TYPE_INITIAL;
}

/* The 1-RTT packet of a datagram; it is always the last (RFC 9000 12.2). */
static const uint8_t *
find_short(const uint8_t *p, size_t len, size_t *ret_len)
{
	while (len > 0 && (p[0] & LONG_FORM) != 0) {
		size_t number_at;
		size_t size = long_packet_size(p, len, &number_at);

		if (size == 0)
			return NULL;
		p += size;
		len -= size;
	}
	*ret_len = len;
	return len > 0 ? p : NULL;
}

/* A repeated frame is noted once. */
static void
note_cid(struct raw_conn *conn, const struct raw_frame *f)
{
	struct raw_cid *cid = &conn->cids[conn->ncids];

	for (size_t i = 0; i < conn->ncids; i++)
		if (conn->cids[i].sequence == f->value)
			return;
	if (conn->ncids == RAW_TOKENS_MAX || f->len > sizeof(cid->data))
		return;
	cid->sequence = f->value;
	cid->len = f->len;
	memcpy(cid->data, f->data, f->len);
	conn->ncids++;
}

static void
note_token(struct raw_conn *conn, const struct raw_frame *f)
{
	if (f->type == RAW_FRAME_NEW_CONNECTION_ID)
		note_cid(conn, f);
	if (f->type == RAW_FRAME_NEW_CONNECTION_ID &&
	    conn->ntokens < RAW_TOKENS_MAX)
		memcpy(conn->tokens[conn->ntokens++], f->token,
		    RAW_RESET_TOKEN_LEN);
}

static void
note_frame(
    struct raw_conn *conn, enum raw_level level, const struct raw_frame *f)
{
	if (level != RAW_LEVEL_1RTT) {
		raw_seen_long_frame(&conn->seen, level, f);
		return;
	}
	raw_seen_frame(&conn->seen, f);
	note_token(conn, f);
}

static void
note_packet(struct raw_conn *conn, enum raw_level level,
    const struct raw_packet *packet)
{
	const uint8_t *p = packet->payload;
	size_t len = packet->len;
	bool is_eliciting = false;

	if (level == RAW_LEVEL_1RTT)
		conn->seen.packets++;
	else
		conn->seen.long_packets[level]++;
	while (len > 0) {
		struct raw_frame f;
		int used = raw_frame_read(p, len, &f);

		if (used <= 0) {
			conn->seen.bad_packets++;
			break;
		}
		note_frame(conn, level, &f);
		is_eliciting |= raw_frame_is_eliciting(f.type);
		p += used;
		len -= (size_t)used;
	}
	if (level == RAW_LEVEL_1RTT)
		raw_engine_on_packet(conn, packet->number, is_eliciting);
}

static bool
is_stateless_reset(const struct raw_conn *conn, const uint8_t *p, size_t len)
{
	if (len < RAW_RESET_TOKEN_LEN)
		return false;
	for (size_t i = 0; i < conn->ntokens; i++)
		if (memcmp(conn->tokens[i], p + len - RAW_RESET_TOKEN_LEN,
			RAW_RESET_TOKEN_LEN) == 0)
			return true;
	return false;
}

static void
stash(struct raw_conn *conn, const uint8_t *data, size_t len)
{
	struct raw_stash *s;

	if (conn->nstash == RAW_STASH_MAX)
		return;
	s = &conn->stash[conn->nstash++];
	s->data = raw_alloc(1, len);
	s->len = len;
	memcpy(s->data, data, len);
}

static struct raw_keys *
initial_keys(struct raw_conn *conn, bool is_version_2)
{
	struct raw_keys *keys = &conn->rx_initial[is_version_2];

	if (!keys->is_ready)
		(void)raw_keys_init_initial(keys, is_version_2,
		    conn->first_dcid.data, conn->first_dcid.datalen);
	return keys;
}

/* One long-header packet. */
static void
tap_long(struct raw_conn *conn, const uint8_t *p, size_t len, size_t number_at)
{
	unsigned type = long_type(p);
	enum raw_level level = RAW_LEVEL_HANDSHAKE;
	struct raw_keys *keys = &conn->rx_handshake;
	struct raw_packet packet;

	if (type == LONG_TYPE_INITIAL) {
		level = RAW_LEVEL_INITIAL;
		keys = initial_keys(
		    conn, raw_get_u32(p + 1) == NGTCP2_PROTO_VER_V2);
	} else if (type != LONG_TYPE_HANDSHAKE) {
		return; /* no server sends it */
	}
	if (!keys->is_ready)
		stash(conn, p, len);
	else if (raw_packet_open_long(
		     keys, p, len, number_at, conn->room, &packet) == 0)
		note_packet(conn, level, &packet);
}

static void
tap_short(struct raw_conn *conn, const uint8_t *p, size_t len)
{
	struct raw_packet packet;

	if (!conn->rx.is_ready)
		stash(conn, p, len);
	else if (raw_packet_open(
		     &conn->rx, p, len, RAW_SCID_LEN, conn->room, &packet) == 0)
		note_packet(conn, RAW_LEVEL_1RTT, &packet);
	else if (is_stateless_reset(conn, p, len))
		conn->seen.has_reset_packet = true;
}

void
raw_tap_in(struct raw_conn *conn, const uint8_t *data, size_t len)
{
	while (len > 0 && (data[0] & LONG_FORM) != 0) {
		size_t number_at = 0;
		size_t size = long_packet_size(data, len, &number_at);

		if (size == 0)
			return;
		tap_long(conn, data, size, number_at);
		data += size;
		len -= size;
	}
	if (len > 0)
		tap_short(conn, data, len);
}

void
raw_tap_replay(struct raw_conn *conn)
{
	struct raw_stash old[RAW_STASH_MAX];
	size_t count = conn->nstash;

	if (!conn->rx_handshake.is_ready && !conn->rx.is_ready)
		return;
	memcpy(old, conn->stash, sizeof(old));
	conn->nstash = 0;
	for (size_t i = 0; i < count; i++) {
		raw_tap_in(conn, old[i].data, old[i].len);
		free(old[i].data);
	}
}

void
raw_tap_out(struct raw_conn *conn, const uint8_t *data, size_t len)
{
	struct raw_packet packet;
	size_t short_len = 0;
	const uint8_t *p = find_short(data, len, &short_len);

	if (p == NULL || !conn->tx.is_ready || conn->is_taken_over)
		return;
	/* Opening it notes the packet number in conn->tx; that is all. */
	(void)raw_packet_open(&conn->tx, p, short_len,
	    ngtcp2_conn_get_dcid(conn->quic)->datalen, conn->room, &packet);
}
