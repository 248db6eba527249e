/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only place that reads the clock.  CLOCK_MONOTONIC for all that runs here:
 * ngtcp2 asserts that its time does not go back, and wall clocks do.  Wall time
 * is for what outlives the process.
 */
#include "base/clock.h"

#include <time.h>

nsec
clock_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail on Linux */
	return (nsec)ts.tv_sec * NSEC_PER_SEC + (nsec)ts.tv_nsec;
}

nsec
clock_wall(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail either */
	return (nsec)ts.tv_sec * NSEC_PER_SEC + (nsec)ts.tv_nsec;
}
