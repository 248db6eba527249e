/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection of the wrong server: ngtcp2 and its callbacks, packets out,
 * timers, the end.
 *
 *   HANDSHAKE -> OPEN -> CLOSING | DRAINING -> GONE
 *
 * A callback only notes that the connection is to be closed; the flush does it.
 * Who is GONE is freed by the server at the end of the turn.
 */
#include "tests/fake/wrong/wrong.h"

#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

enum {
	PACKETS_PER_FLUSH = 64,
	PTOS_CLOSED = 3, /* RFC 9000 10.2 */
	STREAM_WINDOW = 256 << 10,
	CONN_WINDOW = 1 << 20,
	STREAMS = 100,

	SHORT_IDLE_MS = 150,
	CID_LIMIT = 7,
	TOKEN_MAX = 128
};

static void
add_cid(struct wrong_conn *conn, const ngtcp2_cid *cid)
{
	struct wrong_cid *c;

	if (conn->ncids == WRONG_CIDS_MAX)
		return;
	c = &conn->cids[conn->ncids++];
	memcpy(c->data, cid->data, cid->datalen);
	c->len = cid->datalen;
}

static void
remove_cid(struct wrong_conn *conn, const ngtcp2_cid *cid)
{
	for (size_t i = 0; i < conn->ncids; i++) {
		struct wrong_cid *c = &conn->cids[i];

		if (c->len != cid->datalen ||
		    memcmp(c->data, cid->data, c->len) != 0)
			continue;
		*c = conn->cids[--conn->ncids];
		return;
	}
}

void
wrong_conn_close(
    struct wrong_conn *conn, bool is_app, uint64_t code, const char *reason)
{
	if (conn->wants_close)
		return;
	conn->wants_close = true;
	conn->close_is_app = is_app;
	conn->close_code = code;
	conn->close_reason = reason;
}

/* ----------------------------------------------------------- callbacks -- */

static void
on_rand(uint8_t *dest, size_t len, const ngtcp2_rand_ctx *ctx)
{
	(void)ctx;
	(void)gnutls_rnd(GNUTLS_RND_NONCE, dest, len);
}

static int
on_new_cid(
    ngtcp2_conn *quic, ngtcp2_cid *cid, uint8_t *token, size_t len, void *user)
{
	struct wrong_conn *conn = user;

	(void)quic;
	(void)gnutls_rnd(GNUTLS_RND_NONCE, cid->data, len);
	cid->datalen = len;
	if (wrong_conn_does(conn, WRONG_CID_COUNTED)) {
		memset(cid->data, 0, len);
		cid->data[len - 1] = (uint8_t)conn->ncids;
		cid->data[0] = conn->cids[1].data[0];
		cid->data[1] = conn->cids[1].data[1];
	}
	wrong_stateless_token(conn->server, cid, token);
	if (conn->ncids == WRONG_CIDS_MAX)
		return NGTCP2_ERR_CALLBACK_FAILURE;
	conn->cids_issued++;
	if (!wrong_conn_does(conn, WRONG_CID_UNKNOWN))
		add_cid(conn, cid);
	return 0;
}

static int
on_remove_cid(ngtcp2_conn *quic, const ngtcp2_cid *cid, void *user)
{
	(void)quic;
	remove_cid(user, cid);
	return 0;
}

/*
 * RFC 9001 6: a client has nothing more to say in TLS when the handshake is
 * complete, and GnuTLS would follow a KeyUpdate.
 */
static int
on_crypto_data(ngtcp2_conn *quic, ngtcp2_encryption_level level,
    uint64_t offset, const uint8_t *data, size_t len, void *user)
{
	if (level != NGTCP2_ENCRYPTION_LEVEL_1RTT)
		return ngtcp2_crypto_recv_crypto_data_cb(
		    quic, level, offset, data, len, user);
	ngtcp2_conn_set_tls_alert(quic, GNUTLS_A_UNEXPECTED_MESSAGE);
	return NGTCP2_ERR_CRYPTO;
}

static void
give_token(struct wrong_conn *conn)
{
	uint8_t token[TOKEN_MAX];
	const ngtcp2_path *path = ngtcp2_conn_get_path(conn->quic);
	struct sockaddr_in to;
	size_t len;

	if (wrong_conn_does(conn, WRONG_TOKEN_NONE))
		return;
	memcpy(&to, path->remote.addr, sizeof(to));
	len = wrong_token_make(conn->server, &to,
	    ngtcp2_conn_get_negotiated_version(conn->quic), token);
	if (len > 0)
		(void)ngtcp2_conn_submit_new_token(conn->quic, token, len);
}

static int
on_handshake_completed(ngtcp2_conn *quic, void *user)
{
	struct wrong_conn *conn = user;

	conn->state = WRONG_OPEN;
	remove_cid(conn, ngtcp2_conn_get_client_initial_dcid(quic));
	give_token(conn);
	wrong_tls_completed(conn);
	wrong_streams_completed(conn);
	return 0;
}

static int
on_path(ngtcp2_conn *quic, uint32_t flags, const ngtcp2_path *path,
    const ngtcp2_path *old, ngtcp2_path_validation_result result, void *user)
{
	struct wrong_conn *conn = user;

	(void)quic;
	(void)flags;
	(void)path;
	(void)old;
	if (result == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS &&
	    !wrong_conn_does(conn, WRONG_TOKEN_NOT_AFTER_MOVE))
		give_token(conn);
	return 0;
}

static int
on_stream_open(ngtcp2_conn *quic, int64_t id, void *user)
{
	struct wrong_stream *stream;

	if (!ngtcp2_is_bidi_stream(id))
		return 0;
	stream = wrong_stream_open(user, id);
	return ngtcp2_conn_set_stream_user_data(quic, id, stream);
}

static int
on_stream_data(ngtcp2_conn *quic, uint32_t flags, int64_t id, uint64_t offset,
    const uint8_t *data, size_t len, void *user, void *stream)
{
	struct wrong_conn *conn = user;

	(void)offset;
	if (!wrong_conn_does(conn, WRONG_WINDOW_NEVER_GROWS)) {
		ngtcp2_conn_extend_max_stream_offset(quic, id, len);
		ngtcp2_conn_extend_max_offset(quic, len);
	}
	if (stream != NULL)
		wrong_stream_data(stream, data, len,
		    (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0);
	return 0;
}

static int
on_stream_reset(ngtcp2_conn *quic, int64_t id, uint64_t final, uint64_t code,
    void *user, void *stream)
{
	(void)quic;
	(void)id;
	(void) final;
	(void)user;
	if (stream != NULL)
		wrong_stream_reset(stream, code);
	return 0;
}

static int
on_stop_sending(
    ngtcp2_conn *quic, int64_t id, uint64_t code, void *user, void *stream)
{
	(void)quic;
	(void)id;
	(void)user;
	if (stream != NULL)
		wrong_stream_stop(stream, code);
	return 0;
}

/* RFC 9000 4.6: room for the next one. */
static void
give_stream(struct wrong_conn *conn, const struct wrong_stream *stream)
{
	if (wrong_conn_does(conn, WRONG_STREAMS_NEVER_MORE) ||
	    (wrong_conn_does(conn, WRONG_STREAMS_LEAK_RESET) &&
		stream != NULL && stream->is_reset))
		return;
	if (wrong_conn_does(conn, WRONG_STREAMS_WHEN_BLOCKED)) {
		conn->credit_withheld++;
		return;
	}
	conn->stream_limit++;
	ngtcp2_conn_extend_max_streams_bidi(conn->quic, 1);
}

static void
give_withheld(struct wrong_conn *conn)
{
	if (!conn->gives_credit)
		return;
	conn->gives_credit = false;
	conn->stream_limit += conn->credit_withheld;
	ngtcp2_conn_extend_max_streams_bidi(conn->quic, conn->credit_withheld);
	conn->credit_withheld = 0;
}

static int
on_stream_close(ngtcp2_conn *quic, uint32_t flags, int64_t id, uint64_t code,
    void *user, void *stream)
{
	struct wrong_conn *conn = user;

	(void)quic;
	(void)flags;
	(void)code;
	if (ngtcp2_is_bidi_stream(id))
		give_stream(conn, stream);
	if (stream != NULL)
		wrong_stream_free(stream);
	return 0;
}

static const ngtcp2_callbacks callbacks = {
    .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
    .recv_crypto_data = on_crypto_data,
    .handshake_completed = on_handshake_completed,
    .encrypt = wrong_keys_encrypt,
    .decrypt = wrong_keys_decrypt,
    .hp_mask = ngtcp2_crypto_hp_mask_cb,
    .recv_stream_data = on_stream_data,
    .stream_open = on_stream_open,
    .stream_close = on_stream_close,
    .stream_reset = on_stream_reset,
    .stream_stop_sending = on_stop_sending,
    .rand = on_rand,
    .get_new_connection_id = on_new_cid,
    .remove_connection_id = on_remove_cid,
    .update_key = wrong_keys_update,
    .path_validation = on_path,
    .delete_crypto_aead_ctx = wrong_keys_delete,
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
    .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
};

/* --------------------------------------------------------------- birth -- */

static void
set_params(const struct wrong_conn *conn, const struct wrong_birth *birth,
    const ngtcp2_cid *own, ngtcp2_transport_params *params)
{
	const struct wrong_server *server = conn->server;

	ngtcp2_transport_params_default(params);
	params->original_dcid = birth->original;
	params->original_dcid_present = 1;
	params->retry_scid = birth->hd.dcid;
	params->retry_scid_present = birth->has_retry;
	params->initial_max_stream_data_bidi_remote = STREAM_WINDOW;
	params->initial_max_data = CONN_WINDOW;
	params->initial_max_streams_bidi =
	    wrong_does(server, WRONG_STREAMS_FEW) ? 1 : STREAMS;
	params->max_idle_timeout = server->options.idle_ms * RAW_MS;
	params->active_connection_id_limit = CID_LIMIT;

	params->stateless_reset_token_present = 1;
	wrong_stateless_token(server, own, params->stateless_reset_token);
}

static int
start_quic(struct wrong_conn *conn, const struct wrong_birth *birth)
{
	static const uint32_t versions[] = {
	    NGTCP2_PROTO_VER_V2, NGTCP2_PROTO_VER_V1};
	const struct wrong_server *server = conn->server;
	ngtcp2_transport_params params;
	ngtcp2_settings settings;
	ngtcp2_cid own = {.datalen = WRONG_CID_LEN};
	ngtcp2_path path = {
	    .local = {(struct sockaddr *)(uintptr_t)&server->local,
		sizeof(server->local)},
	    .remote = {(struct sockaddr *)&conn->remote, sizeof(conn->remote)}};

	(void)gnutls_rnd(GNUTLS_RND_NONCE, own.data, own.datalen);
	set_params(conn, birth, &own, &params);
	ngtcp2_settings_default(&settings);
	settings.initial_ts = raw_now();
	/* No probe is so small: none is sent. */
	settings.max_tx_udp_payload_size = WRONG_UDP_MIN;
	settings.handshake_timeout = server->options.handshake_ms * RAW_MS;
	settings.available_versions = versions;
	settings.available_versionslen = 2;
	settings.preferred_versions = versions;
	settings.preferred_versionslen = 2;
	if (birth->is_proved) {
		settings.token = birth->hd.token;
		settings.tokenlen = birth->hd.tokenlen;
		settings.token_type = birth->has_retry
					  ? NGTCP2_TOKEN_TYPE_RETRY
					  : NGTCP2_TOKEN_TYPE_NEW_TOKEN;
	}
	if (ngtcp2_conn_server_new(&conn->quic, &birth->hd.scid, &own, &path,
		birth->hd.version, &callbacks, &settings, &params, NULL,
		conn) != 0)
		return -1;
	conn->stream_limit = params.initial_max_streams_bidi;
	conn->cids_issued++;
	add_cid(conn, &birth->hd.dcid);
	add_cid(conn, &own);
	return wrong_tls_start(conn);
}

struct wrong_conn *
wrong_conn_new(struct wrong_server *server, const struct wrong_birth *birth)
{
	struct wrong_conn *conn = raw_alloc(1, sizeof(*conn));

	conn->server = server;
	conn->remote = *birth->packet->from;
	conn->heard_at = raw_now();
	conn->original = birth->original;

	if (start_quic(conn, birth) != 0) {
		wrong_conn_free(conn);
		return NULL;
	}
	conn->next = server->conns;
	server->conns = conn;
	server->nconns++;
	return conn;
}

void
wrong_conn_free(struct wrong_conn *conn)
{
	while (conn->streams != NULL)
		wrong_stream_free(conn->streams);
	if (conn->quic != NULL)
		ngtcp2_conn_del(conn->quic);
	if (conn->tls != NULL)
		gnutls_deinit(conn->tls);
	raw_buf_done(&conn->farewell);
	free(conn);
}

/* ----------------------------------------------------------------- out -- */

static void
send_packet(struct wrong_conn *conn, const ngtcp2_path *path,
    const uint8_t *data, ngtcp2_ssize len)
{
	struct sockaddr_in to;

	if (len <= 0)
		return;
	to = conn->remote;
	if (path->remote.addrlen == sizeof(to) &&
	    !wrong_conn_does(conn, WRONG_PATH_OLD))
		memcpy(&to, path->remote.addr, sizeof(to));
	if (wrong_conn_does(conn, WRONG_PATH_AMPLIFIES) &&
	    to.sin_port != conn->remote.sin_port)
		for (int i = 0; i < 6; i++)
			wrong_server_send(conn->server, &to, data, (size_t)len);
	if (conn->state == WRONG_HANDSHAKE &&
	    wrong_conn_does(conn, WRONG_AMPLIFIES))
		for (int i = 0; i < 6; i++)
			wrong_server_send(conn->server, &to, data, (size_t)len);
	if (conn->state == WRONG_HANDSHAKE &&
	    wrong_conn_does(conn, WRONG_INITIAL_UNPADDED)) {
		wrong_tamper_split(conn->server, &to, data, (size_t)len);
		return;
	}
	wrong_server_send(conn->server, &to, data, (size_t)len);
}

static struct wrong_stream *
next_stream(struct wrong_conn *conn, struct wrong_stream *after)
{
	struct wrong_stream *s = after != NULL ? after->next : conn->streams;

	while (s != NULL && (!s->is_answered || s->is_out_done))
		s = s->next;
	return s;
}

enum result {
	WROTE,
	NOTHING,
	NEXT_STREAM,
	FAILED
};

static enum result
write_packet(struct wrong_conn *conn, struct wrong_stream *s)
{
	uint8_t packet[WRONG_UDP_MIN];
	ngtcp2_vec vec = {NULL, 0};
	ngtcp2_path_storage path;
	ngtcp2_pkt_info info;
	ngtcp2_ssize taken = -1, len;
	uint32_t flags = 0;

	ngtcp2_path_storage_zero(&path);
	if (s != NULL) {
		vec.base = s->out.data + s->sent;
		vec.len = s->out.len - s->sent;
		if (s->out_fin)
			flags = NGTCP2_WRITE_STREAM_FLAG_FIN;
	}
	len = ngtcp2_conn_writev_stream(conn->quic, &path.path, &info, packet,
	    sizeof(packet), &taken, flags, s != NULL ? s->id : -1, &vec,
	    s != NULL ? 1 : 0, raw_now());
	if (len == NGTCP2_ERR_STREAM_DATA_BLOCKED)
		return NEXT_STREAM;
	if (len == NGTCP2_ERR_STREAM_SHUT_WR ||
	    len == NGTCP2_ERR_STREAM_NOT_FOUND) {
		s->is_out_done = true;
		return NEXT_STREAM;
	}
	if (len < 0)
		return FAILED;
	if (s != NULL && taken >= 0) {
		s->sent += (size_t)taken;
		s->is_out_done = s->sent == s->out.len;
	}
	send_packet(conn, &path.path, packet, len);
	return len > 0 ? WROTE : NOTHING;
}

static void
say_goodbye(struct wrong_conn *conn, const ngtcp2_ccerr *error)
{
	uint8_t packet[WRONG_UDP_MIN];
	ngtcp2_path_storage path;
	ngtcp2_pkt_info info;
	ngtcp2_ssize len;
	uint64_t now = raw_now();

	if (conn->state >= WRONG_CLOSING)
		return;
	ngtcp2_path_storage_zero(&path);
	len = ngtcp2_conn_write_connection_close(
	    conn->quic, &path.path, &info, packet, sizeof(packet), error, now);
	conn->state = len > 0 ? WRONG_CLOSING : WRONG_GONE;
	conn->expires = now + PTOS_CLOSED * ngtcp2_conn_get_pto(conn->quic);
	if (len <= 0)
		return;
	raw_buf_add(&conn->farewell, packet, (size_t)len);
	send_packet(conn, &path.path, packet, len);
}

static void
close_with(
    struct wrong_conn *conn, bool is_app, uint64_t code, const char *reason)
{
	ngtcp2_ccerr error;
	const uint8_t *text = (const uint8_t *)reason;
	size_t len = strlen(reason);

	wrong_tamper_code(conn, &is_app, &code);
	ngtcp2_ccerr_default(&error);
	if (is_app)
		ngtcp2_ccerr_set_application_error(&error, code, text, len);
	else
		ngtcp2_ccerr_set_transport_error(&error, code, text, len);
	say_goodbye(conn, &error);
}

static void
serve_close(struct wrong_conn *conn)
{
	if (conn->wants_close && conn->state < WRONG_CLOSING)
		close_with(conn, conn->close_is_app, conn->close_code,
		    conn->close_reason);
}

void
wrong_conn_flush(struct wrong_conn *conn)
{
	struct wrong_stream *stream = NULL;
	bool is_stream_turn = true;

	serve_close(conn);
	if (conn->state >= WRONG_CLOSING)
		return;
	give_withheld(conn);
	for (int i = 0; i < PACKETS_PER_FLUSH; i++) {
		enum result result;

		stream = is_stream_turn ? next_stream(conn, stream) : NULL;
		if (stream == NULL)
			is_stream_turn = false;
		result = write_packet(conn, stream);
		if (result == FAILED) {
			close_with(conn, false, NGTCP2_INTERNAL_ERROR, "write");
			return;
		}
		if (result == NOTHING)
			break;
		/* The same stream again, if it has more. */
		if (result == WROTE)
			stream = NULL;
	}
	ngtcp2_conn_update_pkt_tx_time(conn->quic, raw_now());
}

/* ------------------------------------------------------------------ in -- */

static void
on_error(struct wrong_conn *conn, const struct wrong_packet *p, int rc)
{
	ngtcp2_ccerr error;

	switch (rc) {
	case NGTCP2_ERR_DRAINING:
		conn->state = WRONG_DRAINING;
		conn->expires =
		    raw_now() + PTOS_CLOSED * ngtcp2_conn_get_pto(conn->quic);
		return;
	case NGTCP2_ERR_DROP_CONN:
	case NGTCP2_ERR_IDLE_CLOSE:
	case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
		conn->state = WRONG_GONE;
		return;
	case NGTCP2_ERR_RETRY:
		conn->state = WRONG_GONE;
		if (p != NULL)
			wrong_stateless_retry(conn->server, p);
		return;
	}
	if (conn->wants_close) {
		serve_close(conn);
		return;
	}
	ngtcp2_ccerr_default(&error);
	if (rc == NGTCP2_ERR_CRYPTO)
		ngtcp2_ccerr_set_tls_alert(
		    &error, ngtcp2_conn_get_tls_alert(conn->quic), NULL, 0);
	else
		ngtcp2_ccerr_set_liberr(&error, rc, NULL, 0);
	close_with(conn, false, error.error_code, "");
}

/* RFC 9000 10.2.1: said again, less and less. */
static void
on_closed(struct wrong_conn *conn, const struct wrong_packet *p)
{
	unsigned heard = ++conn->heard;
	int times = (heard & (heard - 1)) == 0 ? 1 : 0;

	if (wrong_conn_does(conn, WRONG_CLOSED_FLOODS))
		times = 5;
	if (conn->state == WRONG_DRAINING)
		return;
	for (int i = 0; i < times; i++)
		wrong_server_send(conn->server, p->from, conn->farewell.data,
		    conn->farewell.len);
}

static bool
is_from_elsewhere(const struct wrong_conn *conn, const struct wrong_packet *p)
{
	return p->from->sin_port != conn->remote.sin_port ||
	       p->from->sin_addr.s_addr != conn->remote.sin_addr.s_addr;
}

static bool
is_repeated(struct wrong_conn *conn, const struct wrong_packet *p)
{
	uint8_t hash[32];
	bool is_same;

	(void)gnutls_hash_fast(GNUTLS_DIG_SHA256, p->data, p->len, hash);
	is_same = memcmp(hash, conn->last_datagram, sizeof(hash)) == 0;
	memcpy(conn->last_datagram, hash, sizeof(hash));
	return is_same;
}

void
wrong_conn_read(struct wrong_conn *conn, const struct wrong_packet *p)
{
	struct wrong_server *server = conn->server;
	ngtcp2_path path = {
	    .local = {(struct sockaddr *)&server->local, sizeof(server->local)},
	    .remote = {
		(struct sockaddr *)(uintptr_t)p->from, sizeof(*p->from)}};
	ngtcp2_pkt_info info = {0};
	int rc;

	if (conn->state == WRONG_GONE)
		return;
	if (conn->state >= WRONG_CLOSING) {
		on_closed(conn, p);
		return;
	}
	if (wrong_does(server, WRONG_PATH_FIXED) && conn->state == WRONG_OPEN &&
	    is_from_elsewhere(conn, p))
		return;
	if (wrong_does(server, WRONG_PATH_FATAL) && conn->state == WRONG_OPEN &&
	    is_from_elsewhere(conn, p))
		wrong_conn_close(conn, false, NGTCP2_PROTOCOL_VIOLATION, "");
	conn->datagrams++;
	if (wrong_does(server, WRONG_HELLO_SPLIT_LOST) &&
	    conn->state == WRONG_HANDSHAKE && conn->hellos == 0 &&
	    conn->datagrams > 1)
		return;
	if (wrong_does(server, WRONG_REPEAT_FATAL) && is_repeated(conn, p))
		wrong_conn_close(conn, false, NGTCP2_PROTOCOL_VIOLATION, "");
	if (wrong_does(server, WRONG_COALESCED_LOST) && p->is_long)
		rc = wrong_tamper_first(conn, &path, p);
	else
		rc = ngtcp2_conn_read_pkt(
		    conn->quic, &path, &info, p->data, p->len, raw_now());
	conn->heard_at = raw_now();
	if (wrong_does(server, WRONG_INITIAL_REFUSED) && conn->hellos == 0 &&
	    rc != 0)
		wrong_stateless_refuse(server, p);
	if (wrong_does(server, WRONG_INITIAL_VN) && conn->hellos == 0)
		wrong_stateless_versions(server, p);
	if (rc != 0 && conn->state < WRONG_CLOSING)
		on_error(conn, p, rc);
}

/* --------------------------------------------------------------- timers -- */

static uint64_t
short_idle(const struct wrong_conn *conn)
{
	if (conn->state != WRONG_OPEN ||
	    !wrong_conn_does(conn, WRONG_IDLE_EARLY))
		return UINT64_MAX;
	return conn->heard_at + SHORT_IDLE_MS * RAW_MS;
}

uint64_t
wrong_conn_expiry(const struct wrong_conn *conn)
{
	uint64_t next, other;

	if (conn->state >= WRONG_CLOSING)
		return conn->expires;
	next = ngtcp2_conn_get_expiry(conn->quic);
	other = wrong_streams_expiry(conn);
	if (other < next)
		next = other;
	if (conn->ask_at != 0 && conn->ask_at < next)
		next = conn->ask_at;
	other = short_idle(conn);
	return other < next ? other : next;
}

void
wrong_conn_on_time(struct wrong_conn *conn, uint64_t now)
{
	int rc;

	if (conn->state >= WRONG_CLOSING || short_idle(conn) <= now) {
		conn->state = WRONG_GONE;
		return;
	}
	wrong_streams_on_time(conn, now);
	if (conn->ask_at != 0 && conn->ask_at <= now)
		wrong_tls_ask(conn);
	if (ngtcp2_conn_get_expiry(conn->quic) > now)
		return;
	rc = ngtcp2_conn_handle_expiry(conn->quic, now);
	if (rc == NGTCP2_ERR_IDLE_CLOSE &&
	    wrong_conn_does(conn, WRONG_IDLE_SPEAKS))
		close_with(conn, true, DOQ_NO_ERROR, "");
	else if (rc != 0)
		on_error(conn, NULL, rc);
}
