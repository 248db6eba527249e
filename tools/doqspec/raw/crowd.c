/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `dribble` and `cancel`: abuse by many connections, or by many streams, which
 * no script could spell out.  Both count how connections ended and expect
 * nothing of it: what a server does against abuse is its own choice.
 */
#include "tools/doqspec/raw/script.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CONNS_MAX = 10000,
	STREAMS_MAX = 1000,
	CANCEL_MAX = 10000000,
	WAVE = 100, /* handshakes at once */
	EVERY_MS = 1000,
	CODES_MAX = 16
};

struct crowd {
	uint64_t total, conns, streams, every_ms, within_ms, share, code;
	struct raw_buf query;
	struct raw_conn **conn;
	uint64_t begun; /* connections */
	uint64_t sent;	/* octets, or streams */
	struct end {
		char text[128];
		uint64_t count;
	} ends[CODES_MAX];
	size_t nends;
};

/* ---- words -------------------------------------------------------------- */

static int
take_word(struct crowd *c, const char *word)
{
	const struct raw_word_place places[] = {{"conns", &c->conns},
	    {"streams", &c->streams}, {"share", &c->share}, {"code", &c->code}};
	const char *value = raw_word_value(word, "every");

	if (value != NULL)
		return raw_word_duration(value, &c->every_ms);
	return raw_word_keyed(word, places, sizeof(places) / sizeof(places[0]));
}

static int
take_words(
    struct raw_script *script, const struct raw_words *words, struct crowd *c)
{
	const char *where;
	int count = words->count;
	int rc;

	c->within_ms = script->deadline_ms;
	if (count > 4 && strcmp(words->at[count - 2], "within") == 0) {
		count -= 2;
		if (raw_word_duration(words->at[count + 1], &c->within_ms) != 0)
			return -EINVAL;
	}
	if (count < 3 || strncmp(words->at[2], "query:", 6) != 0 ||
	    raw_word_number(words->at[1], &c->total) != 0)
		return -EINVAL;
	rc = raw_dns_put_query(&c->query, words->at[2] + 6, &where);
	for (int i = 3; i < count && rc == 0; i++)
		rc = take_word(c, words->at[i]);
	if (rc == 0 &&
	    (c->total == 0 || c->total > CANCEL_MAX || c->conns == 0 ||
		c->conns > CONNS_MAX || c->streams > STREAMS_MAX))
		rc = -EINVAL;
	return rc == 0 ? 0 : -EINVAL;
}

/* ---- connections -------------------------------------------------------- */

/* Begins connection `i`; it has no handshake yet. */
static void
begin(struct raw_script *script, struct crowd *c, uint64_t i)
{
	struct raw_settings settings;
	char name[RAW_NAME_MAX];

	if (raw_script_settings(script, &settings) != 0)
		raw_fatal("there is no such VERSION");
	snprintf(name, sizeof(name), "crowd%" PRIu64, c->begun++);
	c->conn[i] = raw_script_connect(script, name, &settings);
}

static void
begin_all(struct raw_script *script, struct crowd *c)
{
	raw_loop_allow_files(c->conns);
	c->conn = raw_alloc((size_t)c->conns, sizeof(*c->conn));
	for (uint64_t i = 0; i < c->conns; i += WAVE) {
		for (uint64_t k = i; k < i + WAVE && k < c->conns; k++)
			begin(script, c, k);
		for (uint64_t k = i; k < i + WAVE && k < c->conns; k++)
			(void)raw_script_handshake(script, c->conn[k]);
	}
}

/* Notes how connection `i` ended, and forgets it. */
static void
end(struct raw_script *script, struct crowd *c, uint64_t i)
{
	char text[sizeof(c->ends[0].text)];
	size_t at = 0;

	raw_conn_describe(c->conn[i], text, sizeof(text));
	while (at < c->nends && strcmp(c->ends[at].text, text) != 0)
		at++;
	if (at < CODES_MAX) {
		memcpy(c->ends[at].text, text, sizeof(text));
		c->ends[at].count++;
		c->nends += at == c->nends;
	}
	raw_loop_remove(&script->loop, c->conn[i]);
	c->conn[i] = NULL;
}

static void
tell(struct raw_script *script, struct crowd *c, const char *what)
{
	for (uint64_t i = 0; i < c->conns; i++)
		if (c->conn[i] != NULL)
			end(script, c, i);
	printf("# %" PRIu64 " connections, %" PRIu64 " %s", c->begun, c->sent,
	    what);
	for (size_t i = 0; i < c->nends; i++)
		printf("; %" PRIu64 " %s", c->ends[i].count, c->ends[i].text);
	putchar('\n');
	fflush(stdout);
	free(c->conn);
	raw_buf_done(&c->query);
}

/* ---- dribble ------------------------------------------------------------ */

/* One octet more on every stream, but never the last. */
static void
send_octets(struct raw_script *script, struct crowd *c, uint64_t round)
{
	struct raw_buf octet = {0};

	if (round + 1 >= c->query.len)
		return;
	raw_buf_u8(&octet, c->query.data[round]);
	for (uint64_t i = 0; i < c->conns; i++) {
		for (uint64_t s = 0; c->conn[i] != NULL && s < c->streams; s++)
			c->sent += raw_conn_is_alive(c->conn[i]) &&
				   raw_conn_send(c->conn[i], 4 * s, &octet,
				       false, 0) == 0;
		if (i % WAVE == 0) /* what came meanwhile is not lost */
			raw_loop_turn(&script->loop, 0);
	}
	raw_buf_done(&octet);
}

static uint64_t
end_dead(struct raw_script *script, struct crowd *c)
{
	uint64_t left = 0;

	for (uint64_t i = 0; i < c->conns; i++) {
		if (c->conn[i] != NULL && !raw_conn_is_alive(c->conn[i]))
			end(script, c, i);
		left += c->conn[i] != NULL;
	}
	return left;
}

static int
cmd_dribble(struct raw_script *script, const struct raw_words *words)
{
	struct crowd c = {.conns = 1, .streams = 1, .every_ms = EVERY_MS};
	uint64_t deadline, next, round = 0;

	if (take_words(script, words, &c) != 0)
		return -EINVAL;
	c.conns = c.total;
	begin_all(script, &c);
	deadline = raw_now() + c.within_ms * RAW_MS;
	next = raw_now();
	while (raw_now() < deadline && end_dead(script, &c) > 0) {
		if (raw_now() >= next) {
			send_octets(script, &c, round++);
			next += c.every_ms * RAW_MS;
		}
		raw_loop_turn(&script->loop, next < deadline ? next : deadline);
	}
	tell(script, &c, "octets sent");
	return 0;
}

/* ---- cancel ------------------------------------------------------------- */

/* A query, and at once the news that nobody wants the answer. */
static void
ask_and_cancel(struct crowd *c, struct raw_conn *conn)
{
	uint64_t stream = raw_conn_next_stream(conn, false);

	(void)raw_conn_send(conn, stream, &c->query, true, 0);
	raw_conn_flush(conn);
	c->sent++;
	if (c->sent * c->share / 100 != (c->sent - 1) * c->share / 100)
		(void)raw_conn_stop(conn, stream, c->code);
}

static bool
has_room(struct raw_conn *conn)
{
	return raw_conn_is_alive(conn) &&
	       raw_conn_has_credit(conn, conn->next_bidi);
}

static int
cmd_cancel(struct raw_script *script, const struct raw_words *words)
{
	struct crowd c = {.conns = 1, .streams = 1, .share = 100, .code = 3};
	uint64_t deadline;

	if (take_words(script, words, &c) != 0)
		return -EINVAL;
	begin_all(script, &c);
	deadline = raw_now() + c.within_ms * RAW_MS;
	while (c.sent < c.total && raw_now() < deadline) {
		for (uint64_t i = 0; i < c.conns; i++) {
			for (int k = 0; k < WAVE && c.sent < c.total &&
					has_room(c.conn[i]);
			     k++)
				ask_and_cancel(&c, c.conn[i]);
			if (raw_conn_is_alive(c.conn[i]))
				continue;
			end(script, &c, i);
			begin(script, &c, i);
		}
		raw_loop_turn(&script->loop, deadline);
	}
	if (c.sent < c.total)
		raw_script_failed(script, "%" PRIu64 " of %" PRIu64 " streams",
		    c.sent, c.total);
	tell(script, &c, "streams");
	return 0;
}

const struct raw_command raw_crowd_commands[] = {
    {"dribble", cmd_dribble},
    {"cancel", cmd_cancel},
    {NULL, NULL},
};
