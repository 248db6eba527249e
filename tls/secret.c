/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server's long-lived secret: loaded or made, and HKDF (RFC 5869) over
 * it.  What is kept is the extracted key alone, never the file's octets, and
 * it is overwritten when it is freed.
 *
 * Invariant: a file that is there is never changed.  One of a wrong size or
 * with open permissions is an error, because tickets, tokens and resets of
 * other machines may hang on it.
 */
#include "tls/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "tls/datum.h"
#include "tls/file.h"

#define SECRET_MODE 0600
#define OTHERS_BITS 077
/* Read a little more than is right, so that a longer file is noticed. */
#define SECRET_READ_MAX 4096

struct tls_secret {
	uint8_t prk[TLS_SECRET_SIZE]; /* HKDF-Extract's output */
};

/* A version, so that another scheme could follow; no secret. */
static const char SALT[] = "quoll secret v1";

struct tls_secret *
tls_secret_new(const uint8_t *bytes)
{
	uint8_t own[TLS_SECRET_SIZE];
	const gnutls_datum_t key = tls_datum(own, sizeof(own));
	const gnutls_datum_t salt = tls_datum(SALT, sizeof(SALT) - 1);
	struct tls_secret *secret;
	int rc = 0;

	secret = calloc(1, sizeof(*secret));
	if (secret == NULL)
		return NULL;
	if (bytes != NULL)
		memcpy(own, bytes, sizeof(own));
	else
		rc = gnutls_rnd(GNUTLS_RND_KEY, own, sizeof(own));
	if (rc == 0)
		rc = gnutls_hkdf_extract(
		    GNUTLS_MAC_SHA256, &key, &salt, secret->prk);
	explicit_bzero(own, sizeof(own));
	if (rc != 0) {
		tls_secret_free(secret);
		return NULL;
	}
	return secret;
}

void
tls_secret_free(struct tls_secret *secret)
{
	if (secret == NULL)
		return;
	explicit_bzero(secret, sizeof(*secret));
	free(secret);
}

static int
read_secret(
    const char *path, const struct tls_why *why, struct tls_secret **ret_secret)
{
	struct tls_blob blob = {0};
	int rc;

	rc = tls_file_read(path, SECRET_READ_MAX, why, &blob);
	if (rc == -EFBIG)
		return tls_why_set(why, -EBADMSG,
		    "%s: is too large: a secret has %d bytes", path,
		    TLS_SECRET_SIZE);
	if (rc != 0)
		return rc;
	if (blob.len != TLS_SECRET_SIZE)
		rc = tls_why_set(why, -EBADMSG,
		    "%s: has %zu bytes, a secret has %d", path, blob.len,
		    TLS_SECRET_SIZE);
	else if ((blob.mode & OTHERS_BITS) != 0)
		rc = tls_why_set(why, -EPERM,
		    "%s: is open to others (mode %04o): chmod 600 it, or "
		    "put another in its place if it may have been read",
		    path, (unsigned int)blob.mode);
	if (rc == 0) {
		*ret_secret = tls_secret_new(blob.data);
		if (*ret_secret == NULL)
			rc = tls_why_set(
			    why, -ENOMEM, "%s: out of memory", path);
	}
	tls_blob_done(&blob);
	return rc;
}

static int
create_secret(const char *path, const struct tls_why *why)
{
	uint8_t bytes[TLS_SECRET_SIZE];
	const struct tls_blob blob = {.data = bytes, .len = sizeof(bytes)};
	int rc;

	if (gnutls_rnd(GNUTLS_RND_KEY, bytes, sizeof(bytes)) != 0)
		return tls_why_set(why, -EIO, "%s: no random bytes", path);
	rc = tls_file_write(path, SECRET_MODE, false, &blob, why);
	explicit_bzero(bytes, sizeof(bytes));
	/* Another process was quicker: its secret is ours too. */
	return rc == -EEXIST ? 0 : rc;
}

int
tls_secret_load(const char *path, char *ret_why, size_t whylen,
    struct tls_secret **ret_secret)
{
	const struct tls_why silent = {NULL, 0};
	const struct tls_why why = {ret_why, whylen};
	int rc;

	rc = read_secret(path, &silent, ret_secret);
	if (rc == 0)
		return 0;
	if (rc == -ENOENT) {
		rc = create_secret(path, &why);
		if (rc != 0)
			return rc;
	}
	/* What now lies there, or once more to say what is wrong with it. */
	return read_secret(path, &why, ret_secret);
}

int
tls_secret_read(const char *path, char *ret_why, size_t whylen,
    struct tls_secret **ret_secret)
{
	const struct tls_why why = {ret_why, whylen};

	return read_secret(path, &why, ret_secret);
}

bool
tls_secret_is_equal(const struct tls_secret *a, const struct tls_secret *b)
{
	return gnutls_memcmp(a->prk, b->prk, sizeof(a->prk)) == 0;
}

/* The info of RFC 5869 2.3: the zero keeps label and context apart. */
static uint8_t *
make_info(const char *label, const void *ctx, size_t ctxlen, size_t *ret_len)
{
	size_t label_size = strlen(label) + 1;
	uint8_t *info;

	info = malloc(label_size + ctxlen);
	if (info == NULL)
		return NULL;
	memcpy(info, label, label_size);
	if (ctxlen > 0)
		memcpy(info + label_size, ctx, ctxlen);
	*ret_len = label_size + ctxlen;
	return info;
}

int
tls_secret_derive(const struct tls_secret *secret, const char *label,
    const void *ctx, size_t ctxlen, uint8_t *out, size_t len)
{
	const gnutls_datum_t prk = tls_datum(secret->prk, sizeof(secret->prk));
	gnutls_datum_t info;
	uint8_t *text;
	size_t info_len;
	int rc;

	if (len > TLS_SECRET_MAX_OUTPUT)
		return -EINVAL;
	text = make_info(label, ctx, ctxlen, &info_len);
	if (text == NULL)
		return -ENOMEM;
	info = tls_datum(text, info_len);
	rc = gnutls_hkdf_expand(GNUTLS_MAC_SHA256, &prk, &info, out, len);
	free(text);
	return rc == 0 ? 0 : -ENOMEM;
}
