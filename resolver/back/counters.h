/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the back end counts: one table, from which the struct, the names and
 * the help texts are made.
 */
#ifndef RESOLVER_BACK_COUNTERS_H
#define RESOLVER_BACK_COUNTERS_H

#include <stddef.h>

#include "base/counter.h"

#define BACK_COUNTERS(X)                                                       \
	X(asks, "questions handed to upstream servers")                        \
	X(asks_outstanding, "gauge: questions that wait for an answer")        \
	X(asks_answered, "questions that got an answer")                       \
	X(asks_failed, "questions that got none")                              \
	X(asks_timed_out, "of these: no answer in time")                       \
	X(asks_cancelled, "questions that nobody wanted any longer")           \
	X(asks_refused_limit, "questions refused: too many outstanding")       \
	X(asks_refused_share, "questions refused: too many of one network")    \
	X(udp_sent, "queries sent by UDP, repetitions included")               \
	X(udp_received, "datagrams received")                                  \
	X(udp_batches, "system calls that sent by UDP")                        \
	X(udp_send_failed, "datagrams that the system did not take")           \
	X(udp_sockets, "gauge: UDP sockets")                                   \
	X(udp_sockets_opened, "UDP sockets opened, each on a random port")     \
	X(udp_port_taken, "source ports that were in use")                     \
	X(udp_refused, "ICMP errors: nobody listens there")                    \
	X(udp_truncated, "answers with TC: asked again by TCP")                \
	X(udp_spoofing, "sockets given up after too many wrong answers")       \
	X(tcp_connects, "connections begun")                                   \
	X(tcp_connect_failed, "connections that did not come about")           \
	X(tcp_connections, "gauge: connections")                               \
	X(tcp_sent, "queries sent by TCP, repetitions included")               \
	X(tcp_received, "messages received by TCP")                            \
	X(tcp_closed_early, "connections closed with queries unanswered")      \
	X(tcp_bad_frame, "connections closed for an impossible length")        \
	X(tcp_idle_closed, "connections closed because nobody needed them")    \
	X(tcp_keepalive_zero, "connections the server asked us to close")      \
	X(tcp_clients, "gauge: clients who have connections of their own")     \
	X(tcp_clients_evicted, "of these: closed for others, idle")            \
	X(tcp_clients_refused, "queries not sent: too many such clients")      \
	X(retries, "queries sent again to the same server")                    \
	X(failovers, "queries sent to another server than the first")          \
	X(timeouts, "queries not answered in their turn")                      \
	X(no_edns_retries, "queries repeated without EDNS (RFC 6891 6.2.2)")   \
	X(plain_retries, "queries repeated with nothing in OPT: FORMERR")      \
	X(badcookie, "answers BADCOOKIE: repeated with the new cookie")        \
	X(cookie_missing, "answers without the cookie: asked by TCP")          \
	X(subnet_refused, "queries repeated without Client Subnet: REFUSED")   \
	X(late_answers, "answers to queries that nobody waits for")            \
	X(mismatch_address, "wrong answers: from another address or port")     \
	X(mismatch_short, "wrong answers: shorter than a header")              \
	X(mismatch_id, "wrong answers: no query with that ID")                 \
	X(mismatch_qr, "wrong answers: not a response")                        \
	X(mismatch_opcode, "wrong answers: another opcode")                    \
	X(mismatch_name, "wrong answers: another QNAME, or none")              \
	X(mismatch_type, "wrong answers: another QTYPE")                       \
	X(mismatch_class, "wrong answers: another QCLASS")                     \
	X(mismatch_case, "wrong answers: QNAME in another case (0x20)")        \
	X(mismatch_cookie, "wrong answers: another cookie (RFC 7873 5.3)")     \
	X(mismatch_subnet, "wrong answers: another Client Subnet")             \
	X(broken, "answers that cannot be parsed")                             \
	X(poor_answers, "answers with an error code, asked elsewhere")         \
	X(recursion_secure, "answers found here that DNSSEC proves")           \
	X(recursion_bogus, "answers found here that fail validation")          \
	X(recursion_failed, "questions that nobody gave a usable answer to")   \
	X(recursion_broken, "answers of libunbound that cannot be parsed")     \
	X(transfers, "zone transfers begun")                                   \
	X(transfers_now, "gauge: zone transfers that run")                     \
	X(transfers_done, "zone transfers relayed to their end")               \
	X(transfers_failed, "zone transfers that broke, or never began")       \
	X(transfers_cancelled, "zone transfers given up by who asked")         \
	X(transfers_refused, "zone transfers refused: too many")               \
	X(transfer_messages, "messages of zone transfers received")            \
	X(server_down, "times a server was put behind the others")             \
	X(server_up, "times a server came back")

struct back_counters {
	BACK_COUNTERS(COUNTER_MEMBER)
};

/* The rows of the table, BACK_COUNTER_ROWS of them, for printing. */
extern const struct counter_row back_counter_rows[];

#define BACK_COUNTER_ONE(name, help) +1
#define BACK_COUNTER_ROWS (0 BACK_COUNTERS(BACK_COUNTER_ONE))

#endif
