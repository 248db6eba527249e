/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An answer made into a block and given back, for tests of dns/entry.  Every
 * message and block lies in memory of exactly its size.
 */
#ifndef TESTS_UNIT_KEPT_H
#define TESTS_UNIT_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answer.h"
#include "tests/unit/dnsmsg.h"

/* TTLs from 1 s to a day, negative ones an hour, failures 5 s. */
extern const struct dns_entry_rules kept_rules;

/* What DoQ, and plain UDP, say of themselves. */
extern const struct dns_hop kept_doq;
extern const struct dns_hop kept_udp;

struct kept {
	struct dns_entry *entry; /* NULL: none */
	uint8_t *got;		 /* what was given back last; NULL: nothing */
	size_t got_len;
};

/* How kept_make() asks. */
enum kept_flag {
	KEPT_DO = 1,
	KEPT_STRIP = 2,
	KEPT_TRUSTED = 4,
};

/*
 * Reads `answer` as one to `query`, which the upstream was asked with another
 * ID, and makes a block of it, as large as dns_entry_bound() says.  It must be
 * accepted, or be truncated.  What `k` held before is freed.
 */
enum dns_entry_verdict kept_make(struct kept *k, const struct dnsmsg *query,
    const struct dnsmsg *answer, unsigned flags,
    const struct dns_entry_rules *rules);

/* The same under kept_rules, without flags; true if it was made. */
bool kept_keep(
    struct kept *k, const struct dnsmsg *query, const struct dnsmsg *answer);

/* Makes the block of a question that nobody answered. */
void kept_fail(
    struct kept *k, const struct dnsmsg *query, const struct dns_error *e);

/*
 * Answers a query from the block, into ->got.  False if what came out is no
 * sound answer to the query.
 */
bool kept_serve(struct kept *k, const struct dnsmsg *query,
    const struct dns_hop *hop, const struct dns_entry_view *view);

/* The same by DoQ, fresh, at an age; false, too, if ldns cannot read it. */
bool kept_at(struct kept *k, const struct dnsmsg *query, uint32_t age);

/* A TTL of ->got: of its record `i`, over all sections, as ldns counts. */
uint32_t kept_ttl(const struct kept *k, size_t i);

/* The INFO-CODE of the only EDE of ->got, and its text; -1 if there is none. */
int kept_ede(const struct kept *k, char text[DNS_EDE_TEXT_MAX + 1]);

/* Frees what it holds. */
void kept_done(struct kept *k);

/* A query with an OPT record, whose flags are 0 or DNS_EDNS_DO. */
void kept_query(
    struct dnsmsg *m, const char *name, unsigned type, unsigned flags);

/* Begins a response to a question: QR, RD, RA, and `flags`. */
void kept_response(
    struct dnsmsg *m, const char *name, unsigned type, unsigned flags);

/* An A record 192.0.2.`host`. */
void kept_a(struct dnsmsg *m, enum dnsmsg_section section, const char *owner,
    uint32_t ttl, unsigned host);

/* A record whose RDATA is a name. */
void kept_name(struct dnsmsg *m, enum dnsmsg_section section, const char *owner,
    unsigned type, uint32_t ttl, const char *name);

/* An SOA record. */
void kept_soa(struct dnsmsg *m, enum dnsmsg_section section, const char *owner,
    uint32_t ttl, uint32_t minimum);

/* An RRSIG record that covers a type. */
void kept_rrsig(struct dnsmsg *m, enum dnsmsg_section section,
    const char *owner, unsigned covered, uint32_t ttl);

#endif
