/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers that need no connection and leave nothing behind.  Each is smaller
 * than the datagram that caused it, so none can be used for amplification.
 */
#include "quic/internal.h"

#include <string.h>

#include "tls/replay.h"

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

/* -------------------------------------------------------------- tokens -- */

/*
 * Address validation tokens (RFC 9000 8.1) are ngtcp2's: their time, and for
 * Retry the client's port and IDs, sealed under a key that is derived from
 * ours and the token's own random bytes.  Our key is the same after a restart
 * and in other processes, hence wall time.
 */

/*
 * Not readable, and yet of the kind and the length of our Retry tokens: it was
 * one, of other IDs or another key, and the client will take no second Retry.
 * Of other servers' NEW_TOKEN tokens one in many thousands looks so.
 */
static bool
looks_like_retry(const ngtcp2_pkt_hd *hd)
{
	return hd->tokenlen == NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2 &&
	       hd->token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2;
}

/*
 * It may come again, and does: the client repeats it in each Initial packet
 * (RFC 9000 8.1.2).  It is bound to the address, the port and both IDs, so
 * that within its ten seconds it leads to one and the same connection, which
 * lives or has left a tombstone; there is nothing to remember.
 */
static enum quic_proof
read_retry_token(const uint8_t key[QUIC_KEY_LEN], const ngtcp2_path *path,
    struct quic_initial *in, nsec wall)
{
	const ngtcp2_pkt_hd *hd = &in->hd;
	ngtcp2_cid odcid;

	switch (ngtcp2_crypto_verify_retry_token2(&odcid, hd->token,
	    hd->tokenlen, key, QUIC_KEY_LEN, hd->version, path->remote.addr,
	    path->remote.addrlen, &hd->dcid, QUIC_RETRY_TOKEN_LIFE, wall)) {
	case 0:
		in->odcid = odcid;
		return QUIC_PROOF_RETRY;
	case NGTCP2_CRYPTO_ERR_VERIFY_TOKEN:
		return QUIC_PROOF_FALSE; /* late, or of another address */
	default:
		return QUIC_PROOF_NONE;
	}
}

/*
 * A token of a NEW_TOKEN frame proves nothing in another version than that of
 * the connection that gave it (RFC 9369 5).  ngtcp2's do not name it: so it is
 * a part of the secret from which their keys are derived.
 */
struct version_key {
	uint8_t token_key[QUIC_KEY_LEN];
	uint8_t version[sizeof(uint32_t)];
};

static void
bind_key(const uint8_t token_key[QUIC_KEY_LEN], uint32_t version,
    struct version_key *ret)
{
	version = htonl(version);
	memcpy(ret->token_key, token_key, sizeof(ret->token_key));
	memcpy(ret->version, &version, sizeof(ret->version));
}

/* What a token proves that one key can read. */
static enum quic_proof
read_token(const uint8_t key[QUIC_KEY_LEN], const ngtcp2_path *path,
    struct quic_initial *in, nsec wall)
{
	const ngtcp2_pkt_hd *hd = &in->hd;
	struct version_key bound;

	if (hd->token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2)
		return read_retry_token(key, path, in, wall);
	bind_key(key, hd->version, &bound);
	if (hd->token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_REGULAR &&
	    ngtcp2_crypto_verify_regular_token(hd->token, hd->tokenlen,
		(const uint8_t *)&bound, sizeof(bound), path->remote.addr,
		path->remote.addrlen, QUIC_TOKEN_LIFE, wall) == 0)
		return QUIC_PROOF_TOKEN;
	return QUIC_PROOF_NONE;
}

static enum quic_proof
prove(const struct quic_router *r, const ngtcp2_path *path,
    struct quic_initial *in)
{
	const struct evquic_service *service = r->service;
	nsec wall = r->worker->io.wall(r->worker->io.ctx);
	enum quic_proof proof = read_token(service->token_key, path, in, wall);

	if (proof == QUIC_PROOF_NONE && service->has_old_keys)
		proof = read_token(service->old_token_key, path, in, wall);
	if (proof == QUIC_PROOF_NONE && looks_like_retry(&in->hd))
		proof = QUIC_PROOF_FALSE;
	return proof;
}

void
quic_token_judge(const struct quic_router *r, const ngtcp2_path *path,
    struct quic_initial *in)
{
	struct quic_counters *n = &r->worker->counters;
	counter *which[] = {
	    [QUIC_PROOF_NONE] = &n->tokens_unreadable,
	    [QUIC_PROOF_RETRY] = &n->tokens_accepted,
	    [QUIC_PROOF_TOKEN] = NULL,
	    [QUIC_PROOF_FALSE] = &n->tokens_invalid,
	};

	in->odcid = in->hd.dcid;
	in->proof = QUIC_PROOF_NONE;
	if (in->hd.tokenlen == 0)
		return;
	in->proof = prove(r, path, in);
	if (which[in->proof] != NULL)
		counter_add(which[in->proof], 1);
}

/*
 * The set's clock is that of the tokens, which proves nothing any more when
 * its entry is forgotten.  No bit of a token can be changed, so its bytes
 * are its name.
 */
void
quic_token_spend(const struct quic_router *r, struct quic_initial *in)
{
	struct quic_counters *n = &r->worker->counters;
	nsec wall = r->worker->io.wall(r->worker->io.ctx);

	switch (tls_replay_enter(r->service->tokens_seen, in->hd.token,
	    in->hd.tokenlen, wall, nsec_add(wall, QUIC_TOKEN_LIFE))) {
	case TLS_REPLAY_NEW:
		counter_add(&n->tokens_accepted, 1);
		return;
	case TLS_REPLAY_SEEN:
		counter_add(&n->tokens_reused, 1);
		break;
	case TLS_REPLAY_FULL:
		counter_add(&n->tokens_forgone, 1);
		break;
	}
	in->proof = QUIC_PROOF_NONE;
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

void
quic_token_give(struct evquic_conn *c, const ngtcp2_addr *remote)
{
	const struct quic_io *io = &c->router->worker->io;
	/* Under the key of today, not of the connection's beginning. */
	const struct evquic_service *service = c->router->service;
	uint8_t token[NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN];
	struct version_key key;
	ngtcp2_ssize n;

	bind_key(service->token_key, ngtcp2_conn_get_negotiated_version(c->qc),
	    &key);
	n = ngtcp2_crypto_generate_regular_token(token, (const uint8_t *)&key,
	    sizeof(key), remote->addr, remote->addrlen, io->wall(io->ctx));
	if (n > 0)
		(void)ngtcp2_conn_submit_new_token(c->qc, token, (size_t)n);
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
