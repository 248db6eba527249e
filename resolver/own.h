/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this server answers of itself, besides the special names: a snapshot
 * that the main thread makes of configuration, files and certificates, at the
 * start and at each reload.  Immutable, shared by all workers, which only read
 * it; the last reference frees it, in whatever thread.
 */
#ifndef RESOLVER_OWN_H
#define RESOLVER_OWN_H

#include <stdatomic.h>
#include <stddef.h>

#include "resolver/certs.h"
#include "resolver/config.h"

struct dns_ddr;
struct dns_local;
struct evquic_cred;

struct own {
	atomic_uint refs;
	struct dns_ddr *ddr;	 /* designated resolvers; NULL: none */
	struct dns_local *local; /* data and lists; NULL: none */
};

/* What is there besides configuration and its files. */
struct own_facts {
	/* Loaded from the configuration; NULL: --check has none, since it
	 * would have to be made. */
	const struct evquic_cred *cred;
	/* What is listened on, with the ports that the system chose. */
	const struct config_listens *listen;
	/* What a person should mend before the start is no reason for a server
	 * that runs to refuse a new certificate. */
	bool is_reload;
};

/*
 * Makes a snapshot; reads the files that `config` names, which may take
 * seconds: not for workers.  All or nothing: 0 and the caller owns
 * the reference in *ret_own; or a negative errno, each fault was told of at
 * level error, and *ret_own is untouched.
 */
int own_load(const struct config *config, const struct own_facts *facts,
    const struct certs_listener *listener, struct own **ret_own);

/* One reference more; any thread.  Returns its argument. */
struct own *own_ref(struct own *own);

/* One reference less; any thread.  NULL is fine. */
void own_unref(struct own *own);

/* How many names of local data and lists there are, and the memory that they
 * take up. */
struct own_local_size {
	size_t names;
	size_t octets;
};

struct own_local_size own_local_size(const struct own *own);

#endif
