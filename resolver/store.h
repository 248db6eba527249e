/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server's store of answers: one cache for all workers.  How it comes to
 * be, what a reload does to it, what an operator may order, and how it outlives
 * the process.  For the main thread; workers use the cache itself.
 */
#ifndef RESOLVER_STORE_H
#define RESOLVER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

struct config;
struct dns_cache;
struct log;

struct store {
	struct log *log;
	const char *dir;	   /* of the state; borrowed */
	struct dns_cache *cache;   /* NULL: none was wanted so far */
	uint8_t key[HASH_KEY_LEN]; /* of dns_key_make(), also without a cache */
	uint64_t source;	   /* see store_source() */
};

/*
 * Makes the cache that the configuration wants, if it wants one.  `dir` is the
 * state directory.  0, or -ENOMEM and a line in the log.
 */
int store_init(struct store *st, const struct config *config, const char *dir,
    struct log *log);

/* Frees it; nobody may use the cache any more. */
void store_done(struct store *st);

/* What workers with this configuration use: the cache, or NULL if it says that
 * nothing is to be kept. */
struct dns_cache *store_cache(
    const struct store *st, const struct config *config);

/* -------------------------------------------------------------- reload -- */

/* All that can fail: the cache is there if the configuration wants one.  0, or
 * -ENOMEM and a line in the log. */
int store_prepare(struct store *st, const struct config *config);

/* Does it ask others, or otherwise, so that what is kept may not be what it
 * would get? */
bool store_is_other(const struct store *st, const struct config *config);

/* Drops everything.  Returns how many answers that were. */
size_t store_empty(struct store *st);

/* From now on the rules are those of this configuration, and what is kept is
 * what it has got. */
void store_configure(struct store *st, const struct config *config);

/*
 * A number for what decides which answers there are: who is asked, and what is
 * told of clients; in recursion also what is in the files.  The same one in
 * another process.  0 if there is no memory.
 */
uint64_t store_source(const struct config *config);

/* --------------------------------------------------------------- flush -- */

/*
 * Drops what the file "flush" in the state directory names, a line each as in
 * dns/flush.h, and removes it; without that file everything.  Told in the log.
 * A file that cannot be read, or is too long, changes nothing and stays.
 * Returns how much was done.
 */
enum store_flushed {
	STORE_FLUSHED_NOTHING,
	STORE_FLUSHED_NAMES,
	STORE_FLUSHED_ALL,
} store_flush(struct store *st);

/* ---------------------------------------------------------------- file -- */

/*
 * Fills the cache from the file "cache" in the state directory, if the
 * configuration says so.  What is wrong with it is told in one line, and then
 * the cache is as empty as before.
 */
void store_load(struct store *st, const struct config *config);

/*
 * Writes that file, if the configuration says so; nobody else uses the cache
 * any more.  It becomes no longer than the cache may be large, and what takes
 * too long is given up.  If it cannot be written whole, the one before stays,
 * and a line says why.
 */
void store_save(struct store *st, const struct config *config);

#endif
