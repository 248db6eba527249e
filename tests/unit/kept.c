/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers kept and given back; see the header. */
#include "tests/unit/kept.h"

#include <assert.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

enum {
	UPSTREAM_ID = 0x1234,
	RESPONSE = 0x8180,
	TTL_BACK = 4, /* in front of RDLENGTH */
	ANSWER_BLOCK = 468,
	UDP_SIZE = 1232
};

const struct dns_entry_rules kept_rules = {
    .min_ttl = 1,
    .max_ttl = 86400,
    .negative_ttl = 3600,
    .failure_ttl = 5,
};

const struct dns_hop kept_doq = {
    .max_size = DNS_MESSAGE_MAX,
    .pad_block = ANSWER_BLOCK,
    .zero_id = true,
    .no_keepalive = true,
};

const struct dns_hop kept_udp = {.max_size = UDP_SIZE, .may_truncate = true};

static struct dns_entry_how
how_of(const struct dns_query *q, unsigned flags)
{
	return (struct dns_entry_how){
	    .question = q->msg + DNS_HEADER_SIZE,
	    .question_len = q->question_len,
	    .is_do = (flags & KEPT_DO) != 0,
	    .strip_dnssec = (flags & KEPT_STRIP) != 0,
	    .is_ad_trusted = (flags & KEPT_TRUSTED) != 0,
	};
}

/* Puts the block into memory of exactly its size. */
static struct dns_entry *
fit(struct dns_entry *e)
{
	struct dns_entry *exact = malloc(e->size);

	assert(exact != NULL);
	memcpy(exact, e, e->size);
	free(e);
	return exact;
}

static enum dns_entry_verdict
make(struct kept *k, const struct dns_query *q, const struct dns_response *r,
    unsigned flags, const struct dns_entry_rules *rules)
{
	struct dns_entry_how how = how_of(q, flags);
	size_t room = dns_entry_bound(r, &how);
	struct dns_entry *e = malloc(room);
	enum dns_entry_verdict verdict;

	assert(e != NULL);
	memset(e, 0xee, room);
	verdict = dns_entry_make(r, &how, rules, e, room);
	CU_ASSERT_NOT_EQUAL(verdict, DNS_ENTRY_TOO_LARGE);
	if (verdict != DNS_ENTRY_MADE) {
		free(e);
		return verdict;
	}
	CU_ASSERT(e->size <= room);
	k->entry = fit(e);
	CU_ASSERT(dns_entry_check(k->entry, k->entry->size));
	return verdict;
}

enum dns_entry_verdict
kept_make(struct kept *k, const struct dnsmsg *query,
    const struct dnsmsg *answer, unsigned flags,
    const struct dns_entry_rules *rules)
{
	uint8_t *asked = dnsmsg_exact(query->data, query->len);
	uint8_t *came = dnsmsg_exact(answer->data, answer->len);
	enum dns_entry_verdict verdict = DNS_ENTRY_NO_MATCH;
	struct dns_response r;
	struct dns_expect e;
	enum dns_match match;
	struct dns_query q;

	kept_done(k);
	CU_ASSERT_EQUAL_FATAL(
	    dns_query_parse(asked, query->len, &q), DNS_VERDICT_OK);
	CU_ASSERT_EQUAL_FATAL(dns_expect_init(asked, query->len, false, &e), 0);
	e.id = UPSTREAM_ID;
	match = dns_response_check(came, answer->len, &e, &r);
	CU_ASSERT(match == DNS_MATCH_ACCEPT || match == DNS_MATCH_TRUNCATED);
	if (match == DNS_MATCH_ACCEPT || match == DNS_MATCH_TRUNCATED)
		verdict = make(k, &q, &r, flags, rules);
	free(asked);
	free(came);
	return verdict;
}

bool
kept_keep(
    struct kept *k, const struct dnsmsg *query, const struct dnsmsg *answer)
{
	return kept_make(k, query, answer, 0, &kept_rules) == DNS_ENTRY_MADE;
}

void
kept_fail(struct kept *k, const struct dnsmsg *query, const struct dns_error *e)
{
	struct dns_entry *entry = malloc(DNS_ENTRY_FAILURE_MAX);
	struct dns_entry_how how;
	struct dns_query q;

	kept_done(k);
	assert(entry != NULL);
	CU_ASSERT_EQUAL_FATAL(
	    dns_query_parse(query->data, query->len, &q), DNS_VERDICT_OK);
	how = how_of(&q, 0);
	CU_ASSERT_EQUAL_FATAL(
	    dns_entry_fail(&how, e, &kept_rules, entry, DNS_ENTRY_FAILURE_MAX),
	    DNS_ENTRY_MADE);
	k->entry = fit(entry);
	CU_ASSERT(dns_entry_check(k->entry, k->entry->size));
}

/* Is what came out an answer to the question that was asked? */
static bool
is_sound(const struct kept *k, const struct dns_query *q)
{
	struct dns_response r;
	struct dns_expect e;
	enum dns_match match;

	if (dns_expect_init(q->msg, q->len, true, &e) != 0)
		return false;
	e.id = (uint16_t)dnsmsg_get16(k->got, 0);
	match = dns_response_check(k->got, k->got_len, &e, &r);
	return match == DNS_MATCH_ACCEPT || match == DNS_MATCH_TRUNCATED;
}

bool
kept_serve(struct kept *k, const struct dnsmsg *query,
    const struct dns_hop *hop, const struct dns_entry_view *view)
{
	uint8_t *asked = dnsmsg_exact(query->data, query->len);
	struct dns_buf out = {.len = 0};
	struct dns_query q;
	bool is_ok;

	free(k->got);
	CU_ASSERT_EQUAL_FATAL(
	    dns_query_parse(asked, query->len, &q), DNS_VERDICT_OK);
	out.size = dns_answer_cached_bound(&q, hop, view->entry);
	out.data = malloc(out.size);
	assert(out.data != NULL);
	memset(out.data, 0xee, out.size);
	is_ok = dns_answer_cached(&q, hop, view, &out) == 0;
	k->got = dnsmsg_exact(out.data, out.len);
	k->got_len = out.len;
	is_ok = is_ok && is_sound(k, &q);
	free(out.data);
	free(asked);
	return is_ok;
}

bool
kept_at(struct kept *k, const struct dnsmsg *query, uint32_t age)
{
	struct dns_entry_view view = {.entry = k->entry, .age = age};

	return kept_serve(k, query, &kept_doq, &view) &&
	       dnsmsg_is_valid(k->got, k->got_len);
}

uint32_t
kept_ttl(const struct kept *k, size_t i)
{
	ldns_rr_list *all;
	uint32_t ttl = 0;
	ldns_pkt *pkt;

	if (ldns_wire2pkt(&pkt, k->got, k->got_len) != LDNS_STATUS_OK)
		return 0;
	all = ldns_pkt_all_noquestion(pkt);
	if (i < ldns_rr_list_rr_count(all))
		ttl = ldns_rr_ttl(ldns_rr_list_rr(all, i));
	ldns_rr_list_deep_free(all);
	ldns_pkt_free(pkt);
	return ttl;
}

int
kept_ede(const struct kept *k, char text[DNS_EDE_TEXT_MAX + 1])
{
	const ldns_rdf *options;
	const uint8_t *p;
	ldns_pkt *pkt;
	size_t len;
	int code = -1;

	if (ldns_wire2pkt(&pkt, k->got, k->got_len) != LDNS_STATUS_OK)
		return -1;
	options = ldns_pkt_edns_data(pkt);
	/* Ours stands first. */
	if (options != NULL && ldns_rdf_size(options) >= 6 &&
	    dnsmsg_get16(ldns_rdf_data(options), 0) == DNS_OPTION_EDE) {
		p = ldns_rdf_data(options);
		len = dnsmsg_get16(p, 2) - 2;
		code = (int)dnsmsg_get16(p, 4);
		assert(len <= DNS_EDE_TEXT_MAX);
		memcpy(text, p + 6, len);
		text[len] = '\0';
	}
	ldns_pkt_free(pkt);
	return code;
}

void
kept_done(struct kept *k)
{
	free(k->entry);
	free(k->got);
	*k = (struct kept){.entry = NULL};
}

void
kept_query(struct dnsmsg *m, const char *name, unsigned type, unsigned flags)
{
	dnsmsg_query(m, name, type);
	dnsmsg_opt(m, UDP_SIZE, flags, NULL, 0);
}

void
kept_response(struct dnsmsg *m, const char *name, unsigned type, unsigned flags)
{
	dnsmsg_start(m, UPSTREAM_ID, (uint16_t)(RESPONSE | flags));
	dnsmsg_question(m, name, type);
}

/* Begins a record with a TTL. */
static size_t
start_record(struct dnsmsg *m, enum dnsmsg_section section, const char *owner,
    unsigned type, uint32_t ttl)
{
	size_t place = dnsmsg_record(m, section, owner, type);

	dns_put32(m->data + place - TTL_BACK, ttl);
	return place;
}

void
kept_a(struct dnsmsg *m, enum dnsmsg_section section, const char *owner,
    uint32_t ttl, unsigned host)
{
	size_t place = start_record(m, section, owner, DNS_TYPE_A, ttl);

	dnsmsg_u32(m, UINT32_C(0xc0000200) + host);
	dnsmsg_rdata_end(m, place);
}

void
kept_name(struct dnsmsg *m, enum dnsmsg_section section, const char *owner,
    unsigned type, uint32_t ttl, const char *name)
{
	size_t place = start_record(m, section, owner, type, ttl);

	dnsmsg_name(m, name);
	dnsmsg_rdata_end(m, place);
}

void
kept_soa(struct dnsmsg *m, enum dnsmsg_section section, const char *owner,
    uint32_t ttl, uint32_t minimum)
{
	size_t place = start_record(m, section, owner, DNS_TYPE_SOA, ttl);
	uint32_t i;

	dnsmsg_name(m, "ns.example");
	dnsmsg_name(m, "hostmaster.example");
	for (i = 1; i < 5; i++)
		dnsmsg_u32(m, i);
	dnsmsg_u32(m, minimum);
	dnsmsg_rdata_end(m, place);
}

void
kept_rrsig(struct dnsmsg *m, enum dnsmsg_section section, const char *owner,
    unsigned covered, uint32_t ttl)
{
	size_t place = start_record(m, section, owner, DNS_TYPE_RRSIG, ttl);

	dnsmsg_u16(m, covered);
	dnsmsg_fill(m, 1, 16);
	dnsmsg_name(m, "example");
	dnsmsg_fill(m, 0xaa, 64);
	dnsmsg_rdata_end(m, place);
}
