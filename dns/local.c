/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking a name up among the local ones, and the answer from what was found.
 *
 * The walk goes from the whole name towards the root, one probe for each label
 * that could be in the table.  It decides nothing on its way: local data and
 * lists have their say in local_find(), at its end.
 */
#include "dns/local.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "dns/local_table.h"
#include "dns/name.h"
#include "dns/put.h"

/* A record whose owner is a pointer, without its RDATA. */
#define RECORD_SIZE (DNS_POINTER_SIZE + DNS_RECORD_FIXED)

/* Of an SOA: MINIMUM, its last number. */
#define SOA_MINIMUM 4

/* ---------------------------------------------------------------- find -- */

/* What the walk has seen; a place is an offset into the name. */
struct walk {
	const struct dns_local *l;
	size_t list_at;
	size_t apex_at;
	uint32_t list;	/* rule of the first list that has a say */
	uint32_t data;	/* rule of local data */
	uint32_t apex;	/* rule with the SOA of the zone */
	bool is_known;	/* local data has the very name */
	bool is_closed; /* a name above it exists, or it does (RFC 4592) */
};

static bool
is_data(const struct dns_local *l, uint32_t rule)
{
	return rule != 0 && l->rules[rule].source == DNS_LOCAL_DATA_SOURCE;
}

/* Local data at `at` octets into the name. */
static void
see_data(struct walk *w, const struct local_entry *e, size_t at)
{
	bool is_here = is_data(w->l, e->self);
	bool is_below = is_data(w->l, e->below);

	if (!is_here && !is_below)
		return;
	if (at == 0) {
		w->is_known = true;
		w->data = is_here ? e->self : 0;
	} else if (!w->is_closed) {
		w->data = is_below ? e->below : 0;
	}
	w->is_closed = true;
	if (is_here && w->l->rules[e->self].has_soa && w->apex == 0) {
		w->apex = e->self;
		w->apex_at = at;
	}
}

static void
see_list(struct walk *w, const struct local_entry *e, size_t at)
{
	uint32_t rule = at == 0 ? e->self : e->below;
	const struct local_rule *rules = w->l->rules;

	if (rule == 0 || is_data(w->l, rule))
		return;
	if (w->list != 0 && rules[rule].source >= rules[w->list].source)
		return;
	w->list = rule;
	w->list_at = at;
}

static void
walk_name(struct walk *w, const uint8_t *name, size_t len)
{
	size_t starts[LOCAL_LABELS_MAX];
	struct local_entry e;
	size_t n = 0;
	size_t i;
	size_t at;
	uint32_t entry;

	for (at = 0; name[at] != 0; at += 1 + (size_t)name[at])
		starts[n++] = at;
	starts[n] = at;
	/* Longer names than the table's longest need no probe. */
	for (i = n > w->l->labels_max ? n - w->l->labels_max : 0; i <= n; i++) {
		at = starts[i];
		entry = local_lookup(w->l, name + at, len - at);
		if (entry == 0)
			continue;
		e = local_entry_get(w->l, entry);
		see_data(w, &e, at);
		see_list(w, &e, at);
	}
}

static void
set_hit(const struct dns_local *l, uint32_t rule, size_t zone,
    struct local_hit *ret)
{
	ret->action = (enum dns_local_action)l->rules[rule].action;
	ret->rule = rule;
	ret->zone = zone;
}

void
local_find(const struct dns_local *l, const uint8_t *name, bool only_data,
    struct local_hit *ret_hit)
{
	struct local_hit hit = {.action = DNS_LOCAL_NONE};
	struct walk w = {.l = l};
	uint8_t lower[DNS_NAME_MAX];
	size_t len = dns_name_lower(name, lower);

	walk_name(&w, lower, len);
	if (w.data != 0)
		set_hit(l, w.data, 0, &hit);
	else if (w.apex != 0)
		hit.action = w.is_known ? DNS_LOCAL_NODATA : DNS_LOCAL_NXDOMAIN;
	else if (w.list != 0 && !only_data)
		set_hit(l, w.list, w.list_at, &hit);
	if (w.apex != 0) {
		hit.zone = w.apex_at;
		hit.soa = w.apex;
	}
	*ret_hit = hit;
}

/* -------------------------------------------------------------- answer -- */

/* An answer on its way: written, or only measured if `out` is NULL. */
struct writer {
	const struct dns_local *l;
	const struct dns_query *q;
	struct dns_buf *out;
	size_t at;    /* where the next record goes */
	size_t owner; /* where the name stands that is looked at */
	struct local_hit hit;
	uint16_t rcode;
	size_t leaves; /* how long the name is that leads out; 0: none does */
};

/* Puts a record and counts it at `count` of the header. */
static int
put_record(
    struct writer *w, size_t count, size_t owner, const struct local_record *r)
{
	struct dns_head head = {
	    .owner_at = owner,
	    .ttl = r->ttl,
	    .type = r->type,
	    .class = DNS_CLASS_IN,
	};

	w->at += RECORD_SIZE + (size_t)r->len;
	if (w->out == NULL)
		return 0;
	assert(owner <= (size_t)DNS_POINTER_MASK);
	return dns_put_record(w->out, count, &head, r->rdata, r->len);
}

static const struct local_source *
source_of(const struct writer *w)
{
	uint32_t rule = w->hit.rule;

	return &w->l->sources[rule != 0 ? w->l->rules[rule].source
					: DNS_LOCAL_DATA_SOURCE];
}

/* An SOA for a name that is in no zone of ours. */
static int
put_made_soa(struct writer *w)
{
	w->at += RECORD_SIZE + DNS_PUT_SOA_RDATA;
	if (w->out == NULL)
		return 0;
	return dns_put_soa(w->out, DNS_OFF_NSCOUNT, w->owner + w->hit.zone,
	    DNS_CLASS_IN, source_of(w)->is.ttl);
}

/* RFC 2308 3: TTL and MINIMUM, the lesser of them. */
static int
put_zone_soa(struct writer *w)
{
	uint32_t at = w->l->rules[w->hit.soa].data;
	struct local_record r;
	uint32_t minimum;

	do {
		r = local_record_get(w->l, at);
		at = r.next;
	} while (r.type != DNS_TYPE_SOA);
	minimum = dns_get32(r.rdata + r.len - SOA_MINIMUM);
	if (minimum < r.ttl)
		r.ttl = minimum;
	return put_record(w, DNS_OFF_NSCOUNT, w->owner + w->hit.zone, &r);
}

static int
put_negative(struct writer *w, uint16_t rcode)
{
	w->rcode = rcode;
	return w->hit.soa != 0 ? put_zone_soa(w) : put_made_soa(w);
}

/* Puts the records that answer; *ret_target is the RDATA of a CNAME that is to
 * be followed, or NULL. */
static int
put_matching(struct writer *w, const uint8_t **ret_target, size_t *ret_count)
{
	uint16_t qtype = w->q->qtype;
	uint32_t at = w->l->rules[w->hit.rule].data;
	struct local_record r;
	size_t count = 0;
	int rc = 0;

	*ret_target = NULL;
	for (; rc == 0 && at != 0; at = r.next) {
		r = local_record_get(w->l, at);
		if (r.type == DNS_TYPE_CNAME && qtype != DNS_TYPE_CNAME &&
		    qtype != DNS_TYPE_ANY)
			*ret_target = r.rdata;
		else if (r.type != qtype && qtype != DNS_TYPE_ANY)
			continue;
		rc = put_record(w, DNS_OFF_ANCOUNT, w->owner, &r);
		count++;
	}
	*ret_count = count;
	return rc;
}

/* RFC 1034 4.3.2 3a: on with the target, if it is ours, too.  It stands at the
 * end of the message, since a CNAME is alone at its name. */
static bool
follow(struct writer *w, const uint8_t *target)
{
	struct local_hit hit;

	local_find(w->l, target, true, &hit);
	if (hit.action == DNS_LOCAL_NONE) {
		/* One that leads to itself leads nowhere. */
		if (!dns_name_equal(target, w->q->msg + DNS_HEADER_SIZE))
			w->leaves = dns_name_length(target);
		return false;
	}
	w->hit = hit;
	w->owner = w->at - dns_name_length(target);
	return true;
}

static int
put_records(struct writer *w)
{
	const uint8_t *target;
	size_t count;
	size_t steps = 0;
	int rc;

	do {
		if (w->hit.action != DNS_LOCAL_RECORDS)
			return put_negative(
			    w, w->hit.action == DNS_LOCAL_NXDOMAIN
				   ? DNS_RCODE_NXDOMAIN
				   : DNS_RCODE_NOERROR);
		rc = put_matching(w, &target, &count);
		if (rc == 0 && count == 0)
			return put_negative(w, DNS_RCODE_NOERROR);
	} while (rc == 0 && target != NULL && ++steps < DNS_LOCAL_CHAIN_MAX &&
		 follow(w, target));
	return rc;
}

static struct writer
begin(const struct dns_local_match *m, const struct dns_query *q)
{
	return (struct writer){
	    .l = m->local,
	    .q = q,
	    .at = DNS_HEADER_SIZE + q->question_len,
	    .owner = DNS_HEADER_SIZE,
	    .hit =
		{
		    .action = m->action,
		    .rule = m->rule,
		    .soa = m->soa,
		    .zone = m->zone,
		},
	};
}

bool
dns_local_find(const struct dns_local *l, const struct dns_query *q,
    bool only_data, struct dns_local_match *ret_match)
{
	struct dns_local_match m = {.local = l};
	struct local_hit hit;
	struct writer w;

	if (l == NULL || l->count == 0 || q->opcode != DNS_OPCODE_QUERY ||
	    q->question_len == 0 ||
	    (q->qclass != DNS_CLASS_IN && q->qclass != DNS_CLASS_ANY))
		return false;
	local_find(l, q->msg + DNS_HEADER_SIZE, only_data, &hit);
	if (hit.action == DNS_LOCAL_NONE || hit.action == DNS_LOCAL_ALLOW)
		return false;
	m.action = hit.action;
	m.rule = hit.rule;
	m.soa = hit.soa;
	m.zone = hit.zone;
	m.is_listed = hit.rule != 0 && !is_data(l, hit.rule);
	w = begin(&m, q);
	m.source = &source_of(&w)->is;
	if (m.action != DNS_LOCAL_REFUSED)
		(void)put_records(&w); /* measures */
	m.records = w.at - DNS_HEADER_SIZE - q->question_len;
	m.leaves = w.leaves > 0;
	*ret_match = m;
	return true;
}

static int
put_all(struct writer *w, const struct dns_local_match *m,
    const struct dns_hop *hop, const struct dns_error *e)
{
	struct dns_error done = *e;
	int rc = 0;

	if (m->action == DNS_LOCAL_REFUSED)
		w->rcode = DNS_RCODE_REFUSED;
	else
		rc = put_records(w);
	done.rcode = w->rcode;
	return rc == 0 ? dns_answer_finish(w->q, hop, &done, w->out) : rc;
}

int
dns_local_answer(const struct dns_local_match *match, const struct dns_query *q,
    const struct dns_hop *hop, struct dns_buf *out)
{
	uint16_t flags =
	    match->is_listed ? DNS_FLAG_RA : DNS_FLAG_RA | DNS_FLAG_AA;
	struct writer w = begin(match, q);
	const char *text = match->source->text;
	struct dns_error e = {
	    .ede = match->source->ede,
	    .text = text[0] != '\0' ? text : NULL,
	};
	int rc = dns_answer_start(q, hop, flags, out);

	w.out = out;
	if (rc == 0)
		rc = put_all(&w, match, hop, &e);
	if (rc != -EMSGSIZE || !hop->may_truncate)
		return rc;
	/* RFC 2181 9: the client asks again by a transport with more room. */
	rc = dns_answer_start(q, hop, flags | DNS_FLAG_TC, out);
	return rc == 0 ? dns_answer_finish(q, hop, &e, out) : rc;
}

void
dns_local_alias(const struct dns_local_match *match, const struct dns_query *q,
    struct dns_buf *out, struct dns_alias *ret_alias)
{
	struct writer w = begin(match, q);
	int rc;

	assert(match->leaves);
	dns_alias_start(q, out);
	w.out = out;
	rc = put_records(&w);
	assert(rc == 0 && w.leaves > 0);
	(void)rc;
	dns_alias_finish(q, out, w.leaves, ret_alias);
	ret_alias->is_ours = !match->is_listed;
}
