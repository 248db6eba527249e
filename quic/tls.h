/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two halves of the binding to GnuTLS share: tls.c (both sides, the
 * server) and tls_client.c.
 */
#ifndef QUIC_TLS_H
#define QUIC_TLS_H

#include <gnutls/gnutls.h>

#include "quic/internal.h"
#include "tls/ticket.h"
#include "tls/verify.h"

/* The largest hash of a cipher suite, SHA-384. */
#define QUIC_SECRET_MAX 48

struct quic_tls {
	gnutls_session_t session;
	ngtcp2_crypto_conn_ref ref; /* what the session's pointer leads to */

	/* Of a server. */
	struct evquic_cred *cred; /* pinned while the session lives */
	bool has_hello;		  /* a ClientHello was read */
	uint32_t version;	  /* that it leads to (RFC 9368 2.3) */
	bool early_offered;
	bool early_possible; /* no HelloRetryRequest is in sight */
	struct tls_early_check early_check;
	uint8_t early_secret[QUIC_SECRET_MAX];
	size_t early_len; /* 0: early data was not accepted */

	/* Of a client. */
	struct evquic_trust *trust;
	struct tls_peer_name peer;
	bool early_sent; /* the key is there: early data may have gone out */
	uint8_t bond[TLS_SESSION_SEAL];
	struct tls_ticket ticket; /* the newest one, and the session that */
	gnutls_datum_t resume;	  /* it makes, until the application has it */
	uint8_t *token;		  /* of the newest NEW_TOKEN frame */
	size_t token_len;
};

/* The connection of a session. */
struct evquic_conn *quic_tls_conn(gnutls_session_t session);

/* Makes an object without a session; NULL: no memory. */
struct quic_tls *quic_tls_new(struct evquic_conn *c);

/* Gives an object with its session to the connection. */
void quic_tls_attach(struct evquic_conn *c, struct quic_tls *t);

/* Gives ngtcp2 the keys of a level; what GnuTLS's secret function returns. */
int quic_tls_install(struct evquic_conn *c,
    gnutls_record_encryption_level_t level, const void *rx, const void *tx,
    size_t len);

/* RFC 9000 7.4: the peer sent a transport parameter twice; what a hook returns
 * then. */
int quic_tls_refuse_parameters(struct evquic_conn *c);

#endif
