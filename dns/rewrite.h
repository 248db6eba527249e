/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copying the records of a message while some are left out or changed.
 * Compression pointers keep their meaning: they are moved, or the name is
 * written out where what they pointed to is gone.
 */
#ifndef DNS_REWRITE_H
#define DNS_REWRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/record.h"
#include "dns/response.h"
#include "dns/wire.h"

/* What becomes of a record. */
enum dns_edit_verdict {
	DNS_EDIT_KEEP,
	DNS_EDIT_DROP,
	DNS_EDIT_REPLACE, /* by another one of the same owner and class */
};

/* Longest RDATA of a record that takes another's place. */
#define DNS_EDIT_RDATA_MAX DNS_AAAA_SIZE

/* The record that takes the place of one. */
struct dns_edit_record {
	uint16_t type;
	uint16_t len;
	uint32_t ttl;
	uint8_t rdata[DNS_EDIT_RDATA_MAX]; /* no names in it */
};

/* Changes to the records of the answer section. */
struct dns_edit {
	/* Asked for each record in its order; sets *ret with REPLACE only. */
	enum dns_edit_verdict (*record)(const void *ctx, const uint8_t *msg,
	    const struct dns_record *rr, struct dns_edit_record *ret);
	const void *ctx;
	size_t growth; /* what all changes add at most, in octets */
};

/* What is left out or changed. */
struct dns_rewrite {
	uint16_t qtype;		     /* asked: its records always stay */
	bool strip_dnssec;	     /* RRSIG, NSEC, NSEC3 (RFC 4035 3.2.1) */
	const struct dns_edit *edit; /* or NULL */
	/* Where in `out` the name of the question of `r` stands, if that is
	 * not the question of `out`; else 0. */
	size_t alias_at;
};

/*
 * Appends the records of `r` to `out` and sets ANCOUNT, NSCOUNT and ARCOUNT of
 * its header.  OPT, and TSIG at the end, are always left out.  One copy of the
 * octets in the usual case, where only the last records are.  `out` must hold
 * a header and, without an alias, a question as long as that of `r` in front.
 * Returns 0, or -EMSGSIZE if it does not fit; `out` is then to be started anew.
 */
int dns_rewrite_records(const struct dns_response *r,
    const struct dns_rewrite *how, struct dns_buf *out);

/*
 * May the records become longer than they were, but for the growth of an edit?
 * Only if some move, and there are so many that the map of what moved may be
 * full and names have to be written out.
 */
bool dns_rewrite_may_grow(
    const struct dns_response *r, const struct dns_rewrite *how);

#endif
