/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands that send in either mode: stream data, resets, closes, pings.
 */
#include "tools/doqspec/raw/engine.h"
#include "tools/doqspec/raw/script.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	PREFIX_LEN = 2,
	QUESTION_AT = PREFIX_LEN + RAW_DNS_HEADER_LEN
};

/* Keeps the question so that the answer's can be compared with it. */
static void
note_question(struct raw_out *out, const struct raw_buf *data)
{
	size_t at = QUESTION_AT;

	if (out->offset != 0 || data->len < QUESTION_AT ||
	    raw_get_u16(data->data + PREFIX_LEN + 4) != 1)
		return;
	while (at < data->len && data->data[at] != 0 && data->data[at] < 64)
		at += 1 + (size_t)data->data[at];
	if (at + 5 > data->len || data->data[at] != 0)
		return;
	raw_buf_done(&out->question);
	raw_buf_add(
	    &out->question, data->data + QUESTION_AT, at + 5 - QUESTION_AT);
}

/* Who types has no expectation that would tell. */
static void
tell_of_wait(const struct raw_script *script, uint64_t stream)
{
	if (script->is_typed && !raw_conn_has_credit(script->current, stream))
		printf("# %s: stream %llu waits for room\n",
		    script->current->name, (unsigned long long)stream);
}

static int
send_octets(struct raw_script *script, uint64_t stream,
    const struct raw_buf *data, bool fin, size_t split)
{
	int rc = raw_conn_send(script->current, stream, data, fin, split);

	if (rc == 0)
		tell_of_wait(script, stream);
	else
		fprintf(stderr,
		    "%s:%u: a client has no stream %llu; behind `takeover` "
		    "nobody asks\n",
		    script->file, script->line, (unsigned long long)stream);
	return rc;
}

static int
cmd_send(struct raw_script *script, const struct raw_words *words)
{
	struct raw_buf data = {0};
	uint64_t stream;
	uint64_t split = 0;
	bool fin = false;
	bool is_query = false;
	int rc = 0;

	if (words->count < 3 ||
	    raw_word_stream(script, words->at[1], &stream) != 0)
		return -EINVAL;
	for (int i = 2; i < words->count && rc == 0; i++) {
		const char *value = raw_word_value(words->at[i], "split");

		if (strcmp(words->at[i], "fin") == 0)
			fin = true;
		else if (value != NULL)
			rc = raw_word_number(value, &split);
		else
			rc = raw_word_part(script, words->at[i], &data);
		is_query |= raw_word_is_query(words->at[i]);
	}
	if (rc == 0 && is_query && raw_conn_out(script->current, stream))
		note_question(raw_conn_out(script->current, stream), &data);
	if (rc == 0)
		rc = send_octets(script, stream, &data, fin, (size_t)split);
	raw_buf_done(&data);
	return rc == 0 ? 0 : -EINVAL;
}

/* What is sent in between must have left before a stream can be ended. */
static void
wait_for_credit(struct raw_script *script, uint64_t stream)
{
	uint64_t deadline = raw_now() + script->deadline_ms * RAW_MS;

	while (!raw_conn_has_credit(script->current, stream) &&
	       raw_now() < deadline)
		raw_loop_turn(&script->loop, deadline);
	raw_conn_flush(script->current);
}

static int
take_stream_and_code(struct raw_script *script, const struct raw_words *words,
    uint64_t *ret_stream, uint64_t *ret_code)
{
	if (words->count != 3 || raw_word_number(words->at[2], ret_code) != 0)
		return -EINVAL;
	return raw_word_stream(script, words->at[1], ret_stream);
}

static int
cmd_reset(struct raw_script *script, const struct raw_words *words)
{
	uint64_t stream;
	uint64_t code;

	if (take_stream_and_code(script, words, &stream, &code) != 0)
		return -EINVAL;
	wait_for_credit(script, stream);
	return raw_conn_reset(script->current, stream, code);
}

static int
cmd_stop(struct raw_script *script, const struct raw_words *words)
{
	uint64_t stream;
	uint64_t code;

	if (take_stream_and_code(script, words, &stream, &code) != 0)
		return -EINVAL;
	wait_for_credit(script, stream);
	return raw_conn_stop(script->current, stream, code);
}

static int
cmd_close(struct raw_script *script, const struct raw_words *words)
{
	struct raw_buf reason = {0};
	uint64_t code;
	bool is_app;
	int rc = 0;

	if (script->current == NULL || words->count < 3 || words->count > 4 ||
	    raw_word_number(words->at[2], &code) != 0)
		return -EINVAL;
	is_app = strcmp(words->at[1], "app") == 0;
	if (!is_app && strcmp(words->at[1], "transport") != 0)
		return -EINVAL;
	if (words->count == 4)
		raw_buf_add(&reason, words->at[3], strlen(words->at[3]));
	raw_buf_u8(&reason, 0);
	rc = raw_conn_close(
	    script->current, is_app, code, (const char *)reason.data);
	raw_buf_done(&reason);
	return rc;
}

const struct raw_command raw_send_commands[] = {
    {"send", cmd_send},
    {"reset", cmd_reset},
    {"stop", cmd_stop},
    {"close", cmd_close},
    {NULL, NULL},
};
