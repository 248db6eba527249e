/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What distinguishes one front end from another in the eyes of the ladder and
 * of the makers of answers: a constant table.  Front ends only move bytes.
 */
#ifndef RESOLVER_FRONT_FRONT_H
#define RESOLVER_FRONT_FRONT_H

#include "dns/answer.h"

struct front {
	const char *name; /* for the log */
	struct dns_hop hop;
};

#endif
