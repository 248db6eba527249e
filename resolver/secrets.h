/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The secret in use and the one before it, so that it can be changed while
 * clients hold what was issued under it.  Two files of the state directory:
 *
 *	secret		made at the first start; whoever changes it replaces the
 *			file and sends SIGHUP, or restarts
 *	secret.old	the one before, if somebody put it there; only read, and
 *			only at the start
 */
#ifndef RESOLVER_SECRETS_H
#define RESOLVER_SECRETS_H

#include "resolver/ops/log.h"
#include "tls/secret.h"

struct secrets {
	struct tls_secret *now;
	struct tls_secret *old; /* NULL: there is none */
};

/*
 * Loads both of `dir`.  0, or a negative errno and a line in the log that says
 * what is wrong with the secret.  An old one that cannot be used is told in the
 * log and left out.
 */
int secrets_open(const char *dir, struct log *log, struct secrets *ret_secrets);

/*
 * Reads the secret again.  If it is another one, the one in use becomes the
 * old one.  If it cannot be used, nor found: a negative errno, a line in the
 * log, and nothing has changed.
 */
int secrets_reread(struct secrets *s, const char *dir, struct log *log);

/* Overwrites and frees both. */
void secrets_done(struct secrets *s);

#endif
