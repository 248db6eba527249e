/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stateless resets (RFC 9000 10.3): who draws one, what it looks like, and
 * what a client makes of it whose server was there a moment ago.
 */
#include "tests/fake/duo.h"

#include <string.h>

#include "tests/unit/unit.h"

enum {
	SHORT = 0x40,
	HEADER_BITS = 0xc0,
	TOKEN = NGTCP2_STATELESS_RESET_TOKENLEN,
	LARGEST = 1500,
	SMALLEST_TRIGGER = 22,
	SMALL_TRIGGER = 43,
	TWO_TRIGGER = 85,
	RESETS = 200,
	MOVES = 20,
	FLOOD = 3 * QUIC_RESETS_PER_SECOND
};

static struct duo d;

/* A stranger, and what he was told last. */
static struct {
	union quic_addr addr;
	unsigned replies;
	size_t len;
	size_t total;
	uint8_t bytes[LARGEST];
} stranger;

static bool
hear(void *arg, const struct net_datagram *datagram)
{
	(void)arg;
	if (memcmp(&datagram->to, &stranger.addr, sizeof(stranger.addr)) != 0)
		return true;
	stranger.replies++;
	stranger.len = datagram->len;
	stranger.total += datagram->len;
	memcpy(stranger.bytes, datagram->bytes,
	    datagram->len < LARGEST ? datagram->len : LARGEST);
	return true;
}

static void
begin(const struct duo_options *o)
{
	duo_init(&d, o);
	memset(&stranger, 0, sizeof(stranger));
	stranger.addr = net_addr(AF_INET, false, 12345);
	d.sim.net.tap = hear;
}

static uint64_t
count(const char *name)
{
	return sim_server_count(&d.sim, name);
}

/* One short header packet of an ID of nobody's. */
static void
send_stray(uint8_t id, size_t len)
{
	uint8_t bytes[LARGEST];

	memset(bytes, id, sizeof(bytes));
	bytes[0] = SHORT | (id & 0x3f);
	net_inject(&d.sim.net, &stranger.addr, &d.sim.addr, bytes, len);
	sim_run(&d.sim, 0);
}

/* The same to a server that knows nobody; how long the answer was. */
static size_t
trigger(uint8_t id, size_t len)
{
	unsigned before = stranger.replies;

	send_stray(id, len);
	CU_ASSERT(sim_is_empty(&d.sim));
	CU_ASSERT(stranger.replies - before <= 1);
	return stranger.replies == before ? 0 : stranger.len;
}

/* The rate is another test's business. */
static void
wait_a_second(void)
{
	sim_run(&d.sim, NSEC_PER_SEC);
}

/* RFC 9000 10.3, 10.3.3: always smaller than what drew it. */
static void
test_sizes(void)
{
	static const struct {
		size_t trigger, reset;
	} sizes[] = {{20, 0}, {21, 0}, {22, 21}, {23, 22}, {41, 40}, {43, 42},
	    {44, 42}, {1200, 42}};
	unsigned bad = 0;

	begin(NULL);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		PROVE("QSV-069",
		    trigger(0x11, sizes[i].trigger) == sizes[i].reset);
	for (size_t len = 1; len <= LARGEST; len++) {
		size_t reset = trigger(0x11, len);

		if (len < SMALLEST_TRIGGER)
			bad += reset != 0;
		else if (len <= SMALL_TRIGGER)
			bad += reset != len - 1;
		else
			bad += reset < QUIC_RESET_MIN || reset >= len;
		if (len % RESETS == 0)
			wait_a_second();
	}
	PROVE("BAD-060", bad == 0);
	CU_ASSERT(count("resets_limited") == 0);
	duo_done(&d);
}

/* RFC 9000 10.3, 10.3.2: a short header, noise, and the token of that ID. */
static void
test_looks(void)
{
	static uint8_t tokens[RESETS][TOKEN];
	unsigned bits[QUIC_RESET_MIN - TOKEN] = {0}, bad = 0;
	uint8_t id[QUIC_CID_LEN], expected[TOKEN];

	begin(NULL);
	for (unsigned i = 0; i < RESETS; i++) {
		size_t len = trigger((uint8_t)i, 100);

		bad += len == 0 || (stranger.bytes[0] & HEADER_BITS) != SHORT;
		memset(id, (int)i, sizeof(id));
		quic_stateless_token(
		    d.service.reset_key, id, sizeof(id), expected);
		memcpy(tokens[i], stranger.bytes + len - TOKEN, TOKEN);
		bad += memcmp(tokens[i], expected, TOKEN) != 0;
		for (size_t k = 0; k < sizeof(bits) / sizeof(bits[0]); k++)
			bits[k] += stranger.bytes[1 + k] >> 7;
		for (unsigned k = 0; k < i; k++)
			bad += memcmp(tokens[i], tokens[k], TOKEN) == 0;
	}
	PROVE("QSV-071", bad == 0);
	/* A coin that is thrown 200 times: 5 sigma are 35. */
	for (size_t k = 0; k < sizeof(bits) / sizeof(bits[0]); k++)
		bad += bits[k] < RESETS / 2 - 35 || bits[k] > RESETS / 2 + 35;
	PROVE("QSV-070", bad == 0);
	/* The same ID again: the same token, but another datagram. */
	(void)trigger(RESETS - 1, 100);
	CU_ASSERT(memcmp(stranger.bytes + stranger.len - TOKEN,
		      tokens[RESETS - 1], TOKEN) == 0);
	duo_done(&d);
}

/* The server's state is gone: the client learns it at once. */
static void
test_restart(void)
{
	struct duo_options none = {.workers = 1};

	begin(&none);
	memset(d.service.reset_key, 7, sizeof(d.service.reset_key));
	sim_restart(&d.sim, &d.service);
	CU_ASSERT_FATAL(duo_open(&d));
	duo_talk(&d);
	sim_restart(&d.sim, &d.service);
	CU_ASSERT(d.client.n[DUO_CLOSED] == 0);
	CU_ASSERT(duo_write(duo_stream(&d.client, true), 100, true) == 0);
	duo_talk(&d);
	PROVE("QSV-068", d.client.n[DUO_CLOSED] == 1 &&
			     d.client.stats.closed_by == EVQUIC_CLOSED_RESET);
	PROVE("QSV-071", sim_client_count(&d.sim, "closed_reset") == 1);
	CU_ASSERT(count("resets_sent") >= 1);
	d.client.conn = NULL;
	CU_ASSERT(sim_run_out(&d.sim));
	CU_ASSERT(sim_is_empty(&d.sim));
	duo_done(&d);
}

/* One of another key says nothing that the client believes. */
static void
test_other_key(void)
{
	begin(NULL);
	CU_ASSERT_FATAL(duo_open(&d));
	duo_talk(&d);
	memset(d.service.reset_key, 7, sizeof(d.service.reset_key));
	sim_restart(&d.sim, &d.service);
	CU_ASSERT(duo_write(duo_stream(&d.client, true), 100, true) == 0);
	duo_talk(&d);
	CU_ASSERT(count("resets_sent") >= 1);
	CU_ASSERT(d.client.n[DUO_CLOSED] == 0);
	CU_ASSERT(sim_run_out(&d.sim));
	CU_ASSERT(d.client.stats.closed_by == EVQUIC_CLOSED_IDLE);
	duo_done(&d);
}

/* ----------------------------------------------------------- two keys -- */

/* The next keys; those in use become the old ones. */
static void
rotate(uint8_t key)
{
	d.service.has_old_keys = true;
	memcpy(d.service.old_reset_key, d.service.reset_key,
	    sizeof(d.service.reset_key));
	memset(d.service.reset_key, key, sizeof(d.service.reset_key));
}

/* The server that knows two keys ends connections of both, whose packets are
 * large or small. */
static void
test_old_key(void)
{
	static const size_t sizes[] = {100, 1};

	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		begin(NULL);
		if (i % 2 == 0)
			rotate(1);
		sim_restart(&d.sim, &d.service);
		CU_ASSERT_FATAL(duo_open(&d));
		duo_talk(&d);
		if (i % 2 == 1)
			rotate(1);
		sim_restart(&d.sim, &d.service);
		CU_ASSERT(duo_write(duo_stream(&d.client, true), sizes[i / 2],
			      true) == 0);
		CU_ASSERT(sim_run_out(&d.sim));
		PROVE(
		    "QSV-037", d.client.stats.closed_by == EVQUIC_CLOSED_RESET);
		duo_done(&d);
	}
}

/* How many resets a packet draws; all that were heard are in `stranger`. */
static unsigned
draw(uint8_t id, size_t len, size_t *ret_total)
{
	unsigned before = stranger.replies;
	size_t total = stranger.total;

	send_stray(id, len);
	*ret_total = stranger.total - total;
	return stranger.replies - before;
}

/* Both where both are smaller than what drew them together; else either. */
static void
test_two_sizes(void)
{
	uint8_t id[QUIC_CID_LEN], token[TOKEN];
	unsigned bad = 0, old = 0;
	size_t total;

	begin(NULL);
	rotate(1);
	duo_reload(&d);
	for (size_t len = 1; len <= LARGEST; len++) {
		unsigned n = draw(0x11, len, &total);

		bad += n != (len < SMALLEST_TRIGGER ? 0U
				: len < TWO_TRIGGER ? 1U
						    : 2U);
		bad += total >= len;
		if (len % RESETS == 0)
			wait_a_second();
	}
	PROVE("BAD-060", bad == 0);
	PROVE("QSV-069", bad == 0);
	memset(id, 0x11, sizeof(id));
	quic_stateless_token(d.service.old_reset_key, id, sizeof(id), token);
	for (unsigned i = 0; i < RESETS; i++) {
		(void)draw(0x11, 60, &total);
		old += memcmp(stranger.bytes + stranger.len - TOKEN, token,
			   TOKEN) == 0;
	}
	/* A coin that is thrown 200 times: 5 sigma are 35. */
	CU_ASSERT(old > RESETS / 2 - 35 && old < RESETS / 2 + 35);
	duo_done(&d);
}

/* They end, too, between two servers with two keys each; and one bound is for
 * all of them. */
static void
test_two_loop(void)
{
	size_t todo[LARGEST] = {LARGEST}, n = 1, total, answers = 0;
	uint64_t sent;

	begin(NULL);
	rotate(1);
	duo_reload(&d);
	while (n > 0 && answers < LARGEST) {
		unsigned k = draw(0x11, todo[--n], &total);

		answers += k;
		for (unsigned i = 0; i < k; i++)
			todo[n++] = stranger.len;
	}
	PROVE("QSV-073", n == 0 && answers > 2 && answers < LARGEST);
	wait_a_second();
	sent = count("resets_sent");
	for (unsigned i = 0; i < FLOOD; i++)
		(void)draw((uint8_t)i, 100, &total);
	PROVE("QSV-073", count("resets_sent") - sent == QUIC_RESETS_PER_SECOND);
	duo_done(&d);
}

/* What is issued after a reload is issued under its key, also to those who
 * came before. */
static void
test_new_key(void)
{
	uint8_t token[TOKEN], expected[TOKEN];
	ngtcp2_cid cid;

	begin(NULL);
	CU_ASSERT_FATAL(duo_open(&d));
	rotate(1);
	duo_reload(&d);
	CU_ASSERT(quic_conn_new_cid(d.server.conn, &cid, token) == 0);
	quic_stateless_token(
	    d.service.reset_key, cid.data, cid.datalen, expected);
	PROVE("QSV-037", memcmp(token, expected, TOKEN) == 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* RFC 9000 10.3.3: a flood draws a bounded number, in all and in bytes. */
static void
test_rate(void)
{
	uint64_t sent;
	size_t in = 0;

	begin(NULL);
	for (unsigned i = 0; i < FLOOD; i++)
		in += trigger((uint8_t)i, 60) != (size_t)-1 ? 60 : 0;
	sent = count("resets_sent");
	PROVE("QSV-073", sent == QUIC_RESETS_PER_SECOND &&
			     count("resets_limited") == FLOOD - sent);
	PROVE("BAD-061", stranger.replies == sent && stranger.total < in);
	/* It comes back with time, a thousandth each millisecond. */
	sim_run(&d.sim, NSEC_PER_SEC / QUIC_RESETS_PER_SECOND);
	CU_ASSERT(trigger(1, 60) != 0);
	CU_ASSERT(trigger(1, 60) == 0);
	wait_a_second();
	CU_ASSERT(trigger(1, 60) != 0);
	duo_done(&d);
}

/* Two servers that know nothing of each other's packets come to an end. */
static void
test_loop(void)
{
	size_t len = LARGEST;
	unsigned n = 0;

	begin(NULL);
	while ((len = trigger((uint8_t)n, len)) != 0)
		n++;
	PROVE("QSV-073", n > 0 && n < SMALL_TRIGGER);
	duo_done(&d);
}

/* Keeps the client's last datagram. */
static struct {
	union quic_addr from;
	size_t len;
	uint8_t bytes[QUIC_MAX_TX_PAYLOAD];
	unsigned from_server;
} last;

static bool
keep_last(void *arg, const struct net_datagram *datagram)
{
	(void)arg;
	if (net_port(&datagram->from) == SIM_PORT) {
		last.from_server++;
		return true;
	}
	last.from = datagram->from;
	last.len = datagram->len;
	memcpy(last.bytes, datagram->bytes, datagram->len);
	return true;
}

/* RFC 9000 21.11: packets that come to another worker than the one that knows
 * their ID, whatever the port that they come from, draw no reset. */
static void
test_other_worker(void)
{
	struct duo_options four = {.workers = 4};

	begin(&four);
	d.sim.net.tap = keep_last;
	CU_ASSERT_FATAL(duo_open(&d));
	duo_talk(&d);
	for (uint16_t i = 0; i < MOVES; i++) {
		union quic_addr from =
		    net_addr(AF_INET, false, (uint16_t)(10000 + i));

		net_inject(
		    &d.sim.net, &from, &d.sim.addr, last.bytes, last.len);
		sim_run(&d.sim, NSEC_PER_MSEC);
	}
	PROVE("QSV-072",
	    count("resets_sent") == 0 && count("rx_datagrams") > MOVES &&
		count("handovers") > 0 && count("drop_unknown_cid") == 0);
	/* Nobody's ID is one worker's business, too. */
	send_stray(0x11, 100);
	CU_ASSERT(count("resets_sent") == 1);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* An ID that leads to a tombstone, or to a living connection in a datagram
 * that is too short, is not unknown; and clients reset nobody. */
static void
test_not_unknown(void)
{
	uint8_t bytes[LARGEST];
	struct net_socket *client;

	begin(NULL);
	d.sim.net.tap = keep_last;
	CU_ASSERT_FATAL(duo_open(&d));
	duo_talk(&d);
	CU_ASSERT(duo_write(duo_stream(&d.client, true), 100, true) == 0);
	duo_talk(&d);
	net_inject(&d.sim.net, &last.from, &d.sim.addr, last.bytes,
	    QUIC_RESET_MIN + 9);
	sim_run(&d.sim, 0);
	CU_ASSERT(count("resets_sent") == 0);
	CU_ASSERT(count("drop_short") == 1);
	memset(bytes, 0x11, sizeof(bytes));
	bytes[0] = SHORT;
	client = net_find(&d.sim.net, sim_fd(d.client.conn));
	net_inject(
	    &d.sim.net, &d.sim.addr, &client->outside, bytes, sizeof(bytes));
	duo_talk(&d);
	CU_ASSERT(sim_client_count(&d.sim, "resets_sent") == 0);
	CU_ASSERT(sim_client_count(&d.sim, "closed_reset") == 0);
	evquic_conn_close(d.client.conn, 0, NULL);
	sim_run(&d.sim, d.sim.net.faults.delay + NSEC_PER_MSEC);
	last.from_server = 0;
	net_inject(&d.sim.net, &last.from, &d.sim.addr, last.bytes, last.len);
	sim_run(&d.sim, NSEC_PER_MSEC);
	CU_ASSERT(count("drop_tombstone") >= 1);
	CU_ASSERT(count("resets_sent") == 0 && last.from_server == 0);
	CU_ASSERT(sim_run_out(&d.sim));
	duo_done(&d);
}

void
test_quic_reset_register(void)
{
	CU_pSuite s = unit_suite("quic_reset");

	unit_test(s, "sizes", test_sizes);
	unit_test(s, "looks", test_looks);
	unit_test(s, "restart", test_restart);
	unit_test(s, "other_key", test_other_key);
	unit_test(s, "old_key", test_old_key);
	unit_test(s, "two_sizes", test_two_sizes);
	unit_test(s, "two_loop", test_two_loop);
	unit_test(s, "new_key", test_new_key);
	unit_test(s, "rate", test_rate);
	unit_test(s, "loop", test_loop);
	unit_test(s, "other_worker", test_other_worker);
	unit_test(s, "not_unknown", test_not_unknown);
}
