/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The write loop of a connection: offers ngtcp2 what streams and applications
 * have to say until a packet is full, packet after packet, into the worker's
 * batch.  Bounded in each flush, so that no connection keeps the others
 * waiting.
 *
 * ngtcp2's WRITE_MORE is a promise: until the packet that it begins came out
 * nothing else may be asked of the connection.
 */
#include "quic/internal.h"

#include <assert.h>
#include <string.h>

void
quic_write_commit(struct evquic_conn *c, const ngtcp2_path *path,
    const ngtcp2_pkt_info *pi, uint8_t *room, size_t len)
{
	struct quic_socket *s = path->user_data;
	uint8_t packet[QUIC_MAX_TX_PAYLOAD];

	c->stats.packets_out++;
	c->stats.bytes_out += len;
	if (s != c->socket) {
		memcpy(packet, room, len);
		room = quic_tx_room(s, len);
		if (room == NULL)
			return; /* lost, as packets may be */
		memcpy(room, packet, len);
	}
	quic_tx_commit(s, path, (uint8_t)pi->ecn, len);
}

/* The write loop's state. */
struct writer {
	struct evquic_conn *c;
	uint8_t *room; /* where the packet that is begun grows, or NULL */
	size_t size;
	bool begun; /* ngtcp2 waits for more (WRITE_MORE) */
	bool stop;  /* offer no more stream bytes */
	struct evquic_chunk chunk;
	ngtcp2_path_storage ps;
	ngtcp2_pkt_info pi;
};

/* Offers one chunk, or nothing (stream -1), to ngtcp2. */
static ngtcp2_ssize
offer(struct writer *w, bool have, ngtcp2_ssize *ret_taken, nsec now)
{
	struct evquic_chunk *k = &w->chunk;
	ngtcp2_vec v[sizeof(k->iov) / sizeof(k->iov[0])];
	uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_NONE;

	*ret_taken = -1;
	if (!have)
		return ngtcp2_conn_writev_stream(w->c->qc, &w->ps.path, &w->pi,
		    w->room, w->size, ret_taken, flags, -1, NULL, 0, now);
	for (size_t i = 0; i < k->iovcnt; i++)
		v[i] = (ngtcp2_vec){k->iov[i].iov_base, k->iov[i].iov_len};
	flags = NGTCP2_WRITE_STREAM_FLAG_MORE;
	if (k->fin)
		flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
	return ngtcp2_conn_writev_stream(w->c->qc, &w->ps.path, &w->pi, w->room,
	    w->size, ret_taken, flags, k->stream->id, v, k->iovcnt, now);
}

static void
take(struct writer *w, size_t taken, nsec now)
{
	size_t len = 0;

	w->chunk.stream->sent_at = now;
	for (size_t i = 0; i < w->chunk.iovcnt; i++)
		len += w->chunk.iov[i].iov_len;
	quic_stream_taken(&w->chunk, taken, w->chunk.fin && taken == len);
}

enum step {
	STEP_AGAIN,  /* nothing to send yet, go on */
	STEP_PACKET, /* a packet went into the batch */
	STEP_DONE,   /* nothing more may or need be sent now */
	STEP_FAILED,
};

enum hold {
	HOLD_NOT,
	HOLD_ONCE, /* no stream's bytes in the next call */
	HOLD,	   /* none for now */
};

/*
 * Two things that ngtcp2 does to a client with early data.  An Initial packet
 * that is sent with it is not padded, and thrown away by every server, if the
 * congestion window is full then.  And in the call that ends the handshake
 * streams' bytes make it forget what streams have to say otherwise, such as
 * MAX_STREAM_DATA.
 */
static enum hold
hold_back(const struct writer *w)
{
	const struct evquic_conn *c = w->c;

	if (c->server || c->settled || w->begun)
		return HOLD_NOT;
	if (c->state == QUIC_OPEN)
		return HOLD_ONCE;
	return ngtcp2_conn_get_cwnd_left(c->qc) > w->size ? HOLD_NOT : HOLD;
}

/* One call of ngtcp2 and what follows from it. */
static enum step
step(struct writer *w, nsec now, int *ret_error)
{
	enum hold hold = hold_back(w);
	bool have = !w->stop && hold == HOLD_NOT &&
		    quic_stream_next_chunk(w->c, &w->chunk);
	ngtcp2_ssize taken, n = offer(w, have, &taken, now);

	if (w->c->starved) {
		*ret_error = NGTCP2_ERR_NOMEM;
		return STEP_FAILED;
	}
	if (hold == HOLD_ONCE)
		w->c->settled = true;
	if (n == NGTCP2_ERR_WRITE_MORE) {
		w->begun = true;
		take(w, (size_t)taken, now);
		return STEP_AGAIN;
	}
	/* RFC 9000 4.1: this stream waits, the others go on. */
	if (n == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
		quic_stream_blocked(&w->chunk);
		return STEP_AGAIN;
	}
	/* Reset, or stopped by the peer, meanwhile: forget its bytes. */
	if (n == NGTCP2_ERR_STREAM_SHUT_WR ||
	    n == NGTCP2_ERR_STREAM_NOT_FOUND) {
		counter_add(&w->c->router->worker->counters.streams_stopped, 1);
		quic_stream_shut(w->chunk.stream);
		quic_stream_blocked(&w->chunk);
		return STEP_AGAIN;
	}
	if (n < 0) {
		*ret_error = (int)n;
		return STEP_FAILED;
	}
	if (n == 0) {
		/* Congestion, connection window or pacing.  A packet that was
		 * begun must be finished before anything else. */
		if (hold == HOLD_ONCE)
			return STEP_AGAIN;
		if (!w->begun || !have)
			return STEP_DONE;
		w->stop = true;
		return STEP_AGAIN;
	}
	/* The packet counts even if no stream byte was taken (-1). */
	if (have && taken >= 0)
		take(w, (size_t)taken, now);
	quic_write_commit(w->c, &w->ps.path, &w->pi, w->room, (size_t)n);
	w->begun = false;
	w->room = NULL;
	return w->stop ? STEP_DONE : STEP_PACKET;
}

/*
 * Notes when ngtcp2 wants to be asked again.  After each packet that is at
 * once, nearly: when pacing would let another go.  If none waits it is enough
 * that pacing's clock does not stand for long, as what it is late by is a burst
 * later.
 */
static void
note_expiry(struct evquic_conn *c, bool waits, nsec now)
{
	nsec other = ngtcp2_conn_get_expiry(c->qc);
	nsec paced;

	ngtcp2_conn_update_pkt_tx_time(c->qc, now);
	paced = ngtcp2_conn_get_expiry(c->qc);
	c->expiry = paced;
	if (!waits && paced < other)
		c->expiry = other - paced < QUIC_PACING_SLACK
				? other
				: paced + QUIC_PACING_SLACK;
}

int
quic_write_packets(struct evquic_conn *c, nsec now)
{
	struct writer w = {.c = c};
	size_t packets = 0;
	enum step s = STEP_AGAIN;
	int error = 0;

	w.size = quic_mtu_payload(c);
	ngtcp2_path_storage_zero(&w.ps);
	while (s == STEP_AGAIN || s == STEP_PACKET) {
		if (w.room == NULL)
			w.room = quic_tx_room(c->socket, w.size);
		if (w.room == NULL) {
			list_append(&c->socket->waiting, &c->ready_link);
			break;
		}
		s = step(&w, now, &error);
		if (s == STEP_PACKET &&
		    ++packets == QUIC_TX_PACKETS_PER_FLUSH) {
			c->more = true;
			break;
		}
	}
	assert(!w.begun || s == STEP_FAILED);
	note_expiry(c, s != STEP_DONE, now);
	return error;
}
