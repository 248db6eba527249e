/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's message as we read it, and our own query made from it.  Reading is
 * one walk over the wire octets: nothing is copied, nothing allocated.
 */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/ecs.h"
#include "dns/edns.h"
#include "dns/name.h"
#include "dns/wire.h"

/* What is to be done with a client's message; see dns_query_parse(). */
enum dns_verdict {
	DNS_VERDICT_OK,	     /* policy decides, then it may be forwarded */
	DNS_VERDICT_FORMERR, /* answer with that RCODE, never forward */
	DNS_VERDICT_NOTIMP,
	DNS_VERDICT_BADVERS,
	DNS_VERDICT_QR_SET, /* a response: never answer it, it would loop */
	DNS_VERDICT_SHORT,  /* shorter than a header: nothing can be answered */
};

/*
 * A client's message.  Valid as long as the octets at `msg`, which it borrows.
 * After every verdict but SHORT all members are defined; what could not be
 * parsed is 0 or false.
 */
struct dns_query {
	const uint8_t *msg;
	size_t len;
	/* QNAME, QTYPE, QCLASS at offset DNS_HEADER_SIZE; 0 if there is not
	 * exactly one question or it is broken.  The QNAME is a plain name. */
	size_t question_len;
	struct dns_edns edns;
	/* The option to put into any answer of ours that has an OPT; NULL:
	 * none.  Set by policy after parsing, borrowed (RFC 7871 7.2.2). */
	const struct dns_ecs *ecs;
	uint16_t id;
	uint16_t flags; /* the header's second word, as sent */
	uint16_t qtype;
	uint16_t qclass;
	uint8_t opcode;
	bool is_signed; /* by TSIG or SIG(0): only the ID may be changed */
	/* What we are called, if the client asks by NSID (RFC 5001); the caller
	 * sets it, nobody else does; at most 255 octets, or NULL. */
	const char *nsid;
	/* After FORMERR: what is wrong, for EXTRA-TEXT; static, else NULL. */
	const char *fault;
};

/* How our own query to a backend is to look. */
struct dns_build {
	uint16_t id;
	/* DNS_NAME_CASE_BITS octets of random bits for 0x20, or NULL. */
	const uint8_t *case_bits;
	/* Whole options to go into our OPT, or NULL. */
	const uint8_t *options;
	size_t options_len;
	/* RFC 8467: 128 on encrypted transports; 0 on cleartext (RFC 7830 6) */
	uint16_t pad_block;
	bool no_edns; /* for a backend that does not know EDNS (RFC 6891 6.2.2)
		       */
};

/*
 * Reads a client's message of any transport, `len` octets without a length
 * prefix.  Every record is walked; the work is linear in `len` with a bound of
 * 255 steps for a compressed name, and no count of the header is believed.
 *
 * OK: a message that policy may forward.  Its opcode is QUERY with exactly one
 *   question, no answer records, and authority records only for IXFR (RFC 1995
 *   3); or NOTIFY or UPDATE, whose counts mean something else (RFC 9619 4).
 *   Unknown flags, types, classes and options are no fault (RFC 5625 4).
 * FORMERR: cannot be parsed, octets left over, a second OPT or one in the wrong
 *   place, broken options, OPT or TSIG as QTYPE, TSIG not last.
 * NOTIMP: an opcode other than these three, whatever the rest looks like.
 * BADVERS: EDNS version above 0 in an otherwise good message (RFC 6891 6.1.3).
 *
 * With any of these edns.has_keepalive says whether an OPT record that could be
 * parsed held that option: on DoQ it is fatal and goes before the verdict
 * (RFC 9250 5.5.2).  So does an ID other than 0; both are for the caller.
 */
enum dns_verdict dns_query_parse(
    const uint8_t *msg, size_t len, struct dns_query *ret_query);

/* Octets of a message that is a question and nothing else. */
#define DNS_QUESTION_MAX (DNS_HEADER_SIZE + DNS_NAME_MAX + DNS_QUESTION_FIXED)

/*
 * Makes a query of our own, with these flags, of a question for data (QNAME
 * plain, QTYPE, QCLASS) that stands in `msg` behind the room for a header.
 * `edns_flags` are those of an OPT that it does not have, for who makes one.
 */
void dns_query_make(uint8_t *msg, size_t question_len, uint16_t flags,
    uint16_t edns_flags, struct dns_query *ret_query);

/* The RCODE to answer with after FORMERR, NOTIMP or BADVERS (asserted). */
uint16_t dns_verdict_rcode(enum dns_verdict verdict);

/*
 * Must the message cross us unaltered but for its ID?  Signed ones (RFC 8945
 * 5.5), TKEY (RFC 5625 4.5), NOTIFY and UPDATE.
 */
bool dns_query_is_raw(const struct dns_query *q);

/*
 * Makes our own query for a backend into `out`, from its begin: a new header
 * with RD, AD and CD of the client, its question, for IXFR the SOA that it has,
 * and our OPT with its DO and nothing else of its EDNS.  A raw message is
 * copied whole with only the ID changed; case_bits, options, padding and
 * no_edns are then ignored.  `q` must have had the verdict OK.  Returns 0, or
 * -EMSGSIZE if it does not fit.
 */
int dns_query_build(const struct dns_query *q, const struct dns_build *how,
    struct dns_buf *out);

/* Octets of `out` that are enough for dns_query_build(). */
size_t dns_query_build_bound(
    const struct dns_query *q, const struct dns_build *how);

#endif
