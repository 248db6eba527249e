/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line: getopt_long, and checks of each value on the spot, so that
 * a wrong one is a usage error with one line. Nothing is printed but by the two
 * functions that are there to print, and nothing exits.
 */
#include "resolver/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "resolver/config_parse.h"

/* Long options without a letter. */
enum {
	OPTION_CERT = 256,
	OPTION_KEY,
	OPTION_STATE,
	OPTION_CHECK,
	OPTION_PRINT_CONFIG,
	OPTION_PRINT_KEYS,
	OPTION_PRINT_METRICS,
};

/* "+" stops at the first word that is no option, ":" keeps getopt quiet. */
static const char letters[] = "+:c:l:u:w:vVh";

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"listen", required_argument, NULL, 'l'},
    {"upstream", required_argument, NULL, 'u'},
    {"cert", required_argument, NULL, OPTION_CERT},
    {"key", required_argument, NULL, OPTION_KEY},
    {"workers", required_argument, NULL, 'w'},
    {"state", required_argument, NULL, OPTION_STATE},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"print-config", no_argument, NULL, OPTION_PRINT_CONFIG},
    {"print-keys", no_argument, NULL, OPTION_PRINT_KEYS},
    {"print-metrics", no_argument, NULL, OPTION_PRINT_METRICS},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* The command line being read. */
struct reader {
	const struct config_build *build;
	struct options options;
	char *why;
	size_t whylen;
	bool is_done; /* -V or -h: the rest does not matter */
};

static int __attribute__((format(printf, 2, 3)))
fail(struct reader *reader, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(reader->why, reader->whylen, fmt, args);
	va_end(args);
	return -EINVAL;
}

static int
add_listen(struct reader *reader, const char *url)
{
	struct config_override *over = &reader->options.over;
	char what[CONFIG_ERROR_LEN];

	if (config_url_check(url, true, reader->build, what, sizeof(what)) != 0)
		return fail(reader, "-l %s", what);
	if (over->listen_count == CONFIG_URLS_MAX)
		return fail(reader, "more than %d times -l", CONFIG_URLS_MAX);
	over->listen[over->listen_count++] = url;
	return 0;
}

static int
add_upstream(struct reader *reader, const char *url)
{
	struct config_override *over = &reader->options.over;
	const struct config_key *key = config_key_find("upstream.servers");
	char what[CONFIG_ERROR_LEN];

	if (config_url_check(url, false, reader->build, what, sizeof(what)) !=
	    0)
		return fail(reader, "-u %s", what);
	if (over->upstream_count == key->max)
		return fail(reader, "more than %d times -u", (int)key->max);
	over->upstream[over->upstream_count++] = url;
	return 0;
}

static int
set_workers(struct reader *reader, const char *text)
{
	const struct config_key *key = config_key_find("workers");
	uint64_t workers;

	if (config_number_parse(text, 1, key->max, &workers) != 0)
		return fail(reader, "-w \"%s\" is no number from 1 to %d", text,
		    (int)key->max);
	reader->options.over.workers = (uint32_t)workers;
	return 0;
}

/* A file or directory; the last one counts. */
static int
set_path(struct reader *reader, const char *option, const char **ret_path)
{
	if (optarg[0] == '\0')
		return fail(reader, "%s needs a path", option);
	*ret_path = optarg;
	return 0;
}

static void
set_action(struct reader *reader, enum options_action action)
{
	reader->options.action = action;
	reader->is_done = action != OPTIONS_CHECK;
}

static int
refuse(struct reader *reader, int option, const char *word)
{
	if (option == ':')
		return fail(reader, "%s needs a value", word);
	if (optopt != 0 && word[0] == '-' && word[1] != '-')
		return fail(reader, "unknown option -%c", optopt);
	return fail(reader, "unknown option %s", word);
}

static int
read_option(struct reader *reader, int option, const char *word)
{
	struct config_override *over = &reader->options.over;

	switch (option) {
	case 'c':
		return set_path(reader, "-c", &reader->options.config_file);
	case 'l':
		return add_listen(reader, optarg);
	case 'u':
		return add_upstream(reader, optarg);
	case 'w':
		return set_workers(reader, optarg);
	case OPTION_CERT:
		return set_path(reader, "--cert", &over->cert);
	case OPTION_KEY:
		return set_path(reader, "--key", &over->key);
	case OPTION_STATE:
		return set_path(reader, "--state", &over->state);
	case OPTION_CHECK:
		set_action(reader, OPTIONS_CHECK);
		return 0;
	case OPTION_PRINT_CONFIG:
		set_action(reader, OPTIONS_PRINT_CONFIG);
		return 0;
	case OPTION_PRINT_KEYS:
		set_action(reader, OPTIONS_PRINT_KEYS);
		return 0;
	case OPTION_PRINT_METRICS:
		set_action(reader, OPTIONS_PRINT_METRICS);
		return 0;
	case 'v':
		over->verbosity++;
		return 0;
	case 'V':
		set_action(reader, OPTIONS_VERSION);
		return 0;
	case 'h':
		set_action(reader, OPTIONS_HELP);
		return 0;
	default:
		return refuse(reader, option, word);
	}
}

static int
check_options(struct reader *reader)
{
	const struct config_override *over = &reader->options.over;
	size_t i;

	if ((over->cert == NULL) != (over->key == NULL))
		return fail(reader, "--cert and --key need each other");
	for (i = 0; i < over->upstream_count && over->upstream_count > 1; i++) {
		if (strcmp(over->upstream[i], "recursive") == 0)
			return fail(reader,
			    "-u recursive cannot be mixed with servers");
	}
	return 0;
}

int
options_parse(int argc, char *const *argv, const struct config_build *build,
    char *why, size_t whylen, struct options *ret_options)
{
	struct reader reader = {.build = build, .why = why, .whylen = whylen};
	int option;
	int word;
	int rc;

	optind = 0; /* getopt's own state: begin anew */
	while (!reader.is_done) {
		word = optind > 0 ? optind : 1;
		option = getopt_long(argc, argv, letters, long_options, NULL);
		if (option == -1)
			break;
		rc = read_option(&reader, option, argv[word]);
		if (rc != 0)
			return rc;
	}
	if (!reader.is_done && optind < argc)
		return fail(&reader, "unexpected word \"%s\"", argv[optind]);
	rc = reader.is_done ? 0 : check_options(&reader);
	if (rc == 0)
		*ret_options = reader.options;
	return rc;
}

void
options_print_help(FILE *out)
{
	(void)fputs(
	    "usage: quolld [-c FILE] [-l URL]... [-u URL]... [--cert FILE "
	    "--key FILE]\n"
	    "              [-w N] [--state DIR] [--check] [-v] [-V] [-h]\n"
	    "\n"
	    "DNS over QUIC resolver. Runs in the foreground, logs to standard "
	    "error.\n"
	    "\n"
	    "  -c, --config FILE   read this file, see quolld.yaml(5)\n"
	    "  -l, --listen URL    serve there, instead of the file's list:\n"
	    "                      quic://ADDRESS[:PORT]\n"
	    "  -u, --upstream URL  ask this server, instead of the file's "
	    "list:\n"
	    "                      udp://ADDRESS[:PORT] or tcp://...\n"
	    "      --cert FILE     certificate and chain, PEM\n"
	    "      --key FILE      its private key, PEM\n"
	    "  -w, --workers N     threads that serve\n"
	    "      --state DIR     where the secret and the self-made "
	    "certificate are\n"
	    "      --check         check the configuration, print what is "
	    "wrong, exit\n"
	    "      --print-config  print the sample configuration, exit\n"
	    "  -v, --verbose       log at level debug; twice: what QUIC does, "
	    "too\n"
	    "  -V, --version       print versions, exit\n"
	    "  -h, --help          print this, exit\n",
	    out);
}

void
options_print_version(FILE *out, const char *version, const char *const *libs)
{
	(void)fprintf(out, "quolld %s\n", version);
	for (; *libs != NULL; libs++)
		(void)fprintf(out, "%s\n", *libs);
}

int
options_load(const struct options *options, const char *default_file,
    const struct config_build *build, struct config_errors *errors,
    const char **ret_file, struct config **ret_config)
{
	const char *file = options->config_file;

	/* A file that is there but cannot be read is an error, not absent. */
	if (file == NULL &&
	    (access(default_file, F_OK) == 0 || errno != ENOENT))
		file = default_file;
	*ret_file = file;
	return config_load(file, build, &options->over, errors, ret_config);
}
