/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys of questions: folded, hashed under a secret, compared.
 *
 * The name is hashed once; type, class, flags and network are hashed again
 * under a key made of that, so that a name's keys are as hard to aim as names
 * are, and another one of them costs no walk over the name.
 */
#include "dns/key.h"

#include <string.h>

#define OCTETS(c) ((uint64_t)0x0101010101010101u * (c))
#define WORD 8
#define NAME_WORDS ((DNS_NAME_MAX + WORD - 1) / WORD + 1)

/* RFC 6895 3.1: types that are no data, and those only to be asked for. */
#define META_FIRST 128
#define META_LAST 255

/* RFC 6895 3.2: NONE, ANY. */
#define CLASS_NONE 254

/* Where the members stand in a key's first word. */
#define CLASS_SHIFT 16
#define DO_SHIFT 32
#define CD_SHIFT 33
#define REACH_SHIFT 40
#define FAMILY_SHIFT 48
#define BITS_SHIFT 56

/* Folds A-Z in eight octets (RFC 4343 3); others, above 0x7f too, stay. */
static inline uint64_t
fold(uint64_t w)
{
	uint64_t low = w & OCTETS(0x7f);
	uint64_t from_a = low + OCTETS(0x80 - 'A');
	uint64_t behind_z = low + OCTETS(0x7f - 'Z');

	return w | ((from_a ^ behind_z) & ~w & OCTETS(0x80)) >> 2;
}

static inline uint64_t
load(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Less than a word, with zeros. */
static uint64_t
load_short(const uint8_t *p, size_t len)
{
	uint64_t w = 0;

	for (size_t i = 0; i < len; i++)
		w = w << 8 | p[i];
	return w;
}

/* Length octets are below 'A', so all octets of a name can be folded. */
static uint64_t
hash_name(const uint8_t secret[HASH_KEY_LEN], const uint8_t *name, size_t len)
{
	uint64_t words[NAME_WORDS];
	size_t n = 0, i;

	if (len < WORD) {
		words[n++] = fold(load_short(name, len));
	} else {
		for (i = 0; i + WORD <= len; i += WORD)
			words[n++] = fold(load(name + i));
		/* The last one overlaps; names have an end of their own. */
		if (i < len)
			words[n++] = fold(load(name + len - WORD));
	}
	return hash_words(secret, words, n);
}

uint64_t
dns_key_name_hash(const uint8_t secret[HASH_KEY_LEN], const uint8_t *name)
{
	return hash_name(secret, name, dns_name_length(name));
}

uint16_t
dns_key_type(const struct dns_key *key)
{
	return dns_get16(key->question + key->question_len - 4);
}

uint16_t
dns_key_class(const struct dns_key *key)
{
	return dns_get16(key->question + key->question_len - 2);
}

struct dns_key_net
dns_key_net_prefix(const struct dns_ecs *ecs, unsigned bits)
{
	struct dns_key_net net = {.reach = DNS_REACH_EVERYBODY};
	unsigned rest = bits % 8;

	if (bits == 0)
		return net;
	net.reach = DNS_REACH_NETWORK;
	net.family = (uint8_t)ecs->family;
	net.bits = (uint8_t)bits;
	memcpy(net.address, ecs->address, (bits + 7) / 8);
	if (rest > 0)
		net.address[bits / 8] &= (uint8_t)(UINT8_MAX << (8 - rest));
	return net;
}

struct dns_key_net
dns_key_net(const struct dns_key *key)
{
	struct dns_key_net net = {.reach = DNS_REACH_PLAIN};

	if (key->ecs == NULL)
		return net;
	if (key->ecs->source > 0)
		return dns_key_net_prefix(key->ecs, key->ecs->source);
	net.reach = DNS_REACH_NOBODY;
	return net;
}

uint64_t
dns_key_hash_for(
    const struct dns_key *key, uint16_t qtype, const struct dns_key_net *net)
{
	uint64_t under[HASH_KEY_LEN / sizeof(uint64_t)] = {
	    key->name_hash, ~key->name_hash};
	uint64_t words[1 + DNS_ECS_ADDRESS / WORD];

	words[0] = (uint64_t)qtype |
		   (uint64_t)dns_key_class(key) << CLASS_SHIFT |
		   (uint64_t)key->is_do << DO_SHIFT |
		   (uint64_t)key->is_cd << CD_SHIFT |
		   (uint64_t)net->reach << REACH_SHIFT |
		   (uint64_t)net->family << FAMILY_SHIFT |
		   (uint64_t)net->bits << BITS_SHIFT;
	if (net->reach != DNS_REACH_NETWORK)
		return hash_words((const uint8_t *)under, words, 1);
	memcpy(words + 1, net->address, DNS_ECS_ADDRESS);
	return hash_words(
	    (const uint8_t *)under, words, sizeof(words) / sizeof(words[0]));
}

void
dns_key_hash(const uint8_t secret[HASH_KEY_LEN], struct dns_key *key)
{
	struct dns_key_net net = dns_key_net(key);

	key->name_hash = hash_name(
	    secret, key->question, key->question_len - DNS_QUESTION_FIXED);
	key->hash = dns_key_hash_for(key, dns_key_type(key), &net);
}

static bool
is_kept(const struct dns_query *q)
{
	if (q->question_len == 0)
		return false;
	if (q->qtype == DNS_KEY_ALL_TYPES || q->qtype == DNS_TYPE_OPT ||
	    (q->qtype >= META_FIRST && q->qtype <= META_LAST))
		return false;
	if (q->qclass == CLASS_NONE || q->qclass == DNS_CLASS_ANY)
		return false;
	return !dns_query_is_raw(q);
}

bool
dns_key_make(const uint8_t secret[HASH_KEY_LEN], const struct dns_query *q,
    const struct dns_ecs *sent, struct dns_key *ret_key)
{
	if (!is_kept(q))
		return false;
	*ret_key = (struct dns_key){
	    .question = q->msg + DNS_HEADER_SIZE,
	    .question_len = q->question_len,
	    .ecs = sent,
	    .is_do = (q->edns.flags & DNS_EDNS_DO) != 0,
	    .is_cd = (q->flags & DNS_FLAG_CD) != 0,
	};
	dns_key_hash(secret, ret_key);
	return true;
}

bool
dns_key_name_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t i;

	for (i = 0; i + WORD <= len; i += WORD) {
		if (fold(load(a + i)) != fold(load(b + i)))
			return false;
	}
	return fold(load_short(a + i, len - i)) ==
	       fold(load_short(b + i, len - i));
}

/* Two options that were sent; how a /0 says its family does not matter. */
static bool
is_same_network(const struct dns_ecs *a, const struct dns_ecs *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->source == b->source &&
	       (a->source == 0 || dns_ecs_is_answer(a, b));
}

bool
dns_key_equal(const struct dns_key *a, const struct dns_key *b)
{
	size_t name = a->question_len - DNS_QUESTION_FIXED;

	return a->hash == b->hash && a->question_len == b->question_len &&
	       a->is_do == b->is_do && a->is_cd == b->is_cd &&
	       dns_key_name_equal(a->question, b->question, name) &&
	       memcmp(a->question + name, b->question + name,
		   DNS_QUESTION_FIXED) == 0 &&
	       is_same_network(a->ecs, b->ecs);
}
