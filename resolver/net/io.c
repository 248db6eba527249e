/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real network under net/io.h: Linux system calls and libevent.
 *
 * Nothing here knows what the octets mean.  A watch has one libevent event,
 * which is assigned anew when what it waits for changes; the event of a watch
 * without a socket is never added to the loop, only made active.
 */
#include "resolver/net/io.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Runs a system call until no signal interrupts it; leaves -1 and errno. */
#define REPEAT(call)                                                           \
	do {                                                                   \
		errno = 0;                                                     \
		rc = (call);                                                   \
	} while (rc < 0 && errno == EINTR)

static int
sys_open(void *ctx, int family, int type)
{
	int on = 1;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	(void)ctx;
	if (fd < 0)
		return -errno;
	/* Both only make things better: a failure does no harm. */
	if (family == AF_INET6)
		(void)setsockopt(
		    fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (type == SOCK_STREAM)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static int
sys_bind(void *ctx, int fd, const struct sockaddr *sa, socklen_t len)
{
	(void)ctx;
	return bind(fd, sa, len) == 0 ? 0 : -errno;
}

static int
sys_connect(void *ctx, int fd, const struct sockaddr *sa, socklen_t len)
{
	(void)ctx;
	if (connect(fd, sa, len) == 0)
		return 0;
	/* Interrupted, it goes on in the background. */
	return errno == EINTR ? -EINPROGRESS : -errno;
}

static int
sys_sendmmsg(void *ctx, int fd, struct mmsghdr *messages, unsigned count)
{
	int rc;

	(void)ctx;
	REPEAT(sendmmsg(fd, messages, count, MSG_NOSIGNAL));
	return rc < 0 ? -errno : rc;
}

static int
sys_recvmmsg(void *ctx, int fd, struct mmsghdr *messages, unsigned count)
{
	int rc;

	(void)ctx;
	REPEAT(recvmmsg(fd, messages, count, 0, NULL));
	return rc < 0 ? -errno : rc;
}

static int
sys_local(void *ctx, int fd, struct sockaddr_storage *ret_address)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	(void)ctx;
	memset(&ss, 0, sizeof(ss));
	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0)
		return -errno;
	*ret_address = ss;
	return 0;
}

static ssize_t
sys_writev(void *ctx, int fd, const struct iovec *parts, int count)
{
	struct msghdr msg = {
	    .msg_iov = (struct iovec *)(uintptr_t)parts,
	    .msg_iovlen = (size_t)count,
	};
	ssize_t rc;

	(void)ctx;
	REPEAT(sendmsg(fd, &msg, MSG_NOSIGNAL));
	return rc < 0 ? -errno : rc;
}

static ssize_t
sys_read(void *ctx, int fd, void *buf, size_t len)
{
	ssize_t rc;

	(void)ctx;
	REPEAT(recv(fd, buf, len, 0));
	return rc < 0 ? -errno : rc;
}

static int
sys_error(void *ctx, int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	(void)ctx;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return -errno;
	return -error;
}

static void
sys_close(void *ctx, int fd)
{
	(void)ctx;
	(void)close(fd); /* Linux closes whatever it returns */
}

static void
on_event(evutil_socket_t fd, short events, void *arg)
{
	struct net_watch *watch = arg;
	unsigned what = 0;

	(void)fd;
	if ((events & EV_READ) != 0)
		what |= NET_READABLE;
	if ((events & EV_WRITE) != 0)
		what |= NET_WRITABLE;
	watch->ready(watch, what);
}

static int
sys_watch(void *ctx, struct net_watch *watch, unsigned what)
{
	short events = EV_PERSIST;

	if (event_initialized(&watch->event))
		(void)event_del(&watch->event);
	if (what == 0)
		return 0;
	if ((what & NET_READABLE) != 0)
		events |= EV_READ;
	if ((what & NET_WRITABLE) != 0)
		events |= EV_WRITE;
	if (event_assign(
		&watch->event, ctx, watch->fd, events, on_event, watch) != 0 ||
	    event_add(&watch->event, NULL) != 0)
		return -ENOMEM;
	return 0;
}

static void
sys_raise(void *ctx, struct net_watch *watch)
{
	if (!event_initialized(&watch->event) &&
	    event_assign(&watch->event, ctx, -1, 0, on_event, watch) != 0)
		return; /* cannot be: it has neither socket nor signal */
	event_active(&watch->event, 0, 0);
}

static const struct net_io_ops system_ops = {
    .open = sys_open,
    .bind = sys_bind,
    .connect = sys_connect,
    .sendmmsg = sys_sendmmsg,
    .recvmmsg = sys_recvmmsg,
    .local = sys_local,
    .writev = sys_writev,
    .read = sys_read,
    .error = sys_error,
    .close = sys_close,
    .watch = sys_watch,
    .raise = sys_raise,
};

struct net_io
net_io_system(struct event_base *base)
{
	return (struct net_io){.ops = &system_ops, .ctx = base};
}

void
net_watch_init(struct net_watch *watch, const struct net_io *io, int fd,
    net_ready_fn ready)
{
	memset(watch, 0, sizeof(*watch));
	watch->fd = fd;
	watch->io = io;
	watch->ready = ready;
}

int
net_watch_set(struct net_watch *watch, unsigned what)
{
	int rc;

	if (what == watch->what)
		return 0;
	rc = watch->io->ops->watch(watch->io->ctx, watch, what);
	watch->what = rc == 0 ? what : 0;
	return rc;
}

void
net_watch_raise(struct net_watch *watch)
{
	watch->io->ops->raise(watch->io->ctx, watch);
}

void
net_watch_close(struct net_watch *watch)
{
	if (watch->io == NULL)
		return;
	/* Also takes a raised one off the queue of active events. */
	(void)watch->io->ops->watch(watch->io->ctx, watch, 0);
	watch->what = 0;
	if (watch->fd >= 0)
		watch->io->ops->close(watch->io->ctx, watch->fd);
	watch->fd = -1;
}
