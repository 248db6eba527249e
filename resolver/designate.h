/* SPDX-License-Identifier: BSD-2-Clause */
/* Which names and ports of this server clients are told of (RFC 9462). */
#ifndef RESOLVER_DESIGNATE_H
#define RESOLVER_DESIGNATE_H

#include "resolver/certs.h"
#include "resolver/config.h"

struct dns_ddr;
struct own_facts;

/*
 * Makes the designations that configuration, certificates and listeners amount
 * to.  A configured name that no certificate is for is told of: at the start it
 * is an error, at a reload the name is left out.  Nothing can be told without
 * certificates: then there are none.
 *
 * 0 and the caller owns *ret_ddr (free()), which is NULL if there is none;
 * -EINVAL after an error that was told, -ENOMEM.
 */
int designate(const struct config *config, const struct own_facts *facts,
    const struct certs_listener *listener, struct dns_ddr **ret_ddr);

#endif
