/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TLS_PEM_H
#define TLS_PEM_H

/* PEM files of certificates and keys, with errors that a human can use. */

#include <gnutls/x509.h>

#include "tls/evquic_tls.h"
#include "tls/file.h"

/* No file of certificates or keys is larger; Debian's CA file is 220 KB. */
#define TLS_PEM_FILE_MAX (1024 * 1024)

/* A pin as octets: SHA-256 of the SubjectPublicKeyInfo, RFC 7858 4.2. */
#define TLS_PIN_OCTETS 32
/* The same as base64, with the terminator. */
#define TLS_PIN_TEXT EVQUIC_PIN_SIZE

struct tls_chain {
	gnutls_x509_crt_t *certs; /* the server's own one first */
	unsigned int count;
};

/*
 * What stands in a certificate file that makes it useless, before anybody
 * parses it: no certificate, cut short.  0 or -EBADMSG with a sentence.
 */
int tls_pem_check(
    const char *path, const struct tls_blob *blob, const struct tls_why *why);

/*
 * The chain in PATH, sorted from the server to the root.  0 and the caller
 * frees with tls_chain_done; errors of tls_file_read, -EBADMSG, -ENOMEM,
 * all with a sentence.
 */
int tls_chain_load(
    const char *path, const struct tls_why *why, struct tls_chain *ret_chain);

/* Frees what tls_chain_load made.  May be called on zeros. */
void tls_chain_done(struct tls_chain *chain);

/*
 * The unencrypted private key in PATH.  0 and the caller frees with
 * gnutls_x509_privkey_deinit; errors of tls_file_read, -EKEYREJECTED
 * (encrypted), -EBADMSG, -ENOMEM.  RET_MODE, the file's permission bits,
 * may be NULL.
 */
int tls_key_load(const char *path, const struct tls_why *why, mode_t *ret_mode,
    gnutls_x509_privkey_t *ret_key);

/* The pin of a certificate's key.  0 or -EBADMSG. */
int tls_pin_of(gnutls_x509_crt_t cert, uint8_t ret_pin[TLS_PIN_OCTETS]);

/* A pin as text.  0 or -ENOMEM. */
int tls_pin_encode(
    const uint8_t pin[TLS_PIN_OCTETS], char ret_text[TLS_PIN_TEXT]);

/* A pin from text, exactly as tls_pin_encode writes it, else -EINVAL. */
int tls_pin_decode(const char *text, uint8_t ret_pin[TLS_PIN_OCTETS]);

#endif
