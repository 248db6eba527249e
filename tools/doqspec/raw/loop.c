/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The poll loop over all connections of a case.  Single-threaded; nothing is
 * called back from here but the connections' own verbs.
 */
#include "tools/doqspec/raw/loop.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
	FILES = 64 /* besides the sockets */
};

void
raw_loop_allow_files(uint64_t count)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
	    files.rlim_cur >= count + FILES)
		return;
	files.rlim_cur = count + FILES;
	if (files.rlim_max < files.rlim_cur)
		files.rlim_max = files.rlim_cur;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

void
raw_loop_add(struct raw_loop *loop, struct raw_conn *conn)
{
	struct raw_conn **end = &loop->conns;

	while (*end != NULL)
		end = &(*end)->next;
	*end = conn;
}

struct raw_conn *
raw_loop_find(const struct raw_loop *loop, const char *name)
{
	struct raw_conn *conn = loop->conns;

	while (conn != NULL && strcmp(conn->name, name) != 0)
		conn = conn->next;
	return conn;
}

void
raw_loop_remove(struct raw_loop *loop, struct raw_conn *conn)
{
	struct raw_conn **at = &loop->conns;

	while (*at != NULL && *at != conn)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	*at = conn->next;
	raw_conn_free(conn);
}

void
raw_loop_done(struct raw_loop *loop)
{
	while (loop->conns != NULL)
		raw_loop_remove(loop, loop->conns);
}

static nfds_t
fill_fds(const struct raw_loop *loop, struct pollfd **ret_fds)
{
	nfds_t count = 0;
	struct pollfd *fds;

	for (struct raw_conn *c = loop->conns; c != NULL; c = c->next)
		count++;
	fds = raw_alloc(count + 1, sizeof(*fds));
	count = 0;
	for (struct raw_conn *c = loop->conns; c != NULL; c = c->next)
		fds[count++] = (struct pollfd){.fd = c->fd, .events = POLLIN};
	if (loop->has_input)
		fds[count++] =
		    (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	*ret_fds = fds;
	return count;
}

static void
wait_for_input(const struct raw_loop *loop, struct pollfd *fds, nfds_t count,
    uint64_t deadline)
{
	uint64_t now = raw_now();
	uint64_t until = deadline;
	struct timespec ts = {0};

	for (struct raw_conn *c = loop->conns; c != NULL; c = c->next)
		if (raw_conn_expiry(c) < until)
			until = raw_conn_expiry(c);
	if (until > now) {
		ts.tv_sec = (time_t)((until - now) / RAW_SECOND);
		ts.tv_nsec = (long)((until - now) % RAW_SECOND);
	}
	(void)ppoll(fds, count, &ts, NULL);
}

void
raw_loop_turn(struct raw_loop *loop, uint64_t deadline)
{
	struct pollfd *fds;
	nfds_t count = fill_fds(loop, &fds);
	nfds_t i = 0;

	wait_for_input(loop, fds, count, deadline);
	for (struct raw_conn *c = loop->conns; c != NULL; c = c->next, i++) {
		if (fds[i].revents != 0)
			raw_conn_on_readable(c);
		raw_conn_on_time(c, raw_now());
		raw_conn_flush(c);
	}
	free(fds);
}

void
raw_loop_run(struct raw_loop *loop, uint64_t deadline)
{
	while (raw_now() < deadline)
		raw_loop_turn(loop, deadline);
}
