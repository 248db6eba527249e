/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zone transfers, AXFR (RFC 5936) and IXFR (RFC 1995), message by message:
 * where does one end, and is it whole?  Only SOA records are looked at; whether
 * the others make a zone is for who asked.
 */
#ifndef DNS_XFR_H
#define DNS_XFR_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/response.h"

/* Which record is waited for. */
enum dns_xfr_place {
	DNS_XFR_AT_START,  /* the SOA of the new zone */
	DNS_XFR_AT_SECOND, /* IXFR: what follows it says which form this is */
	DNS_XFR_IN_ZONE,   /* a record of the zone, or the SOA again */
	DNS_XFR_IN_DELETED,
	DNS_XFR_IN_ADDED,
	DNS_XFR_AT_END, /* none */
};

/* What a message means for its transfer. */
enum dns_xfr_step {
	DNS_XFR_MORE,	/* others follow */
	DNS_XFR_LAST,	/* the transfer ends with it */
	DNS_XFR_BROKEN, /* against the rules: it must not be passed on */
};

/* A transfer under way; private but for `place`. */
struct dns_xfr {
	enum dns_xfr_place place;
	const uint8_t *zone; /* borrowed: the QNAME */
	bool is_incremental;
	bool has_begun;	  /* a message was taken */
	bool has_serial;  /* the asker has a zone, of */
	uint32_t serial;  /* this serial */
	uint32_t newest;  /* of the first SOA */
	uint32_t current; /* IXFR: of the last SOA */
};

/* Is it a query for a zone transfer? */
bool dns_query_is_transfer(const struct dns_query *q);

/*
 * Begins a transfer that answers `q`, a query for one with the verdict OK, of
 * which it borrows the octets.
 */
void dns_xfr_init(struct dns_xfr *x, const struct dns_query *q);

/*
 * Takes the next message, which dns_response_check() accepted; from the second
 * on it may lack the question (RFC 5936 2.2.1).
 *
 * LAST: an RCODE other than NOERROR in the first message, or the record that
 * ends it: the SOA once more (AXFR, and IXFR in that form), the SOA that closes
 * the last difference (IXFR), or the SOA alone in the first message if it is
 * not newer than what the asker has.  MORE: not yet; a message without answer
 * records is allowed anywhere (RFC 9103 7.9.1).  BROKEN: an RCODE later, a
 * first record other than the zone's SOA, records behind the last one, serials
 * that do not fit together.
 */
enum dns_xfr_step dns_xfr_take(struct dns_xfr *x, const struct dns_response *r);

#endif
