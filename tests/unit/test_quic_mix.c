/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything at once: clients that resume, send early data, speak either
 * version or give up, in a bad network, at a server whose service changes under
 * them (Retry, keys, early data, versions, tickets, memory, the door), whose
 * application closes as soon as it may, which restarts, and where memory fails
 * now and then; and somebody who has heard datagrams and sends them again, from
 * here and from elsewhere.  Each run follows from its seed.
 *
 * Most connections may fail.  But no byte is wrong, everybody who hears of
 * a connection hears of its end, each guest of the door leaves once, and at the
 * end nothing is held.
 *
 * QUOLL_SIM_SEEDS=n runs n seeds, QUOLL_SIM_SEED=n that one only.
 */
#include "tests/fake/alloc.h"
#include "tests/fake/sim.h"
#include "tests/fake/xfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

enum {
	DEFAULT_SEEDS = 100,
	SESSIONS = 4,
	HEARD = 300, /* datagrams that may be sent again */
	PATIENCE_MS = 4000,
	OTHER_PORT = 4711,
	MAX_BYTES = 400000, /* of memory, where it is bounded */
	CONNS = NET_SOCKETS - SIM_WORKERS,
	STEPS = 2000000
};

#define CATCH_UP (300 * NSEC_PER_MSEC)

/* A datagram that somebody heard. */
struct heard {
	union quic_addr from, to;
	size_t len;
	uint8_t bytes[QUIC_MAX_TX_PAYLOAD];
};

struct session {
	size_t len;
	uint8_t bytes[XFER_SESSION];
};

struct mix {
	struct prng rng;
	struct sim sim;
	struct xfer client;
	struct xfer server;
	struct evquic_app app; /* the server's */
	struct evquic_offer offer;
	struct evquic_limits limits;
	struct evquic_service_options service;
	struct evquic_replay *seen;
	struct session sessions[SESSIONS];
	struct heard heard[HEARD];
	size_t nheard;
	unsigned begun;
	unsigned failed;
	int64_t guests, proved;
	uint32_t closes; /* 1/1000 of the connections, at once */
	uint32_t unwelcome;
	bool poor; /* memory fails now and then */
	const char *trouble;
};

static struct mix m;

static void
trouble(const char *what)
{
	if (m.trouble == NULL)
		m.trouble = what;
}

/* ---------------------------------------------------------- the server -- */

static int
on_opened(struct evquic_conn *c)
{
	int rc;

	if (prng_chance(&m.rng, m.closes / 4))
		return -ENOMEM;
	rc = xfer_server_write.opened(c);
	if (prng_chance(&m.rng, m.closes))
		evquic_conn_close(c, 0, "go away");
	return rc;
}

static enum evquic_welcome
on_arrived(struct evquic_worker *w, const struct sockaddr *peer, bool proved,
    void **ret_guest)
{
	(void)w;
	(void)peer;
	if (prng_chance(&m.rng, m.unwelcome))
		return proved || prng_chance(&m.rng, 300)
			   ? EVQUIC_UNWELCOME
			   : EVQUIC_WELCOME_PROVED;
	*ret_guest = proved ? &m.proved : &m.guests;
	if (proved)
		m.proved++;
	else
		m.guests++;
	return EVQUIC_WELCOME;
}

static bool
on_settled(struct evquic_worker *w, void *guest)
{
	(void)w;
	if (guest != &m.guests)
		trouble("settled, and proved before");
	if (prng_chance(&m.rng, m.unwelcome))
		return false;
	m.guests--;
	m.proved++;
	return true;
}

static void
on_left(struct evquic_worker *w, void *guest, bool proved)
{
	(void)w;
	if (guest == NULL || (guest == &m.proved && !proved))
		trouble("somebody else leaves");
	if ((proved ? m.proved-- : m.guests--) <= 0)
		trouble("left twice");
}

static const struct evquic_door door = {
    .size = sizeof(door),
    .arrived = on_arrived,
    .settled = on_settled,
    .left = on_left,
};

static void
draw_limits(void)
{
	m.limits = (struct evquic_limits){.size = sizeof(m.limits)};
	m.limits.max_streams_bidi = 1 + prng_below(&m.rng, 12);
	m.limits.max_streams_uni = 1 + prng_below(&m.rng, 4);
	if (prng_chance(&m.rng, 200))
		m.limits.stream_window = 1 + prng_below(&m.rng, 3000);
	if (prng_chance(&m.rng, 200))
		m.limits.conn_window = 1 + prng_below(&m.rng, 9000);
}

static void
draw_keys(struct evquic_service_options *o)
{
	if (prng_chance(&m.rng, 300))
		prng_fill(&m.rng, o->ticket_key, sizeof(o->ticket_key));
	if (!prng_chance(&m.rng, 300))
		return;
	o->has_old_keys = prng_chance(&m.rng, 700);
	memcpy(o->old_reset_key, o->reset_key, sizeof(o->reset_key));
	memcpy(o->old_token_key, o->token_key, sizeof(o->token_key));
	prng_fill(&m.rng, o->reset_key, sizeof(o->reset_key));
	prng_fill(&m.rng, o->token_key, sizeof(o->token_key));
}

static void
draw_service(void)
{
	struct evquic_service_options *o = &m.service;

	if (prng_chance(&m.rng, 200))
		draw_limits();
	draw_keys(o);
	m.offer = (struct evquic_offer){&m.app, &m.server, &m.limits};
	o->size = sizeof(*o);
	o->cred = m.sim.tls->cred;
	o->offers = &m.offer;
	o->noffers = 1;
	o->handshake_timeout_ms = PATIENCE_MS;
	o->retry = (enum evquic_retry)prng_below(&m.rng, 3);
	o->retry_above = prng_chance(&m.rng, 500) ? 2 : 0;
	o->max_bytes = prng_chance(&m.rng, 150) ? MAX_BYTES : 0;
	o->version_2 = prng_chance(&m.rng, 500);
	o->no_tickets = prng_chance(&m.rng, 100);
	o->early_data = !o->no_tickets && prng_chance(&m.rng, 800);
	o->early_seen = m.seen;
	o->door = prng_chance(&m.rng, 600) ? &door : NULL;
}

static void
reload(void)
{
	draw_service();
	evquic_service_unref(m.sim.service);
	m.sim.service = evquic_service_new(&m.service);
	CU_ASSERT_FATAL(m.sim.service != NULL);
	for (unsigned i = 0; i < m.sim.workers; i++)
		evquic_endpoint_serve(m.sim.server, i, m.sim.service);
}

static void
restart(void)
{
	bool reboots = prng_chance(&m.rng, 500);

	draw_service();
	(reboots ? sim_reboot : sim_restart)(&m.sim, &m.service);
	/* What it had still to send died with it. */
	for (unsigned i = 0; i < m.sim.workers; i++)
		net_find(&m.sim.net, m.sim.server_fds[i])->refused_len = 0;
	if (m.guests != 0 || m.proved != 0)
		trouble("guests stay in a closed house");
}

static void
on_idle(void *arg)
{
	(void)arg;
}

static void
drain(void)
{
	for (unsigned i = 0; i < m.sim.workers; i++)
		evquic_endpoint_drain(m.sim.server, i, on_idle, NULL);
}

/* ---------------------------------------------------------- the others -- */

static bool
hear(void *arg, const struct net_datagram *d)
{
	struct heard *h;

	(void)arg;
	if (net_port(&d->to) != SIM_PORT || d->len == 0 ||
	    d->len > QUIC_MAX_TX_PAYLOAD)
		return true;
	if (!prng_chance(&m.rng, d->len >= QUIC_MIN_INITIAL ? 500 : 20))
		return true;
	h = &m.heard[m.nheard++ % HEARD];
	h->from = d->from;
	h->to = d->to;
	h->len = d->len;
	memcpy(h->bytes, d->bytes, d->len);
	return true;
}

static void
say_again(void)
{
	size_t n = m.nheard < HEARD ? m.nheard : HEARD;
	struct heard *h;

	if (n == 0)
		return;
	h = &m.heard[prng_below(&m.rng, (uint32_t)n)];
	if (prng_chance(&m.rng, 300))
		net_set_port(&h->from, OTHER_PORT);
	if (prng_chance(&m.rng, 200))
		h->bytes[prng_below(&m.rng, (uint32_t)h->len)] ^=
		    (uint8_t)(1 + prng_below(&m.rng, 255));
	net_inject(&m.sim.net, &h->from, &h->to, h->bytes, h->len);
}

static void
keep_session(void)
{
	struct session *s = &m.sessions[prng_below(&m.rng, SESSIONS)];

	s->len = m.client.session_len;
	memcpy(s->bytes, m.client.session, s->len);
	m.client.session_len = 0;
}

static void
connect_one(void)
{
	const struct session *s = &m.sessions[prng_below(&m.rng, SESSIONS)];
	struct evquic_limits limits = m.limits;
	struct evquic_connect_options o = {
	    .app = &xfer_write_to_write,
	    .arg = &m.client,
	    .limits = &limits,
	    .early_data = prng_chance(&m.rng, 800),
	    .handshake_timeout_ms = PATIENCE_MS,
	    .versions = (enum evquic_versions)prng_below(&m.rng, 3),
	};
	struct evquic_conn *c;

	limits.max_streams_bidi = prng_below(&m.rng, 5);
	limits.max_streams_uni = 4;
	if (s->len > 0 && prng_chance(&m.rng, 850)) {
		o.session = s->bytes;
		o.session_len = s->len;
	}
	if (sim_connect(&m.sim, m.begun % m.sim.workers, &o, &c) != 0) {
		if (!m.poor)
			trouble("no connection begun");
		m.failed++;
		return;
	}
	m.begun++;
	if (prng_chance(&m.rng, 50))
		evquic_conn_close(c, 0, NULL);
}

static void
draw_faults(void)
{
	struct net_faults *f = &m.sim.net.faults;
	struct prng *r = &m.rng;

	f->delay = (1 + prng_below(r, 40)) * NSEC_PER_MSEC;
	f->jitter = prng_chance(r, 500) ? f->delay : 0;
	f->loss = prng_chance(r, 400) ? prng_below(r, 250) : 0;
	f->duplicate = prng_chance(r, 400) ? prng_below(r, 250) : 0;
	f->reorder = prng_chance(r, 400) ? prng_below(r, 300) : 0;
	f->truncate = prng_chance(r, 150) ? prng_below(r, 60) : 0;
	f->corrupt = prng_chance(r, 150) ? prng_below(r, 60) : 0;
	f->rebind = prng_chance(r, 150) ? prng_below(r, 30) : 0;
	if (prng_chance(r, 200)) {
		f->room = 1 + prng_below(r, 40);
		f->drain = NSEC_PER_MSEC;
	}
}

static void
start(uint64_t seed, const struct sim_tls *tls)
{
	struct sim_options world = {.seed = seed, .tls = tls};
	struct xfer_config k = {.max_size = 3000};

	m = (struct mix){.rng = {seed ^ 0x313}, .app = xfer_server_write};
	m.sim.tls = tls;
	m.app.opened = on_opened;
	m.seen = evquic_replay_new(10000);
	m.closes = prng_chance(&m.rng, 300) ? prng_below(&m.rng, 400) : 0;
	m.unwelcome = prng_chance(&m.rng, 500) ? prng_below(&m.rng, 500) : 0;
	k.streams = prng_below(&m.rng, 12);
	k.uni = prng_below(&m.rng, 4);
	k.rude = prng_chance(&m.rng, 300) ? 30 : 0;
	k.releases_early = prng_chance(&m.rng, 200);
	k.loses = true; /* the server may allow fewer than before */
	xfer_init(&m.client, &k, false, seed + 1);
	k.streams = 0;
	k.uni = 0;
	xfer_init(&m.server, &k, true, seed + 2);
	draw_limits();
	draw_service();
	world.workers = 1 + prng_below(&m.rng, 3);
	world.family = AF_INET;
	world.service = &m.service;
	sim_init(&m.sim, &world);
	m.sim.net.tap = hear;
	draw_faults();
	m.poor = prng_chance(&m.rng, 300);
	m.sim.net.may_drop = m.poor;
}

/* Memory fails once or for a while. */
static void
run_poor(nsec span)
{
	fake_alloc_fail(1 + prng_below(&m.rng, 40), prng_chance(&m.rng, 200));
	sim_run(&m.sim, span);
	(void)fake_alloc_heal();
}

static void
run(nsec span)
{
	if (m.poor && prng_chance(&m.rng, 300))
		run_poor(span);
	else
		sim_run(&m.sim, span);
}

/* Something happens. */
static void
act(void)
{
	uint32_t what = prng_below(&m.rng, 1000);

	if (what < 250)
		connect_one();
	else if (what < 330)
		reload();
	else if (what < 345)
		restart();
	else if (what < 360)
		draw_faults();
	else if (what < 600)
		say_again();
	else if (what < 900)
		xfer_tick(&m.client);
	else
		xfer_tick(&m.server);
}

static void
drive(unsigned acts)
{
	nsec due = m.sim.net.now;

	for (unsigned i = 0; i < acts && m.begun + m.failed < CONNS; i++) {
		act();
		run(prng_below(&m.rng, 60) * NSEC_PER_MSEC);
		if (m.client.session_len > 0)
			keep_session();
	}
	if (prng_chance(&m.rng, 300))
		drain();
	for (unsigned i = 0; sim_next(&m.sim) != NSEC_NEVER; i++) {
		sim_run(&m.sim, CATCH_UP);
		xfer_catch_up(&m.client);
		xfer_catch_up(&m.server);
		sim_settle(&m.sim);
		if (i == STEPS || m.sim.net.now > due + 7200 * NSEC_PER_SEC) {
			trouble("does not end");
			return;
		}
	}
}

static void
judge(void)
{
	if (m.sim.net.complaint[0] != '\0')
		trouble(m.sim.net.complaint);
	if (m.client.complaint[0] != '\0')
		trouble(m.client.complaint);
	if (m.server.complaint[0] != '\0')
		trouble(m.server.complaint);
	if (m.client.closed != m.begun)
		trouble("a client did not hear of its end");
	if (m.guests != 0 || m.proved != 0)
		trouble("a guest never left");
	for (unsigned i = 0; i < m.sim.workers; i++)
		if (m.sim.servers[i]->handshakes != 0)
			trouble("a handshake is still counted");
	if (!sim_is_empty(&m.sim))
		trouble("something is still held");
}

static bool
run_seed(uint64_t seed, const struct sim_tls *tls)
{
	start(seed, tls);
	drive(100 + prng_below(&m.rng, 200));
	judge();
	if (m.trouble != NULL)
		printf("# QUOLL_SIM_SEED=%llu: %s\n", (unsigned long long)seed,
		    m.trouble);
	sim_done(&m.sim);
	evquic_replay_unref(m.seen);
	return m.trouble == NULL;
}

static void
test_seeds(void)
{
	const char *one = getenv("QUOLL_SIM_SEED");
	const char *many = getenv("QUOLL_SIM_SEEDS");
	uint64_t first = one != NULL ? strtoull(one, NULL, 10) : 1;
	uint64_t n = many != NULL ? strtoull(many, NULL, 10) : DEFAULT_SEEDS;
	struct sim_tls tls;
	unsigned failed = 0;

	if (one != NULL && many == NULL)
		n = 1;
	sim_tls_init(&tls);
	for (uint64_t i = 0; i < n; i++)
		failed += !run_seed(first + i, &tls);
	CU_ASSERT(failed == 0);
	sim_tls_done(&tls);
}

void
test_quic_mix_register(void)
{
	CU_pSuite s = unit_suite("quic_mix");

	unit_test(s, "seeds", test_seeds);
}
