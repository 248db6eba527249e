/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A socket address of either family in 28 octets, to be kept where there are
 * many of them; struct sockaddr_storage has 128.
 */
#ifndef RESOLVER_NET_ADDR_H
#define RESOLVER_NET_ADDR_H

#include <sys/socket.h>

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/* All octets zero: no address. */
union net_addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* Copies an address; NULL, or one of another family, makes "no address". */
void net_addr_copy(union net_addr *to, const struct sockaddr *from);

/* The address, lent for as long as `a` lives and stays as it is; NULL if there
 * is none. */
const struct sockaddr *net_addr_get(const union net_addr *a);

#define NET_NETWORK_MAX 7

/*
 * What one subscriber has, whom limits for one client count: an IPv4 address,
 * or an IPv6 /56 (RFC 6177).  Writes its octets and returns how many; 0 for
 * loopback, other families and NULL, who are not counted.
 */
size_t net_addr_network(
    const struct sockaddr *sa, uint8_t ret_network[NET_NETWORK_MAX]);

#endif
