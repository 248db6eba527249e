/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EDNS Client Subnet: what goes upstream and what comes back.
 *
 * More than the client allowed never goes: its own option is shortened, never
 * lengthened, and the address is looked at only if it sent none (RFC 7871
 * 7.1.2).  An option in an answer is the client's own, with a scope; so there
 * is one if and only if the query had one (RFC 7871 7.2.2).
 */
#include "resolver/subnet.h"

#include <netinet/in.h>

#include <errno.h>
#include <string.h>

static bool
make_from(const struct sockaddr *sa, const struct dns_ecs_limits *limits,
    struct dns_ecs *ret_ecs)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa == NULL)
		return false;
	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		return dns_ecs_make((const uint8_t *)&in.sin_addr,
		    sizeof(in.sin_addr), limits, ret_ecs);
	}
	if (sa->sa_family != AF_INET6)
		return false;
	memcpy(&in6, sa, sizeof(in6));
	return dns_ecs_make((const uint8_t *)&in6.sin6_addr,
	    sizeof(in6.sin6_addr), limits, ret_ecs);
}

int
subnet_choose(const struct config *config, const struct dns_query *q,
    const struct sockaddr *client, struct subnet *ret_subnet)
{
	struct dns_ecs_limits limits = {
	    .ipv4 = (uint8_t)config->ecs.ipv4,
	    .ipv6 = (uint8_t)config->ecs.ipv6,
	};
	struct subnet s = {.has_client = false};
	int rc;

	*ret_subnet = s;
	if (config->ecs.mode == CONFIG_ECS_STRIP || dns_query_is_raw(q))
		return 0;
	rc = dns_ecs_take(q->msg, &q->edns, &s.client);
	if (rc < 0 || s.client.scope != 0)
		return -EBADMSG;
	s.has_client = rc == 1;
	if (s.has_client) {
		s.has_sent = true;
		s.sent = s.client;
		dns_ecs_limit(&s.sent, &limits);
		/* Servers need not know the family of nobody. */
		if (s.sent.family == DNS_ECS_NONE)
			s.sent.family = DNS_ECS_IPV4;
	} else if (config->ecs.mode == CONFIG_ECS_ADD) {
		s.has_sent = make_from(client, &limits, &s.sent);
	}
	*ret_subnet = s;
	return 0;
}

void
subnet_learn(struct subnet *s, const struct dns_response *r)
{
	struct dns_ecs answer;

	s->client.scope = 0;
	if (s->has_sent && s->sent.source > 0 &&
	    dns_ecs_take(r->msg, &r->edns, &answer) == 1 &&
	    dns_ecs_is_answer(&s->sent, &answer))
		s->client.scope = answer.scope;
}
