/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients, as far as the service counts them: connections of one network (an
 * IPv4 address, an IPv6 /56), whatever transport they come by.  One object for
 * all workers; it is touched when a connection begins and ends, never for a
 * query.
 */
#ifndef RESOLVER_PEERS_H
#define RESOLVER_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct peers;

/* Whom a connection is counted for; kept by its owner until it leaves. */
struct peers_key {
	uint8_t len; /* 0: counted for nobody */
	uint8_t bytes[16];
};

/* Makes an object without clients; NULL if there is no memory. */
struct peers *peers_new(void);

/* Frees it; asserts that everybody has left.  NULL is fine. */
void peers_free(struct peers *peers);

/*
 * A validated connection from this address has begun.  False if its network
 * has `max` already: then it is not counted, and the caller turns it away.
 * Loopback is never counted.  Any thread.  If there is no memory to count with
 * the connection is let in uncounted.
 */
bool peers_enter(struct peers *peers, const struct sockaddr *sa, size_t max,
    struct peers_key *ret_key);

/* It has ended.  Any thread; harmless for one that was not counted. */
void peers_leave(struct peers *peers, const struct peers_key *key);

/* How many connections the network of this address has. */
size_t peers_count(struct peers *peers, const struct sockaddr *sa);

#endif
