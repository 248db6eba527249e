/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See tap.h.
 */
#include "tests/fake/tap.h"

#include <string.h>

#include "tests/fake/sim.h"

bool
tap_catch_client(void *arg, const struct net_datagram *d)
{
	struct tap_catch *k = arg;

	if (net_port(&d->from) == SIM_PORT)
		return true;
	k->last = d->net->now;
	if (k->n == TAP_KEPT)
		return true;
	k->len[k->n] = d->len;
	k->from[k->n] = d->from;
	memcpy(k->bytes[k->n++], d->bytes, d->len);
	return k->passes;
}

bool
tap_count_victim(void *arg, const struct net_datagram *d)
{
	struct tap_victim *v = arg;

	if (memcmp(&d->to, &v->addr, sizeof(v->addr)) != 0)
		return true;
	v->datagrams++;
	v->bytes += d->len;
	if (d->len > v->largest)
		v->largest = d->len;
	return true;
}
