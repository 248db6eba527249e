/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame engine: what stands in for ngtcp2 after "takeover".
 *
 * Deliberately without honesty: no flow control, no congestion control, no
 * retransmission.  The one duty it keeps is acknowledging, so that the server
 * goes on talking; "quiet" stops that as well.  Packet numbers continue behind
 * the last one that ngtcp2 used (tap.c saw it leave).
 */
#include "tools/doqspec/raw/engine.h"

#include <string.h>

enum {
	STREAM_CHUNK = 1100, /* fits a datagram of RAW_UDP_PAYLOAD */
	ACK_RANGES_SENT = 32
};

void
raw_engine_start(struct raw_conn *conn)
{
	struct raw_engine *e = &conn->engine;

	e->next_number = conn->tx.has_largest ? conn->tx.largest + 1 : 0;
	conn->is_taken_over = true;
}

void
raw_engine_done(struct raw_conn *conn)
{
	raw_buf_done(&conn->engine.payload);
	raw_buf_done(&conn->engine.front);
	raw_buf_done(&conn->engine.last);
}

void
raw_engine_packet(struct raw_conn *conn, const struct raw_buf *payload)
{
	struct raw_engine *e = &conn->engine;
	struct raw_buf out = {0};
	struct raw_seal how = {.dcid = conn->dcid,
	    .dcid_len = conn->dcid_len,
	    .number = e->next_number++,
	    .first = e->first,
	    .clear_fixed = e->clear_fixed,
	    .break_tag = e->break_tag};

	raw_tap_show_sent(conn, &(struct raw_packet){.number = how.number,
				    .payload = payload->data,
				    .len = payload->len});
	raw_buf_add(&out, e->front.data, e->front.len);
	raw_buf_done(&e->front);
	if (raw_packet_seal(&conn->tx, &how, payload, &out) == 0)
		raw_conn_datagram(conn, out.data, out.len);
	else
		raw_conn_fail(conn, "packet could not be sealed");
	raw_buf_done(&e->last);
	e->last = out;
}

void
raw_engine_again(struct raw_conn *conn)
{
	raw_conn_datagram(conn, conn->engine.last.data, conn->engine.last.len);
}

void
raw_engine_group(struct raw_conn *conn)
{
	conn->engine.is_grouping = true;
}

void
raw_engine_flush(struct raw_conn *conn)
{
	struct raw_engine *e = &conn->engine;

	e->is_grouping = false;
	if (e->payload.len == 0)
		return;
	raw_engine_packet(conn, &e->payload);
	e->payload.len = 0;
}

void
raw_engine_add(struct raw_conn *conn, const struct raw_buf *frames)
{
	raw_buf_add(&conn->engine.payload, frames->data, frames->len);
	if (!conn->engine.is_grouping)
		raw_engine_flush(conn);
}

void
raw_engine_stream(struct raw_conn *conn, uint64_t stream,
    const struct raw_buf *data, bool fin, size_t split)
{
	struct raw_out *out = raw_conn_out(conn, stream);
	size_t most = split > 0 ? split : STREAM_CHUNK;
	size_t off = 0;

	if (out == NULL)
		return;
	do {
		size_t n = data->len - off < most ? data->len - off : most;
		struct raw_buf part = {.data = data->data + off, .len = n};
		struct raw_buf frame = {0};

		off += n;
		raw_put_stream(&frame, stream, out->offset, &part,
		    fin && off == data->len);
		out->offset += n;
		raw_engine_add(conn, &frame);
		raw_buf_done(&frame);
	} while (off < data->len);
}

/* Ranges stay sorted, highest first; the oldest is forgotten when full. */
static void
note_number(struct raw_engine *e, uint64_t number)
{
	size_t i;

	for (i = 0; i < e->ngot; i++) {
		struct raw_range *r = &e->got[i];

		if (number >= r->low && number <= r->high)
			return;
		if (number == r->high + 1) {
			r->high++;
			if (i > 0 && e->got[i - 1].low == r->high + 1) {
				e->got[i - 1].low = r->low;
				memmove(
				    r, r + 1, (e->ngot - i - 1) * sizeof(*r));
				e->ngot--;
			}
			return;
		}
		if (number + 1 == r->low &&
		    (i + 1 == e->ngot || e->got[i + 1].high + 1 < number)) {
			r->low--;
			return;
		}
		if (number > r->high)
			break;
	}
	if (e->ngot == RAW_RANGES_MAX)
		e->ngot--;
	if (i > e->ngot)
		return;
	memmove(&e->got[i + 1], &e->got[i], (e->ngot - i) * sizeof(e->got[0]));
	e->got[i] = (struct raw_range){number, number};
	e->ngot++;
}

void
raw_engine_on_packet(struct raw_conn *conn, uint64_t number, bool is_eliciting)
{
	note_number(&conn->engine, number);
	if (is_eliciting)
		conn->engine.owes_ack = true;
}

/* RFC 9000 19.3 */
void
raw_engine_ack(struct raw_conn *conn)
{
	struct raw_engine *e = &conn->engine;
	struct raw_buf frame = {0};
	size_t n = e->ngot < ACK_RANGES_SENT ? e->ngot : ACK_RANGES_SENT;

	if (!e->owes_ack || e->is_silent || n == 0 || conn->is_abandoned)
		return;
	e->owes_ack = false;
	raw_buf_u8(&frame, RAW_FRAME_ACK);
	raw_buf_varint(&frame, e->got[0].high);
	raw_buf_varint(&frame, 0);
	raw_buf_varint(&frame, n - 1);
	raw_buf_varint(&frame, e->got[0].high - e->got[0].low);
	for (size_t i = 1; i < n; i++) {
		raw_buf_varint(&frame, e->got[i - 1].low - e->got[i].high - 2);
		raw_buf_varint(&frame, e->got[i].high - e->got[i].low);
	}
	/* Not through the group: what a test puts together stays as it is. */
	raw_engine_packet(conn, &frame);
	raw_buf_done(&frame);
}
