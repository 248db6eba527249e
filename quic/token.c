/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address validation tokens (RFC 9000 8.1): what a client's proves, and those
 * that it is given.  They are ngtcp2's: their time, and for Retry the client's
 * port and IDs, sealed under a key that is derived from ours and the token's
 * own random bytes.  Our key is the same after a restart and in other
 * processes, hence wall time.
 */
#include "quic/internal.h"

#include <string.h>

#include "tls/replay.h"

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
