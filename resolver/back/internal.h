/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back end from within: what upstream.c, server.c, ask.c, udp.c, stream.c
 * and match.c share.  For this folder only.
 *
 *	upstream --owns--> server --owns--> socket, lane --owns--> conn
 *	ask --owns--> attempt, which sits at one socket, at one conn, or in a
 *	              lane's queue for a connection
 *
 * Rule: calls come up from sockets and timers to ask.c and may end in the
 * asker's `done`, which may cancel and start others.  So nobody touches an
 * attempt or an ask after such a call, lists are emptied from the front, and
 * sockets, lanes, connections and servers are freed in upstream_flush() only.
 */
#ifndef RESOLVER_BACK_INTERNAL_H
#define RESOLVER_BACK_INTERNAL_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/pool.h"
#include "dns/cookie.h"
#include "resolver/back/upstream.h"
#include "resolver/net/addr.h"
#include "resolver/net/io.h"
#include "resolver/net/proxyv2.h"
#include "resolver/net/stream.h"

/* The cookies of one server. */
struct back_jar {
	struct dns_cookie cookie; /* the last that it confirmed */
	uint64_t serial;	  /* each makes another client cookie */
	nsec since;		  /* when this one began */
	nsec off_until;		  /* it knows none; until then it gets none */
};

/* A UDP socket, connected to its server, bound to a port that we drew. */
struct back_socket {
	struct list link;  /* server->sockets or upstream->closing */
	struct list dirty; /* upstream->dirty_sockets */
	struct back_server *server;
	struct net_watch watch;
	struct hash_table
	    by_id;	      /* attempts; its count is what is outstanding */
	struct list unsent;   /* of these: to be sent by the next flush */
	struct list waiting;  /* of these: sent */
	unsigned mismatches;  /* while anything was outstanding */
	unsigned forgotten;   /* queries whose answers may still come */
	union net_addr local; /* our end */
	uint16_t port;
	bool is_retired; /* takes no new queries, closed when empty */
	bool was_used;	 /* since the last sweep */
};

/* A TCP connection to a server. */
struct back_conn {
	struct list link; /* lane->conns */
	struct back_lane *lane;
	struct back_server *server; /* the lane's */
	struct net_stream stream;
	struct hash_table by_id;
	struct list waiting;
	union net_addr local; /* our end */
	struct timer idle;
	nsec idle_time;	  /* ours, or less if the server said so */
	nsec last_answer; /* when a message came; 0 if none did */
	unsigned sent;
	unsigned answered;
	unsigned mismatches;
	unsigned forgotten;
	bool was_open;
	bool has_header; /* of the lane: it was sent */
	bool is_retired; /* takes no new queries, closed when empty */
	bool is_dead;	 /* the next flush frees it */
};

/*
 * Queries of one server that may share a TCP connection: all of them, or, if
 * the server is told of the client at its beginning, those of one client.  It
 * is there while it has a query that waits or a connection.
 */
struct back_lane {
	struct list link; /* server->lanes, the latest used last */
	struct list pump; /* upstream->pumps: has something to do */
	struct back_server *server;
	struct list queue; /* attempts that have no connection yet */
	struct list conns;
	struct back_conn *conn; /* the one that takes queries, or NULL */
	bool is_leaving;	/* the next flush frees it */
	uint8_t header_len;	/* 0: none is sent */
	uint8_t header[PROXYV2_MAX];
};

struct back_server {
	struct list link; /* upstream->servers or ->leaving */
	struct upstream *upstream;
	enum config_scheme scheme;
	struct config_addr addr;
	char name[CONFIG_URL_LEN]; /* for the log */
	unsigned position;	   /* in the configuration */
	bool is_trusted;	   /* its AD bit, RFC 4035 4.9.3 */
	bool is_proxied;	   /* it reads the PROXY protocol */
	bool has_left;
	size_t users;	 /* slots of asks that name it */
	size_t attempts; /* of both transports */

	/* Health. */
	unsigned failures; /* in a row */
	nsec backoff;	   /* 0: up */
	nsec down_until;
	nsec rtt; /* smoothed; 0: not known */
	nsec no_edns_until;
	struct back_jar jar;

	/* UDP. */
	struct list sockets;
	size_t socket_count;
	struct back_socket *pool[BACK_UDP_POOL];
	struct back_socket *current; /* for the queries of one turn */
	uint64_t current_turn;
	unsigned current_left;

	/* TCP. */
	struct list lanes;
	unsigned lane_count; /* without those that leave */
	unsigned quota;	     /* answers it gives in one connection */
	nsec quota_until;
};

/* A query at one server by one transport. */
struct back_attempt {
	struct list link;    /* ask->attempts */
	struct list carrier; /* a list of the socket, the conn or the server */
	struct hash_node node; /* in by_id of the socket or the conn */
	struct upstream_ask *ask;
	struct upstream_slot *slot;
	struct back_socket *socket;
	struct back_conn *conn;
	nsec sent_at; /* for the first time */
	uint16_t id;
	bool is_udp;
	bool no_edns;
	bool is_refused; /* hint: nobody listens (ICMP) */
	uint8_t sends;	 /* in which it really left */
	bool is_answered;
	bool has_cookie;     /* one of ours was sent */
	bool expects_cookie; /* and one that the server had given */
	bool has_subnet;     /* a Client Subnet was sent */
	uint8_t cookie[DNS_COOKIE_CLIENT];
	bool has_case;
	uint8_t case_bits[DNS_NAME_CASE_BITS];
};

/* An answer with an error code, kept while a better one is asked for. */
struct back_kept {
	struct dns_response response; /* its ->msg is `msg` */
	bool is_ad_trusted;
	uint8_t msg[];
};

/* An attempt's message: how it is made, and its options. */
struct back_message {
	struct dns_build how; /* its ->options is `options`: do not copy */
	uint8_t options[BACK_OPTIONS_MAX];
};

/* UDP source ports that may be used: `total` in `count` ranges. */
struct back_ports {
	struct config_port_range *range;
	size_t count;
	uint32_t total;
};

/* A port of the recursor that questions are, or were, handed in at. */
struct back_recursion {
	struct list link; /* upstream->ports_left, once it is not in use */
	struct upstream *upstream;
	struct recursor_port *port;
	struct net_watch watch;
	size_t jobs;
};

struct upstream {
	struct upstream_env env;
	struct net_io io;

	/* From the configuration. */
	enum config_policy policy;
	nsec turn_time;
	nsec query_time;
	nsec transfer_time; /* in which a server says something */
	unsigned transfer_max;
	bool prefer_tcp;
	bool randomise_case;
	bool cookies;
	uint8_t cookie_key[HASH_KEY_LEN];
	struct back_ports ports;

	struct list servers;
	unsigned server_count;
	bool tells_clients; /* one of them is */
	struct list leaving;
	unsigned next_first; /* round-robin */

	struct list asks;
	size_t ask_count;
	struct list transfers;
	struct list transfers_over; /* to be freed */
	unsigned transfer_count;
	struct pool attempts;
	struct buf_store bufs;
	struct net_stream_env stream_env;

	struct back_recursion *recursion; /* NULL: servers are asked */
	struct list recursions_left;
	bool is_recursive; /* though `recursion` could not be made */

	struct net_watch flush;
	bool is_flush_raised;
	struct list dirty_sockets;
	struct list pumps;   /* lanes with something to do */
	struct list closing; /* sockets that nobody needs */
	uint64_t turn;	     /* counts flushes */
	struct timer sweep;
	nsec fresh_since; /* fresh sockets saved up since then */
	struct log_limit log_limit;

	uint8_t scratch[NET_STREAM_READ_SIZE];
	uint8_t tx[BACK_UDP_TX_BATCH][PROXYV2_MAX + BACK_UDP_MAX_QUERY];
};

_Static_assert(BACK_UDP_BATCH *BACK_UDP_MAX_ANSWER <= NET_STREAM_READ_SIZE,
    "datagrams and streams are read into the same memory");

/* Adds one to a counter of the upstream `u`, if it is so. */
#define BACK_COUNT_IF(u, name, is)                                             \
	counter_add(&(u)->env.counters->name, (is) ? 1 : 0)
#define BACK_COUNT(u, name) BACK_COUNT_IF(u, name, true)

/* The time of this turn. */
nsec back_now(const struct upstream *u);

/* Has upstream_flush() called at the end of this turn. */
void back_flush_later(struct upstream *u);

/* server.c */

/* Makes a server out of one of the item's addresses; NULL if there is no
 * memory. */
struct back_server *back_server_new(struct upstream *u,
    const struct config_server *item, const struct config_addr *addr);

/* Frees a server that no ask names, with its sockets and connections. */
void back_server_free(struct back_server *s);

/* An answer came: it is up.  `rtt` is 0 if it could not be measured. */
void back_server_on_success(struct back_server *s, nsec rtt);

/* No answer came in time, or a hint that none will. */
void back_server_on_failure(struct back_server *s, nsec now);

/* Is it put behind the others? */
bool back_server_is_down(const struct back_server *s);

/* It is tried: if it is down, nobody else tries it first for a while. */
void back_server_on_try(struct back_server *s, nsec now);

/*
 * Writes the servers in the order in which a question is to try them, at most
 * UPSTREAM_ASK_SERVERS; returns how many.
 */
unsigned back_server_order(struct upstream *u, nsec now,
    struct back_server *ret_order[UPSTREAM_ASK_SERVERS]);

/* ask.c: what happened to an attempt.  All may call `done`; the attempt, and
 * its ask, must not be touched afterwards. */

/* Prepares an idle ask and makes the first attempt; does not call `done`. */
int back_ask_begin(struct upstream_ask *ask, unsigned flags);

/* Frees all that an ask has; it is idle afterwards. */
void back_ask_detach(struct upstream_ask *ask);

/* A good answer. */
void back_ask_on_answer(
    struct back_attempt *a, const struct dns_response *response);

/* An answer, but not one to use over UDP: ask the same server by TCP. */
void back_ask_on_unusable(struct back_attempt *a);

/* An answer that cannot be parsed. */
void back_ask_on_broken(struct back_attempt *a);

/* ICMP says that nobody listens: a hint only (RFC 5452, RFC 2308 7.2). */
void back_ask_on_refused(struct back_attempt *a);

/*
 * The attempt is over without an answer.  `may_retry`: not for want of the
 * server, so that it may be asked again.
 */
void back_ask_on_lost(struct back_attempt *a, int error, bool may_retry);

/* recurse.c */

/* Hands an idle ask to the recursor; as upstream_start(). */
int back_recurse_begin(struct upstream_ask *ask);

/* Takes it away from there. */
void back_recurse_forget(struct upstream_ask *ask);

/* Frees ports that are not in use and at which nothing is outstanding. */
void back_recurse_reap(struct upstream *u);

/* Closes all ports; nothing may be outstanding. */
void back_recurse_done(struct upstream *u);

/* match.c */

/* How the attempt's message is made, from that address of ours. */
void back_match_build(struct back_attempt *a, const union net_addr *local,
    struct back_message *ret_message);

/*
 * Writes what goes in front of the message, or of all messages of a
 * connection: the header that names the client, if the server reads it.
 * Returns its length.
 */
size_t back_match_header(
    const struct back_attempt *a, uint8_t out[PROXYV2_MAX]);

/* Is this the answer to the attempt?  Counts what is wrong with it. */
enum dns_match back_match_check(struct back_attempt *a, const uint8_t *msg,
    size_t len, struct dns_response *ret_response);

/* edns.c: what this hop says and hears in OPT. */

/* What an answer's RCODE means for what was in our OPT. */
enum back_edns {
	BACK_EDNS_FINE,	  /* nothing */
	BACK_EDNS_AGAIN,  /* ask again: the slot says what is different */
	BACK_EDNS_STREAM, /* the server by TCP */
};

/* Takes down the address of our end of a connected socket. */
void back_edns_note_local(
    struct upstream *u, int fd, union net_addr *ret_local);

/* Puts the options of an attempt into its message. */
void back_edns_put(struct back_attempt *a, const union net_addr *local,
    struct back_message *m);

/*
 * Do the options of an answer belong to this attempt?  ACCEPT; IGNORE for a
 * forged one; BROKEN for one that is not to be used, where the real one can
 * only come by TCP, or did.
 */
enum dns_match back_edns_check(
    struct back_attempt *a, const struct dns_response *r);

/* Does the client want what only EDNS can ask for? */
bool back_edns_wants_dnssec(const struct upstream_ask *ask);

/* Does the RCODE speak of our options?  Then the slot takes that down. */
enum back_edns back_edns_judge(
    struct back_attempt *a, const struct dns_response *r);

/* socket.c */

/* Prepares the port ranges of a configuration; 0 or -ENOMEM. */
int back_ports_make(
    const struct config_ports *avoid, struct back_ports *ret_ports);

/* May this port be used? */
bool back_ports_have(const struct back_ports *p, uint16_t port);

/*
 * Draws the socket for one query of this turn, which has an ID to spare;
 * 0, -EAGAIN, or why none could be opened.
 */
int back_socket_draw(struct back_server *s, struct back_socket **ret_socket);

/* Queries that wait for an answer there. */
size_t back_socket_outstanding(const struct back_socket *sock);

/* No new queries; closed by the flush once nothing is outstanding. */
void back_socket_retire(struct back_socket *sock);

/* Nothing is outstanding there any longer. */
void back_socket_on_drained(struct back_socket *sock);

/* Closes what is retired and empty. */
void back_socket_reap(struct upstream *u);

/* Retires those whose port may no longer be used. */
void back_socket_check_ports(struct back_server *s);

/* Closes all; nothing may be outstanding. */
void back_socket_done(struct back_server *s);

/* The timer that retires sockets which nobody used for a while. */
void back_socket_on_sweep(struct timer *timer, nsec now);

/* udp.c */

/* Puts the attempt on a socket and queues it; 0 or a negative errno. */
int back_udp_start(struct back_attempt *a);

/* Queues it once more, same socket, same ID. */
void back_udp_repeat(struct back_attempt *a);

/* Takes it off its socket. */
void back_udp_forget(struct back_attempt *a);

/* Sends what is queued on all sockets. */
void back_udp_flush(struct upstream *u);

/* A socket can be read. */
void back_udp_on_ready(struct net_watch *watch, unsigned what);

/* stream.c */

/* Queues the attempt for its lane's connection; 0 or a negative errno. */
int back_conn_start(struct back_attempt *a);

/*
 * The attempt's turn is over without an answer.  True if it was sent and
 * nothing at all came since: then its connection takes no new queries, and it
 * pays to ask by another one.
 */
bool back_conn_is_stalled(struct back_attempt *a);

/* Takes it off its connection or the queue. */
void back_conn_forget(struct back_attempt *a);

/* Is the connection idle, or about to end? */
bool back_conn_is_idle(const struct back_conn *conn);

/* It ends: no call comes after the next flush, which frees it. */
void back_conn_kill(struct back_conn *conn);

/* Connects and sends what is queued in a lane. */
void back_conn_pump(struct back_lane *lane);

/* Closes connections that are dead. */
void back_conn_reap(struct back_lane *lane);

/* Closes all of a lane. */
void back_conn_done(struct back_lane *lane);

/* lane.c */

/*
 * Gets the lane for the attempt; a new one takes the place of an idle one if
 * there are BACK_LANES_MAX.  0; -EAGAIN if none of these is idle, -ENOMEM.
 */
int back_lane_get(const struct back_attempt *a, struct back_lane **ret_lane);

/* The flush looks after it. */
void back_lane_raise(struct back_lane *lane);

/* What the flush does for it; may free it. */
void back_lane_flush(struct back_lane *lane);

/* Closes and frees all; nothing may be outstanding. */
void back_lane_done(struct back_server *s);

/* transfer.c */

/* Frees those that are over. */
void back_transfer_reap(struct upstream *u);

/* Ends all, without a word to who asked for them. */
void back_transfer_done(struct upstream *u);

#endif
