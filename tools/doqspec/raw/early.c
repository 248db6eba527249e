/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scripts about session tickets and early data: words of `connect`, commands,
 * expectations.  The tickets themselves are ticket.c's work.
 */
#include "tools/doqspec/raw/expect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	REPLAYS_MAX = 100000
};

/* ---- connect ----------------------------------------------------------- */

static int
take_flag(struct raw_settings *settings, const char *word)
{
	if (strcmp(word, "early") == 0)
		settings->is_early = true;
	else if (strcmp(word, "stubborn") == 0)
		settings->is_stubborn = true;
	else if (strcmp(word, "one_share") == 0)
		settings->one_share = true;
	else if (strcmp(word, "withhold") == 0)
		settings->withholds = true;
	else
		return -EINVAL;
	return 0;
}

int
raw_early_option(struct raw_early_plan *plan, struct raw_settings *settings,
    const char *word)
{
	struct raw_ticket_spoil *spoil = &settings->spoil;
	const char *value;

	if ((value = raw_word_value(word, "ticket_of")) != NULL) {
		plan->from = value;
		plan->word = word;
	} else if ((value = raw_word_value(word, "ticket_file")) != NULL) {
		plan->file = value;
		plan->word = word;
	} else if ((value = raw_word_value(word, "ticket_data")) != NULL) {
		plan->data = value;
		plan->word = word;
	} else if ((value = raw_word_value(word, "ticket_flip")) != NULL) {
		spoil->is_flipped = true;
		return raw_word_number(value, &spoil->flip);
	} else if ((value = raw_word_value(word, "ticket_size")) != NULL) {
		return raw_word_number(value, &spoil->size);
	} else if ((value = raw_word_value(word, "ticket")) != NULL) {
		plan->has_index = true;
		plan->index_word = word;
		return raw_word_number(value, &plan->index);
	} else {
		return take_flag(settings, word);
	}
	return 0;
}

static int
read_file(const char *path, struct raw_buf *text)
{
	FILE *f = fopen(path, "r");
	uint8_t part[4096];
	size_t len;

	if (f == NULL)
		return -EINVAL;
	while ((len = fread(part, 1, sizeof(part), f)) > 0)
		raw_buf_add(text, part, len);
	fclose(f);
	raw_buf_u8(text, 0);
	return 0;
}

/* The ticket of that number, or the last, which may still have to come. */
static const struct raw_ticket *
find_ticket(
    struct raw_script *script, struct raw_conn *conn, const uint64_t *index)
{
	uint64_t deadline = raw_now() + script->deadline_ms * RAW_MS;
	size_t want = index != NULL ? (size_t)*index : 0;

	if (want >= RAW_TICKETS_MAX)
		return NULL;
	while (conn->ntickets <= want && raw_conn_is_alive(conn) &&
	       raw_now() < deadline)
		raw_loop_turn(&script->loop, deadline);
	if (conn->ntickets <= want)
		return NULL;
	return &conn->tickets[index != NULL ? want : conn->ntickets - 1];
}

/* What the ticket was, whatever it is next time. */
static void
note_ticket(const struct raw_script *script, const struct raw_early_plan *plan)
{
	struct raw_buf text = {0};
	const char *ticket = (const char *)plan->text.data;

	raw_buf_add(&text, "ticket_data=", strlen("ticket_data="));
	raw_buf_add(&text, ticket, strcspn(ticket, "\n"));
	raw_buf_u8(&text, 0);
	raw_record_replace(script->record, plan->word, (const char *)text.data);
	if (plan->index_word != NULL)
		raw_record_replace(script->record, plan->index_word, "");
	raw_buf_done(&text);
}

int
raw_early_settings(struct raw_script *script, struct raw_early_plan *plan,
    struct raw_settings *settings)
{
	struct raw_conn *from;
	const struct raw_ticket *ticket;

	if (plan->from != NULL) {
		from = raw_loop_find(&script->loop, plan->from);
		ticket = from != NULL
			     ? find_ticket(script, from,
				   plan->has_index ? &plan->index : NULL)
			     : NULL;
		if (ticket == NULL)
			return -EINVAL;
		raw_ticket_print(ticket, &plan->text);
	} else if (plan->file != NULL) {
		if (read_file(plan->file, &plan->text) != 0)
			return -EINVAL;
	} else if (plan->data != NULL) {
		raw_buf_add(&plan->text, plan->data, strlen(plan->data) + 1);
	} else {
		return settings->is_early ? -EINVAL : 0;
	}
	settings->ticket = (const char *)plan->text.data;
	note_ticket(script, plan);
	return 0;
}

/* ---- commands ---------------------------------------------------------- */

static int
cmd_save_ticket(struct raw_script *script, const struct raw_words *words)
{
	const struct raw_ticket *ticket;
	struct raw_buf text = {0};
	uint64_t index = 0;
	FILE *f;

	if (script->current == NULL || words->count < 2 || words->count > 3 ||
	    (words->count == 3 && raw_word_number(words->at[2], &index) != 0))
		return -EINVAL;
	ticket = find_ticket(
	    script, script->current, words->count == 3 ? &index : NULL);
	f = fopen(words->at[1], "w");
	if (ticket == NULL || f == NULL) {
		raw_script_failed(script, "no ticket, or no such file");
	} else {
		raw_ticket_print(ticket, &text);
		fputs((const char *)text.data, f);
	}
	if (f != NULL)
		fclose(f);
	raw_buf_done(&text);
	return 0;
}

static int
cmd_replay(struct raw_script *script, const struct raw_words *words)
{
	struct raw_conn *conn = NULL;
	uint64_t times = 1;
	bool no_initial = false;

	if (words->count >= 2)
		conn = raw_loop_find(&script->loop, words->at[1]);
	for (int i = 2; i < words->count; i++) {
		const char *value = raw_word_value(words->at[i], "times");

		if (strcmp(words->at[i], "no_initial") == 0)
			no_initial = true;
		else if (value == NULL || raw_word_number(value, &times) != 0)
			return -EINVAL;
	}
	if (conn == NULL || times > REPLAYS_MAX)
		return -EINVAL;
	for (uint64_t i = 0; i < times; i++) {
		if (raw_conn_replay(conn, no_initial) != 0)
			raw_script_failed(script, "no socket");
		raw_loop_turn(&script->loop, raw_now());
	}
	return 0;
}

const struct raw_command raw_early_commands[] = {
    {"save_ticket", cmd_save_ticket},
    {"replay", cmd_replay},
    {NULL, NULL},
};

/* ---- expectations ------------------------------------------------------ */

/* 1 when the handshake is over, 0 when not yet, -1 when it failed. */
static int
check_open(struct raw_script *script)
{
	const struct raw_conn *conn = script->current;

	raw_conn_describe(conn, script->seen, sizeof(script->seen));
	if (conn->state == RAW_HANDSHAKE)
		return 0;
	return conn->state == RAW_FAILED ? -1 : 1;
}

static int
check_resumption(struct raw_script *script, bool wants)
{
	int rc = check_open(script);
	bool is;

	if (rc != 1)
		return rc;
	is = gnutls_session_is_resumed(script->current->tls) != 0;
	snprintf(script->seen, sizeof(script->seen), "%s",
	    is ? "resumed" : "a full handshake");
	return is == wants ? 1 : -1;
}

static int
check_resumed(struct raw_script *script, struct raw_attempt *attempt)
{
	(void)attempt;
	return check_resumption(script, true);
}

static int
check_not_resumed(struct raw_script *script, struct raw_attempt *attempt)
{
	(void)attempt;
	return check_resumption(script, false);
}

static int
check_hello_retry(struct raw_script *script, struct raw_attempt *attempt)
{
	(void)attempt;
	return check_open(script) == 0		  ? 0
	       : script->current->has_hello_retry ? 1
						  : -1;
}

static int
check_early(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_conn *conn = script->current;
	int rc = check_open(script);
	bool wants;

	if (attempt->words.count != 2)
		return -EINVAL;
	wants = strcmp(attempt->words.at[1], "accepted") == 0;
	if (!wants && strcmp(attempt->words.at[1], "rejected") != 0)
		return -EINVAL;
	if (rc != 1)
		return rc;
	if (!conn->has_early_keys) {
		snprintf(script->seen, sizeof(script->seen),
		    "no early data was sent");
		return -1;
	}
	snprintf(script->seen, sizeof(script->seen), "early data %s",
	    conn->is_early_taken ? "accepted" : "rejected");
	return conn->is_early_taken == wants ? 1 : -1;
}

/* One word about the last ticket. */
static int
check_ticket_word(struct raw_script *script, const struct raw_ticket_fields *f,
    const char *word)
{
	uint64_t early;
	int rc;

	if (strncmp(word, "lifetime", 8) == 0) {
		rc = raw_check_compare(script, word + 8, f->lifetime);
		return rc == 0 ? -1 : rc;
	}
	if (strncmp(word, "early=", 6) != 0)
		return -EINVAL;
	snprintf(script->seen, sizeof(script->seen),
	    f->has_early ? "early data of 0x%x octets" : "no early data",
	    f->early);
	if (strcmp(word + 6, "none") == 0)
		return f->has_early ? -1 : 1;
	if (raw_word_number(word + 6, &early) != 0)
		return -EINVAL;
	return f->has_early && f->early == early ? 1 : -1;
}

static int
check_ticket(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_conn *conn = script->current;
	struct raw_ticket_fields f;
	int rc = 1;

	raw_conn_describe(conn, script->seen, sizeof(script->seen));
	if (conn->ntickets == 0)
		return raw_conn_is_alive(conn) ? 0 : -1;
	if (!raw_ticket_read(&conn->tickets[conn->ntickets - 1].message, &f)) {
		snprintf(
		    script->seen, sizeof(script->seen), "a malformed ticket");
		return -1;
	}
	for (int i = 1; i < attempt->words.count && rc == 1; i++) {
		const char *word = attempt->words.at[i];

		rc = strncmp(word, "count", 5) == 0
			 ? raw_check_compare(script, word + 5, conn->ntickets)
			 : check_ticket_word(script, &f, word);
	}
	return rc;
}

static int
check_no_ticket(struct raw_script *script, struct raw_attempt *attempt)
{
	(void)attempt;
	snprintf(script->seen, sizeof(script->seen), "a ticket");
	return script->current->ntickets == 0 ? 0 : -1;
}

const struct raw_expectation raw_early_expectations[] = {
    {"resumed", check_resumed, false, false},
    {"not_resumed", check_not_resumed, false, false},
    {"hello_retry", check_hello_retry, false, false},
    {"early", check_early, false, false},
    {"ticket", check_ticket, false, false},
    {"no_ticket", check_no_ticket, true, false},
    {NULL, NULL, false, false},
};
