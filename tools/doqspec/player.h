/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DOQSPEC_PLAYER_H
#define DOQSPEC_PLAYER_H

#include "tools/doqspec/raw/script.h"

/*
 * What `doqspec play` runs scripts with, from files and from the prompt: the
 * script, and who watches frames pass.
 */
struct player {
	struct raw_script script;
	struct raw_watch watch;
	bool is_prompt; /* shows what comes, and answers as text */
};

/*
 * prompt.c: reads commands from standard input, line by line, and keeps the
 * connections alive meanwhile, until the input ends or "quit".  Returns the
 * exit status.
 */
int spec_prompt(struct player *player);

/* commands.c: the commands of the language, one line each. */
struct spec_command {
	const char *name;
	const char *usage; /* its words, without the name */
	const char *help;
};

/* The next one; NULL begins, and NULL is the end. */
const struct spec_command *spec_command_next(const struct spec_command *last);

#endif
