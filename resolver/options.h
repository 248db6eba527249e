/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of quolld.
 */
#ifndef QUOLL_RESOLVER_OPTIONS_H
#define QUOLL_RESOLVER_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

#include "resolver/config.h"

/* What is wanted. */
enum options_action {
	OPTIONS_RUN,
	OPTIONS_CHECK,
	OPTIONS_VERSION,
	OPTIONS_HELP,
	OPTIONS_PRINT_CONFIG,  /* --print-config: etc/quolld.yaml */
	OPTIONS_PRINT_KEYS,    /* --print-keys: the list for the manual */
	OPTIONS_PRINT_METRICS, /* --print-metrics: the same of metrics */
};

/* Exit codes, quolld(8). */
enum {
	OPTIONS_EXIT_OK = 0,
	OPTIONS_EXIT_FAILURE = 1,
	OPTIONS_EXIT_USAGE = 2,
};

/* All strings point into argv. */
struct options {
	enum options_action action;
	const char *config_file; /* NULL: -c was not given */
	struct config_override over;
};

/*
 * Reads the command line. Returns 0, or -EINVAL with one line in `why` (no
 * newline, no program name) and *ret_options untouched; the caller prints it
 * with a hint at -h and exits with OPTIONS_EXIT_USAGE. argv is not changed and
 * must outlive *ret_options. -V and -h win over everything after them.
 */
int options_parse(int argc, char *const *argv, const struct config_build *build,
    char *why, size_t whylen, struct options *ret_options);

/* Prints the text of -h. */
void options_print_help(FILE *out);

/*
 * Prints the text of -V: `quolld VERSION`, then one line for each of `libs`,
 * such as "ngtcp2 1.11.0"; the list ends with NULL.
 */
void options_print_version(
    FILE *out, const char *version, const char *const *libs);

/*
 * Loads the configuration that the options ask for: -c FILE; without it
 * `default_file` if that exists; otherwise the built-in defaults. A reload
 * calls it again. *ret_file is the file that was read or NULL; it is set also
 * when loading fails. Returns and errors as config_load.
 */
int options_load(const struct options *options, const char *default_file,
    const struct config_build *build, struct config_errors *errors,
    const char **ret_file, struct config **ret_config);

#endif
