/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is remembered, for those who must look into it: DNS64, names behind an
 * alias, answers past their end.  They get copies, and their clients the same
 * as anybody else.
 */
#include <string.h>

#include "dns/cache.h"
#include "dns/ecs.h"
#include "tests/unit/query_fake.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	TXT = 16,
	AAAA = 28,
	SERVFAIL = 2,
	NXDOMAIN = 3,
	AD = 0x0020,
	ECS = 8,
	TTL = 300, /* of the server's records */
	HOUR = 3600
};

#define DNS64 "dns64: {prefix: \"64:ff9b::/96\"}"
#define WWW "www.example.com"

static struct query_fake t;

static void
remember(bool nxdomain_cut)
{
	const struct dns_cache_rules rules = {
	    .bytes = DNS_CACHE_BYTES_MIN,
	    .entry = {.min_ttl = 1,
		.max_ttl = 24 * HOUR,
		.negative_ttl = HOUR,
		.failure_ttl = 30},
	    .stale = HOUR,
	    .stale_ttl = 30,
	    .stale_retry = 30,
	    .nxdomain_cut = nxdomain_cut,
	};

	t.worker.cache = dns_cache_new(&rules, t.worker.question_key);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t.worker.cache);
}

static void
begin(const char *yaml, bool nxdomain_cut)
{
	query_fake_begin(&t, yaml);
	remember(nxdomain_cut);
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
	query_fake_ask_name(&t, WWW, type, 0, 0);
}

/* Asks and answers: from now on it is known. */
static void
teach(unsigned type, unsigned rcode, const char *address)
{
	ask(type);
	CU_ASSERT_EQUAL(query_fake_asked(&t), type);
	query_fake_say(&t, rcode, address, 0);
}

static bool
is_hit(void)
{
	return t.calls == 1 && query_fake_asked(&t) == 0;
}

static bool
has(const void *octets, size_t len)
{
	for (size_t at = 0; at + len <= t.got_len; at++)
		if (memcmp(t.got + at, octets, len) == 0)
			return true;
	return false;
}

/*
 * DNS64: the failure of the first question is the answer, since there is
 * nothing behind the second; and why it failed is told whole, though what was
 * copied of the second came after it.
 */
static void
test_first(void)
{
	static const char why[] = "\0\15the upstream server failed";

	begin(DNS64, false);
	teach(AAAA, SERVFAIL, NULL);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	ask(AAAA);
	CU_ASSERT(is_hit());
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), SERVFAIL);
	CU_ASSERT(has(why, sizeof(why) - 1));
	end();
}

/* RFC 5001: who we are. */
static void
test_name(void)
{
	static const uint8_t option[] = {0, 3, 0, 0};
	static const uint8_t said[] = {0, 3, 0, 2, 'm', 'e'};

	begin(DNS64 "\nspecial: {id: me}", false);
	teach(AAAA, 0, "2001:db8::1");
	query_fake_ask_options(&t, WWW, AAAA, option, sizeof(option));
	CU_ASSERT(is_hit());
	CU_ASSERT(has(said, sizeof(said)));
	end();
}

/* Is AD told to who asks for it, of what upstream once said with it? */
static bool
is_proved(unsigned type)
{
	ask(type);
	CU_ASSERT_EQUAL(query_fake_asked(&t), type);
	query_fake_say(&t, 0, type == A ? "192.0.2.1" : "2001:db8::1", AD);
	query_fake_ask_name(&t, WWW, type, AD, 0);
	CU_ASSERT(is_hit());
	return query_fake_got_ad(&t);
}

/* RFC 4035 4.9.3: only if the way to the server can be trusted; in a copy, too,
 * as DNS64 gets it. */
static void
test_proved(void)
{
	begin(DNS64, false);
	CU_ASSERT(is_proved(A));
	CU_ASSERT(is_proved(AAAA));
	end();
	query_fake_begin_far(&t, DNS64);
	remember(false);
	CU_ASSERT(!is_proved(A));
	CU_ASSERT(!is_proved(AAAA));
	end();
}

/* An answer for so many bits of the client's network. */
static void
say_for(uint8_t scope)
{
	const uint8_t option[] = {0, ECS, 0, 7, 0, 1, 24, scope, 198, 51, 100};

	query_fake_start_reply(&t, 0, 0);
	query_fake_add_address(&t, "2001:db8::1");
	dnsmsg_opt(&t.reply, 1232, 0, option, sizeof(option));
	query_fake_reply(&t);
}

/* RFC 7871 7.2.2: one for a network is not said to be for everybody. */
static void
test_subnet(void)
{
	static const uint8_t option[] = {
	    0, ECS, 0, 7, 0, 1, 24, 0, 198, 51, 100};

	begin(DNS64, false);
	t.worker.config->ecs.mode = CONFIG_ECS_FORWARD;
	query_fake_ask_options(&t, WWW, AAAA, option, sizeof(option));
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	say_for(23);
	CU_ASSERT_EQUAL(query_fake_got_scope(&t), 23);
	query_fake_ask_options(&t, WWW, AAAA, option, sizeof(option));
	CU_ASSERT(is_hit());
	PROVE("FWD-064", query_fake_got_scope(&t) == 23);
	/* past its end */
	fake_advance(&t.f, TTL * NSEC_PER_SEC);
	query_fake_ask_options(&t, WWW, AAAA, option, sizeof(option));
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	query_fake_say(&t, SERVFAIL, NULL, 0);
	if (query_fake_asked(&t) == A)
		query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	PROVE("FWD-064", query_fake_got_scope(&t) == 23);
	end();
}

static bool
counted(uint64_t hits, uint64_t misses, uint64_t stale)
{
	const struct service_counters *n = &t.worker.counters;

	return counter_get(&n->cache_hits) == hits &&
	       counter_get(&n->cache_misses) == misses &&
	       counter_get(&n->cache_stale) == stale;
}

/* What is found and of no use is not found: RFC 8020 with DNS64. */
static void
test_below(void)
{
	begin(DNS64, true);
	query_fake_ask_name(&t, "example.com", TXT, 0, 0);
	CU_ASSERT_EQUAL(query_fake_asked(&t), TXT);
	query_fake_say(&t, NXDOMAIN, NULL, 0);
	CU_ASSERT(counted(0, 1, 0));
	ask(TXT);
	CU_ASSERT(is_hit());
	CU_ASSERT(counted(1, 1, 0));
	ask(AAAA);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	CU_ASSERT(counted(1, 2, 0));
	query_fake_say(&t, NXDOMAIN, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	end();
}

/* Each question is looked for once, and is a hit or a miss. */
static void
test_counted(void)
{
	begin(DNS64, false);
	teach(AAAA, 0, "2001:db8::1");
	CU_ASSERT(counted(0, 1, 0));
	fake_advance(&t.f, TTL * NSEC_PER_SEC);
	ask(AAAA);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	CU_ASSERT(counted(0, 2, 0));
	fake_advance(&t.f, 1800 * NSEC_PER_MSEC);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT(counted(0, 2, 1));
	fake_advance(&t.f, 4 * NSEC_PER_SEC);
	while (query_fake_asked(&t) != 0)
		continue;
	/* asking was in vain: at once */
	ask(AAAA);
	CU_ASSERT(is_hit());
	CU_ASSERT(counted(0, 3, 2));
	/* gone while the client waits */
	fake_advance(&t.f, 30 * NSEC_PER_SEC);
	ask(AAAA);
	CU_ASSERT_EQUAL(query_fake_asked(&t), AAAA);
	CU_ASSERT_EQUAL(dns_cache_flush_all(t.worker.cache), 1);
	fake_advance(&t.f, 1900 * NSEC_PER_MSEC);
	CU_ASSERT_EQUAL(t.calls, 0);
	CU_ASSERT(counted(0, 4, 2));
	query_cancel(&t.query);
	fake_advance(&t.f, 4 * NSEC_PER_SEC);
	end();
}

void
test_query_copy_register(void)
{
	CU_pSuite s = unit_suite("query_copy");

	unit_test(s, "first", test_first);
	unit_test(s, "name", test_name);
	unit_test(s, "proved", test_proved);
	unit_test(s, "subnet", test_subnet);
	unit_test(s, "below", test_below);
	unit_test(s, "counted", test_counted);
}
