/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backend's message kept and given back, or a block as from a file.  The
 * first octet says which and how.  A block that was made must pass for sound;
 * of one that does, whatever is made must be sound in our own eyes.
 */
#include <stdlib.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/entry.h"
#include "tests/fuzz/fuzz.h"

enum {
	HAS_OPT = 0x01,
	HAS_DO = 0x02,
	STRIP = 0x04,
	OVER_UDP = 0x08,
	BLOCK = 0x10,
	STALE = 0x20,
	ANSWER_BLOCK = 468,
	UDP_SIZE = 1232,
	STALE_TTL = 30,
	TURN_SHIFT = 6,
	QUERY_MAX =
	    DNS_HEADER_SIZE + DNS_NAME_MAX + DNS_QUESTION_FIXED + DNS_OPT_SIZE
};

static const struct dns_hop doq = {
    .max_size = DNS_MESSAGE_MAX,
    .pad_block = ANSWER_BLOCK,
};

static const struct dns_hop udp = {.max_size = UDP_SIZE, .may_truncate = true};

static const struct dns_entry_rules rules = {
    .min_ttl = 1,
    .max_ttl = 86400,
    .negative_ttl = 3600,
    .failure_ttl = 5,
};

static void *
take_memory(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);

	if (p == NULL)
		abort();
	return p;
}

/* Makes a query of a question; its length. */
static size_t
make_query(const uint8_t *question, size_t len, unsigned how, uint8_t *query)
{
	struct dns_opt opt = {.is_do = (how & HAS_DO) != 0};
	struct dns_buf out = {.data = query, .size = QUERY_MAX};
	size_t at;

	memset(query, 0, DNS_HEADER_SIZE);
	dns_put16(query + DNS_OFF_QDCOUNT, 1);
	memcpy(query + DNS_HEADER_SIZE, question, len);
	out.len = DNS_HEADER_SIZE + len;
	if ((how & HAS_OPT) != 0)
		(void)dns_opt_start(&out, &opt, &at);
	return out.len;
}

static void
serve(const struct dns_query *q, const struct dns_entry_view *view,
    const struct dns_expect *e, unsigned how)
{
	const struct dns_hop *hop = (how & OVER_UDP) != 0 ? &udp : &doq;
	struct dns_buf out = {
	    .size = dns_answer_cached_bound(q, hop, view->entry)};
	struct dns_response again;
	enum dns_match match;

	out.data = take_memory(out.size);
	if (dns_answer_cached(q, hop, view, &out) != 0 ||
	    out.len > hop->max_size)
		abort();
	match = dns_response_check(out.data, out.len, e, &again);
	if (match != DNS_MATCH_ACCEPT && match != DNS_MATCH_TRUNCATED)
		abort();
	free(out.data);
}

static void
copy(const struct dns_entry_view *view, const struct dns_expect *e)
{
	struct dns_buf out = {.size = dns_entry_copy_bound(view)};
	struct dns_response again;
	struct dns_response r;

	out.data = take_memory(out.size);
	if (dns_entry_copy(view, &out, &r) != 0 ||
	    dns_response_check(out.data, out.len, e, &again) !=
		DNS_MATCH_ACCEPT ||
	    r.len != again.len || r.records != again.records ||
	    r.opt_start != again.opt_start || r.rcode != again.rcode)
		abort();
	free(out.data);
}

/* Does with a sound block all that can be done. */
static void
use(const struct dns_entry *entry, unsigned how)
{
	struct dns_entry_view view = {
	    .entry = entry,
	    .age = entry->life / 2,
	    .turn = how >> TURN_SHIFT,
	};
	uint8_t query[QUERY_MAX];
	struct dns_expect e;
	struct dns_query q;
	size_t len;

	if ((how & STALE) != 0 && entry->kind != DNS_ENTRY_FAILURE)
		view.stale_ttl = STALE_TTL;
	len = make_query(
	    dns_entry_question(entry), entry->question_len, how, query);
	if (dns_query_parse(query, len, &q) != DNS_VERDICT_OK)
		return;
	if (dns_expect_init(query, len, true, &e) != 0)
		abort();
	serve(&q, &view, &e, how);
	copy(&view, &e);
}

static void
try_block(const uint8_t *data, size_t len, unsigned how)
{
	struct dns_entry *entry = take_memory(len);

	if (len > 0)
		memcpy(entry, data, len);
	/* Nobody guesses a length while others change. */
	if (len >= sizeof(*entry))
		entry->size = (uint32_t)len;
	if (dns_entry_check(entry, len))
		use(entry, how);
	free(entry);
}

static void
try_message(const uint8_t *msg, size_t len, unsigned flags)
{
	struct dns_entry_how how = {
	    .question = msg + DNS_HEADER_SIZE,
	    .is_do = (flags & HAS_DO) != 0,
	    .strip_dnssec = (flags & STRIP) != 0,
	    .is_ad_trusted = true,
	};
	struct dns_entry *entry;
	struct dns_response r;
	struct dns_expect e;
	size_t room;

	if (dns_expect_init(msg, len, false, &e) != 0 || e.question_len == 0 ||
	    dns_response_check(msg, len, &e, &r) != DNS_MATCH_ACCEPT)
		return;
	how.question_len = e.question_len;
	room = dns_entry_bound(&r, &how);
	entry = take_memory(room);
	if (dns_entry_make(&r, &how, &rules, entry, room) == DNS_ENTRY_MADE) {
		if (entry->size > room || !dns_entry_check(entry, entry->size))
			abort();
		try_block((const uint8_t *)entry, entry->size, flags);
	}
	free(entry);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 1 || len > 1 + DNS_MESSAGE_MAX)
		return 0;
	if ((data[0] & BLOCK) != 0)
		try_block(data + 1, len - 1, data[0]);
	else
		try_message(data + 1, len - 1, data[0]);
	return 0;
}
