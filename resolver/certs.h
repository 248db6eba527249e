/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The certificates of the service: from the configuration's files, or the one
 * that we sign ourselves, and what an operator should know of them.
 */
#ifndef RESOLVER_CERTS_H
#define RESOLVER_CERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver/config.h"
#include "resolver/ops/log.h"

struct evquic_cred;

/*
 * Who is told what is wrong, one line each without a newline; it begins with
 * FILE:LINE of the configuration where there is such a line.
 */
struct certs_listener {
	void (*tell)(void *arg, enum log_level level, const char *line);
	void *arg;
};

/* One that writes the lines to the log. */
struct certs_listener certs_to_log(struct log *log);

/*
 * Loads all certificates of `config`, in its order, or, if it has none, the one
 * of our own in `state_dir`, which is made or renewed if need be (`now` is Unix
 * time, s).  All or nothing: 0 and the caller owns the reference in *ret_cred;
 * or a negative errno, each certificate that cannot be used was told of at
 * level error, and *ret_cred is untouched.
 */
int certs_load(const struct config *config, const char *state_dir, int64_t now,
    const struct certs_listener *listener, struct evquic_cred **ret_cred);

/*
 * Tells of each certificate that is not valid at `now` (expired: an error) or
 * ends soon.  `cred` was loaded from `config`, here and below.
 */
void certs_tell_dates(const struct config *config,
    const struct evquic_cred *cred, int64_t now,
    const struct certs_listener *listener);

/* Tells of chains that are too long for a handshake of one round trip. */
void certs_tell_sizes(const struct config *config,
    const struct evquic_cred *cred, const struct certs_listener *listener);

/* Logs a line for each: file, name, pin, last day. */
void certs_describe(struct log *log, const struct config *config,
    const struct evquic_cred *cred);

/* What it is called in lines: its file, or "self-signed". */
const char *certs_label(const struct config *config, size_t index);

/* When the first of them ends (Unix time, s). */
int64_t certs_expiry(const struct evquic_cred *cred);

#endif
