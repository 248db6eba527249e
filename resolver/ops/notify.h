/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells systemd how the service is doing (sd_notify(3)), without its library:
 * one datagram to the socket named by $NOTIFY_SOCKET.
 */
#ifndef QUOLL_RESOLVER_OPS_NOTIFY_H
#define QUOLL_RESOLVER_OPS_NOTIFY_H

#include <stdint.h>

enum notify_event {
	NOTIFY_READY,	  /* serving; also after a reload */
	NOTIFY_RELOADING, /* SIGHUP came; NOTIFY_READY follows */
	NOTIFY_STOPPING,  /* draining */
};

/*
 * Sends one event. `socket_path` is the value of $NOTIFY_SOCKET: an absolute
 * path, or '@' and a name in the abstract name space; NULL means that nobody
 * wants to know, and is success. `now_us` is CLOCK_MONOTONIC in microseconds,
 * used by NOTIFY_RELOADING only. Does not block.
 *
 * Returns 0 or a negative errno: -EINVAL for a path of another form,
 * -ENAMETOOLONG, or what socket and sendto said.
 */
int notify_send(
    const char *socket_path, enum notify_event event, uint64_t now_us);

#endif
