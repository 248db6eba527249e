/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A framed stream over the network in memory of back_fake.h: what arrives in
 * any pieces, what is written in one, and what happens when the owner closes
 * it from within its own callback.
 */
#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/limits.h"
#include "resolver/net/stream.h"
#include "tests/unit/back_fake.h"
#include "tests/unit/unit.h"

#define FD 100
#define MSG_LEN 12

static struct fake f;

static struct owner {
	struct net_stream stream;
	unsigned opened;
	unsigned messages;
	unsigned closed;
	int error;
	size_t last_len;
	uint8_t last_byte;
	bool closes_at_message;
	bool closes_at_open;
	bool reconnects;
	bool pauses;
} o;

static struct buf_store bufs;
static struct net_stream_env env;
static uint8_t scratch[NET_STREAM_READ_SIZE];

static void
start_connect(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(53)};

	in.sin_addr.s_addr = htonl(0xc0000201);
	CU_ASSERT_EQUAL(net_stream_connect(&o.stream, (const void *)&in,
			    sizeof(in), f.now + NSEC_PER_SEC),
	    0);
}

static void
on_open(struct net_stream *s)
{
	o.opened++;
	if (o.closes_at_open)
		net_stream_close(s);
}

static void
on_message(struct net_stream *s, const uint8_t *msg, size_t len)
{
	o.messages++;
	if (o.closes_at_message)
		net_stream_close(s);
	if (o.reconnects)
		start_connect();
	if (o.pauses)
		net_stream_pause(s);
	/* Lent for the call, whatever became of the stream. */
	o.last_len = len;
	o.last_byte = msg[len - 1];
}

static void
on_closed(struct net_stream *s, int error)
{
	CU_ASSERT_EQUAL(s->state, NET_STREAM_IDLE);
	o.closed++;
	o.error = error;
}

static const struct net_stream_app app = {
    .on_open = on_open,
    .on_message = on_message,
    .on_closed = on_closed,
};

static void
set_up(void)
{
	fake_init(&f, 1);
	fake_start(&f); /* without a server: only the network is used */
	memset(&o, 0, sizeof(o));
	buf_store_init(&bufs, NULL);
	env = (struct net_stream_env){
	    .io = &f.io, .timers = &f.timers, .scratch = scratch};
	net_stream_init(&o.stream, &env, &app);
}

static void
tear_down(void)
{
	net_stream_close(&o.stream);
	buf_store_done(&bufs); /* asserts that nothing is left */
	fake_done(&f);
}

static void
open_it(void)
{
	start_connect();
	CU_ASSERT_EQUAL(o.opened, 0);
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.opened, 1);
	CU_ASSERT_EQUAL(o.stream.state, NET_STREAM_OPEN);
}

static void
open_again(void)
{
	start_connect();
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.stream.state, NET_STREAM_OPEN);
}

static struct evquic_buf *
message(size_t len, uint8_t fill)
{
	struct evquic_buf *b = buf_new(&bufs, len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	memset(b->data, fill, len);
	b->len = (uint32_t)len;
	return b;
}

static void
octet_by_octet(void)
{
	uint8_t in[2 * (2 + MSG_LEN)] = {0, MSG_LEN};

	set_up();
	open_it();
	in[2 + MSG_LEN + 1] = MSG_LEN;
	in[sizeof(in) - 1] = 9;
	for (size_t i = 0; i < sizeof(in); i++) {
		fake_give_octets(&f, FD, in + i, 1);
		fake_turn(&f);
		CU_ASSERT_EQUAL(o.messages, (i + 1) / (2 + MSG_LEN));
	}
	CU_ASSERT_EQUAL(o.closed, 0);
	CU_ASSERT_EQUAL(o.last_len, MSG_LEN);
	CU_ASSERT_EQUAL(o.last_byte, 9);
	fake_close(&f, FD);
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.closed, 1);
	CU_ASSERT_EQUAL(o.error, 0);
	tear_down();
}

static void
many_at_once(void)
{
	uint8_t in[100 * (2 + MSG_LEN)] = {0};

	set_up();
	open_it();
	for (size_t i = 0; i < 100; i++)
		in[i * (2 + MSG_LEN) + 1] = MSG_LEN;
	fake_give_octets(&f, FD, in, sizeof(in));
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.messages, 100);
	tear_down();
}

static void
faults(void)
{
	static const uint8_t zero[] = {0, 0};
	static const uint8_t eleven[] = {0, 11};
	static const uint8_t promised[] = {0xff, 0xff, 1, 2, 3};

	set_up();
	open_it();
	fake_give_octets(&f, FD, zero, sizeof(zero));
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.error, -EBADMSG);
	start_connect();
	fake_turn(&f);
	fake_give_octets(&f, FD + 1, eleven, sizeof(eleven));
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.error, -EBADMSG);
	start_connect();
	fake_turn(&f);
	fake_give_octets(&f, FD + 2, promised, sizeof(promised));
	fake_close(&f, FD + 2);
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.error, -ECONNRESET);
	CU_ASSERT_EQUAL(o.closed, 3);
	CU_ASSERT_EQUAL(o.messages, 0);
	CU_ASSERT_EQUAL(fake_open_streams(&f), 0);
	tear_down();
}

static void
connect_fails(void)
{
	set_up();
	f.tcp_refuses = true;
	start_connect();
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.closed, 1);
	CU_ASSERT_EQUAL(o.error, -ECONNREFUSED);
	CU_ASSERT_EQUAL(o.opened, 0);
	f.tcp_refuses = false;
	f.tcp_is_silent = true;
	start_connect();
	fake_advance(&f, NSEC_PER_SEC - 1);
	CU_ASSERT_EQUAL(o.closed, 1);
	fake_advance(&f, 1);
	CU_ASSERT_EQUAL(o.closed, 2);
	CU_ASSERT_EQUAL(o.error, -ETIMEDOUT);
	tear_down();
}

/* Three messages, each with its length, in one write (RFC 7766 8). */
static void
one_write(void)
{
	struct fake_sent sent;
	unsigned count = 0;

	set_up();
	start_connect();
	/* Before the connection stands: they wait. */
	for (uint8_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(
		    net_stream_send(&o.stream, message(MSG_LEN, i)), 0);
	net_stream_flush(&o.stream);
	CU_ASSERT_EQUAL(f.sockets[0].writes, 0);
	fake_turn(&f);
	CU_ASSERT_EQUAL(f.sockets[0].writes, 1);
	while (fake_take(&f, &sent)) {
		CU_ASSERT_EQUAL(sent.len, MSG_LEN);
		CU_ASSERT_EQUAL(sent.msg[0], count);
		count++;
	}
	CU_ASSERT_EQUAL(count, 3);
	tear_down();
}

static void
blocked(void)
{
	struct fake_sent sent;
	size_t queued = 0;

	set_up();
	open_it();
	f.sockets[0].is_blocked = true;
	while (net_stream_send(&o.stream, message(1000, 1)) == 0) {
		queued++;
		CU_ASSERT_FATAL(queued < 2000);
	}
	/* Bounded, and said before. */
	CU_ASSERT_EQUAL(queued, (NET_STREAM_MAX_UNSENT + 1001) / 1002);
	CU_ASSERT(!net_stream_can_send(&o.stream));
	net_stream_flush(&o.stream);
	fake_turn(&f);
	CU_ASSERT(!fake_take(&f, &sent));
	f.sockets[0].is_blocked = false;
	fake_turn(&f);
	while (fake_take(&f, &sent))
		queued--;
	CU_ASSERT_EQUAL(queued, 0);
	CU_ASSERT(net_stream_can_send(&o.stream));
	tear_down();
}

/* The peer closed for writing, but its answers lie there. */
static void
broken_write(void)
{
	uint8_t in[2 + MSG_LEN] = {0, MSG_LEN};

	set_up();
	open_it();
	f.tcp_is_broken = true;
	fake_give_octets(&f, FD, in, sizeof(in));
	CU_ASSERT_EQUAL(net_stream_send(&o.stream, message(MSG_LEN, 1)), 0);
	net_stream_flush(&o.stream);
	CU_ASSERT_EQUAL(o.closed, 0);
	CU_ASSERT(!net_stream_can_send(&o.stream));
	CU_ASSERT_EQUAL(
	    net_stream_send(&o.stream, message(MSG_LEN, 1)), -ENOTCONN);
	fake_close(&f, FD);
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.messages, 1);
	CU_ASSERT_EQUAL(o.closed, 1);
	tear_down();
}

static void
wrong_sizes(void)
{
	struct evquic_buf *b;

	set_up();
	open_it();
	b = message(MSG_LEN, 1);
	b->len = 0;
	CU_ASSERT_EQUAL(net_stream_send(&o.stream, b), -EMSGSIZE);
	net_stream_close(&o.stream);
	CU_ASSERT_EQUAL(
	    net_stream_send(&o.stream, message(MSG_LEN, 1)), -ENOTCONN);
	tear_down();
}

/* The message came in two pieces: it lies in the reader's own memory. */
static void
close_within_message(void)
{
	uint8_t in[2 * (2 + MSG_LEN)] = {0, MSG_LEN};

	set_up();
	open_it();
	in[2 + MSG_LEN + 1] = MSG_LEN;
	in[1 + MSG_LEN] = 7;
	o.closes_at_message = true;
	fake_give_octets(&f, FD, in, 5);
	fake_turn(&f);
	fake_give_octets(&f, FD, in + 5, sizeof(in) - 5);
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.messages, 1);
	CU_ASSERT_EQUAL(o.last_byte, 7);
	CU_ASSERT_EQUAL(o.closed, 0);
	CU_ASSERT_EQUAL(fake_open_streams(&f), 0);
	tear_down();
}

static void
reconnect_within_message(void)
{
	uint8_t in[2 * (2 + MSG_LEN)] = {0, MSG_LEN};

	set_up();
	open_it();
	in[2 + MSG_LEN + 1] = MSG_LEN;
	o.closes_at_message = o.reconnects = true;
	fake_give_octets(&f, FD, in, sizeof(in));
	fake_turn(&f);
	/* The second message was the old connection's: gone with it. */
	CU_ASSERT_EQUAL(o.messages, 1);
	CU_ASSERT_EQUAL(o.stream.state, NET_STREAM_CONNECTING);
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.opened, 2);
	tear_down();
}

static void
close_within_open(void)
{
	set_up();
	o.closes_at_open = true;
	start_connect();
	CU_ASSERT_EQUAL(net_stream_send(&o.stream, message(MSG_LEN, 1)), 0);
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.opened, 1);
	CU_ASSERT_EQUAL(o.stream.state, NET_STREAM_IDLE);
	CU_ASSERT_EQUAL(o.closed, 0);
	net_stream_close(&o.stream);
	tear_down();
}

/* Who is paused reads no more, but takes what was read; writing goes on. */
static void
pause_and_resume(void)
{
	uint8_t in[2 * (2 + MSG_LEN)] = {0, MSG_LEN};

	set_up();
	open_it();
	in[2 + MSG_LEN + 1] = MSG_LEN;
	o.pauses = true;
	fake_give_octets(&f, FD, in, sizeof(in));
	fake_give_octets(&f, FD, in, sizeof(in));
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.messages, 2);
	fake_close(&f, FD);
	CU_ASSERT_EQUAL(net_stream_send(&o.stream, message(MSG_LEN, 1)), 0);
	net_stream_flush(&o.stream);
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.messages, 2);
	CU_ASSERT_EQUAL(o.closed, 0);
	CU_ASSERT_EQUAL(f.sockets[0].writes, 1);
	o.pauses = false;
	net_stream_resume(&o.stream);
	CU_ASSERT_EQUAL(o.messages, 2); /* not from within */
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.messages, 4);
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.closed, 1);
	/* A new connection is not paused. */
	net_stream_pause(&o.stream);
	open_again();
	fake_give_octets(&f, FD + 1, in, sizeof(in));
	fake_turn(&f);
	CU_ASSERT_EQUAL(o.messages, 6);
	tear_down();
}

void
test_net_stream_register(void)
{
	CU_pSuite suite = unit_suite("net_stream");

	unit_test(suite, "octet_by_octet", octet_by_octet);
	unit_test(suite, "many_at_once", many_at_once);
	unit_test(suite, "faults", faults);
	unit_test(suite, "connect_fails", connect_fails);
	unit_test(suite, "one_write", one_write);
	unit_test(suite, "blocked", blocked);
	unit_test(suite, "broken_write", broken_write);
	unit_test(suite, "wrong_sizes", wrong_sizes);
	unit_test(suite, "close_within_message", close_within_message);
	unit_test(suite, "reconnect_within_message", reconnect_within_message);
	unit_test(suite, "close_within_open", close_within_open);
	unit_test(suite, "pause_and_resume", pause_and_resume);
}
