/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The grammar of one line:
 *
 *	NAME{LABEL="VALUE",...} NUMBER
 *
 * Only values of labels can come from outside; of their octets, backslash,
 * quote and newline have a meaning there and are escaped as the format says.
 */
#include "resolver/ops/exposition.h"

#include <assert.h>
#include <event2/buffer.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes what one octet becomes, NUL-ended; returns its length. */
static size_t
escape_octet(unsigned char c, char ret[EXPOSITION_OCTET + 1])
{
	const size_t size = EXPOSITION_OCTET + 1;
	int len;

	if (c == '\n')
		len = snprintf(ret, size, "\\n");
	else if (c == '"' || c == '\\')
		len = snprintf(ret, size, "\\%c", c);
	else if (c < ' ' || c > '~')
		/* Two, for one backslash of the value. */
		len = snprintf(ret, size, "\\\\x%02x", c);
	else
		len = snprintf(ret, size, "%c", c);
	return (size_t)len;
}

void
exposition_escape(const char *text, char *ret_text)
{
	char one[EXPOSITION_OCTET + 1];

	for (; *text != '\0'; text++) {
		size_t len = escape_octet((unsigned char)*text, one);

		memcpy(ret_text, one, len);
		ret_text += len;
	}
	*ret_text = '\0';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool
exposition_name_is_valid(const char *name, bool is_label)
{
	if (!is_letter(name[0]))
		return false;
	/* Theirs: labels with two underscores, those of histograms. */
	if (is_label &&
	    (strncmp(name, "__", 2) == 0 || strcmp(name, "quantile") == 0))
		return false;
	for (name++; *name != '\0'; name++)
		if (!is_letter(*name) && (*name < '0' || *name > '9'))
			return false;
	return true;
}

static void __attribute__((format(printf, 2, 0)))
add_text(struct exposition *e, const char *fmt, va_list args)
{
	if (evbuffer_add_vprintf(e->out, fmt, args) < 0)
		e->failed = true;
}

static void __attribute__((format(printf, 2, 3)))
add(struct exposition *e, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_text(e, fmt, args);
	va_end(args);
}

void
exposition_family(struct exposition *e, const char *name,
    enum exposition_type type, const char *help)
{
	static const char *const words[] = {
	    [EXPOSITION_COUNTER] = "counter",
	    [EXPOSITION_GAUGE] = "gauge",
	};

	assert(exposition_name_is_valid(name, false));
	assert(strpbrk(help, "\\\n") == NULL);
	add(e, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, words[type]);
}

static void
add_label(
    struct exposition *e, const struct exposition_label *label, bool is_first)
{
	char *value = malloc(EXPOSITION_ESCAPED(strlen(label->value)));

	assert(exposition_name_is_valid(label->name, true));
	if (value == NULL) {
		e->failed = true;
		return;
	}
	exposition_escape(label->value, value);
	add(e, "%c%s=\"%s\"", is_first ? '{' : ',', label->name, value);
	free(value);
}

void
exposition_sample(struct exposition *e, const char *name,
    const struct exposition_label *labels, size_t nlabels, const char *fmt, ...)
{
	va_list args;

	add(e, "%s", name);
	for (size_t i = 0; i < nlabels; i++)
		add_label(e, &labels[i], i == 0);
	add(e, nlabels > 0 ? "} " : " ");
	va_start(args, fmt);
	add_text(e, fmt, args);
	va_end(args);
	add(e, "\n");
}
