/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hand-over: a datagram that came to a worker that does not own it is copied to
 * the owner's router.
 *
 * That is rare: the kernel steers (steer.c).  It happens where the program
 * could not be attached, and for trains (UDP_GRO) whose segments belong to
 * different connections, since the kernel looks at the first one only.  The
 * inbox is bounded: what does not fit is lost, as datagrams may be.
 */
#include "quic/internal.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A datagram in another router's inbox. */
struct handed {
	struct list link;
	uint32_t ordinal; /* of the listening socket it came to */
	uint8_t ecn;
	union quic_addr local;
	union quic_addr remote;
	size_t len;
	uint8_t data[];
};

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct quic_router *r = arg;
	eventfd_t count;

	(void)what;
	(void)eventfd_read(fd, &count);
	(void)quic_inbox_take(r, r->worker->io.now(r->worker->io.ctx));
}

int
quic_inbox_init(struct quic_router *r)
{
	struct quic_inbox *b = &r->inbox;

	list_init(&b->items);
	b->count = 0;
	b->wake_fd = -1;
	b->wake_event = NULL;
	(void)pthread_mutex_init(&b->lock, NULL);
	if (r->worker->base == NULL)
		return 0;
	b->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (b->wake_fd < 0)
		return -errno;
	b->wake_event = event_new(
	    r->worker->base, b->wake_fd, EV_READ | EV_PERSIST, on_wake, r);
	if (b->wake_event == NULL || event_add(b->wake_event, NULL) != 0)
		return -ENOMEM;
	return 0;
}

void
quic_inbox_done(struct quic_router *r)
{
	struct quic_inbox *b = &r->inbox;
	struct list *l;

	while ((l = list_pop(&b->items)) != NULL)
		free(container_of(l, struct handed, link));
	if (b->wake_event != NULL)
		event_free(b->wake_event);
	if (b->wake_fd >= 0)
		close(b->wake_fd);
	(void)pthread_mutex_destroy(&b->lock);
}

/* Adds to an inbox; false if it is full. */
static bool
put(struct quic_inbox *b, struct handed *h)
{
	bool fits, first;

	(void)pthread_mutex_lock(&b->lock);
	fits = b->count < QUIC_INBOX_MAX;
	first = b->count == 0;
	if (fits) {
		list_append(&b->items, &h->link);
		b->count++;
	}
	(void)pthread_mutex_unlock(&b->lock);
	if (fits && first && b->wake_fd >= 0)
		(void)eventfd_write(b->wake_fd, 1);
	return fits;
}

void
quic_inbox_put(struct quic_router *to, const struct quic_socket *s,
    const ngtcp2_path *path, const ngtcp2_pkt_info *pi, const uint8_t *data,
    size_t len)
{
	struct quic_counters *n = &s->router->worker->counters;
	struct handed *h = malloc(sizeof(*h) + len);

	if (h == NULL) {
		counter_add(&n->handovers_lost, 1);
		return;
	}
	h->ordinal = s->ordinal;
	h->ecn = pi->ecn;
	(void)quic_addr_copy(&h->local, path->local.addr);
	(void)quic_addr_copy(&h->remote, path->remote.addr);
	h->len = len;
	memcpy(h->data, data, len);
	if (put(&to->inbox, h)) {
		counter_add(&n->handovers, 1);
	} else {
		counter_add(&n->handovers_lost, 1);
		free(h);
	}
}

/* This router's part of the port that the datagram came to. */
static struct quic_socket *
find_socket(const struct quic_router *r, uint32_t ordinal)
{
	for (struct list *l = r->sockets.next; l != &r->sockets; l = l->next) {
		struct quic_socket *s =
		    container_of(l, struct quic_socket, link);

		if (!s->connected && s->ordinal == ordinal)
			return s;
	}
	return NULL;
}

static void
receive(struct quic_router *r, struct handed *h, nsec now)
{
	struct quic_socket *s = find_socket(r, h->ordinal);
	ngtcp2_path path = {
	    .local = {&h->local.sa, quic_addr_len(&h->local)},
	    .remote = {&h->remote.sa, quic_addr_len(&h->remote)},
	    .user_data = s,
	};
	ngtcp2_pkt_info pi = {.ecn = h->ecn};

	if (s != NULL)
		quic_router_recv_own(s, &path, &pi, h->data, h->len, now);
}

bool
quic_inbox_take(struct quic_router *r, nsec now)
{
	struct quic_inbox *b = &r->inbox;
	struct list items, *l;

	list_init(&items);
	(void)pthread_mutex_lock(&b->lock);
	list_splice(&items, &b->items);
	b->count = 0;
	(void)pthread_mutex_unlock(&b->lock);
	if (list_is_empty(&items))
		return false;
	r->accepts = 0;
	while ((l = list_pop(&items)) != NULL) {
		struct handed *h = container_of(l, struct handed, link);

		receive(r, h, now);
		free(h);
	}
	return true;
}
