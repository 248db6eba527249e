/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copying the records of a message while some are left out.  Compression
 * pointers keep their meaning: they are moved, or the name is written out where
 * what they pointed to is gone.
 */
#ifndef DNS_REWRITE_H
#define DNS_REWRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/response.h"
#include "dns/wire.h"

/* What is left out. */
struct dns_rewrite {
	uint16_t qtype;	   /* asked: its records always stay */
	bool strip_dnssec; /* RRSIG, NSEC, NSEC3 (RFC 4035 3.2.1) */
};

/*
 * Appends the records of `r` to `out` and sets ANCOUNT, NSCOUNT and ARCOUNT of
 * its header.  OPT, and TSIG at the end, are always left out.  `out` must hold
 * a header and a question as long as that of `r` in front.  Returns 0, or
 * -EMSGSIZE if it does not fit; `out` is then to be started anew.
 */
int dns_rewrite_records(const struct dns_response *r,
    const struct dns_rewrite *how, struct dns_buf *out);

/*
 * May the records become longer than they were?  Only if there are so many that
 * the map of what moved may be full and names have to be written out.
 */
bool dns_rewrite_may_grow(const struct dns_response *r);

#endif
