/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/cache_file.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"

/* Another one whenever anything here changes, or in struct dns_entry. */
#define VERSION 2
#define BYTE_ORDER_MARK UINT32_C(0x01020304)

/* So that entries are aligned as malloc's blocks are. */
#define ALIGNMENT 16

/* Nothing lives longer: a TTL, and what it may be stale (RFC 8767 4, 5). */
#define DAY_SECONDS 86400
#define LONGEST (((nsec)7 + 3) * DAY_SECONDS * NSEC_PER_SEC)

#define IPV4_BITS 32
#define IPV6_BITS 128

static const uint8_t magic[8] = "QuollC\r\n";

struct head {
	uint8_t magic[8];
	uint32_t version;
	uint32_t byte_order;
	uint32_t block_size;
	uint32_t entry_size; /* of the struct */
	uint64_t when;
	uint64_t source;
	uint64_t nonce;
	uint64_t checksum;
};

struct block_head {
	uint64_t checksum; /* of all that follows */
	uint32_t size;	   /* of the block */
	uint32_t count;
};

/* An entry follows, and zeros up to the next multiple of ALIGNMENT. */
struct record_head {
	uint64_t age;
	uint32_t size; /* of the entry */
	uint8_t flags; /* and, above them, for whom it is */
	uint8_t scope;
	uint8_t family;
	uint8_t bits;
	uint8_t address[DNS_ECS_ADDRESS];
};

#define FLAG_DO 1
#define FLAG_CD 2
#define REACH_SHIFT 2

_Static_assert(sizeof(struct head) == DNS_CACHE_FILE_HEAD, "padding");
_Static_assert(
    sizeof(struct block_head) == DNS_CACHE_FILE_BLOCK_HEAD, "padding");
_Static_assert(sizeof(struct record_head) == 32, "padding");
_Static_assert(sizeof(struct block_head) % ALIGNMENT == 0, "alignment");
_Static_assert(sizeof(struct record_head) % ALIGNMENT == 0, "alignment");

static size_t
round_up(size_t size)
{
	return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static uint64_t
sum_head(const struct head *h)
{
	static const uint8_t key[HASH_KEY_LEN];

	return hash_bytes(key, h, offsetof(struct head, checksum));
}

static uint64_t
sum_block(const struct dns_cache_block *b)
{
	const size_t begin = sizeof(uint64_t); /* behind the sum itself */
	uint8_t key[HASH_KEY_LEN];

	memcpy(key, &b->file->nonce, sizeof(b->file->nonce));
	memcpy(key + sizeof(b->file->nonce), &b->number, sizeof(b->number));
	return hash_bytes(key, b->octets + begin, b->len - begin);
}

/* ------------------------------------------------------------- writing -- */

void
dns_cache_file_write_head(
    const struct dns_cache_file *file, uint8_t ret_octets[DNS_CACHE_FILE_HEAD])
{
	struct head h = {
	    .version = VERSION,
	    .byte_order = BYTE_ORDER_MARK,
	    .block_size = DNS_CACHE_FILE_BLOCK,
	    .entry_size = sizeof(struct dns_entry),
	    .when = file->when,
	    .source = file->source,
	    .nonce = file->nonce,
	};

	memcpy(h.magic, magic, sizeof(h.magic));
	h.checksum = sum_head(&h);
	memcpy(ret_octets, &h, sizeof(h));
}

void
dns_cache_block_init(struct dns_cache_block *b,
    const struct dns_cache_file *file, uint8_t *octets)
{
	*b = (struct dns_cache_block){
	    .file = file,
	    .octets = octets,
	    .len = DNS_CACHE_FILE_BLOCK_HEAD,
	};
}

void
dns_cache_block_next(struct dns_cache_block *b)
{
	b->number++;
	b->count = 0;
	b->len = DNS_CACHE_FILE_BLOCK_HEAD;
}

bool
dns_cache_block_add(
    struct dns_cache_block *b, const struct dns_cache_record *record)
{
	unsigned flags =
	    (record->is_do ? FLAG_DO : 0) | (record->is_cd ? FLAG_CD : 0);
	struct record_head h = {
	    .age = record->age,
	    .size = record->entry->size,
	    .flags =
		(uint8_t)(flags | (unsigned)record->net.reach << REACH_SHIFT),
	    .scope = record->scope,
	    .family = record->net.family,
	    .bits = record->net.bits,
	};
	size_t size = round_up(h.size);

	if (size > DNS_CACHE_FILE_BLOCK - sizeof(h) ||
	    b->len > DNS_CACHE_FILE_BLOCK - sizeof(h) - size)
		return false;
	memcpy(h.address, record->net.address, sizeof(h.address));
	memcpy(b->octets + b->len, &h, sizeof(h));
	b->len += sizeof(h);
	memcpy(b->octets + b->len, record->entry, h.size);
	memset(b->octets + b->len + h.size, 0, size - h.size);
	b->len += size;
	b->count++;
	return true;
}

void
dns_cache_block_seal(struct dns_cache_block *b)
{
	struct block_head h = {
	    .size = (uint32_t)b->len,
	    .count = b->count,
	};

	memcpy(b->octets, &h, sizeof(h));
	h.checksum = sum_block(b);
	memcpy(b->octets, &h.checksum, sizeof(h.checksum));
}

/* ------------------------------------------------------------- reading -- */

const char *
dns_cache_file_read_head(
    const uint8_t octets[DNS_CACHE_FILE_HEAD], struct dns_cache_file *ret_file)
{
	struct head h;

	memcpy(&h, octets, sizeof(h));
	if (memcmp(h.magic, magic, sizeof(magic)) != 0)
		return "is no saved cache";
	if (h.byte_order != BYTE_ORDER_MARK || h.version != VERSION ||
	    h.entry_size != sizeof(struct dns_entry) ||
	    h.block_size != DNS_CACHE_FILE_BLOCK)
		return "is of another version, or another kind of machine";
	if (h.checksum != sum_head(&h))
		return "is damaged";
	ret_file->when = h.when;
	ret_file->source = h.source;
	ret_file->nonce = h.nonce;
	return NULL;
}

const char *
dns_cache_file_age(const struct dns_cache_file *file, nsec now, nsec *ret_age)
{
	if (file->when > now)
		return "is from the future";
	if (now - file->when > LONGEST)
		return "is too old";
	*ret_age = now - file->when;
	return NULL;
}

static struct block_head
head_of(const struct dns_cache_block *b)
{
	struct block_head h;

	memcpy(&h, b->octets, sizeof(h));
	return h;
}

size_t
dns_cache_block_size(const struct dns_cache_block *b)
{
	struct block_head h = head_of(b);

	return h.size >= sizeof(h) && h.size <= DNS_CACHE_FILE_BLOCK &&
		       h.size % ALIGNMENT == 0
		   ? h.size
		   : 0;
}

static bool
is_zero(const uint8_t *octets, size_t len)
{
	while (len > 0 && octets[len - 1] == 0)
		len--;
	return len == 0;
}

/* An enum dns_key_reach, or more than there is. */
static uint8_t
reach_of(const struct record_head *h)
{
	return h->flags >> REACH_SHIFT;
}

/* Nothing is set behind the prefix (RFC 7871 6), as keys are compared whole. */
static bool
is_prefix(const uint8_t address[DNS_ECS_ADDRESS], unsigned bits)
{
	size_t octet = bits / 8;

	if (bits % 8 != 0 && (address[octet++] & (0xff >> bits % 8)) != 0)
		return false;
	return is_zero(address + octet, DNS_ECS_ADDRESS - octet);
}

/* What is for a network has a scope that is no wider. */
static bool
is_net(const struct record_head *h)
{
	unsigned most = h->family == DNS_ECS_IPV4 ? IPV4_BITS : IPV6_BITS;

	if (reach_of(h) != DNS_REACH_NETWORK)
		return reach_of(h) < DNS_REACH_NETWORK && h->family == 0 &&
		       h->bits == 0 && h->scope == 0 &&
		       is_zero(h->address, sizeof(h->address));
	return (h->family == DNS_ECS_IPV4 || h->family == DNS_ECS_IPV6) &&
	       h->bits > 0 && h->bits <= h->scope && h->scope <= most &&
	       is_prefix(h->address, h->bits);
}

/* Where the entry of a record begins. */
static const struct dns_entry *
entry_at(const struct dns_cache_block *b, size_t pos)
{
	return (const void *)(b->octets + pos);
}

/* One record, of which nothing is known yet; moves behind it. */
static bool
check_record(const struct dns_cache_block *b, size_t *pos)
{
	struct record_head h;
	size_t left = b->len - *pos;
	size_t at = *pos + sizeof(h);

	if (left < sizeof(h))
		return false;
	memcpy(&h, b->octets + *pos, sizeof(h));
	left -= sizeof(h);
	if (h.size < sizeof(struct dns_entry) || h.size > left ||
	    round_up(h.size) > left || h.age > LONGEST || !is_net(&h))
		return false;
	*pos = at + round_up(h.size);
	/* Failures are not saved: they are over soon. */
	return dns_entry_check(entry_at(b, at), h.size) &&
	       entry_at(b, at)->kind != DNS_ENTRY_FAILURE;
}

bool
dns_cache_block_check(struct dns_cache_block *b)
{
	struct block_head h = head_of(b);
	size_t pos = sizeof(h);
	uint32_t count = 0;

	if (dns_cache_block_size(b) != b->len || h.checksum != sum_block(b))
		return false;
	while (pos < b->len) {
		if (!check_record(b, &pos))
			return false;
		count++;
	}
	if (count != h.count)
		return false;
	b->count = count;
	return true;
}

bool
dns_cache_block_read(const struct dns_cache_block *b, nsec age, size_t *pos,
    struct dns_cache_record *ret_record)
{
	struct record_head h;
	size_t at = *pos > 0 ? *pos : sizeof(struct block_head);

	if (at == b->len)
		return false;
	memcpy(&h, b->octets + at, sizeof(h));
	at += sizeof(h);
	*ret_record = (struct dns_cache_record){
	    .entry = entry_at(b, at),
	    .net = {.reach = reach_of(&h), .family = h.family, .bits = h.bits},
	    .scope = h.scope,
	    .is_do = (h.flags & FLAG_DO) != 0,
	    .is_cd = (h.flags & FLAG_CD) != 0,
	    .age = nsec_add(h.age, age),
	};
	memcpy(ret_record->net.address, h.address,
	    sizeof(ret_record->net.address));
	*pos = at + round_up(h.size);
	return true;
}
