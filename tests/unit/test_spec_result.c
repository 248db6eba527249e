/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doqspec's verdicts, and how they are written down.
 */
#include "tools/doqspec/report.h"
#include "tools/doqspec/result.h"
#include "tools/doqspec/text.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

enum {
	EXITED_WELL = 0,
	EXITED_WITH_2 = 2 << 8,
	FLOOD = 100,
	SPOILT_STEP = 9 /* octets of a step's head */
};

/* "s|text" or "h|text|seen" ... as the steps of a process. */
static void
judge(struct spec_result *result, const char *const *steps, int status)
{
	struct raw_buf buf = {0};

	*result = (struct spec_result){0};
	for (; *steps != NULL; steps++) {
		char *copy = strdup(*steps + 2);
		char *seen = strrchr(copy, '|');

		if (seen != NULL)
			*seen++ = '\0';
		spec_step_put(&buf, (enum spec_step_kind)(*steps)[0], copy,
		    seen != NULL ? seen : "");
		free(copy);
	}
	spec_result_read(result, buf.data, buf.len, status);
	raw_buf_done(&buf);
}

static void
expect_verdict(const char *const *steps, int status, enum spec_verdict verdict,
    const char *seen)
{
	struct spec_result result;

	judge(&result, steps, status);
	CU_ASSERT_EQUAL(result.verdict, verdict);
	CU_ASSERT_STRING_EQUAL(result.seen, seen);
	spec_result_done(&result);
}

static void
test_verdicts(void)
{
	const char *const passed[] = {
	    "s|connect", "h|handshake|open", "h|idle|quiet", "e|", NULL};
	const char *const chosen[] = {
	    "h|close || alive|close", "h|idle|quiet", "e|", NULL};
	const char *const own[] = {
	    "h|close app 0x2|closed", "h|@c2 open|NOERROR", "e|", NULL};
	const char *const number[] = {
	    "h|sizes <=2|1", "h|open|NOERROR", "e|", NULL};
	const char *const open[] = {
	    "h|handshake|yes", "h|open|yes", "e|", NULL};
	const char *const empty[] = {"s|connect", "e|", NULL};
	const char *const missed[] = {
	    "h|handshake|open", "m|close|nothing", "n|why", "e|", NULL};
	const char *const failed[] = {"f|no socket", "e|", NULL};
	const char *const not [] = {
	    "h|handshake|open", "n|no ticket", "e|", NULL};

	expect_verdict(passed, EXITED_WELL, SPEC_PASS, "quiet");
	expect_verdict(chosen, EXITED_WELL, SPEC_PASS, "close");
	expect_verdict(own, EXITED_WELL, SPEC_PASS, "closed");
	expect_verdict(number, EXITED_WELL, SPEC_PASS, "sizes <=2: 1");
	expect_verdict(open, EXITED_WELL, SPEC_PASS, "open");
	expect_verdict(empty, EXITED_WELL, SPEC_PASS, "nothing was wrong");
	expect_verdict(missed, EXITED_WELL, SPEC_FAIL, "nothing");
	expect_verdict(failed, EXITED_WELL, SPEC_FAIL, "no socket");
	expect_verdict(not, EXITED_WELL, SPEC_INAPPLICABLE, "no ticket");
}

/* Whatever a process wrote before it died: it did not pass. */
static void
test_deaths(void)
{
	const char *const nothing[] = {NULL};
	const char *const half[] = {"s|connect", "h|handshake|open", NULL};
	const char *const whole[] = {"h|handshake|open", "e|", NULL};
	const char *const not [] = {"n|no ticket", NULL};

	expect_verdict(nothing, EXITED_WELL, SPEC_FAIL,
	    "doqspec itself failed with status 0");
	expect_verdict(half, SIGSEGV, SPEC_FAIL,
	    "doqspec itself was ended by signal 11 (Segmentation fault)");
	expect_verdict(half, SIGALRM, SPEC_FAIL, "the case did not end");
	expect_verdict(not, EXITED_WITH_2, SPEC_FAIL,
	    "doqspec itself failed with status 2");
	expect_verdict(whole, EXITED_WITH_2, SPEC_FAIL,
	    "doqspec itself failed with status 2");
}

/* Every length at which the steps may be cut. */
static void
test_cut(void)
{
	struct raw_buf buf = {0};

	spec_step_put(&buf, SPEC_STEP_HELD, "idle", "quiet");
	spec_step_put(&buf, SPEC_STEP_END, "", "");
	for (size_t len = 0; len <= buf.len; len++) {
		struct spec_result result = {0};
		uint8_t *copy = malloc(len + 1);

		memcpy(copy, buf.data, len);
		spec_result_read(&result, copy, len, 0);
		CU_ASSERT_EQUAL(
		    result.verdict, len == buf.len ? SPEC_PASS : SPEC_FAIL);
		spec_result_done(&result);
		free(copy);
	}
	memset(buf.data + 1, 0xff, SPOILT_STEP - 1);
	{
		struct spec_result result = {0};

		spec_result_read(&result, buf.data, buf.len, 0);
		CU_ASSERT_EQUAL(result.verdict, SPEC_FAIL);
		spec_result_done(&result);
	}
	raw_buf_done(&buf);
}

/* ---- reports ----------------------------------------------------------- */

struct sample {
	struct spec_case cases[4];
	const struct spec_case *pointers[4];
	struct spec_result results[4];
	struct spec_outcome outcome;
};

static struct spec_case
make_case(char *full, char *ids)
{
	static char group[] = "g", name[] = "n", rfc[] = "9250 4.2",
		    title[] = "a title";

	return (struct spec_case){.group = group,
	    .name = name,
	    .full = full,
	    .ids = ids,
	    .rfc = rfc,
	    .title = title};
}

static void
make_sample(struct sample *s)
{
	static char ids[] = "DOQ-011 BAD-011", none[] = "", one[] = "g/one",
		    two[] = "g/two", three[] = "g/three", four[] = "g/four";
	const char *const passed[] = {"h|alive|yes", "e|", NULL};
	const char *const failed[] = {"s|connect <&\"\\>",
	    "m|close app 0x2|closed: \033[2J\x01\n\xff<b>]]>&\"\\", "e|", NULL};
	const char *const not [] = {"n|no ticket", "e|", NULL};

	*s = (struct sample){.outcome = {.url = "quic://[::1]:853",
				 .cases = s->pointers,
				 .results = s->results,
				 .count = 4,
				 .ms = 1234}};
	s->cases[0] = make_case(one, ids);
	s->cases[1] = make_case(two, ids);
	s->cases[2] = make_case(three, none);
	s->cases[3] = make_case(four, none);
	for (size_t i = 0; i < 4; i++)
		s->pointers[i] = &s->cases[i];
	judge(&s->results[0], passed, EXITED_WELL);
	judge(&s->results[1], failed, EXITED_WELL);
	judge(&s->results[2], not, EXITED_WELL);
	spec_result_skip(&s->results[3], "needs --big");
}

static void
sample_done(struct sample *s)
{
	for (size_t i = 0; i < 4; i++)
		spec_result_done(&s->results[i]);
}

static void
test_text(void)
{
	static const char *const want =
	    "PASS g/one DOQ-011 BAD-011 (RFC 9250 4.2): yes\n"
	    "FAIL g/two DOQ-011 BAD-011 (RFC 9250 4.2): "
	    "closed: \\x1b[2J\\x01\\x0a\\xff<b>]]>&\"\\\n"
	    "     sent      connect <&\"\\>\n"
	    "     expected  close app 0x2\n"
	    "     seen      closed: \\x1b[2J\\x01\\x0a\\xff<b>]]>&\"\\\n"
	    "N/A  g/three (RFC 9250 4.2): no ticket\n"
	    "SKIP g/four (RFC 9250 4.2): needs --big\n"
	    "4 cases: 1 passed, 1 failed, 1 not applicable, 1 skipped; "
	    "1.2 s\n";
	struct spec_text text = {.out = NULL};
	struct sample s;
	char *said = NULL;
	size_t size;

	make_sample(&s);
	text.out = open_memstream(&said, &size);
	for (size_t i = 0; i < s.outcome.count; i++)
		spec_text_case(&text, s.pointers[i], &s.results[i]);
	spec_text_summary(&text, &s.outcome);
	fclose(text.out);
	CU_ASSERT_STRING_EQUAL(said, want);
	free(said);
	sample_done(&s);
}

/* Of many steps the first and the last twenty. */
static void
test_many_steps(void)
{
	const char *steps[FLOOD + 3];
	struct spec_text text = {.out = NULL};
	struct sample s;
	char *said = NULL;
	size_t size;
	size_t sent = 0;

	for (size_t i = 0; i < FLOOD; i++)
		steps[i] = "s|frame ping";
	steps[FLOOD] = "m|open|nothing";
	steps[FLOOD + 1] = "e|";
	steps[FLOOD + 2] = NULL;
	make_sample(&s);
	spec_result_done(&s.results[1]);
	judge(&s.results[1], steps, EXITED_WELL);
	text.out = open_memstream(&said, &size);
	spec_text_case(&text, s.pointers[1], &s.results[1]);
	fclose(text.out);
	for (char *p = said; (p = strstr(p, "frame ping\n")) != NULL; p++)
		sent++;
	CU_ASSERT_EQUAL(sent, 38);
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "     ...       62 lines\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "     seen      nothing\n"));
	free(said);
	sample_done(&s);
}

static char *
write_report(void (*write)(FILE *, const struct spec_outcome *))
{
	struct sample s;
	char *said = NULL;
	size_t size;
	FILE *out = open_memstream(&said, &size);

	make_sample(&s);
	write(out, &s.outcome);
	fclose(out);
	sample_done(&s);
	for (const char *p = said; *p != '\0'; p++)
		CU_ASSERT((*p >= ' ' && *p <= '~') || *p == '\n');
	return said;
}

static void
test_reports(void)
{
	char *said = write_report(spec_report_json);

	CU_ASSERT_PTR_NOT_NULL(
	    strstr(said, "\"seen\": \"closed: \\\\x1b[2J\\\\x01\\\\x0a\\\\xff"
			 "<b>]]>&\\\"\\\\\", \"held\": false}"));
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(said, "\"ids\": [\"DOQ-011\", \"BAD-011\"]"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "\"ids\": []"));
	free(said);
	said = write_report(spec_report_junit);
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(said, "<failure message=\"closed: \\x1b[2J\\x01\\x0a\\xff"
			 "&#60;b&#62;]]&#62;&#38;&#34;\\\">"));
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(said, "tests=\"4\" failures=\"1\" errors=\"0\" "
			 "skipped=\"2\" time=\"1.234\">"));
	free(said);
}

void
test_spec_result_register(void)
{
	CU_pSuite suite = unit_suite("spec_result");

	unit_test(suite, "verdicts from steps", test_verdicts);
	unit_test(suite, "a death is no pass", test_deaths);
	unit_test(suite, "steps that are cut", test_cut);
	unit_test(suite, "text", test_text);
	unit_test(suite, "text of a flood", test_many_steps);
	unit_test(suite, "JSON and XML", test_reports);
}
