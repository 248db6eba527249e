/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls that sockets need, and what wakes us up: one table of
 * functions, so that unit tests put a network in memory under the code.
 *
 * All sockets are non-blocking.  All calls return 0 or a number, or a negative
 * errno; -EAGAIN is not an error.  Interrupted calls are repeated.
 */
#ifndef RESOLVER_NET_IO_H
#define RESOLVER_NET_IO_H

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stddef.h>

/* What a socket is watched for, and what it is ready for. */
enum net_ready {
	NET_READABLE = 1,
	NET_WRITABLE = 2,
};

struct net_watch;

/* The socket is ready; `what` is a set of enum net_ready.  For a watch without
 * a socket: net_io_raise() was called, `what` is 0. */
typedef void (*net_ready_fn)(struct net_watch *watch, unsigned what);

/* Embedded in the object that owns the socket.  Only `fd` is for others. */
struct net_watch {
	int fd; /* -1: none */
	unsigned what;
	net_ready_fn ready;
	const struct net_io *io;
	struct event event; /* of the real one */
};

struct net_io_ops {
	/* A new socket of SOCK_DGRAM or SOCK_STREAM. */
	int (*open)(void *ctx, int family, int type);
	int (*bind)(
	    void *ctx, int fd, const struct sockaddr *sa, socklen_t len);
	/* For a stream -EINPROGRESS is success to come: wait for writable,
	 * then ask `error`. */
	int (*connect)(
	    void *ctx, int fd, const struct sockaddr *sa, socklen_t len);
	int (*sendmmsg)(
	    void *ctx, int fd, struct mmsghdr *messages, unsigned count);
	int (*recvmmsg)(
	    void *ctx, int fd, struct mmsghdr *messages, unsigned count);
	/* The address that a connected socket has at our end. */
	int (*local)(void *ctx, int fd, struct sockaddr_storage *ret_address);
	ssize_t (*writev)(
	    void *ctx, int fd, const struct iovec *parts, int count);
	ssize_t (*read)(void *ctx, int fd, void *buf, size_t len);
	/* Takes the pending error off a socket. */
	int (*error)(void *ctx, int fd);
	void (*close)(void *ctx, int fd);
	/* Calls watch->ready from the event loop, never from within a call,
	 * while the socket is ready for any of `what`; 0 ends it.  Returns 0
	 * or -ENOMEM; ending it cannot fail. */
	int (*watch)(void *ctx, struct net_watch *watch, unsigned what);
	/* Calls watch->ready once, after all that is ready in this turn. */
	void (*raise)(void *ctx, struct net_watch *watch);
};

struct net_io {
	const struct net_io_ops *ops;
	void *ctx;
};

/* The real one, on an event loop, which must outlive all watches. */
struct net_io net_io_system(struct event_base *base);

/* Makes a watch that watches nothing; `fd` may be -1. */
void net_watch_init(struct net_watch *watch, const struct net_io *io, int fd,
    net_ready_fn ready);

/* Watches for `what` from now on.  Returns 0 or -ENOMEM. */
int net_watch_set(struct net_watch *watch, unsigned what);

/* Calls watch->ready once at the end of this turn of the loop. */
void net_watch_raise(struct net_watch *watch);

/* Ends watching, and closes the socket if there is one; harmless if done. */
void net_watch_close(struct net_watch *watch);

#endif
