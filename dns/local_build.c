/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filling the table of local names.
 *
 * The order in which sources are added is their rank: a place in an entry
 * belongs to the first source that has it, whatever the order of the names.
 * Names of a source with the same action share one rule; only a name with
 * records of its own has a rule for itself.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/local_table.h"
#include "dns/name.h"

#define RULES_FIRST 64

/* One of the two places of an entry for a rule. */
struct place {
	uint32_t entry;
	enum dns_local_scope scope;
};

int
dns_local_add_source(struct dns_local *l, const struct dns_local_source *source,
    unsigned *ret_source)
{
	struct local_source *sources;

	if (l->nsources == DNS_LOCAL_SOURCES_MAX)
		return -EFBIG;
	sources = realloc(l->sources, (l->nsources + 1) * sizeof(*l->sources));
	if (sources == NULL)
		return -ENOMEM;
	l->sources = sources;
	sources[l->nsources] = (struct local_source){.is = *source};
	*ret_source = l->nsources++;
	return 0;
}

/* --------------------------------------------------------------- rules -- */

static int
add_rule(struct dns_local *l, const struct local_rule *rule, uint32_t *ret)
{
	size_t size = l->rules_size + l->rules_size / 2;
	struct local_rule *rules;

	/* Rule 0 is none. */
	if (l->nrules + 1 >= l->rules_size) {
		if (size < RULES_FIRST)
			size = RULES_FIRST;
		rules = realloc(l->rules, size * sizeof(*rules));
		if (rules == NULL)
			return -ENOMEM;
		l->rules = rules;
		l->rules_size = size;
	}
	l->rules[++l->nrules] = *rule;
	*ret = (uint32_t)l->nrules;
	return 0;
}

/* The rule that all names of a source with this action share. */
static int
share_rule(struct dns_local *l, unsigned source, enum dns_local_action action,
    uint32_t *ret)
{
	struct local_rule rule = {
	    .source = (uint16_t)source, .action = (uint8_t)action};
	uint32_t *shared = &l->sources[source].rule[action];
	int rc = 0;

	if (*shared == 0)
		rc = add_rule(l, &rule, shared);
	if (rc == 0)
		*ret = *shared;
	return rc;
}

static bool
is_shared(const struct dns_local *l, uint32_t rule)
{
	const struct local_rule *r = &l->rules[rule];

	return l->sources[r->source].rule[r->action] == rule;
}

static uint32_t
get_rule(const struct dns_local *l, const struct place *at)
{
	struct local_entry e = local_entry_get(l, at->entry);

	return at->scope == DNS_LOCAL_SELF ? e.self : e.below;
}

static int
set_rule(struct dns_local *l, const struct place *at, uint32_t rule)
{
	struct local_entry e = local_entry_get(l, at->entry);

	if (at->scope == DNS_LOCAL_SELF)
		e.self = rule;
	else
		e.below = rule;
	return local_entry_set(l, at->entry, &e);
}

/* Does a place with this rule fall to a source? */
static bool
yields(const struct dns_local *l, uint32_t rule, unsigned source)
{
	return rule == 0 || l->rules[rule].source > source;
}

int
dns_local_add(struct dns_local *l, unsigned source, const uint8_t *name,
    unsigned scope, enum dns_local_action action)
{
	uint8_t lower[DNS_NAME_MAX];
	size_t len = dns_name_lower(name, lower);
	struct local_entry e;
	uint32_t rule;
	uint32_t at;
	int rc;

	assert(source < l->nsources && action != DNS_LOCAL_NONE);
	rc = local_insert(l, lower, len, &at);
	if (rc == 0)
		rc = share_rule(l, source, action, &rule);
	if (rc != 0)
		return rc;
	e = local_entry_get(l, at);
	if ((scope & DNS_LOCAL_SELF) != 0 && yields(l, e.self, source))
		e.self = rule;
	if ((scope & DNS_LOCAL_BELOW) != 0 && yields(l, e.below, source))
		e.below = rule;
	return local_entry_set(l, at, &e);
}

/* ------------------------------------------------------------- records -- */

/* What the chain of a rule says about one record more. */
struct chain {
	uint32_t last; /* 0: it is empty */
	size_t count;
	size_t octets;
	uint32_t ttl; /* of its type; RFC 2181 5.2: all have the same */
	bool has_cname;
	bool has_it;
};

static void
read_chain(const struct dns_local *l, uint32_t first,
    const struct dns_local_record *rr, struct chain *ret)
{
	struct chain c = {.ttl = rr->ttl};
	struct local_record r;
	uint32_t at;

	for (at = first; at != 0; at = r.next) {
		r = local_record_get(l, at);
		c.last = at;
		c.count++;
		c.octets += LOCAL_RECORD_FIXED + r.len;
		c.has_cname |= r.type == DNS_TYPE_CNAME;
		if (r.type != rr->type)
			continue;
		c.ttl = r.ttl;
		c.has_it |= r.len == rr->rdata_len &&
			    memcmp(r.rdata, rr->rdata, r.len) == 0;
	}
	*ret = c;
}

static void
link_record(struct dns_local *l, uint32_t rule, uint32_t last, uint32_t at)
{
	if (last != 0)
		memcpy(l->data.data + last, &at, sizeof(at));
	else
		l->rules[rule].data = at;
}

static int
append_record(
    struct dns_local *l, uint32_t rule, const struct dns_local_record *rr)
{
	struct chain c;
	uint8_t *p;
	uint32_t at;
	int rc;

	read_chain(l, l->rules[rule].data, rr, &c);
	if (c.has_it)
		return 0;
	if (c.has_cname || (c.count > 0 && rr->type == DNS_TYPE_CNAME))
		return -EEXIST;
	if (c.count == DNS_LOCAL_RECORDS_MAX ||
	    c.octets + LOCAL_RECORD_FIXED + rr->rdata_len >
		DNS_LOCAL_OCTETS_MAX)
		return -E2BIG;
	rc = local_reserve_data(l, rr->rdata_len);
	if (rc != 0)
		return rc;
	at = (uint32_t)l->data.len;
	p = l->data.data + at;
	memset(p, 0, 4);
	memcpy(p + 4, &c.ttl, 4);
	memcpy(p + 8, &rr->type, 2);
	memcpy(p + 10, &rr->rdata_len, 2);
	memcpy(p + LOCAL_RECORD_FIXED, rr->rdata, rr->rdata_len);
	l->data.len += LOCAL_RECORD_FIXED + rr->rdata_len;
	link_record(l, rule, c.last, at);
	if (rr->type == DNS_TYPE_SOA) {
		l->rules[rule].has_soa = true;
		l->has_zone |= l->rules[rule].source == DNS_LOCAL_DATA_SOURCE;
	}
	return 0;
}

int
dns_local_share_record(
    struct dns_local *l, unsigned source, const struct dns_local_record *rr)
{
	uint32_t rule;
	int rc = share_rule(l, source, DNS_LOCAL_RECORDS, &rule);

	return rc == 0 ? append_record(l, rule, rr) : rc;
}

/* Where the record belongs: at its owner, or below what follows the "*". */
static int
find_place(struct dns_local *l, const uint8_t *owner, struct place *ret)
{
	uint8_t lower[DNS_NAME_MAX];
	size_t len = dns_name_lower(owner, lower);
	bool is_wild = len > 2 && lower[0] == 1 && lower[1] == '*';
	struct place at = {.scope = is_wild ? DNS_LOCAL_BELOW : DNS_LOCAL_SELF};
	size_t skip = is_wild ? 2 : 0;
	int rc = local_insert(l, lower + skip, len - skip, &at.entry);

	if (rc == 0)
		*ret = at;
	return rc;
}

int
dns_local_add_record(
    struct dns_local *l, unsigned source, const struct dns_local_record *rr)
{
	struct local_rule fresh = {
	    .source = (uint16_t)source, .action = DNS_LOCAL_RECORDS};
	struct place at;
	uint32_t rule;
	int rc = find_place(l, rr->owner, &at);

	assert(source < l->nsources);
	if (rc != 0)
		return rc;
	rule = get_rule(l, &at);
	if (!yields(l, rule, source)) {
		if (l->rules[rule].source != source)
			return 0;
		if (is_shared(l, rule))
			return -EEXIST;
		return append_record(l, rule, rr);
	}
	rc = add_rule(l, &fresh, &rule);
	if (rc == 0)
		rc = append_record(l, rule, rr);
	return rc == 0 ? set_rule(l, &at, rule) : rc;
}

bool
dns_local_has(const struct dns_local *l, const uint8_t *name)
{
	uint8_t lower[DNS_NAME_MAX];
	size_t len = dns_name_lower(name, lower);
	uint32_t at = local_lookup(l, lower, len);

	return at != 0 && local_entry_get(l, at).self != 0;
}

/* -------------------------------------------------------------- finish -- */

static bool
is_data(const struct dns_local *l, uint32_t rule)
{
	return rule != 0 && l->rules[rule].source == DNS_LOCAL_DATA_SOURCE;
}

/* How many octets of the name stand in front of the highest zone that it is in;
 * SIZE_MAX: it is in none. */
static size_t
find_apex(const struct dns_local *l, const uint8_t *name, size_t len)
{
	size_t apex = SIZE_MAX;
	size_t skip = 0;
	uint32_t at;
	uint32_t rule;

	for (;;) {
		at = local_lookup(l, name + skip, len - skip);
		rule = at != 0 ? local_entry_get(l, at).self : 0;
		if (is_data(l, rule) && l->rules[rule].has_soa)
			apex = skip;
		if (name[skip] == 0)
			return apex;
		skip += 1 + (size_t)name[skip];
	}
}

/* RFC 4592 2.2.2: the names between this one and its zone exist, too. */
static int
add_between(struct dns_local *l, const uint8_t *name, size_t len)
{
	size_t apex = l->has_zone ? find_apex(l, name, len) : SIZE_MAX;
	size_t skip = 0;
	int rc = 0;

	if (apex == SIZE_MAX)
		return 0;
	for (; rc == 0 && skip < apex; skip += 1 + (size_t)name[skip])
		rc = dns_local_add(l, DNS_LOCAL_DATA_SOURCE, name + skip,
		    DNS_LOCAL_SELF, DNS_LOCAL_NODATA);
	return rc;
}

int
dns_local_finish(struct dns_local *l)
{
	uint8_t name[DNS_NAME_MAX];
	size_t end = l->has_zone ? l->names.len : 0;
	struct local_entry e;
	size_t at;
	size_t len;
	int rc = 0;

	for (at = LOCAL_ENTRY_FIXED; rc == 0 && at < end;
	     at += LOCAL_ENTRY_FIXED + len) {
		e = local_entry_get(l, (uint32_t)at);
		/* A copy, since the array moves when it grows. */
		len = dns_name_lower(
		    l->names.data + at + LOCAL_ENTRY_FIXED, name);
		if (is_data(l, e.self) || is_data(l, e.below))
			rc = add_between(l, name, len);
	}
	return rc == 0 ? local_fit(l) : rc;
}
