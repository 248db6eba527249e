/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is there a server at all?  Asked before the first case, so that a wrong
 * address is one line and not a failure of everything.
 */
#include "tools/doqspec/child.h"
#include "tools/doqspec/run.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TRIES = 3
};

static bool
is_answering(const struct spec_options *options, char *seen, size_t size)
{
	struct raw_script script;
	bool is_good;

	spec_child_prepare(&script, options);
	is_good = raw_script_control(&script);
	snprintf(seen, size, "%s", script.seen);
	raw_script_done(&script);
	return is_good;
}

static struct addrinfo *
find_addresses(const struct spec_options *options)
{
	const char *host =
	    options->address != NULL ? options->address : options->server.host;
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *list = NULL;
	int rc = getaddrinfo(host, options->server.port, &hints, &list);

	if (rc == 0)
		return list;
	fprintf(stderr, "doqspec: %s: %s\n", host, gai_strerror(rc));
	return NULL;
}

bool
spec_run_probe(struct spec_options *options)
{
	struct addrinfo *list = find_addresses(options);
	char host[SPEC_TEXT_MAX] = "";
	char seen[RAW_SEEN_TEXT] = "no address";
	bool is_good = false;

	if (list == NULL)
		return false;
	for (struct addrinfo *a = list; a != NULL && !is_good; a = a->ai_next) {
		if (getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof(host),
			NULL, 0, NI_NUMERICHOST) != 0)
			continue;
		(void)spec_vars_set(&options->vars, "HOST", host);
		(void)spec_vars_set(
		    &options->vars, "PORT", options->server.port);
		is_good = is_answering(options, seen, sizeof(seen));
	}
	freeaddrinfo(list);
	if (!is_good)
		fprintf(stderr,
		    "doqspec: %s, address %s: %s/%s is not answered: %s\n",
		    options->url, host, spec_vars_get(&options->vars, "NAME"),
		    spec_vars_get(&options->vars, "TYPE"), seen);
	return is_good;
}

bool
spec_run_is_there(const struct spec_options *options)
{
	char seen[RAW_SEEN_TEXT];
	uint64_t until = raw_now();

	for (int i = 0; i < TRIES; i++) {
		/* Nobody listens is known at once; who comes back needs time.
		 */
		until += options->timeout_ms * RAW_MS;
		if (is_answering(options, seen, sizeof(seen)))
			return true;
		raw_loop_run(&(struct raw_loop){0}, until);
	}
	fprintf(
	    stderr, "doqspec: %s no longer answers: %s\n", options->url, seen);
	return false;
}
