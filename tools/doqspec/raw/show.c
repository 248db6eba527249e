/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames and answers as text.  Pure, but for printing: nothing is judged.
 */
#include "tools/doqspec/raw/show.h"
#include "tools/doqspec/raw/script.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum {
	PREFIX_LEN = 2,
	ESCAPE_LEN = 4, /* \xHH */
	PRINT_FIRST = 0x20,
	PRINT_LAST = 0x7e
};

void
raw_show_octets(const uint8_t *data, size_t len, char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + ESCAPE_LEN < size; i++) {
		if (data[i] >= PRINT_FIRST && data[i] <= PRINT_LAST &&
		    data[i] != '\\')
			text[n++] = (char)data[i];
		else
			n += (size_t)snprintf(
			    text + n, size - n, "\\x%02x", data[i]);
	}
	text[n] = '\0';
}

struct line {
	char *text;
	size_t size, len;
};

static void __attribute__((format(printf, 2, 3)))
add(struct line *line, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(
	    line->text + line->len, line->size - line->len, format, args);
	va_end(args);
	if (n > 0)
		line->len += (size_t)n;
	if (line->len >= line->size)
		line->len = line->size - 1;
}

static void
add_hex(struct line *line, const char *name, const uint8_t *data, size_t len)
{
	add(line, " %s", name);
	for (size_t i = 0; i < len; i++)
		add(line, "%02x", data[i]);
}

static void
add_close(struct line *line, const struct raw_frame *f)
{
	char reason[RAW_SHOW_MAX / 2];

	raw_show_octets(f->data, f->len, reason, sizeof(reason));
	add(line, " code=0x%" PRIx64, f->code);
	if (f->type == RAW_FRAME_CLOSE && f->offset != 0)
		add(line, " frame=0x%" PRIx64, f->offset);
	if (f->len > 0)
		add(line, " \"%s\"", reason);
}

static void
add_data(struct line *line, const struct raw_frame *f)
{
	if (f->type != RAW_FRAME_CRYPTO)
		add(line, " id=%" PRIu64, f->stream);
	add(line, " off=%" PRIu64 " len=%zu%s", f->offset, f->len,
	    f->fin ? " fin" : "");
}

static void
add_members(struct line *line, const struct raw_frame *f)
{
	switch (f->type) {
	case RAW_FRAME_RESET_STREAM:
		add(line, " id=%" PRIu64 " code=0x%" PRIx64 " final=%" PRIu64,
		    f->stream, f->code, f->value);
		break;
	case RAW_FRAME_STOP_SENDING:
		add(line, " id=%" PRIu64 " code=0x%" PRIx64, f->stream,
		    f->code);
		break;
	case RAW_FRAME_CRYPTO:
		add_data(line, f);
		break;
	case RAW_FRAME_NEW_TOKEN:
		add_hex(line, "", f->data, f->len);
		break;
	case RAW_FRAME_MAX_STREAM_DATA:
	case RAW_FRAME_STREAM_DATA_BLOCKED:
		add(line, " id=%" PRIu64 " %" PRIu64, f->stream, f->value);
		break;
	case RAW_FRAME_ACK:
	case RAW_FRAME_ACK_ECN:
		add(line, " largest=%" PRIu64, f->value);
		break;
	case RAW_FRAME_NEW_CONNECTION_ID:
		add(line, " seq=%" PRIu64 " retire=%" PRIu64, f->value,
		    f->offset);
		add_hex(line, "cid=", f->data, f->len);
		break;
	case RAW_FRAME_PATH_CHALLENGE:
	case RAW_FRAME_PATH_RESPONSE:
		add_hex(line, "", f->data, f->len);
		break;
	case RAW_FRAME_CLOSE:
	case RAW_FRAME_CLOSE_APP:
		add_close(line, f);
		break;
	case RAW_FRAME_PADDING:
	case RAW_FRAME_PING:
	case RAW_FRAME_HANDSHAKE_DONE:
		break;
	default:
		if (f->type >= RAW_FRAME_STREAM &&
		    f->type <= RAW_FRAME_STREAM_LAST)
			add_data(line, f);
		else
			add(line, " %" PRIu64, f->value);
	}
}

void
raw_show_frame(const struct raw_frame *f, char *text, size_t size)
{
	struct line line = {.text = text, .size = size};

	add(&line, "%s", raw_frame_name(f->type));
	if (f->type < RAW_FRAME_TYPES)
		add_members(&line, f);
	else
		add_hex(&line, "", f->data, f->len);
}

void
raw_show_sight(const struct raw_conn *conn, const struct raw_sight *sight,
    bool is_named, char *text, size_t size)
{
	struct line line = {.text = text, .size = size};
	char frame[RAW_SHOW_MAX];

	raw_show_frame(sight->frame, frame, sizeof(frame));
	add(&line, "%s%s%s ", is_named ? conn->name : "", is_named ? " " : "",
	    sight->is_out ? ">" : "<");
	if (sight->level != RAW_LEVEL_1RTT)
		add(&line, "%s ", raw_level_name(sight->level));
	add(&line, "%s", frame);
}

void
raw_show_answer(
    FILE *to, const char *lead, const struct raw_seen_stream *stream)
{
	char text[RAW_SEEN_TEXT];
	struct raw_buf records;
	struct raw_dns dns;
	char *rest;
	char *record;

	if (!raw_seen_is_finished(stream) || stream->whole < PREFIX_LEN ||
	    stream->whole - PREFIX_LEN != raw_get_u16(stream->data.data))
		return;
	if (raw_dns_read(stream->data.data + PREFIX_LEN,
		stream->whole - PREFIX_LEN, &dns) == 0) {
		records = dns.text;
		dns.text = (struct raw_buf){0};
		raw_check_describe(&dns, text, sizeof(text));
		fprintf(to, "%s%s\n", lead, text);
		rest = (char *)records.data;
		while ((record = strsep(&rest, "\n")) != NULL)
			if (record[0] != '\0')
				fprintf(to, "%s%s\n", lead, record);
		raw_buf_done(&records);
	}
	raw_dns_done(&dns);
}
