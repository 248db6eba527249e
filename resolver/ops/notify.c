/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * systemd's notification protocol, as sd_notify(3) describes it for those who
 * do without the library: newline-separated assignments in one datagram to an
 * AF_UNIX socket. Nothing is kept between two calls and nothing is ever read.
 */
#include "resolver/ops/notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The longest: RELOADING=1, MONOTONIC_USEC= and 20 digits. */
#define MESSAGE_MAX 64

static int
set_address(
    const char *path, struct sockaddr_un *ret_address, socklen_t *ret_len)
{
	size_t len = strlen(path);

	if (len < 2 || (path[0] != '/' && path[0] != '@'))
		return -EINVAL;
	if (len >= sizeof(ret_address->sun_path))
		return -ENAMETOOLONG;
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret_address->sun_path, path, len);
	/* In the abstract name space the name has no end but the length. */
	if (path[0] == '@')
		ret_address->sun_path[0] = '\0';
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return 0;
}

static int
write_message(enum notify_event event, uint64_t now_us, char *message)
{
	switch (event) {
	case NOTIFY_READY:
		return snprintf(message, MESSAGE_MAX, "READY=1");
	case NOTIFY_STOPPING:
		return snprintf(message, MESSAGE_MAX, "STOPPING=1");
	case NOTIFY_RELOADING:
		break;
	}
	/* Type=notify-reload wants to know when: sd_notify(3). */
	return snprintf(message, MESSAGE_MAX,
	    "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now_us);
}

int
notify_send(const char *socket_path, enum notify_event event, uint64_t now_us)
{
	struct sockaddr_un address;
	char message[MESSAGE_MAX];
	socklen_t address_len;
	size_t len;
	int fd;
	int rc;

	if (socket_path == NULL)
		return 0;
	rc = set_address(socket_path, &address, &address_len);
	if (rc != 0)
		return rc;
	len = (size_t)write_message(event, now_us, message);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, message, len, MSG_NOSIGNAL,
		(const struct sockaddr *)&address, address_len) < 0)
		rc = -errno;
	(void)close(fd); /* nothing was buffered that could get lost */
	return rc;
}
