/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TLS_SELFSIGN_H
#define TLS_SELFSIGN_H

/*
 * The certificate of a server that was given none: self-signed, kept in
 * the state directory, renewed in time with the same key, so that a pin
 * that a client once wrote down stays good.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_SELFSIGN_ADDRESSES_MAX 64

/* A certificate is good for this long ... */
#define TLS_SELFSIGN_LIFE_S (365 * 86400)
/* ... and made anew when less than this is left. */
#define TLS_SELFSIGN_RENEW_S (30 * 86400)
/* Made valid from this long ago, for clients whose clock is behind. */
#define TLS_SELFSIGN_BACKDATE_S (86400)

struct tls_selfsign_options {
	const char *state_dir;
	const char *hostname; /* NULL: what the system says */
	/* IP literals that it is to be for, too; the first
	 * TLS_SELFSIGN_ADDRESSES_MAX count. */
	const char *const *addresses;
	size_t naddresses;
	int64_t now; /* Unix time, s */
};

struct tls_selfsign_files {
	char cert[PATH_MAX];
	char key[PATH_MAX];
	bool is_new; /* the certificate was written by this call */
};

/*
 * Sees to it that the state directory holds selfsign.key (ECDSA P-256, mode
 * 0600) and selfsign.crt, valid now, for localhost, 127.0.0.1, ::1, the host
 * name (one that no certificate can hold is left out) and the addresses.  What
 * is there and good is left alone.  An absent key is made; a key that is there
 * but cannot be used is an error, never replaced: pins hang on it.  A
 * certificate that is absent, damaged, of another key, for other names, not
 * valid, or near its end is made anew and replaced atomically.  Call it at
 * start and daily.
 *
 * 0, or with a sentence as in evquic_tls.h:
 * -ENOENT, -ENOTDIR, -EACCES, -EROFS, -ENOSPC ... of the directory;
 * -EBADMSG  selfsign.key holds no key, or not one of ECDSA P-256;
 * -EPERM    selfsign.key may be read by group or others;
 * -ENAMETOOLONG, -ENOMEM, -EIO (GnuTLS failed).
 */
int tls_selfsign_ensure(const struct tls_selfsign_options *options,
    char *ret_why, size_t whylen, struct tls_selfsign_files *ret_files);

#endif
