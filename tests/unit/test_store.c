/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server's cache: what a reload and an operator do to it, and its file,
 * with all that may be wrong with files.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dns/flush.h"
#include "resolver/config.h"
#include "resolver/limits.h"
#include "resolver/ops/log.h"
#include "resolver/store.h"
#include "tests/unit/cache_fill.h"
#include "tests/unit/unit.h"

#define PATH_LEN 256
#define LOG_LEN 8192
#define FORWARD "upstream: {servers: [\"udp://192.0.2.1\"]}\n"

static const struct config_build build = {
    .listen_schemes = CONFIG_SCHEME_BIT(CONFIG_QUIC),
    .upstream_schemes = CONFIG_SCHEME_BIT(CONFIG_SCHEMES) - 1,
};

static struct config *
load(const char *text)
{
	struct config_errors errors = {.count = 0};
	struct config *config = NULL;

	if (config_load_text(
		"f", text, strlen(text), &build, NULL, &errors, &config) != 0)
		printf("%s\n", errors.text[0]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	return config;
}

/* ------------------------------------------------------------- a place -- */

struct place {
	char dir[PATH_LEN];
	FILE *file; /* the log */
	struct log log;
	struct config *config;
	struct store store;
};

static void
make_path(char path[PATH_LEN], const struct place *p, const char *name)
{
	CU_ASSERT_FATAL(
	    (size_t)snprintf(path, PATH_LEN, "%s/%s", p->dir, name) < PATH_LEN);
}

static void
begin(struct place *p, const char *text)
{
	const char *tmp = getenv("TMPDIR");

	CU_ASSERT_FATAL(
	    (size_t)snprintf(p->dir, sizeof(p->dir), "%s/store.XXXXXX",
		tmp != NULL ? tmp : "/tmp") < sizeof(p->dir));
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p->dir));
	p->file = tmpfile();
	CU_ASSERT_PTR_NOT_NULL_FATAL(p->file);
	log_init(&p->log, fileno(p->file), LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	p->config = load(text);
	CU_ASSERT_EQUAL_FATAL(
	    store_init(&p->store, p->config, p->dir, &p->log), 0);
}

/* The next process, which may have another configuration. */
static void
restart(struct place *p, const char *text)
{
	store_done(&p->store);
	config_unref(p->config);
	p->config = load(text);
	CU_ASSERT_EQUAL_FATAL(
	    store_init(&p->store, p->config, p->dir, &p->log), 0);
	store_load(&p->store, p->config);
}

static void
end(struct place *p)
{
	static const char *const names[] = {"cache", "cache.new", "flush"};
	char path[PATH_LEN];

	store_done(&p->store);
	config_unref(p->config);
	(void)fclose(p->file);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		make_path(path, p, names[i]);
		if (unlink(path) != 0)
			(void)rmdir(path);
	}
	CU_ASSERT_EQUAL(rmdir(p->dir), 0);
}

/* Was it said, since last time? */
static bool
has_said(struct place *p, const char *text)
{
	char said[LOG_LEN];
	ssize_t n = pread(fileno(p->file), said, sizeof(said) - 1, 0);
	bool has;

	CU_ASSERT_FATAL(n >= 0);
	said[n] = '\0';
	has = strstr(said, text) != NULL;
	if (!has)
		printf("no \"%s\" in: %s\n", text, said);
	CU_ASSERT_EQUAL(ftruncate(fileno(p->file), 0), 0);
	(void)lseek(fileno(p->file), 0, SEEK_SET);
	return has;
}

static void
write_file(
    const struct place *p, const char *name, const char *text, size_t len)
{
	char path[PATH_LEN];
	FILE *file;

	make_path(path, p, name);
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(fwrite(text, 1, len, file), len);
	CU_ASSERT_EQUAL(fclose(file), 0);
}

static bool
is_there(const struct place *p, const char *name)
{
	char path[PATH_LEN];
	struct stat st;

	make_path(path, p, name);
	return lstat(path, &st) == 0;
}

static void
put(struct place *p, const char *name)
{
	struct fill question = fill_a(name);

	CU_ASSERT(fill_put(p->store.cache, &question, FILL_DATA, clock_now()));
}

static bool
has(struct place *p, const char *name)
{
	return fill_has(p->store.cache, name, clock_now());
}

static void
fill(struct place *p)
{
	put(p, "example");
	put(p, "www.example");
	put(p, "a.www.example");
	put(p, "other");
}

/* -------------------------------------------------------------- reloads -- */

static void
reload(struct place *p, const char *text)
{
	config_unref(p->config);
	p->config = load(text);
	CU_ASSERT_EQUAL(store_prepare(&p->store, p->config), 0);
	store_configure(&p->store, p->config);
}

static void
test_off_and_on(void)
{
	struct dns_cache *cache;
	struct place p;

	begin(&p, "cache: {size: 0}\n" FORWARD);
	CU_ASSERT_PTR_NULL(store_cache(&p.store, p.config));
	CU_ASSERT_EQUAL(store_empty(&p.store), 0);
	CU_ASSERT_EQUAL(store_flush(&p.store), STORE_FLUSHED_ALL);
	reload(&p, "cache: {size: 1M}\n" FORWARD);
	cache = store_cache(&p.store, p.config);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
	CU_ASSERT(memcmp(dns_cache_secret(cache), p.store.key,
		      sizeof(p.store.key)) == 0);
	fill(&p);
	/* Workers that have not heard of it may still use it. */
	reload(&p, "cache: {size: 0}\n" FORWARD);
	CU_ASSERT_PTR_NULL(store_cache(&p.store, p.config));
	CU_ASSERT_EQUAL(fill_count(cache), 0);
	reload(&p, "cache: {size: 2M}\n" FORWARD);
	CU_ASSERT_PTR_EQUAL(store_cache(&p.store, p.config), cache);
	end(&p);
}

static void
test_rules(void)
{
	struct fill question = fill_a("long.example");
	uint32_t left = 0;
	struct place p;

	begin(&p, "cache: {max-ttl: 50s}\n" FORWARD);
	put(&p, "long.example");
	CU_ASSERT(fill_find(p.store.cache, &question, clock_now(), &left));
	CU_ASSERT(left <= 50 && left > 30);
	reload(&p, "cache: {max-ttl: 1d}\n" FORWARD);
	CU_ASSERT(has(&p, "long.example"));
	put(&p, "long.example");
	CU_ASSERT(fill_find(p.store.cache, &question, clock_now(), &left));
	CU_ASSERT(left > FILL_TTL - 20);
	end(&p);
}

static uint64_t
source_of(const char *text)
{
	struct config *config = load(text);
	uint64_t source = store_source(config);

	config_unref(config);
	return source;
}

/* Whoever may answer otherwise is another source. */
static void
test_other_sources(void)
{
#define TLS(more) "upstream: {servers: [{url: \"tls://192.0.2.1\"" more "}]}\n"
#define PINS "pins: [47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=]"
#define RECURSIVE(more) "upstream: {recursive: {" more "}}\n"
	static const char *const texts[] = {
	    "upstream: {mode: none}\n",
	    FORWARD,
	    "upstream: {servers: [\"tcp://192.0.2.1\"]}\n",
	    "upstream: {servers: [\"udp://192.0.2.1:54\"]}\n",
	    "upstream: {servers: [\"udp://192.0.2.2\"]}\n",
	    "upstream: {servers: [\"udp://[2001:db8::1]\"]}\n",
	    "upstream: {servers: [\"udp://192.0.2.1\", \"udp://192.0.2.2\"]}\n",
	    TLS(""),
	    TLS(", name: dns.example"),
	    TLS(", ca: /ca.pem"),
	    TLS(", " PINS),
	    "upstream: {servers: [{url: \"udp://192.0.2.1\", "
	    "proxy-protocol: true}]}\n",
	    FORWARD "ecs: {mode: forward}\n",
	    FORWARD "ecs: {mode: add}\n",
	    FORWARD "ecs: {mode: add, ipv4: 16}\n",
	    FORWARD "ecs: {mode: add, ipv6: 48}\n",
	    RECURSIVE(""),
	    RECURSIVE("validate: false"),
	    RECURSIVE("options: [\"private-address: 10.0.0.0/8\"]"),
	};
	const size_t count = sizeof(texts) / sizeof(texts[0]);
	uint64_t sources[sizeof(texts) / sizeof(texts[0])];

	for (size_t i = 0; i < count; i++) {
		sources[i] = source_of(texts[i]);
		CU_ASSERT_NOT_EQUAL(sources[i], 0);
		CU_ASSERT_EQUAL(sources[i], source_of(texts[i]));
		for (size_t k = 0; k < i; k++)
			CU_ASSERT_NOT_EQUAL(sources[i], sources[k]);
	}
}

static void
test_same_sources(void)
{
	uint64_t source = source_of(FORWARD);
	struct config *config;
	struct place p;

	CU_ASSERT_EQUAL(
	    source, source_of(FORWARD "limits: {query-timeout: 2s}\n"
				      "cache: {rotate: false, max-ttl: 5m}\n"
				      "ecs: {ipv4: 16}\n"));
	CU_ASSERT_EQUAL(
	    source, source_of("upstream: {servers: [\"udp://192.0.2.1:53\"], "
			      "policy: fastest, timeout: 1s}\n"));
	CU_ASSERT_EQUAL(source_of("upstream: {servers: [\"udp://192.0.2.1\", "
				  "\"udp://192.0.2.2\"]}\n"),
	    source_of("upstream: {servers: [\"udp://192.0.2.2\", "
		      "\"udp://192.0.2.1\"]}\n"));
	begin(&p, FORWARD);
	CU_ASSERT(!store_is_other(&p.store, p.config));
	config = load("upstream: {mode: none}\n");
	CU_ASSERT(store_is_other(&p.store, config));
	store_configure(&p.store, config);
	CU_ASSERT(!store_is_other(&p.store, config));
	CU_ASSERT(store_is_other(&p.store, p.config));
	config_unref(config);
	end(&p);
}

/* What is in a file counts, not only its name. */
static void
test_source_files(void)
{
	char text[2 * PATH_LEN], path[PATH_LEN];
	struct config *config;
	struct place p;

	begin(&p, FORWARD);
	make_path(path, &p, "flush");
	(void)snprintf(text, sizeof(text),
	    "upstream: {recursive: {root-hints: \"%s\"}}\n", path);
	write_file(&p, "flush", ". NS a.example\n", 15);
	config = load(text);
	store_configure(&p.store, config);
	CU_ASSERT(!store_is_other(&p.store, config));
	write_file(&p, "flush", ". NS b.example\n", 15);
	CU_ASSERT(store_is_other(&p.store, config));
	config_unref(config);
	end(&p);
}

/* --------------------------------------------------------------- flush -- */

static void
flush_file(const struct place *p, const char *text)
{
	write_file(p, "flush", text, strlen(text));
}

static void
test_flush_all(void)
{
	struct place p;

	begin(&p, FORWARD);
	fill(&p);
	CU_ASSERT_EQUAL(store_flush(&p.store), STORE_FLUSHED_ALL);
	CU_ASSERT(has_said(&p, "info: flushed the cache, 4 answers\n"));
	CU_ASSERT_EQUAL(fill_count(p.store.cache), 0);
	end(&p);
}

static void
test_flush_names(void)
{
	struct place p;

	begin(&p, FORWARD);
	fill(&p);
	flush_file(&p, "# these\nother\n\nWWW.example.\r\nnot.there");
	CU_ASSERT_EQUAL(store_flush(&p.store), STORE_FLUSHED_NAMES);
	CU_ASSERT(has_said(&p, "/flush, 2 answers\n"));
	CU_ASSERT(!is_there(&p, "flush"));
	CU_ASSERT(!has(&p, "other") && !has(&p, "www.example"));
	CU_ASSERT(has(&p, "example") && has(&p, "a.www.example"));
	flush_file(&p, "*.www.example");
	CU_ASSERT_EQUAL(store_flush(&p.store), STORE_FLUSHED_NAMES);
	CU_ASSERT(has(&p, "example") && !has(&p, "a.www.example"));
	/* Then there is no file any more. */
	CU_ASSERT_EQUAL(store_flush(&p.store), STORE_FLUSHED_ALL);
	end(&p);
}

/* The rest of the lines is done. */
static void
test_flush_bad_lines(void)
{
	static const char text[] = "a b\nother\n..\n\0\nwww.example\n";
	struct place p;

	begin(&p, FORWARD);
	fill(&p);
	write_file(&p, "flush", text, sizeof(text) - 1);
	CU_ASSERT_EQUAL(store_flush(&p.store), STORE_FLUSHED_NAMES);
	CU_ASSERT(has_said(&p, "/flush:1: not understood; left out, 3 lines"));
	CU_ASSERT_EQUAL(fill_count(p.store.cache), 2);
	flush_file(&p, "");
	CU_ASSERT_EQUAL(store_flush(&p.store), STORE_FLUSHED_NOTHING);
	CU_ASSERT(has_said(&p, "flushed 0 names"));
	CU_ASSERT(!is_there(&p, "flush"));
	end(&p);
}

/* A file of so many names and suffixes, and so many blanks. */
static bool
is_too_much(struct place *p, size_t names, size_t suffixes, size_t blanks)
{
	size_t len = 2 * (names + suffixes) + blanks;
	char *text = malloc(len + 1);
	enum store_flushed flushed;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (size_t i = 0; i < names + suffixes; i++)
		memcpy(text + 2 * i, i < names ? "x\n" : "*\n", 2);
	memset(text + len - blanks, ' ', blanks);
	write_file(p, "flush", text, len);
	free(text);
	flushed = store_flush(&p->store);
	return flushed == STORE_FLUSHED_NOTHING && is_there(p, "flush") &&
	       has_said(p, "nothing is flushed: there is too much in it");
}

static void
test_flush_too_much(void)
{
	struct place p;

	begin(&p, FORWARD);
	fill(&p);
	CU_ASSERT(is_too_much(&p, FLUSH_MAX_LINES + 1, 0, 0));
	CU_ASSERT(is_too_much(&p, FLUSH_MAX_LINES, 0, 1));
	CU_ASSERT(is_too_much(&p, 1, 0, FLUSH_MAX_BYTES - 1));
	CU_ASSERT(is_too_much(&p, 0, FLUSH_MAX_WALKS + 1, 0));
	CU_ASSERT(!is_too_much(&p, FLUSH_MAX_LINES, 0, 0));
	CU_ASSERT(!is_too_much(&p, 1, 0, FLUSH_MAX_BYTES - 2));
	CU_ASSERT_EQUAL(fill_count(p.store.cache), 4);
	CU_ASSERT(!is_too_much(&p, 9, FLUSH_MAX_WALKS, 0));
	CU_ASSERT_EQUAL(fill_count(p.store.cache), 0);
	end(&p);
}

/* What would keep us waiting, or is no file. */
static void
test_flush_no_files(void)
{
	char path[PATH_LEN];
	struct place p;

	begin(&p, FORWARD);
	fill(&p);
	make_path(path, &p, "flush");
	CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
	CU_ASSERT_EQUAL(store_flush(&p.store), STORE_FLUSHED_NOTHING);
	CU_ASSERT(has_said(&p, "nothing is flushed: is no regular file"));
	(void)unlink(path);
	CU_ASSERT_EQUAL_FATAL(symlink("/dev/zero", path), 0);
	CU_ASSERT_EQUAL(store_flush(&p.store), STORE_FLUSHED_NOTHING);
	CU_ASSERT(has_said(&p, "nothing is flushed: is no regular file"));
	(void)unlink(path);
	CU_ASSERT_EQUAL_FATAL(symlink(path, path), 0);
	CU_ASSERT_EQUAL(store_flush(&p.store), STORE_FLUSHED_NOTHING);
	(void)unlink(path);
	CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
	CU_ASSERT_EQUAL(store_flush(&p.store), STORE_FLUSHED_NOTHING);
	CU_ASSERT(has_said(&p, "nothing is flushed: Is a directory"));
	CU_ASSERT_EQUAL(fill_count(p.store.cache), 4);
	end(&p);
}

/* ---------------------------------------------------------------- file -- */

#define SAVE "cache: {save: true, size: 8M}\n"

/* Saves four answers. */
static void
save_four(struct place *p)
{
	fill(p);
	store_save(&p->store, p->config);
	CU_ASSERT(has_said(p, "info: saved the cache, 4 answers\n"));
	CU_ASSERT(!is_there(p, "cache.new"));
}

static void
test_save_and_load(void)
{
	char path[PATH_LEN];
	struct stat st;
	struct place p;

	begin(&p, SAVE FORWARD);
	store_load(&p.store, p.config); /* there is none, and nothing is said */
	save_four(&p);
	make_path(path, &p, "cache");
	CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	restart(&p, SAVE FORWARD);
	CU_ASSERT(has_said(&p, "info: loaded the cache, 4 of 4 answers\n"));
	CU_ASSERT(has(&p, "example") && has(&p, "other"));
	CU_ASSERT_EQUAL(fill_count(p.store.cache), 4);
	/* Once more, in its own place. */
	put(&p, "fifth");
	store_save(&p.store, p.config);
	restart(&p, SAVE FORWARD);
	CU_ASSERT_EQUAL(fill_count(p.store.cache), 5);
	end(&p);
}

static void
test_not_wanted(void)
{
	struct place p;

	begin(&p, FORWARD);
	fill(&p);
	store_save(&p.store, p.config);
	CU_ASSERT(!is_there(&p, "cache"));
	restart(&p, SAVE FORWARD);
	save_four(&p);
	restart(&p, FORWARD);
	CU_ASSERT_EQUAL(fill_count(p.store.cache), 0);
	restart(&p, "cache: {save: true, size: 0}\n" FORWARD);
	store_save(&p.store, p.config);
	CU_ASSERT(is_there(&p, "cache"));
	end(&p);
}

static bool
is_refused(struct place *p, const char *text, const char *why)
{
	restart(p, text);
	return has_said(p, why) && fill_count(p->store.cache) == 0;
}

static void
test_refused(void)
{
	struct place p;

	begin(&p, SAVE FORWARD);
	save_four(&p);
	CU_ASSERT(
	    is_refused(&p, SAVE "upstream: {servers: [\"udp://192.0.2.2\"]}\n",
		"/cache: is of another upstream: the cache begins empty\n"));
	write_file(&p, "cache", "", 0);
	CU_ASSERT(is_refused(&p, SAVE FORWARD, "/cache: is damaged: the"));
	write_file(&p, "cache", "nonsense", 8);
	CU_ASSERT(is_refused(&p, SAVE FORWARD, "/cache: is damaged: the"));
	write_file(&p, "cache", FORWARD FORWARD FORWARD, 3 * strlen(FORWARD));
	CU_ASSERT(
	    is_refused(&p, SAVE FORWARD, "/cache: is no saved cache: the"));
	end(&p);
}

/* A file that is good up to some place: nothing of it is taken. */
static void
test_cut(void)
{
	char path[PATH_LEN];
	struct stat st;
	struct place p;

	begin(&p, SAVE FORWARD);
	for (int i = 0; i < 4000; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "n%d.example", i);
		put(&p, name);
	}
	store_save(&p.store, p.config);
	make_path(path, &p, "cache");
	CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(truncate(path, st.st_size - 40), 0);
	CU_ASSERT(is_refused(&p, SAVE FORWARD, "/cache: is damaged: the"));
	CU_ASSERT_EQUAL(truncate(path, st.st_size), 0); /* with zeros */
	CU_ASSERT(is_refused(&p, SAVE FORWARD, "/cache: is damaged: the"));
	CU_ASSERT_EQUAL(truncate(path, (off_t)16 << 20), 0);
	CU_ASSERT(is_refused(
	    &p, SAVE FORWARD, "/cache: is larger than the cache may be: the"));
	end(&p);
}

static void
test_load_no_files(void)
{
	char path[PATH_LEN];
	struct place p;

	begin(&p, SAVE FORWARD);
	make_path(path, &p, "cache");
	CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
	CU_ASSERT(
	    is_refused(&p, SAVE FORWARD, "/cache: is no regular file: the"));
	(void)unlink(path);
	CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
	CU_ASSERT(is_refused(&p, SAVE FORWARD, "/cache: Is a directory: the"));
	/* Nor can it be replaced. */
	fill(&p);
	store_save(&p.store, p.config);
	CU_ASSERT(has_said(&p, "error: "));
	CU_ASSERT(!is_there(&p, "cache.new"));
	end(&p);
}

/* As when the disk is full: what was there before stays. */
static void
test_disk_full(void)
{
	struct rlimit before, small;
	struct place p;

	begin(&p, SAVE FORWARD);
	save_four(&p);
	put(&p, "fifth");
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 100;
	(void)signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &small), 0);
	store_save(&p.store, p.config);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
	CU_ASSERT(!is_there(&p, "cache.new"));
	restart(&p, SAVE FORWARD);
	CU_ASSERT_EQUAL(fill_count(p.store.cache), 4);
	end(&p);
}

/* Whatever stood under its name before: it is never written through. */
static void
test_links(void)
{
	char path[PATH_LEN], target[PATH_LEN];
	struct stat st;
	struct place p;

	begin(&p, SAVE FORWARD);
	make_path(path, &p, "cache.new");
	make_path(target, &p, "flush");
	write_file(&p, "flush", "other\n", 6);
	CU_ASSERT_EQUAL_FATAL(symlink(target, path), 0);
	save_four(&p);
	CU_ASSERT_EQUAL(stat(target, &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 6);
	restart(&p, SAVE FORWARD);
	CU_ASSERT_EQUAL(fill_count(p.store.cache), 4);
	end(&p);
}

/* A file is never longer than the cache may be, whatever that holds. */
static void
test_bound(void)
{
	static const char small[] = "cache: {save: true, size: 1M}\n" FORWARD;
	struct config *config = load(small);
	char path[PATH_LEN];
	struct stat st;
	struct place p;

	begin(&p, SAVE FORWARD);
	for (int i = 0; i < 12000; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "n%d.example", i);
		put(&p, name);
	}
	store_save(&p.store, config);
	config_unref(config);
	make_path(path, &p, "cache");
	CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
	CU_ASSERT(st.st_size > 1 << 19 && st.st_size <= 1 << 20);
	restart(&p, small);
	CU_ASSERT(has_said(&p, "loaded the cache"));
	CU_ASSERT(fill_count(p.store.cache) > 1000);
	end(&p);
}

void
test_store_register(void)
{
	CU_pSuite suite = unit_suite("store");

	unit_test(suite, "off_and_on", test_off_and_on);
	unit_test(suite, "rules", test_rules);
	unit_test(suite, "other_sources", test_other_sources);
	unit_test(suite, "same_sources", test_same_sources);
	unit_test(suite, "source_files", test_source_files);
	unit_test(suite, "flush_all", test_flush_all);
	unit_test(suite, "flush_names", test_flush_names);
	unit_test(suite, "flush_bad_lines", test_flush_bad_lines);
	unit_test(suite, "flush_too_much", test_flush_too_much);
	unit_test(suite, "flush_no_files", test_flush_no_files);
	unit_test(suite, "save_and_load", test_save_and_load);
	unit_test(suite, "not_wanted", test_not_wanted);
	unit_test(suite, "refused", test_refused);
	unit_test(suite, "cut", test_cut);
	unit_test(suite, "load_no_files", test_load_no_files);
	unit_test(suite, "disk_full", test_disk_full);
	unit_test(suite, "links", test_links);
	unit_test(suite, "bound", test_bound);
}
