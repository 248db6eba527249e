/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nothing in a snapshot changes once own_load() has returned it but the count
 * of references; so workers need no lock to read it.
 */
#include "resolver/own.h"

#include <errno.h>
#include <stdlib.h>

#include "dns/local.h"
#include "resolver/designate.h"
#include "resolver/local.h"

struct own *
own_ref(struct own *own)
{
	(void)atomic_fetch_add_explicit(&own->refs, 1, memory_order_relaxed);
	return own;
}

void
own_unref(struct own *own)
{
	if (own == NULL)
		return;
	if (atomic_fetch_sub_explicit(&own->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(own->ddr);
	dns_local_free(own->local);
	free(own);
}

int
own_load(const struct config *config, const struct own_facts *facts,
    const struct certs_listener *listener, struct own **ret_own)
{
	struct own *own = calloc(1, sizeof(*own));
	int rc;

	if (own == NULL) {
		listener->tell(listener->arg, LOG_LEVEL_ERROR, "out of memory");
		return -ENOMEM;
	}
	atomic_init(&own->refs, 1);
	rc = designate(config, facts, listener, &own->ddr);
	if (rc == 0)
		rc = local_load(config, listener, &own->local);
	if (rc != 0) {
		own_unref(own);
		return rc;
	}
	*ret_own = own;
	return 0;
}

struct own_local_size
own_local_size(const struct own *own)
{
	if (own->local == NULL)
		return (struct own_local_size){0, 0};
	return (struct own_local_size){
	    .names = dns_local_names(own->local),
	    .octets = dns_local_octets(own->local),
	};
}
