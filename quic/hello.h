/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUIC_HELLO_H
#define QUIC_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What TLS messages say that neither GnuTLS nor ngtcp2 looks at, read from
 * their bytes.  A message is what GnuTLS gives to a handshake hook: without
 * the four octets of the handshake header.  GNUTLS_HOOK_PRE comes before
 * anything is parsed, and for either ClientHello around a HelloRetryRequest.
 */

/* Parameters of ids from 64 on that are remembered to find a repetition; below
 * that, where all but one of the defined ones are, none is missed. */
#define QUIC_HELLO_PARAMETERS 16

struct quic_hello {
	/* legacy_session_id is not empty (RFC 9001 8.4). */
	bool has_session_id;
	/*
	 * The first of the client's groups that is one of ours is one that it
	 * sent a key share for; if not, GnuTLS will ask for one by a
	 * HelloRetryRequest, and early data must not be accepted.
	 */
	bool has_key_share_for_first_group;
	/* Early data follows it (RFC 8446 4.2.10). */
	bool has_early_data;
	/* A transport parameter stands there twice (RFC 9000 7.4). */
	bool repeats_parameter;
	/* QUIC version 2 is among the available versions (RFC 9368 3); ngtcp2
	 * says what is agreed on only after tickets have been looked at. */
	bool lists_version_2;
};

/*
 * Reads a ClientHello.  `groups` are those of ours, by their numbers in RFC
 * 8446 4.2.7.  -EBADMSG: not well-formed; TLS will say the same.  Transport
 * parameters that are not are ngtcp2's matter: reading them ends there.
 */
int quic_hello_read(const uint8_t *msg, size_t len, const uint16_t *groups,
    size_t ngroups, struct quic_hello *ret_hello);

/* True if the EncryptedExtensions of a server repeat a transport parameter;
 * false also if they cannot be read. */
bool quic_hello_server_repeats_parameter(const uint8_t *msg, size_t len);

#endif
