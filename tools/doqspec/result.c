/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Results: from steps to a verdict.
 */
#include "tools/doqspec/result.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum {
	STEP_HEAD = 1 + 4 + 4, /* kind, two lengths */
	REASON_MAX = 128,
	SEEN_MAX = 1024
};

const char *
spec_verdict_name(enum spec_verdict verdict)
{
	static const char *const names[SPEC_VERDICTS] = {[SPEC_NOT_RUN] = "",
	    [SPEC_PASS] = "PASS",
	    [SPEC_FAIL] = "FAIL",
	    [SPEC_INAPPLICABLE] = "N/A",
	    [SPEC_SKIP] = "SKIP"};

	return names[verdict];
}

void
spec_result_done(struct spec_result *result)
{
	for (size_t i = 0; i < result->nsteps; i++) {
		free(result->steps[i].text);
		free(result->steps[i].seen);
	}
	free(result->steps);
	free(result->seen);
	*result = (struct spec_result){0};
}

void
spec_step_put(struct raw_buf *buf, enum spec_step_kind kind, const char *text,
    const char *seen)
{
	raw_buf_u8(buf, (unsigned)kind);
	raw_buf_u32(buf, (uint32_t)strlen(text));
	raw_buf_u32(buf, (uint32_t)strlen(seen));
	raw_buf_add(buf, text, strlen(text));
	raw_buf_add(buf, seen, strlen(seen));
}

static char *
copy_text(const uint8_t *data, size_t len)
{
	char *text = raw_alloc(1, len + 1);

	memcpy(text, data, len);
	return text;
}

static struct spec_step *
add_step(struct spec_result *result, enum spec_step_kind kind)
{
	struct spec_step *step;

	result->steps = raw_realloc(
	    result->steps, (result->nsteps + 1) * sizeof(*result->steps));
	step = &result->steps[result->nsteps++];
	step->kind = kind;
	return step;
}

/* Octets of the step at data, or 0 when it is cut short. */
static size_t
read_step(struct spec_result *result, const uint8_t *data, size_t len)
{
	size_t text, seen;
	struct spec_step *step;

	if (len < STEP_HEAD)
		return 0;
	text = raw_get_u32(data + 1);
	seen = raw_get_u32(data + 5);
	if (len - STEP_HEAD < text || len - STEP_HEAD - text < seen)
		return 0;
	step = add_step(result, (enum spec_step_kind)data[0]);
	step->text = copy_text(data + STEP_HEAD, text);
	step->seen = copy_text(data + STEP_HEAD + text, seen);
	return STEP_HEAD + text + seen;
}

static void
decide(struct spec_result *result, enum spec_verdict verdict, const char *seen)
{
	free(result->seen);
	result->seen = raw_strdup(seen);
	result->verdict = verdict;
}

/* The process did not come to the end of the script. */
static void
judge_death(struct spec_result *result, int status)
{
	char reason[REASON_MAX];
	struct spec_step *step;

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(reason, sizeof(reason), "the case did not end");
	else if (WIFSIGNALED(status))
		snprintf(reason, sizeof(reason),
		    "doqspec itself was ended by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(reason, sizeof(reason),
		    "doqspec itself failed with status %d",
		    WEXITSTATUS(status));
	step = add_step(result, SPEC_STEP_FAILED);
	step->text = raw_strdup(reason);
	step->seen = raw_strdup("");
	decide(result, SPEC_FAIL, reason);
}

/* `expect open` says that all is well, and nothing of the case. */
static bool
is_open(const char *text)
{
	const char *blank = strchr(text, ' ');

	if (text[0] == '@' && blank != NULL)
		text = blank + 1;
	return strcmp(text, "open") == 0 || strcmp(text, "handshake") == 0;
}

/* Of what held, the last choice between alternatives says most, then the last
 * expectation that is the case's own. */
static const struct spec_step *
telling_step(const struct spec_result *result)
{
	const struct spec_step *last = NULL;

	for (size_t i = result->nsteps; i-- > 0;) {
		const struct spec_step *step = &result->steps[i];

		if (step->kind != SPEC_STEP_HELD)
			continue;
		if (strstr(step->text, " || ") != NULL)
			return step;
		if (last == NULL ||
		    (is_open(last->text) && !is_open(step->text)))
			last = step;
	}
	return last;
}

/* A number alone says nothing. */
static void
tell_pass(struct spec_result *result)
{
	const struct spec_step *told = telling_step(result);
	char text[2 * SEEN_MAX];

	if (told == NULL)
		snprintf(text, sizeof(text), "nothing was wrong");
	else if (is_open(told->text))
		snprintf(text, sizeof(text), "%.*s", SEEN_MAX, told->text);
	else if (told->seen[strspn(told->seen, "0123456789")] == '\0')
		snprintf(text, sizeof(text), "%.*s: %.*s", SEEN_MAX - 2,
		    told->text, SEEN_MAX - 2, told->seen);
	else
		snprintf(text, sizeof(text), "%s", told->seen);
	decide(result, SPEC_PASS, text);
}

static void
judge_steps(struct spec_result *result)
{
	for (size_t i = 0; i < result->nsteps; i++) {
		const struct spec_step *step = &result->steps[i];

		if (step->kind == SPEC_STEP_MISSED) {
			decide(result, SPEC_FAIL, step->seen);
			return;
		}
		if (step->kind == SPEC_STEP_FAILED) {
			decide(result, SPEC_FAIL, step->text);
			return;
		}
	}
	for (size_t i = 0; i < result->nsteps; i++)
		if (result->steps[i].kind == SPEC_STEP_NOT) {
			decide(
			    result, SPEC_INAPPLICABLE, result->steps[i].text);
			return;
		}
	tell_pass(result);
}

void
spec_result_read(
    struct spec_result *result, const uint8_t *data, size_t len, int status)
{
	size_t at = 0;
	size_t n;

	while (at < len && (n = read_step(result, data + at, len - at)) > 0)
		at += n;
	judge_steps(result);
	if (result->verdict != SPEC_FAIL &&
	    (result->nsteps == 0 ||
		result->steps[result->nsteps - 1].kind != SPEC_STEP_END ||
		!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		judge_death(result, status);
}

void
spec_result_skip(struct spec_result *result, const char *reason)
{
	decide(result, SPEC_SKIP, reason);
}

size_t
spec_outcome_count(
    const struct spec_outcome *outcome, enum spec_verdict verdict)
{
	size_t n = 0;

	for (size_t i = 0; i < outcome->count; i++)
		n += outcome->results[i].verdict == verdict;
	return n;
}
