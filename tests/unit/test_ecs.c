/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Client Subnet options read, made and shortened.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/ecs.h"
#include "dns/message.h"
#include "dns/response.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

#define TYPE_A 1

/* Reads a query with these options; the outcome of dns_ecs_take(). */
static int
take(const char *options, size_t len, struct dns_ecs *ret_ecs)
{
	struct dnsmsg *m = malloc(sizeof(*m));
	struct dns_query q;
	uint8_t *exact;
	int rc;

	CU_ASSERT_FATAL(m != NULL);
	dnsmsg_query(m, "www.example", TYPE_A);
	dnsmsg_opt(m, 1232, 0, options, len);
	exact = dnsmsg_exact(m->data, m->len);
	CU_ASSERT_EQUAL(dns_query_parse(exact, m->len, &q), DNS_VERDICT_OK);
	rc = dns_ecs_take(exact, &q.edns, ret_ecs);
	free(exact);
	free(m);
	return rc;
}

#define TAKE(options) take(options, sizeof(options) - 1, &ecs)

static void
good(void)
{
	uint8_t data[DNS_ECS_MAX];
	struct dns_ecs ecs;

	CU_ASSERT_EQUAL(TAKE("\0\10\0\7\0\1\30\0\300\0\2"), 1);
	CU_ASSERT_EQUAL(ecs.family, DNS_ECS_IPV4);
	CU_ASSERT_EQUAL(ecs.source, 24);
	CU_ASSERT_EQUAL(ecs.scope, 0);
	CU_ASSERT(memcmp(ecs.address, "\300\0\2\0", 4) == 0);
	CU_ASSERT_EQUAL(dns_ecs_write(&ecs, data), 7);
	CU_ASSERT(memcmp(data, "\0\1\30\0\300\0\2", 7) == 0);
	/* 20 bits need three octets, the last one half. */
	CU_ASSERT_EQUAL(TAKE("\0\10\0\7\0\1\24\30\300\0\360"), 1);
	CU_ASSERT_EQUAL(ecs.scope, 24);
	CU_ASSERT_EQUAL(TAKE("\0\10\0\6\0\2\20\0\40\1"), 1);
	CU_ASSERT_EQUAL(ecs.family, DNS_ECS_IPV6);
	CU_ASSERT_EQUAL(TAKE("\0\10\0\4\0\1\0\0"), 1);
	CU_ASSERT_EQUAL(TAKE("\0\10\0\4\0\0\0\0"), 1);
	CU_ASSERT_EQUAL(
	    TAKE("\0\10\0\24\0\2\200\0\40\1\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), 1);
	CU_ASSERT_EQUAL(TAKE("\0\3\0\0\0\10\0\4\0\1\0\0"), 1);
	CU_ASSERT_EQUAL(TAKE("\0\3\0\0"), 0);
	CU_ASSERT_EQUAL(TAKE(""), 0);
}

static void
bad(void)
{
	struct dns_ecs ecs;

	/* Too few octets, too many. */
	PROVE("FWD-065", TAKE("\0\10\0\6\0\1\30\0\300\0") < 0);
	PROVE("FWD-065", TAKE("\0\10\0\10\0\1\30\0\300\0\2\0") < 0);
	PROVE("FWD-065", TAKE("\0\10\0\5\0\1\0\0\300") < 0);
	/* Bits behind the prefix. */
	PROVE("FWD-065", TAKE("\0\10\0\7\0\1\24\0\300\0\361") < 0);
	PROVE("FWD-065", TAKE("\0\10\0\7\0\1\27\0\300\0\1") < 0);
	/* No such family. */
	PROVE("FWD-065", TAKE("\0\10\0\7\0\3\30\0\300\0\2") < 0);
	PROVE("FWD-065", TAKE("\0\10\0\4\0\3\0\0") < 0);
	PROVE("FWD-065", TAKE("\0\10\0\5\0\0\10\0\300") < 0);
	/* Longer than an address. */
	CU_ASSERT(TAKE("\0\10\0\11\0\1\50\0\300\0\2\1\1") < 0);
	CU_ASSERT(TAKE("\0\10\0\7\0\1\30\50\300\0\2") < 0);
	/* Cut off, and twice. */
	CU_ASSERT(TAKE("\0\10\0\3\0\1\0") < 0);
	CU_ASSERT(TAKE("\0\10\0\0") < 0);
	CU_ASSERT(TAKE("\0\10\0\4\0\1\0\0\0\10\0\4\0\1\0\0") < 0);
}

static void
shortened(void)
{
	static const struct dns_ecs_limits limits = {24, 56};
	static const struct dns_ecs_limits odd = {21, 0};
	struct dns_ecs ecs;

	CU_ASSERT_EQUAL(TAKE("\0\10\0\10\0\1\40\0\300\0\377\377"), 1);
	dns_ecs_limit(&ecs, &limits);
	CU_ASSERT_EQUAL(ecs.source, 24);
	CU_ASSERT(memcmp(ecs.address, "\300\0\377\0", 4) == 0);
	dns_ecs_limit(&ecs, &odd);
	CU_ASSERT_EQUAL(ecs.source, 21);
	CU_ASSERT(memcmp(ecs.address, "\300\0\370\0", 4) == 0);
	/* Never longer than it was. */
	CU_ASSERT_EQUAL(TAKE("\0\10\0\6\0\1\20\0\300\0"), 1);
	dns_ecs_limit(&ecs, &limits);
	PROVE("FWD-062", ecs.source == 16);
	CU_ASSERT_EQUAL(
	    TAKE("\0\10\0\24\0\2\200\0\40\1\1\2\3\4\5\6\7\10\0\0\0\0\0\1"), 1);
	dns_ecs_limit(&ecs, &limits);
	CU_ASSERT_EQUAL(ecs.source, 56);
	CU_ASSERT(memcmp(ecs.address, "\40\1\1\2\3\4\5\0\0", 9) == 0);
	dns_ecs_limit(&ecs, &odd);
	CU_ASSERT_EQUAL(ecs.source, 0);
	CU_ASSERT_EQUAL(ecs.address[0], 0);
}

/* Is an option made of this address? */
static bool
makes(unsigned a, unsigned b, unsigned c, unsigned d)
{
	static const struct dns_ecs_limits limits = {24, 56};
	uint8_t address[] = {(uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d};
	struct dns_ecs ecs;

	return dns_ecs_make(address, sizeof(address), &limits, &ecs);
}

static void
made(void)
{
	static const struct dns_ecs_limits limits = {24, 56};
	static const uint8_t global[16] = {0x2a, 1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t mapped[16] = {
	    [10] = 0xff, [11] = 0xff, 198, 51, 100, 7};
	static const uint8_t mapped_private[16] = {
	    [10] = 0xff, [11] = 0xff, 10, 0, 0, 1};
	static const uint8_t loopback[16] = {[15] = 1};
	static const uint8_t local[16] = {0xfe, 0x80, [15] = 1};
	static const uint8_t unique[16] = {0xfd, [15] = 1};
	struct dns_ecs ecs;

	CU_ASSERT(makes(198, 51, 100, 7) && makes(1, 1, 1, 1));
	CU_ASSERT(makes(100, 63, 0, 1) && makes(100, 128, 0, 1));
	CU_ASSERT(makes(172, 15, 0, 1) && makes(172, 32, 0, 1));
	CU_ASSERT(makes(192, 169, 0, 1) && makes(223, 255, 0, 1));
	CU_ASSERT(!makes(0, 1, 2, 3) && !makes(10, 1, 2, 3));
	CU_ASSERT(!makes(127, 0, 0, 1) && !makes(169, 254, 1, 1));
	CU_ASSERT(!makes(100, 64, 0, 1) && !makes(100, 127, 0, 1));
	CU_ASSERT(!makes(172, 16, 0, 1) && !makes(172, 31, 0, 1));
	CU_ASSERT(!makes(192, 168, 0, 1) && !makes(224, 0, 0, 1));
	CU_ASSERT(!makes(255, 255, 255, 255));
	CU_ASSERT(dns_ecs_make(global, 16, &limits, &ecs));
	CU_ASSERT(ecs.family == DNS_ECS_IPV6 && ecs.source == 56);
	CU_ASSERT(memcmp(ecs.address, "\52\1\2\3\4\5\6\0\0", 9) == 0);
	CU_ASSERT(dns_ecs_make(mapped, 16, &limits, &ecs));
	CU_ASSERT(ecs.family == DNS_ECS_IPV4 && ecs.source == 24);
	CU_ASSERT(memcmp(ecs.address, "\306\63\144\0", 4) == 0);
	CU_ASSERT(!dns_ecs_make(mapped_private, 16, &limits, &ecs));
	CU_ASSERT(!dns_ecs_make(loopback, 16, &limits, &ecs));
	CU_ASSERT(!dns_ecs_make(local, 16, &limits, &ecs));
	CU_ASSERT(!dns_ecs_make(unique, 16, &limits, &ecs));
}

/* What an answer with these options to the one that was sent is kept for. */
static int
network(const struct dns_ecs *sent, const char *options, size_t len,
    struct dns_ecs *ret_network)
{
	struct dnsmsg *m = malloc(sizeof(*m));
	struct dns_response r;
	struct dns_expect e;
	int rc;

	CU_ASSERT_FATAL(m != NULL);
	dnsmsg_start(m, 0, 0x8180);
	dnsmsg_question(m, "www.example", TYPE_A);
	if (options != NULL)
		dnsmsg_opt(m, 1232, 0, options, len);
	CU_ASSERT_EQUAL(dns_expect_init(m->data, m->len, false, &e), 0);
	CU_ASSERT_EQUAL(
	    dns_response_check(m->data, m->len, &e, &r), DNS_MATCH_ACCEPT);
	rc = dns_ecs_network(sent, r.msg, &r.edns, ret_network);
	free(m);
	return rc;
}

#define NETWORK(options) network(&sent, options, sizeof(options) - 1, &got)

/* RFC 7871 7.3.1 */
static void
networks(void)
{
	struct dns_ecs sent = {
	    .family = DNS_ECS_IPV4, .source = 24, .address = {192, 0, 2}};
	struct dns_ecs got;

	/* Not as long as sent: the scope counts; longer: what was sent. */
	CU_ASSERT_EQUAL_FATAL(NETWORK("\0\10\0\7\0\1\30\7\300\0\2"), 0);
	CU_ASSERT(got.source == 7 && got.scope == 7);
	CU_ASSERT(memcmp(got.address, "\300\0\0\0", 4) == 0);
	CU_ASSERT_EQUAL_FATAL(NETWORK("\0\10\0\7\0\1\30\40\300\0\2"), 0);
	CU_ASSERT(got.source == 24 && got.scope == 32);
	CU_ASSERT(memcmp(got.address, "\300\0\2\0", 4) == 0);
	/* For everybody: it says so, or it says nothing. */
	CU_ASSERT_EQUAL_FATAL(NETWORK("\0\10\0\7\0\1\30\0\300\0\2"), 0);
	CU_ASSERT(got.source == 0 && got.scope == 0);
	CU_ASSERT_EQUAL_FATAL(NETWORK(""), 0);
	CU_ASSERT(got.source == 0 && got.scope == 0);
	CU_ASSERT_EQUAL_FATAL(network(&sent, NULL, 0, &got), 0);
	CU_ASSERT(got.source == 0 && got.scope == 0);
	/* For whom, nobody knows. */
	CU_ASSERT_EQUAL(NETWORK("\0\10\0\7\0\1\30\7\300\0\3"), -EBADMSG);
	CU_ASSERT_EQUAL(NETWORK("\0\10\0\7\0\1\27\7\300\0\2"), -EBADMSG);
	CU_ASSERT_EQUAL(NETWORK("\0\10\0\7\0\1"), -EBADMSG);
	/* Nobody was named. */
	sent = (struct dns_ecs){.family = DNS_ECS_IPV4};
	CU_ASSERT_EQUAL_FATAL(NETWORK("\0\10\0\4\0\1\0\30"), 0);
	CU_ASSERT(got.source == 0 && got.scope == 0);
}

void
test_ecs_register(void)
{
	CU_pSuite suite = unit_suite("ecs");

	unit_test(suite, "good options", good);
	unit_test(suite, "bad options", bad);
	unit_test(suite, "shortened", shortened);
	unit_test(suite, "made of an address", made);
	unit_test(suite, "networks of answers", networks);
}
