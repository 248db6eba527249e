/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue of timers driven by whoever knows the time: a libevent timer in the
 * daemon, a fake clock in tests.  It is a pairing heap whose links live in the
 * timers, so arming never allocates and never fails.
 */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include <stdbool.h>

#include "base/clock.h"

struct timer;

/* Called once when the time has come; the timer is idle again by then and may
 * be armed, or freed, from within. */
typedef void (*timer_fn)(struct timer *timer, nsec now);

struct timer {
	nsec when;
	timer_fn fire;
	struct timer *child; /* heap links; all NULL while idle */
	struct timer *next;
	struct timer *prev; /* left sibling, or parent for a first child */
	bool armed;
};

struct timers {
	struct timer *root;
	nsec not_before; /* while timers_run() runs: what it does not reach */
};

/* Makes an idle timer that will call `fire`. */
void timer_init(struct timer *t, timer_fn fire);

/* Arms or re-arms a timer for the point in time `when`. */
void timer_arm(struct timers *q, struct timer *t, nsec when);

/*
 * Arms a timer only if it is idle or set for later than `when`.  A timer that
 * thus fires too early finds nothing to do and is armed again: cheaper than
 * moving it back each time.
 */
void timer_arm_earlier(struct timers *q, struct timer *t, nsec when);

/* Makes a timer idle; harmless if it is.  Afterwards it does not fire. */
void timer_cancel(struct timers *q, struct timer *t);

/* The time of the earliest timer; NSEC_NEVER if there is none. */
nsec timers_next(const struct timers *q);

/*
 * Fires every timer that is due at `now`, earliest first.  A timer armed from
 * within a callback for `now` or earlier waits for the next call, so that the
 * loop is bounded by the timers that were there.
 */
void timers_run(struct timers *q, nsec now);

#endif
