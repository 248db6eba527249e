/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `many`: a lot of queries, each with its own name, on one or several
 * connections; every one must be answered once, with its own name, ID 0 and
 * FIN.  This is a check, not a measurement: tools/doqperf measures.
 */
#include "tools/doqspec/raw/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MANY_MAX = 1000000,
	MANY_CONNS_MAX = 10000,
	NAME_MAX_LEN = 512
};

struct many_plan {
	uint64_t total, window, conns, within_ms;
	const char *pattern;
	struct raw_words fields;
};

/* One query of a run. */
struct many_query {
	struct raw_conn *conn;
	uint64_t stream;
	bool is_answered;
};

static int
plan_many(struct raw_script *script, const struct raw_words *words,
    struct many_plan *plan)
{
	plan->window = 50;
	plan->conns = 1;
	plan->within_ms = script->deadline_ms;
	if (words->count < 3 ||
	    raw_word_number(words->at[1], &plan->total) != 0 ||
	    strncmp(words->at[2], "query:", 6) != 0)
		return -EINVAL;
	plan->pattern = words->at[2] + 6;
	for (int i = 3; i < words->count; i++) {
		const char *window = raw_word_value(words->at[i], "window");
		const char *conns = raw_word_value(words->at[i], "conns");
		int rc = 0;

		if (window != NULL)
			rc = raw_word_number(window, &plan->window);
		else if (conns != NULL)
			rc = raw_word_number(conns, &plan->conns);
		else if (strcmp(words->at[i], "within") == 0 &&
			 i + 1 < words->count)
			rc =
			    raw_word_duration(words->at[++i], &plan->within_ms);
		else
			plan->fields.at[plan->fields.count++] = words->at[i];
		if (rc != 0)
			return -EINVAL;
	}
	if (plan->total == 0 || plan->total > MANY_MAX || plan->window == 0 ||
	    plan->conns == 0 || plan->conns > MANY_CONNS_MAX)
		return -EINVAL;
	return 0;
}

/* Puts a number in the place of "%u". */
static void
number_name(const char *pattern, uint64_t number, char *text, size_t size)
{
	const char *mark = strstr(pattern, "%u");

	if (mark == NULL)
		snprintf(text, size, "%s", pattern);
	else
		snprintf(text, size, "%.*s%llu%s", (int)(mark - pattern),
		    pattern, (unsigned long long)number, mark + 2);
}

static int
send_query(struct many_query *q, struct raw_conn *conn,
    const struct many_plan *plan, uint64_t number)
{
	char text[NAME_MAX_LEN];
	struct raw_buf query = {0};
	const char *where;
	struct raw_out *out;
	size_t at = 2 + RAW_DNS_HEADER_LEN;

	number_name(plan->pattern, number, text, sizeof(text));
	if (raw_dns_put_query(&query, text, &where) != 0)
		return -EINVAL;
	q->conn = conn;
	q->stream = raw_conn_next_stream(conn, false);
	out = raw_conn_out(conn, q->stream);
	while (at < query.len && query.data[at] != 0)
		at += 1 + (size_t)query.data[at];
	if (out != NULL && at + 5 <= query.len)
		raw_buf_add(&out->question, query.data + 2 + RAW_DNS_HEADER_LEN,
		    at + 5 - 2 - RAW_DNS_HEADER_LEN);
	(void)raw_conn_send(conn, q->stream, &query, true, 0);
	raw_buf_done(&query);
	return 0;
}

static struct raw_conn **
connect_all(struct raw_script *script, const struct many_plan *plan)
{
	struct raw_conn **conns =
	    raw_alloc((size_t)plan->conns, sizeof(struct raw_conn *));
	struct raw_settings settings;

	if (plan->conns == 1) {
		conns[0] = script->current;
		return conns;
	}
	if (raw_script_settings(script, &settings) != 0) {
		free(conns);
		return NULL;
	}
	for (uint64_t i = 0; i < plan->conns; i++) {
		char name[RAW_NAME_MAX];

		snprintf(name, sizeof(name), "many%llu", (unsigned long long)i);
		conns[i] = raw_script_connect(script, name, &settings);
	}
	for (uint64_t i = 0; i < plan->conns; i++)
		(void)raw_script_handshake(script, conns[i]);
	return conns;
}

struct many_run {
	struct many_query *queries;
	uint64_t sent, answered;
};

/* Cheap: is there anything new to look at? */
static bool
has_ended(const struct many_query *q)
{
	const struct raw_seen_stream *s =
	    raw_seen_stream(&q->conn->seen, q->stream);

	return !raw_conn_is_alive(q->conn) ||
	       (s != NULL && (s->has_reset || raw_seen_is_finished(s)));
}

/* Looks at every query on its way; -1 as soon as one went wrong. */
static int
collect(struct raw_script *script, const struct many_plan *plan,
    struct many_run *run)
{
	for (uint64_t i = 0; i < run->sent; i++) {
		struct many_query *q = &run->queries[i];
		int rc;

		if (q->is_answered || !has_ended(q))
			continue;
		rc = raw_check_answer(
		    script, q->conn, q->stream, &plan->fields, 0);
		if (rc == -EINVAL)
			return rc;
		if (rc == -1) {
			raw_script_failed(script,
			    "query %llu on stream %llu of %s: %s",
			    (unsigned long long)i,
			    (unsigned long long)q->stream, q->conn->name,
			    script->seen);
			return -1;
		}
		q->is_answered = rc == 1;
		run->answered += rc == 1;
	}
	return 0;
}

static int
run_many(struct raw_script *script, const struct many_plan *plan,
    struct raw_conn **conns, struct many_run *run)
{
	uint64_t deadline = raw_now() + plan->within_ms * RAW_MS;
	uint64_t window = plan->window * plan->conns;
	int rc = 0;

	while (rc == 0 && run->answered < plan->total && raw_now() < deadline) {
		while (rc == 0 && run->sent < plan->total &&
		       run->sent - run->answered < window) {
			rc = send_query(&run->queries[run->sent],
			    conns[run->sent % plan->conns], plan, run->sent);
			run->sent++;
		}
		raw_loop_turn(&script->loop, deadline);
		if (rc == 0)
			rc = collect(script, plan, run);
	}
	return rc;
}

static int
cmd_many(struct raw_script *script, const struct raw_words *words)
{
	struct many_plan plan = {.total = 0};
	struct many_run run = {.sent = 0};
	struct raw_conn **conns;
	int rc = plan_many(script, words, &plan);

	if (rc != 0 || (plan.conns == 1 && script->current == NULL))
		return -EINVAL;
	conns = connect_all(script, &plan);
	if (conns == NULL)
		return -EINVAL;
	run.queries = raw_alloc((size_t)plan.total, sizeof(*run.queries));
	rc = run_many(script, &plan, conns, &run);
	if (rc == 0 && run.answered < plan.total)
		raw_script_failed(script, "%llu of %llu queries answered",
		    (unsigned long long)run.answered,
		    (unsigned long long)plan.total);
	free(run.queries);
	free(conns);
	return rc == -EINVAL ? rc : 0;
}

const struct raw_command raw_load_commands[] = {
    {"many", cmd_many},
    {NULL, NULL},
};
