/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking by UDP: ports, IDs, what is taken for an answer and what is not, and
 * when TCP is asked instead.  Network and clock: back_fake.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "resolver/back/internal.h"
#include "tests/unit/back_fake.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

#define TYPE_A 1
#define FORMERR 1
#define NOTIMP 4
#define BADVERS 16
#define BADCOOKIE 23
#define OFF_FLAGS 2
#define OFF_QNAME 12

static struct fake f;

static void
set_up(unsigned servers)
{
	fake_begin(&f, 2, CONFIG_UDP, servers);
}

/* Asks the one server; returns what it got. */
static struct fake_sent
ask_one(struct fake_ask *a, const char *name)
{
	struct fake_sent sent = {.fd = -1};

	fake_query(a, name, TYPE_A, true, false);
	fake_ask(&f, a);
	CU_ASSERT(fake_take(&f, &sent));
	return sent;
}

static uint64_t
count_of(const counter *c)
{
	return counter_get(c);
}

#define COUNT(name) count_of(&f.counters.name)

/* ---------------------------------------------------- what an answer is -- */

/* The ways of being wrong, and the counter that must tell. */
enum wrong {
	WRONG_ID,
	WRONG_NAME,
	WRONG_TYPE,
	WRONG_CLASS,
	WRONG_ADDRESS,
	WRONG_PORT,
	WRONG_QR,
	WRONG_OPCODE,
	WRONG_NO_QUESTION,
	WRONG_TWO_QUESTIONS,
	WRONG_LENGTH,
	WRONGS
};

static void
give_wrong(const struct fake_sent *sent, enum wrong wrong)
{
	uint8_t msg[FAKE_MSG_MAX];
	size_t len = fake_answer(sent, 0, 66, msg);
	size_t type = OFF_QNAME + dns_name_length(msg + OFF_QNAME);

	switch (wrong) {
	case WRONG_ID:
		msg[1] ^= 1;
		break;
	case WRONG_NAME:
		msg[OFF_QNAME + 1] ^= 1;
		break;
	case WRONG_TYPE:
		msg[type + 1] = 28;
		break;
	case WRONG_CLASS:
		msg[type + 3] = 3;
		break;
	case WRONG_ADDRESS:
		fake_give_from(&f, sent, 99, 53, msg, len);
		return;
	case WRONG_PORT:
		fake_give_from(&f, sent, 1, 5353, msg, len);
		return;
	case WRONG_QR:
		msg[OFF_FLAGS] &= 0x7f;
		break;
	case WRONG_OPCODE:
		msg[OFF_FLAGS] |= 5 << 3;
		break;
	case WRONG_NO_QUESTION:
		memset(msg + 4, 0, 8);
		len = 12;
		break;
	case WRONG_TWO_QUESTIONS:
		msg[5] = 2;
		break;
	case WRONG_LENGTH:
		len = 11;
		break;
	case WRONGS:
		break;
	}
	fake_give(&f, sent, msg, len);
}

/* Is the query unharmed by that, and the real answer still taken? */
static bool
survives(enum wrong wrong)
{
	struct fake_sent sent;
	struct fake_ask a;
	bool held;

	set_up(1);
	sent = ask_one(&a, "www.example");
	give_wrong(&sent, wrong);
	fake_turn(&f);
	held = a.calls == 0;
	fake_reply(&f, &sent, 0, 1);
	held = held && a.calls == 1 && a.status == 0 && a.last == 1;
	/* Nothing was asked again because of it. */
	held = held && !fake_take(&f, &sent);
	fake_done(&f);
	return held;
}

static void
wrong_answers(void)
{
	bool all = true;

	for (enum wrong w = WRONG_ID; w <= WRONG_PORT; w++)
		all = survives(w) && all;
	PROVE("FWD-111", all);
	CU_ASSERT(COUNT(mismatch_address) == 1);
	PROVE("FWD-117", survives(WRONG_QR) && survives(WRONG_OPCODE) &&
			     survives(WRONG_TWO_QUESTIONS) &&
			     survives(WRONG_NO_QUESTION));
	PROVE("BAD-141", survives(WRONG_NO_QUESTION));
	PROVE("BAD-132", all && survives(WRONG_QR));
	CU_ASSERT(survives(WRONG_LENGTH));
}

/* One of each, counted under its reason. */
static void
reasons(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(1);
	sent = ask_one(&a, "www.example");
	for (enum wrong w = WRONG_ID; w < WRONGS; w++)
		give_wrong(&sent, w);
	fake_turn(&f);
	fake_turn(&f);
	CU_ASSERT_EQUAL(a.calls, 0);
	CU_ASSERT_EQUAL(COUNT(mismatch_id), 1);
	CU_ASSERT_EQUAL(COUNT(mismatch_name), 3);
	CU_ASSERT_EQUAL(COUNT(mismatch_type), 1);
	CU_ASSERT_EQUAL(COUNT(mismatch_class), 1);
	CU_ASSERT_EQUAL(COUNT(mismatch_address), 2);
	CU_ASSERT_EQUAL(COUNT(mismatch_qr), 1);
	CU_ASSERT_EQUAL(COUNT(mismatch_opcode), 1);
	CU_ASSERT_EQUAL(COUNT(mismatch_short), 1);
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	fake_done(&f);
}

static void
formerr_without_question(void)
{
	static const uint8_t tail[] = {0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0};
	struct fake_sent sent;
	struct fake_ask a;
	uint8_t msg[12];

	set_up(1);
	fake_query(&a, "www.example", TYPE_A, true, true);
	fake_ask(&f, &a);
	CU_ASSERT(fake_take(&f, &sent));
	memcpy(msg, sent.msg, 2);
	memcpy(msg + 2, tail, sizeof(tail));
	fake_give(&f, &sent, msg, sizeof(msg));
	fake_turn(&f);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, 0);
	PROVE("FWD-117", a.rcode == FORMERR);
	fake_done(&f);
}

static void
twice_and_late(void)
{
	struct fake_sent sent, again;
	struct fake_ask a, b;
	uint8_t msg[FAKE_MSG_MAX];
	size_t len;

	set_up(1);
	sent = ask_one(&a, "www.example");
	len = fake_answer(&sent, 0, 1, msg);
	fake_give(&f, &sent, msg, len);
	fake_give(&f, &sent, msg, len);
	fake_turn(&f);
	CU_ASSERT_EQUAL(a.calls, 1);
	/* The same memory asks for something else: the old one is not it. */
	again = ask_one(&b, "mail.example");
	fake_give_octets(&f, again.fd, msg, len);
	fake_turn(&f);
	CU_ASSERT_EQUAL(b.calls, 0);
	fake_reply(&f, &again, 0, 2);
	PROVE("BAD-134", a.calls == 1 && b.calls == 1 && b.last == 2);
	/* And after its end. */
	sent = ask_one(&a, "slow.example");
	fake_advance(&f, 4 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, -ETIMEDOUT);
	fake_done(&f);
}

/* An ID that is guessed before the query left. */
static void
answer_before_query(void)
{
	struct fake_sent sent;
	struct fake_ask a, b;
	uint8_t msg[FAKE_MSG_MAX];
	size_t len;

	set_up(1);
	sent = ask_one(&a, "www.example");
	fake_query(&b, "b.example", TYPE_A, true, false);
	/* What was to be repeated is queued, not sent: forge that. */
	f.send_error = -EAGAIN;
	CU_ASSERT_EQUAL(upstream_start(f.upstream, &b.ask, &b.query, 0), 0);
	{
		struct back_attempt *x = container_of(
		    b.ask.attempts.next, struct back_attempt, link);
		struct fake_sent forged = sent;

		dns_query_build(&b.query, &(struct dns_build){.id = x->id},
		    &(struct dns_buf){
			.data = forged.msg, .size = sizeof(forged.msg)});
		forged.fd = x->socket->watch.fd;
		len = fake_answer(&forged, 0, 66, msg);
		fake_give_octets(&f, forged.fd, msg, len);
		x->socket->watch.ready(&x->socket->watch, NET_READABLE);
	}
	CU_ASSERT_EQUAL(b.calls, 0);
	fake_done(&f);
}

/* -------------------------------------------------------- unpredictable -- */

#define PORT_QUERIES 1000
#define BINS 16

/* Chi-square of counts that should be equal. */
static double
chi_square(const unsigned *seen, size_t bins, double expected)
{
	double sum = 0;

	for (size_t i = 0; i < bins; i++)
		sum += ((double)seen[i] - expected) *
		       ((double)seen[i] - expected) / expected;
	return sum;
}

/* 99.9 % of even draws stay below this with 15 degrees of freedom. */
#define CHI_15 37.7
/* With 255: mean 255, standard deviation 22.6; four of them. */
#define CHI_255 345.0

static void
ports(void)
{
	static uint8_t used[65536];
	unsigned bins[BINS] = {0};
	unsigned distinct = 0;
	unsigned low = 0;

	memset(used, 0, sizeof(used));
	set_up(1);
	for (int i = 0; i < PORT_QUERIES; i++) {
		struct fake_ask a;
		struct fake_sent sent = ask_one(&a, "www.example");

		low += sent.port < BACK_UDP_FIRST_PORT;
		if (used[sent.port]++ == 0)
			distinct++;
		bins[(sent.port - BACK_UDP_FIRST_PORT) * BINS /
		     (65536 - BACK_UDP_FIRST_PORT)]++;
		fake_reply(&f, &sent, 0, 1);
		fake_advance(&f, 5 * NSEC_PER_MSEC);
	}
	CU_ASSERT_EQUAL(low, 0);
	PROVE("FWD-112", distinct > 950 && chi_square(bins, BINS,
					       PORT_QUERIES / BINS) < CHI_15);
	/* They do not pile up. */
	CU_ASSERT(fake_open_sockets(&f) <= BACK_UDP_POOL);
	fake_advance(&f, 3 * BACK_UDP_IDLE_TIME);
	CU_ASSERT_EQUAL(fake_open_sockets(&f), 0);
	fake_done(&f);
}

/* Faster than fresh sockets can be had: a pool, and never just one. */
static void
ports_at_speed(void)
{
	static struct fake_ask a[8000];
	static uint16_t used[65536];
	unsigned distinct = 0;
	struct fake_sent sent;

	memset(used, 0, sizeof(used));
	set_up(1);
	for (int i = 0; i < 8000; i++) {
		sent = ask_one(&a[i], "www.example");
		if (used[sent.port]++ == 0)
			distinct++;
		fake_reply(&f, &sent, 0, 1);
	}
	CU_ASSERT(distinct >= BACK_UDP_POOL);
	CU_ASSERT(distinct <= BACK_UDP_FRESH_BURST + BACK_UDP_POOL);
	CU_ASSERT(COUNT(udp_sockets) <= BACK_UDP_MAX_SOCKETS);
	fake_done(&f);
}

static void
outstanding_ports(void)
{
	static struct fake_ask a[100];
	static uint8_t used[65536];
	unsigned distinct = 0;
	struct fake_sent sent;

	memset(used, 0, sizeof(used));
	set_up(1);
	/* All in one turn: few system calls, and still several ports. */
	for (int i = 0; i < 100; i++) {
		fake_query(&a[i], "www.example", TYPE_A, true, false);
		CU_ASSERT_EQUAL(
		    upstream_start(f.upstream, &a[i].ask, &a[i].query, 0), 0);
	}
	fake_turn(&f);
	while (fake_take(&f, &sent)) {
		if (used[sent.port]++ == 0)
			distinct++;
	}
	CU_ASSERT_EQUAL(f.datagrams, 100);
	CU_ASSERT(f.sendmmsg_calls <= 7);
	CU_ASSERT(f.turn_max >= BACK_UDP_TURN_QUERIES);
	PROVE("FWD-113", distinct >= 5);
	fake_done(&f);
}

static void
ids(void)
{
	unsigned high[256] = {0}, low[256] = {0};
	unsigned serial = 0, zero = 0;
	uint16_t last = 0;

	set_up(1);
	for (int i = 0; i < 10000; i++) {
		struct fake_ask a;
		struct fake_sent sent = ask_one(&a, "www.example");
		uint16_t id = dns_get16(sent.msg);

		high[id >> 8]++;
		low[id & 0xff]++;
		zero += id == 0;
		serial += id == last || id == last + 1 || id + 1 == last;
		last = id;
		upstream_cancel(&a.ask);
		fake_advance(&f, 1 * NSEC_PER_MSEC);
	}
	CU_ASSERT(zero < 5);
	PROVE("FWD-114", chi_square(high, 256, 10000 / 256.0) < CHI_255 &&
			     chi_square(low, 256, 10000 / 256.0) < CHI_255 &&
			     serial < 10);
	PROVE("DOQ-036", chi_square(high, 256, 10000 / 256.0) < CHI_255);
	fake_done(&f);
}

static void
avoided_ports(void)
{
	struct config_port_range avoid[] = {{30000, 39999}, {1024, 31000}};
	unsigned bad = 0;

	fake_init(&f, 3);
	f.config.upstream.avoid_ports.item = avoid;
	f.config.upstream.avoid_ports.count = 2;
	fake_server(&f, CONFIG_UDP, 1);
	fake_start(&f);
	for (int i = 0; i < 300; i++) {
		struct fake_ask a;
		struct fake_sent sent = ask_one(&a, "www.example");

		bad += sent.port < 40000;
		fake_reply(&f, &sent, 0, 1);
		fake_advance(&f, 5 * NSEC_PER_MSEC);
	}
	PROVE("FWD-115", bad == 0);
	fake_done(&f);
}

/* The exact set, for ranges that touch, overlap and reach the ends. */
static void
port_ranges(void)
{
	struct config_port_range r[] = {{65000, 65535}, {2000, 3000},
	    {2500, 2600}, {3001, 3001}, {1, 1030}};
	struct config_ports avoid = {.item = r, .count = 5};
	struct config_port_range all[] = {{1, 65535}};
	struct back_ports p;

	CU_ASSERT_EQUAL(back_ports_make(&avoid, &p), 0);
	for (uint32_t port = 0; port <= 65535; port++) {
		bool want = port >= BACK_UDP_FIRST_PORT;

		for (size_t i = 0; i < avoid.count; i++)
			want = want && (port < r[i].first || port > r[i].last);
		if (back_ports_have(&p, (uint16_t)port) != want)
			CU_FAIL("port");
		p.total -= want;
	}
	CU_ASSERT_EQUAL(p.total, 0);
	free(p.range);
	avoid = (struct config_ports){.item = all, .count = 1};
	CU_ASSERT_EQUAL(back_ports_make(&avoid, &p), 0);
	CU_ASSERT_EQUAL(p.total, 0);
	free(p.range);
}

static void
no_port_is_left(void)
{
	struct config_port_range avoid[] = {{1, 65535}};
	struct fake_ask a;

	fake_init(&f, 3);
	f.config.upstream.avoid_ports.item = avoid;
	f.config.upstream.avoid_ports.count = 1;
	fake_server(&f, CONFIG_UDP, 1);
	fake_start(&f);
	fake_query(&a, "www.example", TYPE_A, true, false);
	CU_ASSERT_EQUAL(
	    upstream_start(f.upstream, &a.ask, &a.query, 0), -EHOSTUNREACH);
	fake_done(&f);
}

/* Ports in use are passed over, by drawing again. */
static void
taken_ports(void)
{
	struct config_port_range avoid[] = {{1, 49999}, {50002, 65535}};

	fake_init(&f, 3);
	f.config.upstream.avoid_ports.item = avoid;
	f.config.upstream.avoid_ports.count = 2;
	f.taken_port = 50000;
	fake_server(&f, CONFIG_UDP, 1);
	fake_start(&f);
	for (int i = 0; i < 20; i++) {
		struct fake_ask a;
		struct fake_sent sent = ask_one(&a, "www.example");

		CU_ASSERT_EQUAL(sent.port, 50001);
		fake_reply(&f, &sent, 0, 1);
	}
	CU_ASSERT(COUNT(udp_port_taken) > 0);
	fake_done(&f);
}

static void
avoided_by_reload(void)
{
	struct config_port_range avoid[1];
	struct fake_sent sent;
	struct fake_ask a;

	set_up(1);
	sent = ask_one(&a, "www.example");
	avoid[0] = (struct config_port_range){sent.port, sent.port};
	f.config.upstream.avoid_ports.item = avoid;
	f.config.upstream.avoid_ports.count = 1;
	CU_ASSERT_EQUAL(upstream_reload(f.upstream, &f.config), 0);
	/* What was asked is still answered there; then it is gone. */
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(fake_open_sockets(&f), 0);
	fake_done(&f);
}

/* ------------------------------------------------------------- spoofing -- */

static void
give_wrong_ids(const struct fake_sent *sent, unsigned count)
{
	uint8_t msg[FAKE_MSG_MAX];
	size_t len = fake_answer(sent, 0, 66, msg);
	uint16_t id = dns_get16(msg);

	for (unsigned i = 1; i <= count; i++) {
		dns_put16(msg, (uint16_t)(id + i));
		fake_give(&f, sent, msg, len);
	}
}

static void
spoofing(void)
{
	struct fake_sent sent, tcp = {.fd = -1};
	struct fake_ask a;

	set_up(1);
	sent = ask_one(&a, "www.example");
	give_wrong_ids(&sent, 99);
	fake_turn(&f);
	fake_turn(&f);
	CU_ASSERT(!fake_take(&f, &tcp));
	CU_ASSERT_EQUAL(a.calls, 0);
	give_wrong_ids(&sent, 1);
	for (int i = 0; i < 3; i++)
		fake_turn(&f);
	CU_ASSERT(fake_take(&f, &tcp));
	PROVE("FWD-116", tcp.is_tcp && a.calls == 0);
	fake_reply(&f, &tcp, 0, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.last, 1);
	fake_done(&f);
}

/* All 65,536 IDs with another name, then the flood is over. */
static void
birthday_flood(void)
{
	struct fake_sent sent, tcp = {.fd = -1};
	struct fake_ask a;
	uint8_t msg[FAKE_MSG_MAX];
	size_t len;

	set_up(1);
	sent = ask_one(&a, "www.example");
	len = fake_answer(&sent, 0, 66, msg);
	msg[OFF_QNAME + 1] ^= 1;
	for (uint32_t id = 0; id <= 0xffff; id++) {
		dns_put16(msg, (uint16_t)id);
		if (f.sockets[sent.fd - 100].is_open)
			fake_give(&f, &sent, msg, len);
		if (id % 64 == 0)
			fake_turn(&f);
	}
	fake_turn(&f);
	CU_ASSERT(fake_take(&f, &tcp));
	CU_ASSERT_EQUAL(COUNT(udp_spoofing), 1);
	fake_reply(&f, &tcp, 0, 1);
	PROVE("BAD-133",
	    tcp.is_tcp && a.calls == 1 && a.status == 0 && a.last == 1);
	fake_done(&f);
}

/* Late answers to cancelled queries are no attack. */
static void
late_is_not_wrong(void)
{
	static struct fake_ask a[200];
	static struct fake_sent sent[200];
	uint8_t msg[FAKE_MSG_MAX];
	size_t len;

	set_up(1);
	for (int i = 0; i < 200; i++) {
		fake_query(&a[i], "www.example", TYPE_A, true, false);
		CU_ASSERT_EQUAL(
		    upstream_start(f.upstream, &a[i].ask, &a[i].query, 0), 0);
	}
	fake_turn(&f);
	for (int i = 0; i < 200; i++)
		CU_ASSERT(fake_take(&f, &sent[i]));
	for (int i = 0; i < 200; i++) {
		len = fake_answer(&sent[i], 0, 1, msg);
		if (i % 10 != 0)
			fake_give(&f, &sent[i], msg, len);
	}
	for (int i = 0; i < 200; i++) {
		if (i % 10 != 0)
			upstream_cancel(&a[i].ask);
	}
	fake_turn(&f);
	CU_ASSERT_EQUAL(COUNT(late_answers), 180);
	CU_ASSERT_EQUAL(COUNT(udp_spoofing), 0);
	CU_ASSERT_EQUAL(COUNT(mismatch_id), 0);
	fake_done(&f);
}

/* ------------------------------------------------------------ truncated -- */

static void
reply_truncated(const struct fake_sent *sent)
{
	uint8_t msg[FAKE_MSG_MAX];
	size_t len = fake_answer(sent, 0, 66, msg);

	msg[OFF_FLAGS] |= DNS_FLAG_TC >> 8;
	fake_give(&f, sent, msg, len);
	for (int i = 0; i < 3; i++)
		fake_turn(&f);
}

static void
truncated(void)
{
	struct fake_sent sent, tcp = {.fd = -1};
	struct fake_ask a;

	set_up(2);
	sent = ask_one(&a, "www.example");
	reply_truncated(&sent);
	CU_ASSERT_EQUAL(a.calls, 0);
	CU_ASSERT_EQUAL(counter_get(&f.counters.udp_truncated), 1);
	CU_ASSERT(fake_take(&f, &tcp));
	CU_ASSERT(tcp.is_tcp);
	CU_ASSERT_EQUAL(tcp.server, sent.server);
	fake_reply(&f, &tcp, 0, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	PROVE("FWD-122", tcp.is_tcp && a.last == 1 && !a.is_truncated);
	PROVE("FWD-123", a.calls == 1 && a.last != 66);
	fake_done(&f);
}

/* TCP to the only server fails in various ways. */
static void
truncated_and_no_tcp(void)
{
	static const uint8_t zero[2] = {0, 0};
	static const uint8_t cut[12] = {0xff, 0xff};
	struct fake_sent sent, tcp;
	struct fake_ask a;
	bool all = true;

	for (int way = 0; way < 4; way++) {
		set_up(1);
		f.tcp_refuses = way == 0;
		f.tcp_is_silent = way == 1;
		sent = ask_one(&a, "www.example");
		reply_truncated(&sent);
		while (way > 1 && fake_take(&f, &tcp)) {
			if (way == 2)
				fake_give_octets(
				    &f, tcp.fd, zero, sizeof(zero));
			else
				fake_give_octets(&f, tcp.fd, cut, sizeof(cut));
			fake_close(&f, tcp.fd);
			for (int i = 0; i < 4; i++)
				fake_turn(&f);
		}
		fake_advance(&f, 4 * NSEC_PER_SEC);
		all = all && a.calls == 1 && a.status < 0;
		fake_done(&f);
	}
	PROVE("BAD-135", all);
}

static void
truncated_elsewhere(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(2);
	f.tcp_refuses = true;
	sent = ask_one(&a, "www.example");
	reply_truncated(&sent);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT_EQUAL(sent.server, 2);
	CU_ASSERT(!sent.is_tcp);
	fake_reply(&f, &sent, 0, 2);
	CU_ASSERT_EQUAL(a.last, 2);
	fake_done(&f);
}

/* --------------------------------------------------------------- broken -- */

/* Ours by all marks, but cut: not believed over UDP, which can be forged. */
static void
broken(void)
{
	struct fake_sent sent, tcp = {.fd = -1};
	struct fake_ask a;
	uint8_t msg[FAKE_MSG_MAX];
	size_t len;

	set_up(1);
	sent = ask_one(&a, "www.example");
	len = fake_answer(&sent, 0, 66, msg);
	fake_give(&f, &sent, msg, len - 5);
	for (int i = 0; i < 3; i++)
		fake_turn(&f);
	CU_ASSERT_EQUAL(a.calls, 0);
	CU_ASSERT_EQUAL(COUNT(broken), 1);
	CU_ASSERT(fake_take(&f, &tcp));
	CU_ASSERT(tcp.is_tcp);
	/* The real one comes after all. */
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.last, 1);
	fake_done(&f);
}

static void
broken_by_tcp_too(void)
{
	struct fake_sent sent;
	struct fake_ask a;
	uint8_t msg[FAKE_MSG_MAX];
	size_t len;

	set_up(1);
	sent = ask_one(&a, "www.example");
	for (int i = 0; i < 2; i++) {
		len = fake_answer(&sent, 0, 66, msg);
		fake_give(&f, &sent, msg, len - 5);
		for (int k = 0; k < 3; k++)
			fake_turn(&f);
		(void)fake_take(&f, &sent);
	}
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, -EBADMSG);
	fake_done(&f);
}

/* ----------------------------------------------------------------- EDNS -- */

static bool
has_opt(const struct fake_sent *sent)
{
	return dnsmsg_options(sent->msg, sent->len, DNS_OPTION_COOKIE) >= 0;
}

static void
no_edns(void)
{
	struct fake_sent sent;
	struct fake_ask a;
	uint8_t msg[FAKE_MSG_MAX];
	size_t len;

	set_up(1);
	sent = ask_one(&a, "www.example");
	CU_ASSERT(has_opt(&sent));
	len = fake_answer(&sent, FORMERR, 0, msg);
	dns_put16(msg + DNS_OFF_ARCOUNT, 0);
	fake_give(&f, &sent, msg, len - DNS_OPT_SIZE);
	fake_turn(&f);
	CU_ASSERT_EQUAL(a.calls, 0);
	CU_ASSERT_EQUAL(counter_get(&f.counters.no_edns_retries), 1);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT(!has_opt(&sent));
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.rcode, 0);
	/* Remembered, but not where DO needs it, and not for ever. */
	sent = ask_one(&a, "b.example");
	PROVE("FWD-041", !has_opt(&sent));
	fake_reply(&f, &sent, 0, 1);
	fake_query(&a, "c.example", TYPE_A, true, true);
	fake_ask(&f, &a);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT(has_opt(&sent));
	fake_reply(&f, &sent, 0, 1);
	fake_advance(&f, UPSTREAM_NO_EDNS_TIME);
	sent = ask_one(&a, "d.example");
	CU_ASSERT(has_opt(&sent));
	fake_done(&f);
}

/* What these codes mean concerns this hop only. */
static void
extended_rcodes(void)
{
	struct fake_sent sent;
	struct fake_ask a;
	unsigned good = 0;

	set_up(1);
	sent = ask_one(&a, "www.example");
	fake_reply(&f, &sent, BADVERS, 0);
	CU_ASSERT_EQUAL(a.calls, 0);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT(!has_opt(&sent));
	fake_reply(&f, &sent, 0, 1);
	good += a.calls == 1 && a.rcode == 0;
	fake_done(&f);

	set_up(1);
	sent = ask_one(&a, "www.example");
	fake_reply(&f, &sent, BADCOOKIE, 0);
	for (int i = 0; i < 3; i++)
		fake_turn(&f);
	CU_ASSERT_EQUAL(a.calls, 0);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT(sent.is_tcp);
	fake_reply(&f, &sent, 0, 1);
	good += a.calls == 1 && a.rcode == 0;
	CU_ASSERT_EQUAL(good, 2);
	PROVE("FWD-040", good == 2);
	fake_done(&f);
}

static void
no_keepalive(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(1);
	sent = ask_one(&a, "www.example");
	PROVE("FWD-134",
	    dnsmsg_options(sent.msg, sent.len, DNS_OPTION_KEEPALIVE) == 0);
	fake_done(&f);
}

/* ----------------------------------------------------------------- 0x20 -- */

static void
set_up_case(void)
{
	fake_init(&f, 4);
	f.config.upstream.randomise_case = true;
	fake_server(&f, CONFIG_UDP, 1);
	fake_start(&f);
}

static void
mixed_case(void)
{
	static const char name[] = "abcdefghijklmnop.example";
	struct fake_sent sent, tcp = {.fd = -1};
	struct fake_ask a;
	uint8_t msg[FAKE_MSG_MAX];
	size_t len;

	set_up_case();
	sent = ask_one(&a, name);
	CU_ASSERT(!dns_name_equal_exact(
	    sent.msg + OFF_QNAME, a.query.msg + OFF_QNAME));
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(a.calls, 1);

	/* A server that lower-cases: asked by TCP, where nobody can guess. */
	sent = ask_one(&a, name);
	len = fake_answer(&sent, 0, 66, msg);
	(void)dns_name_lower(msg + OFF_QNAME, msg + OFF_QNAME);
	fake_give(&f, &sent, msg, len);
	for (int i = 0; i < 3; i++)
		fake_turn(&f);
	CU_ASSERT_EQUAL(a.calls, 0);
	CU_ASSERT_EQUAL(COUNT(mismatch_case), 1);
	CU_ASSERT(fake_take(&f, &tcp));
	CU_ASSERT(tcp.is_tcp);
	CU_ASSERT(
	    dns_name_equal_exact(tcp.msg + OFF_QNAME, a.query.msg + OFF_QNAME));
	len = fake_answer(&tcp, 0, 1, msg);
	(void)dns_name_lower(msg + OFF_QNAME, msg + OFF_QNAME);
	fake_give(&f, &tcp, msg, len);
	fake_turn(&f);
	PROVE("FWD-118", tcp.is_tcp && a.calls == 1 && a.last == 1);
	fake_done(&f);
}

static void
signed_unchanged(void)
{
	struct dnsmsg *m = calloc(1, sizeof(*m));
	struct fake_sent sent;
	struct fake_ask a;

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	set_up_case();
	dnsmsg_query(m, "abcdefghijklmnop.example", TYPE_A);
	dnsmsg_tsig(m, IN_ADDITIONAL);
	fake_raw_query(&a, m->data, m->len);
	CU_ASSERT(a.query.is_signed);
	fake_ask(&f, &a);
	CU_ASSERT(fake_take(&f, &sent));
	PROVE("FWD-119", sent.len == m->len && memcmp(sent.msg + 2, m->data + 2,
						   m->len - 2) == 0);
	/* Its answer is not expected in mixed case either. */
	sent.msg[DNS_OFF_ARCOUNT + 1] = 0;
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, 0);
	fake_done(&f);
	free(m);
}

/* --------------------------------------------------------------- limits -- */

/* More than one socket's IDs, and than may be outstanding at all. */
static void
many_outstanding(void)
{
	static uint8_t seen[1u << 16];
	struct fake_ask *a = calloc(70000, sizeof(*a));
	unsigned refused = 0, clashes = 0, sent_count = 0;
	struct fake_sent sent;
	int fd;

	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	set_up(1);
	for (int i = 0; i < 70000; i++) {
		int rc;

		fake_query(&a[i], "www.example", TYPE_A, true, false);
		rc = upstream_start(f.upstream, &a[i].ask, &a[i].query, 0);
		CU_ASSERT(rc == 0 || rc == -EAGAIN);
		refused += rc != 0;
		if (i % 100 == 0)
			f.flush->ready(f.flush, 0);
	}
	fake_turn(&f);
	CU_ASSERT_EQUAL(refused, 70000 - UPSTREAM_MAX_SERVER_ATTEMPTS);
	CU_ASSERT_EQUAL(
	    f.datagrams, (unsigned)upstream_outstanding(f.upstream));
	for (fd = 100; fd < 100 + f.used; fd++) {
		struct list *l;

		memset(seen, 0, sizeof(seen));
		for (l = f.sent.next; l != &f.sent; l = l->next) {
			const struct fake_sent *s =
			    &container_of(l, struct fake_datagram, link)->sent;

			if (s->fd == fd) {
				sent_count++;
				clashes += seen[dns_get16(s->msg)]++ != 0;
			}
		}
	}
	CU_ASSERT_EQUAL(sent_count, f.datagrams);
	PROVE("DOQ-038", clashes == 0 && refused > 0 &&
			     f.datagrams == UPSTREAM_MAX_SERVER_ATTEMPTS);
	while (fake_take(&f, &sent))
		continue;
	fake_done(&f);
	free(a);
}

/* A UDP datagram would not do: straight to TCP. */
static void
too_long_for_udp(void)
{
	struct dnsmsg *m = calloc(1, sizeof(*m));
	static uint8_t big[DNSMSG_MAX];
	struct fake_sent sent;
	struct fake_ask a;
	size_t place;

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	set_up(1);
	dnsmsg_start(m, 1, 5 << 11); /* UPDATE */
	dnsmsg_question(m, "example", 6);
	place = dnsmsg_record(m, IN_AUTHORITY, "a.example", 16);
	for (int i = 0; i < 5; i++) {
		dnsmsg_u8(m, 250);
		dnsmsg_fill(m, 'x', 250);
	}
	dnsmsg_rdata_end(m, place);
	memcpy(big, m->data, m->len);
	memset(&a, 0, sizeof(a));
	fake_query(&a, "a.example", TYPE_A, true, false);
	CU_ASSERT_EQUAL(dns_query_parse(big, m->len, &a.query), DNS_VERDICT_OK);
	fake_ask(&f, &a);
	fake_turn(&f);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT(sent.is_tcp);
	CU_ASSERT_EQUAL(sent.len, m->len);
	fake_done(&f);
	free(m);
}

/* ------------------------------------------------------------- property -- */

#define ROUNDS 300
#define FORGED 60

/* Makes sure that not all of it is right: the ID, or the name. */
static void
spoil(const struct fake_sent *sent, uint8_t *msg, size_t len, uint32_t *seed)
{
	bool has_name = len > OFF_QNAME + 1;

	if (!has_name || dnsmsg_random(seed) % 4 != 0) {
		msg[0] = (uint8_t)(sent->msg[0] + 1 +
				   dnsmsg_random(seed) % UINT8_MAX);
		return;
	}
	memcpy(msg, sent->msg, 2);
	dns_put16(msg + DNS_OFF_QDCOUNT, 1);
	msg[OFF_QNAME + 1] = 'x';
}

/*
 * Whatever comes, each query ends exactly once, and with nothing but what its
 * server said in a message that matches.  Forgers know all but the ID,
 * or all but the name.
 */
static void
forged(void)
{
	uint32_t seed = dnsmsg_seed("udp_back:forged");
	struct fake_sent sent, next;
	struct fake_ask a;
	uint8_t msg[FAKE_MSG_MAX];
	size_t len;

	set_up(2);
	for (int i = 0; i < ROUNDS; i++) {
		sent = ask_one(&a, "www.example");
		for (uint32_t k = dnsmsg_random(&seed) % FORGED; k > 0; k--) {
			len = fake_answer(&sent, 0, 66, msg);
			dnsmsg_mutate(msg, &len, &seed);
			spoil(&sent, msg, len, &seed);
			fake_give(&f, &sent, msg, len);
		}
		for (int k = 0; k < 5; k++)
			fake_turn(&f);
		CU_ASSERT_EQUAL(a.calls, 0);
		/* Perhaps it went on by TCP; the last one counts. */
		while (fake_take(&f, &next))
			sent = next;
		fake_reply(&f, &sent, 0, 1);
		CU_ASSERT_EQUAL(a.calls, 1);
		CU_ASSERT_EQUAL(a.status, 0);
		CU_ASSERT_EQUAL(a.last, 1);
		fake_advance(&f, 3 * NSEC_PER_MSEC);
	}
	fake_done(&f);
}

void
test_udp_back_register(void)
{
	CU_pSuite suite = unit_suite("udp_back");

	unit_test(suite, "wrong_answers", wrong_answers);
	unit_test(suite, "reasons", reasons);
	unit_test(suite, "formerr_without_question", formerr_without_question);
	unit_test(suite, "twice_and_late", twice_and_late);
	unit_test(suite, "answer_before_query", answer_before_query);
	unit_test(suite, "ports", ports);
	unit_test(suite, "ports_at_speed", ports_at_speed);
	unit_test(suite, "outstanding_ports", outstanding_ports);
	unit_test(suite, "ids", ids);
	unit_test(suite, "avoided_ports", avoided_ports);
	unit_test(suite, "port_ranges", port_ranges);
	unit_test(suite, "no_port_is_left", no_port_is_left);
	unit_test(suite, "taken_ports", taken_ports);
	unit_test(suite, "avoided_by_reload", avoided_by_reload);
	unit_test(suite, "spoofing", spoofing);
	unit_test(suite, "birthday_flood", birthday_flood);
	unit_test(suite, "late_is_not_wrong", late_is_not_wrong);
	unit_test(suite, "truncated", truncated);
	unit_test(suite, "truncated_and_no_tcp", truncated_and_no_tcp);
	unit_test(suite, "truncated_elsewhere", truncated_elsewhere);
	unit_test(suite, "broken", broken);
	unit_test(suite, "broken_by_tcp_too", broken_by_tcp_too);
	unit_test(suite, "no_edns", no_edns);
	unit_test(suite, "extended_rcodes", extended_rcodes);
	unit_test(suite, "no_keepalive", no_keepalive);
	unit_test(suite, "mixed_case", mixed_case);
	unit_test(suite, "signed_unchanged", signed_unchanged);
	unit_test(suite, "many_outstanding", many_outstanding);
	unit_test(suite, "too_long_for_udp", too_long_for_udp);
	unit_test(suite, "forged", forged);
}
