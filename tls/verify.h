/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TLS_VERIFY_H
#define TLS_VERIFY_H

/*
 * How a client session verifies its server: chain, purpose and dates by
 * GnuTLS; the name by ourselves, because GnuTLS accepts a common name when
 * there is no dNSName and an IP address inside a dNSName (RFC 8310 8.1
 * allows neither); pins by ourselves.
 */

#include <gnutls/gnutls.h>

#include "tls/cred.h"
#include "tls/evquic_tls.h"
#include "tls/name.h"

enum tls_verify_reason {
	TLS_VERIFY_PENDING, /* no certificate yet, or a resumed session */
	TLS_VERIFY_OK,
	TLS_VERIFY_NO_CERTIFICATE,
	TLS_VERIFY_UNKNOWN_CA,
	TLS_VERIFY_SELF_SIGNED,
	TLS_VERIFY_EXPIRED,
	TLS_VERIFY_NOT_YET_VALID,
	TLS_VERIFY_REVOKED,
	TLS_VERIFY_WEAK,
	TLS_VERIFY_PURPOSE,
	TLS_VERIFY_NO_SAN,
	TLS_VERIFY_NAME,
	TLS_VERIFY_PIN,
	TLS_VERIFY_INVALID,
};

/*
 * One session's verification.  Embedded in the connection's owner, which
 * fills nothing in; read `reason` once the handshake has ended.  Must live
 * until the session is freed.
 */
struct tls_peer_name {
	const struct evquic_trust *trust; /* borrowed, see tls_trust_attach */
	struct tls_host host;
	enum tls_verify_reason reason;
};

/*
 * Makes SESSION, a new client session, demand TRUST of its server: sets
 * priorities, credentials, SNI (names only: RFC 6066 3 forbids literals)
 * and the verify function.  HOST is who the server must be; NULL only when
 * TRUST looks at no name (pins only, insecure).  With such a TRUST a name
 * is used for SNI alone.
 *
 * TRUST is borrowed: the caller holds a reference until SESSION is freed.
 * PEER too must live that long.  The session's gnutls_db_set_ptr is taken
 * for PEER: gnutls_session_set_ptr belongs to the QUIC binding, and a
 * client session has no other use for its database pointer.
 *
 * When the server's certificate is refused, gnutls_handshake fails with
 * GNUTLS_E_CERTIFICATE_ERROR before the client has sent its Finished,
 * and peer->reason tells why.  A resumed session shows no certificate and
 * is not asked again: a ticket must be used only under a TRUST of the same
 * digest as it was earned under, for the same HOST.
 *
 * 0, -EINVAL (HOST malformed or missing), -ENOMEM.
 */
int tls_trust_attach(const struct evquic_trust *trust, gnutls_session_t session,
    enum tls_use use, const char *host, struct tls_peer_name *peer);

/* Octets of tls_trust_digest(). */
#define TLS_TRUST_DIGEST 32

/*
 * A digest of what TRUST demands: flags, pins, the CA file's octets (of the
 * system's store only that it is that).  What was earned under one trust is
 * worth nothing under one of another digest.
 */
void tls_trust_digest(
    const struct evquic_trust *trust, uint8_t ret_digest[TLS_TRUST_DIGEST]);

/* One clause for a log line: "the certificate has expired".  Static. */
const char *tls_verify_text(enum tls_verify_reason reason);

#endif
