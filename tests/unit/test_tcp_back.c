/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking by TCP: one connection, many queries in it, and all the ways in which
 * it may end.  Network and clock: back_fake.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/back/internal.h"
#include "tests/unit/back_fake.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

#define TYPE_A 1
#define TYPE_SOA 6
#define UPDATE (5 << 11)
#define NOTIFY (4 << 11)
#define MANY 1000

static struct fake f;
static struct fake_ask many[MANY];
static struct fake_sent got[MANY];

static void
set_up(unsigned servers)
{
	fake_begin(&f, 5, CONFIG_TCP, servers);
}

static void
turns(unsigned count)
{
	while (count-- > 0)
		fake_turn(&f);
}

/* Asks; returns what came by TCP once the connection stood. */
static struct fake_sent
ask_one(struct fake_ask *a, const char *name)
{
	struct fake_sent sent = {.fd = -1};

	fake_query(a, name, TYPE_A, true, false);
	fake_ask(&f, a);
	turns(2);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT(sent.is_tcp);
	return sent;
}

/* Starts `count` of `many` in one turn and takes what the server gets. */
static unsigned
ask_many(unsigned count)
{
	unsigned i = 0;

	for (unsigned k = 0; k < count; k++) {
		fake_query(&many[k], "www.example", TYPE_A, true, false);
		CU_ASSERT_EQUAL(
		    upstream_start(f.upstream, &many[k].ask, &many[k].query, 0),
		    0);
	}
	turns(3);
	while (i < MANY && fake_take(&f, &got[i]))
		i++;
	return i;
}

static unsigned
answered(unsigned count)
{
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++)
		n += many[i].calls == 1 && many[i].status == 0;
	return n;
}

static void
no_udp(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(1);
	sent = ask_one(&a, "www.example");
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(f.datagrams, 0);
	PROVE("FWD-125", f.datagrams == 0 && a.calls == 1 && a.status == 0);
	fake_done(&f);
}

static void
prefer_tcp(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	fake_init(&f, 5);
	f.config.upstream.prefer_tcp = true;
	fake_server(&f, CONFIG_UDP, 1);
	fake_start(&f);
	sent = ask_one(&a, "www.example");
	fake_reply(&f, &sent, 0, 1);
	PROVE("FWD-124", sent.is_tcp && f.datagrams == 0 && a.status == 0);
	fake_done(&f);
}

static void
flag_no_udp(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	fake_begin(&f, 5, CONFIG_UDP, 1);
	fake_query(&a, "www.example", TYPE_A, true, false);
	CU_ASSERT_EQUAL(
	    upstream_start(f.upstream, &a.ask, &a.query, UPSTREAM_NO_UDP), 0);
	turns(3);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT(sent.is_tcp);
	fake_done(&f);
}

static void
pipeline(void)
{
	static uint8_t seen[65536];
	unsigned clashes = 0;
	bool wrong = false;

	memset(seen, 0, sizeof(seen));
	set_up(1);
	PROVE("FWD-127", ask_many(MANY) == MANY && answered(MANY) == 0);
	for (unsigned i = 0; i < MANY; i++)
		clashes += seen[dns_get16(got[i].msg)]++ != 0;
	PROVE("FWD-126", clashes == 0);
	PROVE("DOQ-036", clashes == 0);
	PROVE("FWD-129", fake_open_streams(&f) == 1);
	/* Few writes, each a number of whole messages. */
	PROVE("FWD-131",
	    f.sockets[0].writes <= 1 + MANY / NET_STREAM_WRITE_BUFS &&
		f.sockets[0].out_len == 0);
	for (unsigned i = MANY; i-- > 0;) {
		uint8_t msg[FAKE_MSG_MAX];
		size_t len = fake_answer(&got[i], 0, i & 0xff, msg);

		fake_give(&f, &got[i], msg, len);
	}
	turns(2000);
	for (unsigned i = 0; i < MANY; i++)
		wrong = wrong || many[i].calls != 1 || many[i].status != 0;
	PROVE("FWD-128", !wrong);
	CU_ASSERT_EQUAL(counter_get(&f.counters.tcp_connects), 1);
	CU_ASSERT_EQUAL(counter_get(&f.counters.tcp_sent), MANY);
	CU_ASSERT_EQUAL(counter_get(&f.counters.tcp_received), MANY);
	fake_done(&f);
}

/* The right ID with the wrong question, and the other way round. */
static void
wrong_answers(void)
{
	struct fake_sent sent;
	struct fake_ask a;
	uint8_t msg[FAKE_MSG_MAX];
	size_t len;

	set_up(1);
	sent = ask_one(&a, "www.example");
	len = fake_answer(&sent, 0, 66, msg);
	msg[13] ^= 1;
	fake_give(&f, &sent, msg, len);
	turns(2);
	PROVE("FWD-128", a.calls == 0);
	len = fake_answer(&sent, 0, 66, msg);
	msg[0] ^= 1;
	fake_give(&f, &sent, msg, len);
	turns(2);
	CU_ASSERT_EQUAL(a.calls, 0);
	CU_ASSERT_EQUAL(counter_get(&f.counters.mismatch_id), 1);
	CU_ASSERT_EQUAL(counter_get(&f.counters.mismatch_name), 1);
	fake_reply(&f, &sent, 0, 1);
	PROVE("BAD-137", a.calls == 1 && a.last == 1);
	fake_done(&f);
}

/* Patience is bounded: a server that answers nothing that was asked. */
static void
flood_of_wrong_answers(void)
{
	struct fake_sent sent;
	struct fake_ask a;
	uint8_t msg[FAKE_MSG_MAX];
	size_t len;

	set_up(1);
	sent = ask_one(&a, "www.example");
	len = fake_answer(&sent, 0, 66, msg);
	msg[0] ^= 1;
	for (int i = 0; i < BACK_CONN_MAX_MISMATCHES; i++)
		fake_give(&f, &sent, msg, len);
	turns(300);
	CU_ASSERT(!f.sockets[sent.fd - 100].is_open);
	/* Asked again by a new one. */
	CU_ASSERT(fake_take(&f, &sent));
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, 0);
	fake_done(&f);
}

/* It stands when nobody waits for it any longer: as idle as any other. */
static void
opened_in_vain(void)
{
	struct fake_ask a;

	set_up(1);
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	upstream_cancel(&a.ask);
	turns(2);
	CU_ASSERT_EQUAL(fake_open_streams(&f), 1);
	fake_advance(&f, BACK_CONN_IDLE_TIME);
	CU_ASSERT_EQUAL(fake_open_streams(&f), 0);
	CU_ASSERT_EQUAL(counter_get(&f.counters.tcp_idle_closed), 1);
	fake_done(&f);
}

static void
reuse_and_idle(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(1);
	for (int i = 0; i < 5; i++) {
		sent = ask_one(&a, "www.example");
		CU_ASSERT_EQUAL(sent.fd, 100);
		fake_reply(&f, &sent, 0, 1);
		fake_advance(&f, BACK_CONN_IDLE_TIME - 1);
	}
	CU_ASSERT_EQUAL(fake_open_streams(&f), 1);
	fake_advance(&f, 1);
	PROVE("FWD-129", fake_open_streams(&f) == 0);
	CU_ASSERT_EQUAL(counter_get(&f.counters.tcp_idle_closed), 1);
	sent = ask_one(&a, "www.example");
	CU_ASSERT_EQUAL(sent.fd, 101);
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(a.status, 0);
	fake_done(&f);
}

/*
 * A server that closes after `k` answers in each connection; what came behind
 * those is lost.  Returns how many sends there were.
 */
static unsigned
serve_and_close(unsigned k)
{
	unsigned answers[64] = {0};
	unsigned sends = 0;
	struct fake_sent sent;

	for (int i = 0; i < 200; i++) {
		while (fake_take(&f, &sent)) {
			unsigned conn = (unsigned)(sent.fd - 100);
			uint8_t msg[FAKE_MSG_MAX];
			size_t len = fake_answer(&sent, 0, 1, msg);

			sends++;
			CU_ASSERT_FATAL(conn < 64);
			if (!f.sockets[conn].is_open || answers[conn] >= k)
				continue;
			fake_give(&f, &sent, msg, len);
			if (++answers[conn] == k)
				fake_close(&f, sent.fd);
		}
		fake_turn(&f);
	}
	return sends;
}

static void
closes_early(void)
{
	unsigned sends;

	set_up(1);
	for (unsigned k = 0; k < 100; k++) {
		fake_query(&many[k], "www.example", TYPE_A, true, false);
		CU_ASSERT_EQUAL(
		    upstream_start(f.upstream, &many[k].ask, &many[k].query, 0),
		    0);
	}
	turns(1);
	sends = serve_and_close(5);
	PROVE("FWD-130", answered(100) == 100);
	/* It learns: most are sent twice, none more than three times. */
	CU_ASSERT(sends <= 250);
	CU_ASSERT(counter_get(&f.counters.tcp_closed_early) >= 1);
	fake_done(&f);
}

/* Closed without an answer, each time: three sends, then an end. */
static void
closes_always(void)
{
	struct fake_sent sent;
	struct fake_ask a;
	unsigned sends = 0;

	set_up(1);
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	for (int i = 0; i < 20; i++) {
		while (fake_take(&f, &sent)) {
			sends++;
			fake_close(&f, sent.fd);
		}
		fake_turn(&f);
	}
	PROVE("FWD-099", sends == UPSTREAM_MAX_SENDS && a.calls == 1);
	CU_ASSERT_EQUAL(a.status, -EHOSTUNREACH);
	fake_done(&f);
}

static void
bad_frames(void)
{
	static const uint8_t frames[2][2] = {{0, 0}, {0, 11}};
	struct fake_sent sent;
	struct fake_ask a;
	unsigned good = 0;

	for (int i = 0; i < 2; i++) {
		set_up(1);
		sent = ask_one(&a, "www.example");
		fake_give_octets(&f, sent.fd, frames[i], 2);
		turns(3);
		good += !f.sockets[sent.fd - 100].is_open;
		CU_ASSERT_EQUAL(counter_get(&f.counters.tcp_bad_frame), 1);
		CU_ASSERT(fake_take(&f, &sent));
		fake_reply(&f, &sent, 0, 1);
		good += a.calls == 1 && a.status == 0;
		fake_done(&f);
	}
	PROVE("FWD-133", good == 4);
}

static void
cut_answer(void)
{
	static const uint8_t part[12] = {0xff, 0xff};
	struct fake_sent sent;
	struct fake_ask a;

	set_up(1);
	sent = ask_one(&a, "www.example");
	for (int i = 0; i < 3; i++) {
		fake_give_octets(&f, sent.fd, part, sizeof(part));
		fake_close(&f, sent.fd);
		turns(4);
		if (!fake_take(&f, &sent))
			break;
	}
	PROVE("BAD-136", a.calls == 1 && a.status < 0);
	fake_done(&f);
}

/* One octet a second; the deadline does not move. */
static void
slow_server(void)
{
	struct fake_sent sent;
	struct fake_ask a;
	uint8_t msg[FAKE_MSG_MAX], prefix[2] = {0};
	size_t len;

	set_up(1);
	sent = ask_one(&a, "www.example");
	len = fake_answer(&sent, 0, 66, msg);
	prefix[1] = (uint8_t)len;
	fake_give_octets(&f, sent.fd, prefix, 2);
	for (size_t i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(a.calls, 0);
		fake_give_octets(&f, sent.fd, msg + i, 1);
		fake_advance(&f, NSEC_PER_SEC);
	}
	PROVE("BAD-149", a.calls == 1 && a.status == -ETIMEDOUT);
	/* And that connection is used no more. */
	turns(2);
	CU_ASSERT(!f.sockets[sent.fd - 100].is_open);
	fake_done(&f);
}

/* Other answers come: the server is slow with this one, not dead. */
static void
slow_query(void)
{
	struct fake_sent slow, sent;
	struct fake_ask a, b;

	set_up(1);
	slow = ask_one(&a, "slow.example");
	fake_advance(&f, NSEC_PER_SEC);
	sent = ask_one(&b, "b.example");
	CU_ASSERT_EQUAL(sent.fd, slow.fd);
	fake_reply(&f, &sent, 0, 2);
	CU_ASSERT_EQUAL(b.calls, 1);
	fake_advance(&f, 2 * NSEC_PER_SEC);
	CU_ASSERT(!fake_take(&f, &sent));
	fake_reply(&f, &slow, 0, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, 0);
	fake_done(&f);
}

/* Nothing comes at all: by another connection, and the old one may win. */
static void
stalled(void)
{
	struct fake_sent first, second;
	struct fake_ask a;

	set_up(1);
	first = ask_one(&a, "www.example");
	fake_advance(&f, 2 * NSEC_PER_SEC);
	turns(2);
	CU_ASSERT(fake_take(&f, &second));
	CU_ASSERT_NOT_EQUAL(second.fd, first.fd);
	CU_ASSERT_EQUAL(fake_open_streams(&f), 2);
	fake_reply(&f, &first, 0, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	turns(2);
	CU_ASSERT_EQUAL(fake_open_streams(&f), 1);
	fake_done(&f);
}

/* A query given up after a silence: the next one does not wait behind it. */
static void
given_up(void)
{
	struct fake_sent first, second;
	struct fake_ask a, b;

	set_up(1);
	first = ask_one(&a, "www.example");
	fake_advance(&f, NSEC_PER_SEC);
	upstream_cancel(&a.ask);
	turns(2);
	second = ask_one(&b, "mail.example");
	CU_ASSERT_NOT_EQUAL(second.fd, first.fd);
	fake_reply(&f, &second, 0, 1);
	CU_ASSERT_EQUAL(b.calls, 1);
	fake_done(&f);
}

static size_t
answer_with_keepalive(
    const struct fake_sent *sent, unsigned timeout, uint8_t *msg)
{
	size_t len = fake_answer(sent, 0, 1, msg);

	/* The OPT is last: RDLENGTH, then code, length, timeout. */
	dns_put16(msg + len - 2, 6);
	dns_put16(msg + len, DNS_OPTION_KEEPALIVE);
	dns_put16(msg + len + 2, 2);
	dns_put16(msg + len + 4, (uint16_t)timeout);
	return len + 6;
}

static void
keepalive(void)
{
	struct fake_sent sent, other;
	struct fake_ask a, b;
	uint8_t msg[FAKE_MSG_MAX];
	size_t len;
	bool held;

	set_up(1);
	other = ask_one(&b, "b.example");
	PROVE("FWD-134",
	    dnsmsg_options(other.msg, other.len, DNS_OPTION_KEEPALIVE) == 1 &&
		other.msg[other.len - 1] == 0);
	sent = ask_one(&a, "a.example");
	len = answer_with_keepalive(&sent, 0, msg);
	fake_give(&f, &sent, msg, len);
	turns(2);
	CU_ASSERT_EQUAL(a.calls, 1);
	/* Finish, take nothing new, close. */
	held = f.sockets[other.fd - 100].is_open;
	sent = ask_one(&a, "c.example");
	held = held && sent.fd != other.fd;
	fake_reply(&f, &other, 0, 2);
	held = held && b.calls == 1 && !f.sockets[other.fd - 100].is_open;
	PROVE("FWD-135", held);
	CU_ASSERT_EQUAL(counter_get(&f.counters.tcp_keepalive_zero), 1);
	/* A timeout shorter than ours: 5 s. */
	len = answer_with_keepalive(&sent, 50, msg);
	fake_give(&f, &sent, msg, len);
	fake_turn(&f);
	fake_advance(&f, 5 * NSEC_PER_SEC - 1);
	CU_ASSERT(f.sockets[sent.fd - 100].is_open);
	fake_advance(&f, 1);
	CU_ASSERT(!f.sockets[sent.fd - 100].is_open);
	fake_done(&f);
}

static void
connect_refused(void)
{
	struct fake_sent sent = {.server = 0};
	struct fake_ask a;

	set_up(2);
	f.tcp_refuses = true;
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	f.tcp_refuses = false;
	turns(3);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT_EQUAL(sent.server, 2);
	CU_ASSERT_EQUAL(counter_get(&f.counters.tcp_connect_failed), 1);
	fake_reply(&f, &sent, 0, 2);
	CU_ASSERT_EQUAL(a.status, 0);
	fake_done(&f);
}

static void
connect_fails_at_once(void)
{
	struct fake_ask a;

	set_up(2);
	f.connect_error = -ENETUNREACH;
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	turns(3);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, -EHOSTUNREACH);
	CU_ASSERT_EQUAL(fake_open_streams(&f), 0);
	CU_ASSERT_EQUAL(counter_get(&f.counters.tcp_connect_failed), 2);
	fake_done(&f);
}

static void
truncated_by_tcp(void)
{
	struct fake_sent sent;
	struct fake_ask a;
	uint8_t msg[FAKE_MSG_MAX];
	size_t len;

	set_up(1);
	sent = ask_one(&a, "www.example");
	len = fake_answer(&sent, 0, 66, msg);
	msg[2] |= DNS_FLAG_TC >> 8;
	fake_give(&f, &sent, msg, len);
	turns(2);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, -EBADMSG);
	fake_done(&f);
}

/* Cancelled queries take no part any more, and harm no other. */
static void
cancelled(void)
{
	set_up(1);
	CU_ASSERT_EQUAL(ask_many(300), 300);
	for (unsigned i = 0; i < 299; i++)
		upstream_cancel(&many[i].ask);
	for (unsigned i = 0; i < 300; i++) {
		uint8_t msg[FAKE_MSG_MAX];
		size_t len = fake_answer(&got[i], 0, 1, msg);

		fake_give(&f, &got[i], msg, len);
	}
	turns(300);
	CU_ASSERT_EQUAL(many[299].calls, 1);
	CU_ASSERT_EQUAL(answered(300), 1);
	CU_ASSERT_EQUAL(counter_get(&f.counters.late_answers), 299);
	CU_ASSERT_EQUAL(counter_get(&f.counters.mismatch_id), 0);
	fake_done(&f);
}

static void
make_change(struct fake_ask *a, uint16_t opcode)
{
	struct dnsmsg *m = calloc(1, sizeof(*m));

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	dnsmsg_start(m, 7, opcode);
	dnsmsg_question(m, "example", TYPE_SOA);
	fake_raw_query(a, m->data, m->len);
	free(m);
}

/* It may have been done: neither that server nor another one is asked. */
static void
update_once(void)
{
	struct fake_sent sent;
	struct fake_ask a;
	bool held;

	set_up(2);
	make_change(&a, UPDATE);
	fake_ask(&f, &a);
	turns(2);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT(memcmp(sent.msg + 2, a.msg + 2, a.len - 2) == 0);
	fake_close(&f, sent.fd);
	turns(3);
	held = a.calls == 1 && a.status == -EHOSTUNREACH;
	PROVE("FWD-143", held && !fake_take(&f, &sent));
	fake_done(&f);
}

/* By UDP: silence, ICMP and a wrong answer change nothing. */
static void
update_by_udp(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	fake_begin(&f, 5, CONFIG_UDP, 2);
	make_change(&a, UPDATE);
	fake_ask(&f, &a);
	CU_ASSERT(fake_take(&f, &sent));
	fake_icmp(&f, sent.fd);
	fake_advance(&f, 3 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(a.calls, 0);
	PROVE("FWD-143", !fake_take(&f, &sent));
	fake_advance(&f, 1 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT(a.status < 0);
	CU_ASSERT_EQUAL(fake_open_streams(&f), 0);
	fake_done(&f);
}

/* Never sent, since nobody listens: then another one may have it. */
static void
update_elsewhere(void)
{
	struct fake_sent sent = {.server = 0};
	struct fake_ask a;

	set_up(2);
	f.tcp_refuses = true;
	make_change(&a, UPDATE);
	fake_ask(&f, &a);
	f.tcp_refuses = false;
	turns(3);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT_EQUAL(sent.server, 2);
	fake_done(&f);
}

/* Telling twice is no harm (RFC 1996 3.6). */
static void
notify_again(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(2);
	make_change(&a, NOTIFY);
	fake_ask(&f, &a);
	turns(2);
	CU_ASSERT(fake_take(&f, &sent));
	fake_close(&f, sent.fd);
	turns(4);
	CU_ASSERT(fake_take(&f, &sent));
	fake_done(&f);
}

static void
reload_keeps_connection(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(1);
	sent = ask_one(&a, "www.example");
	CU_ASSERT_EQUAL(upstream_reload(f.upstream, &f.config), 0);
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	sent = ask_one(&a, "www.example");
	CU_ASSERT_EQUAL(sent.fd, 100);
	fake_done(&f);
}

static void
reload_drops_server(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(1);
	sent = ask_one(&a, "www.example");
	f.config.upstream.servers.count = 0;
	CU_ASSERT_EQUAL(upstream_reload(f.upstream, &f.config), 0);
	CU_ASSERT_EQUAL(fake_open_streams(&f), 1);
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, 0);
	CU_ASSERT_EQUAL(fake_open_streams(&f), 0);
	fake_done(&f);
}

void
test_tcp_back_register(void)
{
	CU_pSuite suite = unit_suite("tcp_back");

	unit_test(suite, "no_udp", no_udp);
	unit_test(suite, "prefer_tcp", prefer_tcp);
	unit_test(suite, "flag_no_udp", flag_no_udp);
	unit_test(suite, "pipeline", pipeline);
	unit_test(suite, "wrong_answers", wrong_answers);
	unit_test(suite, "flood_of_wrong_answers", flood_of_wrong_answers);
	unit_test(suite, "opened_in_vain", opened_in_vain);
	unit_test(suite, "reuse_and_idle", reuse_and_idle);
	unit_test(suite, "closes_early", closes_early);
	unit_test(suite, "closes_always", closes_always);
	unit_test(suite, "bad_frames", bad_frames);
	unit_test(suite, "cut_answer", cut_answer);
	unit_test(suite, "slow_server", slow_server);
	unit_test(suite, "slow_query", slow_query);
	unit_test(suite, "stalled", stalled);
	unit_test(suite, "given_up", given_up);
	unit_test(suite, "keepalive", keepalive);
	unit_test(suite, "connect_refused", connect_refused);
	unit_test(suite, "connect_fails_at_once", connect_fails_at_once);
	unit_test(suite, "truncated_by_tcp", truncated_by_tcp);
	unit_test(suite, "cancelled", cancelled);
	unit_test(suite, "update_once", update_once);
	unit_test(suite, "update_by_udp", update_by_udp);
	unit_test(suite, "update_elsewhere", update_elsewhere);
	unit_test(suite, "notify_again", notify_again);
	unit_test(suite, "reload_keeps_connection", reload_keeps_connection);
	unit_test(suite, "reload_drops_server", reload_drops_server);
}
