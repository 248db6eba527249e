/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backend's message as we read it: is it the answer to what we asked, is it
 * sound, and where are the parts that must not cross this hop.
 */
#ifndef DNS_RESPONSE_H
#define DNS_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/edns.h"
#include "dns/wire.h"

/* What we sent, as far as an answer must match it. */
struct dns_expect {
	const uint8_t *question; /* borrowed; QNAME (plain), QTYPE, QCLASS */
	size_t question_len;	 /* 0: none was sent */
	uint16_t id;
	uint8_t opcode;
	bool is_case_exact; /* 0x20: the QNAME must come back as sent */
	/* A later message of a zone transfer (RFC 5936 2.2.1). */
	bool may_lack_question;
};

enum dns_match {
	DNS_MATCH_ACCEPT,
	DNS_MATCH_IGNORE, /* not the answer to this query: keep waiting */
	DNS_MATCH_CASE,	  /* only the case of the QNAME differs: ask by TCP */
	DNS_MATCH_TRUNCATED, /* TC: ask by TCP, use nothing of it (RFC 2181 9)
			      */
	DNS_MATCH_BROKEN, /* ours, but cannot be parsed: SERVFAIL with EDE 24 */
};

/*
 * A backend's message.  Valid as long as the octets at `msg`, which it borrows.
 */
struct dns_response {
	const uint8_t *msg;
	size_t len;
	size_t question_len; /* 0 if it has no question */
	size_t records;	     /* offset of the first record */
	size_t opt_start;    /* of the OPT record; 0 if there is none */
	size_t opt_end;
	size_t tsig_start; /* of the TSIG record, the last one; 0 if none */
	struct dns_edns edns;
	uint16_t flags;
	uint16_t rcode; /* all 12 bits */
	/* A TTL is above DNS_TTL_MAX, or not the one of the record before it,
	 * which has the same type: dns/ttl.h mends that. */
	bool has_odd_ttls;
};

/*
 * Takes down in *ret_expect what an answer to the `len` octets at `sent` must
 * match: a query that dns_query_build() made, or a raw one.  The octets are
 * borrowed.  Returns 0, or -EINVAL if there is no header or question to take.
 */
int dns_expect_init(const uint8_t *sent, size_t len, bool is_case_exact,
    struct dns_expect *ret_expect);

/*
 * Judges a message from a backend; addresses and ports are the caller's affair
 * (RFC 5452 9.1).  An empty question is accepted with FORMERR, NOTIMP and
 * REFUSED, and for opcodes other than QUERY, its body is then of no use; and
 * where the question may be left out.  Every record is walked, and the RDATA of
 * known types must have its shape; the work is linear but for 255 steps a
 * compressed name.  Two OPT records, an OPT or a TSIG out of its place are
 * BROKEN.  *ret_resp is defined after ACCEPT and TRUNCATED; after TRUNCATED
 * only its header members, since the records may be cut.
 */
enum dns_match dns_response_check(const uint8_t *msg, size_t len,
    const struct dns_expect *e, struct dns_response *ret_resp);

#endif
