/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ngtcp2's callback tables, translated to the application's interface and to
 * nothing else.  What an application does in a call is only noted here: bytes
 * are queued, a close is wanted; the flush acts on it.
 *
 * An application that has closed its connection hears of no more streams.
 */
#include "quic/internal.h"

#include <assert.h>

/* RFC 8446 6: the alert for a TLS message that nobody waits for. */
#define ALERT_UNEXPECTED_MESSAGE 10

static bool
is_talking(const struct evquic_conn *c)
{
	return c->opened && !c->close_wanted && c->state != QUIC_DEAD;
}

static void
on_rand(uint8_t *dest, size_t len, const ngtcp2_rand_ctx *ctx)
{
	struct evquic_worker *w = ctx->native_handle;

	random_bytes(&w->random, dest, len);
}

static int
on_new_cid(ngtcp2_conn *qc, ngtcp2_cid *cid, uint8_t *token, size_t len,
    void *user_data)
{
	(void)qc;
	assert(len == QUIC_CID_LEN);
	return quic_conn_new_cid(user_data, cid, token) == 0
		   ? 0
		   : NGTCP2_ERR_CALLBACK_FAILURE;
}

static int
on_remove_cid(ngtcp2_conn *qc, const ngtcp2_cid *cid, void *user_data)
{
	(void)qc;
	quic_cid_remove(user_data, cid->data, cid->datalen);
	return 0;
}

static int
on_handshake_completed(ngtcp2_conn *qc, void *user_data)
{
	struct evquic_conn *c = user_data;

	if (c->server)
		quic_token_give(c, &ngtcp2_conn_get_path(qc)->remote);
	return quic_conn_complete(c) == 0 ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

/* RFC 9000 7.5: a bound to what is kept of a handshake's messages. */
static bool
is_too_much(
    const struct evquic_conn *c, ngtcp2_encryption_level level, uint64_t end)
{
	return level != NGTCP2_ENCRYPTION_LEVEL_1RTT &&
	       end > (c->server ? QUIC_MAX_CLIENT_FLIGHT
				: QUIC_MAX_SERVER_FLIGHT);
}

/*
 * A server frees its TLS session after the handshake.  The only message that a
 * client could send then is KeyUpdate, which QUIC forbids (RFC 9001 6), and
 * the helper would use the session that is gone.
 */
static int
on_crypto_data(ngtcp2_conn *qc, ngtcp2_encryption_level level, uint64_t offset,
    const uint8_t *data, size_t len, void *user_data)
{
	if (ngtcp2_conn_get_tls_native_handle(qc) == NULL) {
		ngtcp2_conn_set_tls_alert(qc, ALERT_UNEXPECTED_MESSAGE);
		return NGTCP2_ERR_CRYPTO;
	}
	if (is_too_much(user_data, level, offset + len)) {
		quic_conn_abandon(
		    user_data, NGTCP2_CRYPTO_BUFFER_EXCEEDED, "too much TLS");
		return NGTCP2_ERR_CRYPTO;
	}
	return ngtcp2_crypto_recv_crypto_data_cb(
	    qc, level, offset, data, len, user_data);
}

static int
on_stateless_reset(
    ngtcp2_conn *qc, const ngtcp2_pkt_stateless_reset *sr, void *user_data)
{
	struct evquic_conn *c = user_data;

	(void)qc;
	(void)sr;
	c->stats.closed_by = EVQUIC_CLOSED_RESET;
	return 0;
}

static int
on_new_token(ngtcp2_conn *qc, const uint8_t *token, size_t len, void *user_data)
{
	(void)qc;
	quic_tls_keep_token(user_data, token, len);
	return 0;
}

static int
on_path_validation(ngtcp2_conn *qc, uint32_t flags, const ngtcp2_path *path,
    const ngtcp2_path *old_path, ngtcp2_path_validation_result result,
    void *user_data)
{
	struct evquic_conn *c = user_data;

	(void)qc;
	(void)flags;
	(void)old_path;
	if (result == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS) {
		c->stats.path_changes++;
		counter_add(&c->router->worker->counters.path_changes, 1);
		/* RFC 9000 9.3: the old token is of the old address. */
		if (c->server)
			quic_token_give(c, &path->remote);
	}
	return 0;
}

/* ------------------------------------------------------------- streams -- */

static int
on_stream_open(ngtcp2_conn *qc, int64_t id, void *user_data)
{
	struct evquic_conn *c = user_data;
	struct evquic_stream *s;

	/* Before the handshake is complete all that comes is early data. */
	if (!c->close_wanted && quic_conn_open(c) != 0)
		return NGTCP2_ERR_CALLBACK_FAILURE;
	if (!is_talking(c))
		return 0; /* no object: what comes is thrown away */
	s = quic_stream_new(c, id);
	if (s == NULL)
		return NGTCP2_ERR_CALLBACK_FAILURE;
	s->early = c->state == QUIC_HANDSHAKE;
	(void)ngtcp2_conn_set_stream_user_data(qc, id, s);
	if (c->app->stream_opened != NULL)
		c->app->stream_opened(s);
	return 0;
}

static int
on_stream_data(ngtcp2_conn *qc, uint32_t flags, int64_t id, uint64_t offset,
    const uint8_t *data, size_t len, void *user_data, void *stream_data)
{
	struct evquic_conn *c = user_data;
	struct evquic_stream *s = stream_data;

	(void)id;
	(void)offset;
	if (s == NULL || s->released || !is_talking(c)) {
		/* Nobody wants them, but they count (RFC 9000 4.5): without
		 * this the connection's window would shrink for ever.  The
		 * stream's own window stays, so that it ends. */
		ngtcp2_conn_extend_max_offset(qc, len);
		return 0;
	}
	s->unconsumed += len;
	s->ended = (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0;
	c->app->stream_data(s, data, len, s->ended);
	return 0;
}

static int
on_acked(ngtcp2_conn *qc, int64_t id, uint64_t offset, uint64_t len,
    void *user_data, void *stream_data)
{
	struct evquic_conn *c = user_data;
	struct evquic_stream *s = stream_data;

	(void)qc;
	(void)id;
	(void)offset;
	if (s == NULL)
		return 0;
	quic_stream_acked(s, len);
	if (is_talking(c) && quic_stream_has_drained(s))
		c->app->stream_drained(s);
	return 0;
}

static int
on_stream_reset(ngtcp2_conn *qc, int64_t id, uint64_t final_size, uint64_t code,
    void *user_data, void *stream_data)
{
	struct evquic_conn *c = user_data;
	struct evquic_stream *s = stream_data;

	(void)qc;
	(void)id;
	(void)final_size;
	counter_add(&c->router->worker->counters.streams_reset, 1);
	if (s != NULL && !s->released && is_talking(c))
		c->app->stream_reset(s, code);
	return 0;
}

static int
on_stream_close(ngtcp2_conn *qc, uint32_t flags, int64_t id, uint64_t code,
    void *user_data, void *stream_data)
{
	struct evquic_stream *s = stream_data;

	(void)flags;
	(void)code;
	(void)user_data;
	if (s != NULL) {
		quic_stream_closed(s);
	} else if (!ngtcp2_conn_is_local_stream(qc, id)) {
		/* It never had an object; its place is free again. */
		if (ngtcp2_is_bidi_stream(id))
			ngtcp2_conn_extend_max_streams_bidi(qc, 1);
		else
			ngtcp2_conn_extend_max_streams_uni(qc, 1);
	}
	return 0;
}

static int
on_stream_credit(ngtcp2_conn *qc, int64_t id, uint64_t max_data,
    void *user_data, void *stream_data)
{
	struct evquic_stream *s = stream_data;

	(void)qc;
	(void)id;
	(void)max_data;
	(void)user_data;
	if (s != NULL)
		quic_stream_unblock(s);
	return 0;
}

static int
on_stream_room(ngtcp2_conn *qc, uint64_t max_streams, void *user_data)
{
	struct evquic_conn *c = user_data;

	(void)qc;
	(void)max_streams;
	if (is_talking(c) && c->app->stream_room != NULL)
		c->app->stream_room(c);
	return 0;
}

#define COMMON_CALLBACKS                                                       \
	.recv_crypto_data = on_crypto_data,                                    \
	.encrypt = ngtcp2_crypto_encrypt_cb,                                   \
	.decrypt = ngtcp2_crypto_decrypt_cb,                                   \
	.hp_mask = ngtcp2_crypto_hp_mask_cb,                                   \
	.update_key = ngtcp2_crypto_update_key_cb,                             \
	.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,     \
	.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb, \
	.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,   \
	.version_negotiation = ngtcp2_crypto_version_negotiation_cb,           \
	.rand = on_rand, .get_new_connection_id = on_new_cid,                  \
	.remove_connection_id = on_remove_cid,                                 \
	.handshake_completed = on_handshake_completed,                         \
	.path_validation = on_path_validation, .stream_open = on_stream_open,  \
	.recv_stream_data = on_stream_data,                                    \
	.acked_stream_data_offset = on_acked, .stream_reset = on_stream_reset, \
	.stream_close = on_stream_close,                                       \
	.extend_max_stream_data = on_stream_credit,                            \
	.extend_max_local_streams_bidi = on_stream_room,                       \
	.extend_max_local_streams_uni = on_stream_room

const ngtcp2_callbacks quic_server_callbacks = {
    COMMON_CALLBACKS,
    .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
};

const ngtcp2_callbacks quic_client_callbacks = {
    COMMON_CALLBACKS,
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_retry = ngtcp2_crypto_recv_retry_cb,
    .recv_stateless_reset = on_stateless_reset,
    .recv_new_token = on_new_token,
};
