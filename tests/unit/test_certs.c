/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolver/certs.c: certificates of a configuration, all or none, and what
 * the operator is told.
 */
#include "resolver/certs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "quic/evquic.h"
#include "resolver/server.h"
#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

#define DAY 86400
#define LINES 8
#define LINE_LEN 1024

/* What was told. */
struct heard {
	unsigned count;
	enum log_level level[LINES];
	char line[LINES][LINE_LEN];
};

static struct certs_dir dir;
static struct heard heard;

static void
hear(void *arg, enum log_level level, const char *line)
{
	struct heard *h = arg;

	CU_ASSERT_FATAL(h->count < LINES);
	h->level[h->count] = level;
	(void)snprintf(h->line[h->count++], LINE_LEN, "%s", line);
}

static const struct certs_listener listener = {hear, &heard};

/* Was this told, at this level, of this file in this line of "f"? */
static bool
was_told(unsigned i, enum log_level level, int line, const char *file,
    const char *text)
{
	char begin[2 * CERTS_PATH], path[CERTS_PATH];

	if (i >= heard.count)
		return false;
	(void)snprintf(begin, sizeof(begin), "f:%d: %s: ", line,
	    certs_file(&dir, path, file));
	if (heard.level[i] == level &&
	    strncmp(heard.line[i], begin, strlen(begin)) == 0 &&
	    strstr(heard.line[i], text) != NULL)
		return true;
	printf("# told: %s\n", heard.line[i]);
	return false;
}

/* Text in which each @ stands for the folder. */
static struct config *
load_config(const char *text)
{
	static const struct config_build build = {
	    .listen_schemes = CONFIG_SCHEME_BIT(CONFIG_QUIC)};
	struct config_errors errors = {.count = 0};
	struct config *config = NULL;
	char full[8 * CERTS_PATH];
	size_t len = 0;

	for (; *text != '\0'; text++)
		len += (size_t)snprintf(full + len, sizeof(full) - len,
		    *text == '@' ? "%s/" : "%.1s",
		    *text == '@' ? dir.path : text);
	CU_ASSERT_FATAL(config_load_text("f", full, len, &build, NULL, &errors,
			    &config) == 0);
	return config;
}

static struct evquic_cred *
load_certs(const struct config *config)
{
	struct evquic_cred *cred = NULL;
	int rc;

	heard.count = 0;
	rc = certs_load(config, dir.path, time(NULL), &listener, &cred);
	CU_ASSERT((rc == 0) == (cred != NULL));
	return cred;
}

static void
make(const char *name, int from, int until)
{
	const char *names[] = {name, NULL};

	certs_make(&dir, name,
	    &(struct certs_spec){
		.dns = names, .from = from * DAY, .until = until * DAY});
}

static const char three[] = "tls:\n"
			    "  cert: @a.example.crt\n"
			    "  key: @a.example.key\n"
			    "  certificates:\n"
			    "  - {cert: @b.example.crt, key: @b.example.key}\n"
			    "  - cert: @c.example.crt\n"
			    "    key: @c.example.key\n";

static void
begin(void)
{
	certs_dir_init(&dir);
	make("a.example", -10, 80);
	make("b.example", -10, 80);
	make("c.example", -10, 80);
}

static void
test_order(void)
{
	struct config *config;
	struct evquic_cred *cred;

	begin();
	config = load_config(three);
	cred = load_certs(config);
	CU_ASSERT_FATAL(cred != NULL);
	CU_ASSERT(heard.count == 0 && evquic_cred_count(cred) == 3);
	CU_ASSERT_STRING_EQUAL(evquic_cred_name(cred, 0), "a.example");
	CU_ASSERT_STRING_EQUAL(evquic_cred_name(cred, 1), "b.example");
	CU_ASSERT_STRING_EQUAL(evquic_cred_name(cred, 2), "c.example");
	evquic_cred_unref(cred);
	config_unref(config);
	certs_dir_done(&dir);
}

/* One that is broken, and none is loaded; all that are broken are told. */
static void
test_all_or_none(void)
{
	struct config *config;

	begin();
	config = load_config(three);
	certs_write(&dir, "b.example.crt", "-----BEGIN", 10);
	CU_ASSERT_PTR_NULL(load_certs(config));
	CU_ASSERT(heard.count == 1);
	PROVE("QSV-053", was_told(0, LOG_LEVEL_ERROR, 5, "b.example.crt", ""));
	certs_write(&dir, "c.example.key", "", 0);
	CU_ASSERT_PTR_NULL(load_certs(config));
	CU_ASSERT(heard.count == 2);
	CU_ASSERT(was_told(1, LOG_LEVEL_ERROR, 6, "c.example.key", ""));
	config_unref(config);
	certs_dir_done(&dir);
}

/* Without a certificate: one of our own, which stays the same. */
static void
test_own(void)
{
	struct config *config;
	struct evquic_cred *cred;
	int64_t expiry, now = time(NULL);
	char path[CERTS_PATH];

	certs_dir_init(&dir);
	config = load_config("");
	cred = load_certs(config);
	CU_ASSERT_FATAL(cred != NULL);
	CU_ASSERT_STRING_EQUAL(certs_label(config, 0), "self-signed");
	CU_ASSERT(evquic_cred_count(cred) == 1);
	expiry = certs_expiry(cred);
	CU_ASSERT(expiry > now + 300 * DAY);
	certs_tell_dates(config, cred, now, &listener);
	CU_ASSERT(heard.count == 0);
	evquic_cred_unref(cred);
	cred = load_certs(config);
	CU_ASSERT(certs_expiry(cred) == expiry);
	evquic_cred_unref(cred);
	CU_ASSERT(truncate(certs_file(&dir, path, "selfsign.key"), 10) == 0);
	CU_ASSERT_PTR_NULL(load_certs(config));
	CU_ASSERT(heard.count == 1 && heard.level[0] == LOG_LEVEL_ERROR);
	CU_ASSERT(strstr(heard.line[0], path) == heard.line[0]);
	config_unref(config);
	certs_dir_done(&dir);
}

static void
test_dates(void)
{
	struct config *config;
	struct evquic_cred *cred;
	int64_t now = time(NULL), expiry;

	certs_dir_init(&dir);
	make("a.example", -10, 20);
	make("b.example", -60, 30);
	make("c.example", -10, 80);
	config = load_config(three);
	cred = load_certs(config);
	CU_ASSERT_FATAL(cred != NULL);
	CU_ASSERT_FATAL(evquic_cred_expiry(cred, 0, &expiry) == 0);
	CU_ASSERT(certs_expiry(cred) == expiry);
	certs_tell_dates(config, cred, now, &listener);
	CU_ASSERT(heard.count == 0);
	certs_tell_dates(config, cred, expiry - 9 * DAY - 60, &listener);
	CU_ASSERT(heard.count == 1);
	CU_ASSERT(was_told(0, LOG_LEVEL_WARN, 2, "a.example.crt",
	    ": expires in 9 days, on 20"));
	heard.count = 0;
	certs_tell_dates(config, cred, expiry - 7200 - 60, &listener);
	CU_ASSERT(was_told(0, LOG_LEVEL_WARN, 2, "a.example.crt",
	    ": expires in 2 hours, on 20"));
	/* From now on it is the second that ends soon. It was made a little
	 * later than the first: the hour keeps the test from the seconds'
	 * edge. */
	heard.count = 0;
	certs_tell_dates(config, cred, expiry + 3600, &listener);
	CU_ASSERT(heard.count == 2);
	CU_ASSERT(was_told(
	    0, LOG_LEVEL_ERROR, 2, "a.example.crt", ": has expired on 20"));
	CU_ASSERT(was_told(1, LOG_LEVEL_WARN, 5, "b.example.crt",
	    ": expires in 9 days, on 20"));
	heard.count = 0;
	certs_tell_dates(config, cred, now - 20 * DAY, &listener);
	CU_ASSERT(heard.count == 2);
	CU_ASSERT(was_told(
	    1, LOG_LEVEL_WARN, 6, "c.example.crt", ": is not valid yet"));
	evquic_cred_unref(cred);
	config_unref(config);
	certs_dir_done(&dir);
}

/* A chain that a handshake of one round trip has no room for. */
static void
test_sizes(void)
{
	static char texts[20][201];
	const char *names[21] = {NULL};
	struct config *config;
	struct evquic_cred *cred;

	for (size_t i = 0; i < 20; i++) {
		memset(texts[i], 'x', 200);
		names[i] = texts[i];
	}
	begin();
	certs_make(&dir, "b.example", &(struct certs_spec){.dns = names});
	config = load_config(three);
	cred = load_certs(config);
	CU_ASSERT_FATAL(cred != NULL);
	certs_tell_sizes(config, cred, &listener);
	CU_ASSERT(heard.count == 1);
	PROVE("QSV-054", was_told(0, LOG_LEVEL_WARN, 5, "b.example.crt",
			     "one round trip more"));
	evquic_cred_unref(cred);
	config_unref(config);
	certs_dir_done(&dir);
}

/* What was written to a file, terminated; the caller frees. */
static char *
read_back(FILE *file)
{
	char *text = NULL;
	size_t size = 0;

	rewind(file);
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	return text;
}

/* Nothing was reloaded, and yet it is said every day. */
static void
test_daily(void)
{
	struct server server = {.ended_fd = -1};
	FILE *file = tmpfile();
	struct log log;
	char *text;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	log_init(&log, fileno(file), LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	begin();
	make("b.example", -80, -1);
	make("c.example", -80, 5);
	server.log = &log;
	server.config = load_config(three);
	server.cred = load_certs(server.config);
	CU_ASSERT_FATAL(server.cred != NULL);
	server_daily(&server);
	text = read_back(file);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "error: f:5: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "warning: f:6: "));
	CU_ASSERT_PTR_NULL(strstr(text, ": f:2: "));
	free(text);
	(void)fclose(file);
	evquic_cred_unref(server.cred);
	config_unref(server.config);
	certs_dir_done(&dir);
}

void
test_certs_register(void)
{
	CU_pSuite s = unit_suite("certs");

	unit_test(s, "order", test_order);
	unit_test(s, "all_or_none", test_all_or_none);
	unit_test(s, "own", test_own);
	unit_test(s, "dates", test_dates);
	unit_test(s, "sizes", test_sizes);
	unit_test(s, "daily", test_daily);
}
