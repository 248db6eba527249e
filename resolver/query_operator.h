/* SPDX-License-Identifier: BSD-2-Clause */
/* The rung of what is the operators' of zones. */
#ifndef RESOLVER_QUERY_OPERATOR_H
#define RESOLVER_QUERY_OPERATOR_H

#include <stdbool.h>

#include "resolver/query_run.h"

/* A zone transfer, NOTIFY or UPDATE? */
bool query_is_operators(const struct dns_query *q);

/* Relays one for whom access.transfer, .notify and .update say; REFUSED for
 * others.  A transfer's answer comes in parts. */
enum query_outcome query_operate(struct query_run *q,
    const struct query_asker *asker, struct query_answer *ret);

#endif
