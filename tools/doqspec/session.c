/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doqspec's main work: chooses cases, runs them, reports.
 */
#include "tools/doqspec/doqspec.h"
#include "tools/doqspec/report.h"
#include "tools/doqspec/run.h"
#include "tools/doqspec/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct session {
	struct spec_options options;
	struct spec_table table;
	struct spec_outcome outcome;
	struct spec_text text;
	FILE *json, *junit;		/* or NULL */
	bool has_text;			/* standard output is no program's */
	bool has_progress;		/* a status line on standard error */
	const struct spec_case *latest; /* that was begun */
	size_t begun;
};

static void
clear_progress(const struct session *session)
{
	if (session->has_progress)
		fputs("\r\033[K", stderr);
}

static void
show_progress(const struct session *session)
{
	if (!session->has_progress || session->latest == NULL)
		return;
	clear_progress(session);
	fprintf(stderr, "[%zu/%zu] %s", session->begun, session->outcome.count,
	    session->latest->full);
	fflush(stderr);
}

static void
on_begun(void *arg, const struct spec_case *c, size_t begun)
{
	struct session *session = arg;

	session->latest = c;
	session->begun = begun;
	show_progress(session);
}

static void
on_ended(void *arg, const struct spec_case *c, const struct spec_result *result)
{
	const struct session *session = arg;

	if (!session->has_text)
		return;
	clear_progress(session);
	spec_text_case(&session->text, c, result);
	show_progress(session);
}

/* Puts the chosen cases into the outcome: first those that may have
 * neighbours. */
static void
add_chosen(struct session *session, const bool *chosen)
{
	struct spec_outcome *o = &session->outcome;
	size_t all = session->table.count;

	o->cases = raw_alloc(all + 1, sizeof(*o->cases));
	o->results = raw_alloc(all + 1, sizeof(*o->results));
	for (int is_alone = 0; is_alone <= 1; is_alone++) {
		for (size_t i = 0; i < all; i++) {
			const struct spec_case *c = &session->table.cases[i];

			if (chosen[i] && c->is_alone == (is_alone == 1))
				o->cases[o->count++] = c;
		}
	}
}

/* False after a line on standard error. */
static bool
choose(struct session *session)
{
	const struct spec_options *options = &session->options;
	bool *chosen = raw_alloc(session->table.count + 1, sizeof(*chosen));
	bool is_good = true;

	for (int i = 0; i < options->nselected && is_good; i++) {
		is_good = spec_table_choose(
		    &session->table, options->selected[i], chosen);
		if (!is_good)
			fprintf(stderr,
			    "doqspec: %s is no group, case or id; see "
			    "doqspec --list\n",
			    options->selected[i]);
	}
	if (options->nselected == 0)
		memset(chosen, true, session->table.count * sizeof(*chosen));
	add_chosen(session, chosen);
	free(chosen);
	return is_good;
}

static void
list_cases(const struct session *session)
{
	for (size_t i = 0; i < session->outcome.count; i++) {
		const struct spec_case *c = session->outcome.cases[i];

		printf("%s %s%s(RFC %s): %s\n", c->full, c->ids,
		    c->ids[0] != '\0' ? " " : "", c->rfc, c->title);
	}
}

static bool
wants_colour(enum spec_colour colour)
{
	const char *no = getenv("NO_COLOR");

	if (colour != SPEC_COLOUR_AUTO)
		return colour == SPEC_COLOUR_ALWAYS;
	return isatty(STDOUT_FILENO) && (no == NULL || *no == '\0');
}

/* ---- reports in files -------------------------------------------------- */

/* "" is standard output; NULL, and a line on standard error, when not. */
static FILE *
open_report(const char *path)
{
	FILE *file = *path == '\0' ? stdout : fopen(path, "we");

	if (file == NULL)
		fprintf(stderr, "doqspec: %s: %s\n", path, strerror(errno));
	return file;
}

/* Before the first case: a name that cannot be written is known then. */
static bool
open_reports(struct session *session)
{
	const struct spec_options *o = &session->options;

	if (o->json != NULL) {
		session->json = open_report(o->json);
		if (session->json == NULL)
			return false;
	}
	if (o->junit != NULL) {
		session->junit = open_report(o->junit);
		if (session->junit == NULL)
			return false;
	}
	session->has_text = session->json != stdout && session->junit != stdout;
	if (session->json != stdout || session->junit != stdout)
		return true;
	fputs("doqspec: --json and --junit cannot share standard output\n",
	    stderr);
	return false;
}

static bool
close_report(FILE *file)
{
	bool is_bad;

	if (file == NULL)
		return true;
	is_bad = fflush(file) != 0 || ferror(file);
	if (file != stdout && fclose(file) != 0)
		is_bad = true;
	if (is_bad)
		fputs("doqspec: a report could not be written\n", stderr);
	return !is_bad;
}

static bool
write_reports(struct session *session)
{
	bool is_good;

	if (session->json != NULL)
		spec_report_json(session->json, &session->outcome);
	if (session->junit != NULL)
		spec_report_junit(session->junit, &session->outcome);
	if (session->has_text)
		spec_text_summary(&session->text, &session->outcome);
	is_good = !session->has_text || close_report(stdout);
	is_good &= close_report(session->json);
	return close_report(session->junit) && is_good;
}

/* ---- running ----------------------------------------------------------- */

static int
run_cases(struct session *session)
{
	const struct spec_watch watch = {
	    .arg = session, .begun = on_begun, .ended = on_ended};
	struct spec_options *options = &session->options;
	int rc;

	if (!spec_run_probe(options) || !open_reports(session))
		return RAW_EXIT_TROUBLE;
	session->text = (struct spec_text){.out = stdout,
	    .is_coloured = wants_colour(options->colour),
	    .is_verbose = options->is_verbose};
	session->has_progress = isatty(STDERR_FILENO);
	rc = spec_run(options, &session->outcome, &watch);
	clear_progress(session);
	if (rc == -ECONNRESET)
		fprintf(
		    stderr, "doqspec: %s no longer answers\n", options->url);
	if (!write_reports(session) || rc == -EINTR)
		return RAW_EXIT_TROUBLE;
	return spec_outcome_count(&session->outcome, SPEC_FAIL) > 0
		   ? RAW_EXIT_FAILED
		   : 0;
}

static void
session_done(struct session *session)
{
	for (size_t i = 0; i < session->outcome.count; i++)
		spec_result_done(&session->outcome.results[i]);
	free(session->outcome.results);
	free(session->outcome.cases);
	spec_table_done(&session->table);
}

/* The cases of the files, which must be in order, or the built-in ones. */
static bool
fill_table(struct session *session)
{
	const struct spec_options *o = &session->options;

	if (o->nfiles == 0) {
		spec_table_init(&session->table, spec_groups);
		return true;
	}
	return spec_table_read(&session->table, o->files, o->nfiles) == 0 &&
	       spec_table_check(&session->table, stderr) == 0;
}

int
spec_main(int argc, char **argv)
{
	struct session session = {0};
	int status = RAW_EXIT_TROUBLE;

	if (spec_options_read(&session.options, argc, argv) != 0)
		return status;
	if (session.options.wants_help) {
		spec_options_help(stdout);
		return 0;
	}
	session.outcome.url = session.options.url;
	if (fill_table(&session) && choose(&session)) {
		if (session.options.lists) {
			list_cases(&session);
			status = 0;
		} else {
			status = run_cases(&session);
		}
	}
	session_done(&session);
	return status;
}

int
spec_show(int argc, char **argv)
{
	struct spec_table table;
	const struct spec_case *c;

	if (argc != 2) {
		fputs("usage: doqspec show GROUP/NAME\n", stderr);
		return RAW_EXIT_TROUBLE;
	}
	spec_table_init(&table, spec_groups);
	c = spec_table_find(&table, argv[1]);
	if (c != NULL)
		fputs(c->text, stdout);
	else
		fprintf(stderr, "doqspec: there is no case %s\n", argv[1]);
	spec_table_done(&table);
	return c != NULL ? 0 : RAW_EXIT_TROUBLE;
}
