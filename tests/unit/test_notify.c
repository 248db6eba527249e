/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The datagrams to systemd, received by sockets of our own.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "resolver/ops/notify.h"
#include "tests/unit/unit.h"

static int
open_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	CU_ASSERT_FATAL(fd >= 0);
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	len += offsetof(struct sockaddr_un, sun_path);
	CU_ASSERT_EQUAL_FATAL(
	    bind(fd, (const struct sockaddr *)&address, (socklen_t)len), 0);
	return fd;
}

static void
check_events(const char *path)
{
	char text[128];
	int fd = open_socket(path);
	ssize_t len;

	CU_ASSERT_EQUAL(notify_send(path, NOTIFY_READY, 1), 0);
	len = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	CU_ASSERT_EQUAL(len, (ssize_t)strlen("READY=1"));
	CU_ASSERT_EQUAL(memcmp(text, "READY=1", strlen("READY=1")), 0);
	CU_ASSERT_EQUAL(notify_send(path, NOTIFY_STOPPING, 1), 0);
	len = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	CU_ASSERT_EQUAL(len, (ssize_t)strlen("STOPPING=1"));
	CU_ASSERT_EQUAL(notify_send(path, NOTIFY_RELOADING, UINT64_MAX), 0);
	len = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	CU_ASSERT_FATAL(len > 0);
	text[len] = '\0';
	CU_ASSERT_STRING_EQUAL(
	    text, "RELOADING=1\nMONOTONIC_USEC=18446744073709551615");
	(void)close(fd);
}

static void
test_path(void)
{
	char directory[] = "/tmp/quoll-notify-XXXXXX";
	char path[64];

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/socket", directory);
	check_events(path);
	(void)unlink(path);
	(void)rmdir(directory);
}

static void
test_abstract(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "@quoll-notify-%ld", (long)getpid());
	check_events(path);
}

static void
test_refused(void)
{
	char path[256];

	CU_ASSERT_EQUAL(notify_send(NULL, NOTIFY_READY, 0), 0);
	CU_ASSERT_EQUAL(notify_send("", NOTIFY_READY, 0), -EINVAL);
	CU_ASSERT_EQUAL(notify_send("@", NOTIFY_READY, 0), -EINVAL);
	CU_ASSERT_EQUAL(notify_send("relative", NOTIFY_READY, 0), -EINVAL);
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	path[0] = '/';
	CU_ASSERT_EQUAL(notify_send(path, NOTIFY_READY, 0), -ENAMETOOLONG);
	CU_ASSERT_EQUAL(
	    notify_send("/nonexistent/socket", NOTIFY_READY, 0), -ENOENT);
}

void
test_notify_register(void)
{
	CU_pSuite suite = unit_suite("notify");

	unit_test(suite, "path", test_path);
	unit_test(suite, "abstract", test_abstract);
	unit_test(suite, "refused", test_refused);
}
