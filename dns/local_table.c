/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of local names: arrays and the hash over them.
 *
 * Offsets are 32 bits, so no array grows beyond that; numbers in the arrays are
 * copied out, since nothing in them is aligned.  The hash is keyed: lists may
 * be trusted, but who asks chooses what is looked for.
 */
#include "dns/local_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/name.h"

#define ARRAY_FIRST 1024
#define SLOTS_FIRST 64
#define PAIRS_FIRST 64
#define OFFSETS_MAX UINT32_MAX

/* Slots in use of all of them: more makes misses long. */
#define LOAD_NUM 3
#define LOAD_DEN 4

/* -------------------------------------------------------------- arrays -- */

/* Makes room for `more` octets; grows by half, which costs no memory that is
 * not touched. */
static int
reserve(struct local_array *a, size_t more)
{
	size_t need = a->len + more;
	size_t size = a->size + a->size / 2;
	uint8_t *data;

	if (need > OFFSETS_MAX)
		return -EFBIG;
	if (need <= a->size)
		return 0;
	if (size < ARRAY_FIRST)
		size = ARRAY_FIRST;
	if (size < need)
		size = need;
	data = realloc(a->data, size);
	if (data == NULL)
		return -ENOMEM;
	a->data = data;
	a->size = size;
	return 0;
}

static void
shrink(struct local_array *a)
{
	uint8_t *data;

	if (a->len == 0)
		return;
	data = realloc(a->data, a->len);
	if (data == NULL)
		return; /* it only is larger than it need be */
	a->data = data;
	a->size = a->len;
}

/* An entry has one rule nearly always, so a name costs one number: the rule
 * with what it is for in the upper bits, or, without those, a pair of rules. */
#define RULE_BITS 30
#define RULE_MASK ((UINT32_C(1) << RULE_BITS) - 1)

static uint32_t
pack(uint32_t rule, unsigned scope)
{
	assert(rule <= RULE_MASK);
	return rule | (uint32_t)scope << RULE_BITS;
}

struct local_entry
local_entry_get(const struct dns_local *l, uint32_t at)
{
	struct local_entry e = {0, 0};
	uint32_t packed;
	uint32_t rule;
	unsigned scope;

	_Static_assert(sizeof(packed) == LOCAL_ENTRY_FIXED, "as it is stored");
	memcpy(&packed, l->names.data + at, sizeof(packed));
	rule = packed & RULE_MASK;
	scope = packed >> RULE_BITS;
	if (scope == 0 && rule != 0)
		return l->pairs[rule];
	if ((scope & DNS_LOCAL_SELF) != 0)
		e.self = rule;
	if ((scope & DNS_LOCAL_BELOW) != 0)
		e.below = rule;
	return e;
}

/* Keeps a pair; 0 is none. */
static int
add_pair(struct dns_local *l, const struct local_entry *e, uint32_t *ret)
{
	size_t size = l->pairs_size + l->pairs_size / 2;
	struct local_entry *pairs;

	if (l->npairs + 1 >= l->pairs_size) {
		if (size < PAIRS_FIRST)
			size = PAIRS_FIRST;
		pairs = realloc(l->pairs, size * sizeof(*pairs));
		if (pairs == NULL)
			return -ENOMEM;
		l->pairs = pairs;
		l->pairs_size = size;
	}
	l->pairs[++l->npairs] = *e;
	*ret = (uint32_t)l->npairs;
	return 0;
}

int
local_entry_set(struct dns_local *l, uint32_t at, const struct local_entry *e)
{
	uint32_t packed = 0;
	int rc = 0;

	if (e->self == e->below && e->self != 0)
		packed = pack(e->self, DNS_LOCAL_SELF | DNS_LOCAL_BELOW);
	else if (e->self != 0 && e->below != 0)
		rc = add_pair(l, e, &packed);
	else if (e->self != 0)
		packed = pack(e->self, DNS_LOCAL_SELF);
	else if (e->below != 0)
		packed = pack(e->below, DNS_LOCAL_BELOW);
	if (rc == 0)
		memcpy(l->names.data + at, &packed, sizeof(packed));
	return rc;
}

struct local_record
local_record_get(const struct dns_local *l, uint32_t at)
{
	const uint8_t *p = l->data.data + at;
	struct local_record r = {.rdata = p + LOCAL_RECORD_FIXED};

	memcpy(&r.next, p, 4);
	memcpy(&r.ttl, p + 4, 4);
	memcpy(&r.type, p + 8, 2);
	memcpy(&r.len, p + 10, 2);
	return r;
}

/* ---------------------------------------------------------------- hash -- */

static size_t
first_slot(const struct dns_local *l, uint64_t hash)
{
	return (size_t)((hash >> 32) * l->nslots >> 32);
}

static uint32_t
tag_of(const struct dns_local *l, uint64_t hash)
{
	return (uint32_t)((hash & UINT32_MAX) >> l->offset_bits);
}

static uint32_t
offset_of(const struct dns_local *l, uint32_t slot)
{
	return (uint32_t)(slot & ((UINT64_C(1) << l->offset_bits) - 1));
}

static uint32_t
make_slot(const struct dns_local *l, uint64_t hash, uint32_t at)
{
	return (uint32_t)((uint64_t)tag_of(l, hash) << l->offset_bits | at);
}

static bool
is_name_at(
    const struct dns_local *l, uint32_t at, const uint8_t *name, size_t len)
{
	const uint8_t *p = l->names.data + at + LOCAL_ENTRY_FIXED;

	/* A name is no prefix of another one: its end is in it. */
	return l->names.len - at - LOCAL_ENTRY_FIXED >= len &&
	       memcmp(p, name, len) == 0;
}

/* The slot of the name, or the free one where it would be. */
static uint32_t *
find_slot(
    const struct dns_local *l, const uint8_t *name, size_t len, uint64_t hash)
{
	size_t i = first_slot(l, hash);
	uint32_t slot;

	while ((slot = l->slots[i]) != 0) {
		if ((uint64_t)slot >> l->offset_bits == tag_of(l, hash) &&
		    is_name_at(l, offset_of(l, slot), name, len))
			break;
		i = i + 1 < l->nslots ? i + 1 : 0;
	}
	return &l->slots[i];
}

uint32_t
local_lookup(const struct dns_local *l, const uint8_t *name, size_t len)
{
	if (l->count == 0)
		return 0;
	return offset_of(
	    l, *find_slot(l, name, len, hash_bytes(l->key, name, len)));
}

static unsigned
bits_for(size_t n)
{
	unsigned bits = 0;

	for (; n > 0; n >>= 1)
		bits++;
	return bits;
}

/* Makes a new index with `nslots`, for offsets below `limit`. */
static int
rehash(struct dns_local *l, size_t nslots, size_t limit)
{
	const uint8_t *name;
	uint32_t *old = l->slots;
	size_t at;
	size_t len;
	uint64_t hash;

	assert(nslots > l->count && limit <= (size_t)OFFSETS_MAX + 1);
	l->slots = calloc(nslots, sizeof(*l->slots));
	if (l->slots == NULL) {
		l->slots = old;
		return -ENOMEM;
	}
	free(old);
	l->nslots = nslots;
	l->offset_bits = bits_for(limit - 1);
	/* Entries lie one behind the other; offset 0 is none. */
	for (at = LOCAL_ENTRY_FIXED; at < l->names.len;
	     at += LOCAL_ENTRY_FIXED + len) {
		name = l->names.data + at + LOCAL_ENTRY_FIXED;
		len = dns_name_length(name);
		hash = hash_bytes(l->key, name, len);
		*find_slot(l, name, len, hash) =
		    make_slot(l, hash, (uint32_t)at);
	}
	return 0;
}

/* Makes room for one name more. */
static int
prepare_slot(struct dns_local *l, size_t len)
{
	size_t end = l->names.len + 2 * LOCAL_ENTRY_FIXED + len;
	size_t nslots = l->nslots != 0 ? l->nslots : SLOTS_FIRST;
	size_t limit = 2 * end;

	if (l->count >= DNS_LOCAL_NAMES_MAX || end > OFFSETS_MAX)
		return -EFBIG;
	if (l->nslots != 0 && l->count + 1 <= nslots / LOAD_DEN * LOAD_NUM &&
	    end <= UINT64_C(1) << l->offset_bits)
		return 0;
	if (l->count + 1 > nslots / LOAD_DEN * LOAD_NUM)
		nslots *= 2;
	if (limit > (size_t)OFFSETS_MAX + 1)
		limit = (size_t)OFFSETS_MAX + 1;
	return rehash(l, nslots, limit);
}

static unsigned
count_labels(const uint8_t *name)
{
	unsigned n = 0;

	for (; *name != 0; name += 1 + (size_t)*name)
		n++;
	return n;
}

/* Appends an entry without rules. */
static int
append_entry(
    struct dns_local *l, const uint8_t *name, size_t len, uint32_t *ret_at)
{
	uint32_t at;
	int rc = reserve(&l->names, 2 * LOCAL_ENTRY_FIXED + len);

	if (rc != 0)
		return rc;
	/* Offset 0 is none. */
	if (l->names.len == 0)
		l->names.len = LOCAL_ENTRY_FIXED;
	at = (uint32_t)l->names.len;
	memset(l->names.data + at, 0, LOCAL_ENTRY_FIXED);
	memcpy(l->names.data + at + LOCAL_ENTRY_FIXED, name, len);
	l->names.len += LOCAL_ENTRY_FIXED + len;
	*ret_at = at;
	return 0;
}

int
local_insert(
    struct dns_local *l, const uint8_t *name, size_t len, uint32_t *ret_at)
{
	uint64_t hash = hash_bytes(l->key, name, len);
	unsigned labels = count_labels(name);
	uint32_t at = 0;
	int rc;

	if (l->count > 0)
		at = offset_of(l, *find_slot(l, name, len, hash));
	if (at != 0) {
		*ret_at = at;
		return 0;
	}
	rc = prepare_slot(l, len);
	if (rc == 0)
		rc = append_entry(l, name, len, &at);
	if (rc != 0)
		return rc;
	*find_slot(l, name, len, hash) = make_slot(l, hash, at);
	l->count++;
	if (labels > l->labels_max)
		l->labels_max = labels;
	*ret_at = at;
	return 0;
}

/* ---------------------------------------------------------------- life -- */

struct dns_local *
dns_local_new(const uint8_t key[HASH_KEY_LEN], uint32_t ttl)
{
	struct dns_local_source data = {.ttl = ttl, .ede = DNS_EDE_NONE};
	struct dns_local *l = calloc(1, sizeof(*l));
	unsigned source;

	if (l == NULL)
		return NULL;
	memcpy(l->key, key, HASH_KEY_LEN);
	if (dns_local_add_source(l, &data, &source) != 0) {
		dns_local_free(l);
		return NULL;
	}
	return l;
}

void
dns_local_free(struct dns_local *l)
{
	if (l == NULL)
		return;
	free(l->names.data);
	free(l->data.data);
	free(l->rules);
	free(l->pairs);
	free(l->slots);
	free(l->sources);
	free(l);
}

int
local_reserve_data(struct dns_local *l, size_t more)
{
	int rc = reserve(&l->data, 2 * LOCAL_RECORD_FIXED + more);

	/* Offset 0 is none. */
	if (rc == 0 && l->data.len == 0)
		l->data.len = LOCAL_RECORD_FIXED;
	return rc;
}

int
local_fit(struct dns_local *l)
{
	size_t nslots = l->count / LOAD_NUM * LOAD_DEN + LOAD_DEN;
	struct local_rule *rules;

	shrink(&l->names);
	shrink(&l->data);
	rules = realloc(l->rules, (l->nrules + 1) * sizeof(*rules));
	if (rules != NULL) {
		l->rules = rules;
		l->rules_size = l->nrules + 1;
	}
	return l->count > 0 ? rehash(l, nslots, l->names.len) : 0;
}

size_t
dns_local_names(const struct dns_local *l)
{
	return l->count;
}

size_t
dns_local_octets(const struct dns_local *l)
{
	return sizeof(*l) + l->names.size + l->data.size +
	       l->rules_size * sizeof(*l->rules) +
	       l->pairs_size * sizeof(*l->pairs) +
	       l->nslots * sizeof(*l->slots) +
	       l->nsources * sizeof(*l->sources);
}
