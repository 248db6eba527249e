/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reports for programs: JSON (RFC 8259), and the XML that JUnit made
 * common.
 */
#include "tools/doqspec/report.h"

#include <inttypes.h>
#include <string.h>

/* ---- JSON -------------------------------------------------------------- */

static void
put_json(FILE *out, const char *text, size_t len)
{
	fputc('"', out);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c > '~')
			fprintf(out, "\\\\x%02x", c);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void
put_member(FILE *out, const char *name, const char *text)
{
	fprintf(out, "\"%s\": ", name);
	put_json(out, text, strlen(text));
}

static void
put_seconds(FILE *out, uint64_t ms)
{
	fprintf(out, "%" PRIu64 ".%03" PRIu64, ms / 1000, ms % 1000);
}

static const char *
verdict_word(enum spec_verdict verdict)
{
	static const char *const words[SPEC_VERDICTS] = {
	    [SPEC_NOT_RUN] = "not run",
	    [SPEC_PASS] = "pass",
	    [SPEC_FAIL] = "fail",
	    [SPEC_INAPPLICABLE] = "not applicable",
	    [SPEC_SKIP] = "skip"};

	return words[verdict];
}

static void
put_ids(FILE *out, const char *ids)
{
	const char *comma = "";

	fputs("\"ids\": [", out);
	while (*ids != '\0') {
		size_t n = strcspn(ids, " ");

		fputs(comma, out);
		put_json(out, ids, n);
		comma = ", ";
		ids += n + strspn(ids + n, " ");
	}
	fputc(']', out);
}

static void
put_json_step(FILE *out, const struct spec_step *step)
{
	switch (step->kind) {
	case SPEC_STEP_SENT:
		put_member(out, "sent", step->text);
		break;
	case SPEC_STEP_HELD:
	case SPEC_STEP_MISSED:
		put_member(out, "expected", step->text);
		fputs(", ", out);
		put_member(out, "seen", step->seen);
		fprintf(out, ", \"held\": %s",
		    step->kind == SPEC_STEP_HELD ? "true" : "false");
		break;
	case SPEC_STEP_FAILED:
		put_member(out, "failed", step->text);
		break;
	case SPEC_STEP_NOT:
		put_member(out, "not_applicable", step->text);
		break;
	case SPEC_STEP_END:
		break;
	}
}

static void
put_json_case(FILE *out, const struct spec_case *c, const struct spec_result *r)
{
	const char *comma = "";

	fputs("    {", out);
	put_member(out, "case", c->full);
	fputs(", ", out);
	put_member(out, "title", c->title);
	fputs(", ", out);
	put_ids(out, c->ids);
	fputs(", ", out);
	put_member(out, "rfc", c->rfc);
	fputs(",\n     ", out);
	put_member(out, "verdict", verdict_word(r->verdict));
	fputs(", ", out);
	put_member(out, "seen", r->seen != NULL ? r->seen : "");
	fputs(", \"seconds\": ", out);
	put_seconds(out, r->ms);
	fputs(",\n     \"steps\": [", out);
	for (size_t i = 0; i < r->nsteps; i++) {
		if (r->steps[i].kind == SPEC_STEP_END)
			continue;
		fprintf(out, "%s\n      {", comma);
		put_json_step(out, &r->steps[i]);
		fputc('}', out);
		comma = ",";
	}
	fputs("]}", out);
}

void
spec_report_json(FILE *out, const struct spec_outcome *outcome)
{
	fputs("{\n  ", out);
	put_member(out, "server", outcome->url);
	fputs(",\n  \"seconds\": ", out);
	put_seconds(out, outcome->ms);
	fprintf(out,
	    ",\n  \"summary\": {\"cases\": %zu, \"passed\": %zu, "
	    "\"failed\": %zu, \"not_applicable\": %zu, \"skipped\": %zu, "
	    "\"not_run\": %zu},\n  \"cases\": [",
	    outcome->count, spec_outcome_count(outcome, SPEC_PASS),
	    spec_outcome_count(outcome, SPEC_FAIL),
	    spec_outcome_count(outcome, SPEC_INAPPLICABLE),
	    spec_outcome_count(outcome, SPEC_SKIP),
	    spec_outcome_count(outcome, SPEC_NOT_RUN));
	for (size_t i = 0; i < outcome->count; i++) {
		fputs(i == 0 ? "\n" : ",\n", out);
		put_json_case(out, outcome->cases[i], &outcome->results[i]);
	}
	fputs("\n  ]\n}\n", out);
}

/* ---- JUnit ------------------------------------------------------------- */

static void
put_xml(FILE *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < ' ' || c > '~')
			fprintf(out, "\\x%02x", c);
		else if (strchr("<>&\"", c) != NULL)
			fprintf(out, "&#%u;", c);
		else
			fputc(c, out);
	}
}

static void
put_attribute(FILE *out, const char *name, const char *text)
{
	fprintf(out, " %s=\"", name);
	put_xml(out, text);
	fputc('"', out);
}

static void
put_xml_line(FILE *out, const char *label, const char *text)
{
	fprintf(out, "%s ", label);
	put_xml(out, text);
	fputc('\n', out);
}

static void
put_xml_step(FILE *out, const struct spec_step *step)
{
	switch (step->kind) {
	case SPEC_STEP_SENT:
		put_xml_line(out, "sent", step->text);
		break;
	case SPEC_STEP_HELD:
	case SPEC_STEP_MISSED:
		put_xml_line(out, "expected", step->text);
		put_xml_line(out, "seen", step->seen);
		break;
	case SPEC_STEP_FAILED:
		put_xml_line(out, "failed", step->text);
		break;
	case SPEC_STEP_NOT:
	case SPEC_STEP_END:
		break;
	}
}

static void
put_story(FILE *out, const struct spec_case *c, const struct spec_result *r)
{
	put_xml_line(out, "case", c->title);
	put_xml_line(out, "ids", c->ids);
	put_xml_line(out, "rfc", c->rfc);
	for (size_t i = 0; i < r->nsteps; i++)
		put_xml_step(out, &r->steps[i]);
}

static void
put_failure(FILE *out, const struct spec_case *c, const struct spec_result *r)
{
	fputs("<failure", out);
	put_attribute(out, "message", r->seen);
	fputs(">", out);
	put_story(out, c, r);
	fputs("</failure>", out);
}

/* JUnit has one word for what was not asked, and what has no subject here. */
static void
put_skipped(FILE *out, const struct spec_result *r)
{
	fprintf(out, "<skipped message=\"%s: ", verdict_word(r->verdict));
	put_xml(out, r->seen != NULL ? r->seen : "interrupted");
	fputs("\"/>", out);
}

static void
put_output(FILE *out, const struct spec_case *c, const struct spec_result *r)
{
	fputs("<system-out>", out);
	put_story(out, c, r);
	fputs("</system-out>", out);
}

static void
put_xml_case(FILE *out, const struct spec_case *c, const struct spec_result *r)
{
	fputs("  <testcase", out);
	put_attribute(out, "classname", c->group);
	put_attribute(out, "name", c->name);
	fputs(" time=\"", out);
	put_seconds(out, r->ms);
	fputs("\">", out);
	if (r->verdict == SPEC_FAIL) {
		put_failure(out, c, r);
	} else {
		if (r->verdict != SPEC_PASS)
			put_skipped(out, r);
		put_output(out, c, r);
	}
	fputs("</testcase>\n", out);
}

void
spec_report_junit(FILE *out, const struct spec_outcome *outcome)
{
	size_t failed = spec_outcome_count(outcome, SPEC_FAIL);

	fprintf(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<testsuites>\n<testsuite name=\"doqspec\" tests=\"%zu\" "
	    "failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"",
	    outcome->count, failed,
	    outcome->count - failed - spec_outcome_count(outcome, SPEC_PASS));
	put_seconds(out, outcome->ms);
	fputc('"', out);
	fputs(">\n  <properties><property name=\"server\"", out);
	put_attribute(out, "value", outcome->url);
	fputs("/></properties>\n", out);
	for (size_t i = 0; i < outcome->count; i++)
		put_xml_case(out, outcome->cases[i], &outcome->results[i]);
	fputs("</testsuite>\n</testsuites>\n", out);
}
