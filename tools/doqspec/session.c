/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doqspec's main work: chooses cases, runs them, reports.
 */
#include "tools/doqspec/doqspec.h"
#include "tools/doqspec/run.h"
#include "tools/doqspec/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct session {
	struct spec_options options;
	struct spec_table table;
	struct spec_outcome outcome;
	struct spec_text text;
	bool has_progress; /* a status line on standard error */
};

static void
clear_progress(const struct session *session)
{
	if (session->has_progress)
		fputs("\r\033[K", stderr);
}

static void
on_begun(void *arg, const struct spec_case *c, size_t begun)
{
	const struct session *session = arg;

	if (!session->has_progress)
		return;
	clear_progress(session);
	fprintf(stderr, "[%zu/%zu] %s", begun, session->outcome.count, c->full);
	fflush(stderr);
}

static void
on_ended(void *arg, const struct spec_case *c, const struct spec_result *result)
{
	const struct session *session = arg;

	clear_progress(session);
	spec_text_case(&session->text, c, result);
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

static int
run_cases(struct session *session)
{
	const struct spec_watch watch = {
	    .arg = session, .begun = on_begun, .ended = on_ended};
	struct spec_options *options = &session->options;
	bool finished;

	if (!spec_run_probe(options))
		return RAW_EXIT_TROUBLE;
	session->text = (struct spec_text){.out = stdout,
	    .is_coloured = wants_colour(options->colour),
	    .is_verbose = options->is_verbose};
	session->has_progress = isatty(STDERR_FILENO);
	finished = spec_run(options, &session->outcome, &watch);
	clear_progress(session);
	spec_text_summary(&session->text, &session->outcome);
	if (!finished)
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

int
spec_main(int argc, char **argv)
{
	struct session session = {0};
	int status = RAW_EXIT_TROUBLE;

	if (spec_options_read(&session.options, argc, argv) != 0)
		return status;
	session.outcome.url = session.options.url;
	spec_table_init(&session.table, spec_groups);
	if (choose(&session)) {
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
