/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys: which questions are the same, and which are never kept.
 */
#include <stdlib.h>
#include <string.h>

#include "dns/key.h"
#include "tests/fake/prng.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

#define SEEDS 2000
#define MATRIX 4

static const uint8_t secret[HASH_KEY_LEN] = "0123456789abcde";

/* A question of its own octets, exactly as long as it is. */
struct asked {
	uint8_t *octets;
	struct dns_key key;
};

static void
ask(struct asked *a, const uint8_t *name, size_t len, unsigned type,
    unsigned class)
{
	a->octets = malloc(len + DNS_QUESTION_FIXED);
	CU_ASSERT_FATAL(a->octets != NULL);
	memcpy(a->octets, name, len);
	dns_put16(a->octets + len, (uint16_t)type);
	dns_put16(a->octets + len + 2, (uint16_t) class);
	a->key = (struct dns_key){
	    .question = a->octets, .question_len = len + DNS_QUESTION_FIXED};
	dns_key_hash(secret, &a->key);
}

/* Both orders must say the same, and equal keys have equal hashes. */
static bool
is_same(struct asked *a, struct asked *b)
{
	bool same = dns_key_equal(&a->key, &b->key);

	CU_ASSERT_EQUAL(same, dns_key_equal(&b->key, &a->key));
	CU_ASSERT(!same || a->key.hash == b->key.hash);
	CU_ASSERT(!same || a->key.name_hash == b->key.name_hash);
	return same;
}

static bool
are_same_names(const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct asked x, y;
	bool same;

	ask(&x, (const uint8_t *)a, a_len, DNS_TYPE_A, DNS_CLASS_IN);
	ask(&y, (const uint8_t *)b, b_len, DNS_TYPE_A, DNS_CLASS_IN);
	same = is_same(&x, &y);
	CU_ASSERT_EQUAL(same, x.key.name_hash == y.key.name_hash);
	free(x.octets);
	free(y.octets);
	return same;
}

#define SAME(a, b) are_same_names(a, sizeof(a), b, sizeof(b))

static void
letters(void)
{
	PROVE("FWD-019", SAME("\3wWw\7ExAmPlE", "\3www\7example"));
	/* The neighbours of the letters, and the same above 0x7f. */
	PROVE("FWD-019", !SAME("\1@", "\1`"));
	PROVE("FWD-019", !SAME("\1[", "\1{"));
	PROVE("FWD-019", !SAME("\1\301", "\1\341"));
	PROVE("FWD-019", !SAME("\11aaaaaaa\300\300", "\11aaaaaaa\340\300"));
	PROVE("FWD-019", !SAME("\3a.b", "\1a\1b"));
	PROVE("BAD-108", !SAME("\3a\0b", "\3a\1b"));
	PROVE("BAD-108", !SAME("\1a\0b", "\1a"));
	PROVE("BAD-108", !SAME("\5a b\\\"", "\5a b\\\n"));
	CU_ASSERT(SAME("", ""));
	CU_ASSERT(!SAME("", "\1a"));
}

/* Makes a random name; returns its length. */
static size_t
make_name(struct prng *p, uint8_t name[DNS_NAME_MAX])
{
	size_t want = 1 + prng_below(p, DNS_NAME_MAX);
	size_t len = 0, label;

	while (len + 2 < want) {
		label = 1 + prng_below(p, DNS_LABEL_MAX);
		if (label > want - len - 2)
			label = want - len - 2;
		name[len] = (uint8_t)label;
		prng_fill(p, name + len + 1, label);
		len += 1 + label;
	}
	name[len] = 0;
	return len + 1;
}

/* Is this the place of a label's length? */
static bool
is_length(const uint8_t *name, size_t at)
{
	size_t i = 0;

	while (i < at)
		i += 1 + (size_t)name[i];
	return i == at;
}

/* One octet changed, which makes another name, or the same but for case. */
static void
one_octet(void)
{
	uint8_t name[DNS_NAME_MAX], other[DNS_NAME_MAX];
	struct asked a, b;
	size_t len, at;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct prng p = {.state = seed};

		len = make_name(&p, name);
		at = prng_below(&p, (uint32_t)len);
		if (is_length(name, at))
			continue;
		memcpy(other, name, len);
		other[at] ^= prng_chance(&p, 700) ? 0x20 : 0x01;
		ask(&a, name, len, DNS_TYPE_A, DNS_CLASS_IN);
		ask(&b, other, len, DNS_TYPE_A, DNS_CLASS_IN);
		CU_ASSERT_EQUAL(is_same(&a, &b), dns_name_equal(name, other));
		CU_ASSERT_EQUAL(
		    a.key.name_hash, dns_key_name_hash(secret, name));
		free(a.octets);
		free(b.octets);
	}
}

/* Type, class, DO, CD: each of them makes another key. */
static void
members(void)
{
	struct asked keys[MATRIX * MATRIX];
	unsigned wrong = 0;

	for (unsigned i = 0; i < MATRIX * MATRIX; i++) {
		ask(&keys[i], (const uint8_t *)"\1a", 3, i & 1 ? 28 : 1,
		    i & 2 ? 3 : 1);
		keys[i].key.is_do = (i & 4) != 0;
		keys[i].key.is_cd = (i & 8) != 0;
		dns_key_hash(secret, &keys[i].key);
	}
	for (unsigned i = 0; i < MATRIX * MATRIX; i++) {
		for (unsigned j = 0; j < MATRIX * MATRIX; j++) {
			PROVE(
			    "FWD-103", is_same(&keys[i], &keys[j]) == (i == j));
			CU_ASSERT_EQUAL(
			    keys[i].key.hash == keys[j].key.hash, i == j);
		}
		CU_ASSERT_EQUAL(keys[i].key.name_hash, keys[0].key.name_hash);
	}
	PROVE("FWD-103", wrong == 0);
	for (unsigned i = 0; i < MATRIX * MATRIX; i++)
		free(keys[i].octets);
}

static const struct dns_ecs network = {
    .family = DNS_ECS_IPV4, .source = 24, .address = {192, 0, 2}};

static void
networks(void)
{
	struct dns_ecs other = network, none = {.family = DNS_ECS_IPV4};
	struct dns_ecs none6 = {.family = DNS_ECS_IPV6};
	struct asked a, b;

	ask(&a, (const uint8_t *)"\1a", 3, DNS_TYPE_A, DNS_CLASS_IN);
	ask(&b, (const uint8_t *)"\1a", 3, DNS_TYPE_A, DNS_CLASS_IN);
	b.key.ecs = &network;
	dns_key_hash(secret, &b.key);
	PROVE("FWD-103", !is_same(&a, &b));
	a.key.ecs = &other;
	dns_key_hash(secret, &a.key);
	CU_ASSERT(is_same(&a, &b));
	other.address[2] = 3;
	dns_key_hash(secret, &a.key);
	PROVE("FWD-103", !is_same(&a, &b));
	a.key.ecs = &none;
	b.key.ecs = &none6;
	dns_key_hash(secret, &a.key);
	dns_key_hash(secret, &b.key);
	CU_ASSERT(is_same(&a, &b));
	b.key.ecs = NULL;
	dns_key_hash(secret, &b.key);
	CU_ASSERT(!is_same(&a, &b));
	free(a.octets);
	free(b.octets);
}

static void
prefixes(void)
{
	struct dns_ecs ecs = network;
	struct dns_key_net net = dns_key_net_prefix(&network, 23);
	struct asked a;

	CU_ASSERT_EQUAL(net.reach, DNS_REACH_NETWORK);
	CU_ASSERT_EQUAL(net.bits, 23);
	CU_ASSERT_EQUAL(net.address[2], 2);
	net = dns_key_net_prefix(&network, 20);
	CU_ASSERT_EQUAL(net.address[2], 0);
	net = dns_key_net_prefix(&network, 0);
	CU_ASSERT_EQUAL(net.reach, DNS_REACH_EVERYBODY);
	CU_ASSERT_EQUAL(net.family, 0);
	/* A key of a shorter prefix hashes to that prefix of the longer one. */
	ask(&a, (const uint8_t *)"\1a", 3, DNS_TYPE_A, DNS_CLASS_IN);
	ecs.source = 16;
	ecs.address[2] = 0;
	a.key.ecs = &ecs;
	dns_key_hash(secret, &a.key);
	net = dns_key_net_prefix(&network, 16);
	CU_ASSERT_EQUAL(a.key.hash, dns_key_hash_for(&a.key, DNS_TYPE_A, &net));
	free(a.octets);
}

/* Is a key made of a query for this, with this option? */
static bool
is_made(unsigned type, unsigned class, unsigned opcode, struct dns_key *key)
{
	struct dnsmsg m;
	struct dns_query q;

	dnsmsg_query(&m, "www.example", type);
	dns_put16(m.data + m.len - 2, (uint16_t) class);
	m.data[2] |= (uint8_t)(opcode << 3);
	if (dns_query_parse(m.data, m.len, &q) != DNS_VERDICT_OK)
		return false;
	key->question = NULL;
	if (!dns_key_make(secret, &q, NULL, key))
		return false;
	return memcmp(key->question, "\3www\7example", 13) == 0;
}

static void
never(void)
{
	static const unsigned metas[] = {0, DNS_TYPE_ANY, DNS_TYPE_AXFR,
	    DNS_TYPE_IXFR, DNS_TYPE_TKEY, 128, 253, 254};
	struct dns_key key;

	CU_ASSERT(is_made(DNS_TYPE_A, 1, 0, &key));
	CU_ASSERT(is_made(127, 1, 0, &key));
	CU_ASSERT(is_made(256, 1, 0, &key));
	CU_ASSERT(is_made(65535, 4, 0, &key));
	for (size_t i = 0; i < sizeof(metas) / sizeof(metas[0]); i++)
		PROVE("FWD-110", !is_made(metas[i], 1, 0, &key));
	CU_ASSERT(!is_made(DNS_TYPE_A, 254, 0, &key));
	CU_ASSERT(!is_made(DNS_TYPE_A, 255, 0, &key));
	CU_ASSERT(!is_made(DNS_TYPE_A, 1, DNS_OPCODE_NOTIFY, &key));
}

/* The flags of a query become the key's. */
static void
flags(void)
{
	struct dnsmsg m;
	struct dns_query q;
	struct dns_key key;

	for (unsigned i = 0; i < MATRIX; i++) {
		dnsmsg_query(&m, "www.example", DNS_TYPE_A);
		m.data[3] |= i & 1 ? DNS_FLAG_CD : 0;
		dnsmsg_opt(&m, 1232, i & 2 ? DNS_EDNS_DO : 0, "", 0);
		CU_ASSERT_EQUAL(
		    dns_query_parse(m.data, m.len, &q), DNS_VERDICT_OK);
		CU_ASSERT(dns_key_make(secret, &q, &network, &key));
		CU_ASSERT_EQUAL(key.is_cd, (i & 1) != 0);
		CU_ASSERT_EQUAL(key.is_do, (i & 2) != 0);
		CU_ASSERT_PTR_EQUAL(key.ecs, &network);
	}
}

void
test_key_register(void)
{
	CU_pSuite s = unit_suite("key");

	unit_test(s, "letters", letters);
	unit_test(s, "one octet", one_octet);
	unit_test(s, "members", members);
	unit_test(s, "networks", networks);
	unit_test(s, "prefixes", prefixes);
	unit_test(s, "never", never);
	unit_test(s, "flags", flags);
}
