/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TTLs read record by record, and each record's RRset found by a hash of owner,
 * type and class.  Most records have the very octets of the one before them as
 * their owner, a compression pointer, so that a name is seldom read.
 */
#include "dns/ttl.h"

#include <errno.h>
#include <string.h>

#include "dns/name.h"
#include "dns/record.h"

/* FNV-1a (Fowler, Noll, Vo). */
#define FNV_BASIS UINT32_C(2166136261)
#define FNV_PRIME UINT32_C(16777619)

#define TYPE_SIZE 2

/* A set of octets of a message, a bit for each. */
#define OCTET_BITS 8
#define OCTET_SET (DNS_MESSAGE_MAX / OCTET_BITS + 1)

struct reader {
	const uint8_t *msg;
	size_t len;
	struct dns_ttls *ttls;
	uint32_t hash[DNS_TTL_SETS];
	/* The owner that was hashed last, as it stands in the message. */
	size_t owner;
	size_t owner_len; /* 0: none */
	uint32_t owner_hash;
};

static uint32_t
mix(uint32_t hash, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ data[i]) * FNV_PRIME;
	return hash;
}

static int
hash_owner(struct reader *r, const struct dns_record *rr)
{
	size_t len = rr->fixed - rr->start;
	uint8_t name[DNS_NAME_MAX];
	size_t name_len;

	if (len == r->owner_len &&
	    memcmp(r->msg + r->owner, r->msg + rr->start, len) == 0)
		return 0;
	if (dns_name_copy(r->msg, r->len, rr->start, name, &name_len) != 0)
		return -EBADMSG;
	(void)dns_name_lower(name, name);
	r->owner = rr->start;
	r->owner_len = len;
	r->owner_hash = mix(FNV_BASIS, name, name_len);
	return 0;
}

/* Hashes what an RRset has in common; a signature is one of what it covers. */
static uint32_t
hash_set(const struct reader *r, const struct dns_record *rr)
{
	const uint8_t *type = r->msg + rr->fixed;
	uint32_t hash = r->owner_hash;

	hash = mix(hash, type + TYPE_SIZE, sizeof(rr->class));
	if (rr->type == DNS_TYPE_RRSIG && rr->end - rr->rdata >= TYPE_SIZE)
		type = r->msg + rr->rdata;
	return mix(hash, type, TYPE_SIZE);
}

/* Finds an RRset, or makes it; the last one takes all that is too much. */
static size_t
find_set(struct reader *r, uint32_t hash)
{
	struct dns_ttls *t = r->ttls;
	size_t i;

	for (i = t->set_count; i > 0; i--) {
		if (r->hash[i - 1] == hash)
			return i - 1;
	}
	if (t->set_count == DNS_TTL_SETS)
		return DNS_TTL_SETS - 1;
	i = t->set_count++;
	r->hash[i] = hash;
	t->ttl[i] = UINT32_MAX;
	return i;
}

static int
read_record(struct reader *r, const struct dns_record *rr)
{
	struct dns_ttls *t = r->ttls;
	size_t set;

	if (rr->type == DNS_TYPE_OPT)
		return 0;
	if (hash_owner(r, rr) != 0)
		return -EBADMSG;
	set = find_set(r, hash_set(r, rr));
	if (rr->ttl < t->ttl[set])
		t->ttl[set] = rr->ttl;
	t->at[t->count] = (uint16_t)(rr->rdata - DNS_TTL_TO_RDATA);
	t->set[t->count] = (uint8_t)set;
	t->count++;
	return 0;
}

int
dns_ttls_read(
    const uint8_t *msg, size_t len, size_t records, struct dns_ttls *ret_ttls)
{
	struct reader r = {.msg = msg, .len = len, .ttls = ret_ttls};
	struct dns_record rr;
	size_t pos = records;

	ret_ttls->count = 0;
	ret_ttls->set_count = 0;
	if (len > DNS_MESSAGE_MAX)
		return -EBADMSG;
	while (pos < len) {
		if (dns_record_read(msg, len, pos, &rr) != 0 ||
		    read_record(&r, &rr) != 0)
			return -EBADMSG;
		pos = rr.end;
	}
	return 0;
}

void
dns_ttls_limit(struct dns_ttls *t, uint32_t least, uint32_t most)
{
	size_t i;

	for (i = 0; i < t->set_count; i++) {
		if (t->ttl[i] < least)
			t->ttl[i] = least;
		if (t->ttl[i] > most)
			t->ttl[i] = most;
	}
}

uint32_t
dns_ttls_smallest(const struct dns_ttls *t)
{
	uint32_t smallest = DNS_TTL_MAX;
	size_t i;

	for (i = 0; i < t->set_count; i++) {
		if (t->ttl[i] < smallest)
			smallest = t->ttl[i];
	}
	return smallest;
}

void
dns_ttls_write(const struct dns_ttls *t, uint8_t *msg)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		dns_put32(msg + t->at[i], t->ttl[t->set[i]]);
}

static bool
has_octet(const uint8_t *set, size_t at)
{
	return (set[at / OCTET_BITS] >> at % OCTET_BITS & 1) != 0;
}

static void
add_octets(uint8_t *set, size_t at, size_t len)
{
	for (; len > 0; at++, len--)
		set[at / OCTET_BITS] |= (uint8_t)(1U << at % OCTET_BITS);
}

/* Octets that may change, and where labels were found that do not. */
struct changes {
	const uint8_t *msg;
	uint8_t may_change[OCTET_SET];
	uint8_t is_apart[OCTET_SET];
};

/*
 * Walks a sound name, label by label and pointer by pointer.  Where it comes
 * to what was walked before, that was good, or nobody would be walking still.
 */
static bool
is_name_apart(struct changes *c, size_t pos)
{
	bool is_pointer;
	size_t len;
	size_t i;

	while (!has_octet(c->is_apart, pos)) {
		add_octets(c->is_apart, pos, 1);
		is_pointer = c->msg[pos] >= DNS_POINTER_BITS;
		len = is_pointer ? DNS_POINTER_SIZE : 1 + (size_t)c->msg[pos];
		for (i = 0; i < len; i++) {
			if (has_octet(c->may_change, pos + i))
				return false;
		}
		if (c->msg[pos] == 0)
			return true;
		pos = is_pointer ? dns_get16(c->msg + pos) & DNS_POINTER_MASK
				 : pos + len;
	}
	return true;
}

static bool
are_names_apart(struct changes *c, const struct dns_record *rr)
{
	struct dns_part_walk walk;
	struct dns_part part;
	int rc;

	if (!is_name_apart(c, rr->start))
		return false;
	dns_part_first(c->msg, rr, &walk);
	while ((rc = dns_part_next(&walk, &part)) > 0) {
		if (part.kind == DNS_PART_NAME && !is_name_apart(c, part.start))
			return false;
	}
	return rc == 0;
}

static void
add_changes(
    struct changes *c, const struct dns_ttls *t, size_t first, size_t count)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		add_octets(c->may_change, t->at[i], sizeof(t->ttl[0]));
	for (i = first; i < first + count; i++)
		add_octets(c->may_change, t->at[i] + DNS_TTL_TO_RDATA,
		    dns_get16(c->msg + t->at[i] + DNS_TTL_TO_RDLENGTH));
}

bool
dns_ttls_are_apart(const struct dns_ttls *t, const uint8_t *msg, size_t len,
    size_t records, size_t first, size_t count)
{
	struct changes c;
	struct dns_record rr;
	size_t pos = records;

	/* No more than what the message needs of these 16 KiB. */
	c.msg = msg;
	memset(c.may_change, 0, len / OCTET_BITS + 1);
	memset(c.is_apart, 0, len / OCTET_BITS + 1);
	add_changes(&c, t, first, count);
	if (records >= DNS_HEADER_SIZE + DNS_QUESTION_FIXED)
		add_octets(c.may_change, records - DNS_QUESTION_FIXED,
		    DNS_QUESTION_FIXED);
	for (; pos < len; pos = rr.end) {
		if (dns_record_read(msg, len, pos, &rr) != 0 ||
		    !are_names_apart(&c, &rr))
			return false;
	}
	return true;
}
