/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Upstream servers: "ask somebody".  One object for each worker; nothing in it
 * is shared and nothing locks.
 *
 * A question is handed over by an upstream_ask that its asker embeds.  The
 * object chooses servers and transports, repeats, falls back, and calls back
 * exactly once, or never after upstream_cancel().
 */
#ifndef RESOLVER_BACK_UPSTREAM_H
#define RESOLVER_BACK_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/random.h"
#include "base/timer.h"
#include "dns/ecs.h"
#include "dns/message.h"
#include "dns/response.h"
#include "resolver/back/counters.h"
#include "resolver/config.h"
#include "resolver/limits.h"
#include "resolver/ops/log.h"

struct back_kept;
struct back_recursion;
struct back_server;
struct event_base;
struct net_io;
struct recursor_job;
struct recursor_port;
struct upstream;
struct upstream_ask;

/* What the object works with; all of it is borrowed and must outlive it. */
struct upstream_env {
	/* The loop for the sockets; NULL only together with `io`. */
	struct event_base *base;
	/* Timers are armed in here at any call; whoever drives them looks at
	 * timers_next() after each turn of the loop. */
	struct timers *timers;
	struct random *random;
	nsec (*now)(void *ctx); /* the time of this turn */
	void *ctx;
	const struct net_io *io; /* NULL: the system's sockets on `base` */
	struct back_counters *counters;
	struct log *log; /* NULL: silence */
	/* The servers are those that do zone transfers, NOTIFY and UPDATE:
	 * transfer.servers, or if that is empty upstream.servers. */
	bool for_zones;
};

enum upstream_flag {
	UPSTREAM_NO_UDP = 1, /* ask by a stream at once (RFC 5625 4.4.1) */
};

/*
 * What came of a question.  `status` is 0 for an answer, whatever its RCODE,
 * or -ETIMEDOUT, -EHOSTUNREACH (no way to any server), -ECONNREFUSED (nobody
 * listens), -EBADMSG (only what cannot be parsed came).  Of a recursor also
 * -EREMOTEIO (no authority gave a usable answer), -EKEYREJECTED (validation
 * failed, and the client does not check himself), -ENETUNREACH, -ENOMEM, -EIO.
 */
struct upstream_result {
	int status;
	/* With status 0 the answer, which matches the question and can be
	 * parsed, its octets in ->msg; lent for the call.  Else NULL.  TC is
	 * never set.  ID and the case of the QNAME are those that we made. */
	const struct dns_response *response;
	/* The way to the server cannot be tampered with (loopback): its AD
	 * bit means something (RFC 4035 4.9.3). */
	bool is_ad_trusted;
	/* It was asked with DO whatever the client said (RFC 4035 3.2.1). */
	bool strip_dnssec;
	/* What to say of a failure: a text, lent as the answer is, and then an
	 * enum dns_ede; or NULL: `status`, or the answer, says it all. */
	const char *ede_text;
	int ede;
};

/* The end of a question; the ask is idle again and may be started or freed. */
typedef void (*upstream_done_fn)(
    struct upstream_ask *ask, const struct upstream_result *result);

/* One server in the order in which a question tries them; private. */
struct upstream_slot {
	struct back_server *server;
	uint8_t udp_sends;
	uint8_t tcp_sends;
	bool no_udp;	   /* truncated, spoofed, or so configured */
	bool no_edns;	   /* it did not understand ours */
	bool no_badcookie; /* it may not say BADCOOKIE again */
	bool no_subnet;	   /* it wants no Client Subnet */
	bool is_over;	   /* nothing more is to be had from it */
};

/*
 * A question on its way, embedded in the asker's object.  Zeroed memory with
 * `done` set is an idle one.  All but the first six is private.
 */
struct upstream_ask {
	upstream_done_fn done;
	/* Who asks, and where that came in; NULL: nobody whom we may name.
	 * Set before upstream_start(), borrowed until the question's end. */
	const struct sockaddr *client;
	const struct sockaddr *local;
	/* Client Subnet option to send; NULL: none.  As the two above. */
	const struct dns_ecs *ecs;
	bool is_exempt; /* from limits for one client; as those above */
	nsec not_after; /* it is over by then, if it is not 0; set before, too
			 */
	struct upstream *upstream; /* NULL while idle */
	const struct dns_query *query;
	struct list link;
	struct list attempts; /* struct back_attempt, ours */
	struct timer timer;   /* next step, or the deadline */
	nsec deadline;
	struct upstream_slot slots[UPSTREAM_ASK_SERVERS];
	unsigned slot_count;
	unsigned current; /* slot of the latest step */
	int error;	  /* best known reason of a failure, or 0 */
	bool once;	  /* must not be repeated (RFC 2136 6) */
	bool was_sent;
	struct back_kept *kept;	  /* second best answer, or NULL */
	struct recursor_job *job; /* it is resolved here; NULL: it is not */
	struct back_recursion *recursion; /* where `job` was handed in */
};

/*
 * Makes the object for the servers of `config`, of which nothing is kept.
 * Returns NULL if there is no memory.  No server is no error, see
 * upstream_start(); of more than UPSTREAM_MAX_SERVERS addresses, and of schemes
 * other than udp and tcp, a line in the log tells.  No socket is opened before
 * the first question.
 */
struct upstream *upstream_new(
    const struct upstream_env *env, const struct config *config);

/*
 * Frees the object and closes its sockets.  Questions outstanding are
 * cancelled: `done` is not called for them.  Not from within `done`.  NULL is
 * fine.
 */
void upstream_free(struct upstream *upstream);

/*
 * Takes over the upstream part of another configuration.  Servers with the
 * same keys and address keep sockets, connections and health; questions in
 * flight go on, those at servers that left, too, but none is sent there again.
 * Returns 0, or -ENOMEM with nothing changed.  Not from within `done`.
 */
int upstream_reload(struct upstream *upstream, const struct config *config);

/*
 * From now on questions are resolved by the recursor at this port, which is
 * the object's from then on, even on failure; NULL: by servers.  What is
 * outstanding at the port before goes on.  Returns 0, or -ENOMEM, and then
 * questions fail.  Not from within `done`.
 */
int upstream_recurse(struct upstream *upstream, struct recursor_port *port);

/*
 * Asks.  `ask` is idle; `query` had the verdict DNS_VERDICT_OK.  The query and
 * the octets it borrows must stay as they are until `done` was called or
 * upstream_cancel(): nothing is copied.  `flags` is a set of enum
 * upstream_flag.
 *
 * Returns 0, and `done` will be called within limits.query-timeout, and no
 * later than ask->not_after, never from within this call.  Otherwise `ask`
 * stays idle: -ENOTCONN if no server is configured, -EAGAIN if too many
 * questions are outstanding, -EDQUOT if too many are of the client's network
 * (recursion), -EHOSTUNREACH if no server can be sent to,
 * -ENOMEM; of a recursor also -EIO if it does not work, and -EOPNOTSUPP for
 * what cannot be resolved: classes other than IN, signed messages, TKEY,
 * opcodes other than QUERY.
 *
 * Signed messages, NOTIFY and UPDATE cross unaltered but for the ID; UPDATE
 * and unknown opcodes are sent once and to one server only (RFC 2136 6).
 */
int upstream_start(struct upstream *upstream, struct upstream_ask *ask,
    const struct dns_query *query, unsigned flags);

/*
 * Forgets a question: nothing more is sent for it and `done` is never called.
 * Safe at any time, within another question's `done`, too; harmless on an idle
 * ask.
 */
void upstream_cancel(struct upstream_ask *ask);

/*
 * Sends what was queued.  An event of the loop calls it at the end of each turn
 * in which something was; tests call it themselves.  May call `done`.
 */
void upstream_flush(struct upstream *upstream);

/* Would a question find anybody: servers, or a recursor? */
bool upstream_can_ask(const struct upstream *upstream);

/* Is there any server to ask? */
bool upstream_has_servers(const struct upstream *upstream);

/* Is any server told who asks (PROXY protocol)?  Then no two clients ask the
 * same of it. */
bool upstream_tells_clients(const struct upstream *upstream);

/* Questions outstanding. */
size_t upstream_outstanding(const struct upstream *upstream);

#endif
