/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUIC_SESSION_H
#define QUIC_SESSION_H

/*
 * What a client keeps of a connection so that a later one resumes it: the
 * session that an application is given as opaque bytes.  Bytes only; what they
 * are bound to, and that they are whole, is quic/tls.c's business.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

/* What a session may hold: a ticket of GnuTLS's, remembered transport
 * parameters, an address token. */
#define QUIC_SESSION_TICKET_MAX 65535
#define QUIC_SESSION_PARAMS_MAX 256
#define QUIC_SESSION_TOKEN_MAX 1024

/* Borrowed bytes. */
struct quic_session_bytes {
	const uint8_t *data;
	size_t len;
};

struct quic_session {
	uint32_t version; /* of QUIC; tickets do not cross (RFC 9369 5) */
	bool early;	  /* the ticket allows early data */
	nsec expiry;	  /* of the ticket, wall time */
	struct quic_session_bytes ticket;
	struct quic_session_bytes params;
	struct quic_session_bytes token; /* may be empty */
};

/* Bytes that quic_session_write() needs. */
size_t quic_session_size(const struct quic_session *s);

/* Writes a session, whose parts are within the limits above. */
void quic_session_write(const struct quic_session *s, uint8_t *out);

/* -EBADMSG: not such bytes, or of another version of this library. */
int quic_session_read(
    const uint8_t *data, size_t len, struct quic_session *ret_session);

#endif
