/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client's half of the binding to GnuTLS, with resumption (RFC 8446 2.2)
 * and early data (RFC 9001 4.6).
 *
 * A session that the application was given is sealed under what it may be used
 * for: no certificate comes when it is resumed, so the demands must be those
 * under which one came.  One that does not fit, was damaged or is too old is
 * ignored: the handshake is a full one.
 */
#include "quic/hello.h"
#include "quic/session.h"
#include "quic/tls.h"

#include <assert.h>
#include <errno.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <stdlib.h>
#include <string.h>

/* RFC 8446 4.6.1: nothing is kept for longer than a week. */
#define LIFE_MAX (7 * 86400u)

/* ------------------------------------------------------------- session -- */

bool
quic_tls_session_read(const struct evquic_connect_options *o,
    const struct quic_versions *versions, nsec wall,
    struct quic_session *ret_session)
{
	const uint8_t *data = o->session;
	uint8_t bond[TLS_SESSION_SEAL], seal[TLS_SESSION_SEAL];
	struct quic_session s;

	if (data == NULL || o->session_len < sizeof(seal))
		return false;
	if (tls_session_bond(o->trust, o->name, o->app->alpn, bond) != 0 ||
	    tls_session_seal(bond, data + sizeof(seal),
		o->session_len - sizeof(seal), seal) != 0 ||
	    memcmp(data, seal, sizeof(seal)) != 0 ||
	    quic_session_read(
		data + sizeof(seal), o->session_len - sizeof(seal), &s) != 0)
		return false;
	if (!quic_version_is_one_of(versions, s.version) || s.expiry <= wall)
		return false;
	*ret_session = s;
	return true;
}

/* The parts of the session that the newest ticket makes; false: nobody could
 * use it. */
static bool
fill_session(struct evquic_conn *c, uint8_t params[QUIC_SESSION_PARAMS_MAX],
    struct quic_session *ret)
{
	const struct quic_tls *t = c->tls;
	const struct quic_io *io = &c->router->worker->io;
	ngtcp2_ssize n = ngtcp2_conn_encode_0rtt_transport_params(
	    c->qc, params, QUIC_SESSION_PARAMS_MAX);
	uint32_t life = t->ticket.life < LIFE_MAX ? t->ticket.life : LIFE_MAX;

	if (n <= 0 || t->resume.size > QUIC_SESSION_TICKET_MAX || life == 0)
		return false;
	*ret = (struct quic_session){
	    .version = ngtcp2_conn_get_negotiated_version(c->qc),
	    .early = t->ticket.has_early,
	    .expiry = io->wall(io->ctx) + life * NSEC_PER_SEC,
	    .ticket = {t->resume.data, t->resume.size},
	    .params = {params, (size_t)n},
	    .token = {t->token, t->token_len},
	};
	return true;
}

void
quic_tls_tell_session(struct evquic_conn *c)
{
	struct quic_tls *t = c->tls;
	uint8_t params[QUIC_SESSION_PARAMS_MAX];
	struct quic_session s;
	uint8_t *bytes;
	size_t len;

	if (c->server || t->resume.size == 0)
		return;
	if (c->app->session != NULL && !c->close_wanted &&
	    fill_session(c, params, &s)) {
		len = quic_session_size(&s);
		bytes = malloc(TLS_SESSION_SEAL + len);
		if (bytes != NULL) {
			quic_session_write(&s, bytes + TLS_SESSION_SEAL);
			if (tls_session_seal(t->bond, bytes + TLS_SESSION_SEAL,
				len, bytes) == 0)
				c->app->session(
				    c, bytes, TLS_SESSION_SEAL + len);
		}
		free(bytes);
	}
	gnutls_free(t->resume.data);
	t->resume = (gnutls_datum_t){NULL, 0};
}

void
quic_tls_keep_token(struct evquic_conn *c, const uint8_t *token, size_t len)
{
	struct quic_tls *t = c->tls;
	uint8_t *copy;

	if (len == 0 || len > QUIC_SESSION_TOKEN_MAX)
		return;
	copy = malloc(len);
	if (copy == NULL)
		return;
	memcpy(copy, token, len);
	free(t->token);
	t->token = copy;
	t->token_len = len;
}

/* ---------------------------------------------------------- handshake -- */

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

/* Before GnuTLS reads a ticket: what it does not tell about it. */
static int
read_ticket(struct evquic_conn *c, const gnutls_datum_t *message)
{
	struct tls_ticket *ticket = &c->tls->ticket;

	/* Its predecessor goes to the application first. */
	quic_tls_tell_session(c);
	*ticket = (struct tls_ticket){.life = 0};
	if (tls_ticket_read(message->data, message->size, ticket) != 0)
		return 0; /* GnuTLS says what is wrong with it */
	if (!ticket->has_early || ticket->early_bytes == UINT32_MAX)
		return 0;
	/* RFC 9001 4.6.1. */
	quic_conn_abandon(c, NGTCP2_PROTOCOL_VIOLATION,
	    "a ticket with a limit to early data");
	return GNUTLS_E_ILLEGAL_PARAMETER;
}

/* After: the session that it makes.  Without memory there is none. */
static int
take_ticket(struct evquic_conn *c)
{
	struct quic_tls *t = c->tls;

	if (gnutls_session_get_data2(t->session, &t->resume) != 0)
		t->resume = (gnutls_datum_t){NULL, 0};
	return 0;
}

/* A session has one hook only: that of all messages, before and after. */
static int
on_server_message(gnutls_session_t session, unsigned type, unsigned when,
    unsigned incoming, const gnutls_datum_t *message)
{
	struct evquic_conn *c = quic_tls_conn(session);

	if (!incoming)
		return 0;
	if (type == GNUTLS_HANDSHAKE_ENCRYPTED_EXTENSIONS &&
	    when == GNUTLS_HOOK_PRE &&
	    quic_hello_server_repeats_parameter(message->data, message->size))
		return quic_tls_refuse_parameters(c);
	if (type == GNUTLS_HANDSHAKE_FINISHED && when == GNUTLS_HOOK_POST)
		return check_alpn(session);
	if (type == GNUTLS_HANDSHAKE_NEW_SESSION_TICKET)
		return when == GNUTLS_HOOK_PRE ? read_ticket(c, message)
					       : take_ticket(c);
	return 0;
}

/*
 * The secret of early data comes a second time with the ClientHello that
 * answers HelloRetryRequest, when early data is refused already (RFC 8446
 * 4.2.10), and ngtcp2 asserts that it does not.
 */
static int
on_secret(gnutls_session_t session, gnutls_record_encryption_level_t level,
    const void *rx, const void *tx, size_t len)
{
	struct evquic_conn *c = quic_tls_conn(session);

	if (level == GNUTLS_ENCRYPTION_LEVEL_EARLY) {
		if (c->tls->early_sent)
			return 0;
		c->tls->early_sent = true;
	}
	return quic_tls_install(c, level, rx, tx, len);
}

void
quic_tls_client_done(struct evquic_conn *c)
{
	gnutls_session_t session = c->tls->session;

	c->stats.resumed = gnutls_session_is_resumed(session) != 0;
	c->stats.early_data =
	    c->tls->early_sent &&
	    (gnutls_session_get_flags(session) & GNUTLS_SFLAGS_EARLY_DATA) != 0;
}

static int
make_client_session(
    struct quic_tls *t, const struct evquic_connect_options *o, bool early)
{
	gnutls_datum_t alpn = {
	    .data = (unsigned char *)(uintptr_t)o->app->alpn,
	    .size = (unsigned)strlen(o->app->alpn),
	};
	unsigned flags = GNUTLS_CLIENT;
	int rc;

	if (early)
		flags |= GNUTLS_ENABLE_EARLY_DATA | GNUTLS_NO_END_OF_EARLY_DATA;
	if (gnutls_init(&t->session, flags) != 0) {
		t->session = NULL;
		return -ENOMEM;
	}
	rc = tls_trust_attach(
	    o->trust, t->session, TLS_USE_QUIC, o->name, &t->peer);
	if (rc != 0)
		return rc;
	if (tls_session_bond(o->trust, o->name, o->app->alpn, t->bond) != 0 ||
	    ngtcp2_crypto_gnutls_configure_client_session(t->session) != 0 ||
	    gnutls_alpn_set_protocols(
		t->session, &alpn, 1, GNUTLS_ALPN_MANDATORY) != 0)
		return -ENOMEM;
	gnutls_handshake_set_secret_function(t->session, on_secret);
	gnutls_handshake_set_hook_function(t->session, GNUTLS_HANDSHAKE_ANY,
	    GNUTLS_HOOK_BOTH, on_server_message);
	return 0;
}

int
quic_tls_client_new(struct evquic_conn *c,
    const struct evquic_connect_options *o, const struct quic_session *resume)
{
	/* Who owns his bytes would have to say them again if they are refused:
	 * there is no call for that. */
	bool early = resume != NULL && resume->early && o->early_data &&
		     o->app->pull == NULL;
	struct quic_tls *t = quic_tls_new(c);
	int rc;

	if (t == NULL)
		return -ENOMEM;
	t->trust = evquic_trust_ref(o->trust);
	rc = make_client_session(t, o, early);
	if (rc != 0) {
		quic_tls_free(t);
		return rc;
	}
	if (resume != NULL && gnutls_session_set_data(t->session,
				  resume->ticket.data, resume->ticket.len) == 0)
		c->early_wanted =
		    early &&
		    ngtcp2_conn_decode_and_set_0rtt_transport_params(
			c->qc, resume->params.data, resume->params.len) == 0;
	quic_tls_attach(c, t);
	return 0;
}
