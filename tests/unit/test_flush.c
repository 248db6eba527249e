/* SPDX-License-Identifier: BSD-2-Clause */
/* What is to be flushed: the grammar of a line, and that it is done. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/flush.h"
#include "tests/unit/cache_fill.h"
#include "tests/unit/unit.h"

/* In memory of its own: nothing behind it may be read. */
static int
parse(const char *line, size_t len, struct dns_flush *ret)
{
	char *copy = malloc(len > 0 ? len : 1);
	int rc;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, line, len);
	rc = dns_flush_parse(copy, len, ret);
	free(copy);
	return rc;
}

static bool
is_what(const char *line, enum dns_flush_what what)
{
	struct dns_flush f = {.what = DNS_FLUSH_ALL};

	return parse(line, strlen(line), &f) == 0 && f.what == what;
}

static bool
is_of(const char *line, enum dns_flush_what what, const char *name)
{
	struct dns_flush f = {.what = DNS_FLUSH_NOTHING};
	uint8_t expected[DNS_NAME_MAX];
	size_t len;

	CU_ASSERT_EQUAL_FATAL(dns_name_from_text(name, expected, &len), 0);
	return parse(line, strlen(line), &f) == 0 && f.what == what &&
	       dns_name_equal_exact(f.name, expected);
}

static void
test_lines(void)
{
	CU_ASSERT(is_what("", DNS_FLUSH_NOTHING));
	CU_ASSERT(is_what(" \t\r", DNS_FLUSH_NOTHING));
	CU_ASSERT(is_what("# *", DNS_FLUSH_NOTHING));
	CU_ASSERT(is_what("*", DNS_FLUSH_ALL));
	CU_ASSERT(is_what(" *. # all of it", DNS_FLUSH_ALL));
	CU_ASSERT(is_of("www.example.com", DNS_FLUSH_NAME, "www.example.com."));
	CU_ASSERT(
	    is_of("\tWww.example.com.#x\r", DNS_FLUSH_NAME, "Www.example.com"));
	CU_ASSERT(is_of("*.example.com", DNS_FLUSH_SUFFIX, "example.com"));
	CU_ASSERT(is_of(".", DNS_FLUSH_NAME, "."));
	CU_ASSERT(
	    is_of("\\*.example.com", DNS_FLUSH_NAME, "\\042.example.com"));
	CU_ASSERT(is_of("*a", DNS_FLUSH_NAME, "*a"));
	CU_ASSERT(is_of("a.*.b", DNS_FLUSH_NAME, "a.\\042.b"));
	CU_ASSERT(is_of("a\\032b\\035", DNS_FLUSH_NAME, "a\\ b\\#"));
}

static void
test_bad_lines(void)
{
	static const char *const lines[] = {
	    "a b", "a..b", ".a", "*.*. b", "a\\256", "a\\", "* *"};
	const struct dns_flush before = {.what = DNS_FLUSH_ALL, .name = {7}};
	struct dns_flush f = before;
	char label[100];
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		CU_ASSERT_EQUAL(parse(lines[i], strlen(lines[i]), &f), -EINVAL);
	CU_ASSERT_EQUAL(parse("a\0b", 3, &f), -EINVAL);
	CU_ASSERT_EQUAL(parse("a\0", 2, &f), -EINVAL);
	memset(label, 'a', sizeof(label));
	CU_ASSERT_EQUAL(parse(label, 64, &f), -EINVAL);
	CU_ASSERT(memcmp(&f, &before, sizeof(f)) == 0);
	CU_ASSERT_EQUAL(parse(label, 63, &f), 0);
}

/* Whatever it is, it is read to its end and no further. */
static void
test_long_lines(void)
{
	size_t len = 100000;
	char *line = malloc(len);
	struct dns_flush f;

	CU_ASSERT_PTR_NOT_NULL_FATAL(line);
	memset(line, 'a', len);
	CU_ASSERT_EQUAL(parse(line, len, &f), -EINVAL);
	memset(line, ' ', len);
	CU_ASSERT_EQUAL(parse(line, len, &f), 0);
	line[len - 1] = '*';
	CU_ASSERT_EQUAL(parse(line, len, &f), 0);
	CU_ASSERT_EQUAL(f.what, DNS_FLUSH_ALL);
	line[0] = '#';
	CU_ASSERT_EQUAL(parse(line, len, &f), 0);
	CU_ASSERT_EQUAL(f.what, DNS_FLUSH_NOTHING);
	free(line);
}

static size_t
flush(struct dns_cache *cache, const char *line)
{
	struct dns_flush f;

	CU_ASSERT_EQUAL_FATAL(parse(line, strlen(line), &f), 0);
	return dns_flush_do(&f, cache);
}

static struct dns_cache *
make_filled(void)
{
	static const char *const names[] = {
	    "example", "www.example", "a.www.example", "badexample", "other"};
	struct dns_cache *cache = fill_cache(1);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct fill question = fill_a(names[i]);

		CU_ASSERT(fill_put(cache, &question, FILL_DATA, 1));
		question.qtype = DNS_TYPE_AAAA;
		CU_ASSERT(fill_put(cache, &question, FILL_NODATA, 1));
	}
	return cache;
}

static void
test_done(void)
{
	struct dns_cache *cache = make_filled();

	CU_ASSERT_EQUAL(flush(cache, "# *"), 0);
	CU_ASSERT_EQUAL(flush(cache, "nothing.example"), 0);
	CU_ASSERT_EQUAL(flush(cache, "WWW.example"), 2);
	CU_ASSERT(!fill_has(cache, "www.example", 1));
	CU_ASSERT(fill_has(cache, "a.www.example", 1));
	CU_ASSERT(fill_has(cache, "example", 1));
	CU_ASSERT_EQUAL(flush(cache, "*.Example."), 4);
	CU_ASSERT(!fill_has(cache, "a.www.example", 1));
	CU_ASSERT(!fill_has(cache, "example", 1));
	CU_ASSERT(fill_has(cache, "badexample", 1));
	CU_ASSERT_EQUAL(flush(cache, "*"), 4);
	CU_ASSERT_EQUAL(fill_count(cache), 0);
	dns_cache_free(cache);
}

void
test_flush_register(void)
{
	CU_pSuite suite = unit_suite("flush");

	unit_test(suite, "lines", test_lines);
	unit_test(suite, "bad_lines", test_bad_lines);
	unit_test(suite, "long_lines", test_long_lines);
	unit_test(suite, "done", test_done);
}
