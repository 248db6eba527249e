/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doqspec play: runs scripts.
 *
 *   doqspec play [-v] [-s HOST:PORT] [-n NAME] [-D NAME=VALUE]...
 *                [-e COMMAND]... [SCRIPT]...
 *
 * Commands of all -e make one script, run before the files; "-" is standard
 * input.  The language is described in script.h.  Exit status: 0 when every
 * expectation held, 1 when not, 2 when the tool could not do its work.
 */
#include "tools/doqspec/doqspec.h"
#include "tools/doqspec/raw/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
usage(void)
{
	fputs("usage: doqspec play [-v] [-s HOST:PORT] [-n NAME] "
	      "[-D NAME=VALUE]... [-e COMMAND]... [SCRIPT]...\n",
	    stderr);
	exit(RAW_EXIT_TROUBLE);
}

static void
set_server(struct raw_script *script, char *text)
{
	char *colon = strrchr(text, ':');

	if (colon == NULL)
		usage();
	*colon = '\0';
	raw_script_set(script, "HOST", text);
	raw_script_set(script, "PORT", colon + 1);
}

static void
set_variable(struct raw_script *script, char *text)
{
	char *equals = strchr(text, '=');

	if (equals == NULL)
		usage();
	*equals = '\0';
	raw_script_set(script, text, equals + 1);
}

static void
read_file(const char *path, struct raw_buf *text)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char block[4096];
	size_t n;

	if (file == NULL)
		raw_fatal("%s: cannot be opened", path);
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		raw_buf_add(text, block, n);
	if (file != stdin)
		fclose(file);
	raw_buf_u8(text, 0);
}

static int
worse(int one, int other)
{
	return one > other ? one : other;
}

int
spec_play(int argc, char **argv)
{
	struct raw_script script;
	struct raw_buf commands = {0};
	int status = 0;
	int option;

	raw_script_init(&script);
	while ((option = getopt(argc, argv, "vs:n:D:e:")) != -1) {
		switch (option) {
		case 'v':
			script.is_verbose = true;
			break;
		case 's':
			set_server(&script, optarg);
			break;
		case 'n':
			raw_script_set(&script, "NAME", optarg);
			break;
		case 'D':
			set_variable(&script, optarg);
			break;
		case 'e':
			raw_buf_add(&commands, optarg, strlen(optarg));
			raw_buf_u8(&commands, '\n');
			break;
		default:
			usage();
		}
	}
	if (commands.len == 0 && optind == argc)
		usage();
	if (commands.len > 0) {
		raw_buf_u8(&commands, 0);
		status = raw_script_run(&script, "-e", (char *)commands.data);
	}
	for (int i = optind; i < argc; i++) {
		struct raw_buf text = {0};

		read_file(argv[i], &text);
		status = worse(status,
		    raw_script_run(&script, argv[i], (char *)text.data));
		raw_buf_done(&text);
	}
	raw_buf_done(&commands);
	raw_script_done(&script);
	return status;
}
