/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of the cache: read at the start, written at the end.  What stands in
 * it is dns/cache_file.h's.
 *
 * It is not forced onto the disk, which would take the longer the slower that
 * is: who loses power finds a file that is damaged, and loses what he would
 * have lost without it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/random.h"
#include "dns/cache_file.h"
#include "resolver/config.h"
#include "resolver/limits.h"
#include "resolver/ops/log.h"
#include "resolver/store.h"

#define CACHE_FILE "/cache"
#define NEW_FILE "/cache.new"
#define FILE_MODE 0600
#define PATH_SIZE (PATH_MAX + sizeof(NEW_FILE))

static void
make_path(char path[PATH_SIZE], const struct store *st, const char *name)
{
	(void)snprintf(path, PATH_SIZE, "%s%s", st->dir, name);
}

static bool
is_wanted(const struct store *st, const struct config *config)
{
	return config->cache.save && store_cache(st, config) != NULL &&
	       st->source != 0;
}

/* ---------------------------------------------------------------- save -- */

/* A file in the making. */
struct saving {
	struct dns_cache_file file;
	struct dns_cache_block block;
	int fd;
	size_t left;  /* octets that it may still become longer */
	nsec until;   /* when it is given up */
	size_t count; /* of records */
	int rc;
};

static int
write_all(int fd, const uint8_t *octets, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, octets, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		octets += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Writes the block and begins the next. */
static void
write_block(struct saving *s)
{
	dns_cache_block_seal(&s->block);
	s->rc = write_all(s->fd, s->block.octets, s->block.len);
	s->left -= s->block.len < s->left ? s->block.len : s->left;
	s->count += s->block.count;
	dns_cache_block_next(&s->block);
	if (s->rc == 0 && clock_now() >= s->until)
		s->rc = -ETIME;
}

static bool
save_one(void *ctx, const struct dns_cache_record *record)
{
	struct saving *s = ctx;

	if (dns_cache_block_add(&s->block, record))
		return true;
	if (s->block.count == 0)
		return true; /* larger than a block: not saved */
	write_block(s);
	if (s->rc != 0 || s->left < DNS_CACHE_FILE_BLOCK)
		return false;
	(void)dns_cache_block_add(&s->block, record);
	return true;
}

static int
save_all(struct saving *s, struct dns_cache *cache)
{
	uint8_t head[DNS_CACHE_FILE_HEAD];

	dns_cache_file_write_head(&s->file, head);
	s->rc = write_all(s->fd, head, sizeof(head));
	if (s->rc == 0)
		dns_cache_each(cache, clock_now(), save_one, s);
	if (s->rc == 0 && s->block.count > 0)
		write_block(s);
	if (s->rc == 0)
		write_block(s); /* the end */
	return s->rc;
}

/* Makes the file anew, whatever was there, so that it has our mode. */
static int
open_new(const char *path)
{
	int fd;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    FILE_MODE);
	return fd >= 0 ? fd : -errno;
}

static int
save_to(const char *path, struct saving *s, struct dns_cache *cache)
{
	uint8_t *octets = malloc(DNS_CACHE_FILE_BLOCK);
	int rc;

	if (octets == NULL)
		return -ENOMEM;
	s->fd = open_new(path);
	if (s->fd < 0) {
		free(octets);
		return s->fd;
	}
	dns_cache_block_init(&s->block, &s->file, octets);
	rc = save_all(s, cache);
	if (close(s->fd) != 0 && rc == 0)
		rc = -errno;
	free(octets);
	return rc;
}

static void
init_saving(
    struct saving *s, const struct store *st, const struct config *config)
{
	struct random random;

	*s = (struct saving){
	    .file = {.when = clock_wall(), .source = st->source},
	    .until = clock_now() + CACHE_SAVE_TIME,
	    .left = config->cache.bytes - DNS_CACHE_FILE_HEAD -
		    DNS_CACHE_FILE_BLOCK_HEAD,
	};
	random_init(&random, NULL, NULL);
	random_bytes(&random, &s->file.nonce, sizeof(s->file.nonce));
	random_done(&random);
}

void
store_save(struct store *st, const struct config *config)
{
	struct saving s;
	char path[PATH_SIZE];
	char new[PATH_SIZE];
	int rc;

	if (!is_wanted(st, config))
		return;
	make_path(path, st, CACHE_FILE);
	make_path(new, st, NEW_FILE);
	init_saving(&s, st, config);
	rc = save_to(new, &s, st->cache);
	if (rc == 0 && rename(new, path) != 0)
		rc = -errno;
	if (rc == 0) {
		log_info(st->log, "saved the cache, %zu answers", s.count);
		return;
	}
	(void)unlink(new);
	log_err(st->log, "%s: the cache cannot be saved: %s", new,
	    rc == -ETIME ? "it takes too long" : strerror(-rc));
}

/* ---------------------------------------------------------------- load -- */

/* A file that is read. */
struct loading {
	struct dns_cache *cache;
	struct dns_cache_file file;
	struct dns_cache_block block;
	FILE *in;
	nsec age; /* of the file */
	nsec now;
	size_t count; /* of records */
	size_t kept;  /* of these */
};

static const char damaged[] = "is damaged";

static void
load_records(struct loading *l)
{
	struct dns_cache_record record;
	size_t pos = 0;

	while (dns_cache_block_read(&l->block, l->age, &pos, &record)) {
		l->count++;
		l->kept += dns_cache_load(l->cache, &record, l->now) ==
			   DNS_CACHE_STORED;
	}
}

/* Reads a block and takes what is in it; false if it cannot be used. */
static bool
load_block(struct loading *l)
{
	struct dns_cache_block *b = &l->block;
	const size_t head = DNS_CACHE_FILE_BLOCK_HEAD;

	if (fread(b->octets, 1, head, l->in) != head)
		return false;
	b->len = dns_cache_block_size(b);
	if (b->len == 0 ||
	    fread(b->octets + head, 1, b->len - head, l->in) != b->len - head)
		return false;
	if (!dns_cache_block_check(b))
		return false;
	load_records(l);
	return true;
}

/* NULL, or why not. */
static const char *
load_blocks(struct loading *l)
{
	uint8_t *octets = malloc(DNS_CACHE_FILE_BLOCK);
	bool is_end = false;
	bool is_good = true;

	if (octets == NULL)
		return strerror(ENOMEM);
	dns_cache_block_init(&l->block, &l->file, octets);
	while (is_good && !is_end) {
		is_good = load_block(l);
		is_end = l->block.count == 0;
		dns_cache_block_next(&l->block);
	}
	free(octets);
	/* What stands behind the end is none of ours. */
	return is_good && getc(l->in) == EOF && !ferror(l->in) ? NULL : damaged;
}

static const char *
load_file(struct loading *l, size_t most, uint64_t source)
{
	uint8_t head[DNS_CACHE_FILE_HEAD];
	const char *why = NULL;
	struct stat st;

	if (fstat(fileno(l->in), &st) != 0)
		return strerror(errno);
	if ((uint64_t)st.st_size > most)
		return "is larger than the cache may be";
	if (fread(head, 1, sizeof(head), l->in) != sizeof(head))
		return damaged;
	why = dns_cache_file_read_head(head, &l->file);
	if (why == NULL)
		why = dns_cache_file_age(&l->file, clock_wall(), &l->age);
	if (why == NULL && l->file.source != source)
		why = "is of another upstream";
	return why != NULL ? why : load_blocks(l);
}

void
store_load(struct store *st, const struct config *config)
{
	struct loading l = {.cache = st->cache, .now = clock_now()};
	char path[PATH_SIZE];
	const char *why;
	int rc;

	if (!is_wanted(st, config))
		return;
	make_path(path, st, CACHE_FILE);
	rc = file_open(path, &l.in);
	if (rc == -ENOENT)
		return;
	why = rc == -ENOTSUP ? "is no regular file" : strerror(-rc);
	if (rc == 0) {
		why = load_file(&l, config->cache.bytes, st->source);
		(void)fclose(l.in); /* was only read */
	}
	if (why == NULL) {
		log_info(st->log, "loaded the cache, %zu of %zu answers",
		    l.kept, l.count);
		return;
	}
	(void)store_empty(st);
	log_warn(st->log, "%s: %s: the cache begins empty", path, why);
}
