/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolver/service.h"

#include "quic/evquic.h"
#include "resolver/config.h"
#include "resolver/door.h"
#include "resolver/front/doq.h"
#include "resolver/ops/memory.h"
#include "resolver/secrets.h"

/* design: connections may use a quarter of what the process may use. */
#define MEMORY_SHARE 4

/* Used address tokens are remembered in a 64th of that, 16 bytes each: in 16 MB
 * at most, since each is for one day and a lost one costs a round trip.  So is
 * early data, of the last hours; past it none is taken. */
#define SEEN_BYTES (64 * 16)
#define SEEN_LEAST 4096
#define SEEN_MOST (1024 * 1024)

#define RESET_LABEL "stateless reset"
#define TOKEN_LABEL "address token"
#define TICKET_LABEL "session ticket"

static enum evquic_retry
retry_policy(enum config_retry retry)
{
	switch (retry) {
	case CONFIG_RETRY_ALWAYS:
		return EVQUIC_RETRY_ALWAYS;
	case CONFIG_RETRY_NEVER:
		return EVQUIC_RETRY_NEVER;
	case CONFIG_RETRY_AUTO:
		break;
	}
	return EVQUIC_RETRY_AUTO;
}

/* The same secret gives the same keys, after a restart and in a fleet. */
static int
derive_keys(
    const struct secrets *secrets, struct evquic_service_options *options)
{
	const size_t len = sizeof(options->reset_key);
	const struct {
		const struct tls_secret *secret;
		const char *label;
		uint8_t *key;
	} keys[] = {
	    {secrets->now, RESET_LABEL, options->reset_key},
	    {secrets->now, TOKEN_LABEL, options->token_key},
	    {secrets->now, TICKET_LABEL, options->ticket_key},
	    {secrets->old, RESET_LABEL, options->old_reset_key},
	    {secrets->old, TOKEN_LABEL, options->old_token_key},
	};
	int rc = 0;

	options->has_old_keys = secrets->old != NULL;
	for (size_t i = 0; rc == 0 && i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].secret != NULL)
			rc = tls_secret_derive(keys[i].secret, keys[i].label,
			    NULL, 0, keys[i].key, len);
	return rc;
}

/* What all connections together may hold. */
static uint64_t
memory_bound(const struct config *config)
{
	return config->limits.memory_bytes != 0
		   ? config->limits.memory_bytes
		   : memory_available("") / MEMORY_SHARE;
}

struct evquic_service *
service_new(const struct service_parts *parts, const struct config *config,
    struct evquic_cred *cred)
{
	struct evquic_limits limits = {
	    .size = sizeof(limits),
	    .max_streams_bidi = config->quic.max_streams,
	    .stream_window = config->quic.stream_window_bytes,
	    .conn_window = config->quic.connection_window_bytes,
	    .conn_window_max = config->quic.connection_window_max_bytes,
	    .idle_timeout_ms = (uint32_t)config->quic.idle_timeout_ms,
	};
	struct evquic_offer offer = {.app = &doq_app, .limits = &limits};
	struct evquic_service_options options = {
	    .size = sizeof(options),
	    .cred = cred,
	    .offers = &offer,
	    .noffers = 1,
	    .handshake_timeout_ms = (uint32_t)config->quic.handshake_timeout_ms,
	    .retry = retry_policy(config->quic.retry),
	    .retry_above = config->quic.retry_above,
	    .version_2 = config->quic.version_2,
	    .door = &client_door,
	    .tokens_seen = parts->tokens_seen,
	    .no_tickets = !config->tls.tickets,
	    .early_data = config->quic.early_data,
	    .early_seen = parts->early_seen,
	};

	options.max_bytes = memory_bound(config) / parts->nworkers;
	if (derive_keys(parts->secrets, &options) != 0)
		return NULL;
	return evquic_service_new(&options);
}

struct evquic_replay *
service_seen_new(const struct config *config)
{
	uint64_t n = memory_bound(config) / SEEN_BYTES;

	if (n < SEEN_LEAST)
		n = SEEN_LEAST;
	if (n > SEEN_MOST)
		n = SEEN_MOST;
	return evquic_replay_new((size_t)n);
}
