/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The door of the service: questions of libevquic, answered by what peers.c
 * counts.  It keeps nothing itself.
 */
#include "resolver/door.h"
#include "resolver/peers.h"
#include "resolver/worker.h"

static struct peers_limits
get_limits(const struct config *config)
{
	struct peers_limits limits = {
	    .connections = config->limits.client_connections,
	    .handshakes = config->limits.client_handshakes,
	};

	if (config->quic.retry == CONFIG_RETRY_NEVER)
		limits.handshakes = PEERS_ANY_NUMBER;
	return limits;
}

/* RFC 9250 5.5.2, RFC 7766 6.2.2: one network may have so many connections;
 * those whom the operator trusts are not counted. */
static enum evquic_welcome
on_arrived(struct evquic_worker *quic, const struct sockaddr *peer, bool proved,
    void **ret_guest)
{
	struct worker *w = evquic_worker_data(quic);
	struct peers_limits limits = get_limits(w->config);
	struct peers_network *network;

	if (access_check(w->config->access.list, peer) == ACCESS_TRUSTED)
		return EVQUIC_WELCOME;
	switch (peers_enter(w->peers, peer, &limits, proved, &network)) {
	case PEERS_IN:
		*ret_guest = network;
		return EVQUIC_WELCOME;
	case PEERS_PROVE:
		counter_add(&w->counters.clients_to_prove, 1);
		return EVQUIC_WELCOME_PROVED;
	case PEERS_FULL:
		break;
	}
	counter_add(&w->counters.clients_too_many, 1);
	return EVQUIC_UNWELCOME;
}

static bool
on_settled(struct evquic_worker *quic, void *guest)
{
	struct worker *w = evquic_worker_data(quic);
	struct peers_limits limits = get_limits(w->config);
	bool is_in = peers_settle(guest, &limits);

	if (!is_in)
		counter_add(&w->counters.clients_too_many, 1);
	return is_in;
}

static void
on_left(struct evquic_worker *quic, void *guest, bool proved)
{
	(void)quic;
	peers_leave(guest, proved);
}

const struct evquic_door client_door = {
    .size = sizeof(client_door),
    .arrived = on_arrived,
    .settled = on_settled,
    .left = on_left,
};
