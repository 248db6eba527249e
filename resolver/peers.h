/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients, as far as the service counts them: connections and handshakes of
 * one network (an IPv4 address, an IPv6 /56), whatever transport they come by.
 * One object for all workers; it is touched when a connection begins and ends,
 * never for a query.
 */
#ifndef RESOLVER_PEERS_H
#define RESOLVER_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct peers;

/* The network that a connection is counted for; NULL: none. */
struct peers_network;

/* Of handshakes: nobody has to prove an address first, either. */
#define PEERS_ANY_NUMBER SIZE_MAX

/* What one network may have. */
struct peers_limits {
	size_t connections; /* of addresses that are proved */
	size_t handshakes;  /* of addresses that may be anybody's */
};

enum peers_answer {
	PEERS_IN,    /* counted */
	PEERS_PROVE, /* not counted: only once its address is proved */
	PEERS_FULL,  /* not counted: the network has its share */
};

/* Makes an object without clients; NULL if there is no memory. */
struct peers *peers_new(void);

/* Frees it; asserts that everybody has left.  NULL is fine. */
void peers_free(struct peers *peers);

/*
 * A connection begins.  One whose address is `proved` counts as a connection,
 * another as a handshake, until peers_settle().  Who has not proved its address
 * is never told PEERS_FULL: others could make it so.  Loopback is never
 * counted, nor is anybody if there is no memory to count with.  Any thread.
 */
enum peers_answer peers_enter(struct peers *peers, const struct sockaddr *sa,
    const struct peers_limits *limits, bool proved,
    struct peers_network **ret_network);

/* A handshake has become a connection.  False if its network has as many as
 * `limits` allows: then it still counts as a handshake.  Any thread. */
bool peers_settle(
    struct peers_network *network, const struct peers_limits *limits);

/* A connection, or a handshake unless `proved`, has ended.  Any thread;
 * harmless for one that was not counted. */
void peers_leave(struct peers_network *network, bool proved);

/* How many connections, or handshakes unless `proved`, the network of this
 * address has. */
size_t peers_count(struct peers *peers, const struct sockaddr *sa, bool proved);

#endif
