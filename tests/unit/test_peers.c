/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections counted by network: limits, /32 and /56, loopback, threads.
 */
#include "resolver/peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>

#include "tests/unit/unit.h"

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage ss;
	struct sockaddr_in *in = (void *)&ss;
	struct sockaddr_in6 *in6 = (void *)&ss;

	memset(&ss, 0, sizeof(ss));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
	} else {
		CU_ASSERT_FATAL(
		    inet_pton(AF_INET6, text, &in6->sin6_addr) == 1);
		in6->sin6_family = AF_INET6;
	}
	return ss;
}

static const struct peers_limits limits = {.connections = 2, .handshakes = 3};

static enum peers_answer
ask(struct peers *p, const char *text, bool proved, struct peers_network **ret)
{
	struct sockaddr_storage ss = address(text);

	return peers_enter(p, (void *)&ss, &limits, proved, ret);
}

static bool
enter(struct peers *p, const char *text, struct peers_network **ret)
{
	return ask(p, text, true, ret) == PEERS_IN;
}

static size_t
count(struct peers *p, const char *text)
{
	struct sockaddr_storage ss = address(text);

	return peers_count(p, (void *)&ss, true);
}

static void
test_limit(void)
{
	struct peers *p = peers_new();
	struct peers_network *a, *b, *c, *other;

	CU_ASSERT_FATAL(p != NULL);
	CU_ASSERT(enter(p, "192.0.2.1", &a));
	CU_ASSERT(enter(p, "192.0.2.1", &b));
	CU_ASSERT(!enter(p, "192.0.2.1", &c));
	CU_ASSERT(enter(p, "192.0.2.2", &other));
	CU_ASSERT_EQUAL(count(p, "192.0.2.1"), 2);
	peers_leave(a, true);
	PROVE("DOQ-084", enter(p, "192.0.2.1", &c));
	peers_leave(b, true);
	peers_leave(c, true);
	peers_leave(other, true);
	CU_ASSERT_EQUAL(count(p, "192.0.2.1"), 0);
	peers_free(p);
}

/* Addresses that may be anybody's: Retry above a number, and no refusal. */
static void
test_handshakes(void)
{
	struct peers *p = peers_new();
	struct peers_network *n[3], *a, *b, *none;
	struct sockaddr_storage ss = address("192.0.2.1");

	CU_ASSERT_FATAL(p != NULL);
	for (int i = 0; i < 3; i++)
		CU_ASSERT(ask(p, "192.0.2.1", false, &n[i]) == PEERS_IN);
	CU_ASSERT(ask(p, "192.0.2.1", false, &none) == PEERS_PROVE);
	CU_ASSERT(none == NULL);
	CU_ASSERT(ask(p, "192.0.2.2", false, &b) == PEERS_IN);
	peers_leave(b, false);
	CU_ASSERT_EQUAL(peers_count(p, (void *)&ss, false), 3);
	/* They are no connections: one of those is let in. */
	CU_ASSERT(enter(p, "192.0.2.1", &a));
	CU_ASSERT(peers_settle(n[0], &limits));
	CU_ASSERT_EQUAL(peers_count(p, (void *)&ss, false), 2);
	CU_ASSERT_EQUAL(count(p, "192.0.2.1"), 2);
	/* With as many as it may have, nobody settles, and who comes without
	 * a proof is asked for one before it costs a handshake. */
	CU_ASSERT(!peers_settle(n[1], &limits));
	CU_ASSERT(ask(p, "192.0.2.1", true, &none) == PEERS_FULL);
	CU_ASSERT(ask(p, "192.0.2.1", false, &none) == PEERS_PROVE);
	peers_leave(n[1], false);
	peers_leave(n[2], false);
	peers_leave(n[0], true);
	peers_leave(a, true);
	peers_free(p);
}

static void
test_any_number(void)
{
	const struct peers_limits any = {
	    .connections = 1, .handshakes = PEERS_ANY_NUMBER};
	struct peers *p = peers_new();
	struct peers_network *n[10], *a;
	struct sockaddr_storage ss = address("192.0.2.1");

	CU_ASSERT_FATAL(p != NULL);
	CU_ASSERT(enter(p, "192.0.2.1", &a));
	for (int i = 0; i < 10; i++)
		CU_ASSERT(peers_enter(p, (void *)&ss, &any, false, &n[i]) ==
			  PEERS_IN);
	CU_ASSERT(!peers_settle(n[0], &any));
	for (int i = 0; i < 10; i++)
		peers_leave(n[i], false);
	peers_leave(a, true);
	peers_free(p);
}

static void
test_prefixes(void)
{
	struct peers *p = peers_new();
	struct peers_network *a, *b, *c, *other;

	CU_ASSERT_FATAL(p != NULL);
	CU_ASSERT(enter(p, "2001:db8:0:100::1", &a));
	CU_ASSERT(enter(p, "2001:db8:0:1ff::9", &b)); /* the same /56 */
	CU_ASSERT(!enter(p, "2001:db8:0:155::5", &c));
	CU_ASSERT(enter(p, "2001:db8:0:200::1", &other));
	peers_leave(a, true);
	peers_leave(b, true);
	peers_leave(other, true);
	peers_free(p);
}

static void
test_loopback(void)
{
	struct peers *p = peers_new();
	struct peers_network *key[3];

	CU_ASSERT_FATAL(p != NULL);
	for (int i = 0; i < 3; i++)
		CU_ASSERT(enter(p, "127.0.0.1", &key[i]));
	for (int i = 0; i < 3; i++)
		CU_ASSERT(enter(p, "::1", &key[i]));
	CU_ASSERT_EQUAL(count(p, "127.0.0.1"), 0);
	peers_leave(key[0], true);
	peers_free(p);
}

static void *
come_and_go(void *arg)
{
	struct peers_network *key;

	for (int i = 0; i < 20000; i++)
		if (enter(arg, i % 2 != 0 ? "192.0.2.1" : "2001:db8::", &key))
			peers_leave(key, true);
	return NULL;
}

static void
test_threads(void)
{
	struct peers *p = peers_new();
	pthread_t threads[4];

	CU_ASSERT_FATAL(p != NULL);
	for (int i = 0; i < 4; i++)
		CU_ASSERT_FATAL(
		    pthread_create(&threads[i], NULL, come_and_go, p) == 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(count(p, "192.0.2.1"), 0);
	peers_free(p); /* asserts that it is empty */
}

void
test_peers_register(void)
{
	CU_pSuite s = unit_suite("peers");

	unit_test(s, "limit", test_limit);
	unit_test(s, "handshakes", test_handshakes);
	unit_test(s, "any_number", test_any_number);
	unit_test(s, "prefixes", test_prefixes);
	unit_test(s, "loopback", test_loopback);
	unit_test(s, "threads", test_threads);
}
