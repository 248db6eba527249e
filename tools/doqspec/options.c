/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of the runner.
 */
#include "tools/doqspec/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TIMEOUT_MS = 2000,
	TIMEOUT_MAX_S = 600,
	JOBS_MAX = 64
};

enum option_key {
	KEY_NAME = 256,
	KEY_TYPE,
	KEY_BIG,
	KEY_SLOW,
	KEY_XFR,
	KEY_UPDATE,
	KEY_DANGLING,
	KEY_SNI,
	KEY_CA,
	KEY_ADDRESS,
	KEY_TIMEOUT,
	KEY_JSON,
	KEY_JUNIT,
	KEY_COLOUR,
	KEY_CASES,
	KEY_LIST
};

static const struct option table[] = {
    {"name", required_argument, NULL, KEY_NAME},
    {"type", required_argument, NULL, KEY_TYPE},
    {"big", required_argument, NULL, KEY_BIG},
    {"slow", required_argument, NULL, KEY_SLOW},
    {"xfr", required_argument, NULL, KEY_XFR},
    {"update", required_argument, NULL, KEY_UPDATE},
    {"dangling", required_argument, NULL, KEY_DANGLING},
    {"sni", required_argument, NULL, KEY_SNI},
    {"ca", required_argument, NULL, KEY_CA},
    {"address", required_argument, NULL, KEY_ADDRESS},
    {"timeout", required_argument, NULL, KEY_TIMEOUT},
    {"json", optional_argument, NULL, KEY_JSON},
    {"junit", optional_argument, NULL, KEY_JUNIT},
    {"color", optional_argument, NULL, KEY_COLOUR},
    {"colour", optional_argument, NULL, KEY_COLOUR},
    {"jobs", required_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {"verbose", no_argument, NULL, 'v'},
    {"cases", required_argument, NULL, KEY_CASES},
    {"list", no_argument, NULL, KEY_LIST},
    {NULL, 0, NULL, 0},
};

/* Options that only give a variable. */
static const struct {
	int key;
	const char *variable;
} plain[] = {
    {KEY_TYPE, "TYPE"},
    {KEY_BIG, "BIG"},
    {KEY_SLOW, "SLOW"},
    {KEY_XFR, "XFR"},
    {KEY_UPDATE, "WRITE"},
    {KEY_SNI, "SNI"},
    {KEY_CA, "CA"},
};

void
spec_options_help(FILE *out)
{
	fputs("usage: doqspec [OPTION]... quic://HOST[:PORT] "
	      "[GROUP | GROUP/NAME | ID]...\n"
	      "       doqspec --list [GROUP | GROUP/NAME | ID]...\n"
	      "       doqspec show GROUP/NAME\n"
	      "       doqspec play | control ...\n"
	      "\n"
	      "  --name NAME[/TYPE]    a question that is answered "
	      "(example.com/A)\n"
	      "  --type TYPE           of that question\n"
	      "  --big NAME[/TYPE]     with an answer of 60,000 octets\n"
	      "  --slow NAME[/TYPE]    answered after 2 s or more\n"
	      "  --xfr ZONE            may be transferred\n"
	      "  --update ZONE         may be updated\n"
	      "  --dangling MS         how long a query may stay a part\n"
	      "  --address ADDRESS     instead of the host's\n"
	      "  --sni NAME            instead of the host's\n"
	      "  --ca FILE             verify the server's certificate\n"
	      "  --timeout SECONDS     for each expectation (2)\n"
	      "  -j, --jobs N          so many cases at a time (1)\n"
	      "  -v, --verbose         sent, expected and seen for all\n"
	      "  --json[=FILE]         a report for programs\n"
	      "  --junit[=FILE]        one in JUnit's XML\n"
	      "  --color[=WHEN]        always, never or auto\n"
	      "  --cases FILE          cases of your own\n",
	    out);
}

bool
spec_vars_set(struct spec_vars *vars, const char *name, const char *value)
{
	size_t i = 0;

	while (i < vars->count && strcmp(vars->at[i].name, name) != 0)
		i++;
	if (i == SPEC_VARS_MAX || strlen(value) >= SPEC_TEXT_MAX)
		return false;
	vars->at[i].name = name;
	snprintf(vars->at[i].value, SPEC_TEXT_MAX, "%s", value);
	if (i == vars->count)
		vars->count++;
	return true;
}

const char *
spec_vars_get(const struct spec_vars *vars, const char *name)
{
	for (size_t i = 0; i < vars->count; i++)
		if (strcmp(vars->at[i].name, name) == 0)
			return vars->at[i].value;
	return NULL;
}

static bool
is_number(const char *text, unsigned long most, unsigned long *ret_number)
{
	char *end;
	unsigned long number;

	if (*text < '0' || *text > '9')
		return false;
	number = strtoul(text, &end, 10);
	if (*end != '\0' || number == 0 || number > most)
		return false;
	*ret_number = number;
	return true;
}

static bool
set_name(struct spec_options *options, const char *text)
{
	char name[SPEC_TEXT_MAX];
	size_t n = strcspn(text, "/");

	if (n == 0 || n >= sizeof(name))
		return false;
	memcpy(name, text, n);
	name[n] = '\0';
	return spec_vars_set(&options->vars, "NAME", name) &&
	       (text[n] == '\0' ||
		   spec_vars_set(&options->vars, "TYPE", text + n + 1));
}

static bool
set_timeout(struct spec_options *options, const char *text)
{
	unsigned long ms;
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds > 0) ||
	    seconds > TIMEOUT_MAX_S)
		return false;
	ms = (unsigned long)(seconds * 1000);
	options->timeout_ms = ms > 0 ? ms : 1;
	return true;
}

static bool
set_colour(struct spec_options *options, const char *text)
{
	if (text == NULL || strcmp(text, "always") == 0)
		options->colour = SPEC_COLOUR_ALWAYS;
	else if (strcmp(text, "never") == 0)
		options->colour = SPEC_COLOUR_NEVER;
	else if (strcmp(text, "auto") == 0)
		options->colour = SPEC_COLOUR_AUTO;
	else
		return false;
	return true;
}

static bool
set_variable(struct spec_options *options, int key, const char *text)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (plain[i].key == key)
			return spec_vars_set(
			    &options->vars, plain[i].variable, text);
	return false;
}

static bool
take_option(struct spec_options *options, int key, const char *text)
{
	unsigned long number;

	switch (key) {
	case KEY_NAME:
		return set_name(options, text);
	case KEY_DANGLING:
		return is_number(text, TIMEOUT_MAX_S * 1000, &number) &&
		       spec_vars_set(&options->vars, "DANGLING", text);
	case KEY_ADDRESS:
		options->address = text;
		return true;
	case KEY_TIMEOUT:
		return set_timeout(options, text);
	case KEY_JSON:
		options->json = text != NULL ? text : "";
		return true;
	case KEY_JUNIT:
		options->junit = text != NULL ? text : "";
		return true;
	case KEY_COLOUR:
		return set_colour(options, text);
	case 'j':
		if (!is_number(text, JOBS_MAX, &number))
			return false;
		options->jobs = (unsigned)number;
		return true;
	case 'v':
		options->is_verbose = true;
		return true;
	case 'h':
		options->wants_help = true;
		return true;
	case KEY_CASES:
		if (options->nfiles == SPEC_FILES_MAX)
			return false;
		options->files[options->nfiles++] = text;
		return true;
	case KEY_LIST:
		options->lists = true;
		return true;
	default:
		return set_variable(options, key, text);
	}
}

static void
set_defaults(struct spec_options *options)
{
	*options = (struct spec_options){.timeout_ms = TIMEOUT_MS, .jobs = 1};
	(void)spec_vars_set(&options->vars, "NAME", "example.com");
	(void)spec_vars_set(&options->vars, "TYPE", "A");
}

/* A name is what certificates are for; an address is no SNI (RFC 6066 3). */
static bool
is_address(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET, host, &address) == 1 ||
	       inet_pton(AF_INET6, host, &address) == 1;
}

static int
take_url(struct spec_options *options)
{
	if (spec_url_read(options->url, &options->server) != 0) {
		fprintf(stderr,
		    "doqspec: %s is not of the form quic://HOST[:PORT]\n",
		    options->url);
		return -EINVAL;
	}
	if (spec_vars_get(&options->vars, "SNI") == NULL &&
	    !is_address(options->server.host))
		(void)spec_vars_set(
		    &options->vars, "SNI", options->server.host);
	return 0;
}

int
spec_options_read(struct spec_options *options, int argc, char **argv)
{
	int key;

	set_defaults(options);
	while ((key = getopt_long(argc, argv, "hj:v", table, NULL)) != -1) {
		if (key == '?')
			return -EINVAL;
		if (take_option(options, key, optarg))
			continue;
		fprintf(stderr, "doqspec: %s: not a good value: %s\n",
		    argv[optind - 1], optarg != NULL ? optarg : "");
		return -EINVAL;
	}
	if (options->wants_help)
		return 0;
	if (options->lists) {
		options->selected = argv + optind;
		options->nselected = argc - optind;
		return 0;
	}
	if (optind == argc) {
		fputs("doqspec: which server? quic://HOST[:PORT], or --help\n",
		    stderr);
		return -EINVAL;
	}
	options->url = argv[optind];
	options->selected = argv + optind + 1;
	options->nselected = argc - optind - 1;
	return take_url(options);
}
