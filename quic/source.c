/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Source addresses that are no client's (RFC 9000 21.5): an answer to them
 * would harm somebody, or would come back to us.
 */
#include "quic/internal.h"

#include <string.h>

static uint16_t
get_port(const union quic_addr *a)
{
	return ntohs(
	    a->sa.sa_family == AF_INET ? a->in.sin_port : a->in6.sin6_port);
}

static bool
is_same_host(const union quic_addr *a, const union quic_addr *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr,
		   sizeof(a->in6.sin6_addr)) == 0;
}

/* Broadcast, multicast, or no address at all. */
static bool
is_no_host(const union quic_addr *a)
{
	in_addr_t v4 = ntohl(a->in.sin_addr.s_addr);

	if (a->sa.sa_family == AF_INET)
		return v4 == INADDR_ANY || v4 == INADDR_BROADCAST ||
		       IN_MULTICAST(v4);
	return IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr) ||
	       IN6_IS_ADDR_MULTICAST(&a->in6.sin6_addr);
}

static bool
is_loopback(const union quic_addr *a)
{
	if (a->sa.sa_family == AF_INET)
		return ntohl(a->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
}

/* One of the ports that we listen on, as far as `local` tells where. */
static bool
is_ours(const struct quic_router *r, const union quic_addr *remote,
    const union quic_addr *local)
{
	for (struct list *l = r->sockets.next; l != &r->sockets; l = l->next) {
		const struct quic_socket *s =
		    container_of(l, struct quic_socket, link);

		if (!s->connected && get_port(&s->bound) == get_port(remote) &&
		    is_same_host(remote, s->wildcard ? local : &s->bound))
			return true;
	}
	return false;
}

bool
quic_source_is_none(const struct quic_socket *s, const ngtcp2_path *path)
{
	union quic_addr remote, local;

	if (!quic_addr_copy(&remote, path->remote.addr) ||
	    !quic_addr_copy(&local, path->local.addr))
		return true;
	return get_port(&remote) == 0 || is_no_host(&remote) ||
	       is_ours(s->router, &remote, &local);
}

bool
quic_source_is_service(const struct sockaddr *sa)
{
	/* Services that answer anybody: echo, quote of the day, chargen, DNS,
	 * TFTP, portmap, NTP, NetBIOS, SNMP, LDAP, SLP, RIP, SSDP,
	 * WS-Discovery, mDNS, LLMNR, CoAP, memcached. */
	static const uint16_t ports[] = {7, 17, 19, 53, 69, 111, 123, 137, 138,
	    161, 389, 427, 520, 1900, 3702, 5353, 5355, 5683, 11211};
	union quic_addr a;
	uint16_t port;

	if (!quic_addr_copy(&a, sa))
		return true;
	port = get_port(&a);
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (port == ports[i])
			return true;
	return false;
}

bool
quic_source_is_trap(const struct evquic_conn *c, const struct sockaddr *sa)
{
	union quic_addr a;

	if (!quic_addr_copy(&a, sa))
		return true;
	if (memcmp(&a, &c->remote, sizeof(a)) == 0)
		return false;
	return quic_source_is_service(sa) ||
	       (is_loopback(&a) && !is_loopback(&c->remote));
}
