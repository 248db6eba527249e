/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers for some clients only (RFC 7871 7.3.1).
 */
#include "tests/unit/cacheworld.h"
#include "tests/unit/unit.h"

#define NET(a, b, c) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8)

/* What a client network gets. */
static int64_t
value_for(struct cw *w, uint32_t address, unsigned bits)
{
	struct cw_key k;

	cw_ask_from(&k, "x.example", DNS_TYPE_A, address, bits);
	return cw_value(w, &k);
}

/* Upstream answers a client network with this scope; -1: without option. */
static void
put_for(
    struct cw *w, uint32_t address, unsigned bits, int scope, uint32_t value)
{
	struct cw_answer a = {.value = value, .ttl = 60};
	struct dns_ecs option;
	struct cw_key k;

	cw_ask_from(&k, "x.example", DNS_TYPE_A, address, bits);
	option = k.ecs;
	option.scope = (uint8_t)scope;
	if (scope >= 0)
		a.scope = &option;
	CU_ASSERT_EQUAL(cw_store(w, &k, &a), DNS_CACHE_STORED);
}

static void
two_subnets(void)
{
	struct cw w;
	struct cw_key plain;

	cw_init(&w);
	put_for(&w, NET(192, 0, 2), 24, 24, 1);
	put_for(&w, NET(198, 51, 100), 24, 24, 2);
	PROVE("FWD-064", value_for(&w, NET(192, 0, 2), 24) == 1);
	PROVE("FWD-064", value_for(&w, NET(198, 51, 100), 24) == 2);
	PROVE("FWD-064", value_for(&w, NET(203, 0, 113), 24) == CW_NOTHING);
	cw_ask(&plain, "x.example", DNS_TYPE_A);
	PROVE("FWD-064", cw_value(&w, &plain) == CW_NOTHING);
	/* One bit more than was asked about, or less. */
	PROVE("FWD-064", value_for(&w, NET(192, 0, 2), 23) == CW_NOTHING);
	PROVE("FWD-064", value_for(&w, NET(192, 0, 2), 25) == 1);
	cw_done(&w);
}

static void
longest(void)
{
	struct cw w;

	cw_init(&w);
	put_for(&w, NET(192, 0, 2), 24, 0, 1);
	PROVE("FWD-064", value_for(&w, NET(10, 1, 1), 24) == 1);
	put_for(&w, NET(192, 0, 2), 24, 16, 2);
	PROVE("FWD-064", value_for(&w, NET(192, 0, 7), 24) == 2);
	put_for(&w, NET(192, 0, 2), 24, 23, 3);
	PROVE("FWD-064", value_for(&w, NET(192, 0, 3), 24) == 3);
	PROVE("FWD-064", value_for(&w, NET(192, 0, 4), 24) == 2);
	PROVE("FWD-064", value_for(&w, NET(192, 1, 4), 24) == 1);
	/* A scope beyond the source is for what was asked about. */
	put_for(&w, NET(192, 0, 2), 24, 32, 4);
	PROVE("FWD-064", value_for(&w, NET(192, 0, 2), 24) == 4);
	PROVE("FWD-064", value_for(&w, NET(192, 0, 2), 32) == 4);
	CU_ASSERT_EQUAL(cw_check(&w), 4);
	cw_forward(&w, 60);
	CU_ASSERT_EQUAL(value_for(&w, NET(192, 0, 2), 24), CW_NOTHING);
	cw_done(&w);
}

/* What is for everybody, and what is for who tells nothing. */
static void
zeros(void)
{
	struct cw w;
	struct cw_key plain;

	cw_init(&w);
	cw_ask(&plain, "x.example", DNS_TYPE_A);
	put_for(&w, 0, 0, 0, 1);
	PROVE("FWD-064", value_for(&w, 0, 0) == 1);
	PROVE("FWD-064", value_for(&w, NET(192, 0, 2), 24) == CW_NOTHING);
	CU_ASSERT_EQUAL(cw_value(&w, &plain), CW_NOTHING);
	put_for(&w, NET(192, 0, 2), 24, 0, 2);
	PROVE("FWD-064", value_for(&w, NET(10, 1, 1), 24) == 2);
	PROVE("FWD-064", value_for(&w, 0, 0) == 1);
	CU_ASSERT_EQUAL(cw_value(&w, &plain), 2);
	(void)cw_put(&w, &plain, 3, 60);
	CU_ASSERT_EQUAL(cw_value(&w, &plain), 3);
	PROVE("FWD-064", value_for(&w, NET(10, 1, 1), 24) == 2);
	cw_done(&w);
}

/* A server that does not know the option has one answer for all. */
static void
no_option(void)
{
	struct cw w;

	cw_init(&w);
	put_for(&w, NET(192, 0, 2), 24, -1, 5);
	CU_ASSERT_EQUAL(value_for(&w, NET(198, 51, 100), 24), 5);
	cw_done(&w);
}

/* The scope is upstream's, told to whoever gets the answer. */
static void
scopes(void)
{
	struct cw w;
	struct cw_key k;
	struct dns_ecs option;
	struct cw_answer a = {.value = 1, .ttl = 60, .scope = &option};

	cw_init(&w);
	put_for(&w, NET(192, 0, 2), 24, 16, 1);
	put_for(&w, NET(198, 51, 100), 24, 32, 1);
	cw_ask_from(&k, "x.example", DNS_TYPE_A, NET(192, 0, 7), 24);
	CU_ASSERT_EQUAL(cw_find(&w, &k).scope, 16);
	cw_ask_from(&k, "x.example", DNS_TYPE_A, NET(198, 51, 100), 24);
	CU_ASSERT_EQUAL(cw_find(&w, &k).scope, 32);
	/* An option that was not sent: whom is it for? */
	cw_ask_from(&k, "y.example", DNS_TYPE_A, NET(192, 0, 2), 24);
	option = k.ecs;
	option.address[2]++;
	PROVE("FWD-064", cw_store(&w, &k, &a) == DNS_CACHE_REFUSED);
	PROVE("FWD-064", cw_find(&w, &k).verdict == DNS_CACHE_MISS);
	cw_done(&w);
}

static void
negative(void)
{
	struct cw w;
	struct cw_key k;
	struct dns_ecs option;
	struct cw_answer nx = {
	    .rcode = DNS_RCODE_NXDOMAIN, .soa_ttl = 60, .scope = &option};

	cw_init(&w);
	cw_ask_from(&k, "x.example", DNS_TYPE_A, NET(192, 0, 2), 24);
	option = k.ecs;
	option.scope = 16;
	CU_ASSERT_EQUAL(cw_store(&w, &k, &nx), DNS_CACHE_STORED);
	cw_ask_from(&k, "x.example", DNS_TYPE_AAAA, NET(192, 0, 9), 24);
	CU_ASSERT_EQUAL(cw_find(&w, &k).rcode, DNS_RCODE_NXDOMAIN);
	cw_ask_from(&k, "x.example", DNS_TYPE_AAAA, NET(192, 1, 9), 24);
	CU_ASSERT_EQUAL(cw_find(&w, &k).rcode, CW_NOTHING);
	CU_ASSERT_EQUAL(cw_fail(&w, &k), DNS_CACHE_STORED);
	CU_ASSERT_EQUAL(cw_find(&w, &k).rcode, DNS_RCODE_SERVFAIL);
	cw_ask_from(&k, "x.example", DNS_TYPE_AAAA, NET(192, 1, 10), 24);
	CU_ASSERT_EQUAL(cw_find(&w, &k).rcode, CW_NOTHING);
	cw_done(&w);
}

/* Where the longest has expired the next one serves, and not as stale. */
static void
expired(void)
{
	struct cw w;

	cw_init(&w);
	w.rules.stale = 100;
	cw_configure(&w);
	put_for(&w, NET(192, 0, 2), 24, 24, 1);
	cw_forward(&w, 30);
	put_for(&w, NET(192, 0, 2), 24, 16, 2);
	CU_ASSERT_EQUAL(value_for(&w, NET(192, 0, 2), 24), 1);
	cw_forward(&w, 31);
	CU_ASSERT_EQUAL(value_for(&w, NET(192, 0, 2), 24), 2);
	cw_done(&w);
}

void
test_cache_net_register(void)
{
	CU_pSuite s = unit_suite("cache_net");

	unit_test(s, "two subnets", two_subnets);
	unit_test(s, "longest", longest);
	unit_test(s, "zeros", zeros);
	unit_test(s, "no option", no_option);
	unit_test(s, "scopes", scopes);
	unit_test(s, "negative", negative);
	unit_test(s, "expired", expired);
}
