/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opened by the main thread, so that whatever is wrong with the address is
 * known before a thread runs or a reload has changed anything.
 */
#include "resolver/ops/metrics_port.h"
#include "resolver/config.h"
#include "resolver/ops/log.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 128

static int
open_port(const struct config_addr *addr, int *ret_fd)
{
	const struct sockaddr *sa = (const void *)&addr->ss;
	int fd = socket(
	    sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, rc = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    (sa->sa_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) !=
		    0) ||
	    bind(fd, sa, addr->len) != 0 || listen(fd, BACKLOG) != 0)
		rc = -errno;
	if (rc != 0) {
		(void)close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

/* "http://127.0.0.1:9853", of what the system chose. */
static void
describe(const struct sockaddr *sa, socklen_t len, char *ret, size_t size)
{
	char host[NI_MAXHOST] = "?", port[NI_MAXSERV] = "?";

	(void)getnameinfo(sa, len, host, sizeof(host), port, sizeof(port),
	    NI_NUMERICHOST | NI_NUMERICSERV);
	(void)snprintf(ret, size,
	    sa->sa_family == AF_INET6 ? "http://[%s]:%s" : "http://%s:%s", host,
	    port);
}

static bool
is_loopback(const struct sockaddr *sa)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (sa->sa_family == AF_INET6) {
		memcpy(&sin6, sa, sizeof(sin6));
		return IN6_IS_ADDR_LOOPBACK(&sin6.sin6_addr);
	}
	memcpy(&sin, sa, sizeof(sin));
	return ntohl(sin.sin_addr.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
}

static void
tell(struct log *log, int fd)
{
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	const struct sockaddr *sa = (const void *)&ss;
	socklen_t len = sizeof(ss);
	char url[NI_MAXHOST + NI_MAXSERV];

	(void)getsockname(fd, (struct sockaddr *)&ss, &len);
	describe(sa, len, url, sizeof(url));
	log_info(log, "metrics at %s/metrics", url);
	if (!is_loopback(sa))
		log_warn(log,
		    "metrics: %s is not on loopback: whoever reaches it reads "
		    "them",
		    url);
}

int
metrics_port_open(const struct config_addr *addr, struct log *log, int *ret_fd)
{
	char url[NI_MAXHOST + NI_MAXSERV];
	int rc = open_port(addr, ret_fd);

	if (rc == 0) {
		tell(log, *ret_fd);
		return 0;
	}
	describe((const void *)&addr->ss, addr->len, url, sizeof(url));
	log_err(log, "metrics: cannot listen on %s: %s", url, strerror(-rc));
	return rc;
}
