/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_TICKET_H
#define RAW_TICKET_H

#include "tools/doqspec/raw/bytes.h"

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>

/*
 * Session tickets (RFC 8446 4.6.1): noted as they come, with the transport
 * parameters that early data has to keep to (RFC 9000 7.4.1), and spoilt on
 * purpose when they are used again.
 */

struct raw_ticket {
	struct raw_buf session; /* what GnuTLS needs to resume */
	struct raw_buf params;	/* remembered parameters, as ngtcp2 has it */
	struct raw_buf message; /* the NewSessionTicket's body, as it came */
};

/* What is done to a ticket before it is used. */
struct raw_ticket_spoil {
	bool is_flipped;
	uint64_t flip; /* the octet of the ticket that is inverted */
	uint64_t size; /* the ticket is filled up to so many octets; 0: not */
};

/* The fields of a NewSessionTicket; false when it is malformed. */
struct raw_ticket_fields {
	uint32_t lifetime;
	const uint8_t *ticket;
	size_t len;
	const uint8_t *nonce;
	size_t nonce_len;
	bool has_early;
	uint32_t early; /* max_early_data_size */
};
bool raw_ticket_read(
    const struct raw_buf *message, struct raw_ticket_fields *ret);

/*
 * Completes a ticket whose message has been noted, when GnuTLS has read it;
 * false when GnuTLS has none.
 */
bool raw_ticket_take(
    struct raw_ticket *ticket, gnutls_session_t session, ngtcp2_conn *quic);
void raw_ticket_done(struct raw_ticket *ticket);

/* One line of text that holds everything, and back; -EINVAL. */
void raw_ticket_print(const struct raw_ticket *ticket, struct raw_buf *text);
int raw_ticket_scan(const char *text, struct raw_ticket *ret_ticket);

/*
 * Makes a client session resume.  With is_early the remembered transport
 * parameters are set, too.  -EINVAL.
 */
int raw_ticket_use(const struct raw_ticket *ticket, gnutls_session_t session,
    ngtcp2_conn *quic, bool is_early);

/*
 * The pre-shared key that goes with it (RFC 8446 4.6.1); -EINVAL when its hash
 * is not SHA-256.
 */
int raw_ticket_psk(const struct raw_ticket *ticket, uint8_t *ret, size_t len);

/* -EINVAL when the ticket is not so long, or not in the session's data. */
int raw_ticket_spoil(
    struct raw_ticket *ticket, const struct raw_ticket_spoil *how);

#endif
