/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which server is asked, when, and how a question ends; resolver/back with the
 * network and the clock of back_fake.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/back/internal.h"
#include "tests/unit/back_fake.h"
#include "tests/unit/unit.h"

#define TYPE_A 1
#define SERVFAIL 2
#define REFUSED 5

static struct fake f;

static void
set_up(enum config_policy policy, unsigned servers)
{
	fake_init(&f, 1);
	f.config.upstream.policy = policy;
	for (unsigned i = 1; i <= servers; i++)
		fake_server(&f, CONFIG_UDP, i);
	fake_start(&f);
}

/* Which server got the next message; 0: nobody. */
static unsigned
taken_by(struct fake_sent *ret_sent)
{
	return fake_take(&f, ret_sent) ? ret_sent->server : 0;
}

/* Asks, answers at once, and says who was asked. */
static unsigned
asked_first(void)
{
	struct fake_sent sent;
	struct fake_ask a;
	unsigned server;

	fake_query(&a, "name.test", TYPE_A, true, false);
	fake_ask(&f, &a);
	server = taken_by(&sent);
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, 0);
	return server;
}

static void
answer(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_POLICY_FAILOVER, 1);
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	CU_ASSERT_EQUAL(upstream_outstanding(f.upstream), 1);
	CU_ASSERT_EQUAL(taken_by(&sent), 1);
	fake_reply(&f, &sent, 0, 77);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, 0);
	CU_ASSERT_EQUAL(a.last, 77);
	CU_ASSERT(!a.is_ad_trusted);
	CU_ASSERT_EQUAL(counter_get(&f.counters.asks_answered), 1);
	CU_ASSERT_EQUAL(counter_get(&f.counters.udp_sockets_opened), 1);
	CU_ASSERT_EQUAL(counter_get(&f.counters.udp_batches), 1);
	CU_ASSERT_EQUAL(counter_get(&f.counters.udp_sent), 1);
	CU_ASSERT_EQUAL(counter_get(&f.counters.udp_received), 1);
	CU_ASSERT_EQUAL(upstream_outstanding(f.upstream), 0);
	fake_advance(&f, 10 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(taken_by(&sent), 0);
	CU_ASSERT_EQUAL(a.calls, 1);
	fake_done(&f);
}

static void
no_server(void)
{
	struct fake_ask a;

	set_up(CONFIG_POLICY_FAILOVER, 0);
	fake_query(&a, "www.example", TYPE_A, true, false);
	CU_ASSERT_EQUAL(
	    upstream_start(f.upstream, &a.ask, &a.query, 0), -ENOTCONN);
	upstream_cancel(&a.ask);
	fake_done(&f);
}

/* Counts what arrives until `span` from now is over. */
static unsigned
count_until(nsec span)
{
	struct fake_sent sent;
	unsigned count = 0;

	fake_advance(&f, span);
	while (fake_take(&f, &sent))
		count++;
	return count;
}

static void
silence(void)
{
	struct fake_ask a;
	nsec start;

	set_up(CONFIG_POLICY_FAILOVER, 1);
	fake_query(&a, "www.example", TYPE_A, true, false);
	start = f.now;
	fake_ask(&f, &a);
	CU_ASSERT_EQUAL(count_until(0), 1);
	CU_ASSERT_EQUAL(count_until(799 * NSEC_PER_MSEC), 0);
	CU_ASSERT_EQUAL(count_until(1 * NSEC_PER_MSEC), 1);
	CU_ASSERT_EQUAL(count_until(1199 * NSEC_PER_MSEC), 0);
	CU_ASSERT_EQUAL(count_until(1 * NSEC_PER_MSEC), 1);
	CU_ASSERT_EQUAL(a.calls, 0);
	PROVE("FWD-099", count_until(3 * NSEC_PER_SEC) == 0 && a.calls == 1);
	CU_ASSERT_EQUAL(a.status, -ETIMEDOUT);
	CU_ASSERT_EQUAL(f.now - start, 5 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(counter_get(&f.counters.asks_timed_out), 1);
	/* One name that is not answered does not make a server bad. */
	CU_ASSERT_EQUAL(counter_get(&f.counters.timeouts), 3);
	CU_ASSERT_EQUAL(counter_get(&f.counters.server_down), 0);
	fake_done(&f);
}

static void
deadline(void)
{
	struct fake_ask a;

	set_up(CONFIG_POLICY_FAILOVER, 3);
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	fake_advance(&f, 3999 * NSEC_PER_MSEC);
	CU_ASSERT_EQUAL(a.calls, 0);
	fake_advance(&f, 1 * NSEC_PER_MSEC);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, -ETIMEDOUT);
	fake_done(&f);
}

static void
next_server(void)
{
	struct fake_sent first, second;
	struct fake_ask a;

	set_up(CONFIG_POLICY_FAILOVER, 2);
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	CU_ASSERT_EQUAL(taken_by(&first), 1);
	fake_advance(&f, 800 * NSEC_PER_MSEC);
	CU_ASSERT_EQUAL(taken_by(&second), 2);
	CU_ASSERT_EQUAL(counter_get(&f.counters.failovers), 1);
	/* The first one was only slow: its answer is as good. */
	fake_reply(&f, &first, 0, 11);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.last, 11);
	fake_reply(&f, &second, 0, 22);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(counter_get(&f.counters.late_answers), 1);
	fake_done(&f);
}

static void
cancel(void)
{
	struct fake_sent sent;
	struct fake_ask a;
	uint8_t msg[FAKE_MSG_MAX];
	size_t len;

	set_up(CONFIG_POLICY_FAILOVER, 2);
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	CU_ASSERT_EQUAL(taken_by(&sent), 1);
	upstream_cancel(&a.ask);
	CU_ASSERT_EQUAL(upstream_outstanding(f.upstream), 0);
	/* Not even TC makes it move again. */
	len = fake_answer(&sent, 0, 1, msg);
	msg[2] |= DNS_FLAG_TC >> 8;
	fake_give(&f, &sent, msg, len);
	CU_ASSERT_EQUAL(count_until(10 * NSEC_PER_SEC), 0);
	CU_ASSERT_EQUAL(a.calls, 0);
	CU_ASSERT_EQUAL(fake_open_streams(&f), 0);
	CU_ASSERT_EQUAL(counter_get(&f.counters.late_answers), 1);
	upstream_cancel(&a.ask);
	fake_done(&f);
}

static void
cancel_before_flush(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_POLICY_FAILOVER, 1);
	fake_query(&a, "www.example", TYPE_A, true, false);
	CU_ASSERT_EQUAL(upstream_start(f.upstream, &a.ask, &a.query, 0), 0);
	upstream_cancel(&a.ask);
	fake_turn(&f);
	CU_ASSERT_EQUAL(taken_by(&sent), 0);
	fake_done(&f);
}

/* One socket for both, so that both are in the list that is walked over. */
static void
cancel_within_done(void)
{
	struct fake_ask a, b;

	set_up(CONFIG_POLICY_FAILOVER, 1);
	fake_query(&a, "a.example", TYPE_A, true, false);
	fake_query(&b, "b.example", TYPE_A, true, false);
	a.cancel = &b;
	b.cancel = &a;
	CU_ASSERT_EQUAL(upstream_start(f.upstream, &a.ask, &a.query, 0), 0);
	CU_ASSERT_EQUAL(upstream_start(f.upstream, &b.ask, &b.query, 0), 0);
	fake_turn(&f);
	fake_advance(&f, 2000 * NSEC_PER_MSEC);
	for (int i = 0; i < f.used; i++) {
		if (f.sockets[i].is_open)
			fake_icmp(&f, i + 100);
	}
	fake_turn(&f);
	CU_ASSERT_EQUAL(a.calls + b.calls, 1);
	CU_ASSERT_EQUAL(upstream_outstanding(f.upstream), 0);
	fake_done(&f);
}

static void
free_cancels(void)
{
	struct fake_ask a;

	set_up(CONFIG_POLICY_FAILOVER, 1);
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	fake_done(&f);
	CU_ASSERT_EQUAL(a.calls, 0);
}

static void
refused(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_POLICY_FAILOVER, 2);
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	CU_ASSERT_EQUAL(taken_by(&sent), 1);
	fake_icmp(&f, sent.fd);
	fake_turn(&f); /* no clock needed */
	CU_ASSERT_EQUAL(taken_by(&sent), 2);
	CU_ASSERT_EQUAL(a.calls, 0);
	CU_ASSERT_EQUAL(counter_get(&f.counters.udp_refused), 1);
	fake_reply(&f, &sent, 0, 22);
	PROVE("FWD-120", a.calls == 1 && a.status == 0 && a.last == 22);
	fake_done(&f);
}

/* A forged ICMP error: the answer still comes. */
static void
refused_is_a_hint(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_POLICY_FAILOVER, 1);
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	CU_ASSERT_EQUAL(taken_by(&sent), 1);
	fake_icmp(&f, sent.fd);
	fake_turn(&f);
	PROVE("FWD-120", a.calls == 0);
	fake_reply(&f, &sent, 0, 5);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.last, 5);
	fake_done(&f);
}

/* Nobody there: three tries, then an end before the deadline. */
static void
refused_by_all(void)
{
	struct fake_sent sent;
	struct fake_ask a;
	unsigned count = 0;

	set_up(CONFIG_POLICY_FAILOVER, 1);
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	for (int i = 0; i < 4; i++) {
		while (fake_take(&f, &sent)) {
			count++;
			fake_icmp(&f, sent.fd);
		}
		fake_turn(&f);
		if (a.calls == 0)
			fake_advance(&f, 1200 * NSEC_PER_MSEC);
	}
	CU_ASSERT_EQUAL(count, 3);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, -ECONNREFUSED);
	fake_done(&f);
}

static void
unreachable(void)
{
	struct fake_ask a;

	set_up(CONFIG_POLICY_FAILOVER, 2);
	f.send_error = -ENETUNREACH;
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	fake_turn(&f);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, -EHOSTUNREACH);
	CU_ASSERT_EQUAL(counter_get(&f.counters.asks_failed), 1);
	fake_done(&f);
}

static void
no_sockets(void)
{
	struct fake_ask a;

	set_up(CONFIG_POLICY_FAILOVER, 2);
	f.open_error = -EMFILE;
	fake_query(&a, "www.example", TYPE_A, true, false);
	CU_ASSERT_EQUAL(
	    upstream_start(f.upstream, &a.ask, &a.query, 0), -EHOSTUNREACH);
	CU_ASSERT_EQUAL(upstream_outstanding(f.upstream), 0);
	f.open_error = 0;
	fake_ask(&f, &a);
	fake_done(&f);
}

/* The system takes nothing: like loss, so it is sent again. */
static void
send_buffer_full(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_POLICY_FAILOVER, 1);
	f.send_error = -EAGAIN;
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	CU_ASSERT_EQUAL(taken_by(&sent), 0);
	CU_ASSERT_EQUAL(counter_get(&f.counters.udp_send_failed), 1);
	f.send_error = 0;
	fake_advance(&f, 800 * NSEC_PER_MSEC);
	CU_ASSERT_EQUAL(taken_by(&sent), 1);
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(a.status, 0);
	CU_ASSERT_EQUAL(a.calls, 1);
	fake_done(&f);
}

static void
error_code_asks_elsewhere(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_POLICY_FAILOVER, 2);
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	CU_ASSERT_EQUAL(taken_by(&sent), 1);
	fake_reply(&f, &sent, SERVFAIL, 0);
	CU_ASSERT_EQUAL(a.calls, 0);
	CU_ASSERT_EQUAL(taken_by(&sent), 2);
	fake_reply(&f, &sent, 0, 22);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.rcode, 0);
	CU_ASSERT_EQUAL(a.last, 22);
	CU_ASSERT_EQUAL(counter_get(&f.counters.poor_answers), 1);
	fake_done(&f);
}

static void
error_code_from_all(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_POLICY_FAILOVER, 2);
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	CU_ASSERT_EQUAL(taken_by(&sent), 1);
	fake_reply(&f, &sent, SERVFAIL, 0);
	CU_ASSERT_EQUAL(taken_by(&sent), 2);
	fake_reply(&f, &sent, REFUSED, 0);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, 0);
	CU_ASSERT_EQUAL(a.rcode, REFUSED);
	fake_done(&f);
}

/* The other one says nothing: what we have is delivered, in time. */
static void
error_code_is_kept(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_POLICY_FAILOVER, 2);
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	CU_ASSERT_EQUAL(taken_by(&sent), 1);
	fake_reply(&f, &sent, SERVFAIL, 0);
	fake_advance(&f, 800 * NSEC_PER_MSEC);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, 0);
	CU_ASSERT_EQUAL(a.rcode, SERVFAIL);
	fake_done(&f);
}

/* An earlier one may still know better, but not for long. */
static void
error_code_while_waiting(void)
{
	struct fake_sent sent, first;
	struct fake_ask a;

	for (int late = 0; late < 2; late++) {
		set_up(CONFIG_POLICY_FAILOVER, 2);
		fake_query(&a, "www.example", TYPE_A, true, false);
		fake_ask(&f, &a);
		CU_ASSERT_EQUAL(taken_by(&first), 1);
		fake_advance(&f, 800 * NSEC_PER_MSEC);
		CU_ASSERT_EQUAL(taken_by(&sent), 2);
		fake_reply(&f, &sent, SERVFAIL, 0);
		CU_ASSERT_EQUAL(a.calls, 0);
		if (late == 0)
			fake_reply(&f, &first, 0, 11);
		else
			fake_advance(&f, 800 * NSEC_PER_MSEC);
		CU_ASSERT_EQUAL(a.calls, 1);
		CU_ASSERT_EQUAL(a.status, 0);
		CU_ASSERT_EQUAL(a.rcode, late == 0 ? 0 : SERVFAIL);
		fake_done(&f);
	}
}

static void
health(void)
{
	struct fake_sent sent;
	struct fake_ask a[3];

	set_up(CONFIG_POLICY_FAILOVER, 2);
	for (int i = 0; i < 3; i++) {
		fake_query(&a[i], "www.example", TYPE_A, true, false);
		fake_ask(&f, &a[i]);
		CU_ASSERT_EQUAL(taken_by(&sent), 1);
		fake_advance(&f, 800 * NSEC_PER_MSEC);
		CU_ASSERT_EQUAL(taken_by(&sent), 2);
		fake_reply(&f, &sent, 0, 2);
		CU_ASSERT_EQUAL(a[i].calls, 1);
	}
	CU_ASSERT_EQUAL(counter_get(&f.counters.server_down), 1);
	CU_ASSERT_EQUAL(asked_first(), 2);
	/* Its backoff is over: one question tries it, others do not. */
	fake_advance(&f, 1 * NSEC_PER_SEC);
	fake_query(&a[0], "www.example", TYPE_A, true, false);
	fake_ask(&f, &a[0]);
	CU_ASSERT_EQUAL(taken_by(&sent), 1);
	{
		struct fake_sent other;

		fake_query(&a[1], "www.example", TYPE_A, true, false);
		fake_ask(&f, &a[1]);
		CU_ASSERT_EQUAL(taken_by(&other), 2);
		fake_reply(&f, &other, 0, 2);
	}
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(a[0].last, 1);
	CU_ASSERT_EQUAL(counter_get(&f.counters.server_up), 1);
	CU_ASSERT_EQUAL(asked_first(), 1);
	fake_done(&f);
}

static void
backoff_doubles(void)
{
	struct fake_ask a;
	struct back_server *s;

	set_up(CONFIG_POLICY_FAILOVER, 1);
	s = container_of(f.upstream->servers.next, struct back_server, link);
	fake_query(&a, "www.example", TYPE_A, true, false);
	for (int i = 0; i < 10; i++) {
		fake_ask(&f, &a);
		fake_advance(&f, 40 * NSEC_PER_SEC);
		CU_ASSERT_EQUAL(a.status, -ETIMEDOUT);
	}
	CU_ASSERT_EQUAL(a.calls, 10);
	CU_ASSERT(back_server_is_down(s));
	CU_ASSERT_EQUAL(s->backoff, UPSTREAM_DOWN_LONGEST);
	/* All are down: it is asked all the same. */
	CU_ASSERT_EQUAL(count_until(0), 30);
	CU_ASSERT_EQUAL(asked_first(), 1);
	CU_ASSERT(!back_server_is_down(s));
	fake_done(&f);
}

static void
round_robin(void)
{
	unsigned seen[4] = {0};

	set_up(CONFIG_POLICY_ROUND_ROBIN, 3);
	for (int i = 0; i < 30; i++)
		seen[asked_first()]++;
	CU_ASSERT(seen[1] == 10 && seen[2] == 10 && seen[3] == 10);
	fake_done(&f);
}

/* Server 2 answers in 5 ms, the others in 40. */
static unsigned
ask_with_delays(unsigned seen[4])
{
	struct fake_sent sent;
	struct fake_ask a;
	unsigned server;

	fake_query(&a, "name.test", TYPE_A, true, false);
	fake_ask(&f, &a);
	server = taken_by(&sent);
	fake_advance(&f, (server == 2 ? 5 : 40) * NSEC_PER_MSEC);
	fake_reply(&f, &sent, 0, 1);
	seen[server]++;
	return server;
}

static void
fastest(void)
{
	unsigned seen[4] = {0};

	set_up(CONFIG_POLICY_FASTEST, 3);
	for (int i = 0; i < 1000; i++)
		(void)ask_with_delays(seen);
	CU_ASSERT(seen[2] > 900);
	/* The others are looked at now and then. */
	CU_ASSERT(seen[1] > 3 && seen[3] > 3);
	fake_done(&f);
}

static void
trust(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	fake_init(&f, 1);
	fake_server(&f, CONFIG_UDP, 101); /* 127.0.0.101 */
	fake_start(&f);
	fake_query(&a, "www.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	CU_ASSERT_EQUAL(taken_by(&sent), 101);
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT(a.is_ad_trusted);
	fake_done(&f);
}

/* How many questions are taken before one is refused. */
static size_t
ask_until_refused(struct fake_ask *a, size_t max)
{
	size_t i;

	for (i = 0; i < max; i++) {
		fake_query(&a[i], "www.example", TYPE_A, false, false);
		if (upstream_start(f.upstream, &a[i].ask, &a[i].query, 0) != 0)
			break;
	}
	return i;
}

static void
too_many(void)
{
	struct fake_ask *a = calloc(UPSTREAM_MAX_ASKS + 1, sizeof(*a));
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	for (unsigned servers = 1; servers <= 3; servers += 2) {
		set_up(CONFIG_POLICY_ROUND_ROBIN, servers);
		i = ask_until_refused(a, UPSTREAM_MAX_ASKS + 1);
		CU_ASSERT_EQUAL_FATAL(i, servers == 1
					     ? UPSTREAM_MAX_SERVER_ATTEMPTS
					     : UPSTREAM_MAX_ASKS);
		CU_ASSERT_EQUAL(
		    upstream_start(f.upstream, &a[i].ask, &a[i].query, 0),
		    -EAGAIN);
		CU_ASSERT_EQUAL(counter_get(&f.counters.asks_refused_limit), 2);
		upstream_cancel(&a[0].ask);
		CU_ASSERT_EQUAL(
		    upstream_start(f.upstream, &a[i].ask, &a[i].query, 0), 0);
		fake_done(&f);
	}
	free(a);
}

static void
reload(void)
{
	struct back_server *kept;
	struct fake_sent sent, late;
	struct fake_ask a, b;

	set_up(CONFIG_POLICY_FAILOVER, 2);
	fake_query(&a, "a.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	CU_ASSERT_EQUAL(taken_by(&late), 1);
	kept = container_of(f.upstream->servers.prev, struct back_server, link);

	/* 2 and 3 instead of 1 and 2. */
	f.addrs[0] = f.addrs[1];
	f.config.upstream.servers.count = 1;
	fake_server(&f, CONFIG_UDP, 3);
	CU_ASSERT_EQUAL(upstream_reload(f.upstream, &f.config), 0);
	CU_ASSERT_PTR_EQUAL(
	    container_of(f.upstream->servers.next, struct back_server, link),
	    kept);
	fake_query(&b, "b.example", TYPE_A, true, false);
	fake_ask(&f, &b);
	CU_ASSERT_EQUAL(taken_by(&sent), 2);
	fake_reply(&f, &sent, 0, 2);
	CU_ASSERT_EQUAL(b.calls, 1);

	/* What was asked of 1 goes on, but 1 is asked no more. */
	fake_advance(&f, 800 * NSEC_PER_MSEC);
	CU_ASSERT_EQUAL(taken_by(&sent), 2);
	fake_advance(&f, 1500 * NSEC_PER_MSEC);
	while (fake_take(&f, &sent))
		CU_ASSERT_EQUAL(sent.server, 2);
	fake_reply(&f, &late, 0, 9);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.last, 9);
	fake_turn(&f);
	CU_ASSERT(list_is_empty(&f.upstream->leaving));
	fake_done(&f);
}

/* No server is left: the question in flight still ends. */
static void
reload_to_nothing(void)
{
	struct fake_ask a, b;

	set_up(CONFIG_POLICY_ROUND_ROBIN, 2);
	fake_query(&a, "a.example", TYPE_A, true, false);
	fake_ask(&f, &a);
	f.config.upstream.servers.count = 0;
	CU_ASSERT_EQUAL(upstream_reload(f.upstream, &f.config), 0);
	fake_query(&b, "b.example", TYPE_A, true, false);
	CU_ASSERT_EQUAL(
	    upstream_start(f.upstream, &b.ask, &b.query, 0), -ENOTCONN);
	fake_advance(&f, 4 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, -ETIMEDOUT);
	CU_ASSERT(list_is_empty(&f.upstream->leaving));
	CU_ASSERT_EQUAL(fake_open_sockets(&f), 0);
	fake_done(&f);
}

/* An asker that asks again at once, from within its done. */
static struct fake_ask again_ask;
static unsigned again_left;

static void
on_again(struct upstream_ask *ask, const struct upstream_result *result)
{
	(void)result;
	if (again_left-- > 0)
		(void)upstream_start(f.upstream, ask, &again_ask.query, 0);
}

static void
start_within_done(void)
{
	struct fake_sent sent;
	unsigned count = 0;

	set_up(CONFIG_POLICY_FAILOVER, 1);
	again_left = 5;
	fake_query(&again_ask, "www.example", TYPE_A, true, false);
	again_ask.ask.done = on_again;
	fake_ask(&f, &again_ask);
	while (fake_take(&f, &sent)) {
		count++;
		fake_reply(&f, &sent, 0, 1);
	}
	CU_ASSERT_EQUAL(count, 6);
	CU_ASSERT_EQUAL(upstream_outstanding(f.upstream), 0);
	fake_done(&f);
}

void
test_upstream_register(void)
{
	CU_pSuite suite = unit_suite("upstream");

	unit_test(suite, "answer", answer);
	unit_test(suite, "no_server", no_server);
	unit_test(suite, "silence", silence);
	unit_test(suite, "deadline", deadline);
	unit_test(suite, "next_server", next_server);
	unit_test(suite, "cancel", cancel);
	unit_test(suite, "cancel_before_flush", cancel_before_flush);
	unit_test(suite, "cancel_within_done", cancel_within_done);
	unit_test(suite, "free_cancels", free_cancels);
	unit_test(suite, "refused", refused);
	unit_test(suite, "refused_is_a_hint", refused_is_a_hint);
	unit_test(suite, "refused_by_all", refused_by_all);
	unit_test(suite, "unreachable", unreachable);
	unit_test(suite, "no_sockets", no_sockets);
	unit_test(suite, "send_buffer_full", send_buffer_full);
	unit_test(
	    suite, "error_code_asks_elsewhere", error_code_asks_elsewhere);
	unit_test(suite, "error_code_from_all", error_code_from_all);
	unit_test(suite, "error_code_is_kept", error_code_is_kept);
	unit_test(suite, "error_code_while_waiting", error_code_while_waiting);
	unit_test(suite, "health", health);
	unit_test(suite, "backoff_doubles", backoff_doubles);
	unit_test(suite, "round_robin", round_robin);
	unit_test(suite, "fastest", fastest);
	unit_test(suite, "trust", trust);
	unit_test(suite, "too_many", too_many);
	unit_test(suite, "reload", reload);
	unit_test(suite, "reload_to_nothing", reload_to_nothing);
	unit_test(suite, "start_within_done", start_within_done);
}
