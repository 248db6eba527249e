/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Start order: state directory, secret, certificate, workers, ports, threads.
 * Everything that can fail for a reason that a person can mend does so before
 * the first thread runs, with one line.
 */
#include "resolver/server.h"
#include "quic/evquic.h"
#include "resolver/back/recursor.h"
#include "resolver/certs.h"
#include "resolver/ops/metrics.h"
#include "resolver/ops/report.h"
#include "resolver/own.h"
#include "resolver/peers.h"
#include "resolver/service.h"
#include "resolver/state.h"
#include "resolver/worker.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define STEER_LABEL "steering"
#define STEER_KEY_LEN 16

/* ---------------------------------------------------------- certificate -- */

static int
load_cred(
    struct server *s, const struct config *config, struct evquic_cred **ret)
{
	struct certs_listener listener = certs_to_log(s->log);

	return certs_load(
	    config, s->state_dir, (int64_t)time(NULL), &listener, ret);
}

static int
load_own(struct server *s, const struct config *config,
    const struct evquic_cred *cred, struct own **ret)
{
	struct certs_listener listener = certs_to_log(s->log);
	struct own_facts facts = {
	    .cred = cred,
	    .listen = &s->bound,
	    .is_reload = s->own != NULL,
	};

	return own_load(config, &facts, &listener, ret);
}

static void
tell_dates(struct server *s)
{
	struct certs_listener listener = certs_to_log(s->log);

	certs_tell_dates(s->config, s->cred, (int64_t)time(NULL), &listener);
}

static void
describe_cred(struct server *s)
{
	struct certs_listener listener = certs_to_log(s->log);

	certs_describe(s->log, s->config, s->cred);
	certs_tell_sizes(s->config, s->cred, &listener);
	tell_dates(s);
}

/* ------------------------------------------------------------- service -- */

static struct evquic_service *
make_service(
    struct server *s, const struct config *config, struct evquic_cred *cred)
{
	const struct service_parts parts = {
	    .secrets = &s->secrets,
	    .tokens_seen = s->tokens_seen,
	    .early_seen = s->early_seen,
	    .nworkers = s->nworkers,
	};

	return service_new(&parts, config, cred);
}

/* --------------------------------------------------------------- start -- */

static int
open_state(struct server *s)
{
	struct state_env env;
	char why[EVQUIC_WHY_SIZE];
	int rc;

	state_env_read(&env);
	rc = state_dir_find(
	    s->config->state, &env, s->state_dir, why, sizeof(why));
	if (rc == 0)
		rc = state_dir_ensure(s->state_dir, why, sizeof(why));
	if (rc != 0) {
		log_err(s->log, "%s", why);
		return rc;
	}
	return secrets_open(s->state_dir, s->log, &s->secrets);
}

static size_t
count_workers(const struct config *config)
{
	cpu_set_t cpus;
	int n = 1;

	if (config->workers != 0)
		return config->workers;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		n = CPU_COUNT(&cpus);
	return n > 0 ? (size_t)n : 1;
}

/* The ports of all workers, and who gets what: fixed by the secret of the
 * start, since a new one would move connections that live. */
static int
make_endpoint(struct server *s, struct evquic_worker *const *quic)
{
	uint8_t key[STEER_KEY_LEN];
	int rc = tls_secret_derive(
	    s->secrets.now, STEER_LABEL, NULL, 0, key, sizeof(key));

	if (rc != 0)
		return rc;
	s->endpoint = evquic_endpoint_new(quic, s->nworkers);
	if (s->endpoint == NULL)
		return -ENOMEM;
	evquic_endpoint_steer(s->endpoint, key);
	for (size_t i = 0; i < s->nworkers; i++)
		s->workers[i]->endpoint = s->endpoint;
	return 0;
}

static int
give_port(struct worker *w, struct recursor *r)
{
	struct recursor_port *port = NULL;

	if (r == NULL)
		return 0;
	port = recursor_port_open(r);
	return port != NULL ? upstream_recurse(w->upstream, port) : -ENOMEM;
}

static int
make_workers(struct server *s, bool is_traced)
{
	struct evquic_worker *quic[256];

	s->nworkers = count_workers(s->config);
	if (s->nworkers > sizeof(quic) / sizeof(quic[0]))
		s->nworkers = sizeof(quic) / sizeof(quic[0]);
	s->workers = calloc(s->nworkers, sizeof(s->workers[0]));
	s->ended_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	s->peers = peers_new();
	s->tokens_seen = service_seen_new(s->config);
	s->early_seen = service_seen_new(s->config);
	if (s->workers == NULL || s->ended_fd < 0 || s->peers == NULL ||
	    s->tokens_seen == NULL || s->early_seen == NULL)
		goto fail;
	for (size_t i = 0; i < s->nworkers; i++) {
		s->workers[i] = worker_new(i, s->log, s->config, is_traced);
		if (s->workers[i] == NULL)
			goto fail;
		s->workers[i]->ended_fd = s->ended_fd;
		s->workers[i]->peers = s->peers;
		s->workers[i]->cache = store_cache(&s->store, s->config);
		memcpy(s->workers[i]->question_key, s->store.key,
		    sizeof(s->store.key));
		quic[i] = s->workers[i]->quic;
		if (give_port(s->workers[i], s->recursion.now) != 0)
			goto fail;
	}
	if (make_endpoint(s, quic) != 0)
		goto fail;
	return 0;
fail:
	log_err(s->log, "cannot make %zu workers: no memory or no files left",
	    s->nworkers);
	return -ENOMEM;
}

/* The family is one of two that the name stands for, and not on this machine.
 */
static bool
may_be_left_out(const struct config_listen *l, int rc)
{
	return l->is_either && (rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL);
}

/* Opens one and writes down what it became. */
static int
listen_one(struct server *s, const struct config_listen *l)
{
	const struct sockaddr *sa = (const void *)&l->addr.ss;
	struct config_listen *bound = &s->bound.item[s->bound.count];
	char url[CONFIG_URL_LEN];
	int rc;

	*bound = *l;
	rc = evquic_endpoint_listen(s->endpoint, sa, &bound->addr.ss);
	if (rc == 0) {
		s->bound.count++;
		return 0;
	}
	config_url_format(l->scheme, sa, url);
	if (may_be_left_out(l, rc)) {
		log_warn(s->log, "not listening on %s: %s", url, strerror(-rc));
		return 0;
	}
	log_err(s->log, "cannot listen on %s: %s", url, strerror(-rc));
	return rc;
}

static void
write_urls(struct server *s)
{
	size_t used = 0;

	for (size_t i = 0; i < s->bound.count; i++) {
		const struct config_listen *l = &s->bound.item[i];
		char url[CONFIG_URL_LEN];
		int n;

		config_url_format(l->scheme, (const void *)&l->addr.ss, url);
		n = snprintf(
		    s->urls + used, sizeof(s->urls) - used, " %s", url);
		used += (size_t)n < sizeof(s->urls) - used ? (size_t)n : 0;
	}
}

static int
listen_all(struct server *s)
{
	size_t count = s->config->listen.count;
	int rc;

	s->bound.item = calloc(count, sizeof(*s->bound.item));
	if (s->bound.item == NULL) {
		log_err(s->log, "out of memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		rc = listen_one(s, &s->config->listen.item[i]);
		if (rc != 0)
			return rc;
	}
	if (s->bound.count == 0) {
		log_err(s->log, "there is nothing to listen on");
		return -EADDRNOTAVAIL;
	}
	write_urls(s);
	return 0;
}

static int
serve(struct server *s)
{
	struct evquic_service *service = make_service(s, s->config, s->cred);

	if (service == NULL) {
		log_err(s->log, "cannot make the service: %s", strerror(errno));
		return -ENOMEM;
	}
	for (size_t i = 0; i < s->nworkers; i++) {
		evquic_endpoint_serve(s->endpoint, i, service);
		s->workers[i]->own = own_ref(s->own);
	}
	evquic_service_unref(service);
	return 0;
}

static int
prepare_metrics(struct server *s, const struct metrics_subject *subject,
    struct metrics **ret)
{
	struct metrics_sources sources = {
	    .log = s->log,
	    .workers = s->workers,
	    .nworkers = s->nworkers,
	    .tokens_seen = s->tokens_seen,
	    .early_seen = s->early_seen,
	    .recursion = &s->recursion,
	    .started = s->started,
	};

	return metrics_prepare(s->metrics, &sources, subject, ret);
}

int
server_init(
    struct server *s, struct log *log, struct config *config, bool is_traced)
{
	int rc;

	*s = (struct server){.log = log, .ended_fd = -1};
	s->config = config_ref(config);
	s->started = (int64_t)time(NULL);
	rc = open_state(s);
	if (rc == 0)
		rc = store_init(&s->store, config, s->state_dir, log);
	if (rc == 0)
		rc = load_cred(s, config, &s->cred);
	if (rc == 0)
		rc = recursion_init(&s->recursion, config, s->state_dir, log);
	if (rc == 0)
		rc = make_workers(s, is_traced);
	if (rc == 0)
		rc = listen_all(s);
	if (rc == 0)
		rc = load_own(s, config, s->cred, &s->own);
	if (rc == 0)
		rc = serve(s);
	if (rc == 0)
		rc = prepare_metrics(s,
		    &(struct metrics_subject){config, s->cred, s->own,
			store_cache(&s->store, config)},
		    &s->metrics);
	if (rc != 0) {
		server_done(s);
		return rc;
	}
	describe_cred(s);
	if (config->upstream.mode == CONFIG_MODE_NONE)
		log_warn(log, "no upstream is configured: only special names "
			      "such as localhost are answered");
	return 0;
}

int
server_start(struct server *s)
{
	int rc = 0;

	store_load(&s->store, s->config);
	for (size_t i = 0; rc == 0 && i < s->nworkers; i++) {
		rc = worker_start(s->workers[i]);
		if (rc != 0)
			log_err(
			    s->log, "cannot start a thread: %s", strerror(-rc));
	}
	if (rc == 0)
		rc = metrics_start(s->metrics);
	if (rc != 0) {
		server_close(s);
		return rc;
	}
	log_info(s->log, "serving%s", s->urls);
	return 0;
}

/* -------------------------------------------------------------- reload -- */

static void
name_restart_keys(struct server *s, const struct config *config)
{
	const char *keys[16];
	size_t n = config_restart_keys(
	    s->config, config, keys, sizeof(keys) / sizeof(keys[0]));

	for (size_t i = 0; i < n; i++)
		log_warn(s->log, "%s changes with a restart only", keys[i]);
}

/* What a reload brings: all of it is taken over, or nothing. */
struct change {
	struct config *config; /* borrowed */
	struct evquic_cred *cred;
	struct own *own;
	bool is_other_source; /* what is kept is of no use */
};

static void
drop_change(struct change *c)
{
	evquic_cred_unref(c->cred);
	own_unref(c->own);
}

static int
load_change(struct server *s, struct config *config, struct change *ret)
{
	struct change c = {.config = config};
	int rc = load_cred(s, config, &c.cred);

	if (rc == 0)
		rc = load_own(s, config, c.cred, &c.own);
	if (rc == 0)
		rc = store_prepare(&s->store, config);
	c.is_other_source = store_is_other(&s->store, config);
	if (rc == 0)
		*ret = c;
	else
		drop_change(&c);
	return rc;
}

/* Its references become ours. */
static void
keep_change(struct server *s, const struct change *c)
{
	evquic_cred_unref(s->cred);
	s->cred = c->cred;
	own_unref(s->own);
	s->own = c->own;
	config_ref(c->config);
	config_unref(s->config);
	s->config = c->config;
}

/* Most of it, before the workers do the rest as they hear of it. */
static void
empty_store(struct server *s)
{
	size_t count = store_empty(&s->store);

	if (count > 0)
		log_info(s->log,
		    "others are asked upstream: the cache is emptied, %zu "
		    "answers",
		    count);
}

/* Hands configuration, certificate, keys and own answers to the workers. */
static int
distribute(struct server *s, const struct change *c, struct recursor *recursor)
{
	struct evquic_service *service = make_service(s, c->config, c->cred);
	struct recursor_port **ports =
	    recursion_open_ports(recursor, s->nworkers);

	if (service == NULL || ports == NULL) {
		evquic_service_unref(service);
		recursion_close_ports(ports, s->nworkers);
		return -ENOMEM;
	}
	if (c->is_other_source)
		empty_store(s);
	for (size_t i = 0; i < s->nworkers; i++)
		worker_order(s->workers[i],
		    &(struct worker_orders){
			.config = config_ref(c->config),
			.port = ports[i],
			.cache = store_cache(&s->store, c->config),
			.is_other_source = c->is_other_source,
			.forget = c->is_other_source,
			.service = evquic_service_ref(service),
			.own = own_ref(c->own),
		    });
	free(ports);
	evquic_service_unref(service);
	return 0;
}

/* All that can fail; what is there goes on meanwhile. */
static int
prepare_reload(
    struct server *s, const struct change *change, struct metrics **ret)
{
	const struct metrics_subject subject = {change->config, change->cred,
	    change->own, store_cache(&s->store, change->config)};
	struct recursor *recursor;
	struct metrics *m;
	int rc = prepare_metrics(s, &subject, &m);

	if (rc != 0)
		return rc;
	rc = metrics_start(m);
	if (rc == 0)
		rc = recursion_prepare(&s->recursion, change->config,
		    s->state_dir, s->log, &recursor);
	/* Last of what a person can have got wrong: a new secret is in use from
	 * here on, even if the workers hear of it later. */
	if (rc == 0) {
		rc = secrets_reread(&s->secrets, s->state_dir, s->log);
		if (rc == 0)
			rc = distribute(s, change, recursor);
		if (rc == 0)
			recursion_replace(
			    &s->recursion, recursor, change->config);
		else
			recursion_drop(&s->recursion, recursor);
	}
	if (rc == 0)
		*ret = m;
	else if (m != s->metrics)
		metrics_free(m);
	return rc;
}

static void
replace_metrics(struct server *s, struct metrics *m)
{
	const struct metrics_subject subject = {
	    s->config, s->cred, s->own, store_cache(&s->store, s->config)};

	if (m != s->metrics)
		metrics_free(s->metrics);
	s->metrics = m;
	metrics_update(m, &subject);
}

int
server_reload(struct server *s, struct config *config)
{
	struct change change;
	struct metrics *m;
	int rc = load_change(s, config, &change);

	if (rc == 0) {
		rc = prepare_reload(s, &change, &m);
		if (rc != 0)
			drop_change(&change);
	}
	if (rc != 0) {
		log_err(s->log, "reload failed: everything stays as it was");
		return rc;
	}
	name_restart_keys(s, config);
	keep_change(s, &change);
	store_configure(&s->store, config);
	replace_metrics(s, m);
	log_set(s->log, config->log.level, config->log.format);
	describe_cred(s);
	log_info(s->log, "reloaded");
	return 0;
}

/* Only the certificate that we signed ourselves: it may have been made anew,
 * for the same names; so what we answer ourselves stays. */
static void
renew_own(struct server *s)
{
	struct change change = {.config = s->config};

	if (s->config->tls.certificates.count > 0 ||
	    load_cred(s, s->config, &change.cred) != 0)
		return;
	change.own = own_ref(s->own);
	if (certs_expiry(change.cred) == certs_expiry(s->cred) ||
	    distribute(s, &change, s->recursion.now) != 0) {
		drop_change(&change);
		return;
	}
	keep_change(s, &change);
	replace_metrics(s, s->metrics);
}

void
server_daily(struct server *s)
{
	renew_own(s);
	tell_dates(s);
}

/* --------------------------------------------------------------- flush -- */

/* The workers ask from now on as if they had not asked before. */
static int
order_flush(struct server *s, struct recursor *recursor, bool forget)
{
	struct recursor_port **ports =
	    recursion_open_ports(recursor, s->nworkers);

	if (ports == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < s->nworkers; i++)
		worker_order(s->workers[i],
		    &(struct worker_orders){
			.config = config_ref(s->config),
			.port = ports[i],
			.cache = store_cache(&s->store, s->config),
			.is_other_source = true,
			.forget = forget,
		    });
	free(ports);
	return 0;
}

void
server_flush(struct server *s)
{
	enum store_flushed flushed = store_flush(&s->store);
	struct recursor *recursor = NULL;
	int rc;

	if (flushed == STORE_FLUSHED_NOTHING)
		return;
	rc = recursion_renew(&s->recursion, s->state_dir, s->log, &recursor);
	if (rc == 0) {
		rc = order_flush(s, recursor, flushed == STORE_FLUSHED_ALL);
		if (rc == 0)
			recursion_replace(&s->recursion, recursor, s->config);
		else
			recursion_drop(&s->recursion, recursor);
	}
	if (rc != 0)
		log_err(s->log, "what is on its way, and what the resolver "
				"knows, is not flushed");
}

/* ----------------------------------------------------------------- end -- */

void
server_save(struct server *s)
{
	store_save(&s->store, s->config);
}

static void
order_all(struct server *s, const struct worker_orders *orders)
{
	for (size_t i = 0; i < s->nworkers; i++)
		worker_order(s->workers[i], orders);
}

void
server_drain(struct server *s)
{
	metrics_drain(s->metrics);
	order_all(s, &(struct worker_orders){.drain = true});
}

void
server_close(struct server *s)
{
	metrics_drain(s->metrics);
	order_all(s, &(struct worker_orders){.drain = true, .close = true});
}

void
server_report(struct server *s)
{
	report_write(s->log, s->workers, s->nworkers);
	report_seen(s->log, s->tokens_seen, s->early_seen);
	report_local(s->log, s->config, s->own);
	report_cache(s->log, store_cache(&s->store, s->config));
	report_recursion(s->log, &s->recursion);
	report_certs(s->log, s->config, s->cred, (int64_t)time(NULL));
}

void
server_done(struct server *s)
{
	metrics_free(s->metrics); /* it looks at the workers */
	for (size_t i = 0; s->workers != NULL && i < s->nworkers; i++)
		if (s->workers[i] != NULL)
			worker_join(s->workers[i]);
	evquic_endpoint_free(s->endpoint);
	for (size_t i = 0; s->workers != NULL && i < s->nworkers; i++)
		worker_free(s->workers[i]);
	free(s->workers);
	free(s->bound.item);
	recursion_done(&s->recursion);
	store_done(&s->store);
	peers_free(s->peers);
	evquic_cred_unref(s->cred);
	own_unref(s->own);
	evquic_replay_unref(s->tokens_seen);
	evquic_replay_unref(s->early_seen);
	secrets_done(&s->secrets);
	config_unref(s->config);
	if (s->ended_fd >= 0)
		close(s->ended_fd);
	*s = (struct server){.ended_fd = -1};
}
