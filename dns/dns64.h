/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS64 (RFC 6147): AAAA records made of A records, for clients that have only
 * IPv6 and reach IPv4 through a translator.  Addresses as in RFC 6052; what to
 * make of which answer; and the changes to its records.
 */
#ifndef DNS_DNS64_H
#define DNS_DNS64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/response.h"
#include "dns/rewrite.h"
#include "dns/wire.h"

/* RFC 6147 5.1.7: if the negative answer for AAAA has no SOA */
#define DNS64_TTL_DEFAULT 600

/* An IPv6 prefix; what is behind `bits` is 0. */
struct dns64_net {
	uint8_t addr[DNS_AAAA_SIZE];
	uint8_t bits;
};

/* What is done; borrowed by all below. */
struct dns64 {
	struct dns64_net prefix; /* dns64_prefix_is_valid(); bits 0: nothing */
	/* Addresses in these count as absent (RFC 6147 5.1.4). */
	const struct dns64_net *exclude;
	size_t exclude_count;
};

/*
 * Can addresses be embedded in it?  One of the six lengths, and the octet that
 * RFC 6052 2.2 reserves is 0.
 */
bool dns64_prefix_is_valid(const struct dns64_net *prefix);

/* RFC 6052 2.2: the IPv6 address that stands for an IPv4 address. */
void dns64_embed(const struct dns64_net *prefix, const uint8_t v4[DNS_A_SIZE],
    uint8_t ret_v6[DNS_AAAA_SIZE]);

/* The way back; false if the address is none of this prefix. */
bool dns64_extract(const struct dns64_net *prefix,
    const uint8_t v6[DNS_AAAA_SIZE], uint8_t ret_v4[DNS_A_SIZE]);

/*
 * May it be embedded?  Not all may in 64:ff9b::/96: private addresses mean
 * something only here, that prefix is everybody's (RFC 6052 3.1).
 */
bool dns64_may_embed(
    const struct dns64_net *prefix, const uint8_t v4[DNS_A_SIZE]);

/*
 * Is it a query whose answer DNS64 may change: for AAAA or PTR, in class IN,
 * and not by somebody who validates himself (DO and CD, RFC 6147 5.5)?
 */
bool dns64_is_candidate(const struct dns_query *q);

/*
 * Is it a query for the name (PTR) of an address that was made in this prefix?
 * Then the name to ask for instead, that of the IPv4 address, is in ret_name
 * (RFC 6147 5.3.1).
 */
bool dns64_reverse(const struct dns64 *d, const struct dns_query *q,
    uint8_t ret_name[DNS_NAME_MAX]);

/* What to do with an answer for AAAA. */
enum dns64_verdict {
	DNS64_RELAY,  /* it is good, or an error that A would have, too */
	DNS64_FILTER, /* good but for excluded addresses: dns64_edit_filter() */
	DNS64_ASK_A,  /* there is no address in it: ask for A */
};

/*
 * Judges the answer to such a query (RFC 6147 5.1.1 - 5.1.5).  With ASK_A the
 * TTL that synthetic records must not exceed is in *ret_ttl (5.1.7).
 */
enum dns64_verdict dns64_judge(
    const struct dns64 *d, const struct dns_response *r, uint32_t *ret_ttl);

/* Has the answer for A an address of which one can be made? */
bool dns64_can_synthesise(const struct dns64 *d, const struct dns_response *r);

/* An edit for struct dns_relay; it must not be copied once it is made. */
struct dns64_edit {
	struct dns_edit edit;
	const struct dns64 *rules;
	uint32_t ttl;
};

/* Leaves out excluded AAAA records, and signatures of AAAA records. */
void dns64_edit_filter(struct dns64_edit *ret_edit, const struct dns64 *d);

/*
 * Makes AAAA records of the A records of the answer `r`, with TTLs of at most
 * `ttl`; the signatures of A records, and A records that may not be embedded,
 * are left out.  All else stays (RFC 6147 5.1.5, 5.3.2, 5.3.3).
 */
void dns64_edit_synthesise(struct dns64_edit *ret_edit, const struct dns64 *d,
    const struct dns_response *r, uint32_t ttl);

#endif
