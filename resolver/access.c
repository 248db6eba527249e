/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address prefixes, compiled for looking up.
 *
 * Prefixes nest or are apart, they never overlap in part. So a sorted list of
 * them can be flattened in one sweep into spans: "from this address on, that
 * verdict, up to the next span". Looking up is one binary search, whatever the
 * prefixes' lengths. Both families share the table: a key is a family octet and
 * the address, so that ::/0 never covers IPv4.  It is done for every query, so
 * that spans have their keys as numbers.
 *
 * Invariants: spans are sorted by start without equals; what is before the
 * first one is denied; every prefix ends in a span that gives the verdict
 * around it.
 */
#include "resolver/access.h"

#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FAMILY_BITS 8
#define FAMILY_V4 4
#define FAMILY_V6 6
#define V4_BITS 32
#define V6_BITS 128
#define MAPPED_BITS 96 /* ::ffff:0:0/96, RFC 4291 2.5.5.2 */
#define MAPPED_OCTETS 12
#define BITS_PER_OCTET 8

/* Each prefix on the stack is longer than the one below it. */
#define NESTING_MAX (FAMILY_BITS + V6_BITS + 1)

/* A key: the family, and the address from its highest octet on. */
struct number {
	uint64_t high;
	uint64_t low;
	uint8_t family;
};

struct span {
	struct number start;
	uint8_t verdict;
};

struct access {
	size_t count;
	struct span span[];
};

/* Prefixes that are open at this point of the sweep, the outermost first. */
struct sweep {
	struct access *access;
	const struct access_prefix *open[NESTING_MAX];
	size_t depth;
};

static void
set_key_v4(uint8_t *key, const void *addr)
{
	memset(key, 0, ACCESS_KEY_LEN);
	key[0] = FAMILY_V4;
	memcpy(key + 1, addr, sizeof(struct in_addr));
}

static void
set_key_v6(uint8_t *key, const void *addr)
{
	key[0] = FAMILY_V6;
	memcpy(key + 1, addr, sizeof(struct in6_addr));
}

static uint64_t
read_word(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return be64toh(word);
}

static struct number
to_number(const uint8_t *key)
{
	return (struct number){
	    .family = key[0],
	    .high = read_word(key + 1),
	    .low = read_word(key + 1 + sizeof(uint64_t)),
	};
}

static bool
is_equal(const struct number *a, const struct number *b)
{
	return a->low == b->low && a->high == b->high && a->family == b->family;
}

static bool
is_above(const struct number *a, const struct number *b)
{
	if (a->family != b->family)
		return a->family > b->family;
	if (a->high != b->high)
		return a->high > b->high;
	return a->low > b->low;
}

static int
parse_length(const char *text, unsigned max, unsigned *ret_bits)
{
	unsigned bits = 0;

	if (*text == '\0')
		return -EINVAL;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		bits = bits * 10 + (unsigned)(*text - '0');
		if (bits > max)
			return -ERANGE;
	}
	*ret_bits = bits;
	return 0;
}

/* Is any bit set at or after position `bits`? */
static bool
has_bits_after(const uint8_t *key, unsigned bits)
{
	unsigned i = bits / BITS_PER_OCTET;

	if (bits % BITS_PER_OCTET != 0) {
		if ((key[i] & (0xff >> (bits % BITS_PER_OCTET))) != 0)
			return true;
		i++;
	}
	for (; i < ACCESS_KEY_LEN; i++) {
		if (key[i] != 0)
			return true;
	}
	return false;
}

/* Reads the part before the slash; *ret_max is the address's length in bits. */
static int
parse_address(const char *host, struct access_prefix *prefix, unsigned *ret_max)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, host, &v4) == 1) {
		set_key_v4(prefix->key, &v4);
		*ret_max = V4_BITS;
		return 0;
	}
	if (inet_pton(AF_INET6, host, &v6) == 1) {
		set_key_v6(prefix->key, &v6);
		*ret_max = V6_BITS;
		return 0;
	}
	return -EINVAL;
}

static bool
is_mapped_prefix(const struct access_prefix *prefix, unsigned bits)
{
	struct in6_addr v6;

	if (prefix->key[0] != FAMILY_V6 || bits < MAPPED_BITS)
		return false;
	memcpy(&v6, prefix->key + 1, sizeof(v6));
	return IN6_IS_ADDR_V4MAPPED(&v6);
}

int
access_prefix_parse(const char *text, enum access_verdict verdict,
    struct access_prefix *ret_prefix)
{
	struct access_prefix prefix = {.verdict = verdict};
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	uint8_t v4[sizeof(struct in_addr)];
	unsigned max;
	unsigned bits;
	int rc;

	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	rc = parse_address(host, &prefix, &max);
	if (rc != 0)
		return rc;
	bits = max;
	if (slash != NULL) {
		rc = parse_length(slash + 1, max, &bits);
		if (rc != 0)
			return rc;
	}
	if (is_mapped_prefix(&prefix, bits)) {
		memcpy(v4, prefix.key + 1 + MAPPED_OCTETS, sizeof(v4));
		set_key_v4(prefix.key, v4);
		bits -= MAPPED_BITS;
	}
	prefix.bits = (uint8_t)(FAMILY_BITS + bits);
	if (has_bits_after(prefix.key, prefix.bits))
		return -EDOM;
	*ret_prefix = prefix;
	return 0;
}

void
access_prefix_to_v6(const struct access_prefix *prefix,
    uint8_t ret_addr[ACCESS_KEY_LEN - 1], uint8_t *ret_bits)
{
	static const uint8_t mapped[MAPPED_OCTETS] = {[10] = 0xff, [11] = 0xff};

	*ret_bits = (uint8_t)(prefix->bits - FAMILY_BITS);
	memcpy(ret_addr, prefix->key + 1, ACCESS_KEY_LEN - 1);
	if (prefix->key[0] == FAMILY_V6)
		return;
	*ret_bits = (uint8_t)(*ret_bits + MAPPED_BITS);
	memcpy(ret_addr, mapped, sizeof(mapped));
	memcpy(ret_addr + MAPPED_OCTETS, prefix->key + 1,
	    ACCESS_KEY_LEN - 1 - MAPPED_OCTETS);
}

/* Which of two equal prefixes decides: the one with the higher rank. */
static int
verdict_rank(enum access_verdict verdict)
{
	switch (verdict) {
	case ACCESS_DENY:
		return 2;
	case ACCESS_TRUSTED:
		return 1;
	case ACCESS_ALLOW:
		break;
	}
	return 0;
}

/* Outer before inner; among equals the one that decides first. */
static int
compare_prefixes(const void *a, const void *b)
{
	const struct access_prefix *pa = a;
	const struct access_prefix *pb = b;
	int rc = memcmp(pa->key, pb->key, ACCESS_KEY_LEN);

	if (rc != 0)
		return rc;
	if (pa->bits != pb->bits)
		return pa->bits < pb->bits ? -1 : 1;
	return verdict_rank(pb->verdict) - verdict_rank(pa->verdict);
}

static bool
is_same_prefix(const struct access_prefix *a, const struct access_prefix *b)
{
	return a->bits == b->bits &&
	       memcmp(a->key, b->key, sizeof(a->key)) == 0;
}

static bool
is_inside(const struct access_prefix *outer, const uint8_t *key)
{
	size_t whole = outer->bits / BITS_PER_OCTET;
	unsigned rest = outer->bits % BITS_PER_OCTET;
	unsigned differ;

	if (memcmp(outer->key, key, whole) != 0)
		return false;
	if (rest == 0)
		return true;
	differ = (unsigned)(outer->key[whole] ^ key[whole]);
	return (differ >> (BITS_PER_OCTET - rest)) == 0;
}

/* The first key after the prefix: set all its free bits, add one. */
static void
key_after(const struct access_prefix *prefix, uint8_t *ret_key)
{
	size_t i = prefix->bits / BITS_PER_OCTET;
	unsigned rest = prefix->bits % BITS_PER_OCTET;

	memcpy(ret_key, prefix->key, ACCESS_KEY_LEN);
	if (rest != 0) {
		ret_key[i] = (uint8_t)(ret_key[i] | (0xff >> rest));
		i++;
	}
	memset(ret_key + i, 0xff, ACCESS_KEY_LEN - i);
	/* The family octet is never 255, so it ends there at the latest. */
	for (i = ACCESS_KEY_LEN - 1; ++ret_key[i] == 0; i--)
		assert(i > 0);
}

/* A span that starts where the last one does replaces it. */
static void
add_span(struct access *access, const uint8_t *key, enum access_verdict verdict)
{
	struct number start = to_number(key);
	size_t last = access->count - 1;

	if (access->count == 0 || !is_equal(&access->span[last].start, &start))
		last = access->count++;
	access->span[last] = (struct span){start, (uint8_t)verdict};
}

static void
close_prefix(struct sweep *sweep)
{
	const struct access_prefix *closed = sweep->open[--sweep->depth];
	enum access_verdict around = ACCESS_DENY;
	uint8_t after[ACCESS_KEY_LEN];

	if (sweep->depth > 0)
		around = sweep->open[sweep->depth - 1]->verdict;
	key_after(closed, after);
	add_span(sweep->access, after, around);
}

static void
open_prefix(struct sweep *sweep, const struct access_prefix *prefix)
{
	while (sweep->depth > 0 &&
	       !is_inside(sweep->open[sweep->depth - 1], prefix->key))
		close_prefix(sweep);
	assert(sweep->depth < NESTING_MAX);
	sweep->open[sweep->depth++] = prefix;
	add_span(sweep->access, prefix->key, prefix->verdict);
}

int
access_new(const struct access_prefix *prefixes, size_t count,
    struct access **ret_access)
{
	struct sweep sweep = {0};
	struct access_prefix *sorted;
	size_t i;

	/* Each prefix makes two spans at most; one more, so never 0 bytes. */
	sweep.access =
	    calloc(1, sizeof(*sweep.access) + 2 * count * sizeof(struct span));
	sorted = calloc(count + 1, sizeof(*sorted));
	if (sweep.access == NULL || sorted == NULL) {
		free(sweep.access);
		free(sorted);
		return -ENOMEM;
	}
	if (count > 0) {
		memcpy(sorted, prefixes, count * sizeof(*sorted));
		qsort(sorted, count, sizeof(*sorted), compare_prefixes);
	}
	for (i = 0; i < count; i++) {
		if (i > 0 && is_same_prefix(&sorted[i - 1], &sorted[i]))
			continue;
		open_prefix(&sweep, &sorted[i]);
	}
	while (sweep.depth > 0)
		close_prefix(&sweep);
	free(sorted);
	*ret_access = sweep.access;
	return 0;
}

void
access_free(struct access *access)
{
	free(access);
}

static bool
read_key(const struct sockaddr *sa, uint8_t *ret_key)
{
	const struct sockaddr_in *sin;
	const struct sockaddr_in6 *sin6;

	if (sa->sa_family == AF_INET) {
		sin = (const struct sockaddr_in *)(const void *)sa;
		set_key_v4(ret_key, &sin->sin_addr);
		return true;
	}
	if (sa->sa_family != AF_INET6)
		return false;
	sin6 = (const struct sockaddr_in6 *)(const void *)sa;
	if (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr))
		set_key_v4(ret_key, sin6->sin6_addr.s6_addr + MAPPED_OCTETS);
	else
		set_key_v6(ret_key, &sin6->sin6_addr);
	return true;
}

enum access_verdict
access_check(const struct access *access, const struct sockaddr *sa)
{
	uint8_t key[ACCESS_KEY_LEN];
	struct number number;
	size_t low = 0;
	size_t high = access->count;
	size_t middle;

	if (!read_key(sa, key))
		return ACCESS_DENY;
	number = to_number(key);
	while (low < high) {
		middle = low + (high - low) / 2;
		if (is_above(&access->span[middle].start, &number))
			high = middle;
		else
			low = middle + 1;
	}
	if (low == 0)
		return ACCESS_DENY;
	return (enum access_verdict)access->span[low - 1].verdict;
}
