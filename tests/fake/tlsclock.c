/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See tlsclock.h.  The state is static because the two functions have no
 * argument for it; tests run in one thread.
 */
#include "tests/fake/tlsclock.h"

#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct {
	nsec (*wall)(void *ctx); /* NULL: the system's */
	void *ctx;
} state;

void
tlsclock_follow(nsec (*wall)(void *ctx), void *ctx)
{
	state.wall = wall;
	state.ctx = ctx;
}

void
tlsclock_stop(void)
{
	state.wall = NULL;
}

__attribute__((visibility("default"))) int
clock_gettime(clockid_t id, struct timespec *ret)
{
	nsec wall;

	if (id != CLOCK_REALTIME || state.wall == NULL)
		return (int)syscall(SYS_clock_gettime, id, ret);
	wall = state.wall(state.ctx);
	ret->tv_sec = (time_t)(wall / NSEC_PER_SEC);
	ret->tv_nsec = (long)(wall % NSEC_PER_SEC);
	return 0;
}

__attribute__((visibility("default"))) time_t
time(time_t *ret)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (ret != NULL)
		*ret = now.tv_sec;
	return now.tv_sec;
}
