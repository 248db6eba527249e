/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DOQSPEC_TEXT_H
#define DOQSPEC_TEXT_H

#include "tools/doqspec/result.h"

/* The report for people. */
struct spec_text {
	FILE *out;
	bool is_coloured;
	bool is_verbose; /* steps of every case, not only of failed ones */
};

/*
 * A line for the case:
 *   PASS framing/two-queries DOQ-011 (RFC 9250 4.3.3): close app 0x2 (...)
 * and what was sent, expected and seen when it failed.
 */
void spec_text_case(const struct spec_text *text, const struct spec_case *c,
    const struct spec_result *result);

/* "12 cases: 10 passed, 1 failed, ..." */
void spec_text_summary(
    const struct spec_text *text, const struct spec_outcome *outcome);

/*
 * Writes text that the server may have chosen: what is not printable ASCII
 * becomes \xNN, so that neither a terminal nor a parser minds.
 */
void spec_text_plain(FILE *out, const char *text);

#endif
