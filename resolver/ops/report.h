/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the workers hold and have counted, as lines in the log: SIGUSR1.
 */
#ifndef RESOLVER_OPS_REPORT_H
#define RESOLVER_OPS_REPORT_H

#include <stddef.h>

struct log;
struct worker;

/*
 * Writes a line `account NAME N` for all that is held, and `counter NAME N` for
 * all that is not zero, summed over the workers.  Safe while they run.
 */
void report_write(
    struct log *log, struct worker *const *workers, size_t nworkers);

#endif
