/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers that need no connection and leave nothing behind.  Each is smaller
 * than the datagram that caused it, so none can be used for amplification.
 */
#include "quic/internal.h"

/* RFC 9000 6.3, 15: a reserved version, so that clients learn to ignore what
 * they do not know. */
#define GREASE_VERSION 0x1a2a3a4au

void
quic_stateless_version(struct quic_socket *s, const ngtcp2_path *path,
    const ngtcp2_version_cid *vc)
{
	static const uint32_t versions[] = {
	    GREASE_VERSION, NGTCP2_PROTO_VER_V1};
	struct evquic_worker *w = s->router->worker;
	uint8_t unused;
	uint8_t *room = quic_tx_room(s, QUIC_MIN_INITIAL);
	ngtcp2_ssize n;

	if (room == NULL)
		return; /* the socket is full; the client asks again */
	random_bytes(&w->random, &unused, sizeof(unused));
	/* The IDs are echoed crosswise (RFC 9000 17.2.1). */
	n = ngtcp2_pkt_write_version_negotiation(room, QUIC_MIN_INITIAL, unused,
	    vc->scid, vc->scidlen, vc->dcid, vc->dcidlen, versions,
	    sizeof(versions) / sizeof(versions[0]));
	if (n <= 0)
		return;
	quic_tx_commit(s, path, 0, (size_t)n);
	counter_add(&w->counters.vn_sent, 1);
	quic_worker_want_flush(w);
}

void
quic_stateless_refuse(struct quic_socket *s, const ngtcp2_path *path,
    const ngtcp2_pkt_hd *hd, uint64_t code)
{
	uint8_t *room = quic_tx_room(s, QUIC_MIN_INITIAL);
	ngtcp2_ssize n;

	if (room == NULL)
		return;
	n = ngtcp2_crypto_write_connection_close(room, QUIC_MIN_INITIAL,
	    hd->version, &hd->scid, &hd->dcid, code, NULL, 0);
	if (n <= 0)
		return;
	quic_tx_commit(s, path, 0, (size_t)n);
	quic_worker_want_flush(s->router->worker);
}
