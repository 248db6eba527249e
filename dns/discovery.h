/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names by which clients find the prefix of a NAT64 (RFC 7050), and which
 * whoever does DNS64 answers himself (RFC 8880 7): ipv4only.arpa, and those of
 * its two addresses.
 */
#ifndef DNS_DISCOVERY_H
#define DNS_DISCOVERY_H

#include "dns/answer.h"
#include "dns/dns64.h"
#include "dns/message.h"

/* Octets that the records of such an answer take up at most. */
#define DNS_DISCOVERY_RECORDS 128

/* One of the three zones. */
struct dns_discovery;

/*
 * Finds the zone that answers a query of opcode QUERY, at any class; NULL if it
 * is an ordinary name.  DS is the parent's to answer.
 */
const struct dns_discovery *dns_discovery_find(const struct dns_query *q);

/*
 * Makes the answer of that zone into `out`, for a valid prefix.
 * dns_answer_bound() and DNS_DISCOVERY_RECORDS octets are enough.  Returns 0 or
 * -EMSGSIZE.
 */
int dns_discovery_answer(const struct dns_discovery *zone,
    const struct dns64_net *prefix, const struct dns_query *q,
    const struct dns_hop *hop, struct dns_buf *out);

#endif
