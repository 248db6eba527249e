/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of options as text for people: the commented etc/quolld.yaml, and
 * the list of keys in quolld.yaml(5). Both are checked in, and a test compares
 * them with what is printed here.
 *
 * In the sample, a line whose "#" has no blank after it is a setting; without
 * its "#" it takes effect. All of them together are a valid file.
 */
#include <stdio.h>
#include <string.h>

#include "resolver/config_parse.h"

#define INDENT 2
#define AMOUNT_LEN 24

/* Where a row stands in the sample. */
struct place {
	int indent;
	const char *mark; /* "- " for the first key of a record */
};

static void
print_comment(FILE *out, int indent, const char *text)
{
	size_t len;

	while (*text != '\0') {
		len = strcspn(text, "\n");
		(void)fprintf(out, "%*s# %.*s\n", indent, "", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static const char *
sample_of(const struct config_key *key)
{
	return key->example != NULL ? key->example : key->initial;
}

/* One item a line, so that addresses with colons need no quotes. */
static void
print_items(
    FILE *out, int indent, const struct config_key *key, const char *items)
{
	/* A record has blanks inside. */
	const char *ends = key->type == CONFIG_TYPE_RECORDS ? "" : " ";
	size_t len;
	size_t name;

	while (*items != '\0') {
		len = strcspn(items, ends);
		/* NAME:VALUE is written in the table without the blank. */
		name = key->type == CONFIG_TYPE_OPTIONS
			   ? strcspn(items, ":") + 1
			   : len;
		(void)fprintf(out, "%*s#- %.*s%s%.*s\n", indent, "", (int)name,
		    items, name < len ? " " : "", (int)(len - name),
		    items + name);
		items += len + strspn(items + len, " ");
	}
}

static void
print_setting(FILE *out, const struct config_key *key, struct place at)
{
	int indent = at.indent + (int)strlen(at.mark);
	const char *name = config_key_name(key);
	const char *sample = sample_of(key);

	if (key->type == CONFIG_TYPE_SECTION)
		(void)fprintf(out, "%*s#%s:\n", at.indent, "", name);
	else if (sample == NULL && config_type_has_records(key->type))
		(void)fprintf(out, "%*s#%s:\n", at.indent, "", name);
	else if (sample == NULL)
		return;
	else if (!config_type_is_list(key->type))
		(void)fprintf(out, "%*s#%s%s: %s\n", at.indent, "", at.mark,
		    name, sample);
	else {
		(void)fprintf(out, "%*s#%s%s:\n", at.indent, "", at.mark, name);
		print_items(out, indent + INDENT, key, sample);
	}
}

static struct place
place_of(const struct config_key *key)
{
	struct place at = {.mark = ""};
	const char *dot = key->path;

	while ((dot = strchr(dot, '.')) != NULL) {
		at.indent += INDENT;
		dot++;
	}
	if (strchr(key->path, '[') == NULL)
		return at;
	if (strchr(key[-1].path, '[') == NULL)
		at.mark = "- ";
	else
		at.indent += INDENT;
	return at;
}

void
config_print_sample(FILE *out)
{
	const struct config_key *key;
	struct place at;

	print_comment(out, 0,
	    "Configuration of quolld, see quolld.yaml(5). Printed by\n"
	    "\"quolld --print-config\". Lines with \"#\" and no blank after it "
	    "are\nsettings: their defaults, or examples where there is no "
	    "default.\nDurations: 500ms, 30s, 5m, 2h, 1d. Sizes: 64K, 1M, 1G.\n"
	    "Remove only the \"#\" of a line, and those of its sections.");
	for (size_t i = 0; (key = config_key_at(i)) != NULL; i++) {
		at = place_of(key);
		if (strchr(key->path, '[') == NULL || at.mark[0] != '\0')
			(void)fputc('\n', out);
		print_comment(out, at.indent, key->help);
		print_setting(out, key, at);
	}
}

static const char *
type_name(enum config_type type)
{
	switch (type) {
	case CONFIG_TYPE_COUNT:
		return "number";
	case CONFIG_TYPE_DURATION:
		return "duration";
	case CONFIG_TYPE_SIZE:
		return "size";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_CHOICE:
		return "one of these words";
	case CONFIG_TYPE_TEXT:
		return "text";
	case CONFIG_TYPE_UPSTREAM:
		return "URL";
	case CONFIG_TYPE_ADDRESS:
		return "address and port";
	case CONFIG_TYPE_NAT64:
		return "IPv6 prefix";
	case CONFIG_TYPE_LISTENS:
		return "list of URLs";
	case CONFIG_TYPE_SERVERS:
		return "list of servers";
	case CONFIG_TYPE_CERTS:
		return "list of certificates";
	case CONFIG_TYPE_STUBS:
		return "list of zones";
	case CONFIG_TYPE_OPTIONS:
		return "names with values";
	case CONFIG_TYPE_ADDRS:
		return "list of addresses";
	case CONFIG_TYPE_PINS:
		return "list of pins";
	case CONFIG_TYPE_RECORDS:
		return "list of records";
	case CONFIG_TYPE_FILES:
		return "list of files";
	case CONFIG_TYPE_LISTS:
		return "list of lists of names";
	case CONFIG_TYPE_PORTS:
		return "list of ports or ranges of ports";
	case CONFIG_TYPE_PREFIXES:
		return "list of prefixes";
	case CONFIG_TYPE_ZONES:
		return "list of zones";
	case CONFIG_TYPE_NAMES:
		return "list of names";
	case CONFIG_TYPE_SECTION:
		break;
	}
	return "section";
}

static void
print_choices(FILE *out, const struct config_key *key)
{
	size_t i;

	for (i = 0; key->choices[i] != NULL; i++)
		(void)fprintf(
		    out, "%s%s", i > 0 ? ", " : ": ", key->choices[i]);
}

/* "(duration, 1s to 1h, default 30s)" */
static void
print_facts(FILE *out, const struct config_key *key)
{
	char min[AMOUNT_LEN];
	char max[AMOUNT_LEN];

	(void)fprintf(out, "(%s", type_name(key->type));
	print_choices(out, key);
	if (key->type == CONFIG_TYPE_COUNT ||
	    key->type == CONFIG_TYPE_DURATION ||
	    key->type == CONFIG_TYPE_SIZE) {
		config_amount_format(key->type, key->min, min);
		config_amount_format(key->type, key->max, max);
		(void)fprintf(out, ", %s to %s", min, max);
	}
	if (key->initial != NULL)
		(void)fprintf(out, "; default: %s", key->initial);
	if (key->is_restart)
		(void)fputs("; changes need a restart", out);
	(void)fputs(")\n", out);
}

/* mdoc wants each sentence to begin a line. */
static void
print_sentences(FILE *out, const char *text)
{
	bool is_end = false;

	for (; *text != '\0'; text++) {
		if (*text == '\n' || (*text == ' ' && is_end))
			(void)fputc(is_end ? '\n' : ' ', out);
		else
			(void)fputc(*text, out);
		is_end = *text == '.';
	}
	(void)fputc('\n', out);
}

void
config_print_manual(FILE *out)
{
	const struct config_key *key;

	(void)fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; (key = config_key_at(i)) != NULL; i++) {
		(void)fprintf(out, ".It Cm %s\n", key->path);
		if (key->type != CONFIG_TYPE_SECTION) {
			print_facts(out, key);
			(void)fputs(".br\n", out);
		}
		print_sentences(out, key->help);
		if (key->type == CONFIG_TYPE_OPTIONS)
			config_options_print(out);
	}
	(void)fputs(".El\n", out);
}
