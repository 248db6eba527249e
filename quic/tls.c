/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The binding of ngtcp2 to GnuTLS: sessions, and the choice of the application
 * on a server.  A client's part is in tls_client.c.
 *
 * A server chooses in GnuTLS's post-client-hello function: ALPN is parsed by
 * then, and the transport parameters are not yet written, so that each
 * application tells its own limits.  It may run twice (HelloRetryRequest) and
 * is harmless to repeat.
 *
 * Early data (RFC 9001 4.6).  GnuTLS gives its secret while it reads the
 * ClientHello, when ngtcp2 knows nothing of the client's transport parameters;
 * and if it finds afterwards that it must send HelloRetryRequest, ngtcp2 never
 * will, and asserts that it does at the first 0-RTT packet.  So the secret is
 * kept until there are handshake keys, and whoever will be sent
 * HelloRetryRequest is not let in with early data at all: GnuTLS would wait for
 * it for ever.
 */
#include "quic/tls.h"
#include "quic/hello.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <stdlib.h>
#include <string.h>

/* RFC 9001 4.6.1: what a ticket says if early data may come. */
#define EARLY_UNBOUNDED UINT32_MAX

const char *
evquic_gnutls_version(void)
{
	return gnutls_check_version(NULL);
}

static ngtcp2_conn *
get_conn(ngtcp2_crypto_conn_ref *ref)
{
	struct evquic_conn *c = ref->user_data;

	return c->qc;
}

struct evquic_conn *
quic_tls_conn(gnutls_session_t session)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);

	return ref->user_data;
}

void
quic_tls_limits(
    ngtcp2_transport_params *params, const struct evquic_limits *limits)
{
	params->initial_max_streams_bidi = limits->max_streams_bidi;
	params->initial_max_streams_uni = limits->max_streams_uni;
	params->initial_max_stream_data_bidi_local = limits->stream_window;
	params->initial_max_stream_data_bidi_remote = limits->stream_window;
	params->initial_max_stream_data_uni = limits->stream_window;
	params->initial_max_data = limits->conn_window;
	params->max_idle_timeout = limits->idle_timeout_ms * NSEC_PER_MSEC;
}

/*
 * RFC 9000 7.4: a transport parameter that is sent twice; ngtcp2 takes the last
 * one.  The alert stops GnuTLS; what goes out is QUIC's own code.
 */
int
quic_tls_refuse_parameters(struct evquic_conn *c)
{
	quic_conn_abandon(c, NGTCP2_TRANSPORT_PARAMETER_ERROR,
	    "transport parameter sent twice");
	return GNUTLS_E_ILLEGAL_PARAMETER;
}

struct quic_tls *
quic_tls_new(struct evquic_conn *c)
{
	struct quic_tls *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->ref.get_conn = get_conn;
	t->ref.user_data = c;
	return t;
}

void
quic_tls_attach(struct evquic_conn *c, struct quic_tls *t)
{
	gnutls_session_set_ptr(t->session, &t->ref);
	ngtcp2_conn_set_tls_native_handle(c->qc, t->session);
	c->tls = t;
	/* GnuTLS's memory cannot be counted; see limits.h. */
	account_charge(&c->account, QUIC_TLS_BYTES);
}

int
quic_tls_install(struct evquic_conn *c, gnutls_record_encryption_level_t level,
    const void *rx, const void *tx, size_t len)
{
	ngtcp2_encryption_level l =
	    ngtcp2_crypto_gnutls_from_gnutls_record_encryption_level(level);

	if (rx != NULL && ngtcp2_crypto_derive_and_install_rx_key(
			      c->qc, NULL, NULL, NULL, l, rx, len) != 0)
		return -1;
	if (tx != NULL && ngtcp2_crypto_derive_and_install_tx_key(
			      c->qc, NULL, NULL, NULL, l, tx, len) != 0)
		return -1;
	return 0;
}

int
quic_tls_worker_init(struct evquic_worker *w)
{
	w->early = tls_early_new(w->io.now(w->io.ctx));
	return w->early != NULL ? 0 : -ENOMEM;
}

void
quic_tls_worker_done(struct evquic_worker *w)
{
	tls_early_free(w->early);
}

/* -------------------------------------------------------------- server -- */

static const struct evquic_offer *
find_offer(const struct evquic_service *service, const gnutls_datum_t *alpn)
{
	for (size_t i = 0; i < service->noffers; i++) {
		const char *name = service->offers[i].app->alpn;

		if (strlen(name) == alpn->size &&
		    memcmp(name, alpn->data, alpn->size) == 0)
			return &service->offers[i];
	}
	return NULL;
}

/* What a ticket is bound to: protocol, QUIC version, all the limits that
 * a client remembers (RFC 9000 7.4.1), the certificate's name. */
#define TICKET_CONTEXT_MAX 1024

static int
enable_tickets(struct evquic_conn *c, const gnutls_datum_t *alpn)
{
	gnutls_session_t session = c->tls->session;
	uint8_t context[TICKET_CONTEXT_MAX];
	uint8_t *at = context, *end = context + sizeof(context);
	char sni[NI_MAXHOST];
	size_t len = sizeof(sni);
	unsigned type;
	const char *name;
	ngtcp2_ssize n;

	*at++ = (uint8_t)alpn->size;
	memcpy(at, alpn->data, alpn->size);
	at += alpn->size;
	memcpy(at, &c->tls->version, sizeof(c->tls->version));
	at += sizeof(c->tls->version);
	n = ngtcp2_conn_encode_0rtt_transport_params(
	    c->qc, at + 1, (size_t)(end - at) - 1);
	if (n < 0 || n > UINT8_MAX)
		return -EINVAL;
	*at = (uint8_t)n;
	at += 1 + n;
	if (gnutls_server_name_get(session, sni, &len, &type, 0) != 0 ||
	    type != GNUTLS_NAME_DNS)
		len = 0;
	name = tls_cred_name_for(c->tls->cred, sni, strnlen(sni, len));
	len = strlen(name);
	if (len > (size_t)(end - at))
		len = (size_t)(end - at);
	memcpy(at, name, len);
	at += len;
	return tls_ticket_enable(
	    session, c->service->ticket_key, context, (size_t)(at - context));
}

/* Tickets and early data of the ClientHello that is being read. */
static int
prepare_resumption(struct evquic_conn *c, const gnutls_datum_t *alpn)
{
	const struct evquic_service *service = c->service;
	struct evquic_worker *w = c->router->worker;
	struct quic_tls *t = c->tls;

	if (t->has_hello) {
		/* HelloRetryRequest was sent; if early data had been let in,
		 * GnuTLS would never come to an end. */
		tls_early_refuse(t->session);
		return t->early_len > 0 ? GNUTLS_E_INTERNAL_ERROR : 0;
	}
	t->has_hello = true;
	if (service->no_tickets)
		return 0;
	if (enable_tickets(c, alpn) != 0)
		return GNUTLS_E_MEMORY_ERROR;
	t->early_check = (struct tls_early_check){
	    .seen = service->early_seen,
	    .now = w->io.now(w->io.ctx),
	};
	tls_early_tick(w->early, t->early_check.now);
	if (service->early_data && t->early_possible)
		tls_early_allow(w->early, t->session, &t->early_check);
	return 0;
}

static int
on_client_hello(gnutls_session_t session)
{
	struct evquic_conn *c = quic_tls_conn(session);
	const struct evquic_offer *offer;
	ngtcp2_transport_params params;
	gnutls_datum_t alpn;

	/* GNUTLS_ALPN_MANDATORY lets a ClientHello without the extension
	 * pass; RFC 9001 8.1 does not. */
	if (gnutls_alpn_get_selected_protocol(session, &alpn) != 0)
		return GNUTLS_E_NO_APPLICATION_PROTOCOL;
	offer = find_offer(c->service, &alpn);
	if (offer == NULL)
		return GNUTLS_E_NO_APPLICATION_PROTOCOL;
	/* RFC 8446 4.1.2: the second ClientHello asks for the same. */
	if (c->app != NULL && c->app != offer->app)
		return GNUTLS_E_ILLEGAL_PARAMETER;
	c->app = offer->app;
	c->arg = offer->arg;
	params = *ngtcp2_conn_get_local_transport_params(c->qc);
	quic_tls_limits(&params, offer->limits);
	if (ngtcp2_conn_set_local_transport_params(c->qc, &params) != 0)
		return GNUTLS_E_INTERNAL_ERROR;
	return prepare_resumption(c, &alpn);
}

/* The groups of tls/cred.c's priority for QUIC, by their numbers. */
static const uint16_t groups[] = {
    0x001d, /* x25519 */
    0x0017, /* secp256r1 */
    0x0018, /* secp384r1 */
    0x0019, /* secp521r1 */
    0x001e, /* x448 */
};

/* Before a ClientHello is parsed: what nobody else looks at. */
static int
look_at_hello(struct evquic_conn *c, const gnutls_datum_t *message)
{
	struct quic_hello hello;

	if (quic_hello_read(message->data, message->size, groups,
		sizeof(groups) / sizeof(groups[0]), &hello) != 0)
		return 0; /* GnuTLS finds out, and says what is wrong */
	if (hello.has_session_id) {
		quic_conn_abandon(
		    c, NGTCP2_PROTOCOL_VIOLATION, "legacy_session_id");
		return GNUTLS_E_ILLEGAL_PARAMETER;
	}
	/* The second ClientHello has to say the same (RFC 8446 4.1.2). */
	if (!c->tls->has_hello)
		c->tls->version = quic_version_agreed(c->service->versions,
		    ngtcp2_conn_get_client_chosen_version(c->qc),
		    hello.lists_version_2);
	c->tls->early_offered |= hello.has_early_data;
	c->tls->early_possible = hello.has_key_share_for_first_group;
	return hello.repeats_parameter ? quic_tls_refuse_parameters(c) : 0;
}

/*
 * RFC 9001 8.2: no QUIC without transport parameters.  ngtcp2 misses them only
 * when the handshake is complete, and asserts them before.  And what tickets
 * were looked at with is the version that was agreed on.
 */
static int
on_client_hello_hook(gnutls_session_t session, unsigned type, unsigned when,
    unsigned incoming, const gnutls_datum_t *message)
{
	struct evquic_conn *c = quic_tls_conn(session);

	(void)type;
	(void)incoming;
	if (when == GNUTLS_HOOK_PRE)
		return look_at_hello(c, message);
	if (ngtcp2_conn_get_remote_transport_params(c->qc) == NULL)
		return GNUTLS_E_MISSING_EXTENSION;
	return ngtcp2_conn_get_negotiated_version(c->qc) == c->tls->version
		   ? 0
		   : GNUTLS_E_ILLEGAL_PARAMETER;
}

static int
set_alpn(gnutls_session_t session, const struct evquic_service *service)
{
	gnutls_datum_t names[QUIC_MAX_OFFERS];

	for (size_t i = 0; i < service->noffers; i++) {
		const char *name = service->offers[i].app->alpn;

		names[i].data = (unsigned char *)(uintptr_t)name;
		names[i].size = (unsigned)strlen(name);
	}
	return gnutls_alpn_set_protocols(session, names,
	    (unsigned)service->noffers,
	    GNUTLS_ALPN_MANDATORY | GNUTLS_ALPN_SERVER_PRECEDENCE);
}

/* The handshake keys are there: what became of resumption is known. */
static void
count_resumption(struct evquic_conn *c)
{
	struct quic_counters *n = &c->router->worker->counters;
	struct quic_tls *t = c->tls;
	counter *which[] = {
	    [TLS_EARLY_UNASKED] = &n->early_refused,
	    [TLS_EARLY_NEW] = &n->early_refused,
	    [TLS_EARLY_REPLAYED] = &n->early_replayed,
	    [TLS_EARLY_FULL] = &n->early_full,
	};

	c->stats.resumed = gnutls_session_is_resumed(t->session) != 0;
	c->stats.early_data = t->early_len > 0;
	if (c->stats.resumed)
		counter_add(&n->sessions_resumed, 1);
	if (t->early_offered)
		counter_add(t->early_len > 0 ? &n->early_accepted
					     : which[t->early_check.verdict],
		    1);
}

static int
on_secret(gnutls_session_t session, gnutls_record_encryption_level_t level,
    const void *rx, const void *tx, size_t len)
{
	struct evquic_conn *c = quic_tls_conn(session);
	struct quic_tls *t = c->tls;
	int rc;

	if (level == GNUTLS_ENCRYPTION_LEVEL_EARLY) {
		assert(len <= sizeof(t->early_secret));
		memcpy(t->early_secret, rx, len);
		t->early_len = len;
		return 0;
	}
	rc = quic_tls_install(c, level, rx, tx, len);
	if (rc != 0 || level != GNUTLS_ENCRYPTION_LEVEL_HANDSHAKE || tx == NULL)
		return rc;
	count_resumption(c);
	if (t->early_len > 0)
		rc = quic_tls_install(c, GNUTLS_ENCRYPTION_LEVEL_EARLY,
		    t->early_secret, NULL, t->early_len);
	explicit_bzero(t->early_secret, sizeof(t->early_secret));
	return rc;
}

static int
make_server_session(struct quic_tls *t, const struct evquic_service *service)
{
	unsigned flags = GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET;

	/* Without the first one tickets say nothing of early data. */
	if (service->early_data)
		flags |= GNUTLS_ENABLE_EARLY_DATA | GNUTLS_NO_END_OF_EARLY_DATA;
	if (gnutls_init(&t->session, flags) != 0) {
		t->session = NULL;
		return -ENOMEM;
	}
	if (tls_cred_attach(t->cred, t->session, TLS_USE_QUIC) != 0 ||
	    ngtcp2_crypto_gnutls_configure_server_session(t->session) != 0 ||
	    set_alpn(t->session, service) != 0)
		return -ENOMEM;
	(void)gnutls_record_set_max_early_data_size(
	    t->session, EARLY_UNBOUNDED);
	gnutls_handshake_set_secret_function(t->session, on_secret);
	return 0;
}

int
quic_tls_server_new(struct evquic_conn *c)
{
	struct quic_tls *t = quic_tls_new(c);

	if (t == NULL)
		return -ENOMEM;
	t->cred = evquic_cred_ref(c->service->cred);
	if (make_server_session(t, c->service) != 0) {
		quic_tls_free(t);
		return -ENOMEM;
	}
	gnutls_handshake_set_post_client_hello_function(
	    t->session, on_client_hello);
	gnutls_handshake_set_hook_function(t->session,
	    GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_BOTH,
	    on_client_hello_hook);
	quic_tls_attach(c, t);
	return 0;
}

void
quic_tls_give_ticket(struct evquic_conn *c)
{
	if (!c->service->no_tickets && tls_ticket_give(c->tls->session) == 0)
		counter_add(&c->router->worker->counters.tickets_sent, 1);
}

void
quic_tls_free(struct quic_tls *t)
{
	if (t == NULL)
		return;
	if (t->session != NULL)
		gnutls_deinit(t->session);
	evquic_cred_unref(t->cred);
	evquic_trust_unref(t->trust);
	gnutls_free(t->resume.data);
	free(t->token);
	explicit_bzero(t->early_secret, sizeof(t->early_secret));
	free(t);
}

const char *
quic_tls_verify_error(const struct quic_tls *t)
{
	if (t == NULL || t->trust == NULL ||
	    t->peer.reason == TLS_VERIFY_PENDING ||
	    t->peer.reason == TLS_VERIFY_OK)
		return "";
	return tls_verify_text(t->peer.reason);
}
