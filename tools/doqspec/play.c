/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doqspec play: runs scripts, from files or from a prompt.
 *
 *   doqspec play [-v] [--record FILE] [-s HOST:PORT] [-n NAME]
 *                [-D NAME=VALUE]... [-e COMMAND]...
 *                [quic://HOST[:PORT]] [SCRIPT]...
 *   doqspec play -i [OPTION]... [quic://HOST[:PORT]]
 *
 * Commands of all -e make one script, run before the files; "-" is standard
 * input.  The language is described in script.h.  Exit status: 0 when every
 * expectation held, 1 when not, 2 when the tool could not do its work.
 */
#include "tools/doqspec/doqspec.h"
#include "tools/doqspec/player.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
usage(void)
{
	fputs("usage: doqspec play [-iv] [--record FILE] [-s HOST:PORT]\n"
	      "                    [-n NAME] [-D NAME=VALUE]... "
	      "[-e COMMAND]...\n"
	      "                    [quic://HOST[:PORT]] [SCRIPT]...\n",
	    stderr);
	exit(RAW_EXIT_TROUBLE);
}

/* ---- what is shown ----------------------------------------------------- */

static bool
is_shown(const struct player *player, const struct raw_sight *sight)
{
	uint64_t type = sight->frame->type;

	if (type == RAW_FRAME_PADDING)
		return false;
	if (player->script.is_verbose)
		return true;
	return player->is_prompt && !sight->is_out && type != RAW_FRAME_ACK &&
	       type != RAW_FRAME_ACK_ECN;
}

/* Once, when the last of it has come. */
static void
show_answer(const struct raw_conn *conn, const struct raw_frame *f)
{
	const struct raw_seen_stream *s =
	    raw_seen_stream(&conn->seen, f->stream);

	if (f->type >= RAW_FRAME_STREAM && f->type <= RAW_FRAME_STREAM_LAST &&
	    f->len > 0 && raw_seen_is_finished(s))
		raw_show_answer(stdout, "  ", s);
}

static void
on_frame(void *arg, const struct raw_conn *conn, const struct raw_sight *sight)
{
	struct player *player = arg;
	const struct raw_conn *first = player->script.loop.conns;
	bool is_named =
	    !player->is_prompt || (first != NULL && first->next != NULL);
	char text[RAW_SHOW_MAX];

	raw_record_sight(player->script.record, conn, sight);
	if (!is_shown(player, sight))
		return;
	raw_show_sight(conn, sight, is_named, text, sizeof(text));
	puts(text);
	if (player->is_prompt && !sight->is_out &&
	    sight->level == RAW_LEVEL_1RTT)
		show_answer(conn, sight->frame);
	fflush(stdout);
}

/* ---- arguments --------------------------------------------------------- */

static void
set_server(struct raw_script *script, char *text)
{
	char *colon = strrchr(text, ':');

	if (colon == NULL)
		usage();
	*colon = '\0';
	raw_script_give(script, "HOST", text);
	raw_script_give(script, "PORT", colon + 1);
}

/* False: it is no URL, but the name of a script. */
static bool
take_url(struct raw_script *script, const char *text)
{
	struct spec_url url;

	if (strstr(text, "://") == NULL)
		return false;
	if (spec_url_read(text, &url) != 0)
		usage();
	raw_script_give(script, "HOST", url.host);
	raw_script_give(script, "PORT", url.port);
	return true;
}

static void
set_variable(struct raw_script *script, char *text)
{
	char *equals = strchr(text, '=');

	if (equals == NULL)
		usage();
	*equals = '\0';
	raw_script_give(script, text, equals + 1);
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

static void
take_options(
    struct player *player, struct raw_buf *commands, int argc, char **argv)
{
	static const struct option options[] = {
	    {"record", required_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
	struct raw_script *script = &player->script;
	int option;

	while ((option = getopt_long(
		    argc, argv, "ivs:n:D:e:", options, NULL)) != -1) {
		if (option == 'i') {
			player->is_prompt = true;
		} else if (option == 'v') {
			script->is_verbose = true;
		} else if (option == 's') {
			set_server(script, optarg);
		} else if (option == 'n') {
			raw_script_give(script, "NAME", optarg);
		} else if (option == 'D') {
			set_variable(script, optarg);
		} else if (option == 'r' && script->record == NULL) {
			script->record = raw_record_open(optarg);
		} else if (option == 'e') {
			raw_buf_add(commands, optarg, strlen(optarg));
			raw_buf_u8(commands, '\n');
		} else {
			usage();
		}
	}
}

static int
worse(int one, int other)
{
	return one > other ? one : other;
}

static int
run_scripts(struct raw_script *script, struct raw_buf *commands,
    char *const *paths, int count)
{
	int status = 0;

	if (commands->len > 0) {
		raw_buf_u8(commands, 0);
		status = raw_script_run(script, "-e", (char *)commands->data);
	}
	for (int i = 0; i < count; i++) {
		struct raw_buf text = {0};

		read_file(paths[i], &text);
		status = worse(status,
		    raw_script_run(script, paths[i], (char *)text.data));
		raw_buf_done(&text);
	}
	return status;
}

int
spec_play(int argc, char **argv)
{
	struct player player = {.is_prompt = false};
	struct raw_script *script = &player.script;
	struct raw_buf commands = {0};
	int scripts;
	int status;

	raw_script_init(script);
	player.watch = (struct raw_watch){.arg = &player, .frame = on_frame};
	script->watch = &player.watch;
	take_options(&player, &commands, argc, argv);
	if (optind < argc && take_url(script, argv[optind]))
		optind++;
	scripts = argc - optind + (commands.len > 0);
	if (player.is_prompt != (scripts == 0))
		usage();
	if (player.is_prompt && script->record == NULL)
		script->record = raw_record_open(NULL);
	status = player.is_prompt ? spec_prompt(&player)
				  : run_scripts(script, &commands,
					argv + optind, argc - optind);
	raw_buf_done(&commands);
	raw_script_done(script);
	raw_record_close(script->record);
	return status;
}
