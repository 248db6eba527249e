/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The prompt of `doqspec play -i`: scripts typed line by line.
 *
 * Standard input is one more thing to wait for in the loop of the connections,
 * so they are served while nobody types.  A line that is wrong, or an
 * expectation that does not hold, ends nothing.  The whole session is recorded
 * from its begin; "record FILE" says where to.
 */
#include "tools/doqspec/player.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	READ_MAX = 4096,
	PAUSE_MS = 100 /* shorter ones are not worth a line */
};

struct prompt {
	struct player *player;
	struct raw_buf input; /* read, and not yet done */
	struct raw_buf block; /* lines since "repeat" */
	uint64_t last;	      /* when the last command ended */
	bool is_terminal, is_over;
	int status;
};

/* ---- what is shown ----------------------------------------------------- */

static void
show_help(void)
{
	const struct spec_command *c = NULL;

	while ((c = spec_command_next(c)) != NULL) {
		int n = printf("%s %s", c->name, c->usage);

		printf("%*s%s\n", n < 40 ? 40 - n : 1, "", c->help);
	}
	printf("%-40s%s\n%-40s%s\n%-40s%s\n", "record FILE",
	    "the session, as a script that repeats it", "help", "this list",
	    "quit", "or the end of the input");
}

/* What became of connections since it was shown last. */
static void
show_states(struct prompt *prompt)
{
	struct raw_conn *c = prompt->player->script.loop.conns;
	char text[RAW_SEEN_TEXT];

	for (; c != NULL; c = c->next) {
		if (c->shown == c->state)
			continue;
		c->shown = c->state;
		raw_conn_describe(c, text, sizeof(text));
		printf("# %s: %s\n", c->name, text);
	}
	fflush(stdout);
}

static void
show_prompt(const struct prompt *prompt)
{
	if (!prompt->is_terminal)
		return;
	fputs(prompt->block.len > 0 ? "repeat> " : "doqspec> ", stdout);
	fflush(stdout);
}

/* ---- lines ------------------------------------------------------------- */

/* The first word, and where the second begins. */
static bool
is_command(const char *line, const char *name, const char **ret_rest)
{
	size_t len = strlen(name);

	line += strspn(line, " \t");
	if (strncmp(line, name, len) != 0 ||
	    (line[len] != '\0' && !isspace((unsigned char)line[len])))
		return false;
	*ret_rest = line + len + strspn(line + len, " \t");
	return true;
}

static void
record_to(struct prompt *prompt, const char *path)
{
	if (path[0] == '\0' ||
	    raw_record_save(prompt->player->script.record, path) != 0) {
		printf("# record: no such file\n");
		prompt->status = RAW_EXIT_TROUBLE;
	}
}

static void
run_text(struct prompt *prompt, char *text)
{
	struct raw_script *script = &prompt->player->script;
	uint64_t pause = (raw_now() - prompt->last) / RAW_MS;

	if (pause >= PAUSE_MS)
		raw_record_pause(script->record, pause);
	if (raw_script_lines(script, text) != 0)
		prompt->status = RAW_EXIT_TROUBLE;
	else if (script->has_failed && prompt->status == 0)
		prompt->status = RAW_EXIT_FAILED;
	script->has_failed = false;
	script->is_inapplicable = false;
	prompt->last = raw_now();
}

/* Lines of a block are kept until its end. */
static bool
take_block(struct prompt *prompt, const char *line)
{
	const char *rest;

	if (prompt->block.len == 0 && !is_command(line, "repeat", &rest))
		return false;
	raw_buf_add(&prompt->block, line, strlen(line));
	if (is_command(line, "end", &rest)) {
		raw_buf_u8(&prompt->block, 0);
		run_text(prompt, (char *)prompt->block.data);
		prompt->block.len = 0;
	} else {
		raw_buf_u8(&prompt->block, '\n');
	}
	return true;
}

static bool
is_nothing(const char *line)
{
	line += strspn(line, " \t\r");
	return line[0] == '\0' || line[0] == '#';
}

static void
run_line(struct prompt *prompt, char *line)
{
	const char *rest;

	if (take_block(prompt, line) || is_nothing(line))
		;
	else if (is_command(line, "quit", &rest))
		prompt->is_over = true;
	else if (is_command(line, "help", &rest))
		show_help();
	else if (is_command(line, "record", &rest))
		record_to(prompt, rest);
	else
		run_text(prompt, line);
	show_states(prompt);
}

/* Every whole line, and at the end of the input also what is no whole one. */
static void
run_input(struct prompt *prompt, bool is_end)
{
	struct raw_buf *in = &prompt->input;
	uint8_t *end;
	size_t len;

	if (is_end && in->len > 0)
		raw_buf_u8(in, '\n');
	while (!prompt->is_over && in->len > 0 &&
	       (end = memchr(in->data, '\n', in->len)) != NULL) {
		*end = '\0';
		run_line(prompt, (char *)in->data);
		len = (size_t)(end - in->data) + 1;
		memmove(in->data, in->data + len, in->len - len);
		in->len -= len;
		show_prompt(prompt);
	}
	prompt->is_over |= is_end;
}

static void
read_input(struct prompt *prompt)
{
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
	char data[READ_MAX];
	ssize_t len;

	if (poll(&fd, 1, 0) <= 0)
		return;
	len = read(STDIN_FILENO, data, sizeof(data));
	if (len > 0)
		raw_buf_add(&prompt->input, data, (size_t)len);
	run_input(prompt, len <= 0);
}

int
spec_prompt(struct player *player)
{
	struct raw_script *script = &player->script;
	struct prompt prompt = {.player = player,
	    .last = raw_now(),
	    .is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)};
	/* Whoever types may look at a server that answers nothing, and goes
	 * on after a surprise; so must a recording. */
	char first[] = "nocontrol\npersist";
	int status;

	raw_script_begin(script, "prompt");
	script->is_typed = true;
	(void)raw_script_lines(script, first);
	script->line = 0;
	if (prompt.is_terminal)
		printf("# %s port %s; \"help\" lists the commands\n",
		    raw_script_get(script, "HOST"),
		    raw_script_get(script, "PORT"));
	show_prompt(&prompt);
	while (!prompt.is_over) {
		script->loop.has_input = true;
		raw_loop_turn(&script->loop, raw_now() + RAW_SECOND);
		script->loop.has_input = false;
		show_states(&prompt);
		read_input(&prompt);
	}
	status = raw_script_end(script);
	raw_buf_done(&prompt.input);
	raw_buf_done(&prompt.block);
	return prompt.status > status ? prompt.status : status;
}
