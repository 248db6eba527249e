/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An answer about another name than the one that was asked for: CNAME records
 * of ours lead there, and what follows is a backend's.
 */
#ifndef DNS_ALIAS_H
#define DNS_ALIAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/name.h"
#include "dns/wire.h"

/* The records in front; borrowed by struct dns_relay. */
struct dns_alias {
	/* CNAME records as they stand right behind the client's question. */
	const uint8_t *records;
	size_t len;
	uint16_t count;
	/* How many octets the name has that they lead to: their last ones,
	 * not compressed. */
	size_t target_len;
	bool is_ours; /* we have authority for the first of them: AA */
};

/* Octets of `out` that are enough for dns_alias_make(). */
size_t dns_alias_bound(const struct dns_query *q, const uint8_t *target);

/*
 * Makes one CNAME record that leads from the name of the question to a plain
 * name.  The record is in `out`, whose octets in front of it mean nothing.
 */
void dns_alias_make(const struct dns_query *q, const uint8_t *target,
    uint32_t ttl, struct dns_buf *out, struct dns_alias *ret_alias);

/* The plain name that it leads to. */
const uint8_t *dns_alias_target(const struct dns_alias *a);

/*
 * Makes the question that is to be asked in the place of the client's, whose
 * class is IN: type, flags and DO are the client's.
 */
void dns_alias_ask(const struct dns_alias *a, const struct dns_query *q,
    uint8_t out[DNS_QUESTION_MAX], struct dns_query *ret_query);

/*
 * For dns/ itself: starts and ends a list of records that are put into `out` by
 * dns_put_record() in between, as if behind the question of `q`; the last one
 * ends with `target_len` octets of a plain name.  `out` has room for header and
 * question.
 */
void dns_alias_start(const struct dns_query *q, struct dns_buf *out);
void dns_alias_finish(const struct dns_query *q, const struct dns_buf *out,
    size_t target_len, struct dns_alias *ret_alias);

#endif
