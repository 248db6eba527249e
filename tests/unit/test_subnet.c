/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who learns what of a client's address.
 */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/subnet.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

#define TYPE_A 1

static struct config config;
static struct dnsmsg msg;
static struct subnet s;

/* Chooses for a client's query with these options. */
static int
choose(enum config_ecs mode, const char *address, const void *options,
    size_t len, bool is_signed)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct dns_query q;

	config.ecs.mode = mode;
	config.ecs.ipv4 = 24;
	config.ecs.ipv6 = 56;
	CU_ASSERT_EQUAL(inet_pton(AF_INET, address, &in.sin_addr), 1);
	dnsmsg_query(&msg, "www.example", TYPE_A);
	dnsmsg_opt(&msg, 1232, 0, options, len);
	if (is_signed)
		dnsmsg_tsig(&msg, IN_ADDITIONAL);
	CU_ASSERT_EQUAL(dns_query_parse(msg.data, msg.len, &q), DNS_VERDICT_OK);
	return subnet_choose(&config, &q, (const struct sockaddr *)&in, &s);
}

#define CHOOSE(mode, options)                                                  \
	choose(mode, "198.51.100.77", options, sizeof(options) - 1, false)

static const char none[] = "";
static const char nobody[] = "\0\10\0\4\0\1\0\0";
static const char sixteen[] = "\0\10\0\6\0\1\20\0\313\0";
static const char whole[] = "\0\10\0\10\0\1\40\0\313\0\161\11";
static const char broken[] = "\0\10\0\7\0\1\27\0\300\0\1";

static void
strip(void)
{
	CU_ASSERT_EQUAL(CHOOSE(CONFIG_ECS_STRIP, whole), 0);
	PROVE("FWD-058", !s.has_sent && !s.has_client);
	/* Not even looked at. */
	CU_ASSERT_EQUAL(CHOOSE(CONFIG_ECS_STRIP, broken), 0);
	PROVE("FWD-059", !s.has_client);
}

static void
forward(void)
{
	CU_ASSERT_EQUAL(CHOOSE(CONFIG_ECS_FORWARD, none), 0);
	CU_ASSERT(!s.has_sent && !s.has_client);
	CU_ASSERT_EQUAL(CHOOSE(CONFIG_ECS_FORWARD, whole), 0);
	CU_ASSERT(s.has_sent && s.sent.source == 24);
	CU_ASSERT(memcmp(s.sent.address, "\313\0\161\0", 4) == 0);
	/* It gets its own back. */
	CU_ASSERT(s.has_client && s.client.source == 32);
	CU_ASSERT_EQUAL(CHOOSE(CONFIG_ECS_FORWARD, sixteen), 0);
	PROVE("FWD-062", s.has_sent && s.sent.source == 16);
	CU_ASSERT_EQUAL(CHOOSE(CONFIG_ECS_FORWARD, nobody), 0);
	PROVE("FWD-061", s.has_sent && s.sent.source == 0);
	PROVE("FWD-065", CHOOSE(CONFIG_ECS_FORWARD, broken) < 0);
	/* A scope is the answer's. */
	CU_ASSERT(CHOOSE(CONFIG_ECS_FORWARD, "\0\10\0\4\0\1\0\1") < 0);
}

static void
add(void)
{
	CU_ASSERT_EQUAL(CHOOSE(CONFIG_ECS_ADD, none), 0);
	CU_ASSERT(s.has_sent && s.sent.source == 24);
	CU_ASSERT(memcmp(s.sent.address, "\306\63\144\0", 4) == 0);
	PROVE("FWD-060", !s.has_client);
	CU_ASSERT_EQUAL(CHOOSE(CONFIG_ECS_ADD, nobody), 0);
	PROVE("FWD-061", s.sent.source == 0 && s.sent.address[0] == 0);
	CU_ASSERT_EQUAL(CHOOSE(CONFIG_ECS_ADD, sixteen), 0);
	PROVE("FWD-062", s.sent.source == 16 && s.sent.address[0] == 0313);
	CU_ASSERT_EQUAL(
	    choose(CONFIG_ECS_ADD, "192.168.1.1", none, 0, false), 0);
	CU_ASSERT(!s.has_sent);
	/* RFC 8945 5.5: not a bit of it. */
	CU_ASSERT_EQUAL(choose(CONFIG_ECS_ADD, "198.51.100.77", whole,
			    sizeof(whole) - 1, true),
	    0);
	CU_ASSERT(!s.has_sent && !s.has_client);
}

/* The scope that we answer with, when the server said this. */
static unsigned
learn(const char *options, size_t len)
{
	struct dns_response r = {.msg = msg.data};
	struct dns_query q;

	dnsmsg_query(&msg, "www.example", TYPE_A);
	dnsmsg_opt(&msg, 1232, 0, options, len);
	CU_ASSERT_EQUAL(dns_query_parse(msg.data, msg.len, &q), DNS_VERDICT_OK);
	r.edns = q.edns;
	subnet_learn(&s, &r);
	return s.client.scope;
}

static void
scopes(void)
{
	static const char twenty[] = "\0\10\0\7\0\1\30\24\313\0\161";
	static const char other[] = "\0\10\0\7\0\1\30\24\313\0\162";
	static const char zero[] = "\0\10\0\4\0\1\0\30";

	CU_ASSERT_EQUAL(CHOOSE(CONFIG_ECS_FORWARD, whole), 0);
	CU_ASSERT_EQUAL(learn(twenty, sizeof(twenty) - 1), 20);
	CU_ASSERT_EQUAL(s.client.source, 32);
	CU_ASSERT_EQUAL(learn(none, 0), 0);
	CU_ASSERT_EQUAL(learn(other, sizeof(other) - 1), 0);
	CU_ASSERT_EQUAL(CHOOSE(CONFIG_ECS_FORWARD, nobody), 0);
	CU_ASSERT_EQUAL(learn(zero, sizeof(zero) - 1), 0);
	/* "Nobody" without a family goes with one, and comes back without. */
	CU_ASSERT_EQUAL(CHOOSE(CONFIG_ECS_FORWARD, "\0\10\0\4\0\0\0\0"), 0);
	CU_ASSERT_EQUAL(s.sent.family, DNS_ECS_IPV4);
	CU_ASSERT_EQUAL(s.client.family, DNS_ECS_NONE);
}

void
test_subnet_register(void)
{
	CU_pSuite suite = unit_suite("subnet");

	unit_test(suite, "strip", strip);
	unit_test(suite, "forward", forward);
	unit_test(suite, "add", add);
	unit_test(suite, "scopes", scopes);
}
