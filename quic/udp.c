/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams in and out, in batches.
 *
 * In: recvmmsg() into large buffers; a train that the kernel joined (UDP_GRO)
 * is split before routing, since its segments may be for different
 * connections.  The local address comes from packet info, so that a reply
 * leaves from the address that the client used.
 *
 * Out: connections write their packets straight into the worker's batch.
 * Packets of one path, one ECN mark and one size in a row become a train
 * (UDP_SEGMENT); the batch is one sendmmsg().  Sealed packets are spent: when
 * the socket is full what is left is parked, byte for byte, and nobody writes
 * to that socket until it is empty again.  Segmentation may fail at run time
 * on some paths (EIO, EINVAL): it is given up for that socket, and the same
 * segments go out one by one.
 */
#include "quic/internal.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the kernel is asked to buffer for a port that thousands share. */
#define SOCKET_BUFFER (4 * 1024 * 1024)

/* Room for packet info, TOS and segment size, received or sent. */
#define CONTROL_SPACE                                                          \
	(CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int)) +    \
	    CMSG_SPACE(sizeof(int)))

#define ECN_MASK 3

/* ------------------------------------------------------------- system -- */

static int
system_recvmmsg(void *ctx, int fd, struct mmsghdr *msgs, unsigned n)
{
	(void)ctx;
	return recvmmsg(fd, msgs, n, MSG_DONTWAIT, NULL);
}

static int
system_sendmmsg(void *ctx, int fd, struct mmsghdr *msgs, unsigned n)
{
	(void)ctx;
	return sendmmsg(fd, msgs, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static nsec
system_now(void *ctx)
{
	(void)ctx;
	return clock_now();
}

static nsec
system_wall(void *ctx)
{
	(void)ctx;
	return clock_wall();
}

const struct quic_io quic_io_system = {
    .recvmmsg = system_recvmmsg,
    .sendmmsg = system_sendmmsg,
    .now = system_now,
    .wall = system_wall,
};

/* ---------------------------------------------------------- addresses -- */

bool
quic_addr_copy(union quic_addr *to, const struct sockaddr *from)
{
	memset(to, 0, sizeof(*to));
	if (from->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)from;

		to->in.sin_family = AF_INET;
		to->in.sin_port = in->sin_port;
		to->in.sin_addr = in->sin_addr;
		return true;
	}
	if (from->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)from;

		to->in6.sin6_family = AF_INET6;
		to->in6.sin6_port = in6->sin6_port;
		to->in6.sin6_addr = in6->sin6_addr;
		/* Only link-local addresses mean nothing without their link;
		 * elsewhere a scope would make one path look like two. */
		if (IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr))
			to->in6.sin6_scope_id = in6->sin6_scope_id;
		return true;
	}
	return false;
}

socklen_t
quic_addr_len(const union quic_addr *a)
{
	return a->sa.sa_family == AF_INET ? sizeof(a->in) : sizeof(a->in6);
}

static bool
is_wildcard(const union quic_addr *a)
{
	return a->sa.sa_family == AF_INET
		   ? a->in.sin_addr.s_addr == htonl(INADDR_ANY)
		   : IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
}

/* ------------------------------------------------------------ sockets -- */

static void
set(int fd, int level, int name, int value)
{
	/* Each is an improvement, none a condition. */
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

int
quic_udp_open(int family, int *ret_fd)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	set(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
	set(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
	set(fd, IPPROTO_UDP, UDP_GRO, 1);
	if (family == AF_INET) {
		set(fd, IPPROTO_IP, IP_PKTINFO, 1);
		set(fd, IPPROTO_IP, IP_RECVTOS, 1);
		/* RFC 9000 14: no fragmentation. */
		set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
	} else {
		/* One socket a family: no v4-mapped addresses. */
		set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
		set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
		set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
		set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
	}
	*ret_fd = fd;
	return 0;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct quic_socket *s = arg;
	struct evquic_worker *w = s->router->worker;

	(void)fd;
	(void)what;
	quic_socket_read(s, w->io.now(w->io.ctx));
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	quic_socket_writable(arg);
}

static int
watch(struct quic_socket *s)
{
	struct event_base *base = s->router->worker->base;

	if (base == NULL)
		return 0;
	s->read_event =
	    event_new(base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
	s->write_event = event_new(base, s->fd, EV_WRITE, on_writable, s);
	if (s->read_event == NULL || s->write_event == NULL)
		return -1;
	return event_add(s->read_event, NULL);
}

struct quic_socket *
quic_socket_new(
    struct quic_router *r, int fd, const union quic_addr *bound, bool connected)
{
	struct quic_socket *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		close(fd);
		return NULL;
	}
	s->router = r;
	if (!connected)
		s->ordinal = r->nlistens++;
	s->fd = fd;
	s->bound = *bound;
	s->wildcard = is_wildcard(bound);
	s->connected = connected;
	s->gso = true;
	list_init(&s->waiting);
	list_append(&r->sockets, &s->link);
	if (watch(s) != 0) {
		quic_socket_free(s);
		return NULL;
	}
	return s;
}

static void
free_parked(struct quic_socket *s)
{
	if (s->parked == NULL)
		return;
	free(s->parked->msgs);
	free(s->parked->bytes);
	free(s->parked);
	s->parked = NULL;
}

void
quic_socket_free(struct quic_socket *s)
{
	struct quic_tx *tx = &s->router->worker->tx;

	assert(list_is_empty(&s->waiting));
	if (tx->socket == s)
		quic_tx_flush(s->router->worker);
	free_parked(s);
	if (s->read_event != NULL)
		event_free(s->read_event);
	if (s->write_event != NULL)
		event_free(s->write_event);
	list_remove(&s->link);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

/* ------------------------------------------------------------- receive -- */

/* What a datagram's control messages say. */
struct rx_info {
	union quic_addr local;
	uint8_t ecn;
	size_t segment; /* size of the segments of a train; 0: no train */
};

static void
read_control(
    const struct quic_socket *s, struct msghdr *msg, struct rx_info *ret)
{
	struct cmsghdr *c;

	ret->local = s->bound;
	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		const unsigned char *data = CMSG_DATA(c);
		int value;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, data, sizeof(info));
			ret->local.in.sin_addr = info.ipi_addr;
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
			   c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, data, sizeof(info));
			ret->local.in6.sin6_addr = info.ipi6_addr;
			if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
				ret->local.in6.sin6_scope_id =
				    info.ipi6_ifindex;
		} else if (c->cmsg_level == IPPROTO_IP &&
			   c->cmsg_type == IP_TOS) {
			ret->ecn = data[0] & ECN_MASK; /* one byte here */
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
			   c->cmsg_type == IPV6_TCLASS) {
			memcpy(&value, data, sizeof(value));
			ret->ecn = (uint8_t)(value & ECN_MASK);
		} else if (c->cmsg_level == IPPROTO_UDP &&
			   c->cmsg_type == UDP_GRO) {
			memcpy(&value, data, sizeof(value));
			ret->segment = value > 0 ? (size_t)value : 0;
		}
	}
}

/* Routes one received message: a datagram, or a train of them. */
static void
route(struct quic_socket *s, struct msghdr *msg, size_t len, nsec now)
{
	struct quic_counters *n = &s->router->worker->counters;
	const uint8_t *data = msg->msg_iov->iov_base;
	struct rx_info info = {.ecn = 0};
	ngtcp2_pkt_info pi;
	union quic_addr remote;
	ngtcp2_path path;

	if (!quic_addr_copy(&remote, msg->msg_name))
		return; /* not from a UDP socket of ours */
	read_control(s, msg, &info);
	path = (ngtcp2_path){
	    .local = {&info.local.sa, quic_addr_len(&info.local)},
	    .remote = {&remote.sa, quic_addr_len(&remote)},
	    .user_data = s,
	};
	pi.ecn = info.ecn;
	if (info.segment == 0 || info.segment > len)
		info.segment = len;
	counter_add(&n->rx_bytes, len);
	do {
		size_t part = info.segment < len ? info.segment : len;

		counter_add(&n->rx_datagrams, 1);
		quic_router_recv(s, &path, &pi, data, part, now);
		data += part;
		len -= part;
	} while (len > 0);
}

/* Where a batch is received; made once, since most of it never changes. */
struct quic_rx {
	struct mmsghdr msgs[QUIC_RX_BATCH];
	struct iovec iov[QUIC_RX_BATCH];
	union quic_addr from[QUIC_RX_BATCH];
	_Alignas(struct cmsghdr) uint8_t control[QUIC_RX_BATCH][CONTROL_SPACE];
	uint8_t bytes[QUIC_RX_BATCH][QUIC_MAX_RX_PAYLOAD];
};

/* What the kernel has changed in a message that came. */
static void
rearm(struct quic_rx *rx, size_t i)
{
	struct msghdr *h = &rx->msgs[i].msg_hdr;

	h->msg_namelen = sizeof(rx->from[i]);
	h->msg_controllen = sizeof(rx->control[i]);
	h->msg_flags = 0;
}

struct quic_rx *
quic_rx_new(void)
{
	struct quic_rx *rx = calloc(1, sizeof(*rx));

	for (size_t i = 0; rx != NULL && i < QUIC_RX_BATCH; i++) {
		rx->iov[i].iov_base = rx->bytes[i];
		rx->iov[i].iov_len = sizeof(rx->bytes[i]);
		rx->msgs[i].msg_hdr = (struct msghdr){
		    .msg_name = &rx->from[i],
		    .msg_iov = &rx->iov[i],
		    .msg_iovlen = 1,
		    .msg_control = rx->control[i],
		};
		rearm(rx, i);
	}
	return rx;
}

void
quic_rx_free(struct quic_rx *rx)
{
	free(rx);
}

/* One recvmmsg(); returns how many messages came, or -1. */
static int
read_batch(struct quic_socket *s, nsec now)
{
	struct evquic_worker *w = s->router->worker;
	struct quic_rx *rx = w->rx;
	int n = w->io.recvmmsg(w->io.ctx, s->fd, rx->msgs, QUIC_RX_BATCH);

	if (n < 0)
		return -1;
	counter_add(&w->counters.rx_batches, 1);
	for (int i = 0; i < n; i++) {
		route(s, &rx->msgs[i].msg_hdr, rx->msgs[i].msg_len, now);
		rearm(rx, (size_t)i);
	}
	return n;
}

void
quic_socket_read(struct quic_socket *s, nsec now)
{
	struct evquic_worker *w = s->router->worker;

	s->router->accepts = 0;
	for (int i = 0; i < QUIC_RX_BATCHES_PER_WAKEUP; i++) {
		int n = read_batch(s, now);

		if (n >= 0 && n < QUIC_RX_BATCH)
			return;
		if (n < 0) {
			/* ICMP errors of a connected socket end here; the
			 * connection finds out by its timers. */
			if (errno != EAGAIN && errno != EWOULDBLOCK)
				counter_add(&w->counters.rx_errors, 1);
			if (errno != EINTR)
				return;
		}
	}
}

/* ---------------------------------------------------------------- send -- */

static void
put_control(struct msghdr *h, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c =
	    (void *)((uint8_t *)h->msg_control + h->msg_controllen);

	memset(c, 0, CMSG_SPACE(len)); /* padding goes to the kernel, too */
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	h->msg_controllen += CMSG_SPACE(len);
}

/* Source address, ECN mark and segment size, as far as they are needed. */
static void
write_control(
    const struct quic_socket *s, const struct quic_tx_msg *m, struct msghdr *h)
{
	bool v4 = m->remote.sa.sa_family == AF_INET;
	int ecn = m->ecn;

	if (s->wildcard && v4) {
		struct in_pktinfo info = {
		    .ipi_spec_dst = m->local.in.sin_addr,
		};

		put_control(h, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	} else if (s->wildcard) {
		struct in6_pktinfo info = {
		    .ipi6_addr = m->local.in6.sin6_addr,
		    .ipi6_ifindex = m->local.in6.sin6_scope_id,
		};

		put_control(h, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	}
	if (ecn != 0)
		put_control(h, v4 ? IPPROTO_IP : IPPROTO_IPV6,
		    v4 ? IP_TOS : IPV6_TCLASS, &ecn, sizeof(ecn));
	if (m->len > m->segment)
		put_control(h, IPPROTO_UDP, UDP_SEGMENT, &m->segment,
		    sizeof(m->segment));
	if (h->msg_controllen == 0)
		h->msg_control = NULL;
}

static size_t
count_segments(const struct quic_tx_msg *m)
{
	return (m->len + m->segment - 1u) / m->segment;
}

static void
count_sent(struct evquic_worker *w, const struct quic_tx_msg *m)
{
	counter_add(&w->counters.tx_datagrams, count_segments(m));
	counter_add(&w->counters.tx_bytes, m->len);
	if (m->len > m->segment)
		counter_add(&w->counters.tx_gso_trains, 1);
}

/* One sendmmsg() of `n` messages; how many were sent, or -1 with errno. */
static int
send_batch(struct quic_socket *s, const struct quic_tx_msg *m, uint32_t n,
    uint8_t *bytes)
{
	struct evquic_worker *w = s->router->worker;
	struct mmsghdr out[QUIC_TX_MESSAGES];
	struct iovec iov[QUIC_TX_MESSAGES];
	_Alignas(struct cmsghdr)
	    uint8_t control[QUIC_TX_MESSAGES][CONTROL_SPACE];
	int sent;

	for (uint32_t i = 0; i < n; i++) {
		struct msghdr *h = &out[i].msg_hdr;

		iov[i].iov_base = bytes + m[i].offset;
		iov[i].iov_len = m[i].len;
		*h = (struct msghdr){
		    .msg_iov = &iov[i],
		    .msg_iovlen = 1,
		    .msg_control = control[i],
		};
		if (!s->connected) {
			h->msg_name = (void *)(uintptr_t)&m[i].remote;
			h->msg_namelen = quic_addr_len(&m[i].remote);
		}
		write_control(s, &m[i], h);
	}
	do {
		sent = w->io.sendmmsg(w->io.ctx, s->fd, out, n);
	} while (sent < 0 && errno == EINTR);
	for (int i = 0; i < sent; i++)
		count_sent(w, &m[i]);
	if (sent > 0)
		counter_add(&w->counters.tx_batches, 1);
	return sent;
}

/*
 * Sends the segments of a train one by one, since the kernel did not take the
 * train.  `m` shrinks to what is left; true if that is nothing.
 */
static bool
send_segments(struct quic_socket *s, struct quic_tx_msg *m, uint8_t *bytes)
{
	while (m->len > 0) {
		struct quic_tx_msg one = *m;

		if (one.len > one.segment)
			one.len = one.segment;
		if (send_batch(s, &one, 1, bytes) < 0) {
			if (errno == EAGAIN || errno == EWOULDBLOCK)
				return false;
			counter_add(&s->router->worker->counters.tx_errors, 1);
		}
		m->offset += one.len;
		m->len -= one.len;
	}
	return true;
}

/*
 * The message at the head of the batch was not taken: `error` says why.
 * Returns true if it is done with, one way or another, and false if the
 * socket is full.
 */
static bool
head_failed(
    struct quic_socket *s, struct quic_tx_msg *m, uint8_t *bytes, int error)
{
	struct quic_counters *n = &s->router->worker->counters;

	if (error == EAGAIN || error == EWOULDBLOCK)
		return false;
	if (m->len > m->segment) {
		/* EIO, EINVAL: this path cannot segment, never will.  Any
		 * other error may be that of one segment only. */
		if (s->gso && (error == EIO || error == EINVAL)) {
			s->gso = false;
			counter_add(&n->tx_gso_disabled, 1);
		}
		return send_segments(s, m, bytes);
	}
	/* An error of one destination (no route, a probe too large, ICMP):
	 * that packet is lost, as packets may be. */
	counter_add(&n->tx_errors, 1);
	return true;
}

/* Sends messages until all are gone or the socket is full; returns how many
 * are done with. */
static uint32_t
send_messages(
    struct quic_socket *s, struct quic_tx_msg *msgs, uint32_t n, uint8_t *bytes)
{
	uint32_t done = 0;

	while (done < n) {
		int sent = send_batch(s, msgs + done, n - done, bytes);

		if (sent > 0)
			done += (uint32_t)sent;
		else if (head_failed(s, msgs + done, bytes, errno))
			done++;
		else
			break;
	}
	return done;
}

/* Keeps what the socket did not take, until it does. */
static void
park(struct quic_socket *s, const struct quic_tx *tx, uint32_t done)
{
	struct quic_parked *p = calloc(1, sizeof(*p));
	uint32_t n = tx->nmsgs - done, base = tx->msgs[done].offset;

	counter_add(&s->router->worker->counters.tx_blocked, 1);
	if (p != NULL) {
		p->msgs = malloc(n * sizeof(p->msgs[0]));
		p->bytes = malloc(tx->used - base);
	}
	if (p == NULL || p->msgs == NULL || p->bytes == NULL) {
		/* As lost on the way: QUIC sends the content again. */
		counter_add(&s->router->worker->counters.tx_dropped, n);
		s->parked = p;
		free_parked(s);
		return;
	}
	p->nmsgs = n;
	memcpy(p->msgs, tx->msgs + done, n * sizeof(p->msgs[0]));
	memcpy(p->bytes, tx->bytes + base, tx->used - base);
	for (uint32_t i = 0; i < n; i++)
		p->msgs[i].offset -= base;
	s->parked = p;
	if (s->write_event != NULL)
		(void)event_add(s->write_event, NULL);
}

void
quic_tx_flush(struct evquic_worker *w)
{
	struct quic_tx *tx = &w->tx;
	struct quic_socket *s = tx->socket;
	uint32_t done;

	if (tx->nmsgs > 0) {
		done = send_messages(s, tx->msgs, tx->nmsgs, tx->bytes);
		if (done < tx->nmsgs)
			park(s, tx, done);
	}
	tx->socket = NULL;
	tx->nmsgs = 0;
	tx->used = 0;
}

void
quic_socket_writable(struct quic_socket *s)
{
	struct quic_parked *p = s->parked;
	struct list *l;

	if (p != NULL) {
		p->first += send_messages(
		    s, p->msgs + p->first, p->nmsgs - p->first, p->bytes);
		if (p->first < p->nmsgs) {
			if (s->write_event != NULL)
				(void)event_add(s->write_event, NULL);
			return;
		}
		free_parked(s);
	}
	while ((l = list_pop(&s->waiting)) != NULL)
		quic_worker_ready(
		    container_of(l, struct evquic_conn, ready_link));
}

uint8_t *
quic_tx_room(struct quic_socket *s, size_t size)
{
	struct quic_tx *tx = &s->router->worker->tx;

	if (tx->socket != s || tx->nmsgs == QUIC_TX_MESSAGES ||
	    tx->used + size > QUIC_TX_BYTES)
		quic_tx_flush(s->router->worker);
	if (s->parked != NULL)
		return NULL;
	tx->socket = s;
	return tx->bytes + tx->used;
}

/* True if a datagram may be one more segment of the batch's last message. */
static bool
continues_train(const struct quic_socket *s, const struct quic_tx_msg *last,
    const struct quic_tx_msg *next)
{
	return s->gso && next->len <= last->segment &&
	       last->len % last->segment == 0 && last->ecn == next->ecn &&
	       last->len / last->segment < QUIC_TX_SEGMENTS &&
	       last->len + next->len <= QUIC_TX_TRAIN_BYTES &&
	       memcmp(&last->remote, &next->remote, sizeof(last->remote)) ==
		   0 &&
	       memcmp(&last->local, &next->local, sizeof(last->local)) == 0;
}

void
quic_tx_commit(
    struct quic_socket *s, const ngtcp2_path *path, uint8_t ecn, size_t len)
{
	struct quic_tx *tx = &s->router->worker->tx;
	struct quic_tx_msg next = {
	    .offset = tx->used,
	    .len = (uint32_t)len,
	    .segment = (uint16_t)len,
	    .ecn = ecn,
	};

	assert(tx->socket == s && tx->used + len <= QUIC_TX_BYTES);
	(void)quic_addr_copy(&next.local, path->local.addr);
	(void)quic_addr_copy(&next.remote, path->remote.addr);
	if (tx->nmsgs > 0 &&
	    continues_train(s, &tx->msgs[tx->nmsgs - 1], &next))
		tx->msgs[tx->nmsgs - 1].len += next.len;
	else
		tx->msgs[tx->nmsgs++] = next;
	tx->used += next.len;
}
