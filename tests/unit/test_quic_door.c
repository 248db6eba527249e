/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The door of a service: who is let in, sent for a proof, or turned away; that
 * each guest leaves once; and what becomes of clients that never get further
 * than their first packet when memory is short.
 */
#include "tests/fake/alloc.h"
#include "tests/fake/duo.h"

#include <string.h>

#include "tests/unit/unit.h"

enum {
	HALVES = 40,
	ROOM = 1000000, /* bytes: about 20 handshakes */
	MAX_ALLOCATIONS = 200
};

static struct duo d;

/* What the service says, and what it has been told. */
static struct porter {
	enum evquic_welcome unproved; /* the answer to those */
	enum evquic_welcome proved;
	bool wont_settle;
	unsigned asked[2]; /* without and with a proof */
	unsigned in;
	unsigned settled;
	unsigned left[2];
	unsigned strangers; /* guests that are none of ours */
	int mark;	    /* the guest */
} porter;

static enum evquic_welcome
on_arrived(struct evquic_worker *w, const struct sockaddr *peer, bool proved,
    void **ret_guest)
{
	enum evquic_welcome answer = proved ? porter.proved : porter.unproved;

	CU_ASSERT(evquic_worker_data(w) == &porter);
	CU_ASSERT(peer->sa_family == AF_INET);
	CU_ASSERT(*ret_guest == NULL);
	porter.asked[proved]++;
	if (answer == EVQUIC_WELCOME) {
		porter.in++;
		*ret_guest = &porter.mark;
	}
	return answer;
}

static bool
on_settled(struct evquic_worker *w, void *guest)
{
	(void)w;
	porter.strangers += guest != &porter.mark;
	porter.settled++;
	return !porter.wont_settle;
}

static void
on_left(struct evquic_worker *w, void *guest, bool proved)
{
	(void)w;
	porter.strangers += guest != &porter.mark;
	porter.left[proved]++;
}

static const struct evquic_door door = {
    .size = sizeof(door),
    .arrived = on_arrived,
    .settled = on_settled,
    .left = on_left,
};

static void
begin(const struct duo_options *o)
{
	struct duo_options full = *o;

	full.door = &door;
	porter = (struct porter){.unproved = EVQUIC_WELCOME};
	duo_init(&d, &full);
	for (unsigned i = 0; i < d.sim.workers; i++)
		d.sim.servers[i]->data = &porter;
}

static void
end(void)
{
	CU_ASSERT(duo_end(&d));
	CU_ASSERT(porter.in == porter.left[0] + porter.left[1]);
	CU_ASSERT(porter.strangers == 0);
	duo_done(&d);
}

static uint64_t
count(const char *name)
{
	return sim_server_count(&d.sim, name);
}

static const struct duo_options plain = {.retry = EVQUIC_RETRY_AUTO};

/* Let in, settled when the handshake is complete, gone at the end. */
static void
test_guest(void)
{
	begin(&plain);
	CU_ASSERT(duo_open(&d));
	duo_talk(&d);
	CU_ASSERT(porter.asked[0] == 1 && porter.asked[1] == 0);
	CU_ASSERT(porter.settled == 1 && porter.left[1] == 0);
	end();
	CU_ASSERT(porter.left[1] == 1 && porter.left[0] == 0);
}

/* Sent for a proof: it comes back with one, and is settled from the start;
 * Retry keeps nothing. */
static void
test_proof(void)
{
	begin(&plain);
	porter.unproved = EVQUIC_WELCOME_PROVED;
	CU_ASSERT(duo_open(&d));
	CU_ASSERT(count("retries_sent") == 1);
	CU_ASSERT(porter.asked[0] == 1 && porter.asked[1] == 1);
	CU_ASSERT(porter.in == 1 && porter.settled == 0);
	end();
	CU_ASSERT(porter.left[1] == 1 && porter.left[0] == 0);
}

/* Where the service asks everybody for a proof, the door sees none without. */
static void
test_always(void)
{
	struct duo_options o = {.retry = EVQUIC_RETRY_ALWAYS};

	begin(&o);
	CU_ASSERT(duo_open(&d));
	CU_ASSERT(porter.asked[0] == 0 && porter.asked[1] == 1);
	end();
}

static bool
is_closed(void *arg)
{
	(void)arg;
	return d.client.n[DUO_CLOSED] > 0;
}

/* True if the client was told CONNECTION_REFUSED, and the application
 * nothing. */
static bool
is_refused(void)
{
	const struct evquic_conn_stats *s = &d.client.stats;

	return sim_run_until(&d.sim, NSEC_PER_SEC, is_closed, NULL) &&
	       s->closed_by == EVQUIC_CLOSED_BY_PEER && !s->application &&
	       s->code == NGTCP2_CONNECTION_REFUSED &&
	       d.server.n[DUO_OPENED] == 0 && d.server.n[DUO_CLOSED] == 0 &&
	       count("refused_unwelcome") == 1;
}

/* RFC 9000 5.2.2: turned away before anything is kept. */
static void
test_refusal(void)
{
	begin(&plain);
	porter.unproved = EVQUIC_WELCOME_PROVED;
	porter.proved = EVQUIC_UNWELCOME;
	CU_ASSERT(duo_connect(&d, NULL) != NULL);
	PROVE("QSV-051", is_refused() && count("conns_accepted") == 0);
	d.client.conn = NULL;
	end();
	CU_ASSERT(porter.in == 0);
}

/* And when that is known only once its address is. */
static void
test_late_refusal(void)
{
	begin(&plain);
	porter.wont_settle = true;
	CU_ASSERT(duo_connect(&d, NULL) != NULL);
	CU_ASSERT(is_refused());
	d.client.conn = NULL;
	end();
	CU_ASSERT(porter.settled == 1);
	CU_ASSERT(porter.left[0] == 1 && porter.left[1] == 0);
}

/* A guest for whom there is no memory leaves all the same. */
static void
test_no_memory(void)
{
	size_t failed = 1, nth;

	for (nth = 1; failed == 1 && nth < MAX_ALLOCATIONS; nth++) {
		begin(&plain);
		fake_alloc_pause();
		CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
		sim_settle(&d.sim);
		fake_alloc_resume();
		fake_alloc_fail(nth, 0);
		duo_talk(&d);
		failed = fake_alloc_heal();
		CU_ASSERT(porter.in >= 1);
		end();
	}
	CU_ASSERT(nth > 10 && failed == 0);
}

/* And one who finds no room: the only other client is not idle. */
static void
test_no_room(void)
{
	struct duo_options o = {.max_bytes = 1, .retry = EVQUIC_RETRY_NEVER};

	begin(&o);
	CU_ASSERT_FATAL(duo_open(&d));
	duo_talk(&d);
	CU_ASSERT(duo_write(duo_stream(&d.client, true), 10, false) == 0);
	duo_talk(&d);
	CU_ASSERT_FATAL(duo_connect(&d, NULL) != NULL);
	duo_talk(&d);
	CU_ASSERT(count("refused_memory") == 1);
	CU_ASSERT(porter.in == 2 && porter.left[0] == 1);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 0);
	evquic_conn_close(d.server.conn, 0, NULL);
	end();
}

/* ---------------------------------------------------------- half-open -- */

/* The server's answers do not arrive, but those for the first client do. */
struct deaf {
	unsigned passed;
	union quic_addr hears;
};

static bool
lose_answers(void *arg, const struct net_datagram *g)
{
	const struct deaf *deaf = arg;

	return net_port(&g->from) != SIM_PORT ||
	       memcmp(&g->to, &deaf->hears, sizeof(g->to)) == 0;
}

/* HALVES clients begin and hear nothing, beside one that is there. */
static void
crowd(struct deaf *deaf)
{
	CU_ASSERT(duo_open(&d));
	duo_talk(&d);
	deaf->hears = d.client.conn->socket->bound;
	d.sim.net.tap = lose_answers;
	d.sim.net.tap_arg = deaf;
	for (int i = 0; i < HALVES; i++) {
		struct evquic_connect_options o = {
		    .app = &duo_app, .arg = &d.client};
		struct evquic_conn *c;

		CU_ASSERT_FATAL(sim_connect(&d.sim, 0, &o, &c) == 0);
		sim_run(&d.sim, NSEC_PER_MSEC);
	}
	sim_run(&d.sim, 20 * NSEC_PER_MSEC);
}

static size_t
kept(void)
{
	struct evquic_accounts a;

	sim_accounts(d.sim.servers, d.sim.workers, &a);
	return a.conn_bytes;
}

/* RFC 9000 21.6: they are forgotten when their time is over. */
static void
test_timeout(void)
{
	struct deaf deaf;

	begin(&plain);
	crowd(&deaf);
	CU_ASSERT(porter.in == HALVES + 1 && porter.left[0] == 0);
	CU_ASSERT(kept() > HALVES * 10000);
	sim_run(&d.sim, QUIC_HANDSHAKE_TIMEOUT + NSEC_PER_SEC);
	CU_ASSERT(porter.left[0] == HALVES);
	PROVE("BAD-067", porter.left[0] == HALVES && kept() < 100000);
	CU_ASSERT(count("closed_timeout") == HALVES);
	d.sim.net.tap = NULL;
	end();
}

/* Memory is short: the oldest of them go, and who is there stays. */
static void
test_shed(void)
{
	struct duo_options o = {.max_bytes = ROOM, .retry = EVQUIC_RETRY_NEVER};
	struct deaf deaf;

	begin(&o);
	crowd(&deaf);
	CU_ASSERT(count("conns_accepted") >= HALVES);
	CU_ASSERT(count("shed_half_open") > 0);
	CU_ASSERT(count("shed_half_open") == porter.left[0]);
	CU_ASSERT(count("shed_idle") == 0);
	CU_ASSERT(kept() < ROOM + 100000);
	CU_ASSERT(d.server.n[DUO_CLOSED] == 0);
	d.sim.net.tap = NULL;
	end();
}

/* ... and newcomers have to prove where they are, so that nobody goes. */
static void
test_short_memory(void)
{
	struct duo_options o = {.max_bytes = ROOM};
	struct deaf deaf;

	begin(&o);
	crowd(&deaf);
	CU_ASSERT(count("retries_sent") > 0);
	CU_ASSERT(count("shed_half_open") == 0);
	CU_ASSERT(kept() < ROOM + 100000);
	/* With a proof one is let in at once, for one that has none. */
	d.sim.net.tap = NULL;
	d.client.n[DUO_OPENED] = 0;
	CU_ASSERT(duo_connect(&d, NULL) != NULL);
	sim_run(&d.sim, 60 * NSEC_PER_MSEC);
	CU_ASSERT(d.client.n[DUO_OPENED] >= 1);
	CU_ASSERT(count("shed_half_open") > 0);
	CU_ASSERT(count("shed_idle") == 0);
	end();
}

void
test_quic_door_register(void)
{
	CU_pSuite s = unit_suite("quic_door");

	unit_test(s, "guest", test_guest);
	unit_test(s, "proof", test_proof);
	unit_test(s, "always", test_always);
	unit_test(s, "refusal", test_refusal);
	unit_test(s, "late_refusal", test_late_refusal);
	unit_test(s, "no_memory", test_no_memory);
	unit_test(s, "no_room", test_no_room);
	unit_test(s, "timeout", test_timeout);
	unit_test(s, "shed", test_shed);
	unit_test(s, "short_memory", test_short_memory);
}
