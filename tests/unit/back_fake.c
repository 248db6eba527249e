/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network in memory; see back_fake.h.
 *
 * It behaves as Linux does where the code under test can tell: a pending error
 * is reported once, by whatever call comes next, and nothing is sent by that
 * call; a stream that was reset still hands out what had arrived.
 */
#include "tests/unit/back_fake.h"

#include <netinet/in.h>

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/wire.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

#define FIRST_FD 100
#define SERVER_PORT 53
#define LOOPBACK_FROM 100
#define LOCAL_NET UINT32_C(0xc6336400) /* 198.51.100.0 */

static struct fake_socket *
socket_of(struct fake *f, int fd)
{
	assert(fd >= FIRST_FD && fd < FIRST_FD + f->used);
	assert(f->sockets[fd - FIRST_FD].is_open);
	return &f->sockets[fd - FIRST_FD];
}

bool
fake_is_open(const struct fake *f, const struct fake_sent *sent)
{
	return f->sockets[sent->fd - FIRST_FD].is_open;
}

static int
fake_open(void *ctx, int family, int type)
{
	struct fake *f = ctx;
	struct fake_socket *s;

	(void)family;
	if (f->open_error != 0)
		return f->open_error;
	assert(f->used < FAKE_SOCKETS);
	s = &f->sockets[f->used++];
	s->is_open = true;
	s->is_stream = type == SOCK_STREAM;
	list_init(&s->in);
	return FIRST_FD + f->used - 1;
}

static uint16_t
port_of(const struct sockaddr *sa)
{
	struct sockaddr_in in;

	memcpy(&in, sa, sizeof(in));
	return ntohs(in.sin_port);
}

static int
fake_bind(void *ctx, int fd, const struct sockaddr *sa, socklen_t len)
{
	struct fake *f = ctx;
	struct fake_socket *s = socket_of(f, fd);

	(void)len;
	s->port = port_of(sa);
	if (s->port == f->taken_port)
		return -EADDRINUSE;
	for (int i = 0; i < f->used; i++) {
		struct fake_socket *other = &f->sockets[i];

		if (other != s && other->is_open && other->port == s->port)
			return -EADDRINUSE;
	}
	return 0;
}

static int
fake_connect(void *ctx, int fd, const struct sockaddr *sa, socklen_t len)
{
	struct fake *f = ctx;
	struct fake_socket *s = socket_of(f, fd);

	memcpy(&s->peer, sa, len);
	if (!s->is_stream)
		return 0;
	s->is_connecting = true;
	if (f->tcp_refuses)
		s->error = ECONNREFUSED;
	return f->connect_error != 0 ? f->connect_error : -EINPROGRESS;
}

static int
take_error(struct fake_socket *s)
{
	int error = s->error;

	s->error = 0;
	return -error;
}

static unsigned
server_of(const struct fake_socket *s)
{
	struct sockaddr_in in;

	memcpy(&in, &s->peer, sizeof(in));
	return ntohl(in.sin_addr.s_addr) & 0xff;
}

/* How long the header of the PROXY protocol is with which `data` begins; 0:
 * there is none, or not yet all of it. */
static size_t
proxy_header(const uint8_t *data, size_t len)
{
	static const uint8_t signature[] = {
	    13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10};
	size_t header_len;

	if (len < 16 || memcmp(data, signature, sizeof(signature)) != 0)
		return 0;
	header_len = 16 + (size_t)dns_get16(data + 14);
	assert(header_len <= PROXYV2_MAX);
	return len >= header_len ? header_len : 0;
}

static void
record(struct fake *f, int fd, const uint8_t *msg, size_t len)
{
	struct fake_socket *s = socket_of(f, fd);
	struct fake_datagram *d = calloc(1, sizeof(*d));
	size_t header_len = s->is_stream ? 0 : proxy_header(msg, len);

	assert(d != NULL && len <= sizeof(d->sent.msg));
	d->sent.proxy_len = s->is_stream ? s->proxy_len : header_len;
	memcpy(d->sent.proxy, s->is_stream ? s->proxy : msg, d->sent.proxy_len);
	msg += header_len;
	len -= header_len;
	d->sent.fd = fd;
	d->sent.is_tcp = s->is_stream;
	d->sent.port = s->port;
	d->sent.server = server_of(s);
	d->sent.len = len;
	memcpy(d->sent.msg, msg, len);
	list_append(&f->sent, &d->link);
}

static int
fake_sendmmsg(void *ctx, int fd, struct mmsghdr *messages, unsigned count)
{
	struct fake *f = ctx;
	struct fake_socket *s = socket_of(f, fd);

	f->sendmmsg_calls++;
	if (s->error != 0)
		return take_error(s);
	if (f->send_error != 0)
		return f->send_error;
	for (unsigned i = 0; i < count; i++) {
		const struct iovec *iov = messages[i].msg_hdr.msg_iov;

		record(f, fd, iov->iov_base, iov->iov_len);
	}
	f->datagrams += count;
	if (count > f->turn_max)
		f->turn_max = count;
	return (int)count;
}

static int
fake_recvmmsg(void *ctx, int fd, struct mmsghdr *messages, unsigned count)
{
	struct fake_socket *s = socket_of(ctx, fd);
	unsigned i = 0;

	if (s->error != 0)
		return take_error(s);
	for (; i < count && !list_is_empty(&s->in); i++) {
		struct fake_packet *p =
		    container_of(list_pop(&s->in), struct fake_packet, link);
		struct msghdr *m = &messages[i].msg_hdr;
		size_t room = m->msg_iov->iov_len;

		memcpy(m->msg_name, &p->from, sizeof(struct sockaddr_in));
		messages[i].msg_len = (unsigned)(p->len < room ? p->len : room);
		memcpy(m->msg_iov->iov_base, p->data, messages[i].msg_len);
		free(p);
	}
	return i > 0 ? (int)i : -EAGAIN;
}

/* Moves whole messages of a stream to what was sent. */
static void
take_frames(struct fake *f, int fd)
{
	struct fake_socket *s = socket_of(f, fd);
	size_t len = proxy_header(s->out, s->out_len);

	if (len > 0) {
		CU_ASSERT_EQUAL(s->proxy_len, 0);
		memcpy(s->proxy, s->out, len);
		s->proxy_len = len;
		s->out_len -= len;
		memmove(s->out, s->out + len, s->out_len);
	}
	while (s->out_len >= 2) {
		len = dns_get16(s->out);
		if (s->out_len < 2 + len)
			return;
		record(f, fd, s->out + 2, len);
		s->out_len -= 2 + len;
		memmove(s->out, s->out + 2 + len, s->out_len);
	}
}

static int
fake_local(void *ctx, int fd, struct sockaddr_storage *ret_address)
{
	struct fake *f = ctx;
	struct sockaddr_in in = {
	    .sin_family = AF_INET,
	    .sin_port = htons(socket_of(f, fd)->port),
	};

	if (f->local_error != 0)
		return f->local_error;
	in.sin_addr.s_addr = htonl(LOCAL_NET | f->local);
	memset(ret_address, 0, sizeof(*ret_address));
	memcpy(ret_address, &in, sizeof(in));
	return 0;
}

static ssize_t
fake_writev(void *ctx, int fd, const struct iovec *parts, int count)
{
	struct fake *f = ctx;
	struct fake_socket *s = socket_of(f, fd);
	size_t total = 0;

	s->writes++;
	if (s->error != 0)
		return take_error(s);
	if (f->tcp_is_broken)
		return -EPIPE;
	if (s->is_blocked)
		return -EAGAIN;
	for (int i = 0; i < count; i++) {
		s->out = realloc(s->out, s->out_len + parts[i].iov_len);
		assert(s->out != NULL);
		memcpy(
		    s->out + s->out_len, parts[i].iov_base, parts[i].iov_len);
		s->out_len += parts[i].iov_len;
		total += parts[i].iov_len;
	}
	take_frames(f, fd);
	return (ssize_t)total;
}

static ssize_t
fake_read(void *ctx, int fd, void *buf, size_t len)
{
	struct fake_socket *s = socket_of(ctx, fd);
	struct fake_packet *p;
	ssize_t n;

	if (list_is_empty(&s->in)) {
		if (s->error != 0)
			return take_error(s);
		return s->is_eof ? 0 : -EAGAIN;
	}
	p = container_of(list_pop(&s->in), struct fake_packet, link);
	assert(p->len <= len);
	memcpy(buf, p->data, p->len);
	n = (ssize_t)p->len;
	free(p);
	return n;
}

static int
fake_error(void *ctx, int fd)
{
	return take_error(socket_of(ctx, fd));
}

static void
fake_close_fd(void *ctx, int fd)
{
	struct fake_socket *s = socket_of(ctx, fd);

	while (!list_is_empty(&s->in))
		free(container_of(list_pop(&s->in), struct fake_packet, link));
	free(s->out);
	*s = (struct fake_socket){.is_open = false};
}

static int
fake_watch(void *ctx, struct net_watch *watch, unsigned what)
{
	struct fake *f = ctx;

	if (watch->fd < 0) {
		if (what == 0 && f->flush == watch)
			f->is_raised = false;
		return 0;
	}
	socket_of(f, watch->fd)->watch = watch;
	socket_of(f, watch->fd)->what = what;
	return 0;
}

static void
fake_raise(void *ctx, struct net_watch *watch)
{
	struct fake *f = ctx;

	f->flush = watch;
	f->is_raised = true;
}

static const struct net_io_ops fake_ops = {
    .open = fake_open,
    .bind = fake_bind,
    .connect = fake_connect,
    .sendmmsg = fake_sendmmsg,
    .recvmmsg = fake_recvmmsg,
    .local = fake_local,
    .writev = fake_writev,
    .read = fake_read,
    .error = fake_error,
    .close = fake_close_fd,
    .watch = fake_watch,
    .raise = fake_raise,
};

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void
fill_random(void *ctx, uint8_t *out, size_t len)
{
	struct fake *f = ctx;

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)next_random(&f->seed);
}

static nsec
fake_now(void *ctx)
{
	return ((struct fake *)ctx)->now;
}

void
fake_init(struct fake *f, uint64_t seed)
{
	memset(f, 0, sizeof(*f));
	f->io = (struct net_io){.ops = &fake_ops, .ctx = f};
	f->seed = seed;
	f->now = 1000 * NSEC_PER_SEC;
	f->sockets = calloc(FAKE_SOCKETS, sizeof(*f->sockets));
	assert(f->sockets != NULL);
	random_init(&f->random, fill_random, f);
	list_init(&f->sent);
	f->config.upstream.servers.item = f->servers;
	f->config.upstream.timeout_ms = 2000;
	f->config.limits.query_timeout_ms = 4000;
}

static void
make_addr(struct config_addr *addr, unsigned n, unsigned port)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	in.sin_addr.s_addr = htonl(
	    (n > LOOPBACK_FROM ? UINT32_C(0x7f000000) : UINT32_C(0xc0000200)) |
	    n);
	memset(addr, 0, sizeof(*addr));
	memcpy(&addr->ss, &in, sizeof(in));
	addr->len = sizeof(in);
}

void
fake_server(struct fake *f, enum config_scheme scheme, unsigned n)
{
	size_t i = f->config.upstream.servers.count++;

	assert(i < FAKE_SERVERS);
	make_addr(&f->addrs[i], n, SERVER_PORT);
	f->servers[i] = (struct config_server){
	    .scheme = scheme,
	    .port = SERVER_PORT,
	    .addresses = {.item = &f->addrs[i], .count = 1},
	};
}

void
fake_start(struct fake *f)
{
	struct upstream_env env = {
	    .for_zones = f->for_zones,
	    .timers = &f->timers,
	    .random = &f->random,
	    .now = fake_now,
	    .ctx = f,
	    .io = &f->io,
	    .counters = &f->counters,
	};

	f->upstream = upstream_new(&env, &f->config);
	assert(f->upstream != NULL);
}

void
fake_begin(
    struct fake *f, uint64_t seed, enum config_scheme scheme, unsigned servers)
{
	fake_init(f, seed);
	for (unsigned i = 1; i <= servers; i++)
		fake_server(f, scheme, i);
	fake_start(f);
}

void
fake_done(struct fake *f)
{
	struct fake_sent sent;

	upstream_free(f->upstream);
	CU_ASSERT_EQUAL(fake_open_sockets(f), 0);
	CU_ASSERT_EQUAL(timers_next(&f->timers), NSEC_NEVER);
	CU_ASSERT_EQUAL(counter_get(&f->counters.udp_sockets), 0);
	CU_ASSERT_EQUAL(counter_get(&f->counters.tcp_connections), 0);
	CU_ASSERT_EQUAL(counter_get(&f->counters.asks_outstanding), 0);
	while (fake_take(f, &sent))
		continue;
	random_done(&f->random);
	free(f->sockets);
}

static unsigned
readiness(const struct fake *f, const struct fake_socket *s)
{
	unsigned what = 0;

	if (!s->is_open || s->watch == NULL)
		return 0;
	if (s->is_connecting)
		return f->tcp_is_silent ? 0 : s->what & NET_WRITABLE;
	if (!list_is_empty(&s->in) || s->error != 0 || s->is_eof)
		what |= NET_READABLE;
	if (s->is_stream && !s->is_blocked)
		what |= NET_WRITABLE;
	return what & s->what;
}

static void
run_flush(struct fake *f)
{
	if (!f->is_raised)
		return;
	f->is_raised = false;
	f->flush->ready(f->flush, 0);
}

void
fake_turn(struct fake *f)
{
	int used = f->used;

	for (int i = 0; i < used; i++) {
		struct fake_socket *s = &f->sockets[i];
		unsigned what = readiness(f, s);

		if (what == 0)
			continue;
		s->is_connecting = false;
		s->watch->ready(s->watch, what);
	}
	/* Raised by the flush itself: libevent runs it in the same turn. */
	for (int i = 0; i < 4; i++)
		run_flush(f);
}

void
fake_advance(struct fake *f, nsec span)
{
	nsec end = f->now + span;

	while (timers_next(&f->timers) <= end) {
		if (timers_next(&f->timers) > f->now)
			f->now = timers_next(&f->timers);
		timers_run(&f->timers, f->now);
		fake_turn(f);
	}
	f->now = end;
	fake_turn(f);
}

static void
on_done(struct upstream_ask *ask, const struct upstream_result *result)
{
	struct fake_ask *a = container_of(ask, struct fake_ask, ask);
	const struct dns_response *r = result->response;

	a->calls++;
	a->status = result->status;
	a->is_ad_trusted = result->is_ad_trusted;
	CU_ASSERT((result->status == 0) == (r != NULL));
	/* First this: what was lent must outlive it. */
	if (a->cancel != NULL)
		upstream_cancel(&a->cancel->ask);
	if (r == NULL)
		return;
	a->rcode = r->rcode;
	a->is_truncated = (r->flags & DNS_FLAG_TC) != 0;
	a->answer_len = r->len;
	a->answers = dns_get16(r->msg + DNS_OFF_ANCOUNT);
	a->last = a->answers > 0 ? r->msg[r->records + 15] : 0;
}

void
fake_raw_query(struct fake_ask *a, const uint8_t *msg, size_t len)
{
	memset(a, 0, sizeof(*a));
	assert(len <= sizeof(a->msg));
	memcpy(a->msg, msg, len);
	a->len = len;
	a->ask.done = on_done;
	CU_ASSERT_EQUAL(
	    dns_query_parse(a->msg, a->len, &a->query), DNS_VERDICT_OK);
}

void
fake_query(struct fake_ask *a, const char *name, unsigned type, bool has_edns,
    bool is_do)
{
	static const uint32_t do_bit = DNS_EDNS_DO;
	struct dnsmsg *m = malloc(sizeof(*m));

	assert(m != NULL);
	dnsmsg_query(m, name, type);
	if (has_edns)
		dnsmsg_opt(m, DNS_EDNS_SIZE, is_do ? do_bit : 0, NULL, 0);
	fake_raw_query(a, m->data, m->len);
	free(m);
}

void
fake_ask(struct fake *f, struct fake_ask *a)
{
	unsigned calls = a->calls;

	CU_ASSERT_EQUAL_FATAL(
	    upstream_start(f->upstream, &a->ask, &a->query, 0), 0);
	CU_ASSERT_EQUAL(a->calls, calls);
	fake_turn(f);
}

bool
fake_take(struct fake *f, struct fake_sent *ret_sent)
{
	struct list *l = list_pop(&f->sent);
	struct fake_datagram *d;

	if (l == NULL)
		return false;
	d = container_of(l, struct fake_datagram, link);
	*ret_sent = d->sent;
	free(d);
	return true;
}

size_t
fake_answer(const struct fake_sent *sent, unsigned rcode, unsigned last,
    uint8_t ret_msg[FAKE_MSG_MAX])
{
	static const uint8_t a[] = {
	    0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2};
	static const uint8_t opt[] = {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0};
	size_t len = DNS_HEADER_SIZE;
	uint8_t *p = ret_msg;

	len += dns_name_length(sent->msg + len) + DNS_QUESTION_FIXED;
	memcpy(p, sent->msg, len);
	dns_put16(p + DNS_OFF_FLAGS,
	    (uint16_t)(dns_get16(p + DNS_OFF_FLAGS) | DNS_FLAG_QR |
		       DNS_FLAG_RA | (rcode & DNS_RCODE_MASK)));
	if (rcode == 0) {
		memcpy(p + len, a, sizeof(a));
		len += sizeof(a);
		p[len++] = (uint8_t)last;
		dns_put16(p + DNS_OFF_ANCOUNT, 1);
	}
	if (dns_get16(sent->msg + DNS_OFF_ARCOUNT) > 0) {
		memcpy(p + len, opt, sizeof(opt));
		p[len + 5] = (uint8_t)(rcode >> 4);
		len += sizeof(opt);
	}
	return len;
}

static void
give(struct fake *f, int fd, const struct sockaddr_storage *from,
    const uint8_t *data, size_t len)
{
	struct fake_packet *p = calloc(1, sizeof(*p) + len);

	assert(p != NULL);
	p->from = *from;
	p->len = len;
	if (len > 0)
		memcpy(p->data, data, len);
	list_append(&socket_of(f, fd)->in, &p->link);
}

void
fake_give_octets(struct fake *f, int fd, const uint8_t *data, size_t len)
{
	give(f, fd, &socket_of(f, fd)->peer, data, len);
}

void
fake_give(struct fake *f, const struct fake_sent *sent, const uint8_t *msg,
    size_t len)
{
	uint8_t prefix[2];

	if (sent->is_tcp) {
		dns_put16(prefix, (uint16_t)len);
		fake_give_octets(f, sent->fd, prefix, sizeof(prefix));
	}
	fake_give_octets(f, sent->fd, msg, len);
}

void
fake_give_from(struct fake *f, const struct fake_sent *sent, unsigned server,
    unsigned port, const uint8_t *msg, size_t len)
{
	struct config_addr addr;

	make_addr(&addr, server, port);
	give(f, sent->fd, &addr.ss, msg, len);
}

void
fake_reply(
    struct fake *f, const struct fake_sent *sent, unsigned rcode, unsigned last)
{
	uint8_t msg[FAKE_MSG_MAX];
	size_t len = fake_answer(sent, rcode, last, msg);

	fake_give(f, sent, msg, len);
	fake_turn(f);
}

void
fake_close(struct fake *f, int fd)
{
	socket_of(f, fd)->is_eof = true;
}

void
fake_icmp(struct fake *f, int fd)
{
	socket_of(f, fd)->error = ECONNREFUSED;
}

static unsigned
count_sockets(const struct fake *f, bool streams_only)
{
	unsigned count = 0;

	for (int i = 0; i < f->used; i++) {
		if (f->sockets[i].is_open &&
		    (!streams_only || f->sockets[i].is_stream))
			count++;
	}
	return count;
}

unsigned
fake_open_sockets(const struct fake *f)
{
	return count_sockets(f, false);
}

unsigned
fake_open_streams(const struct fake *f)
{
	return count_sockets(f, true);
}
