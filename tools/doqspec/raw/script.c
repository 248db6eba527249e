/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a script: lines, blocks, and what is told about them.  Words and
 * variables are in line.c, cases in case.c; what the commands do is there, in
 * the cmd_*.c files and in expect.c.
 *
 * A case that failed skips its remaining lines; a line that cannot be
 * understood ends the run.
 */
#include "tools/doqspec/raw/script.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	REPEAT_MAX = 1000000
};

void
raw_script_init(struct raw_script *script)
{
	*script = (struct raw_script){.file = "-",
	    .deadline_ms = RAW_DEADLINE_MS,
	    .first_deadline_ms = RAW_DEADLINE_MS};
	raw_outsider_init(&script->outsider);
	raw_script_set(script, "HOST", "127.0.0.1");
	raw_script_set(script, "PORT", "853");
	raw_script_set(script, "NAME", "localhost");
	raw_script_set(script, "TYPE", "A");
}

void
raw_script_done(struct raw_script *script)
{
	raw_case_clear(script);
	for (size_t i = 0; i < script->nvars; i++) {
		free(script->vars[i].name);
		free(script->vars[i].value);
	}
	script->nvars = 0;
}

/* To standard error, with its place, or to the observer. */
static void
complain(struct raw_script *script, const char *text)
{
	if (script->observer != NULL) {
		script->observer->failed(script->observer->arg, text);
		return;
	}
	fflush(stdout);
	fprintf(stderr, "%s:%u: ", script->file, script->line);
	if (script->title[0] != '\0')
		fprintf(stderr, "[%s] ", script->title);
	fprintf(stderr, "%s\n", text);
}

void
raw_script_failed(struct raw_script *script, const char *format, ...)
{
	char text[2 * RAW_SEEN_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	complain(script, text);
	script->has_failed = true;
}

void
raw_script_judge(struct raw_script *script, const char *expected, bool held)
{
	const struct raw_observer *o = script->observer;

	script->has_held = held;
	if (o != NULL) {
		o->expectation(o->arg, expected, script->seen, held);
		script->has_failed |= !held;
	} else if (!held) {
		raw_script_failed(
		    script, "expected: %s; seen: %s", expected, script->seen);
	} else if (script->is_verbose) {
		printf("# %u: held\n", script->line);
	}
}

void
raw_script_inapplicable(struct raw_script *script, const char *reason)
{
	const struct raw_observer *o = script->observer;

	script->is_inapplicable = true;
	if (o != NULL)
		o->inapplicable(o->arg, reason);
	else
		printf("# not applicable: %s: %s\n", script->title, reason);
}

void
raw_script_join(const struct raw_script *script, const struct raw_words *words,
    int first, char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	if (script->is_chosen)
		n = (size_t)snprintf(text, size, "@%s ", script->current->name);
	for (int i = first; i < words->count && n < size; i++) {
		const char *word = words->at[i];
		bool is_one = word[0] != '\0' && strpbrk(word, " \t") == NULL;

		n += (size_t)snprintf(text + n, size - n,
		    is_one ? "%s%s" : "%s'%s'", i > first ? " " : "", word);
	}
}

/* ---- lines ------------------------------------------------------------- */

const struct raw_command *
raw_script_command(size_t i)
{
	const struct raw_command *const tables[] = {raw_case_commands,
	    raw_connect_commands, raw_send_commands, raw_frame_commands,
	    raw_udp_commands, raw_expect_commands, raw_load_commands,
	    raw_early_commands, raw_flood_commands, raw_crowd_commands};

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct raw_command *c = tables[t]; c->name; c++)
			if (i-- == 0)
				return c;
	return NULL;
}

static const struct raw_command *
find_command(const char *name)
{
	const struct raw_command *c;

	for (size_t i = 0; (c = raw_script_command(i)) != NULL; i++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* Takes "@c2" from the front and runs the rest on that connection. */
static int
choose_connection(struct raw_script *script, struct raw_words *words)
{
	if (words->at[0][0] != '@')
		return 0;
	script->current = raw_loop_find(&script->loop, words->at[0] + 1);
	if (script->current == NULL || words->count < 2)
		return -EINVAL;
	free(words->at[0]);
	words->count--;
	memmove(words->at, words->at + 1,
	    (size_t)words->count * sizeof(words->at[0]));
	return 0;
}

/* Commands that neither act nor wait, or that tell by themselves. */
static bool
is_told(const char *name)
{
	static const char *const quiet[] = {"case", "name", "rfc", "needs",
	    "alone", "allow", "deadline", "nocontrol", "set", "expect",
	    "applies"};

	for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
		if (strcmp(quiet[i], name) == 0)
			return false;
	return true;
}

static void
tell_command(struct raw_script *script, const struct raw_words *words)
{
	char text[RAW_SEEN_TEXT];

	if (script->observer == NULL || !is_told(words->at[0]))
		return;
	raw_script_join(script, words, 0, text, sizeof(text));
	script->observer->command(script->observer->arg, text);
}

static int
run_words(struct raw_script *script, struct raw_words *words)
{
	const struct raw_command *command;
	char chosen[1 + RAW_NAME_MAX] = "@";
	int rc;

	script->is_chosen = words->at[0][0] == '@';
	script->former = script->current;
	if (choose_connection(script, words) != 0)
		return -EINVAL;
	command = find_command(words->at[0]);
	if (command == NULL)
		return -EINVAL;
	/* A default may stand before the first case. */
	if (strcmp(command->name, "case") != 0 &&
	    strcmp(command->name, "default") != 0)
		script->in_case = true;
	if (script->is_chosen)
		snprintf(chosen + 1, sizeof(chosen) - 1, "%s",
		    script->current->name);
	raw_record_begin(
	    script->record, script, words, script->is_chosen ? chosen : NULL);
	tell_command(script, words);
	rc = command->fn(script, words);
	raw_record_end(script->record, script, rc);
	if (script->is_chosen)
		script->current = script->former;
	script->is_chosen = false;
	return rc;
}

static void
not_understood(struct raw_script *script, const char *line)
{
	char text[RAW_SEEN_TEXT];

	snprintf(text, sizeof(text), "not understood: %s", line);
	complain(script, text);
}

static int
run_line(struct raw_script *script, const char *line)
{
	struct raw_words words = {.count = 0};
	size_t blank = strspn(line, " \t");
	bool is_case = strncmp(line + blank, "case", 4) == 0 &&
		       (line[blank + 4] == '\0' ||
			   isspace((unsigned char)line[blank + 4]));
	int rc;

	if (((script->has_failed && !script->persists) ||
		script->is_inapplicable) &&
	    !is_case)
		return 0;
	rc = raw_words_split(script, line, &words);
	if (rc == 0 && words.count > 0)
		rc = run_words(script, &words);
	raw_words_done(&words);
	if (rc != 0)
		not_understood(script, line);
	return rc;
}

static bool
is_word(const char *line, const char *word)
{
	size_t len = strlen(word);

	line += strspn(line, " \t");
	return strncmp(line, word, len) == 0 &&
	       (line[len] == '\0' || isspace((unsigned char)line[len]) ||
		   line[len] == '#');
}

struct lines {
	char **at;
	size_t count;
	unsigned first; /* lines of the script before them */
};

/* Cuts text at line ends. */
static struct lines
split_lines(char *text)
{
	struct lines lines = {0};
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		lines.at = raw_realloc(
		    lines.at, (lines.count + 1) * sizeof(*lines.at));
		lines.at[lines.count++] = line;
	}
	return lines;
}

/* repeat N [while alive|credit] */
struct repeat {
	uint64_t count;
	bool needs_alive, needs_credit;
};

static int
plan_repeat(const struct raw_words *words, struct repeat *ret)
{
	struct repeat plan = {.count = 0};

	if ((words->count != 2 && words->count != 4) ||
	    raw_word_number(words->at[1], &plan.count) != 0 ||
	    plan.count > REPEAT_MAX)
		return -EINVAL;
	if (words->count == 4) {
		plan.needs_credit = strcmp(words->at[3], "credit") == 0;
		plan.needs_alive =
		    plan.needs_credit || strcmp(words->at[3], "alive") == 0;
		if (strcmp(words->at[2], "while") != 0 || !plan.needs_alive)
			return -EINVAL;
	}
	*ret = plan;
	return 0;
}

/* The credit for one more stream may take its time. */
static bool
may_go_on(struct raw_script *script, const struct repeat *plan)
{
	struct raw_conn *conn = script->current;
	uint64_t deadline = raw_now() + script->deadline_ms * RAW_MS;

	if (!plan->needs_alive || conn == NULL)
		return true;
	while (
	    plan->needs_credit && raw_conn_is_alive(conn) &&
	    conn->next_bidi / RAW_STREAM_KINDS >= conn->seen.max_streams_bidi) {
		if (raw_now() >= deadline)
			return false;
		raw_loop_turn(&script->loop, deadline);
	}
	return raw_conn_is_alive(conn);
}

/* Runs "repeat N" at `at`; *ret_next is the line behind its "end". */
static int
run_repeat(struct raw_script *script, const struct lines *lines, size_t at,
    size_t *ret_next)
{
	size_t end = at + 1;
	struct repeat plan = {.count = 0};
	struct raw_words words = {.count = 0};
	int rc;

	while (end < lines->count && !is_word(lines->at[end], "end"))
		end++;
	rc = raw_words_split(script, lines->at[at], &words);
	if (rc == 0)
		rc = plan_repeat(&words, &plan);
	if (end == lines->count)
		rc = -EINVAL;
	raw_words_done(&words);
	if (rc != 0)
		not_understood(script, lines->at[at]);
	for (uint64_t i = 0; i < plan.count && rc == 0; i++) {
		char number[24];

		if (!may_go_on(script, &plan))
			break;
		snprintf(number, sizeof(number), "%llu", (unsigned long long)i);
		raw_script_set(script, "I", number);
		for (size_t l = at + 1; l < end && rc == 0; l++) {
			script->line = lines->first + (unsigned)l + 1;
			rc = run_line(script, lines->at[l]);
		}
	}
	*ret_next = end + 1;
	return rc;
}

void
raw_script_begin(struct raw_script *script, const char *file)
{
	script->file = file;
	script->line = 0;
	script->title[0] = '\0';
	raw_record_file(script->record, file);
}

int
raw_script_lines(struct raw_script *script, char *text)
{
	struct lines lines = split_lines(text);
	size_t at = 0;
	int rc = 0;

	lines.first = script->line;
	while (at < lines.count && rc == 0) {
		script->line = lines.first + (unsigned)at + 1;
		if (is_word(lines.at[at], "repeat")) {
			rc = run_repeat(script, &lines, at, &at);
		} else {
			rc = run_line(script, lines.at[at]);
			at++;
		}
	}
	free(lines.at);
	return rc;
}

int
raw_script_end(struct raw_script *script)
{
	raw_case_end(script);
	return script->cases_failed > 0 ? RAW_EXIT_FAILED : 0;
}

int
raw_script_run(struct raw_script *script, const char *file, char *text)
{
	raw_script_begin(script, file);
	return raw_script_lines(script, text) != 0 ? RAW_EXIT_TROUBLE
						   : raw_script_end(script);
}
