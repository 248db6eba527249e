/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FAKE_TLSCLOCK_H
#define TESTS_FAKE_TLSCLOCK_H

#include "base/clock.h"

/*
 * GnuTLS's wall clock, by which tickets and certificates age and replays are
 * recognised: that of the simulated world while there is one.  The test program
 * defines time() and clock_gettime() itself, and the dynamic linker prefers
 * them to libc's; every other clock is the system's.
 */

/* From now on it is what `wall` says (ns since 1970). */
void tlsclock_follow(nsec (*wall)(void *ctx), void *ctx);

/* From now on it is the system's again. */
void tlsclock_stop(void);

#endif
