/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DOQSPEC_CHILD_H
#define DOQSPEC_CHILD_H

#include "tools/doqspec/options.h"
#include "tools/doqspec/raw/script.h"
#include "tools/doqspec/table.h"

/*
 * What happens in the process of one case: the script runs, each step goes
 * through the pipe `out` (result.h).  Does not return.
 */
void spec_child_run(const struct spec_options *options,
    const struct spec_case *c, int out) __attribute__((noreturn));

/* A script with the variables, the deadline and the manners of the options. */
void spec_child_prepare(
    struct raw_script *script, const struct spec_options *options);

#endif
