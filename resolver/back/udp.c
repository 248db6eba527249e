/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking by UDP: queries out, answers in.
 *
 * Queries of one turn are collected and leave with one sendmmsg() for each
 * socket; their messages are made only then.  An answer has passed the kernel
 * (the socket is connected), has an ID that is outstanding at this socket, and
 * the question that was sent; anything else is counted and changes nothing, so
 * that the real answer can still come (RFC 5452 9.1).  Too many wrong answers
 * to one socket: its queries go by TCP.
 *
 * A datagram that the system does not take is as good as lost on the way.
 */
#include <netinet/in.h>

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "dns/wire.h"
#include "resolver/back/internal.h"

/* Sending goes on behind so many pending ICMP errors of a socket. */
#define MAX_SEND_ERRORS 2

static struct back_attempt *
attempt_of(struct list *carrier)
{
	return container_of(carrier, struct back_attempt, carrier);
}

/* RFC 5452 9.2: over all 16 bits, and never two alike at one socket. */
static uint16_t
draw_id(struct back_socket *sock)
{
	struct upstream *u = sock->server->upstream;
	uint16_t id;

	do {
		random_bytes(u->env.random, &id, sizeof(id));
	} while (hash_find(&sock->by_id, id, NULL) != NULL);
	return id;
}

static void
queue(struct back_attempt *a)
{
	struct back_socket *sock = a->socket;
	struct upstream *u = sock->server->upstream;

	list_remove(&a->carrier);
	list_append(&sock->unsent, &a->carrier);
	if (!list_is_linked(&sock->dirty))
		list_append(&u->dirty_sockets, &sock->dirty);
	back_flush_later(u);
}

int
back_udp_start(struct back_attempt *a)
{
	struct upstream *u = a->ask->upstream;
	struct back_socket *sock;
	int rc = back_socket_draw(a->slot->server, &sock);

	if (rc < 0)
		return rc;
	a->socket = sock;
	a->id = draw_id(sock);
	a->has_case = u->randomise_case && !dns_query_is_raw(a->ask->query);
	if (a->has_case)
		random_bytes(u->env.random, a->case_bits, sizeof(a->case_bits));
	sock->was_used = true;
	hash_add(&sock->by_id, &a->node, a->id);
	queue(a);
	return 0;
}

void
back_udp_repeat(struct back_attempt *a)
{
	/* Same ID and port: the same question outstanding twice would make
	 * guessing easier (RFC 5452 5), and the first answer is as good. */
	queue(a);
}

void
back_udp_forget(struct back_attempt *a)
{
	struct back_socket *sock = a->socket;

	hash_remove(&sock->by_id, &a->node);
	list_remove(&a->carrier);
	a->socket = NULL;
	sock->forgotten += (unsigned)a->sends - (a->is_answered ? 1 : 0);
	if (back_socket_outstanding(sock) == 0)
		back_socket_on_drained(sock);
}

/* ICMP: nobody listens there.  A hint for all that wait at this socket. */
static void
on_refused(struct back_socket *sock)
{
	struct list all;
	struct list *l;

	BACK_COUNT(sock->server->upstream, udp_refused);
	list_init(&all);
	list_splice(&all, &sock->waiting);
	while ((l = list_pop(&all)) != NULL) {
		list_append(&sock->waiting, l);
		back_ask_on_refused(attempt_of(l));
	}
}

/* Somebody is guessing: the queries go by TCP (RFC 5452 9.3). */
static void
on_spoofing(struct back_socket *sock)
{
	struct list all;
	struct list *l;

	BACK_COUNT(sock->server->upstream, udp_spoofing);
	back_socket_retire(sock);
	list_init(&all);
	list_splice(&all, &sock->waiting);
	while ((l = list_pop(&all)) != NULL) {
		list_append(&sock->waiting, l);
		back_ask_on_unusable(attempt_of(l));
	}
}

static void
on_mismatch(struct back_socket *sock)
{
	if (back_socket_outstanding(sock) > 0 &&
	    ++sock->mismatches >= BACK_UDP_MAX_MISMATCHES) {
		sock->mismatches = 0;
		on_spoofing(sock);
	}
}

static void
take_unknown(struct back_socket *sock)
{
	struct upstream *u = sock->server->upstream;

	if (sock->forgotten > 0) {
		sock->forgotten--;
		BACK_COUNT(u, late_answers);
		return;
	}
	BACK_COUNT(u, mismatch_id);
	on_mismatch(sock);
}

static void
take_datagram(struct back_socket *sock, const uint8_t *msg, size_t len)
{
	struct upstream *u = sock->server->upstream;
	struct dns_response response;
	struct back_attempt *a;
	struct hash_node *node;
	enum dns_match match;

	if (len < DNS_HEADER_SIZE) {
		BACK_COUNT(u, mismatch_short);
		on_mismatch(sock);
		return;
	}
	node = hash_find(&sock->by_id, dns_get16(msg + DNS_OFF_ID), NULL);
	a = node != NULL ? container_of(node, struct back_attempt, node) : NULL;
	if (a == NULL || a->sends == 0) {
		take_unknown(sock);
		return;
	}
	match = back_match_check(a, msg, len, &response);
	a->is_answered = match != DNS_MATCH_IGNORE && match != DNS_MATCH_BROKEN;
	switch (match) {
	case DNS_MATCH_ACCEPT:
		back_ask_on_answer(a, &response);
		break;
	case DNS_MATCH_TRUNCATED:
		BACK_COUNT(u, udp_truncated);
		back_ask_on_unusable(a);
		break;
	case DNS_MATCH_CASE:
		back_ask_on_unusable(a);
		break;
	case DNS_MATCH_BROKEN:
		back_ask_on_broken(a);
		break;
	case DNS_MATCH_IGNORE:
		on_mismatch(sock);
		break;
	}
}

/* What came between bind and connect may be from anybody. */
static bool
is_from(const struct config_addr *server, const struct sockaddr_storage *from)
{
	const struct sockaddr_in *a4 = (const void *)&server->ss;
	const struct sockaddr_in *b4 = (const void *)from;
	const struct sockaddr_in6 *a6 = (const void *)&server->ss;
	const struct sockaddr_in6 *b6 = (const void *)from;

	if (server->ss.ss_family != from->ss_family)
		return false;
	if (from->ss_family == AF_INET)
		return a4->sin_port == b4->sin_port &&
		       a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return a6->sin6_port == b6->sin6_port &&
	       memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) ==
		   0;
}

struct batch {
	struct mmsghdr msgs[BACK_UDP_BATCH];
	struct iovec parts[BACK_UDP_BATCH];
	struct sockaddr_storage from[BACK_UDP_BATCH];
};

static int
read_batch(struct back_socket *sock, struct batch *b)
{
	struct upstream *u = sock->server->upstream;

	for (size_t i = 0; i < BACK_UDP_BATCH; i++) {
		b->parts[i].iov_base = u->scratch + i * BACK_UDP_MAX_ANSWER;
		b->parts[i].iov_len = BACK_UDP_MAX_ANSWER;
		b->msgs[i] = (struct mmsghdr){
		    .msg_hdr =
			{
			    .msg_name = &b->from[i],
			    .msg_namelen = sizeof(b->from[i]),
			    .msg_iov = &b->parts[i],
			    .msg_iovlen = 1,
			},
		};
	}
	return u->io.ops->recvmmsg(
	    u->io.ctx, sock->watch.fd, b->msgs, BACK_UDP_BATCH);
}

/* Takes one batch.  False if there is nothing more to read for now. */
static bool
take_batch(struct back_socket *sock)
{
	struct upstream *u = sock->server->upstream;
	struct batch b;
	int count = read_batch(sock, &b);

	if (count == -ECONNREFUSED) {
		on_refused(sock);
		return true;
	}
	for (int i = 0; i < count; i++) {
		BACK_COUNT(u, udp_received);
		if (!is_from(&sock->server->addr, &b.from[i])) {
			BACK_COUNT(u, mismatch_address);
			on_mismatch(sock);
			continue;
		}
		take_datagram(sock, b.parts[i].iov_base, b.msgs[i].msg_len);
	}
	return count == BACK_UDP_BATCH;
}

void
back_udp_on_ready(struct net_watch *watch, unsigned what)
{
	struct back_socket *sock =
	    container_of(watch, struct back_socket, watch);

	(void)what;
	for (int i = 0; i < BACK_UDP_READS_PER_WAKEUP; i++) {
		if (!take_batch(sock))
			return;
	}
}

/* Writes header and message; returns the length of both. */
static size_t
make_datagram(struct back_attempt *a, const union net_addr *local,
    uint8_t at[PROXYV2_MAX + BACK_UDP_MAX_QUERY])
{
	size_t header_len = back_match_header(a, at);
	struct dns_buf out = {
	    .data = at + header_len, .size = BACK_UDP_MAX_QUERY};
	struct back_message m;
	int rc;

	back_match_build(a, local, &m);
	rc = dns_query_build(a->ask->query, &m.how, &out);
	assert(rc == 0); /* what is too long goes by TCP */
	(void)rc;
	return header_len + out.len;
}

/* Makes the messages for the next sendmmsg(); returns how many. */
static unsigned
make_batch(struct back_socket *sock, struct mmsghdr *msgs, struct iovec *parts)
{
	struct upstream *u = sock->server->upstream;
	struct list *l = sock->unsent.next;
	unsigned count = 0;

	for (; l != &sock->unsent && count < BACK_UDP_TX_BATCH; l = l->next) {
		struct back_attempt *a = attempt_of(l);

		parts[count].iov_base = u->tx[count];
		parts[count].iov_len =
		    make_datagram(a, &sock->local, u->tx[count]);
		msgs[count] = (struct mmsghdr){
		    .msg_hdr = {.msg_iov = &parts[count], .msg_iovlen = 1}};
		count++;
	}
	return count;
}

/* The first `count` of the queue are on their way, or lost. */
static void
note_sent(struct back_socket *sock, unsigned count, counter *c)
{
	nsec now = back_now(sock->server->upstream);
	struct back_attempt *a;
	struct list *l;

	counter_add(c, count);
	while (count-- > 0) {
		l = list_pop(&sock->unsent);
		a = attempt_of(l);
		if (a->sends++ == 0)
			a->sent_at = now;
		a->ask->was_sent = true;
		list_append(&sock->waiting, l);
	}
}

/* No way to the server: what is queued has to look elsewhere. */
static void
on_unreachable(struct back_socket *sock, int error)
{
	struct list all;
	struct list *l;

	back_server_on_failure(sock->server, back_now(sock->server->upstream));
	list_init(&all);
	list_splice(&all, &sock->unsent);
	while ((l = list_pop(&all)) != NULL) {
		list_append(&sock->waiting, l);
		back_ask_on_lost(attempt_of(l), error, false);
	}
}

static void
flush_socket(struct upstream *u, struct back_socket *sock)
{
	struct mmsghdr msgs[BACK_UDP_TX_BATCH];
	struct iovec parts[BACK_UDP_TX_BATCH];
	int errors = 0;
	unsigned count;
	int rc;

	while ((count = make_batch(sock, msgs, parts)) > 0) {
		rc =
		    u->io.ops->sendmmsg(u->io.ctx, sock->watch.fd, msgs, count);
		if (rc > 0) {
			BACK_COUNT(u, udp_batches);
			note_sent(
			    sock, (unsigned)rc, &u->env.counters->udp_sent);
		} else if (rc == -ECONNREFUSED && errors++ < MAX_SEND_ERRORS) {
			on_refused(sock); /* an older query's; try again */
		} else if (rc == -ENETUNREACH || rc == -EHOSTUNREACH ||
			   rc == -ENETDOWN) {
			on_unreachable(sock, rc);
		} else {
			note_sent(
			    sock, count, &u->env.counters->udp_send_failed);
		}
	}
}

void
back_udp_flush(struct upstream *u)
{
	struct list all;
	struct list *l;

	/* What is queued meanwhile waits for the next flush. */
	list_init(&all);
	list_splice(&all, &u->dirty_sockets);
	while ((l = list_pop(&all)) != NULL)
		flush_socket(u, container_of(l, struct back_socket, dirty));
}
