/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The size of packets once it was found.  ngtcp2 looks for the path's MTU by
 * probes (RFC 9000 14.3) and then believes in it; but a path may become
 * narrower, by another route say, and what says so, an ICMP message or
 * EMSGSIZE, is nothing to trust, and often does not come.  Then all large
 * packets vanish and what was in them is sent again in packets as large.
 *
 * Hence RFC 8899 4.3: where bytes of a stream are not acknowledged for some
 * probe timeouts, packets have the size that every path takes, for as long as
 * the connection lives.  Who was only away for a moment pays for it with a few
 * more packets.
 */
#include "quic/internal.h"

size_t
quic_mtu_payload(struct evquic_conn *c)
{
	return c->narrow ? QUIC_MIN_TX_PAYLOAD
			 : ngtcp2_conn_get_max_tx_udp_payload_size(c->qc);
}

void
quic_mtu_check(struct evquic_conn *c, nsec now)
{
	nsec limit;

	if (c->narrow || !c->opened || now < c->narrow_check)
		return;
	/* Not each time: a busy connection has many timers and streams. */
	limit = QUIC_STUCK_PTOS * ngtcp2_conn_get_pto(c->qc);
	c->narrow_check = now + limit;
	if (now <= limit)
		return;
	for (struct list *l = c->streams.next; l != &c->streams; l = l->next) {
		const struct evquic_stream *s =
		    container_of(l, struct evquic_stream, link);

		if (!quic_stream_is_stuck(s, now - limit))
			continue;
		c->narrow = true;
		counter_add(&c->router->worker->counters.narrow_paths, 1);
		return;
	}
}
