/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FAKE_TAP_H
#define TESTS_FAKE_TAP_H

#include "tests/fake/net.h"

/*
 * What a test sees of the datagrams under way: give one of the functions to
 * the network as its tap, and its object as the tap's argument.
 */

enum {
	TAP_KEPT = 4
};

/* The first datagrams that clients send, from now on. */
struct tap_catch {
	bool passes; /* they arrive all the same */
	nsec last;   /* when the newest of all was sent */
	size_t n;
	union quic_addr from[TAP_KEPT];
	size_t len[TAP_KEPT];
	uint8_t bytes[TAP_KEPT][QUIC_MAX_TX_PAYLOAD];
};

bool tap_catch_client(void *arg, const struct net_datagram *d);

/* What is sent to one address. */
struct tap_victim {
	union quic_addr addr;
	unsigned datagrams;
	size_t bytes;
	size_t largest;
};

bool tap_count_victim(void *arg, const struct net_datagram *d);

#endif
