/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding and keeping answers.  Which shard, which key, which network, and
 * what a failure does to what is there; what gives way is cache_shard.c.
 *
 * An item past its end stays where it is until another takes its place, since a
 * name that is asked for all the time is about to be asked upstream and keeps
 * its place in the queues; or until room is needed.
 */
#include "dns/cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dns/cache_private.h"

/* No shard is smaller than that. */
#define SHARD_BYTES_MIN ((size_t)2 << 20)

/* Hits that make a name worth asking for ahead of time. */
#define PREFETCH_HITS 3

/* The last part of its life, in which that is done. */
#define PREFETCH_PART 10

/* Seconds after which another asker is told to. */
#define PREFETCH_PAUSE 1

#define VISITS_MAX 3

/* How many shards there are to be; a power of two. */
static unsigned
count_shards(size_t bytes)
{
	unsigned count = 1;

	while (count < DNS_CACHE_SHARDS_MAX &&
	       bytes / (count * 2) >= SHARD_BYTES_MIN)
		count *= 2;
	return count;
}

struct dns_cache *
dns_cache_new(
    const struct dns_cache_rules *rules, const uint8_t secret[HASH_KEY_LEN])
{
	unsigned count = count_shards(rules->bytes);
	size_t size =
	    sizeof(struct dns_cache) + count * sizeof(struct dns_shard);
	struct dns_cache *c = aligned_alloc(_Alignof(struct dns_cache), size);

	assert(rules->bytes >= DNS_CACHE_BYTES_MIN);
	assert(rules->stale == 0 || rules->stale_ttl > 0);
	if (c == NULL)
		return NULL;
	memset(c, 0, size);
	memcpy(c->secret, secret, HASH_KEY_LEN);
	(void)pthread_mutex_init(&c->configuring, NULL);
	for (; c->count < count; c->count++) {
		if (dns_shard_init(&c->shards[c->count], rules,
			dns_cache_part(rules->bytes, count)) == 0)
			continue;
		dns_cache_free(c);
		return NULL;
	}
	return c;
}

/* In pieces; what is large is allocated and freed without the lock. */
static void
configure_shard(struct dns_shard *s, const struct dns_cache_rules *rules,
    size_t bound, nsec now)
{
	struct dns_table_room room = {.most = 0};
	bool is_done;

	if (bound != s->bound && dns_table_room_init(&room, bound) < 0)
		bound = s->bound;
	do {
		(void)pthread_mutex_lock(&s->lock);
		is_done = dns_shard_configure(s, rules, bound, &room, now);
		dns_cache_unlock(s);
	} while (!is_done);
	dns_table_room_done(&room);
}

void
dns_cache_configure(
    struct dns_cache *c, const struct dns_cache_rules *rules, nsec now)
{
	size_t bound = dns_cache_part(rules->bytes, c->count);

	assert(rules->bytes >= DNS_CACHE_BYTES_MIN);
	assert(rules->stale == 0 || rules->stale_ttl > 0);
	(void)pthread_mutex_lock(&c->configuring);
	for (unsigned i = 0; i < c->count; i++)
		configure_shard(&c->shards[i], rules, bound, now);
	(void)pthread_mutex_unlock(&c->configuring);
}

void
dns_cache_free(struct dns_cache *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->count; i++)
		dns_shard_done(&c->shards[i]);
	(void)pthread_mutex_destroy(&c->configuring);
	free(c);
}

const uint8_t *
dns_cache_secret(const struct dns_cache *c)
{
	return c->secret;
}

/* Remembers an item if it may be given, and is better than what was found. */
static void
consider(const struct dns_shard *s, struct dns_item *item, nsec now,
    struct dns_found *found)
{
	if (item == NULL)
		return;
	found->is_fresh = !dns_item_is_over(item, now);
	if (found->is_fresh)
		found->item = item;
	else if (!dns_item_is_dead(s, item, now) &&
		 (found->item == NULL ||
		     dns_item_age(item, now) < dns_item_age(found->item, now)))
		found->item = item;
}

/* Looks for one type: the asker's network, then wider ones. */
static void
look_for(const struct dns_shard *s, const struct dns_key *key, uint16_t qtype,
    nsec now, struct dns_found *found)
{
	struct dns_key_net net = dns_key_net(key);
	struct dns_want want = {.key = key, .net = &net, .qtype = qtype};

	do {
		want.hash = dns_key_hash_for(key, qtype, &net);
		consider(s, dns_table_find(&s->table, &want), now, found);
	} while (!found->is_fresh && dns_shard_widen(s, key, &net));
}

/* The same for the key's own type, whose first hash is the key's. */
static void
look_for_own(const struct dns_shard *s, const struct dns_key *key, nsec now,
    struct dns_found *found)
{
	struct dns_key_net net = {.reach = DNS_REACH_PLAIN};
	struct dns_want want = {.key = key,
	    .net = &net,
	    .hash = key->hash,
	    .qtype = dns_key_type(key)};

	if (key->ecs == NULL)
		consider(s, dns_table_find(&s->table, &want), now, found);
	if (!found->is_fresh && (key->ecs != NULL || s->everybody > 0))
		look_for(s, key, want.qtype, now, found);
}

struct dns_found
dns_cache_look(const struct dns_shard *s, const struct dns_key *key, nsec now)
{
	struct dns_found found = {.item = NULL};

	look_for_own(s, key, now, &found);
	if (!found.is_fresh && counter_get(&s->stats.nxdomain) > 0)
		look_for(s, key, DNS_KEY_ALL_TYPES, now, &found);
	return found;
}

/* Has asking failed, not long ago? */
static bool
has_just_failed(
    const struct dns_shard *s, const struct dns_item *item, nsec now)
{
	uint64_t age = dns_item_age(item, now) / NSEC_PER_SEC;

	return (item->flags & DNS_ITEM_HAS_FAILED) != 0 &&
	       age < (uint64_t)item->tried + s->rules.stale_retry;
}

/* Is it time to ask again?  Says so once for each pause. */
static bool
take_refresh(const struct dns_shard *s, struct dns_item *item, nsec now)
{
	nsec age = dns_item_age(item, now);
	nsec life = item->life * NSEC_PER_SEC;

	if (!s->rules.prefetch || item->hits < PREFETCH_HITS ||
	    (life - age) * PREFETCH_PART >= life ||
	    dns_item_entry(item)->kind == DNS_ENTRY_FAILURE)
		return false;
	if (has_just_failed(s, item, now) ||
	    age / NSEC_PER_SEC < (uint64_t)item->tried + PREFETCH_PAUSE)
		return false;
	item->tried = (uint32_t)(age / NSEC_PER_SEC) + 1;
	item->flags &= (uint8_t)~DNS_ITEM_HAS_FAILED;
	return true;
}

/* Fills in what the caller gets, while the shard stays locked. */
static enum dns_cache_verdict
lend(struct dns_shard *s, const struct dns_found *found, nsec now,
    struct dns_cache_hit *ret_hit)
{
	struct dns_item *item = found->item;

	item->hits++;
	if (item->visits < VISITS_MAX)
		item->visits++;
	*ret_hit = (struct dns_cache_hit){.shard = s};
	ret_hit->view.entry = dns_item_entry(item);
	ret_hit->view.age = (uint32_t)(dns_item_age(item, now) / NSEC_PER_SEC);
	ret_hit->scope = dns_item_net(item).scope;
	if (s->rules.rotate)
		ret_hit->view.turn = item->hits;
	if (found->is_fresh) {
		ret_hit->wants_refresh = take_refresh(s, item, now);
		return DNS_CACHE_FRESH;
	}
	ret_hit->view.stale_ttl = s->rules.stale_ttl;
	return has_just_failed(s, item, now) ? DNS_CACHE_STALE_NOW
					     : DNS_CACHE_STALE;
}

/* To the name above; false if that is the root, which exists. */
static bool
step_up(const struct dns_cache *c, struct dns_key *key)
{
	size_t label = 1 + (size_t)key->question[0];

	if (key->question_len - label <= 1 + DNS_QUESTION_FIXED)
		return false;
	key->question += label;
	key->question_len -= label;
	key->name_hash = dns_key_name_hash(c->secret, key->question);
	return true;
}

/* NXDOMAIN of a name above, nearest first; never a stale one (RFC 8020). */
static enum dns_cache_verdict
find_above(struct dns_cache *c, const struct dns_key *key, nsec now,
    struct dns_cache_hit *ret_hit)
{
	struct dns_key up = *key;

	while (step_up(c, &up)) {
		struct dns_shard *s = dns_cache_lock(c, up.name_hash);
		struct dns_found found = {.item = NULL};

		look_for(s, &up, DNS_KEY_ALL_TYPES, now, &found);
		if (found.is_fresh) {
			(void)lend(s, &found, now, ret_hit);
			ret_hit->below = key->question_len - up.question_len;
			return DNS_CACHE_FRESH;
		}
		dns_cache_unlock(s);
	}
	return DNS_CACHE_MISS;
}

enum dns_cache_verdict
dns_cache_find(struct dns_cache *c, const struct dns_key *key, nsec now,
    struct dns_cache_hit *ret_hit)
{
	struct dns_shard *s = dns_cache_lock(c, key->name_hash);
	struct dns_found found = dns_cache_look(s, key, now);
	bool looks_above = s->rules.nxdomain_cut;

	if (found.item != NULL)
		return lend(s, &found, now, ret_hit);
	dns_cache_unlock(s);
	return looks_above ? find_above(c, key, now, ret_hit) : DNS_CACHE_MISS;
}

void
dns_cache_leave(struct dns_cache_hit *hit)
{
	struct dns_shard *s = hit->shard;

	hit->shard = NULL;
	dns_cache_unlock(s);
}
