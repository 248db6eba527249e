/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache with a clock that a test moves, and upstream's answers made to
 * measure.
 */
#ifndef TESTS_UNIT_CACHEWORLD_H
#define TESTS_UNIT_CACHEWORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/cache.h"

#define CW_NOTHING (-1)
#define CW_MESSAGE 1024

struct cw {
	struct dns_cache *cache;
	struct dns_cache_rules rules;
	nsec now;
};

/* A question. */
struct cw_key {
	uint8_t question[DNS_NAME_MAX + DNS_QUESTION_FIXED];
	struct dns_key key;
	struct dns_ecs ecs;
};

/* What upstream says to it. */
struct cw_answer {
	unsigned rcode;
	uint32_t ttl;
	uint32_t value;	  /* the address; 0: no record of the type */
	bool has_alias;	  /* a CNAME goes first */
	uint32_t soa_ttl; /* of an SOA of TTL and MINIMUM; 0: none */
	bool is_truncated;
	uint64_t flushes_since; /* it was asked for */
	bool is_other_question;
	const struct dns_ecs *scope;
};

/* What the cache said. */
struct cw_got {
	enum dns_cache_verdict verdict;
	enum dns_entry_kind kind;
	int rcode; /* CW_NOTHING after MISS */
	uint32_t ttl;
	uint32_t value;
	uint32_t turn;
	size_t below;
	unsigned scope;
	bool wants_refresh;
};

/* The rules that the tests begin with: 1 MiB, one shard. */
void cw_init(struct cw *w);
void cw_done(struct cw *w);

/* The same with so many octets, and several shards. */
void cw_init_shards(struct cw *w, size_t bytes);

/* Gives the rules of `w` to its cache. */
void cw_configure(struct cw *w);

void cw_forward(struct cw *w, unsigned seconds);

/* Makes a question of a name in presentation form, class IN. */
void cw_ask(struct cw_key *k, const char *name, unsigned type);

/* The same with its flags, or a network: 192.0.2.0/24 is 0xc0000200, 24. */
void cw_ask_flags(
    struct cw_key *k, const char *name, unsigned type, bool is_do, bool is_cd);
void cw_ask_from(struct cw_key *k, const char *name, unsigned type,
    uint32_t address, unsigned bits);

/* Makes a message and gives it to the cache. */
enum dns_cache_outcome cw_store(
    struct cw *w, const struct cw_key *k, const struct cw_answer *a);

/* An A record; SERVFAIL; NXDOMAIN or NODATA with such an SOA; no answer. */
enum dns_cache_outcome cw_put(
    struct cw *w, const struct cw_key *k, uint32_t value, uint32_t ttl);
enum dns_cache_outcome cw_negative(
    struct cw *w, const struct cw_key *k, unsigned rcode, uint32_t ttl);
enum dns_cache_outcome cw_fail(struct cw *w, const struct cw_key *k);

/* Looks, reads what there is, and leaves. */
struct cw_got cw_find(struct cw *w, const struct cw_key *k);

/* The address that it says, 0 if none, or CW_NOTHING. */
int64_t cw_value(struct cw *w, const struct cw_key *k);

/* Asserts that every shard is what it says it is; returns its items. */
size_t cw_check(struct cw *w);

#endif
