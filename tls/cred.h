/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TLS_CRED_H
#define TLS_CRED_H

/*
 * The inside of struct evquic_cred, for those who run GnuTLS sessions: the
 * QUIC binding, and TLS over TCP.
 */

#include <gnutls/gnutls.h>
#include <stddef.h>

#include "tls/evquic_tls.h"

/* What a session is for; it decides on the TLS versions offered. */
enum tls_use {
	TLS_USE_QUIC,	/* TLS 1.3 only (RFC 9001 4.2) */
	TLS_USE_STREAM, /* over TCP: TLS 1.2 or 1.3 (RFC 8310 9) */
};

/*
 * A parsed priority string.  Parsing costs 10 us and 8 KB, so it is done
 * once per long-lived object, never per session.  0 and the caller owns
 * *ret_priority (gnutls_priority_deinit), or -EIO when the system's crypto
 * policy leaves nothing, or -ENOMEM.
 */
int tls_priority_parse(enum tls_use use, gnutls_priority_t *ret_priority);

/*
 * The certificates, for gnutls_credentials_set.  Borrowed: the session's
 * owner must hold a reference to CRED until the session is freed or its
 * first flight has been made.  GnuTLS itself picks the certificate by SNI,
 * ignoring case, with wildcards of one label; no match: the first.
 */
gnutls_certificate_credentials_t tls_cred_handle(
    const struct evquic_cred *cred);

/* The priorities, for gnutls_priority_set.  Borrowed like the handle. */
gnutls_priority_t tls_cred_priority(
    const struct evquic_cred *cred, enum tls_use use);

/*
 * The name of the certificate that a client sees which asks for SNI (SNILEN
 * bytes in the client's spelling; NULL, 0: none): its first dNSName in lower
 * case, or "".  The same name for the same certificate over renewals, so
 * that ticket keys can be bound to it.  "" too when there is no certificate.
 * Lives as long as CRED.
 */
const char *tls_cred_name_for(
    const struct evquic_cred *cred, const char *sni, size_t snilen);

#endif
