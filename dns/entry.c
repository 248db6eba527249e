/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making a block: what is kept of an answer, and for how long.
 *
 * The message is copied into the block first, as it is to be given back, and
 * judged there: so nothing that is left out can count.  In `data` stand
 *
 *	the message	header, question, records without OPT and TSIG
 *	the places	ttl_count words: offsets of the TTLs, ascending
 *	the text	of failures only; with its NUL
 *
 * Each TTL of the message is at least `life`, so that what is left of it is
 * more than 0 as long as the block is given.  No name depends on an octet that
 * is written over when it is.
 */
#include "dns/entry.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/entry_parts.h"
#include "dns/name.h"
#include "dns/record.h"
#include "dns/rewrite.h"
#include "dns/ttl.h"

/* The last field of an SOA (RFC 1035 3.3.13). */
#define SOA_MINIMUM_SIZE 4

/*
 * Where the end of a chain of aliases is looked for, in negative answers.
 * Nobody follows more than some ten aliases; each may have a signature, and a
 * DNAME with another.
 */
#define CHAIN_RECORDS 64
#define CHAIN_ALIASES 16

/* An answer under judgement: it is in the block, with its TTLs. */
struct draft {
	struct dns_entry *entry;
	const struct dns_entry_rules *rules;
	struct dns_ttls ttls;
	size_t answers; /* records in the answer section */
	size_t authority_end;
	size_t soa; /* index of the one that counts; negative answers only */
};

static uint16_t
asked_type(const struct dns_entry_how *how)
{
	return dns_get16(
	    how->question + how->question_len - DNS_QUESTION_FIXED);
}

static struct dns_rewrite
rewrite_of(const struct dns_entry_how *how)
{
	return (struct dns_rewrite){
	    .qtype = asked_type(how),
	    .strip_dnssec = how->strip_dnssec && !how->is_do,
	};
}

size_t
dns_entry_bound(const struct dns_response *r, const struct dns_entry_how *how)
{
	struct dns_rewrite rewrite = rewrite_of(how);
	size_t records = (size_t)dns_get16(r->msg + DNS_OFF_ANCOUNT) +
			 dns_get16(r->msg + DNS_OFF_NSCOUNT) +
			 dns_get16(r->msg + DNS_OFF_ARCOUNT);
	size_t len = r->len;

	if (dns_rewrite_may_grow(r, &rewrite))
		len = DNS_MESSAGE_MAX;
	/* A response may come without its question, or broken off. */
	if (records > DNS_RECORDS_MAX)
		records = DNS_RECORDS_MAX;
	len += DNS_ENTRY_HEAD + DNS_ENTRY_PLACE * records;
	return len > DNS_ENTRY_FAILURE_MAX ? len : DNS_ENTRY_FAILURE_MAX;
}

/* Begins the message: header and question.  `room` is all of the block. */
static int
put_head(const struct dns_entry_how *how, uint16_t flags, struct dns_buf *out)
{
	uint8_t *p = out->data;

	if (out->size < DNS_HEADER_SIZE + how->question_len)
		return -EMSGSIZE;
	memset(p, 0, DNS_HEADER_SIZE);
	dns_put16(p + DNS_OFF_FLAGS, flags);
	dns_put16(p + DNS_OFF_QDCOUNT, 1);
	memcpy(p + DNS_HEADER_SIZE, how->question, how->question_len);
	out->len = DNS_HEADER_SIZE + how->question_len;
	return 0;
}

static struct dns_buf
message_room(struct dns_entry *e, size_t room)
{
	struct dns_buf out = {.data = e->data};

	if (room > DNS_ENTRY_HEAD)
		out.size = room - DNS_ENTRY_HEAD;
	if (out.size > DNS_MESSAGE_MAX)
		out.size = DNS_MESSAGE_MAX;
	return out;
}

/* RA is the server's to say, AD if it can be trusted (RFC 4035 4.9.3). */
static uint16_t
kept_flags(const struct dns_response *r, const struct dns_entry_how *how)
{
	uint16_t flags = r->flags & (DNS_FLAG_RA | DNS_RCODE_MASK);

	if (how->is_ad_trusted)
		flags |= r->flags & DNS_FLAG_AD;
	return flags | DNS_FLAG_QR;
}

static int
put_message(const struct dns_response *r, const struct dns_entry_how *how,
    struct dns_entry *e, size_t room)
{
	struct dns_rewrite rewrite = rewrite_of(how);
	struct dns_buf out = message_room(e, room);
	int rc;

	rc = put_head(how, kept_flags(r, how), &out);
	if (rc == 0)
		rc = dns_rewrite_records(r, &rewrite, &out);
	if (rc == 0)
		e->len = (uint16_t)out.len;
	return rc;
}

/* Is there a record of the type that was asked for?  Of whatever name: aliases
 * may stand behind what they lead to. */
static bool
has_answer(const struct draft *d, const struct dns_entry_how *how)
{
	uint16_t type = asked_type(how);
	size_t i;

	for (i = 0; i < d->answers; i++) {
		if (dns_entry_type(d->entry, d->ttls.at[i]) == type)
			return true;
	}
	return false;
}

/* Where record `i` begins: behind the one before it. */
static size_t
record_start(const struct draft *d, size_t i)
{
	const struct dns_entry *e = d->entry;

	if (i == 0)
		return DNS_HEADER_SIZE + e->question_len;
	return dns_entry_rdata_end(e, d->ttls.at[i - 1]);
}

/* Reads the name at an offset of the message, which is a sound one. */
static const uint8_t *
read_name(const struct draft *d, size_t at, uint8_t name[DNS_NAME_MAX])
{
	size_t len;
	int rc = dns_name_copy(d->entry->data, d->entry->len, at, name, &len);

	assert(rc == 0);
	(void)rc;
	return name;
}

/* Goes from `name` to where an alias in the answer section leads, if any. */
static bool
follow_alias(const struct draft *d, uint8_t name[DNS_NAME_MAX])
{
	uint8_t owner[DNS_NAME_MAX];
	size_t i;

	for (i = 0; i < d->answers && i < CHAIN_RECORDS; i++) {
		if (dns_entry_type(d->entry, d->ttls.at[i]) != DNS_TYPE_CNAME)
			continue;
		read_name(d, record_start(d, i), owner);
		if (!dns_name_equal(owner, name))
			continue;
		read_name(d, d->ttls.at[i] + DNS_TTL_TO_RDATA, name);
		return true;
	}
	return false;
}

/* Is record `i` the SOA of a zone that may hold this name? */
static bool
is_soa_of(const struct draft *d, size_t i, const uint8_t *name)
{
	const struct dns_entry *e = d->entry;
	const uint8_t *class =
	    dns_entry_question(e) + e->question_len - sizeof(uint16_t);
	size_t at = d->ttls.at[i];
	uint8_t zone[DNS_NAME_MAX];

	if (dns_entry_type(e, at) != DNS_TYPE_SOA ||
	    memcmp(e->data + at + DNS_TTL_TO_CLASS, class, sizeof(uint16_t)) !=
		0)
		return false;
	read_name(d, record_start(d, i), zone);
	return dns_name_is_subdomain(name, zone);
}

/*
 * RFC 2308 2, 5: what is not there is known for as long as the SOA in the
 * authority section says.  One of a zone elsewhere says nothing of this name.
 */
static bool
find_soa(struct draft *d)
{
	uint8_t name[DNS_NAME_MAX];
	unsigned left = CHAIN_ALIASES;

	read_name(d, DNS_HEADER_SIZE, name);
	while (left > 0 && follow_alias(d, name))
		left--;
	for (d->soa = d->answers; d->soa < d->authority_end; d->soa++) {
		if (is_soa_of(d, d->soa, name))
			return true;
	}
	return false;
}

/* The TTL of the SOA becomes that of the negative answer (RFC 2308 3). */
static void
limit_negative(struct draft *d, uint32_t most)
{
	uint32_t *ttl = &d->ttls.ttl[d->ttls.set[d->soa]];

	if (*ttl > most)
		*ttl = most;
}

static uint32_t
soa_minimum(const struct draft *d)
{
	size_t end = dns_entry_rdata_end(d->entry, d->ttls.at[d->soa]);

	return dns_get32(d->entry->data + end - SOA_MINIMUM_SIZE);
}

static enum dns_entry_verdict
judge_kind(struct draft *d, const struct dns_response *r,
    const struct dns_entry_how *how)
{
	struct dns_entry *e = d->entry;

	e->kind = DNS_ENTRY_POSITIVE;
	if (r->rcode == DNS_RCODE_NOERROR && has_answer(d, how))
		return DNS_ENTRY_MADE;
	e->kind = r->rcode == DNS_RCODE_NOERROR ? DNS_ENTRY_NODATA
						: DNS_ENTRY_NXDOMAIN;
	e->is_any_type = e->kind == DNS_ENTRY_NXDOMAIN && d->answers == 0;
	return find_soa(d) ? DNS_ENTRY_MADE : DNS_ENTRY_NO_SOA;
}

/* Puts the TTLs within the rules; 0 means that it was for once. */
static enum dns_entry_verdict
judge_ttls(struct draft *d)
{
	const struct dns_entry_rules *rules = d->rules;
	bool is_negative = d->entry->kind != DNS_ENTRY_POSITIVE;
	uint32_t most = rules->max_ttl;

	if (is_negative)
		limit_negative(d, soa_minimum(d));
	if (dns_ttls_smallest(&d->ttls) == 0)
		return DNS_ENTRY_TTL_ZERO;
	if (most > DNS_TTL_MAX)
		most = DNS_TTL_MAX;
	dns_ttls_limit(&d->ttls, rules->min_ttl, most);
	if (is_negative)
		limit_negative(d, rules->negative_ttl);
	d->entry->life = dns_ttls_smallest(&d->ttls);
	return d->entry->life > 0 ? DNS_ENTRY_MADE : DNS_ENTRY_TTL_ZERO;
}

static enum dns_entry_verdict
judge(struct draft *d, const struct dns_response *r,
    const struct dns_entry_how *how)
{
	const struct dns_entry *e = d->entry;
	enum dns_entry_verdict verdict;

	if (dns_ttls_read(e->data, e->len, DNS_HEADER_SIZE + e->question_len,
		&d->ttls) != 0)
		return DNS_ENTRY_NO_MATCH;
	d->answers = dns_get16(e->data + DNS_OFF_ANCOUNT);
	d->authority_end = d->answers + dns_get16(e->data + DNS_OFF_NSCOUNT);
	verdict = judge_kind(d, r, how);
	return verdict == DNS_ENTRY_MADE ? judge_ttls(d) : verdict;
}

/* Writes the TTLs, the places where they stand, and which records turn. */
static enum dns_entry_verdict
finish(struct draft *d, size_t room)
{
	struct dns_entry *e = d->entry;
	uint8_t *place = e->data + e->len;
	size_t i;

	e->ttl_count = (uint16_t)d->ttls.count;
	e->text_len = 0;
	e->size = (uint32_t)dns_entry_size(e);
	if (e->size > room)
		return DNS_ENTRY_TOO_LARGE;
	dns_entry_find_turn(e, &d->ttls, &e->turn_first, &e->turn_count);
	if (!dns_ttls_are_apart(&d->ttls, e->data, e->len,
		DNS_HEADER_SIZE + e->question_len, e->turn_first,
		e->turn_count))
		return DNS_ENTRY_ENTANGLED;
	dns_ttls_write(&d->ttls, e->data);
	for (i = 0; i < d->ttls.count; i++, place += DNS_ENTRY_PLACE)
		dns_put16(place, d->ttls.at[i]);
	return DNS_ENTRY_MADE;
}

static enum dns_entry_verdict
make_answer(const struct dns_response *r, const struct dns_entry_how *how,
    const struct dns_entry_rules *rules, struct dns_entry *e, size_t room)
{
	enum dns_entry_verdict verdict;
	struct draft d;

	/* Whole, since it is 18 KiB: nothing reads what is not set. */
	d.entry = e;
	d.rules = rules;
	if (put_message(r, how, e, room) != 0)
		return DNS_ENTRY_TOO_LARGE;
	verdict = judge(&d, r, how);
	return verdict == DNS_ENTRY_MADE ? finish(&d, room) : verdict;
}

/* RFC 5452 9.1, once more: what is kept wrongly would be given to many. */
static bool
is_match(const struct dns_response *r, const struct dns_entry_how *how)
{
	const uint8_t *question = r->msg + DNS_HEADER_SIZE;
	size_t name_len = how->question_len - DNS_QUESTION_FIXED;

	return r->question_len == how->question_len &&
	       dns_name_bytes_equal(question, how->question, name_len) &&
	       memcmp(question + name_len, how->question + name_len,
		   DNS_QUESTION_FIXED) == 0;
}

static uint16_t
failure_rcode(uint16_t rcode)
{
	/* They are about the hop behind us (RFC 6891 6.1.3, RFC 7873 5.3). */
	if (rcode == DNS_RCODE_BADVERS || rcode == DNS_RCODE_BADCOOKIE)
		return DNS_RCODE_SERVFAIL;
	return rcode;
}

enum dns_entry_verdict
dns_entry_make(const struct dns_response *r, const struct dns_entry_how *how,
    const struct dns_entry_rules *rules, struct dns_entry *ret_entry,
    size_t room)
{
	static const char failed[] = "the upstream server failed";
	static const char said[] = "said by the upstream server";
	struct dns_error e = {.rcode = failure_rcode(r->rcode)};

	/* What answers an UPDATE may lack all RDATA (RFC 2136 2.4). */
	if ((r->flags & DNS_OPCODE_MASK) != 0)
		return DNS_ENTRY_NO_MATCH;
	if ((r->flags & DNS_FLAG_TC) != 0)
		return DNS_ENTRY_TRUNCATED;
	e.ede = dns_ede_find(r->msg + r->edns.options, r->edns.options_len);
	if (e.ede == DNS_EDE_TOO_EARLY)
		return DNS_ENTRY_TOO_EARLY;
	if (e.rcode != DNS_RCODE_NOERROR && e.rcode != DNS_RCODE_NXDOMAIN) {
		e.text = e.rcode == DNS_RCODE_SERVFAIL ? failed : said;
		return dns_entry_fail(how, &e, rules, ret_entry, room);
	}
	if (!is_match(r, how))
		return DNS_ENTRY_NO_MATCH;
	if (room < DNS_ENTRY_HEAD)
		return DNS_ENTRY_TOO_LARGE;
	memset(ret_entry, 0, DNS_ENTRY_HEAD);
	ret_entry->ede = e.ede;
	ret_entry->rcode = e.rcode;
	ret_entry->question_len = (uint16_t)how->question_len;
	return make_answer(r, how, rules, ret_entry, room);
}

enum dns_entry_verdict
dns_entry_fail(const struct dns_entry_how *how, const struct dns_error *e,
    const struct dns_entry_rules *rules, struct dns_entry *ret_entry,
    size_t room)
{
	size_t text_len =
	    e->text != NULL ? strnlen(e->text, DNS_EDE_TEXT_MAX) : 0;
	struct dns_buf out = message_room(ret_entry, room);
	uint16_t flags = DNS_FLAG_QR | DNS_FLAG_RA;

	assert(e->rcode != DNS_RCODE_NOERROR && e->rcode != DNS_RCODE_NXDOMAIN);
	flags |= e->rcode & DNS_RCODE_MASK;
	if (put_head(how, flags, &out) != 0 ||
	    out.size - out.len < text_len + 1)
		return DNS_ENTRY_TOO_LARGE;
	memset(ret_entry, 0, DNS_ENTRY_HEAD);
	ret_entry->life = rules->failure_ttl;
	ret_entry->ede = e->ede;
	ret_entry->rcode = e->rcode;
	ret_entry->kind = DNS_ENTRY_FAILURE;
	ret_entry->question_len = (uint16_t)how->question_len;
	ret_entry->len = (uint16_t)out.len;
	ret_entry->text_len = (uint8_t)(text_len + 1);
	if (text_len > 0)
		memcpy(out.data + out.len, e->text, text_len);
	out.data[out.len + text_len] = '\0';
	ret_entry->size = (uint32_t)dns_entry_size(ret_entry);
	return DNS_ENTRY_MADE;
}
