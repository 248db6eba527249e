/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process of one case.
 *
 * Steps are written as they happen, so that those before a crash are known.
 * There are at most STEPS_MAX of each kind: a loop in a script is no flood
 * here, and does not hide what was expected behind it.
 */
#include "tools/doqspec/child.h"
#include "tools/doqspec/result.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
	STEPS_MAX = 500,
	CASE_LIMIT_S = 300,
	NUMBER_MAX = 12 /* digits and sign of one */
};

struct child {
	int out;
	size_t sent, held;
};

static void
put_step(struct child *child, enum spec_step_kind kind, const char *text,
    const char *seen)
{
	struct raw_buf buf = {0};
	size_t at = 0;

	spec_step_put(&buf, kind, text, seen);
	while (at < buf.len) {
		ssize_t n = write(child->out, buf.data + at, buf.len - at);

		if (n < 0 && errno != EINTR)
			_exit(RAW_EXIT_TROUBLE);
		at += n > 0 ? (size_t)n : 0;
	}
	raw_buf_done(&buf);
}

static void
on_command(void *arg, const char *line)
{
	struct child *child = arg;

	if (child->sent++ < STEPS_MAX)
		put_step(child, SPEC_STEP_SENT, line, "");
}

static void
on_expectation(void *arg, const char *expected, const char *seen, bool held)
{
	struct child *child = arg;

	if (!held)
		put_step(child, SPEC_STEP_MISSED, expected, seen);
	else if (child->held++ < STEPS_MAX)
		put_step(child, SPEC_STEP_HELD, expected, seen);
}

static void
on_failed(void *arg, const char *text)
{
	put_step(arg, SPEC_STEP_FAILED, text, "");
}

static void
on_inapplicable(void *arg, const char *reason)
{
	put_step(arg, SPEC_STEP_NOT, reason, "");
}

/* Sets a variable: %u in its value is another number in each case, for names
 * that a server should not remember from the one before. */
static void
set_variable(struct raw_script *script, const struct spec_var *var)
{
	const char *at = strstr(var->value, "%u");
	char text[SPEC_TEXT_MAX + NUMBER_MAX];

	if (at == NULL) {
		raw_script_set(script, var->name, var->value);
		return;
	}
	(void)snprintf(text, sizeof(text), "%.*s%d%s", (int)(at - var->value),
	    var->value, (int)getpid(), at + 2);
	raw_script_set(script, var->name, text);
}

void
spec_child_prepare(
    struct raw_script *script, const struct spec_options *options)
{
	raw_script_init(script);
	script->any_rcode = true;
	script->takes_leave = true;
	script->first_deadline_ms = options->timeout_ms;
	script->deadline_ms = options->timeout_ms;
	for (size_t i = 0; i < options->vars.count; i++)
		set_variable(script, &options->vars.at[i]);
}

/* The terminal's interrupt is for the parent, who ends us; so is its death. */
static void
become_child(void)
{
	sigset_t none;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null >= 0)
		(void)dup2(null, STDOUT_FILENO); /* `print` */
	alarm(CASE_LIMIT_S);
}

void
spec_child_run(
    const struct spec_options *options, const struct spec_case *c, int out)
{
	struct child child = {.out = out};
	const struct raw_observer observer = {.arg = &child,
	    .command = on_command,
	    .expectation = on_expectation,
	    .failed = on_failed,
	    .inapplicable = on_inapplicable};
	struct raw_script script;
	char *text = raw_strdup(c->text);

	become_child();
	spec_child_prepare(&script, options);
	script.observer = &observer;
	(void)raw_script_run(&script, c->full, text);
	put_step(&child, SPEC_STEP_END, "", "");
	_exit(0);
}
