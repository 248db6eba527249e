/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TLS_TICKET_H
#define TLS_TICKET_H

/*
 * Session tickets (RFC 8446 4.6.1) and what makes early data (2.3) safe on a
 * server: tickets that only lead back to where they came from, and a memory of
 * the ClientHellos that had early data (8.2).
 *
 * GnuTLS binds a ticket to nothing but its key, so the key is made of all that
 * a ticket must not cross; and its own anti-replay object forgets, cannot be
 * shared and refuses whatever is older than itself.  See tls/ticket.c.
 */

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "tls/replay.h"

/* RFC 9250 5.5.3: six hours, in seconds. */
#define TLS_TICKET_LIFE (6 * 3600)

#define TLS_TICKET_KEY_SIZE 32

/*
 * Lets SESSION, a server's, take tickets that were given under the same KEY
 * (TLS_TICKET_KEY_SIZE octets) and the same CONTEXT, and give such tickets.
 * To be called when ALPN and SNI are known and before tickets are looked at:
 * in the post-client-hello function, once for a session (a second call fails
 * after a ticket was offered).  0, -ENOMEM.
 */
int tls_ticket_enable(gnutls_session_t session, const uint8_t *key,
    const void *context, size_t len);

/* Gives the client of SESSION, whose handshake is complete, one ticket.  0 or
 * -EIO: it gets none. */
int tls_ticket_give(gnutls_session_t session);

/* What a NewSessionTicket message (without its header) says to a client. */
struct tls_ticket {
	uint32_t life;	      /* seconds */
	bool has_early;	      /* the extension is there ... */
	uint32_t early_bytes; /* ... and says this */
};

/* -EBADMSG: not well-formed. */
int tls_ticket_read(
    const uint8_t *msg, size_t len, struct tls_ticket *ret_ticket);

/* Octets of the two below. */
#define TLS_SESSION_SEAL 32

/*
 * What a client's session is bound to: who the server must be (HOST may be
 * NULL), what was demanded of its certificate, since none comes when a session
 * is resumed, and the protocol.  0, -ENOMEM.
 */
int tls_session_bond(const struct evquic_trust *trust, const char *host,
    const char *alpn, uint8_t ret_bond[TLS_SESSION_SEAL]);

/* A digest of DATA under a bond: other data, and data of another bond, have
 * another.  It proves nothing against who makes data himself.  0, -ENOMEM. */
int tls_session_seal(const uint8_t bond[TLS_SESSION_SEAL], const void *data,
    size_t len, uint8_t ret_seal[TLS_SESSION_SEAL]);

/*
 * One thread's part in recognising ClientHellos that come twice: made with the
 * thread and kept, since tickets that are older than it get no early data.
 */
struct tls_early;

/* NULL: no memory.  NOW is of the clock that the checks below are of. */
struct tls_early *tls_early_new(nsec now);
void tls_early_free(struct tls_early *early);

enum tls_early_verdict {
	TLS_EARLY_UNASKED, /* no early data, or refused for another reason */
	TLS_EARLY_NEW,
	TLS_EARLY_REPLAYED,
	TLS_EARLY_FULL, /* nobody can tell: refused */
};

/* To be called now and then, at each ClientHello say, whatever it asks for: it
 * is how an object of any age knows all tickets that are good. */
void tls_early_tick(struct tls_early *early, nsec now);

/* The question about one ClientHello, and its answer. */
struct tls_early_check {
	struct evquic_replay *seen;
	nsec now; /* one clock for all who share `seen` */
	enum tls_early_verdict verdict;
};

/*
 * Early data of the ClientHello that SESSION reads now may be accepted if it
 * was never seen.  In the post-client-hello function; CHECK must live until
 * that ClientHello is read.
 */
void tls_early_allow(struct tls_early *early, gnutls_session_t session,
    struct tls_early_check *check);

/* It is refused. */
void tls_early_refuse(gnutls_session_t session);

#endif
