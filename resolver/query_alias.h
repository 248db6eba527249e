/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A query for which another name is asked than the client's, since a CNAME
 * record of ours leads there: of local data or a list, or made for DNS64.  What
 * comes is about that name; the client gets it with the CNAME in front.
 *
 * One step only: names in what comes are not looked up in local data again.
 */
#ifndef RESOLVER_QUERY_ALIAS_H
#define RESOLVER_QUERY_ALIAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answer.h"
#include "dns/local.h"
#include "dns/message.h"
#include "dns/response.h"

struct query_run;
struct query_alias;

/*
 * The answer that was found for this query is a CNAME that leads out of local
 * data: shall its target be asked for?  Then all is prepared for going down the
 * ladder.  False: the CNAME alone is the answer.
 */
bool query_alias_local(
    struct query_run *q, const struct dns_local_match *match);

/* DNS64 wants this plain name to be asked in the place of the client's.  False:
 * it is one that must not be asked upstream, or there is no memory. */
bool query_alias_reverse(struct query_run *q, const uint8_t *target);

/* What is to be asked: the client's question, or the one in its place. */
const struct dns_query *query_alias_question(const struct query_run *q);

/*
 * `r`, which is to be relayed, has come for that question: puts into *how what
 * makes it an answer for the client.
 */
void query_alias_relay(
    struct query_run *q, const struct dns_response *r, struct dns_relay *how);

/* Forgets all; harmless if there is nothing. */
void query_alias_done(struct query_run *q);

/* Bytes that it keeps. */
size_t query_alias_kept(const struct query_run *q);

#endif
