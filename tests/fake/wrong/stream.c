/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 9250's rules of streams: one message with its length in front, then FIN;
 * the answer likewise, on the same stream.
 */
#include "tests/fake/wrong/wrong.h"

#include <stdlib.h>
#include <string.h>

enum {
	PREFIX = 2,
	FEW_QUERIES = 3,
	HOLD_MS = 20,
	MANY_CANCELS = 5,
	LATER_STREAM = 8, /* the third of a client */
	CANCELS_MOST = 400,
	SERVER_BIDI = 1,
	SERVER_UNI = 3,
	FRAME_DATAGRAM = 0x31,
	REGISTERED = 6
};

static void
violation(struct wrong_conn *conn, const char *reason)
{
	wrong_conn_close(conn, true, DOQ_PROTOCOL_ERROR, reason);
}

struct wrong_stream *
wrong_stream_open(struct wrong_conn *conn, int64_t id)
{
	struct wrong_stream *stream = raw_alloc(1, sizeof(*stream));
	struct wrong_stream **end = &conn->streams;

	while (*end != NULL)
		end = &(*end)->next;
	stream->conn = conn;
	stream->id = id;
	stream->opened_at = raw_now();
	conn->opened++;
	*end = stream;
	return stream;
}

void
wrong_stream_free(struct wrong_stream *stream)
{
	struct wrong_stream **at = &stream->conn->streams;

	while (*at != stream)
		at = &(*at)->next;
	*at = stream->next;
	raw_buf_done(&stream->in);
	raw_buf_done(&stream->out);
	free(stream);
}

/* -------------------------------------------------------------- answers -- */

/* Not on the first streams: what breaks every answer hides all the rest. */
static bool
is_later(const struct wrong_stream *stream)
{
	return stream->id >= LATER_STREAM;
}

/* Frames that no server of RFC 9250 sends, in front of an answer. */
static void
misbehave(struct wrong_stream *stream)
{
	struct wrong_conn *conn = stream->conn;
	struct raw_buf frames = {0};
	struct raw_buf data = {(uint8_t *)(uintptr_t) "hello", 5, 5};

	if (wrong_conn_does(conn, WRONG_OPENS_BIDI))
		raw_put_stream(&frames, SERVER_BIDI, 0, &data, true);
	if (wrong_conn_does(conn, WRONG_OPENS_UNI))
		raw_put_stream(&frames, SERVER_UNI, 0, &data, true);
	if (wrong_conn_does(conn, WRONG_SENDS_STOP))
		raw_put_stop(&frames, (uint64_t)stream->id, DOQ_NO_ERROR);
	if (wrong_conn_does(conn, WRONG_SENDS_DATAGRAM) && is_later(stream)) {
		raw_buf_u8(&frames, FRAME_DATAGRAM);
		raw_buf_u8(&frames, 1);
		raw_buf_u8(&frames, 'd');
	}
	if (wrong_conn_does(conn, WRONG_CREDIT_IGNORED)) {
		struct raw_buf part = {stream->out.data, 1, 1};

		raw_put_stream(&frames, (uint64_t)stream->id, 0, &part, false);
	}
	if (frames.len > 0)
		wrong_tamper_send(conn, &frames);
	raw_buf_done(&frames);
}

static bool
is_first(const struct wrong_stream *stream)
{
	for (const struct wrong_stream *s = stream->conn->streams; s != NULL;
	     s = s->next)
		if (s->id < stream->id && !s->is_out_done)
			return false;
	return true;
}

static void
reset_own(struct wrong_stream *stream, uint64_t code)
{
	struct wrong_conn *conn = stream->conn;

	stream->is_out_done = true;
	if (wrong_conn_does(conn, WRONG_RESET_CODE))
		code = 0x1234567;
	(void)ngtcp2_conn_shutdown_stream_write(
	    conn->quic, 0, stream->id, code);
}

static void
give_answer(struct wrong_stream *stream)
{
	struct wrong_conn *conn = stream->conn;

	if (wrong_conn_does(conn, WRONG_ANSWERS_IN_ORDER) &&
	    !is_first(stream)) {
		stream->answer_at = raw_now() + HOLD_MS * RAW_MS;
		return;
	}
	stream->answer_at = 0;
	misbehave(stream);
	if (wrong_conn_does(conn, WRONG_RESETS_ERRORS) && stream->out.len > 5 &&
	    (stream->out.data[5] & 0x0f) != 0) {
		reset_own(stream, DOQ_INTERNAL_ERROR);
		return;
	}
	stream->is_answered = true;
	stream->out_fin =
	    !wrong_conn_does(conn, WRONG_NO_FIN) || !is_later(stream);
	if (is_later(stream) && wrong_conn_does(conn, WRONG_ANSWER_TWICE))
		raw_buf_add(&stream->out, stream->out.data, stream->out.len);
	if (is_later(stream) && wrong_conn_does(conn, WRONG_LENGTH_MORE))
		stream->out.data[1]++;
	if (is_later(stream) && wrong_conn_does(conn, WRONG_LENGTH_LESS))
		stream->out.data[1]--;
	if (is_later(stream) && wrong_conn_does(conn, WRONG_QR_CLEAR))
		stream->out.data[PREFIX + 2] &= 0x7f;
	if (is_later(stream) && wrong_conn_does(conn, WRONG_ID_RANDOM))
		stream->out.data[PREFIX + 1] = 0x77;
	if (wrong_conn_does(conn, WRONG_NO_FIN_IN_ERRORS) &&
	    stream->out.len > 5 && (stream->out.data[5] & 0x0f) != 0)
		stream->out_fin = false;
	if (wrong_conn_does(conn, WRONG_FEW_QUERIES) &&
	    ++conn->queries > FEW_QUERIES)
		wrong_conn_close(conn, true, DOQ_NO_ERROR, "enough");
}

static void
ask(struct wrong_stream *stream, const uint8_t *message, size_t len)
{
	struct wrong_conn *conn = stream->conn;
	struct wrong_dns dns = {.server = conn->server,
	    .query = message,
	    .len = len,
	    .is_early = stream->is_early && conn->state == WRONG_HANDSHAKE};

	stream->is_asked = true;
	switch (wrong_dns_answer(&dns, &stream->out)) {
	case WRONG_FATAL:
		violation(conn, "message");
		break;
	case WRONG_ANSWER:
		give_answer(stream);
		break;
	case WRONG_ANSWER_LATER:
		stream->answer_at =
		    raw_now() + conn->server->options.slow_ms * RAW_MS;
		break;
	case WRONG_SILENCE:
		break;
	case WRONG_HANGS:
		wrong_server_stall(conn->server);
		break;
	case WRONG_NOT_YET:
		stream->is_asked = false;
		break;
	}
}

/* -------------------------------------------------------------- framing -- */

static size_t
promised(const struct wrong_stream *stream)
{
	return raw_get_u16(stream->in.data);
}

/* More than the length says. */
static bool
on_trailing(struct wrong_stream *stream)
{
	struct wrong_conn *conn = stream->conn;

	if (wrong_conn_does(conn, WRONG_SECOND_ANSWERED) && stream->has_fin) {
		ask(stream, stream->in.data + PREFIX, promised(stream));
		ask(stream, stream->in.data + 2 * PREFIX + promised(stream),
		    stream->in.len >= 2 * PREFIX + promised(stream)
			? stream->in.len - 2 * PREFIX - promised(stream)
			: 0);
		return true;
	}
	if (wrong_conn_does(conn, WRONG_TRAILING_TAKEN))
		return false;
	violation(conn, "more than one message");
	return true;
}

/* FIN, and less than the length says. */
static bool
on_cut(struct wrong_stream *stream)
{
	struct wrong_conn *conn = stream->conn;

	if (stream->in.len == 0 && wrong_conn_does(conn, WRONG_EMPTY_TAKEN))
		return true;
	if (stream->in.len > 0 && wrong_conn_does(conn, WRONG_CUT_SILENT))
		return true;
	if (stream->in.len >= PREFIX &&
	    wrong_conn_does(conn, WRONG_CUT_ANSWERED)) {
		ask(stream, stream->in.data + PREFIX, stream->in.len - PREFIX);
		return true;
	}
	if (stream->in.len > 0 && wrong_conn_does(conn, WRONG_CUT_RESET)) {
		reset_own(stream, DOQ_PROTOCOL_ERROR);
		return true;
	}
	violation(conn, "incomplete message");
	return true;
}

static void
consider(struct wrong_stream *stream)
{
	struct wrong_conn *conn = stream->conn;
	size_t have = stream->in.len;

	if (conn->wants_close || stream->is_asked || stream->is_cancelled)
		return;
	if (have > PREFIX && wrong_conn_does(conn, WRONG_SPLIT_LOST) &&
	    have < PREFIX + promised(stream)) {
		violation(conn, "split");
		return;
	}
	if (have > PREFIX && promised(stream) == 0 &&
	    wrong_conn_does(conn, WRONG_LENGTH_0_SKIPPED)) {
		stream->in.len -= PREFIX;
		memmove(
		    stream->in.data, stream->in.data + PREFIX, stream->in.len);
		have = stream->in.len;
	}
	if (have >= PREFIX && have > PREFIX + promised(stream) &&
	    on_trailing(stream))
		return;
	if (!stream->has_fin)
		return;
	if ((have < PREFIX || have < PREFIX + promised(stream)) &&
	    on_cut(stream))
		return;
	if (have - PREFIX > 4096 &&
	    wrong_conn_does(conn, WRONG_LARGE_REFUSED)) {
		reset_own(stream, DOQ_EXCESSIVE_LOAD);
		return;
	}
	ask(stream, stream->in.data + PREFIX, promised(stream));
}

void
wrong_stream_data(
    struct wrong_stream *stream, const uint8_t *data, size_t len, bool fin)
{
	if (stream->conn->state == WRONG_HANDSHAKE)
		stream->is_early = true;
	raw_buf_add(&stream->in, data, len);
	stream->has_fin |= fin;
	consider(stream);
}

void
wrong_streams_completed(struct wrong_conn *conn)
{
	for (struct wrong_stream *s = conn->streams; s != NULL; s = s->next)
		if (s->has_fin)
			consider(s);
}

/* --------------------------------------------------------- cancellation -- */

/* RFC 9250 4.3.4: what an unknown code must not do. */
static void
mind_code(struct wrong_conn *conn, uint64_t code)
{
	if (code >= REGISTERED && wrong_conn_does(conn, WRONG_CODE_FATAL))
		violation(conn, "unknown code");
	conn->cancels++;
	if (wrong_conn_does(conn, WRONG_CANCELS_FEW) &&
	    conn->cancels > MANY_CANCELS)
		wrong_conn_close(conn, true, DOQ_NO_ERROR, "cancelled");
	if (conn->cancels > CANCELS_MOST && conn->cancels * 2 > conn->opened)
		wrong_conn_close(conn, true,
		    wrong_conn_does(conn, WRONG_CANCELS_CODE)
			? DOQ_REQUEST_CANCELLED
			: DOQ_EXCESSIVE_LOAD,
		    "too many cancelled queries");
}

/* RFC 9250 4.3.1 */
void
wrong_stream_reset(struct wrong_stream *stream, uint64_t code)
{
	struct wrong_conn *conn = stream->conn;

	mind_code(conn, code);
	if (stream->has_fin) {
		if (wrong_conn_does(conn, WRONG_LATE_CANCEL_FATAL))
			violation(conn, "reset after FIN");
		return;
	}
	stream->is_reset = true;
	if (wrong_conn_does(conn, WRONG_CANCEL_FATAL)) {
		violation(conn, "reset");
		return;
	}
	if (wrong_conn_does(conn, WRONG_RESET_ANSWERED) &&
	    stream->in.len > PREFIX &&
	    stream->in.len == PREFIX + promised(stream)) {
		stream->has_fin = true;
		consider(stream);
		return;
	}
	stream->is_cancelled = true;
	if (wrong_conn_does(conn, WRONG_RESET_UNANSWERED))
		return;
	reset_own(stream, DOQ_REQUEST_CANCELLED);
}

/* ngtcp2 has answered with RESET_STREAM (RFC 9000 3.5). */
void
wrong_stream_stop(struct wrong_stream *stream, uint64_t code)
{
	struct wrong_conn *conn = stream->conn;

	mind_code(conn, code);
	if (stream->is_answered &&
	    wrong_conn_does(conn, WRONG_LATE_CANCEL_FATAL))
		violation(conn, "stop after the answer");
	if (wrong_conn_does(conn, WRONG_CANCEL_FATAL))
		violation(conn, "stop");
	stream->is_cancelled = true;
	stream->answer_at = 0;
	stream->is_out_done = true;
}

/* --------------------------------------------------------------- timers -- */

static uint64_t
dangles_until(const struct wrong_stream *stream)
{
	const struct wrong_conn *conn = stream->conn;
	uint64_t since = stream->opened_at;

	if (stream->has_fin || stream->is_reset ||
	    wrong_conn_does(conn, WRONG_DANGLING_NEVER))
		return UINT64_MAX;
	if (wrong_conn_does(conn, WRONG_DANGLING_ALIVE))
		since = conn->heard_at;
	return since + conn->server->options.dangling_ms * RAW_MS;
}

uint64_t
wrong_streams_expiry(const struct wrong_conn *conn)
{
	uint64_t next = UINT64_MAX;

	for (const struct wrong_stream *s = conn->streams; s != NULL;
	     s = s->next) {
		uint64_t until = dangles_until(s);

		if (until < next)
			next = until;
		if (s->answer_at != 0 && s->answer_at < next)
			next = s->answer_at;
	}
	return next;
}

void
wrong_streams_on_time(struct wrong_conn *conn, uint64_t now)
{
	for (struct wrong_stream *s = conn->streams; s != NULL; s = s->next) {
		if (s->answer_at != 0 && s->answer_at <= now)
			give_answer(s);
		if (dangles_until(s) <= now)
			wrong_conn_close(conn, true,
			    wrong_conn_does(conn, WRONG_DANGLING_CODE)
				? DOQ_NO_ERROR
				: DOQ_PROTOCOL_ERROR,
			    "unfinished stream");
	}
}
