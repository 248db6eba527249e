/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of either family, kept small.
 */
#include "resolver/net/addr.h"

#include <string.h>

void
net_addr_copy(union net_addr *to, const struct sockaddr *from)
{
	union net_addr copy;

	memset(&copy, 0, sizeof(copy));
	if (from != NULL && from->sa_family == AF_INET)
		memcpy(&copy.in, from, sizeof(copy.in));
	else if (from != NULL && from->sa_family == AF_INET6)
		memcpy(&copy.in6, from, sizeof(copy.in6));
	*to = copy;
}

const struct sockaddr *
net_addr_get(const union net_addr *a)
{
	return a->sa.sa_family != AF_UNSPEC ? &a->sa : NULL;
}

size_t
net_addr_network(
    const struct sockaddr *sa, uint8_t ret_network[NET_NETWORK_MAX])
{
	union net_addr a;

	net_addr_copy(&a, sa);
	if (a.sa.sa_family == AF_INET &&
	    ntohl(a.in.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET) {
		memcpy(ret_network, &a.in.sin_addr, sizeof(a.in.sin_addr));
		return sizeof(a.in.sin_addr);
	}
	if (a.sa.sa_family == AF_INET6 &&
	    !IN6_IS_ADDR_LOOPBACK(&a.in6.sin6_addr)) {
		memcpy(ret_network, &a.in6.sin6_addr, NET_NETWORK_MAX);
		return NET_NETWORK_MAX;
	}
	return 0;
}
