/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zone transfers, relayed.
 *
 *	connect --query sent--> first message --> ... --> last message
 *	   ^         |
 *	   +-- next server, if the connection ends or is silent
 *
 * A transfer has a connection of its own, and shares none with questions, for
 * which it would be in the way.  Its servers, their order and their health are
 * those of questions.  Since a transfer may end within its own callback, the
 * flush frees it.
 */
#include "resolver/back/transfer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "dns/xfr.h"
#include "resolver/back/internal.h"

struct transfer {
	struct list link; /* upstream->transfers, or ->transfers_over */
	struct upstream *upstream;
	struct transfer_ask ask;
	struct back_server *servers[UPSTREAM_ASK_SERVERS];
	unsigned server_count;
	unsigned next; /* server to be asked */
	struct net_stream stream;
	struct timer silence; /* of the server; not while it is paused */
	struct dns_expect expect;
	struct dns_xfr xfr;
};

static void
wait_for_server(struct transfer *t)
{
	struct upstream *u = t->upstream;

	timer_arm(u->env.timers, &t->silence,
	    nsec_add(back_now(u), u->transfer_time));
}

/* Lets go of everything but the memory. */
static void
end_transfer(struct transfer *t)
{
	struct upstream *u = t->upstream;

	net_stream_close(&t->stream);
	timer_cancel(u->env.timers, &t->silence);
	for (unsigned i = 0; i < t->server_count; i++)
		t->servers[i]->users--;
	t->server_count = 0;
	list_remove(&t->link);
	list_append(&u->transfers_over, &t->link);
	u->transfer_count--;
	counter_sub(&u->env.counters->transfers_now, 1);
	back_flush_later(u);
}

static void
fail(struct transfer *t, int status)
{
	struct transfer_part part = {.status = status};

	BACK_COUNT(t->upstream, transfers_failed);
	end_transfer(t);
	t->ask.fn(t->ask.arg, &part);
}

/* Names the client, if the server wants that in front of all. */
static int
send_header(struct transfer *t, const struct back_server *s)
{
	struct evquic_buf *b;

	if (!s->is_proxied)
		return 0;
	b = buf_new(&t->upstream->bufs, PROXYV2_MAX);
	if (b == NULL)
		return -ENOMEM;
	b->len = (uint32_t)proxyv2_write(
	    t->ask.client, t->ask.local, SOCK_STREAM, b->data);
	return net_stream_send_bare(&t->stream, b);
}

static int
send_query(struct transfer *t)
{
	struct upstream *u = t->upstream;
	/* RFC 9103 6.3.4, RFC 6891 7: EDNS if the asker knows it. */
	struct dns_build how = {.no_edns = !t->ask.query->edns.is_present};
	struct evquic_buf *b;
	struct dns_buf out;
	int rc;

	random_bytes(u->env.random, &how.id, sizeof(how.id));
	b = buf_new(&u->bufs, dns_query_build_bound(t->ask.query, &how));
	if (b == NULL)
		return -ENOMEM;
	out = (struct dns_buf){.data = b->data, .size = buf_room(b)};
	rc = dns_query_build(t->ask.query, &how, &out);
	assert(rc == 0); /* the bound is one */
	b->len = (uint32_t)out.len;
	t->expect = (struct dns_expect){
	    .id = how.id,
	    .opcode = DNS_OPCODE_QUERY,
	    .question = t->ask.query->msg + DNS_HEADER_SIZE,
	    .question_len = t->ask.query->question_len,
	};
	dns_xfr_init(&t->xfr, t->ask.query);
	return net_stream_send(&t->stream, b);
}

/* Asks the next server that lets itself be asked.  0, or why none does. */
static int
ask_next(struct transfer *t, int error)
{
	struct upstream *u = t->upstream;
	nsec now = back_now(u);

	while (t->next < t->server_count) {
		struct back_server *s = t->servers[t->next++];

		error = net_stream_connect(&t->stream,
		    (const struct sockaddr *)&s->addr.ss, s->addr.len,
		    nsec_add(now, BACK_CONN_CONNECT_TIME));
		if (error == 0)
			error = send_header(t, s);
		if (error == 0)
			error = send_query(t);
		if (error == 0) {
			wait_for_server(t);
			return 0;
		}
		net_stream_close(&t->stream);
		back_server_on_failure(s, now);
	}
	return error;
}

/* Nothing more comes from this server. */
static void
lose_server(struct transfer *t, int error)
{
	net_stream_close(&t->stream);
	timer_cancel(t->upstream->env.timers, &t->silence);
	if (!t->xfr.has_begun) {
		back_server_on_failure(
		    t->servers[t->next - 1], back_now(t->upstream));
		error = ask_next(t, error);
		if (error == 0)
			return;
	}
	fail(t, error);
}

static void
on_message(struct net_stream *stream, const uint8_t *msg, size_t len)
{
	struct transfer *t = container_of(stream, struct transfer, stream);
	struct upstream *u = t->upstream;
	struct dns_response response;
	struct transfer_part part = {.response = &response};
	enum dns_xfr_step step = DNS_XFR_BROKEN;

	BACK_COUNT(u, transfer_messages);
	/* Nobody else was asked anything by this connection. */
	if (dns_response_check(msg, len, &t->expect, &response) ==
	    DNS_MATCH_ACCEPT)
		step = dns_xfr_take(&t->xfr, &response);
	if (step == DNS_XFR_BROKEN) {
		fail(t, -EBADMSG);
		return;
	}
	t->expect.may_lack_question = true;
	part.is_last = step == DNS_XFR_LAST;
	if (part.is_last) {
		BACK_COUNT(u, transfers_done);
		back_server_on_success(t->servers[t->next - 1], 0);
		end_transfer(t);
	} else if (!t->stream.is_paused) {
		wait_for_server(t);
	}
	t->ask.fn(t->ask.arg, &part);
}

static void
on_closed(struct net_stream *stream, int error)
{
	struct transfer *t = container_of(stream, struct transfer, stream);

	lose_server(t, error == 0 ? -ECONNRESET : error);
}

static const struct net_stream_app transfer_app = {
    .on_message = on_message,
    .on_closed = on_closed,
};

static void
on_silence(struct timer *timer, nsec now)
{
	(void)now;
	lose_server(container_of(timer, struct transfer, silence), -ETIMEDOUT);
}

static void
choose_servers(struct transfer *t)
{
	struct upstream *u = t->upstream;

	t->server_count = back_server_order(u, back_now(u), t->servers);
	for (unsigned i = 0; i < t->server_count; i++)
		t->servers[i]->users++;
}

int
transfer_start(struct upstream *u, const struct transfer_ask *ask,
    struct transfer **ret_transfer)
{
	struct transfer *t;
	int rc;

	if (u->server_count == 0)
		return -ENOTCONN;
	if (u->transfer_count >= u->transfer_max) {
		BACK_COUNT(u, transfers_refused);
		return -EAGAIN;
	}
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return -ENOMEM;
	t->upstream = u;
	t->ask = *ask;
	timer_init(&t->silence, on_silence);
	net_stream_init(&t->stream, &u->stream_env, &transfer_app);
	list_init(&t->link);
	list_append(&u->transfers, &t->link);
	u->transfer_count++;
	BACK_COUNT(u, transfers);
	counter_add(&u->env.counters->transfers_now, 1);
	choose_servers(t);
	rc = ask_next(t, -EHOSTUNREACH);
	if (rc < 0) {
		BACK_COUNT(u, transfers_failed);
		end_transfer(t);
		return rc == -ENOMEM ? rc : -EHOSTUNREACH;
	}
	*ret_transfer = t;
	return 0;
}

void
transfer_pause(struct transfer *t)
{
	net_stream_pause(&t->stream);
	timer_cancel(t->upstream->env.timers, &t->silence);
}

void
transfer_resume(struct transfer *t)
{
	if (!t->stream.is_paused)
		return;
	net_stream_resume(&t->stream);
	wait_for_server(t);
}

void
transfer_cancel(struct transfer *t)
{
	BACK_COUNT(t->upstream, transfers_cancelled);
	end_transfer(t);
}

size_t
transfer_held(const struct transfer *t)
{
	return sizeof(*t) + dns_frame_held(&t->stream.frame);
}

void
back_transfer_reap(struct upstream *u)
{
	struct list *l;

	while ((l = list_pop(&u->transfers_over)) != NULL)
		free(container_of(l, struct transfer, link));
}

void
back_transfer_done(struct upstream *u)
{
	while (!list_is_empty(&u->transfers))
		transfer_cancel(
		    container_of(u->transfers.next, struct transfer, link));
	back_transfer_reap(u);
}
