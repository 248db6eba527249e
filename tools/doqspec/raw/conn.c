/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One running client connection: datagrams, timers, and the verbs that a
 * script uses in either mode.  It is made in setup.c; what arrives is judged
 * elsewhere (tap.c, seen.c).
 *
 *   HANDSHAKE -> OPEN -> CLOSED_BY_SERVER | CLOSED_BY_US | RESET | IDLE
 *        \__________\___ FAILED (our side cannot go on; `error` says why)
 *
 * A connection outlives its end: expectations still look at what was seen.
 */
#include "tools/doqspec/raw/engine.h"
#include "tools/doqspec/raw/show.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	READS_PER_TURN = 512,
	PACKETS_PER_FLUSH = 256,
	PROBE_MS = 50,
	STREAM_UNI = 0x02,
	STREAM_SERVER = 0x01,
	OUTS_MAX = 1 << 20
};

void
raw_conn_fail(struct raw_conn *conn, const char *format, ...)
{
	va_list args;

	if (!raw_conn_is_alive(conn))
		return;
	conn->state = RAW_FAILED;
	va_start(args, format);
	vsnprintf(conn->error, sizeof(conn->error), format, args);
	va_end(args);
}

bool
raw_conn_is_alive(const struct raw_conn *conn)
{
	return conn->state == RAW_HANDSHAKE || conn->state == RAW_OPEN;
}

static void
keep_datagram(struct raw_stash *to, const uint8_t *data, size_t len)
{
	to->data = raw_alloc(1, len);
	to->len = len;
	memcpy(to->data, data, len);
}

/* A Retry alone says nothing of a handshake. */
static bool
is_withholding(const struct raw_conn *conn)
{
	return conn->settings.withholds && !conn->is_taken_over &&
	       conn->datagrams_in > (conn->has_retry ? 1 : 0);
}

void
raw_conn_datagram(struct raw_conn *conn, const uint8_t *data, size_t len)
{
	if (conn->datagrams_in == 0 && conn->nflight < RAW_FLIGHT_MAX)
		keep_datagram(&conn->flight[conn->nflight++], data, len);
	if (conn->is_holding && conn->nheld < RAW_STASH_MAX) {
		keep_datagram(&conn->held[conn->nheld++], data, len);
		return;
	}
	if (is_withholding(conn))
		return;
	conn->octets_out += len;
	/* A full socket is like a lossy network: nothing to do here. */
	if (conn->fd >= 0)
		(void)!send(conn->fd, data, len, 0);
}

struct raw_out *
raw_conn_out(struct raw_conn *conn, uint64_t stream)
{
	size_t kind = (size_t)(stream % RAW_STREAM_KINDS);
	size_t index = (size_t)(stream / RAW_STREAM_KINDS);
	size_t count = conn->nouts[kind] ? conn->nouts[kind] : 16;

	if (stream / RAW_STREAM_KINDS >= OUTS_MAX)
		return NULL;
	if (index >= conn->nouts[kind]) {
		while (count <= index)
			count *= 2;
		conn->outs[kind] = raw_realloc(
		    conn->outs[kind], count * sizeof(struct raw_out *));
		memset(conn->outs[kind] + conn->nouts[kind], 0,
		    (count - conn->nouts[kind]) * sizeof(struct raw_out *));
		conn->nouts[kind] = count;
	}
	if (conn->outs[kind][index] == NULL)
		conn->outs[kind][index] = raw_alloc(1, sizeof(struct raw_out));
	return conn->outs[kind][index];
}

uint64_t
raw_conn_next_stream(struct raw_conn *conn, bool is_uni)
{
	uint64_t *next = is_uni ? &conn->next_uni : &conn->next_bidi;
	uint64_t id = *next;

	*next += RAW_STREAM_KINDS;
	return id;
}

void
raw_conn_note_stream(struct raw_conn *conn, uint64_t stream)
{
	uint64_t *next =
	    stream & STREAM_UNI ? &conn->next_uni : &conn->next_bidi;

	if ((stream & STREAM_SERVER) == 0 && stream >= *next &&
	    stream / RAW_STREAM_KINDS < OUTS_MAX)
		*next = stream + RAW_STREAM_KINDS;
}

int
raw_conn_send(struct raw_conn *conn, uint64_t stream,
    const struct raw_buf *data, bool fin, size_t split)
{
	struct raw_chunk *chunk;
	struct raw_out *out;

	if (!raw_conn_is_alive(conn))
		return 0; /* too late for anything */
	raw_conn_note_stream(conn, stream);
	if (conn->is_taken_over) {
		raw_engine_stream(conn, stream, data, fin, split);
		return 0;
	}
	out = raw_conn_out(conn, stream);
	if ((stream & STREAM_SERVER) != 0 || out == NULL)
		return -EINVAL;
	out->offset += data->len;
	chunk = raw_alloc(1, sizeof(*chunk));
	chunk->stream = stream;
	chunk->data = raw_alloc(1, data->len + 1);
	if (data->len > 0)
		memcpy(chunk->data, data->data, data->len);
	chunk->len = data->len;
	chunk->fin = fin;
	chunk->split = split;
	*conn->chunks_end = chunk;
	conn->chunks_end = &chunk->next;
	if (conn->waiting == NULL)
		conn->waiting = chunk;
	raw_conn_flush(conn);
	return 0;
}

/* Opens streams of ngtcp2 up to this one.  False: not possible now. */
static bool
open_up_to(struct raw_conn *conn, uint64_t stream)
{
	bool is_uni = stream & STREAM_UNI;
	uint64_t *opened = is_uni ? &conn->opened_uni : &conn->opened_bidi;
	int64_t id;

	while (*opened <= stream) {
		int rc =
		    is_uni
			? ngtcp2_conn_open_uni_stream(conn->quic, &id, NULL)
			: ngtcp2_conn_open_bidi_stream(conn->quic, &id, NULL);

		if (rc != 0)
			return false;
		*opened = (uint64_t)id + RAW_STREAM_KINDS;
	}
	return true;
}

/* Streams may be used: after the handshake, or as early data. */
static bool
may_use_streams(const struct raw_conn *conn)
{
	return conn->state == RAW_OPEN ||
	       (conn->state == RAW_HANDSHAKE && conn->has_early_keys);
}

bool
raw_conn_has_credit(struct raw_conn *conn, uint64_t stream)
{
	return conn->is_taken_over || !raw_conn_is_alive(conn) ||
	       (may_use_streams(conn) && open_up_to(conn, stream));
}

enum write_result {
	WROTE,
	WROTE_NOTHING,
	SKIP_CHUNK,
	WRITE_FAILED
};

static void
send_packet(struct raw_conn *conn, const uint8_t *packet, ngtcp2_ssize len)
{
	if (len <= 0)
		return;
	raw_tap_out(conn, packet, (size_t)len);
	raw_conn_datagram(conn, packet, (size_t)len);
}

static void
advance_chunk(struct raw_chunk *chunk, ngtcp2_ssize taken)
{
	if (taken < 0)
		return;
	chunk->off += (size_t)taken;
	if (chunk->off == chunk->len)
		chunk->is_done = true;
}

static enum write_result
write_packet(struct raw_conn *conn, struct raw_chunk *chunk)
{
	uint8_t packet[RAW_UDP_PAYLOAD];
	ngtcp2_path_storage path;
	ngtcp2_pkt_info info;
	ngtcp2_vec vec = {NULL, 0};
	ngtcp2_ssize taken = -1;
	ngtcp2_ssize len;
	uint32_t flags = 0;

	ngtcp2_path_storage_zero(&path);
	if (chunk != NULL) {
		vec.base = chunk->data + chunk->off;
		vec.len = chunk->len - chunk->off;
		if (chunk->split > 0 && vec.len > chunk->split)
			vec.len = chunk->split;
		if (chunk->fin && chunk->off + vec.len == chunk->len)
			flags = NGTCP2_WRITE_STREAM_FLAG_FIN;
	}
	len = ngtcp2_conn_writev_stream(conn->quic, &path.path, &info, packet,
	    sizeof(packet), &taken, flags,
	    chunk != NULL ? (int64_t)chunk->stream : -1, &vec,
	    chunk != NULL ? 1 : 0, raw_now());
	if (len == NGTCP2_ERR_STREAM_DATA_BLOCKED)
		return SKIP_CHUNK;
	if (len == NGTCP2_ERR_STREAM_SHUT_WR ||
	    len == NGTCP2_ERR_STREAM_NOT_FOUND) {
		chunk->is_done = true;
		return SKIP_CHUNK;
	}
	if (len < 0) {
		raw_conn_fail(conn, "write: %s", ngtcp2_strerror((int)len));
		return WRITE_FAILED;
	}
	if (chunk != NULL)
		advance_chunk(chunk, taken);
	send_packet(conn, packet, len);
	return len > 0 ? WROTE : WROTE_NOTHING;
}

/* The first chunk after `after` that could go out now. */
static struct raw_chunk *
next_chunk(struct raw_conn *conn, struct raw_chunk *after)
{
	struct raw_chunk *c;

	if (!may_use_streams(conn))
		return NULL;
	while (conn->waiting != NULL && conn->waiting->is_done)
		conn->waiting = conn->waiting->next;
	c = after != NULL ? after->next : conn->waiting;
	for (; c != NULL; c = c->next) {
		if (c->is_done)
			continue;
		if (open_up_to(conn, c->stream))
			return c;
		return NULL; /* no credit: later streams have none either */
	}
	return NULL;
}

void
raw_conn_flush(struct raw_conn *conn)
{
	struct raw_chunk *chunk;
	struct raw_chunk *after = NULL;

	if (!raw_conn_is_alive(conn) || conn->is_abandoned)
		return;
	if (conn->is_taken_over) {
		raw_engine_ack(conn);
		return;
	}
	for (int i = 0; i < PACKETS_PER_FLUSH; i++) {
		enum write_result result;

		chunk = next_chunk(conn, after);
		result = write_packet(conn, chunk);
		if (result == WRITE_FAILED || result == WROTE_NOTHING)
			break;
		if (result == SKIP_CHUNK)
			after = chunk;
	}
	/* A first flight leaves at once: pacing would hold early data back
	 * until the server has answered. */
	if (conn->state != RAW_HANDSHAKE)
		ngtcp2_conn_update_pkt_tx_time(conn->quic, raw_now());
	/* ngtcp2 points into chunks until they are acknowledged: they stay. */
}

int
raw_conn_reset(struct raw_conn *conn, uint64_t stream, uint64_t code)
{
	struct raw_out *out = raw_conn_out(conn, stream);
	int rc;

	if (!raw_conn_is_alive(conn))
		return 0; /* too late for anything */
	raw_conn_note_stream(conn, stream);
	if (out == NULL)
		return -EINVAL;
	if (conn->is_taken_over) {
		struct raw_buf frame = {0};

		raw_put_reset(&frame, stream, code, out->offset);
		raw_engine_add(conn, &frame);
		raw_buf_done(&frame);
		return 0;
	}
	for (struct raw_chunk *c = conn->chunks; c != NULL; c = c->next)
		if (c->stream == stream)
			c->is_done = true;
	(void)open_up_to(conn, stream);
	rc = ngtcp2_conn_shutdown_stream_write(
	    conn->quic, 0, (int64_t)stream, code);
	raw_conn_flush(conn);
	return rc == 0 ? 0 : -EINVAL;
}

int
raw_conn_stop(struct raw_conn *conn, uint64_t stream, uint64_t code)
{
	int rc;

	if (!raw_conn_is_alive(conn))
		return 0; /* too late for anything */
	raw_conn_note_stream(conn, stream);
	if (conn->is_taken_over) {
		struct raw_buf frame = {0};

		raw_put_stop(&frame, stream, code);
		raw_engine_add(conn, &frame);
		raw_buf_done(&frame);
		return 0;
	}
	(void)open_up_to(conn, stream);
	rc = ngtcp2_conn_shutdown_stream_read(
	    conn->quic, 0, (int64_t)stream, code);
	raw_conn_flush(conn);
	return rc == 0 ? 0 : -EINVAL;
}

static void
write_close(struct raw_conn *conn, const ngtcp2_ccerr *error)
{
	uint8_t packet[RAW_UDP_PAYLOAD];
	ngtcp2_path_storage path;
	ngtcp2_pkt_info info;
	ngtcp2_ssize len;

	ngtcp2_path_storage_zero(&path);
	len = ngtcp2_conn_write_connection_close(conn->quic, &path.path, &info,
	    packet, sizeof(packet), error, raw_now());
	send_packet(conn, packet, len);
}

int
raw_conn_close(
    struct raw_conn *conn, bool is_app, uint64_t code, const char *reason)
{
	const uint8_t *text = (const uint8_t *)reason;
	ngtcp2_ccerr error;

	if (!raw_conn_is_alive(conn))
		return -EINVAL;
	if (conn->is_taken_over) {
		struct raw_buf frame = {0};

		raw_put_close(&frame, is_app, code, reason);
		raw_engine_add(conn, &frame);
		raw_buf_done(&frame);
	} else {
		ngtcp2_ccerr_default(&error);
		if (is_app)
			ngtcp2_ccerr_set_application_error(
			    &error, code, text, strlen(reason));
		else
			ngtcp2_ccerr_set_transport_error(
			    &error, code, text, strlen(reason));
		write_close(conn, &error);
	}
	conn->state = RAW_CLOSED_BY_US;
	return 0;
}

int
raw_conn_take_over(struct raw_conn *conn)
{
	const ngtcp2_cid *dcid;

	if (conn->state != RAW_OPEN || !conn->rx.is_ready || !conn->tx.is_ready)
		return -EAGAIN;
	raw_conn_flush(conn);
	dcid = ngtcp2_conn_get_dcid(conn->quic);
	memcpy(conn->dcid, dcid->data, dcid->datalen);
	conn->dcid_len = dcid->datalen;
	raw_engine_start(conn);
	return 0;
}

void
raw_conn_abandon(struct raw_conn *conn)
{
	conn->is_abandoned = true;
}

bool
raw_conn_probe(struct raw_conn *conn)
{
	struct raw_buf ping = {0};

	if (!raw_conn_is_alive(conn) || conn->is_abandoned ||
	    is_withholding(conn))
		return false;
	if (conn->is_taken_over) {
		raw_buf_u8(&ping, RAW_FRAME_PING);
		raw_engine_add(conn, &ping);
		raw_buf_done(&ping);
	} else {
		ngtcp2_conn_set_keep_alive_timeout(
		    conn->quic, PROBE_MS * RAW_MS);
		raw_conn_flush(conn);
	}
	return true;
}

/* What ngtcp2 learnt from a CONNECTION_CLOSE that the tap could not open. */
static void
note_long_close(struct raw_conn *conn)
{
	const ngtcp2_ccerr *e = ngtcp2_conn_get_ccerr(conn->quic);
	struct raw_frame f = {.type = RAW_FRAME_CLOSE,
	    .code = e->error_code,
	    .offset = e->frame_type,
	    .data = e->reason,
	    .len = e->reasonlen};

	if (conn->seen.close.is_seen || conn->seen.has_reset_packet)
		return;
	if (e->type == NGTCP2_CCERR_TYPE_APPLICATION)
		f.type = RAW_FRAME_CLOSE_APP;
	if (f.data == NULL)
		f.len = 0;
	if (f.type == RAW_FRAME_CLOSE_APP)
		raw_seen_frame(&conn->seen, &f);
	else
		raw_seen_long_frame(&conn->seen, RAW_LEVEL_HANDSHAKE, &f);
}

static void
on_read_error(struct raw_conn *conn, int rc)
{
	ngtcp2_ccerr error;

	if (rc == NGTCP2_ERR_DRAINING) {
		note_long_close(conn);
		return;
	}
	if (rc == NGTCP2_ERR_RECV_VERSION_NEGOTIATION) {
		conn->has_vn = true;
		raw_conn_fail(conn, "version negotiation");
		return;
	}
	ngtcp2_ccerr_default(&error);
	if (rc == NGTCP2_ERR_CRYPTO)
		ngtcp2_ccerr_set_tls_alert(
		    &error, ngtcp2_conn_get_tls_alert(conn->quic), NULL, 0);
	else
		ngtcp2_ccerr_set_liberr(&error, rc, NULL, 0);
	write_close(conn, &error);
	raw_conn_fail(conn, "read: %s (we close with 0x%llx)",
	    ngtcp2_strerror(rc), (unsigned long long)error.error_code);
}

static void
on_datagram(struct raw_conn *conn, const uint8_t *data, size_t len)
{
	ngtcp2_pkt_info info = {0};
	int rc = 0;

	conn->datagrams_in++;
	conn->octets_in += len;
	if (len > conn->largest_datagram)
		conn->largest_datagram = len;
	/* Version Negotiation has no such bit (RFC 8999 6). */
	conn->cleared_bits += (data[0] & 0x40) == 0 && !conn->has_vn;
	conn->sizes[len < RAW_PACKET_MAX ? len : 0] = true;
	if (raw_tap_is_initial(data, len) &&
	    (conn->smallest_initial == 0 || len < conn->smallest_initial))
		conn->smallest_initial = len;
	if (!conn->is_taken_over && !conn->is_abandoned &&
	    raw_conn_is_alive(conn))
		rc = ngtcp2_conn_read_pkt(
		    conn->quic, &conn->path.path, &info, data, len, raw_now());
	raw_tap_replay(conn);
	raw_tap_in(conn, data, len);
	if (rc != 0)
		on_read_error(conn, rc);
	if (!raw_conn_is_alive(conn))
		return;
	if (conn->seen.close.is_seen)
		conn->state = RAW_CLOSED_BY_SERVER;
	else if (conn->seen.has_reset_packet)
		conn->state = RAW_RESET;
}

void
raw_conn_on_readable(struct raw_conn *conn)
{
	uint8_t *data = raw_alloc(1, RAW_PACKET_MAX);

	for (int i = 0; i < READS_PER_TURN && conn->fd >= 0; i++) {
		ssize_t len = recv(conn->fd, data, RAW_PACKET_MAX, 0);

		if (len < 0) {
			if (errno == ECONNREFUSED &&
			    conn->state == RAW_HANDSHAKE)
				raw_conn_fail(conn, "nobody listens");
			break;
		}
		if (len > 0)
			on_datagram(conn, data, (size_t)len);
	}
	free(data);
}

void
raw_conn_on_time(struct raw_conn *conn, uint64_t now)
{
	int rc;

	if (raw_conn_expiry(conn) > now)
		return;
	rc = ngtcp2_conn_handle_expiry(conn->quic, now);
	if (rc == NGTCP2_ERR_IDLE_CLOSE)
		conn->state = RAW_IDLE;
	else if (rc != 0)
		raw_conn_fail(conn, "%s", ngtcp2_strerror(rc));
	else
		raw_conn_flush(conn);
}

uint64_t
raw_conn_expiry(const struct raw_conn *conn)
{
	if (!raw_conn_is_alive(conn) || conn->is_taken_over ||
	    conn->is_abandoned)
		return UINT64_MAX;
	return ngtcp2_conn_get_expiry(conn->quic);
}

void
raw_conn_describe(const struct raw_conn *conn, char *text, size_t size)
{
	const struct raw_seen_close *c = &conn->seen.close;
	char reason[RAW_SHOW_MAX];

	switch (conn->state) {
	case RAW_HANDSHAKE:
		snprintf(text, size, "handshake not complete");
		break;
	case RAW_OPEN:
		snprintf(text, size, "connection open");
		break;
	case RAW_CLOSED_BY_SERVER:
		raw_show_octets((const uint8_t *)c->reason, c->reason_len,
		    reason, sizeof(reason));
		snprintf(text, size, "server closed: %s 0x%llx%s%s \"%s\"",
		    c->is_app ? "app" : "transport",
		    (unsigned long long)c->code,
		    c->level != RAW_LEVEL_1RTT ? " in " : "",
		    c->level != RAW_LEVEL_1RTT ? raw_level_name(c->level) : "",
		    reason);
		break;
	case RAW_CLOSED_BY_US:
		snprintf(text, size, "closed by this client");
		break;
	case RAW_RESET:
		snprintf(text, size, "stateless reset");
		break;
	case RAW_IDLE:
		snprintf(text, size, "idle timeout");
		break;
	case RAW_FAILED:
		snprintf(text, size, "failed: %s", conn->error);
		break;
	}
}
