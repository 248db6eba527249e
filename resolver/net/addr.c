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
