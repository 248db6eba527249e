/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local data and lists of names: from the configuration and its files into the
 * table that answers.
 */
#ifndef RESOLVER_LOCAL_H
#define RESOLVER_LOCAL_H

#include "resolver/certs.h"
#include "resolver/config.h"

struct dns_local;

/*
 * Reads what `config` names under `local`; NULL in *ret_local if that is
 * nothing.  Tells how much it was, and of each file from which something was
 * left out.  0, or a negative errno; then what is wrong was told with its file
 * and line, and *ret_local is untouched.
 */
int local_load(const struct config *config,
    const struct certs_listener *listener, struct dns_local **ret_local);

#endif
