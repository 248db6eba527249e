/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names that are answered here and never asked of anybody: those of RFC 6761,
 * the reverse zones of private addresses (RFC 6303), local (RFC 6762), onion
 * (RFC 7686), alt (RFC 9476), home.arpa (RFC 8375), default.service.arpa (RFC
 * 9665), resolver.arpa (RFC 9462), and use-application-dns.net.
 *
 * Not among them, since no RFC asks a resolver for it and the signed zone above
 * says what there is: example and its kin, 6tisch.arpa, eap.arpa.
 */
#ifndef DNS_SPECIAL_H
#define DNS_SPECIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/answer.h"
#include "dns/message.h"

/* Octets that the records of such an answer take up at most. */
#define DNS_SPECIAL_RECORDS 128

/* One zone of the table. */
struct dns_special;

/*
 * Finds the bit of a zone by its name in presentation form, for the setting
 * that switches it off.  Returns 0 with the bit in *ret_bit, or -ENOENT.  All
 * zones can be named but resolver.arpa, onion, localhost and invalid, which are
 * never asked elsewhere: -EPERM.
 */
int dns_special_bit(const char *zone, uint64_t *ret_bit);

/*
 * Finds the special zone that answers a query of opcode QUERY, at any class;
 * NULL if it is an ordinary name.  Zones whose bits are set in `off` are
 * ordinary.  A query for the DS of a zone's name with DO belongs to the parent
 * and is ordinary where a validator needs it (RFC 8375 4).
 */
const struct dns_special *dns_special_find(
    const struct dns_query *q, uint64_t off);

/* Is it one of those that can never be asked elsewhere? */
bool dns_special_is_fixed(const struct dns_special *s);

/*
 * Makes the answer of that zone into `out`.  Negative ones carry an SOA that
 * lets them be cached (RFC 2308 3).  dns_answer_bound() and DNS_SPECIAL_RECORDS
 * octets are enough.  Returns 0 or -EMSGSIZE.
 */
int dns_special_answer(const struct dns_special *s, const struct dns_query *q,
    const struct dns_hop *hop, struct dns_buf *out);

#endif
