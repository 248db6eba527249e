/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS64's part in the life of a query (RFC 6147): who gets it, the second
 * question when the answer for AAAA has no address, and what is made of both.
 * At most two questions, one after the other, and one deadline for both.
 */
#ifndef RESOLVER_QUERY_DNS64_H
#define RESOLVER_QUERY_DNS64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "dns/discovery.h"
#include "dns/dns64.h"
#include "resolver/back/upstream.h"

struct config;
struct query_run;
struct query_dns64_second;

/* In each query; zeroed memory is a query that DNS64 does not touch. */
struct query_dns64 {
	struct config *config; /* our reference while DNS64 may do something */
	nsec deadline;	       /* of both questions */
	/* Once another question than the client's was asked, or NULL. */
	struct query_dns64_second *second;
};

/* What the client is to get. */
struct query_dns64_end {
	struct upstream_result result; /* to be relayed, or why there is none */
	bool has_edit;		       /* with this change to it */
	struct dns64_edit edit;
	size_t below; /* as in struct dns_relay */
};

/*
 * The zone that answers a question by which clients find the prefix (RFC 8880
 * 7); NULL if it is another question, or DNS64 is not done for this client.
 */
const struct dns_discovery *query_dns64_discovery(
    const struct query_run *q, const struct sockaddr *client);

/* Is it a query that query_dns64_start() has to look at? */
bool query_dns64_concerns(
    const struct query_run *q, const struct sockaddr *client);

/*
 * A query that has come down the ladder and has its own copy: if it is one for
 * DNS64, what follows is prepared, and the first question is given half of the
 * time, so that the second has some if nobody answers the first (RFC 6147
 * 5.1.3): until *ret_not_after, or 0.  Returns what is to be asked, which lives
 * as long as the question.
 */
const struct dns_query *query_dns64_start(
    struct query_run *q, nsec *ret_not_after);

/*
 * An answer has come.  True: there is a second question on its way, and another
 * answer will come.  False: *ret_end is set; what it refers to lives until the
 * answer is done with and query_dns64_done() called.
 */
bool query_dns64_step(struct query_run *q, const struct upstream_result *result,
    struct query_dns64_end *ret_end);

/* Forgets all; harmless if there is nothing. */
void query_dns64_done(struct query_run *q);

/* Bytes that it keeps or may come to keep. */
size_t query_dns64_kept(const struct query_run *q);

#endif
