/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS over QUIC from end to end in the simulated world: the application of
 * resolver/front/doq.c under a client that asks, on a network that loses,
 * reorders, repeats and rebinds; its timer in fake time; memory that fails.
 * No upstream is configured: special names are answered, others get SERVFAIL.
 */
#include "resolver/front/doq.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/timer.h"
#include "dns/wire.h"
#include "resolver/door.h"
#include "resolver/net/io.h"
#include "resolver/peers.h"
#include "resolver/query.h"
#include "resolver/worker.h"
#include "tests/fake/alloc.h"
#include "tests/fake/sim.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	QUERIES = 60,
	SEEDS = 100,
	STORM = 6, /* datagrams of the server for a query */
	ANSWER_MAX = 1024,
	SESSION_MAX = 4096,
	REPLAYS = 100,
	HALF = 20,	       /* octets of a query that come early */
	ARRIVAL_SECONDS = 5,   /* quic.query-arrival-timeout's default */
	DELIVERY_SECONDS = 60, /* quic.delivery-timeout's */
	TRICKLES = 2
};

/* ------------------------------------------------------------ client -- */

/* One query of the client and what came back. */
struct asked {
	struct client *client;
	struct evquic_stream *stream;
	size_t len;
	bool fin;
	bool reset;
	bool closed;
	uint64_t code;
	uint8_t answer[ANSWER_MAX];
};

struct client {
	struct evquic_conn *conn;
	unsigned wanted; /* queries to ask, one a stream */
	unsigned sent;
	bool is_dangling; /* they never end */
	/* Early data: query number i has opcode opcodes[i] and an OPT, and of
	 * the last one only a part is sent. */
	const uint8_t *opcodes;
	size_t session_len;
	uint8_t session[SESSION_MAX];
	bool is_closed;
	struct evquic_conn_stats stats;
	struct asked asked[QUERIES];
};

/* Query number `i`, framed; two in three are for localhost. */
static size_t
make_query(const struct client *c, unsigned i, uint8_t *out)
{
	static struct dnsmsg m;
	unsigned opcode = c->opcodes != NULL ? c->opcodes[i] : 0;

	dnsmsg_start(
	    &m, 0, (uint16_t)(DNS_FLAG_RD | opcode << DNS_OPCODE_SHIFT));
	dnsmsg_question(&m, i % 3 != 0 ? "localhost" : "elsewhere.example",
	    i % 2 != 0 ? DNS_TYPE_A : DNS_TYPE_AAAA);
	if (c->opcodes != NULL)
		dnsmsg_opt(&m, 1232, 0, NULL, 0);
	dns_put16(out, (uint16_t)m.len);
	memcpy(out + 2, m.data, m.len);
	return m.len + 2;
}

static void
ask_more(struct client *c)
{
	while (c->sent < c->wanted) {
		struct evquic_stream *stream;
		struct evquic_buf *b;
		bool is_cut;
		size_t len;

		if (evquic_stream_open(c->conn, true, &stream) != 0)
			return; /* on_room() goes on */
		b = evquic_buf_new(evquic_conn_worker(c->conn), 512);
		CU_ASSERT_FATAL(b != NULL);
		len = make_query(c, c->sent, evquic_buf_data(b));
		is_cut = c->is_dangling;
		if (c->opcodes != NULL && c->sent + 1 == c->wanted) {
			is_cut = true;
			len = HALF;
		}
		c->asked[c->sent].client = c;
		c->asked[c->sent].stream = stream;
		evquic_stream_set_data(stream, &c->asked[c->sent++]);
		(void)evquic_stream_write(stream, b, len, !is_cut);
	}
}

static int
on_opened(struct evquic_conn *conn)
{
	ask_more(evquic_conn_arg(conn));
	return 0;
}

static void
on_closed(struct evquic_conn *conn, const struct evquic_conn_stats *stats)
{
	struct client *c = evquic_conn_arg(conn);

	c->is_closed = true;
	c->stats = *stats;
}

static void
on_data(struct evquic_stream *stream, const uint8_t *data, size_t len, bool fin)
{
	struct asked *a = evquic_stream_data(stream);

	evquic_stream_consume(stream, len);
	CU_ASSERT_FATAL(a->len + len <= ANSWER_MAX && !a->fin);
	if (len > 0)
		memcpy(a->answer + a->len, data, len);
	a->len += len;
	a->fin = fin;
}

static void
on_reset(struct evquic_stream *stream, uint64_t code)
{
	struct asked *a = evquic_stream_data(stream);

	a->reset = true;
	a->code = code;
}

static void
on_stopped(struct evquic_stream *stream, uint64_t code)
{
	(void)stream;
	(void)code;
	CU_FAIL("a DoQ server never sends STOP_SENDING");
}

static void
on_stream_closed(struct evquic_stream *stream)
{
	struct asked *a = evquic_stream_data(stream);

	a->closed = true;
	evquic_stream_release(stream);
}

static void
on_room(struct evquic_conn *conn)
{
	ask_more(evquic_conn_arg(conn));
}

static void
on_session(struct evquic_conn *conn, const void *session, size_t len)
{
	struct client *c = evquic_conn_arg(conn);

	CU_ASSERT_FATAL(len <= sizeof(c->session));
	memcpy(c->session, session, len);
	c->session_len = len;
}

static const struct evquic_app client_app = {
    .size = sizeof(client_app),
    .alpn = "doq",
    .limits = {.size = sizeof(client_app.limits)},
    .opened = on_opened,
    .closed = on_closed,
    .stream_data = on_data,
    .stream_reset = on_reset,
    .stream_stopped = on_stopped,
    .stream_closed = on_stream_closed,
    .stream_room = on_room,
    .session = on_session,
};

/* True if query `i` was answered once, whole, and rightly. */
static bool
is_right(const struct client *c, unsigned i)
{
	const struct asked *a = &c->asked[i];
	const uint8_t *msg = a->answer + 2;
	unsigned rcode,
	    want = i % 3 != 0 ? DNS_RCODE_NOERROR : DNS_RCODE_SERVFAIL;

	if (!a->fin || a->reset || a->len < 2 + DNS_HEADER_SIZE ||
	    dns_get16(a->answer) != a->len - 2)
		return false;
	rcode = dns_get16(msg + DNS_OFF_FLAGS) & DNS_RCODE_MASK;
	return dns_get16(msg + DNS_OFF_ID) == 0 && rcode == want &&
	       (dns_get16(msg + DNS_OFF_FLAGS) & DNS_FLAG_QR) != 0;
}

/* ------------------------------------------------------------- world -- */

struct world {
	struct sim_tls tls;
	struct sim sim;
	struct sim_actor actor;
	struct log log;
	struct config *config;
	struct worker workers[SIM_WORKERS];
	struct evquic_replay *early_seen;
	struct client client;
};

static struct world world;

/* The service's own timers, which the daemon's loop would drive. */
static bool
serve_timers(struct sim_actor *actor, nsec now)
{
	bool any = false;

	(void)actor;
	for (unsigned i = 0; i < world.sim.workers; i++) {
		if (timers_next(&world.workers[i].timers) > now)
			continue;
		timers_run(&world.workers[i].timers, now);
		any = true;
	}
	return any;
}

static nsec
next_timer(const struct sim_actor *actor)
{
	nsec next = NSEC_NEVER;

	(void)actor;
	for (unsigned i = 0; i < world.sim.workers; i++) {
		nsec one = timers_next(&world.workers[i].timers);

		if (one < next)
			next = one;
	}
	return next;
}

static nsec
fake_now(void *ctx)
{
	const struct quic_io *io = ctx;

	return io->now(io->ctx);
}

static int
watch_nothing(void *ctx, struct net_watch *watch, unsigned what)
{
	(void)ctx;
	(void)watch;
	(void)what;
	return 0;
}

/* No upstream server is configured, so no socket is ever opened. */
static const struct net_io_ops no_ops = {.watch = watch_nothing};
static const struct net_io no_sockets = {.ops = &no_ops};

/* What worker_new() does, on the simulated world's clock and without a loop. */
static void
make_worker(struct worker *w, struct evquic_worker *quic)
{
	struct upstream_env env = {.timers = &w->timers,
	    .random = &w->random,
	    .now = fake_now,
	    .ctx = &quic->io,
	    .io = &no_sockets,
	    .counters = &w->back_counters};

	*w = (struct worker){.log = &world.log, .quic = quic};
	w->config = config_ref(world.config);
	w->now = fake_now;
	w->now_ctx = &quic->io;
	random_init(&w->random, NULL, NULL);
	pool_init(&w->doq_streams, doq_stream_size(), 16);
	pool_init(&w->query_runs, query_run_size(), 16);
	fetches_init(&w->fetches, &(struct fetch_env){
				      .timers = &w->timers,
				      .now = w->now,
				      .ctx = w->now_ctx,
				      .cache = &w->cache,
				      .key = w->question_key,
				  });
	log_limit_init(&w->peer_lines, 1, 1, 0);
	w->peers = peers_new();
	w->upstream = upstream_new(&env, w->config);
	CU_ASSERT_FATAL(w->peers != NULL && w->upstream != NULL);
	quic->data = w;
}

static void
world_init(uint64_t seed, unsigned workers)
{
	static const struct config_build build = {
	    .listen_schemes = CONFIG_SCHEME_BIT(CONFIG_QUIC)};
	static const struct evquic_offer offer = {.app = &doq_app};
	struct evquic_service_options service = {.size = sizeof(service),
	    .offers = &offer,
	    .noffers = 1,
	    .early_data = true,
	    .door = &client_door};
	struct sim_options o = {.seed = seed,
	    .workers = workers,
	    .family = AF_INET,
	    .tls = &world.tls,
	    .service = &service};
	static struct config_errors errors;

	errors.count = 0;
	memset(&world.client, 0, sizeof(world.client));
	world.early_seen = evquic_replay_new(REPLAYS);
	service.early_seen = world.early_seen;
	log_init(&world.log, open("/dev/null", O_WRONLY), LOG_LEVEL_ERROR,
	    LOG_FORMAT_TEXT);
	CU_ASSERT_FATAL(
	    config_load(NULL, &build, NULL, &errors, &world.config) == 0);
	sim_init(&world.sim, &o);
	for (unsigned i = 0; i < workers; i++)
		make_worker(&world.workers[i], world.sim.servers[i]);
	world.actor.serve = serve_timers;
	world.actor.next = next_timer;
	list_append(&world.sim.actors, &world.actor.link);
}

static void
world_done(void)
{
	list_remove(&world.actor.link);
	for (unsigned i = 0; i < world.sim.workers; i++) {
		struct worker *w = &world.workers[i];

		CU_ASSERT(counter_get(&w->counters.doq_conns_now) == 0);
		CU_ASSERT(counter_get(&w->counters.doq_streams_now) == 0);
		CU_ASSERT(counter_get(&w->counters.doq_held_now) == 0);
		CU_ASSERT(counter_get(&w->counters.queries_now) == 0);
	}
	sim_done(&world.sim);
	for (unsigned i = 0; i < world.sim.workers; i++) {
		struct worker *w = &world.workers[i];

		fetches_done(&w->fetches);
		upstream_free(w->upstream);
		peers_free(w->peers);
		pool_done(&w->doq_streams);
		pool_done(&w->query_runs);
		random_done(&w->random);
		config_unref(w->config);
	}
	config_unref(world.config);
	evquic_replay_unref(world.early_seen);
	close(world.log.fd);
}

static void
begin(unsigned worker, unsigned queries, bool is_dangling)
{
	struct evquic_connect_options o = {
	    .app = &client_app, .arg = &world.client, .name = SIM_NAME};

	world.client.wanted = queries;
	world.client.is_dangling = is_dangling;
	CU_ASSERT_FATAL(
	    sim_connect(&world.sim, worker, &o, &world.client.conn) == 0);
}

static bool
is_over(void *arg)
{
	const struct client *c = arg;

	if (c->is_closed)
		return true;
	for (unsigned i = 0; i < c->wanted; i++)
		if (!c->asked[i].fin && !c->asked[i].reset)
			return false;
	return true;
}

static void
finish(void)
{
	if (!world.client.is_closed)
		evquic_conn_close(world.client.conn, DOQ_NO_ERROR, NULL);
	CU_ASSERT(sim_run_out(&world.sim));
	CU_ASSERT(sim_is_empty(&world.sim));
	world_done();
}

/* ------------------------------------------------------------- tests -- */

/* Every query is answered once, whatever the network does to its packets. */
static void
test_faults(void)
{
	unsigned wrong = 0, storms = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct prng r = {seed};

		world_init(seed, unit_workers());
		world.sim.net.faults =
		    (struct net_faults){.loss = prng_below(&r, 250),
			.duplicate = prng_below(&r, 200),
			.reorder = prng_below(&r, 200),
			.corrupt = prng_below(&r, 50),
			.delay = prng_below(&r, 50) * NSEC_PER_MSEC,
			.jitter = prng_below(&r, 20) * NSEC_PER_MSEC};
		begin((unsigned)(seed % unit_workers()), QUERIES, false);
		(void)sim_run_until(
		    &world.sim, 120 * NSEC_PER_SEC, is_over, &world.client);
		if (!world.client.stats.handshake_done &&
		    world.client.is_closed) {
			finish(); /* lost so much that none began */
			continue;
		}
		for (unsigned i = 0; i < QUERIES; i++)
			wrong += !is_right(&world.client, i);
		storms += sim_server_count(&world.sim, "tx_datagrams") >
			  STORM * QUERIES;
		if (wrong + storms != 0) {
			printf("seed %llu\n", (unsigned long long)seed);
			CU_FAIL("a query was not answered");
			seed = SEEDS;
		}
		finish();
	}
	PROVE("QSV-099", wrong == 0 && storms == 0);
}

/* A query that never ends: the timer closes, PING or not (RFC 9250 4.2). */
static void
test_dangling(void)
{
	world_init(7, 1);
	begin(0, 3, true);
	sim_run(&world.sim, (ARRIVAL_SECONDS - 1) * NSEC_PER_SEC);
	CU_ASSERT(!world.client.is_closed);
	CU_ASSERT(counter_get(&world.workers[0].counters.doq_held_now) > 0);
	sim_run(&world.sim, 2 * NSEC_PER_SEC);
	PROVE("DOQ-022", world.client.is_closed &&
			     world.client.stats.application &&
			     world.client.stats.code == DOQ_PROTOCOL_ERROR);
	CU_ASSERT(counter_get(&world.workers[0].counters.doq_dangling) == 1);
	finish();
}

/* A client that has room for one octet at a time, or for none: its answers
 * trickle, and after a minute that is enough (RFC 9000 21.6). */
static void
trickle(nsec delay, uint64_t window, bool ends)
{
	struct evquic_limits limits = {
	    .size = sizeof(limits), .stream_window = window};
	struct evquic_connect_options o = {.app = &client_app,
	    .arg = &world.client,
	    .name = SIM_NAME,
	    .limits = &limits};
	struct client *c = &world.client;
	struct service_counters *n = &world.workers[0].counters;
	uint64_t sent;

	world_init(23, 1);
	world.sim.net.faults.delay = delay;
	c->wanted = TRICKLES;
	CU_ASSERT_FATAL(sim_connect(&world.sim, 0, &o, &c->conn) == 0);
	sim_run(&world.sim, (DELIVERY_SECONDS - 1) * NSEC_PER_SEC);
	CU_ASSERT(!c->is_closed);
	CU_ASSERT(c->asked[0].len > 10);
	sent = sim_server_count(&world.sim, "tx_datagrams");
	sim_run(&world.sim, 10 * NSEC_PER_SEC);
	if (ends) {
		PROVE("BAD-039", c->is_closed && c->stats.application &&
				     c->stats.code == DOQ_EXCESSIVE_LOAD &&
				     counter_get(&n->doq_untaken) == 1);
		/* Two packets a round trip: bytes, and an acknowledgement. */
		PROVE("BAD-039",
		    sent < 20 + DELIVERY_SECONDS * NSEC_PER_SEC / delay);
	} else {
		PROVE("BAD-039", !c->is_closed && is_right(c, 0));
		CU_ASSERT(counter_get(&n->doq_untaken) == 0);
	}
	finish();
}

static void
test_trickle(void)
{
	trickle(1000 * NSEC_PER_MSEC, 1, true);
	trickle(600 * NSEC_PER_MSEC, 1, false);
	trickle(1000 * NSEC_PER_MSEC, 2, false);
}

/* No memory for an answer: RESET_STREAM with DOQ_INTERNAL_ERROR, and the
 * connection goes on. */
static void
test_no_memory(void)
{
	unsigned resets = 0, whole = 0;
	uint64_t internal = 0;

	for (size_t nth = 1; nth <= 60; nth++) {
		world_init(11, 1);
		begin(0, 0, false);
		sim_run(&world.sim, NSEC_PER_SEC);
		world.client.wanted = 8;
		ask_more(world.client.conn != NULL ? &world.client : NULL);
		fake_alloc_fail(nth, 0);
		(void)sim_run_until(
		    &world.sim, 20 * NSEC_PER_SEC, is_over, &world.client);
		(void)fake_alloc_heal();
		for (unsigned i = 0; !world.client.is_closed && i < 8; i++) {
			const struct asked *a = &world.client.asked[i];

			whole += is_right(&world.client, i);
			/* of those whose answer found no memory */
			resets +=
			    a->reset && a->code == DOQ_INTERNAL_ERROR &&
			    counter_get(
				&world.workers[0].counters.query_no_memory) > 0;
		}
		internal +=
		    counter_get(&world.workers[0].counters.doq_internal);
		finish();
	}
	CU_ASSERT(internal >= resets);
	PROVE("DOQ-063", resets > 0 && whole > 0);
	PROVE("DOQ-064", resets > 0);
}

/* The service stops: what was asked is answered, then NO_ERROR. */
static void
test_drain(void)
{
	world_init(13, 1);
	begin(0, 10, false);
	(void)sim_run_until(
	    &world.sim, 20 * NSEC_PER_SEC, is_over, &world.client);
	CU_ASSERT(!world.client.is_closed);
	evquic_endpoint_drain(world.sim.server, 0, NULL, NULL);
	sim_run(&world.sim, NSEC_PER_SEC);
	CU_ASSERT(world.client.is_closed);
	CU_ASSERT(world.client.stats.code == DOQ_NO_ERROR);
	for (unsigned i = 0; i < 10; i++)
		CU_ASSERT(is_right(&world.client, i));
	CU_ASSERT(counter_get(&world.workers[0].counters.doq_answers) == 10);
	finish();
}

/* ------------------------------------------------------------- crowd -- */

enum {
	CROWD = 8
};

static struct client crowd[CROWD];

static int
trust(const char *text, struct access **ret)
{
	struct access_prefix prefix;
	int rc = access_prefix_parse(text, ACCESS_TRUSTED, &prefix);

	return rc != 0 ? rc : access_new(&prefix, 1, ret);
}

/* `n` clients at an address connect, one after the other, and stay; returns how
 * many are refused. */
static unsigned
come(const char *text, unsigned n)
{
	unsigned refused = 0;

	world.sim.from = net_addr(AF_INET, false, 0);
	CU_ASSERT_FATAL(
	    inet_pton(AF_INET, text, &world.sim.from.in.sin_addr) == 1);
	memset(crowd, 0, sizeof(crowd));
	for (unsigned i = 0; i < n; i++) {
		struct evquic_connect_options o = {
		    .app = &client_app, .arg = &crowd[i], .name = SIM_NAME};
		const struct evquic_conn_stats *s = &crowd[i].stats;

		CU_ASSERT_FATAL(
		    sim_connect(&world.sim, 0, &o, &crowd[i].conn) == 0);
		sim_run(&world.sim, NSEC_PER_SEC);
		refused += crowd[i].is_closed && !s->application &&
			   s->code == NGTCP2_CONNECTION_REFUSED;
	}
	return refused;
}

static void
leave(void)
{
	for (unsigned i = 0; i < CROWD; i++)
		if (crowd[i].conn != NULL && !crowd[i].is_closed)
			evquic_conn_close(crowd[i].conn, DOQ_NO_ERROR, NULL);
	sim_run(&world.sim, 10 * NSEC_PER_SEC);
}

static uint64_t
server_count(const char *name)
{
	return sim_server_count(&world.sim, name);
}

/* RFC 9250 5.5.2: one network has so many connections; who has as many is
 * refused without a handshake; whom nobody limits is not. */
static void
test_client_limit(void)
{
	struct service_counters *n = &world.workers[0].counters;
	const char *trusted = "192.0.2.77";

	world_init(17, 1);
	world.config->limits.client_connections = 3;
	CU_ASSERT(come("192.0.2.1", 5) == 2);
	CU_ASSERT(server_count("conns_accepted") == 3);
	CU_ASSERT(server_count("retries_sent") == 2);
	CU_ASSERT(counter_get(&n->clients_too_many) == 2);
	CU_ASSERT(counter_get(&n->clients_to_prove) == 2);
	CU_ASSERT(counter_get(&n->doq_conns_now) == 3);
	leave();
	PROVE("DOQ-084", come("192.0.2.1", 5) == 2);
	leave();
	CU_ASSERT(come("127.0.0.1", 5) == 0);
	leave();
	access_free(world.config->access.list);
	CU_ASSERT_FATAL(trust(trusted, &world.config->access.list) == 0);
	CU_ASSERT(come(trusted, 5) == 0);
	CU_ASSERT(come("192.0.2.78", 5) == 2);
	leave();
	begin(0, 0, false);
	finish();
}

/* Nothing but first packets arrive: from one address so many, then Retry. */
static bool
is_mute(void *arg, const struct net_datagram *g)
{
	(void)arg;
	return net_port(&g->from) != SIM_PORT;
}

static void
come_half(enum config_retry retry, unsigned retries)
{
	world_init(19, 1);
	world.config->limits.client_handshakes = 3;
	world.config->quic.retry = retry;
	world.sim.net.tap = is_mute;
	CU_ASSERT(come("192.0.2.1", 5) == 0);
	CU_ASSERT(server_count("conns_accepted") == 5 - retries);
	CU_ASSERT((counter_get(&world.workers[0].counters.clients_to_prove) >
		      0) == (retries > 0));
	world.sim.net.tap = NULL;
	sim_run(&world.sim, 20 * NSEC_PER_SEC);
	leave();
	begin(0, 0, false);
	finish();
}

static void
test_client_handshakes(void)
{
	come_half(CONFIG_RETRY_AUTO, 2);
	come_half(CONFIG_RETRY_NEVER, 0);
}

/* True if the answer has this RCODE and, at its end, this Extended DNS Error,
 * or with -1 none. */
static bool
has_error(const struct asked *a, unsigned rcode, int ede)
{
	const uint8_t *p = a->answer + 2 + DNS_HEADER_SIZE;
	const uint8_t *end = a->answer + a->len;
	int found = -1;

	if (!a->fin || a->len < 2 + DNS_HEADER_SIZE ||
	    (dns_get16(a->answer + 2 + DNS_OFF_FLAGS) & DNS_RCODE_MASK) !=
		rcode)
		return false;
	/* option code, a length below 256, the code below 256, the text */
	for (; end - p > 6 && found < 0; p++)
		if (p[0] == 0 && p[1] == DNS_OPTION_EDE && p[2] == 0 &&
		    p[3] > 2 && p[4] == 0)
			found = p[5];
	return found == ede;
}

/* Has a connection that comes back and asks as early data. */
static void
begin_early(const uint8_t *opcodes, unsigned queries)
{
	struct client *c = &world.client;
	struct evquic_connect_options o = {.app = &client_app,
	    .arg = c,
	    .name = SIM_NAME,
	    .session = c->session,
	    .session_len = c->session_len,
	    .early_data = true};

	begin(0, 1, false);
	sim_run(&world.sim, NSEC_PER_SEC);
	CU_ASSERT_FATAL(is_right(c, 0) && c->session_len > 0);
	o.session_len = c->session_len;
	evquic_conn_close(c->conn, DOQ_NO_ERROR, NULL);
	sim_run(&world.sim, NSEC_PER_SEC);
	memset(c->asked, 0, sizeof(c->asked));
	c->sent = 0;
	c->is_closed = false;
	c->wanted = queries;
	c->opcodes = opcodes;
	CU_ASSERT_FATAL(sim_connect(&world.sim, 0, &o, &c->conn) == 0);
}

/* What the last query of begin_early() still lacks. */
static void
send_rest(void)
{
	struct client *c = &world.client;
	unsigned last = c->wanted - 1;
	uint8_t query[512];
	size_t len = make_query(c, last, query);
	struct evquic_buf *b = evquic_buf_new(evquic_conn_worker(c->conn), len);

	CU_ASSERT_FATAL(b != NULL && len > HALF);
	memcpy(evquic_buf_data(b), query + HALF, len - HALF);
	(void)evquic_stream_write(c->asked[last].stream, b, len - HALF, true);
}

/* Only what may be repeated is taken early (RFC 9250 4.5). */
static void
test_early(void)
{
	static const uint8_t opcodes[] = {DNS_OPCODE_UPDATE, DNS_OPCODE_QUERY,
	    DNS_OPCODE_NOTIFY, 1, 2, 6, 15, DNS_OPCODE_UPDATE};
	const unsigned last = sizeof(opcodes) - 1;
	const struct asked *a = world.client.asked;
	struct service_counters *n = &world.workers[0].counters;

	world_init(14, 1);
	begin_early(opcodes, last + 1);
	sim_run(&world.sim, NSEC_PER_SEC);
	CU_ASSERT(sim_server_count(&world.sim, "early_accepted") == 1);
	PROVE("DOQ-097", has_error(&a[0], DNS_RCODE_REFUSED, 26));
	CU_ASSERT(has_error(&a[1], DNS_RCODE_NOERROR, -1));
	PROVE("FWD-180", has_error(&a[2], DNS_RCODE_REFUSED, 21));
	for (unsigned i = 3; i < last; i++)
		PROVE("DOQ-098", has_error(&a[i], DNS_RCODE_REFUSED, 26));
	CU_ASSERT(!a[last].fin);
	CU_ASSERT(evquic_conn_is_handshake_done(world.client.conn));
	send_rest();
	sim_run(&world.sim, NSEC_PER_SEC);
	PROVE("DOQ-099", has_error(&a[last], DNS_RCODE_REFUSED, 26));
	CU_ASSERT(counter_get(&n->query_early) == 6);
	finish();
}

static void
with_tls(void (*test)(void))
{
	sim_tls_init(&world.tls);
	test();
	sim_tls_done(&world.tls);
}

static void
run_faults(void)
{
	with_tls(test_faults);
}

static void
run_dangling(void)
{
	with_tls(test_dangling);
}

static void
run_trickle(void)
{
	with_tls(test_trickle);
}

static void
run_no_memory(void)
{
	with_tls(test_no_memory);
}

static void
run_client_limit(void)
{
	with_tls(test_client_limit);
}

static void
run_client_handshakes(void)
{
	with_tls(test_client_handshakes);
}

static void
run_drain(void)
{
	with_tls(test_drain);
}

static void
run_early(void)
{
	with_tls(test_early);
}

void
test_doq_register(void)
{
	CU_pSuite s = unit_suite("doq");

	unit_test(s, "faults", run_faults);
	unit_test(s, "dangling", run_dangling);
	unit_test(s, "trickle", run_trickle);
	unit_test(s, "no memory", run_no_memory);
	unit_test(s, "drain", run_drain);
	unit_test(s, "client_limit", run_client_limit);
	unit_test(s, "client_handshakes", run_client_handshakes);
	unit_test(s, "early", run_early);
}
