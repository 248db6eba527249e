/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses kept small: whole, of both families, and none.
 */
#include "resolver/net/addr.h"

#include <arpa/inet.h>
#include <string.h>

#include "tests/unit/unit.h"

enum {
	PORT = 853,
	SCOPE = 3
};

static void
test_both_families(void)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET,
	    .sin_port = htons(PORT),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in6 in6 = {
	    .sin6_family = AF_INET6,
	    .sin6_port = htons(PORT),
	    .sin6_addr = IN6ADDR_LOOPBACK_INIT,
	    .sin6_scope_id = SCOPE,
	};
	union net_addr a;

	CU_ASSERT_EQUAL(sizeof(a), sizeof(in6));
	net_addr_copy(&a, (const struct sockaddr *)&in6);
	CU_ASSERT_PTR_EQUAL(net_addr_get(&a), &a.sa);
	CU_ASSERT_EQUAL(memcmp(&a.in6, &in6, sizeof(in6)), 0);
	net_addr_copy(&a, (const struct sockaddr *)&in);
	CU_ASSERT_PTR_EQUAL(net_addr_get(&a), &a.sa);
	CU_ASSERT_EQUAL(memcmp(&a.in, &in, sizeof(in)), 0);
}

static void
test_itself(void)
{
	union net_addr a = {.in = {.sin_family = AF_INET, .sin_port = PORT}};

	net_addr_copy(&a, &a.sa);
	CU_ASSERT_EQUAL(a.in.sin_port, PORT);
}

static void
test_none(void)
{
	static const union net_addr zero;
	struct sockaddr local = {.sa_family = AF_UNIX};
	union net_addr a;

	memset(&a, 0xff, sizeof(a));
	net_addr_copy(&a, NULL);
	CU_ASSERT_PTR_NULL(net_addr_get(&a));
	CU_ASSERT_EQUAL(memcmp(&a, &zero, sizeof(a)), 0);
	memset(&a, 0xff, sizeof(a));
	net_addr_copy(&a, &local);
	CU_ASSERT_PTR_NULL(net_addr_get(&a));
}

void
test_net_addr_register(void)
{
	CU_pSuite suite = unit_suite("net_addr");

	unit_test(suite, "both_families", test_both_families);
	unit_test(suite, "itself", test_itself);
	unit_test(suite, "none", test_none);
}
