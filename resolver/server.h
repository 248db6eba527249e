/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server: all workers, the ports that they share, and what they are given
 * (configuration, certificates, secret).  Owned by the main thread.
 */
#ifndef RESOLVER_SERVER_H
#define RESOLVER_SERVER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "resolver/config.h"
#include "resolver/ops/log.h"
#include "resolver/recursion.h"
#include "resolver/secrets.h"
#include "resolver/store.h"

struct evquic_cred;
struct evquic_endpoint;
struct evquic_replay;
struct metrics;
struct own;
struct peers;
struct worker;

struct server {
	struct log *log;
	struct config *config;
	char state_dir[PATH_MAX];
	struct secrets secrets;
	struct evquic_cred *cred;
	struct own *own;
	struct peers *peers;
	struct evquic_replay *tokens_seen;
	struct evquic_replay *early_seen; /* early data taken in this life */
	struct recursion recursion;
	struct store store;
	struct worker **workers;
	size_t nworkers;
	struct evquic_endpoint *endpoint;
	struct metrics *metrics;     /* NULL: nobody wants them */
	int64_t started;	     /* Unix time, s */
	int ended_fd;		     /* eventfd: a worker's thread has ended */
	struct config_listens bound; /* what is served, with its ports */
	char urls[1024];	     /* the same, for the line that says so */
};

/*
 * Builds everything but threads: state directory, secret, certificate, workers,
 * ports.  Takes a reference of `config`.  On failure one line was logged that
 * says what is wrong, and nothing is left.
 */
int server_init(
    struct server *s, struct log *log, struct config *config, bool is_traced);

/* Starts the workers' threads. */
int server_start(struct server *s);

/*
 * Takes over a new configuration as far as a running server can; keys that
 * wait for a restart are named in the log.  Reads certificate and secret
 * again; one that cannot be used leaves everything as it was.
 */
int server_reload(struct server *s, struct config *config);

/*
 * What is due once a day: makes the certificate that we signed ourselves anew
 * in time, and logs which others have expired or will soon.
 */
void server_daily(struct server *s);

/* Orders all workers to drain, or to close what is left and end. */
void server_drain(struct server *s);
void server_close(struct server *s);

/*
 * Drops answers that are kept, as a file in the state directory says, or all of
 * them; see store_flush().  What is on its way is given to who waits for it,
 * and not kept.  With recursion that one begins anew, since it keeps answers,
 * too, and cannot forget one name.
 */
void server_flush(struct server *s);

/* Saves the cache, if it is to be; the workers' threads must have ended. */
void server_save(struct server *s);

/* Logs what the workers hold and have counted. */
void server_report(struct server *s);

/* Waits for the workers, which were ordered to end, and frees all. */
void server_done(struct server *s);

#endif
