/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames between ngtcp2 and the wire, in clear.  On their way in a mutant may
 * not notice one: it becomes a PING, so that its packet is acknowledged all
 * the same.  On their way out one may be changed or become PADDING.
 *
 * Frames of our own travel as NEW_TOKEN frames whose token begins with a mark:
 * ngtcp2 sends them, repeats them if they are lost, and knows nothing of what
 * they turn into here.
 */
#include "tests/fake/wrong/wrong.h"

#include <string.h>

enum {
	MARK_LEN = 16,
	STREAM_UNI = 0x02,
	STREAM_SERVER = 0x01,
	STREAM_KINDS = 4,
	RESERVED_BITS = 0x18,
	PHASE_BIT = 0x04,
	CLOSE_FIRST = 0x1c,
	DATAGRAM = 0x30,
	DATAGRAM_LEN = 0x31,
	MAX_STREAMS_MOST_BITS = 60,
	LONG_FORM = 0x80,
	FRAMES_MANY = 400,
	RETIRED_MANY = 5,
	REGISTERED = 6,

	FAR_AHEAD = 1000
};

static const uint8_t mark[MARK_LEN] = "wrongdoq-frames";

static bool
is_stream(const struct raw_frame *f)
{
	return f->type >= RAW_FRAME_STREAM && f->type <= RAW_FRAME_STREAM_LAST;
}

static bool
is_of_server(const struct raw_frame *f)
{
	return (f->stream & STREAM_SERVER) != 0;
}

/* ------------------------------------------------------------------- in -- */

static bool
is_stop(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return f->type == RAW_FRAME_STOP_SENDING && !is_of_server(f);
}

static bool
is_reset(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return f->type == RAW_FRAME_RESET_STREAM && !is_of_server(f);
}

static bool
is_server_stream(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return is_stream(f) && is_of_server(f);
}

static bool
is_server_state(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return (f->type == RAW_FRAME_STOP_SENDING ||
		   f->type == RAW_FRAME_MAX_STREAM_DATA ||
		   f->type == RAW_FRAME_RESET_STREAM ||
		   f->type == RAW_FRAME_STREAM_DATA_BLOCKED) &&
	       is_of_server(f);
}

static bool
is_uni(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return (is_stream(f) || f->type == RAW_FRAME_RESET_STREAM ||
		   f->type == RAW_FRAME_STREAM_DATA_BLOCKED) &&
	       (f->stream & STREAM_UNI) != 0 && !is_of_server(f);
}

static bool
is_beyond_streams(const struct wrong_conn *conn, const struct raw_frame *f)
{
	return (is_stream(f) || f->type == RAW_FRAME_RESET_STREAM ||
		   f->type == RAW_FRAME_STOP_SENDING ||
		   f->type == RAW_FRAME_MAX_STREAM_DATA ||
		   f->type == RAW_FRAME_STREAM_DATA_BLOCKED) &&
	       (f->stream & (STREAM_SERVER | STREAM_UNI)) == 0 &&
	       f->stream / STREAM_KINDS >= conn->stream_limit;
}

static bool
is_beyond_data(const struct wrong_conn *conn, const struct raw_frame *f)
{
	const ngtcp2_transport_params *params =
	    ngtcp2_conn_get_local_transport_params(conn->quic);
	uint64_t end = is_stream(f) ? f->offset + f->len : f->value;

	if (!is_stream(f) && f->type != RAW_FRAME_RESET_STREAM)
		return false;
	return end >= params->initial_max_stream_data_bidi_remote;
}

static const struct wrong_stream *
find_stream(const struct wrong_conn *conn, uint64_t id)
{
	const struct wrong_stream *s = conn->streams;

	while (s != NULL && (uint64_t)s->id != id)
		s = s->next;
	return s;
}

/* RFC 9000 4.5: less than what came, or more than the end. */
static bool
is_other_size(const struct wrong_conn *conn, const struct raw_frame *f)
{
	const struct wrong_stream *s = find_stream(conn, f->stream);
	uint64_t end = is_stream(f) ? f->offset + f->len : f->value;

	if (s == NULL || (!is_stream(f) && f->type != RAW_FRAME_RESET_STREAM))
		return false;
	if (s->is_reset)
		return true;
	if (s->has_fin)
		return end > s->in.len || (!is_stream(f) && end != s->in.len);
	return (!is_stream(f) || f->fin) && end < s->in.len;
}

static bool
is_handshake_done(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return f->type == RAW_FRAME_HANDSHAKE_DONE;
}

static bool
is_token(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return f->type == RAW_FRAME_NEW_TOKEN;
}

/* Only connection IDs 0 to count - 1 were issued. */
static bool
is_never_issued(const struct wrong_conn *conn, const struct raw_frame *f)
{
	return f->type == RAW_FRAME_RETIRE_CONNECTION_ID &&
	       f->value >= conn->cids_issued;
}

static bool
is_crypto(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return f->type == RAW_FRAME_CRYPTO;
}

static bool
is_early_ack(const struct wrong_conn *conn, const struct raw_frame *f)
{
	return (f->type == RAW_FRAME_ACK || f->type == RAW_FRAME_ACK_ECN) &&
	       f->value > conn->packets_out + FAR_AHEAD;
}

static bool
is_challenge(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return f->type == RAW_FRAME_PATH_CHALLENGE;
}

static bool
is_response(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return f->type == RAW_FRAME_PATH_RESPONSE;
}

static bool
is_new_id(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return f->type == RAW_FRAME_NEW_CONNECTION_ID;
}

static bool
is_retire(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return f->type == RAW_FRAME_RETIRE_CONNECTION_ID;
}

static bool
is_huge_credit(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return (f->type == RAW_FRAME_MAX_STREAMS_BIDI ||
		   f->type == RAW_FRAME_MAX_STREAMS_UNI) &&
	       f->value >> MAX_STREAMS_MOST_BITS != 0;
}

static bool
is_credit(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return f->type == RAW_FRAME_MAX_DATA ||
	       f->type == RAW_FRAME_MAX_STREAM_DATA;
}

static bool
is_close(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return f->type == RAW_FRAME_CLOSE || f->type == RAW_FRAME_CLOSE_APP;
}

/* The end of what a stream could have (RFC 9000 19.8). */
static bool
is_far_offset(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return (is_stream(f) || f->type == RAW_FRAME_CRYPTO) &&
	       f->offset >> 60 != 0;
}

/* What comes before octets that are missing. */
static bool
is_ahead(const struct wrong_conn *conn, const struct raw_frame *f)
{
	const struct wrong_stream *s = find_stream(conn, f->stream);

	return is_stream(f) && f->offset > (s != NULL ? s->in.len : 0);
}

static bool
is_fin_alone(const struct wrong_conn *conn, const struct raw_frame *f)
{
	(void)conn;
	return is_stream(f) && f->fin && f->len == 0 && f->offset > 0;
}

static const struct blindness {
	enum wrong_mutant mutant;
	bool (*is)(const struct wrong_conn *conn, const struct raw_frame *f);
} blindnesses[] = {
    {WRONG_BLIND_STOP, is_stop},
    {WRONG_BLIND_RESET, is_reset},
    {WRONG_BLIND_SERVER_STREAM, is_server_stream},
    {WRONG_BLIND_STREAM_STATE, is_server_state},
    {WRONG_BLIND_UNI, is_uni},
    {WRONG_BLIND_STREAM_LIMIT, is_beyond_streams},
    {WRONG_BLIND_FLOW, is_beyond_data},
    {WRONG_BLIND_FINAL_SIZE, is_other_size},
    {WRONG_BLIND_HANDSHAKE_DONE, is_handshake_done},
    {WRONG_BLIND_NEW_TOKEN, is_token},
    {WRONG_BLIND_RETIRE, is_never_issued},
    {WRONG_BLIND_CRYPTO, is_crypto},
    {WRONG_BLIND_EARLY_ACK, is_early_ack},
    {WRONG_BLIND_CHALLENGE, is_challenge},
    {WRONG_BLIND_RESPONSE, is_response},
    {WRONG_BLIND_NEW_ID, is_new_id},
    {WRONG_BLIND_RETIREMENT, is_retire},
    {WRONG_BLIND_HUGE_STREAMS, is_huge_credit},
    {WRONG_BLIND_CREDIT, is_credit},
    {WRONG_BLIND_CLOSE, is_close},
    {WRONG_BLIND_OFFSET, is_far_offset},
    {WRONG_BLIND_ORDER, is_ahead},
    {WRONG_BLIND_FIN_ALONE, is_fin_alone},
};

static bool
is_unnoticed(const struct wrong_conn *conn, const struct raw_frame *f)
{
	const size_t count = sizeof(blindnesses) / sizeof(blindnesses[0]);

	for (size_t i = 0; i < count; i++)
		if (wrong_conn_does(conn, blindnesses[i].mutant) &&
		    blindnesses[i].is(conn, f))
			return true;
	return false;
}

static void
make_ping(uint8_t *p, size_t len)
{
	memset(p, RAW_FRAME_PADDING, len);
	p[0] = RAW_FRAME_PING;
}

/* Frames that cannot be read: unknown, cut short, written with more octets
 * than a type needs. */
static void
on_unreadable(struct wrong_conn *conn, uint8_t *p, size_t len)
{
	bool is_datagram = p[0] == DATAGRAM || p[0] == DATAGRAM_LEN;
	uint64_t type = 0;
	bool is_known;

	(void)raw_get_varint(p, len, &type);
	is_known = type < RAW_FRAME_TYPES;
	if (is_datagram ? wrong_conn_does(conn, WRONG_BLIND_DATAGRAM)
	    : is_known	? wrong_conn_does(conn, WRONG_BLIND_CUT_FRAME)
			: wrong_conn_does(conn, WRONG_BLIND_UNKNOWN))
		make_ping(p, len);
}

/* RFC 9000 19.3.1: more packets than there are numbers up to the largest. */
static bool
is_negative_ack(const uint8_t *p, size_t len)
{
	uint64_t numbers[4];
	size_t at = 1;

	if (p[0] != RAW_FRAME_ACK)
		return false;
	for (size_t i = 0; i < 4; i++) {
		size_t used = raw_get_varint(p + at, len - at, &numbers[i]);

		if (used == 0)
			return false;
		at += used;
	}
	return numbers[3] > numbers[0] || numbers[2] > numbers[0];
}

static bool
is_long_type(const struct wrong_conn *conn, const uint8_t *p)
{
	return p[0] >> 6 != 0 && p[0] < DATAGRAM + 0xc0 &&
	       wrong_conn_does(conn, WRONG_BLIND_LONG_TYPE);
}

/* What some servers take for an attack. */
static void
on_odd_stream(struct wrong_conn *conn, const struct raw_frame *f)
{
	bool is_about = f->type == RAW_FRAME_MAX_STREAM_DATA ||
			f->type == RAW_FRAME_STREAM_DATA_BLOCKED;
	bool is_new = find_stream(conn, f->stream) == NULL;

	if (is_about && is_new && wrong_conn_does(conn, WRONG_FRESH_FATAL))
		wrong_conn_close(
		    conn, false, NGTCP2_STREAM_STATE_ERROR, "no data yet");
	if (is_stream(f) && is_new && f->stream > conn->next_stream &&
	    wrong_conn_does(conn, WRONG_SKIP_FATAL))
		wrong_conn_close(
		    conn, false, NGTCP2_STREAM_STATE_ERROR, "streams skipped");
	if (is_stream(f) && f->stream >= conn->next_stream)
		conn->next_stream = f->stream + STREAM_KINDS;
}

static bool
is_small(const struct raw_frame *f)
{
	return !is_stream(f) && f->type != RAW_FRAME_ACK &&
	       f->type != RAW_FRAME_PADDING;
}

static void
close_all(struct wrong_server *server)
{
	for (struct wrong_conn *c = server->conns; c != NULL; c = c->next)
		wrong_conn_close(c, true, DOQ_INTERNAL_ERROR, "closed");
}

/* What some servers do not bear. */
static void
on_hard_work(struct wrong_conn *conn, const struct raw_frame *f)
{
	if (is_small(f) && ++conn->small_frames > FRAMES_MANY &&
	    wrong_conn_does(conn, WRONG_FLOOD_HANGS)) {
		conn->small_frames = 0;
		wrong_server_stall(conn->server);
	}
	if (f->type == RAW_FRAME_CRYPTO && f->offset > 0 &&
	    wrong_conn_does(conn, WRONG_CRYPTO_UNBUFFERED))
		wrong_conn_close(conn, false, NGTCP2_FLOW_CONTROL_ERROR, "");
	if (f->type == RAW_FRAME_CLOSE_APP && f->code >= REGISTERED &&
	    wrong_conn_does(conn, WRONG_CLOSE_SPREADS))
		close_all(conn->server);
	if (f->type == RAW_FRAME_RETIRE_CONNECTION_ID &&
	    f->value > RETIRED_MANY &&
	    wrong_conn_does(conn, WRONG_RETIRE_FATAL))
		wrong_conn_close(conn, false, NGTCP2_CONNECTION_REFUSED, "");
	if (f->type == RAW_FRAME_PATH_RESPONSE &&
	    wrong_conn_does(conn, WRONG_PATH_RESPONSE_FATAL))
		wrong_conn_close(conn, false, NGTCP2_CONNECTION_REFUSED, "");
}

/* RFC 9000 4.6: told that it is blocked, it gives what it withheld. */
static void
on_blocked(struct wrong_conn *conn, const struct raw_frame *f)
{
	if (f->type != RAW_FRAME_STREAMS_BLOCKED_BIDI ||
	    conn->credit_withheld == 0)
		return;
	conn->gives_credit = true;
}

bool
wrong_tamper_in(
    struct wrong_conn *conn, enum wrong_level level, uint8_t *p, size_t len)
{
	if (len == 0)
		return !wrong_conn_does(conn, WRONG_BLIND_EMPTY);
	if (level == WRONG_LEVEL_EARLY)
		return !wrong_conn_does(conn, WRONG_EARLY_LOST);
	if (level != WRONG_LEVEL_SHORT)
		return true;
	while (len > 0) {
		struct raw_frame f;
		int used;

		if (is_long_type(conn, p)) {
			make_ping(p, len);
			break;
		}
		used = raw_frame_read(p, len, &f);
		if (used <= 0) {
			on_unreadable(conn, p, len);
			break;
		}
		if (wrong_conn_does(conn, WRONG_BLIND_NEGATIVE_ACK) &&
		    is_negative_ack(p, (size_t)used))
			make_ping(p, (size_t)used);
		on_blocked(conn, &f);
		on_odd_stream(conn, &f);
		on_hard_work(conn, &f);
		if (is_unnoticed(conn, &f))
			make_ping(p, (size_t)used);
		p += used;
		len -= (size_t)used;
	}
	return true;
}

bool
wrong_tamper_header(struct wrong_conn *conn, enum wrong_level level,
    const uint8_t *header, bool is_in)
{
	bool phase = (header[0] & PHASE_BIT) != 0;

	if (level != WRONG_LEVEL_SHORT)
		return true;
	if (!is_in) {
		conn->packets_out++;
		return true;
	}
	if (phase != conn->phase && wrong_conn_does(conn, WRONG_KEYS_FATAL))
		wrong_conn_close(
		    conn, false, NGTCP2_CONNECTION_REFUSED, "keys");
	conn->phase = phase;
	if ((header[0] & RESERVED_BITS) != 0 &&
	    wrong_conn_does(conn, WRONG_BLIND_RESERVED))
		return false;
	return !phase || !wrong_conn_does(conn, WRONG_BLIND_KEY_UPDATE);
}

/* ------------------------------------------------------------------ out -- */

static bool
is_ours(const struct raw_frame *f)
{
	return f->type == RAW_FRAME_NEW_TOKEN && f->len >= MARK_LEN &&
	       memcmp(f->data, mark, MARK_LEN) == 0;
}

static bool
is_suppressed(const struct wrong_conn *conn, const struct raw_frame *f)
{
	switch (f->type) {
	case RAW_FRAME_NEW_CONNECTION_ID:
		return wrong_conn_does(conn, WRONG_CID_NONE);
	case RAW_FRAME_PATH_RESPONSE:
		return wrong_conn_does(conn, WRONG_PATH_SILENT);
	case RAW_FRAME_PATH_CHALLENGE:
		return wrong_conn_does(conn, WRONG_PATH_UNVALIDATED);
	case RAW_FRAME_ACK:
	case RAW_FRAME_ACK_ECN:
		return wrong_conn_does(conn, WRONG_ACKS_NOTHING) &&
		       conn->state == WRONG_OPEN;
	case RAW_FRAME_RESET_STREAM:
		return wrong_conn_does(conn, WRONG_STOP_UNANSWERED);
	case RAW_FRAME_HANDSHAKE_DONE:
		return wrong_conn_does(conn, WRONG_NO_HANDSHAKE_DONE);
	}
	return false;
}

static void
change(const struct wrong_conn *conn, uint8_t *p, size_t len,
    const struct raw_frame *f)
{
	if (is_ours(f)) {
		struct raw_buf own = {0};

		raw_buf_add(&own, f->data + MARK_LEN, f->len - MARK_LEN);
		memset(p, RAW_FRAME_PADDING, len);
		memcpy(p, own.data, own.len);
		raw_buf_done(&own);
	} else if (is_suppressed(conn, f)) {
		memset(p, RAW_FRAME_PADDING, len);
	} else if (f->type == RAW_FRAME_PATH_RESPONSE &&
		   wrong_conn_does(conn, WRONG_PATH_WRONG)) {
		p[len - 1] ^= 0xff;
	}
}

void
wrong_tamper_out(
    struct wrong_conn *conn, enum wrong_level level, uint8_t *p, size_t len)
{
	if (level != WRONG_LEVEL_SHORT)
		return;
	while (len > 0) {
		struct raw_frame f;
		int used = raw_frame_read(p, len, &f);

		if (used <= 0)
			return;
		change(conn, p, (size_t)used, &f);
		p += used;
		len -= (size_t)used;
	}
}

void
wrong_tamper_send(struct wrong_conn *conn, const struct raw_buf *frames)
{
	struct raw_buf token = {0};

	raw_buf_add(&token, mark, MARK_LEN);
	raw_buf_add(&token, frames->data, frames->len);
	(void)ngtcp2_conn_submit_new_token(conn->quic, token.data, token.len);
	raw_buf_done(&token);
}

/* ---------------------------------------------------------------- codes -- */

static const struct slip {
	enum wrong_mutant mutant;
	bool from_app, to_app;
	uint64_t from, to;
} slips[] = {
    {WRONG_CODE_FLOW, false, false, NGTCP2_FLOW_CONTROL_ERROR,
	NGTCP2_CONNECTION_REFUSED},
    {WRONG_CODE_STREAM_LIMIT, false, false, NGTCP2_STREAM_LIMIT_ERROR,
	NGTCP2_CONNECTION_REFUSED},
    {WRONG_CODE_STREAM_STATE, false, false, NGTCP2_STREAM_STATE_ERROR,
	NGTCP2_CONNECTION_REFUSED},
    {WRONG_CODE_FINAL_SIZE, false, false, NGTCP2_FINAL_SIZE_ERROR,
	NGTCP2_CONNECTION_REFUSED},
    {WRONG_CODE_FRAME, false, false, NGTCP2_FRAME_ENCODING_ERROR,
	NGTCP2_CONNECTION_REFUSED},
    {WRONG_CODE_PARAMS, false, false, NGTCP2_TRANSPORT_PARAMETER_ERROR,
	NGTCP2_CONNECTION_REFUSED},
    {WRONG_CODE_CIDS, false, false, NGTCP2_CONNECTION_ID_LIMIT_ERROR,
	NGTCP2_CONNECTION_REFUSED},
    {WRONG_CODE_VIOLATION, false, false, NGTCP2_PROTOCOL_VIOLATION,
	NGTCP2_CONNECTION_REFUSED},
    {WRONG_CODE_BUFFER, false, false, NGTCP2_CRYPTO_BUFFER_EXCEEDED,
	NGTCP2_CONNECTION_REFUSED},

    {WRONG_CODE_DOQ, true, true, DOQ_PROTOCOL_ERROR, DOQ_INTERNAL_ERROR},
    {WRONG_CODE_DOQ_TRANSPORT, true, false, DOQ_PROTOCOL_ERROR,
	NGTCP2_PROTOCOL_VIOLATION},
};

void
wrong_tamper_code(const struct wrong_conn *conn, bool *is_app, uint64_t *code)
{
	const struct slip *s = slips;

	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++, s++) {
		if (!wrong_conn_does(conn, s->mutant) ||
		    *is_app != s->from_app || *code != s->from)
			continue;
		*is_app = s->to_app;
		*code = s->to;
		return;
	}
	if (!*is_app && *code > NGTCP2_CRYPTO_ERROR &&
	    wrong_conn_does(conn, WRONG_CODE_ALERT))
		*code = NGTCP2_CONNECTION_REFUSED;
}

/* ------------------------------------------------------------ datagrams -- */

/* Octets of the long-header packet at the start; all of them if it is none. */
static size_t
first_packet(const uint8_t *data, size_t len)
{
	struct wrong_packet p = {.data = data, .len = len};
	uint64_t value;
	bool is_initial;
	size_t at, used;

	if (!wrong_packet_read(&p) || !p.is_long)
		return len;
	at = 7 + p.dcid_len + p.scid_len;
	is_initial =
	    (data[0] >> 4 & 3) == (p.version == NGTCP2_PROTO_VER_V2 ? 1u : 0u);
	if (is_initial) {
		used = raw_get_varint(data + at, len - at, &value);
		if (used == 0 || value > len - at - used)
			return len;
		at += used + (size_t)value;
	}
	used = raw_get_varint(data + at, len - at, &value);
	if (used == 0 || value > len - at - used)
		return len;
	return at + used + (size_t)value;
}

void
wrong_tamper_split(struct wrong_server *server, const struct sockaddr_in *to,
    const uint8_t *data, size_t len)
{
	while (len > 0) {
		size_t size = first_packet(data, len);

		wrong_server_send(server, to, data, size);
		data += size;
		len -= size;
	}
}

int
wrong_tamper_first(struct wrong_conn *conn, const ngtcp2_path *path,
    const struct wrong_packet *p)
{
	ngtcp2_pkt_info info = {0};

	return ngtcp2_conn_read_pkt(conn->quic, path, &info, p->data,
	    first_packet(p->data, p->len), raw_now());
}
