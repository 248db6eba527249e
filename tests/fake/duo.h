/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FAKE_DUO_H
#define TESTS_FAKE_DUO_H

#include "tests/fake/sim.h"

/*
 * One server and one client whose applications do nothing by themselves: they
 * write down what they are told, and the test acts.
 */

enum {
	DUO_TEXT = 160,
	DUO_SESSION_MAX = 65536, /* the chain is in it */
	DUO_REPLAYS = 100 /* ClientHellos with early data are remembered */
};

enum duo_event {
	DUO_OPENED,
	DUO_CLOSED,
	DUO_STREAM_OPENED,
	DUO_DATA,
	DUO_RESET,
	DUO_STOPPED,
	DUO_STREAM_CLOSED,
	DUO_DRAIN,
	DUO_ROOM,
	DUO_SESSION,
	DUO_DRAINED,
	DUO_EVENTS
};

/* One side: the `arg` of its connections. */
struct duo_side {
	unsigned n[DUO_EVENTS]; /* how often each was told */
	uint64_t bytes;
	unsigned fins;
	uint64_t code;			/* of the last reset or stop */
	struct evquic_conn *conn;	/* the last one opened */
	struct evquic_stream *stream;	/* the last one told of */
	struct evquic_conn_stats stats; /* of the last one closed */
	char reason[DUO_TEXT];
	char verify[DUO_TEXT];
	size_t session_len; /* the last one given */
	uint8_t session[DUO_SESSION_MAX];
	bool was_early; /* the last stream that brought bytes */
	/* How it behaves. */
	bool hoards; /* gives no credit for what comes */
	bool keeps;  /* does not release closed streams */
	bool echoes;
	int refuses; /* what opened() returns */
	/* Called after each event was noted; stream is NULL where none is. */
	void (*hook)(struct duo_side *side, enum duo_event event,
	    struct evquic_stream *stream);
	void *hook_arg;
};

/* "duo" lets the peer open 10 streams and 3 unidirectional ones, "solo" 5 and
 * none. */
extern const struct evquic_app duo_app;
extern const struct evquic_app solo_app;
extern const struct evquic_app stranger_app; /* "stranger": served by nobody */

struct duo_options {
	const struct evquic_limits *server; /* NULL: the application's */
	const struct evquic_limits *client;
	uint32_t handshake_timeout_ms; /* of the server */
	uint64_t max_bytes;
	enum evquic_retry retry;
	uint32_t retry_above;
	bool no_tickets;
	bool early_data;
	const struct evquic_door *door;
	unsigned workers; /* 0: one */
	bool wildcard;
	bool version_2;
	int family; /* 0: AF_INET */
};

struct duo {
	struct sim_tls tls;
	struct sim sim;
	struct duo_side server;
	struct duo_side client;
	struct evquic_service_options service; /* as the server was made */
	struct evquic_offer offers[2];
	const struct evquic_limits *limits;
	struct evquic_replay *early_seen;
};

/* Makes the world; nobody is connected yet.  NULL: the defaults. */
void duo_init(struct duo *d, const struct duo_options *o);
void duo_done(struct duo *d);

/* As `o`, NULL: no options, with the session that the client was given last;
 * `early`: with early data. */
struct evquic_connect_options duo_resume(
    const struct duo *d, const struct evquic_connect_options *o, bool early);

/* The server takes over `service` as it stands now, as after a reload. */
void duo_reload(struct duo *d);

/* Begins a connection; NULL: duo_app, and the CA is trusted. */
struct evquic_conn *duo_connect(
    struct duo *d, const struct evquic_connect_options *o);

/* Connects and runs until both sides are open; false if they are not. */
bool duo_open(struct duo *d);

/* duo_init() and duo_open(). */
void duo_init_open(struct duo *d, const struct duo_options *o);

/* A few round trips, in which all that can be said is said. */
void duo_talk(struct duo *d);

/* Closes the client's connection and runs until everything has ended; false
 * if somebody still holds something or the network complains. */
bool duo_end(struct duo *d);

/* The server echoes `len` bytes of the client's on a stream of their own; true
 * if all of them, and the end, came back once within `span`. */
bool duo_echo(struct duo *d, size_t len, nsec span);

/* What duo_ask_at_once() writes. */
#define DUO_QUERY 40

/* A hook: asks on a stream of its own as soon as it may. */
void duo_ask_at_once(
    struct duo_side *side, enum duo_event event, struct evquic_stream *stream);

/* Opens a stream; NULL if the peer allows none. */
struct evquic_stream *duo_stream(struct duo_side *side, bool bidi);

/* Writes `len` bytes of 'x'; as evquic_stream_write(), or -ENOMEM. */
int duo_write(struct evquic_stream *s, size_t len, bool fin);

#endif
