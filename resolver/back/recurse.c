/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions that are resolved here: the worker's side of the recursor.
 *
 * An ask has one job and one timer, its deadline.  Whichever comes first ends
 * it; a job that comes later has been cancelled and never gets here.  A port
 * that a reload took out of use stays until its last job is over.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "dns/resolved.h"
#include "resolver/back/internal.h"
#include "resolver/back/recursor.h"

/* What is said of a failure (RFC 8914 4); NULL: the status says it all. */
static const char *
explain(int status, enum recursor_why why, int *ret_ede)
{
	static const char *const bogus[] = {
	    [RECURSOR_WHY_OTHER] = "validation failed",
	    [RECURSOR_WHY_EXPIRED] = "signature expired",
	    [RECURSOR_WHY_NOT_YET] = "signature not yet valid",
	    [RECURSOR_WHY_UNSIGNED] = "signatures missing",
	};

	*ret_ede = DNS_EDE_NO_REACHABLE_AUTHORITY;
	switch (status) {
	case -EREMOTEIO:
		return "no authority gave a usable answer";
	case -ETIMEDOUT:
		return "no authority answered in time";
	case -ENETUNREACH:
		*ret_ede = DNS_EDE_NETWORK_ERROR;
		return "no way to the root servers";
	case -EKEYREJECTED:
		/* More exact codes cannot be told reliably. */
		*ret_ede = DNS_EDE_DNSSEC_BOGUS;
		return bogus[why];
	default:
		return NULL;
	}
}

static void
count(struct upstream *u, int status, enum recursor_security security)
{
	bool is_failed = status == -EREMOTEIO || status == -ENETUNREACH;

	BACK_COUNT_IF(u, asks_answered, status == 0);
	BACK_COUNT_IF(u, asks_failed, status != 0);
	BACK_COUNT_IF(u, asks_timed_out, status == -ETIMEDOUT);
	BACK_COUNT_IF(u, recursion_failed, is_failed);
	BACK_COUNT_IF(u, recursion_broken, status == -EBADMSG);
	BACK_COUNT_IF(u, recursion_secure, security == RECURSOR_SECURE);
	BACK_COUNT_IF(u, recursion_bogus, security == RECURSOR_BOGUS);
}

/* RFC 4035 5.5: who has not said that he checks himself gets no bogus data. */
static int
judge(const struct dns_query *q, const struct recursor_answer *answer,
    struct dns_response *ret)
{
	if (answer->status != 0)
		return answer->status;
	if (answer->security == RECURSOR_BOGUS && (q->flags & DNS_FLAG_CD) == 0)
		return -EKEYREJECTED;
	return dns_resolved_read(q, answer->msg, answer->len,
	    answer->security == RECURSOR_SECURE, ret);
}

static void
end(struct upstream_ask *ask, const struct recursor_answer *answer)
{
	struct dns_response response;
	struct upstream_result result = {
	    .is_ad_trusted = true,
	    .strip_dnssec = true,
	};

	result.status = judge(ask->query, answer, &response);
	if (result.status == 0)
		result.response = &response;
	else
		result.ede_text =
		    explain(result.status, answer->why, &result.ede);
	count(ask->upstream, result.status, answer->security);
	back_ask_detach(ask);
	ask->done(ask, &result);
}

/* The deadline. */
static void
on_deadline(struct timer *timer, nsec now)
{
	struct upstream_ask *ask =
	    container_of(timer, struct upstream_ask, timer);

	(void)now;
	end(ask, &(struct recursor_answer){.status = -ETIMEDOUT});
}

static void
on_answers(struct net_watch *watch, unsigned what)
{
	struct back_recursion *c =
	    container_of(watch, struct back_recursion, watch);
	struct recursor_answer answer;
	void *owner;

	(void)what;
	recursor_port_clear(c->port);
	/* As many as there are: each was counted when it was asked. */
	while (recursor_port_take(c->port, &owner, &answer)) {
		struct upstream_ask *ask = owner;

		ask->job = NULL;
		c->jobs--;
		end(ask, &answer);
		free(answer.msg);
	}
	if (c->upstream->recursion != c)
		back_flush_later(c->upstream);
}

/* What a resolver can find; the rest is between a client and a server. */
static bool
is_resolvable(const struct dns_query *q)
{
	return q->opcode == DNS_OPCODE_QUERY && q->qclass == DNS_CLASS_IN &&
	       !dns_query_is_raw(q);
}

static int
hand_in(struct upstream_ask *ask)
{
	struct back_recursion *c = ask->upstream->recursion;
	const struct dns_query *q = ask->query;
	int rc;

	if (!is_resolvable(q))
		return -EOPNOTSUPP;
	if (c == NULL)
		return -EIO;
	rc = recursor_ask(c->port,
	    &(struct recursor_question){
		.name = q->msg + DNS_HEADER_SIZE,
		.qtype = q->qtype,
		.client = ask->is_exempt ? NULL : ask->client,
	    },
	    ask, &ask->job);
	if (rc != 0)
		return rc;
	ask->recursion = c;
	c->jobs++;
	return 0;
}

int
back_recurse_begin(struct upstream_ask *ask)
{
	struct upstream *u = ask->upstream;
	int rc = hand_in(ask);

	if (rc != 0) {
		ask->upstream = NULL;
		return rc;
	}
	list_init(&ask->link);
	list_init(&ask->attempts);
	ask->slot_count = 0;
	ask->kept = NULL;
	ask->deadline = nsec_add(back_now(u), u->query_time);
	if (ask->not_after != 0 && ask->not_after < ask->deadline)
		ask->deadline = ask->not_after;
	timer_init(&ask->timer, on_deadline);
	timer_arm(u->env.timers, &ask->timer, ask->deadline);
	list_append(&u->asks, &ask->link);
	u->ask_count++;
	counter_add(&u->env.counters->asks_outstanding, 1);
	return 0;
}

void
back_recurse_forget(struct upstream_ask *ask)
{
	if (ask->job == NULL)
		return;
	recursor_cancel(ask->job);
	ask->job = NULL;
	ask->recursion->jobs--;
	if (ask->recursion != ask->upstream->recursion)
		back_flush_later(ask->upstream);
}

/* --------------------------------------------------------------- ports -- */

static void
free_recursion(struct back_recursion *c)
{
	assert(c->jobs == 0);
	list_remove(&c->link);
	(void)net_watch_set(&c->watch, 0); /* ending it cannot fail */
	recursor_port_close(c->port);
	free(c);
}

static struct back_recursion *
new_recursion(struct upstream *u, struct recursor_port *port)
{
	struct back_recursion *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		recursor_port_close(port);
		return NULL;
	}
	list_init(&c->link);
	c->upstream = u;
	c->port = port;
	net_watch_init(&c->watch, &u->io, recursor_port_fd(port), on_answers);
	if (net_watch_set(&c->watch, NET_READABLE) == 0)
		return c;
	free_recursion(c);
	return NULL;
}

int
upstream_recurse(struct upstream *u, struct recursor_port *port)
{
	if (u->recursion != NULL)
		list_append(&u->recursions_left, &u->recursion->link);
	u->recursion = NULL;
	back_recurse_reap(u);
	u->is_recursive = port != NULL;
	if (port != NULL)
		u->recursion = new_recursion(u, port);
	return port == NULL || u->recursion != NULL ? 0 : -ENOMEM;
}

void
back_recurse_reap(struct upstream *u)
{
	struct list *l = u->recursions_left.next;

	while (l != &u->recursions_left) {
		struct back_recursion *c =
		    container_of(l, struct back_recursion, link);

		l = l->next;
		if (c->jobs == 0)
			free_recursion(c);
	}
}

void
back_recurse_done(struct upstream *u)
{
	(void)upstream_recurse(u, NULL);
	assert(list_is_empty(&u->recursions_left));
}
