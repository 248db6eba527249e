/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DOQSPEC_RUN_H
#define DOQSPEC_RUN_H

#include "tools/doqspec/options.h"
#include "tools/doqspec/result.h"

/*
 * Runs cases, each in a process of its own: what one leaves behind, or a
 * crash of the engine, is no other case's matter.
 */

/* Told of what goes on; always in the order of the cases. */
struct spec_watch {
	void *arg;
	/* `begun` cases have been begun, the last of them is c. */
	void (*begun)(void *arg, const struct spec_case *c, size_t begun);
	void (*ended)(void *arg, const struct spec_case *c,
	    const struct spec_result *result);
};

/*
 * Runs all cases of the outcome, up to options->jobs at a time, and fills its
 * results.  Those that must be alone stand last.  Cases that were not finished
 * stay SPEC_NOT_RUN: on SIGINT or SIGTERM (-EINTR), and when the server no
 * longer answers after a case that failed (-ECONNRESET).  0 when all ran.
 */
int spec_run(const struct spec_options *options, struct spec_outcome *outcome,
    const struct spec_watch *watch);

/*
 * Is there a server that answers NAME?  Tries the host's addresses in turn,
 * the first good one becomes HOST.  False after a line on standard error.
 */
bool spec_run_probe(struct spec_options *options);

/* Does HOST still answer?  Asks up to three times. */
bool spec_run_is_there(const struct spec_options *options);

#endif
