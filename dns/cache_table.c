/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Buckets of one cache line: six pointers, and an octet of each one's hash, so
 * that a probe touches the line of its bucket and hardly ever an item other
 * than the right one.  What does not fit into six slots is chained behind them.
 *
 * Hashes are keyed: nobody can fill one bucket.  There are as many buckets as
 * the items want, up to what the bound in octets asks for: linear hashing
 * (Litwin, 1980), where one more bucket costs the split of one other, one less
 * a merger, and no hit ever waits for more than that.  Buckets stay where they
 * are, in segments; without memory for one more, chains get longer.
 */
#include "dns/cache_table.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define OCTETS(c) ((uint64_t)0x0101010101010101u * (c))

/* A bucket for so many octets of cache, so that they suffice. */
#define BYTES_PER_BUCKET 1024

/* Items for which there is one more bucket. */
#define ITEMS_PER_BUCKET 3

/* What glibc's malloc adds, to what it rounds up, and how much it leaves to a
 * block if it cannot make another of the rest. */
#define MALLOC_HEADER 8
#define MALLOC_UNIT 16
#define MALLOC_REST 16

#define SEGMENT_SIZE (DNS_SEGMENT_BUCKETS * sizeof(struct dns_bucket))

_Static_assert(sizeof(struct dns_bucket) == DNS_BUCKET_SIZE, "one line");
_Static_assert(sizeof(struct dns_item_net) <= DNS_ITEM_NET, "room for it");
_Static_assert(
    offsetof(struct dns_item, body) % _Alignof(struct dns_entry) == 0 &&
	DNS_ITEM_NET % _Alignof(struct dns_entry) == 0,
    "entries are aligned");

struct dns_item_net
dns_item_net(const struct dns_item *item)
{
	struct dns_item_net net = {.scope = 0};

	if (item->flags & DNS_ITEM_HAS_NET)
		memcpy(&net, item->body, sizeof(net));
	return net;
}

size_t
dns_item_size(size_t entry, const struct dns_key_net *net)
{
	return offsetof(struct dns_item, body) + entry +
	       (net->reach == DNS_REACH_PLAIN ? 0 : DNS_ITEM_NET);
}

size_t
dns_block_most(size_t size)
{
	return (size + MALLOC_HEADER + MALLOC_UNIT - 1) / MALLOC_UNIT *
		   MALLOC_UNIT +
	       MALLOC_REST;
}

uint32_t
dns_block_cost(void *block)
{
	return (uint32_t)malloc_usable_size(block) + MALLOC_HEADER;
}

uint8_t
dns_want_flags(const struct dns_want *want)
{
	unsigned flags = 0;

	if (want->key->is_do)
		flags |= DNS_ITEM_DO;
	if (want->key->is_cd)
		flags |= DNS_ITEM_CD;
	if (want->qtype == DNS_KEY_ALL_TYPES)
		flags |= DNS_ITEM_ANY_TYPE;
	if (want->net->reach != DNS_REACH_PLAIN)
		flags |= DNS_ITEM_HAS_NET;
	return (uint8_t)flags;
}

static uint32_t
count_buckets(size_t bytes)
{
	size_t count = bytes / BYTES_PER_BUCKET;

	return count > UINT32_MAX ? UINT32_MAX : (uint32_t)(count | 1);
}

static size_t
count_segments(uint32_t buckets)
{
	return (buckets + DNS_SEGMENT_BUCKETS - 1) / DNS_SEGMENT_BUCKETS;
}

size_t
dns_table_cost(size_t bytes)
{
	uint32_t count = count_buckets(bytes);
	size_t segments = count_segments(count);

	return segments * dns_block_most(SEGMENT_SIZE + DNS_BUCKET_SIZE) +
	       dns_block_most(segments * sizeof(struct dns_bucket *)) +
	       dns_block_most(count * sizeof(uint32_t[DNS_TABLE_GHOSTS]));
}

int
dns_table_room_init(struct dns_table_room *room, size_t bytes)
{
	uint32_t count = count_buckets(bytes);

	room->segments =
	    calloc(count_segments(count), sizeof(struct dns_bucket *));
	room->ghosts = calloc(count, sizeof(uint32_t[DNS_TABLE_GHOSTS]));
	room->most = count;
	if (room->segments != NULL && room->ghosts != NULL)
		return 0;
	dns_table_room_done(room);
	return -ENOMEM;
}

void
dns_table_room_done(struct dns_table_room *room)
{
	free(room->segments);
	free(room->ghosts);
	*room = (struct dns_table_room){.most = 0};
}

/* Makes the segment, if it is not there, of a bucket that is to be used. */
static bool
make_segment(struct dns_table *t, size_t place)
{
	struct dns_bucket **at = &t->room.segments[place / DNS_SEGMENT_BUCKETS];

	if (*at == NULL) {
		*at = aligned_alloc(DNS_BUCKET_SIZE, SEGMENT_SIZE);
		if (*at != NULL)
			memset(*at, 0, SEGMENT_SIZE);
	}
	return *at != NULL;
}

int
dns_table_init(struct dns_table *t, size_t bytes)
{
	int rc = dns_table_room_init(&t->room, bytes);

	if (rc < 0)
		return rc;
	t->count = 1;
	t->merges = 0;
	t->items = 0;
	if (make_segment(t, 0))
		return 0;
	dns_table_done(t);
	return -ENOMEM;
}

void
dns_table_done(struct dns_table *t)
{
	for (size_t i = 0; i < count_segments(t->count); i++)
		free(t->room.segments[i]);
	dns_table_room_done(&t->room);
	*t = (struct dns_table){.count = 0};
}

void
dns_table_swap(struct dns_table *t, struct dns_table_room *room)
{
	struct dns_table_room old = t->room;

	assert(t->count <= room->most);
	memcpy(room->segments, old.segments,
	    count_segments(t->count) * sizeof(struct dns_bucket *));
	t->room = *room;
	*room = old;
}

/* The largest power of two that is not larger. */
static inline uint32_t
power_below(uint32_t n)
{
	return (uint32_t)1 << (31 - __builtin_clz(n));
}

/* As many low bits of the hash as there are buckets for. */
static inline size_t
place_of(const struct dns_table *t, uint64_t hash)
{
	uint32_t half = power_below(t->count);
	uint32_t place = (uint32_t)hash & (2 * half - 1);

	return place < t->count ? place : place - half;
}

/* Another part of it, which maps to all there are. */
static inline size_t
grave_of(const struct dns_table *t, uint64_t hash)
{
	return (size_t)((hash >> 16 & UINT32_MAX) * t->room.most >> 32);
}

/* The upper octet, which has nothing to do with the place; never 0. */
static inline uint64_t
tag_of(uint64_t hash)
{
	uint64_t tag = hash >> 56;

	return tag == 0 ? 1 : tag;
}

/* Sets the tag of a slot. */
static void
set_tag(struct dns_bucket *b, unsigned slot, uint64_t tag)
{
	b->tags &= ~((uint64_t)0xff << 8 * slot);
	b->tags |= tag << 8 * slot;
}

static void
put_in(struct dns_table *t, struct dns_item *item)
{
	struct dns_bucket *b = dns_table_bucket(t, place_of(t, item->hash));

	for (unsigned i = 0; i < DNS_BUCKET_SLOTS; i++) {
		if (b->slots[i] != NULL)
			continue;
		b->slots[i] = item;
		set_tag(b, i, tag_of(item->hash));
		item->next = NULL;
		return;
	}
	item->next = b->more;
	b->more = item;
}

/* Puts what was in a bucket to where it belongs now. */
static void
spread(struct dns_table *t, const struct dns_bucket *old)
{
	struct dns_item *item, *next;

	for (unsigned i = 0; i < DNS_BUCKET_SLOTS; i++) {
		if (old->slots[i] != NULL)
			put_in(t, old->slots[i]);
	}
	for (item = old->more; item != NULL; item = next) {
		next = item->next;
		put_in(t, item);
	}
}

/* Takes one more bucket into use, for some items of the one that it halves. */
static void
split(struct dns_table *t)
{
	struct dns_bucket *b =
	    dns_table_bucket(t, t->count - power_below(t->count));
	struct dns_bucket old = *b;

	if (!make_segment(t, t->count))
		return;
	*b = (struct dns_bucket){.tags = 0};
	t->count++;
	spread(t, &old);
}

/* The reverse: the last one goes. */
static void
merge(struct dns_table *t)
{
	struct dns_bucket *b = dns_table_bucket(t, t->count - 1);
	struct dns_bucket old = *b;

	*b = (struct dns_bucket){.tags = 0};
	t->count--;
	t->merges++;
	spread(t, &old);
	if (t->count % DNS_SEGMENT_BUCKETS > 0)
		return;
	free(t->room.segments[t->count / DNS_SEGMENT_BUCKETS]);
	t->room.segments[t->count / DNS_SEGMENT_BUCKETS] = NULL;
}

bool
dns_table_merge(struct dns_table *t, uint32_t most, unsigned steps)
{
	for (; steps > 0 && t->count > most; steps--)
		merge(t);
	return t->count <= most;
}

void
dns_table_add(struct dns_table *t, struct dns_item *item)
{
	put_in(t, item);
	t->items++;
	if (t->items > (size_t)t->count * ITEMS_PER_BUCKET &&
	    t->count < t->room.most)
		split(t);
}

static void
unchain(struct dns_bucket *b, struct dns_item *item)
{
	struct dns_item **at = &b->more;

	while (*at != NULL && *at != item)
		at = &(*at)->next;
	assert(*at == item);
	*at = item->next;
	item->next = NULL;
}

void
dns_table_remove(struct dns_table *t, struct dns_item *item)
{
	struct dns_bucket *b = dns_table_bucket(t, place_of(t, item->hash));
	struct dns_item *heir = b->more;
	unsigned i = 0;

	t->items--;
	while (i < DNS_BUCKET_SLOTS && b->slots[i] != item)
		i++;
	if (i == DNS_BUCKET_SLOTS) {
		unchain(b, item);
		return;
	}
	if (heir != NULL)
		unchain(b, heir);
	b->slots[i] = heir;
	set_tag(b, i, heir == NULL ? 0 : tag_of(heir->hash));
}

/* Is the question of this entry the wanted one? */
static bool
is_question(const struct dns_entry *e, const struct dns_want *want)
{
	const uint8_t *a = dns_entry_question(e);
	const uint8_t *b = want->key->question;
	size_t name = want->key->question_len - DNS_QUESTION_FIXED;

	if (e->question_len != want->key->question_len ||
	    dns_get16(a + name + 2) != dns_get16(b + name + 2))
		return false;
	return (want->qtype == DNS_KEY_ALL_TYPES ||
		   dns_get16(a + name) == want->qtype) &&
	       dns_key_name_equal(a, b, name);
}

static bool
is_wanted(struct dns_item *item, const struct dns_want *want)
{
	if (item->hash != want->hash ||
	    (item->flags & DNS_ITEM_KEY) != dns_want_flags(want))
		return false;
	if ((item->flags & DNS_ITEM_HAS_NET) &&
	    memcmp(item->body, want->net, sizeof(*want->net)) != 0)
		return false;
	return is_question(dns_item_entry(item), want);
}

struct dns_item *
dns_table_find(const struct dns_table *t, const struct dns_want *want)
{
	const struct dns_bucket *b =
	    dns_table_bucket(t, place_of(t, want->hash));
	uint64_t x = b->tags ^ OCTETS(tag_of(want->hash));
	/* The octets that are 0, and now and then one more above such. */
	uint64_t zeros = (x - OCTETS(1)) & ~x & OCTETS(0x80);
	struct dns_item *item;
	unsigned slot;

	for (; zeros != 0; zeros &= zeros - 1) {
		slot = (unsigned)__builtin_ctzll(zeros) / 8;
		if (slot >= DNS_BUCKET_SLOTS || b->slots[slot] == NULL)
			continue;
		if (is_wanted(b->slots[slot], want))
			return b->slots[slot];
	}
	for (item = b->more; item != NULL; item = item->next) {
		if (is_wanted(item, want))
			return item;
	}
	return NULL;
}

/* What a ghost is known by; never 0. */
static uint32_t
print_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32) | 1;
}

void
dns_table_bury(struct dns_table *t, uint64_t hash)
{
	uint32_t *ghosts = t->room.ghosts[grave_of(t, hash)];

	/* The oldest of its place gives way. */
	memmove(ghosts + 1, ghosts, (DNS_TABLE_GHOSTS - 1) * sizeof(*ghosts));
	ghosts[0] = print_of(hash);
}

bool
dns_table_unbury(struct dns_table *t, uint64_t hash)
{
	uint32_t *ghosts = t->room.ghosts[grave_of(t, hash)];

	for (unsigned i = 0; i < DNS_TABLE_GHOSTS; i++) {
		if (ghosts[i] != print_of(hash))
			continue;
		ghosts[i] = 0;
		return true;
	}
	return false;
}

bool
dns_bucket_each(struct dns_bucket *b,
    bool (*visit)(void *ctx, struct dns_item *item), void *ctx)
{
	struct dns_item *item, *next;

	/* The chain first: what leaves a slot draws an heir from there, who has
	 * been seen. */
	for (item = b->more; item != NULL; item = next) {
		next = item->next;
		if (!visit(ctx, item))
			return false;
	}
	for (unsigned i = 0; i < DNS_BUCKET_SLOTS; i++) {
		if (b->slots[i] != NULL && !visit(ctx, b->slots[i]))
			return false;
	}
	return true;
}
