/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole connections through a network that loses, delays, doubles, reorders,
 * cuts and spoils datagrams, moves clients to other addresses and fills
 * sockets.  Each run follows from its seed: what the faults are, who writes
 * and who is pulled, how many streams of which size, how many connections come
 * later, resume and send early data, and whether that is taken.
 *
 * However bad the network, no byte is wrong or comes twice, every connection
 * ends and says why, and at the end nothing is held by anybody.
 *
 * QUOLL_SIM_SEEDS=n runs n seeds, QUOLL_SIM_SEED=n that one only.
 */
#include "tests/fake/sim.h"
#include "tests/fake/xfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

enum {
	DEFAULT_SEEDS = 300,
	MAX_CONNS = 6,
	SEEN = 10000,
	MIN_WINDOW = 64, /* two bytes a round trip take days for 70,000 */
	/* One Initial packet in ten is lost: four in a row, in one of 10,000.
	 */
	PATIENCE_MS = 60000,
	STEPS = 4000000 /* a run that takes more does not end */
};

/* How long an application puts something off at most. */
#define CATCH_UP (500 * NSEC_PER_MSEC)

/* What a seed decides. */
struct plan {
	uint64_t seed;
	struct sim_options world;
	struct net_faults faults;
	struct xfer_config client;
	struct xfer_config server;
	const struct evquic_app *app;
	unsigned conns;
	unsigned later; /* connections, when all before have ended */
	bool early;	/* the service takes early data */
	size_t seen;	/* so many times */
	int gso_error;
	bool harsh; /* connections may fail */
};

static uint32_t
some(struct prng *r, uint32_t chance, uint32_t max)
{
	return prng_chance(r, chance) ? prng_below(r, max + 1) : 0;
}

static void
draw_faults(struct plan *p, struct prng *r)
{
	struct net_faults *f = &p->faults;
	uint32_t ms = 1 + prng_below(r, 60);

	p->harsh = prng_chance(r, 150);
	f->delay = ms * NSEC_PER_MSEC;
	f->jitter = prng_chance(r, 500) ? f->delay : 0;
	f->loss = some(r, 500, p->harsh ? 400 : 100);
	f->duplicate = some(r, 300, 200);
	f->reorder = some(r, 400, 300);
	f->truncate = some(r, 150, p->harsh ? 100 : 20);
	f->corrupt = some(r, 200, p->harsh ? 100 : 20);
	f->rebind = some(r, 200, 30);
	f->gro = prng_chance(r, 500);
	if (prng_chance(r, 300)) {
		f->room = 1 + prng_below(r, 60);
		f->drain = prng_below(r, 20) * NSEC_PER_MSEC + 1;
	}
	if (prng_chance(r, 200))
		f->mtu = 1200 + prng_below(r, 300);
	p->gso_error = prng_chance(r, 150) ? EIO : 0;
	/* A server that may send little to a new address, and whose challenge
	 * is lost, waits for a client that has nothing to say: ngtcp2 has no
	 * way out of that. */
	if (f->rebind > 0 && f->loss + f->corrupt + f->truncate > 0)
		p->harsh = true;
}

/* Packets arrive, and in order. */
static bool
is_orderly(const struct net_faults *f)
{
	return f->loss + f->reorder + f->truncate + f->corrupt + f->rebind ==
		   0 &&
	       f->room == 0 && f->mtu == 0;
}

static void
draw(struct plan *p, uint64_t seed)
{
	static const struct evquic_app *const apps[] = {&xfer_write_to_write,
	    &xfer_write_to_pull, &xfer_pull_to_write, &xfer_pull_to_pull};
	struct prng r = {seed};

	*p = (struct plan){.seed = seed};
	draw_faults(p, &r);
	p->world.seed = prng_next(&r);
	p->world.workers = unit_workers();
	p->world.family = prng_chance(&r, 500) ? AF_INET : AF_INET6;
	p->world.wildcard = prng_chance(&r, 500);
	p->world.tick = prng_chance(&r, 500) ? NSEC_PER_MSEC : 0;
	p->app = apps[prng_below(&r, 4)];
	p->conns = 1 + prng_below(&r, MAX_CONNS);
	p->later = some(&r, 500, MAX_CONNS);
	p->early = prng_chance(&r, 700);
	p->seen = prng_chance(&r, 300) ? 1 : SEEN;
	p->client.streams = prng_below(&r, 30);
	p->client.uni = some(&r, 300, 15);
	p->client.max_size = prng_chance(&r, 300) ? 70000 : 3000;
	p->client.rude = some(&r, 200, 40);
	p->client.stops = is_orderly(&p->faults);
	p->client.lazy = some(&r, 300, 800);
	p->client.releases_early = prng_chance(&r, 200);
	p->server = p->client;
	p->server.uni = some(&r, 300, 15);
	p->server.rude = some(&r, 100, 20);
	p->server.streams = 0;
	p->client.peer_uni = p->server.uni;
}

static struct evquic_limits
draw_limits(struct prng *r)
{
	struct evquic_limits l = {.size = sizeof(l)};

	l.max_streams_bidi = 1 + prng_below(r, 20);
	l.max_streams_uni = 1 + prng_below(r, 4);
	l.stream_window =
	    prng_chance(r, 300) ? MIN_WINDOW + prng_below(r, 3000) : 0;
	l.conn_window =
	    prng_chance(r, 300) ? MIN_WINDOW + prng_below(r, 9000) : 0;
	return l;
}

struct run {
	const struct plan *plan;
	struct sim sim;
	struct xfer client;
	struct xfer server;
	struct evquic_replay *seen;
	struct evquic_limits limits; /* of the clients */
	unsigned begun;		     /* connections */
	char trouble[200];
};

static void
trouble(struct run *r, const char *what)
{
	if (r->trouble[0] == '\0')
		(void)snprintf(r->trouble, sizeof(r->trouble), "%s", what);
}

static void
connect_one(struct run *r, bool early)
{
	struct evquic_connect_options o = {
	    .app = r->plan->app,
	    .arg = &r->client,
	    .limits = &r->limits,
	    .early_data = early,
	    .handshake_timeout_ms = PATIENCE_MS,
	};
	struct evquic_conn *c;

	if (r->client.session_len > 0) {
		o.session = r->client.session;
		o.session_len = r->client.session_len;
	}
	if (sim_connect(&r->sim, r->begun % r->sim.workers, &o, &c) != 0)
		trouble(r, "no connection begun");
	r->begun++;
}

static void
start(struct run *r, struct prng *rng)
{
	struct evquic_limits limits = draw_limits(rng);
	struct evquic_offer offers[] = {
	    {&xfer_server_write, &r->server, &limits},
	    {&xfer_server_pull, &r->server, &limits},
	};
	struct evquic_service_options service = {
	    .offers = offers,
	    .noffers = 2,
	    .handshake_timeout_ms = PATIENCE_MS,
	    .early_data = r->plan->early,
	    .early_seen = r->seen,
	};
	struct sim_options world = r->plan->world;

	r->limits = draw_limits(rng);
	world.service = &service;
	xfer_init(&r->client, &r->plan->client, false, r->plan->seed + 1);
	xfer_init(&r->server, &r->plan->server, true, r->plan->seed + 2);
	sim_init(&r->sim, &world);
	r->sim.net.faults = r->plan->faults;
	r->sim.net.faults.rebind = 0;
	for (unsigned i = 0; i < r->plan->conns; i++)
		connect_one(r, false);
	for (size_t i = 0; i < r->sim.net.nsockets; i++)
		r->sim.net.sockets[i].gso_error = r->plan->gso_error;
}

/* One more connection, when all have ended. */
static void
go_on(struct run *r, struct prng *rng)
{
	bool done;

	sim_settle(&r->sim);
	if (r->client.closed == r->begun &&
	    r->begun < r->plan->conns + r->plan->later) {
		r->sim.net.faults.rebind = 0;
		connect_one(r, prng_chance(rng, 800));
		sim_settle(&r->sim);
	}
	/* RFC 9000 9: not before the handshake is confirmed. */
	done = sim_server_count(&r->sim, "handshakes_done") == r->begun &&
	       sim_client_count(&r->sim, "handshakes_done") == r->begun;
	r->sim.net.faults.rebind = done ? r->plan->faults.rebind : 0;
}

static void
drive(struct run *r, struct prng *rng)
{
	nsec due = r->sim.net.now + CATCH_UP;
	unsigned steps = 0;

	while (go_on(r, rng), sim_next(&r->sim) != NSEC_NEVER) {
		if (sim_next(&r->sim) < due) {
			(void)sim_step(&r->sim);
			if (prng_chance(rng, 100))
				xfer_tick(&r->client);
			if (prng_chance(rng, 100))
				xfer_tick(&r->server);
		} else {
			sim_run(&r->sim, due - r->sim.net.now);
			xfer_catch_up(&r->client);
			xfer_catch_up(&r->server);
			due = r->sim.net.now + CATCH_UP;
		}
		if (++steps == STEPS) {
			trouble(r, "does not end");
			return;
		}
	}
}

static void
judge(struct run *r)
{
	const struct plan *p = r->plan;
	bool polite = p->client.rude == 0 && p->server.rude == 0;
	unsigned conns = p->conns + p->later;

	if (r->sim.net.complaint[0] != '\0')
		trouble(r, r->sim.net.complaint);
	if (r->client.complaint[0] != '\0')
		trouble(r, r->client.complaint);
	if (r->server.complaint[0] != '\0')
		trouble(r, r->server.complaint);
	if (r->client.closed != conns)
		trouble(r, "a client did not hear of its end");
	if (r->server.closed != r->server.opened)
		trouble(r, "the server did not hear of an end");
	if (!p->harsh && r->client.finished != conns)
		trouble(r, "a connection failed");
	if (!p->harsh && polite &&
	    r->client.streams_whole !=
		conns * (p->client.streams + p->client.uni + p->server.uni))
		trouble(r, "a stream is missing");
	if (!sim_is_empty(&r->sim))
		trouble(r, "something is still held");
}

/* Says what a run was like that went wrong. */
static void
describe(const struct run *r)
{
	const struct plan *p = r->plan;
	const struct net_faults *f = &p->faults;

	printf("# QUOLL_SIM_SEED=%llu: %s\n", (unsigned long long)p->seed,
	    r->trouble);
	printf("# net: loss %u dup %u reorder %u truncate %u corrupt %u "
	       "rebind %u room %u drain %llu delay %llu jitter %llu mtu %zu "
	       "gro %d gso %d tick %llu\n",
	    f->loss, f->duplicate, f->reorder, f->truncate, f->corrupt,
	    f->rebind, f->room, (unsigned long long)f->drain,
	    (unsigned long long)f->delay, (unsigned long long)f->jitter, f->mtu,
	    f->gro, p->gso_error, (unsigned long long)p->world.tick);
	printf("# app %s: %u + %u connections, early data %d, %u + %u "
	       "streams, %u server's, up to %u bytes, rude %u %u, lazy %u\n",
	    p->app->alpn, p->conns, p->later, p->early, p->client.streams,
	    p->client.uni, p->server.uni, p->client.max_size, p->client.rude,
	    p->server.rude, p->client.lazy);
	printf("# client: %u opened %u closed %u finished, streams %u whole %u "
	       "cut %u lost; last closed by %d code %llx %s\n",
	    r->client.opened, r->client.closed, r->client.finished,
	    r->client.streams_whole, r->client.streams_cut,
	    r->client.streams_lost, (int)r->client.last.closed_by,
	    (unsigned long long)r->client.last.code, r->client.last_reason);
	printf("# server: %u opened %u closed, streams %u whole %u cut %u "
	       "lost; last closed by %d code %llx\n",
	    r->server.opened, r->server.closed, r->server.streams_whole,
	    r->server.streams_cut, r->server.streams_lost,
	    (int)r->server.last.closed_by,
	    (unsigned long long)r->server.last.code);
	printf("# %llu datagrams, %llu trains, %llu rebindings, %llu ms\n",
	    (unsigned long long)r->sim.net.sent,
	    (unsigned long long)r->sim.net.trains,
	    (unsigned long long)r->sim.net.rebindings,
	    (unsigned long long)(r->sim.net.now / NSEC_PER_MSEC));
}

/* What runs came to. */
struct sums {
	uint64_t digest;
	uint64_t early; /* handshakes with early data that was taken */
	uint64_t refused;
};

static bool
run_seed(uint64_t seed, const struct sim_tls *tls, struct sums *ret)
{
	static struct run r;
	struct plan p;
	struct prng rng = {seed ^ 0x5eed};

	draw(&p, seed);
	p.world.tls = tls;
	r = (struct run){.plan = &p, .seen = evquic_replay_new(p.seen)};
	start(&r, &rng);
	drive(&r, &rng);
	judge(&r);
	ret->digest = r.sim.net.digest;
	if (r.trouble[0] != '\0')
		describe(&r);
	ret->early += sim_server_count(&r.sim, "early_accepted");
	ret->refused += sim_server_count(&r.sim, "early_refused") +
			sim_server_count(&r.sim, "early_full");
	sim_done(&r.sim);
	evquic_replay_unref(r.seen);
	return r.trouble[0] == '\0';
}

static void
test_seeds(void)
{
	const char *one = getenv("QUOLL_SIM_SEED");
	const char *many = getenv("QUOLL_SIM_SEEDS");
	uint64_t first = one != NULL ? strtoull(one, NULL, 10) : 1;
	uint64_t n = many != NULL ? strtoull(many, NULL, 10) : DEFAULT_SEEDS;
	struct sums sums = {.early = 0};
	struct sim_tls tls;
	unsigned failed = 0;

	if (one != NULL)
		n = 1;
	sim_tls_init(&tls);
	for (uint64_t i = 0; i < n; i++)
		failed += !run_seed(first + i, &tls, &sums);
	CU_ASSERT(failed == 0);
	CU_ASSERT(n < DEFAULT_SEEDS || (sums.early > 0 && sums.refused > 0));
	sim_tls_done(&tls);
}

/* The same seed is the same run, to the byte. */
static void
test_again(void)
{
	struct sim_tls tls;
	struct sums a = {.digest = 0}, b = {.digest = 1};

	sim_tls_init(&tls);
	CU_ASSERT(run_seed(7, &tls, &a));
	CU_ASSERT(run_seed(7, &tls, &b));
	CU_ASSERT(a.digest == b.digest);
	sim_tls_done(&tls);
}

void
test_quic_transfer_register(void)
{
	CU_pSuite s = unit_suite("quic_transfer");

	unit_test(s, "seeds", test_seeds);
	unit_test(s, "again", test_again);
}
