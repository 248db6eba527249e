/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `freeport [COUNT]` prints COUNT ports, one a line, that are free for UDP
 * and TCP on 127.0.0.1 at this moment.  Only for servers that cannot choose a
 * port and tell it: somebody else may take it before they do, so their
 * starters in lib.sh try again.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	COUNT_MAX = 64,
	TRIES = 100
};

static int
bind_port(int type, uint16_t port, uint16_t *ret_port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, type, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) < 0) {
		(void)close(fd);
		return -1;
	}
	*ret_port = ntohs(sin.sin_port);
	return fd;
}

/* The UDP socket stays open until exit, so that no port is given twice. */
static uint16_t
find_port(void)
{
	for (int i = 0; i < TRIES; i++) {
		uint16_t port;
		int udp = bind_port(SOCK_DGRAM, 0, &port);

		if (udp < 0)
			return 0;
		int tcp = bind_port(SOCK_STREAM, port, &port);
		if (tcp >= 0) {
			(void)close(tcp);
			return port;
		}
		(void)close(udp);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 1;

	if (count < 1 || count > COUNT_MAX)
		return 2;
	while (count-- > 0) {
		uint16_t port = find_port();

		if (port == 0)
			return 1;
		printf("%u\n", (unsigned)port);
	}
	return 0;
}
