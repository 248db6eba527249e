/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page for Prometheus: escaping, names, every line by the grammar of the
 * text format, numbers from the workers' counters, and the manual's list.
 */
#include <ctype.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/local.h"
#include "quic/evquic.h"
#include "resolver/ops/counts.h"
#include "resolver/ops/exposition.h"
#include "resolver/ops/memory.h"
#include "resolver/ops/metrics_page.h"
#include "resolver/own.h"
#include "resolver/worker.h"
#include "tests/unit/cache_fill.h"
#include "tests/unit/unit.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OWN_MALLOC 1
#elif defined(__has_feature)
#define HAS_OWN_MALLOC                                                         \
	(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define HAS_OWN_MALLOC 0
#endif

#define NAMES_MAX 512
#define PATH_LEN 4096

static const char list_begin[] = ".\\\" Printed by quolld --print-metrics:\n";
static const char list_end[] = ".\\\" End of what was printed.\n";

/* ------------------------------------------------------------ escaping -- */

/* Reads one label's value back: what Prometheus does.  False: not valid. */
static bool
unescape(const char *text, char *ret)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\n' || (*text & 0x80) != 0)
			return false;
		if (*text != '\\') {
			*ret++ = *text;
			continue;
		}
		text++;
		if (*text != 'n' && *text != '"' && *text != '\\')
			return false;
		*ret++ = *text == 'n' ? '\n' : *text;
	}
	*ret = '\0';
	return true;
}

static void
check_escape(const char *text, const char *expected)
{
	char escaped[EXPOSITION_ESCAPED(64)];

	CU_ASSERT_FATAL(strlen(text) <= 64);
	exposition_escape(text, escaped);
	CU_ASSERT_STRING_EQUAL(escaped, expected);
}

static void
test_escape(void)
{
	check_escape("", "");
	check_escape("udp://192.0.2.53", "udp://192.0.2.53");
	check_escape("a\"b\\c\nd", "a\\\"b\\\\c\\nd");
	check_escape("\"} 1\nevil{x=\"", "\\\"} 1\\nevil{x=\\\"");
	check_escape("\r\t\x1b[2J\x7f", "\\\\x0d\\\\x09\\\\x1b[2J\\\\x7f");
	check_escape("f\xc3\xbcr", "f\\\\xc3\\\\xbcr");
	check_escape("\xff\xfe\xc0\x80", "\\\\xff\\\\xfe\\\\xc0\\\\x80");
}

static void
test_every_octet(void)
{
	char text[2] = "", escaped[EXPOSITION_ESCAPED(1)];
	char back[EXPOSITION_ESCAPED(1)], expected[8];

	for (int c = 1; c < 256; c++) {
		text[0] = (char)c;
		memset(escaped, '#', sizeof(escaped));
		exposition_escape(text, escaped);
		CU_ASSERT_FATAL(memchr(escaped, '\0', sizeof(escaped)) != NULL);
		CU_ASSERT_FATAL(unescape(escaped, back));
		if (c == '\n' || (c >= ' ' && c <= '~'))
			(void)strcpy(expected, text);
		else
			(void)snprintf(
			    expected, sizeof(expected), "\\x%02x", c);
		CU_ASSERT_STRING_EQUAL(back, expected);
	}
}

static void
test_names(void)
{
	CU_ASSERT(exposition_name_is_valid("quoll_quic_rx_bytes_total", false));
	CU_ASSERT(exposition_name_is_valid("_a9", false));
	CU_ASSERT(exposition_name_is_valid("reason", true));
	CU_ASSERT(!exposition_name_is_valid("", false));
	CU_ASSERT(!exposition_name_is_valid("9a", false));
	CU_ASSERT(!exposition_name_is_valid("a-b", false));
	CU_ASSERT(!exposition_name_is_valid("a:b", false));
	CU_ASSERT(!exposition_name_is_valid("a b", false));
	CU_ASSERT(!exposition_name_is_valid("\xc3\xbc", false));
	CU_ASSERT(!exposition_name_is_valid("__name__", true));
	CU_ASSERT(!exposition_name_is_valid("quantile", true));
}

static void
test_sample(void)
{
	struct evbuffer *out = evbuffer_new();
	struct exposition e = {.out = out};
	const struct exposition_label labels[] = {{"a", "x"}, {"b", "\"\n"}};

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	exposition_family(&e, "m_total", EXPOSITION_COUNTER, "some help");
	exposition_sample(&e, "m_total", labels, 2, "%d", 7);
	exposition_family(&e, "g", EXPOSITION_GAUGE, "more");
	exposition_sample(&e, "g", NULL, 0, "%d", -1);
	CU_ASSERT(!e.failed);
	CU_ASSERT_EQUAL(evbuffer_add(out, "", 1), 0);
	CU_ASSERT_STRING_EQUAL((char *)evbuffer_pullup(out, -1),
	    "# HELP m_total some help\n# TYPE m_total counter\n"
	    "m_total{a=\"x\",b=\"\\\"\\n\"} 7\n"
	    "# HELP g more\n# TYPE g gauge\ng -1\n");
	evbuffer_free(out);
}

/* ---------------------------------------------------------------- page -- */

struct fixture {
	struct log log;
	struct config *config;
	struct evquic_cred *cred;
	struct own own;
	struct evquic_replay *seen;
	struct dns_cache *cache; /* NULL: there is none */
	struct worker *workers[2];
};

static void
start(struct fixture *f, const char *text)
{
	const struct config_build build = {
	    .listen_schemes = CONFIG_SCHEME_BIT(CONFIG_QUIC),
	    .upstream_schemes = CONFIG_SCHEME_BIT(CONFIG_UDP)};
	struct config_errors errors = {.count = 0};

	log_init(&f->log, -1, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	CU_ASSERT_EQUAL_FATAL(config_load_text("f", text, strlen(text), &build,
				  NULL, &errors, &f->config),
	    0);
	f->cred = evquic_cred_new();
	memset(&f->own, 0, sizeof(f->own));
	f->seen = evquic_replay_new(16);
	f->cache = NULL;
	for (size_t i = 0; i < 2; i++)
		f->workers[i] = worker_new(i, &f->log, f->config, false);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f->workers[1]);
}

static void
stop(struct fixture *f)
{
	worker_free(f->workers[0]);
	worker_free(f->workers[1]);
	evquic_replay_unref(f->seen);
	evquic_cred_unref(f->cred);
	dns_local_free(f->own.local);
	config_unref(f->config);
}

/* The page; the caller frees. */
static char *
make_page(struct fixture *f)
{
	struct metrics_view view = {
	    .workers = f->workers,
	    .nworkers = 2,
	    .tokens_seen = f->seen,
	    .early_seen = f->seen,
	    .config = f->config,
	    .cred = f->cred,
	    .own = &f->own,
	    .started = 1000,
	    .now = 2000,
	    .heap_bytes = 12345,
	    .recursing = 77,
	};
	struct evbuffer *out = evbuffer_new();
	char *text;

	if (f->cache != NULL)
		dns_cache_stats(f->cache, &view.cache);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(metrics_page_write(&view, out), 0);
	CU_ASSERT_EQUAL(evbuffer_add(out, "", 1), 0);
	text = strdup((char *)evbuffer_pullup(out, -1));
	evbuffer_free(out);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	return text;
}

static bool
has_line(const char *page, const char *line)
{
	const char *at = page;
	size_t len = strlen(line);

	while ((at = strstr(at, line)) != NULL) {
		if ((at == page || at[-1] == '\n') && at[len] == '\n')
			return true;
		at++;
	}
	printf("no line: %s\n", line);
	return false;
}

static void
test_numbers(void)
{
	struct fixture f;
	char *page;

	start(&f, "upstream: {servers: ['udp://192.0.2.1', 'udp://192.0.2.2', "
		  "'udp://192.0.2.1']}");
	counter_add(&f.workers[0]->counters.queries, 3);
	counter_add(&f.workers[1]->counters.queries, 4);
	counter_add(&f.workers[1]->counters.queries_now, 2);
	counter_add(&f.workers[0]->counters.doq_bad_cut, 5);
	counter_add(&f.workers[0]->back_counters.mismatch_id, 6);
	counter_add(&f.workers[1]->back_counters.asks, 8);
	page = make_page(&f);
	CU_ASSERT(has_line(page, "quoll_queries_total 7"));
	CU_ASSERT(has_line(page, "# TYPE quoll_queries_total counter"));
	CU_ASSERT(has_line(page, "quoll_queries_now 2"));
	CU_ASSERT(has_line(page, "# TYPE quoll_queries_now gauge"));
	CU_ASSERT(has_line(
	    page, "# HELP quoll_queries_now queries that wait for an answer"));
	CU_ASSERT(
	    has_line(page, "quoll_doq_bad_queries_total{reason=\"cut\"} 5"));
	CU_ASSERT(
	    has_line(page, "quoll_upstream_mismatches_total{reason=\"id\"} 6"));
	CU_ASSERT(has_line(page, "quoll_upstream_asks_total 8"));
	CU_ASSERT(has_line(page, "quoll_heap_bytes 12345"));
	CU_ASSERT(has_line(page, "quoll_recursion_outstanding 77"));
	CU_ASSERT(has_line(page, "process_start_time_seconds 1000"));
	CU_ASSERT(has_line(
	    page, "quoll_upstream_server_info{url=\"udp://192.0.2.1\"} 1"));
	CU_ASSERT(has_line(
	    page, "quoll_quic_dropped_datagrams_total{reason=\"empty\"} 0"));
	free(page);
	stop(&f);
}

/* What is answered here, of the snapshot that is in force. */
static void
test_local_names(void)
{
	static const uint8_t key[HASH_KEY_LEN] = {1};
	static const uint8_t *const names[] = {(const uint8_t *)"\1a",
	    (const uint8_t *)"\1b", (const uint8_t *)"\1c"};
	struct fixture f;
	char bytes[64];
	char *page;

	start(&f, "local: {lists: [{file: /a}, {file: /b}]}");
	page = make_page(&f);
	CU_ASSERT(has_line(page, "quoll_local_names 0"));
	CU_ASSERT(has_line(page, "quoll_local_bytes 0"));
	free(page);
	f.own.local = dns_local_new(key, 60);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f.own.local);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CU_ASSERT_EQUAL(
		    dns_local_add(f.own.local, DNS_LOCAL_DATA_SOURCE, names[i],
			DNS_LOCAL_SELF, DNS_LOCAL_NXDOMAIN),
		    0);
	CU_ASSERT_EQUAL(dns_local_finish(f.own.local), 0);
	page = make_page(&f);
	CU_ASSERT(has_line(page, "quoll_local_names 3"));
	CU_ASSERT(has_line(page, "# TYPE quoll_local_names gauge"));
	CU_ASSERT(has_line(page, "quoll_local_lists 2"));
	(void)snprintf(bytes, sizeof(bytes), "quoll_local_bytes %zu",
	    dns_local_octets(f.own.local));
	CU_ASSERT(has_line(page, bytes));
	free(page);
	stop(&f);
}

/* Of the one cache, or 0 without. */
static void
test_cache(void)
{
	struct fill question = fill_a("a.example");
	struct fixture f;
	char *page;

	start(&f, "");
	page = make_page(&f);
	CU_ASSERT(has_line(page, "quoll_cache_entries 0"));
	free(page);
	f.cache = fill_cache(1);
	CU_ASSERT(fill_put(f.cache, &question, FILL_DATA, 1));
	CU_ASSERT(fill_put(f.cache, &question, FILL_DATA, 2));
	question = fill_a("b.example");
	CU_ASSERT(fill_put(f.cache, &question, FILL_NXDOMAIN, 2));
	CU_ASSERT_EQUAL(dns_cache_flush_all(f.cache), 2);
	CU_ASSERT(fill_put(f.cache, &question, FILL_NODATA, 3));
	page = make_page(&f);
	CU_ASSERT(has_line(page, "quoll_cache_entries 1"));
	CU_ASSERT(has_line(page, "# TYPE quoll_cache_entries gauge"));
	CU_ASSERT(has_line(page, "quoll_cache_nodata 1"));
	CU_ASSERT(has_line(page, "quoll_cache_nxdomain 0"));
	CU_ASSERT(has_line(page, "quoll_cache_inserted_total 4"));
	CU_ASSERT(has_line(page, "# TYPE quoll_cache_inserted_total counter"));
	CU_ASSERT(has_line(page, "quoll_cache_replaced_total 1"));
	CU_ASSERT(has_line(page, "quoll_cache_flushed_total 2"));
	free(page);
	dns_cache_free(f.cache);
	stop(&f);
}

/* Every line: a comment of its family, or a sample of it. */
static void
test_grammar(void)
{
	const char *seen[NAMES_MAX];
	char family[128] = "";
	size_t count = 0;
	struct fixture f;
	char *page, *next;

	start(&f, "");
	page = make_page(&f);
	for (char *line = page; *line != '\0'; line = next) {
		char *end = strchr(line, '\n');

		CU_ASSERT_PTR_NOT_NULL_FATAL(end);
		*end = '\0';
		next = end + 1;
		if (sscanf(line, "# HELP %127s", family) == 1) {
			CU_ASSERT(exposition_name_is_valid(family, false));
			continue;
		}
		if (strncmp(line, "# TYPE ", 7) == 0) {
			bool is_total =
			    strlen(family) > 6 &&
			    strcmp(family + strlen(family) - 6, "_total") == 0;

			CU_ASSERT_EQUAL(
			    is_total, strstr(line, " counter") != NULL);
			CU_ASSERT_EQUAL(
			    strncmp(line + 7, family, strlen(family)), 0);
			/* None begins twice. */
			for (size_t i = 0; i < count; i++)
				CU_ASSERT(strcmp(seen[i], line) != 0);
			CU_ASSERT_FATAL(count < NAMES_MAX);
			seen[count++] = line;
			continue;
		}
		CU_ASSERT_EQUAL(strncmp(line, family, strlen(family)), 0);
		line += strcspn(line, "{ ");
		if (*line == '{')
			line = strstr(line, "\"} ") + 2;
		CU_ASSERT(strspn(line + 1, "-.0123456789") == strlen(line + 1));
	}
	CU_ASSERT(count > 100);
	free(page);
	stop(&f);
}

/* Samples differ by name and labels: a page with two alike is refused. */
static void
test_no_sample_twice(void)
{
	struct fixture f;
	char *page;

	start(
	    &f, "upstream: {servers: ['udp://192.0.2.1', 'udp://192.0.2.1']}");
	page = make_page(&f);
	for (char *a = page; (a = strchr(a, '\n')) != NULL && a[1] != '\0';) {
		size_t len = strcspn(++a, " \n");
		char *b = a;

		if (*a == '#')
			continue;
		while ((b = strstr(b + 1, "\n")) != NULL)
			CU_ASSERT(
			    strncmp(b + 1, a, len) != 0 || b[1 + len] != ' ');
	}
	free(page);
	stop(&f);
}

static void
test_counts(void)
{
	struct counts_row row;

	CU_ASSERT(counts_number() > 100);
	for (size_t i = 0; i < counts_number(); i++) {
		counts_describe(i, &row);
		CU_ASSERT(exposition_name_is_valid(row.name, false));
		CU_ASSERT(strlen(row.help) > 0);
		CU_ASSERT_PTR_NULL(strstr(row.help, "gauge"));
		CU_ASSERT_PTR_NULL(strpbrk(row.help, "\\\n\""));
	}
	for (size_t i = 0; i < counts_cache_number(); i++) {
		counts_cache_describe(i, &row);
		CU_ASSERT(exposition_name_is_valid(row.name, false));
		CU_ASSERT_PTR_NULL(strpbrk(row.help, "\\\n\""));
	}
}

static void
test_heap(void)
{
	uint64_t before = memory_in_use();
	void *p = malloc(1000000);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	/* A sanitizer's allocator is not libc's. */
	if (!HAS_OWN_MALLOC)
		CU_ASSERT(memory_in_use() >= before + 1000000);
	free(p);
}

/* Otherwise: quolld --print-metrics, into the page. */
static void
test_manual_is_current(void)
{
	const char *root = getenv("SRC");
	char path[PATH_LEN], *page = NULL, *printed = NULL, *begin, *end;
	size_t size = 0, len = 0;
	FILE *out = open_memstream(&printed, &len), *file;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	metrics_page_print_manual(out);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
	(void)snprintf(path, sizeof(path), "%s/man/quolld-metrics.7",
	    root != NULL ? root : ".");
	file = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT(getdelim(&page, &size, '\0', file) > 0);
	(void)fclose(file);
	begin = strstr(page, list_begin);
	end = strstr(page, list_end);
	CU_ASSERT_PTR_NOT_NULL_FATAL(begin);
	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	*end = '\0';
	CU_ASSERT_STRING_EQUAL(printed, begin + strlen(list_begin));
	free(page);
	free(printed);
}

void
test_metrics_register(void)
{
	CU_pSuite suite = unit_suite("metrics");

	unit_test(suite, "escape", test_escape);
	unit_test(suite, "every_octet", test_every_octet);
	unit_test(suite, "names", test_names);
	unit_test(suite, "sample", test_sample);
	unit_test(suite, "numbers", test_numbers);
	unit_test(suite, "local_names", test_local_names);
	unit_test(suite, "cache", test_cache);
	unit_test(suite, "grammar", test_grammar);
	unit_test(suite, "no_sample_twice", test_no_sample_twice);
	unit_test(suite, "counts", test_counts);
	unit_test(suite, "heap", test_heap);
	unit_test(suite, "manual_is_current", test_manual_is_current);
}
