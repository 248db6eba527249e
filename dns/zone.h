/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records in presentation form (RFC 1035 5), read by ldns: one of them, or a
 * zone file record by record.
 */
#ifndef DNS_ZONE_H
#define DNS_ZONE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "dns/local.h"

/* Is given each record, which is lent for the call.  0, or a negative errno to
 * end the reading, which then returns it. */
typedef int (*dns_zone_fn)(void *arg, const struct dns_local_record *rr);

/* What is wrong; `text` is static. */
struct dns_zone_fault {
	size_t line; /* 1: the first; 0: not of any line */
	const char *text;
};

/*
 * Reads one record of class IN, its names relative to the root, `ttl` being
 * what it has if it says none.  Returns what `fn` did; or -EINVAL with a reason
 * in *ret_why for what is no record, for types that are no data (OPT, ANY and
 * the like) and for DNAME, which is not done; or -ENOMEM.
 */
int dns_zone_parse(const char *text, uint32_t ttl, dns_zone_fn fn, void *arg,
    const char **ret_why);

/*
 * Reads a zone file to its end, one record in memory at a time.  $ORIGIN and
 * $TTL are understood, $INCLUDE and $GENERATE are faults: nothing else is read.
 * Returns 0, or what `fn` or dns_zone_parse() return for the first fault, with
 * its line in *ret_fault, or -EIO.
 */
int dns_zone_read(FILE *in, uint32_t ttl, dns_zone_fn fn, void *arg,
    struct dns_zone_fault *ret_fault);

#endif
