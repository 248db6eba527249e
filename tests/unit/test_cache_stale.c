/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers past their end (RFC 8767).
 */
#include "tests/unit/cacheworld.h"
#include "tests/unit/unit.h"

#define DAY 86400

static void
begin(struct cw *w, struct cw_key *k, uint32_t ttl)
{
	cw_init(w);
	w->rules.stale = DAY;
	cw_configure(w);
	cw_ask(k, "x.example", DNS_TYPE_A);
	(void)cw_put(w, k, 7, ttl);
}

static void
window(void)
{
	struct cw w;
	struct cw_key k;
	struct cw_got got;

	begin(&w, &k, 60);
	cw_forward(&w, 59);
	CU_ASSERT_EQUAL(cw_find(&w, &k).verdict, DNS_CACHE_FRESH);
	cw_forward(&w, 1);
	got = cw_find(&w, &k);
	CU_ASSERT_EQUAL(got.verdict, DNS_CACHE_STALE);
	CU_ASSERT_EQUAL(got.value, 7);
	PROVE("FWD-104", got.ttl == 30);
	cw_forward(&w, DAY - 1);
	CU_ASSERT(cw_find(&w, &k).verdict == DNS_CACHE_STALE);
	cw_forward(&w, 1);
	CU_ASSERT(cw_find(&w, &k).verdict == DNS_CACHE_MISS);
	cw_done(&w);
}

/* Off by default, and by a reload. */
static void
off(void)
{
	struct cw w;
	struct cw_key k;

	begin(&w, &k, 60);
	cw_forward(&w, 61);
	w.rules.stale = 0;
	cw_configure(&w);
	CU_ASSERT_EQUAL(cw_find(&w, &k).verdict, DNS_CACHE_MISS);
	cw_done(&w);
}

static void
retry(void)
{
	struct cw_answer servfail = {.rcode = DNS_RCODE_SERVFAIL};
	struct cw w;
	struct cw_key k;

	begin(&w, &k, 60);
	cw_forward(&w, 100);
	w.now += 900 * NSEC_PER_MSEC;
	PROVE("FWD-106", cw_store(&w, &k, &servfail) == DNS_CACHE_MARKED);
	PROVE("FWD-106", cw_value(&w, &k) == 7);
	CU_ASSERT_EQUAL(cw_find(&w, &k).verdict, DNS_CACHE_STALE_NOW);
	cw_forward(&w, 29);
	CU_ASSERT(cw_find(&w, &k).verdict == DNS_CACHE_STALE_NOW);
	cw_forward(&w, 1);
	w.now -= 1;
	CU_ASSERT(cw_find(&w, &k).verdict == DNS_CACHE_STALE_NOW);
	cw_forward(&w, 2);
	CU_ASSERT_EQUAL(cw_find(&w, &k).verdict, DNS_CACHE_STALE);
	PROVE("FWD-106", cw_fail(&w, &k) == DNS_CACHE_MARKED);
	CU_ASSERT_EQUAL(cw_find(&w, &k).verdict, DNS_CACHE_STALE_NOW);
	CU_ASSERT_EQUAL(cw_check(&w), 1);
	cw_done(&w);
}

/* What upstream says at last, of any kind. */
static void
replaced(void)
{
	struct cw w;
	struct cw_key k;

	begin(&w, &k, 60);
	cw_forward(&w, 100);
	(void)cw_fail(&w, &k);
	(void)cw_put(&w, &k, 8, 60);
	PROVE("FWD-106", cw_find(&w, &k).verdict == DNS_CACHE_FRESH);
	CU_ASSERT_EQUAL(cw_value(&w, &k), 8);
	cw_forward(&w, 60);
	CU_ASSERT_EQUAL(cw_find(&w, &k).verdict, DNS_CACHE_STALE);
	(void)cw_negative(&w, &k, DNS_RCODE_NXDOMAIN, 60);
	PROVE("FWD-106", cw_find(&w, &k).rcode == DNS_RCODE_NXDOMAIN);
	CU_ASSERT_EQUAL(cw_check(&w), 1);
	/* An expired NXDOMAIN is stale data, too; then there is a name. */
	cw_forward(&w, 60);
	CU_ASSERT_EQUAL(cw_find(&w, &k).verdict, DNS_CACHE_STALE);
	CU_ASSERT_EQUAL(cw_find(&w, &k).kind, DNS_ENTRY_NXDOMAIN);
	(void)cw_put(&w, &k, 9, 60);
	CU_ASSERT_EQUAL(cw_value(&w, &k), 9);
	CU_ASSERT_EQUAL(cw_check(&w), 1);
	cw_done(&w);
}

/* Answers that cannot be kept themselves. */
static void
ended(void)
{
	struct cw_answer bare = {.rcode = DNS_RCODE_NXDOMAIN};
	struct cw w;
	struct cw_key k;

	begin(&w, &k, 60);
	CU_ASSERT_EQUAL(cw_store(&w, &k, &bare), DNS_CACHE_REFUSED);
	CU_ASSERT_EQUAL(cw_find(&w, &k).verdict, DNS_CACHE_FRESH);
	cw_forward(&w, 100);
	CU_ASSERT_EQUAL(cw_put(&w, &k, 7, 0), DNS_CACHE_REFUSED);
	CU_ASSERT_EQUAL(cw_find(&w, &k).verdict, DNS_CACHE_STALE);
	CU_ASSERT_EQUAL(cw_store(&w, &k, &bare), DNS_CACHE_REFUSED);
	PROVE("FWD-106", cw_find(&w, &k).verdict == DNS_CACHE_MISS);
	CU_ASSERT_EQUAL(cw_check(&w), 0);
	cw_done(&w);
}

/* A fresh NXDOMAIN, by another type, goes before stale records; of two that
 * are stale the younger one does. */
static void
younger(void)
{
	struct cw w;
	struct cw_key a, aaaa;

	begin(&w, &a, 60);
	cw_ask(&aaaa, "x.example", DNS_TYPE_AAAA);
	cw_forward(&w, 30);
	(void)cw_negative(&w, &aaaa, DNS_RCODE_NXDOMAIN, 100);
	CU_ASSERT_EQUAL(cw_value(&w, &a), 7);
	cw_forward(&w, 31);
	PROVE("FWD-106", cw_find(&w, &a).kind == DNS_ENTRY_NXDOMAIN);
	CU_ASSERT_EQUAL(cw_find(&w, &a).verdict, DNS_CACHE_FRESH);
	cw_forward(&w, 100);
	CU_ASSERT_EQUAL(cw_find(&w, &a).verdict, DNS_CACHE_STALE);
	CU_ASSERT_EQUAL(cw_find(&w, &a).kind, DNS_ENTRY_NXDOMAIN);
	cw_done(&w);
}

/* Failures are over when they are over. */
static void
failures(void)
{
	struct cw w;
	struct cw_key k;

	begin(&w, &k, 60);
	cw_ask(&k, "y.example", DNS_TYPE_A);
	CU_ASSERT_EQUAL(cw_fail(&w, &k), DNS_CACHE_STORED);
	CU_ASSERT_EQUAL(cw_find(&w, &k).verdict, DNS_CACHE_FRESH);
	cw_forward(&w, 5);
	PROVE("FWD-098", cw_find(&w, &k).verdict == DNS_CACHE_MISS);
	cw_done(&w);
}

void
test_cache_stale_register(void)
{
	CU_pSuite s = unit_suite("cache_stale");

	unit_test(s, "window", window);
	unit_test(s, "off", off);
	unit_test(s, "retry", retry);
	unit_test(s, "replaced", replaced);
	unit_test(s, "ended", ended);
	unit_test(s, "younger", younger);
	unit_test(s, "failures", failures);
}
