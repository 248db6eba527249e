/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event loop of a simulated world.
 *
 * What libevent does for the daemon, in the same order: sockets that became
 * readable or writable, timers that are due, then one flush for each worker
 * that asked for one.  The clock goes on only when nothing is left to do.
 */
#include "tests/fake/sim.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/tlsclock.h"
#include "tests/fake/tlsrnd.h"
#include "tests/unit/certs.h"

enum {
	LOOP_BOUND = 1000000, /* rounds in one moment: something spins */
	OUT_HOURS = 1,
	CERT_LIFE = 30 * 86400 /* seconds, before and after now */
};

/* --------------------------------------------------------------- TLS -- */

static struct evquic_trust *
make_trust(const struct evquic_trust_options *o)
{
	char why[EVQUIC_WHY_SIZE] = "";
	struct evquic_trust *t = NULL;

	if (evquic_trust_new(o, why, sizeof(why), &t) != 0) {
		fprintf(stderr, "sim: trust: %s\n", why);
		abort();
	}
	return t;
}

void
sim_tls_init(struct sim_tls *t)
{
	static const char *const names[] = {SIM_NAME, NULL};
	static const char *const pins[] = {
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
	struct certs_spec ca = {
	    .cn = "ca",
	    .is_ca = true,
	    .from = -CERT_LIFE,
	    .until = CERT_LIFE,
	};
	struct certs_spec leaf = {
	    .cn = SIM_NAME,
	    .dns = names,
	    .issuer = "ca",
	    .from = -CERT_LIFE,
	    .until = CERT_LIFE,
	};
	struct evquic_trust_options o = {.size = sizeof(o)};
	struct certs_dir dir;
	char cert[CERTS_PATH], key[CERTS_PATH], why[EVQUIC_WHY_SIZE] = "";

	certs_dir_init(&dir);
	certs_make(&dir, "ca", &ca);
	certs_make(&dir, "leaf", &leaf);
	certs_make(&dir, "other", &ca);
	t->cred = evquic_cred_new();
	if (t->cred == NULL ||
	    evquic_cred_add_files(t->cred, certs_file(&dir, cert, "leaf.crt"),
		certs_file(&dir, key, "leaf.key"), why, sizeof(why)) != 0) {
		fprintf(stderr, "sim: certificate: %s\n", why);
		abort();
	}
	o.ca_file = certs_file(&dir, cert, "ca.crt");
	t->trust = make_trust(&o);
	o.pins = pins;
	o.npins = 1;
	t->pinned = make_trust(&o);
	o.npins = 0;
	o.pins = NULL;
	o.ca_file = certs_file(&dir, cert, "other.crt");
	t->stranger = make_trust(&o);
	o.ca_file = NULL;
	o.flags = EVQUIC_TRUST_INSECURE;
	t->insecure = make_trust(&o);
	certs_dir_done(&dir);
}

void
sim_tls_done(struct sim_tls *t)
{
	evquic_cred_unref(t->cred);
	evquic_trust_unref(t->trust);
	evquic_trust_unref(t->stranger);
	evquic_trust_unref(t->pinned);
	evquic_trust_unref(t->insecure);
}

/* ------------------------------------------------------------- world -- */

static void
trace(void *arg, const struct evquic_conn *conn, const char *line)
{
	printf("# %s %p %s\n", (const char *)arg, (const void *)conn, line);
}

static void
make_workers(struct sim *s, struct evquic_worker **workers, const char *name)
{
	struct evquic_worker_options o = {.size = sizeof(o)};

	if (getenv("QUOLL_SIM_TRACE") != NULL) {
		o.trace = trace;
		o.trace_arg = (void *)(uintptr_t)name;
	}
	for (unsigned i = 0; i < s->workers; i++) {
		workers[i] = quic_worker_new(NULL, &o, &s->net.io);
		assert(workers[i] != NULL);
		s->net.now++; /* no two are made at the same moment */
	}
}

/* A service of these options, on all sockets of the server. */
static void
serve(struct sim *s, const struct evquic_service_options *o)
{
	struct evquic_service_options so = *o;

	so.size = sizeof(so);
	if (so.cred == NULL)
		so.cred = s->tls->cred;
	s->service = evquic_service_new(&so);
	assert(s->service != NULL);
	for (unsigned i = 0; i < s->workers; i++) {
		struct quic_socket *sock =
		    quic_socket_new(quic_endpoint_router(s->server, i),
			s->server_fds[i], &s->bound, false);

		assert(sock != NULL);
		evquic_endpoint_serve(s->server, i, s->service);
	}
}

void
sim_init(struct sim *s, const struct sim_options *o)
{
	assert(o->workers >= 1 && o->workers <= SIM_WORKERS);
	*s =
	    (struct sim){.tick = o->tick, .workers = o->workers, .tls = o->tls};
	net_init(&s->net, o->seed);
	tlsrnd_seed(o->seed);
	tlsclock_follow(s->net.io.wall, &s->net);
	list_init(&s->actors);
	make_workers(s, s->servers, "server");
	make_workers(s, s->clients, "client");
	s->server = evquic_endpoint_new(s->servers, s->workers);
	s->client = evquic_endpoint_new(s->clients, s->workers);
	assert(s->server != NULL && s->client != NULL);
	s->bound = net_addr(o->family, o->wildcard, SIM_PORT);
	s->addr = net_addr(o->family, false, SIM_PORT);
	for (unsigned i = 0; i < s->workers; i++)
		s->server_fds[i] = net_socket(&s->net, &s->bound, 1);
	serve(s, o->service);
}

void
sim_restart(struct sim *s, const struct evquic_service_options *service)
{
	evquic_endpoint_free(s->server);
	evquic_service_unref(s->service);
	s->server = evquic_endpoint_new(s->servers, s->workers);
	assert(s->server != NULL);
	serve(s, service);
}

void
sim_reboot(struct sim *s, const struct evquic_service_options *service)
{
	evquic_endpoint_free(s->server);
	evquic_service_unref(s->service);
	for (unsigned i = 0; i < s->workers; i++)
		evquic_worker_free(s->servers[i]);
	make_workers(s, s->servers, "server");
	s->server = evquic_endpoint_new(s->servers, s->workers);
	assert(s->server != NULL);
	serve(s, service);
}

void
sim_done(struct sim *s)
{
	assert(list_is_empty(&s->actors));
	evquic_endpoint_free(s->client);
	evquic_endpoint_free(s->server);
	evquic_service_unref(s->service);
	for (unsigned i = 0; i < s->workers; i++) {
		evquic_worker_free(s->clients[i]);
		evquic_worker_free(s->servers[i]);
	}
	net_done(&s->net);
	tlsrnd_stop();
	tlsclock_stop();
}

int
sim_connect(struct sim *s, unsigned worker,
    const struct evquic_connect_options *o, struct evquic_conn **ret_conn)
{
	struct evquic_connect_options full = *o;
	union quic_addr local = s->from.sa.sa_family != 0
				    ? s->from
				    : net_addr(s->addr.sa.sa_family, false, 0);
	int fd = net_socket(&s->net, &local, 0);
	struct quic_socket *sock;

	full.size = sizeof(full);
	full.remote = &s->addr.sa;
	if (full.trust == NULL)
		full.trust = s->tls->trust;
	if (full.name == NULL)
		full.name = SIM_NAME;
	net_connect(&s->net, fd, &s->addr);
	sock = quic_socket_new(quic_endpoint_router(s->client, worker), fd,
	    &net_find(&s->net, fd)->inside, true);
	if (sock == NULL)
		return -1;
	return quic_conn_connect(sock, &full, s->net.now, ret_conn);
}

int
sim_fd(const struct evquic_conn *c)
{
	return c->socket->fd;
}

/* -------------------------------------------------------------- loop -- */

static bool
serve_socket(struct sim *s, struct quic_socket *sock)
{
	struct net_socket *ns = net_find(&s->net, sock->fd);
	bool busy = ns->wants_write;

	if (ns->wants_write) {
		ns->wants_write = false;
		quic_socket_writable(sock);
	}
	if (net_is_readable(&s->net, sock->fd)) {
		quic_socket_read(sock, s->net.now);
		busy = true;
	}
	return busy;
}

static bool
serve_worker(struct sim *s, struct evquic_worker *w)
{
	bool busy = false;
	struct list *l, *k, *next;

	for (l = w->routers.next; l != &w->routers; l = l->next) {
		struct quic_router *r =
		    container_of(l, struct quic_router, link);

		for (k = r->sockets.next; k != &r->sockets; k = next) {
			next = k->next;
			busy |= serve_socket(
			    s, container_of(k, struct quic_socket, link));
		}
	}
	for (l = w->routers.next; l != &w->routers; l = l->next)
		busy |= quic_inbox_take(
		    container_of(l, struct quic_router, link), s->net.now);
	if (quic_worker_next_expiry(w) <= s->net.now) {
		quic_worker_expire(w, s->net.now);
		busy = true;
	}
	if (w->flush_wanted) {
		quic_worker_flush(w, s->net.now);
		busy = true;
	}
	return busy;
}

static bool
serve_all(struct sim *s)
{
	bool busy = false;
	struct list *l, *next;

	for (unsigned i = 0; i < s->workers; i++) {
		busy |= serve_worker(s, s->servers[i]);
		busy |= serve_worker(s, s->clients[i]);
	}
	for (l = s->actors.next; l != &s->actors; l = next) {
		struct sim_actor *a = container_of(l, struct sim_actor, link);

		next = l->next;
		busy |= a->serve(a, s->net.now);
	}
	return busy;
}

void
sim_settle(struct sim *s)
{
	for (int i = 0; serve_all(s); i++) {
		if (i < LOOP_BOUND)
			continue;
		fprintf(stderr, "sim: spins at %llu\n",
		    (unsigned long long)s->net.now);
		abort();
	}
}

static nsec
earlier(nsec a, nsec b)
{
	return a < b ? a : b;
}

nsec
sim_next(const struct sim *s)
{
	nsec next = timers_next(&s->net.timers);
	const struct list *l;

	for (unsigned i = 0; i < s->workers; i++) {
		next = earlier(next, quic_worker_next_expiry(s->servers[i]));
		next = earlier(next, quic_worker_next_expiry(s->clients[i]));
	}
	for (l = s->actors.next; l != &s->actors; l = l->next) {
		const struct sim_actor *a =
		    (const struct sim_actor *)(const void *)l;

		next = earlier(next, a->next(a));
	}
	return next;
}

bool
sim_step(struct sim *s)
{
	nsec next;

	sim_settle(s);
	next = sim_next(s);
	if (next == NSEC_NEVER)
		return false;
	if (s->tick != 0)
		next = (next + s->tick - 1) / s->tick * s->tick;
	if (next > s->net.now)
		s->net.now = next;
	s->steps++;
	timers_run(&s->net.timers, s->net.now);
	sim_settle(s);
	return true;
}

void
sim_run(struct sim *s, nsec span)
{
	nsec end = s->net.now + span;

	sim_settle(s);
	while (sim_next(s) <= end && sim_step(s))
		continue;
	if (s->net.now < end)
		s->net.now = end;
}

bool
sim_run_until(struct sim *s, nsec span, bool (*is_done)(void *arg), void *arg)
{
	nsec end = s->net.now + span;

	sim_settle(s);
	while (!is_done(arg) && sim_next(s) <= end && sim_step(s))
		continue;
	return is_done(arg);
}

bool
sim_run_out(struct sim *s)
{
	nsec end = s->net.now + OUT_HOURS * 3600 * NSEC_PER_SEC;

	while (sim_step(s))
		if (s->net.now > end)
			return false;
	return true;
}

/* ---------------------------------------------------------- accounts -- */

uint64_t
sim_count(struct evquic_worker *const *workers, unsigned n, const char *name)
{
	uint64_t sum = 0;

	for (size_t c = 0; c < evquic_counter_count(); c++) {
		if (strcmp(evquic_counter_name(c), name) != 0)
			continue;
		for (unsigned i = 0; i < n; i++)
			sum += evquic_worker_counter(workers[i], c);
		return sum;
	}
	fprintf(stderr, "sim: no counter %s\n", name);
	abort();
}

uint64_t
sim_server_count(const struct sim *s, const char *name)
{
	return sim_count(s->servers, s->workers, name);
}

uint64_t
sim_client_count(const struct sim *s, const char *name)
{
	return sim_count(s->clients, s->workers, name);
}

void
sim_accounts(struct evquic_worker *const *workers, unsigned n,
    struct evquic_accounts *ret)
{
	*ret = (struct evquic_accounts){.connections = 0};
	for (unsigned i = 0; i < n; i++) {
		struct evquic_accounts a;

		evquic_worker_accounts(workers[i], &a);
		ret->connections += a.connections;
		ret->tombstones += a.tombstones;
		ret->streams += a.streams;
		ret->conn_bytes += a.conn_bytes;
		ret->buffer_bytes += a.buffer_bytes;
	}
}

bool
sim_is_empty(const struct sim *s)
{
	struct evquic_accounts a, b;

	sim_accounts(s->servers, s->workers, &a);
	sim_accounts(s->clients, s->workers, &b);
	return a.connections + b.connections + a.tombstones + b.tombstones +
		   a.streams + b.streams + a.conn_bytes + b.conn_bytes +
		   a.buffer_bytes + b.buffer_bytes ==
	       0;
}
