/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one place where the answer for this hop is made: ID, flags, question,
 * RCODE, OPT, padding.  What differs between front ends is in a constant table
 * that each of them has; they themselves only move octets.
 */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/alias.h"
#include "dns/entry.h"
#include "dns/message.h"
#include "dns/response.h"
#include "dns/rewrite.h"
#include "dns/wire.h"

/* Properties of a front end that never change. */
struct dns_hop {
	size_t max_size;    /* longest message it can carry */
	uint16_t pad_block; /* 468 if encrypted (RFC 8467 4.1), else 0 */
	bool zero_id;	    /* DoQ: the ID is always 0 (RFC 9250 4.2.1) */
	/* Plain UDP: too long an answer is cut and TC set, and the size that
	 * the client's OPT names is obeyed (RFC 6891 6.2.3). */
	bool may_truncate;
	/* DoQ: the option must never be sent (RFC 9250 5.5.2). */
	bool no_keepalive;
};

/* An answer that we make ourselves. */
struct dns_error {
	uint16_t rcode;	  /* all 12 bits */
	int ede;	  /* enum dns_ede; DNS_EDE_NONE for none */
	const char *text; /* EXTRA-TEXT, or NULL; nothing internal in it */
};

/* How a backend's answer is to be relayed. */
struct dns_relay {
	bool is_ad_trusted;   /* the way to the backend is (RFC 4035 4.9.3) */
	bool strip_dnssec;    /* drop DNSSEC records if the client has no DO */
	int ede;	      /* to add, enum dns_ede; DNS_EDE_NONE for none */
	const char *ede_text; /* EXTRA-TEXT, or NULL */
	const struct dns_edit *edit; /* changes to the answers, or NULL */
	/* The question of `r` is for another name, and the answer begins with
	 * these records, which lead there; NULL: it is the client's. */
	const struct dns_alias *alias;
	/* The question of `r`, which is NXDOMAIN, is for a name above the
	 * client's, by so many octets shorter (RFC 8020); 0: it is not.  Not
	 * together with an alias. */
	size_t below;
};

/*
 * Octets of `out` that are enough for an answer to `q`, at most hop->max_size.
 * `r` and `how` as for dns_answer_relay(); for dns_answer_raw() `how` is NULL,
 * for dns_answer_error() both are.
 */
size_t dns_answer_bound(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_response *r, const struct dns_relay *how);

/*
 * Makes the client's answer from a backend's, into `out` from its begin.
 *
 * The ID is the client's (or 0), the question is the client's octet by octet,
 * RD, CD and opcode too; AA, TC and RA are the backend's, but AA is that of the
 * alias if there is one (RFC 6604 2.1); AD is the backend's if it is trusted
 * and the client set AD or DO (RFC 6840 5.8).  The backend's OPT and TSIG
 * records are taken out wherever they stand; what its options said is dropped,
 * but for the code of its first EDE, unless there is one to add.  TTLs are at
 * most DNS_TTL_MAX, and equal over an RRset whose records stand together.  Our
 * OPT is
 * added if and only if the client sent one, with its DO, our EDE, q->ecs, and
 * the padding last.  The question of `r` may have another QTYPE than the
 * client's, if an edit makes up for it.  BADVERS and BADCOOKIE of the backend's
 * hop become SERVFAIL, and so does any RCODE above 15 for a client without OPT.
 * If it does not fit, padding gives way first; then the answer is truncated or
 * becomes SERVFAIL, as the front end allows.
 *
 * `r` must have been accepted by dns_response_check() for this question.  One
 * copy of the octets in the usual case, where the OPT is the last record.
 * Returns 0, or -EMSGSIZE if `out` does not even hold an error answer.
 */
int dns_answer_relay(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_response *r, const struct dns_relay *how,
    struct dns_buf *out);

/*
 * Relays an answer to a raw message (dns_query_is_raw()): only the ID changes.
 * If it holds what this hop must not carry (a keepalive option on DoQ) or does
 * not fit, it becomes SERVFAIL (RFC 9250 5.5.2).  Returns as above.
 */
int dns_answer_raw(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_response *r, struct dns_buf *out);

/* Octets of `out` that are enough for dns_answer_cached(). */
size_t dns_answer_cached_bound(const struct dns_query *q,
    const struct dns_hop *hop, const struct dns_entry *entry);

/*
 * Makes the client's answer from what is kept of an earlier one, as
 * dns_answer_relay() would from the answer itself, but that AA is clear and all
 * TTLs are what is left of them.  The question of the entry is that of `q` but
 * for case and, if it is NXDOMAIN for any type, the type.  EDE as
 * dns_entry_error() says.  Returns as above.
 */
int dns_answer_cached(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_entry_view *view, struct dns_buf *out);

/*
 * Makes one message of several, of a zone transfer: as dns_answer_relay(), or
 * dns_answer_raw() for a raw query, but with a question only if `r` has one
 * (RFC 5936 2.2.1), and without OPT if that does not fit and `r` has none; and
 * nothing is made of what cannot be relayed: returns 0;
 * -EMSGSIZE if it does not fit; -EBADMSG if it holds what this hop must not
 * carry.  The bound is that of those two.
 */
int dns_answer_part(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_response *r, struct dns_buf *out);

/*
 * Makes an answer with an RCODE and no records: also for a message that could
 * not be parsed, as long as it had a header.  The question is echoed if it was
 * parsed; NOTIMP has none (RFC 8906 8.1.4).  OPT, EDE and padding only if the
 * client sent an OPT.  Returns as above.
 */
int dns_answer_error(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_error *e, struct dns_buf *out);

/*
 * The two halves of which the answers above are made, for records made in dns/.
 * Start writes header and question; the caller appends records and counts them
 * in the header; finish adds OPT and padding.  `flags` are AA, TC, RA, AD; the
 * others are taken from the query.  Both return 0 or -EMSGSIZE.
 */
int dns_answer_start(const struct dns_query *q, const struct dns_hop *hop,
    uint16_t flags, struct dns_buf *out);
int dns_answer_finish(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_error *e, struct dns_buf *out);

#endif
