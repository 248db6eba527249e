/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DOQSPEC_RESULT_H
#define DOQSPEC_RESULT_H

#include "tools/doqspec/raw/bytes.h"
#include "tools/doqspec/table.h"

/*
 * What came of a case, and its way from the process that ran it to the one
 * that reports.  All texts may hold octets that the server has chosen; a
 * report escapes them (escape.h).
 */

enum spec_verdict {
	SPEC_NOT_RUN, /* interrupted before */
	SPEC_PASS,
	SPEC_FAIL,
	SPEC_INAPPLICABLE, /* seen says why */
	SPEC_SKIP,	   /* a variable is missing */
	SPEC_VERDICTS
};
/* "PASS", "FAIL", "N/A", "SKIP"; "" for a case that did not run. */
const char *spec_verdict_name(enum spec_verdict verdict);

enum spec_step_kind {
	SPEC_STEP_SENT = 's',	/* text */
	SPEC_STEP_HELD = 'h',	/* text was expected, seen came */
	SPEC_STEP_MISSED = 'm', /* the same, in vain */
	SPEC_STEP_FAILED = 'f', /* text */
	SPEC_STEP_NOT = 'n',	/* not applicable: text */
	SPEC_STEP_END = 'e'	/* the script came to its end */
};

struct spec_step {
	enum spec_step_kind kind;
	char *text, *seen; /* never NULL */
};

struct spec_result {
	enum spec_verdict verdict;
	char *seen; /* what decided, in a line; NULL when it did not run */
	struct spec_step *steps;
	size_t nsteps;
	uint64_t ms;
};

void spec_result_done(struct spec_result *result);

/* A step as octets, appended. */
void spec_step_put(struct raw_buf *buf, enum spec_step_kind kind,
    const char *text, const char *seen);

/*
 * Reads steps from the octets that a process wrote until it ended with
 * `status` (that of waitpid), and judges.
 */
void spec_result_read(
    struct spec_result *result, const uint8_t *data, size_t len, int status);

/* The case is not run for this reason. */
void spec_result_skip(struct spec_result *result, const char *reason);

/* All of a run. */
struct spec_outcome {
	const char *url;
	const struct spec_case **cases;
	struct spec_result *results;
	size_t count;
	uint64_t ms;
};
size_t spec_outcome_count(
    const struct spec_outcome *outcome, enum spec_verdict verdict);

#endif
