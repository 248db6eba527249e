/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a block from a file what dns_entry_make() would have made?
 *
 * Its message is checked as if a server had sent it, and what the block says of
 * it is worked out anew and compared.  So each offset that is used later is one
 * that was found here, and no octet outside the block is ever touched.
 */
#include <string.h>

#include "dns/edns.h"
#include "dns/entry_parts.h"
#include "dns/response.h"

/* What a kept header may say, besides the RCODE. */
#define FLAGS_KEPT (DNS_FLAG_QR | DNS_FLAG_RA | DNS_FLAG_AD)

/* All 12 bits. */
#define RCODE_MAX 0xfff

static bool
is_head_sound(const struct dns_entry *e, size_t len)
{
	return e->size == len && dns_entry_size(e) == len && e->life > 0 &&
	       e->life <= DNS_TTL_MAX && e->ede >= DNS_EDE_NONE &&
	       e->ede <= UINT16_MAX && e->rcode <= RCODE_MAX;
}

static bool
is_message_sound(const struct dns_entry *e, struct dns_response *ret_r)
{
	struct dns_expect expect;
	struct dns_response r;

	if (dns_expect_init(e->data, e->len, false, &expect) != 0 ||
	    dns_response_check(e->data, e->len, &expect, &r) !=
		DNS_MATCH_ACCEPT)
		return false;
	*ret_r = r;
	return dns_get16(e->data + DNS_OFF_ID) == 0 && r.question_len > 0 &&
	       r.question_len == e->question_len && r.opt_start == 0 &&
	       r.tsig_start == 0 &&
	       (r.flags & ~(FLAGS_KEPT | DNS_RCODE_MASK)) == 0 &&
	       (r.flags & DNS_RCODE_MASK) == (e->rcode & DNS_RCODE_MASK);
}

static bool
is_failure_sound(const struct dns_entry *e)
{
	size_t end = e->len + (size_t)e->text_len;

	return e->rcode != DNS_RCODE_NOERROR &&
	       e->rcode != DNS_RCODE_NXDOMAIN &&
	       e->len == DNS_HEADER_SIZE + e->question_len &&
	       e->text_len >= 1 && e->text_len <= DNS_EDE_TEXT_MAX + 1 &&
	       e->data[end - 1] == '\0';
}

static bool
is_kind_sound(const struct dns_entry *e)
{
	bool has_answers = dns_get16(e->data + DNS_OFF_ANCOUNT) > 0;

	switch (e->kind) {
	case DNS_ENTRY_POSITIVE:
	case DNS_ENTRY_NODATA:
		return e->rcode == DNS_RCODE_NOERROR && e->text_len == 0 &&
		       e->is_any_type == 0;
	case DNS_ENTRY_NXDOMAIN:
		return e->rcode == DNS_RCODE_NXDOMAIN && e->text_len == 0 &&
		       e->is_any_type == (has_answers ? 0 : 1);
	case DNS_ENTRY_FAILURE:
		return e->is_any_type == 0 && is_failure_sound(e);
	default:
		return false;
	}
}

/* Are the TTLs where the block says, and such as it promises? */
static bool
are_ttls_sound(const struct dns_entry *e, const struct dns_response *r)
{
	struct dns_ttls t;
	uint16_t first;
	uint16_t count;
	uint32_t ttl;
	size_t i;

	if (dns_ttls_read(e->data, e->len, r->records, &t) != 0 ||
	    t.count != e->ttl_count)
		return false;
	for (i = 0; i < t.count; i++) {
		ttl = dns_get32(e->data + t.at[i]);
		if (dns_entry_place(e, i) != t.at[i] || ttl < e->life ||
		    ttl > DNS_TTL_MAX || ttl != t.ttl[t.set[i]])
			return false;
	}
	dns_entry_find_turn(e, &t, &first, &count);
	return e->turn_first == first && e->turn_count == count &&
	       dns_ttls_are_apart(
		   &t, e->data, e->len, r->records, first, count);
}

bool
dns_entry_check(const struct dns_entry *entry, size_t len)
{
	struct dns_response r;

	return len >= DNS_ENTRY_HEAD && is_head_sound(entry, len) &&
	       is_message_sound(entry, &r) && is_kind_sound(entry) &&
	       are_ttls_sound(entry, &r);
}
