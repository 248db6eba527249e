/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of the PROXY protocol, version 2 (HAProxy's proxy-protocol.txt
 * 2.2), with which whoever forwards a client's bytes says whose they are: in
 * front of each datagram, and once at the beginning of a connection.
 */
#ifndef RESOLVER_NET_PROXYV2_H
#define RESOLVER_NET_PROXYV2_H

#include <sys/socket.h>

#include <stddef.h>
#include <stdint.h>

/* The longest header that is written: the fixed part, and two addresses and
 * two ports of IPv6. */
#define PROXYV2_MAX 52

/*
 * Writes the header for bytes that go by `socket_type`, SOCK_DGRAM or
 * SOCK_STREAM; returns its length.  `client` is whose they are, `local` where
 * they came in.  Without a client, or with one of a family other than IPv4 and
 * IPv6, the command is LOCAL: ours.  An IPv4 address in IPv6 form
 * (RFC 4291 2.5.5.2) is written as IPv4; a `local` that is missing or of the
 * other family as the unspecified address.  Scope IDs mean nothing to another
 * host and are not written.
 */
size_t proxyv2_write(const struct sockaddr *client,
    const struct sockaddr *local, int socket_type, uint8_t out[PROXYV2_MAX]);

#endif
