/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bounds that nobody reaches who means well: datagrams that wait for another
 * worker, closed connections that are remembered, new ones of one wake-up.
 */
#include "tests/fake/duo.h"

#include <string.h>

#include "tests/unit/unit.h"

enum {
	MORE = 10,
	PORT = 40001
};

static struct duo d;

static uint64_t
count(const char *name)
{
	return sim_server_count(&d.sim, name);
}

/* Hands `n` datagrams over that the other worker has no use for. */
static void
hand_over(unsigned n)
{
	struct quic_router *from = quic_endpoint_router(d.sim.server, 0);
	struct quic_router *to = quic_endpoint_router(d.sim.server, 1);
	union quic_addr remote = net_addr(AF_INET, false, PORT);
	ngtcp2_path path = {
	    .local = {&d.sim.bound.sa, quic_addr_len(&d.sim.bound)},
	    .remote = {&remote.sa, quic_addr_len(&remote)},
	};
	ngtcp2_pkt_info pi = {0};
	uint8_t byte = 0;

	while (n-- > 0)
		quic_inbox_put(to,
		    container_of(from->sockets.next, struct quic_socket, link),
		    &path, &pi, &byte, sizeof(byte));
}

/* A worker that stands still is handed so many, and the rest is lost; when it
 * goes on it is handed more. */
static void
test_inbox(void)
{
	struct duo_options o = {.workers = 2};

	duo_init(&d, &o);
	hand_over(QUIC_INBOX_MAX + MORE);
	CU_ASSERT(count("handovers") == QUIC_INBOX_MAX);
	CU_ASSERT(count("handovers_lost") == MORE);
	CU_ASSERT(count("drop_fixed_bit") == 0);
	sim_run(&d.sim, 0);
	CU_ASSERT(count("drop_fixed_bit") == QUIC_INBOX_MAX);
	hand_over(MORE);
	CU_ASSERT(count("handovers") == QUIC_INBOX_MAX + MORE);
	CU_ASSERT(count("handovers_lost") == MORE);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

static uint64_t
tombstones(void)
{
	struct evquic_accounts a;

	sim_accounts(d.sim.servers, 1, &a);
	return a.tombstones;
}

/* So many closed connections are remembered; then the oldest one is forgotten
 * for each, and its IDs lead nowhere. */
static void
test_tombstones(void)
{
	uint8_t packet[40] = {0}, id[NGTCP2_MAX_CIDLEN];
	struct quic_router *r;
	struct evquic_conn *c;
	nsec end;
	size_t len;

	duo_init_open(&d, NULL);
	r = quic_endpoint_router(d.sim.server, 0);
	c = d.server.conn;
	end = d.sim.net.now + NSEC_PER_SEC;
	len = container_of(c->cids.next, struct quic_cid, link)->len;
	memcpy(
	    id, container_of(c->cids.next, struct quic_cid, link)->bytes, len);
	/* The first one takes the IDs along. */
	for (unsigned i = 0; i < QUIC_MAX_TOMBSTONES; i++)
		quic_router_bury(c, packet, sizeof(packet), end);
	CU_ASSERT(tombstones() == QUIC_MAX_TOMBSTONES);
	CU_ASSERT(count("tombstones_forgotten") == 0);
	CU_ASSERT(quic_cid_find(r, id, len) != NULL);
	for (unsigned i = 0; i < MORE; i++)
		quic_router_bury(c, packet, sizeof(packet), end);
	CU_ASSERT(tombstones() == QUIC_MAX_TOMBSTONES);
	CU_ASSERT(count("tombstones_forgotten") == MORE);
	CU_ASSERT(quic_cid_find(r, id, len) == NULL);
	sim_run(&d.sim, 2 * NSEC_PER_SEC);
	CU_ASSERT(tombstones() == 0);
	evquic_conn_close(c, 0, NULL);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* First packets that were handed over while the worker stood still: it accepts
 * so many in one turn, and as many of those that come again in another. */
static void
test_accepts(void)
{
	struct duo_options o = {.workers = 1, .retry = EVQUIC_RETRY_NEVER};
	const unsigned n = QUIC_ACCEPTS_PER_WAKEUP + MORE;
	struct quic_router *r;
	struct quic_socket *s;
	union quic_addr remote = net_addr(AF_INET, false, PORT);
	ngtcp2_path path = {.remote = {&remote.sa, quic_addr_len(&remote)}};
	ngtcp2_pkt_info pi = {0};
	/* Nothing opens it: it is forgotten at once, but was looked at. */
	uint8_t bytes[QUIC_MIN_INITIAL] = {
	    0xc0, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x44, 0x90};

	duo_init(&d, &o);
	r = quic_endpoint_router(d.sim.server, 0);
	s = container_of(r->sockets.next, struct quic_socket, link);
	path.local = (ngtcp2_addr){&s->bound.sa, quic_addr_len(&s->bound)};
	path.user_data = s;
	for (int turn = 1; turn <= 2; turn++) {
		for (unsigned i = 0; i < n; i++) {
			bytes[6] = (uint8_t)i;
			bytes[7] = (uint8_t)turn;
			quic_inbox_put(r, s, &path, &pi, bytes, sizeof(bytes));
		}
		(void)quic_inbox_take(r, d.sim.net.now);
		CU_ASSERT(count("conns_accepted") ==
			  (uint64_t)turn * QUIC_ACCEPTS_PER_WAKEUP);
		CU_ASSERT(count("drop_accept_limit") == (uint64_t)turn * MORE);
	}
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

void
test_quic_limits_register(void)
{
	CU_pSuite s = unit_suite("quic_limits");

	unit_test(s, "inbox", test_inbox);
	unit_test(s, "tombstones", test_tombstones);
	unit_test(s, "accepts", test_accepts);
}
