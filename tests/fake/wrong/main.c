/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrongdoq [-p PORT] [-m MUTANT]... [--dangling MS] [--idle MS]
 *          [--handshake MS] [--slow MS] [--ca FILE] [--retry] [--no-early]
 *          [-L]
 */
#include "tests/fake/wrong/wrong.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	DANGLING_MS = 10000,
	IDLE_MS = 30000,
	HANDSHAKE_MS = 10000,
	SLOW_MS = 2000,
	DNS_PORT = 53
};

static void
usage(void)
{
	fputs(
	    "usage: wrongdoq [-L] [-p PORT] [-m MUTANT]... [--dangling MS]\n"
	    "           [--idle MS] [--handshake MS] [--slow MS] [--ca FILE]\n"
	    "           [--retry] [--no-early]\n",
	    stderr);
	exit(RAW_EXIT_TROUBLE);
}

/* Those about Retry and tokens need one that is sent. */
static bool
is_about_retry(const char *name)
{
	return strncmp(name, "retry-", 6) == 0 ||
	       strncmp(name, "token-", 6) == 0 ||
	       strcmp(name, "param-no-retry") == 0;
}

static void
set_mutant(struct wrong_server *server, const char *name)
{
	int mutant = wrong_mutant_find(name);

	if (mutant < 0)
		raw_fatal("no mutant %s; -L lists them", name);
	server->mutants[mutant] = true;
	if (mutant == WRONG_PORT_53)
		server->options.port = DNS_PORT;
	if (is_about_retry(name))
		server->options.always_retry = true;
}

static void
set_option(struct wrong_server *server, int option, const char *arg)
{
	struct wrong_options *o = &server->options;

	switch (option) {
	case 'L':
		wrong_mutants_list();
		exit(0);
	case 'p':
		o->port = (uint16_t)strtoul(arg, NULL, 10);
		break;
	case 'm':
		set_mutant(server, arg);
		break;
	case 'd':
		o->dangling_ms = strtoul(arg, NULL, 10);
		break;
	case 'i':
		o->idle_ms = strtoul(arg, NULL, 10);
		break;
	case 'h':
		o->handshake_ms = strtoul(arg, NULL, 10);
		break;
	case 's':
		o->slow_ms = strtoul(arg, NULL, 10);
		break;
	case 'c':
		o->ca = arg;
		break;
	case 'r':
		o->always_retry = true;
		break;
	case 'n':
		o->no_early = true;
		break;
	default:
		usage();
	}
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"dangling", required_argument, NULL, 'd'},
	    {"idle", required_argument, NULL, 'i'},
	    {"handshake", required_argument, NULL, 'h'},
	    {"slow", required_argument, NULL, 's'},
	    {"ca", required_argument, NULL, 'c'},
	    {"retry", no_argument, NULL, 'r'},
	    {"no-early", no_argument, NULL, 'n'}, {NULL, 0, NULL, 0}};
	struct wrong_server server = {.options = {.dangling_ms = DANGLING_MS,
					  .idle_ms = IDLE_MS,
					  .handshake_ms = HANDSHAKE_MS,
					  .slow_ms = SLOW_MS}};
	int option;

	while ((option = getopt_long(argc, argv, "Lp:m:", options, NULL)) != -1)
		set_option(&server, option, optarg);
	if (optind != argc)
		usage();
	wrong_server_init(&server);
	printf("serving 127.0.0.1:%u\n", ntohs(server.local.sin_port));
	fflush(stdout);
	wrong_server_run(&server);
	wrong_tls_done(&server);
	raw_buf_done(&server.last_token);
	close(server.signals);
	close(server.fd);
	return 0;
}
