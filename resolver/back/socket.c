/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UDP sockets of a server: which source port a query leaves from, the
 * better half of what keeps forgers out (RFC 5452 9.2).
 *
 * - A port is drawn evenly from all that may be used, and the socket is
 *   connected: the kernel drops what comes from elsewhere.
 * - As long as it is affordable (BACK_UDP_FRESH_PER_SECOND) each turn of the
 *   loop asks from a fresh port; beyond that from one of a pool, drawn anew for
 *   each turn and after BACK_UDP_TURN_QUERIES queries of it.
 * - What leaves the pool is retired: it takes no new queries, waits for the
 *   answers to the old ones, and is closed by the flush; never earlier, since
 *   somebody may be reading from it.
 */
#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/back/internal.h"

#define PORT_LAST 65535

static int
compare_ranges(const void *a, const void *b)
{
	const struct config_port_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Adds first..last to the ports that may be used. */
static void
allow(struct back_ports *p, uint32_t first, uint32_t last)
{
	if (first > last)
		return;
	p->range[p->count].first = (uint16_t)first;
	p->range[p->count].last = (uint16_t)last;
	p->count++;
	p->total += last - first + 1;
}

int
back_ports_make(const struct config_ports *avoid, struct back_ports *ret_ports)
{
	struct back_ports p = {.total = 0};
	struct config_port_range *sorted;
	uint32_t next = BACK_UDP_FIRST_PORT;

	/* One gap in front of each avoided range, and one behind the last. */
	sorted = calloc(avoid->count + 1, sizeof(*sorted));
	p.range = calloc(avoid->count + 1, sizeof(*p.range));
	if (sorted == NULL || p.range == NULL) {
		free(sorted);
		free(p.range);
		return -ENOMEM;
	}
	if (avoid->count > 0)
		memcpy(sorted, avoid->item, avoid->count * sizeof(*sorted));
	qsort(sorted, avoid->count, sizeof(*sorted), compare_ranges);
	for (size_t i = 0; i < avoid->count; i++) {
		if (sorted[i].first > next)
			allow(&p, next, sorted[i].first - 1u);
		if (sorted[i].last + 1u > next)
			next = sorted[i].last + 1u;
	}
	allow(&p, next, PORT_LAST);
	free(sorted);
	*ret_ports = p;
	return 0;
}

bool
back_ports_have(const struct back_ports *p, uint16_t port)
{
	for (size_t i = 0; i < p->count; i++) {
		if (port >= p->range[i].first && port <= p->range[i].last)
			return true;
	}
	return false;
}

static uint16_t
draw_port(struct upstream *u)
{
	uint32_t n = random_below(u->env.random, u->ports.total);
	size_t i = 0;

	for (;; i++) {
		const struct config_port_range *r = &u->ports.range[i];
		uint32_t size = (uint32_t)(r->last - r->first) + 1;

		if (n < size)
			return (uint16_t)(r->first + n);
		n -= size;
	}
}

size_t
back_socket_outstanding(const struct back_socket *sock)
{
	return sock->by_id.count;
}

static void
close_socket(struct back_socket *sock)
{
	struct upstream *u = sock->server->upstream;

	net_watch_close(&sock->watch);
	hash_done(&sock->by_id);
	list_remove(&sock->link);
	list_remove(&sock->dirty);
	sock->server->socket_count--;
	counter_sub(&u->env.counters->udp_sockets, 1);
	free(sock);
}

void
back_socket_retire(struct back_socket *sock)
{
	struct back_server *s = sock->server;

	for (size_t i = 0; i < BACK_UDP_POOL; i++) {
		if (s->pool[i] == sock)
			s->pool[i] = NULL;
	}
	if (s->current == sock)
		s->current = NULL;
	sock->is_retired = true;
	if (back_socket_outstanding(sock) == 0)
		back_socket_on_drained(sock);
}

void
back_socket_on_drained(struct back_socket *sock)
{
	struct upstream *u = sock->server->upstream;

	sock->mismatches = 0;
	if (!sock->is_retired)
		return;
	list_remove(&sock->link);
	list_append(&u->closing, &sock->link);
	back_flush_later(u);
}

/* Binds to a port of our choice; the kernel's choice is not random enough. */
static int
bind_somewhere(struct upstream *u, struct back_socket *sock)
{
	sa_family_t family = sock->server->addr.ss.ss_family;
	struct sockaddr_in v4 = {.sin_family = family};
	struct sockaddr_in6 v6 = {.sin6_family = family};
	int rc = -EADDRNOTAVAIL;

	for (int i = 0; i < BACK_UDP_MAX_DRAWS && u->ports.total > 0; i++) {
		sock->port = draw_port(u);
		v4.sin_port = v6.sin6_port = htons(sock->port);
		if (family == AF_INET6)
			rc = u->io.ops->bind(u->io.ctx, sock->watch.fd,
			    (const void *)&v6, sizeof(v6));
		else
			rc = u->io.ops->bind(u->io.ctx, sock->watch.fd,
			    (const void *)&v4, sizeof(v4));
		/* EACCES: a port that the administrator reserved. */
		if (rc != -EADDRINUSE && rc != -EACCES)
			return rc;
		BACK_COUNT(u, udp_port_taken);
	}
	return rc;
}

static int
bind_and_connect(struct upstream *u, struct back_socket *sock)
{
	const struct config_addr *to = &sock->server->addr;
	int rc = bind_somewhere(u, sock);

	if (rc == 0)
		rc = u->io.ops->connect(u->io.ctx, sock->watch.fd,
		    (const struct sockaddr *)&to->ss, to->len);
	if (rc == 0)
		back_edns_note_local(u, sock->watch.fd, &sock->local);
	if (rc == 0)
		rc = net_watch_set(&sock->watch, NET_READABLE);
	return rc;
}

static int
open_socket(struct back_server *s, struct back_socket **ret_socket)
{
	struct upstream *u = s->upstream;
	struct back_socket *sock;
	int fd = u->io.ops->open(u->io.ctx, s->addr.ss.ss_family, SOCK_DGRAM);
	int rc;

	if (fd < 0)
		return fd;
	sock = calloc(1, sizeof(*sock));
	if (sock == NULL) {
		u->io.ops->close(u->io.ctx, fd);
		return -ENOMEM;
	}
	sock->server = s;
	net_watch_init(&sock->watch, &u->io, fd, back_udp_on_ready);
	hash_init(&sock->by_id);
	list_init(&sock->unsent);
	list_init(&sock->waiting);
	list_init(&sock->dirty);
	list_init(&sock->link);
	list_append(&s->sockets, &sock->link);
	s->socket_count++;
	counter_add(&u->env.counters->udp_sockets, 1);
	rc = bind_and_connect(u, sock);
	if (rc < 0) {
		close_socket(sock);
		return rc;
	}
	BACK_COUNT(u, udp_sockets_opened);
	if (!u->sweep.armed)
		timer_arm(u->env.timers, &u->sweep,
		    nsec_add(back_now(u), BACK_UDP_IDLE_TIME));
	*ret_socket = sock;
	return 0;
}

/* May another fresh socket be had?  A bucket of tokens, kept as a time. */
static bool
take_fresh(struct upstream *u)
{
	nsec cost = NSEC_PER_SEC / BACK_UDP_FRESH_PER_SECOND;
	nsec now = back_now(u);
	nsec oldest = BACK_UDP_FRESH_BURST * cost;

	oldest = now > oldest ? now - oldest : 0;
	if (u->fresh_since < oldest)
		u->fresh_since = oldest;
	if (u->fresh_since + cost > now)
		return false;
	u->fresh_since += cost;
	return true;
}

static bool
has_room(const struct back_socket *sock)
{
	return sock != NULL &&
	       back_socket_outstanding(sock) < BACK_UDP_MAX_OUTSTANDING;
}

/* Draws the socket for the next queries of this turn. */
static int
draw_socket(struct back_server *s, struct back_socket **ret_socket)
{
	uint32_t at = random_below(s->upstream->env.random, BACK_UDP_POOL);
	struct back_socket *fresh = NULL;
	int rc = -EAGAIN;

	if (s->socket_count < BACK_UDP_MAX_SOCKETS &&
	    (s->pool[at] == NULL || take_fresh(s->upstream)))
		rc = open_socket(s, &fresh);
	if (fresh != NULL) {
		if (s->pool[at] != NULL)
			back_socket_retire(s->pool[at]);
		s->pool[at] = fresh;
	}
	for (uint32_t i = 0; i < BACK_UDP_POOL; i++) {
		struct back_socket *sock = s->pool[(at + i) % BACK_UDP_POOL];

		if (has_room(sock)) {
			*ret_socket = sock;
			return 0;
		}
	}
	return rc;
}

int
back_socket_draw(struct back_server *s, struct back_socket **ret_socket)
{
	uint64_t turn = s->upstream->turn;
	int rc;

	if (s->current_turn != turn || s->current_left == 0 ||
	    !has_room(s->current)) {
		rc = draw_socket(s, &s->current);
		if (rc < 0)
			return rc;
		s->current_left = BACK_UDP_TURN_QUERIES;
		s->current_turn = turn;
	}
	s->current_left--;
	*ret_socket = s->current;
	return 0;
}

void
back_socket_reap(struct upstream *u)
{
	while (!list_is_empty(&u->closing))
		close_socket(
		    container_of(u->closing.next, struct back_socket, link));
}

void
back_socket_check_ports(struct back_server *s)
{
	const struct back_ports *ports = &s->upstream->ports;

	for (size_t i = 0; i < BACK_UDP_POOL; i++) {
		struct back_socket *sock = s->pool[i];

		if (sock != NULL && !back_ports_have(ports, sock->port))
			back_socket_retire(sock);
	}
}

void
back_socket_done(struct back_server *s)
{
	while (!list_is_empty(&s->sockets))
		close_socket(
		    container_of(s->sockets.next, struct back_socket, link));
}

/* Retires what was not used since the last time.  Any socket left? */
static bool
sweep_server(struct back_server *s)
{
	for (size_t i = 0; i < BACK_UDP_POOL; i++) {
		struct back_socket *sock = s->pool[i];

		if (sock == NULL)
			continue;
		if (!sock->was_used && back_socket_outstanding(sock) == 0)
			back_socket_retire(sock);
		else
			sock->was_used = false;
	}
	return s->socket_count > 0;
}

void
back_socket_on_sweep(struct timer *timer, nsec now)
{
	struct upstream *u = container_of(timer, struct upstream, sweep);
	bool is_needed = false;
	struct list *l;

	for (l = u->servers.next; l != &u->servers; l = l->next) {
		if (sweep_server(container_of(l, struct back_server, link)))
			is_needed = true;
	}
	if (is_needed)
		timer_arm(u->env.timers, timer, now + BACK_UDP_IDLE_TIME);
}
