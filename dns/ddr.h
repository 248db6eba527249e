/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Discovery of designated resolvers (RFC 9462): what `_dns.resolver.arpa` SVCB
 * says of the ways to this server.  Who is designated is the caller's to know;
 * here designations become records (RFC 9460, RFC 9461).
 */
#ifndef DNS_DDR_H
#define DNS_DDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answer.h"
#include "dns/message.h"
#include "dns/name.h"

#define DNS_DDR_MAX 32	     /* designations */
#define DNS_DDR_HINTS_MAX 16 /* addresses of one, of each family */

/* ALPN identifiers in wire form, each behind its length. */
#define DNS_DDR_ALPN_DOQ "\3doq"

/* One way to be reached by: a SVCB record in service mode. */
struct dns_designation {
	/* Plain; neither the root nor resolver.arpa or below (RFC 9462 4). */
	uint8_t target[DNS_NAME_MAX];
	const char *alpn; /* static; RFC 9461 4.1: never empty */
	uint16_t port;	  /* 0: the protocol's own (RFC 9461 4.2) */
	/* Listens on every address of the family: the one that the question
	 * came in on is a hint, too. */
	bool any4;
	bool any6;
	uint8_t hints4;
	uint8_t hints6;
	uint8_t hint4[DNS_DDR_HINTS_MAX][4];
	uint8_t hint6[DNS_DDR_HINTS_MAX][16];
};

/* The designations of a server, the best one first. */
struct dns_ddr {
	size_t count;
	struct dns_designation item[DNS_DDR_MAX];
};

/* Where the question came in: 4 or 16 octets of an address, or none. */
struct dns_ddr_local {
	const uint8_t *addr;
	size_t len;
};

/* May the plain name be a TargetName (RFC 9462 4)? */
bool dns_ddr_may_target(const uint8_t *name);

/*
 * Is this the question that designations answer?  Other types at that name, and
 * everything when there is none, are dns/special.h's: no data (RFC 9462 4,
 * 6.4).
 */
bool dns_ddr_is_asked(const struct dns_query *q);

/* Octets that the records take up at most. */
size_t dns_ddr_records(const struct dns_ddr *ddr);

/*
 * Makes the answer to such a question: the designations, priorities from 1 on
 * in their order, and the addresses of their names in the additional section,
 * as far as a message has room.  There must be at least one designation;
 * dns_answer_bound() and dns_ddr_records() octets are enough.  Returns 0 or
 * -EMSGSIZE.
 */
int dns_ddr_answer(const struct dns_ddr *ddr, const struct dns_ddr_local *local,
    const struct dns_query *q, const struct dns_hop *hop, struct dns_buf *out);

#endif
