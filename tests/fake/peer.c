/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See peer.h.  Frames of the test's own go out by way of the encrypt callback:
 * ngtcp2 writes a packet with a STREAM frame of some length, and what is sealed
 * in its stead are those frames and padding.  ngtcp2 gives that callback no
 * context, so the peer that is writing is kept in a static variable.
 */
#include "tests/fake/peer.h"

#include <assert.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CID_LEN = 12,
	MAX_PACKET = 1452,
	MAX_PARAMETERS = 512,
	MAX_DATAGRAM = 65535,
	STREAMS = 100,
	WINDOW = 1 << 20,
	WRITES = 100 /* packets of one turn */
};

static struct peer *sealing;

static int
on_encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
    const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *plain, size_t len,
    const uint8_t *nonce, size_t noncelen, const uint8_t *aad, size_t aadlen)
{
	uint8_t other[MAX_PACKET] = {0}; /* the rest is PADDING */
	bool is_short = (aad[0] & 0x80) == 0;

	if (sealing != NULL && sealing->nframes > 0 &&
	    is_short != sealing->in_initial && len >= sealing->nframes &&
	    len <= sizeof(other)) {
		memcpy(other, sealing->frames, sealing->nframes);
		sealing->nframes = 0;
		plain = other;
	}
	return ngtcp2_crypto_encrypt_cb(
	    dest, aead, ctx, plain, len, nonce, noncelen, aad, aadlen);
}

static ngtcp2_conn *
get_conn(ngtcp2_crypto_conn_ref *ref)
{
	struct peer *p = ref->user_data;

	return p->qc;
}

static void
on_rand(uint8_t *dest, size_t len, const ngtcp2_rand_ctx *ctx)
{
	prng_fill(ctx->native_handle, dest, len);
}

static void
draw_cid(struct peer *p, ngtcp2_cid *ret)
{
	ret->datalen = CID_LEN;
	prng_fill(&p->sim->net.ids, ret->data, CID_LEN);
}

static int
on_new_cid(ngtcp2_conn *qc, ngtcp2_cid *cid, uint8_t *token, size_t len,
    void *user_data)
{
	struct peer *p = user_data;

	(void)qc;
	cid->datalen = len;
	prng_fill(&p->sim->net.ids, cid->data, len);
	prng_fill(&p->sim->net.ids, token, NGTCP2_STATELESS_RESET_TOKENLEN);
	return 0;
}

static int
on_completed(ngtcp2_conn *qc, void *user_data)
{
	struct peer *p = user_data;
	unsigned flags = gnutls_session_get_flags(p->session);

	p->handshake_done = true;
	/* ngtcp2 cannot know, and compares the remembered limits if not. */
	if (p->has_early_key && !p->early_accepted &&
	    !(flags & GNUTLS_SFLAGS_EARLY_DATA))
		return ngtcp2_conn_tls_early_data_rejected(qc);
	return 0;
}

static int
on_stream_data(ngtcp2_conn *qc, uint32_t flags, int64_t id, uint64_t offset,
    const uint8_t *data, size_t len, void *user_data, void *stream_data)
{
	struct peer *p = user_data;

	(void)flags;
	(void)offset;
	(void)data;
	(void)stream_data;
	p->bytes_in += len;
	ngtcp2_conn_extend_max_offset(qc, len);
	(void)ngtcp2_conn_extend_max_stream_offset(qc, id, len);
	return 0;
}

static int
on_new_token(ngtcp2_conn *qc, const uint8_t *token, size_t len, void *user_data)
{
	struct peer *p = user_data;

	(void)qc;
	assert(len <= sizeof(p->token));
	memcpy(p->token, token, len);
	p->tokenlen = len;
	p->ntokens++;
	if (p->options.on_token != NULL)
		p->options.on_token(p);
	return 0;
}

static int
on_retry(ngtcp2_conn *qc, const ngtcp2_pkt_hd *hd, void *user_data)
{
	struct peer *p = user_data;

	p->retries++;
	return ngtcp2_crypto_recv_retry_cb(qc, hd, user_data);
}

/* RFC 9001 6.1: ngtcp2 makes the next keys ready once these are in use. */
static int
on_update_key(ngtcp2_conn *qc, uint8_t *rx_secret, uint8_t *tx_secret,
    ngtcp2_crypto_aead_ctx *rx_ctx, uint8_t *rx_iv,
    ngtcp2_crypto_aead_ctx *tx_ctx, uint8_t *tx_iv, const uint8_t *old_rx,
    const uint8_t *old_tx, size_t len, void *user_data)
{
	struct peer *p = user_data;

	p->keys++;
	return ngtcp2_crypto_update_key_cb(qc, rx_secret, tx_secret, rx_ctx,
	    rx_iv, tx_ctx, tx_iv, old_rx, old_tx, len, user_data);
}

#define COMMON                                                                 \
	.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,                 \
	.encrypt = on_encrypt, .decrypt = ngtcp2_crypto_decrypt_cb,            \
	.hp_mask = ngtcp2_crypto_hp_mask_cb, .rand = on_rand,                  \
	.get_new_connection_id = on_new_cid, .update_key = on_update_key,      \
	.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,     \
	.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb, \
	.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,   \
	.version_negotiation = ngtcp2_crypto_version_negotiation_cb,           \
	.handshake_completed = on_completed,                                   \
	.recv_stream_data = on_stream_data

static const ngtcp2_callbacks client_callbacks = {
    COMMON,
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_retry = on_retry,
    .recv_new_token = on_new_token,
};

static const ngtcp2_callbacks server_callbacks = {
    COMMON,
    .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
};

/*
 * As the helper's own function, but that a client's early secret is taken once
 * only: after HelloRetryRequest it comes again, and ngtcp2 asserts that it
 * does not.
 */
static int
on_secret(gnutls_session_t session, gnutls_record_encryption_level_t level,
    const void *rx, const void *tx, size_t len)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);
	struct peer *p = ref->user_data;
	ngtcp2_encryption_level l =
	    ngtcp2_crypto_gnutls_from_gnutls_record_encryption_level(level);

	if (level == GNUTLS_ENCRYPTION_LEVEL_EARLY) {
		if (p->has_early_key)
			return 0;
		p->has_early_key = true;
	}
	if (rx != NULL && ngtcp2_crypto_derive_and_install_rx_key(
			      p->qc, NULL, NULL, NULL, l, rx, len) != 0)
		return -1;
	if (tx != NULL && ngtcp2_crypto_derive_and_install_tx_key(
			      p->qc, NULL, NULL, NULL, l, tx, len) != 0)
		return -1;
	return 0;
}

/* In the place of the helper's own function, for messages of the test's own:
 * no transcript will match any more. */
static int
on_message(gnutls_session_t session, gnutls_record_encryption_level_t level,
    gnutls_handshake_description_t type, const void *data, size_t len)
{
	static uint8_t message[PEER_MESSAGE];
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);
	struct peer *p = ref->user_data;

	assert(len <= sizeof(message));
	if (type == GNUTLS_HANDSHAKE_CHANGE_CIPHER_SPEC)
		return 0;
	memcpy(message, data, len);
	if (p->options.rewrite != NULL)
		len = p->options.rewrite(p, type, message, len);
	return ngtcp2_conn_submit_crypto_data(p->qc,
	    ngtcp2_crypto_gnutls_from_gnutls_record_encryption_level(level),
	    message, len);
}

/* The ticket as it came; nobody else keeps it. */
static int
on_ticket(gnutls_session_t session, unsigned type, unsigned when,
    unsigned incoming, const gnutls_datum_t *message)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);
	struct peer *p = ref->user_data;

	(void)type;
	(void)when;
	if (!incoming)
		return 0;
	assert(message->size <= sizeof(p->ticket));
	memcpy(p->ticket, message->data, message->size);
	p->ticket_len = message->size;
	p->ntickets++;
	return 0;
}

void
peer_session_take(struct peer *p, struct peer_session *ret)
{
	ngtcp2_ssize n = ngtcp2_conn_encode_0rtt_transport_params(
	    p->qc, ret->params, sizeof(ret->params));

	if (n <= 0 || gnutls_session_get_data2(p->session, &ret->data) != 0)
		abort();
	ret->params_len = (size_t)n;
}

void
peer_session_done(struct peer_session *s)
{
	gnutls_free(s->data.data);
}

static void
resume(struct peer *p, const struct peer_session *s)
{
	if (gnutls_session_set_data(p->session, s->data.data, s->data.size) !=
		0 ||
	    ngtcp2_conn_decode_and_set_0rtt_transport_params(
		p->qc, s->params, s->params_len) != 0)
		abort();
}

static int
on_alert(gnutls_session_t session, gnutls_record_encryption_level_t level,
    gnutls_alert_level_t severity, gnutls_alert_description_t alert)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);
	struct peer *p = ref->user_data;

	(void)level;
	(void)severity;
	ngtcp2_conn_set_tls_alert(p->qc, (uint8_t)alert);
	return 0;
}

static int
on_parameters_in(gnutls_session_t session, const uint8_t *data, size_t len)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);
	struct peer *p = ref->user_data;

	return ngtcp2_conn_decode_and_set_remote_transport_params(
		   p->qc, data, len) == 0
		   ? 0
		   : GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER;
}

static int
on_parameters_out(gnutls_session_t session, gnutls_buffer_t to)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);
	struct peer *p = ref->user_data;
	uint8_t own[MAX_PARAMETERS];
	ngtcp2_ssize n =
	    ngtcp2_conn_encode_local_transport_params(p->qc, own, sizeof(own));

	assert(n > 0);
	if (gnutls_buffer_append_data(to, own, (size_t)n) != 0 ||
	    gnutls_buffer_append_data(
		to, p->options.parameters, p->options.parameterslen) != 0)
		return GNUTLS_E_MEMORY_ERROR;
	return (int)n + (int)p->options.parameterslen;
}

/* What the helper does, with more transport parameters. */
static int
configure(struct peer *p)
{
	if (p->options.parameters == NULL)
		return p->server
			   ? ngtcp2_crypto_gnutls_configure_server_session(
				 p->session)
			   : ngtcp2_crypto_gnutls_configure_client_session(
				 p->session);
	gnutls_handshake_set_read_function(p->session, on_message);
	gnutls_alert_set_read_function(p->session, on_alert);
	return gnutls_session_ext_register(p->session, "parameters",
	    NGTCP2_TLSEXT_QUIC_TRANSPORT_PARAMETERS_V1, GNUTLS_EXT_TLS,
	    on_parameters_in, on_parameters_out, NULL, NULL, NULL,
	    GNUTLS_EXT_FLAG_TLS | GNUTLS_EXT_FLAG_CLIENT_HELLO |
		GNUTLS_EXT_FLAG_EE);
}

static void
fill(struct peer *p, ngtcp2_settings *st, ngtcp2_transport_params *tp)
{
	ngtcp2_settings_default(st);
	st->initial_ts = p->sim->net.now;
	st->rand_ctx.native_handle = &p->sim->net.ids;
	st->handshake_timeout = 10 * NSEC_PER_SEC;
	st->available_versions = p->options.versions;
	st->available_versionslen = p->options.nversions;
	ngtcp2_transport_params_default(tp);
	tp->initial_max_streams_bidi = STREAMS;
	tp->initial_max_streams_uni = STREAMS;
	tp->initial_max_data = WINDOW;
	tp->initial_max_stream_data_bidi_local = WINDOW;
	tp->initial_max_stream_data_bidi_remote = WINDOW;
	tp->initial_max_stream_data_uni = WINDOW;
	tp->max_idle_timeout = 30 * NSEC_PER_SEC;
	if (p->options.tweak != NULL)
		p->options.tweak(tp);
}

static void
make_session(struct peer *p)
{
	unsigned flags = p->server ? GNUTLS_SERVER : GNUTLS_CLIENT;
	const char *priority =
	    p->options.priority != NULL ? p->options.priority : PEER_PRIORITY;
	unsigned shares =
	    p->options.large ? GNUTLS_KEY_SHARE_TOP2 : GNUTLS_KEY_SHARE_TOP;
	gnutls_datum_t alpn;
	int rc;

	if (p->options.large)
		priority =
		    PEER_PRIORITY ":-GROUP-ALL:+GROUP-FFDHE8192:+GROUP-X25519";
	if (p->options.early && !p->options.unhelped)
		flags |= GNUTLS_ENABLE_EARLY_DATA;
	rc = gnutls_init(
	    &p->session, flags | GNUTLS_NO_END_OF_EARLY_DATA | shares);
	assert(rc == 0);
	rc = gnutls_priority_set_direct(p->session, priority, NULL);
	assert(rc == 0);
	rc =
	    gnutls_credentials_set(p->session, GNUTLS_CRD_CERTIFICATE, p->cred);
	assert(rc == 0);
	rc = configure(p);
	assert(rc == 0);
	gnutls_handshake_set_secret_function(p->session, on_secret);
	if (p->options.rewrite != NULL)
		gnutls_handshake_set_read_function(p->session, on_message);
	if (p->options.alpn != NULL) {
		alpn.data = (unsigned char *)(uintptr_t)p->options.alpn;
		alpn.size = (unsigned)strlen(p->options.alpn);
		rc = gnutls_alpn_set_protocols(p->session, &alpn, 1, 0);
		assert(rc == 0);
	}
	(void)rc;
	p->ref.get_conn = get_conn;
	p->ref.user_data = p;
	gnutls_session_set_ptr(p->session, &p->ref);
	ngtcp2_conn_set_tls_native_handle(p->qc, p->session);
	if (!p->server)
		gnutls_handshake_set_hook_function(p->session,
		    GNUTLS_HANDSHAKE_NEW_SESSION_TICKET, GNUTLS_HOOK_PRE,
		    on_ticket);
	if (p->options.session != NULL)
		resume(p, p->options.session);
	if (p->options.prepare != NULL)
		p->options.prepare(p);
}

static ngtcp2_path
path_of(struct peer *p)
{
	return (ngtcp2_path){
	    .local = {&p->local.sa, quic_addr_len(&p->local)},
	    .remote = {&p->remote.sa, quic_addr_len(&p->remote)},
	};
}

/* --------------------------------------------------------------- loop -- */

static void
end(struct peer *p, int error)
{
	const ngtcp2_ccerr *e = ngtcp2_conn_get_ccerr(p->qc);

	p->gone = true;
	p->error = error;
	if (error == NGTCP2_ERR_DRAINING) {
		p->heard_close = true;
		p->close = *e;
	}
}

static void
send_packet(struct peer *p, uint8_t *bytes, size_t len)
{
	struct iovec iov = {bytes, len};
	struct mmsghdr m = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};

	if (p->server) {
		m.msg_hdr.msg_name = &p->remote;
		m.msg_hdr.msg_namelen = quic_addr_len(&p->remote);
	}
	(void)p->sim->net.io.sendmmsg(&p->sim->net, p->fd, &m, 1);
}

/* Writes what there is, and `len` bytes on a stream unless that is -1; how
 * many of them went out. */
static size_t
write_some(struct peer *p, int64_t stream, size_t len, bool fin)
{
	static uint8_t text[1 << 16];
	ngtcp2_path_storage ps;
	ngtcp2_pkt_info pi;
	uint8_t packet[MAX_PACKET];
	size_t done = 0;
	bool fin_done = stream == -1;

	ngtcp2_path_storage_zero(&ps);
	for (int i = 0; i < WRITES && !p->gone && !p->silent; i++) {
		int64_t id = done < len || !fin_done ? stream : -1;
		ngtcp2_vec v = {text, len - done};
		ngtcp2_ssize taken = -1, n;

		sealing = p;
		n = ngtcp2_conn_writev_stream(p->qc, &ps.path, &pi, packet,
		    sizeof(packet), &taken,
		    fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : 0, id, &v,
		    id == -1 ? 0 : 1, p->sim->net.now);
		sealing = NULL;
		if (n < 0) {
			if (n != NGTCP2_ERR_STREAM_DATA_BLOCKED &&
			    n != NGTCP2_ERR_STREAM_SHUT_WR)
				end(p, (int)n);
			break;
		}
		if (n == 0)
			break;
		send_packet(p, packet, (size_t)n);
		if (taken >= 0) {
			done += (size_t)taken;
			fin_done = done == len;
		}
	}
	ngtcp2_conn_update_pkt_tx_time(p->qc, p->sim->net.now);
	return done;
}

static void
accept_first(struct peer *p, const uint8_t *data, size_t len)
{
	ngtcp2_settings st;
	ngtcp2_transport_params tp;
	ngtcp2_pkt_hd hd;
	ngtcp2_cid scid;
	ngtcp2_path path = path_of(p);
	int rc;

	if (ngtcp2_accept(&hd, data, len) != 0)
		return;
	fill(p, &st, &tp);
	tp.original_dcid = hd.dcid;
	tp.original_dcid_present = 1;
	draw_cid(p, &scid);
	rc = ngtcp2_conn_server_new(&p->qc, &hd.scid, &scid, &path, hd.version,
	    &server_callbacks, &st, &tp, NULL, p);
	assert(rc == 0);
	(void)rc;
	make_session(p);
}

static void
read_one(struct peer *p, const uint8_t *data, size_t len)
{
	ngtcp2_path path;
	ngtcp2_pkt_info pi = {.ecn = 0};
	int rc;

	if (p->qc == NULL)
		accept_first(p, data, len);
	if (p->qc == NULL || p->gone || p->silent)
		return;
	path = path_of(p);
	rc =
	    ngtcp2_conn_read_pkt(p->qc, &path, &pi, data, len, p->sim->net.now);
	if (rc != 0)
		end(p, rc);
}

static bool
read_all(struct peer *p)
{
	static uint8_t room[MAX_DATAGRAM];
	_Alignas(struct cmsghdr) uint8_t control[256];
	union quic_addr from;
	bool busy = false;

	while (net_is_readable(&p->sim->net, p->fd)) {
		struct iovec iov = {room, sizeof(room)};
		struct mmsghdr m = {
		    .msg_hdr = {.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control)},
		};

		memset(&from, 0, sizeof(from));
		if (p->sim->net.io.recvmmsg(&p->sim->net, p->fd, &m, 1) < 1)
			break;
		if (p->server)
			p->remote = from;
		read_one(p, room, m.msg_len);
		busy = true;
	}
	return busy;
}

static bool
serve(struct sim_actor *actor, nsec now)
{
	struct peer *p = container_of(actor, struct peer, actor);
	bool busy = read_all(p);

	if (p->qc == NULL || p->gone || p->silent)
		return busy;
	if (ngtcp2_conn_get_expiry(p->qc) <= now) {
		int rc = ngtcp2_conn_handle_expiry(p->qc, now);

		busy = true;
		if (rc != 0)
			end(p, rc);
	}
	if (busy && !p->gone)
		(void)write_some(p, -1, 0, false);
	return busy;
}

static nsec
next(const struct sim_actor *actor)
{
	const struct peer *p = (const struct peer *)(const void *)actor;

	if (p->qc == NULL || p->gone || p->silent)
		return NSEC_NEVER;
	return ngtcp2_conn_get_expiry(p->qc);
}

static void
join(struct peer *p, struct sim *s, const struct peer_options *o)
{
	*p = (struct peer){.sim = s, .options = *o};
	p->actor.serve = serve;
	p->actor.next = next;
	list_append(&s->actors, &p->actor.link);
	(void)gnutls_certificate_allocate_credentials(&p->cred);
}

void
peer_connect(struct peer *p, struct sim *s, const struct peer_options *o)
{
	union quic_addr local = net_addr(s->addr.sa.sa_family, false, 0);
	ngtcp2_settings st;
	ngtcp2_transport_params tp;
	ngtcp2_cid dcid, scid;
	ngtcp2_path path;
	int rc;

	join(p, s, o);
	p->fd = net_socket(&s->net, &local, 0);
	p->local = net_find(&s->net, p->fd)->inside;
	p->remote = s->addr;
	net_connect(&s->net, p->fd, &s->addr);
	fill(p, &st, &tp);
	st.token = o->token;
	st.tokenlen = o->tokenlen;
	draw_cid(p, &dcid);
	draw_cid(p, &scid);
	path = path_of(p);
	rc = ngtcp2_conn_client_new(&p->qc, &dcid, &scid, &path,
	    o->version != 0 ? o->version : NGTCP2_PROTO_VER_V1,
	    &client_callbacks, &st, &tp, NULL, p);
	assert(rc == 0);
	(void)rc;
	make_session(p);
	if (o->initial != NULL) {
		assert(o->initiallen <= PEER_FRAMES);
		memcpy(p->frames, o->initial, o->initiallen);
		p->nframes = o->initiallen;
		p->in_initial = true;
	}
	if (!o->early || peer_send(p, PEER_EARLY, !o->half) == -1)
		(void)write_some(p, -1, 0, false);
}

void
peer_listen(struct peer *p, struct sim *s, const union quic_addr *addr,
    const struct peer_options *o, const char *cert, const char *key)
{
	join(p, s, o);
	p->server = true;
	p->fd = net_socket(&s->net, addr, 0);
	p->local = *addr;
	if (gnutls_certificate_set_x509_key_file(
		p->cred, cert, key, GNUTLS_X509_FMT_PEM) != 0)
		abort();
}

void
peer_done(struct peer *p)
{
	list_remove(&p->actor.link);
	ngtcp2_conn_del(p->qc);
	if (p->session != NULL)
		gnutls_deinit(p->session);
	gnutls_certificate_free_credentials(p->cred);
}

bool
peer_is_closed_with(const struct peer *p, uint64_t code)
{
	return p->heard_close && p->close.error_code == code &&
	       p->close.type == NGTCP2_CCERR_TYPE_TRANSPORT;
}

void
peer_send_frames(struct peer *p, const void *frames, size_t len)
{
	int64_t id;

	assert(len > 0 && len <= PEER_FRAMES && p->qc != NULL);
	memcpy(p->frames, frames, len);
	p->nframes = len;
	p->in_initial = false;
	/* Carried by a packet that would have had these many bytes. */
	if (ngtcp2_conn_open_bidi_stream(p->qc, &id, NULL) != 0)
		abort();
	(void)write_some(p, id, PEER_FRAMES, false);
}

int64_t
peer_send(struct peer *p, size_t len, bool fin)
{
	int64_t id;

	if (ngtcp2_conn_open_bidi_stream(p->qc, &id, NULL) != 0)
		return -1;
	(void)write_some(p, id, len, fin);
	return id;
}

void
peer_send_more(struct peer *p, int64_t stream, size_t len, bool fin)
{
	(void)write_some(p, stream, len, fin);
}
