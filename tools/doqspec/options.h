/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DOQSPEC_OPTIONS_H
#define DOQSPEC_OPTIONS_H

#include "tools/doqspec/doqspec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	SPEC_VARS_MAX = 16,
	SPEC_FILES_MAX = 32,
	SPEC_TEXT_MAX = 256
};

/* A variable for the scripts. */
struct spec_var {
	const char *name; /* a constant */
	char value[SPEC_TEXT_MAX];
};

struct spec_vars {
	struct spec_var at[SPEC_VARS_MAX];
	size_t count;
};

/* false when the value is too long. */
bool spec_vars_set(struct spec_vars *vars, const char *name, const char *value);
/* NULL when it is not set. */
const char *spec_vars_get(const struct spec_vars *vars, const char *name);

enum spec_colour {
	SPEC_COLOUR_AUTO,
	SPEC_COLOUR_ALWAYS,
	SPEC_COLOUR_NEVER
};

/* What the command line said.  Pointers lead into argv. */
struct spec_options {
	struct spec_vars vars;
	struct spec_url server;
	const char *url;     /* its text */
	const char *address; /* instead of the host's, or NULL */
	const char *json;    /* a file, "" for standard output, or NULL */
	const char *junit;
	const char
	    *files[SPEC_FILES_MAX]; /* of cases, instead of the built-in */
	size_t nfiles;
	char **selected; /* GROUP, GROUP/NAME or ID; none: all */
	int nselected;
	uint64_t timeout_ms;
	unsigned jobs;
	enum spec_colour colour;
	bool is_verbose, lists, wants_help;
};

/* The text for --help. */
void spec_options_help(FILE *out);

/* 0, or -EINVAL after a line on standard error. */
int spec_options_read(struct spec_options *options, int argc, char **argv);

#endif
