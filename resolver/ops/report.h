/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the workers hold and have counted, and how long the certificates last,
 * as lines in the log: SIGUSR1.
 */
#ifndef RESOLVER_OPS_REPORT_H
#define RESOLVER_OPS_REPORT_H

#include <stddef.h>
#include <stdint.h>

struct config;
struct dns_cache;
struct evquic_cred;
struct evquic_replay;
struct log;
struct own;
struct recursion;
struct worker;

/*
 * Writes a line `account NAME N` for all that is held, `gauge heap_bytes N`,
 * and `counter NAME N` for all that is not zero, summed over the workers.  Safe
 * while they run.
 */
void report_write(
    struct log *log, struct worker *const *workers, size_t nworkers);

/*
 * Writes `gauge certificate_expires_in S`, the seconds until the first
 * certificate ends (negative once it has), and a line for each of them.  `now`
 * is Unix time, s.
 */
void report_certs(struct log *log, const struct config *config,
    const struct evquic_cred *cred, int64_t now);

/*
 * Writes `gauge tokens_seen N` and `gauge early_seen N`: how many are
 * remembered as used.  A set that is full accepts no more.
 */
void report_seen(
    struct log *log, struct evquic_replay *tokens, struct evquic_replay *early);

/*
 * Writes `gauge local_names N`, `gauge local_lists N` and `gauge local_bytes
 * N`: names of local data and lists in force, the lists, and the memory of all.
 * `own` was made of `config`.
 */
void report_local(
    struct log *log, const struct config *config, const struct own *own);

/* Writes `gauge cache_NAME N` and `counter cache_NAME N` for what the cache
 * tells; nothing if there is none. */
void report_cache(struct log *log, const struct dns_cache *cache);

/* Writes `gauge recursion_outstanding N`, see recursion_outstanding(). */
void report_recursion(struct log *log, struct recursion *rn);

#endif
