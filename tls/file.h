/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TLS_FILE_H
#define TLS_FILE_H

/* Small files whole: reading with a bound, writing atomically. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A sentence for the operator and where it goes; text may be NULL. */
struct tls_why {
	char *text;
	size_t size;
};

/* The contents of a file, with a terminator that len does not count. */
struct tls_blob {
	uint8_t *data;
	size_t len;
	mode_t mode; /* permission bits */
};

/*
 * Formats the sentence, cut if it does not fit, and returns CODE, so that
 * a caller can say why and fail in one statement.
 */
int tls_why_set(const struct tls_why *why, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Reads PATH, a regular file of at most MAX octets; never blocks on a FIFO.
 * 0 and the caller frees with tls_blob_done.  Otherwise the errno of open
 * or read, -EISDIR, -EINVAL (not a regular file), -EFBIG, -ENOMEM, with
 * a sentence.
 */
int tls_file_read(const char *path, size_t max, const struct tls_why *why,
    struct tls_blob *ret_blob);

/* Overwrites, since it may hold a key, and frees.  May be called twice. */
void tls_blob_done(struct tls_blob *blob);

/*
 * Makes PATH hold exactly DATA, under a temporary name in the same folder
 * first, so that no reader ever sees a part of it, even after a crash.  With
 * REPLACE an older file gives way; without, it stays and -EEXIST is returned
 * without a sentence.  0 or negative errno with a sentence.
 */
int tls_file_write(const char *path, mode_t mode, bool replace,
    const struct tls_blob *data, const struct tls_why *why);

#endif
