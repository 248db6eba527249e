/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `doqspec play` writes down and shows: recordings, frames and reasons as
 * text, the list of commands; and how URLs are read.
 */
#include "tools/doqspec/doqspec.h"
#include "tools/doqspec/player.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

enum {
	OCTET_MAX = 255
};

/* A word that was quoted is read again as it was, and as one. */
static void
check_quoted(const char *word)
{
	struct raw_script script;
	struct raw_buf line = {0};

	raw_script_init(&script);
	raw_buf_add(&line, "set X ", 6);
	raw_record_quote(&line, word);
	raw_buf_u8(&line, 0);
	CU_ASSERT_PTR_NULL(strchr((char *)line.data, '\n'));
	raw_script_begin(&script, "test");
	CU_ASSERT_EQUAL(raw_script_lines(&script, (char *)line.data), 0);
	CU_ASSERT_STRING_EQUAL(raw_script_get(&script, "X"), word);
	raw_script_done(&script);
	raw_buf_done(&line);
}

static void
test_quotes(void)
{
	char each[2] = "x";

	check_quoted("hex:00ff");
	check_quoted("");
	check_quoted("two words");
	check_quoted("it's \"$HOST\" # ${PORT} \\ '");
	check_quoted("#");
	check_quoted("@c1");
	check_quoted("line\nline\r\t\x1b[2J");
	for (int c = 1; c <= OCTET_MAX; c++) {
		each[0] = (char)c;
		check_quoted(each);
	}
}

static void
test_octets(void)
{
	const uint8_t octets[] = {'a', '\\', 0, 0x1b, '[', 'J', 0x7f, 0xff};
	char text[64];
	char small[7];

	raw_show_octets(octets, sizeof(octets), text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "a\\x5c\\x00\\x1b[J\\x7f\\xff");
	raw_show_octets(octets, sizeof(octets), small, sizeof(small));
	CU_ASSERT_STRING_EQUAL(small, "a\\x5c");
	raw_show_octets(octets, 0, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "");
}

static void
check_frame(const struct raw_frame *frame, const char *want)
{
	char text[RAW_SHOW_MAX];

	raw_show_frame(frame, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, want);
}

static void
test_frames(void)
{
	static uint8_t long_reason[4 * RAW_SHOW_MAX];
	const uint8_t reason[] = "no\x1b]0;pwned\x07";
	char text[RAW_SHOW_MAX];
	struct raw_frame f = {
	    .type = RAW_FRAME_STREAM | 7, .stream = 4, .len = 9, .fin = true};

	check_frame(&f, "STREAM id=4 off=0 len=9 fin");
	f = (struct raw_frame){.type = RAW_FRAME_CLOSE_APP,
	    .code = 2,
	    .data = reason,
	    .len = sizeof(reason) - 1};
	check_frame(
	    &f, "CONNECTION_CLOSE(app) code=0x2 \"no\\x1b]0;pwned\\x07\"");
	f = (struct raw_frame){
	    .type = RAW_FRAME_RESET_STREAM, .stream = 8, .code = 3, .value = 7};
	check_frame(&f, "RESET_STREAM id=8 code=0x3 final=7");
	f = (struct raw_frame){
	    .type = RAW_FRAME_TYPES, .data = reason, .len = 2};
	check_frame(&f, "frame 6e6f");
	/* Whatever it is, it ends where the room does. */
	f = (struct raw_frame){.type = RAW_FRAME_NEW_TOKEN,
	    .data = long_reason,
	    .len = sizeof(long_reason)};
	raw_show_frame(&f, text, sizeof(text));
	CU_ASSERT_EQUAL(strlen(text), sizeof(text) - 1);
}

/* A server's words do not reach the terminal as they are. */
static void
test_reason(void)
{
	struct raw_conn *conn = raw_alloc(1, sizeof(*conn));
	char text[RAW_SEEN_TEXT];

	conn->state = RAW_CLOSED_BY_SERVER;
	conn->seen.close = (struct raw_seen_close){.is_seen = true,
	    .is_app = true,
	    .level = RAW_LEVEL_1RTT,
	    .code = 5,
	    .reason = "\x1b[2J\nok DOQ-001",
	    .reason_len = 15};
	raw_conn_describe(conn, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(
	    text, "server closed: app 0x5 \"\\x1b[2J\\x0aok DOQ-001\"");
	free(conn);
}

/* What costs a server nothing costs us little, however far on it stands. */
static void
test_holes(void)
{
	const uint8_t octet = 'x';
	const uint64_t last = ((uint64_t)1 << 62) - 2;
	struct raw_frame f = {
	    .type = RAW_FRAME_STREAM, .data = &octet, .len = 1};
	struct raw_seen *seen = raw_alloc(1, sizeof(*seen));
	size_t held = 0;

	for (f.stream = 0; f.stream < 400; f.stream += 4) {
		f.offset = f.stream % 8 == 0 ? RAW_SEEN_BYTES_MAX / 4 : last;
		raw_seen_frame(seen, &f);
		held += raw_seen_stream(seen, f.stream)->data.len;
	}
	CU_ASSERT_EQUAL(held, seen->held);
	CU_ASSERT(held > RAW_SEEN_BYTES_MAX / 2);
	CU_ASSERT(held <= RAW_SEEN_BYTES_MAX);
	CU_ASSERT_EQUAL(seen->beyond, 97);
	CU_ASSERT_EQUAL(seen->foreign, 0);
	/* The rest is heard. */
	f.offset = 0;
	raw_seen_frame(seen, &f);
	CU_ASSERT_EQUAL(raw_seen_stream(seen, 400)->whole, 1);
	raw_seen_done(seen);
	free(seen);
}

/* `help` tells of every command, and of no other. */
static void
test_commands(void)
{
	const struct spec_command *told = NULL;
	const struct raw_command *c;
	size_t count = 0;

	for (size_t i = 0; (c = raw_script_command(i)) != NULL; i++) {
		told = NULL;
		while ((told = spec_command_next(told)) != NULL &&
		       strcmp(told->name, c->name) != 0)
			;
		CU_ASSERT_PTR_NOT_NULL(told);
		if (told == NULL)
			printf("no help: %s\n", c->name);
		count++;
	}
	told = NULL;
	while ((told = spec_command_next(told)) != NULL)
		count -= strcmp(told->name, "repeat") != 0;
	CU_ASSERT_EQUAL(count, 0);
}

static void
test_defaults(void)
{
	char text[] = "default A script\ndefault B script\nset C script";
	struct raw_script script;

	raw_script_init(&script);
	raw_script_give(&script, "A", "user");
	raw_script_give(&script, "C", "user");
	raw_script_begin(&script, "test");
	CU_ASSERT_EQUAL(raw_script_lines(&script, text), 0);
	CU_ASSERT_STRING_EQUAL(raw_script_get(&script, "A"), "user");
	CU_ASSERT_STRING_EQUAL(raw_script_get(&script, "B"), "script");
	CU_ASSERT_STRING_EQUAL(raw_script_get(&script, "C"), "script");
	raw_script_done(&script);
}

static void
check_url(const char *text, const char *host, const char *port)
{
	struct spec_url url = {.host = "untouched"};

	if (host == NULL) {
		CU_ASSERT_NOT_EQUAL(spec_url_read(text, &url), 0);
		CU_ASSERT_STRING_EQUAL(url.host, "untouched");
		return;
	}
	CU_ASSERT_EQUAL(spec_url_read(text, &url), 0);
	CU_ASSERT_STRING_EQUAL(url.host, host);
	CU_ASSERT_STRING_EQUAL(url.port, port);
}

static void
test_urls(void)
{
	char text[512] = "quic://";

	check_url("quic://127.0.0.1", "127.0.0.1", "853");
	check_url("quic://dns.example:8853", "dns.example", "8853");
	check_url("quic://[2001:db8::1]", "2001:db8::1", "853");
	check_url("quic://[::1]:00853", "::1", "853");
	check_url("quic://", NULL, NULL);
	check_url("quic://:853", NULL, NULL);
	check_url("quic://a:", NULL, NULL);
	check_url("quic://a:0", NULL, NULL);
	check_url("quic://a:65536", NULL, NULL);
	check_url("quic://a:18446744073709551617", NULL, NULL);
	check_url("quic://a/", NULL, NULL);
	check_url("quic://[::1", NULL, NULL);
	check_url("quic://[::1]x", NULL, NULL);
	check_url("udp://a", NULL, NULL);
	memset(text + 7, 'a', 256);
	check_url(text, NULL, NULL);
}

void
test_spec_play_register(void)
{
	CU_pSuite suite = unit_suite("spec_play");

	unit_test(suite, "words are quoted", test_quotes);
	unit_test(suite, "octets as text", test_octets);
	unit_test(suite, "frames as text", test_frames);
	unit_test(suite, "reasons are escaped", test_reason);
	unit_test(suite, "holes in streams", test_holes);
	unit_test(suite, "help is complete", test_commands);
	unit_test(suite, "defaults", test_defaults);
	unit_test(suite, "URLs", test_urls);
}
