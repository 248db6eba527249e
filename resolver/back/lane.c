/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which queries to one server share a TCP connection.
 *
 * Usually all do: one lane.  A server that reads the PROXY protocol is told of
 * the client once, at the beginning of a connection, which then is that
 * client's: a lane for each header.  There are BACK_LANES_MAX of them at most;
 * a client more takes the place of the one whose lane has been idle for the
 * longest time, and is refused if all are busy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/back/internal.h"

static struct back_lane *
lane_of(struct list *link)
{
	return container_of(link, struct back_lane, link);
}

void
back_lane_raise(struct back_lane *lane)
{
	struct upstream *u = lane->server->upstream;

	if (!list_is_linked(&lane->pump))
		list_append(&u->pumps, &lane->pump);
	back_flush_later(u);
}

/* It is found no more. */
static void
leave(struct back_lane *lane)
{
	struct back_server *s = lane->server;

	if (lane->is_leaving)
		return;
	lane->is_leaving = true;
	s->lane_count--;
	if (s->is_proxied)
		counter_sub(&s->upstream->env.counters->tcp_clients, 1);
}

static void
free_lane(struct back_lane *lane)
{
	leave(lane);
	back_conn_done(lane);
	list_remove(&lane->pump);
	list_remove(&lane->link);
	free(lane);
}

static bool
is_idle(struct back_lane *lane)
{
	struct list *l = lane->conns.next;

	for (; l != &lane->conns; l = l->next) {
		if (!back_conn_is_idle(container_of(l, struct back_conn, link)))
			return false;
	}
	return list_is_empty(&lane->queue);
}

/* The lane that was not used for the longest time goes.  False if all are
 * busy. */
static bool
evict(struct back_server *s)
{
	struct list *l = s->lanes.next;
	struct back_lane *lane;

	while (
	    l != &s->lanes && (lane_of(l)->is_leaving || !is_idle(lane_of(l))))
		l = l->next;
	if (l == &s->lanes)
		return false;
	lane = lane_of(l);
	leave(lane);
	for (l = lane->conns.next; l != &lane->conns; l = l->next)
		back_conn_kill(container_of(l, struct back_conn, link));
	back_lane_raise(lane);
	BACK_COUNT(s->upstream, tcp_clients_evicted);
	return true;
}

static struct back_lane *
find(const struct back_server *s, const uint8_t *header, size_t len)
{
	struct list *l = s->lanes.prev;

	for (; l != &s->lanes; l = l->prev) {
		struct back_lane *lane = lane_of(l);

		if (!lane->is_leaving && lane->header_len == len &&
		    memcmp(lane->header, header, len) == 0)
			return lane;
	}
	return NULL;
}

static struct back_lane *
new_lane(struct back_server *s, const uint8_t *header, size_t len)
{
	struct back_lane *lane = calloc(1, sizeof(*lane));

	if (lane == NULL)
		return NULL;
	lane->server = s;
	lane->header_len = (uint8_t)len;
	memcpy(lane->header, header, len);
	list_init(&lane->link);
	list_init(&lane->pump);
	list_init(&lane->queue);
	list_init(&lane->conns);
	s->lane_count++;
	if (s->is_proxied)
		counter_add(&s->upstream->env.counters->tcp_clients, 1);
	return lane;
}

int
back_lane_get(const struct back_attempt *a, struct back_lane **ret_lane)
{
	struct back_server *s = a->slot->server;
	uint8_t header[PROXYV2_MAX];
	size_t len = back_match_header(a, header);
	struct back_lane *lane = find(s, header, len);

	if (lane == NULL) {
		if (s->lane_count >= BACK_LANES_MAX && !evict(s)) {
			BACK_COUNT(s->upstream, tcp_clients_refused);
			return -EAGAIN;
		}
		lane = new_lane(s, header, len);
		if (lane == NULL)
			return -ENOMEM;
	}
	list_remove(&lane->link);
	list_append(&s->lanes, &lane->link);
	*ret_lane = lane;
	return 0;
}

void
back_lane_flush(struct back_lane *lane)
{
	back_conn_reap(lane);
	back_conn_pump(lane);
	if (list_is_empty(&lane->queue) && list_is_empty(&lane->conns))
		free_lane(lane);
}

void
back_lane_done(struct back_server *s)
{
	while (!list_is_empty(&s->lanes))
		free_lane(lane_of(s->lanes.next));
}
