/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is the table of cases in order?  Asked by a unit test, so that a case
 * without a name is no surprise at run time.
 */
#include "tools/doqspec/raw/bytes.h"
#include "tools/doqspec/table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
	WORD_MAX = 64
};

static const struct spec_need needs[] = {
    {"name", "NAME", "--name NAME[/TYPE]", "a question that is answered"},
    {"big", "BIG", "--big NAME[/TYPE]", "an answer of 60,000 octets"},
    {"slow", "SLOW", "--slow NAME[/TYPE]", "an answer that takes 2 s"},
    {"xfr", "XFR", "--xfr ZONE", "a zone that may be transferred"},
    {"write", "WRITE", "--update ZONE", "a zone that may be updated"},
    {"dangling", "DANGLING", "--dangling MS",
	"how long a part of a query may wait"},
    {"sni", "SNI", "--sni NAME", "the name in the certificate"},
    {"ca", "CA", "--ca FILE", "a certificate to verify the server with"},
};

const struct spec_need *
spec_need_find(const char *word)
{
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (strcmp(needs[i].word, word) == 0)
			return &needs[i];
	return NULL;
}

static bool
is_name(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (!islower((unsigned char)*p) &&
		    !isdigit((unsigned char)*p) && *p != '-')
			return false;
	return *text != '\0';
}

/* Copies the word at *at and goes behind it; false at the end. */
static bool
next_word(const char **at, char word[WORD_MAX])
{
	size_t n;

	*at += strspn(*at, " \t");
	n = strcspn(*at, " \t");
	if (n == 0 || n >= WORD_MAX)
		return false;
	memcpy(word, *at, n);
	word[n] = '\0';
	*at += n;
	return true;
}

static size_t
check_needs(const struct spec_case *c, FILE *out)
{
	const char *at = c->needs;
	char word[WORD_MAX];
	size_t faults = 0;

	while (next_word(&at, word)) {
		if (spec_need_find(word) != NULL)
			continue;
		fprintf(out, "%s: needs an unknown %s\n", c->full, word);
		faults++;
	}
	return faults;
}

/* Does the case set the variable by itself? */
static bool
is_set_in(const struct spec_case *c, const char *name)
{
	char line[WORD_MAX + 8];

	snprintf(line, sizeof(line), "\nset %s ", name);
	return strstr(c->text, line) != NULL;
}

static bool
is_needed_by(const struct spec_case *c, const char *word)
{
	const char *at = c->needs;
	char one[WORD_MAX];

	while (next_word(&at, one))
		if (strcmp(one, word) == 0)
			return true;
	return false;
}

/* There always, set by the case, or among its needs. */
static bool
is_known(const struct spec_case *c, const char *name)
{
	static const char *const always[] = {"HOST", "PORT", "NAME", "TYPE",
	    "I",
	    /* of the server's transport parameters, after a handshake */
	    "STREAMS_BIDI", "STREAMS_UNI", "STREAM_DATA", "MAX_DATA", "IDLE"};
	char word[WORD_MAX];
	size_t i = 0;

	for (size_t a = 0; a < sizeof(always) / sizeof(always[0]); a++)
		if (strcmp(always[a], name) == 0)
			return true;
	for (; name[i] != '\0'; i++)
		word[i] = (char)tolower((unsigned char)name[i]);
	word[i] = '\0';
	return is_needed_by(c, word) || is_set_in(c, name);
}

static size_t
check_variables(const struct spec_case *c, FILE *out)
{
	size_t faults = 0;

	for (const char *p = c->text; (p = strchr(p, '$')) != NULL;) {
		char name[WORD_MAX];
		size_t n = 0;

		p += p[1] == '{' ? 2 : 1;
		while ((isalnum((unsigned char)p[n]) || p[n] == '_') &&
		       n + 1 < sizeof(name)) {
			name[n] = p[n];
			n++;
		}
		name[n] = '\0';
		if (is_known(c, name))
			continue;
		fprintf(out, "%s: $%s is not set\n", c->full, name);
		faults++;
	}
	return faults;
}

static size_t
check_case(const struct spec_table *table, const struct spec_case *c, FILE *out)
{
	const char *fault = NULL;

	if (!is_name(c->name))
		fault = "has no name, or one not of small letters";
	else if (spec_table_find(table, c->full) != c)
		fault = "is there twice";
	else if (!isdigit((unsigned char)c->rfc[0]))
		fault = "has no rfc, or one that is no number";
	else if (c->title[0] == '\0')
		fault = "has no title";
	if (fault != NULL)
		fprintf(out, "%s, line %u: %s\n", c->full, c->line, fault);
	return (fault != NULL) + check_needs(c, out) + check_variables(c, out);
}

size_t
spec_table_check(const struct spec_table *table, FILE *out)
{
	size_t faults = 0;

	for (size_t i = 0; i < table->count; i++)
		faults += check_case(table, &table->cases[i], out);
	return faults;
}
