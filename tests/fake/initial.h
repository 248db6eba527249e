/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FAKE_INITIAL_H
#define TESTS_FAKE_INITIAL_H

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>

/*
 * Initial and Retry packets of version 1 by hand (RFC 9001 5.2, 5.8), which
 * anybody may open or make who has seen a client's first packet.
 */

enum {
	INITIAL_CRYPTO = 4096, /* of a client's hello */
	INITIAL_TOKEN = 512,
	INITIAL_RETRY = 600 /* room for a Retry packet */
};

/* A client's Initial packet.  Zero it before the first; the hello's bytes are
 * gathered from several. */
struct initial {
	ngtcp2_cid dcid, scid;
	uint64_t number;
	size_t tokenlen;
	uint8_t token[INITIAL_TOKEN];
	size_t hellolen; /* where the furthest CRYPTO frame ends */
	uint8_t hello[INITIAL_CRYPTO];
};

/* Opens the Initial packet at the beginning of a datagram, whose keys are those
 * of `key`; false if it is none, or sealed under others. */
bool initial_open(
    struct initial *i, const ngtcp2_cid *key, const uint8_t *bytes, size_t len);

/* Writes Retry in answer to a packet; its length. */
size_t initial_retry(const struct initial *to, const ngtcp2_cid *scid,
    const uint8_t *token, size_t tokenlen, uint8_t ret[INITIAL_RETRY]);

#endif
