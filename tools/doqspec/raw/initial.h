/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_INITIAL_H
#define RAW_INITIAL_H

#include "tools/doqspec/raw/seal.h"

/*
 * Packets with long headers without ngtcp2: Initial packets sealed and opened
 * with the keys that anybody can derive (RFC 9001 5.2), and the integrity tag
 * of Retry (5.8).  Versions 1 and 2 of QUIC.
 */

/* Types of packets by the numbers of version 1. */
enum raw_long_type {
	RAW_LONG_INITIAL,
	RAW_LONG_0RTT,
	RAW_LONG_HANDSHAKE,
	RAW_LONG_RETRY,
	RAW_LONG_VERSIONS, /* Version Negotiation */
	RAW_LONG_NONE	   /* a short header, or no packet at all */
};

/* A long header as read; everything points into the packet. */
struct raw_long {
	enum raw_long_type type;
	uint32_t version;
	const uint8_t *dcid, *scid, *token;
	size_t dcid_len, scid_len, token_len;
	size_t number_at; /* where the packet number stands */
	size_t size;	  /* of the whole packet */
};

/*
 * Reads the header of the first packet of p[0..len).  With a version that is
 * neither 1 nor 2 only what all versions have in common is read (RFC 8999),
 * the type is RAW_LONG_INITIAL, and the packet is the rest.  -EBADMSG.
 */
int raw_long_read(const uint8_t *p, size_t len, struct raw_long *ret_header);

/* Two bits for the first octet (RFC 9000 17.2, RFC 9369 3.2). */
unsigned raw_long_bits(enum raw_long_type type, uint32_t version);

/* Keys of one side's Initial packets; -EINVAL. */
int raw_initial_keys(struct raw_keys *keys, uint32_t version,
    const struct raw_buf *dcid, bool is_client);

/*
 * Seals out[start..]: a header that ends with a packet number of 4 octets, then
 * the payload, in place, with the tag appended.  -EINVAL.
 */
int raw_initial_seal(struct raw_keys *keys, struct raw_buf *out, size_t start,
    size_t header_len, uint64_t number);

/* Opens one packet; room takes the payload.  -EBADMSG. */
int raw_initial_open(struct raw_keys *keys, const uint8_t *p,
    const struct raw_long *header, uint8_t *room, struct raw_packet *ret);

/* Is the integrity tag of a Retry packet right, for this first connection ID of
 * the client's? */
bool raw_retry_is_right(const uint8_t *p, const struct raw_long *header,
    const struct raw_buf *odcid);

#endif
