/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLS of the wrong server: a certificate made at the start, ALPN, tickets,
 * early data with a record of ClientHellos.
 *
 * Early data's key is kept back until there are handshake keys, as ngtcp2 does
 * not know the client's parameters before.
 */
#include "tests/fake/wrong/wrong.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

enum {
	TICKET_LIFE = 6 * 3600,
	SHORT_TICKET_LIFE = 600,
	REPLAY_WINDOW_MS = 24 * 3600 * 1000,
	CERT_DAYS = 30,
	DAY = 86400,
	SMALL_EARLY = 16384,
	ASK_MS = 250,
	TPARAMS = 57
};

static const char priority[] =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:%DISABLE_TLS13_COMPAT_MODE";

static struct wrong_conn *
session_conn(gnutls_session_t session)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);

	return ref->user_data;
}

static void
must(int rc, const char *what)
{
	if (rc < 0)
		raw_fatal("%s: %s", what, gnutls_strerror(rc));
}

/* For who wants to verify it. */
static void
write_certificate(const struct wrong_server *server, gnutls_x509_crt_t crt)
{
	FILE *file = fopen(server->options.ca, "w");
	gnutls_datum_t text;

	if (file == NULL)
		raw_fatal("%s: cannot be written", server->options.ca);
	must(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &text),
	    "certificate");
	fwrite(text.data, 1, text.size, file);
	gnutls_free(text.data);
	if (fclose(file) != 0)
		raw_fatal("%s: cannot be written", server->options.ca);
}

static void
make_certificate(struct wrong_server *server)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	uint8_t serial[8] = {1};
	uint8_t loopback[4] = {127, 0, 0, 1};
	time_t now = time(NULL);
	const char *name = "localhost";

	must(gnutls_x509_privkey_init(&key), "key");
	must(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
		 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
	    "key");
	must(gnutls_x509_crt_init(&crt), "certificate");
	must(gnutls_rnd(GNUTLS_RND_NONCE, serial + 1, 7), "random");
	must(gnutls_x509_crt_set_version(crt, 3), "certificate");
	must(gnutls_x509_crt_set_serial(crt, serial, 8), "certificate");
	must(gnutls_x509_crt_set_activation_time(crt, now - DAY), "time");
	must(gnutls_x509_crt_set_expiration_time(crt, now + CERT_DAYS * DAY),
	    "time");
	must(gnutls_x509_crt_set_dn(crt, "CN=localhost", NULL), "name");
	must(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name,
		 (unsigned)strlen(name), GNUTLS_FSAN_APPEND),
	    "name");
	must(gnutls_x509_crt_set_subject_alt_name(
		 crt, GNUTLS_SAN_IPADDRESS, loopback, 4, GNUTLS_FSAN_APPEND),
	    "name");
	must(gnutls_x509_crt_set_key(crt, key), "certificate");
	must(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0),
	    "signature");
	must(gnutls_certificate_set_x509_key(server->cred, &crt, 1, key),
	    "credentials");
	if (server->options.ca != NULL)
		write_certificate(server, crt);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

/* RFC 8446 8.2: a ClientHello is known by its binder, the end of this key. */
static int
on_hello_seen(void *arg, time_t expires, const gnutls_datum_t *key,
    const gnutls_datum_t *data)
{
	struct wrong_server *server = arg;
	struct wrong_hellos *h = &server->hellos;
	const size_t len = sizeof(h->seen[0]);
	const uint8_t *mark = key->data + key->size - len;

	(void)expires;
	(void)data;
	if (wrong_does(server, WRONG_EARLY_REPLAYED))
		return 0;
	for (size_t i = 0; i < h->count; i++)
		if (memcmp(h->seen[i], mark, len) == 0)
			return GNUTLS_E_DB_ENTRY_EXISTS;
	if (h->count == WRONG_HELLOS_MAX)
		return GNUTLS_E_DB_ENTRY_EXISTS;
	memcpy(h->seen[h->count++], mark, len);
	return 0;
}

void
wrong_tls_init(struct wrong_server *server)
{
	must(gnutls_certificate_allocate_credentials(&server->cred), "memory");
	make_certificate(server);
	must(gnutls_priority_init(&server->priority, priority, NULL),
	    "priority");
	must(gnutls_anti_replay_init(&server->replay), "memory");
	gnutls_anti_replay_set_window(server->replay, REPLAY_WINDOW_MS);
	gnutls_anti_replay_set_add_function(server->replay, on_hello_seen);
	gnutls_anti_replay_set_ptr(server->replay, server);
	must(gnutls_rnd(GNUTLS_RND_KEY, server->key, sizeof(server->key)),
	    "random");
	must(gnutls_rnd(GNUTLS_RND_KEY, server->ticket_key,
		 sizeof(server->ticket_key)),
	    "random");
}

void
wrong_tls_done(struct wrong_server *server)
{
	gnutls_anti_replay_deinit(server->replay);
	gnutls_priority_deinit(server->priority);
	gnutls_certificate_free_credentials(server->cred);
}

static ngtcp2_conn *
ref_conn(ngtcp2_crypto_conn_ref *ref)
{
	struct wrong_conn *conn = ref->user_data;

	return conn->quic;
}

/* RFC 9369 5: a ticket is of its version. */
static int
enable_tickets(struct wrong_conn *conn)
{
	uint8_t key[WRONG_TICKET_KEY_LEN];
	gnutls_datum_t datum = {key, sizeof(key)};
	uint32_t version = ngtcp2_conn_get_negotiated_version(conn->quic);
	const struct wrong_server *server = conn->server;

	memcpy(key, server->ticket_key, sizeof(key));
	if (!wrong_does(server, WRONG_TICKET_ANY_VERSION))
		for (size_t i = 0; i < sizeof(version); i++)
			key[i] ^= (uint8_t)(version >> 8 * i);
	gnutls_db_set_cache_expiration(conn->tls,
	    wrong_does(server, WRONG_TICKET_SHORT) ? SHORT_TICKET_LIFE
						   : TICKET_LIFE);
	return gnutls_session_ticket_enable_server(conn->tls, &datum);
}

static bool
is_our_alpn(const struct wrong_conn *conn)
{
	gnutls_datum_t alpn;

	if (gnutls_alpn_get_selected_protocol(conn->tls, &alpn) != 0)
		return wrong_conn_does(conn, WRONG_ALPN_NONE);
	return true;
}

static int
on_client_hello(gnutls_session_t session)
{
	struct wrong_conn *conn = session_conn(session);
	char name[256];
	size_t len = sizeof(name);
	unsigned type;

	if (!is_our_alpn(conn))
		return GNUTLS_E_NO_APPLICATION_PROTOCOL;
	if (wrong_conn_does(conn, WRONG_SNI_UNKNOWN) &&
	    gnutls_server_name_get(session, name, &len, &type, 0) == 0 &&
	    strncasecmp(name, "localhost", len) != 0)
		return GNUTLS_E_CERTIFICATE_ERROR;
	/* GnuTLS would wait for the early data of a second ClientHello. */
	if (conn->hellos++ > 0)
		return conn->early_len > 0 ? GNUTLS_E_INTERNAL_ERROR : 0;
	if (enable_tickets(conn) != 0)
		return GNUTLS_E_MEMORY_ERROR;
	/* Without it GnuTLS takes no early data. */
	if (!conn->server->options.no_early &&
	    !wrong_conn_does(conn, WRONG_EARLY_REFUSED_FATAL))
		gnutls_anti_replay_enable(session, conn->server->replay);
	return 0;
}

static int
on_hello_hook(gnutls_session_t session, unsigned type, unsigned when,
    unsigned incoming, const gnutls_datum_t *message)
{
	struct wrong_conn *conn = session_conn(session);
	uint64_t code;

	(void)type;
	if (!incoming)
		return 0;
	if (when == GNUTLS_HOOK_POST)
		return ngtcp2_conn_get_remote_transport_params(conn->quic) ==
			       NULL
			   ? GNUTLS_E_MISSING_EXTENSION
			   : 0;
	code = wrong_hello_look(conn, message->data, message->size);
	if (code == 0)
		return 0;
	wrong_conn_close(conn, false, code, "ClientHello");
	return GNUTLS_E_ILLEGAL_PARAMETER;
}

static int
on_secret(gnutls_session_t session, gnutls_record_encryption_level_t level,
    const void *rx, const void *tx, size_t len)
{
	struct wrong_conn *conn = session_conn(session);
	ngtcp2_encryption_level to =
	    ngtcp2_crypto_gnutls_from_gnutls_record_encryption_level(level);

	if (to == NGTCP2_ENCRYPTION_LEVEL_0RTT) {
		memcpy(conn->early_secret, rx, len);
		conn->early_len = len;
		return 0;
	}
	if (wrong_keys_install(conn, to, rx, tx, len) != 0)
		return -1;
	if (to != NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE || tx == NULL ||
	    conn->early_len == 0)
		return 0;
	return wrong_keys_install(conn, NGTCP2_ENCRYPTION_LEVEL_0RTT,
	    conn->early_secret, NULL, conn->early_len);
}

static int
on_handshake_out(gnutls_session_t session,
    gnutls_record_encryption_level_t level, gnutls_handshake_description_t type,
    const void *data, size_t len)
{
	struct wrong_conn *conn = session_conn(session);
	int rc;

	if (type == GNUTLS_HANDSHAKE_CHANGE_CIPHER_SPEC)
		return 0;
	rc = ngtcp2_conn_submit_crypto_data(conn->quic,
	    ngtcp2_crypto_gnutls_from_gnutls_record_encryption_level(level),
	    data, len);
	if (rc == 0)
		return 0;
	ngtcp2_conn_set_tls_error(conn->quic, rc);
	return -1;
}

static int
on_alert(gnutls_session_t session, gnutls_record_encryption_level_t level,
    gnutls_alert_level_t severity, gnutls_alert_description_t alert)
{
	struct wrong_conn *conn = session_conn(session);

	(void)level;
	(void)severity;
	if (alert == GNUTLS_A_NO_APPLICATION_PROTOCOL &&
	    wrong_conn_does(conn, WRONG_ALPN_CODE))
		alert = GNUTLS_A_BAD_CERTIFICATE;
	ngtcp2_conn_set_tls_alert(conn->quic, (uint8_t)alert);
	return 0;
}

static int
on_params_in(gnutls_session_t session, const uint8_t *data, size_t len)
{
	struct wrong_conn *conn = session_conn(session);
	int rc = ngtcp2_conn_decode_and_set_remote_transport_params(
	    conn->quic, data, len);

	if (rc == 0)
		return 0;
	ngtcp2_conn_set_tls_error(conn->quic, rc);
	return -1;
}

static int
on_params_out(gnutls_session_t session, gnutls_buffer_t out)
{
	struct raw_buf params = {0};
	int rc = wrong_params_write(session_conn(session), &params);

	if (rc == 0)
		rc = gnutls_buffer_append_data(out, params.data, params.len);
	raw_buf_done(&params);
	return rc == 0 ? 0 : -1;
}

static int
set_alpn(struct wrong_conn *conn)
{
	const struct wrong_server *server = conn->server;
	gnutls_datum_t names[4] = {{(unsigned char *)(uintptr_t) "doq", 3}};
	unsigned count = 1;

	if (wrong_does(server, WRONG_ALPN_ANY)) {
		names[count].data = (unsigned char *)(uintptr_t) "h3";
		names[count++].size = 2;
	}
	if (wrong_does(server, WRONG_ALPN_CASE)) {
		names[count].data = (unsigned char *)(uintptr_t) "DOQ";
		names[count++].size = 3;
	}
	if (wrong_does(server, WRONG_ALPN_DRAFT)) {
		names[count].data = (unsigned char *)(uintptr_t) "doq-i11";
		names[count++].size = 7;
	}
	return gnutls_alpn_set_protocols(conn->tls, names, count,
	    wrong_does(server, WRONG_ALPN_NONE)
		? 0
		: GNUTLS_ALPN_MANDATORY | GNUTLS_ALPN_SERVER_PRECEDENCE);
}

static void
set_functions(struct wrong_conn *conn)
{
	conn->ref.get_conn = ref_conn;
	conn->ref.user_data = conn;
	gnutls_session_set_ptr(conn->tls, &conn->ref);
	gnutls_handshake_set_secret_function(conn->tls, on_secret);
	gnutls_handshake_set_read_function(conn->tls, on_handshake_out);
	gnutls_alert_set_read_function(conn->tls, on_alert);
	gnutls_handshake_set_post_client_hello_function(
	    conn->tls, on_client_hello);
	gnutls_handshake_set_hook_function(conn->tls,
	    GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_BOTH, on_hello_hook);
}

int
wrong_tls_start(struct wrong_conn *conn)
{
	struct wrong_server *server = conn->server;
	unsigned flags = GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET;

	if (!server->options.no_early)
		flags |= GNUTLS_ENABLE_EARLY_DATA | GNUTLS_NO_END_OF_EARLY_DATA;
	if (gnutls_init(&conn->tls, flags) != 0 ||
	    gnutls_priority_set(conn->tls, server->priority) != 0 ||
	    gnutls_credentials_set(
		conn->tls, GNUTLS_CRD_CERTIFICATE, server->cred) != 0 ||
	    gnutls_session_ext_register(conn->tls, "transport parameters",
		TPARAMS, GNUTLS_EXT_TLS, on_params_in, on_params_out, NULL,
		NULL, NULL,
		GNUTLS_EXT_FLAG_TLS | GNUTLS_EXT_FLAG_CLIENT_HELLO |
		    GNUTLS_EXT_FLAG_EE) != 0 ||
	    set_alpn(conn) != 0)
		return -1;
	set_functions(conn);
	/* RFC 9001 4.6.1 */
	(void)gnutls_record_set_max_early_data_size(conn->tls,
	    wrong_does(server, WRONG_TICKET_EARLY_SIZE) ? SMALL_EARLY
							: UINT32_MAX);
	ngtcp2_conn_set_tls_native_handle(conn->quic, conn->tls);
	return 0;
}

void
wrong_tls_completed(struct wrong_conn *conn)
{

	(void)gnutls_session_ticket_send(conn->tls, 1, 0);
	if (wrong_conn_does(conn, WRONG_EARLY_REFUSED_FATAL) &&
	    conn->offers_early)
		wrong_conn_close(conn, true, DOQ_PROTOCOL_ERROR, "early data");
	if (wrong_conn_does(conn, WRONG_TICKET_SPOILT_FATAL) &&
	    conn->offers_psk && !gnutls_session_is_resumed(conn->tls))
		wrong_conn_close(conn, false, NGTCP2_INTERNAL_ERROR, "ticket");
	if (wrong_conn_does(conn, WRONG_RESUMED_FATAL) &&
	    gnutls_session_is_resumed(conn->tls))
		wrong_conn_close(conn, false, NGTCP2_INTERNAL_ERROR, "ticket");
	if (wrong_conn_does(conn, WRONG_V2_FATAL) &&
	    ngtcp2_conn_get_negotiated_version(conn->quic) ==
		NGTCP2_PROTO_VER_V2)
		wrong_conn_close(conn, false, NGTCP2_CONNECTION_REFUSED, "v2");
	if (wrong_conn_does(conn, WRONG_CERT_REQUEST))
		conn->ask_at = raw_now() + ASK_MS * RAW_MS;
}

void
wrong_tls_ask(struct wrong_conn *conn)
{
	/* RFC 8446 4.3.2: type 13, an empty context, signature_algorithms. */
	static const uint8_t request[] = {
	    13, 0, 0, 11, 0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3};

	conn->ask_at = 0;
	(void)ngtcp2_conn_submit_crypto_data(
	    conn->quic, NGTCP2_ENCRYPTION_LEVEL_1RTT, request, sizeof(request));
}
