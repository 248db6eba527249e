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
#include "tools/doqspec/raw/initial.h"

#include <stdlib.h>
#include <string.h>

enum {
	LONG_FORM = 0x80
};

/* The header of a packet that may be sealed; false: nothing to be found. */
static bool
read_long(const uint8_t *p, size_t len, struct raw_long *ret_header)
{
	return raw_long_read(p, len, ret_header) == 0 &&
	       ret_header->type < RAW_LONG_RETRY;
}

bool
raw_tap_is_initial(const uint8_t *data, size_t len)
{
	struct raw_long header;

	return read_long(data, len, &header) && header.type == RAW_LONG_INITIAL;
}

/* The 1-RTT packet of a datagram; it is always the last (RFC 9000 12.2). */
static const uint8_t *
find_short(const uint8_t *p, size_t len, size_t *ret_len)
{
	struct raw_long header;

	while (len > 0 && (p[0] & LONG_FORM) != 0) {
		if (!read_long(p, len, &header))
			return NULL;
		p += header.size;
		len -= header.size;
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

/* Reads the next frame of a packet and steps over it; false: cannot be read,
 * and the rest of the packet is shown in its place. */
static bool
next_frame(const uint8_t **p, size_t *len, struct raw_frame *ret_frame)
{
	int used = raw_frame_read(*p, *len, ret_frame);

	if (used <= 0) {
		*ret_frame = (struct raw_frame){
		    .type = RAW_FRAME_TYPES, .data = *p, .len = *len};
		*len = 0;
		return false;
	}
	*p += used;
	*len -= (size_t)used;
	return true;
}

static void
show(const struct raw_conn *conn, const struct raw_sight *sight)
{
	if (conn->watch != NULL)
		conn->watch->frame(conn->watch->arg, conn, sight);
}

static void
note_packet(struct raw_conn *conn, enum raw_level level,
    const struct raw_packet *packet)
{
	const uint8_t *p = packet->payload;
	size_t len = packet->len;
	struct raw_frame f;
	const struct raw_sight sight = {
	    .level = level, .number = packet->number, .frame = &f};
	bool is_eliciting = false;

	if (level == RAW_LEVEL_1RTT)
		conn->seen.packets++;
	else
		conn->seen.long_packets[level]++;
	while (len > 0) {
		if (next_frame(&p, &len, &f)) {
			note_frame(conn, level, &f);
			is_eliciting |= raw_frame_is_eliciting(f.type);
		} else {
			conn->seen.bad_packets++;
		}
		show(conn, &sight);
	}
	if (level == RAW_LEVEL_1RTT)
		raw_engine_on_packet(conn, packet->number, is_eliciting);
}

void
raw_tap_show_sent(struct raw_conn *conn, const struct raw_packet *packet)
{
	const uint8_t *p = packet->payload;
	size_t len = packet->len;
	struct raw_frame f;
	const struct raw_sight sight = {.is_out = true,
	    .level = RAW_LEVEL_1RTT,
	    .number = packet->number,
	    .frame = &f};

	while (len > 0 && conn->watch != NULL) {
		(void)next_frame(&p, &len, &f);
		show(conn, &sight);
	}
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
initial_keys(struct raw_conn *conn, uint32_t version)
{
	struct raw_keys *keys =
	    &conn->rx_initial[version == NGTCP2_PROTO_VER_V2];
	const struct raw_buf dcid = {
	    .data = conn->first_dcid.data, .len = conn->first_dcid.datalen};

	if (!keys->is_ready)
		(void)raw_initial_keys(keys, version, &dcid, false);
	return keys;
}

/* One long-header packet. */
static void
tap_long(struct raw_conn *conn, const uint8_t *p, const struct raw_long *header)
{
	enum raw_level level = RAW_LEVEL_HANDSHAKE;
	struct raw_keys *keys = &conn->rx_handshake;
	struct raw_packet packet;

	if (header->type == RAW_LONG_INITIAL) {
		level = RAW_LEVEL_INITIAL;
		keys = initial_keys(conn, header->version);
	} else if (header->type != RAW_LONG_HANDSHAKE) {
		return; /* no server sends it */
	}
	if (!keys->is_ready)
		stash(conn, p, header->size);
	else if (raw_initial_open(keys, p, header, conn->room, &packet) == 0)
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
	struct raw_long header;

	while (len > 0 && (data[0] & LONG_FORM) != 0) {
		if (!read_long(data, len, &header))
			return;
		tap_long(conn, data, &header);
		data += header.size;
		len -= header.size;
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
	/* Opening it notes the packet number in conn->tx. */
	if (raw_packet_open(&conn->tx, p, short_len,
		ngtcp2_conn_get_dcid(conn->quic)->datalen, conn->room,
		&packet) == 0)
		raw_tap_show_sent(conn, &packet);
}
