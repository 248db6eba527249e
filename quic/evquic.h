/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libevquic: QUIC (RFC 9000, 9001, 9002) for libevent.
 *
 *   worker     one event loop in one thread.  Everything below belongs to
 *              exactly one worker and is used from its thread only.
 *   endpoint   a set of UDP ports, and the connections that live on them, in
 *              one worker or several.
 *   service    what a server offers: certificates, applications, limits.  An
 *              immutable snapshot; a reload makes a new one.
 *   conn       one connection, server's or client's.
 *   stream     one stream of it.
 *   app        an application over QUIC: a constant table of functions.
 *
 * How it runs.  Datagrams are read by the router of an endpoint and handed to
 * their connection, which calls the application with bytes, in order.  The
 * application answers with evquic_stream_write() whenever it likes.  Nothing is
 * sent there and then: a connection that has something to say is put on the
 * worker's ready list, and all of them are served in one flush after all
 * events of the loop's turn, so that many answers share a packet and many
 * packets a system call.
 *
 * Three promises.
 *   - Every function here may be called from every callback of an application,
 *     but for evquic_endpoint_free() and evquic_worker_free().
 *   - No callback comes from inside a call of the application's own, and no
 *     object is freed while one of its callbacks runs.
 *   - After closed() a connection, and after evquic_stream_release() a stream,
 *     is never mentioned again.
 *
 * Functions that return int return 0 or a negative errno.  Times are in
 * nanoseconds where the name says so, otherwise in milliseconds (_ms).
 */
#ifndef EVQUIC_H
#define EVQUIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "evquic_tls.h"

#ifdef __cplusplus
extern "C" {
#endif

struct event_base;
struct evquic_buf;
struct evquic_conn;
struct evquic_endpoint;
struct evquic_service;
struct evquic_stream;
struct evquic_worker;

/* ------------------------------------------------------------- worker -- */

/* Receives one line of what the library does; `conn` is NULL where the line is
 * about none.  The text ends without a newline and is only lent. */
typedef void (*evquic_trace_fn)(
    void *arg, const struct evquic_conn *conn, const char *line);

struct evquic_worker_options {
	size_t size;	       /* sizeof(struct evquic_worker_options) */
	evquic_trace_fn trace; /* NULL: no trace */
	void *trace_arg;
	void *data; /* see evquic_worker_data() */
};

/*
 * Makes a worker on an event base, which stays the caller's and must outlive
 * it.  `options` may be NULL.  Returns NULL if there is no memory.
 */
EVQUIC_API struct evquic_worker *evquic_worker_new(
    struct event_base *base, const struct evquic_worker_options *options);

/* Frees a worker; NULL is fine.  All its endpoints must be gone (asserted),
 * and so must every buffer that it gave out. */
EVQUIC_API void evquic_worker_free(struct evquic_worker *worker);

/* The `data` of the options: how an application finds its own per-thread state
 * from evquic_conn_worker(). */
EVQUIC_API void *evquic_worker_data(const struct evquic_worker *worker);

/* The versions of the libraries that run, such as "1.11.0". */
EVQUIC_API const char *evquic_ngtcp2_version(void);
EVQUIC_API const char *evquic_gnutls_version(void);

/* How many counters there are, and what the i-th is called and means. */
EVQUIC_API size_t evquic_counter_count(void);
EVQUIC_API const char *evquic_counter_name(size_t i);
EVQUIC_API const char *evquic_counter_help(size_t i);

/* The i-th counter of a worker.  May be called from any thread. */
EVQUIC_API uint64_t evquic_worker_counter(
    const struct evquic_worker *worker, size_t i);

/* What a worker holds now; may be read from any thread. */
struct evquic_accounts {
	uint64_t connections;
	uint64_t tombstones; /* closed connections still remembered */
	uint64_t streams;
	uint64_t conn_bytes;   /* ngtcp2, TLS sessions, connections, streams,
				  and evquic_conn_keep() */
	uint64_t buffer_bytes; /* buffers that somebody holds */
};

/* Writes what `worker` holds to `ret`. */
EVQUIC_API void evquic_worker_accounts(
    const struct evquic_worker *worker, struct evquic_accounts *ret);

/* ------------------------------------------------------------ buffers -- */

/* Bytes that are free in front of a new buffer. */
#define EVQUIC_HEADROOM 16

/*
 * Returns an empty buffer for up to `size` bytes (65,535 at most) with
 * EVQUIC_HEADROOM bytes free in front; NULL if there is no memory or `size` is
 * too large.  It belongs to the caller until evquic_buf_free() or
 * evquic_stream_write().
 */
EVQUIC_API struct evquic_buf *evquic_buf_new(
    struct evquic_worker *worker, size_t size);

/* Gives a buffer back; NULL is fine. */
EVQUIC_API void evquic_buf_free(struct evquic_buf *buf);

/* Where the buffer's bytes begin, and how many fit from there on. */
EVQUIC_API uint8_t *evquic_buf_data(struct evquic_buf *buf);
EVQUIC_API size_t evquic_buf_room(const struct evquic_buf *buf);

/* Moves the beginning `n` bytes into the headroom (asserted to be there) and
 * returns it. */
EVQUIC_API uint8_t *evquic_buf_prepend(struct evquic_buf *buf, size_t n);

/* -------------------------------------------------------- application -- */

/* Who ended a connection. */
enum evquic_closed_by {
	EVQUIC_CLOSED_LOCALLY, /* we, by evquic_conn_close() or for an error */
	EVQUIC_CLOSED_BY_PEER, /* CONNECTION_CLOSE came (RFC 9000 10.2) */
	EVQUIC_CLOSED_IDLE,    /* nothing was heard (RFC 9000 10.1) */
	EVQUIC_CLOSED_RESET,   /* a stateless reset came (RFC 9000 10.3) */
	EVQUIC_CLOSED_TIMEOUT, /* the handshake took too long */
	EVQUIC_CLOSED_DROPPED, /* no connection came about; nothing was sent */
	EVQUIC_CLOSED_FAILED,  /* no memory or no socket here */
};

/* The record of a connection, as it stands now or as it ended. */
struct evquic_conn_stats {
	enum evquic_closed_by closed_by;
	bool application; /* the code is the application's, not QUIC's */
	bool handshake_done;
	bool resumed;	    /* by a session or ticket (RFC 8446 2.2) */
	bool early_data;    /* some was accepted (RFC 9001 4.6) */
	uint64_t code;	    /* error code of the CONNECTION_CLOSE */
	const char *reason; /* of it, in the peer's bytes; not ended by NUL */
	size_t reason_len;
	uint64_t handshake_ns; /* from the first packet to completion */
	uint64_t bytes_in;     /* of UDP payload */
	uint64_t bytes_out;
	uint64_t packets_in; /* UDP datagrams */
	uint64_t packets_out;
	uint64_t streams; /* opened in all */
	uint64_t path_changes;
	uint64_t rtt_ns; /* smoothed; 0 before there is one */
	uint64_t cwnd_bytes;
	uint64_t account_bytes; /* memory that it holds */
	uint32_t version;	/* of QUIC: 1, or 0x6b3343cf for version 2 */
};

/* One piece of outgoing data, for applications that own their bytes. */
struct evquic_chunk {
	struct evquic_stream *stream;
	struct iovec iov[8];
	size_t iovcnt; /* may be 0 if `fin` */
	bool fin;
};

/*
 * Transport limits of an application; 0 means the default where one is named.
 * They are told to the peer in the transport parameters (RFC 9000 18.2).
 */
struct evquic_limits {
	/* How far windows may grow is the first offer's for all of a service:
	 * ngtcp2 wants to know before ALPN is. */
	size_t size;		   /* sizeof(struct evquic_limits) */
	uint64_t max_streams_bidi; /* that the peer may have open */
	uint64_t max_streams_uni;
	uint64_t stream_window;	  /* bytes; 66 KiB */
	uint64_t conn_window;	  /* bytes; 128 KiB */
	uint64_t conn_window_max; /* it grows to; 1 MiB */
	uint32_t idle_timeout_ms; /* 30,000 */
};

/*
 * An application over QUIC.  All members are called on the worker's thread,
 * never from inside a call of the application's own.
 */
struct evquic_app {
	size_t size; /* sizeof(struct evquic_app) */
	const char
	    *alpn; /* the protocol's name (RFC 7301), at most 255 bytes */
	struct evquic_limits limits; /* unless the service gives others */

	/*
	 * The connection may be used: the handshake is complete, or early data
	 * is possible: on a server some was accepted, on a client it may be
	 * sent.  evquic_conn_is_handshake_done() tells which; a handshake that
	 * fails later ends in closed() as usual.  May set the connection's
	 * data, open streams and close.  A negative errno closes with
	 * INTERNAL_ERROR; closed() follows all the same.
	 */
	int (*opened)(struct evquic_conn *conn);

	/*
	 * The connection is over; the last call about it.  A server's
	 * application hears of it only if opened() was called; a client's
	 * always.  All its streams were closed before.  `stats` is lent.
	 */
	void (*closed)(
	    struct evquic_conn *conn, const struct evquic_conn_stats *stats);

	/* Optional: the peer opened a stream, by whatever frame. */
	void (*stream_opened)(struct evquic_stream *stream);

	/*
	 * Bytes in order, `len` may be 0 with `fin`.  They are lent for the
	 * call.  Flow control credit for them is given back by
	 * evquic_stream_consume(), at once or later.
	 */
	void (*stream_data)(struct evquic_stream *stream, const uint8_t *data,
	    size_t len, bool fin);

	/* The peer gave up sending (RESET_STREAM).  Writing is still possible.
	 */
	void (*stream_reset)(struct evquic_stream *stream, uint64_t code);

	/* The peer does not want our bytes (STOP_SENDING); the library has
	 * answered with RESET_STREAM of the same code (RFC 9000 3.5).  Need
	 * not be told once the end was written, and is not once it was sent.
	 * `code` is 0: ngtcp2 does not tell it. */
	void (*stream_stopped)(struct evquic_stream *stream, uint64_t code);

	/*
	 * Both directions have ended.  The application calls
	 * evquic_stream_release(), here or when it has let go of what hangs on
	 * the stream; only then the peer may open another one in its place.
	 */
	void (*stream_closed)(struct evquic_stream *stream);

	/* Optional: the service stops.  Finish what runs, then close. */
	void (*drain)(struct evquic_conn *conn);

	/* Optional: the peer lets us open more streams again. */
	void (*stream_room)(struct evquic_conn *conn);

	/*
	 * Optional, all four or none: the application owns its outgoing bytes
	 * and is asked for them; evquic_stream_write() may not be used then.
	 * pull() fills `ret` and returns true, or returns false if there is
	 * nothing to send; evquic_conn_ready() asks for a call.  Bytes must
	 * stay until acked().  For each chunk that was offered one of the
	 * others follows: pulled() when `len` of its bytes were taken (and the
	 * fin, if all of them were), blocked() with true when the stream has
	 * no credit, and with false when it has some again.  None of the four
	 * may close the connection, nor end or release a stream.
	 */
	bool (*pull)(struct evquic_conn *conn, struct evquic_chunk *ret);
	void (*pulled)(struct evquic_stream *stream, size_t len, bool fin);
	void (*blocked)(struct evquic_stream *stream, bool is_blocked);
	void (*acked)(struct evquic_stream *stream, uint64_t len);

	/*
	 * Optional, client: the server gave a ticket.  `session`, lent for the
	 * call, is what a later evquic_connect() resumes with.  It is secret,
	 * and to be used once (RFC 8446 C.4), best not from another network,
	 * since it links the two.  May come several times: each is another.
	 */
	void (*session)(
	    struct evquic_conn *conn, const void *session, size_t len);

	/* Reserved for DATAGRAM frames (RFC 9221); NULL. */
	void (*datagram)(struct evquic_conn *conn, const uint8_t *, size_t);
	void (*datagram_room)(struct evquic_conn *conn);

	/* Optional: what evquic_stream_watch() waits for has happened. */
	void (*stream_drained)(struct evquic_stream *stream);
};

/* ------------------------------------------------------------ service -- */

/* One application of a service. */
struct evquic_offer {
	const struct evquic_app *app;	    /* lives as long as the program */
	void *arg;			    /* see evquic_conn_arg() */
	const struct evquic_limits *limits; /* NULL: those of the app */
};

/* When a client has to prove its address first (RFC 9000 8.1.2). */
enum evquic_retry {
	EVQUIC_RETRY_AUTO,   /* while many handshakes are in flight or just
				failed, or memory is short */
	EVQUIC_RETRY_ALWAYS, /* each, unless it has a token already */
	EVQUIC_RETRY_NEVER,  /* only where the first packet cannot be used, or
				`door` says so */
};

/* What a service says to a client that begins a connection. */
enum evquic_welcome {
	EVQUIC_WELCOME,	       /* it is let in */
	EVQUIC_WELCOME_PROVED, /* it proves its address first: Retry */
	EVQUIC_UNWELCOME,      /* CONNECTION_REFUSED (RFC 9000 5.2.2) */
};

/*
 * How a service counts its clients and turns some of them away; a constant
 * table.  Its members are called on the worker's thread, left() from within
 * evquic_endpoint_free(), too, and block nobody; of the library they may call
 * evquic_worker_data() only.  For each client that was let in, and for no
 * other, left() follows once.
 */
struct evquic_door {
	size_t size; /* sizeof(struct evquic_door) */

	/*
	 * A client's first packet has come, and nothing is kept for it yet.
	 * `proved`: its address is its own, as a token shows; then
	 * EVQUIC_WELCOME_PROVED is no answer (asserted).  Without a proof the
	 * address may be anybody's, so nobody should be refused for what seems
	 * to come from there.  `ret_guest` is the service's own, NULL before;
	 * it comes back with the two others.  Retry goes out whatever `retry`
	 * of the service says, and this is not asked where that sends one.
	 */
	enum evquic_welcome (*arrived)(struct evquic_worker *worker,
	    const struct sockaddr *peer, bool proved, void **ret_guest);

	/*
	 * The handshake of one that was let in without a proof is complete,
	 * which proves its address.  False: it is closed with
	 * CONNECTION_REFUSED, and no application hears of it that had no early
	 * data of it.
	 */
	bool (*settled)(struct evquic_worker *worker, void *guest);

	/* It is over.  `proved`: it was when it came, or settled() said yes. */
	void (*left)(struct evquic_worker *worker, void *guest, bool proved);
};

struct evquic_service_options {
	size_t size;		  /* sizeof(struct evquic_service_options) */
	struct evquic_cred *cred; /* certificates; a reference is taken */
	const struct evquic_offer *offers; /* in order of preference; copied */
	size_t noffers;			   /* 1 to 8 */
	uint32_t handshake_timeout_ms;	   /* 0: 10,000 */
	uint64_t max_bytes; /* memory for connections a worker; 0: no bound */
	/* Two secrets, not alike; the same after a restart and in a fleet.
	 * Who knows them resets connections and forges proofs of address. */
	uint8_t reset_key[32]; /* stateless reset tokens (RFC 9000 10.3.2) */
	uint8_t token_key[32]; /* address validation tokens (RFC 9000 8.1.4) */
	/* The two that were in use before, so that keys can be changed: tokens
	 * of them are accepted and connections of them reset; nothing is
	 * issued under them. */
	bool has_old_keys;
	uint8_t old_reset_key[32];
	uint8_t old_token_key[32];
	enum evquic_retry retry;
	uint32_t retry_above; /* handshakes of a worker, in flight or failed
				 in this second; 0: 1,000 */
	/* Serve QUIC version 2 (RFC 9369), too, and change over to it if the
	 * client lists it (RFC 9368); else version 1 only. */
	bool version_2;
	/*
	 * Session tickets (RFC 8446 4.6.1) are sealed under this secret, for
	 * six hours; who knows it reads what resumed clients say as early data.
	 */
	uint8_t ticket_key[32];
	bool no_tickets;
	/*
	 * Accepts early data (0-RTT, RFC 9001 4.6).  Anybody may have repeated
	 * it once, to another process: streams on which it came say so (see
	 * evquic_stream_is_early()), and the application does with them only
	 * what may be done twice.  Needs tickets and `early_seen`, which all
	 * workers and all services of a process share; a reference is taken.
	 */
	bool early_data;
	struct evquic_replay *early_seen;
	const struct evquic_door *door; /* lives on; NULL: all are let in */
	/* Which tokens of NEW_TOKEN frames were used: each proves an address
	 * once, for a process.  Give every service of an endpoint the same
	 * set, or each forgets what an earlier one saw.  A reference is taken;
	 * NULL: one of its own, for 65,536 tokens. */
	struct evquic_replay *tokens_seen;
};

/* Makes a service, one reference; NULL with errno set on bad arguments. */
EVQUIC_API struct evquic_service *evquic_service_new(
    const struct evquic_service_options *options);

/* References are counted atomically, NULL is fine. */
EVQUIC_API struct evquic_service *evquic_service_ref(
    struct evquic_service *service);
EVQUIC_API void evquic_service_unref(struct evquic_service *service);

/* ----------------------------------------------------------- endpoint -- */

/*
 * Makes an endpoint in `nworkers` workers (1 to 256), which must outlive it.
 * NULL if there is no memory.  To be called, as evquic_endpoint_listen() and
 * evquic_endpoint_free(), while the workers' loops do not run, or from the
 * thread of the only one.
 */
EVQUIC_API struct evquic_endpoint *evquic_endpoint_new(
    struct evquic_worker *const *workers, size_t nworkers);

/*
 * Sets the secret that decides which worker gets which datagram; otherwise it
 * is a random one.  Before the first evquic_endpoint_listen().  Endpoints that
 * are to serve each other's connections, after a restart say, share it.
 */
EVQUIC_API void evquic_endpoint_steer(
    struct evquic_endpoint *endpoint, const uint8_t key[16]);

/*
 * Opens a UDP port on `addr` in every worker (SO_REUSEPORT) and writes the
 * address that it got (port 0: the system chooses) to `ret_bound` unless that
 * is NULL.  A port that somebody else uses is noticed: -EADDRINUSE.  On failure
 * nothing of it stays open.  Connections are accepted once a worker has a
 * service.
 */
EVQUIC_API int evquic_endpoint_listen(struct evquic_endpoint *endpoint,
    const struct sockaddr *addr, struct sockaddr_storage *ret_bound);

/*
 * From now on new connections in worker number `worker` get this service; those
 * that live keep theirs.  A reference is taken.  On that worker's thread.
 */
EVQUIC_API void evquic_endpoint_serve(struct evquic_endpoint *endpoint,
    size_t worker, struct evquic_service *service);

/*
 * Accepts no more connections in a worker and calls drain() for those there
 * are.  `idle` is called from a later turn, once, when none is left, and never
 * once the endpoint is freed, which may be done there.
 */
EVQUIC_API void evquic_endpoint_drain(struct evquic_endpoint *endpoint,
    size_t worker, void (*idle)(void *arg), void *arg);

/* Closes every connection of a worker with an application's error code. */
EVQUIC_API void evquic_endpoint_close(
    struct evquic_endpoint *endpoint, size_t worker, uint64_t code);

/* Frees an endpoint and what lives on it, without a word to the peers;
 * closed() is called for each connection.  NULL is fine. */
EVQUIC_API void evquic_endpoint_free(struct evquic_endpoint *endpoint);

/* ------------------------------------------------------------- client -- */

/* The versions of QUIC that a client speaks. */
enum evquic_versions {
	EVQUIC_VERSIONS_1,     /* RFC 9000 */
	EVQUIC_VERSIONS_2,     /* RFC 9369, from the first packet on */
	EVQUIC_VERSIONS_1_OR_2 /* begins with 1; the server may choose 2 */
};

struct evquic_connect_options {
	size_t size; /* sizeof(struct evquic_connect_options) */
	const struct evquic_app *app;
	void *arg;			    /* see evquic_conn_arg() */
	const struct evquic_limits *limits; /* NULL: those of the app */
	const struct sockaddr *remote;
	const char *name; /* to verify and to send as SNI; see trust */
	struct evquic_trust *trust;    /* how to verify; a reference is taken */
	uint32_t handshake_timeout_ms; /* 0: 10,000 */
	enum evquic_versions versions; /* no other one is tried */
	/*
	 * What session() brought on an earlier connection; NULL: none.  One
	 * that is of another server, trust or protocol, too old or damaged is
	 * ignored.  The server's certificate is not verified again.
	 */
	const void *session;
	size_t session_len;
	/*
	 * If the session allows it opened() comes in this turn's flush, and
	 * what is written then goes out with the first packet: not secret from
	 * who steals the ticket's secret later, and anybody may send it to the
	 * server again.  If the server refuses it, it is sent once more after
	 * the handshake; streams that the server does not allow any more then
	 * are closed without an answer.  Not for applications that are pulled
	 * from, who are told when the handshake is complete.  A server
	 * that wants another key share (HelloRetryRequest) ends the connection:
	 * GnuTLS 3.7.9 fails (0x150); try again without early data.
	 */
	bool early_data;
};

/*
 * Starts a connection from a new UDP port in a worker of the endpoint.  What
 * becomes of it is told by opened() and closed().  There is no default for
 * `trust`: whoever wants no verification says so in it.
 */
EVQUIC_API int evquic_connect(struct evquic_endpoint *endpoint, size_t worker,
    const struct evquic_connect_options *options,
    struct evquic_conn **ret_conn);

/* --------------------------------------------------------- connection -- */

/* The application's own pointer. */
EVQUIC_API void evquic_conn_set_data(struct evquic_conn *conn, void *data);
EVQUIC_API void *evquic_conn_data(const struct evquic_conn *conn);

/* The `arg` of the offer or of evquic_connect(). */
EVQUIC_API void *evquic_conn_arg(const struct evquic_conn *conn);

EVQUIC_API struct evquic_worker *evquic_conn_worker(
    const struct evquic_conn *conn);

/* The peer's address and ours, as of the path in use; lent until the next
 * packet. */
EVQUIC_API const struct sockaddr *evquic_conn_peer(
    const struct evquic_conn *conn);
EVQUIC_API const struct sockaddr *evquic_conn_local(
    const struct evquic_conn *conn);

/* False while only early data is possible: the peer may be a replay. */
EVQUIC_API bool evquic_conn_is_handshake_done(const struct evquic_conn *conn);

/* Why the peer's certificate was refused, or an empty text. */
EVQUIC_API const char *evquic_conn_verify_error(const struct evquic_conn *conn);

/* Writes what is known of a connection to `ret`. */
EVQUIC_API void evquic_conn_stats(
    const struct evquic_conn *conn, struct evquic_conn_stats *ret);

/*
 * Closes with an application's error code (RFC 9000 10.2) and a reason of at
 * most 127 bytes, or NULL.  Data that was written before is not waited for.
 * stream_closed() and closed() follow in this turn's flush; a second call
 * changes nothing.
 */
EVQUIC_API void evquic_conn_close(
    struct evquic_conn *conn, uint64_t code, const char *reason);

/* True from evquic_conn_close() or the peer's close on: nothing that is written
 * now will be sent. */
EVQUIC_API bool evquic_conn_is_closing(const struct evquic_conn *conn);

/* Asks for a pull() in this turn's flush; from within pull() and its like, in
 * the next turn's. */
EVQUIC_API void evquic_conn_ready(struct evquic_conn *conn);

/* Bytes written to streams that are not yet acknowledged. */
EVQUIC_API size_t evquic_conn_unacked(const struct evquic_conn *conn);

/*
 * What the application keeps in memory for the connection was `before` bytes
 * and is `now`: it counts among what connections hold, and while that is too
 * much, a connection that something large is kept for is closed.  0 again
 * before the last stream is released.
 */
EVQUIC_API void evquic_conn_keep(
    struct evquic_conn *conn, size_t before, size_t now);

/* ------------------------------------------------------------- stream -- */

/*
 * Opens a stream to the peer, bidirectional or unidirectional.  -EAGAIN: the
 * peer allows no more now; stream_room() tells when.  -ENOTCONN before
 * opened() and after closing.
 */
EVQUIC_API int evquic_stream_open(
    struct evquic_conn *conn, bool bidi, struct evquic_stream **ret_stream);

/* True for good if any of the stream's bytes came as early data, before the
 * handshake was complete: somebody may be repeating them. */
EVQUIC_API bool evquic_stream_is_early(const struct evquic_stream *stream);

EVQUIC_API int64_t evquic_stream_id(const struct evquic_stream *stream);
EVQUIC_API struct evquic_conn *evquic_stream_conn(
    const struct evquic_stream *stream);
EVQUIC_API void evquic_stream_set_data(
    struct evquic_stream *stream, void *data);
EVQUIC_API void *evquic_stream_data(const struct evquic_stream *stream);

/*
 * Sends the first `len` bytes of a buffer, and the end of the stream after
 * them if `fin`.  The buffer goes to the library whatever is returned; NULL
 * with len 0 and `fin` is fine.  -EPIPE: this direction has ended (the bytes
 * are thrown away, which a peer can cause and an application may ignore).
 */
EVQUIC_API int evquic_stream_write(
    struct evquic_stream *stream, struct evquic_buf *buf, size_t len, bool fin);

/* Bytes written to the stream that are held, since they are not yet
 * acknowledged; whole buffers. */
EVQUIC_API size_t evquic_stream_unacked(const struct evquic_stream *stream);

/*
 * For who has more to write than should be held at once: stream_drained() will
 * be called when at most `mark` bytes of the stream are held, once, and not
 * after the stream's end, by whomever.  False: so few are held already, and no
 * call comes.  A second call replaces the first one's mark.
 */
EVQUIC_API bool evquic_stream_watch(struct evquic_stream *stream, size_t mark);

/* Gives back credit for `len` bytes that stream_data() brought; never more
 * than it brought (asserted). */
EVQUIC_API void evquic_stream_consume(struct evquic_stream *stream, size_t len);

/* Ends our direction with RESET_STREAM and nothing else; bytes that wait are
 * thrown away.  Harmless if that direction has ended. */
EVQUIC_API void evquic_stream_reset(
    struct evquic_stream *stream, uint64_t code);

/* Asks the peer to end its direction (STOP_SENDING).  Harmless if it has. */
EVQUIC_API void evquic_stream_stop(struct evquic_stream *stream, uint64_t code);

/*
 * The application has done with a stream and never hears of it again; may be
 * called before stream_closed(): what comes is thrown away then, up to the
 * stream's window, which is not extended (evquic_stream_stop() asks for an
 * end), and our direction is ended with RESET_STREAM of code 0 if nothing ended
 * it.  So is one that was pulled from and is not wholly acknowledged: its bytes
 * may be freed.
 */
EVQUIC_API void evquic_stream_release(struct evquic_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
