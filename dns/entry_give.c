/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving back what is kept.
 *
 * This is the path of nearly every answer: the records are copied in one go,
 * and then only TTLs, and the addresses of one RRset, are written over.  No
 * name is read and no name moves: what points to the question points to that
 * of whoever asks now, which has the same length.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/ecs.h"
#include "dns/edns.h"
#include "dns/entry_parts.h"
#include "dns/record.h"

static size_t
records_start(const struct dns_entry *e)
{
	return DNS_HEADER_SIZE + (size_t)e->question_len;
}

const uint8_t *
dns_entry_question(const struct dns_entry *entry)
{
	return entry->data + DNS_HEADER_SIZE;
}

static void
put_ttls(const struct dns_entry_view *view, uint8_t *msg)
{
	const struct dns_entry *e = view->entry;
	const uint8_t *place = e->data + e->len;
	const uint8_t *end = place + DNS_ENTRY_PLACE * e->ttl_count;
	size_t at;

	if (view->stale_ttl != 0) {
		for (; place < end; place += DNS_ENTRY_PLACE)
			dns_put32(msg + dns_get16(place), view->stale_ttl);
		return;
	}
	for (; place < end; place += DNS_ENTRY_PLACE) {
		at = dns_get16(place);
		dns_put32(msg + at, dns_get32(e->data + at) - view->age);
	}
}

static bool
is_address(const struct dns_entry *e, size_t at)
{
	uint16_t class = dns_get16(e->data + at + DNS_TTL_TO_CLASS);
	uint16_t type = dns_entry_type(e, at);
	size_t len = dns_entry_rdata_len(e, at);

	return class == DNS_CLASS_IN &&
	       ((type == DNS_TYPE_A && len == DNS_A_SIZE) ||
		   (type == DNS_TYPE_AAAA && len == DNS_AAAA_SIZE));
}

/* How many addresses of the same RRset begin with record `first`. */
static size_t
count_run(const struct dns_entry *e, const struct dns_ttls *t, size_t first,
    size_t end)
{
	uint16_t type = dns_entry_type(e, t->at[first]);
	size_t i = first;

	while (i < end && t->set[i] == t->set[first] &&
	       dns_entry_type(e, t->at[i]) == type && is_address(e, t->at[i]))
		i++;
	return i - first;
}

void
dns_entry_find_turn(const struct dns_entry *e, const struct dns_ttls *t,
    uint16_t *ret_first, uint16_t *ret_count)
{
	size_t end = dns_get16(e->data + DNS_OFF_ANCOUNT);
	size_t first = 0;
	size_t count = 0;

	while (first < end && count < 2) {
		count = count_run(e, t, first, end);
		if (count < 2)
			first++;
	}
	*ret_first = count < 2 ? 0 : (uint16_t)first;
	*ret_count = count < 2 ? 0 : (uint16_t)count;
}

/* Each record gets the address of the one `turn` places behind it. */
static void
turn_addresses(const struct dns_entry_view *view, uint8_t *msg)
{
	const struct dns_entry *e = view->entry;
	size_t count = e->turn_count;
	size_t len = dns_entry_rdata_len(e, dns_entry_place(e, e->turn_first));
	size_t from = view->turn % count;
	size_t to;
	size_t i;

	for (i = 0; i < count; i++) {
		to = dns_entry_place(e, e->turn_first + i) + DNS_TTL_TO_RDATA;
		memcpy(msg + to,
		    e->data + dns_entry_place(e, e->turn_first + from) +
			DNS_TTL_TO_RDATA,
		    len);
		from = from + 1 == count ? 0 : from + 1;
	}
}

int
dns_entry_put(const struct dns_entry_view *view, struct dns_buf *out)
{
	const struct dns_entry *e = view->entry;
	size_t start = records_start(e);
	size_t len = e->len - start;

	assert(out->len == start);
	assert(view->stale_ttl != 0 ? e->kind != DNS_ENTRY_FAILURE
				    : view->age < e->life);
	if (out->size - out->len < len)
		return -EMSGSIZE;
	memcpy(out->data + start, e->data + start, len);
	memcpy(out->data + DNS_OFF_ANCOUNT, e->data + DNS_OFF_ANCOUNT,
	    DNS_HEADER_SIZE - DNS_OFF_ANCOUNT);
	out->len += len;
	put_ttls(view, out->data);
	if (e->turn_count > 0 && view->turn != 0)
		turn_addresses(view, out->data);
	return 0;
}

void
dns_entry_error(const struct dns_entry_view *view, struct dns_error *ret_error)
{
	const struct dns_entry *e = view->entry;
	struct dns_error error = {.rcode = e->rcode, .ede = e->ede};

	if (e->kind == DNS_ENTRY_FAILURE) {
		if (e->rcode == DNS_RCODE_SERVFAIL)
			error.ede = DNS_EDE_CACHED_ERROR;
		if (e->text_len > 1)
			error.text = (const char *)e->data + e->len;
	} else if (view->stale_ttl != 0) {
		error.ede = e->kind == DNS_ENTRY_NXDOMAIN
				? DNS_EDE_STALE_NXDOMAIN
				: DNS_EDE_STALE;
	} else if (e->ede != DNS_EDE_NONE) {
		error.text = "said by the upstream server";
	}
	*ret_error = error;
}

/* Octets of the OPT record of a copy; 0: it needs none.  The longest message
 * leaves no room for one, and can do without. */
static size_t
opt_size(const struct dns_entry_view *view)
{
	const struct dns_entry *e = view->entry;
	size_t size = 0;

	if (e->ede != DNS_EDE_NONE)
		size += DNS_OPTION_FIXED + DNS_EDE_FIXED;
	if (view->ecs != NULL)
		size += DNS_OPTION_FIXED + DNS_ECS_MAX;
	if (size == 0 && e->rcode <= DNS_RCODE_MASK)
		return 0;
	size += DNS_OPT_SIZE;
	return e->len + size <= DNS_MESSAGE_MAX ? size : 0;
}

size_t
dns_entry_copy_bound(const struct dns_entry_view *view)
{
	return view->entry->len + opt_size(view);
}

/* Adds the upper bits of the RCODE, and what was said upstream. */
static int
put_opt(const struct dns_entry_view *view, struct dns_buf *out,
    struct dns_response *r)
{
	const struct dns_entry *e = view->entry;
	struct dns_opt opt = {.rcode = e->rcode};
	struct dns_record rr;
	size_t at;
	int rc;

	if (dns_opt_start(out, &opt, &at) != 0)
		return -EMSGSIZE;
	if (e->ede != DNS_EDE_NONE &&
	    dns_opt_add_ede(out, at, (uint16_t)e->ede, NULL) != 0)
		return -EMSGSIZE;
	if (view->ecs != NULL && dns_ecs_put(view->ecs, at, out) != 0)
		return -EMSGSIZE;
	rc = dns_record_read(out->data, out->len, at, &rr);
	assert(rc == 0);
	(void)rc;
	dns_edns_read(out->data, &rr, &r->edns);
	r->opt_start = at;
	r->opt_end = out->len;
	return 0;
}

int
dns_entry_copy(const struct dns_entry_view *view, struct dns_buf *out,
    struct dns_response *ret_response)
{
	const struct dns_entry *e = view->entry;
	struct dns_response r = {
	    .msg = out->data,
	    .question_len = e->question_len,
	    .records = records_start(e),
	    .flags = dns_get16(e->data + DNS_OFF_FLAGS),
	    .rcode = e->rcode,
	};
	struct dns_buf b = *out;

	if (b.size < r.records)
		return -EMSGSIZE;
	memcpy(b.data, e->data, r.records);
	b.len = r.records;
	if (dns_entry_put(view, &b) != 0)
		return -EMSGSIZE;
	if (opt_size(view) > 0 && put_opt(view, &b, &r) != 0)
		return -EMSGSIZE;
	r.len = b.len;
	out->len = b.len;
	*ret_response = r;
	return 0;
}
