/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network in memory: the two calls that quic_io replaces, and what happens
 * to a datagram between them.
 *
 * A datagram is a timer of the network's own queue; when it fires it joins the
 * queue of the socket that it is for, or vanishes if there is none.  Without
 * `reorder` datagrams of one socket stay in order: each is due at least a
 * nanosecond after the one before it.
 */
#include "tests/fake/net.h"

#include <assert.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "tests/fake/alloc.h"

enum {
	FIRST_PORT = 40000, /* of those that the net chooses */
	LATE_FACTOR = 8,
	DEFAULT_DELAY_MS = 10,
	MAX_PACKET = QUIC_MAX_TX_PAYLOAD,
	ECN_BITS = 3
};

static void
complain(struct net *n, const char *what, size_t number)
{
	if (n->complaint[0] == '\0')
		(void)snprintf(n->complaint, sizeof(n->complaint), "%s (%zu)",
		    what, number);
}

/* --------------------------------------------------------- addresses -- */

union quic_addr
net_addr(int family, bool wildcard, uint16_t port)
{
	union quic_addr a;

	memset(&a, 0, sizeof(a));
	if (family == AF_INET) {
		a.in.sin_family = AF_INET;
		a.in.sin_addr.s_addr =
		    htonl(wildcard ? INADDR_ANY : INADDR_LOOPBACK);
	} else {
		a.in6.sin6_family = AF_INET6;
		a.in6.sin6_addr = wildcard ? in6addr_any : in6addr_loopback;
	}
	net_set_port(&a, port);
	return a;
}

uint16_t
net_port(const union quic_addr *a)
{
	return ntohs(
	    a->sa.sa_family == AF_INET ? a->in.sin_port : a->in6.sin6_port);
}

void
net_set_port(union quic_addr *a, uint16_t port)
{
	if (a->sa.sa_family == AF_INET)
		a->in.sin_port = htons(port);
	else
		a->in6.sin6_port = htons(port);
}

static bool
is_same(const union quic_addr *a, const union quic_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static bool
is_any(const union quic_addr *a)
{
	union quic_addr any = net_addr(a->sa.sa_family, true, net_port(a));

	return is_same(a, &any);
}

/* ----------------------------------------------------------- sockets -- */

static void
on_writable(struct timer *t, nsec now)
{
	struct net_socket *s = container_of(t, struct net_socket, writable);

	(void)now;
	s->full = false;
	s->taken = 0;
	s->wants_write = true;
}

int
net_socket(struct net *n, const union quic_addr *addr, size_t group)
{
	struct net_socket *s;

	assert(n->nsockets < NET_SOCKETS);
	s = &n->sockets[n->nsockets];
	*s = (struct net_socket){
	    .fd = NET_FIRST_FD + (int)n->nsockets,
	    .inside = *addr,
	    .net = n,
	    .group = group,
	};
	if (net_port(addr) == 0)
		net_set_port(&s->inside, (uint16_t)(FIRST_PORT + n->nsockets));
	s->outside = s->inside;
	for (size_t i = 0; i < n->nsockets; i++)
		s->group_index += group != 0 && n->sockets[i].group == group;
	list_init(&s->queue);
	timer_init(&s->writable, on_writable);
	n->nsockets++;
	return s->fd;
}

struct net_socket *
net_find(struct net *n, int fd)
{
	size_t i = (size_t)(fd - NET_FIRST_FD);

	assert(fd >= NET_FIRST_FD && i < n->nsockets);
	return &n->sockets[i];
}

void
net_connect(struct net *n, int fd, const union quic_addr *peer)
{
	struct net_socket *s = net_find(n, fd);

	s->connected = true;
	s->peer = *peer;
}

bool
net_is_readable(const struct net *n, int fd)
{
	return !list_is_empty(&n->sockets[fd - NET_FIRST_FD].queue);
}

void
net_rebind(struct net *n, int fd)
{
	struct net_socket *s = net_find(n, fd);

	size_t port = n->rebindings++ % NET_NAT_PORTS;

	n->nat[port] = (uint8_t)(s - n->sockets + 1);
	net_set_port(&s->outside, (uint16_t)(NET_NAT_FIRST + port));
}

void
net_fail_sends(struct net *n, int fd, int error, size_t count)
{
	struct net_socket *s = net_find(n, fd);

	assert(s->nerrors + count <= NET_ERRORS);
	while (count-- > 0)
		s->errors[s->nerrors++] = error;
}

/* ---------------------------------------------------------- delivery -- */

static size_t
group_size(const struct net *n, size_t group)
{
	size_t size = 0;

	for (size_t i = 0; i < n->nsockets; i++)
		size += n->sockets[i].group == group;
	return size;
}

/* The socket that is, or was, seen under an address; NULL if none is. */
static struct net_socket *
socket_at(struct net *n, const union quic_addr *a)
{
	size_t port = net_port(a);

	for (size_t i = 0; i < n->nsockets; i++) {
		struct net_socket *s = &n->sockets[i];

		if (is_any(&s->inside) &&
		    s->inside.sa.sa_family == a->sa.sa_family &&
		    net_port(&s->inside) == port)
			return s;
		if (is_same(&s->outside, a) ||
		    (is_same(&s->inside, a) && !n->faults.nat_forgets))
			return s;
	}
	if (n->faults.nat_forgets || port < NET_NAT_FIRST ||
	    port >= NET_NAT_FIRST + NET_NAT_PORTS ||
	    n->nat[port - NET_NAT_FIRST] == 0)
		return NULL;
	return &n->sockets[n->nat[port - NET_NAT_FIRST] - 1];
}

/*
 * Which of a group's sockets gets a datagram.  A real system asks the
 * connection ID; the sending socket serves as well, since it outlives a
 * rebinding.  What nobody sent (injected) goes to the first.
 */
static struct net_socket *
member_for(struct net *n, struct net_socket *s, const union quic_addr *from)
{
	const struct net_socket *sender = socket_at(n, from);
	size_t index = sender != NULL ? (size_t)(sender - n->sockets) : 0;

	index %= group_size(n, s->group);
	for (size_t i = 0; i < n->nsockets; i++)
		if (n->sockets[i].group == s->group &&
		    n->sockets[i].group_index == index)
			return &n->sockets[i];
	return s;
}

static struct net_socket *
receiver_of(struct net *n, const struct net_datagram *d)
{
	struct net_socket *s = socket_at(n, &d->to);

	if (s == NULL || (s->connected && !is_same(&s->peer, &d->from)))
		return NULL;
	return s->group != 0 ? member_for(n, s, &d->from) : s;
}

static void
on_arrival(struct timer *t, nsec now)
{
	struct net_datagram *d = container_of(t, struct net_datagram, timer);
	struct net_socket *s = receiver_of(d->net, d);

	(void)now;
	if (s == NULL) {
		free(d);
		return;
	}
	d->net->delivered++;
	if (!is_any(&s->inside))
		d->to = s->inside; /* behind its NAT */
	list_append(&s->queue, &d->link);
}

/* Takes part in the run's fingerprint. */
static void
digest(struct net *n, const void *data, size_t len)
{
	n->digest ^= hash_bytes(n->digest_key, data, len);
	n->digest = n->digest << 7 | n->digest >> 57;
}

static void
put_under_way(
    struct net *n, const struct net_datagram *of, size_t len, nsec when)
{
	struct net_datagram *d = fake_malloc(sizeof(*d) + len);

	*d = (struct net_datagram){.net = n,
	    .from = of->from,
	    .to = of->to,
	    .ecn = of->ecn,
	    .len = len};
	memcpy(d->bytes, of->bytes, len);
	list_init(&d->link);
	timer_init(&d->timer, on_arrival);
	timer_arm(&n->timers, &d->timer, when);
}

/* One datagram leaves a socket. */
static void
transmit(struct net *n, struct net_socket *s, struct net_datagram *d)
{
	const struct net_faults *f = &n->faults;
	nsec when = n->now + f->delay;
	size_t len = d->len;

	n->sent++;
	n->bytes_sent += len;
	digest(n, d->bytes, len);
	digest(n, &n->now, sizeof(n->now));
	if (s->connected && prng_chance(&n->rng, f->rebind))
		net_rebind(n, s->fd);
	d->from = is_any(&s->inside) ? d->from : s->outside;
	if (n->tap != NULL && !n->tap(n->tap_arg, d))
		return;
	if (f->ecn != NET_ECN_KEPT && d->ecn != 0)
		d->ecn = f->ecn == NET_ECN_CE ? ECN_BITS : 0;
	if (prng_chance(&n->rng, f->loss))
		return;
	if (f->jitter > 0)
		when += prng_next(&n->rng) % f->jitter;
	if (prng_chance(&n->rng, f->reorder)) {
		when += prng_next(&n->rng) % (LATE_FACTOR * f->jitter + 1);
	} else {
		when = when > s->last ? when : s->last + 1;
		s->last = when;
	}
	if (prng_chance(&n->rng, f->duplicate))
		put_under_way(n, d, len, when + 1 + f->jitter);
	if (prng_chance(&n->rng, f->truncate))
		len = prng_below(&n->rng, (uint32_t)len + 1);
	if (len > 0 && prng_chance(&n->rng, f->corrupt))
		d->bytes[prng_below(&n->rng, (uint32_t)len)] ^=
		    (uint8_t)(1u << prng_below(&n->rng, 8));
	put_under_way(n, d, len, when);
}

void
net_inject(struct net *n, const union quic_addr *from,
    const union quic_addr *to, const uint8_t *bytes, size_t len)
{
	struct net_datagram *d = fake_calloc(1, sizeof(*d) + len);

	d->from = *from;
	d->to = *to;
	if (len > 0)
		memcpy(d->bytes, bytes, len);
	put_under_way(n, d, len, n->now);
	free(d);
}

/* -------------------------------------------------------------- send -- */

/* What the control messages of an outgoing message say. */
struct tx_control {
	bool has_source;
	union quic_addr source;
	int tos;
	size_t segment; /* 0: no train */
};

static void
read_tx_control(struct net *n, struct msghdr *h, struct tx_control *ret)
{
	struct cmsghdr *c;
	struct in_pktinfo v4;
	struct in6_pktinfo v6;
	uint16_t segment;

	*ret = (struct tx_control){.has_source = false};
	for (c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		const uint8_t *data = CMSG_DATA(c);
		int level = c->cmsg_level, type = c->cmsg_type;

		if (level == IPPROTO_IP && type == IP_PKTINFO) {
			memcpy(&v4, data, sizeof(v4));
			ret->has_source = true;
			ret->source = net_addr(AF_INET, true, 0);
			ret->source.in.sin_addr = v4.ipi_spec_dst;
		} else if (level == IPPROTO_IPV6 && type == IPV6_PKTINFO) {
			memcpy(&v6, data, sizeof(v6));
			ret->has_source = true;
			ret->source = net_addr(AF_INET6, true, 0);
			ret->source.in6.sin6_addr = v6.ipi6_addr;
		} else if ((level == IPPROTO_IP && type == IP_TOS) ||
			   (level == IPPROTO_IPV6 && type == IPV6_TCLASS)) {
			memcpy(&ret->tos, data, sizeof(ret->tos));
		} else if (level == IPPROTO_UDP && type == UDP_SEGMENT) {
			memcpy(&segment, data, sizeof(segment));
			ret->segment = segment;
		} else {
			complain(n, "unknown control message", (size_t)type);
		}
	}
}

/* What the kernel would say to a message of this shape. */
static int
check_shape(struct net *n, const struct net_socket *s,
    const struct tx_control *k, size_t len)
{
	size_t segment = k->segment != 0 ? k->segment : len;

	if (len == 0)
		complain(n, "empty datagram sent", 0);
	if (segment > MAX_PACKET)
		complain(n, "datagram too large", segment);
	if (k->has_source != is_any(&s->inside))
		complain(n, "source address where none belongs", len);
	if (k->segment != 0 && len <= k->segment)
		complain(n, "a train of one segment", len);
	if (k->segment != 0 && s->gso_error != 0)
		return s->gso_error;
	if (len > NET_MAX_DATAGRAM)
		return EMSGSIZE;
	if ((len + segment - 1) / segment > NET_MAX_SEGMENTS)
		return EINVAL;
	if (n->faults.mtu != 0 && segment > n->faults.mtu)
		return EMSGSIZE;
	return 0;
}

/* Looks whether a socket that was full is offered the same bytes again; a
 * train may come as its segments, and the rest of one as a train. */
static void
check_kept(struct net *n, struct net_socket *s, const void *bytes, size_t len)
{
	if (len > s->refused_len)
		len = s->refused_len;
	if (memcmp(s->refused, bytes, len) != 0 && !n->may_drop)
		complain(n, "packet changed after the socket was full",
		    (size_t)s->fd);
	s->refused_len = 0;
}

static int
refuse(struct net_socket *s, const void *bytes, size_t len)
{
	s->refused_len = len < sizeof(s->refused) ? len : sizeof(s->refused);
	memcpy(s->refused, bytes, s->refused_len);
	return EAGAIN;
}

static int
send_message(struct net *n, struct net_socket *s, struct msghdr *h)
{
	const uint8_t *bytes = h->msg_iov->iov_base;
	size_t len = h->msg_iov->iov_len, part;
	struct tx_control k;
	struct net_datagram *d;
	int error;

	if ((h->msg_name == NULL) != s->connected || h->msg_iovlen != 1)
		complain(n, "destination where none belongs", len);
	read_tx_control(n, h, &k);
	check_kept(n, s, bytes, len);
	if (!s->full && n->faults.room != 0 && s->taken >= n->faults.room) {
		s->full = true;
		timer_arm(&n->timers, &s->writable, n->now + n->faults.drain);
	}
	if (s->full)
		return refuse(s, bytes, len);
	error = check_shape(n, s, &k, len);
	if (error != 0)
		return error;
	if (k.segment == 0)
		k.segment = len;
	d = fake_calloc(1, sizeof(*d) + k.segment);
	d->net = n;
	n->trains += len > k.segment;
	for (; len > 0; len -= part, bytes += part) {
		part = len < k.segment ? len : k.segment;
		d->from = k.has_source ? k.source : s->inside;
		net_set_port(&d->from, net_port(&s->inside));
		if (s->connected)
			d->to = s->peer;
		else
			(void)quic_addr_copy(&d->to, h->msg_name);
		d->ecn = k.tos & ECN_BITS;
		d->len = part;
		memcpy(d->bytes, bytes, part);
		s->taken++;
		transmit(n, s, d);
	}
	free(d);
	return 0;
}

/* The next injected error of a socket, 0 if there is none. */
static int
next_error(struct net_socket *s)
{
	int error = s->errors[0];

	if (s->nerrors == 0)
		return 0;
	s->nerrors--;
	memmove(s->errors, s->errors + 1, s->nerrors * sizeof(int));
	return error;
}

static int
net_sendmmsg(void *ctx, int fd, struct mmsghdr *msgs, unsigned count)
{
	struct net *n = ctx;
	struct net_socket *s = net_find(n, fd);

	for (unsigned i = 0; i < count; i++) {
		int error = 0;

		if (s->nerrors > 0) {
			if (i > 0)
				return (int)i; /* told at the next call */
			error = next_error(s);
		}
		if (error == 0)
			error = send_message(n, s, &msgs[i].msg_hdr);
		if (error != 0) {
			errno = error;
			return i > 0 ? (int)i : -1;
		}
		msgs[i].msg_len = (unsigned)msgs[i].msg_hdr.msg_iov->iov_len;
	}
	return (int)count;
}

/* ----------------------------------------------------------- receive -- */

static void
put_control(struct msghdr *h, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c =
	    (void *)((uint8_t *)h->msg_control + h->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	h->msg_controllen += CMSG_SPACE(len);
}

/* As the kernel: TOS is one byte, the traffic class is an int. */
static void
write_rx_control(struct msghdr *h, const struct net_datagram *d, size_t segment)
{
	size_t room = h->msg_controllen;
	int value = (int)segment, tclass = d->ecn;

	h->msg_controllen = 0;
	if (d->to.sa.sa_family == AF_INET) {
		struct in_pktinfo info = {
		    .ipi_addr = d->to.in.sin_addr,
		    .ipi_spec_dst = d->to.in.sin_addr,
		};

		put_control(h, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
		put_control(h, IPPROTO_IP, IP_TOS, &d->ecn, sizeof(d->ecn));
	} else {
		struct in6_pktinfo info = {
		    .ipi6_addr = d->to.in6.sin6_addr,
		};

		put_control(h, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
		put_control(
		    h, IPPROTO_IPV6, IPV6_TCLASS, &tclass, sizeof(tclass));
	}
	if (segment != 0)
		put_control(h, IPPROTO_UDP, UDP_GRO, &value, sizeof(value));
	assert(h->msg_controllen <= room);
}

static struct net_datagram *
first_of(struct net_socket *s)
{
	return container_of(s->queue.next, struct net_datagram, link);
}

/* True if the first in the queue may join a train of `segment`. */
static bool
joins(struct net_socket *s, const struct net_datagram *d, size_t total)
{
	const struct net_datagram *next;

	if (!s->net->faults.gro || list_is_empty(&s->queue) || d->len == 0)
		return false;
	next = first_of(s);
	return next->len > 0 && next->len <= d->len && next->ecn == d->ecn &&
	       total + next->len <= NET_MAX_DATAGRAM &&
	       is_same(&next->from, &d->from) && is_same(&next->to, &d->to);
}

static void
receive_one(struct net_socket *s, struct mmsghdr *m)
{
	struct msghdr *h = &m->msg_hdr;
	struct net_datagram *d =
	    container_of(list_pop(&s->queue), struct net_datagram, link);
	size_t total = 0, room = h->msg_iov->iov_len, part = d->len;
	size_t count = 1;

	h->msg_flags = 0;
	if (d->len > room)
		h->msg_flags = MSG_TRUNC;
	total = d->len < room ? d->len : room;
	memcpy(h->msg_iov->iov_base, d->bytes, total);
	while (part == d->len && joins(s, d, total)) {
		struct net_datagram *next = first_of(s);

		list_remove(&next->link);
		part = next->len; /* a shorter one ends the train */
		memcpy(
		    (uint8_t *)h->msg_iov->iov_base + total, next->bytes, part);
		total += part;
		count++;
		free(next);
	}
	memcpy(h->msg_name, &d->from, quic_addr_len(&d->from));
	h->msg_namelen = quic_addr_len(&d->from);
	write_rx_control(h, d, count > 1 ? d->len : 0);
	m->msg_len = (unsigned)total;
	free(d);
}

static int
net_recvmmsg(void *ctx, int fd, struct mmsghdr *msgs, unsigned count)
{
	struct net_socket *s = net_find(ctx, fd);
	unsigned i = 0;

	if (s->rx_error != 0) {
		errno = s->rx_error;
		s->rx_error = 0;
		return -1;
	}
	while (i < count && !list_is_empty(&s->queue))
		receive_one(s, &msgs[i++]);
	if (i == 0) {
		errno = EAGAIN;
		return -1;
	}
	return (int)i;
}

/* --------------------------------------------------------------- net -- */

static nsec
net_now(void *ctx)
{
	const struct net *n = ctx;

	return n->now;
}

static nsec
net_wall(void *ctx)
{
	const struct net *n = ctx;

	return n->wall + n->now;
}

static void
net_random(void *ctx, uint8_t *out, size_t len)
{
	struct net *n = ctx;

	prng_fill(&n->ids, out, len);
}

/* When the program started: certificates are made by then, and all worlds of
 * it, which must not differ, begin at the same time. */
static nsec
wall_of_program(void)
{
	static nsec start;

	if (start == 0)
		start = (nsec)time(NULL) * NSEC_PER_SEC;
	return start;
}

void
net_init(struct net *n, uint64_t seed)
{
	*n = (struct net){
	    .now = NSEC_PER_SEC, /* zero would hide mistakes */
	    .wall = wall_of_program(),
	    .rng = {seed},
	    .ids = {~seed},
	    .faults = {.delay = DEFAULT_DELAY_MS * NSEC_PER_MSEC},
	    .io =
		{
		    .recvmmsg = net_recvmmsg,
		    .sendmmsg = net_sendmmsg,
		    .now = net_now,
		    .wall = net_wall,
		    .random = net_random,
		    .ctx = n,
		},
	};
}

void
net_done(struct net *n)
{
	struct list *l;

	n->nsockets = n->nsockets > NET_SOCKETS ? 0 : n->nsockets;
	for (size_t i = 0; i < n->nsockets; i++) {
		timer_cancel(&n->timers, &n->sockets[i].writable);
		while ((l = list_pop(&n->sockets[i].queue)) != NULL)
			free(container_of(l, struct net_datagram, link));
	}
	while (n->timers.root != NULL) {
		struct timer *t = n->timers.root;

		timer_cancel(&n->timers, t);
		free(container_of(t, struct net_datagram, timer));
	}
}
