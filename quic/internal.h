/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The structs of the library and what its files call of each other.
 *
 * Ownership.  A worker owns its routers' shared memory: buffers, pools, the
 * receive and send batches, the timers.  A router (one for each endpoint and
 * worker) owns sockets, connections, connection IDs and tombstones.  A
 * connection owns its ngtcp2 and TLS objects, its streams and, on a client,
 * its socket.  A stream owns the buffers that are not acknowledged yet.
 *
 * Death in two steps.  quic_conn_die() takes a connection out of every table
 * and tells the application; the memory is freed by the flush of that turn,
 * since callers further up still hold the pointer.
 */
#ifndef QUIC_INTERNAL_H
#define QUIC_INTERNAL_H

#include <netinet/in.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/account.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/timer.h"
#include "quic/counters.h"
#include "quic/evquic.h"
#include "quic/limits.h"
#include "quic/steer.h"

struct quic_router;
struct quic_rx;
struct quic_session;
struct event;
struct mmsghdr;
struct tls_early;

/* ---------------------------------------------------------------- I/O -- */

/*
 * Everything that the library asks of the system while it runs: the daemon
 * gives the system calls, tests a network in memory.  `fd` is what the socket
 * was opened with; results and errors are those of the calls of that name.
 */
struct quic_io {
	int (*recvmmsg)(void *ctx, int fd, struct mmsghdr *msgs, unsigned n);
	int (*sendmmsg)(void *ctx, int fd, struct mmsghdr *msgs, unsigned n);
	nsec (*now)(void *ctx);
	nsec (*wall)(void *ctx); /* since 1970: for tokens, nothing else */
	random_fill_fn random;	 /* NULL: getrandom(2) */
	void *ctx;
};

extern const struct quic_io quic_io_system;

/* An address of either family; padding is always zero, so that two of them
 * may be compared as bytes. */
union quic_addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* ------------------------------------------------------------- worker -- */

/* A batch on its way out: datagrams and trains of one socket, one after the
 * other in `bytes`. */
struct quic_tx_msg {
	union quic_addr local;
	union quic_addr remote;
	uint32_t offset;
	uint32_t len;
	uint16_t segment; /* size of a segment; the last may be shorter */
	uint8_t ecn;
};

struct quic_tx {
	struct quic_socket *socket; /* whom the batch is for; NULL if empty */
	uint32_t used;
	uint32_t nmsgs;
	struct quic_tx_msg msgs[QUIC_TX_MESSAGES];
	uint8_t *bytes; /* QUIC_TX_BYTES */
};

struct evquic_worker {
	struct event_base *base; /* NULL in tests without a loop */
	struct event *flush_event;
	struct event *timer_event;
	nsec timer_set; /* for when `timer_event` is set; NSEC_NEVER: not */
	bool flush_wanted;

	struct quic_io io;
	struct random random;
	struct timers timers;
	struct list ready; /* connections with something to say */
	struct list dead;  /* connections to be freed */
	struct list routers;

	struct account account; /* connections' bytes */
	struct buf_store bufs;
	struct pool streams;
	struct pool cids;
	struct quic_tx tx;
	struct quic_rx *rx;	 /* where datagrams are received */
	struct tls_early *early; /* kept: older tickets get no early data */

	size_t handshakes; /* in flight, of clients */
	size_t fruitless;  /* of this second: ended without a proof */
	nsec fruitless_since;
	counter conns_now;
	counter tombstones_now;
	counter streams_now;
	struct quic_counters counters;
	evquic_trace_fn trace;
	void *trace_arg;
	void *data;
};

/* As evquic_worker_new(), with the system replaced. */
struct evquic_worker *quic_worker_new(struct event_base *base,
    const struct evquic_worker_options *options, const struct quic_io *io);

/* Puts a connection on the ready list, if it lives. */
void quic_worker_ready(struct evquic_conn *conn);

/* Asks for a flush in this turn of the loop. */
void quic_worker_want_flush(struct evquic_worker *w);

/* A handshake ended that had proved nothing; and how many have, or are in
 * flight.  They count until their second is over. */
void quic_worker_add_fruitless(struct evquic_worker *w);
size_t quic_worker_handshakes(const struct evquic_worker *w);

/* One flush: lets every ready connection write, sends, frees the dead.  The
 * loop calls it once a turn; tests call it themselves. */
void quic_worker_flush(struct evquic_worker *w, nsec now);

/* The part of a flush that frees dead connections, for whoever cannot wait. */
void quic_worker_free_dead(struct evquic_worker *w);

/* Fires the timers that are due. */
void quic_worker_expire(struct evquic_worker *w, nsec now);

/* When quic_worker_expire() has to be called next. */
nsec quic_worker_next_expiry(const struct evquic_worker *w);

/* --------------------------------------------------------------- udp.c -- */

/* Packets that the system did not take yet, byte for byte. */
struct quic_parked {
	uint32_t nmsgs;
	uint32_t first; /* the first that is not sent */
	struct quic_tx_msg *msgs;
	uint8_t *bytes;
};

struct quic_socket {
	struct quic_router *router;
	uint32_t ordinal; /* of a listening one: the same in every worker */
	struct list link; /* in the router's sockets */
	int fd;
	union quic_addr bound;
	bool wildcard;	/* bound to no address: replies need a source */
	bool connected; /* a client's; it has one peer */
	struct evquic_conn *owner; /* the client's, while it lives; or NULL */
	bool gso;
	struct quic_parked *parked; /* NULL: the socket takes packets */
	struct list waiting; /* connections that write when it does again */
	struct event *read_event;
	struct event *write_event;
};

/*
 * Opens a non-blocking UDP socket with all options set: packet info, ECN, no
 * fragmentation, GRO.  Nothing is bound yet.
 */
int quic_udp_open(int family, int *ret_fd);

/* Makes a socket object over a bound `fd`, which becomes its own, and starts
 * reading if the worker has a loop.  NULL: no memory; the fd is closed. */
struct quic_socket *quic_socket_new(struct quic_router *r, int fd,
    const union quic_addr *bound, bool connected);

/* Closes a socket.  No connection may refer to it any more. */
void quic_socket_free(struct quic_socket *s);

/* What a worker receives its datagrams into; NULL: no memory. */
struct quic_rx *quic_rx_new(void);
void quic_rx_free(struct quic_rx *rx); /* NULL is fine */

/* Reads what has come, a bounded number of batches, and routes it. */
void quic_socket_read(struct quic_socket *s, nsec now);

/* The socket takes packets again: sends what is parked, then wakes those who
 * wait. */
void quic_socket_writable(struct quic_socket *s);

/*
 * Room for one datagram of up to `size` bytes for a socket, in the batch;
 * NULL if the socket is blocked.  What is written there counts only after
 * quic_tx_commit().
 */
uint8_t *quic_tx_room(struct quic_socket *s, size_t size);

/* Adds `len` bytes just written into the room to the batch. */
void quic_tx_commit(
    struct quic_socket *s, const ngtcp2_path *path, uint8_t ecn, size_t len);

/* Sends the batch, whatever socket it is for. */
void quic_tx_flush(struct evquic_worker *w);

/* Copies an address of either family; false for any other family. */
bool quic_addr_copy(union quic_addr *to, const struct sockaddr *from);

/* Bytes of an address of that family. */
socklen_t quic_addr_len(const union quic_addr *a);

/* --------------------------------------------------------------- cid.c -- */

/* Whom a connection ID leads to. */
struct quic_cid {
	struct hash_node node;
	struct list link;	  /* in its owner's list */
	struct evquic_conn *conn; /* one of these two is set */
	struct quic_tombstone *tomb;
	uint8_t len;
	uint8_t bytes[NGTCP2_MAX_CIDLEN];
};

/* Draws a connection ID that leads to this router's worker. */
void quic_cid_draw(struct quic_router *r, ngtcp2_cid *ret);

/* Leads an ID to a connection from now on; -ENOMEM, -EEXIST. */
int quic_cid_add(struct evquic_conn *conn, const uint8_t *id, size_t len);

/* Finds whom an ID leads to; NULL if to nobody. */
struct quic_cid *quic_cid_find(
    const struct quic_router *r, const uint8_t *id, size_t len);

/* Forgets an ID of a connection, if it has it. */
void quic_cid_remove(struct evquic_conn *conn, const uint8_t *id, size_t len);

/* Forgets one entry. */
void quic_cid_free(struct quic_router *r, struct quic_cid *cid);

/* ------------------------------------------------------------ router.c -- */

/* What is left of a closed connection for three PTO (RFC 9000 10.2). */
struct quic_tombstone {
	struct list link; /* in the router's tombstones, oldest first */
	struct list cids;
	struct timer timer;
	struct quic_router *router;
	struct quic_socket *socket; /* NULL once that is closed */
	union quic_addr local;
	union quic_addr remote;
	uint64_t bytes_in; /* since; replies stay below three times that */
	uint64_t bytes_out;
	uint32_t received; /* datagrams since */
	uint32_t len;
	uint8_t packet[]; /* CONNECTION_CLOSE; empty while draining */
};

/* Datagrams that other workers have handed over; see handover.c. */
struct quic_inbox {
	pthread_mutex_t lock; /* for `items` and `count` */
	struct list items;
	size_t count;
	int wake_fd; /* -1 in tests without a loop */
	struct event *wake_event;
};

struct quic_router {
	struct evquic_worker *worker;
	uint32_t index;			/* of the worker, in the endpoint */
	uint32_t nlistens;		/* listening sockets so far */
	const struct quic_steer *steer; /* the endpoint's */
	struct quic_inbox inbox;
	struct evquic_endpoint *endpoint;
	struct list link; /* in the worker's routers */
	struct list sockets;
	struct list conns;
	struct list halves; /* clients that have not proved their address */
	struct list tombstones;
	size_t nconns;
	size_t ntombstones;
	struct hash_table cids;
	uint8_t cid_key[HASH_KEY_LEN];
	struct evquic_service *service; /* NULL: accepts nobody */
	unsigned accepts;		/* of this wake-up */
	nsec resets_until; /* when the stateless resets sent are paid for */
	nsec vns_until;	   /* the same for Version Negotiation */
	bool draining;
	void (*idle)(void *arg); /* to be called when no connection is left */
	void *idle_arg;
};

/* The router whose datagrams a worker of the same endpoint was given. */
struct quic_router *quic_endpoint_owner(
    struct evquic_endpoint *e, const uint8_t *data, size_t len);

/* The router of an endpoint in one of its workers. */
struct quic_router *quic_endpoint_router(
    struct evquic_endpoint *e, size_t worker);

/* True if an application has all that it must have. */
bool quic_app_is_whole(const struct evquic_app *app);

/* Limits of an application, those of `given` unless that is NULL, with the
 * defaults filled in. */
void quic_limits_fill(struct evquic_limits *ret, const struct evquic_app *app,
    const struct evquic_limits *given);

void quic_router_init(
    struct quic_router *r, struct evquic_worker *w, struct evquic_endpoint *e);

/* Kills all connections and frees what the router owns. */
void quic_router_done(struct quic_router *r);

/* The same for a datagram that is surely this router's. */
void quic_router_recv_own(struct quic_socket *s, const ngtcp2_path *path,
    const ngtcp2_pkt_info *pi, const uint8_t *data, size_t len, nsec now);

/* One datagram that came to a socket.  `pi` tells its ECN mark. */
void quic_router_recv(struct quic_socket *s, const ngtcp2_path *path,
    const ngtcp2_pkt_info *pi, const uint8_t *data, size_t len, nsec now);

/*
 * Buries a connection: its IDs lead to a tombstone from now on, which answers
 * with `packet` (len 0: with nothing) until `deadline`.
 */
void quic_router_bury(
    struct evquic_conn *conn, const uint8_t *packet, size_t len, nsec deadline);

/* Forgets up to `n` tombstones, the oldest first. */
void quic_router_forget(struct quic_router *r, size_t n);

/* ------------------------------------------------------------ source.c -- */

/* True if no client sends from there (RFC 9000 21.5): port 0, broadcast,
 * multicast, or an address that we listen on ourselves. */
bool quic_source_is_none(const struct quic_socket *s, const ngtcp2_path *path);

/* True for a port of a well-known service that would take our datagrams for
 * requests (21.5.6): answered only if it has proved to be a client. */
bool quic_source_is_service(const struct sockaddr *sa);

/* True if a connection should not be led to this address (21.5.6): such
 * a port, or loopback for one that comes from elsewhere. */
bool quic_source_is_trap(
    const struct evquic_conn *c, const struct sockaddr *sa);

/* ---------------------------------------------------------- handover.c -- */

/* Makes a router's inbox; 0 or a negative errno.  Done in any case. */
int quic_inbox_init(struct quic_router *r);
void quic_inbox_done(struct quic_router *r);

/* Copies a datagram that came to `s` into another router's inbox and wakes its
 * worker.  May be called from the thread of `s` while that one runs. */
void quic_inbox_put(struct quic_router *to, const struct quic_socket *s,
    const ngtcp2_path *path, const ngtcp2_pkt_info *pi, const uint8_t *data,
    size_t len);

/* Routes what was handed over; false if there was nothing. */
bool quic_inbox_take(struct quic_router *r, nsec now);

/* --------------------------------------------------------- stateless.c -- */

/* The smallest stateless reset (RFC 9000 10.3). */
#define QUIC_RESET_MIN                                                         \
	(NGTCP2_MIN_STATELESS_RESET_RANDLEN + NGTCP2_STATELESS_RESET_TOKENLEN)

/* Answers a datagram of an unknown version (RFC 9000 6.1), if the rate allows
 * it. */
void quic_stateless_version(struct quic_socket *s, const ngtcp2_path *path,
    const ngtcp2_version_cid *vc, nsec now);

/* Refuses a connection with a transport error code, keeping nothing
 * (RFC 9000 5.2.2). */
void quic_stateless_refuse(struct quic_socket *s, const ngtcp2_path *path,
    const ngtcp2_pkt_hd *hd, uint64_t code);

/* Has the client prove its address before anything is kept for it (RFC 9000
 * 8.1.2): `dcid` and `scid` are those of its packet. */
void quic_stateless_retry(struct quic_socket *s, const ngtcp2_path *path,
    uint32_t version, const ngtcp2_cid *dcid, const ngtcp2_cid *scid);

/* The stateless reset token of an ID of ours (RFC 9000 10.3.2) under a key. */
void quic_stateless_token(const uint8_t key[QUIC_KEY_LEN], const uint8_t *id,
    size_t len, uint8_t *ret_token);

/*
 * Answers a short header packet whose ID leads to nobody with a stateless reset
 * (RFC 9000 10.3), or with two if there are old keys, if its size and the rate
 * allow them; never on a client's socket.  The router is the ID's owner: no
 * other worker knows it (21.11).
 */
void quic_stateless_reset(struct quic_socket *s, const ngtcp2_path *path,
    const uint8_t *data, size_t len, nsec now);

/* ------------------------------------------------------------- token.c -- */

/* What the token of a client's first packet proves. */
enum quic_proof {
	QUIC_PROOF_NONE,  /* nothing: there is none, or none that counts */
	QUIC_PROOF_RETRY, /* its address; it answers a Retry of ours */
	QUIC_PROOF_TOKEN, /* its address, if it can be spent */
	QUIC_PROOF_FALSE, /* that it is the Retry token of another */
};

/* A client's first packet. */
struct quic_initial {
	ngtcp2_pkt_hd hd;
	enum quic_proof proof;
	ngtcp2_cid odcid; /* of its very first one (RFC 9000 7.3) */
	void *guest;	  /* once the service has let it in: its own */
};

/* Judges the token of `in->hd`, counts it unless it is still to be spent, and
 * fills in the rest of `in`. */
void quic_token_judge(const struct quic_router *r, const ngtcp2_path *path,
    struct quic_initial *in);

/*
 * Spends the NEW_TOKEN token of a packet that will be taken in, and makes it
 * one of no proof if the token was spent before or cannot be remembered
 * (RFC 9000 8.1.4).
 */
void quic_token_spend(const struct quic_router *r, struct quic_initial *in);

/* Gives the client at `remote` a token for its next connection (RFC 9000
 * 8.1.3); without memory it gets none. */
void quic_token_give(struct evquic_conn *c, const ngtcp2_addr *remote);

/* ------------------------------------------------------------ budget.c -- */

/* True if the connections of a worker hold more than the service allows. */
bool quic_budget_is_over(const struct quic_router *r);

/* Room for one more connection?  Makes some if there is none: forgets
 * tombstones and a client that has not proved its address, or closes an idle
 * connection. */
bool quic_budget_make_room(struct quic_router *r);

/* Closes a connection that holds too much, in the next flush. */
void quic_budget_check(struct evquic_conn *c);

/* ----------------------------------------------------------- version.c -- */

/* Versions of QUIC, the preferred one first. */
struct quic_versions {
	uint32_t list[2];
	size_t n;
};

extern const struct quic_versions quic_version_1;
extern const struct quic_versions quic_version_2;
extern const struct quic_versions quic_version_2_and_1;

bool quic_version_is_one_of(const struct quic_versions *v, uint32_t version);

/* What a server of these agrees on with a client that began with `first`, as
 * ngtcp2 will find later. */
uint32_t quic_version_agreed(
    const struct quic_versions *v, uint32_t first, bool lists_version_2);

/* Has ngtcp2 speak these and tell the peer of them (RFC 9368). */
void quic_version_set(const struct quic_versions *v, ngtcp2_settings *st);

/* --------------------------------------------------------------- mtu.c -- */

/* How large a packet of a connection may be now. */
size_t quic_mtu_payload(struct evquic_conn *c);

/* Finds out whether larger packets have ceased to arrive; for whenever a timer
 * of the connection fires. */
void quic_mtu_check(struct evquic_conn *c, nsec now);

/* --------------------------------------------------------------- mem.c -- */

/* Makes `c->mem`, by which ngtcp2 allocates for a connection. */
void quic_mem_init(struct evquic_conn *c);

/* Frees what ngtcp2 has not freed; nothing of it is used any more. */
void quic_mem_done(struct evquic_conn *c);

/* -------------------------------------------------------------- conn.c -- */

enum quic_state {
	QUIC_HANDSHAKE, /* until the handshake is complete; early data may
			 * be spoken already, see `opened` */
	QUIC_OPEN,	/* the handshake is complete */
	QUIC_DEAD,	/* out of all tables; freed by this turn's flush */
};

struct evquic_conn {
	struct list link;	/* in the router's connections */
	struct list ready_link; /* ready list, or a socket's waiting list */
	struct list half_link;	/* in the router's halves, until proved */
	struct quic_router *router;
	struct quic_socket *socket;	/* of the path in use */
	struct evquic_service *service; /* server; NULL on a client */
	const struct evquic_app *app;	/* NULL until ALPN is chosen */
	void *arg;
	void *data;
	enum quic_state state;
	bool server;
	bool proved;	   /* server: the client's address is its own */
	void *guest;	   /* server: the service's door knows whose */
	bool opened;	   /* the application knows of it and may talk */
	bool early_wanted; /* client: it is told in the first flush */
	bool starved;	   /* ngtcp2 was refused memory; see mem.c */
	bool settled;	   /* client: ngtcp2 has left the handshake behind */
	bool heard;	   /* something came since the last flush */
	bool close_wanted; /* `error` is to be sent in the next flush */
	bool drain_told;
	bool writing; /* in the flush's write loop */
	bool more; /* the last flush stopped at its bound; the timer goes on */
	bool narrow;	   /* larger packets vanish; see mtu.c */
	nsec narrow_check; /* when that may be looked for again */

	ngtcp2_conn *qc;
	struct quic_tls *tls; /* NULL once freed */
	ngtcp2_mem mem;
	struct list blocks; /* of ngtcp2's memory */
	struct account account;
	struct timer timer; /* set for `expiry` or before it */
	nsec expiry;	    /* when ngtcp2 wants to be asked again */
	struct list cids;
	struct list streams;
	struct list sendq; /* streams with bytes that may be offered */
	size_t unacked;	   /* bytes of buffers that streams hold */
	size_t kept;	   /* by the application, evquic_conn_keep() */
	size_t max_bytes;  /* what `account` may come to */

	ngtcp2_ccerr error; /* what to close with; the reason stands below */
	char reason[QUIC_MAX_REASON + 1];
	nsec started;
	nsec heard_at;
	union quic_addr local;
	union quic_addr remote;
	struct evquic_conn_stats stats;
};

/* Makes a connection that is in its router's list and nothing more. */
struct evquic_conn *quic_conn_new(
    struct quic_socket *s, const ngtcp2_path *path, nsec now);

/* Draws one more ID that leads to a connection, and its stateless reset token
 * (NGTCP2_STATELESS_RESET_TOKENLEN bytes). */
int quic_conn_new_cid(
    struct evquic_conn *c, ngtcp2_cid *ret_cid, uint8_t *token);

/* Begins a client's connection on a connected socket, which becomes its own
 * and is gone if this fails. */
int quic_conn_connect(struct quic_socket *s,
    const struct evquic_connect_options *o, nsec now, struct evquic_conn **ret);

/*
 * Accepts a connection from the Initial packet that `in` describes; the
 * datagram itself is fed to it by the caller.  Whatever comes of it, the guest
 * of `in` that the service let in will leave.
 */
int quic_conn_accept(struct quic_socket *s, const ngtcp2_path *path,
    const struct quic_initial *in, nsec now, struct evquic_conn **ret);

/* The client that the service let in does not come after all. */
void quic_guest_leaves(struct quic_router *r, const struct quic_initial *in);

/* Feeds one datagram. */
void quic_conn_recv(struct evquic_conn *c, const ngtcp2_path *path,
    const ngtcp2_pkt_info *pi, const uint8_t *data, size_t len, nsec now);

/* Writes all that may be written now; called by the flush. */
void quic_conn_flush(struct evquic_conn *c, nsec now);

/* Ends a connection without a word: out of all tables, the application is
 * told, the memory is freed by the flush. */
void quic_conn_die(struct evquic_conn *c, enum evquic_closed_by by);

/* Frees a dead connection. */
void quic_conn_free(struct evquic_conn *c);

/* Closes a connection with a transport error code, in the next flush. */
void quic_conn_abandon(
    struct evquic_conn *c, uint64_t code, const char *reason);

/* Tells the application that it may talk, unless it knows; what opened() said.
 */
int quic_conn_open(struct evquic_conn *c);

/* The handshake is complete. */
int quic_conn_complete(struct evquic_conn *c);

/* ------------------------------------------------------------- write.c -- */

/*
 * Adds a packet of `len` bytes, which was written into `room`, to the batch.
 * It belongs to the path that ngtcp2 said, which need not be the one in use: an
 * answer to a PATH_CHALLENGE goes where that came from (RFC 9000 8.2.2).
 */
void quic_write_commit(struct evquic_conn *c, const ngtcp2_path *path,
    const ngtcp2_pkt_info *pi, uint8_t *room, size_t len);

/* Writes packets until there is nothing to send, or a bound is reached; an
 * error of ngtcp2, or 0.  Notes when it wants to be asked again. */
int quic_write_packets(struct evquic_conn *c, nsec now);

/* --------------------------------------------------------- callbacks.c -- */

extern const ngtcp2_callbacks quic_server_callbacks;
extern const ngtcp2_callbacks quic_client_callbacks;

/* ------------------------------------------------------------ stream.c -- */

struct evquic_stream {
	struct evquic_conn *conn;
	struct list link;      /* in the connection's streams */
	struct list send_link; /* in the connection's sendq */
	int64_t id;
	void *data;
	struct evquic_buf *head; /* oldest buffer not wholly acknowledged */
	struct evquic_buf *tail;
	struct evquic_buf *unsent; /* where the next byte to send is */
	uint32_t unsent_off;	   /* in `unsent` */
	uint32_t acked_off;	   /* acknowledged bytes of `head` */
	nsec sent_at;	/* when bytes of it last left for the first time */
	size_t unacked; /* bytes of buffers that it holds */
	size_t mark;	/* of evquic_stream_watch(), if `watched` */
	uint64_t lent; /* bytes pulled from the application, not acknowledged */
	uint64_t unconsumed; /* bytes that the application has credit of */
	uint64_t reset_code; /* what we reset it with, and stop it */
	uint64_t stop_code;
	bool ended;	 /* the peer's bytes have all come */
	bool early;	 /* it began before the handshake was complete */
	bool reset_late; /* to be said when the handshake is complete */
	bool stop_late;
	bool watched;
	bool fin_wanted;
	bool fin_sent;
	bool shut;     /* our direction has ended, one way or another */
	bool closed;   /* both have; ngtcp2 has forgotten the stream */
	bool released; /* the application has done with it */
};

struct evquic_stream *quic_stream_new(struct evquic_conn *c, int64_t id);

/* Both directions ended: told to the application, freed if it had done. */
void quic_stream_closed(struct evquic_stream *s);

/* Bytes up to `len` more were acknowledged: their buffers are freed. */
void quic_stream_acked(struct evquic_stream *s, uint64_t len);

/* True once when what evquic_stream_watch() waits for has happened. */
bool quic_stream_has_drained(struct evquic_stream *s);

/* True if bytes of a stream are under way and the last of them left before
 * `then`. */
bool quic_stream_is_stuck(const struct evquic_stream *s, nsec then);

/* Tells the application which streams the peer has stopped (STOP_SENDING)
 * since the last call. */
void quic_stream_find_stopped(struct evquic_conn *c, nsec now);

/* Our direction ended: what waits is thrown away. */
void quic_stream_shut(struct evquic_stream *s);

/* A client's handshake is complete, and streams were opened before: says what
 * had to wait.  `again`: early data was refused and ngtcp2 has forgotten the
 * streams, which begin anew. */
void quic_stream_settle_early(struct evquic_conn *c, bool again);

/* The peer gave credit: the stream may be offered again. */
void quic_stream_unblock(struct evquic_stream *s);

/* The next bytes that a connection has to send, from its application or from
 * its streams' buffers; false if there are none. */
bool quic_stream_next_chunk(struct evquic_conn *c, struct evquic_chunk *ret);

/* `len` bytes of the chunk were taken, and its end if `fin`. */
void quic_stream_taken(const struct evquic_chunk *chunk, size_t len, bool fin);

/* The stream of the chunk has no credit: it waits for some. */
void quic_stream_blocked(const struct evquic_chunk *chunk);

/* --------------------------------------------------------------- tls.c -- */

struct quic_tls;

/* Parses what never changes once for a service; see evquic_service_new(). */
struct evquic_service {
	_Atomic unsigned refs;
	struct evquic_cred *cred;
	struct evquic_offer offers[QUIC_MAX_OFFERS];
	struct evquic_limits limits[QUIC_MAX_OFFERS];
	size_t noffers;
	nsec handshake_timeout;
	uint64_t max_bytes;
	uint8_t reset_key[QUIC_KEY_LEN];
	uint8_t token_key[QUIC_KEY_LEN];
	bool has_old_keys;
	uint8_t old_reset_key[QUIC_KEY_LEN];
	uint8_t old_token_key[QUIC_KEY_LEN];
	enum evquic_retry retry;
	uint32_t retry_above;
	const struct quic_versions *versions;
	uint8_t ticket_key[32];
	bool no_tickets;
	bool early_data;
	struct evquic_replay *early_seen;
	const struct evquic_door *door; /* NULL: everybody is let in */
	struct evquic_replay *tokens_seen;
};

/* Makes and frees what a worker has of TLS; 0 or -ENOMEM. */
int quic_tls_worker_init(struct evquic_worker *w);
void quic_tls_worker_done(struct evquic_worker *w);

/* Makes the TLS session of a connection and ties it to its ngtcp2_conn; a
 * client's resumes the session `resume` unless that is NULL. */
int quic_tls_server_new(struct evquic_conn *c);
int quic_tls_client_new(struct evquic_conn *c,
    const struct evquic_connect_options *options,
    const struct quic_session *resume);

/* Gives the client a ticket, if the service gives any; the handshake is
 * complete. */
void quic_tls_give_ticket(struct evquic_conn *c);

/* The session of a caller's options; false if there is none that fits, and is
 * of one of the versions. */
bool quic_tls_session_read(const struct evquic_connect_options *o,
    const struct quic_versions *versions, nsec wall,
    struct quic_session *ret_session);

/* Gives the application the session that the last ticket makes, if one came
 * since the last call. */
void quic_tls_tell_session(struct evquic_conn *c);

/* The server gave a token for a later connection. */
void quic_tls_keep_token(
    struct evquic_conn *c, const uint8_t *token, size_t len);

/* A client's handshake is complete: notes what came of resumption. */
void quic_tls_client_done(struct evquic_conn *c);

/* Frees a session, NULL is fine; ngtcp2 must not use it any more. */
void quic_tls_free(struct quic_tls *t);

/* Why the certificate of the peer was refused; "" if it was not. */
const char *quic_tls_verify_error(const struct quic_tls *t);

/* Fills in transport parameters from an application's limits. */
void quic_tls_limits(
    ngtcp2_transport_params *params, const struct evquic_limits *limits);

#endif
