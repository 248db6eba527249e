/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Once made, the cache stays until the end: a worker may use it until it has
 * heard that nothing is to be kept any longer.
 */
#include "resolver/store.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/random.h"
#include "dns/cache.h"
#include "dns/flush.h"
#include "resolver/config.h"
#include "resolver/limits.h"
#include "resolver/ops/log.h"

#define FLUSH_FILE "/flush"
#define PATH_SIZE (PATH_MAX + sizeof(FLUSH_FILE))
#define MSEC_PER_SEC 1000

/* ---------------------------------------------------------------- life -- */

static uint32_t
seconds(uint64_t msec)
{
	return (uint32_t)(msec / MSEC_PER_SEC);
}

static struct dns_cache_rules
rules_of(const struct config *config)
{
	struct dns_cache_rules rules = {
	    .bytes = config->cache.bytes,
	    .entry =
		{
		    .min_ttl = seconds(config->cache.min_ttl_ms),
		    .max_ttl = seconds(config->cache.max_ttl_ms),
		    .negative_ttl = seconds(config->cache.max_negative_ttl_ms),
		    .failure_ttl = seconds(config->cache.failure_ttl_ms),
		},
	    .stale = seconds(config->cache.stale_ms),
	    .stale_ttl = CACHE_STALE_TTL,
	    .stale_retry = CACHE_STALE_RETRY,
	    .prefetch = config->cache.prefetch,
	    .rotate = config->cache.rotate,
	    .nxdomain_cut = config->cache.nxdomain_cut,
	};

	/* For one that is not in use it is the least there can be. */
	if (rules.bytes < DNS_CACHE_BYTES_MIN)
		rules.bytes = DNS_CACHE_BYTES_MIN;
	return rules;
}

int
store_prepare(struct store *st, const struct config *config)
{
	const struct dns_cache_rules rules = rules_of(config);

	if (config->cache.bytes == 0 || st->cache != NULL)
		return 0;
	st->cache = dns_cache_new(&rules, st->key);
	if (st->cache != NULL)
		return 0;
	log_err(st->log, "no memory for the cache");
	return -ENOMEM;
}

int
store_init(struct store *st, const struct config *config, const char *dir,
    struct log *log)
{
	struct random random;

	*st = (struct store){.log = log, .dir = dir};
	random_init(&random, NULL, NULL);
	random_bytes(&random, st->key, sizeof(st->key));
	random_done(&random);
	st->source = store_source(config);
	return store_prepare(st, config);
}

void
store_done(struct store *st)
{
	dns_cache_free(st->cache);
	*st = (struct store){.cache = NULL};
}

struct dns_cache *
store_cache(const struct store *st, const struct config *config)
{
	return config->cache.bytes > 0 ? st->cache : NULL;
}

/* -------------------------------------------------------------- reload -- */

bool
store_is_other(const struct store *st, const struct config *config)
{
	uint64_t source = store_source(config);

	return source == 0 || source != st->source;
}

size_t
store_empty(struct store *st)
{
	return st->cache != NULL ? dns_cache_flush_all(st->cache) : 0;
}

void
store_configure(struct store *st, const struct config *config)
{
	const struct dns_cache_rules rules = rules_of(config);

	st->source = store_source(config);
	if (st->cache != NULL)
		dns_cache_configure(st->cache, &rules, clock_now());
	if (config->cache.bytes == 0)
		(void)store_empty(st);
}

/* --------------------------------------------------------------- flush -- */

/* What a file says; nothing is done before all of it was read. */
struct orders {
	struct dns_flush *item;
	size_t count;
	size_t walks; /* of these, over all of the cache */
	size_t bad;   /* lines that were not understood */
	size_t first_bad;
};

/* All of it, into room for one octet more than there may be. */
static int
read_text(FILE *in, char **ret_text, size_t *ret_len)
{
	char *text = malloc(FLUSH_MAX_BYTES + 1);
	size_t len;
	int rc = 0;

	if (text == NULL)
		return -ENOMEM;
	len = fread(text, 1, FLUSH_MAX_BYTES + 1, in);
	if (ferror(in))
		rc = -EIO;
	else if (len > FLUSH_MAX_BYTES)
		rc = -E2BIG;
	if (rc != 0) {
		free(text);
		return rc;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

static void
count_order(struct orders *orders, enum dns_flush_what what)
{
	orders->count += what != DNS_FLUSH_NOTHING;
	orders->walks += what == DNS_FLUSH_SUFFIX || what == DNS_FLUSH_ALL;
}

static int
read_lines(const char *text, size_t len, struct orders *orders)
{
	const char *end = text + len;
	size_t number = 0;

	orders->item = calloc(FLUSH_MAX_LINES, sizeof(*orders->item));
	if (orders->item == NULL)
		return -ENOMEM;
	while (text < end) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((eol != NULL ? eol : end) - text);
		struct dns_flush *f = &orders->item[orders->count];

		if (++number > FLUSH_MAX_LINES)
			return -E2BIG;
		if (dns_flush_parse(text, n, f) == 0)
			count_order(orders, f->what);
		else if (orders->bad++ == 0)
			orders->first_bad = number;
		if (orders->walks > FLUSH_MAX_WALKS)
			return -E2BIG;
		text = eol != NULL ? eol + 1 : end;
	}
	return 0;
}

static int
read_orders(const char *path, struct orders *orders)
{
	FILE *in;
	char *text;
	size_t len;
	int rc = file_open(path, &in);

	if (rc != 0)
		return rc;
	rc = read_text(in, &text, &len);
	(void)fclose(in); /* was only read */
	if (rc != 0)
		return rc;
	rc = read_lines(text, len, orders);
	free(text);
	return rc;
}

static void
tell_bad(const struct store *st, const char *path, const struct orders *orders)
{
	if (orders->bad > 0)
		log_warn(st->log,
		    "%s:%zu: not understood; left out, %zu lines in all", path,
		    orders->first_bad, orders->bad);
}

/* The file goes before it is done, so that one that comes meanwhile is not
 * taken for it. */
static enum store_flushed
obey(struct store *st, const char *path, const struct orders *orders)
{
	size_t dropped = 0;

	tell_bad(st, path, orders);
	if (unlink(path) != 0)
		log_warn(st->log, "%s: cannot be removed: %s", path,
		    strerror(errno));
	for (size_t i = 0; st->cache != NULL && i < orders->count; i++)
		dropped += dns_flush_do(&orders->item[i], st->cache);
	log_info(st->log, "flushed %zu names of %s, %zu answers", orders->count,
	    path, dropped);
	return orders->count > 0 ? STORE_FLUSHED_NAMES : STORE_FLUSHED_NOTHING;
}

enum store_flushed
store_flush(struct store *st)
{
	struct orders orders = {.count = 0};
	enum store_flushed done = STORE_FLUSHED_NOTHING;
	char path[PATH_SIZE];
	int rc;

	(void)snprintf(path, sizeof(path), "%s%s", st->dir, FLUSH_FILE);
	rc = read_orders(path, &orders);
	if (rc == 0) {
		done = obey(st, path, &orders);
	} else if (rc == -ENOENT) {
		log_info(
		    st->log, "flushed the cache, %zu answers", store_empty(st));
		done = STORE_FLUSHED_ALL;
	} else {
		log_err(st->log, "%s: nothing is flushed: %s", path,
		    rc == -E2BIG     ? "there is too much in it"
		    : rc == -ENOTSUP ? "is no regular file"
				     : strerror(-rc));
	}
	free(orders.item);
	return done;
}
