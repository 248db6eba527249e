/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the library counts: one table, from which the struct, the names and
 * the help texts are made.  Every datagram that is not taken is counted under
 * the reason.
 */
#ifndef QUIC_COUNTERS_H
#define QUIC_COUNTERS_H

#include "base/counter.h"

#define QUIC_COUNTERS(X)                                                       \
	X(rx_datagrams, "UDP datagrams received")                              \
	X(rx_bytes, "bytes of UDP payload received")                           \
	X(rx_batches, "system calls that received something")                  \
	X(rx_errors, "receive calls that failed")                              \
	X(drop_empty, "dropped: datagrams without a byte")                     \
	X(drop_short, "dropped: too short for their kind of packet")           \
	X(drop_fixed_bit, "dropped: QUIC bit 0 (RFC 9000 17.2)")               \
	X(drop_malformed, "dropped: header that cannot be read")               \
	X(drop_version, "dropped: version 0, or unknown and under 1200 bytes") \
	X(drop_unknown_cid, "dropped: no connection with that ID")             \
	X(drop_source, "dropped: from nobody's address, or our own")           \
	X(drop_service_port, "dropped: from a port of a known UDP service")    \
	X(drop_move, "dropped: a move to loopback or to such a port")          \
	X(drop_not_serving, "dropped: no new connections are accepted")        \
	X(drop_accept_limit, "dropped: new connections of one wake-up")        \
	X(drop_memory, "dropped: no memory for a connection")                  \
	X(drop_undecryptable, "dropped: first packet that no key opens")       \
	X(drop_tombstone, "dropped: connection is closed")                     \
	X(refused_unwelcome, "refused: by the service (CONNECTION_REFUSED)")   \
	X(refused_memory, "refused: memory budget (CONNECTION_REFUSED)")       \
	X(shed_half_open, "handshakes without a proof of address given up")    \
	X(shed_idle, "idle connections closed to make room")                   \
	X(shed_large, "connections closed for holding too much memory")        \
	X(blocks_forgotten, "memory blocks that ngtcp2 did not free itself")   \
	X(vn_sent, "Version Negotiation packets sent")                         \
	X(vn_limited, "Version Negotiation not sent: too many a second")       \
	X(retries_sent, "Retry packets sent")                                  \
	X(tokens_accepted, "address tokens that proved an address")            \
	X(tokens_reused, "NEW_TOKEN tokens that came a second time")           \
	X(tokens_forgone, "NEW_TOKEN tokens not taken: no room to remember")   \
	X(tokens_invalid, "Retry tokens refused (INVALID_TOKEN)")              \
	X(tokens_unreadable, "address tokens that proved nothing")             \
	X(resets_sent, "stateless resets sent")                                \
	X(resets_limited, "stateless resets not sent: too many a second")      \
	X(tx_datagrams, "UDP datagrams sent")                                  \
	X(tx_bytes, "bytes of UDP payload sent")                               \
	X(tx_batches, "system calls that sent something")                      \
	X(tx_gso_trains, "segmented sends")                                    \
	X(tx_blocked, "times a socket was full")                               \
	X(tx_gso_disabled, "sockets on which segmentation was given up")       \
	X(tx_errors, "datagrams that the system refused to send")              \
	X(tx_dropped, "datagrams dropped for want of memory")                  \
	X(conns_accepted, "connections begun by clients")                      \
	X(conns_connected, "connections begun by us")                          \
	X(handshakes_done, "handshakes completed")                             \
	X(handshakes_failed, "handshakes that ended in an error")              \
	X(tickets_sent, "session tickets sent")                                \
	X(sessions_resumed, "handshakes that resumed a session")               \
	X(early_accepted, "handshakes with early data that was accepted")      \
	X(early_replayed, "early data refused: it had been here before")       \
	X(early_full, "early data refused: too much is remembered")            \
	X(early_refused, "early data refused: off, or no ticket that allows")  \
	X(closed_local, "connections closed by us")                            \
	X(closed_by_peer, "connections closed by the peer")                    \
	X(closed_idle, "connections that went silent")                         \
	X(closed_reset, "connections ended by a stateless reset")              \
	X(closed_timeout, "handshakes that took too long")                     \
	X(closed_dropped, "connections forgotten before they began")           \
	X(closed_failed, "connections ended for want of memory")               \
	X(streams_opened, "streams opened by either side")                     \
	X(streams_reset, "streams that the peer reset")                        \
	X(streams_stopped, "streams that the peer asked us to stop")           \
	X(handovers, "datagrams handed to the worker that owns them")          \
	X(handovers_lost, "datagrams lost on the way to their worker")         \
	X(path_changes, "connections that moved to another address")           \
	X(narrow_paths, "connections whose larger packets did not arrive")     \
	X(flushes, "flushes of the ready list")                                \
	X(timers_late, "times that timers were served 50 ms late, or more")    \
	X(timers_late_ms, "milliseconds by which those were late, in sum")     \
	X(tombstones_forgotten, "closed connections forgotten early")

struct quic_counters {
	QUIC_COUNTERS(COUNTER_MEMBER)
};

#endif
