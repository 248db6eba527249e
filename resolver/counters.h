/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the service counts itself; the tables of libevquic (quic/counters.h)
 * and of the back end (back/counters.h) are printed beside it.
 */
#ifndef RESOLVER_COUNTERS_H
#define RESOLVER_COUNTERS_H

#include "base/counter.h"

#define SERVICE_COUNTERS(X)                                                    \
	X(clients_to_prove, "clients sent Retry: handshakes of one network")   \
	X(clients_too_many, "clients refused: connections of one network")     \
	X(queries, "messages that came as queries")                            \
	X(queries_now, "gauge: queries that wait for an answer")               \
	X(query_formerr, "answered FORMERR: could not be parsed")              \
	X(query_notimp, "answered NOTIMP: opcode")                             \
	X(query_badvers, "answered BADVERS: EDNS version")                     \
	X(query_denied, "answered REFUSED: access list")                       \
	X(query_early, "answered REFUSED: not in early data")                  \
	X(query_policy, "answered REFUSED: not done here")                     \
	X(query_local, "answered here: local data")                            \
	X(query_blocked, "answered here: on a list")                           \
	X(query_followed, "local data or lists: targets of CNAME asked for")   \
	X(query_special, "answered here: special names")                       \
	X(query_identity, "answered here: version or name of the server")      \
	X(query_any, "answered with one HINFO: ANY")                           \
	X(query_asked, "asked upstream")                                       \
	X(query_shared, "wait for what is asked upstream already")             \
	X(cache_hits, "questions that the cache answered in time")             \
	X(cache_misses, "questions that it did not: nothing, or past its end") \
	X(cache_failures, "hits that are failures")                            \
	X(cache_stale, "misses answered with what is past its end")            \
	X(cache_prefetched, "asked upstream before the cache forgot")          \
	X(query_relayed, "answered with what upstream said")                   \
	X(query_failed, "answered SERVFAIL: nothing came from upstream")       \
	X(dns64_asked, "asked upstream for A, too: DNS64")                     \
	X(dns64_made, "answered with IPv6 addresses made of IPv4 ones")        \
	X(dns64_filtered, "answered without excluded IPv6 addresses")          \
	X(dns64_reverse, "answered with a name of an IPv4 address: DNS64")     \
	X(query_broken, "zone transfers broken off after a part was sent")     \
	X(query_no_upstream, "answered SERVFAIL: no upstream is configured")   \
	X(query_cancelled, "given up because the client did")                  \
	X(query_no_memory, "not answered for want of memory")                  \
	X(doq_conns_now, "gauge: DoQ connections that are open")               \
	X(doq_streams_now, "gauge: DoQ streams that are open")                 \
	X(doq_held_now, "gauge: bytes of queries not yet whole or dispatched") \
	X(doq_answers, "answers written")                                      \
	X(doq_parts, "messages of zone transfers written, but for the last")   \
	X(doq_postponed, "queries that waited for the client to read")         \
	X(doq_reset_back, "streams reset because the client reset them")       \
	X(doq_stopped, "answers that the client did not want any more")        \
	X(doq_internal, "streams reset with DOQ_INTERNAL_ERROR")               \
	X(doq_overfull, "streams reset: the client does not read")             \
	X(doq_bad_id, "protocol errors: message ID not 0")                     \
	X(doq_bad_keepalive, "protocol errors: edns-tcp-keepalive")            \
	X(doq_bad_message, "protocol errors: a response, or no header")        \
	X(doq_bad_length, "protocol errors: length below a header's")          \
	X(doq_bad_trailing, "protocol errors: bytes behind the query")         \
	X(doq_bad_cut, "protocol errors: stream ended before the query did")   \
	X(doq_dangling, "protocol errors: a query did not end in time")        \
	X(doq_untaken, "connections closed: an answer was not taken")          \
	X(doq_excessive, "connections closed: too many cancelled streams")

struct service_counters {
	SERVICE_COUNTERS(COUNTER_MEMBER)
};

#endif
