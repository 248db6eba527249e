/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doqspec's table of cases: what is read from a case file, whether the table
 * that is built in is in order, and which cases an argument chooses.
 */
#include "tools/doqspec/table.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static const struct spec_group sample[] = {
    {"framing", "# a comment of the file\n"
		"\n"
		"case DOQ-011 BAD-011 two queries on one stream\n"
		"name two-queries\n"
		"rfc 9250 4.2; 9250 4.3.3\n"
		"connect\n"
		"expect close app 0x2\n"
		"\n"
		"# about the next one\n"
		"case a long answer\n"
		"name long-answer\n"
		"rfc 9250 4.2\n"
		"needs big slow\n"
		"alone\n"
		"set LEFT 3\n"
		"send new query:$BIG fin # ${LEFT} of $STREAMS_BIDI\n"},
    {"ids", "case DOQ-011 an ID\n"
	    "name two-queries\n"
	    "rfc 9250 4.2.1\n"
	    "connect\n"},
    {NULL, NULL},
};

static const struct spec_group faulty[] = {
    {"a", "case no name\nrfc 1\n"
	  "case no rfc\nname no-rfc\n"
	  "case rfc with words\nname words\nrfc RFC 1\n"
	  "case\nname no-title\nrfc 1\n"
	  "case twice\nname twice\nrfc 1\n"
	  "case twice\nname twice\nrfc 1\n"
	  "case a capital\nname Capital\nrfc 1\n"
	  "case a need\nname need\nrfc 1\nneeds gold\n"
	  "case a variable\nname variable\nrfc 1\nsend new query:$GOLD\n"
	  "case not needed\nname not-needed\nrfc 1\nsend new query:$BIG\n"},
    {NULL, NULL},
};

static void
test_read(void)
{
	struct spec_table table;
	const struct spec_case *c;

	spec_table_init(&table, sample);
	CU_ASSERT_EQUAL_FATAL(table.count, 3);
	c = &table.cases[0];
	CU_ASSERT_STRING_EQUAL(c->full, "framing/two-queries");
	CU_ASSERT_STRING_EQUAL(c->ids, "DOQ-011 BAD-011");
	CU_ASSERT_STRING_EQUAL(c->title, "two queries on one stream");
	CU_ASSERT_STRING_EQUAL(c->rfc, "9250 4.2; 9250 4.3.3");
	CU_ASSERT_STRING_EQUAL(c->needs, "");
	CU_ASSERT_FALSE(c->is_alone);
	CU_ASSERT_EQUAL(c->line, 3);
	CU_ASSERT_STRING_EQUAL(c->text,
	    "case DOQ-011 BAD-011 two queries on one stream\n"
	    "name two-queries\nrfc 9250 4.2; 9250 4.3.3\n"
	    "connect\nexpect close app 0x2\n");
	c = spec_table_find(&table, "framing/long-answer");
	CU_ASSERT_PTR_EQUAL_FATAL(c, &table.cases[1]);
	CU_ASSERT_STRING_EQUAL(c->ids, "");
	CU_ASSERT_STRING_EQUAL(c->title, "a long answer");
	CU_ASSERT_STRING_EQUAL(c->needs, "big slow");
	CU_ASSERT_TRUE(c->is_alone);
	CU_ASSERT_PTR_NULL(spec_table_find(&table, "long-answer"));
	spec_table_done(&table);
}

/* How many faults, and what is said of them. */
static size_t
count_faults(const struct spec_group *groups, char **ret_said)
{
	struct spec_table table;
	size_t size = 0;
	size_t faults;
	FILE *out = open_memstream(ret_said, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	spec_table_init(&table, groups);
	faults = spec_table_check(&table, out);
	spec_table_done(&table);
	fclose(out);
	return faults;
}

static void
test_check(void)
{
	static const char *const said[] = {"a/, line 1: has no name",
	    "a/no-rfc, line 3: has no rfc", "a/words, line 5: has no rfc",
	    "a/no-title, line 8: has no title", "a/twice, line 14: is there",
	    "a/Capital, line 17: has no name", "a/need: needs an unknown gold",
	    "a/variable: $GOLD", "a/not-needed: $BIG"};
	const size_t count = sizeof(said) / sizeof(said[0]);
	char *text = NULL;

	CU_ASSERT_EQUAL(count_faults(sample, &text), 0);
	CU_ASSERT_STRING_EQUAL(text, "");
	free(text);
	CU_ASSERT_EQUAL(count_faults(faulty, &text), count);
	for (size_t i = 0; i < count; i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(text, said[i]));
	free(text);
}

/* What is built into the program. */
static void
test_built_in(void)
{
	char *text = NULL;

	CU_ASSERT_PTR_NOT_NULL(spec_groups[0].name);
	CU_ASSERT_EQUAL(count_faults(spec_groups, &text), 0);
	CU_ASSERT_STRING_EQUAL(text, "");
	fputs(text, stdout);
	free(text);
}

static unsigned
choose(const char *argument)
{
	struct spec_table table;
	bool chosen[3] = {false, false, false};
	bool found;

	spec_table_init(&table, sample);
	found = spec_table_choose(&table, argument, chosen);
	spec_table_done(&table);
	CU_ASSERT_EQUAL(found, chosen[0] || chosen[1] || chosen[2]);
	return chosen[0] * 1U + chosen[1] * 2U + chosen[2] * 4U;
}

static void
test_choose(void)
{
	CU_ASSERT_EQUAL(choose("framing"), 3);
	CU_ASSERT_EQUAL(choose("ids/two-queries"), 4);
	CU_ASSERT_EQUAL(choose("DOQ-011"), 5);
	CU_ASSERT_EQUAL(choose("BAD-011"), 1);
	CU_ASSERT_EQUAL(choose("two-queries"), 0);
	CU_ASSERT_EQUAL(choose("DOQ-01"), 0);
	CU_ASSERT_EQUAL(choose(""), 0);
}

void
test_spec_table_register(void)
{
	CU_pSuite suite = unit_suite("spec_table");

	unit_test(suite, "cases are read", test_read);
	unit_test(suite, "faults are told", test_check);
	unit_test(suite, "built-in cases are in order", test_built_in);
	unit_test(suite, "arguments choose", test_choose);
}
