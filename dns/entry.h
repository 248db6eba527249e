/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is kept of an answer, and how it is given back: one block of octets
 * without a pointer in it, so that it may be moved, and written to a file.
 * Who keeps blocks, under which key, and when each was made, is not known here.
 *
 * Answers from blocks are made by dns_answer_cached(), in dns/answer.h.
 */
#ifndef DNS_ENTRY_H
#define DNS_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/edns.h"
#include "dns/name.h"
#include "dns/response.h"
#include "dns/wire.h"

struct dns_error;

/* What may be kept for how long, in seconds. */
struct dns_entry_rules {
	uint32_t min_ttl;      /* shorter ones count as this, but 0 remains 0 */
	uint32_t max_ttl;      /* longer ones do; DNS_TTL_MAX is a limit, too */
	uint32_t negative_ttl; /* longest life of NODATA and NXDOMAIN */
	uint32_t failure_ttl;  /* life of failures */
};

/* What was asked, and how. */
struct dns_entry_how {
	const uint8_t *question; /* QNAME (plain), QTYPE, QCLASS; borrowed */
	size_t question_len;
	bool is_do;	    /* asked for clients that set DO */
	bool is_ad_trusted; /* as in struct dns_relay */
	bool strip_dnssec;  /* as there: without DO no DNSSEC records */
};

enum dns_entry_kind {
	DNS_ENTRY_POSITIVE,
	DNS_ENTRY_NODATA,
	DNS_ENTRY_NXDOMAIN,
	DNS_ENTRY_FAILURE, /* any other RCODE, or no answer at all */
};

/* Was it made, and if not, why not? */
enum dns_entry_verdict {
	DNS_ENTRY_MADE,
	DNS_ENTRY_NO_MATCH,  /* no answer to this question, or no QUERY */
	DNS_ENTRY_TRUNCATED, /* RFC 2181 9 */
	DNS_ENTRY_TTL_ZERO,  /* one of its TTLs is, or its SOA says so */
	DNS_ENTRY_NO_SOA,    /* negative and without an SOA that counts */
	DNS_ENTRY_TOO_EARLY, /* refused since it came in early data */
	DNS_ENTRY_TOO_LARGE, /* it does not fit into the room */
	DNS_ENTRY_ENTANGLED, /* names of it lead into what changes */
};

/*
 * A block.  Multi-octet fields are the machine's, so it must be aligned as
 * malloc's are; what is in `data` is in network order.  All of it is private
 * but for `size`, `life`, `kind`, `is_any_type` and `question_len`.
 */
struct dns_entry {
	uint32_t size; /* octets of the block, these included */
	uint32_t life; /* seconds from when it was made; the smallest TTL */
	int32_t ede;   /* said upstream; DNS_EDE_NONE for none */
	uint16_t len;  /* of the message, which begins `data` */
	uint16_t question_len;
	uint16_t ttl_count;  /* of records: where their TTLs stand follows it */
	uint16_t turn_first; /* of the records whose RDATA may change places */
	uint16_t turn_count; /* 0: none */
	uint16_t rcode;	     /* all 12 bits */
	uint8_t kind;	     /* enum dns_entry_kind */
	uint8_t is_any_type; /* 1: NXDOMAIN of the QNAME itself, which holds
				for all types (RFC 2308 5); else 0 */
	uint8_t text_len;    /* of why it failed, which ends `data`; its NUL
				included; 0: no text */
	uint8_t data[];
};

/* A block on its way to a client. */
struct dns_entry_view {
	const struct dns_entry *entry; /* borrowed */
	/* Whole seconds since it was made, below its life (asserted); means
	 * nothing if it is given though its end has passed. */
	uint32_t age;
	/* All TTLs are this, since its end has passed (RFC 8767 4); 0: it has
	 * not.  Never given for a failure (asserted). */
	uint32_t stale_ttl;
	/* By how many places the addresses are turned; any number. */
	uint32_t turn;
	/* For dns_entry_copy(): the option that a server would have answered
	 * with, borrowed; or NULL. */
	const struct dns_ecs *ecs;
};

/*
 * Octets that are enough for the block of a response that
 * dns_response_check() accepted.  Exact but for what is left out of the
 * response.
 */
size_t dns_entry_bound(
    const struct dns_response *r, const struct dns_entry_how *how);

/*
 * Makes the block of an answer, of `room` octets; ret_entry->size says how many
 * it took.
 *
 * NOERROR and NXDOMAIN are answers.  Their TTLs are made equal over an RRset
 * (RFC 2181 5.2), then put within the rules; the smallest is the block's life.
 * A negative one needs the SOA of a zone that holds its name, or the name at
 * the end of its aliases, in the authority section; that SOA's TTL becomes
 * min(TTL, MINIMUM), as far as the rules allow (RFC 2308 3, 5).  OPT and TSIG
 * are left out, and of the OPT nothing is kept but the code of the first
 * Extended DNS Error.  AD is kept if it is trusted.
 *
 * Any other RCODE is a failure (RFC 9520 3.2): no records are kept of it.
 *
 * `r` must have been accepted by dns_response_check(), or be truncated.  The
 * work is linear in its length but for 255 steps a name.  On any verdict but
 * MADE the octets at ret_entry are undefined.
 */
enum dns_entry_verdict dns_entry_make(const struct dns_response *r,
    const struct dns_entry_how *how, const struct dns_entry_rules *rules,
    struct dns_entry *ret_entry, size_t room);

/* Octets that are enough for dns_entry_fail(). */
#define DNS_ENTRY_FAILURE_MAX                                                  \
	(sizeof(struct dns_entry) + DNS_HEADER_SIZE + DNS_NAME_MAX +           \
	    DNS_QUESTION_FIXED + DNS_EDE_TEXT_MAX + 1)

/*
 * Makes the block of a question that nobody answered.  `e` is what its first
 * asker was told; its text is copied, up to DNS_EDE_TEXT_MAX octets.  Returns
 * MADE or TOO_LARGE.
 */
enum dns_entry_verdict dns_entry_fail(const struct dns_entry_how *how,
    const struct dns_error *e, const struct dns_entry_rules *rules,
    struct dns_entry *ret_entry, size_t room);

/*
 * Is this a sound block of exactly `len` octets?  For those that come from a
 * file: nothing in it is believed, every record is walked.  If so, all below
 * and dns_answer_cached() are safe with it, and what they make can be parsed;
 * its life is at least 1, and no longer than DNS_TTL_MAX.  Whether what it says
 * is true is another question.  `entry` is aligned as malloc's blocks are.
 */
bool dns_entry_check(const struct dns_entry *entry, size_t len);

/* QNAME (plain), QTYPE, QCLASS, of question_len octets, as asked upstream. */
const uint8_t *dns_entry_question(const struct dns_entry *entry);

/*
 * The RCODE of an answer from this block, and its Extended DNS Error: of a
 * stale one 3 or 19, of a cached SERVFAIL 13 (RFC 8914 4.4, 4.20, 4.14) and why
 * it once failed, else what was said upstream.  The text is borrowed from the
 * block or static.
 */
void dns_entry_error(
    const struct dns_entry_view *view, struct dns_error *ret_error);

/*
 * Appends the records to a message that has its header and its question, of
 * the same length, and sets ANCOUNT, NSCOUNT and ARCOUNT.  One copy of the
 * octets, then each TTL is set, and the addresses are turned.  Returns 0, or
 * -EMSGSIZE.
 */
int dns_entry_put(const struct dns_entry_view *view, struct dns_buf *out);

/* Octets of `out` that are enough for dns_entry_copy(). */
size_t dns_entry_copy_bound(const struct dns_entry_view *view);

/*
 * Gives it back as if a server had answered just now, for those who must look
 * into an answer before they use it: a whole message in `out`, from its begin,
 * and *ret_response as dns_response_check() would read it.  Its AD bit can be
 * trusted.  What was said upstream by an Extended DNS Error, and view->ecs, are
 * in an OPT record, if there is room for one; for what a client is to be told
 * see dns_entry_error().  Returns 0, or -EMSGSIZE.
 */
int dns_entry_copy(const struct dns_entry_view *view, struct dns_buf *out,
    struct dns_response *ret_response);

#endif
