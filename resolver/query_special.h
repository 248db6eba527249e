/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is answered here: local data, listed names, special zones, designated
 * resolvers, version and name of the server, those by which NAT64 is found.
 */
#ifndef RESOLVER_QUERY_SPECIAL_H
#define RESOLVER_QUERY_SPECIAL_H

#include <stdbool.h>

#include "resolver/query_run.h"

/* Is it one?  Then it was answered, in *ret, and counted. */
bool query_special(struct query_run *q, const struct query_asker *asker,
    struct query_answer *ret);

#endif
