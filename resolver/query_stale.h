/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers past their end, for want of better ones (RFC 8767): a question for
 * which there is one is asked upstream all the same, and who has asked gets it
 * when that fails, or takes longer than cache.stale-client-timeout.  What comes
 * later is for those who come later.
 */
#ifndef RESOLVER_QUERY_STALE_H
#define RESOLVER_QUERY_STALE_H

#include <stdbool.h>

#include "base/clock.h"
#include "resolver/back/upstream.h"

struct fetch_question;
struct query_run;

/* In each query; zeroed memory is one without such an answer. */
struct query_stale {
	bool is_kept; /* the question that is asked now has one */
	/* What is asked, until when the client waits for a better one, and
	 * until when for any. */
	struct upstream *upstream;
	const struct dns_query *question;
	nsec until;
	nsec not_after;
};

/*
 * Asks for a query whose question has such an answer, as fetch_start() does, or
 * gives it: as query_ask_fetch().
 */
int query_stale_fetch(struct query_run *q,
    const struct fetch_question *question, nsec not_after,
    struct upstream_result *ret_result);

/*
 * An answer has come, or none.  True: the query waits on.  False: *ret_result
 * is what there is to be given, and `result` itself if nothing is kept.
 */
bool query_stale_step(struct query_run *q, const struct upstream_result *result,
    struct upstream_result *ret_result);

#endif
