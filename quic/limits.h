/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every limit of the library in one place.  What a service or a caller may set
 * stands in evquic.h with these as defaults.
 */
#ifndef QUIC_LIMITS_H
#define QUIC_LIMITS_H

#include "base/clock.h"

/* RFC 9000 14.1: the smallest datagram that may open a connection. */
#define QUIC_MIN_INITIAL 1200

/* Our connection IDs have this length; RFC 9000 17.2 allows 20. */
#define QUIC_CID_LEN 18

/* Keys of tokens and of stateless resets. */
#define QUIC_KEY_LEN 32

/* Datagram sizes: what we send at most, once path MTU discovery found it to
 * pass, and what a datagram can be at all. */
#define QUIC_MAX_TX_PAYLOAD 1452
#define QUIC_MAX_RX_PAYLOAD 65535

/* RFC 8899 4.3: after so many probe timeouts without progress packets become
 * as small as they were at the beginning. */
#define QUIC_STUCK_PTOS 2
#define QUIC_MIN_TX_PAYLOAD 1200

/* A query of the largest DNS message, 65,537 bytes, must fit: 66 KiB. */
#define QUIC_STREAM_WINDOW (66 * 1024)
#define QUIC_CONN_WINDOW (128 * 1024)
#define QUIC_CONN_WINDOW_MAX (1024 * 1024)

/* What one connection may hold, besides twice its largest window and the
 * answers that the application bounds: honest ones stay below 100 KB.  And
 * what each may hold when all together hold too much. */
#define QUIC_CONN_BYTES_MAX (2 * 1024 * 1024)
#define QUIC_CONN_BYTES_FAIR (128 * 1024)

#define QUIC_IDLE_TIMEOUT (30 * NSEC_PER_SEC)
#define QUIC_HANDSHAKE_TIMEOUT (10 * NSEC_PER_SEC)

/* RFC 9000 5.1.1: how many connection IDs we keep of a peer. */
#define QUIC_ACTIVE_CID_LIMIT 4

/* Loops are bounded: reads of one wake-up, packets of one connection in one
 * flush, and new connections in one wake-up. */
#define QUIC_RX_BATCH 16
#define QUIC_RX_BATCHES_PER_WAKEUP 4
#define QUIC_TX_PACKETS_PER_FLUSH 64
#define QUIC_ACCEPTS_PER_WAKEUP 64

/* How late ngtcp2 hears that another packet may go, when none waits. */
#define QUIC_PACING_SLACK (NSEC_PER_MSEC / 2)

/* A timer served later than this was held up by something in the loop. */
#define QUIC_TIMER_LATE (50 * NSEC_PER_MSEC)

/* Outgoing batch: messages of one sendmmsg(), segments of one GSO train
 * (older kernels take 64), bytes of a train (an IPv4 datagram's limit is
 * 65,507) and of the whole batch. */
#define QUIC_TX_MESSAGES 64
#define QUIC_TX_SEGMENTS 64
#define QUIC_TX_TRAIN_BYTES 65000
#define QUIC_TX_BYTES (192 * 1024)

/* RFC 9000 10.2: closing and draining last three probe timeouts. */
#define QUIC_CLOSE_PTOS 3

/* Remembered closed connections of a router; the oldest are forgotten. */
#define QUIC_MAX_TOMBSTONES 20000

/* Connection IDs that each of them keeps, the newest: a peer can make us issue
 * any number. */
#define QUIC_TOMBSTONE_CIDS 16

/* What a TLS session is charged with while it lives: GnuTLS's allocations
 * cannot be counted, 19 KB were measured. */
#define QUIC_TLS_BYTES (20 * 1024)

/* Bytes of TLS messages that a handshake may consist of in one encryption
 * level: a client's, of which a ClientHello with post-quantum key shares has 2
 * KiB, and one with a ticket of nearly the largest size 60; and a server's with
 * its certificates.  GnuTLS keeps a message until it is whole, up to 16 MiB,
 * uncounted; ngtcp2 bounds gaps only. */
#define QUIC_MAX_CLIENT_FLIGHT (62 * 1024)
#define QUIC_MAX_SERVER_FLIGHT (128 * 1024)

/* Datagrams that wait for a worker that other workers handed them to. */
#define QUIC_INBOX_MAX 4096

/* Stateless resets of a router (RFC 9000 10.3.3): so many a second, and as many
 * at once.  Version Negotiation packets (6.1): never more in any second. */
#define QUIC_RESETS_PER_SECOND 1000
#define QUIC_VNS_PER_SECOND 1000

/* Address validation (RFC 9000 8.1): handshakes of a worker, in flight or
 * failed in this second, from which on clients get Retry, and how long tokens
 * of Retry and of NEW_TOKEN frames prove something. */
#define QUIC_RETRY_ABOVE 1000
#define QUIC_RETRY_TOKEN_LIFE (10 * NSEC_PER_SEC)
#define QUIC_TOKEN_LIFE (86400 * NSEC_PER_SEC)

/* Tokens of NEW_TOKEN frames that a service without a set of the caller's
 * remembers as used. */
#define QUIC_TOKENS_SEEN 65536

#define QUIC_MAX_OFFERS 8
#define QUIC_MAX_WORKERS 256
#define QUIC_MAX_REASON 127

#endif
