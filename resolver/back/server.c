/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One upstream server: its health, and the order in which servers are tried.
 *
 *	up --UPSTREAM_DOWN_FAILURES in a row--> down
 *	 ^                                       | backoff, doubling to 30 s
 *	 +-------- any answer -------------------+
 *
 * Down means behind all others, never left out: when all are down all are
 * tried.  When the backoff is over one live question treats the server as if
 * it were up; that puts the backoff forward for everybody else.
 */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>

#include "resolver/back/internal.h"

/* RFC 6298 2: the smoothed time moves by an eighth of the difference. */
#define RTT_WEIGHT 8

/* Cleartext to ourselves cannot be changed by anybody else on the way. */
static bool
is_loopback(const struct config_addr *addr)
{
	const struct sockaddr_in *v4 = (const void *)&addr->ss;
	const struct sockaddr_in6 *v6 = (const void *)&addr->ss;

	if (addr->ss.ss_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> IN_CLASSA_NSHIFT ==
		       IN_LOOPBACKNET;
	return addr->ss.ss_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

struct back_server *
back_server_new(struct upstream *u, const struct config_server *item,
    const struct config_addr *addr)
{
	struct back_server *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->upstream = u;
	s->scheme = item->scheme;
	s->addr = *addr;
	s->is_trusted = is_loopback(addr);
	s->jar.since = back_now(u);
	s->is_proxied = item->is_proxied;
	config_url_format(
	    item->scheme, (const struct sockaddr *)&addr->ss, s->name);
	list_init(&s->link);
	list_init(&s->sockets);
	list_init(&s->lanes);
	return s;
}

void
back_server_free(struct back_server *s)
{
	if (s == NULL)
		return;
	assert(s->users == 0 && s->attempts == 0);
	back_socket_done(s);
	back_lane_done(s);
	list_remove(&s->link);
	free(s);
}

bool
back_server_is_down(const struct back_server *s)
{
	return s->backoff != 0;
}

void
back_server_on_success(struct back_server *s, nsec rtt)
{
	struct upstream *u = s->upstream;

	if (back_server_is_down(s)) {
		BACK_COUNT(u, server_up);
		if (u->env.log != NULL)
			log_limited(u->env.log, &u->log_limit, LOG_LEVEL_INFO,
			    back_now(u), "upstream %s answers again", s->name);
	}
	s->failures = 0;
	s->backoff = 0;
	if (rtt == 0)
		return;
	if (s->rtt == 0)
		s->rtt = rtt;
	else
		s->rtt = s->rtt - s->rtt / RTT_WEIGHT + rtt / RTT_WEIGHT;
}

void
back_server_on_failure(struct back_server *s, nsec now)
{
	struct upstream *u = s->upstream;

	if (back_server_is_down(s))
		return;
	/* Slower than what was waited for; how slow is not known. */
	s->rtt = s->rtt == 0 ? UPSTREAM_FIRST_WAIT : 2 * s->rtt;
	if (s->rtt > UPSTREAM_THIRD_WAIT)
		s->rtt = UPSTREAM_THIRD_WAIT;
	if (++s->failures < UPSTREAM_DOWN_FAILURES)
		return;
	s->backoff = UPSTREAM_DOWN_FIRST;
	s->down_until = nsec_add(now, s->backoff);
	BACK_COUNT(u, server_down);
	if (u->env.log != NULL)
		log_limited(u->env.log, &u->log_limit, LOG_LEVEL_WARN, now,
		    "upstream %s does not answer", s->name);
}

/* Is it to be tried as if it were up? */
static bool
is_due(const struct back_server *s, nsec now)
{
	return !back_server_is_down(s) || now >= s->down_until;
}

void
back_server_on_try(struct back_server *s, nsec now)
{
	if (!back_server_is_down(s) || !is_due(s, now))
		return;
	s->backoff *= 2;
	if (s->backoff > UPSTREAM_DOWN_LONGEST)
		s->backoff = UPSTREAM_DOWN_LONGEST;
	s->down_until = nsec_add(now, s->backoff);
}

/* The smaller, the earlier: what the policy says of a server. */
static uint64_t
policy_rank(const struct upstream *u, const struct back_server *s)
{
	switch (u->policy) {
	case CONFIG_POLICY_FAILOVER:
		break;
	case CONFIG_POLICY_ROUND_ROBIN:
		return (s->position + u->server_count - u->next_first) %
		       u->server_count;
	case CONFIG_POLICY_FASTEST:
		/* One that is down but due: its old figure means nothing. */
		return back_server_is_down(s) ? 0 : s->rtt;
	}
	return s->position;
}

struct ranked {
	struct back_server *server;
	bool is_behind;
	uint64_t rank;
};

static bool
is_earlier(const struct ranked *a, const struct ranked *b)
{
	if (a->is_behind != b->is_behind)
		return b->is_behind;
	return a->rank < b->rank;
}

/* Puts `r` into its place among the `count` best; returns how many these are.
 */
static unsigned
insert(struct ranked *best, unsigned count, const struct ranked *r)
{
	unsigned at = count;

	while (at > 0 && is_earlier(r, &best[at - 1]))
		at--;
	if (at == UPSTREAM_ASK_SERVERS)
		return count;
	if (count < UPSTREAM_ASK_SERVERS)
		count++;
	for (unsigned i = count - 1; i > at; i--)
		best[i] = best[i - 1];
	best[at] = *r;
	return count;
}

unsigned
back_server_order(struct upstream *u, nsec now,
    struct back_server *ret_order[UPSTREAM_ASK_SERVERS])
{
	struct ranked best[UPSTREAM_ASK_SERVERS];
	unsigned count = 0;
	/* Nobody, unless it is time to look how fast another one is. */
	unsigned explored = u->server_count;

	if (u->policy == CONFIG_POLICY_FASTEST && u->server_count > 1 &&
	    random_below(u->env.random, UPSTREAM_EXPLORE_ONE_IN) == 0)
		explored = random_below(u->env.random, u->server_count);
	for (struct list *l = u->servers.next; l != &u->servers; l = l->next) {
		struct back_server *s =
		    container_of(l, struct back_server, link);
		struct ranked r = {
		    .server = s,
		    .is_behind = !is_due(s, now),
		    .rank = s->position == explored ? 0 : policy_rank(u, s),
		};

		count = insert(best, count, &r);
	}
	for (unsigned i = 0; i < count; i++)
		ret_order[i] = best[i].server;
	if (u->server_count > 0)
		u->next_first = (u->next_first + 1) % u->server_count;
	return count;
}
