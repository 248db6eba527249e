/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as the file of a cache: as they are, and then as a block whose sums
 * are right, since nobody would ever guess those.  What is believed goes into a
 * cache, and is found there.
 */
#include <stdlib.h>
#include <string.h>

#include "dns/cache_file.h"
#include "tests/fuzz/fuzz.h"

#define ALIGNMENT 16
#define DAY 86400
#define NOW ((nsec)1000 * NSEC_PER_SEC)

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static struct dns_cache *
make_cache(void)
{
	static const uint8_t secret[HASH_KEY_LEN] = {1};
	const struct dns_cache_rules rules = {
	    .bytes = DNS_CACHE_BYTES_MIN,
	    .entry = {.min_ttl = 1,
		.max_ttl = DAY,
		.negative_ttl = DAY,
		.failure_ttl = 5},
	    .stale_ttl = 30,
	};
	struct dns_cache *cache = dns_cache_new(&rules, secret);

	require(cache != NULL);
	return cache;
}

/* Everything that is kept is sound. */
static bool
look(void *ctx, const struct dns_cache_record *record)
{
	(void)ctx;
	require(dns_entry_check(record->entry, record->entry->size));
	return true;
}

static void
take(const struct dns_cache_block *b)
{
	struct dns_cache *cache = make_cache();
	struct dns_cache_record record;
	uint32_t count = 0;
	size_t pos = 0;

	for (; dns_cache_block_read(b, NSEC_PER_SEC, &pos, &record); count++) {
		require(record.entry->kind != DNS_ENTRY_FAILURE);
		(void)dns_cache_load(cache, &record, NOW);
	}
	require(count == b->count);
	dns_cache_each(cache, NOW, look, NULL);
	dns_cache_free(cache);
}

/* The first octet says how many records there are said to be. */
static void
read_as_block(const uint8_t *data, size_t len)
{
	const struct dns_cache_file file = {.nonce = 1};
	struct dns_cache_block b;
	size_t room = DNS_CACHE_FILE_BLOCK_HEAD + len;
	uint8_t *octets;

	if (len == 0 || room > DNS_CACHE_FILE_BLOCK)
		return;
	room = (room - 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	octets = calloc(1, room);
	require(octets != NULL);
	dns_cache_block_init(&b, &file, octets);
	memcpy(octets + DNS_CACHE_FILE_BLOCK_HEAD, data + 1, len - 1);
	b.len = room;
	b.count = data[0];
	dns_cache_block_seal(&b);
	require(dns_cache_block_size(&b) == room);
	if (dns_cache_block_check(&b))
		take(&b);
	free(octets);
}

static void
read_as_file(const uint8_t *data, size_t len)
{
	struct dns_cache_file file = {.nonce = 0};
	struct dns_cache_block b;
	nsec age;
	uint8_t *octets;

	if (len < DNS_CACHE_FILE_HEAD ||
	    dns_cache_file_read_head(data, &file) != NULL)
		return;
	(void)dns_cache_file_age(&file, NOW, &age);
	data += DNS_CACHE_FILE_HEAD;
	len -= DNS_CACHE_FILE_HEAD;
	if (len < DNS_CACHE_FILE_BLOCK_HEAD)
		return;
	octets = malloc(len);
	require(octets != NULL);
	memcpy(octets, data, len);
	dns_cache_block_init(&b, &file, octets);
	b.len = dns_cache_block_size(&b);
	if (b.len > 0 && b.len <= len && dns_cache_block_check(&b))
		take(&b);
	free(octets);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	read_as_file(data, len);
	read_as_block(data, len);
	return 0;
}
