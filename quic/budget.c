/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What connections may hold in memory, one alone and all of a worker together.
 *
 * A peer decides how much state a connection needs: gaps between the bytes
 * that it sends, connection IDs that it retires, answers that it does not
 * take.  ngtcp2 bounds each of them and not their sum, and what a pool of its
 * has grown to never shrinks.  So each connection has a bound of its own, far
 * above what an honest one needs.
 *
 * When all together exceed the service's budget, the oldest tombstones are
 * forgotten, then clients that may be at another address than they say, then
 * idle connections closed, so that new ones find room; and a connection that
 * is large then and still wants something is closed.
 */
#include "quic/internal.h"

/* How many connections are looked at for each that wants to begin. */
#define SCAN_CONNS 16
#define FORGET_TOMBSTONES 16

bool
quic_budget_is_over(const struct quic_router *r)
{
	const struct evquic_worker *w = r->worker;
	uint64_t max = r->service != NULL ? r->service->max_bytes : 0;

	return max != 0 && counter_get(&w->account.bytes) +
				   counter_get(&w->bufs.account.bytes) >=
			       max;
}

static bool
is_idle(const struct evquic_conn *c)
{
	return c->server && c->state == QUIC_OPEN && !c->close_wanted &&
	       list_is_empty(&c->streams);
}

/*
 * Closes an idle connection, if there is one among the next few: that of which
 * nothing was heard for longest.  Who asks now and then would lose a query to a
 * close that crosses it.
 */
static bool
close_idle(struct quic_router *r)
{
	struct evquic_conn *victim = NULL;

	for (int i = 0; i < SCAN_CONNS && !list_is_empty(&r->conns); i++) {
		struct evquic_conn *c =
		    container_of(r->conns.next, struct evquic_conn, link);

		/* To the end: the next search goes on behind it. */
		list_remove(&c->link);
		list_append(&r->conns, &c->link);
		if (is_idle(c) &&
		    (victim == NULL || c->heard_at < victim->heard_at))
			victim = c;
	}
	if (victim == NULL)
		return false;
	counter_add(&r->worker->counters.shed_idle, 1);
	quic_conn_abandon(victim, NGTCP2_NO_ERROR, "memory is short");
	return true;
}

/*
 * Forgets the client that has been here for longest without a proof of its
 * address: honest ones have moved on by then, and whoever comes now has one,
 * since Retry is sent while memory is short.  It hears nothing: it is not
 * known to be there.
 */
static bool
forget_half(struct quic_router *r)
{
	if (list_is_empty(&r->halves))
		return false;
	counter_add(&r->worker->counters.shed_half_open, 1);
	quic_conn_die(
	    container_of(r->halves.next, struct evquic_conn, half_link),
	    EVQUIC_CLOSED_DROPPED);
	return true;
}

bool
quic_budget_make_room(struct quic_router *r)
{
	if (!quic_budget_is_over(r))
		return true;
	quic_router_forget(r, FORGET_TOMBSTONES);
	return !quic_budget_is_over(r) || forget_half(r) || close_idle(r);
}

void
quic_budget_check(struct evquic_conn *c)
{
	size_t own = counter_get(&c->account.bytes);

	if (c->state == QUIC_DEAD || c->close_wanted)
		return;
	if (own <= c->max_bytes &&
	    (own + c->unacked + c->kept <= QUIC_CONN_BYTES_FAIR ||
		!quic_budget_is_over(c->router)))
		return;
	counter_add(&c->router->worker->counters.shed_large, 1);
	quic_conn_abandon(
	    c, NGTCP2_INTERNAL_ERROR, "too much memory for one connection");
}
