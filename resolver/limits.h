/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every limit of the service that is not a key of the configuration; those
 * stand, with their defaults, in config_table*.c.  Each is per worker unless it
 * says otherwise.
 */
#ifndef RESOLVER_LIMITS_H
#define RESOLVER_LIMITS_H

#include "base/clock.h"

/* Questions that wait for an answer: of one worker, and at one server. */
#define UPSTREAM_MAX_ASKS 32768
#define UPSTREAM_MAX_SERVER_ATTEMPTS 16384

/* Addresses to ask; and how many of them one question visits. */
#define UPSTREAM_MAX_SERVERS 64
#define UPSTREAM_ASK_SERVERS 6

/* RFC 9520 3.1: at most two retries to one server over one transport. */
#define UPSTREAM_MAX_SENDS 3

/* Waiting after the first, second, third time a question is sent by UDP; never
 * longer than upstream.timeout, which is also the wait by a stream. */
#define UPSTREAM_FIRST_WAIT (800 * NSEC_PER_MSEC)
#define UPSTREAM_SECOND_WAIT (1200 * NSEC_PER_MSEC)
#define UPSTREAM_THIRD_WAIT (2000 * NSEC_PER_MSEC)

/* So many unanswered in a row put a server behind the others, for a time that
 * doubles each time that it is tried in vain. */
#define UPSTREAM_DOWN_FAILURES 3
#define UPSTREAM_DOWN_FIRST (1 * NSEC_PER_SEC)
#define UPSTREAM_DOWN_LONGEST (30 * NSEC_PER_SEC)

/* policy fastest: one question in so many goes to another server first, to
 * learn how fast that one is. */
#define UPSTREAM_EXPLORE_ONE_IN 20

/* How long it is remembered that a server knows no EDNS (RFC 6891 7), and that
 * it answers only so many questions in one connection. */
#define UPSTREAM_NO_EDNS_TIME (60 * NSEC_PER_SEC)
#define UPSTREAM_QUOTA_TIME (30 * NSEC_PER_SEC)

/* Cookies (RFC 7873, 9018): how long a server that knows none gets none, and
 * how long one of ours is used. */
#define UPSTREAM_NO_COOKIE_TIME (300 * NSEC_PER_SEC)
#define UPSTREAM_COOKIE_TIME (24 * 3600 * NSEC_PER_SEC)

/* Largest answer with an error code that is kept while a better one is asked
 * for elsewhere. */
#define UPSTREAM_MAX_KEPT_ANSWER 1232

/* Largest answer for AAAA that is kept while A is asked for (DNS64). */
#define QUERY_DNS64_MAX_KEPT 1232

/* Questions that are asked though nobody waits. */
#define FETCH_MAX_REFRESHES 1024

/* Source ports (RFC 5452 9.2): sockets of one server that take new questions,
 * all its sockets, questions of one turn on one socket, draws of a port until
 * it is free, and fresh sockets a second before they are shared. */
#define BACK_UDP_POOL 16
#define BACK_UDP_MAX_SOCKETS 96
#define BACK_UDP_TURN_QUERIES 16
#define BACK_UDP_MAX_DRAWS 16
#define BACK_UDP_FRESH_PER_SECOND 1000
#define BACK_UDP_FRESH_BURST 1024
#define BACK_UDP_FIRST_PORT 1024
#define BACK_UDP_IDLE_TIME (5 * NSEC_PER_SEC)

/* Unanswered questions on one socket, of 65,536 IDs. */
#define BACK_UDP_MAX_OUTSTANDING 4096

/* RFC 5452 9.3: so many wrong answers to one socket look like spoofing. */
#define BACK_UDP_MAX_MISMATCHES 100

/* Batches of datagrams, batches read in one wake-up; largest datagrams. */
#define BACK_UDP_BATCH 16
#define BACK_UDP_READS_PER_WAKEUP 4
#define BACK_UDP_TX_BATCH 64
#define BACK_UDP_MAX_QUERY 1232
#define BACK_UDP_MAX_ANSWER 4096

/* Octets of the options in one query: keepalive, cookie, client subnet. */
#define BACK_OPTIONS_MAX 80

/* Clients for whom a server that is told of them has connections; connections
 * of one, or of a server, the one that finishes included (RFC 7766 6.2.2);
 * unanswered questions and wrong answers in one. */
#define BACK_LANES_MAX 128
#define BACK_CONN_MAX 2
#define BACK_CONN_MAX_OUTSTANDING 4096
#define BACK_CONN_MAX_MISMATCHES 100
#define BACK_CONN_CONNECT_TIME (3 * NSEC_PER_SEC)
#define BACK_CONN_IDLE_TIME (10 * NSEC_PER_SEC)

/* Questions that libunbound has or will get, of all workers together: those
 * that nobody waits for any longer count until it is through with them. */
#define RECURSOR_MAX_OUTSTANDING 4096

/* Of these the share of one client's network, and in how many places shares are
 * counted: networks that meet in one, by a secret hash, have one together. */
#define RECURSOR_MAX_SHARE 512
#define RECURSOR_SHARES 1024

/* Resolvers of earlier configurations that still answer what they were asked:
 * reloads that need another one wait for these. */
#define RECURSION_MAX_RETIRED 8

/* Stale answers (RFC 8767): the TTL that clients are told, and how long after
 * an attempt in vain there is no other; in seconds. */
#define CACHE_STALE_TTL 30
#define CACHE_STALE_RETRY 30

/* What an operator's list of names to flush may be.  Each line that begins with
 * an asterisk is a walk over the whole cache, some 0.1 s where that is 64 MiB,
 * and a signal to end is heeded after all of them. */
#define FLUSH_MAX_LINES 1000
#define FLUSH_MAX_WALKS 16
#define FLUSH_MAX_BYTES (1024 * 1024)

/* How long the end may take for the cache to be saved. */
#define CACHE_SAVE_TIME (5 * NSEC_PER_SEC)

/* A framed stream: octets of one read, reads of one wake-up, buffers of one
 * write, and what may wait to be sent before the writer is told to wait. */
#define NET_STREAM_READ_SIZE 65536
#define NET_STREAM_READS_PER_WAKEUP 4
#define NET_STREAM_WRITE_BUFS 64
#define NET_STREAM_MAX_UNSENT (1024 * 1024)

#endif
