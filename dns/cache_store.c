/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Putting entries into the cache.  The entry is made first, beside the cache
 * and without a lock, so that nobody waits while a message is walked; then a
 * block of exactly its size is asked for, as blocks that are shortened later
 * leave holes that nobody fits into; then, under the lock, there is made room
 * for it and it takes its place.
 */
#include <stdlib.h>
#include <string.h>

#include "dns/cache_private.h"

/* Entries for which the stack is good enough: nearly all. */
#define USUAL_SIZE 2048

/* An entry on its way in. */
struct intake {
	struct dns_cache *cache;
	const struct dns_key *key;
	nsec stored; /* when it counts as stored */
	nsec now;
	/* What it is made of: one of the three; `how` but for the last. */
	const struct dns_response *response;
	const struct dns_error *error;
	const struct dns_cache_record *record;
	const struct dns_entry_how *how;
	uint64_t flushes;	/* with `response`: when it was asked for */
	struct dns_key_net net; /* for whom it is, unless it is a failure */
	uint8_t scope;
	struct dns_want want; /* under which it is kept */
	struct dns_item *item;
};

/* The rules of the moment. */
static struct dns_entry_rules
rules_of(const struct intake *in)
{
	struct dns_shard *s = dns_cache_lock(in->cache, in->key->name_hash);
	struct dns_entry_rules rules = s->rules.entry;

	dns_cache_unlock(s);
	return rules;
}

static enum dns_entry_verdict
make(const struct intake *in, struct dns_entry *entry, size_t room)
{
	struct dns_entry_rules rules = rules_of(in);

	if (in->response != NULL)
		return dns_entry_make(
		    in->response, in->how, &rules, entry, room);
	return dns_entry_fail(in->how, in->error, &rules, entry, room);
}

/* Counts why nothing came of it. */
static enum dns_cache_outcome
give_up(const struct intake *in, enum dns_cache_outcome why)
{
	struct dns_shard *s = dns_cache_lock(in->cache, in->key->name_hash);

	if (why == DNS_CACHE_REFUSED)
		counter_add(&s->stats.refused, 1);
	else
		counter_add(&s->stats.no_room, 1);
	dns_cache_unlock(s);
	return why;
}

/*
 * An answer that cannot be kept.  Nothing is known from it for later, but that
 * what is past its end is wrong (RFC 8767 4); unless its TTL is 0: so caches
 * upstream count down theirs, and it is the same data.
 */
static enum dns_cache_outcome
refuse(const struct intake *in, enum dns_entry_verdict why)
{
	struct dns_found found;
	struct dns_shard *s;

	if (why == DNS_ENTRY_NO_SOA) {
		s = dns_cache_lock(in->cache, in->key->name_hash);
		found = dns_cache_look(s, in->key, in->now);
		if (found.item != NULL && !found.is_fresh)
			dns_shard_replace(s, found.item);
		dns_cache_unlock(s);
	}
	return give_up(in, DNS_CACHE_REFUSED);
}

/* Says under what an entry is kept. */
static void
label(struct intake *in, const struct dns_entry *entry)
{
	if (entry->kind == DNS_ENTRY_FAILURE) {
		in->net = dns_key_net(in->key);
		in->scope = 0;
	}
	in->want.key = in->key;
	in->want.net = &in->net;
	in->want.qtype =
	    entry->is_any_type ? DNS_KEY_ALL_TYPES : dns_key_type(in->key);
	in->want.hash = dns_key_hash_for(in->key, in->want.qtype, &in->net);
}

/* The item of an entry, in a block of its own; NULL without memory. */
static struct dns_item *
wrap(const struct intake *in, const struct dns_entry *entry)
{
	struct dns_item_net net = {.net = in->net, .scope = in->scope};
	struct dns_item *item = malloc(dns_item_size(entry->size, &in->net));

	if (item == NULL)
		return NULL;
	*item = (struct dns_item){
	    .hash = in->want.hash,
	    .stored = in->stored,
	    .cost = dns_block_cost(item),
	    .life = entry->life,
	    .flags = dns_want_flags(&in->want),
	};
	if (item->flags & DNS_ITEM_HAS_NET)
		memcpy(item->body, &net, sizeof(net));
	memcpy(dns_item_entry(item), entry, entry->size);
	return item;
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
		dns_shard_replace(s, rival);
}

/* Was something flushed since it was asked for?  A flush counts itself before
 * it takes the first lock: what is put in here earlier it will meet. */
static bool
is_flushed(const struct intake *in)
{
	return in->response != NULL &&
	       dns_cache_flushes(in->cache) != in->flushes;
}

/* What becomes of a complete item; the shard is locked. */
static enum dns_cache_outcome
settle(struct dns_shard *s, const struct intake *in)
{
	if (dns_item_entry(in->item)->kind == DNS_ENTRY_FAILURE) {
		if (mark(s, in))
			return DNS_CACHE_MARKED;
	} else {
		if (is_flushed(in) ||
		    (in->record != NULL && is_outdated(s, in))) {
			counter_add(&s->stats.refused, 1);
			return DNS_CACHE_REFUSED;
		}
		drop_rival(s, in);
	}
	if (dns_shard_put(s, in->item, &in->want, in->now))
		return DNS_CACHE_STORED;
	counter_add(&s->stats.no_room, 1);
	return DNS_CACHE_NO_ROOM;
}

/* Keeps a complete entry, of which a copy is made. */
static enum dns_cache_outcome
keep(struct intake *in, const struct dns_entry *entry)
{
	enum dns_cache_outcome outcome;
	struct dns_shard *s;

	label(in, entry);
	in->item = wrap(in, entry);
	if (in->item == NULL)
		return give_up(in, DNS_CACHE_NO_ROOM);
	s = dns_cache_lock(in->cache, in->key->name_hash);
	outcome = settle(s, in);
	dns_cache_unlock(s);
	if (outcome != DNS_CACHE_STORED)
		free(in->item);
	return outcome;
}

/* Makes an entry of at most so many octets, and keeps it. */
static enum dns_cache_outcome
take_in(struct intake *in, size_t room)
{
	_Alignas(max_align_t) uint8_t usual[USUAL_SIZE];
	struct dns_entry *entry =
	    room > sizeof(usual) ? malloc(room) : (void *)usual;
	enum dns_cache_outcome outcome;
	enum dns_entry_verdict verdict;

	if (entry == NULL)
		return give_up(in, DNS_CACHE_NO_ROOM);
	verdict = make(in, entry, room);
	if (verdict == DNS_ENTRY_MADE)
		outcome = keep(in, entry);
	else
		outcome = refuse(in, verdict);
	if ((void *)entry != usual)
		free(entry);
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
    const struct dns_response *r, const struct dns_entry_how *how,
    uint64_t flushes, nsec now)
{
	struct intake in = {.cache = c,
	    .key = key,
	    .stored = now,
	    .now = now,
	    .response = r,
	    .flushes = flushes,
	    .how = how};

	if (!find_net(key, r, &in))
		return give_up(&in, DNS_CACHE_REFUSED);
	return take_in(&in, dns_entry_bound(r, how));
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

	return take_in(&in, DNS_ENTRY_FAILURE_MAX);
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
	return keep(&in, record->entry);
}
