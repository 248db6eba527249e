/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/cacheworld.h"

#include <malloc.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/cache_private.h"
#include "tests/unit/unit.h"

/* Days in: nothing may count on a clock that began at 0. */
#define BEGIN (1000000 * NSEC_PER_SEC)

static const uint8_t secret[HASH_KEY_LEN] = "a cache's secret";

static void
init(struct cw *w, size_t bytes)
{
	*w = (struct cw){.now = BEGIN};
	w->rules = (struct dns_cache_rules){
	    .bytes = bytes,
	    .entry = {.min_ttl = 1,
		.max_ttl = 86400,
		.negative_ttl = 3600,
		.failure_ttl = 5},
	    .stale_ttl = 30,
	    .stale_retry = 30,
	};
	w->cache = dns_cache_new(&w->rules, secret);
	CU_ASSERT_FATAL(w->cache != NULL);
	CU_ASSERT(
	    memcmp(dns_cache_secret(w->cache), secret, sizeof(secret)) == 0);
}

void
cw_init(struct cw *w)
{
	init(w, DNS_CACHE_BYTES_MIN);
}

void
cw_init_shards(struct cw *w, size_t bytes)
{
	init(w, bytes);
	CU_ASSERT(w->cache->count > 1);
}

void
cw_done(struct cw *w)
{
	(void)cw_check(w);
	dns_cache_free(w->cache);
}

void
cw_configure(struct cw *w)
{
	dns_cache_configure(w->cache, &w->rules, w->now);
}

void
cw_forward(struct cw *w, unsigned seconds)
{
	w->now += seconds * NSEC_PER_SEC;
}

static void
finish(struct cw_key *k, const char *name, unsigned type)
{
	size_t len;

	CU_ASSERT_EQUAL_FATAL(dns_name_from_text(name, k->question, &len), 0);
	dns_put16(k->question + len, (uint16_t)type);
	dns_put16(k->question + len + 2, DNS_CLASS_IN);
	k->key.question = k->question;
	k->key.question_len = len + DNS_QUESTION_FIXED;
	dns_key_hash(secret, &k->key);
}

void
cw_ask(struct cw_key *k, const char *name, unsigned type)
{
	cw_ask_flags(k, name, type, false, false);
}

void
cw_ask_flags(
    struct cw_key *k, const char *name, unsigned type, bool is_do, bool is_cd)
{
	*k = (struct cw_key){.key = {.is_do = is_do, .is_cd = is_cd}};
	finish(k, name, type);
}

void
cw_ask_from(struct cw_key *k, const char *name, unsigned type, uint32_t address,
    unsigned bits)
{
	*k = (struct cw_key){.key = {.ecs = &k->ecs}};
	k->ecs.family = DNS_ECS_IPV4;
	k->ecs.source = (uint8_t)bits;
	dns_put32(k->ecs.address, address);
	finish(k, name, type);
}

/* Appends a record whose owner is the question's name. */
static uint8_t *
put_record(uint8_t *p, unsigned type, uint32_t ttl, size_t rdata_len)
{
	dns_put16(p, DNS_POINTER_BITS << 8 | DNS_HEADER_SIZE);
	dns_put16(p + 2, (uint16_t)type);
	dns_put16(p + 4, DNS_CLASS_IN);
	dns_put32(p + 6, ttl);
	dns_put16(p + 10, (uint16_t)rdata_len);
	return p + 12;
}

/* MNAME and RNAME are the root. */
static uint8_t *
put_soa(uint8_t *p, uint32_t ttl)
{
	p = put_record(p, DNS_TYPE_SOA, ttl, 22);
	memset(p, 0, 22);
	dns_put32(p + 18, ttl);
	return p + 22;
}

/* The answers: an alias, which leads to the name itself, and an address. */
static uint8_t *
put_answers(uint8_t *msg, uint8_t *p, unsigned type, const struct cw_answer *a)
{
	if (a->has_alias) {
		p = put_record(p, DNS_TYPE_CNAME, a->ttl, 4);
		memcpy(p, "\1t\300\14", 4);
		p += 4;
	}
	if (a->value != 0) {
		p = put_record(p, type, a->ttl, 4);
		dns_put32(p, a->value);
		p += 4;
	}
	dns_put16(msg + DNS_OFF_ANCOUNT,
	    (uint16_t)((a->has_alias ? 1 : 0) + (a->value != 0 ? 1 : 0)));
	return p;
}

/* An OPT record with nothing but Client Subnet. */
static uint8_t *
put_option(uint8_t *p, const struct dns_ecs *ecs)
{
	size_t len = dns_ecs_write(ecs, p + DNS_OPT_SIZE + DNS_OPTION_FIXED);

	memset(p, 0, DNS_OPT_SIZE);
	dns_put16(p + 1, DNS_TYPE_OPT);
	dns_put16(p + 3, DNS_EDNS_SIZE);
	dns_put16(p + 9, (uint16_t)(DNS_OPTION_FIXED + len));
	dns_put16(p + DNS_OPT_SIZE, DNS_OPTION_ECS);
	dns_put16(p + DNS_OPT_SIZE + 2, (uint16_t)len);
	return p + DNS_OPT_SIZE + DNS_OPTION_FIXED + len;
}

static size_t
make_message(
    const struct cw_key *k, const struct cw_answer *a, uint8_t *ret_msg)
{
	uint8_t *p = ret_msg + DNS_HEADER_SIZE;
	unsigned flags = DNS_FLAG_QR | DNS_FLAG_RD | DNS_FLAG_RA | a->rcode;

	memset(ret_msg, 0, DNS_HEADER_SIZE);
	dns_put16(ret_msg + DNS_OFF_FLAGS,
	    (uint16_t)(flags | (a->is_truncated ? DNS_FLAG_TC : 0)));
	dns_put16(ret_msg + DNS_OFF_QDCOUNT, 1);
	memcpy(p, k->question, k->key.question_len);
	p += k->key.question_len;
	if (a->is_other_question)
		p[-3] ^= 1;
	p = put_answers(ret_msg, p, dns_key_type(&k->key), a);
	if (a->soa_ttl != 0) {
		p = put_soa(p, a->soa_ttl);
		dns_put16(ret_msg + DNS_OFF_NSCOUNT, 1);
	}
	if (a->scope != NULL) {
		p = put_option(p, a->scope);
		dns_put16(ret_msg + DNS_OFF_ARCOUNT, 1);
	}
	return (size_t)(p - ret_msg);
}

enum dns_cache_outcome
cw_store(struct cw *w, const struct cw_key *k, const struct cw_answer *a)
{
	struct dns_entry_how how = {.question = k->key.question,
	    .question_len = k->key.question_len,
	    .is_do = k->key.is_do};
	uint8_t msg[CW_MESSAGE];
	size_t len = make_message(k, a, msg);
	struct dns_expect e = {.question = msg + DNS_HEADER_SIZE,
	    .question_len = k->key.question_len};
	struct dns_response r;

	enum dns_match match = dns_response_check(msg, len, &e, &r);

	CU_ASSERT_EQUAL_FATAL(
	    match, a->is_truncated ? DNS_MATCH_TRUNCATED : DNS_MATCH_ACCEPT);
	return dns_cache_store(w->cache, &k->key, &r, &how,
	    dns_cache_flushes(w->cache) - a->flushes_since, w->now);
}

enum dns_cache_outcome
cw_put(struct cw *w, const struct cw_key *k, uint32_t value, uint32_t ttl)
{
	return cw_store(w, k, &(struct cw_answer){.value = value, .ttl = ttl});
}

enum dns_cache_outcome
cw_negative(struct cw *w, const struct cw_key *k, unsigned rcode, uint32_t ttl)
{
	return cw_store(
	    w, k, &(struct cw_answer){.rcode = rcode, .soa_ttl = ttl});
}

enum dns_cache_outcome
cw_fail(struct cw *w, const struct cw_key *k)
{
	struct dns_error why = {.rcode = DNS_RCODE_SERVFAIL,
	    .ede = DNS_EDE_NETWORK_ERROR,
	    .text = "timed out"};

	return dns_cache_fail(w->cache, &k->key, &why, w->now);
}

/* TTL and address of the last record of a copy. */
static void
read_copy(const struct dns_entry_view *view, struct cw_got *got)
{
	uint8_t msg[CW_MESSAGE];
	struct dns_buf out = {.data = msg, .size = sizeof(msg)};
	struct dns_response r;
	size_t rdata;

	CU_ASSERT_FATAL(dns_entry_copy_bound(view) <= sizeof(msg));
	CU_ASSERT_EQUAL_FATAL(dns_entry_copy(view, &out, &r), 0);
	got->rcode = r.rcode;
	if (view->entry->kind == DNS_ENTRY_FAILURE)
		return;
	rdata = view->entry->kind == DNS_ENTRY_POSITIVE ? 4 : 22;
	got->ttl = dns_get32(msg + out.len - rdata - 6);
	if (view->entry->kind == DNS_ENTRY_POSITIVE)
		got->value = dns_get32(msg + out.len - rdata);
}

struct cw_got
cw_find(struct cw *w, const struct cw_key *k)
{
	struct cw_got got = {.rcode = CW_NOTHING};
	struct dns_cache_hit hit;

	got.verdict = dns_cache_find(w->cache, &k->key, w->now, &hit);
	if (got.verdict == DNS_CACHE_MISS)
		return got;
	got.kind = hit.view.entry->kind;
	got.turn = hit.view.turn;
	got.below = hit.below;
	got.scope = hit.scope;
	got.wants_refresh = hit.wants_refresh;
	CU_ASSERT_EQUAL(
	    hit.view.stale_ttl == 0, got.verdict == DNS_CACHE_FRESH);
	read_copy(&hit.view, &got);
	dns_cache_leave(&hit);
	return got;
}

int64_t
cw_value(struct cw *w, const struct cw_key *k)
{
	struct cw_got got = cw_find(w, k);

	return got.rcode == CW_NOTHING ? CW_NOTHING : (int64_t)got.value;
}

struct sum {
	struct dns_shard *shard;
	size_t items;
	size_t bytes;
};

static bool
add_item(void *ctx, struct dns_item *item)
{
	struct sum *sum = ctx;
	struct dns_entry *e = dns_item_entry(item);
	struct dns_key_net net = dns_item_net(item).net;

	sum->items++;
	sum->bytes += item->cost;
	CU_ASSERT(item->cost >= malloc_usable_size(item) + sizeof(size_t));
	CU_ASSERT(item->cost >= dns_item_size(e->size, &net));
	CU_ASSERT_EQUAL(item->life, e->life);
	return true;
}

static size_t
check_shard(struct dns_shard *s)
{
	struct sum sum = {.shard = s};
	size_t queued = 0;

	for (uint32_t i = 0; i < s->table.count; i++)
		(void)dns_bucket_each(
		    dns_table_bucket(&s->table, i), add_item, &sum);
	for (struct list *l = s->small.next; l != &s->small; l = l->next)
		queued++;
	for (struct list *l = s->main.next; l != &s->main; l = l->next)
		queued++;
	CU_ASSERT_EQUAL(queued, sum.items);
	CU_ASSERT_EQUAL(s->table.items, sum.items);
	CU_ASSERT_EQUAL(s->bytes, s->fixed + sum.bytes);
	CU_ASSERT(s->bytes <= s->bound);
	CU_ASSERT_EQUAL(counter_get(&s->stats.entries), sum.items);
	return sum.items;
}

size_t
cw_check(struct cw *w)
{
	struct dns_cache_stats stats;
	size_t items = 0;

	for (unsigned i = 0; i < w->cache->count; i++)
		items += check_shard(&w->cache->shards[i]);
	dns_cache_stats(w->cache, &stats);
	CU_ASSERT_EQUAL(counter_get(&stats.entries), items);
	CU_ASSERT_EQUAL(
	    counter_get(&stats.positive) + counter_get(&stats.nodata) +
		counter_get(&stats.nxdomain) + counter_get(&stats.failure),
	    items);
	CU_ASSERT_EQUAL(
	    counter_get(&stats.inserted) - counter_get(&stats.replaced) -
		counter_get(&stats.evicted) - counter_get(&stats.expired) -
		counter_get(&stats.flushed),
	    items);
	CU_ASSERT(counter_get(&stats.bytes) <= w->rules.bytes);
	return items;
}
