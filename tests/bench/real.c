/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/bench/real.h"

#include <assert.h>

#define DAY 86400

struct dns_cache *
real_new(size_t bytes)
{
	static const uint8_t secret[HASH_KEY_LEN] = {1, 2, 3};
	const struct dns_cache_rules rules = {
	    .bytes = bytes,
	    .entry = {.min_ttl = 1,
		.max_ttl = DAY,
		.negative_ttl = 3600,
		.failure_ttl = 5},
	    .stale_ttl = 30,
	    .stale_retry = 30,
	    .rotate = true,
	};

	return dns_cache_new(&rules, secret);
}

void
real_key(const struct dns_cache *c, const struct question *q,
    struct dns_query *ret_query, struct dns_key *ret_key)
{
	enum dns_verdict verdict =
	    dns_query_parse(q->msg, sizeof(q->msg), ret_query);
	bool is_kept =
	    dns_key_make(dns_cache_secret(c), ret_query, NULL, ret_key);

	assert(verdict == DNS_VERDICT_OK && is_kept);
	(void)verdict;
	(void)is_kept;
}

enum dns_cache_outcome
real_store(struct dns_cache *c, const struct dns_key *key, const uint8_t *msg,
    size_t len, nsec now)
{
	const struct dns_expect expect = {
	    .question = key->question,
	    .question_len = key->question_len,
	};
	const struct dns_entry_how how = {
	    .question = key->question,
	    .question_len = key->question_len,
	};
	struct dns_response r;
	enum dns_match match = dns_response_check(msg, len, &expect, &r);

	assert(match == DNS_MATCH_ACCEPT);
	(void)match;
	return dns_cache_store(c, key, &r, &how, dns_cache_flushes(c), now);
}

bool
real_ask(struct dns_cache *c, const struct trace_request *r)
{
	uint8_t msg[QUESTION_ANSWER_MAX];
	struct dns_cache_hit hit;
	struct dns_query query;
	struct question q;
	struct dns_key key;
	size_t len;

	question_make(r->name, &q);
	real_key(c, &q, &query, &key);
	if (dns_cache_find(c, &key, r->now, &hit) == DNS_CACHE_FRESH) {
		dns_cache_leave(&hit);
		return true;
	}
	len = question_answer(&q, r->size, r->ttl, msg);
	(void)real_store(c, &key, msg, len, r->now);
	return false;
}
