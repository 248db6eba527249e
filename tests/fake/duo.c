/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See duo.h.
 */
#include "tests/fake/duo.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	ROUND_TRIPS = 20,
	CHUNK = 60000
};

/* ------------------------------------------------------- application -- */

static struct duo_side *
side_of(const struct evquic_conn *conn)
{
	return evquic_conn_arg(conn);
}

static void
note(struct duo_side *side, enum duo_event event, struct evquic_stream *stream)
{
	side->n[event]++;
	if (stream != NULL)
		side->stream = stream;
	if (side->hook != NULL)
		side->hook(side, event, stream);
}

static int
on_opened(struct evquic_conn *conn)
{
	struct duo_side *side = side_of(conn);

	side->conn = conn;
	note(side, DUO_OPENED, NULL);
	return side->refuses;
}

static void
on_closed(struct evquic_conn *conn, const struct evquic_conn_stats *stats)
{
	struct duo_side *side = side_of(conn);
	size_t len = stats->reason_len;

	if (len > sizeof(side->reason) - 1)
		len = sizeof(side->reason) - 1;
	if (len > 0)
		memcpy(side->reason, stats->reason, len);
	side->reason[len] = '\0';
	side->stats = *stats;
	side->stats.reason = side->reason;
	(void)snprintf(side->verify, sizeof(side->verify), "%s",
	    evquic_conn_verify_error(conn));
	if (side->conn == conn)
		side->conn = NULL;
	note(side, DUO_CLOSED, NULL);
}

static void
on_stream_opened(struct evquic_stream *stream)
{
	note(side_of(evquic_stream_conn(stream)), DUO_STREAM_OPENED, stream);
}

static void
on_data(struct evquic_stream *stream, const uint8_t *data, size_t len, bool fin)
{
	struct duo_side *side = side_of(evquic_stream_conn(stream));
	struct evquic_buf *b;

	side->bytes += len;
	side->fins += fin;
	side->was_early = evquic_stream_is_early(stream);
	if (!side->hoards)
		evquic_stream_consume(stream, len);
	if (side->echoes) {
		b = evquic_buf_new(
		    evquic_conn_worker(evquic_stream_conn(stream)), len);
		if (b != NULL && len > 0)
			memcpy(evquic_buf_data(b), data, len);
		(void)evquic_stream_write(stream, b, b != NULL ? len : 0, fin);
	}
	note(side, DUO_DATA, stream);
}

static void
on_reset(struct evquic_stream *stream, uint64_t code)
{
	struct duo_side *side = side_of(evquic_stream_conn(stream));

	side->code = code;
	note(side, DUO_RESET, stream);
}

static void
on_stopped(struct evquic_stream *stream, uint64_t code)
{
	struct duo_side *side = side_of(evquic_stream_conn(stream));

	side->code = code;
	note(side, DUO_STOPPED, stream);
}

static void
on_stream_closed(struct evquic_stream *stream)
{
	struct duo_side *side = side_of(evquic_stream_conn(stream));

	note(side, DUO_STREAM_CLOSED, stream);
	if (side->keeps)
		return;
	if (side->stream == stream)
		side->stream = NULL;
	evquic_stream_release(stream);
}

static void
on_drain(struct evquic_conn *conn)
{
	note(side_of(conn), DUO_DRAIN, NULL);
}

static void
on_room(struct evquic_conn *conn)
{
	note(side_of(conn), DUO_ROOM, NULL);
}

static void
on_drained(struct evquic_stream *stream)
{
	note(side_of(evquic_stream_conn(stream)), DUO_DRAINED, stream);
}

static void
on_session(struct evquic_conn *conn, const void *session, size_t len)
{
	struct duo_side *side = side_of(conn);

	assert(len <= sizeof(side->session));
	memcpy(side->session, session, len);
	side->session_len = len;
	note(side, DUO_SESSION, NULL);
}

#define APP(name, bidi, uni)                                                   \
	{                                                                      \
		.size = sizeof(struct evquic_app), .alpn = (name),             \
		.limits = {.size = sizeof(struct evquic_limits),               \
		    .max_streams_bidi = (bidi),                                \
		    .max_streams_uni = (uni)},                                 \
		.opened = on_opened, .closed = on_closed,                      \
		.stream_opened = on_stream_opened, .stream_data = on_data,     \
		.stream_reset = on_reset, .stream_stopped = on_stopped,        \
		.stream_closed = on_stream_closed, .drain = on_drain,          \
		.stream_room = on_room, .session = on_session,                 \
		.stream_drained = on_drained,                                  \
	}

const struct evquic_app duo_app = APP("duo", 10, 3);
const struct evquic_app solo_app = APP("solo", 5, 0);
const struct evquic_app stranger_app = APP("stranger", 1, 1);

/* ------------------------------------------------------------- world -- */

void
duo_init(struct duo *d, const struct duo_options *o)
{
	static const struct duo_options none;
	struct sim_options world = {.seed = 1, .tls = &d->tls};

	if (o == NULL)
		o = &none;
	*d = (struct duo){.limits = o->client};
	d->early_seen = evquic_replay_new(DUO_REPLAYS);
	assert(d->early_seen != NULL);
	sim_tls_init(&d->tls);
	d->offers[0] = (struct evquic_offer){&duo_app, &d->server, o->server};
	d->offers[1] = (struct evquic_offer){&solo_app, &d->server, NULL};
	d->service = (struct evquic_service_options){
	    .size = sizeof(d->service),
	    .cred = d->tls.cred,
	    .offers = d->offers,
	    .noffers = 2,
	    .handshake_timeout_ms = o->handshake_timeout_ms,
	    .max_bytes = o->max_bytes,
	    .retry = o->retry,
	    .retry_above = o->retry_above,
	    .version_2 = o->version_2,
	    .ticket_key = {1},
	    .no_tickets = o->no_tickets,
	    .early_data = o->early_data,
	    .early_seen = d->early_seen,
	    .door = o->door,
	};
	world.workers = o->workers != 0 ? o->workers : 1;
	world.family = o->family != 0 ? o->family : AF_INET;
	world.wildcard = o->wildcard;
	world.service = &d->service;
	sim_init(&d->sim, &world);
}

void
duo_done(struct duo *d)
{
	sim_done(&d->sim);
	sim_tls_done(&d->tls);
	evquic_replay_unref(d->early_seen);
}

struct evquic_connect_options
duo_resume(
    const struct duo *d, const struct evquic_connect_options *o, bool early)
{
	struct evquic_connect_options full = {.size = sizeof(full)};

	if (o != NULL)
		full = *o;
	full.session = d->client.session;
	full.session_len = d->client.session_len;
	full.early_data = early;
	return full;
}

void
duo_reload(struct duo *d)
{
	struct evquic_service *service = evquic_service_new(&d->service);

	assert(service != NULL);
	for (unsigned i = 0; i < d->sim.workers; i++)
		evquic_endpoint_serve(d->sim.server, i, service);
	evquic_service_unref(service);
}

struct evquic_conn *
duo_connect(struct duo *d, const struct evquic_connect_options *o)
{
	struct evquic_connect_options full = {.size = sizeof(full)};
	struct evquic_conn *c = NULL;

	if (o != NULL)
		full = *o;
	if (full.app == NULL)
		full.app = &duo_app;
	if (full.limits == NULL)
		full.limits = d->limits;
	full.arg = &d->client;
	return sim_connect(&d->sim, 0, &full, &c) == 0 ? c : NULL;
}

static bool
is_open(void *arg)
{
	const struct duo *d = arg;

	return d->client.conn != NULL && d->server.conn != NULL;
}

bool
duo_open(struct duo *d)
{
	return duo_connect(d, NULL) != NULL &&
	       sim_run_until(&d->sim, 5 * NSEC_PER_SEC, is_open, d);
}

void
duo_init_open(struct duo *d, const struct duo_options *o)
{
	bool open;

	duo_init(d, o);
	open = duo_open(d);
	assert(open);
	(void)open;
	duo_talk(d);
}

void
duo_talk(struct duo *d)
{
	nsec delay = d->sim.net.faults.delay;

	sim_run(&d->sim, ROUND_TRIPS * 2 * delay);
}

bool
duo_end(struct duo *d)
{
	if (d->client.conn != NULL)
		evquic_conn_close(d->client.conn, 0, NULL);
	if (!sim_run_out(&d->sim))
		return false;
	if (d->sim.net.complaint[0] != '\0')
		printf("# net: %s\n", d->sim.net.complaint);
	return sim_is_empty(&d->sim) && d->sim.net.complaint[0] == '\0';
}

struct evquic_stream *
duo_stream(struct duo_side *side, bool bidi)
{
	struct evquic_stream *s = NULL;

	if (side->conn != NULL)
		(void)evquic_stream_open(side->conn, bidi, &s);
	return s;
}

int
duo_write(struct evquic_stream *s, size_t len, bool fin)
{
	struct evquic_worker *w = evquic_conn_worker(evquic_stream_conn(s));
	int rc;

	do {
		size_t part = len < CHUNK ? len : CHUNK;
		struct evquic_buf *b = evquic_buf_new(w, part);

		if (b == NULL)
			return -ENOMEM;
		memset(evquic_buf_data(b), 'x', part);
		len -= part;
		rc = evquic_stream_write(s, b, part, fin && len == 0);
	} while (rc == 0 && len > 0);
	return rc;
}

bool
duo_echo(struct duo *d, size_t len, nsec span)
{
	struct evquic_stream *s = duo_stream(&d->client, true);

	d->client.bytes = 0;
	d->client.fins = 0;
	d->server.echoes = true;
	if (s == NULL || duo_write(s, len, true) != 0)
		return false;
	sim_run(&d->sim, span);
	return d->client.bytes == len && d->client.fins == 1;
}

void
duo_ask_at_once(
    struct duo_side *side, enum duo_event event, struct evquic_stream *stream)
{
	struct evquic_stream *s;

	(void)stream;
	if (event != DUO_OPENED)
		return;
	s = duo_stream(side, true);
	if (s != NULL)
		(void)duo_write(s, DUO_QUERY, true);
}
