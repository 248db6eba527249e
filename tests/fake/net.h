/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FAKE_NET_H
#define TESTS_FAKE_NET_H

#include "base/clock.h"
#include "base/list.h"
#include "base/timer.h"
#include "quic/internal.h"
#include "tests/fake/prng.h"

/*
 * A network in memory: what quic_io asks of the system, on a clock that the
 * test turns.  Sockets are numbers that no system call knows.  Every datagram
 * suffers the faults of the network; all of them are drawn from one seed, so a
 * run can be had again.
 *
 * It also watches the library: control messages that the kernel would refuse,
 * datagrams larger than allowed, a source that is not the socket's, packets
 * that change after the socket was full.  Such a thing is written down in
 * `complaint`, which must stay empty.
 */

enum {
	NET_SOCKETS = 64,
	NET_MAX_DATAGRAM = 65507, /* RFC 768: the largest over IPv4 */
	NET_MAX_SEGMENTS = 64,	  /* of one train, in older kernels */
	NET_COMPLAINT = 160,
	NET_ERRORS = 8,
	NET_NAT_FIRST = 20000, /* ports that the NAT gives to rebound sockets */
	NET_NAT_PORTS = 20000,
	NET_FIRST_FD = 1 << 20 /* closing one harms nothing */
};

/* What becomes of ECN marks on the way. */
enum net_ecn {
	NET_ECN_KEPT,
	NET_ECN_BLEACHED, /* gone */
	NET_ECN_CE,	  /* "congestion experienced" */
};

/* What can go wrong; chances are in 1/1000 of the datagrams. */
struct net_faults {
	uint32_t loss;
	uint32_t duplicate;
	uint32_t reorder;  /* comes up to eight jitters late */
	uint32_t truncate; /* loses its end, perhaps all of it */
	uint32_t corrupt;  /* one bit is turned */
	nsec delay;	   /* one way */
	nsec jitter;	   /* 0 .. this much is added */
	uint32_t rebind;   /* the client's address changes before it */
	uint32_t room;	   /* datagrams until the socket is full; 0: never */
	nsec drain;	   /* how long it stays full */
	size_t mtu;	   /* larger datagrams: EMSGSIZE; 0: no limit */
	bool gro;	   /* equal datagrams arrive as one train */
	enum net_ecn ecn;
	bool nat_forgets; /* an address that was left leads nowhere */
};

/* One datagram under way. */
struct net_datagram {
	struct timer timer;
	struct list link; /* in a socket's queue, once it arrived */
	struct net *net;
	union quic_addr from;
	union quic_addr to;
	uint8_t ecn;
	size_t len;
	uint8_t bytes[];
};

struct net_socket {
	int fd;
	union quic_addr inside;	 /* as bound */
	union quic_addr outside; /* as others see it */
	union quic_addr peer;	 /* connected: only datagrams of this one */
	bool connected;
	size_t group; /* sockets of a port share it; 0: none */
	size_t group_index;
	struct list queue; /* arrived */
	bool full;
	struct timer writable;
	bool wants_write; /* it was full; the owner is to be told */
	struct net *net;
	uint32_t taken;	    /* datagrams since it was full */
	nsec last;	    /* arrival of the newest datagram sent from here */
	size_t refused_len; /* what was refused when full; 0: nothing */
	uint8_t refused[QUIC_MAX_TX_PAYLOAD];
	int errors[NET_ERRORS]; /* of the next sends, first one first */
	size_t nerrors;
	int rx_error;  /* of the next receive; 0: none */
	int gso_error; /* what every train is refused with; 0: taken */
};

/* Sees each datagram as it is sent; false: it is lost. */
typedef bool (*net_tap_fn)(void *arg, const struct net_datagram *d);

struct net {
	nsec now;
	nsec wall; /* what the wall clock is ahead of that one */
	struct timers timers;
	struct prng rng; /* for faults */
	struct prng ids; /* for what the library asks at random */
	struct net_faults faults;
	bool may_drop; /* memory fails: what was refused may be lost */
	struct net_socket sockets[NET_SOCKETS];
	size_t nsockets;
	net_tap_fn tap;
	void *tap_arg;
	struct quic_io io; /* to be given to quic_worker_new() */
	uint64_t sent;	   /* datagrams */
	uint64_t delivered;
	uint64_t bytes_sent;
	uint64_t trains; /* of two segments or more */
	uint64_t rebindings;
	uint8_t nat[NET_NAT_PORTS]; /* socket + 1 behind each of its ports */
	uint64_t digest; /* of all that was sent: what, where, when */
	uint8_t digest_key[HASH_KEY_LEN];
	char complaint[NET_COMPLAINT];
};

/* An empty network without faults, 10 ms wide. */
void net_init(struct net *n, uint64_t seed);

/* Throws away what is under way. */
void net_done(struct net *n);

/* A socket bound to `addr`; its number.  Port 0 gets one.  Sockets of one port
 * that share a `group` (not 0) are told apart by who sends. */
int net_socket(struct net *n, const union quic_addr *addr, size_t group);

/* The socket takes datagrams of `peer` only, and needs no address to send. */
void net_connect(struct net *n, int fd, const union quic_addr *peer);

struct net_socket *net_find(struct net *n, int fd);

/* What recvmmsg() would find something on. */
bool net_is_readable(const struct net *n, int fd);

/* Gives the socket another outside address, as a NAT does after a pause. */
void net_rebind(struct net *n, int fd);

/* The next `count` sends of a socket fail with `error`. */
void net_fail_sends(struct net *n, int fd, int error, size_t count);

/* Puts a datagram on the way, past all faults. */
void net_inject(struct net *n, const union quic_addr *from,
    const union quic_addr *to, const uint8_t *bytes, size_t len);

/* 127.0.0.1 or ::1 or the wildcard, with a port. */
union quic_addr net_addr(int family, bool wildcard, uint16_t port);

uint16_t net_port(const union quic_addr *a);
void net_set_port(union quic_addr *a, uint16_t port);

#endif
