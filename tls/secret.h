/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TLS_SECRET_H
#define TLS_SECRET_H

/*
 * The one long-lived secret of a server, or of a fleet that shares the
 * file, and the keys that are derived from it: tickets, tokens, stateless
 * resets, steering.  An object is immutable: any thread may derive.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_SECRET_SIZE 32

/* The longest output of one derivation: HKDF-SHA256's, RFC 5869 2.3. */
#define TLS_SECRET_MAX_OUTPUT (255 * 32)

struct tls_secret;

/*
 * Loads the secret of PATH; when PATH does not exist it is made, 32 random
 * octets of mode 0600, atomically: of several processes that start at once
 * all come back with the same secret.  WHY as in evquic_tls.h.
 *
 * 0 and the caller owns *ret_secret, or:
 * -EBADMSG  the file has another size than 32;
 * -EPERM    group or others may read or write it;
 * -EACCES, -EROFS, -ENOENT (no such directory), -EISDIR, -ENOSPC ...
 * -ENOMEM.
 */
int tls_secret_load(const char *path, char *ret_why, size_t whylen,
    struct tls_secret **ret_secret);

/* The same, but that a file that is not there is -ENOENT, too. */
int tls_secret_read(const char *path, char *ret_why, size_t whylen,
    struct tls_secret **ret_secret);

/* True if both give the same keys; takes as long if they do not. */
bool tls_secret_is_equal(
    const struct tls_secret *a, const struct tls_secret *b);

/*
 * A secret of BYTES, which are copied; with NULL a random one that dies
 * with the process.  NULL when there is no memory or no randomness.
 */
struct tls_secret *tls_secret_new(const uint8_t *bytes);

/* Overwrites and frees.  NULL is fine. */
void tls_secret_free(struct tls_secret *secret);

/*
 * HKDF-Expand with SHA-256: LEN octets that are a function of the secret,
 * LABEL and CTX (CTXLEN octets, NULL with 0) and tell nothing about what
 * other labels or contexts give.  0, -EINVAL when LEN is above
 * TLS_SECRET_MAX_OUTPUT, -ENOMEM; OUT is untouched on failure.
 */
int tls_secret_derive(const struct tls_secret *secret, const char *label,
    const void *ctx, size_t ctxlen, uint8_t *out, size_t len);

#endif
