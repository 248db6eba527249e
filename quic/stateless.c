/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers that need no connection and leave nothing behind.  Each is smaller
 * than the datagram that caused it, so none can be used for amplification.
 */
#include "quic/internal.h"

#include <string.h>

/* RFC 9000 6.3, 15: a reserved version, so that clients learn to ignore what
 * they do not know. */
#define GREASE_VERSION 0x1a2a3a4au

/* RFC 9000 10.3: what a reset has at most.  Whoever sent a packet of 43 bytes
 * or less gets one byte less, so that two servers that know nothing of each
 * other come to an end (10.3.3). */
#define RESET_MAX 42

/* So many a second, and a second's worth at once: is the next one of a kind
 * paid for, whose last is `*until`? */
static bool
is_paid(nsec *until, nsec now, unsigned per_second)
{
	nsec from = *until > now ? *until : now;

	if (from - now >= NSEC_PER_SEC)
		return false;
	*until = from + NSEC_PER_SEC / per_second;
	return true;
}

void
quic_stateless_version(struct quic_socket *s, const ngtcp2_path *path,
    const ngtcp2_version_cid *vc, nsec now)
{
	const struct quic_versions *spoken = s->router->service->versions;
	uint32_t versions[1 + sizeof(spoken->list) / sizeof(spoken->list[0])];
	struct evquic_worker *w = s->router->worker;
	uint8_t unused, *room;
	ngtcp2_ssize n;

	/* Half of them at once, and half while the second passes. */
	if (!is_paid(&s->router->vns_until, now, QUIC_VNS_PER_SECOND / 2)) {
		counter_add(&w->counters.vn_limited, 1);
		return; /* the client asks again */
	}
	room = quic_tx_room(s, QUIC_MIN_INITIAL);
	if (room == NULL)
		return; /* the socket is full */
	random_bytes(&w->random, &unused, sizeof(unused));
	versions[0] = GREASE_VERSION;
	memcpy(versions + 1, spoken->list, spoken->n * sizeof(versions[0]));
	/* The IDs are echoed crosswise (RFC 9000 17.2.1). */
	n = ngtcp2_pkt_write_version_negotiation(room, QUIC_MIN_INITIAL, unused,
	    vc->scid, vc->scidlen, vc->dcid, vc->dcidlen, versions,
	    1 + spoken->n);
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

void
quic_stateless_retry(struct quic_socket *s, const ngtcp2_path *path,
    uint32_t version, const ngtcp2_cid *dcid, const ngtcp2_cid *scid)
{
	struct evquic_worker *w = s->router->worker;
	const struct evquic_service *service = s->router->service;
	uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2];
	uint8_t *room = quic_tx_room(s, QUIC_MIN_INITIAL);
	ngtcp2_cid retry_scid;
	ngtcp2_ssize n;

	if (room == NULL)
		return; /* the client asks again */
	/* RFC 9000 17.2.5.1: an ID that the client did not choose. */
	quic_cid_draw(s->router, &retry_scid);
	n = ngtcp2_crypto_generate_retry_token2(token, service->token_key,
	    sizeof(service->token_key), version, path->remote.addr,
	    path->remote.addrlen, &retry_scid, dcid, w->io.wall(w->io.ctx));
	if (n > 0)
		n = ngtcp2_crypto_write_retry(room, QUIC_MIN_INITIAL, version,
		    scid, &retry_scid, dcid, token, (size_t)n);
	if (n <= 0)
		return;
	quic_tx_commit(s, path, 0, (size_t)n);
	counter_add(&w->counters.retries_sent, 1);
	quic_worker_want_flush(w);
}

/* --------------------------------------------------------------- reset -- */

/*
 * RFC 9000 10.3.2: the token is a function of the ID and a fixed key that
 * nobody can guess: SipHash under each half of the key.  HKDF costs 12,000
 * instructions, and a connection begins with eight IDs.
 */
void
quic_stateless_token(const uint8_t key[QUIC_KEY_LEN], const uint8_t *id,
    size_t len, uint8_t *ret_token)
{
	uint64_t half[2] = {
	    hash_bytes(key, id, len),
	    hash_bytes(key + HASH_KEY_LEN, id, len),
	};

	_Static_assert(sizeof(half) == NGTCP2_STATELESS_RESET_TOKENLEN &&
			   QUIC_KEY_LEN == 2 * HASH_KEY_LEN,
	    "two halves");
	memcpy(ret_token, half, sizeof(half));
}

/* One reset of `size` bytes, with the token of `id` under a key. */
static void
send_reset(struct quic_socket *s, const ngtcp2_path *path,
    const uint8_t key[QUIC_KEY_LEN], const uint8_t *id, size_t size, nsec now)
{
	struct evquic_worker *w = s->router->worker;
	uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN];
	uint8_t noise[RESET_MAX - NGTCP2_STATELESS_RESET_TOKENLEN];
	uint8_t *room;

	if (!is_paid(&s->router->resets_until, now, QUIC_RESETS_PER_SECOND)) {
		counter_add(&w->counters.resets_limited, 1);
		return;
	}
	room = quic_tx_room(s, size);
	if (room == NULL)
		return;
	quic_stateless_token(key, id, QUIC_CID_LEN, token);
	random_bytes(&w->random, noise, sizeof(noise));
	if (ngtcp2_pkt_write_stateless_reset(
		room, size, token, noise, size - sizeof(token)) < 0)
		return;
	quic_tx_commit(s, path, 0, size);
	counter_add(&w->counters.resets_sent, 1);
	quic_worker_want_flush(w);
}

/*
 * Nobody knows under which key an ID without a connection was issued.  While
 * there are two, a packet that is larger than two resets draws both, and a
 * smaller one either, by chance: a client that hears nothing sends more of
 * them.  So the bytes of all answers stay below those of what drew them, which
 * is what ends loops and prevents amplification (RFC 9000 10.3.3).
 */
void
quic_stateless_reset(struct quic_socket *s, const ngtcp2_path *path,
    const uint8_t *data, size_t len, nsec now)
{
	struct quic_router *r = s->router;
	const struct evquic_service *service = r->service;
	size_t size = len <= RESET_MAX ? len - 1 : RESET_MAX;
	bool is_old, both;

	if (s->connected || service == NULL || len <= QUIC_RESET_MIN)
		return;
	both = service->has_old_keys && len > 2 * RESET_MAX;
	is_old = service->has_old_keys && !both &&
		 random_below(&r->worker->random, 2) == 1;
	if (!is_old)
		send_reset(s, path, service->reset_key, data + 1, size, now);
	if (is_old || both)
		send_reset(
		    s, path, service->old_reset_key, data + 1, size, now);
}
