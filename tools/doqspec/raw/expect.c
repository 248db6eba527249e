/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `expect`: waits until an expectation holds, cannot hold any more, or its
 * time is over; checks of answers and of log files.  Checks of the
 * connection itself are in check_quic.c.
 */
#include "tools/doqspec/raw/expect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PREFIX_LEN = 2,
	ALTERNATIVES_MAX = 6,
	ANY_NUMBER = 0, /* of messages, but there must be one */
	POLL_MS = 20
};

/* ---- answers ----------------------------------------------------------- */

struct answer_plan {
	bool no_fin, no_echo, is_head;
	uint64_t messages;
	bool has_id;
};

/* Words that say how to look, not what must be in the message. */
static bool
take_plan_word(struct answer_plan *plan, const char *word)
{
	const char *value = raw_word_value(word, "messages");

	if (strncmp(word, "id", 2) == 0)
		plan->has_id = true;
	if (strcmp(word, "nofin") == 0)
		plan->no_fin = true;
	else if (strcmp(word, "noecho") == 0)
		plan->no_echo = true;
	else if (strcmp(word, "head") == 0)
		plan->is_head = true;
	else if (value != NULL && strcmp(value, "any") == 0)
		plan->messages = ANY_NUMBER;
	else if (value == NULL || raw_word_number(value, &plan->messages) != 0)
		return false;
	return true;
}

static int
say(struct raw_script *script, int result, const char *text)
{
	snprintf(script->seen, sizeof(script->seen), "%s", text);
	return result;
}

/*
 * RFC 9250 4.2: whole messages, each with its length, nothing else.  Counts
 * them; 0 when the last is not complete.
 */
static int
count_messages(const struct raw_seen_stream *s, uint64_t *ret_count)
{
	size_t at = 0;
	uint64_t count = 0;

	while (s->whole - at >= PREFIX_LEN) {
		size_t len = raw_get_u16(s->data.data + at);

		if (s->whole - at - PREFIX_LEN < len)
			break;
		at += PREFIX_LEN + len;
		count++;
	}
	*ret_count = count;
	return at == s->whole && count > 0;
}

static int
check_stream(struct raw_script *script, struct raw_conn *conn,
    const struct raw_seen_stream *s, const struct answer_plan *plan)
{
	char state[RAW_SEEN_TEXT / 2];
	uint64_t count = 0;
	uint64_t want;
	int is_whole = s != NULL && count_messages(s, &count);

	raw_conn_describe(conn, state, sizeof(state));
	snprintf(script->seen, sizeof(script->seen),
	    "%zu octets, %llu messages%s, %s; %s", s != NULL ? s->whole : 0,
	    (unsigned long long)count, is_whole ? "" : " and a part",
	    s != NULL && s->has_fin ? "FIN" : "no FIN", state);
	if (s != NULL && s->has_reset) {
		snprintf(script->seen, sizeof(script->seen),
		    "RESET_STREAM 0x%llx", (unsigned long long)s->reset_code);
		return -1;
	}
	if (s != NULL && s->is_inconsistent)
		return say(script, -1, "different octets for one offset");
	want = plan->messages != ANY_NUMBER ? plan->messages : count;
	if (count > want)
		return -1;
	if (raw_seen_is_finished(s) && (!is_whole || count != want))
		return -1;
	if (is_whole && count == want &&
	    (plan->no_fin || raw_seen_is_finished(s)))
		return 1;
	return raw_conn_is_alive(conn) ? 0 : -1;
}

/* The question must come back octet for octet (FWD-017). */
static bool
is_echoed(const struct raw_out *out, const struct raw_dns *dns)
{
	const struct raw_buf *asked = &out->question;

	if (asked->len == 0 || (dns->qd == 0 && dns->rcode != 0))
		return true;
	return dns->question != NULL && dns->question_len == asked->len &&
	       memcmp(dns->question, asked->data, asked->len) == 0;
}

static int
check_message(struct raw_script *script, const struct raw_dns *dns,
    const struct raw_words *words, int first)
{
	struct answer_plan ignored = {.messages = 1};
	int rc = 1;

	for (int i = first; i < words->count && rc == 1; i++)
		if (!take_plan_word(&ignored, words->at[i]))
			rc = raw_check_field(dns, words->at[i], script->seen,
			    sizeof(script->seen));
	return rc;
}

int
raw_check_answer(struct raw_script *script, struct raw_conn *conn,
    uint64_t stream, const struct raw_words *words, int first)
{
	const struct raw_seen_stream *s = raw_seen_stream(&conn->seen, stream);
	const struct raw_out *out = raw_conn_out(conn, stream);
	struct answer_plan plan = {.messages = 1};
	int (*read)(const uint8_t *, size_t, struct raw_dns *);
	struct raw_dns dns;
	int rc;

	for (int i = first; i < words->count; i++)
		(void)take_plan_word(&plan, words->at[i]);
	read = plan.is_head ? raw_dns_read_head : raw_dns_read;
	rc = check_stream(script, conn, s, &plan);
	if (rc != 1)
		return rc;
	rc = read(s->data.data + PREFIX_LEN, raw_get_u16(s->data.data), &dns);
	if (rc != 0)
		rc = say(script, -1, "not a well-formed DNS message");
	else if (!dns.qr)
		rc = say(script, -1, "QR is not set");
	else if (dns.id != 0)
		rc = say(script, -1, "message ID is not 0");
	else if (!plan.no_echo && !plan.is_head && out != NULL &&
		 !is_echoed(out, &dns))
		rc = say(script, -1, "the question is not echoed");
	else
		rc = check_message(script, &dns, words, first);
	if (rc == 1)
		raw_check_describe(&dns, script->seen, sizeof(script->seen));
	raw_dns_done(&dns);
	return rc;
}

static int
check_answer(struct raw_script *script, struct raw_attempt *attempt)
{
	if (attempt->words.count < 2 || script->current == NULL)
		return -EINVAL;
	return raw_check_answer(
	    script, script->current, attempt->stream, &attempt->words, 2);
}

static int
check_open(struct raw_script *script, struct raw_attempt *attempt)
{
	return raw_check_answer(
	    script, script->current, attempt->stream, &attempt->words, 1);
}

/* ---- log files --------------------------------------------------------- */

static uint64_t
count_lines(const char *path, const char *text)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	uint64_t count = 0;

	if (file == NULL)
		return 0;
	while (getline(&line, &size, file) > 0)
		count += strstr(line, text) != NULL;
	free(line);
	fclose(file);
	return count;
}

/* expect log FILE has|lacks TEXT [count=N] */
static int
check_log(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_words *w = &attempt->words;
	const char *value =
	    w->count == 5 ? raw_word_value(w->at[4], "count") : NULL;
	uint64_t want = 1;
	uint64_t found;

	if (w->count < 4 || (w->count == 5 && value == NULL) ||
	    (value != NULL && raw_word_number(value, &want) != 0))
		return -EINVAL;
	found = count_lines(w->at[1], w->at[3]);
	snprintf(script->seen, sizeof(script->seen), "%llu such lines",
	    (unsigned long long)found);
	if (strcmp(w->at[2], "lacks") == 0)
		return found == 0 ? 0 : -1;
	if (strcmp(w->at[2], "has") != 0)
		return -EINVAL;
	if (value == NULL)
		return found >= 1;
	return found == want ? 1 : found > want ? -1 : 0;
}

static const struct raw_expectation plain_expectations[] = {
    {"answer", check_answer, false, false},
    {"open", check_open, false, true},
    {"abandoned", raw_check_abandoned, false, false},
    {"unlinkable", raw_check_unlinkable, false, false},
    {"log", check_log, false, false},
    {"udp", raw_check_udp, false, false},
    {"local", raw_check_local, false, false},
    {NULL, NULL, false, false},
};

/* ---- waiting ----------------------------------------------------------- */

static const struct raw_expectation *
find_expectation(const char *name)
{
	const struct raw_expectation *const tables[] = {
	    plain_expectations, raw_quic_expectations, raw_early_expectations};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct raw_expectation *e = tables[i]; e->name; e++)
			if (strcmp(e->name, name) == 0)
				return e;
	return NULL;
}

static bool
is_lasting(const struct raw_attempt *a)
{
	if (a->kind->check == check_log)
		return a->words.count > 2 &&
		       strcmp(a->words.at[2], "lacks") == 0;
	if (a->kind->check == raw_check_udp)
		return raw_udp_is_lasting(&a->words);
	return a->kind->is_lasting;
}

struct expect_plan {
	struct raw_attempt attempts[ALTERNATIVES_MAX];
	int count;
	const struct raw_attempt *held; /* the one that did */
	uint64_t within_ms;
	bool has_within;
};

/* Cuts the words at `||` and takes `within D` from the end. */
static int
plan_expect(struct expect_plan *plan, const struct raw_words *words)
{
	int end = words->count;
	struct raw_attempt *a = NULL;

	if (end >= 3 && strcmp(words->at[end - 2], "within") == 0) {
		if (raw_word_duration(words->at[end - 1], &plan->within_ms))
			return -EINVAL;
		plan->has_within = true;
		end -= 2;
	}
	for (int i = 1; i < end; i++) {
		bool is_or = strcmp(words->at[i], "||") == 0;

		if (a == NULL || is_or) {
			if (plan->count == ALTERNATIVES_MAX)
				return -EINVAL;
			a = &plan->attempts[plan->count++];
			if (is_or)
				continue;
		}
		a->words.at[a->words.count++] = words->at[i];
	}
	return plan->count > 0 ? 0 : -EINVAL;
}

/* Many second words are no stream: an expectation does not change `last`. */
static void
find_stream(struct raw_script *script, struct raw_attempt *a)
{
	uint64_t last = script->last_stream;

	if (a->words.count > 1 && strcmp(a->words.at[1], "new") != 0)
		(void)raw_word_stream(script, a->words.at[1], &a->stream);
	script->last_stream = last;
}

static int
begin_attempt(struct raw_script *script, struct raw_attempt *a)
{
	if (a->words.count == 0)
		return -EINVAL;
	a->kind = find_expectation(a->words.at[0]);
	if (a->kind == NULL)
		return -EINVAL;
	if (script->current == NULL && a->kind->check != check_log &&
	    a->kind->check != raw_check_udp &&
	    a->kind->check != raw_check_local)
		return -EINVAL;
	if (a->kind->asks)
		a->stream = raw_script_ask(script, script->current);
	else
		find_stream(script, a);
	return 0;
}

/* 1 when one of the alternatives holds, -1 when none can any more. */
static int
check_all(struct raw_script *script, struct expect_plan *plan, bool is_over)
{
	int result = -1;

	for (int i = 0; i < plan->count; i++) {
		struct raw_attempt *a = &plan->attempts[i];
		int rc = a->kind->check(script, a);

		if (rc == 0 && is_over && is_lasting(a))
			rc = 1;
		if (rc == 1)
			plan->held = a;
		if (rc == 1 || rc == -EINVAL)
			return rc;
		if (rc == 0)
			result = 0;
	}
	return result;
}

static int
wait_for(struct raw_script *script, struct expect_plan *plan)
{
	uint64_t from = raw_now();
	uint64_t deadline = from + plan->within_ms * RAW_MS;
	int rc;

	for (int i = 0; i < plan->count; i++) {
		plan->attempts[i].from = from;
		plan->attempts[i].until = deadline;
	}
	for (;;) {
		uint64_t now = raw_now();
		uint64_t turn = now + POLL_MS * RAW_MS;

		raw_udp_read(script);
		rc = check_all(script, plan, now >= deadline);
		if (rc != 0 || now >= deadline)
			return rc;
		raw_loop_turn(&script->loop, turn < deadline ? turn : deadline);
	}
}

/* Which of several it was, in front of what was seen. */
static void
name_held(struct raw_script *script, const struct expect_plan *plan)
{
	char text[sizeof(script->seen)];
	char seen[sizeof(script->seen)];

	if (plan->count == 1)
		return;
	snprintf(seen, sizeof(seen), "%s", script->seen);
	raw_script_join(script, &plan->held->words, 0, text, sizeof(text));
	snprintf(script->seen, sizeof(script->seen), "%.*s (%.*s)",
	    RAW_SEEN_TEXT / 4, text, RAW_SEEN_TEXT / 2, seen);
}

/* Waits; 1 when it held, 0 or -1 when not, -EINVAL.  `seen` says what came. */
static int
expect_words(struct raw_script *script, const struct raw_words *words)
{
	struct expect_plan plan = {.count = 0};
	int rc = plan_expect(&plan, words);

	for (int i = 0; i < plan.count && rc == 0; i++)
		rc = begin_attempt(script, &plan.attempts[i]);
	if (rc != 0)
		return rc;
	if (!plan.has_within)
		plan.within_ms = is_lasting(&plan.attempts[0])
				     ? RAW_QUIET_MS
				     : script->deadline_ms;
	snprintf(script->seen, sizeof(script->seen), "nothing");
	rc = wait_for(script, &plan);
	if (rc == 1)
		name_held(script, &plan);
	return rc;
}

static int
cmd_expect(struct raw_script *script, const struct raw_words *words)
{
	char text[RAW_SEEN_TEXT];
	int rc = expect_words(script, words);

	if (rc == -EINVAL)
		return rc;
	raw_script_join(script, words, 1, text, sizeof(text));
	raw_script_judge(script, text, rc == 1);
	return 0;
}

/* An expectation that says whether the case has a subject here. */
static int
cmd_applies(struct raw_script *script, const struct raw_words *words)
{
	char text[2 * RAW_SEEN_TEXT];
	int rc = expect_words(script, words);
	size_t n;

	if (rc == -EINVAL || rc == 1)
		return rc == 1 ? 0 : rc;
	raw_script_join(script, words, 1, text, RAW_SEEN_TEXT);
	n = strlen(text);
	snprintf(
	    text + n, sizeof(text) - n, " does not hold: %s", script->seen);
	raw_script_inapplicable(script, text);
	return 0;
}

const struct raw_command raw_expect_commands[] = {
    {"expect", cmd_expect},
    {"applies", cmd_applies},
    {NULL, NULL},
};
