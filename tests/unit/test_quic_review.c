/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a review of libevquic found: each case is a way in which a peer, or an
 * application that keeps to the contract, once got where it should not.
 */
#include "tests/fake/alloc.h"
#include "tests/fake/sim.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <string.h>

#include "tls/cred.h"

#include "tests/unit/unit.h"

#define SOON (2 * NSEC_PER_SEC)
#define ARRIVAL (12 * NSEC_PER_MSEC) /* the network is 10 ms wide */

/* ------------------------------------------------- a small application -- */

enum {
	MAX_STREAMS = 4,
	BYTES = 3000, /* of a stream that carries some */
	MAX_ALLOCATIONS = 2000,
	CODE_DONE = 7
};

/* One side; `arg` of all its connections. */
struct side {
	struct evquic_conn *conn;
	struct evquic_stream *streams[MAX_STREAMS]; /* not released */
	unsigned nstreams;
	unsigned opened;
	unsigned closed;
	unsigned stream_ends;
	bool answers;	/* an end is answered with an end */
	bool keeps;	/* streams that are closed are not let go of */
	bool drops_all; /* the next stream that closes takes all along */
	struct evquic_conn_stats last;
};

static struct side *
side_of(const struct evquic_stream *s)
{
	return evquic_conn_arg(evquic_stream_conn(s));
}

static int
on_opened(struct evquic_conn *c)
{
	struct side *x = evquic_conn_arg(c);

	x->conn = c;
	x->opened++;
	return 0;
}

static void
on_closed(struct evquic_conn *c, const struct evquic_conn_stats *stats)
{
	struct side *x = evquic_conn_arg(c);

	x->conn = NULL;
	x->closed++;
	x->last = *stats;
}

static void
on_data(struct evquic_stream *s, const uint8_t *data, size_t len, bool fin)
{
	(void)data;
	evquic_stream_consume(s, len);
	if (fin && side_of(s)->answers)
		(void)evquic_stream_write(s, NULL, 0, true);
}

static void
on_code(struct evquic_stream *s, uint64_t code)
{
	(void)s;
	(void)code;
}

static void
on_stream_closed(struct evquic_stream *s)
{
	struct side *x = side_of(s);

	x->stream_ends++;
	if (!x->keeps) {
		evquic_stream_release(s);
		return;
	}
	if (!x->drops_all)
		return;
	x->drops_all = false;
	for (unsigned i = 0; i < x->nstreams; i++)
		evquic_stream_release(x->streams[i]);
	x->nstreams = 0;
}

static const struct evquic_app app = {
    .size = sizeof(app),
    .alpn = "review",
    .limits = {.size = sizeof(app.limits), .max_streams_bidi = MAX_STREAMS},
    .opened = on_opened,
    .closed = on_closed,
    .stream_data = on_data,
    .stream_reset = on_code,
    .stream_stopped = on_code,
    .stream_closed = on_stream_closed,
};

/* ------------------------------------------------------------- a world -- */

/* What the network saw; datagrams may be held back. */
struct tap {
	uint8_t first[QUIC_MAX_TX_PAYLOAD]; /* of all */
	size_t first_len;
	uint8_t held[QUIC_MAX_TX_PAYLOAD]; /* to the server, while `hold` */
	size_t held_len;
	bool hold;
};

struct world {
	struct sim sim;
	struct sim_tls tls;
	struct tap tap;
	struct side server;
	struct side client;
	struct evquic_conn *conn; /* the client's */
};

static bool
on_tap(void *arg, const struct net_datagram *d)
{
	struct tap *t = arg;

	if (d->len > sizeof(t->first))
		return true;
	if (t->first_len == 0) {
		memcpy(t->first, d->bytes, d->len);
		t->first_len = d->len;
	}
	if (!t->hold || net_port(&d->to) != SIM_PORT)
		return true;
	memcpy(t->held, d->bytes, d->len);
	t->held_len = d->len;
	return false;
}

static bool
is_open(void *arg)
{
	struct world *w = arg;

	return w->client.opened > 0 && w->server.opened > 0;
}

static void
begin(struct world *w)
{
	struct evquic_offer offer = {&app, &w->server, NULL};
	struct evquic_service_options service = {
	    .offers = &offer, .noffers = 1};
	struct sim_options o = {.seed = 1,
	    .workers = 1,
	    .family = AF_INET,
	    .tls = &w->tls,
	    .service = &service};
	struct evquic_connect_options co = {.app = &app, .arg = &w->client};

	*w = (struct world){.server = {.answers = true}};
	sim_tls_init(&w->tls);
	sim_init(&w->sim, &o);
	w->sim.net.tap = on_tap;
	w->sim.net.tap_arg = &w->tap;
	CU_ASSERT_FATAL(sim_connect(&w->sim, 0, &co, &w->conn) == 0);
	CU_ASSERT_FATAL(sim_run_until(&w->sim, SOON, is_open, w));
}

static void
end(struct world *w)
{
	if (w->client.conn != NULL)
		evquic_conn_close(w->client.conn, CODE_DONE, NULL);
	CU_ASSERT(sim_run_out(&w->sim));
	CU_ASSERT(sim_is_empty(&w->sim));
	CU_ASSERT_STRING_EQUAL(w->sim.net.complaint, "");
	sim_done(&w->sim);
	sim_tls_done(&w->tls);
}

static void
send_end(struct evquic_conn *c)
{
	struct evquic_stream *s;

	CU_ASSERT_FATAL(evquic_stream_open(c, true, &s) == 0);
	CU_ASSERT(evquic_stream_write(s, NULL, 0, true) == 0);
}

/* --------------------------------------------------------------- cases -- */

/* An endpoint that serves and connects: a server that sends a client's first
 * packet to our client's socket gets no connection there, for the socket will
 * go with its owner. */
static void
test_no_accept_at_client(void)
{
	static struct world w;
	union quic_addr to;

	begin(&w);
	evquic_endpoint_serve(w.sim.client, 0, w.sim.service);
	to = net_find(&w.sim.net, sim_fd(w.conn))->outside;
	net_inject(&w.sim.net, &w.sim.addr, &to, w.tap.first, w.tap.first_len);
	sim_run(&w.sim, SOON);
	CU_ASSERT(sim_client_count(&w.sim, "conns_accepted") == 0);
	CU_ASSERT(w.client.closed == 0);
	end(&w);
}

/* The same, and the peer sends packets of its connection with our server to
 * the socket of our client: the connection does not move there. */
static void
test_no_move_to_client(void)
{
	static struct world w;
	struct evquic_connect_options co = {.size = sizeof(co),
	    .app = &app,
	    .arg = &w.client,
	    .name = SIM_NAME};
	union quic_addr far = net_addr(AF_INET, false, 4433);
	union quic_addr near = net_addr(AF_INET, false, 0);
	struct quic_socket *s;
	struct evquic_conn *c, *served;
	int fd;

	begin(&w);
	served = w.server.conn;
	co.trust = w.tls.trust;
	co.remote = &far.sa;
	fd = net_socket(&w.sim.net, &near, 0);
	net_connect(&w.sim.net, fd, &far);
	s = quic_socket_new(quic_endpoint_router(w.sim.server, 0), fd,
	    &net_find(&w.sim.net, fd)->inside, true);
	CU_ASSERT_FATAL(s != NULL);
	CU_ASSERT_FATAL(quic_conn_connect(s, &co, w.sim.net.now, &c) == 0);
	w.tap.hold = true;
	send_end(w.conn);
	sim_settle(&w.sim);
	w.tap.hold = false;
	CU_ASSERT_FATAL(w.tap.held_len > 0);
	near = net_find(&w.sim.net, fd)->outside;
	net_inject(&w.sim.net, &far, &near, w.tap.held, w.tap.held_len);
	sim_run(&w.sim, ARRIVAL); /* before the client pulls it back */
	CU_ASSERT(net_port(&served->remote) != net_port(&far));
	CU_ASSERT(served->socket != s);
	evquic_conn_close(c, 0, NULL);
	sim_run(&w.sim, SOON);
	CU_ASSERT(w.server.closed == 0);
	end(&w);
}

/* RFC 9000 10.3.1: a stateless reset looks like a packet of any ID. */
static void
test_reset_reaches_client(void)
{
	static struct world w;
	uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN], packet[64], noise[40];
	union quic_addr to;
	ngtcp2_ssize n;

	begin(&w);
	/* As the server told it for the ID that is in use. */
	memcpy(token,
	    ngtcp2_conn_get_remote_transport_params(w.conn->qc)
		->stateless_reset_token,
	    sizeof(token));
	memset(noise, 0x55, sizeof(noise));
	to = net_find(&w.sim.net, sim_fd(w.conn))->outside;
	for (size_t random = 5; random <= sizeof(noise); random += 35) {
		bool right = random == sizeof(noise);

		token[0] ^= right ? 0 : 1;
		n = ngtcp2_pkt_write_stateless_reset(
		    packet, sizeof(packet), token, noise, random);
		token[0] ^= right ? 0 : 1;
		CU_ASSERT_FATAL(n > 0);
		net_inject(&w.sim.net, &w.sim.addr, &to, packet, (size_t)n);
		sim_run(&w.sim, SOON / 4);
		CU_ASSERT(w.client.closed == (right ? 1 : 0));
	}
	CU_ASSERT(w.client.last.closed_by == EVQUIC_CLOSED_RESET);
	CU_ASSERT(sim_client_count(&w.sim, "closed_reset") == 1);
	evquic_conn_close(w.server.conn, 0, NULL);
	end(&w);
}

/* evquic.h: every function may be called from every callback.  As the
 * connection ends, the application lets go of other streams than the one it is
 * told about. */
static void
test_release_others(void)
{
	static struct world w;

	begin(&w);
	w.client.keeps = true;
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_FATAL(evquic_stream_open(
				    w.conn, true, &w.client.streams[i]) == 0);
		w.client.nstreams++;
	}
	for (unsigned i = 1; i < 3; i++)
		CU_ASSERT(evquic_stream_write(
			      w.client.streams[i], NULL, 0, true) == 0);
	sim_run(&w.sim, SOON);
	CU_ASSERT(w.client.stream_ends == 2);
	w.client.drops_all = true;
	evquic_conn_close(w.conn, CODE_DONE, NULL);
	sim_run(&w.sim, SOON);
	CU_ASSERT(w.client.closed == 1 && w.client.stream_ends == 3);
	end(&w);
}

/* What evquic_connect() is given is looked at, and nothing is left behind. */
static void
test_connect_arguments(void)
{
	static struct world w;
	struct evquic_connect_options co = {.size = sizeof(co),
	    .app = &app,
	    .arg = &w.client,
	    .name = SIM_NAME};
	struct evquic_app broken = app;
	struct evquic_conn *c = NULL;

	begin(&w);
	co.trust = w.tls.trust;
	CU_ASSERT(evquic_connect(w.sim.client, 0, &co, &c) == -EINVAL);
	co.remote = &w.sim.addr.sa;
	co.app = &broken;
	broken.alpn = NULL;
	CU_ASSERT(evquic_connect(w.sim.client, 0, &co, &c) == -EINVAL);
	broken.alpn = "review";
	broken.closed = NULL;
	CU_ASSERT(evquic_connect(w.sim.client, 0, &co, &c) == -EINVAL);
	CU_ASSERT(c == NULL);
	end(&w);
}

/* A stream that the peer does not allow is not counted. */
static void
test_streams_counted(void)
{
	static struct world w;
	struct evquic_conn_stats stats;
	struct evquic_stream *s;

	begin(&w);
	for (unsigned i = 0; i < MAX_STREAMS; i++)
		CU_ASSERT(evquic_stream_open(w.conn, true, &s) == 0);
	CU_ASSERT(evquic_stream_open(w.conn, true, &s) == -EAGAIN);
	CU_ASSERT(evquic_stream_open(w.conn, false, &s) == -EAGAIN);
	evquic_conn_stats(w.conn, &stats);
	CU_ASSERT(stats.streams == MAX_STREAMS);
	CU_ASSERT(sim_client_count(&w.sim, "streams_opened") == MAX_STREAMS);
	end(&w);
}

/* Two endpoints that were drained are freed as soon as the first is idle. */
struct two {
	struct evquic_endpoint *endpoints[2];
	unsigned idle;
};

static void
on_idle(void *arg)
{
	struct two *t = arg;

	t->idle++;
	for (unsigned i = 0; i < 2; i++) {
		evquic_endpoint_free(t->endpoints[i]);
		t->endpoints[i] = NULL;
	}
}

static void
test_free_when_idle(void)
{
	static struct world w;
	struct two t = {.idle = 0};

	begin(&w);
	for (unsigned i = 0; i < 2; i++) {
		t.endpoints[i] = evquic_endpoint_new(w.sim.clients, 1);
		CU_ASSERT_FATAL(t.endpoints[i] != NULL);
		evquic_endpoint_drain(t.endpoints[i], 0, on_idle, &t);
	}
	CU_ASSERT(t.idle == 0);
	sim_run(&w.sim, SOON);
	CU_ASSERT(t.idle == 1);
	end(&w);
}

static void
count(void *arg)
{
	(*(unsigned *)arg)++;
}

/* Who did not want to wait for that is not told from within the free. */
static void
test_free_before_idle(void)
{
	static struct world w;
	struct evquic_endpoint *e;
	unsigned told = 0;

	begin(&w);
	e = evquic_endpoint_new(w.sim.clients, 1);
	CU_ASSERT_FATAL(e != NULL);
	evquic_endpoint_drain(e, 0, count, &told);
	evquic_endpoint_free(e);
	sim_run(&w.sim, SOON);
	CU_ASSERT(told == 0);
	end(&w);
}

/* A server of bare ngtcp2 that knows nothing of ALPN. */
struct bare {
	struct net *net;
	ngtcp2_conn *qc;
	gnutls_session_t tls;
	ngtcp2_crypto_conn_ref ref;
	struct evquic_cred *cred;
	union quic_addr local;
	union quic_addr remote;
};

enum {
	BARE_PORT = 4433,
	NO_APPLICATION = 0x178 /* RFC 9001 8.1 */
};

static void
bare_rand(uint8_t *dest, size_t len, const ngtcp2_rand_ctx *ctx)
{
	(void)ctx;
	memset(dest, 0x33, len);
}

static int
bare_cid(ngtcp2_conn *qc, ngtcp2_cid *cid, uint8_t *token, size_t len,
    void *user_data)
{
	uint64_t *last = user_data;

	(void)qc;
	memset(token, 0x44, NGTCP2_STATELESS_RESET_TOKENLEN);
	memset(cid->data, 0, len);
	++*last;
	memcpy(cid->data, last, sizeof(*last));
	cid->datalen = len;
	return 0;
}

static ngtcp2_conn *
bare_conn(ngtcp2_crypto_conn_ref *ref)
{
	return ((struct bare *)ref->user_data)->qc;
}

static void
bare_begin(
    struct bare *b, const ngtcp2_path *path, const uint8_t *data, size_t len)
{
	static const ngtcp2_callbacks calls = {
	    .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
	    .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
	    .encrypt = ngtcp2_crypto_encrypt_cb,
	    .decrypt = ngtcp2_crypto_decrypt_cb,
	    .hp_mask = ngtcp2_crypto_hp_mask_cb,
	    .update_key = ngtcp2_crypto_update_key_cb,
	    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
	    .delete_crypto_cipher_ctx =
		ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
	    .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
	    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
	    .rand = bare_rand,
	    .get_new_connection_id = bare_cid,
	};
	static uint64_t last_cid;
	ngtcp2_cid scid = {QUIC_CID_LEN, {1, 2, 3}};
	ngtcp2_transport_params tp;
	ngtcp2_settings st;
	ngtcp2_pkt_hd hd;

	ngtcp2_settings_default(&st);
	st.initial_ts = b->net->now;
	ngtcp2_transport_params_default(&tp);
	CU_ASSERT_FATAL(ngtcp2_accept(&hd, data, len) == 0);
	tp.original_dcid = hd.dcid;
	tp.original_dcid_present = 1;
	CU_ASSERT_FATAL(
	    ngtcp2_conn_server_new(&b->qc, &hd.scid, &scid, path, hd.version,
		&calls, &st, &tp, NULL, &last_cid) == 0);
	b->ref.get_conn = bare_conn;
	b->ref.user_data = b;
	CU_ASSERT_FATAL(gnutls_init(&b->tls,
			    GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET) == 0);
	CU_ASSERT_FATAL(
	    tls_cred_attach(b->cred, b->tls, TLS_USE_QUIC) == 0 &&
	    ngtcp2_crypto_gnutls_configure_server_session(b->tls) == 0);
	gnutls_session_set_ptr(b->tls, &b->ref);
	ngtcp2_conn_set_tls_native_handle(b->qc, b->tls);
}

static bool
bare_tap(void *arg, const struct net_datagram *d)
{
	struct bare *b = arg;
	ngtcp2_path path;
	uint8_t out[QUIC_MAX_TX_PAYLOAD];
	ngtcp2_ssize n;

	if (net_port(&d->to) != BARE_PORT)
		return true;
	b->local = d->to;
	b->remote = d->from;
	path = (ngtcp2_path){{&b->local.sa, quic_addr_len(&b->local)},
	    {&b->remote.sa, quic_addr_len(&b->remote)}, NULL};
	if (b->qc == NULL)
		bare_begin(b, &path, d->bytes, d->len);
	if (ngtcp2_conn_read_pkt(
		b->qc, &path, NULL, d->bytes, d->len, b->net->now) != 0)
		return false;
	while ((n = ngtcp2_conn_write_pkt(
		    b->qc, NULL, NULL, out, sizeof(out), b->net->now)) > 0)
		net_inject(b->net, &b->local, &b->remote, out, (size_t)n);
	return false;
}

/* RFC 9001 8.1: no agreement on a protocol ends the handshake, on whichever
 * side that is noticed. */
static void
test_server_without_alpn(void)
{
	static struct world w;
	struct evquic_connect_options co = {.size = sizeof(co),
	    .app = &app,
	    .arg = &w.client,
	    .name = SIM_NAME};
	union quic_addr far = net_addr(AF_INET, false, BARE_PORT);
	union quic_addr near = net_addr(AF_INET, false, 0);
	struct bare b = {.qc = NULL};
	struct evquic_conn *c;
	struct quic_socket *s;
	int fd;

	begin(&w);
	w.client.opened = 0;
	b.net = &w.sim.net;
	b.cred = w.tls.cred;
	w.sim.net.tap = bare_tap;
	w.sim.net.tap_arg = &b;
	co.trust = w.tls.trust;
	co.remote = &far.sa;
	fd = net_socket(&w.sim.net, &near, 0);
	net_connect(&w.sim.net, fd, &far);
	s = quic_socket_new(quic_endpoint_router(w.sim.client, 0), fd,
	    &net_find(&w.sim.net, fd)->inside, true);
	CU_ASSERT_FATAL(
	    s != NULL && quic_conn_connect(s, &co, w.sim.net.now, &c) == 0);
	sim_run(&w.sim, SOON);
	CU_ASSERT(w.client.opened == 0 && w.client.closed == 1);
	PROVE("DOQ-002", w.client.last.code == NO_APPLICATION);
	CU_ASSERT(!w.client.last.application);
	ngtcp2_conn_del(b.qc);
	gnutls_deinit(b.tls);
	w.client.conn = w.conn;
	end(&w);
}

/* ---------------------------------------------------------- no memory -- */

static int
spare_sendmmsg(void *ctx, int fd, struct mmsghdr *msgs, unsigned n)
{
	struct net *net = ctx;
	int sent;

	fake_alloc_pause();
	sent = net->io.sendmmsg(ctx, fd, msgs, n);
	fake_alloc_resume();
	return sent;
}

/* Several streams there and back; whatever fails, fails. */
static void
use(struct world *w)
{
	struct evquic_worker *worker = w->sim.clients[0];
	struct evquic_stream *s;

	for (unsigned i = 0; i < MAX_STREAMS && w->client.conn != NULL; i++) {
		struct evquic_buf *b = evquic_buf_new(worker, BYTES);

		if (b == NULL)
			continue;
		memset(evquic_buf_data(b), 'x', BYTES);
		if (evquic_stream_open(w->conn, true, &s) == 0)
			(void)evquic_stream_write(s, b, BYTES, true);
		else
			evquic_buf_free(b);
	}
	sim_run(&w->sim, SOON);
}

/* How many first packets were dropped for it. */
static uint64_t
run_without(struct world *w, size_t nth, bool forever)
{
	uint64_t dropped;
	struct evquic_offer offer = {&app, &w->server, NULL};
	struct evquic_service_options service = {
	    .offers = &offer, .noffers = 1};
	struct sim_options o = {.seed = 1,
	    .workers = 1,
	    .family = AF_INET,
	    .tls = &w->tls,
	    .service = &service};
	struct evquic_connect_options co = {.app = &app, .arg = &w->client};

	w->server = (struct side){.answers = true};
	w->client = (struct side){.answers = false};
	sim_init(&w->sim, &o);
	w->sim.servers[0]->io.sendmmsg = spare_sendmmsg;
	w->sim.clients[0]->io.sendmmsg = spare_sendmmsg;
	fake_alloc_fail(nth, forever);
	if (sim_connect(&w->sim, 0, &co, &w->conn) == 0) {
		sim_run(&w->sim, SOON);
		use(w);
	}
	if (w->client.conn != NULL)
		evquic_conn_close(w->client.conn, CODE_DONE, NULL);
	CU_ASSERT(sim_run_out(&w->sim));
	CU_ASSERT(sim_is_empty(&w->sim));
	CU_ASSERT(w->client.closed >= w->client.opened);
	CU_ASSERT(w->server.closed == w->server.opened);
	dropped = sim_server_count(&w->sim, "drop_memory");
	sim_done(&w->sim);
	return dropped;
}

/* Every single allocation fails once, then from there on all of them do:
 * nothing is left behind, and nothing is freed twice. */
static void
test_no_memory(void)
{
	static struct world w;
	uint64_t dropped = 0;

	sim_tls_init(&w.tls);
	for (int forever = 0; forever < 2; forever++) {
		size_t nth = 0;

		do {
			dropped += run_without(&w, ++nth, forever != 0);
		} while (fake_alloc_heal() > 0 && nth < MAX_ALLOCATIONS);
		CU_ASSERT(nth > 50 && nth < MAX_ALLOCATIONS);
	}
	CU_ASSERT(dropped > 0);
	sim_tls_done(&w.tls);
}

void
test_quic_review_register(void)
{
	CU_pSuite s = unit_suite("quic_review");

	unit_test(s, "no_accept_at_client", test_no_accept_at_client);
	unit_test(s, "no_move_to_client", test_no_move_to_client);
	unit_test(s, "reset_reaches_client", test_reset_reaches_client);
	unit_test(s, "release_others", test_release_others);
	unit_test(s, "connect_arguments", test_connect_arguments);
	unit_test(s, "server_without_alpn", test_server_without_alpn);
	unit_test(s, "streams_counted", test_streams_counted);
	unit_test(s, "no_memory", test_no_memory);
	unit_test(s, "free_when_idle", test_free_when_idle);
	unit_test(s, "free_before_idle", test_free_before_idle);
}
