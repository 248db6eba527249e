/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FAKE_SIM_H
#define TESTS_FAKE_SIM_H

#include "tests/fake/net.h"

/*
 * A world of libevquic: a server and a client endpoint, one worker or several
 * each, on a network in memory and its clock.  Nothing sleeps: the clock jumps
 * to the next event, so that hours pass in milliseconds.
 *
 * All randomness comes from one seed, GnuTLS's too while a world exists.  One
 * world at a time.
 */

enum {
	SIM_WORKERS = 4,
	SIM_PORT = 853
};

/* Certificates and demands that many worlds share. */
struct sim_tls {
	struct evquic_cred *cred;      /* of test.example, signed by "ca" */
	struct evquic_trust *trust;    /* knows "ca" */
	struct evquic_trust *stranger; /* knows another CA only */
	struct evquic_trust *pinned;   /* a pin that matches no key */
	struct evquic_trust *insecure;
};

#define SIM_NAME "test.example"

struct sim_options {
	uint64_t seed;
	unsigned workers; /* of the server; the client has as many */
	int family;	  /* AF_INET or AF_INET6 */
	bool wildcard;	  /* the server's sockets are bound to no address */
	nsec tick;	  /* events are seen at multiples of this; 0: at once */
	const struct sim_tls *tls;
	const struct evquic_service_options *service; /* cred is filled in */
};

struct sim {
	struct net net;
	nsec tick;
	unsigned workers;
	struct evquic_worker *servers[SIM_WORKERS];
	struct evquic_worker *clients[SIM_WORKERS];
	struct evquic_endpoint *server;
	struct evquic_endpoint *client;
	struct evquic_service *service;
	const struct sim_tls *tls;
	union quic_addr addr;  /* the server's, as clients know it */
	union quic_addr from;  /* new clients'; family 0: loopback */
	union quic_addr bound; /* of its sockets */
	int server_fds[SIM_WORKERS];
	struct list actors;
	uint64_t steps;
};

/* Something else that lives in the world: a raw peer. */
struct sim_actor {
	struct list link;
	/* Does what is to be done now; true if there was something. */
	bool (*serve)(struct sim_actor *actor, nsec now);
	nsec (*next)(const struct sim_actor *actor);
};

void sim_tls_init(struct sim_tls *t);
void sim_tls_done(struct sim_tls *t);

/* Makes a world with a server that serves. */
void sim_init(struct sim *s, const struct sim_options *o);

/* Frees all of it; whatever lives is killed. */
void sim_done(struct sim *s);

/* The server dies without a word, and one of another `service` is there in its
 * stead. */
void sim_restart(struct sim *s, const struct evquic_service_options *service);

/* The same, and its workers are new ones: another process. */
void sim_reboot(struct sim *s, const struct evquic_service_options *service);

/* Begins a connection from a new socket of the client's worker; `remote`, a
 * `trust` of NULL and `size` are filled in.  As evquic_connect(). */
int sim_connect(struct sim *s, unsigned worker,
    const struct evquic_connect_options *o, struct evquic_conn **ret_conn);

/* The number of the socket of a client's connection. */
int sim_fd(const struct evquic_conn *c);

/* Does all that is to be done at this moment. */
void sim_settle(struct sim *s);

/* Goes to the next event and settles it; false if there will be none. */
bool sim_step(struct sim *s);

/* When the next event will be; NSEC_NEVER: never. */
nsec sim_next(const struct sim *s);

/* Runs until `span` has passed. */
void sim_run(struct sim *s, nsec span);

/* Runs until `is_done` says so, or for `span` at most; what it says then. */
bool sim_run_until(
    struct sim *s, nsec span, bool (*is_done)(void *arg), void *arg);

/* Runs until nothing will ever happen any more; false if that takes more than
 * an hour. */
bool sim_run_out(struct sim *s);

/* A counter of all workers of one side by its name. */
uint64_t sim_count(
    struct evquic_worker *const *workers, unsigned n, const char *name);
uint64_t sim_server_count(const struct sim *s, const char *name);
uint64_t sim_client_count(const struct sim *s, const char *name);

/* The sums over all workers of one side. */
void sim_accounts(struct evquic_worker *const *workers, unsigned n,
    struct evquic_accounts *ret);

/* True if no worker of either side holds anything. */
bool sim_is_empty(const struct sim *s);

#endif
