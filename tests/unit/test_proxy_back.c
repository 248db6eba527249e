/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Servers that are told of the client by the PROXY protocol: in each datagram,
 * at the beginning of each connection, and so that nobody's query goes by a
 * connection of somebody else.  Network and clock: back_fake.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/back/internal.h"
#include "resolver/net/addr.h"
#include "tests/unit/back_fake.h"
#include "tests/unit/unit.h"

enum {
	TYPE_A = 1,
	LOCAL_PORT = 853,
	CLIENTS = BACK_LANES_MAX + 1
};

static struct fake f;
static struct fake_ask asks[CLIENTS];
static union net_addr clients[CLIENTS];
static union net_addr here;

static union net_addr
address(uint32_t host, unsigned port)
{
	return (union net_addr){.in = {
				    .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port),
				    .sin_addr.s_addr = htonl(host),
				}};
}

static void
set_up(enum config_scheme scheme)
{
	here = address(INADDR_LOOPBACK, LOCAL_PORT);
	for (unsigned i = 0; i < CLIENTS; i++)
		clients[i] = address(UINT32_C(0xc6336400) + i, 1000 + i);
	fake_init(&f, 5);
	fake_server(&f, scheme, 1);
	f.servers[0].is_proxied = true;
	fake_start(&f);
}

static void
turns(unsigned count)
{
	while (count-- > 0)
		fake_turn(&f);
}

/* Starts question `i` for a client. */
static int
start_for(unsigned i, const union net_addr *client)
{
	fake_query(&asks[i], "www.example", TYPE_A, true, false);
	asks[i].ask.client = client != NULL ? &client->sa : NULL;
	asks[i].ask.local = &here.sa;
	return upstream_start(f.upstream, &asks[i].ask, &asks[i].query, 0);
}

/* The same, and takes what the server gets. */
static struct fake_sent
ask_for(unsigned i, const union net_addr *client)
{
	struct fake_sent sent = {.fd = -1};

	CU_ASSERT_EQUAL_FATAL(start_for(i, client), 0);
	turns(3);
	CU_ASSERT_FATAL(fake_take(&f, &sent));
	return sent;
}

static bool
names(
    const struct fake_sent *sent, const union net_addr *client, int socket_type)
{
	uint8_t want[PROXYV2_MAX];
	size_t len = proxyv2_write(
	    client != NULL ? &client->sa : NULL, &here.sa, socket_type, want);

	return sent->proxy_len == len && memcmp(sent->proxy, want, len) == 0;
}

static void
datagrams(void)
{
	struct fake_sent sent[2];

	set_up(CONFIG_UDP);
	CU_ASSERT_EQUAL(start_for(0, &clients[0]), 0);
	CU_ASSERT_EQUAL(start_for(1, &clients[1]), 0);
	turns(1);
	for (unsigned i = 0; i < 2; i++) {
		CU_ASSERT_FATAL(fake_take(&f, &sent[i]));
		CU_ASSERT(names(&sent[i], &clients[i], SOCK_DGRAM));
	}
	fake_reply(&f, &sent[1], 0, 1);
	fake_reply(&f, &sent[0], 0, 2);
	CU_ASSERT(asks[0].calls == 1 && asks[0].last == 2);
	CU_ASSERT(asks[1].calls == 1 && asks[1].last == 1);
	fake_done(&f);
}

/* Each time that it is sent; and a query of our own is nobody's. */
static void
repeated(void)
{
	struct fake_sent sent;

	set_up(CONFIG_UDP);
	(void)ask_for(0, &clients[0]);
	fake_advance(&f, UPSTREAM_FIRST_WAIT);
	CU_ASSERT_FATAL(fake_take(&f, &sent));
	CU_ASSERT(names(&sent, &clients[0], SOCK_DGRAM));
	fake_reply(&f, &sent, 0, 1);
	sent = ask_for(1, NULL);
	CU_ASSERT(names(&sent, NULL, SOCK_DGRAM));
	fake_reply(&f, &sent, 0, 1);
	fake_done(&f);
}

static void
truncated(void)
{
	uint8_t msg[FAKE_MSG_MAX];
	struct fake_sent sent;
	size_t len;

	set_up(CONFIG_UDP);
	sent = ask_for(0, &clients[0]);
	len = fake_answer(&sent, 0, 1, msg);
	msg[DNS_OFF_FLAGS] |= DNS_FLAG_TC >> 8;
	fake_give(&f, &sent, msg, len);
	turns(3);
	CU_ASSERT_FATAL(fake_take(&f, &sent));
	CU_ASSERT(sent.is_tcp && names(&sent, &clients[0], SOCK_STREAM));
	fake_reply(&f, &sent, 0, 7);
	CU_ASSERT(asks[0].status == 0 && asks[0].last == 7);
	fake_done(&f);
}

static void
connections(void)
{
	union net_addr moved = clients[0];
	struct fake_sent one;
	struct fake_sent two;
	struct fake_sent again;
	struct fake_sent sent;

	set_up(CONFIG_TCP);
	one = ask_for(0, &clients[0]);
	CU_ASSERT(names(&one, &clients[0], SOCK_STREAM));
	CU_ASSERT_EQUAL(f.sockets[0].writes, 1); /* with the first query */
	two = ask_for(1, &clients[1]);
	CU_ASSERT(two.fd != one.fd && names(&two, &clients[1], SOCK_STREAM));
	again = ask_for(2, &clients[0]);
	CU_ASSERT_EQUAL(again.fd, one.fd);
	moved.in.sin_port = htons(9);
	sent = ask_for(3, &moved);
	CU_ASSERT(sent.fd != one.fd && names(&sent, &moved, SOCK_STREAM));
	CU_ASSERT_EQUAL(fake_open_streams(&f), 3);
	CU_ASSERT_EQUAL(counter_get(&f.counters.tcp_clients), 3);
	fake_reply(&f, &two, 0, 1);
	CU_ASSERT(asks[1].calls == 1 && asks[0].calls == 0);
	fake_reply(&f, &one, 0, 1);
	fake_reply(&f, &again, 0, 1);
	fake_reply(&f, &sent, 0, 1);
	fake_advance(&f, 2 * BACK_CONN_IDLE_TIME);
	CU_ASSERT_EQUAL(counter_get(&f.counters.tcp_clients), 0);
	fake_done(&f);
}

/* A connection that the server closed: told again by the next. */
static void
asked_again(void)
{
	struct fake_sent sent;
	int fd;

	set_up(CONFIG_TCP);
	sent = ask_for(0, &clients[0]);
	fd = sent.fd;
	fake_close(&f, fd);
	turns(4);
	CU_ASSERT_FATAL(fake_take(&f, &sent));
	CU_ASSERT(sent.fd != fd && names(&sent, &clients[0], SOCK_STREAM));
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT(asks[0].status == 0);
	fake_done(&f);
}

/* More clients than there may be connections: the idle one longest goes. */
static void
evicted(void)
{
	struct fake_sent sent[CLIENTS];
	struct fake_sent again;

	set_up(CONFIG_TCP);
	for (unsigned i = 0; i < BACK_LANES_MAX; i++) {
		sent[i] = ask_for(i, &clients[i]);
		if (i != 0)
			fake_reply(&f, &sent[i], 0, 1);
	}
	CU_ASSERT_EQUAL(fake_open_streams(&f), BACK_LANES_MAX);
	/* Number 0 still waits, number 1 is used again. */
	again = ask_for(1, &clients[1]);
	CU_ASSERT_EQUAL(again.fd, sent[1].fd);
	fake_reply(&f, &again, 0, 1);
	(void)ask_for(CLIENTS - 1, &clients[CLIENTS - 1]);
	CU_ASSERT_EQUAL(fake_open_streams(&f), BACK_LANES_MAX);
	CU_ASSERT_EQUAL(counter_get(&f.counters.tcp_clients_evicted), 1);
	CU_ASSERT_EQUAL(counter_get(&f.counters.tcp_clients), BACK_LANES_MAX);
	CU_ASSERT(!f.sockets[sent[2].fd - sent[0].fd].is_open);
	fake_reply(&f, &sent[0], 0, 1);
	CU_ASSERT(asks[0].calls == 1 && asks[0].status == 0);
	fake_done(&f);
}

/* All are busy: one more is refused, until one is idle. */
static void
refused(void)
{
	const union net_addr *last = &clients[CLIENTS - 1];
	struct fake_sent sent;
	struct fake_sent other;

	set_up(CONFIG_TCP);
	sent = ask_for(0, &clients[0]);
	for (unsigned i = 1; i < BACK_LANES_MAX; i++)
		(void)ask_for(i, &clients[i]);
	CU_ASSERT_EQUAL(start_for(CLIENTS - 1, last), -EAGAIN);
	CU_ASSERT_EQUAL(counter_get(&f.counters.tcp_clients_refused), 1);
	turns(2);
	CU_ASSERT_EQUAL(fake_open_streams(&f), BACK_LANES_MAX);
	fake_reply(&f, &sent, 0, 1);
	other = ask_for(CLIENTS - 1, last);
	CU_ASSERT(names(&other, last, SOCK_STREAM));
	CU_ASSERT_EQUAL(fake_open_streams(&f), BACK_LANES_MAX);
	fake_done(&f);
}

/* Clients of one turn do not push each other out before they were served. */
static void
burst(void)
{
	struct fake_sent sent;
	unsigned got = 0;

	set_up(CONFIG_TCP);
	for (unsigned i = 0; i < CLIENTS; i++)
		CU_ASSERT_EQUAL(start_for(i, &clients[i]),
		    i < BACK_LANES_MAX ? 0 : -EAGAIN);
	turns(3);
	for (; fake_take(&f, &sent); got++)
		CU_ASSERT_EQUAL(sent.proxy_len, 28);
	CU_ASSERT_EQUAL(got, BACK_LANES_MAX);
	fake_done(&f);
}

/* The key changes: to another server, as it were. */
static void
reload(void)
{
	struct fake_sent sent;
	int fd;

	set_up(CONFIG_TCP);
	sent = ask_for(0, &clients[0]);
	fd = sent.fd;
	f.servers[0].is_proxied = false;
	CU_ASSERT_EQUAL(upstream_reload(f.upstream, &f.config), 0);
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(asks[0].status, 0);
	sent = ask_for(1, &clients[0]);
	CU_ASSERT(sent.fd != fd && sent.proxy_len == 0);
	sent = ask_for(2, &clients[1]);
	CU_ASSERT_EQUAL(fake_open_streams(&f), 1);
	fake_done(&f);
}

void
test_proxy_back_register(void)
{
	CU_pSuite suite = unit_suite("proxy_back");

	unit_test(suite, "datagrams", datagrams);
	unit_test(suite, "repeated", repeated);
	unit_test(suite, "truncated", truncated);
	unit_test(suite, "connections", connections);
	unit_test(suite, "asked_again", asked_again);
	unit_test(suite, "evicted", evicted);
	unit_test(suite, "refused", refused);
	unit_test(suite, "burst", burst);
	unit_test(suite, "reload", reload);
}
