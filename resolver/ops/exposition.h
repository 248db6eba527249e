/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text format of Prometheus, version 0.0.4: families of samples, one line
 * each.  Whatever the text of a label is, what is written is ASCII and keeps
 * the grammar.
 */
#ifndef RESOLVER_OPS_EXPOSITION_H
#define RESOLVER_OPS_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>

struct evbuffer;

enum exposition_type {
	EXPOSITION_COUNTER,
	EXPOSITION_GAUGE,
};

/* One page in the making.  `failed`: memory was short, throw it away. */
struct exposition {
	struct evbuffer *out;
	bool failed;
};

/* A label; the name is ours, the value may be anybody's. */
struct exposition_label {
	const char *name;
	const char *value;
};

/* What a label's text may become: five octets for one, and an end. */
#define EXPOSITION_OCTET 5
#define EXPOSITION_ESCAPED(len) (EXPOSITION_OCTET * (len) + 1)

/*
 * Writes `text` as it stands between the quotes of a label's value, NUL-ended,
 * at most EXPOSITION_ESCAPED(strlen(text)) octets.  Control characters and what
 * is not ASCII become a backslash, x and two digits of the value, as in the
 * log: so it is UTF-8, and nothing that could act on who looks at it.
 */
void exposition_escape(const char *text, char *ret_text);

/* Is it a name of a metric (is_label: of a label) that is free to be used? */
bool exposition_name_is_valid(const char *name, bool is_label);

/* Begins a family: its HELP and TYPE.  The help is ours. */
void exposition_family(struct exposition *e, const char *name,
    enum exposition_type type, const char *help);

/*
 * Adds a sample of the family that was begun last, which is called `name`, with
 * a value as printf makes it.
 */
void exposition_sample(struct exposition *e, const char *name,
    const struct exposition_label *labels, size_t nlabels, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
