/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The binding of ngtcp2 to GnuTLS: sessions, and the choice of the application.
 *
 * A server chooses in GnuTLS's post-client-hello function: ALPN is parsed by
 * then, and the transport parameters are not yet written, so that each
 * application tells its own limits.  It may run twice (HelloRetryRequest) and
 * is harmless to repeat.
 *
 * No tickets are sent in this version, hence no resumption and no early data.
 */
#include "quic/hello.h"
#include "quic/internal.h"
#include "tls/verify.h"

#include <assert.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <stdlib.h>
#include <string.h>

struct quic_tls {
	gnutls_session_t session;
	ngtcp2_crypto_conn_ref ref; /* what the session's pointer leads to */
	struct evquic_cred *cred;   /* server: pinned while the session lives */
	struct evquic_trust *trust; /* client */
	struct tls_peer_name peer;
};

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
static int
refuse_parameters(struct evquic_conn *c)
{
	quic_conn_abandon(c, NGTCP2_TRANSPORT_PARAMETER_ERROR,
	    "transport parameter sent twice");
	return GNUTLS_E_ILLEGAL_PARAMETER;
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

static int
on_client_hello(gnutls_session_t session)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);
	struct evquic_conn *c = ref->user_data;
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
	c->app = offer->app;
	c->arg = offer->arg;
	params = *ngtcp2_conn_get_local_transport_params(c->qc);
	quic_tls_limits(&params, offer->limits);
	if (ngtcp2_conn_set_local_transport_params(c->qc, &params) != 0)
		return GNUTLS_E_INTERNAL_ERROR;
	return 0;
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
	return hello.repeats_parameter ? refuse_parameters(c) : 0;
}

/*
 * RFC 9001 8.2: no QUIC without transport parameters.  ngtcp2 misses them only
 * when the handshake is complete, and asserts them before.
 */
static int
on_client_hello_hook(gnutls_session_t session, unsigned type, unsigned when,
    unsigned incoming, const gnutls_datum_t *message)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);
	struct evquic_conn *c = ref->user_data;

	(void)type;
	(void)incoming;
	if (when == GNUTLS_HOOK_PRE)
		return look_at_hello(c, message);
	return ngtcp2_conn_get_remote_transport_params(c->qc) != NULL
		   ? 0
		   : GNUTLS_E_MISSING_EXTENSION;
}

static struct quic_tls *
tls_new(struct evquic_conn *c)
{
	struct quic_tls *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->ref.get_conn = get_conn;
	t->ref.user_data = c;
	return t;
}

/* Gives a finished session to its connection. */
static void
attach(struct evquic_conn *c, struct quic_tls *t)
{
	gnutls_session_set_ptr(t->session, &t->ref);
	ngtcp2_conn_set_tls_native_handle(c->qc, t->session);
	c->tls = t;
	/* GnuTLS's memory cannot be counted; see limits.h. */
	account_charge(&c->account, QUIC_TLS_BYTES);
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

int
quic_tls_server_new(struct evquic_conn *c)
{
	struct evquic_cred *cred = c->service->cred;
	struct quic_tls *t = tls_new(c);

	if (t == NULL)
		return -ENOMEM;
	t->cred = evquic_cred_ref(cred);
	if (gnutls_init(
		&t->session, GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET) != 0) {
		t->session = NULL;
		goto fail;
	}
	if (tls_cred_attach(cred, t->session, TLS_USE_QUIC) != 0 ||
	    ngtcp2_crypto_gnutls_configure_server_session(t->session) != 0 ||
	    set_alpn(t->session, c->service) != 0)
		goto fail;
	gnutls_handshake_set_post_client_hello_function(
	    t->session, on_client_hello);
	gnutls_handshake_set_hook_function(t->session,
	    GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_BOTH,
	    on_client_hello_hook);
	attach(c, t);
	return 0;
fail:
	quic_tls_free(t);
	return -ENOMEM;
}

/* -------------------------------------------------------------- client -- */

/*
 * GNUTLS_ALPN_MANDATORY is a server's word only: a server that answers without
 * the extension has not agreed (RFC 9001 8.1).  The hook of the message that
 * carries it is called before it is parsed; hence that of a later one.
 */
static int
check_alpn(gnutls_session_t session)
{
	gnutls_datum_t alpn;

	return gnutls_alpn_get_selected_protocol(session, &alpn) == 0
		   ? 0
		   : GNUTLS_E_NO_APPLICATION_PROTOCOL;
}

/* A session has one hook only: that of all messages, before and after. */
static int
on_server_message(gnutls_session_t session, unsigned type, unsigned when,
    unsigned incoming, const gnutls_datum_t *message)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);
	struct evquic_conn *c = ref->user_data;

	if (!incoming)
		return 0;
	if (type == GNUTLS_HANDSHAKE_ENCRYPTED_EXTENSIONS &&
	    when == GNUTLS_HOOK_PRE &&
	    quic_hello_server_repeats_parameter(message->data, message->size))
		return refuse_parameters(c);
	if (type == GNUTLS_HANDSHAKE_FINISHED && when == GNUTLS_HOOK_POST)
		return check_alpn(session);
	return 0;
}

int
quic_tls_client_new(
    struct evquic_conn *c, const struct evquic_connect_options *o)
{
	gnutls_datum_t alpn = {
	    .data = (unsigned char *)(uintptr_t)o->app->alpn,
	    .size = (unsigned)strlen(o->app->alpn),
	};
	struct quic_tls *t = tls_new(c);
	int rc = -ENOMEM;

	if (t == NULL)
		return -ENOMEM;
	t->trust = evquic_trust_ref(o->trust);
	if (gnutls_init(&t->session, GNUTLS_CLIENT) != 0) {
		t->session = NULL;
		goto fail;
	}
	rc = tls_trust_attach(
	    o->trust, t->session, TLS_USE_QUIC, o->name, &t->peer);
	if (rc != 0)
		goto fail;
	rc = -ENOMEM;
	if (ngtcp2_crypto_gnutls_configure_client_session(t->session) != 0 ||
	    gnutls_alpn_set_protocols(
		t->session, &alpn, 1, GNUTLS_ALPN_MANDATORY) != 0)
		goto fail;
	gnutls_handshake_set_hook_function(t->session, GNUTLS_HANDSHAKE_ANY,
	    GNUTLS_HOOK_BOTH, on_server_message);
	attach(c, t);
	return 0;
fail:
	quic_tls_free(t);
	return rc;
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
