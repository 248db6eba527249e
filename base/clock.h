/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time as this project counts it: nanoseconds of CLOCK_MONOTONIC in 64 bits
 * (584 years).  Below the event loop time is always an argument; only the
 * edges call clock_now(), once for each event that they serve.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <sys/time.h>

/* A point in time or a span, in nanoseconds. */
typedef uint64_t nsec;

#define NSEC_PER_USEC ((nsec)1000)
#define NSEC_PER_MSEC ((nsec)1000000)
#define NSEC_PER_SEC ((nsec)1000000000)
#define NSEC_NEVER UINT64_MAX

/* Returns the monotonic time; never fails, never goes back. */
nsec clock_now(void);

/* Returns the time since 1970, which may go back; only for what other processes
 * read, or this one after a restart. */
nsec clock_wall(void);

/* Returns `when + span`, or NSEC_NEVER where that does not fit. */
static inline nsec
nsec_add(nsec when, nsec span)
{
	return span > NSEC_NEVER - when ? NSEC_NEVER : when + span;
}

/* A span from `now` to `when` for the event loop, 0 if that has passed; rounded
 * up, since a timer that comes early is only work. */
static inline struct timeval
nsec_until(nsec when, nsec now)
{
	nsec usec =
	    when > now ? (when - now + NSEC_PER_USEC - 1) / NSEC_PER_USEC : 0;

	return (struct timeval){.tv_sec = (time_t)(usec / 1000000),
	    .tv_usec = (suseconds_t)(usec % 1000000)};
}

#endif
