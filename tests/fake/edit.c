/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See edit.h.  Messages of our own GnuTLS: they are well-formed.
 */
#include "tests/fake/edit.h"

#include <stdlib.h>
#include <string.h>

enum {
	MESSAGE_HEAD = 4,
	RANDOM_END = MESSAGE_HEAD + 2 + 32,
	EXTENSION_HEAD = 4
};

static size_t
get16(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/* `more` may be negative, wrapped around. */
static void
add16(uint8_t *p, size_t more)
{
	size_t n = get16(p) + more;

	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
}

/* Where the length of all extensions stands. */
static size_t
find_extensions(const uint8_t *m, unsigned type)
{
	size_t at = RANDOM_END;

	if (type != GNUTLS_HANDSHAKE_CLIENT_HELLO)
		return MESSAGE_HEAD;
	at += 1 + (size_t)m[at];
	at += 2 + get16(m + at);
	return at + 1 + (size_t)m[at];
}

static size_t
find_extension(const uint8_t *m, size_t len, unsigned type, unsigned extension)
{
	size_t at = find_extensions(m, type) + 2;

	while (get16(m + at) != extension) {
		at += EXTENSION_HEAD + get16(m + at + 2);
		if (at >= len)
			abort();
	}
	return at;
}

/* Puts data in the place of `old` octets of an extension's. */
static size_t
replace(uint8_t *m, size_t len, const struct edit *e, size_t at, size_t old,
    size_t more)
{
	size_t extension = find_extension(m, len, e->message, e->extension);

	memmove(m + at + more, m + at + old, len - at - old);
	memcpy(m + at, e->data, more);
	add16(m + extension + 2, more - old);
	add16(m + find_extensions(m, e->message), more - old);
	add16(m + 2, more - old);
	return len + more - old;
}

/* Takes out the parameter with the id that the data begins with; ids and
 * lengths of one octet are enough here, values of eight at most. */
static size_t
take_out(uint8_t *m, size_t len, const struct edit *e)
{
	size_t at = find_extension(m, len, e->message, e->extension);
	size_t end = at + EXTENSION_HEAD + get16(m + at + 2);

	for (at += EXTENSION_HEAD; at < end; at += 2 + (size_t)m[at + 1])
		if (m[at] == (uint8_t)e->data[0])
			return replace(m, len, e, at, 2 + (size_t)m[at + 1], 0);
	return len;
}

size_t
edit_apply(struct peer *p, unsigned type, uint8_t *m, size_t len)
{
	const struct edit *e = p->options.arg;
	size_t at;

	if (type != e->message)
		return len;
	if (e->replaces)
		len = take_out(m, len, e);
	at = find_extension(m, len, type, e->extension);
	at += EXTENSION_HEAD + get16(m + at + 2);
	return replace(m, len, e, at, 0, e->len);
}
