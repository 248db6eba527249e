/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names that this server answers itself because it was told so: records of its
 * own (local data), and lists of names that are answered otherwise or not at
 * all (block lists, response policy zones).
 *
 * One table for all of them.  It is filled by one thread, then finished, and
 * from then on only read, by any number of threads.  It is made for a million
 * names: about 10 octets and the name itself for each, and no allocation of its
 * own for any of them.
 *
 * Names come from sources, which are numbered in the order in which they were
 * added: where several have a name, the first one's word counts.  Source 0 is
 * local data and always there.  Only class IN is known.
 */
#ifndef DNS_LOCAL_H
#define DNS_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "dns/alias.h"
#include "dns/answer.h"
#include "dns/edns.h"
#include "dns/message.h"

/* Source 0: local data. */
#define DNS_LOCAL_DATA_SOURCE 0

#define DNS_LOCAL_SOURCES_MAX 256
#define DNS_LOCAL_NAMES_MAX 20000000

/* Of one name, so that every answer fits into a message. */
#define DNS_LOCAL_RECORDS_MAX 256
#define DNS_LOCAL_OCTETS_MAX 16384

/* How far CNAME records are followed within local data. */
#define DNS_LOCAL_CHAIN_MAX 8

enum dns_local_action {
	DNS_LOCAL_NONE,	 /* no such name */
	DNS_LOCAL_ALLOW, /* it is an ordinary name, whatever later lists say */
	DNS_LOCAL_RECORDS, /* it has records: its own, or its source's */
	DNS_LOCAL_NXDOMAIN,
	DNS_LOCAL_NODATA,
	DNS_LOCAL_REFUSED,
	DNS_LOCAL_ACTIONS
};

/* Which names an entry is about: its own, and those below it. */
enum dns_local_scope {
	DNS_LOCAL_SELF = 1,
	DNS_LOCAL_BELOW = 2,
};

struct dns_local_source {
	uint32_t ttl; /* s: of what is made for it, negative answers too */
	int ede;      /* enum dns_ede; DNS_EDE_NONE for none */
	char text[DNS_EDE_TEXT_MAX + 1]; /* EXTRA-TEXT; empty: none */
};

struct dns_local_record {
	const uint8_t *owner; /* plain name; "*" as first label: all below */
	const uint8_t *rdata; /* uncompressed */
	uint32_t ttl;
	uint16_t type;
	uint16_t rdata_len;
};

struct dns_local;

/* What was found for a question: dns_local_find(). */
struct dns_local_match {
	enum dns_local_action action; /* never NONE, never ALLOW */
	bool is_listed;		      /* by a list: not local data */
	bool leaves;	/* it is CNAME records that lead out of local data */
	size_t records; /* octets that its records take up */
	const struct dns_local_source *source; /* whose word it is */
	/* The rest is private. */
	const struct dns_local *local;
	uint32_t rule;
	uint32_t soa; /* rule with the SOA of local data's zone; 0: none */
	size_t zone;  /* offset in QNAME of the name that negatives are of */
};

/* ------------------------------------------------------------- filling -- */

/*
 * Makes an empty table with source 0, whose TTL is `ttl`, that hashes under
 * `key`; NULL for lack of memory.
 */
struct dns_local *dns_local_new(const uint8_t key[HASH_KEY_LEN], uint32_t ttl);

/* NULL is fine. */
void dns_local_free(struct dns_local *l);

/*
 * Adds a source, which is copied, behind those that are there.  0 with its
 * number in *ret_source, or -ENOMEM, or -EFBIG if there are
 * DNS_LOCAL_SOURCES_MAX.
 */
int dns_local_add_source(struct dns_local *l,
    const struct dns_local_source *source, unsigned *ret_source);

/*
 * Gives a source records that all its names with the action RECORDS share; the
 * owner of `rr` does not matter.  Returns as dns_local_add_record().
 */
int dns_local_share_record(
    struct dns_local *l, unsigned source, const struct dns_local_record *rr);

/*
 * Adds a plain name with what becomes of it; `scope` is a set of enum
 * dns_local_scope.  Where this or an earlier source has it already, nothing
 * changes; a later one's word is replaced.  0, -ENOMEM, or -EFBIG: no room for
 * more names.
 */
int dns_local_add(struct dns_local *l, unsigned source, const uint8_t *name,
    unsigned scope, enum dns_local_action action);

/*
 * Adds a record of its own to a name.  Where an earlier source has the name, or
 * the record is there already, nothing changes.  Returns 0, -ENOMEM, -EFBIG:
 * no room for more names; -E2BIG: the name has too many records; -EEXIST: the
 * name has a CNAME, or another action of the same source, or has records and
 * now a CNAME (RFC 1034 3.6.2).
 */
int dns_local_add_record(
    struct dns_local *l, unsigned source, const struct dns_local_record *rr);

/* Does any source have this very plain name? */
bool dns_local_has(const struct dns_local *l, const uint8_t *name);

/*
 * Ends the filling: afterwards the table only is read.  Names of which only
 * longer ones exist become known where local data has an SOA above them.  0,
 * -ENOMEM or -EFBIG.
 */
int dns_local_finish(struct dns_local *l);

/* How many names there are, and how many octets all of it takes up. */
size_t dns_local_names(const struct dns_local *l);
size_t dns_local_octets(const struct dns_local *l);

/* ------------------------------------------------------------- reading -- */

/*
 * Looks for the answer to a question of opcode QUERY; `l` may be NULL: there is
 * none.  With `only_data` lists are not looked at.  At most one probe for each
 * label of the longest name in the table; nothing is allocated.
 *
 * Local data goes first.  A name with records is answered from them, with no
 * data for types that it has not.  A wildcard stands for names that do not
 * exist, below the longest one that does (RFC 4592 3.3.1).  Where local data
 * has an SOA, names below it that do not exist are NXDOMAIN; elsewhere they are
 * ordinary, and so are names of which only longer ones exist.
 *
 * Then the first list that has the name or, from above, its scope; in that list
 * the longest such name.  Returns whether something is to be answered.
 */
bool dns_local_find(const struct dns_local *l, const struct dns_query *q,
    bool only_data, struct dns_local_match *ret_match);

/*
 * Makes that answer, to the same question, into `out`, for which
 * dns_answer_bound() and match->records octets are enough.  CNAME records are
 * followed as far as local data goes; where they leave it, the answer ends.
 * Negative answers have an SOA: the zone's own, or one made up, so that they
 * can be cached (RFC 2308 3).  AA is set for local data only.  Returns 0 or
 * -EMSGSIZE.
 */
int dns_local_answer(const struct dns_local_match *match,
    const struct dns_query *q, const struct dns_hop *hop, struct dns_buf *out);

/*
 * Makes only the records of such an answer, of a match that leaves local data
 * (asserted), for what is said elsewhere about the name that they lead to.
 * `out` has room for header, question and match->records octets, which must
 * live as long as *ret_alias.
 */
void dns_local_alias(const struct dns_local_match *match,
    const struct dns_query *q, struct dns_buf *out,
    struct dns_alias *ret_alias);

#endif
