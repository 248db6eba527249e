/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wrong server's socket and loop.  One turn: wait, read a batch, give each
 * datagram to its connection, serve the timers, write, bury the dead.
 */
#include "tests/fake/wrong/wrong.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SOCKET_BUFFER = 4 << 20,
	READS_PER_TURN = 256,
	LONG_FORM = 0x80,
	FIXED_BIT = 0x40,
	STALL_MS = 3000,
	STALL_STEP_MS = 50,
	ECHOES = 8,
	TURN_MS = 1000
};

void
wrong_server_init(struct wrong_server *server)
{
	socklen_t len = sizeof(server->local);
	int size = SOCKET_BUFFER;
	sigset_t signals;

	server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	server->local.sin_family = AF_INET;
	server->local.sin_port = htons(server->options.port);
	server->local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (server->fd < 0 ||
	    bind(server->fd, (struct sockaddr *)&server->local, len) != 0 ||
	    getsockname(server->fd, (struct sockaddr *)&server->local, &len) !=
		0)
		raw_fatal("port %u: %s", server->options.port, strerror(errno));
	(void)setsockopt(
	    server->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	server->signals = signalfd(-1, &signals, SFD_NONBLOCK);
	wrong_tls_init(server);
}

void
wrong_server_send(struct wrong_server *server, const struct sockaddr_in *to,
    const uint8_t *data, size_t len)
{
	/* A full socket is like a lossy network. */
	(void)!sendto(
	    server->fd, data, len, 0, (const struct sockaddr *)to, sizeof(*to));
}

static bool
read_id(const uint8_t *p, size_t len, size_t *at, const uint8_t **ret_id,
    size_t *ret_len)
{
	if (*at >= len || p[*at] > len - *at - 1)
		return false;
	*ret_len = p[*at];
	*ret_id = p + *at + 1;
	*at += 1 + *ret_len;
	return true;
}

/* RFC 8999 5 */
bool
wrong_packet_read(struct wrong_packet *p)
{
	size_t at = 5;

	if (p->len == 0)
		return false;
	p->is_long = (p->data[0] & LONG_FORM) != 0;
	if (!p->is_long) {
		p->dcid = p->data + 1;
		p->dcid_len = p->len > WRONG_CID_LEN ? WRONG_CID_LEN : 0;
		return true;
	}
	if (p->len < at)
		return false;
	p->version = raw_get_u32(p->data + 1);
	return read_id(p->data, p->len, &at, &p->dcid, &p->dcid_len) &&
	       read_id(p->data, p->len, &at, &p->scid, &p->scid_len);
}

struct wrong_conn *
wrong_server_find(
    const struct wrong_server *server, const uint8_t *cid, size_t len)
{
	for (struct wrong_conn *c = server->conns; c != NULL; c = c->next)
		for (size_t i = 0; i < c->ncids; i++)
			if (c->cids[i].len == len &&
			    memcmp(c->cids[i].data, cid, len) == 0)
				return c;
	return NULL;
}

void
wrong_server_stall(struct wrong_server *server)
{
	server->stalled_until = raw_now() + STALL_MS * RAW_MS;
}

static void
on_datagram(struct wrong_server *server, struct wrong_packet *p)
{
	struct wrong_conn *conn = NULL;

	if (p->len <= 1 && wrong_does(server, WRONG_EMPTY_HANGS))
		wrong_server_stall(server);
	if (!wrong_packet_read(p)) {
		for (int i = 0; i < ECHOES && p->len > 0 &&
				wrong_does(server, WRONG_GARBAGE_ECHOED);
		     i++)
			wrong_server_send(server, p->from, p->data, p->len);
		return;
	}
	if (p->dcid_len > 0)
		conn = wrong_server_find(server, p->dcid, p->dcid_len);
	/* RFC 9000 17.2, 17.3: the bit is 1. */
	if (conn != NULL && (p->data[0] & FIXED_BIT) == 0 &&
	    !wrong_does(server, WRONG_FIXED_BIT))
		return;
	if (conn == NULL)
		conn = wrong_stateless_accept(server, p);
	if (conn != NULL)
		wrong_conn_read(conn, p);
}

static void
read_datagrams(struct wrong_server *server, uint8_t *room)
{
	for (int i = 0; i < READS_PER_TURN; i++) {
		struct sockaddr_in from;
		socklen_t from_len = sizeof(from);
		struct wrong_packet p = {.from = &from, .data = room};
		ssize_t len = recvfrom(server->fd, room, WRONG_DATAGRAM_MAX, 0,
		    (struct sockaddr *)&from, &from_len);

		if (len < 0)
			return;
		p.len = (size_t)len;
		memset(from.sin_zero, 0, sizeof(from.sin_zero));
		on_datagram(server, &p);
		if (server->stalled_until > raw_now())
			return;
	}
}

static int
wait_ms(const struct wrong_server *server, uint64_t now)
{
	uint64_t next = now + TURN_MS * RAW_MS;

	for (const struct wrong_conn *c = server->conns; c != NULL; c = c->next)
		if (wrong_conn_expiry(c) < next)
			next = wrong_conn_expiry(c);
	return next <= now ? 0 : (int)((next - now + RAW_MS - 1) / RAW_MS);
}

static void
bury(struct wrong_server *server)
{
	struct wrong_conn **at = &server->conns;

	while (*at != NULL) {
		struct wrong_conn *conn = *at;

		if (conn->state != WRONG_GONE) {
			at = &conn->next;
			continue;
		}
		*at = conn->next;
		server->nconns--;
		wrong_conn_free(conn);
	}
}

void
wrong_server_run(struct wrong_server *server)
{
	uint8_t *room = raw_alloc(1, WRONG_DATAGRAM_MAX);

	for (;;) {
		struct pollfd p[] = {{.fd = server->fd, .events = POLLIN},
		    {.fd = server->signals, .events = POLLIN}};
		uint64_t now = raw_now();

		if (server->stalled_until > now) {
			if (poll(&p[1], 1, STALL_STEP_MS) > 0)
				break;
			continue;
		}
		if (poll(p, 2, wait_ms(server, now)) < 0 || p[1].revents != 0)
			break;
		read_datagrams(server, room);
		now = raw_now();
		for (struct wrong_conn *c = server->conns; c != NULL;
		     c = c->next) {
			if (wrong_conn_expiry(c) <= now)
				wrong_conn_on_time(c, now);
			wrong_conn_flush(c);
		}
		bury(server);
	}
	free(room);
	for (struct wrong_conn *c = server->conns; c != NULL; c = c->next)
		c->state = WRONG_GONE;
	bury(server);
}
