/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line of a script into words, and the variables in it.
 */
#include "tools/doqspec/raw/script.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	OCTET_DIGITS = 2
};

void
raw_script_set(struct raw_script *script, const char *name, const char *value)
{
	for (size_t i = 0; i < script->nvars; i++) {
		if (strcmp(script->vars[i].name, name) != 0)
			continue;
		free(script->vars[i].value);
		script->vars[i].value = raw_strdup(value);
		return;
	}
	if (script->nvars == RAW_VARS_MAX)
		raw_fatal("too many variables");
	script->vars[script->nvars].name = raw_strdup(name);
	script->vars[script->nvars++].value = raw_strdup(value);
}

void
raw_script_give(struct raw_script *script, const char *name, const char *value)
{
	raw_script_set(script, name, value);
	for (size_t i = 0; i < script->nvars; i++)
		if (strcmp(script->vars[i].name, name) == 0)
			script->vars[i].is_given = true;
}

const char *
raw_script_get(const struct raw_script *script, const char *name)
{
	for (size_t i = 0; i < script->nvars; i++)
		if (strcmp(script->vars[i].name, name) == 0)
			return script->vars[i].value;
	return NULL;
}

/* xHH; a word cannot hold an octet 0. */
static bool
is_octet(const char *name)
{
	return name[0] == 'x' && strlen(name) == 1 + OCTET_DIGITS &&
	       strcmp(name, "x00") != 0;
}

static int
expand_variable(struct raw_script *script, const char **at, struct raw_buf *out)
{
	const char *p = *at + 1;
	bool has_brace = *p == '{';
	char name[64];
	size_t n = 0;
	const char *value;

	if (has_brace)
		p++;
	while (
	    (isalnum((unsigned char)*p) || *p == '_') && n + 1 < sizeof(name))
		name[n++] = *p++;
	name[n] = '\0';
	if (has_brace && *p++ != '}')
		return -EINVAL;
	value = raw_script_get(script, name);
	if (value == NULL && has_brace && is_octet(name)) {
		*at = p;
		return raw_buf_hex(out, name + 1, OCTET_DIGITS);
	}
	if (value == NULL)
		return -EINVAL;
	raw_buf_add(out, value, strlen(value));
	*at = p;
	return 0;
}

static int
read_word(struct raw_script *script, const char **at, struct raw_buf *out)
{
	char quote = '\0';
	const char *p = *at;

	while (*p != '\0' && (quote != '\0' || !isspace((unsigned char)*p))) {
		if (quote != '\0' && *p == quote) {
			quote = '\0';
			p++;
		} else if (quote == '\0' && (*p == '\'' || *p == '"')) {
			quote = *p++;
		} else if (*p == '$' && quote != '\'') {
			if (expand_variable(script, &p, out) != 0)
				return -EINVAL;
		} else {
			raw_buf_u8(out, (unsigned char)*p++);
		}
	}
	raw_buf_u8(out, 0);
	*at = p;
	return quote == '\0' ? 0 : -EINVAL;
}

void
raw_words_done(struct raw_words *words)
{
	for (int i = 0; i < words->count; i++)
		free(words->at[i]);
	words->count = 0;
}

int
raw_words_split(
    struct raw_script *script, const char *line, struct raw_words *words)
{
	words->count = 0;
	for (;;) {
		struct raw_buf word = {0};

		while (isspace((unsigned char)*line))
			line++;
		if (*line == '\0' || *line == '#')
			return 0;
		if (words->count == RAW_WORDS_MAX ||
		    read_word(script, &line, &word) != 0) {
			raw_buf_done(&word);
			raw_words_done(words);
			return -EINVAL;
		}
		words->at[words->count++] = (char *)word.data;
	}
}
