/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quolld: DNS over QUIC in front of a recursive resolver.
 *
 * The main thread reads the command line and the configuration, builds the
 * server, and then only waits for signals: TERM and INT drain, HUP reloads,
 * USR1 reports, USR2 flushes the cache.  The work is done by the workers'
 * threads.
 */
#include "resolver/back/recursor.h"
#include "resolver/certs.h"
#include "resolver/config.h"
#include "resolver/ops/metrics_page.h"
#include "resolver/ops/notify.h"
#include "resolver/options.h"
#include "resolver/own.h"
#include "resolver/server.h"
#include <config.h>

#include <errno.h>
#include <event2/event.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "quic/evquic.h"

#define DEFAULT_FILE QUOLL_CONFDIR "/quolld.yaml"

/* How long queries that run may take when the service stops. */
#define DRAIN_SECONDS 5

#define DAY_SECONDS 86400

static const struct config_build build = {
    .listen_schemes = CONFIG_SCHEME_BIT(CONFIG_QUIC),
    .upstream_schemes =
	CONFIG_SCHEME_BIT(CONFIG_UDP) | CONFIG_SCHEME_BIT(CONFIG_TCP),
};

/* The main thread's own. */
struct daemon {
	struct options options;
	struct log log;
	struct server server;
	struct event_base *base;
	struct event *events[7];
	size_t nevents;
	struct event *deadline;
	struct event *reload;
	struct event *report;
	struct event *flush;
	size_t ended; /* workers whose thread has ended */
	bool stopping;
};

static void
notify(enum notify_event event)
{
	(void)notify_send(
	    getenv("NOTIFY_SOCKET"), event, clock_now() / NSEC_PER_USEC);
}

/* ------------------------------------------------------- configuration -- */

static void
log_errors(struct log *log, const struct config_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		log_err(log, "%s", errors->text[i]);
	if (errors->dropped > 0)
		log_err(log, "and %zu more", errors->dropped);
}

static void
print_errors(const struct config_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		fprintf(stderr, "%s\n", errors->text[i]);
	if (errors->dropped > 0)
		fprintf(stderr, "and %zu more\n", errors->dropped);
}

static int
load(const struct options *options, struct config_errors *errors,
    struct config **ret_config)
{
	const char *file;

	*errors = (struct config_errors){.count = 0};
	return options_load(
	    options, DEFAULT_FILE, &build, errors, &file, ret_config);
}

static void
reload(struct daemon *d)
{
	struct config_errors *errors = calloc(1, sizeof(*errors));
	struct config *config;

	if (errors == NULL || d->stopping) {
		free(errors);
		return;
	}
	notify(NOTIFY_RELOADING);
	if (load(&d->options, errors, &config) == 0) {
		(void)server_reload(&d->server, config);
		config_unref(config);
	} else {
		log_errors(&d->log, errors);
		log_err(&d->log, "reload failed: everything stays as it was");
	}
	notify(NOTIFY_READY);
	free(errors);
}

/* ------------------------------------------------------------- signals -- */

static void
on_stop(evutil_socket_t signal, short what, void *arg)
{
	struct daemon *d = arg;
	struct timeval tv = {.tv_sec = DRAIN_SECONDS};

	(void)what;
	if (d->stopping) {
		server_close(&d->server); /* asked twice: at once */
		return;
	}
	d->stopping = true;
	notify(NOTIFY_STOPPING);
	log_info(&d->log, "signal %d: finishing what runs", (int)signal);
	server_drain(&d->server);
	(void)event_add(d->deadline, &tv);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	log_warn(&d->log, "closing what is left after %d s", DRAIN_SECONDS);
	server_close(&d->server);
}

/* libevent calls for each signal of a burst: what is active is not made so
 * again, so a burst is heeded once and keeps nobody from stopping us. */
static void
on_reload_signal(evutil_socket_t signal, short what, void *arg)
{
	(void)signal;
	(void)what;
	event_active(((struct daemon *)arg)->reload, EV_TIMEOUT, 1);
}

static void
on_report_signal(evutil_socket_t signal, short what, void *arg)
{
	(void)signal;
	(void)what;
	event_active(((struct daemon *)arg)->report, EV_TIMEOUT, 1);
}

static void
on_flush_signal(evutil_socket_t signal, short what, void *arg)
{
	(void)signal;
	(void)what;
	event_active(((struct daemon *)arg)->flush, EV_TIMEOUT, 1);
}

static void
on_reload(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	reload(arg);
}

static void
on_report(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	server_report(&d->server);
}

static void
on_flush(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	if (!d->stopping)
		server_flush(&d->server);
}

static void
on_day(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	if (!d->stopping)
		server_daily(&d->server);
}

static void
on_ended(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;
	eventfd_t count;

	(void)what;
	if (eventfd_read(fd, &count) == 0)
		d->ended += count;
	if (d->ended >= d->server.nworkers)
		(void)event_base_loopbreak(d->base);
}

static bool
add_event(struct daemon *d, int fd, short what, event_callback_fn fn,
    const struct timeval *tv)
{
	struct event *e = event_new(d->base, fd, what | EV_PERSIST, fn, d);

	if (e == NULL)
		return false;
	d->events[d->nevents++] = e;
	return event_add(e, tv) == 0;
}

static bool
make_events(struct daemon *d)
{
	struct timeval day = {.tv_sec = DAY_SECONDS};

	d->base = event_base_new();
	if (d->base == NULL)
		return false;
	d->deadline = event_new(d->base, -1, 0, on_deadline, d);
	d->reload = event_new(d->base, -1, 0, on_reload, d);
	d->report = event_new(d->base, -1, 0, on_report, d);
	d->flush = event_new(d->base, -1, 0, on_flush, d);
	return d->deadline != NULL && d->reload != NULL && d->report != NULL &&
	       d->flush != NULL &&
	       add_event(d, SIGTERM, EV_SIGNAL, on_stop, NULL) &&
	       add_event(d, SIGINT, EV_SIGNAL, on_stop, NULL) &&
	       add_event(d, SIGHUP, EV_SIGNAL, on_reload_signal, NULL) &&
	       add_event(d, SIGUSR1, EV_SIGNAL, on_report_signal, NULL) &&
	       add_event(d, SIGUSR2, EV_SIGNAL, on_flush_signal, NULL) &&
	       add_event(d, -1, 0, on_day, &day) &&
	       add_event(d, d->server.ended_fd, EV_READ, on_ended, NULL);
}

static void
free_events(struct daemon *d)
{
	for (size_t i = 0; i < d->nevents; i++)
		event_free(d->events[i]);
	if (d->deadline != NULL)
		event_free(d->deadline);
	if (d->reload != NULL)
		event_free(d->reload);
	if (d->report != NULL)
		event_free(d->report);
	if (d->flush != NULL)
		event_free(d->flush);
	if (d->base != NULL)
		event_base_free(d->base);
}

/* --------------------------------------------------------------- start -- */

/* GnuTLS does it by itself; nobody should find it on by accident. */
static void
warn_of_key_log(struct log *log)
{
	const char *file = getenv("SSLKEYLOGFILE");

	if (file != NULL && *file != '\0')
		log_warn(log,
		    "SSLKEYLOGFILE is set: all traffic can be read by "
		    "whoever can read %s",
		    file);
}

static int
run(struct daemon *d, struct config *config)
{
	int status = OPTIONS_EXIT_FAILURE;

	log_init(&d->log, STDERR_FILENO, config->log.level, config->log.format);
	warn_of_key_log(&d->log);
	(void)signal(SIGPIPE, SIG_IGN);
	/* What libevent gives back before all is freed: who reloads or asks
	 * for a report while we end does not kill us. */
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGUSR1, SIG_IGN);
	(void)signal(SIGUSR2, SIG_IGN);
	if (server_init(&d->server, &d->log, config,
		d->options.over.verbosity > 1) != 0)
		return status;
	if (!make_events(d)) {
		log_err(&d->log, "cannot make the main loop");
	} else if (server_start(&d->server) == 0) {
		notify(NOTIFY_READY);
		(void)event_base_dispatch(d->base);
		server_save(&d->server);
		log_info(&d->log, "stopped");
		status = OPTIONS_EXIT_OK;
	}
	free_events(d);
	server_done(&d->server);
	return status;
}

static int
print_version(void)
{
	char ngtcp2[32], gnutls[32], event[32], unbound[32];
	const char *libs[] = {ngtcp2, gnutls, event, unbound, NULL};

	(void)snprintf(
	    ngtcp2, sizeof(ngtcp2), "ngtcp2 %s", evquic_ngtcp2_version());
	(void)snprintf(
	    gnutls, sizeof(gnutls), "GnuTLS %s", evquic_gnutls_version());
	(void)snprintf(
	    event, sizeof(event), "libevent %s", event_get_version());
	(void)snprintf(
	    unbound, sizeof(unbound), "libunbound %s", recursor_version());
	options_print_version(stdout, PACKAGE_VERSION, libs);
	return OPTIONS_EXIT_OK;
}

static void
print_line(void *arg, enum log_level level, const char *line)
{
	if (level <= LOG_LEVEL_WARN)
		fprintf(arg, "%s\n", line);
}

/* Certificates, unless it is our own, which needs a state directory. */
static int
check_certs(const struct config *config, const struct certs_listener *listener,
    struct evquic_cred **ret_cred)
{
	int64_t now = (int64_t)time(NULL);
	struct evquic_cred *cred;
	int rc;

	if (config->tls.certificates.count == 0)
		return 0;
	rc = certs_load(config, NULL, now, listener, &cred);
	if (rc != 0)
		return rc;
	certs_tell_sizes(config, cred, listener);
	certs_tell_dates(config, cred, now, listener);
	*ret_cred = cred;
	return 0;
}

static int
check_recursion(
    const struct config *config, const struct certs_listener *listener)
{
	struct recursor_shared shared;
	int rc;

	recursor_shared_init(&shared);
	rc = recursor_check(&shared, config, listener);
	recursor_shared_done(&shared);
	return rc;
}

/* --check looks into the files that the configuration names, too. */
static int
check(const struct config *config)
{
	struct certs_listener listener = {print_line, stderr};
	struct evquic_cred *cred = NULL;
	struct own_facts facts = {.listen = &config->listen};
	struct own *own = NULL;
	int rc = check_certs(config, &listener, &cred);

	facts.cred = cred;
	if (rc == 0)
		rc = own_load(config, &facts, &listener, &own);
	if (rc == 0)
		rc = check_recursion(config, &listener);
	own_unref(own);
	evquic_cred_unref(cred);
	return rc == 0 ? OPTIONS_EXIT_OK : OPTIONS_EXIT_FAILURE;
}

/* Loads the configuration, then checks it or runs with it. */
static int
load_and_run(struct daemon *d)
{
	struct config_errors *errors = calloc(1, sizeof(*errors));
	struct config *config;
	int status;

	if (errors == NULL || load(&d->options, errors, &config) != 0) {
		if (errors != NULL)
			print_errors(errors);
		free(errors);
		return OPTIONS_EXIT_FAILURE;
	}
	free(errors);
	status =
	    d->options.action == OPTIONS_RUN ? run(d, config) : check(config);
	config_unref(config);
	return status;
}

/* A shell's limit is low for the sake of programs that use select(); recursion
 * needs a file for each question that is on its way. */
#define FILES_ENOUGH 65536

static void
raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
	    files.rlim_cur >= FILES_ENOUGH)
		return;
	files.rlim_cur =
	    files.rlim_max < FILES_ENOUGH ? files.rlim_max : FILES_ENOUGH;
	(void)setrlimit(RLIMIT_NOFILE, &files); /* or with what there is */
}

/* From here on memory is given back to the system when it is freed. */
#define BIG_ALLOCATION (1024 * 1024)

int
main(int argc, char **argv)
{
	struct daemon d = {.nevents = 0};
	char why[CONFIG_ERROR_LEN];

	/* Otherwise glibc learns from the first reload to keep what lists of
	 * names took up. */
	(void)mallopt(M_MMAP_THRESHOLD, BIG_ALLOCATION);
	raise_files();
	if (options_parse(argc, argv, &build, why, sizeof(why), &d.options) !=
	    0) {
		fprintf(stderr, "quolld: %s (see quolld -h)\n", why);
		return OPTIONS_EXIT_USAGE;
	}
	switch (d.options.action) {
	case OPTIONS_VERSION:
		return print_version();
	case OPTIONS_HELP:
		options_print_help(stdout);
		return OPTIONS_EXIT_OK;
	case OPTIONS_PRINT_CONFIG:
		config_print_sample(stdout);
		return OPTIONS_EXIT_OK;
	case OPTIONS_PRINT_KEYS:
		config_print_manual(stdout);
		return OPTIONS_EXIT_OK;
	case OPTIONS_PRINT_METRICS:
		metrics_page_print_manual(stdout);
		return OPTIONS_EXIT_OK;
	case OPTIONS_RUN:
	case OPTIONS_CHECK:
		break;
	}
	return load_and_run(&d);
}
