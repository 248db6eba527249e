/* SPDX-License-Identifier: BSD-2-Clause */
/* Who waits for one answer together.  Network and clock: back_fake.h. */
#include "resolver/fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/back/internal.h"
#include "resolver/limits.h"
#include "tests/fake/alloc.h"
#include "tests/fake/prng.h"
#include "tests/unit/back_fake.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	TXT = 16,
	ANY = 255,
	CD = 0x0010,
	AD = 0x0020,
	RD = 0x0100,
	WAITERS = 24,
	BIG = 300, /* octets of a message that has no room in a fetch */
	NAMES = 3,
	SEEDS = 40,
	STEPS = 400
};

/* Somebody who waits. */
struct asker {
	struct fetch_waiter waiter;
	struct dnsmsg *msg;
	struct dns_query query;
	unsigned calls;
	int status;
	uint8_t last;	      /* last octet of the answer's address */
	struct asker *leaves; /* who leaves when this one is told */
	bool asks_again;      /* this one does when it is told */
};

static const uint8_t secret[HASH_KEY_LEN] = {1};
static struct dns_cache *cache; /* NULL */
static struct fake f;
static struct fetches fetches;
static struct fake_sent sent;
static struct dnsmsg messages[WAITERS];
static struct asker askers[WAITERS];

static int start(struct asker *a, nsec not_after);

static void
on_done(struct fetch_waiter *w, const struct upstream_result *result)
{
	struct asker *a = container_of(w, struct asker, waiter);
	const struct dns_response *r = result->response;

	a->calls++;
	a->status = result->status;
	if (a->leaves != NULL)
		fetch_leave(&a->leaves->waiter);
	if (a->asks_again) {
		a->asks_again = false;
		CU_ASSERT_EQUAL(start(a, 0), 0);
	}
	/* What was lent is there until the last one has seen it. */
	if (r != NULL)
		a->last = r->msg[r->records + 15];
}

static struct asker *
asker(unsigned i, const char *name, unsigned type, unsigned flags,
    uint32_t edns_flags)
{
	struct asker *a = &askers[i];

	*a = (struct asker){.msg = &messages[i]};
	a->waiter.done = on_done;
	dnsmsg_start(a->msg, (uint16_t)i, (uint16_t)(RD | flags));
	dnsmsg_question(a->msg, name, type);
	if (edns_flags != 0)
		dnsmsg_opt(a->msg, 1232, edns_flags, NULL, 0);
	CU_ASSERT_EQUAL_FATAL(
	    dns_query_parse(a->msg->data, a->msg->len, &a->query),
	    DNS_VERDICT_OK);
	return a;
}

static struct fetch_question
question(const struct asker *a, const struct dns_ecs *ecs, struct dns_key *key)
{
	struct fetch_question q = {
	    .upstream = f.upstream, .query = &a->query, .ecs = ecs};

	if (fetch_key(&fetches, f.upstream, &a->query, ecs, key))
		q.key = key;
	return q;
}

/* Does not end the turn. */
static int
start_now(struct asker *a, nsec not_after)
{
	struct dns_key key;
	struct fetch_question q = question(a, NULL, &key);

	return fetch_start(&fetches, &q, &a->waiter, not_after);
}

static int
start(struct asker *a, nsec not_after)
{
	unsigned calls = a->calls;
	int rc = start_now(a, not_after);

	CU_ASSERT_EQUAL(a->calls, calls);
	fake_turn(&f);
	return rc;
}

static int
refresh(const struct asker *a)
{
	struct dns_key key;
	struct fetch_question q = question(a, NULL, &key);
	int rc = fetch_refresh(&fetches, &q);

	fake_turn(&f);
	return rc;
}

/* Waiter `i` asks for the name that all do. */
static int
ask(unsigned i)
{
	return start(asker(i, "www.example.com", A, 0, 0), 0);
}

static nsec
now(void *ctx)
{
	(void)ctx;
	return f.now;
}

static void
begin_with(bool is_proxied)
{
	fake_init(&f, 1);
	fake_server(&f, CONFIG_UDP, 1);
	f.servers[0].is_proxied = is_proxied;
	fake_start(&f);
	fetches_init(&fetches, &(struct fetch_env){
				   .timers = &f.timers,
				   .now = now,
				   .cache = &cache,
				   .key = secret,
			       });
}

static void
begin(void)
{
	begin_with(false);
}

static void
end(void)
{
	fetches_done(&fetches);
	CU_ASSERT_EQUAL(fetches.refreshes, 0);
	for (unsigned i = 0; i < WAITERS; i++)
		CU_ASSERT_PTR_NULL(askers[i].waiter.fetch);
	fake_done(&f);
}

static unsigned
outstanding(void)
{
	return (unsigned)upstream_outstanding(f.upstream);
}

static bool
is_told(unsigned i, int status, unsigned last)
{
	return askers[i].calls == 1 && askers[i].status == status &&
	       askers[i].last == last;
}

static void
test_once(void)
{
	begin();
	CU_ASSERT_EQUAL(ask(0), 0);
	CU_ASSERT_EQUAL(ask(1), 1);
	CU_ASSERT_EQUAL(start(asker(2, "wWw.eXample.COM", A, AD, 0), 0), 1);
	CU_ASSERT_EQUAL(outstanding(), 1);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT_EQUAL(dns_get16(sent.msg + 2), RD | AD);
	fake_reply(&f, &sent, 0, 7);
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT(is_told(i, 0, 7));
	CU_ASSERT_EQUAL(outstanding(), 0);
	CU_ASSERT(!fake_take(&f, &sent));
	/* the next one is asked for again */
	CU_ASSERT_EQUAL(ask(0), 0);
	CU_ASSERT(fake_take(&f, &sent));
	fake_reply(&f, &sent, 2, 0);
	CU_ASSERT_EQUAL(askers[0].calls, 1);
	CU_ASSERT_EQUAL(askers[0].status, 0);
	end();
}

/* What is not the same. */
static void
test_different(void)
{
	struct dns_ecs ecs = {.family = 1, .source = 24, .address = {192}};
	struct dns_ecs other = {.family = 1, .source = 24, .address = {193}};
	struct dns_key key;
	struct fetch_question q;

	begin();
	CU_ASSERT_EQUAL(ask(0), 0);
	CU_ASSERT_EQUAL(start(asker(1, "www.example.com", TXT, 0, 0), 0), 0);
	CU_ASSERT_EQUAL(start(asker(2, "www.example.org", A, 0, 0), 0), 0);
	CU_ASSERT_EQUAL(start(asker(3, "www.example.com", A, CD, 0), 0), 0);
	CU_ASSERT_EQUAL(
	    start(asker(4, "www.example.com", A, 0, DNS_EDNS_DO), 0), 0);
	CU_ASSERT_EQUAL(
	    start(asker(5, "www.example.com", A, CD, DNS_EDNS_DO), 0), 0);
	q = question(asker(6, "www.example.com", A, 0, 0), &ecs, &key);
	CU_ASSERT_EQUAL(fetch_start(&fetches, &q, &askers[6].waiter, 0), 0);
	q = question(asker(7, "www.example.com", A, 0, 0), &ecs, &key);
	CU_ASSERT_EQUAL(fetch_start(&fetches, &q, &askers[7].waiter, 0), 1);
	q = question(asker(8, "www.example.com", A, 0, 0), &other, &key);
	CU_ASSERT_EQUAL(fetch_start(&fetches, &q, &askers[8].waiter, 0), 0);
	CU_ASSERT_EQUAL(outstanding(), 8);
	fake_turn(&f);
	for (unsigned i = 0; i < 8; i++) {
		struct dns_query got;

		CU_ASSERT(fake_take(&f, &sent));
		CU_ASSERT_EQUAL(
		    dns_query_parse(sent.msg, sent.len, &got), DNS_VERDICT_OK);
		CU_ASSERT_EQUAL((got.flags & CD) != 0, i == 3 || i == 5);
		CU_ASSERT_EQUAL(
		    (got.edns.flags & DNS_EDNS_DO) != 0, i == 4 || i == 5);
		CU_ASSERT_EQUAL(got.edns.has_ecs, i >= 6);
		if (got.edns.has_ecs)
			CU_ASSERT_EQUAL(
			    dns_ecs_take(sent.msg, &got.edns, &ecs), 1);
		CU_ASSERT_EQUAL(ecs.address[0], i == 7 ? 193 : 192);
	}
	end();
}

/* DOQ-058, DOQ-051 */
static void
test_leave(void)
{
	begin();
	CU_ASSERT_EQUAL(ask(0), 0);
	CU_ASSERT_EQUAL(ask(1), 1);
	CU_ASSERT_EQUAL(ask(2), 1);
	fetch_leave(&askers[0].waiter);
	fetch_leave(&askers[0].waiter);
	fetch_leave(&askers[2].waiter);
	/* who asked first may be gone, octets and all */
	memset(messages[0].data, 0, sizeof(messages[0].data));
	fake_advance(&f, NSEC_PER_SEC);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT(fake_take(&f, &sent)); /* repeated */
	fake_reply(&f, &sent, 0, 3);
	CU_ASSERT_EQUAL(askers[0].calls + askers[2].calls, 0);
	PROVE("DOQ-058", is_told(1, 0, 3));
	/* the last one */
	CU_ASSERT_EQUAL(ask(0), 0);
	CU_ASSERT_EQUAL(ask(1), 1);
	CU_ASSERT(fake_take(&f, &sent));
	fetch_leave(&askers[1].waiter);
	CU_ASSERT_EQUAL(outstanding(), 1);
	fetch_leave(&askers[0].waiter);
	CU_ASSERT_EQUAL(outstanding(), 0);
	CU_ASSERT_EQUAL(counter_get(&f.counters.asks_cancelled), 1);
	fake_reply(&f, &sent, 0, 3);
	fake_advance(&f, 10 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(askers[0].calls + askers[1].calls, 0);
	PROVE("DOQ-051", !fake_take(&f, &sent));
	end();
}

/* One answer makes so much work and no more, and nobody is refused. */
static void
test_limit(void)
{
	struct fake_sent second;

	begin();
	fetches.max_waiters = 2;
	CU_ASSERT_EQUAL(ask(0), 0);
	CU_ASSERT_EQUAL(ask(1), 1);
	CU_ASSERT_EQUAL(ask(2), 0);
	CU_ASSERT_EQUAL(ask(3), 1);
	/* a place that is free again is not given */
	fetch_leave(&askers[1].waiter);
	CU_ASSERT_EQUAL(ask(4), 0);
	CU_ASSERT_EQUAL(outstanding(), 3);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT(fake_take(&f, &second));
	fake_reply(&f, &second, 0, 2);
	CU_ASSERT(is_told(2, 0, 2));
	CU_ASSERT(is_told(3, 0, 2));
	CU_ASSERT_EQUAL(askers[0].calls, 0);
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT(is_told(0, 0, 1));
	CU_ASSERT_EQUAL(askers[4].calls, 0);
	end();
}

static void
test_deadline(void)
{
	begin();
	CU_ASSERT_EQUAL(
	    start(asker(0, "www.example.com", A, 0, 0), f.now + NSEC_PER_SEC),
	    0);
	CU_ASSERT_EQUAL(ask(1), 1);
	CU_ASSERT_EQUAL(start(asker(2, "www.example.com", A, 0, 0),
			    f.now + 2 * NSEC_PER_SEC),
	    1);
	fake_advance(&f, NSEC_PER_SEC - 1);
	CU_ASSERT_EQUAL(askers[0].calls, 0);
	fake_advance(&f, 1);
	CU_ASSERT(is_told(0, -ETIMEDOUT, 0));
	CU_ASSERT_EQUAL(askers[1].calls, 0);
	CU_ASSERT(fake_take(&f, &sent));
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT(is_told(1, 0, 1));
	CU_ASSERT(is_told(2, 0, 1));
	fake_advance(&f, 10 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(askers[2].calls, 1);
	/* alone */
	CU_ASSERT_EQUAL(
	    start(asker(0, "www.example.com", A, 0, 0), f.now + NSEC_PER_SEC),
	    0);
	fake_advance(&f, NSEC_PER_SEC);
	CU_ASSERT(is_told(0, -ETIMEDOUT, 0));
	CU_ASSERT_EQUAL(outstanding(), 0);
	/* the fetch's own: it counts from its beginning */
	CU_ASSERT_EQUAL(ask(0), 0);
	fake_advance(&f, 3 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(ask(1), 1);
	fake_advance(&f, 1 * NSEC_PER_SEC);
	CU_ASSERT(is_told(0, -ETIMEDOUT, 0));
	CU_ASSERT(is_told(1, -ETIMEDOUT, 0));
	end();
}

static void
test_refresh(void)
{
	begin();
	CU_ASSERT_EQUAL(refresh(asker(0, "www.example.com", A, 0, 0)), 0);
	CU_ASSERT_EQUAL(refresh(&askers[0]), 1);
	CU_ASSERT_EQUAL(outstanding(), 1);
	CU_ASSERT_EQUAL(ask(1), 1);
	fetch_leave(&askers[1].waiter);
	CU_ASSERT_EQUAL(outstanding(), 1);
	CU_ASSERT_EQUAL(
	    start(asker(2, "www.example.com", A, 0, 0), f.now + NSEC_PER_MSEC),
	    1);
	fake_advance(&f, NSEC_PER_MSEC);
	CU_ASSERT(is_told(2, -ETIMEDOUT, 0));
	CU_ASSERT_EQUAL(outstanding(), 1);
	CU_ASSERT_EQUAL(ask(3), 1);
	CU_ASSERT(fake_take(&f, &sent));
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT(is_told(3, 0, 1));
	CU_ASSERT_EQUAL(outstanding(), 0);
	CU_ASSERT_EQUAL(fetches.refreshes, 0);
	/* one that is on its way becomes one */
	CU_ASSERT_EQUAL(ask(0), 0);
	CU_ASSERT_EQUAL(refresh(asker(1, "www.example.com", A, 0, 0)), 1);
	fetch_leave(&askers[0].waiter);
	CU_ASSERT_EQUAL(outstanding(), 1);
	CU_ASSERT_EQUAL(fetches.refreshes, 1);
	/* as many as may be, and no more */
	fetches.refreshes = FETCH_MAX_REFRESHES;
	CU_ASSERT_EQUAL(refresh(asker(2, "www.example.org", A, 0, 0)), -EAGAIN);
	CU_ASSERT_EQUAL(outstanding(), 1);
	fetches.refreshes = 1;
	fake_advance(&f, 4 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(outstanding(), 0);
	end();
}

/* What is upstream is another now: old answers are for old waiters. */
static void
test_renew(void)
{
	struct fake_sent second;

	begin();
	CU_ASSERT_EQUAL(ask(0), 0);
	CU_ASSERT_EQUAL(ask(1), 1);
	fetches_renew(&fetches);
	CU_ASSERT_EQUAL(ask(2), 0);
	CU_ASSERT_EQUAL(ask(3), 1);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT(fake_take(&f, &second));
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT(is_told(0, 0, 1));
	CU_ASSERT(is_told(1, 0, 1));
	CU_ASSERT_EQUAL(askers[2].calls + askers[3].calls, 0);
	fake_reply(&f, &second, 0, 2);
	CU_ASSERT(is_told(2, 0, 2));
	CU_ASSERT(is_told(3, 0, 2));
	end();
}

/* The end of the worker: nobody is called. */
static void
test_done(void)
{
	begin();
	CU_ASSERT_EQUAL(ask(0), 0);
	CU_ASSERT_EQUAL(
	    start(asker(1, "www.example.com", A, 0, 0), f.now + NSEC_PER_SEC),
	    1);
	CU_ASSERT_EQUAL(start(asker(2, "www.example.com", ANY, 0, 0), 0), 0);
	CU_ASSERT_EQUAL(refresh(asker(3, "www.example.org", A, 0, 0)), 0);
	CU_ASSERT_EQUAL(outstanding(), 3);
	end();
	CU_ASSERT_EQUAL(askers[0].calls + askers[1].calls + askers[2].calls, 0);
}

/* What a waiter may do when it is told. */
static void
test_within(void)
{
	begin();
	CU_ASSERT_EQUAL(ask(0), 0);
	CU_ASSERT_EQUAL(ask(1), 1);
	CU_ASSERT_EQUAL(ask(2), 1);
	askers[0].leaves = &askers[1];
	askers[0].asks_again = true;
	CU_ASSERT(fake_take(&f, &sent));
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT(is_told(0, 0, 1));
	CU_ASSERT_EQUAL(askers[1].calls, 0);
	CU_ASSERT(is_told(2, 0, 1));
	/* it is asked anew, not of what is over */
	CU_ASSERT_EQUAL(outstanding(), 1);
	askers[0].leaves = NULL;
	CU_ASSERT_EQUAL(ask(1), 1);
	CU_ASSERT(fake_take(&f, &sent));
	fake_reply(&f, &sent, 0, 2);
	CU_ASSERT_EQUAL(askers[0].calls, 2);
	CU_ASSERT(is_told(1, 0, 2));
	/* the last one leaves from within, at a deadline, too */
	CU_ASSERT_EQUAL(ask(0), 0);
	CU_ASSERT_EQUAL(ask(1), 1);
	askers[0].leaves = &askers[1];
	CU_ASSERT(fake_take(&f, &sent));
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(
	    start(asker(0, "www.example.com", A, 0, 0), f.now + NSEC_PER_SEC),
	    0);
	CU_ASSERT_EQUAL(ask(1), 1);
	askers[0].leaves = &askers[1];
	fake_advance(&f, NSEC_PER_SEC);
	CU_ASSERT(is_told(0, -ETIMEDOUT, 0));
	CU_ASSERT_EQUAL(askers[1].calls, 0);
	CU_ASSERT_EQUAL(outstanding(), 0);
	end();
}

/* An UPDATE of BIG octets. */
static struct asker *
updater(unsigned i)
{
	struct asker *a = asker(i, "www.example.com", A, 0, 0);

	dnsmsg_start(a->msg, (uint16_t)i, 5 << DNS_OPCODE_SHIFT);
	dnsmsg_question(a->msg, "example.com", 6);
	while (a->msg->len < BIG)
		dnsmsg_a(a->msg, IN_AUTHORITY, "www.example.com");
	CU_ASSERT_EQUAL_FATAL(
	    dns_query_parse(a->msg->data, a->msg->len, &a->query),
	    DNS_VERDICT_OK);
	return a;
}

/* FWD-110: neither shared nor changed. */
static void
test_alone(void)
{
	begin();
	CU_ASSERT_EQUAL(start(asker(0, "www.example.com", ANY, 0, 0), 0), 0);
	CU_ASSERT_EQUAL(start(asker(1, "www.example.com", ANY, 0, 0), 0), 0);
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT_EQUAL(dns_get16(sent.msg + 2), RD); /* no AD: its own */
	CU_ASSERT(fake_take(&f, &sent));
	fake_reply(&f, &sent, 0, 1);
	CU_ASSERT_EQUAL(askers[0].calls, 0);
	CU_ASSERT(is_told(1, 0, 1));
	fetch_leave(&askers[0].waiter);
	CU_ASSERT_EQUAL(outstanding(), 0);
	CU_ASSERT_EQUAL(start(updater(0), 0), 0);
	CU_ASSERT_EQUAL(start(updater(1), 0), 0);
	CU_ASSERT(fake_take(&f, &sent));
	memset(messages[1].data, 0, sizeof(messages[1].data));
	CU_ASSERT(fake_take(&f, &sent));
	CU_ASSERT_EQUAL(sent.len, messages[0].len);
	CU_ASSERT(
	    memcmp(sent.msg + 2, messages[0].data + 2, sent.len - 2) == 0);
	end();
	/* a server that is told who asks */
	begin_with(true);
	CU_ASSERT(upstream_tells_clients(f.upstream));
	CU_ASSERT_EQUAL(ask(0), 0);
	CU_ASSERT_EQUAL(ask(1), 0);
	CU_ASSERT_EQUAL(outstanding(), 2);
	end();
}

/* Whatever of it fails, nothing is left. */
static void
try_without_memory(struct asker *a, size_t steps)
{
	size_t nth = 0;
	int rc;

	do {
		unsigned before = outstanding();

		fake_alloc_fail(++nth, 0);
		rc = start_now(a, 0);
		if (fake_alloc_heal() == 0)
			break;
		if (rc < 0) {
			CU_ASSERT_EQUAL(outstanding(), before);
			CU_ASSERT_PTR_NULL(a->waiter.fetch);
		} else {
			fetch_leave(&a->waiter);
		}
	} while (nth < 100);
	CU_ASSERT(rc == 0 && nth > steps);
	fetch_leave(&a->waiter);
	CU_ASSERT_EQUAL(a->calls, 0);
	CU_ASSERT_EQUAL(outstanding(), 0);
}

static void
test_memory(void)
{
	begin();
	fetches.pool.max_kept = 0;
	try_without_memory(asker(0, "www.example.com", A, 0, 0), 1);
	try_without_memory(updater(1), 2);
	/* who joins needs none */
	CU_ASSERT_EQUAL(ask(0), 0);
	(void)asker(1, "www.example.com", A, 0, 0);
	fake_alloc_fail(1, 1);
	CU_ASSERT_EQUAL(start_now(&askers[1], 0), 1);
	CU_ASSERT_EQUAL(fake_alloc_heal(), 0);
	end();
}

/* ------------------------------------------------------ anything at all -- */

/* One random step; `waits` says who is to be told. */
static void
any_step(struct prng *p, bool waits[WAITERS])
{
	static const char *const names[NAMES] = {
	    "a.example", "b.example", "c.example"};
	unsigned i = prng_below(p, WAITERS);
	const char *name = names[prng_below(p, NAMES)];

	switch (prng_below(p, 12)) {
	case 0:
		fetches_renew(&fetches);
		break;
	case 1:
		(void)refresh(asker(0, name, A, 0, 0));
		break;
	case 2:
	case 3:
		fake_advance(&f, prng_below(p, 2000) * NSEC_PER_MSEC);
		break;
	case 4:
	case 5:
		if (fake_take(&f, &sent) && fake_is_open(&f, &sent))
			fake_reply(&f, &sent, 0, 1);
		break;
	case 6:
	case 7:
		fetch_leave(&askers[i].waiter);
		waits[i] = false;
		break;
	default:
		if (i == 0 || askers[i].waiter.fetch != NULL)
			break;
		CU_ASSERT(
		    start(asker(i, name, A, 0, 0),
			prng_chance(p, 300) ? f.now + NSEC_PER_SEC : 0) >= 0);
		waits[i] = true;
		break;
	}
}

/* Who waits is told once, who left never is; and what nobody wants ends. */
static void
run_steps(struct prng *p)
{
	bool waits[WAITERS] = {false};

	for (unsigned n = 0; n < STEPS; n++) {
		unsigned waiting = 0;

		any_step(p, waits);
		for (unsigned i = 1; i < WAITERS; i++) {
			CU_ASSERT(askers[i].calls <= 1);
			if (waits[i] && askers[i].calls == 1)
				waits[i] = false;
			CU_ASSERT_EQUAL(
			    askers[i].waiter.fetch != NULL, waits[i]);
			waiting += waits[i];
		}
		CU_ASSERT(outstanding() <= waiting + fetches.refreshes);
		CU_ASSERT(fetches.table.count <= NAMES);
	}
}

static void
test_anything(void)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		unsigned failures = CU_get_number_of_failures();
		struct prng p = {seed};

		begin();
		memset(askers, 0, sizeof(askers));
		fetches.max_waiters = 1 + prng_below(&p, 6);
		run_steps(&p);
		fake_advance(&f, 10 * NSEC_PER_SEC);
		CU_ASSERT_EQUAL(outstanding(), 0);
		end();
		if (CU_get_number_of_failures() != failures)
			printf("# seed %u\n", (unsigned)seed);
	}
}

void
test_fetch_register(void)
{
	CU_pSuite s = unit_suite("fetch");

	unit_test(s, "once", test_once);
	unit_test(s, "different", test_different);
	unit_test(s, "leave", test_leave);
	unit_test(s, "limit", test_limit);
	unit_test(s, "deadline", test_deadline);
	unit_test(s, "refresh", test_refresh);
	unit_test(s, "renew", test_renew);
	unit_test(s, "done", test_done);
	unit_test(s, "within", test_within);
	unit_test(s, "alone", test_alone);
	unit_test(s, "memory", test_memory);
	unit_test(s, "anything", test_anything);
}
