/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers past their end: when they are given, and when not. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "dns/cache.h"
#include "tests/unit/query_fake.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	AAAA = 28,
	SERVFAIL = 2,
	NXDOMAIN = 3,
	REFUSED = 5,
	RD = 0x0100,
	TTL = 300,	  /* of records in query_fake_say() */
	TTL_NEGATIVE = 5, /* of its SOA */
	HOUR = 3600,
	NAME_LEN = 16
};

#define MSEC NSEC_PER_MSEC
#define SEC NSEC_PER_SEC

static struct query_fake t;

static void
begin(const char *yaml)
{
	struct dns_cache_rules rules = {
	    .bytes = DNS_CACHE_BYTES_MIN,
	    .entry = {.min_ttl = 1,
		.max_ttl = 24 * HOUR,
		.negative_ttl = HOUR,
		.failure_ttl = 5},
	    .stale = HOUR,
	    .stale_ttl = 30,
	    .stale_retry = 30,
	};

	query_fake_begin(&t, yaml);
	t.worker.cache = dns_cache_new(&rules, t.worker.question_key);
	CU_ASSERT_FATAL(t.worker.cache != NULL);
}

static void
end(void)
{
	dns_cache_free(t.worker.cache);
	t.worker.cache = NULL;
	query_fake_end(&t);
}

static void
ask(unsigned type)
{
	query_fake_ask_name(&t, "h2.example.com", type, 0, 0);
}

/* Everything that was sent to the server so far is not looked at any more. */
static unsigned
count_asked(void)
{
	unsigned n = 0;

	while (query_fake_asked(&t) != 0)
		n++;
	return n;
}

/* Asks, and the server says this, which is remembered until its end. */
static void
learn(unsigned type, unsigned rcode, const char *address)
{
	ask(type);
	CU_ASSERT_EQUAL(query_fake_asked(&t), type);
	query_fake_say(&t, rcode, address, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	fake_advance(&t.f, (address != NULL ? TTL : TTL_NEGATIVE) * SEC);
}

/* The code of the only option, which ends the answer; -1: there is none. */
static int
ede(void)
{
	static const uint8_t head[] = {0, 15, 0, 2, 0};
	const uint8_t *p = t.got + t.got_len - sizeof(head) - 1;

	return memcmp(p, head, sizeof(head)) == 0 ? p[sizeof(head)] : -1;
}

/* The TTL of the first record, whose owner is a pointer. */
static uint32_t
ttl(void)
{
	return dns_get32(
	    t.got + DNS_HEADER_SIZE + NAME_LEN + DNS_QUESTION_FIXED + 6);
}

static bool
got_stale(void)
{
	return t.calls == 1 && query_fake_got_rcode(&t) == 0 &&
	       dnsmsg_get16(t.got, 6) == 1 && ttl() == 30 && ede() == 3;
}

static bool
got_fresh(void)
{
	return t.calls == 1 && query_fake_got_rcode(&t) == 0 &&
	       dnsmsg_get16(t.got, 6) == 1 && ttl() > 30 && ede() == -1;
}

/* The server is silent: the client waits 1.8 s, and nobody after it. */
static void
test_silent(void)
{
	begin("");
	learn(A, 0, "192.0.2.1");
	CU_ASSERT_EQUAL(count_asked(), 0);
	ask(A);
	PROVE("FWD-105", t.calls == 0 && query_fake_asked(&t) == A);
	fake_advance(&t.f, 1799 * MSEC);
	CU_ASSERT_EQUAL(t.calls, 0);
	fake_advance(&t.f, 1 * MSEC);
	PROVE("FWD-105,FWD-104,FWD-107", got_stale());
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.cache_stale), 1);

	/* It was not given up, and what comes is kept. */
	CU_ASSERT_EQUAL(upstream_outstanding(t.f.upstream), 1);
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT_EQUAL(upstream_outstanding(t.f.upstream), 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	(void)count_asked();
	ask(A);
	PROVE("FWD-106", got_fresh() && count_asked() == 0);
	end();
}

/* Once asking has failed there is half a minute of peace. */
static void
test_recheck(void)
{
	begin("");
	learn(A, 0, "192.0.2.1");
	ask(A);
	fake_advance(&t.f, 4 * SEC);
	CU_ASSERT(got_stale());
	CU_ASSERT(count_asked() > 0);
	for (unsigned i = 0; i < 29; i++) {
		ask(A);
		CU_ASSERT(got_stale());
		fake_advance(&t.f, SEC);
	}
	PROVE("FWD-105", count_asked() == 0);
	fake_advance(&t.f, 2 * SEC);
	ask(A);
	PROVE("FWD-105", t.calls == 0 && query_fake_asked(&t) == A);
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT(got_fresh());
	end();
}

/* What takes its place, and what does not. */
static void
test_rcodes(void)
{
	begin("");
	learn(A, 0, "192.0.2.1");
	ask(A);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, SERVFAIL, NULL, 0);
	PROVE("FWD-106", got_stale());
	fake_advance(&t.f, 31 * SEC);
	ask(A);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, REFUSED, NULL, 0);
	PROVE("FWD-106", got_stale());
	fake_advance(&t.f, 31 * SEC);
	ask(A);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, NXDOMAIN, NULL, 0);
	PROVE("FWD-106", t.calls == 1 && query_fake_got_rcode(&t) == NXDOMAIN &&
			     ede() == -1);
	fake_advance(&t.f, TTL_NEGATIVE * SEC);

	/* Now that is what is past its end. */
	ask(A);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, SERVFAIL, NULL, 0);
	PROVE("FWD-106,FWD-107", t.calls == 1 &&
				     query_fake_got_rcode(&t) == NXDOMAIN &&
				     ede() == 19);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 8), 1);
	fake_advance(&t.f, 31 * SEC);
	ask(A);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, 0, "192.0.2.2", 0);
	CU_ASSERT(got_fresh());
	fake_advance(&t.f, TTL * SEC);

	/* One that may not be kept, a MINIMUM of 0, is an answer all the same.
	 */
	ask(A);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_start_reply(&t, NXDOMAIN, 0);
	dnsmsg_soa(&t.reply, IN_AUTHORITY, "example.com");
	t.reply.data[t.reply.len - 1] = 0;
	query_fake_reply(&t);
	PROVE("FWD-106", t.calls == 1 && query_fake_got_rcode(&t) == NXDOMAIN &&
			     ede() == -1);

	/* Of one without an SOA nothing is kept, but it is an answer. */
	ask(A);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_start_reply(&t, NXDOMAIN, 0);
	query_fake_reply(&t);
	PROVE("FWD-106", t.calls == 1 && query_fake_got_rcode(&t) == NXDOMAIN &&
			     ede() == -1);
	ask(A);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, SERVFAIL, NULL, 0);
	PROVE("FWD-106", query_fake_got_rcode(&t) == SERVFAIL);
	end();
}

static void
test_limits(void)
{
	begin("");
	learn(A, 0, "192.0.2.1");
	/* RFC 8767 4: not for ever. */
	fake_advance(&t.f, HOUR * SEC);
	ask(A);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, SERVFAIL, NULL, 0);
	PROVE("FWD-105", t.calls == 1 && query_fake_got_rcode(&t) == SERVFAIL);

	/* Never without RD. */
	fake_advance(&t.f, 31 * SEC);
	learn(A, 0, "192.0.2.1");
	query_fake_ask_name(&t, "h2.example.com", A, RD, 0);
	PROVE("FWD-018,FWD-105", t.calls == 1 &&
				     query_fake_got_rcode(&t) == REFUSED &&
				     dnsmsg_get16(t.got, 6) == 0);
	CU_ASSERT_EQUAL(count_asked(), 0);
	end();
}

/* It has gone while the client waited for better: he waits on. */
static void
test_gone(void)
{
	begin("");
	learn(A, 0, "192.0.2.1");
	ask(A);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	CU_ASSERT_EQUAL(dns_cache_flush_all(t.worker.cache), 1);
	fake_advance(&t.f, 2500 * MSEC);
	CU_ASSERT_EQUAL(t.calls, 0);
	CU_ASSERT_EQUAL(upstream_outstanding(t.f.upstream), 1);
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT(got_fresh());

	/* In vain, but not for longer than anybody else. */
	(void)count_asked();
	learn(A, 0, "192.0.2.1"); /* what was on its way is not kept */
	ask(A);
	CU_ASSERT_EQUAL(dns_cache_flush_all(t.worker.cache), 1);
	fake_advance(&t.f, 3999 * MSEC);
	CU_ASSERT_EQUAL(t.calls, 0);
	fake_advance(&t.f, 1 * MSEC);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), SERVFAIL);
	CU_ASSERT_EQUAL(upstream_outstanding(t.f.upstream), 0);
	end();
}

/* Who cancels disturbs nobody who comes later. */
static void
test_cancel(void)
{
	begin("");
	learn(A, 0, "192.0.2.1");
	ask(A);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_cancel(&t.query);
	CU_ASSERT_EQUAL(upstream_outstanding(t.f.upstream), 1);
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT_EQUAL(t.calls, 0);
	ask(A);
	CU_ASSERT(got_fresh());
	CU_ASSERT_EQUAL(count_asked(), 0);
	end();
}

/* There is no way to anybody. */
static void
test_nobody(void)
{
	begin("");
	learn(A, 0, "192.0.2.1");
	t.f.open_error = -EMFILE;
	ask(A);
	CU_ASSERT(got_stale());
	CU_ASSERT_EQUAL(upstream_outstanding(t.f.upstream), 0);
	t.f.open_error = 0;
	end();
}

/* One who waits fills a fetch: it is still asked once, and to its end. */
static void
test_full(void)
{
	begin("");
	learn(A, 0, "192.0.2.1");
	t.worker.fetches.max_waiters = 1;
	ask(A);
	CU_ASSERT_EQUAL(count_asked(), 1);
	CU_ASSERT_EQUAL(upstream_outstanding(t.f.upstream), 1);
	query_cancel(&t.query);
	CU_ASSERT_EQUAL(upstream_outstanding(t.f.upstream), 1);
	fake_advance(&t.f, 4 * SEC);
	CU_ASSERT_EQUAL(upstream_outstanding(t.f.upstream), 0);
	(void)count_asked();
	end();
}

/* Both questions of DNS64. */
static void
test_dns64(void)
{
	begin("dns64: {prefix: \"64:ff9b::/96\"}");
	learn(A, 0, "192.0.2.1");
	ask(AAAA);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, SERVFAIL, NULL, 0);
	CU_ASSERT(got_stale());

	/* Now nothing is said at all. */
	fake_advance(&t.f, 31 * SEC);
	ask(AAAA);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	fake_advance(&t.f, 3700 * MSEC);
	CU_ASSERT(got_stale());
	fake_advance(&t.f, 4 * SEC);
	(void)count_asked();

	/* And that is known. */
	ask(AAAA);
	CU_ASSERT(got_stale());
	CU_ASSERT_EQUAL(count_asked(), 0);
	end();
}

void
test_query_stale_register(void)
{
	CU_pSuite s = unit_suite("query_stale");

	unit_test(s, "silent", test_silent);
	unit_test(s, "recheck", test_recheck);
	unit_test(s, "rcodes", test_rcodes);
	unit_test(s, "limits", test_limits);
	unit_test(s, "gone", test_gone);
	unit_test(s, "cancel", test_cancel);
	unit_test(s, "nobody", test_nobody);
	unit_test(s, "full", test_full);
	unit_test(s, "dns64", test_dns64);
}
