/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DOQSPEC_REPORT_H
#define DOQSPEC_REPORT_H

#include "tools/doqspec/result.h"

/*
 * Reports for programs, written when all is over.  Both are pure ASCII: what
 * else the server has said stands there as \xNN (a backslash of JSON's own in
 * front of it there), which no parser refuses.
 */
void spec_report_json(FILE *out, const struct spec_outcome *outcome);

/* One testsuite; a case's group is its classname. */
void spec_report_junit(FILE *out, const struct spec_outcome *outcome);

#endif
