/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tickets, resumption and early data (RFC 8446 2.2, 2.3; RFC 9001 4.6), the
 * library's client against its server.
 */
#include "tests/fake/duo.h"

#include <string.h>

#include "tests/unit/unit.h"

enum {
	QUERY = 40 /* bytes */
};

#define SPAN (5 * NSEC_PER_SEC)

static const struct duo_options early_on = {.early_data = true};

/* The client's first stream, written as soon as it may talk. */
static void
ask_at_once(
    struct duo_side *side, enum duo_event event, struct evquic_stream *stream)
{
	struct evquic_stream *s;

	(void)stream;
	if (event != DUO_OPENED)
		return;
	s = duo_stream(side, true);
	if (s != NULL)
		(void)duo_write(s, QUERY, true);
}

/* A world in which the client has a ticket and nobody is connected. */
static void
begin(struct duo *d, const struct duo_options *o)
{
	duo_init(d, o);
	CU_ASSERT_FATAL(duo_open(d));
	duo_talk(d);
	CU_ASSERT_FATAL(duo_end(d));
	d->server.echoes = true;
	d->client.hook = ask_at_once;
	memset(d->client.n, 0, sizeof(d->client.n));
	memset(d->server.n, 0, sizeof(d->server.n));
}

/* Resumes, and says whether the one query was answered once. */
static bool
again(struct duo *d, bool early)
{
	struct evquic_connect_options o = duo_resume(d, NULL, early);
	uint64_t bytes = d->client.bytes;
	unsigned fins = d->client.fins, queries = d->server.fins;

	d->server.was_early = false;
	if (duo_connect(d, &o) == NULL)
		return false;
	sim_run(&d->sim, SPAN);
	return d->client.bytes == bytes + QUERY && d->client.fins == fins + 1 &&
	       d->server.fins == queries + 1;
}

static void
test_resumption(void)
{
	struct duo d;

	begin(&d, NULL);
	CU_ASSERT(d.client.session_len > 0);
	CU_ASSERT(sim_server_count(&d.sim, "tickets_sent") == 1);
	CU_ASSERT(again(&d, false));
	CU_ASSERT(duo_end(&d));
	CU_ASSERT(d.client.stats.resumed && d.server.stats.resumed);
	CU_ASSERT(!d.client.stats.early_data);
	CU_ASSERT(sim_server_count(&d.sim, "sessions_resumed") == 1);
	duo_done(&d);
}

static void
test_early(void)
{
	struct duo d;

	begin(&d, &early_on);
	CU_ASSERT(again(&d, true));
	CU_ASSERT(d.server.was_early);
	CU_ASSERT(duo_end(&d));
	CU_ASSERT(d.client.stats.early_data && d.server.stats.early_data);
	CU_ASSERT(sim_server_count(&d.sim, "early_accepted") == 1);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1 && d.server.n[DUO_OPENED] == 1);
	duo_done(&d);
}

static void
test_refused(void)
{
	struct duo d;

	begin(&d, &early_on);
	d.service.early_data = false;
	sim_restart(&d.sim, &d.service);
	CU_ASSERT(again(&d, true));
	CU_ASSERT(!d.server.was_early);
	CU_ASSERT(duo_end(&d));
	CU_ASSERT(d.client.stats.resumed && !d.client.stats.early_data);
	CU_ASSERT(sim_server_count(&d.sim, "early_refused") == 1);
	CU_ASSERT(sim_server_count(&d.sim, "early_accepted") == 0);
	duo_done(&d);
}

void
test_quic_early_register(void)
{
	CU_pSuite s = unit_suite("quic_early");

	unit_test(s, "resumption", test_resumption);
	unit_test(s, "early", test_early);
	unit_test(s, "refused", test_refused);
}
