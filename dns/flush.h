/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a cache is to forget, as an operator writes it: one name a line.
 *
 *	example.com	that name, all types
 *	*.example.com	it, and all names below it
 *	*		everything
 *
 * A name is written as in a zone file (RFC 1035 5.1); "\*" is a label that is
 * an asterisk.
 */
#ifndef DNS_FLUSH_H
#define DNS_FLUSH_H

#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

struct dns_cache;

enum dns_flush_what {
	DNS_FLUSH_NOTHING, /* an empty line, or a comment */
	DNS_FLUSH_NAME,
	DNS_FLUSH_SUFFIX, /* the name and what is below it */
	DNS_FLUSH_ALL,
};

struct dns_flush {
	enum dns_flush_what what;
	uint8_t name[DNS_NAME_MAX]; /* a plain one; of NAME and SUFFIX */
};

/*
 * Reads a line of `len` octets, without its end, which may hold anything.
 * Blanks around the name and what begins with '#' do not count.  0, or -EINVAL
 * if it is none of the above; *ret_flush is untouched then.
 */
int dns_flush_parse(const char *line, size_t len, struct dns_flush *ret_flush);

/* Does it; returns how many answers are gone. */
size_t dns_flush_do(const struct dns_flush *flush, struct dns_cache *cache);

#endif
