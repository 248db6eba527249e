/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network in memory under resolver/back and resolver/net, with a clock that
 * stands still until a test moves it.  The test is the server: it takes what
 * was sent and answers it, or does not.
 */
#ifndef TESTS_UNIT_BACK_FAKE_H
#define TESTS_UNIT_BACK_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/random.h"
#include "base/timer.h"
#include "dns/message.h"
#include "resolver/back/upstream.h"
#include "resolver/net/io.h"
#include "resolver/net/proxyv2.h"

#define FAKE_SOCKETS 16384
#define FAKE_MSG_MAX 2048
#define FAKE_SERVERS 8

/* Octets on their way to a socket. */
struct fake_packet {
	struct list link;
	struct sockaddr_storage from;
	size_t len;
	uint8_t data[];
};

struct fake_socket {
	bool is_open;
	bool is_stream;
	bool is_connecting;
	bool is_eof;
	bool is_blocked; /* takes no octets */
	int error;	 /* pending, as the kernel has it */
	uint16_t port;	 /* bound to */
	struct sockaddr_storage peer;
	struct net_watch *watch;
	unsigned what;
	struct list in;
	uint8_t *out; /* of a stream: written and not yet taken */
	size_t out_len;
	unsigned writes;
	size_t proxy_len; /* of a stream: the header at its beginning */
	uint8_t proxy[PROXYV2_MAX];
};

/* What a server got. */
struct fake_sent {
	int fd;
	bool is_tcp;
	uint16_t port;	  /* it came from */
	unsigned server;  /* last octet of the server's address */
	size_t proxy_len; /* the header in front of it, or of its stream */
	uint8_t proxy[PROXYV2_MAX];
	size_t len;
	uint8_t msg[FAKE_MSG_MAX];
};

/* The same in the list of those that no test has taken yet. */
struct fake_datagram {
	struct list link;
	struct fake_sent sent;
};

struct fake {
	struct net_io io;
	struct timers timers;
	struct random random;
	uint64_t seed;
	nsec now;
	struct back_counters counters;
	struct fake_socket *sockets; /* by descriptor */
	int used;		     /* descriptors given out */
	struct net_watch *flush;
	bool is_raised;
	struct config config;
	struct config_server servers[FAKE_SERVERS];
	struct config_addr addrs[FAKE_SERVERS];
	struct upstream *upstream;
	bool for_zones; /* it asks transfer.servers */

	/* What the network does. */
	int open_error;	    /* of any new socket */
	int send_error;	    /* of datagrams */
	int connect_error;  /* of streams, at once */
	bool tcp_refuses;   /* later, as with RST */
	bool tcp_is_silent; /* SYN is lost */
	bool tcp_is_broken; /* writing fails with EPIPE */
	unsigned local;	    /* last octet of our own address */
	int local_error;    /* when it is asked for */
	uint16_t taken_port;
	unsigned sendmmsg_calls;
	unsigned datagrams;
	unsigned turn_max; /* most datagrams of one call */
	struct list sent;  /* struct fake_datagram, of streams, too */
};

/* A question of a test, and what became of it. */
struct fake_ask {
	struct upstream_ask ask;
	struct dns_query query;
	uint8_t msg[512];
	size_t len;
	unsigned calls;
	int status;
	unsigned rcode;
	bool is_ad_trusted;
	bool is_truncated;
	size_t answer_len;
	unsigned answers; /* ANCOUNT */
	uint8_t last;	  /* last octet of the answer's address */
	struct fake_ask *cancel;
};

/* Starts a network; the seed makes ports and IDs. */
void fake_init(struct fake *f, uint64_t seed);

/* Adds 192.0.2.N, or 127.0.0.N if N is above 100, to the configuration. */
void fake_server(struct fake *f, enum config_scheme scheme, unsigned n);

/* Makes the upstream object of what is configured. */
void fake_start(struct fake *f);

/* All three, with the servers 1 to `servers` of one kind. */
void fake_begin(
    struct fake *f, uint64_t seed, enum config_scheme scheme, unsigned servers);

/* Checks that nothing is left and frees everything. */
void fake_done(struct fake *f);

/* One turn of the event loop: what is ready, then the flush. */
void fake_turn(struct fake *f);

/* Moves the clock by `span`, from timer to timer, a turn at each. */
void fake_advance(struct fake *f, nsec span);

/* Makes a query as a client would, flags beside RD, DO if `is_do`. */
void fake_query(struct fake_ask *a, const char *name, unsigned type,
    bool has_edns, bool is_do);

/* The same from octets. */
void fake_raw_query(struct fake_ask *a, const uint8_t *msg, size_t len);

/* Starts it and ends the turn; asserts success. */
void fake_ask(struct fake *f, struct fake_ask *a);

/* Takes the oldest message that a server got.  False if there is none. */
bool fake_take(struct fake *f, struct fake_sent *ret_sent);

/* Makes an answer to it: question, an A record with last octet `last`, OPT if
 * there was one. */
size_t fake_answer(const struct fake_sent *sent, unsigned rcode, unsigned last,
    uint8_t ret_msg[FAKE_MSG_MAX]);

/* Gives octets to the socket that sent it: from its server, with the length
 * in front if it is a stream. */
void fake_give(struct fake *f, const struct fake_sent *sent, const uint8_t *msg,
    size_t len);

/* The same without a length, and from another address and port. */
void fake_give_octets(struct fake *f, int fd, const uint8_t *data, size_t len);
void fake_give_from(struct fake *f, const struct fake_sent *sent,
    unsigned server, unsigned port, const uint8_t *msg, size_t len);

/* Answers with fake_answer() and runs a turn. */
void fake_reply(struct fake *f, const struct fake_sent *sent, unsigned rcode,
    unsigned last);

/* The server closes the stream; ICMP port unreachable. */
void fake_close(struct fake *f, int fd);
void fake_icmp(struct fake *f, int fd);

/* Is the socket that sent it still open? */
bool fake_is_open(const struct fake *f, const struct fake_sent *sent);

/* Sockets that are open: of all, or of streams only. */
unsigned fake_open_sockets(const struct fake *f);
unsigned fake_open_streams(const struct fake *f);

#endif
