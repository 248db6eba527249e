/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the cache knows, for how long, and for whom; days under a clock that
 * stands still until it is moved.
 */
#include <string.h>

#include "tests/unit/cacheworld.h"
#include "tests/unit/unit.h"

static void
counts_down(void)
{
	struct cw w;
	struct cw_key k;
	struct cw_got got;

	cw_init(&w);
	cw_ask(&k, "www.example", DNS_TYPE_A);
	CU_ASSERT_EQUAL(cw_find(&w, &k).verdict, DNS_CACHE_MISS);
	CU_ASSERT_EQUAL(cw_put(&w, &k, 7, 3600), DNS_CACHE_STORED);
	got = cw_find(&w, &k);
	CU_ASSERT_EQUAL(got.verdict, DNS_CACHE_FRESH);
	CU_ASSERT_EQUAL(got.value, 7);
	CU_ASSERT_EQUAL(got.ttl, 3600);
	cw_forward(&w, 5);
	CU_ASSERT(cw_find(&w, &k).ttl == 3595);
	w.now += NSEC_PER_SEC - 1;
	CU_ASSERT_EQUAL(cw_find(&w, &k).ttl, 3595);
	cw_forward(&w, 3594);
	CU_ASSERT(cw_find(&w, &k).ttl == 1);
	w.now += 1;
	CU_ASSERT(cw_find(&w, &k).verdict == DNS_CACHE_MISS);
	cw_done(&w);
}

/* A worker's clock may be some milliseconds behind another's. */
static void
clocks(void)
{
	struct cw w;
	struct cw_key k;

	cw_init(&w);
	cw_ask(&k, "www.example", DNS_TYPE_A);
	(void)cw_put(&w, &k, 7, 60);
	w.now -= 10 * NSEC_PER_MSEC;
	CU_ASSERT_EQUAL(cw_find(&w, &k).ttl, 60);
	cw_done(&w);
}

static void
negative(void)
{
	struct cw w;
	struct cw_key a, aaaa;

	cw_init(&w);
	cw_ask(&a, "nx.example", DNS_TYPE_A);
	cw_ask(&aaaa, "nx.example", DNS_TYPE_AAAA);
	CU_ASSERT_EQUAL(
	    cw_negative(&w, &a, DNS_RCODE_NXDOMAIN, 60), DNS_CACHE_STORED);
	CU_ASSERT_EQUAL(cw_find(&w, &a).rcode, DNS_RCODE_NXDOMAIN);
	PROVE("FWD-092", cw_find(&w, &aaaa).rcode == DNS_RCODE_NXDOMAIN);
	cw_forward(&w, 60);
	CU_ASSERT_EQUAL(cw_find(&w, &aaaa).rcode, CW_NOTHING);
	cw_ask(&a, "nodata.example", DNS_TYPE_A);
	cw_ask(&aaaa, "nodata.example", DNS_TYPE_AAAA);
	(void)cw_negative(&w, &a, DNS_RCODE_NOERROR, 60);
	CU_ASSERT_EQUAL(cw_find(&w, &a).kind, DNS_ENTRY_NODATA);
	PROVE("FWD-092", cw_find(&w, &aaaa).rcode == CW_NOTHING);
	cw_done(&w);
}

/* NXDOMAIN and what else is known of the name: the younger one counts. */
static void
rivals(void)
{
	struct cw w;
	struct cw_key a, aaaa, cname;
	struct cw_answer alias = {.rcode = DNS_RCODE_NXDOMAIN,
	    .soa_ttl = 60,
	    .ttl = 60,
	    .has_alias = true};

	cw_init(&w);
	cw_ask(&a, "x.example", DNS_TYPE_A);
	cw_ask(&aaaa, "x.example", DNS_TYPE_AAAA);
	cw_ask(&cname, "x.example", DNS_TYPE_CNAME);
	(void)cw_put(&w, &a, 7, 3600);
	(void)cw_negative(&w, &a, DNS_RCODE_NXDOMAIN, 60);
	CU_ASSERT_EQUAL(cw_find(&w, &a).rcode, DNS_RCODE_NXDOMAIN);
	CU_ASSERT_EQUAL(cw_check(&w), 1);
	(void)cw_put(&w, &a, 8, 3600);
	CU_ASSERT_EQUAL(cw_find(&w, &a).value, 8);
	CU_ASSERT_EQUAL(cw_find(&w, &aaaa).rcode, CW_NOTHING);
	/* RFC 6604 2: it is the end of the alias that does not exist. */
	CU_ASSERT_EQUAL(cw_store(&w, &a, &alias), DNS_CACHE_STORED);
	CU_ASSERT_EQUAL(cw_find(&w, &a).rcode, DNS_RCODE_NXDOMAIN);
	CU_ASSERT_EQUAL(cw_find(&w, &aaaa).rcode, CW_NOTHING);
	CU_ASSERT_EQUAL(cw_find(&w, &cname).rcode, CW_NOTHING);
	cw_done(&w);
}

static void
failures(void)
{
	struct cw w;
	struct cw_key a, aaaa, other;
	struct cw_answer servfail = {.rcode = DNS_RCODE_SERVFAIL};

	cw_init(&w);
	cw_ask(&a, "x.example", DNS_TYPE_A);
	cw_ask(&aaaa, "x.example", DNS_TYPE_AAAA);
	cw_ask(&other, "y.example", DNS_TYPE_A);
	CU_ASSERT_EQUAL(cw_store(&w, &a, &servfail), DNS_CACHE_STORED);
	PROVE("FWD-100", cw_find(&w, &a).rcode == DNS_RCODE_SERVFAIL);
	PROVE("FWD-100", cw_find(&w, &aaaa).rcode == CW_NOTHING);
	CU_ASSERT_EQUAL(cw_find(&w, &other).rcode, CW_NOTHING);
	CU_ASSERT_EQUAL(cw_find(&w, &a).kind, DNS_ENTRY_FAILURE);
	CU_ASSERT_EQUAL(cw_fail(&w, &aaaa), DNS_CACHE_STORED);
	CU_ASSERT_EQUAL(cw_find(&w, &aaaa).rcode, DNS_RCODE_SERVFAIL);
	cw_forward(&w, 4);
	PROVE("FWD-098", cw_find(&w, &a).rcode == DNS_RCODE_SERVFAIL);
	cw_forward(&w, 1);
	PROVE("FWD-098", cw_find(&w, &a).rcode == CW_NOTHING);
	CU_ASSERT_EQUAL(cw_find(&w, &aaaa).rcode, CW_NOTHING);
	cw_done(&w);
}

/* Each kind that is not to be kept, then the right answer. */
static void
refused(void)
{
	struct cw_answer bad[] = {
	    {.value = 1, .ttl = 60, .is_truncated = true},
	    {.value = 1, .ttl = 60, .is_other_question = true},
	    {.value = 1, .ttl = 0},
	    {.rcode = DNS_RCODE_NXDOMAIN},
	};
	struct cw_answer servfail = {.rcode = DNS_RCODE_SERVFAIL};
	struct dns_cache_stats stats;
	struct cw w;
	struct cw_key k;

	cw_init(&w);
	cw_ask(&k, "x.example", DNS_TYPE_A);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		PROVE(
		    "FWD-102", cw_store(&w, &k, &bad[i]) == DNS_CACHE_REFUSED);
		PROVE("FWD-102", cw_find(&w, &k).rcode == CW_NOTHING);
		CU_ASSERT_EQUAL(cw_check(&w), 0);
	}
	dns_cache_stats(w.cache, &stats);
	CU_ASSERT_EQUAL(counter_get(&stats.refused), 4);
	(void)cw_store(&w, &k, &servfail);
	PROVE("FWD-102", cw_find(&w, &k).kind == DNS_ENTRY_FAILURE);
	CU_ASSERT_EQUAL(cw_put(&w, &k, 9, 60), DNS_CACHE_STORED);
	PROVE("FWD-102", cw_value(&w, &k) == 9);
	cw_done(&w);
}

static void
flag_sets(void)
{
	struct cw w;
	struct cw_key k[4];

	cw_init(&w);
	for (unsigned i = 0; i < 4; i++) {
		cw_ask_flags(&k[i], "x.example", DNS_TYPE_A, i & 1, i & 2);
		PROVE("FWD-103", cw_value(&w, &k[i]) == CW_NOTHING);
		(void)cw_put(&w, &k[i], i + 1, 60);
	}
	for (unsigned i = 0; i < 4; i++)
		PROVE("FWD-103", cw_value(&w, &k[i]) == i + 1);
	/* A SERVFAIL of the validator, and who does not want it. */
	cw_ask_flags(&k[0], "bogus.example", DNS_TYPE_A, true, false);
	cw_ask_flags(&k[1], "bogus.example", DNS_TYPE_A, true, true);
	(void)cw_fail(&w, &k[0]);
	PROVE("FWD-045", cw_find(&w, &k[1]).rcode == CW_NOTHING);
	cw_done(&w);
}

/* Names that a careless comparison would take for others. */
static void
names(void)
{
	static const char *const odd[] = {"a\\.b.example", "a.b.example",
	    "a\\000b.example", "a\\000c.example", "a.example", "\\193.example",
	    "\\225.example", "\\@.example", "\\`.example", "\\032.example",
	    "\\\".example", "\\\\.example", "\\010.example"};
	size_t count = sizeof(odd) / sizeof(odd[0]);
	struct cw w;
	struct cw_key k;

	cw_init(&w);
	for (unsigned i = 0; i < count; i++) {
		cw_ask(&k, odd[i], DNS_TYPE_A);
		PROVE("BAD-108", cw_value(&w, &k) == CW_NOTHING);
		(void)cw_put(&w, &k, i + 1, 60);
	}
	for (unsigned i = 0; i < count; i++) {
		cw_ask(&k, odd[i], DNS_TYPE_A);
		PROVE("BAD-108", cw_value(&w, &k) == i + 1);
	}
	cw_ask(&k, "A.eXaMpLe", DNS_TYPE_A);
	PROVE("FWD-019", cw_value(&w, &k) == 5);
	cw_done(&w);
}

/* RFC 8020, with the setting and without. */
static void
cut(void)
{
	struct cw w;
	struct cw_key up, down, root;

	cw_init(&w);
	cw_ask(&up, "a.b.test.example", DNS_TYPE_A);
	cw_ask(&down, "y.x.a.b.test.example", DNS_TYPE_AAAA);
	cw_ask(&root, ".", DNS_TYPE_A);
	(void)cw_negative(&w, &up, DNS_RCODE_NXDOMAIN, 60);
	PROVE("FWD-101", cw_find(&w, &down).rcode == CW_NOTHING);
	w.rules.nxdomain_cut = true;
	cw_configure(&w);
	PROVE("FWD-101", cw_find(&w, &down).rcode == DNS_RCODE_NXDOMAIN);
	CU_ASSERT_EQUAL(cw_find(&w, &down).below, 4);
	CU_ASSERT_EQUAL(cw_find(&w, &up).below, 0);
	CU_ASSERT_EQUAL(cw_find(&w, &root).rcode, CW_NOTHING);
	cw_ask(&down, "b.test.example", DNS_TYPE_A);
	CU_ASSERT_EQUAL(cw_find(&w, &down).rcode, CW_NOTHING);
	cw_ask(&down, "xa.b.test.example", DNS_TYPE_A);
	CU_ASSERT_EQUAL(cw_find(&w, &down).rcode, CW_NOTHING);
	cw_ask(&down, "x.a.b.test.example", DNS_TYPE_A);
	(void)cw_put(&w, &down, 3, 3600);
	CU_ASSERT_EQUAL(cw_value(&w, &down), 3);
	cw_forward(&w, 60);
	cw_ask(&down, "y.a.b.test.example", DNS_TYPE_A);
	CU_ASSERT_EQUAL(cw_find(&w, &down).rcode, CW_NOTHING);
	cw_done(&w);
}

/* Somebody is told to ask ahead of time: one asker, of a popular name. */
static void
prefetch(void)
{
	struct cw w;
	struct cw_key k;

	cw_init(&w);
	w.rules.prefetch = true;
	cw_configure(&w);
	cw_ask(&k, "x.example", DNS_TYPE_A);
	(void)cw_put(&w, &k, 1, 100);
	for (unsigned i = 0; i < 5; i++)
		CU_ASSERT(!cw_find(&w, &k).wants_refresh);
	cw_forward(&w, 90);
	CU_ASSERT(!cw_find(&w, &k).wants_refresh);
	cw_forward(&w, 1);
	CU_ASSERT(cw_find(&w, &k).wants_refresh);
	CU_ASSERT(!cw_find(&w, &k).wants_refresh);
	w.now += NSEC_PER_SEC / 2;
	CU_ASSERT(!cw_find(&w, &k).wants_refresh);
	cw_forward(&w, 2);
	CU_ASSERT(cw_find(&w, &k).wants_refresh);
	/* It failed: what there is stays, and nobody asks for a while. */
	CU_ASSERT_EQUAL(cw_fail(&w, &k), DNS_CACHE_MARKED);
	cw_forward(&w, 4);
	CU_ASSERT_EQUAL(cw_value(&w, &k), 1);
	CU_ASSERT(!cw_find(&w, &k).wants_refresh);
	(void)cw_put(&w, &k, 2, 100);
	cw_forward(&w, 95);
	CU_ASSERT(!cw_find(&w, &k).wants_refresh);
	CU_ASSERT_EQUAL(cw_find(&w, &k).value, 2);
	w.rules.prefetch = false;
	cw_configure(&w);
	CU_ASSERT(!cw_find(&w, &k).wants_refresh);
	cw_done(&w);
}

static void
rotation(void)
{
	struct cw w;
	struct cw_key k;
	uint32_t turn;

	cw_init(&w);
	cw_ask(&k, "x.example", DNS_TYPE_A);
	(void)cw_put(&w, &k, 1, 100);
	CU_ASSERT_EQUAL(cw_find(&w, &k).turn, 0);
	CU_ASSERT_EQUAL(cw_find(&w, &k).turn, 0);
	w.rules.rotate = true;
	cw_configure(&w);
	turn = cw_find(&w, &k).turn;
	CU_ASSERT_EQUAL(cw_find(&w, &k).turn, turn + 1);
	cw_done(&w);
}

void
test_cache_register(void)
{
	CU_pSuite s = unit_suite("cache");

	unit_test(s, "counts down", counts_down);
	unit_test(s, "clocks", clocks);
	unit_test(s, "negative", negative);
	unit_test(s, "rivals", rivals);
	unit_test(s, "failures", failures);
	unit_test(s, "refused", refused);
	unit_test(s, "flag sets", flag_sets);
	unit_test(s, "names", names);
	unit_test(s, "cut", cut);
	unit_test(s, "prefetch", prefetch);
	unit_test(s, "rotation", rotation);
}
