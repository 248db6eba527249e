/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random answers kept and given back: record by record what came, but for the
 * TTLs, and these are what a slow model makes of ldns' text of the answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/entry.h"
#include "tests/unit/kept.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	NS = 2,
	ROUNDS = 3000,
	LINES_MAX = 64,
	TEXT_MAX = 1 << 17
};

static const char *const names[] = {
    "@12", "@16", "a.@12", "b.example", "WWW.example", "x.y.@16", "."};

/* A record as ldns writes it: owner, TTL, class, type, RDATA. */
struct line {
	char owner[256];
	char class[16];
	char type[16];
	char rest[1024];
	unsigned long ttl;
	bool is_end; /* of a section */
};

static struct line lines[LINES_MAX];
static size_t line_count;

static uint32_t
random_ttl(uint32_t *seed)
{
	uint32_t r = dnsmsg_random(seed);

	return r % 8 == 0 ? r | 1 : r % 1000 + 1;
}

static void
add_record(struct dnsmsg *m, enum dnsmsg_section section, uint32_t *seed)
{
	const char *owner = names[dnsmsg_random(seed) % 7];
	const char *target = names[dnsmsg_random(seed) % 7];
	uint32_t ttl = random_ttl(seed);

	switch (dnsmsg_random(seed) % 4) {
	case 0:
		kept_a(m, section, owner, ttl, dnsmsg_random(seed) % 250);
		break;
	case 1:
		kept_name(m, section, owner, NS, ttl, target);
		break;
	case 2:
		kept_rrsig(m, section, owner, dnsmsg_random(seed) % 3, ttl);
		break;
	default:
		kept_soa(m, section, owner, ttl, random_ttl(seed));
		break;
	}
}

static void
make_answer(struct dnsmsg *m, uint32_t *seed)
{
	unsigned n = dnsmsg_random(seed) % 8;
	unsigned opt = dnsmsg_random(seed) % 8;
	unsigned i;

	kept_response(m, "www.example", A, dnsmsg_random(seed) & 0x0430);
	for (i = 0; i < n; i++)
		add_record(m, IN_ANSWER, seed);
	kept_a(m, IN_ANSWER, "@12", random_ttl(seed), 255);
	for (i = dnsmsg_random(seed) % 4; i > 0; i--)
		add_record(m, IN_AUTHORITY, seed);
	for (i = 0; i < 5; i++) {
		if (i == opt)
			dnsmsg_opt_with(m, 65001, dnsmsg_random(seed) % 40);
		add_record(m, IN_ADDITIONAL, seed);
	}
}

/* Takes a text apart into `lines`. */
static bool
read_lines(const char *text)
{
	struct line *l;
	int used;

	for (line_count = 0; *text != '\0'; text += used, line_count++) {
		l = &lines[line_count];
		*l = (struct line){.ttl = 0};
		used = 0;
		if (line_count == LINES_MAX)
			return false;
		if (strncmp(text, "--\n", 3) == 0) {
			l->is_end = true;
			used = 3;
			continue;
		}
		if (sscanf(text, "%255s %lu %15s %15s %1023[^\n]%n", l->owner,
			&l->ttl, l->class, l->type, l->rest, &used) != 5)
			return false;
		used++;
	}
	return true;
}

/* What an RRset and its signatures have in common. */
static bool
is_same_set(const struct line *a, const struct line *b)
{
	char of_a[16];
	char of_b[16];
	const struct line *both[] = {a, b};
	char *of[] = {of_a, of_b};
	int i;

	for (i = 0; i < 2; i++) {
		if (strcmp(both[i]->type, "rrsig") == 0)
			(void)sscanf(both[i]->rest, "%15s", of[i]);
		else
			strcpy(of[i], both[i]->type);
	}
	return strcmp(a->owner, b->owner) == 0 &&
	       strcmp(a->class, b->class) == 0 && strcmp(of_a, of_b) == 0;
}

/* The text of `lines` with the TTLs that are to be given at an age. */
static void
model(uint32_t age, char *text)
{
	unsigned long ttl;
	size_t at = 0;
	size_t i;
	size_t j;

	text[0] = '\0';
	for (i = 0; i < line_count; i++) {
		if (lines[i].is_end) {
			at += (size_t)sprintf(text + at, "--\n");
			continue;
		}
		ttl = lines[i].ttl;
		for (j = 0; j < line_count; j++) {
			if (!lines[j].is_end && lines[j].ttl < ttl &&
			    is_same_set(&lines[i], &lines[j]))
				ttl = lines[j].ttl;
		}
		if (ttl > kept_rules.max_ttl)
			ttl = kept_rules.max_ttl;
		at += (size_t)sprintf(text + at, "%s\t%lu\t%s\t%s\t%s\n",
		    lines[i].owner, ttl - age, lines[i].class, lines[i].type,
		    lines[i].rest);
	}
}

/* What ldns reads in what was given back, in the form of model(). */
static bool
is_as_modelled(const struct kept *k, const char *want)
{
	static char got_text[TEXT_MAX];
	char *text = dnsmsg_records(k->got, k->got_len, false);
	size_t at = 0;
	size_t i;

	if (text == NULL || !read_lines(text))
		return false;
	free(text);
	for (i = 0; i < line_count; i++) {
		if (lines[i].is_end)
			at += (size_t)sprintf(got_text + at, "--\n");
		else
			at += (size_t)sprintf(got_text + at,
			    "%s\t%lu\t%s\t%s\t%s\n", lines[i].owner,
			    lines[i].ttl, lines[i].class, lines[i].type,
			    lines[i].rest);
	}
	if (strcmp(got_text, want) != 0)
		printf("# want:\n%s# got:\n%s", want, got_text);
	return strcmp(got_text, want) == 0;
}

static bool
round_trip(struct kept *k, const struct dnsmsg *m, bool strip, uint32_t *seed)
{
	static char want[TEXT_MAX];
	char *text = dnsmsg_records(m->data, m->len, strip);
	struct dnsmsg query;
	uint32_t age;

	dnsmsg_query(&query, "WwW.eXample", A);
	if (text == NULL || !read_lines(text) ||
	    kept_make(k, &query, m, strip ? KEPT_STRIP : 0, &kept_rules) !=
		DNS_ENTRY_MADE)
		return false;
	free(text);
	age = dnsmsg_random(seed) % k->entry->life;
	model(age, want);
	if (dnsmsg_random(seed) % 2 == 0)
		dnsmsg_opt(&query, 1232, 0, NULL, 0);
	return kept_at(k, &query, age) && is_as_modelled(k, want) &&
	       dnsmsg_options(k->got, k->got_len, 65001) <= 0;
}

static void
test_round_trip(void)
{
	uint32_t seed = dnsmsg_seed("answers kept");
	struct kept k = {.entry = NULL};
	struct dnsmsg m;
	unsigned i;

	for (i = 0; i < ROUNDS; i++) {
		make_answer(&m, &seed);
		CU_ASSERT_FATAL(round_trip(&k, &m, false, &seed));
		CU_ASSERT_FATAL(round_trip(&k, &m, true, &seed));
	}
	kept_done(&k);
}

/* A TTL never grows while time goes by, is never 0, and ends with the life. */
static void
test_ttl_falls(void)
{
	uint32_t seed = dnsmsg_seed("TTLs fall");
	struct kept k = {.entry = NULL};
	struct dnsmsg query;
	struct dnsmsg m;
	uint32_t last;
	uint32_t age;
	unsigned i;

	dnsmsg_query(&query, "www.example", A);
	for (i = 0; i < ROUNDS / 100; i++) {
		make_answer(&m, &seed);
		CU_ASSERT_FATAL(kept_keep(&k, &query, &m));
		last = kept_rules.max_ttl + 1;
		for (age = 0; age < k.entry->life;
		     age += dnsmsg_random(&seed) % 100 + 1) {
			CU_ASSERT_FATAL(kept_at(&k, &query, age));
			CU_ASSERT(kept_ttl(&k, 0) < last);
			last = kept_ttl(&k, 0);
		}
		CU_ASSERT_FATAL(kept_at(&k, &query, k.entry->life - 1));
		CU_ASSERT(kept_ttl(&k, 0) > 0);
	}
	kept_done(&k);
}

/* Answers turned over at random: kept or not, what is given can be read. */
static void
test_mutated(void)
{
	uint32_t seed = dnsmsg_seed("mutated answers kept");
	struct kept k = {.entry = NULL};
	struct dns_entry_view view = {.age = 0};
	struct dns_response r;
	struct dns_expect e;
	struct dnsmsg query;
	struct dnsmsg m;
	unsigned made = 0;
	unsigned i;

	dnsmsg_query(&query, "www.example", A);
	CU_ASSERT_EQUAL_FATAL(
	    dns_expect_init(query.data, query.len, false, &e), 0);
	e.id = 0x1234;
	for (i = 0; i < ROUNDS; i++) {
		make_answer(&m, &seed);
		dnsmsg_mutate(m.data, &m.len, &seed);
		if (dns_response_check(m.data, m.len, &e, &r) !=
			DNS_MATCH_ACCEPT ||
		    kept_make(&k, &query, &m, i % 8, &kept_rules) !=
			DNS_ENTRY_MADE)
			continue;
		made++;
		view.entry = k.entry;
		CU_ASSERT(kept_serve(&k, &query, &kept_doq, &view));
		/* ldns refuses more RDATA than we know the shape of. */
		CU_ASSERT(dnsmsg_is_valid(k.got, k.got_len) ||
			  !dnsmsg_is_valid(m.data, m.len));
	}
	CU_ASSERT(made > 0);
	kept_done(&k);
}

void
test_entry_random_register(void)
{
	CU_pSuite s = unit_suite("entry_random");

	unit_test(s, "round_trip", test_round_trip);
	unit_test(s, "ttl_falls", test_ttl_falls);
	unit_test(s, "mutated", test_mutated);
}
