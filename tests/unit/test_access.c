/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address prefixes: reading them, the longest match, and a comparison of the
 * compiled table with a plain walk over random prefixes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/access.h"
#include "tests/unit/unit.h"

#define PREFIXES 200
#define ROUNDS 200
#define PROBES 200

static void
make_address(const char *text, struct sockaddr_storage *ret)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6};

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &sin.sin_addr) == 1) {
		memcpy(ret, &sin, sizeof(sin));
		return;
	}
	CU_ASSERT_EQUAL_FATAL(inet_pton(AF_INET6, text, &sin6.sin6_addr), 1);
	memcpy(ret, &sin6, sizeof(sin6));
}

static enum access_verdict
check(const struct access *access, const char *text)
{
	struct sockaddr_storage ss;

	make_address(text, &ss);
	return access_check(access, (const struct sockaddr *)&ss);
}

static struct access_prefix
prefix_of(const char *text, enum access_verdict verdict)
{
	struct access_prefix prefix = {.bits = 0};

	CU_ASSERT_EQUAL_FATAL(access_prefix_parse(text, verdict, &prefix), 0);
	return prefix;
}

static void
test_parse(void)
{
	static const struct {
		const char *text;
		int rc;
	} rows[] = {
	    {"192.0.2.0/24", 0},
	    {"192.0.2.1", 0},
	    {"0.0.0.0/0", 0},
	    {"::/0", 0},
	    {"2001:db8::/32", 0},
	    {"2001:db8::1/128", 0},
	    {"::ffff:192.0.2.0/120", 0},
	    {"", -EINVAL},
	    {"/", -EINVAL},
	    {"192.0.2", -EINVAL},
	    {"192.0.2.0/", -EINVAL},
	    {"192.0.2.0/x", -EINVAL},
	    {"192.0.2.0/-1", -EINVAL},
	    {"192.0.2.0/ 8", -EINVAL},
	    {"192.0.2.0/24/24", -EINVAL},
	    {"localhost", -EINVAL},
	    {"192.0.2.0/33", -ERANGE},
	    {"2001:db8::/129", -ERANGE},
	    {"192.0.2.0/99999999999999999999", -ERANGE},
	    {"192.0.2.1/24", -EDOM},
	    {"10.0.0.0/4", -EDOM},
	    {"2001:db8::1/32", -EDOM},
	    {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa/8", -EINVAL},
	};
	struct access_prefix prefix;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(
		    access_prefix_parse(rows[i].text, ACCESS_ALLOW, &prefix),
		    rows[i].rc);
}

static void
test_longest_match(void)
{
	const struct access_prefix prefixes[] = {
	    prefix_of("10.0.0.0/8", ACCESS_ALLOW),
	    prefix_of("10.1.0.0/16", ACCESS_DENY),
	    prefix_of("10.1.2.0/24", ACCESS_TRUSTED),
	    prefix_of("10.1.2.3", ACCESS_DENY),
	    prefix_of("10.255.255.255", ACCESS_TRUSTED),
	    prefix_of("255.255.255.255", ACCESS_ALLOW),
	    prefix_of("2001:db8::/32", ACCESS_ALLOW),
	    prefix_of("2001:db8:0:80::/57", ACCESS_DENY),
	};
	struct access *a;

	CU_ASSERT_EQUAL_FATAL(
	    access_new(prefixes, sizeof(prefixes) / sizeof(prefixes[0]), &a),
	    0);
	CU_ASSERT_EQUAL(check(a, "9.255.255.255"), ACCESS_DENY);
	CU_ASSERT_EQUAL(check(a, "10.0.0.0"), ACCESS_ALLOW);
	CU_ASSERT_EQUAL(check(a, "10.1.0.0"), ACCESS_DENY);
	CU_ASSERT_EQUAL(check(a, "10.1.2.2"), ACCESS_TRUSTED);
	CU_ASSERT_EQUAL(check(a, "10.1.2.3"), ACCESS_DENY);
	CU_ASSERT_EQUAL(check(a, "10.1.2.4"), ACCESS_TRUSTED);
	CU_ASSERT_EQUAL(check(a, "10.1.3.0"), ACCESS_DENY);
	CU_ASSERT_EQUAL(check(a, "10.2.0.0"), ACCESS_ALLOW);
	CU_ASSERT_EQUAL(check(a, "10.255.255.254"), ACCESS_ALLOW);
	CU_ASSERT_EQUAL(check(a, "10.255.255.255"), ACCESS_TRUSTED);
	CU_ASSERT_EQUAL(check(a, "11.0.0.0"), ACCESS_DENY);
	CU_ASSERT_EQUAL(check(a, "255.255.255.255"), ACCESS_ALLOW);
	CU_ASSERT_EQUAL(check(a, "2001:db7:ffff::"), ACCESS_DENY);
	CU_ASSERT_EQUAL(check(a, "2001:db8::1"), ACCESS_ALLOW);
	CU_ASSERT_EQUAL(check(a, "2001:db8:0:7f:ffff::"), ACCESS_ALLOW);
	CU_ASSERT_EQUAL(check(a, "2001:db8:0:80::"), ACCESS_DENY);
	CU_ASSERT_EQUAL(check(a, "2001:db8:0:ff:ffff::"), ACCESS_DENY);
	CU_ASSERT_EQUAL(check(a, "2001:db8:0:100::"), ACCESS_ALLOW);
	access_free(a);
}

static void
test_equal_prefixes(void)
{
	const struct access_prefix prefixes[] = {
	    prefix_of("192.0.2.0/24", ACCESS_ALLOW),
	    prefix_of("192.0.2.0/24", ACCESS_TRUSTED),
	    prefix_of("192.0.2.0/24", ACCESS_DENY),
	    prefix_of("198.51.100.0/24", ACCESS_TRUSTED),
	    prefix_of("198.51.100.0/24", ACCESS_ALLOW),
	};
	struct access *a;

	CU_ASSERT_EQUAL_FATAL(
	    access_new(prefixes, sizeof(prefixes) / sizeof(prefixes[0]), &a),
	    0);
	CU_ASSERT_EQUAL(check(a, "192.0.2.7"), ACCESS_DENY);
	CU_ASSERT_EQUAL(check(a, "198.51.100.7"), ACCESS_TRUSTED);
	CU_ASSERT_EQUAL(check(a, "192.0.3.0"), ACCESS_DENY);
	CU_ASSERT_EQUAL(check(a, "198.51.101.0"), ACCESS_DENY);
	access_free(a);
}

static void
test_families(void)
{
	const struct access_prefix prefixes[] = {
	    prefix_of("::/0", ACCESS_ALLOW),
	    prefix_of("::ffff:192.0.2.0/120", ACCESS_TRUSTED),
	};
	const struct sockaddr other = {.sa_family = AF_UNIX};
	struct access *a;

	CU_ASSERT_EQUAL_FATAL(access_new(prefixes, 2, &a), 0);
	/* All of IPv6 is not all of IPv4, in whichever form that comes. */
	CU_ASSERT_EQUAL(check(a, "2001:db8::1"), ACCESS_ALLOW);
	CU_ASSERT_EQUAL(
	    check(a, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ACCESS_ALLOW);
	CU_ASSERT_EQUAL(check(a, "198.51.100.1"), ACCESS_DENY);
	CU_ASSERT_EQUAL(check(a, "::ffff:198.51.100.1"), ACCESS_DENY);
	CU_ASSERT_EQUAL(check(a, "192.0.2.1"), ACCESS_TRUSTED);
	CU_ASSERT_EQUAL(check(a, "::ffff:192.0.2.1"), ACCESS_TRUSTED);
	CU_ASSERT_EQUAL(access_check(a, &other), ACCESS_DENY);
	access_free(a);
	access_free(NULL);
}

static void
test_empty(void)
{
	struct access *a;

	CU_ASSERT_EQUAL_FATAL(access_new(NULL, 0, &a), 0);
	CU_ASSERT_EQUAL(check(a, "127.0.0.1"), ACCESS_DENY);
	CU_ASSERT_EQUAL(check(a, "::1"), ACCESS_DENY);
	access_free(a);
}

/* What the contract says, word by word. */
static enum access_verdict
check_plainly(
    const struct access_prefix *prefixes, size_t count, const uint8_t *key)
{
	static const int rank[] = {
	    [ACCESS_ALLOW] = 1, [ACCESS_TRUSTED] = 2, [ACCESS_DENY] = 3};
	enum access_verdict best = ACCESS_DENY;
	unsigned best_bits = 0;
	size_t i;
	unsigned b;

	for (i = 0; i < count; i++) {
		for (b = 0; b < prefixes[i].bits; b++) {
			if (((prefixes[i].key[b / 8] ^ key[b / 8]) &
				(0x80 >> (b % 8))) != 0)
				break;
		}
		if (b < prefixes[i].bits || b < best_bits)
			continue;
		if (b == best_bits && rank[prefixes[i].verdict] < rank[best])
			continue;
		best = prefixes[i].verdict;
		best_bits = b;
	}
	return best;
}

/* Addresses of few different bits, so that prefixes meet often. */
static void
random_v4(unsigned *seed, uint8_t *key)
{
	size_t i;

	memset(key, 0, ACCESS_KEY_LEN);
	key[0] = 4;
	for (i = 1; i <= 4; i++)
		key[i] = (rand_r(seed) & 8) != 0 ? 0xff : (uint8_t)rand_r(seed);
	if ((rand_r(seed) & 3) != 0)
		key[1] = 10;
}

static void
random_v6(unsigned *seed, uint8_t *key)
{
	size_t i;

	key[0] = 6;
	for (i = 1; i < ACCESS_KEY_LEN; i++)
		key[i] = (rand_r(seed) & 3) == 0 ? 0x80 : 0;
}

static struct access_prefix
random_prefix(unsigned *seed, bool is_v6)
{
	struct access_prefix prefix = {
	    .verdict = (enum access_verdict)(rand_r(seed) % 3),
	    .bits = (uint8_t)(8 + rand_r(seed) % (is_v6 ? 129 : 33)),
	};
	unsigned b;

	if (is_v6)
		random_v6(seed, prefix.key);
	else
		random_v4(seed, prefix.key);
	for (b = prefix.bits; b < 8 * ACCESS_KEY_LEN; b++)
		prefix.key[b / 8] &= (uint8_t) ~(0x80 >> (b % 8));
	return prefix;
}

static enum access_verdict
check_random(const struct access *a, unsigned *seed, bool is_v6, uint8_t *key)
{
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6};
	struct sockaddr_in sin = {.sin_family = AF_INET};

	if (is_v6) {
		random_v6(seed, key);
		memcpy(&sin6.sin6_addr, key + 1, sizeof(sin6.sin6_addr));
		return access_check(a, (const struct sockaddr *)&sin6);
	}
	random_v4(seed, key);
	memcpy(&sin.sin_addr, key + 1, sizeof(sin.sin_addr));
	return access_check(a, (const struct sockaddr *)&sin);
}

static void
run_round(unsigned *seed, unsigned *ret_wrong)
{
	struct access_prefix prefixes[PREFIXES];
	uint8_t key[ACCESS_KEY_LEN];
	size_t count = (size_t)(rand_r(seed) % PREFIXES);
	struct access *a;
	size_t i;

	for (i = 0; i < count; i++)
		prefixes[i] = random_prefix(seed, i % 2 != 0);
	CU_ASSERT_EQUAL_FATAL(access_new(prefixes, count, &a), 0);
	for (i = 0; i < PROBES; i++) {
		if (check_random(a, seed, i % 2 != 0, key) !=
		    check_plainly(prefixes, count, key))
			(*ret_wrong)++;
	}
	access_free(a);
}

static void
test_random(void)
{
	const char *given = getenv("QUOLL_TEST_SEED");
	unsigned seed = given != NULL ? (unsigned)atoi(given) : 20260;
	unsigned wrong = 0;
	int i;

	for (i = 0; i < ROUNDS && wrong == 0; i++)
		run_round(&seed, &wrong);
	CU_ASSERT_EQUAL(wrong, 0);
	if (wrong != 0)
		printf("seed: %s\n", given != NULL ? given : "20260");
}

void
test_access_register(void)
{
	CU_pSuite suite = unit_suite("access");

	unit_test(suite, "parse", test_parse);
	unit_test(suite, "longest_match", test_longest_match);
	unit_test(suite, "equal_prefixes", test_equal_prefixes);
	unit_test(suite, "families", test_families);
	unit_test(suite, "empty", test_empty);
	unit_test(suite, "random", test_random);
}
