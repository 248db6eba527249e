/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record of what a server sent on one connection.
 *
 * Only notes facts; what is allowed is decided in expect.c.  Invariants:
 * `have` is as long as `data`; `whole` never shrinks; octets that came once
 * are never overwritten, a differing repetition is marked instead.
 */
#include "tools/doqspec/raw/seen.h"

#include <stdlib.h>
#include <string.h>

/* RFC 9000 2.1 */
enum {
	STREAM_SERVER = 0x01,
	STREAM_UNI = 0x02,
	STREAM_KINDS = 4
};

static void
free_stream(struct raw_seen_stream *stream)
{
	if (stream == NULL)
		return;
	raw_buf_done(&stream->data);
	raw_buf_done(&stream->have);
	free(stream);
}

void
raw_seen_done(struct raw_seen *seen)
{
	for (size_t i = 0; i < seen->nstreams; i++)
		free_stream(seen->streams[i]);
	free(seen->streams);
	raw_buf_done(&seen->token);
	*seen = (struct raw_seen){0};
}

/* NULL for a stream that a client may not have opened. */
static struct raw_seen_stream *
make_stream(struct raw_seen *seen, uint64_t id)
{
	size_t index = (size_t)(id / STREAM_KINDS);
	size_t count = seen->nstreams ? seen->nstreams : 16;

	if ((id & (STREAM_SERVER | STREAM_UNI)) != 0 ||
	    id / STREAM_KINDS >= RAW_SEEN_STREAMS_MAX)
		return NULL;
	if (index >= seen->nstreams) {
		while (count <= index)
			count *= 2;
		seen->streams =
		    raw_realloc(seen->streams, count * sizeof(*seen->streams));
		memset(seen->streams + seen->nstreams, 0,
		    (count - seen->nstreams) * sizeof(*seen->streams));
		seen->nstreams = count;
	}
	if (seen->streams[index] == NULL)
		seen->streams[index] =
		    raw_alloc(1, sizeof(*seen->streams[index]));
	return seen->streams[index];
}

/* Room up to there; false: more than is kept of one connection.  A hole costs
 * the server nothing, and us as much as what fills it. */
static bool
reserve(struct raw_seen *seen, struct raw_seen_stream *s, uint64_t end)
{
	size_t more;

	if (end <= s->data.len)
		return true;
	if (end - s->data.len > RAW_SEEN_BYTES_MAX - seen->held)
		return false;
	more = (size_t)end - s->data.len;
	seen->held += more;
	raw_buf_fill(&s->have, 0, more);
	raw_buf_fill(&s->data, 0, more);
	return true;
}

static void
note_stream(struct raw_seen *seen, const struct raw_frame *f)
{
	struct raw_seen_stream *s = make_stream(seen, f->stream);

	if (s == NULL) {
		seen->foreign++;
		return;
	}
	if (!reserve(seen, s, f->offset + f->len)) {
		seen->beyond++;
		return;
	}
	for (size_t i = 0; i < f->len; i++) {
		size_t at = (size_t)f->offset + i;

		if (s->have.data[at] && s->data.data[at] != f->data[i])
			s->is_inconsistent = true;
		s->have.data[at] = 1;
		s->data.data[at] = f->data[i];
	}
	while (s->whole < s->have.len && s->have.data[s->whole])
		s->whole++;
	if (f->fin) {
		s->has_fin = true;
		s->final = f->offset + f->len;
	}
}

static void
note_reset(struct raw_seen *seen, const struct raw_frame *f)
{
	struct raw_seen_stream *s = make_stream(seen, f->stream);

	if (s == NULL) {
		seen->foreign++;
		return;
	}
	s->has_reset = true;
	s->reset_code = f->code;
	s->resets++;
}

static void
note_stop(struct raw_seen *seen, const struct raw_frame *f)
{
	struct raw_seen_stream *s = make_stream(seen, f->stream);

	seen->stops++;
	if (s == NULL)
		return;
	s->has_stop = true;
	s->stop_code = f->code;
}

/*
 * The first counts: it is repeated, as RFC 9000 10.2.1 has it.  But one that
 * came in a 1-RTT packet says more than those before, which may not carry an
 * application's code (10.2.3).
 */
static void
note_cid(struct raw_seen *seen, const struct raw_frame *f)
{
	struct raw_seen_cid *cid;

	if (seen->ncids == RAW_CIDS_MAX || f->len > RAW_CID_MAX)
		return;
	cid = &seen->cids[seen->ncids++];
	memcpy(cid->data, f->data, f->len);
	cid->len = f->len;
}

static void
note_close(
    struct raw_seen *seen, enum raw_level level, const struct raw_frame *f)
{
	struct raw_seen_close *c = &seen->close;
	size_t len = f->len < RAW_REASON_MAX ? f->len : RAW_REASON_MAX - 1;

	if (c->is_seen &&
	    (level != RAW_LEVEL_1RTT || c->level == RAW_LEVEL_1RTT))
		return;
	c->is_seen = true;
	c->level = level;
	c->is_app = f->type == RAW_FRAME_CLOSE_APP;
	c->code = f->code;
	c->frame_type = f->offset;
	if (len > 0)
		memcpy(c->reason, f->data, len);
	c->reason[len] = '\0';
	c->reason_len = len;
}

void
raw_seen_frame(struct raw_seen *seen, const struct raw_frame *f)
{
	bool is_stream =
	    f->type >= RAW_FRAME_STREAM && f->type <= RAW_FRAME_STREAM_LAST;

	seen->frames[is_stream ? RAW_FRAME_STREAM : f->type]++;
	if (is_stream)
		note_stream(seen, f);
	else if (f->type == RAW_FRAME_RESET_STREAM)
		note_reset(seen, f);
	else if (f->type == RAW_FRAME_STOP_SENDING)
		note_stop(seen, f);
	else if (f->type == RAW_FRAME_CLOSE || f->type == RAW_FRAME_CLOSE_APP)
		note_close(seen, RAW_LEVEL_1RTT, f);
	else if (f->type == RAW_FRAME_MAX_STREAMS_BIDI &&
		 f->value > seen->max_streams_bidi)
		seen->max_streams_bidi = f->value;
	else if (f->type == RAW_FRAME_MAX_DATA && f->value > seen->max_data)
		seen->max_data = f->value;
	else if (f->type == RAW_FRAME_PATH_RESPONSE)
		memcpy(seen->path_response, f->data, f->len);
	else if (f->type == RAW_FRAME_NEW_CONNECTION_ID)
		note_cid(seen, f);
	else if (f->type == RAW_FRAME_NEW_TOKEN) {
		raw_buf_done(&seen->token);
		raw_buf_add(&seen->token, f->data, f->len);
	}
}

/* RFC 9000 12.4, table 3 */
static bool
is_for_long(uint64_t type)
{
	return type == RAW_FRAME_PADDING || type == RAW_FRAME_PING ||
	       type == RAW_FRAME_ACK || type == RAW_FRAME_ACK_ECN ||
	       type == RAW_FRAME_CRYPTO || type == RAW_FRAME_CLOSE;
}

void
raw_seen_long_frame(
    struct raw_seen *seen, enum raw_level level, const struct raw_frame *f)
{
	bool is_stream =
	    f->type >= RAW_FRAME_STREAM && f->type <= RAW_FRAME_STREAM_LAST;

	seen->long_frames[level][is_stream ? RAW_FRAME_STREAM : f->type]++;
	if (!is_for_long(f->type))
		seen->misplaced++;
	if (f->type == RAW_FRAME_CLOSE || f->type == RAW_FRAME_CLOSE_APP)
		note_close(seen, level, f);
}

const char *
raw_level_name(enum raw_level level)
{
	static const char *const names[] = {"initial", "handshake", "1rtt"};

	return names[level];
}

const struct raw_seen_stream *
raw_seen_stream(const struct raw_seen *seen, uint64_t id)
{
	if ((id & (STREAM_SERVER | STREAM_UNI)) != 0 ||
	    id / STREAM_KINDS >= seen->nstreams)
		return NULL;
	return seen->streams[id / STREAM_KINDS];
}

bool
raw_seen_is_finished(const struct raw_seen_stream *stream)
{
	return stream != NULL && stream->has_fin &&
	       stream->whole >= stream->final;
}
