/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/cache_fill.h"

#include <string.h>

#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

#define DAY 86400
#define ID 0x1234
#define CLASS_IN 1
#define RESPONSE 0x8180
#define UDP_SIZE 1232

struct dns_cache *
fill_cache(uint8_t seed)
{
	const struct dns_cache_rules rules = {
	    .bytes = FILL_BYTES,
	    .entry =
		{
		    .min_ttl = 1,
		    .max_ttl = DAY,
		    .negative_ttl = DAY,
		    .failure_ttl = FILL_TTL,
		},
	    .stale_ttl = 30,
	    .stale_retry = 30,
	};
	uint8_t secret[HASH_KEY_LEN] = {seed};
	struct dns_cache *cache = dns_cache_new(&rules, secret);

	CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
	return cache;
}

struct fill
fill_a(const char *name)
{
	return (struct fill){.name = name, .qtype = DNS_TYPE_A};
}

/* The key's octets are in `octets`. */
static struct dns_key
make_key(const struct dns_cache *cache, const struct fill *question,
    uint8_t octets[DNS_NAME_MAX + DNS_QUESTION_FIXED])
{
	struct dns_key key = {
	    .question = octets,
	    .ecs = question->ecs,
	    .is_do = question->is_do,
	    .is_cd = question->is_cd,
	};
	size_t len;

	CU_ASSERT_EQUAL_FATAL(
	    dns_name_from_text(question->name, octets, &len), 0);
	octets[len++] = (uint8_t)(question->qtype >> 8);
	octets[len++] = (uint8_t)question->qtype;
	octets[len++] = 0;
	octets[len++] = CLASS_IN;
	key.question_len = len;
	dns_key_hash(dns_cache_secret(cache), &key);
	return key;
}

/* The records, which are the same for all types. */
static void
make_body(struct dnsmsg *m, uint16_t qtype, enum fill_what what)
{
	static const uint8_t rdata[] = {192, 0, 2, 1};
	size_t place;

	if (what == FILL_DATA) {
		place = dnsmsg_record(m, IN_ANSWER, "@12", qtype);
		dnsmsg_bytes(m, rdata, sizeof(rdata));
		dnsmsg_rdata_end(m, place);
	} else if (what != FILL_FAILURE) {
		dnsmsg_soa(m, IN_AUTHORITY, ".");
		m->data[m->len - 2] = FILL_TTL >> 8; /* its MINIMUM */
		m->data[m->len - 1] = FILL_TTL & 0xff;
	}
}

/* The answer is for the network that was asked for (RFC 7871 7.2.1). */
static void
add_scope(struct dnsmsg *m, const struct dns_ecs *asked)
{
	struct dns_ecs ecs = *asked;
	uint8_t option[4 + DNS_ECS_MAX] = {0, DNS_OPTION_ECS};
	size_t len;

	ecs.scope = ecs.source;
	len = dns_ecs_write(&ecs, option + 4);
	option[3] = (uint8_t)len;
	dnsmsg_opt(m, UDP_SIZE, 0, option, 4 + len);
}

static unsigned
rcode_of(enum fill_what what)
{
	if (what == FILL_NXDOMAIN)
		return DNS_RCODE_NXDOMAIN;
	return what == FILL_FAILURE ? DNS_RCODE_SERVFAIL : DNS_RCODE_NOERROR;
}

bool
fill_put(struct dns_cache *cache, const struct fill *question,
    enum fill_what what, nsec now)
{
	static struct dnsmsg m;
	uint8_t octets[DNS_NAME_MAX + DNS_QUESTION_FIXED];
	struct dns_key key = make_key(cache, question, octets);
	struct dns_expect expect = {
	    .question = octets, .question_len = key.question_len, .id = ID};
	struct dns_entry_how how = {.question = octets,
	    .question_len = key.question_len,
	    .is_do = question->is_do};
	struct dns_response r;

	dnsmsg_start(&m, ID, (uint16_t)(RESPONSE | rcode_of(what)));
	dnsmsg_bytes(&m, octets, key.question_len);
	dnsmsg_count(&m, IN_QUESTION);
	make_body(&m, question->qtype, what);
	if (question->ecs != NULL)
		add_scope(&m, question->ecs);
	CU_ASSERT_EQUAL_FATAL(
	    dns_response_check(m.data, m.len, &expect, &r), DNS_MATCH_ACCEPT);
	return dns_cache_store(cache, &key, &r, &how, dns_cache_flushes(cache),
		   now) == DNS_CACHE_STORED;
}

bool
fill_find(struct dns_cache *cache, const struct fill *question, nsec now,
    uint32_t *ret_left)
{
	uint8_t octets[DNS_NAME_MAX + DNS_QUESTION_FIXED];
	struct dns_key key = make_key(cache, question, octets);
	struct dns_cache_hit hit;
	enum dns_cache_verdict verdict = dns_cache_find(cache, &key, now, &hit);

	if (verdict == DNS_CACHE_MISS)
		return false;
	*ret_left = hit.view.entry->life - hit.view.age;
	dns_cache_leave(&hit);
	return verdict == DNS_CACHE_FRESH;
}

int
fill_scope(struct dns_cache *cache, const struct fill *question, nsec now)
{
	uint8_t octets[DNS_NAME_MAX + DNS_QUESTION_FIXED];
	struct dns_key key = make_key(cache, question, octets);
	struct dns_cache_hit hit;
	int scope;

	if (dns_cache_find(cache, &key, now, &hit) == DNS_CACHE_MISS)
		return -1;
	scope = hit.scope;
	dns_cache_leave(&hit);
	return scope;
}

bool
fill_has(struct dns_cache *cache, const char *name, nsec now)
{
	struct fill question = fill_a(name);
	uint32_t left;

	return fill_find(cache, &question, now, &left);
}

uint64_t
fill_count(const struct dns_cache *cache)
{
	struct dns_cache_stats stats;

	dns_cache_stats(cache, &stats);
	return counter_get(&stats.entries);
}
