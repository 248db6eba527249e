/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No memory: every single allocation of the library, and of ngtcp2 on its
 * behalf, fails once in a run of its own; and from each on all do for a while.
 * Connections may end by it, with a record; nothing crashes, nothing is lost.
 */
#include <stdio.h>

#include "tests/fake/alloc.h"
#include "tests/fake/duo.h"
#include "tests/unit/unit.h"

enum {
	STREAMS = 3,
	BYTES = 4000,
	MAX_ALLOCATIONS = 5000,
	STRIDE = 7 /* of the runs in which memory stays away */
};

static struct duo d;
static uint64_t closed_failed; /* by the server, of all lives */

/* Everybody who hears of a connection hears of its end. */
static bool
is_told_all(unsigned begun)
{
	return d.client.n[DUO_CLOSED] == begun &&
	       d.server.n[DUO_CLOSED] == d.server.n[DUO_OPENED];
}

static const struct duo_options first_version = {.early_data = false};
static const struct duo_options changes_over = {
    .early_data = true, .version_2 = true};

static bool
begin(void)
{
	struct evquic_connect_options o = {
	    .versions = EVQUIC_VERSIONS_1_OR_2,
	};

	o = duo_resume(&d, &o, true);
	if (d.client.session_len == 0)
		o.session = NULL;
	return duo_connect(&d, &o) != NULL;
}

/* A short life: two connections, streams, an end; the `nth` allocation fails.
 * Returns how many did, or -1 if something was wrong afterwards. */
static int
live(const struct duo_options *o, size_t nth, int forever)
{
	unsigned begun = 0;
	size_t failed;

	duo_init(&d, o);
	d.client.hook = o->early_data ? duo_ask_at_once : NULL;
	d.sim.net.may_drop = true;
	d.sim.net.faults.room = 4;
	d.sim.net.faults.drain = NSEC_PER_MSEC;
	d.server.echoes = true;
	fake_alloc_fail(nth, forever);
	for (int i = 0; i < 2; i++) {
		begun += begin();
		duo_talk(&d);
		for (int k = 0; k < STREAMS && d.client.conn != NULL; k++) {
			struct evquic_stream *s = duo_stream(&d.client, true);

			if (s != NULL && duo_write(s, BYTES, true) != 0)
				evquic_stream_reset(s, 1);
		}
		duo_talk(&d);
		if (d.client.conn != NULL)
			net_rebind(&d.sim.net, sim_fd(d.client.conn));
		duo_talk(&d);
		if (d.client.conn != NULL)
			evquic_conn_close(d.client.conn, 0, NULL);
		duo_talk(&d);
	}
	failed = fake_alloc_heal();
	closed_failed += sim_server_count(&d.sim, "closed_failed");
	if (!duo_end(&d) || !is_told_all(begun)) {
		printf("# allocation %zu%s\n", nth, forever ? " and on" : "");
		return -1;
	}
	/* With memory again all is well. */
	d.client.n[DUO_OPENED] = 0;
	if (duo_connect(&d, NULL) == NULL)
		return -1;
	duo_talk(&d);
	if (d.client.n[DUO_OPENED] != 1 || !duo_end(&d))
		return -1;
	duo_done(&d);
	return (int)failed;
}

static void
fail_each_once(const struct duo_options *o)
{
	int failed = 1;
	size_t n;

	closed_failed = 0;
	for (n = 1; failed == 1 && n < MAX_ALLOCATIONS; n++)
		failed = live(o, n, 0);
	CU_ASSERT(failed == 0); /* there was no such allocation any more */
	CU_ASSERT(n > 100);
	CU_ASSERT(closed_failed > 0);
}

static void
test_each_once(void)
{
	fail_each_once(&first_version);
}

/* Version 2, tickets and early data. */
static void
test_each_once_early(void)
{
	fail_each_once(&changes_over);
}

static void
test_from_each_on(void)
{
	int failed = 1;
	size_t n;

	for (n = 1; failed > 0 && n < MAX_ALLOCATIONS; n += STRIDE)
		failed = live(&changes_over, n, 1);
	CU_ASSERT(failed == 0);
	CU_ASSERT(n > 100);
}

/* The connection frees what ngtcp2 forgets, and only that. */
static void
test_forgotten(void)
{
	const ngtcp2_mem *mem;
	struct evquic_worker *w;
	uint8_t *p, *q;

	duo_init_open(&d, NULL);
	mem = &d.server.conn->mem;
	w = d.server.conn->router->worker;
	p = mem->malloc(10, mem->user_data);
	CU_ASSERT_FATAL(p != NULL);
	p[0] = 7;
	p = mem->realloc(p, 5000, mem->user_data);
	q = mem->calloc(10, 20, mem->user_data);
	CU_ASSERT_FATAL(p != NULL && q != NULL);
	CU_ASSERT(p[0] == 7 && q[0] == 0 && q[199] == 0);
	CU_ASSERT(mem->calloc(SIZE_MAX / 2, 3, mem->user_data) == NULL);
	CU_ASSERT(mem->malloc(SIZE_MAX - 1, mem->user_data) == NULL);
	mem->free(mem->realloc(NULL, 1, mem->user_data), mem->user_data);
	CU_ASSERT(duo_end(&d));
	CU_ASSERT(counter_get(&w->counters.blocks_forgotten) == 2);
	CU_ASSERT(counter_get(&w->account.bytes) == 0);
	duo_done(&d);
}

void
test_quic_memory_register(void)
{
	CU_pSuite s = unit_suite("quic_memory");

	unit_test(s, "each_once", test_each_once);
	unit_test(s, "each_once_early", test_each_once_early);
	unit_test(s, "from_each_on", test_from_each_on);
	unit_test(s, "forgotten", test_forgotten);
}
