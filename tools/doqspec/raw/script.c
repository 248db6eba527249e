/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a script: lines into words, variables, blocks, cases.  What the
 * commands do is in the cmd_*.c files and in expect.c.
 *
 * A case that failed skips its remaining lines; a line that cannot be
 * understood ends the run.  IDs are printed only here, at the end of a case
 * in which everything held, the control included.
 */
#include "tools/doqspec/raw/script.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	REPEAT_MAX = 1000000,
	OCTET_DIGITS = 2,
	OWN_VARS = 16
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

static void
clear_case(struct raw_script *script)
{
	raw_loop_done(&script->loop);
	script->current = NULL;
	script->last_stream = 0;
	raw_outsider_done(&script->outsider);
	for (size_t i = 0; i < script->nids; i++)
		free(script->ids[i]);
	script->nids = 0;
	script->has_failed = false;
	script->skips_control = false;
	script->persists = false;
	script->allows_stop = false;
	script->allows_foreign = false;
	script->allows_failed = false;
	script->allows_codes = false;
	script->deadline_ms = script->first_deadline_ms;
	script->is_inapplicable = false;
	script->in_case = false;
}

void
raw_script_done(struct raw_script *script)
{
	clear_case(script);
	for (size_t i = 0; i < script->nvars; i++) {
		free(script->vars[i].name);
		free(script->vars[i].value);
	}
	script->nvars = 0;
}

void
raw_script_set(struct raw_script *script, const char *name, const char *value)
{
	for (size_t i = 0; i < script->nvars; i++) {
		if (strcmp(script->vars[i].name, name) != 0)
			continue;
		free(script->vars[i].value);
		script->vars[i].value = raw_strdup(value);
		return;
	}
	if (script->nvars == RAW_VARS_MAX)
		raw_fatal("too many variables");
	script->vars[script->nvars].name = raw_strdup(name);
	script->vars[script->nvars++].value = raw_strdup(value);
}

void
raw_script_give(struct raw_script *script, const char *name, const char *value)
{
	raw_script_set(script, name, value);
	for (size_t i = 0; i < script->nvars; i++)
		if (strcmp(script->vars[i].name, name) == 0)
			script->vars[i].is_given = true;
}

const char *
raw_script_get(const struct raw_script *script, const char *name)
{
	for (size_t i = 0; i < script->nvars; i++)
		if (strcmp(script->vars[i].name, name) == 0)
			return script->vars[i].value;
	return NULL;
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

/* ---- lines into words -------------------------------------------------- */

/* xHH; a word cannot hold an octet 0. */
static bool
is_octet(const char *name)
{
	return name[0] == 'x' && strlen(name) == 1 + OCTET_DIGITS &&
	       strcmp(name, "x00") != 0;
}

static int
expand_variable(struct raw_script *script, const char **at, struct raw_buf *out)
{
	const char *p = *at + 1;
	bool has_brace = *p == '{';
	char name[64];
	size_t n = 0;
	const char *value;

	if (has_brace)
		p++;
	while (
	    (isalnum((unsigned char)*p) || *p == '_') && n + 1 < sizeof(name))
		name[n++] = *p++;
	name[n] = '\0';
	if (has_brace && *p++ != '}')
		return -EINVAL;
	value = raw_script_get(script, name);
	if (value == NULL && has_brace && is_octet(name)) {
		*at = p;
		return raw_buf_hex(out, name + 1, OCTET_DIGITS);
	}
	if (value == NULL)
		return -EINVAL;
	raw_buf_add(out, value, strlen(value));
	*at = p;
	return 0;
}

static int
read_word(struct raw_script *script, const char **at, struct raw_buf *out)
{
	char quote = '\0';
	const char *p = *at;

	while (*p != '\0' && (quote != '\0' || !isspace((unsigned char)*p))) {
		if (quote != '\0' && *p == quote) {
			quote = '\0';
			p++;
		} else if (quote == '\0' && (*p == '\'' || *p == '"')) {
			quote = *p++;
		} else if (*p == '$' && quote != '\'') {
			if (expand_variable(script, &p, out) != 0)
				return -EINVAL;
		} else {
			raw_buf_u8(out, (unsigned char)*p++);
		}
	}
	raw_buf_u8(out, 0);
	*at = p;
	return quote == '\0' ? 0 : -EINVAL;
}

static void
words_done(struct raw_words *words)
{
	for (int i = 0; i < words->count; i++)
		free(words->at[i]);
	words->count = 0;
}

static int
split_line(struct raw_script *script, const char *line, struct raw_words *words)
{
	words->count = 0;
	for (;;) {
		struct raw_buf word = {0};

		while (isspace((unsigned char)*line))
			line++;
		if (*line == '\0' || *line == '#')
			return 0;
		if (words->count == RAW_WORDS_MAX ||
		    read_word(script, &line, &word) != 0) {
			raw_buf_done(&word);
			words_done(words);
			return -EINVAL;
		}
		words->at[words->count++] = (char *)word.data;
	}
}

/* ---- cases ------------------------------------------------------------- */

/* RFC 9250 8.4; RFC 9000 20.1, RFC 9368 and the TLS alerts. */
static bool
is_registered(bool is_app, uint64_t code)
{
	enum {
		DOQ_LAST = 0x5,
		QUIC_LAST = 0x11,
		TLS_FIRST = 0x100
	};

	if (is_app)
		return code <= DOQ_LAST;
	return code <= QUIC_LAST ||
	       (code >= TLS_FIRST && code <= TLS_FIRST + UINT8_MAX);
}

/* DOQ-039: a server uses the registered numbers only. */
static void
check_codes(struct raw_script *script, const struct raw_conn *conn)
{
	const struct raw_seen_close *c = &conn->seen.close;

	if (c->is_seen && !is_registered(c->is_app, c->code))
		raw_script_failed(script, "%s: closed with code 0x%llx",
		    conn->name, (unsigned long long)c->code);
	for (uint64_t id = 0; id < conn->next_bidi; id += RAW_STREAM_KINDS) {
		const struct raw_seen_stream *s =
		    raw_seen_stream(&conn->seen, id);

		/* A reset may also copy the client's code (RFC 9000 3.5). */
		if (s != NULL && s->has_reset &&
		    !is_registered(true, s->reset_code) &&
		    !script->allows_codes)
			raw_script_failed(script, "%s: reset with code 0x%llx",
			    conn->name, (unsigned long long)s->reset_code);
	}
}

/* What no server may do in any case, unless the script allowed it. */
static void
check_manners(struct raw_script *script)
{
	struct raw_conn *c;

	for (c = script->loop.conns; c != NULL; c = c->next) {
		if (c->seen.stops > 0 && !script->allows_stop)
			raw_script_failed(script,
			    "%s: the server sent STOP_SENDING", c->name);
		if (c->seen.foreign > 0 && !script->allows_foreign)
			raw_script_failed(script,
			    "%s: the server used a stream of its own", c->name);
		if (c->seen.bad_packets > 0)
			raw_script_failed(script,
			    "%s: a frame of the server is not readable",
			    c->name);
		if (c->seen.misplaced > 0)
			raw_script_failed(script,
			    "%s: a frame that no Initial or Handshake packet "
			    "may hold",
			    c->name);
		check_codes(script, c);
		if (c->state == RAW_FAILED && !script->allows_failed)
			raw_script_failed(script, "%s: %s", c->name, c->error);
	}
}

/* Its ids, unless it did not apply. */
static void
print_case(const struct raw_script *script)
{
	for (size_t i = 0; i < script->nids; i++)
		if (script->has_failed)
			printf("not ok %s\n", script->ids[i]);
		else if (!script->is_inapplicable)
			printf("ok %s\n", script->ids[i]);
	if (script->is_verbose || script->has_failed)
		printf("# %s: %s\n",
		    script->has_failed	      ? "failed"
		    : script->is_inapplicable ? "not applicable"
					      : "held",
		    script->title[0] != '\0' ? script->title : script->file);
	fflush(stdout);
}

static void
end_case(struct raw_script *script)
{
	if (!script->in_case)
		return;
	script->cases++;
	if (!script->has_failed)
		check_manners(script);
	if (!script->has_failed && !script->is_inapplicable &&
	    !script->skips_control && !raw_script_control(script))
		raw_script_failed(
		    script, "control client not answered: %s", script->seen);
	if (script->has_failed)
		script->cases_failed++;
	if (script->observer == NULL)
		print_case(script);
	clear_case(script);
}

/* Two or more capitals, a hyphen, digits. */
static bool
is_id(const char *word)
{
	const char *p = word;

	while (isupper((unsigned char)*p))
		p++;
	if (p - word < 2 || *p++ != '-' || !isdigit((unsigned char)*p))
		return false;
	while (isdigit((unsigned char)*p))
		p++;
	return *p == '\0';
}

static int
cmd_case(struct raw_script *script, const struct raw_words *words)
{
	int i = 1;
	size_t n = 0;

	end_case(script);
	script->in_case = true;
	for (; i < words->count && is_id(words->at[i]); i++) {
		if (script->nids == RAW_IDS_MAX)
			return -EINVAL;
		script->ids[script->nids++] = raw_strdup(words->at[i]);
	}
	script->title[0] = '\0';
	for (; i < words->count && n < sizeof(script->title); i++)
		n += (size_t)snprintf(script->title + n,
		    sizeof(script->title) - n, "%s%s", n > 0 ? " " : "",
		    words->at[i]);
	return 0;
}

/* ---- plain commands ---------------------------------------------------- */

/* Some are left for what the engine itself tells. */
static bool
has_room(const struct raw_script *script)
{
	return script->nvars < RAW_VARS_MAX - OWN_VARS;
}

static int
cmd_set(struct raw_script *script, const struct raw_words *words)
{
	if (words->count != 3 || !has_room(script))
		return -EINVAL;
	raw_script_set(script, words->at[1], words->at[2]);
	return 0;
}

static int
cmd_default(struct raw_script *script, const struct raw_words *words)
{
	if (words->count != 3 || !has_room(script))
		return -EINVAL;
	for (size_t i = 0; i < script->nvars; i++)
		if (strcmp(script->vars[i].name, words->at[1]) == 0 &&
		    script->vars[i].is_given)
			return 0;
	raw_script_set(script, words->at[1], words->at[2]);
	return 0;
}

static int
cmd_deadline(struct raw_script *script, const struct raw_words *words)
{
	return words->count == 2
		   ? raw_word_duration(words->at[1], &script->deadline_ms)
		   : -EINVAL;
}

static int
cmd_wait(struct raw_script *script, const struct raw_words *words)
{
	uint64_t ms;

	if (words->count != 2 || raw_word_duration(words->at[1], &ms) != 0)
		return -EINVAL;
	raw_loop_run(&script->loop, raw_now() + ms * RAW_MS);
	return 0;
}

static int
cmd_nocontrol(struct raw_script *script, const struct raw_words *words)
{
	(void)words;
	script->skips_control = true;
	return 0;
}

static int
cmd_persist(struct raw_script *script, const struct raw_words *words)
{
	(void)words;
	script->persists = true;
	return 0;
}

static int
cmd_allow(struct raw_script *script, const struct raw_words *words)
{
	if (words->count != 2)
		return -EINVAL;
	if (strcmp(words->at[1], "stop_sending") == 0)
		script->allows_stop = true;
	else if (strcmp(words->at[1], "foreign") == 0)
		script->allows_foreign = true;
	else if (strcmp(words->at[1], "codes") == 0)
		script->allows_codes = true;
	else if (strcmp(words->at[1], "failed") == 0)
		script->allows_failed = true;
	else
		return -EINVAL;
	return 0;
}

/* What only the reader, or the runner of many cases, looks at. */
static int
cmd_note(struct raw_script *script, const struct raw_words *words)
{
	(void)script;
	return words->count > 1 ? 0 : -EINVAL;
}

static int
cmd_alone(struct raw_script *script, const struct raw_words *words)
{
	(void)script;
	return words->count == 1 ? 0 : -EINVAL;
}

static int
cmd_needs(struct raw_script *script, const struct raw_words *words)
{
	for (int i = 1; i < words->count; i++) {
		char name[64];
		size_t n = 0;

		for (const char *p = words->at[i];
		     *p != '\0' && n + 1 < sizeof(name); p++)
			name[n++] = (char)toupper((unsigned char)*p);
		name[n] = '\0';
		if (raw_script_get(script, name) != NULL)
			continue;
		snprintf(script->seen, sizeof(script->seen), "needs %s", name);
		raw_script_inapplicable(script, script->seen);
		return 0;
	}
	return words->count > 1 ? 0 : -EINVAL;
}

static const struct raw_command plain_commands[] = {
    {"case", cmd_case},
    {"name", cmd_note},
    {"rfc", cmd_note},
    {"needs", cmd_needs},
    {"alone", cmd_alone},
    {"set", cmd_set},
    {"default", cmd_default},
    {"deadline", cmd_deadline},
    {"wait", cmd_wait},
    {"nocontrol", cmd_nocontrol},
    {"persist", cmd_persist},
    {"allow", cmd_allow},
    {NULL, NULL},
};

/* ---- running ----------------------------------------------------------- */

const struct raw_command *
raw_script_command(size_t i)
{
	const struct raw_command *const tables[] = {plain_commands,
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
	struct raw_conn *before = script->current;
	const struct raw_command *command;
	char chosen[1 + RAW_NAME_MAX] = "@";
	int rc;

	script->is_chosen = words->at[0][0] == '@';
	if (choose_connection(script, words) != 0)
		return -EINVAL;
	command = find_command(words->at[0]);
	if (command == NULL)
		return -EINVAL;
	/* A default may stand before the first case. */
	if (command->fn != cmd_case && command->fn != cmd_default)
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
		script->current = before;
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
	rc = split_line(script, line, &words);
	if (rc == 0 && words.count > 0)
		rc = run_words(script, &words);
	words_done(&words);
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
	rc = split_line(script, lines->at[at], &words);
	if (rc == 0)
		rc = plan_repeat(&words, &plan);
	if (end == lines->count)
		rc = -EINVAL;
	words_done(&words);
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
	end_case(script);
	return script->cases_failed > 0 ? RAW_EXIT_FAILED : 0;
}

int
raw_script_run(struct raw_script *script, const char *file, char *text)
{
	raw_script_begin(script, file);
	return raw_script_lines(script, text) != 0 ? RAW_EXIT_TROUBLE
						   : raw_script_end(script);
}
