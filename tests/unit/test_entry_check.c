/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks that somebody else wrote, and rooms that are too small. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dns/entry.h"
#include "tests/unit/kept.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	CNAME = 5,
	NXDOMAIN = 3,
	SERVFAIL = 2,
	ROUNDS = 20000,
};

/* A block of each kind. */
static void
keep_kind(struct kept *k, unsigned kind)
{
	struct dns_error e = {.rcode = SERVFAIL, .ede = 22, .text = "why"};
	struct dnsmsg query;
	struct dnsmsg m;

	dnsmsg_query(&query, "www.example", A);
	kept_response(
	    &m, "www.example", A, kind == DNS_ENTRY_NXDOMAIN ? NXDOMAIN : 0);
	if (kind == DNS_ENTRY_FAILURE) {
		kept_fail(k, &query, &e);
		return;
	}
	if (kind == DNS_ENTRY_POSITIVE) {
		kept_name(&m, IN_ANSWER, "@12", CNAME, 60, "b.example");
		kept_a(&m, IN_ANSWER, "@41", 60, 1);
		kept_a(&m, IN_ANSWER, "@41", 60, 2);
		kept_a(&m, IN_ADDITIONAL, "@41", 60, 3);
	} else {
		kept_soa(&m, IN_AUTHORITY, "example", 60, 60);
	}
	CU_ASSERT_FATAL(kept_keep(k, &query, &m));
}

/* Is the block refused once a field has this value? */
#define REFUSED_WITH(k, field, value)                                          \
	((k)->entry->field != (value) &&                                       \
	    is_refused((k), &(k)->entry->field, sizeof((k)->entry->field),     \
		(uint32_t)(value)))

static bool
is_refused(const struct kept *k, void *field, size_t len, uint32_t value)
{
	uint32_t was = 0;
	bool is_sound;

	/* Little-endian or not: the tests' values fit into any field. */
	memcpy(&was, field, len);
	if (len == sizeof(uint8_t))
		*(uint8_t *)field = (uint8_t)value;
	else if (len == sizeof(uint16_t))
		*(uint16_t *)field = (uint16_t)value;
	else
		*(uint32_t *)field = value;
	is_sound = dns_entry_check(k->entry, k->entry->size);
	memcpy(field, &was, len);
	return !is_sound;
}

static void
test_fields(void)
{
	struct kept k = {.entry = NULL};

	keep_kind(&k, DNS_ENTRY_POSITIVE);
	CU_ASSERT(REFUSED_WITH(&k, size, k.entry->size + 1));
	CU_ASSERT(REFUSED_WITH(&k, life, 0));
	CU_ASSERT(REFUSED_WITH(&k, life, 61)); /* beyond its TTLs */
	CU_ASSERT(REFUSED_WITH(&k, ede, 65536));
	CU_ASSERT(REFUSED_WITH(&k, ede, -2));
	CU_ASSERT(REFUSED_WITH(&k, len, k.entry->len - 1));
	CU_ASSERT(REFUSED_WITH(&k, question_len, 5));
	CU_ASSERT(REFUSED_WITH(&k, ttl_count, 3));
	CU_ASSERT(REFUSED_WITH(&k, turn_first, 2));
	CU_ASSERT(REFUSED_WITH(&k, turn_count, 3));
	CU_ASSERT(REFUSED_WITH(&k, rcode, NXDOMAIN));
	CU_ASSERT(REFUSED_WITH(&k, rcode, 0x10));
	CU_ASSERT(REFUSED_WITH(&k, kind, DNS_ENTRY_NXDOMAIN));
	CU_ASSERT(REFUSED_WITH(&k, kind, DNS_ENTRY_FAILURE));
	CU_ASSERT(REFUSED_WITH(&k, kind, 4));
	CU_ASSERT(REFUSED_WITH(&k, is_any_type, 1));
	CU_ASSERT(REFUSED_WITH(&k, text_len, 1));
	keep_kind(&k, DNS_ENTRY_NXDOMAIN);
	CU_ASSERT(REFUSED_WITH(&k, is_any_type, 0));
	CU_ASSERT(REFUSED_WITH(&k, is_any_type, 2));
	keep_kind(&k, DNS_ENTRY_FAILURE);
	CU_ASSERT(REFUSED_WITH(&k, text_len, 3)); /* no NUL at its end */
	CU_ASSERT(REFUSED_WITH(&k, rcode, 0));
	kept_done(&k);
}

static void
test_lengths(void)
{
	struct kept k = {.entry = NULL};
	struct dns_entry *e;
	size_t len;

	keep_kind(&k, DNS_ENTRY_POSITIVE);
	for (len = 0; len < k.entry->size; len++) {
		e = malloc(len > 0 ? len : 1);
		CU_ASSERT_FATAL(e != NULL);
		memcpy(e, k.entry, len);
		CU_ASSERT(!dns_entry_check(e, len));
		free(e);
	}
	kept_done(&k);
}

/* An A record of five octets, an offset beside a TTL. */
static void
test_data(void)
{
	struct kept k = {.entry = NULL};
	uint8_t *data;

	keep_kind(&k, DNS_ENTRY_POSITIVE);
	data = k.entry->data;
	data[k.entry->len - 5]++;
	PROVE("BAD-139", !dns_entry_check(k.entry, k.entry->size));
	data[k.entry->len - 5]--;
	data[k.entry->len + 1]++;
	CU_ASSERT(!dns_entry_check(k.entry, k.entry->size));
	data[k.entry->len + 1]--;
	data[2] |= 0x02; /* TC */
	CU_ASSERT(!dns_entry_check(k.entry, k.entry->size));
	data[2] &= 0xfd;
	data[1] = 1; /* an ID */
	CU_ASSERT(!dns_entry_check(k.entry, k.entry->size));
	data[1] = 0;
	CU_ASSERT(dns_entry_check(k.entry, k.entry->size));
	/* A text without an end. */
	keep_kind(&k, DNS_ENTRY_FAILURE);
	((uint8_t *)k.entry)[k.entry->size - 1] = 'x';
	CU_ASSERT(!dns_entry_check(k.entry, k.entry->size));
	kept_done(&k);
}

/* Each room that is too small is found to be. */
static void
test_room(void)
{
	struct dns_entry_how how;
	struct dns_entry *e;
	struct dnsmsg query;
	struct dns_expect x;
	struct dns_query q;
	struct dns_response r;
	struct dnsmsg m;
	struct kept k = {.entry = NULL};
	size_t room;

	keep_kind(&k, DNS_ENTRY_NXDOMAIN);
	dnsmsg_query(&query, "www.example", A);
	kept_response(&m, "www.example", A, NXDOMAIN);
	kept_soa(&m, IN_AUTHORITY, "example", 60, 60);
	CU_ASSERT_EQUAL_FATAL(dns_expect_init(m.data, m.len, false, &x), 0);
	CU_ASSERT_EQUAL_FATAL(
	    dns_query_parse(query.data, query.len, &q), DNS_VERDICT_OK);
	CU_ASSERT_EQUAL_FATAL(
	    dns_response_check(m.data, m.len, &x, &r), DNS_MATCH_ACCEPT);
	how = (struct dns_entry_how){
	    .question = q.msg + DNS_HEADER_SIZE,
	    .question_len = q.question_len,
	};
	for (room = 0; room <= k.entry->size; room++) {
		e = malloc(room > 0 ? room : 1);
		CU_ASSERT_FATAL(e != NULL);
		CU_ASSERT_EQUAL(dns_entry_make(&r, &how, &kept_rules, e, room),
		    room < k.entry->size ? DNS_ENTRY_TOO_LARGE
					 : DNS_ENTRY_MADE);
		free(e);
	}
	kept_done(&k);
}

/* Gives back all that can be made of a block that was believed. */
static bool
use(struct kept *k, uint32_t turn)
{
	struct dns_entry_view fresh = {.entry = k->entry, .turn = turn};
	struct dns_entry_view stale = {.entry = k->entry, .turn = turn};
	struct dns_response r;
	struct dnsmsg query;
	struct dns_buf out;
	bool is_ok;

	fresh.age = turn % k->entry->life;
	stale.stale_ttl = 30;
	dnsmsg_start(&query, 0, 0x0100);
	dnsmsg_bytes(
	    &query, dns_entry_question(k->entry), k->entry->question_len);
	dnsmsg_set_count(&query, IN_QUESTION, 1);
	dnsmsg_opt(&query, 1232, 0, NULL, 0);
	is_ok = kept_serve(k, &query, &kept_doq, &fresh) &&
		kept_serve(k, &query, &kept_udp, &fresh);
	if (k->entry->kind != DNS_ENTRY_FAILURE)
		is_ok = is_ok && kept_serve(k, &query, &kept_doq, &stale);
	out.size = dns_entry_copy_bound(&fresh);
	out.data = malloc(out.size);
	is_ok = is_ok && dns_entry_copy(&fresh, &out, &r) == 0;
	free(out.data);
	return is_ok;
}

/* A question that no query of ours has cannot be asked again here. */
static bool
can_ask(const struct dns_entry *e)
{
	const uint8_t *fixed =
	    dns_entry_question(e) + e->question_len - DNS_QUESTION_FIXED;
	unsigned type = dnsmsg_get16(fixed, 0);

	return type != DNS_TYPE_OPT && type != DNS_TYPE_TSIG &&
	       type != DNS_TYPE_IXFR;
}

/* Whatever was changed: a block is refused, or it can be used. */
static void
test_mutated(void)
{
	uint32_t seed = dnsmsg_seed("mutated blocks");
	struct kept k = {.entry = NULL};
	struct dns_entry *was;
	unsigned believed = 0;
	unsigned i;
	size_t len;

	for (i = 0; i < ROUNDS; i++) {
		keep_kind(&k, i % 4);
		was = k.entry;
		len = was->size;
		dnsmsg_mutate((uint8_t *)was, &len, &seed);
		k.entry = (struct dns_entry *)(void *)dnsmsg_exact(
		    (const uint8_t *)was, len);
		free(was);
		if (!dns_entry_check(k.entry, len) || !can_ask(k.entry))
			continue;
		believed++;
		CU_ASSERT_FATAL(use(&k, dnsmsg_random(&seed)));
	}
	printf("# mutated blocks: %u of %d believed\n", believed, ROUNDS);
	CU_ASSERT(believed > 0);
	kept_done(&k);
}

/* As many records, names and RRsets as a message can hold. */
static void
test_hostile(void)
{
	struct kept k = {.entry = NULL};
	struct dnsmsg query;
	struct dnsmsg m;
	nsec begin;

	dnsmsg_query(&query, "www.example", A);
	kept_response(&m, "www.example", A, 0);
	kept_a(&m, IN_ANSWER, "@12", 60, 1);
	while (m.len + 17 <= DNS_MESSAGE_MAX) {
		dnsmsg_u8(&m, 1); /* each owner is another one */
		dnsmsg_u8(&m, (unsigned)m.len);
		dnsmsg_u16(&m, 0xc000 | 12);
		dnsmsg_u16(&m, 1000 + (unsigned)m.len / 17);
		dnsmsg_u16(&m, 1);
		dnsmsg_u32(&m, 70000 - (uint32_t)m.len);
		dnsmsg_u16(&m, 0);
		dnsmsg_count(&m, IN_ANSWER);
	}
	begin = clock_now();
	CU_ASSERT_FATAL(kept_keep(&k, &query, &m));
	printf("# hostile answer of %u records kept in %u us\n",
	    dnsmsg_get16(m.data, IN_ANSWER),
	    (unsigned)((clock_now() - begin) / 1000));
	CU_ASSERT(use(&k, 1));
	kept_done(&k);
}

void
test_entry_check_register(void)
{
	CU_pSuite s = unit_suite("entry_check");

	unit_test(s, "fields", test_fields);
	unit_test(s, "lengths", test_lengths);
	unit_test(s, "data", test_data);
	unit_test(s, "room", test_room);
	unit_test(s, "mutated", test_mutated);
	unit_test(s, "hostile", test_hostile);
}
