/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zone transfers over the network in memory of back_fake.h: one connection
 * each, message by message, and every way to break off.
 */
#include "resolver/back/transfer.h"

#include <errno.h>
#include <string.h>

#include "dns/wire.h"
#include "tests/unit/back_fake.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	AXFR = 252,
	RESPONSE = 0x8400,
	MAX = 2,
	SILENCE_MS = 5000,
	PARTS = 20
};

static struct fake f;

/* One asker, and what it was told. */
struct asker {
	struct fake_ask question; /* only its message */
	struct transfer *transfer;
	unsigned parts;
	unsigned lasts;
	unsigned ends; /* that were no message */
	int status;
	bool pauses;
	bool cancels;
};

static void
on_part(void *arg, const struct transfer_part *part)
{
	struct asker *a = arg;

	CU_ASSERT((part->status == 0) == (part->response != NULL));
	if (part->status != 0) {
		a->ends++;
		a->status = part->status;
		return;
	}
	a->parts++;
	a->lasts += part->is_last;
	if (a->cancels)
		transfer_cancel(a->transfer);
	else if (a->pauses)
		transfer_pause(a->transfer);
	/* Lent for the call, whatever became of the transfer. */
	CU_ASSERT(part->response->msg[2] == RESPONSE >> 8);
}

static int
start(struct asker *a, bool has_edns)
{
	struct transfer_ask ask;

	memset(a, 0, sizeof(*a));
	fake_query(&a->question, "example.org", AXFR, has_edns, false);
	ask = (struct transfer_ask){
	    .query = &a->question.query,
	    .fn = on_part,
	    .arg = a,
	};
	return transfer_start(f.upstream, &ask, &a->transfer);
}

static void
begin(unsigned servers)
{
	fake_init(&f, 1);
	f.for_zones = true;
	f.config.transfer.max = MAX;
	f.config.transfer.timeout_ms = SILENCE_MS;
	for (unsigned i = 1; i <= servers; i++)
		fake_server(&f, CONFIG_UDP, i);
	fake_start(&f);
}

/* Starts one and takes the query that a server gets. */
static void
ask(struct asker *a, struct fake_sent *ret_sent)
{
	CU_ASSERT_EQUAL_FATAL(start(a, true), 0);
	fake_turn(&f);
	CU_ASSERT_FATAL(fake_take(&f, ret_sent));
	CU_ASSERT(ret_sent->is_tcp);
}

/* The server says: `soas` SOA records around addresses. */
static void
say(const struct fake_sent *to, unsigned soas, unsigned addresses,
    bool has_question)
{
	static struct dnsmsg m;

	dnsmsg_start(&m, dns_get16(to->msg), RESPONSE);
	if (has_question)
		dnsmsg_question(&m, "example.org", AXFR);
	if (soas > 0)
		dnsmsg_soa(&m, IN_ANSWER, "example.org");
	while (addresses-- > 0)
		dnsmsg_a(&m, IN_ANSWER, "a.example.org");
	if (soas > 1)
		dnsmsg_soa(&m, IN_ANSWER, "example.org");
	fake_give(&f, to, m.data, m.len);
}

static void
test_whole(void)
{
	struct fake_sent sent, other;
	struct asker a, b;

	begin(1);
	ask(&a, &sent);
	ask(&b, &other);
	CU_ASSERT(sent.fd != other.fd && fake_open_streams(&f) == 2);
	say(&sent, 1, 3, true);
	fake_turn(&f);
	CU_ASSERT(a.parts == 1 && a.lasts == 0 && transfer_held(a.transfer));
	for (unsigned i = 0; i < PARTS; i++)
		say(&sent, 0, 3, false);
	say(&sent, 1, 0, false);
	for (unsigned i = 0; i < PARTS; i++)
		fake_turn(&f);
	PROVE("FWD-172", a.parts == PARTS + 2 && a.lasts == 1 && a.ends == 0);
	CU_ASSERT(fake_open_streams(&f) == 1);
	say(&other, 2, 1, true);
	fake_turn(&f);
	CU_ASSERT(b.parts == 1 && b.lasts == 1 && b.ends == 0);
	CU_ASSERT(fake_open_streams(&f) == 0);
	CU_ASSERT(counter_get(&f.counters.transfers_done) == 2);
	CU_ASSERT(counter_get(&f.counters.transfers_now) == 0);
	fake_done(&f);
}

/* By TCP, even to a server that is asked by UDP; EDNS if the asker has it. */
static void
test_query(void)
{
	struct fake_sent sent;
	struct asker a;

	begin(1);
	ask(&a, &sent);
	PROVE("FWD-171", sent.is_tcp && fake_open_sockets(&f) == 1);
	CU_ASSERT(dns_get16(sent.msg + DNS_OFF_ARCOUNT) == 1);
	transfer_cancel(a.transfer);
	fake_turn(&f);
	CU_ASSERT_EQUAL_FATAL(start(&a, false), 0);
	fake_turn(&f);
	CU_ASSERT_FATAL(fake_take(&f, &sent));
	CU_ASSERT(dns_get16(sent.msg + DNS_OFF_ARCOUNT) == 0);
	transfer_cancel(a.transfer);
	fake_done(&f);
}

static void
test_limit(void)
{
	struct asker a, b, c;

	begin(1);
	CU_ASSERT(start(&a, true) == 0 && start(&b, true) == 0);
	CU_ASSERT(start(&c, true) == -EAGAIN);
	transfer_cancel(a.transfer);
	CU_ASSERT(start(&c, true) == 0);
	fake_turn(&f);
	CU_ASSERT(counter_get(&f.counters.transfers_refused) == 1);
	/* The others go with the object, without a word. */
	fake_done(&f);
	CU_ASSERT(a.parts + b.parts + c.parts == 0);
	CU_ASSERT(a.ends + b.ends + c.ends == 0);
	begin(0);
	CU_ASSERT(start(&a, true) == -ENOTCONN);
	fake_done(&f);
}

/* Broken off: told, whatever came before. */
static void
test_broken(void)
{
	struct fake_sent sent;
	struct asker a;

	begin(1);
	ask(&a, &sent);
	say(&sent, 1, 3, true);
	fake_turn(&f);
	fake_close(&f, sent.fd);
	fake_turn(&f);
	CU_ASSERT(a.parts == 1 && a.ends == 1 && a.lasts == 0);
	CU_ASSERT(a.status == -ECONNRESET);
	/* Two zones in one. */
	ask(&a, &sent);
	say(&sent, 1, 3, true);
	say(&sent, 2, 3, true);
	fake_turn(&f);
	CU_ASSERT(a.parts == 1 && a.ends == 1 && a.status == -EBADMSG);
	/* An answer to somebody else. */
	ask(&a, &sent);
	sent.msg[0] ^= 1;
	say(&sent, 1, 3, true);
	fake_turn(&f);
	CU_ASSERT(a.parts == 0 && a.ends == 1 && a.status == -EBADMSG);
	/* Silence. */
	ask(&a, &sent);
	say(&sent, 1, 3, true);
	fake_turn(&f);
	fake_advance(&f, SILENCE_MS * NSEC_PER_MSEC - 1);
	CU_ASSERT(a.ends == 0);
	fake_advance(&f, 1);
	CU_ASSERT(a.ends == 1 && a.status == -ETIMEDOUT);
	CU_ASSERT(fake_open_streams(&f) == 0);
	CU_ASSERT(counter_get(&f.counters.transfers_failed) == 4);
	fake_done(&f);
}

/* Another server is asked as long as none has said anything. */
static void
test_next_server(void)
{
	struct fake_sent sent;
	struct asker a;

	begin(3);
	ask(&a, &sent);
	CU_ASSERT(sent.server == 1);
	fake_close(&f, sent.fd);
	fake_turn(&f);
	fake_turn(&f);
	CU_ASSERT_FATAL(fake_take(&f, &sent));
	CU_ASSERT(sent.server == 2 && a.ends == 0);
	fake_advance(&f, SILENCE_MS * NSEC_PER_MSEC);
	fake_turn(&f);
	CU_ASSERT_FATAL(fake_take(&f, &sent));
	CU_ASSERT(sent.server == 3 && a.ends == 0);
	say(&sent, 1, 3, true);
	fake_turn(&f);
	fake_close(&f, sent.fd);
	fake_turn(&f);
	CU_ASSERT(a.parts == 1 && a.ends == 1);
	fake_done(&f);
	begin(2);
	f.connect_error = -ENETUNREACH;
	CU_ASSERT(start(&a, true) == -EHOSTUNREACH);
	CU_ASSERT(a.ends == 0);
	fake_turn(&f);
	f.connect_error = 0;
	f.tcp_refuses = true;
	CU_ASSERT(start(&a, true) == 0);
	for (unsigned i = 0; i < 3; i++)
		fake_turn(&f);
	CU_ASSERT(a.ends == 1 && a.status == -ECONNREFUSED);
	fake_done(&f);
}

/* Who does not read holds up the server; that is not the server's silence. */
static void
test_pause(void)
{
	struct fake_sent sent;
	struct asker a;

	begin(1);
	ask(&a, &sent);
	a.pauses = true;
	say(&sent, 1, 3, true);
	fake_turn(&f);
	CU_ASSERT(a.parts == 1);
	say(&sent, 0, 3, true);
	fake_advance(&f, 10 * SILENCE_MS * NSEC_PER_MSEC);
	CU_ASSERT(a.parts == 1 && a.ends == 0);
	transfer_resume(a.transfer);
	CU_ASSERT(a.parts == 1);
	fake_turn(&f);
	CU_ASSERT(a.parts == 2);
	a.pauses = false;
	transfer_resume(a.transfer);
	transfer_resume(a.transfer); /* harmless */
	fake_advance(&f, SILENCE_MS * NSEC_PER_MSEC);
	CU_ASSERT(a.ends == 1 && a.status == -ETIMEDOUT);
	fake_done(&f);
}

static void
test_cancel(void)
{
	struct fake_sent sent;
	struct asker a;

	begin(1);
	ask(&a, &sent);
	a.cancels = true;
	say(&sent, 1, 3, true);
	say(&sent, 0, 3, true);
	fake_turn(&f);
	CU_ASSERT(a.parts == 1 && a.ends == 0 && fake_open_streams(&f) == 0);
	fake_advance(&f, 2 * SILENCE_MS * NSEC_PER_MSEC);
	CU_ASSERT(a.parts == 1 && a.ends == 0);
	fake_done(&f);
}

/* Servers of their own; a reload takes none away from who runs. */
static void
test_own_servers(void)
{
	struct config_servers none = {.item = NULL};
	struct fake_sent sent;
	struct asker a;

	fake_init(&f, 1);
	f.for_zones = true;
	f.config.transfer.max = MAX;
	f.config.transfer.timeout_ms = SILENCE_MS;
	fake_server(&f, CONFIG_TCP, 7);
	f.config.transfer.servers = f.config.upstream.servers;
	f.config.upstream.servers = none;
	fake_start(&f);
	ask(&a, &sent);
	CU_ASSERT(sent.server == 7);
	f.config.transfer.servers = none;
	CU_ASSERT(upstream_reload(f.upstream, &f.config) == 0);
	CU_ASSERT(!upstream_has_servers(f.upstream));
	fake_turn(&f);
	say(&sent, 2, 3, true);
	fake_turn(&f);
	CU_ASSERT(a.lasts == 1);
	CU_ASSERT(start(&a, true) == -ENOTCONN);
	fake_done(&f);
}

void
test_transfer_register(void)
{
	CU_pSuite s = unit_suite("transfer");

	unit_test(s, "whole", test_whole);
	unit_test(s, "query", test_query);
	unit_test(s, "limit", test_limit);
	unit_test(s, "broken", test_broken);
	unit_test(s, "next_server", test_next_server);
	unit_test(s, "pause", test_pause);
	unit_test(s, "cancel", test_cancel);
	unit_test(s, "own_servers", test_own_servers);
}
