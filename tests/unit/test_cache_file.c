/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache as octets: what went in comes out, older by what has passed; and
 * whatever is wrong with the octets is noticed.
 */
#include <stdlib.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/cache_file.h"
#include "tests/unit/cache_fill.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	NAMES = 3000,
	FEW = 8,
	NAME_LEN = 64,
	PASSED = 100, /* seconds from one process to the next */
	OFF_VERSION = 8,
	OFF_BYTE_ORDER = 12,
	OFF_SUM = 48,
	OFF_BLOCK_SIZE = 8
};

#define SEC NSEC_PER_SEC
#define WALL (UINT64_C(1700000000) * SEC)
#define SOURCE UINT64_C(0x1122334455667788)
#define NONCE UINT64_C(0xabcdef)
#define FILE_MAX_BYTES ((size_t)4 << 20)

/* What another thread would have on disk. */
struct octets {
	uint8_t *data; /* FILE_MAX_BYTES, aligned */
	size_t len;
};

static uint8_t *
make_room(size_t size)
{
	uint8_t *room = malloc(size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(room);
	return room;
}

/* -------------------------------------------------------------- writing -- */

struct writer {
	struct dns_cache_file file;
	struct dns_cache_block block;
	struct octets *out;
};

static void
end_block(struct writer *w)
{
	dns_cache_block_seal(&w->block);
	CU_ASSERT_FATAL(w->out->len + w->block.len <= FILE_MAX_BYTES);
	memcpy(w->out->data + w->out->len, w->block.octets, w->block.len);
	w->out->len += w->block.len;
	dns_cache_block_next(&w->block);
}

static bool
write_one(void *ctx, const struct dns_cache_record *record)
{
	struct writer *w = ctx;

	if (dns_cache_block_add(&w->block, record))
		return true;
	end_block(w);
	CU_ASSERT(dns_cache_block_add(&w->block, record));
	return true;
}

static struct octets
write_cache(struct dns_cache *cache, nsec now)
{
	struct octets out = {make_room(FILE_MAX_BYTES), DNS_CACHE_FILE_HEAD};
	struct writer w = {.file = {WALL, SOURCE, NONCE}, .out = &out};
	uint8_t *room = make_room(DNS_CACHE_FILE_BLOCK);

	dns_cache_file_write_head(&w.file, out.data);
	dns_cache_block_init(&w.block, &w.file, room);
	dns_cache_each(cache, now, write_one, &w);
	if (w.block.count > 0)
		end_block(&w);
	end_block(&w);
	free(room);
	return out;
}

/* -------------------------------------------------------------- reading -- */

/* Takes the next block; how many octets that were, 0 if it is of no use. */
static size_t
read_block(struct dns_cache_block *b, const uint8_t *data, size_t len)
{
	if (len < DNS_CACHE_FILE_BLOCK_HEAD)
		return 0;
	memcpy(b->octets, data, DNS_CACHE_FILE_BLOCK_HEAD);
	b->len = dns_cache_block_size(b);
	if (b->len == 0 || b->len > len)
		return 0;
	memcpy(b->octets, data, b->len);
	return dns_cache_block_check(b) ? b->len : 0;
}

static void
take_block(const struct dns_cache_block *b, nsec age, struct dns_cache *cache,
    nsec now)
{
	struct dns_cache_record record;
	uint32_t count = 0;
	size_t pos = 0;

	for (; dns_cache_block_read(b, age, &pos, &record); count++)
		(void)dns_cache_load(cache, &record, now);
	CU_ASSERT_EQUAL(count, b->count);
}

static bool
read_blocks(const struct octets *in, const struct dns_cache_file *file,
    nsec age, struct dns_cache *cache, nsec now)
{
	/* Exactly as long as it may be: ASan sees what goes beyond. */
	uint8_t *room = make_room(DNS_CACHE_FILE_BLOCK);
	struct dns_cache_block b;
	size_t pos = DNS_CACHE_FILE_HEAD;
	bool is_end = false;
	size_t n = 1;

	dns_cache_block_init(&b, file, room);
	while (n > 0 && !is_end) {
		n = read_block(&b, in->data + pos, in->len - pos);
		pos += n;
		if (n > 0)
			take_block(&b, age, cache, now);
		is_end = n > 0 && b.count == 0;
		dns_cache_block_next(&b);
	}
	free(room);
	return is_end && pos == in->len;
}

static bool
read_cache(const struct octets *in, struct dns_cache *cache, nsec now)
{
	struct dns_cache_file file;
	nsec age;

	return in->len >= DNS_CACHE_FILE_HEAD &&
	       dns_cache_file_read_head(in->data, &file) == NULL &&
	       file.source == SOURCE &&
	       dns_cache_file_age(&file, WALL + PASSED * SEC, &age) == NULL &&
	       read_blocks(in, &file, age, cache, now);
}

/* Is it of use for a cache that knows nothing? */
static bool
is_good(const struct octets *in)
{
	struct dns_cache *cache = fill_cache(9);
	bool good = read_cache(in, cache, SEC);

	dns_cache_free(cache);
	return good;
}

/* ---------------------------------------------------------------- tests -- */

static struct fill
name_at(size_t i, char text[NAME_LEN])
{
	(void)snprintf(text, NAME_LEN, "n%zu.example", i);
	return (struct fill){.name = text,
	    .qtype = i % 3 == 0 ? DNS_TYPE_AAAA + 100 : DNS_TYPE_A,
	    .is_do = i % 5 == 0,
	    .is_cd = i % 7 == 0};
}

/* Every fourth is a failure. */
static struct dns_cache *
make_filled(size_t count, nsec now)
{
	struct dns_cache *cache = fill_cache(1);
	char text[NAME_LEN];

	for (size_t i = 0; i < count; i++) {
		struct fill question = name_at(i, text);

		CU_ASSERT(
		    fill_put(cache, &question, (enum fill_what)(i % 4), now));
	}
	return cache;
}

static void
test_round_trip(void)
{
	/* The second process has a clock that has not run for long. */
	const nsec then = 50000 * SEC, now = 3 * SEC;
	struct dns_cache *cache = make_filled(NAMES, then);
	struct octets file = write_cache(cache, then + 20 * SEC);
	struct dns_cache *other = fill_cache(2);
	char text[NAME_LEN];
	uint32_t left;

	CU_ASSERT_FATAL(file.len > DNS_CACHE_FILE_BLOCK); /* several blocks */
	CU_ASSERT(read_cache(&file, other, now));
	CU_ASSERT_EQUAL(fill_count(other), NAMES - NAMES / 4);
	for (size_t i = 0; i < NAMES; i++) {
		struct fill question = name_at(i, text);
		bool is_there = fill_find(other, &question, now, &left);

		CU_ASSERT_EQUAL(is_there, i % 4 != FILL_FAILURE);
		if (is_there && i % 4 == FILL_DATA)
			CU_ASSERT_EQUAL(left, FILL_TTL - 20 - PASSED);
		question.is_do = !question.is_do;
		CU_ASSERT(!fill_find(other, &question, now, &left));
	}
	free(file.data);
	dns_cache_free(cache);
	dns_cache_free(other);
}

/* What was over in the meantime does not come back. */
static void
test_expired(void)
{
	const nsec then = 1000 * SEC, now = 7 * SEC;
	struct dns_cache *cache = make_filled(4, then);
	struct octets file =
	    write_cache(cache, then + (FILL_TTL - PASSED) * SEC);
	struct dns_cache *other = fill_cache(2);

	CU_ASSERT(read_cache(&file, other, now));
	CU_ASSERT_EQUAL(fill_count(other), 0);
	free(file.data);
	dns_cache_free(cache);
	dns_cache_free(other);
}

/* Networks come back as what they were (RFC 7871 7.3.1). */
static void
test_networks(void)
{
	struct dns_ecs ecs = {
	    .family = DNS_ECS_IPV4, .source = 24, .address = {198, 51, 100}};
	struct fill question = {
	    .name = "net.example", .qtype = DNS_TYPE_A, .ecs = &ecs};
	struct dns_cache *cache = fill_cache(1);
	struct dns_cache *other = fill_cache(2);
	struct octets file;
	uint32_t left;

	CU_ASSERT(fill_put(cache, &question, FILL_DATA, SEC));
	file = write_cache(cache, SEC);
	CU_ASSERT(read_cache(&file, other, SEC));
	CU_ASSERT(fill_find(other, &question, SEC, &left));
	ecs.address[2] = 101;
	CU_ASSERT(!fill_find(other, &question, SEC, &left));
	CU_ASSERT(!fill_has(other, "net.example", SEC));
	free(file.data);
	dns_cache_free(cache);
	dns_cache_free(other);
}

/* So does what those who ask are told of them (RFC 7871 7.2.2). */
static void
test_scope(void)
{
	struct dns_ecs ecs = {
	    .family = DNS_ECS_IPV4, .source = 24, .address = {198, 51, 100}};
	struct fill question = {
	    .name = "net.example", .qtype = DNS_TYPE_A, .ecs = &ecs};
	struct dns_cache *cache = fill_cache(1);
	struct dns_cache *other = fill_cache(2);
	struct octets file;

	CU_ASSERT(fill_put(cache, &question, FILL_DATA, SEC));
	file = write_cache(cache, SEC);
	CU_ASSERT(read_cache(&file, other, SEC));
	PROVE("FWD-064", fill_scope(other, &question, SEC) == 24);
	free(file.data);
	dns_cache_free(cache);
	dns_cache_free(other);
}

/* No octet may be another, none missing, and none more. */
static void
test_damaged(void)
{
	struct dns_cache *cache = make_filled(FEW, SEC);
	struct octets file = write_cache(cache, SEC);
	size_t wrong = 0;

	CU_ASSERT_FATAL(is_good(&file));
	for (size_t i = 0; i < file.len; i++) {
		file.data[i] ^= (uint8_t)(1 << i % 8);
		wrong += is_good(&file);
		file.data[i] ^= (uint8_t)(1 << i % 8);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	file.data[file.len++] = 0;
	CU_ASSERT(!is_good(&file));
	file.len--;
	while (file.len-- > 0)
		wrong += is_good(&file);
	CU_ASSERT_EQUAL(wrong, 0);
	free(file.data);
	dns_cache_free(cache);
}

/* Whole blocks that are in a wrong place, or not there. */
static void
test_blocks(void)
{
	struct dns_cache *cache = make_filled(NAMES, SEC);
	struct octets file = write_cache(cache, SEC);
	uint8_t *first = file.data + DNS_CACHE_FILE_HEAD;
	uint32_t size;
	struct octets less = {make_room(FILE_MAX_BYTES), 0};

	memcpy(&size, first + OFF_BLOCK_SIZE, sizeof(size));
	CU_ASSERT_FATAL(
	    size > DNS_CACHE_FILE_BLOCK / 2 && size <= DNS_CACHE_FILE_BLOCK);
	/* Without the first. */
	memcpy(less.data, file.data, DNS_CACHE_FILE_HEAD);
	less.len = file.len - size;
	memcpy(less.data + DNS_CACHE_FILE_HEAD, first + size,
	    less.len - DNS_CACHE_FILE_HEAD);
	CU_ASSERT(!is_good(&less));
	/* The first, then at once the end. */
	memcpy(less.data, file.data, DNS_CACHE_FILE_HEAD + size);
	memcpy(less.data + DNS_CACHE_FILE_HEAD + size,
	    file.data + file.len - DNS_CACHE_FILE_BLOCK_HEAD,
	    DNS_CACHE_FILE_BLOCK_HEAD);
	less.len = DNS_CACHE_FILE_HEAD + size + DNS_CACHE_FILE_BLOCK_HEAD;
	CU_ASSERT(!is_good(&less));
	free(less.data);
	free(file.data);
	dns_cache_free(cache);
}

static const char *
fault_of(const uint8_t octets[DNS_CACHE_FILE_HEAD])
{
	struct dns_cache_file file;
	uint8_t *exact = dnsmsg_exact(octets, DNS_CACHE_FILE_HEAD);
	const char *why = dns_cache_file_read_head(exact, &file);

	free(exact);
	return why != NULL ? why : "";
}

static void
test_heads(void)
{
	const struct dns_cache_file file = {WALL, SOURCE, NONCE};
	uint8_t octets[DNS_CACHE_FILE_HEAD];
	uint32_t mark;

	dns_cache_file_write_head(&file, octets);
	CU_ASSERT_STRING_EQUAL(fault_of(octets), "");
	octets[0] = 'q';
	CU_ASSERT_STRING_EQUAL(fault_of(octets), "is no saved cache");
	dns_cache_file_write_head(&file, octets);
	octets[OFF_VERSION]++;
	CU_ASSERT_STRING_EQUAL(fault_of(octets),
	    "is of another version, or another kind of machine");
	dns_cache_file_write_head(&file, octets);
	memcpy(&mark, octets + OFF_BYTE_ORDER, sizeof(mark));
	CU_ASSERT_EQUAL(mark, UINT32_C(0x01020304));
	mark = __builtin_bswap32(mark);
	memcpy(octets + OFF_BYTE_ORDER, &mark, sizeof(mark));
	CU_ASSERT_STRING_EQUAL(fault_of(octets),
	    "is of another version, or another kind of machine");
	dns_cache_file_write_head(&file, octets);
	octets[OFF_SUM]++;
	CU_ASSERT_STRING_EQUAL(fault_of(octets), "is damaged");
	memset(octets, 0, sizeof(octets));
	CU_ASSERT_STRING_EQUAL(fault_of(octets), "is no saved cache");
}

static void
test_ages(void)
{
	const nsec longest = 10 * 86400 * SEC;
	struct dns_cache_file file = {.when = WALL};
	nsec age = 0;

	CU_ASSERT_PTR_NULL(dns_cache_file_age(&file, WALL, &age));
	CU_ASSERT_EQUAL(age, 0);
	CU_ASSERT_PTR_NULL(dns_cache_file_age(&file, WALL + longest, &age));
	CU_ASSERT_EQUAL(age, longest);
	CU_ASSERT_STRING_EQUAL(
	    dns_cache_file_age(&file, WALL - 1, &age), "is from the future");
	CU_ASSERT_STRING_EQUAL(
	    dns_cache_file_age(&file, WALL + longest + 1, &age), "is too old");
	file.when = UINT64_MAX;
	CU_ASSERT_STRING_EQUAL(
	    dns_cache_file_age(&file, WALL, &age), "is from the future");
	file.when = 0;
	CU_ASSERT_STRING_EQUAL(
	    dns_cache_file_age(&file, UINT64_MAX, &age), "is too old");
}

/* -------------------------------------------------- records of strangers -- */

/* The one record of a cache with one answer, to be changed. */
struct forged {
	struct dns_entry *entry;
	struct dns_cache_record record;
};

static bool
keep_one(void *ctx, const struct dns_cache_record *record)
{
	struct forged *f = ctx;

	f->record = *record;
	f->entry = (void *)make_room(record->entry->size);
	memcpy(f->entry, record->entry, record->entry->size);
	f->record.entry = f->entry;
	return false;
}

static struct forged
make_forged(void)
{
	struct forged f = {.entry = NULL};
	struct dns_cache *cache = make_filled(1, SEC);

	dns_cache_each(cache, SEC, keep_one, &f);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f.entry);
	dns_cache_free(cache);
	return f;
}

/* In a block that is otherwise as it should be. */
static bool
is_believed(const struct dns_cache_record *record)
{
	const struct dns_cache_file file = {WALL, SOURCE, NONCE};
	uint8_t *room = make_room(DNS_CACHE_FILE_BLOCK);
	struct dns_cache_block b;
	bool believed;

	dns_cache_block_init(&b, &file, room);
	CU_ASSERT_FATAL(dns_cache_block_add(&b, record));
	dns_cache_block_seal(&b);
	CU_ASSERT_EQUAL(dns_cache_block_size(&b), b.len);
	believed = dns_cache_block_check(&b);
	free(room);
	return believed;
}

static bool
is_net_believed(
    const struct forged *f, unsigned reach, unsigned family, unsigned bits)
{
	struct dns_cache_record record = f->record;

	record.net = (struct dns_key_net){
	    .reach = (uint8_t)reach,
	    .family = (uint8_t)family,
	    .bits = (uint8_t)bits,
	    .address = {0x80},
	};
	record.scope = (uint8_t)bits;
	if (reach != DNS_REACH_NETWORK)
		record.net.address[0] = 0;
	return is_believed(&record);
}

static void
test_forged_nets(void)
{
	struct forged f = make_forged();

	CU_ASSERT(is_believed(&f.record));
	CU_ASSERT(is_net_believed(&f, DNS_REACH_NOBODY, 0, 0));
	CU_ASSERT(is_net_believed(&f, DNS_REACH_EVERYBODY, 0, 0));
	CU_ASSERT(!is_net_believed(&f, DNS_REACH_EVERYBODY, 1, 0));
	CU_ASSERT(!is_net_believed(&f, DNS_REACH_EVERYBODY, 0, 1));
	CU_ASSERT(!is_net_believed(&f, DNS_REACH_NETWORK + 1, 1, 24));
	CU_ASSERT(is_net_believed(&f, DNS_REACH_NETWORK, 1, 1));
	CU_ASSERT(is_net_believed(&f, DNS_REACH_NETWORK, 1, 32));
	CU_ASSERT(is_net_believed(&f, DNS_REACH_NETWORK, 2, 128));
	CU_ASSERT(!is_net_believed(&f, DNS_REACH_NETWORK, 1, 0));
	CU_ASSERT(!is_net_believed(&f, DNS_REACH_NETWORK, 1, 33));
	CU_ASSERT(!is_net_believed(&f, DNS_REACH_NETWORK, 2, 129));
	CU_ASSERT(!is_net_believed(&f, DNS_REACH_NETWORK, 0, 24));
	CU_ASSERT(!is_net_believed(&f, DNS_REACH_NETWORK, 3, 24));
	f.record.net = (struct dns_key_net){.reach = DNS_REACH_NETWORK,
	    .family = 1,
	    .bits = 9,
	    .address = {1, 0x80}};
	f.record.scope = 32;
	CU_ASSERT(is_believed(&f.record));
	f.record.scope = 33;
	CU_ASSERT(!is_believed(&f.record));
	f.record.scope = 8;
	CU_ASSERT(!is_believed(&f.record));
	f.record.scope = 9;
	f.record.net.address[1] = 0xc0;
	CU_ASSERT(!is_believed(&f.record));
	f.record.net = (struct dns_key_net){.address = {[15] = 1}};
	CU_ASSERT(!is_believed(&f.record));
	free(f.entry);
}

static void
test_forged_entries(void)
{
	struct forged f = make_forged();
	uint32_t size = f.entry->size;

	f.record.age = 10 * 86400 * SEC;
	CU_ASSERT(is_believed(&f.record));
	f.record.age++;
	CU_ASSERT(!is_believed(&f.record));
	f.record.age = UINT64_MAX;
	CU_ASSERT(!is_believed(&f.record));
	f.record.age = 0;
	f.entry->life = 0;
	CU_ASSERT(!is_believed(&f.record));
	f.entry->life = FILL_TTL;
	f.entry->kind = DNS_ENTRY_FAILURE + 1;
	CU_ASSERT(!is_believed(&f.record));
	f.entry->kind = DNS_ENTRY_POSITIVE;
	CU_ASSERT(is_believed(&f.record));
	f.entry->size = size - 1; /* what the record says, too */
	CU_ASSERT(!is_believed(&f.record));
	f.entry->size = 8;
	CU_ASSERT(!is_believed(&f.record));
	free(f.entry);
}

/* A failure, as sound as it may be. */
static void
test_forged_failure(void)
{
	_Alignas(16) uint8_t room[DNS_ENTRY_FAILURE_MAX];
	struct dns_entry *entry = (void *)room;
	static const uint8_t question[] = {0, 0, 1, 0, 1};
	const struct dns_entry_how how = {
	    .question = question, .question_len = sizeof(question)};
	const struct dns_entry_rules rules = {.failure_ttl = 5};
	const struct dns_error error = {
	    .rcode = DNS_RCODE_SERVFAIL, .ede = DNS_EDE_NONE};
	const struct dns_cache_record record = {.entry = entry};

	CU_ASSERT_EQUAL_FATAL(
	    dns_entry_fail(&how, &error, &rules, entry, sizeof(room)),
	    DNS_ENTRY_MADE);
	CU_ASSERT(dns_entry_check(entry, entry->size));
	CU_ASSERT(!is_believed(&record));
}

/* A size that leads elsewhere, with sums that are right. */
static void
test_forged_sizes(void)
{
	const struct dns_cache_file file = {WALL, SOURCE, NONCE};
	struct forged f = make_forged();
	uint8_t *room = make_room(DNS_CACHE_FILE_BLOCK);
	static const uint32_t sizes[] = {0, 1, 15, 0x7fffffff, 0x80000000,
	    0xfffffff0, UINT32_MAX, DNS_CACHE_FILE_BLOCK};
	const size_t at = DNS_CACHE_FILE_BLOCK_HEAD + sizeof(uint64_t);
	struct dns_cache_block b;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		dns_cache_block_init(&b, &file, room);
		CU_ASSERT(dns_cache_block_add(&b, &f.record));
		memcpy(room + at, &sizes[i], sizeof(sizes[i]));
		dns_cache_block_seal(&b);
		CU_ASSERT(!dns_cache_block_check(&b));
		/* Of the block itself. */
		memcpy(room + OFF_BLOCK_SIZE, &sizes[i], sizeof(sizes[i]));
		CU_ASSERT(dns_cache_block_size(&b) == 0 ||
			  sizes[i] == DNS_CACHE_FILE_BLOCK);
	}
	free(room);
	free(f.entry);
}

void
test_cache_file_register(void)
{
	CU_pSuite suite = unit_suite("cache_file");

	unit_test(suite, "round_trip", test_round_trip);
	unit_test(suite, "expired", test_expired);
	unit_test(suite, "networks", test_networks);
	unit_test(suite, "scope", test_scope);
	unit_test(suite, "damaged", test_damaged);
	unit_test(suite, "blocks", test_blocks);
	unit_test(suite, "heads", test_heads);
	unit_test(suite, "ages", test_ages);
	unit_test(suite, "forged_nets", test_forged_nets);
	unit_test(suite, "forged_entries", test_forged_entries);
	unit_test(suite, "forged_failure", test_forged_failure);
	unit_test(suite, "forged_sizes", test_forged_sizes);
}
