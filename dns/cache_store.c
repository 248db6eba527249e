/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Putting entries into the cache.  Room is made and charged first, under the
 * lock; then the entry is made without it; then it takes its place.  So the
 * bound holds at every moment, and nobody waits while a message is walked.
 */
#include <stdlib.h>
#include <string.h>

#include "dns/cache_private.h"

/* Less than this is not worth a shorter block. */
#define SPARE_MAX 64

/* An entry on its way in. */
struct intake {
	struct dns_cache *cache;
	const struct dns_key *key;
	nsec stored; /* when it counts as stored */
	nsec now;
	/* What it is made of: one of the three. */
	const struct dns_response *response;
	const struct dns_error *error;
	const struct dns_cache_record *record;
	const struct dns_entry_how *how;
	struct dns_key_net net; /* for whom it is, unless it is a failure */
	uint8_t scope;
	struct dns_want want; /* under which it is kept */
	struct dns_item *item;
	size_t size; /* octets of that */
	size_t cost; /* what is charged for it */
};

static size_t
bound_of(const struct intake *in)
{
	if (in->response != NULL)
		return dns_entry_bound(in->response, in->how);
	return in->error != NULL ? DNS_ENTRY_FAILURE_MAX
				 : in->record->entry->size;
}

static enum dns_entry_verdict
make(const struct intake *in, const struct dns_entry_rules *rules, size_t room)
{
	struct dns_entry *entry = dns_item_entry(in->item);

	if (in->response != NULL)
		return dns_entry_make(
		    in->response, in->how, rules, entry, room);
	if (in->error != NULL)
		return dns_entry_fail(in->how, in->error, rules, entry, room);
	memcpy(entry, in->record->entry, room);
	return DNS_ENTRY_MADE;
}

/* Charges the item's octets and tells the rules; false if they are too many. */
static bool
reserve(struct intake *in, struct dns_entry_rules *ret_rules)
{
	struct dns_shard *s = dns_cache_lock(in->cache, in->key->name_hash);
	size_t cost = dns_block_most(in->size);

	*ret_rules = s->rules.entry;
	if (dns_shard_reserve(s, cost, in->now))
		in->cost = cost;
	dns_cache_unlock(s);
	return in->cost != 0;
}

/* Nothing came of it: gives back what was charged, and counts why. */
static enum dns_cache_outcome
give_up(struct intake *in, enum dns_cache_outcome why)
{
	struct dns_shard *s = dns_cache_lock(in->cache, in->key->name_hash);

	dns_shard_refund(s, in->cost);
	if (why == DNS_CACHE_REFUSED)
		counter_add(&s->stats.refused, 1);
	else
		counter_add(&s->stats.no_room, 1);
	dns_cache_unlock(s);
	free(in->item);
	return why;
}

/*
 * An answer that cannot be kept.  Nothing is known from it for later, but that
 * what is past its end is wrong (RFC 8767 4); unless its TTL is 0: so caches
 * upstream count down theirs, and it is the same data.
 */
static enum dns_cache_outcome
refuse(struct intake *in, enum dns_entry_verdict why)
{
	struct dns_found found;
	struct dns_shard *s;

	if (why == DNS_ENTRY_NO_SOA) {
		s = dns_cache_lock(in->cache, in->key->name_hash);
		found = dns_cache_look(s, in->key, in->now);
		if (found.item != NULL && !found.is_fresh)
			dns_shard_drop(s, found.item);
		dns_cache_unlock(s);
	}
	return give_up(in, DNS_CACHE_REFUSED);
}

/* Says under what the item is kept, and from when on. */
static void
label(struct intake *in)
{
	const struct dns_entry *entry = dns_item_entry(in->item);

	if (entry->kind == DNS_ENTRY_FAILURE) {
		in->net = dns_key_net(in->key);
		in->scope = 0;
	}
	in->want.key = in->key;
	in->want.net = &in->net;
	in->want.qtype =
	    entry->is_any_type ? DNS_KEY_ALL_TYPES : dns_key_type(in->key);
	in->want.hash = dns_key_hash_for(in->key, in->want.qtype, &in->net);
	in->item->hash = in->want.hash;
	in->item->flags = dns_want_flags(&in->want);
	in->item->stored = in->stored;
	in->item->life = entry->life;
	if (in->item->flags & DNS_ITEM_HAS_NET) {
		struct dns_item_net net = {.net = in->net, .scope = in->scope};

		memcpy(in->item->body, &net, sizeof(net));
	}
}

/* Cuts off what the entry did not need, and asks what the rest takes up. */
static void
shorten(struct intake *in)
{
	size_t need = dns_item_size(dns_item_entry(in->item)->size, &in->net);
	struct dns_item *shorter = NULL;

	if (in->size - need >= SPARE_MAX)
		shorter = realloc(in->item, need);
	if (shorter != NULL)
		in->item = shorter;
	in->item->cost = (uint32_t)dns_block_cost(in->item, in->cost);
}

/* Failures leave alone what there is, but for a mark (RFC 8767 4). */
static bool
mark(struct dns_shard *s, const struct intake *in)
{
	struct dns_found found = dns_cache_look(s, in->key, in->now);
	nsec age;

	if (found.item == NULL ||
	    dns_item_entry(found.item)->kind == DNS_ENTRY_FAILURE)
		return false;
	age = dns_item_age(found.item, in->now);
	found.item->tried = (uint32_t)(age / NSEC_PER_SEC) + 1;
	found.item->flags |= DNS_ITEM_HAS_FAILED;
	return true;
}

/* Is a saved one over, or is there a younger one? */
static bool
is_outdated(struct dns_shard *s, const struct intake *in)
{
	const struct dns_item *old = dns_table_find(&s->table, &in->want);

	return dns_item_is_dead(s, in->item, in->now) ||
	       (old != NULL && dns_item_age(old, in->now) <=
				   dns_item_age(in->item, in->now));
}

/*
 * NXDOMAIN ends what was known of the type that it was asked for, and any other
 * answer ends an older NXDOMAIN.
 */
static void
drop_rival(struct dns_shard *s, const struct intake *in)
{
	struct dns_want want = in->want;
	struct dns_item *rival;

	want.qtype = in->want.qtype == DNS_KEY_ALL_TYPES ? dns_key_type(in->key)
							 : DNS_KEY_ALL_TYPES;
	want.hash = dns_key_hash_for(in->key, want.qtype, &in->net);
	rival = dns_table_find(&s->table, &want);
	if (rival != NULL &&
	    dns_item_age(rival, in->now) >= dns_item_age(in->item, in->now))
		dns_shard_drop(s, rival);
}

/* What becomes of a complete item; the shard is locked. */
static enum dns_cache_outcome
settle(struct dns_shard *s, const struct intake *in)
{
	if (dns_item_entry(in->item)->kind == DNS_ENTRY_FAILURE) {
		if (mark(s, in))
			return DNS_CACHE_MARKED;
	} else {
		if (in->record != NULL && is_outdated(s, in))
			return DNS_CACHE_REFUSED;
		drop_rival(s, in);
	}
	dns_shard_put(s, in->item, &in->want);
	return DNS_CACHE_STORED;
}

static enum dns_cache_outcome
take_in(struct intake *in)
{
	struct dns_entry_rules rules;
	size_t entry_size = bound_of(in);
	enum dns_cache_outcome outcome;
	enum dns_entry_verdict verdict;
	struct dns_shard *s;

	in->size = dns_item_size(entry_size, &in->net);
	if (!reserve(in, &rules))
		return give_up(in, DNS_CACHE_NO_ROOM);
	in->item = malloc(in->size);
	if (in->item == NULL)
		return give_up(in, DNS_CACHE_NO_ROOM);
	*in->item = (struct dns_item){.hits = 0};
	if (in->net.reach != DNS_REACH_PLAIN)
		in->item->flags = DNS_ITEM_HAS_NET;
	verdict = make(in, &rules, entry_size);
	if (verdict != DNS_ENTRY_MADE)
		return refuse(in, verdict);
	label(in);
	shorten(in);
	s = dns_cache_lock(in->cache, in->key->name_hash);
	dns_shard_refund(s, in->cost - in->item->cost);
	outcome = settle(s, in);
	if (outcome != DNS_CACHE_STORED)
		dns_shard_refund(s, in->item->cost);
	dns_cache_unlock(s);
	if (outcome != DNS_CACHE_STORED)
		free(in->item);
	return outcome;
}

/* For whom an answer is (RFC 7871 7.3.1); false if nobody can say. */
static bool
find_net(
    const struct dns_key *key, const struct dns_response *r, struct intake *in)
{
	struct dns_ecs network;

	in->net = dns_key_net(key);
	if (key->ecs == NULL)
		return true;
	if (dns_ecs_network(key->ecs, r->msg, &r->edns, &network) < 0)
		return false;
	in->scope = network.scope;
	if (in->net.reach == DNS_REACH_NETWORK)
		in->net = dns_key_net_prefix(&network, network.source);
	return true;
}

enum dns_cache_outcome
dns_cache_store(struct dns_cache *c, const struct dns_key *key,
    const struct dns_response *r, const struct dns_entry_how *how, nsec now)
{
	struct intake in = {.cache = c,
	    .key = key,
	    .stored = now,
	    .now = now,
	    .response = r,
	    .how = how};

	if (!find_net(key, r, &in))
		return give_up(&in, DNS_CACHE_REFUSED);
	return take_in(&in);
}

enum dns_cache_outcome
dns_cache_fail(struct dns_cache *c, const struct dns_key *key,
    const struct dns_error *why, nsec now)
{
	struct dns_entry_how how = {.question = key->question,
	    .question_len = key->question_len,
	    .is_do = key->is_do};
	struct intake in = {.cache = c,
	    .key = key,
	    .stored = now,
	    .now = now,
	    .error = why,
	    .how = &how,
	    .net = dns_key_net(key)};

	return take_in(&in);
}

/* Not to be believed either: it may come from a file. */
static bool
is_sound(const struct dns_key_net *net)
{
	if (net->reach != DNS_REACH_NETWORK)
		return net->reach <= DNS_REACH_EVERYBODY;
	return net->bits >= 1 &&
	       ((net->family == DNS_ECS_IPV4 && net->bits <= 32) ||
		   (net->family == DNS_ECS_IPV6 && net->bits <= DNS_ECS_BITS));
}

enum dns_cache_outcome
dns_cache_load(
    struct dns_cache *c, const struct dns_cache_record *record, nsec now)
{
	struct dns_key key = {.question = dns_entry_question(record->entry),
	    .question_len = record->entry->question_len,
	    .is_do = record->is_do,
	    .is_cd = record->is_cd};
	struct intake in = {.cache = c,
	    .key = &key,
	    .stored = now - record->age,
	    .now = now,
	    .record = record,
	    .net = record->net,
	    .scope = record->scope};

	if (!is_sound(&record->net) || record->entry->kind == DNS_ENTRY_FAILURE)
		return DNS_CACHE_REFUSED;
	dns_key_hash(c->secret, &key);
	return take_in(&in);
}
