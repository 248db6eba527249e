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
