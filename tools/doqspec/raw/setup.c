/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a connection is made and unmade: settings, address, socket, ngtcp2 with
 * its callbacks, TLS.  Running it is conn.c's work.
 *
 * The callbacks only take notes and return credit; what the server sends is
 * read by tap.c.
 */
#include "tools/doqspec/raw/engine.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/crypto.h>

enum {
	DCID_LEN = 18,
	SOCKET_BUFFER = 4 << 20,
	SETTINGS_STRINGS = 14,
	BIND_STRING = 2, /* its index */
	HOLD_STEP_US = 20000,
	HOLD_STEPS = 9 * 50, /* less than the life of a Retry token */
	FIRST_UNI = 0x02
};

void
raw_settings_default(struct raw_settings *settings)
{
	*settings = (struct raw_settings){.alpn = "doq",
	    .version = NGTCP2_PROTO_VER_V1,
	    .idle_ms = 60000,
	    .handshake_ms = 10000,
	    .max_data = 64 << 20,
	    .stream_data = 1 << 20,
	    /* Credit for the server, so that a wrong stream would be seen. */
	    .streams_bidi = 4,
	    .streams_uni = 4,
	    .cid_limit = NGTCP2_DEFAULT_ACTIVE_CONNECTION_ID_LIMIT};
}

static void
copy_settings(struct raw_conn *conn, const struct raw_settings *from)
{
	const char **members[SETTINGS_STRINGS];
	struct raw_settings *s = &conn->settings;

	*s = *from;
	members[0] = &s->host;
	members[1] = &s->port;
	members[BIND_STRING] = &s->bind_address;
	members[3] = &s->alpn;
	members[4] = &s->sni;
	members[5] = &s->priority;
	members[6] = &s->ca;
	members[7] = &s->verify_name;
	members[8] = &s->pin;
	members[9] = &s->token;
	members[10] = &s->hello;
	members[11] = &s->hold_retry;
	members[12] = &s->ticket;
	members[13] = &s->params;
	conn->strings = raw_alloc(SETTINGS_STRINGS, sizeof(char *));
	for (size_t i = 0; i < SETTINGS_STRINGS; i++) {
		if (*members[i] == NULL)
			continue;
		conn->strings[i] = raw_strdup(*members[i]);
		*members[i] = conn->strings[i];
	}
}

static void
on_rand(uint8_t *dest, size_t len, const ngtcp2_rand_ctx *ctx)
{
	(void)ctx;
	gnutls_rnd(GNUTLS_RND_NONCE, dest, len);
}

static int
on_new_cid(
    ngtcp2_conn *quic, ngtcp2_cid *cid, uint8_t *token, size_t len, void *user)
{
	(void)quic;
	(void)user;
	gnutls_rnd(GNUTLS_RND_NONCE, cid->data, len);
	cid->datalen = len;
	gnutls_rnd(GNUTLS_RND_NONCE, token, NGTCP2_STATELESS_RESET_TOKENLEN);
	return 0;
}

static int
on_stream_data(ngtcp2_conn *quic, uint32_t flags, int64_t id, uint64_t offset,
    const uint8_t *data, size_t len, void *user, void *stream)
{
	(void)flags;
	(void)offset;
	(void)data;
	(void)user;
	(void)stream;
	ngtcp2_conn_extend_max_stream_offset(quic, id, len);
	ngtcp2_conn_extend_max_offset(quic, len);
	return 0;
}

/* Early data was refused: all of it is sent as if for the first time (RFC 9001
 * 4.6.2). */
static int
rewind_early(struct raw_conn *conn)
{
	conn->opened_bidi = 0;
	conn->opened_uni = FIRST_UNI;
	conn->waiting = conn->chunks;
	for (struct raw_chunk *c = conn->chunks; c != NULL; c = c->next) {
		c->off = 0;
		c->is_done = false;
	}
	return ngtcp2_conn_tls_early_data_rejected(conn->quic);
}

static int
on_handshake_completed(ngtcp2_conn *quic, void *user)
{
	struct raw_conn *conn = user;
	const ngtcp2_transport_params *params =
	    ngtcp2_conn_get_remote_transport_params(quic);

	conn->state = RAW_OPEN;
	if (conn->settings.is_early && !conn->is_early_taken &&
	    rewind_early(conn) != 0)
		return NGTCP2_ERR_CALLBACK_FAILURE;
	conn->seen.max_streams_bidi = params->initial_max_streams_bidi;
	conn->seen.max_data = params->initial_max_data;
	if (params->stateless_reset_token_present)
		memcpy(conn->tokens[conn->ntokens++],
		    params->stateless_reset_token, RAW_RESET_TOKEN_LEN);
	return 0;
}

static int
on_stateless_reset(
    ngtcp2_conn *quic, const ngtcp2_pkt_stateless_reset *reset, void *user)
{
	struct raw_conn *conn = user;

	(void)quic;
	(void)reset;
	conn->seen.has_reset_packet = true;
	return 0;
}

/* The whole client stands still meanwhile. */
static void
hold(const struct raw_conn *conn)
{
	if (conn->settings.hold_retry == NULL)
		return;
	printf("# %s: Retry\n", conn->name);
	fflush(stdout);
	for (int i = 0; i < HOLD_STEPS; i++) {
		if (access(conn->settings.hold_retry, F_OK) == 0)
			break;
		(void)usleep(HOLD_STEP_US);
	}
}

static int
on_retry(ngtcp2_conn *quic, const ngtcp2_pkt_hd *hd, void *user)
{
	struct raw_conn *conn = user;

	conn->has_retry = true;
	/* Initial packets have other keys from now on (RFC 9001 5.2). */
	conn->first_dcid = hd->scid;
	for (size_t i = 0; i < 2; i++)
		raw_keys_done(&conn->rx_initial[i]);
	hold(conn);
	return ngtcp2_crypto_recv_retry_cb(quic, hd, user);
}

static const ngtcp2_callbacks callbacks = {
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
    .handshake_completed = on_handshake_completed,
    .encrypt = ngtcp2_crypto_encrypt_cb,
    .decrypt = ngtcp2_crypto_decrypt_cb,
    .hp_mask = ngtcp2_crypto_hp_mask_cb,
    .recv_stream_data = on_stream_data,
    .recv_stateless_reset = on_stateless_reset,
    .recv_retry = on_retry,
    .rand = on_rand,
    .get_new_connection_id = on_new_cid,
    .update_key = ngtcp2_crypto_update_key_cb,
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
    .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
};

static int
bind_local(struct raw_conn *conn, int fd)
{
	struct addrinfo hints = {
	    .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *list;
	int rc;

	if (conn->settings.bind_address == NULL)
		return 0;
	if (getaddrinfo(conn->settings.bind_address, "0", &hints, &list) != 0)
		return -EINVAL;
	rc = bind(fd, list->ai_addr, list->ai_addrlen);
	freeaddrinfo(list);
	return rc;
}

static int
open_socket(struct raw_conn *conn)
{
	int size = SOCKET_BUFFER;
	int fd = socket(conn->remote.ss_family,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	conn->local_len = sizeof(conn->local);
	if (bind_local(conn, fd) != 0 ||
	    connect(fd, (struct sockaddr *)&conn->remote, conn->remote_len) !=
		0 ||
	    getsockname(
		fd, (struct sockaddr *)&conn->local, &conn->local_len) != 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	if (conn->fd >= 0)
		close(conn->fd);
	conn->fd = fd;
	return 0;
}

static int
resolve(struct raw_conn *conn)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *list;

	if (getaddrinfo(
		conn->settings.host, conn->settings.port, &hints, &list) != 0)
		return -ENOENT;
	memcpy(&conn->remote, list->ai_addr, list->ai_addrlen);
	conn->remote_len = list->ai_addrlen;
	freeaddrinfo(list);
	return 0;
}

uint32_t
raw_conn_version(const struct raw_conn *conn)
{
	uint32_t version = ngtcp2_conn_get_negotiated_version(conn->quic);

	return version != 0 ? version : conn->settings.version;
}

static int
start_quic(struct raw_conn *conn)
{
	static const uint32_t both[] = {
	    NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2};
	const struct raw_settings *s = &conn->settings;
	ngtcp2_settings settings;
	ngtcp2_transport_params params;
	ngtcp2_cid dcid = {.datalen = DCID_LEN};
	struct raw_buf token = {0};
	int rc;

	if (s->token != NULL &&
	    raw_buf_hex(&token, s->token, strlen(s->token)) != 0)
		return -EINVAL;
	ngtcp2_settings_default(&settings);
	settings.initial_ts = raw_now();
	settings.max_tx_udp_payload_size = RAW_UDP_PAYLOAD;
	settings.no_pmtud = 1;
	settings.handshake_timeout = s->handshake_ms * RAW_MS;
	settings.token = token.data;
	settings.tokenlen = token.len;
	if (s->lists_both) {
		settings.available_versions = both;
		settings.available_versionslen = sizeof(both) / sizeof(both[0]);
	}
	ngtcp2_transport_params_default(&params);
	params.initial_max_stream_data_bidi_local = s->stream_data;
	params.initial_max_stream_data_bidi_remote = s->stream_data;
	params.initial_max_stream_data_uni = s->stream_data;
	params.initial_max_data = s->max_data;
	params.initial_max_streams_bidi = s->streams_bidi;
	params.initial_max_streams_uni = s->streams_uni;
	params.max_idle_timeout = s->idle_ms * RAW_MS;
	params.active_connection_id_limit = s->cid_limit;
	params.grease_quic_bit = s->has_grease;
	gnutls_rnd(GNUTLS_RND_NONCE, dcid.data, DCID_LEN);
	conn->first_dcid = dcid;
	conn->scid.datalen = RAW_SCID_LEN;
	gnutls_rnd(GNUTLS_RND_NONCE, conn->scid.data, RAW_SCID_LEN);
	ngtcp2_path_storage_init(&conn->path, (ngtcp2_sockaddr *)&conn->local,
	    conn->local_len, (ngtcp2_sockaddr *)&conn->remote, conn->remote_len,
	    NULL);
	rc = ngtcp2_conn_client_new(&conn->quic, &dcid, &conn->scid,
	    &conn->path.path, s->version, &callbacks, &settings, &params, NULL,
	    conn);
	raw_buf_done(&token);
	if (rc != 0)
		return -EINVAL;
	if (s->keepalive_ms > 0)
		ngtcp2_conn_set_keep_alive_timeout(
		    conn->quic, s->keepalive_ms * RAW_MS);
	return raw_tls_init(conn);
}

static void
send_hello(struct raw_conn *conn)
{
	conn->is_holding = conn->settings.is_reversed;
	raw_conn_flush(conn);
	conn->is_holding = false;
	while (conn->nheld > 0) {
		struct raw_stash *s = &conn->held[--conn->nheld];

		raw_conn_datagram(conn, s->data, s->len);
		free(s->data);
	}
}

struct raw_conn *
raw_conn_new(const char *name, const struct raw_settings *settings)
{
	struct raw_conn *conn = raw_alloc(1, sizeof(*conn));
	int rc;

	snprintf(conn->name, sizeof(conn->name), "%s", name);
	conn->fd = -1;
	conn->next_uni = FIRST_UNI;
	conn->opened_uni = FIRST_UNI;
	conn->chunks_end = &conn->chunks;
	copy_settings(conn, settings);
	if (resolve(conn) != 0) {
		raw_conn_fail(conn, "no address for %s", settings->host);
		return conn;
	}
	if (conn->settings.is_dry) {
		conn->local.ss_family = conn->remote.ss_family;
		conn->local_len = conn->remote_len;
		rc = 0;
	} else {
		rc = open_socket(conn);
	}
	if (rc != 0) {
		raw_conn_fail(conn, "socket: %s", strerror(-rc));
		return conn;
	}
	if (start_quic(conn) != 0)
		raw_conn_fail(conn, "QUIC connection could not be made");
	send_hello(conn);
	return conn;
}

static void
free_outs(struct raw_conn *conn)
{
	for (int kind = 0; kind < RAW_STREAM_KINDS; kind++) {
		for (size_t i = 0; i < conn->nouts[kind]; i++) {
			struct raw_out *out = conn->outs[kind][i];

			if (out == NULL)
				continue;
			raw_buf_done(&out->question);
			free(out);
		}
		free(conn->outs[kind]);
	}
}

void
raw_conn_free(struct raw_conn *conn)
{
	if (conn == NULL)
		return;
	if (conn->state == RAW_OPEN && !conn->is_abandoned)
		(void)raw_conn_close(conn, true, 0, "");
	if (conn->fd >= 0)
		close(conn->fd);
	if (conn->quic != NULL)
		ngtcp2_conn_del(conn->quic);
	raw_tls_done(conn);
	raw_engine_done(conn);
	raw_buf_done(&conn->hello);
	raw_seen_done(&conn->seen);
	free_outs(conn);
	while (conn->chunks != NULL) {
		struct raw_chunk *chunk = conn->chunks;

		conn->chunks = chunk->next;
		free(chunk->data);
		free(chunk);
	}
	for (size_t i = 0; i < conn->nstash; i++)
		free(conn->stash[i].data);
	for (size_t i = 0; i < conn->nflight; i++)
		free(conn->flight[i].data);
	for (size_t i = 0; i < RAW_TICKETS_MAX; i++)
		raw_ticket_done(&conn->tickets[i]);
	for (size_t i = 0; i < SETTINGS_STRINGS; i++)
		free(conn->strings[i]);
	free(conn->strings);
	free(conn);
}

int
raw_conn_replay(const struct raw_conn *conn, bool no_initial)
{
	int fd = socket(conn->remote.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < conn->nflight; i++) {
		const struct raw_stash *s = &conn->flight[i];

		if (no_initial && raw_tap_is_initial(s->data, s->len))
			continue;
		if (sendto(fd, s->data, s->len, 0,
			(const struct sockaddr *)&conn->remote,
			conn->remote_len) < 0)
			break; /* like a lossy network */
	}
	close(fd);
	return 0;
}

int
raw_conn_rebind(struct raw_conn *conn, const char *address)
{
	if (address != NULL) {
		free(conn->strings[BIND_STRING]);
		conn->strings[BIND_STRING] = raw_strdup(address);
		conn->settings.bind_address = conn->strings[BIND_STRING];
	}
	/* ngtcp2 keeps the path it knows: a NAT does not tell its client. */
	return open_socket(conn);
}
