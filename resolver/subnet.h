/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who learns what of a client's address: the policy of EDNS Client Subnet
 * (RFC 7871) for one query.
 */
#ifndef RESOLVER_SUBNET_H
#define RESOLVER_SUBNET_H

#include <sys/socket.h>

#include <stdbool.h>

#include "dns/ecs.h"
#include "dns/message.h"
#include "dns/response.h"
#include "resolver/config.h"

struct subnet {
	bool has_client; /* the client sent an option, and gets one back */
	bool has_sent;	 /* one goes upstream */
	struct dns_ecs client;
	struct dns_ecs sent;
};

/*
 * Decides for a query with the verdict OK, by the keys ecs.*.
 *
 * strip: nothing is read, sent or answered.  forward: the client's own option,
 * no longer than the limits.  add: that, or else the client's address, if it
 * is a public one; `client` may be NULL.  A client's length of 0 means that
 * nobody shall be named, and is passed on as such (RFC 7871 7.1.2).  Raw
 * messages cross as they are.
 *
 * Returns 0, or -EBADMSG for an option that must draw FORMERR.
 */
int subnet_choose(const struct config *config, const struct dns_query *q,
    const struct sockaddr *client, struct subnet *ret_subnet);

/* Takes over the scope of a server's answer, for ours; 0 if it has none, or
 * nobody was named. */
void subnet_learn(struct subnet *s, const struct dns_response *r);

#endif
