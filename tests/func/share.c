/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two applications on one port: the echo of examples/echo.c, as it stands, and
 * DNS over QUIC, as quolld has it.  ALPN alone decides.
 *
 *	share CERT KEY		serves on 127.0.0.1, prints the port
 */
int echo_main(int argc, char **argv);
#define main echo_main
#include "examples/echo.c"
#undef main

#include <signal.h>
#include <unistd.h>

#include "resolver/door.h"
#include "resolver/front/doq.h"
#include "resolver/peers.h"
#include "resolver/worker.h"

static const struct config_build no_upstream = {
    .listen_schemes = CONFIG_SCHEME_BIT(CONFIG_QUIC),
};

static struct worker *
make_worker(struct log *log)
{
	struct config_errors *errors = calloc(1, sizeof(*errors));
	struct config *config = NULL;
	struct worker *w;

	if (errors == NULL ||
	    config_load(NULL, &no_upstream, NULL, errors, &config) != 0)
		fail("no configuration");
	free(errors);
	w = worker_new(0, log, config, false);
	if (w == NULL)
		fail("no worker");
	config_unref(config);
	w->peers = peers_new();
	return w;
}

static struct evquic_service *
make_service(char **file)
{
	struct evquic_offer offers[] = {{.app = &doq_app}, {.app = &echo}};
	struct evquic_service_options options = {.size = sizeof(options),
	    .cred = evquic_cred_new(),
	    .offers = offers,
	    .noffers = 2,
	    .door = &client_door};
	struct evquic_service *service;
	char why[EVQUIC_WHY_SIZE];

	if (evquic_cred_add_files(
		options.cred, file[0], file[1], why, sizeof(why)) != 0)
		fail(why);
	service = evquic_service_new(&options);
	evquic_cred_unref(options.cred);
	return service;
}

static void
on_term(evutil_socket_t fd, short what, void *base)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(base);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	struct sockaddr_storage bound;
	struct evquic_endpoint *endpoint;
	struct evquic_service *service;
	struct worker *worker;
	struct event *term;
	struct log log;

	if (argc != 3)
		fail("CERT KEY");
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	log_init(&log, STDERR_FILENO, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	worker = make_worker(&log);
	endpoint = evquic_endpoint_new(&worker->quic, 1);
	if (evquic_endpoint_listen(endpoint, (const void *)&addr, &bound) != 0)
		fail("no port");
	service = make_service(argv + 1);
	evquic_endpoint_serve(endpoint, 0, service);
	evquic_service_unref(service);
	term = evsignal_new(worker->base, SIGTERM, on_term, worker->base);
	event_add(term, NULL);
	printf("%d\n", ntohs(((struct sockaddr_in *)(void *)&bound)->sin_port));
	fflush(stdout);
	event_base_dispatch(worker->base);
	event_free(term);
	evquic_endpoint_free(endpoint);
	peers_free(worker->peers);
	worker_free(worker);
	return 0;
}
