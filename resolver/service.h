/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the workers serve: the configuration as libevquic wants it, with keys
 * that are derived from the secret.
 */
#ifndef RESOLVER_SERVICE_H
#define RESOLVER_SERVICE_H

#include <stddef.h>

struct config;
struct evquic_cred;
struct evquic_replay;
struct evquic_service;
struct secrets;

/* What a service is made of besides the configuration; borrowed for the call,
 * but the sets must outlive the service. */
struct service_parts {
	const struct secrets *secrets;
	struct evquic_replay *tokens_seen;
	struct evquic_replay *early_seen;
	size_t nworkers;
};

/* Makes it: one reference, or NULL and errno. */
struct evquic_service *service_new(const struct service_parts *parts,
    const struct config *config, struct evquic_cred *cred);

/* A set for what may be used only once, as large as the memory allows; it is
 * to live as long as the process.  NULL if there is no memory. */
struct evquic_replay *service_seen_new(const struct config *config);

#endif
