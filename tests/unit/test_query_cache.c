/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queries that are answered from the cache, and what is put there.  One server,
 * and a clock that stands still: query_fake.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/cache.h"
#include "dns/ecs.h"
#include "dns/local.h"
#include "dns/zone.h"
#include "quic/evquic.h"
#include "resolver/own.h"
#include "tests/fake/alloc.h"
#include "tests/unit/query_fake.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	PTR = 12,
	TXT = 16,
	AAAA = 28,
	ANY = 255,
	SERVFAIL = 2,
	NXDOMAIN = 3,
	AA = 0x0400,
	TC = 0x0200,
	RD = 0x0100,
	AD = 0x0020,
	CD = 0x0010,
	DO = 0x8000,
	EDE = 15, /* the option */
	ECS = 8,
	TTL = 300, /* of the server's records */
	HITS = 1000
};

#define CACHE_BYTES ((size_t)4 << 20)
#define DNS64 "dns64: {prefix: \"64:ff9b::/96\"}"
#define WWW "www.example.com"

static struct query_fake t;

static const struct dns_cache_rules plain_rules = {
    .bytes = CACHE_BYTES,
    .entry = {.min_ttl = 1,
	.max_ttl = 86400,
	.negative_ttl = 3600,
	.failure_ttl = 5},
};

static void
begin_with(const char *yaml, const struct dns_cache_rules *rules)
{
	query_fake_begin(&t, yaml);
	t.worker.cache = dns_cache_new(rules, t.worker.question_key);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t.worker.cache);
}

static void
begin(const char *yaml)
{
	begin_with(yaml, &plain_rules);
}

static void
end(void)
{
	dns_cache_free(t.worker.cache);
	query_fake_end(&t);
}

static void
ask(const char *name, unsigned type)
{
	query_fake_ask_name(&t, name, type, 0, 0);
}

/* It was answered at once, and nobody was asked. */
static bool
is_hit(void)
{
	return t.calls == 1 && query_fake_asked(&t) == 0;
}

static bool
is_miss(unsigned type)
{
	return t.calls == 0 && query_fake_asked(&t) == type;
}

/* Asks and answers: from now on it is known. */
static void
teach(const char *name, unsigned type, unsigned rcode, const char *address)
{
	ask(name, type);
	CU_ASSERT(is_miss(type));
	query_fake_say(&t, rcode, address, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
}

static uint32_t
got_ttl(void)
{
	const uint8_t *p = t.got + DNS_HEADER_SIZE;

	p += dns_name_length(p) + DNS_QUESTION_FIXED;
	return dns_get32(p + 2 + 4);
}

/* The code of the only Extended DNS Error; -1: there is none. */
static int
got_ede(void)
{
	if (dnsmsg_options(t.got, t.got_len, EDE) != 1)
		return -1;
	for (size_t i = t.got_len + 1; i-- > 6;)
		if (memcmp(t.got + i - 6, "\0\17\0", 3) == 0)
			return (int)dnsmsg_get16(t.got, i - 2);
	return -1;
}

static uint64_t
count(const counter *c)
{
	return counter_get(c);
}

/* ------------------------------------------------------------ ordinary -- */

static void
test_hit(void)
{
	struct service_counters *n = &t.worker.counters;

	begin("");
	ask(WWW, A);
	CU_ASSERT(is_miss(A));
	query_fake_say(&t, 0, "192.0.2.1", AA);
	CU_ASSERT((dnsmsg_get16(t.got, 2) & AA) != 0);
	fake_advance(&t.f, 5 * NSEC_PER_SEC);
	ask("wWw.EXAMPLE.com", A);
	CU_ASSERT(is_hit());
	PROVE("FWD-089", got_ttl() == TTL - 5);
	PROVE("FWD-017", memcmp(t.got + 12, "\3wWw\7EXAMPLE\3com", 17) == 0);
	PROVE("FWD-016",
	    (dnsmsg_get16(t.got, 2) & (AA | RD | 0x8080)) == (RD | 0x8080));
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 1);
	CU_ASSERT_EQUAL(count(&n->cache_hits), 1);
	CU_ASSERT_EQUAL(count(&n->cache_misses), 1);
	CU_ASSERT_EQUAL(count(&n->query_asked), 1);
	/* to the last second, and no longer */
	fake_advance(&t.f, (TTL - 6) * NSEC_PER_SEC);
	ask(WWW, A);
	CU_ASSERT(is_hit());
	CU_ASSERT_EQUAL(got_ttl(), 1);
	fake_advance(&t.f, 1 * NSEC_PER_SEC);
	ask(WWW, A);
	CU_ASSERT(is_miss(A));
	query_cancel(&t.query);
	/* not without recursion */
	teach(WWW, A, 0, "192.0.2.1");
	query_fake_ask_name(&t, WWW, A, RD, 0);
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), DNS_RCODE_REFUSED);
	end();
}

/* DO and CD are different questions; AD is told to who has asked for it. */
static void
test_flags(void)
{
	begin("");
	ask(WWW, A);
	CU_ASSERT(is_miss(A));
	query_fake_say(&t, 0, "192.0.2.1", AD);
	CU_ASSERT(!query_fake_got_ad(&t));
	query_fake_ask_name(&t, WWW, A, AD, 0);
	CU_ASSERT(is_hit());
	CU_ASSERT(query_fake_got_ad(&t));
	for (unsigned i = 1; i < 4; i++) {
		unsigned flags = (i & 1) != 0 ? CD : 0;
		uint32_t edns = (i & 2) != 0 ? DO : 0;

		query_fake_ask_name(&t, WWW, A, flags, edns);
		PROVE("FWD-103", is_miss(A));
		query_fake_say(&t, 0, "192.0.2.1", 0);
		query_fake_ask_name(&t, WWW, A, flags, edns);
		CU_ASSERT(is_hit());
		PROVE("FWD-044", (dnsmsg_get16(t.got, 2) & CD) == flags);
	}
	end();
}

static void
test_negative(void)
{
	begin("");
	teach("no.example.com", A, NXDOMAIN, NULL);
	ask("no.example.com", A);
	CU_ASSERT(is_hit());
	ask("no.example.com", AAAA);
	PROVE("FWD-092", is_hit() && query_fake_got_rcode(&t) == NXDOMAIN);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 8), 1);
	teach("empty.example.com", A, 0, NULL);
	ask("empty.example.com", A);
	CU_ASSERT(is_hit());
	ask("empty.example.com", AAAA);
	PROVE("FWD-092", is_miss(AAAA));
	query_cancel(&t.query);
	end();
}

/* RFC 2181 5.4.1: nothing is made of records that nobody asked for. */
static void
test_poison(void)
{
	begin("");
	ask(WWW, A);
	CU_ASSERT(is_miss(A));
	query_fake_start_reply(&t, 0, 0);
	query_fake_add_address(&t, "192.0.2.1");
	dnsmsg_a(&t.reply, IN_ADDITIONAL, "victim.example.net");
	query_fake_reply(&t);
	ask("victim.example.net", A);
	PROVE("FWD-121", is_miss(A));
	query_cancel(&t.query);
	end();
}

/* What is between two ends is not kept. */
static void
test_bypass(void)
{
	struct sockaddr_in client = {.sin_family = AF_INET};
	struct query_asker asker = {
	    .address = (const struct sockaddr *)&client};
	struct query_answer answer;
	struct dnsmsg m;
	bool is_asked = true;

	begin("");
	for (unsigned i = 0; i < 2; i++) {
		ask(WWW, ANY);
		is_asked &= is_miss(ANY);
		query_fake_say(&t, 0, "192.0.2.1", 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		t.calls = 0;
		dnsmsg_start(&m, 0, RD);
		dnsmsg_question(&m, WWW, A);
		dnsmsg_tsig(&m, IN_ADDITIONAL);
		CU_ASSERT_EQUAL(
		    query_start(&t.query, m.data, m.len, &asker, &answer),
		    QUERY_PENDING);
		fake_turn(&t.f);
		is_asked &= is_miss(A);
		query_fake_say(&t, 0, "192.0.2.1", 0);
	}
	PROVE("FWD-110", is_asked);
	CU_ASSERT_EQUAL(count(&t.worker.counters.cache_misses), 0);
	/* nor does anybody else get that */
	ask(WWW, A);
	CU_ASSERT(is_miss(A));
	query_cancel(&t.query);
	end();
}

/* -------------------------------------------------------------- failures -- */

static void
test_failure(void)
{
	struct service_counters *n = &t.worker.counters;

	begin("");
	teach(WWW, A, SERVFAIL, NULL);
	ask(WWW, A);
	PROVE("FWD-097", is_hit() && query_fake_got_rcode(&t) == SERVFAIL);
	PROVE("FWD-087", got_ede() == DNS_EDE_CACHED_ERROR);
	CU_ASSERT_EQUAL(count(&n->cache_failures), 1);
	query_fake_ask_name(&t, WWW, A, CD, 0);
	PROVE("FWD-045", is_miss(A));
	query_cancel(&t.query);
	ask(WWW, AAAA);
	PROVE("FWD-100", is_miss(AAAA));
	query_cancel(&t.query);
	fake_advance(&t.f, 5 * NSEC_PER_SEC);
	ask(WWW, A);
	PROVE("FWD-098", is_miss(A));
	query_cancel(&t.query);
	end();
}

/* The server says nothing at all. */
static void
test_silence(void)
{
	begin("");
	ask(WWW, A);
	fake_advance(&t.f, 4 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(got_ede(), DNS_EDE_NO_REACHABLE_AUTHORITY);
	while (query_fake_asked(&t) != 0)
		continue;
	ask(WWW, A);
	PROVE("BAD-148", is_hit() && query_fake_got_rcode(&t) == SERVFAIL);
	CU_ASSERT_EQUAL(got_ede(), DNS_EDE_CACHED_ERROR);
	/* who gave up knows nothing */
	ask("other.example.com", A);
	CU_ASSERT(is_miss(A));
	query_cancel(&t.query);
	ask("other.example.com", A);
	CU_ASSERT(is_miss(A));
	query_cancel(&t.query);
	end();
}

/* What is the matter with ourselves is no failure of the name. */
static void
test_ours(void)
{
	begin("");
	t.f.open_error = -EMFILE;
	ask(WWW, A);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), SERVFAIL);
	t.f.open_error = 0;
	/* truncated, and there is no route for TCP */
	ask(WWW, A);
	CU_ASSERT(is_miss(A));
	t.f.connect_error = -ENETUNREACH;
	query_fake_start_reply(&t, 0, TC);
	query_fake_reply(&t);
	fake_advance(&t.f, 4 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(got_ede(), DNS_EDE_NETWORK_ERROR);
	ask(WWW, A);
	CU_ASSERT(is_miss(A));
	query_cancel(&t.query);
	end();
}

/* It was asked of a server that is another one now. */
static void
test_renewed(void)
{
	begin("");
	ask(WWW, A);
	CU_ASSERT(is_miss(A));
	fetches_renew(&t.worker.fetches);
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	teach(WWW, A, 0, "192.0.2.1");
	ask(WWW, A);
	CU_ASSERT(is_hit());
	end();
}

/* Something was forgotten meanwhile: this may be it. */
static void
test_flushed(void)
{
	begin("");
	ask(WWW, A);
	CU_ASSERT(is_miss(A));
	(void)dns_cache_flush_name(t.worker.cache, (const uint8_t *)"\1x");
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	teach(WWW, A, 0, "192.0.2.1");
	ask(WWW, A);
	CU_ASSERT(is_hit());
	end();
}

/* ---------------------------------------------------- DNS64 and aliases -- */

static bool
got_made(void)
{
	static const uint8_t made[] = {
	    0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1};

	return dnsmsg_get16(t.got, 6) == 1 && query_fake_got_rcode(&t) == 0 &&
	       memcmp(t.got + DNS_HEADER_SIZE + 17 + 4 + 12, made,
		   sizeof(made)) == 0;
}

static void
test_dns64(void)
{
	struct service_counters *n = &t.worker.counters;

	begin(DNS64);
	ask(WWW, AAAA);
	CU_ASSERT(is_miss(AAAA));
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT(is_miss(A));
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT(t.calls == 1 && got_made());
	/* both from the cache, the client's own A, too */
	ask(WWW, AAAA);
	CU_ASSERT(is_hit() && got_made());
	CU_ASSERT_EQUAL(count(&n->cache_hits), 2);
	CU_ASSERT_EQUAL(count(&n->dns64_made), 2);
	CU_ASSERT_EQUAL(count(&n->dns64_asked), 1);
	ask(WWW, A);
	CU_ASSERT(is_hit());
	/* the second from there, the first not */
	teach("six.example.com", A, 0, "192.0.2.1");
	ask("six.example.com", AAAA);
	CU_ASSERT(is_miss(AAAA));
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT(is_hit());
	end();
	/* the other way */
	begin(DNS64);
	ask(WWW, AAAA);
	CU_ASSERT(is_miss(AAAA));
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT(is_miss(A));
	query_cancel(&t.query);
	ask(WWW, AAAA);
	CU_ASSERT(is_miss(A));
	CU_ASSERT(query_is_pending(&t.query));
	CU_ASSERT(query_kept(&t.query) > 0);
	CU_ASSERT_EQUAL(count(&n->queries_now), 1);
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT(t.calls == 1 && got_made());
	end();
}

/* Addresses that are there, names of addresses, failures. */
static void
test_dns64_other(void)
{
	begin(DNS64);
	teach(WWW, AAAA, 0, "2001:db8::1");
	ask(WWW, AAAA);
	CU_ASSERT(is_hit());
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 1);
	teach("1.0.0.8.ip6.arpa", PTR, SERVFAIL, NULL);
	ask("1.0.0.8.ip6.arpa", PTR);
	CU_ASSERT(is_hit());
	/* no server says anything to either */
	ask("dead.example.com", AAAA);
	fake_advance(&t.f, 4 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), SERVFAIL);
	while (query_fake_asked(&t) != 0)
		continue;
	teach("bad.example.com", A, SERVFAIL, NULL);
	ask("bad.example.com", AAAA);
	CU_ASSERT(is_miss(AAAA));
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT(is_hit());
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), SERVFAIL);
	CU_ASSERT_EQUAL(got_ede(), DNS_EDE_CACHED_ERROR);
	end();
}

static int
add_record(void *arg, const struct dns_local_record *rr)
{
	return dns_local_add_record(arg, 0, rr);
}

static void
test_alias(void)
{
	static const uint8_t key[HASH_KEY_LEN] = {1};
	static struct own own;
	const char *why = "";

	own.local = dns_local_new(key, 60);
	CU_ASSERT_PTR_NOT_NULL_FATAL(own.local);
	CU_ASSERT_EQUAL(dns_zone_parse("out.lan. CNAME " WWW ".", 60,
			    add_record, own.local, &why),
	    0);
	CU_ASSERT_EQUAL(dns_local_finish(own.local), 0);
	begin("");
	teach("out.lan", A, 0, "192.0.2.7");
	teach(WWW, A, 0, "192.0.2.1");
	/* local data goes before what is remembered */
	t.worker.own = &own;
	fake_advance(&t.f, 5 * NSEC_PER_SEC);
	ask("out.lan", A);
	CU_ASSERT(is_hit());
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 2);
	ask("out.lan", TXT);
	CU_ASSERT(is_miss(TXT));
	query_fake_say(&t, SERVFAIL, NULL, 0);
	ask("out.lan", TXT);
	CU_ASSERT(is_hit());
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), SERVFAIL);
	CU_ASSERT_EQUAL(got_ede(), DNS_EDE_CACHED_ERROR);
	end();
	dns_local_free(own.local);
}

/* ---------------------------------------------------------------- others -- */

/* Asks with an option for 24 bits of 198.51.THIRD.0; false: nobody is asked. */
static bool
asks_for(uint8_t third)
{
	const uint8_t option[] = {0, ECS, 0, 7, 0, 1, 24, 0, 198, 51, third};

	query_fake_ask_options(&t, WWW, A, option, sizeof(option));
	return query_fake_asked(&t) == A;
}

/* The server's answer is for so many bits of 198.51.THIRD.0. */
static void
say_for(uint8_t third, uint8_t scope)
{
	const uint8_t option[] = {
	    0, ECS, 0, 7, 0, 1, 24, scope, 198, 51, third};

	query_fake_start_reply(&t, 0, 0);
	query_fake_add_address(&t, "192.0.2.1");
	dnsmsg_opt(&t.reply, 1232, 0, option, sizeof(option));
	query_fake_reply(&t);
}

/* RFC 7871 7.3.1: for whom it is, and nobody else. */
static void
test_subnet(void)
{
	begin("");
	t.worker.config->ecs.mode = CONFIG_ECS_FORWARD;
	CU_ASSERT(asks_for(100));
	say_for(100, 23);
	CU_ASSERT_EQUAL(query_fake_got_scope(&t), 23);
	CU_ASSERT(!asks_for(100));
	CU_ASSERT_EQUAL(query_fake_got_scope(&t), 23);
	PROVE("FWD-064", !asks_for(101) && query_fake_got_scope(&t) == 23);
	PROVE("FWD-064", asks_for(102));
	say_for(102, 0);
	/* for everybody, but who is in a network that is known gets its own */
	CU_ASSERT(!asks_for(200));
	CU_ASSERT_EQUAL(query_fake_got_scope(&t), 0);
	CU_ASSERT(!asks_for(100));
	CU_ASSERT_EQUAL(query_fake_got_scope(&t), 23);
	end();
}

static void
test_prefetch(void)
{
	struct dns_cache_rules rules = plain_rules;
	struct service_counters *n = &t.worker.counters;

	rules.prefetch = true;
	begin_with("", &rules);
	teach(WWW, A, 0, "192.0.2.1");
	for (unsigned i = 0; i < 5; i++) {
		ask(WWW, A);
		CU_ASSERT(is_hit());
	}
	fake_advance(&t.f, (TTL - 10) * NSEC_PER_SEC);
	ask(WWW, A);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(got_ttl(), 10);
	CU_ASSERT_EQUAL(query_fake_asked(&t), A);
	CU_ASSERT_EQUAL(count(&n->cache_prefetched), 1);
	CU_ASSERT_EQUAL(count(&n->queries_now), 0);
	ask(WWW, A);
	CU_ASSERT_EQUAL(t.calls, 1);
	query_fake_say(&t, 0, "192.0.2.2", 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(count(&n->cache_prefetched), 1);
	ask(WWW, A);
	CU_ASSERT(is_hit());
	CU_ASSERT_EQUAL(got_ttl(), TTL);
	CU_ASSERT_EQUAL(t.got[t.got_len - 11 - 1], 2);
	end();
}

/* RFC 8020 */
static void
test_below(void)
{
	struct dns_cache_rules rules = plain_rules;
	char *text;

	rules.nxdomain_cut = true;
	begin_with("", &rules);
	ask("no.example.com", A);
	CU_ASSERT(is_miss(A));
	query_fake_start_reply(&t, NXDOMAIN, 0);
	dnsmsg_soa(&t.reply, IN_AUTHORITY, "@15"); /* example.com */
	query_fake_reply(&t);
	fake_advance(&t.f, 2 * NSEC_PER_SEC);
	ask("a.b.no.example.com", TXT);
	PROVE("FWD-101", is_hit() && query_fake_got_rcode(&t) == NXDOMAIN);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 8), 1);
	CU_ASSERT(memcmp(t.got + 12, "\1a\1b\2no", 7) == 0);
	text = dnsmsg_records(t.got, t.got_len, false);
	CU_ASSERT(
	    text != NULL &&
	    strstr(text, "\nexample.com.\t3\tin\tsoa\texample.com. ") != NULL);
	free(text);
	CU_ASSERT_EQUAL(got_ede(), -1);
	end();
	begin("");
	teach("no.example.com", A, NXDOMAIN, NULL);
	ask("a.b.no.example.com", TXT);
	PROVE("FWD-101", is_miss(TXT));
	query_cancel(&t.query);
	end();
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define POOLS_KEEP 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define POOLS_KEEP 0
#endif
#endif
#ifndef POOLS_KEEP
#define POOLS_KEEP 1
#endif

/* A hit allocates nothing. */
static void
test_memory(void)
{
	begin("");
	teach(WWW, A, 0, "192.0.2.1");
	ask(WWW, A);
	fake_alloc_fail(1, POOLS_KEEP);
	for (unsigned i = 0; i < HITS && POOLS_KEEP; i++) {
		ask(WWW, A);
		CU_ASSERT_EQUAL(t.calls, 1);
	}
	CU_ASSERT_EQUAL(fake_alloc_heal(), 0);
	/* nor does a miss keep what it cannot */
	ask("other.example.com", A);
	CU_ASSERT(is_miss(A));
	query_fake_start_reply(&t, 0, 0);
	query_fake_add_address(&t, "192.0.2.1");
	query_fake_reply(&t);
	CU_ASSERT_EQUAL(t.calls, 1);
	end();
}

void
test_query_cache_register(void)
{
	CU_pSuite s = unit_suite("query_cache");

	unit_test(s, "hit", test_hit);
	unit_test(s, "flags", test_flags);
	unit_test(s, "negative", test_negative);
	unit_test(s, "poison", test_poison);
	unit_test(s, "bypass", test_bypass);
	unit_test(s, "failure", test_failure);
	unit_test(s, "silence", test_silence);
	unit_test(s, "ours", test_ours);
	unit_test(s, "renewed", test_renewed);
	unit_test(s, "flushed", test_flushed);
	unit_test(s, "dns64", test_dns64);
	unit_test(s, "dns64_other", test_dns64_other);
	unit_test(s, "alias", test_alias);
	unit_test(s, "subnet", test_subnet);
	unit_test(s, "prefetch", test_prefetch);
	unit_test(s, "below", test_below);
	unit_test(s, "memory", test_memory);
}
