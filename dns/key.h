/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What makes two questions the same: for the cache, and for asking once what
 * many ask at a time.  QNAME with ASCII letters folded (RFC 4343 3), QTYPE,
 * QCLASS, DO, CD (RFC 4035 3.2, RFC 6840 5.9), and the client's network if
 * that is told upstream (RFC 7871 7.3.1).
 *
 * Names and networks are chosen by strangers: hashes are keyed, so that nobody
 * can aim at one place of a table.
 */
#ifndef DNS_KEY_H
#define DNS_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "dns/ecs.h"
#include "dns/message.h"

/* The QTYPE of what holds for all types of a name; nobody can ask for it. */
#define DNS_KEY_ALL_TYPES 0

/* One question.  Borrows its octets and the option. */
struct dns_key {
	uint64_t hash;		 /* of all of it */
	uint64_t name_hash;	 /* of the folded QNAME alone */
	const uint8_t *question; /* QNAME (plain), QTYPE, QCLASS */
	size_t question_len;
	const struct dns_ecs *ecs; /* as sent upstream, or NULL: none */
	bool is_do;
	bool is_cd;
};

/* Whose answers a hash is to find, of those to one question. */
enum dns_key_reach {
	DNS_REACH_PLAIN,     /* asked without the option */
	DNS_REACH_NOBODY,    /* /0 by source: for who says /0, too */
	DNS_REACH_EVERYBODY, /* /0 by scope */
	DNS_REACH_NETWORK,   /* a prefix of an address */
};

/* The same with the network.  All 0 but for NETWORK. */
struct dns_key_net {
	uint8_t reach;			  /* enum dns_key_reach */
	uint8_t family;			  /* enum dns_ecs_family */
	uint8_t bits;			  /* at least 1; of the prefix */
	uint8_t address[DNS_ECS_ADDRESS]; /* 0 behind it */
};

/*
 * Makes the key of a query with the verdict OK.  `sent` is the option that goes
 * upstream with it, or NULL; the key borrows it and the query's octets.  False,
 * and *ret_key is untouched, for what is neither to be kept nor to be shared:
 * messages that cross us unaltered, opcodes other than QUERY, no question, meta
 * types (RFC 6895 3.1: 0, OPT, 128 to 255 with ANY and transfers among them),
 * classes NONE and ANY.
 */
bool dns_key_make(const uint8_t secret[HASH_KEY_LEN], const struct dns_query *q,
    const struct dns_ecs *sent, struct dns_key *ret_key);

/* Computes both hashes of a key whose other members are set. */
void dns_key_hash(const uint8_t secret[HASH_KEY_LEN], struct dns_key *key);

/* The name_hash of a plain name. */
uint64_t dns_key_name_hash(
    const uint8_t secret[HASH_KEY_LEN], const uint8_t *name);

/*
 * The hash of another key of the same name: with this QTYPE and network in the
 * place of the key's.  What dns_key_hash() gives to a key with that option.
 */
uint64_t dns_key_hash_for(
    const struct dns_key *key, uint16_t qtype, const struct dns_key_net *net);

/* The network for which a key asks: PLAIN, NOBODY or NETWORK. */
struct dns_key_net dns_key_net(const struct dns_key *key);

/* The first `bits` of an option's address; 0 bits: EVERYBODY. */
struct dns_key_net dns_key_net_prefix(const struct dns_ecs *ecs, unsigned bits);

/* Are they the same question?  The hashes must be of one secret. */
bool dns_key_equal(const struct dns_key *a, const struct dns_key *b);

/* dns_name_bytes_equal(), eight octets at a time. */
bool dns_key_name_equal(const uint8_t *a, const uint8_t *b, size_t len);

/* The QTYPE and QCLASS of a question. */
uint16_t dns_key_type(const struct dns_key *key);
uint16_t dns_key_class(const struct dns_key *key);

#endif
