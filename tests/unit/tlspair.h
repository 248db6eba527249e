/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_TLSPAIR_H
#define TESTS_UNIT_TLSPAIR_H

/* A TLS client and a TLS server joined by memory: no socket, no thread. */

#include <gnutls/gnutls.h>
#include <stddef.h>
#include <stdint.h>

#include "tls/cred.h"
#include "tls/verify.h"

/* One direction: what was written and not yet read. */
struct tlspair_wire {
	uint8_t data[65536];
	size_t len;
	size_t read;
};

struct tlspair_end {
	gnutls_session_t session;
	struct tlspair_wire *in;
	struct tlspair_wire *out;
	int rc; /* of the handshake: GNUTLS_E_AGAIN while it runs */
};

struct tlspair {
	struct tlspair_end client;
	struct tlspair_end server;
	struct tlspair_wire to_server;
	struct tlspair_wire to_client;
	struct tls_peer_name peer; /* the client's */
};

/*
 * A server with CRED and a client that demands TRUST of HOST.  The client
 * may still be changed before tlspair_run.  Free with tlspair_free.
 */
struct tlspair *tlspair_new(const struct evquic_cred *cred,
    const struct evquic_trust *trust, enum tls_use use, const char *host);

/* One go at the handshake for each end. */
void tlspair_step(struct tlspair *pair);

/* Runs the handshake to its end on both sides.  0, or the client's error. */
int tlspair_run(struct tlspair *pair);

/* Whether the client can send a query that the server then reads. */
int tlspair_can_talk(struct tlspair *pair);

void tlspair_free(struct tlspair *pair);

#endif
