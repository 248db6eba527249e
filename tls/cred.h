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
 * Makes SESSION, a new server session, use CRED: sets priorities,
 * credentials, and the choice of the certificate by SNI, ignoring case,
 * with wildcards of one label; no match or no SNI: the first.  (GnuTLS's
 * own choice compares octet by octet and knows no wildcards.)
 *
 * CRED is borrowed: the caller holds a reference until SESSION is freed or
 * its handshake has ended.  The session's gnutls_db_set_ptr is taken:
 * gnutls_session_set_ptr belongs to the QUIC binding, and tickets need no
 * database.  0 or -ENOMEM.
 */
int tls_cred_attach(
    const struct evquic_cred *cred, gnutls_session_t session, enum tls_use use);

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
