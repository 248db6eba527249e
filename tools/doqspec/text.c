/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report for people: one line a case, the steps of those that failed.
 */
#include "tools/doqspec/text.h"

enum {
	FIRST_STEPS = 20,
	LAST_STEPS = 20
};

void
spec_text_plain(FILE *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c >= ' ' && c <= '~')
			fputc(c, out);
		else
			fprintf(out, "\\x%02x", c);
	}
}

static void
put_verdict(const struct spec_text *text, enum spec_verdict verdict)
{
	static const char *const colours[SPEC_VERDICTS] = {[SPEC_NOT_RUN] = "",
	    [SPEC_PASS] = "\033[32m",
	    [SPEC_FAIL] = "\033[1;31m",
	    [SPEC_INAPPLICABLE] = "\033[36m",
	    [SPEC_SKIP] = "\033[33m"};

	if (text->is_coloured)
		fputs(colours[verdict], text->out);
	fprintf(text->out, "%-4s", spec_verdict_name(verdict));
	if (text->is_coloured)
		fputs("\033[0m", text->out);
}

static void
put_step(FILE *out, const char *label, const char *text)
{
	fprintf(out, "     %-9s ", label);
	spec_text_plain(out, text);
	fputc('\n', out);
}

static void
put_any_step(FILE *out, const struct spec_step *step)
{
	switch (step->kind) {
	case SPEC_STEP_SENT:
		put_step(out, "sent", step->text);
		break;
	case SPEC_STEP_HELD:
	case SPEC_STEP_MISSED:
		put_step(out, "expected", step->text);
		put_step(out, "seen", step->seen);
		break;
	case SPEC_STEP_FAILED:
		put_step(out, "failed", step->text);
		break;
	case SPEC_STEP_NOT:
	case SPEC_STEP_END:
		break;
	}
}

/* Of a flood its beginning and its end. */
static void
put_steps(FILE *out, const struct spec_result *result)
{
	size_t n = result->nsteps;

	for (size_t i = 0; i < n; i++) {
		if (n > FIRST_STEPS + LAST_STEPS && i == FIRST_STEPS) {
			i = n - LAST_STEPS;
			fprintf(
			    out, "     ...       %zu lines\n", i - FIRST_STEPS);
		}
		put_any_step(out, &result->steps[i]);
	}
}

void
spec_text_case(const struct spec_text *text, const struct spec_case *c,
    const struct spec_result *result)
{
	put_verdict(text, result->verdict);
	fprintf(text->out, " %s %s%s(RFC %s)", c->full, c->ids,
	    c->ids[0] != '\0' ? " " : "", c->rfc);
	if (result->seen[0] != '\0') {
		fputs(": ", text->out);
		spec_text_plain(text->out, result->seen);
	}
	fputc('\n', text->out);
	if (result->verdict == SPEC_FAIL || text->is_verbose)
		put_steps(text->out, result);
	fflush(text->out);
}

void
spec_text_summary(
    const struct spec_text *text, const struct spec_outcome *outcome)
{
	size_t missed = spec_outcome_count(outcome, SPEC_NOT_RUN);

	fprintf(text->out,
	    "%zu case%s: %zu passed, %zu failed, %zu not applicable, "
	    "%zu skipped",
	    outcome->count, outcome->count == 1 ? "" : "s",
	    spec_outcome_count(outcome, SPEC_PASS),
	    spec_outcome_count(outcome, SPEC_FAIL),
	    spec_outcome_count(outcome, SPEC_INAPPLICABLE),
	    spec_outcome_count(outcome, SPEC_SKIP));
	if (missed > 0)
		fprintf(text->out, ", %zu not run", missed);
	fprintf(text->out, "; %llu.%llu s\n",
	    (unsigned long long)(outcome->ms / 1000),
	    (unsigned long long)(outcome->ms % 1000 / 100));
	fflush(text->out);
}
