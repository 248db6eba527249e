/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may begin a connection over QUIC: what resolver/peers.c counts, as a door
 * of libevquic.  Who may ask is another matter: a client that may not
 * (access.deny) is told so in DNS, over a connection.
 */
#ifndef RESOLVER_DOOR_H
#define RESOLVER_DOOR_H

#include "quic/evquic.h"

/* The `data` of the evquic_worker is the struct worker. */
extern const struct evquic_door client_door;

#endif
