/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extensions of a ClientHello that is honest but odd: a large one that nobody
 * knows, and transport parameters with additions.  Other than what hello.c
 * does these are in GnuTLS's transcript, so the handshake can succeed.
 */
#include "tools/doqspec/raw/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ngtcp2/ngtcp2_crypto_gnutls.h>

enum {
	EXT_PARAMETERS = 57,
	EXT_LARGE = 0xfe77, /* RFC 8446 11: private use */
	PARAMETERS_MAX = 1024
};

static struct raw_conn *
session_conn(gnutls_session_t session)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);

	return ref->user_data;
}

static int
ignore_bytes(gnutls_session_t session, const unsigned char *data, size_t len)
{
	(void)session;
	(void)data;
	(void)len;
	return 0;
}

static int
send_large(gnutls_session_t session, gnutls_buffer_t to)
{
	struct raw_buf bytes = {0};
	int rc;

	raw_buf_fill(
	    &bytes, 0, (size_t)session_conn(session)->settings.pad_hello);
	rc = gnutls_buffer_append_data(to, bytes.data, bytes.len);
	raw_buf_done(&bytes);
	return rc;
}

/* Takes out a parameter (RFC 9000 18), if it is there. */
static void
remove_parameter(struct raw_buf *params, uint64_t id)
{
	size_t at = 0;

	while (at < params->len) {
		uint64_t is = 0, size = 0;
		const uint8_t *p = params->data + at;
		size_t left = params->len - at;
		size_t used = raw_get_varint(p, left, &is);

		used += raw_get_varint(p + used, left - used, &size);
		used += (size_t)size;
		if (used > left)
			return;
		if (is == id) {
			memmove(params->data + at, p + used, left - used);
			params->len -= used;
			return;
		}
		at += used;
	}
}

static int
apply_rules(struct raw_buf *params, const char *rules)
{
	char *copy = raw_strdup(rules);
	char *rest = copy;
	char *rule;
	int rc = 0;

	while (rc == 0 && (rule = strsep(&rest, ";")) != NULL) {
		if (*rule == '-')
			remove_parameter(params, strtoull(rule + 1, NULL, 0));
		else if (*rule == '+')
			rc = raw_buf_hex(params, rule + 1, strlen(rule + 1));
		else
			rc = -EINVAL;
	}
	free(copy);
	return rc;
}

static int
send_parameters(gnutls_session_t session, gnutls_buffer_t to)
{
	struct raw_conn *conn = session_conn(session);
	uint8_t bytes[PARAMETERS_MAX];
	ngtcp2_ssize n = ngtcp2_conn_encode_local_transport_params(
	    conn->quic, bytes, sizeof(bytes));
	struct raw_buf params = {0};
	int rc;

	if (n < 0)
		return GNUTLS_E_INTERNAL_ERROR;
	raw_buf_add(&params, bytes, (size_t)n);
	if (apply_rules(&params, conn->settings.params) != 0)
		raw_fatal("no such parameters: %s", conn->settings.params);
	rc = gnutls_buffer_append_data(to, params.data, params.len);
	raw_buf_done(&params);
	return rc;
}

static int
receive_parameters(
    gnutls_session_t session, const unsigned char *data, size_t len)
{
	int rc = ngtcp2_conn_decode_and_set_remote_transport_params(
	    session_conn(session)->quic, data, len);

	return rc == 0 ? 0 : GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER;
}

static int
on_alert(gnutls_session_t session, gnutls_record_encryption_level_t level,
    gnutls_alert_level_t how, gnutls_alert_description_t alert)
{
	(void)level;
	(void)how;
	ngtcp2_conn_set_tls_alert(session_conn(session)->quic, (uint8_t)alert);
	return 0;
}

int
raw_extensions_add(struct raw_conn *conn)
{
	const unsigned flags = GNUTLS_EXT_FLAG_TLS |
			       GNUTLS_EXT_FLAG_CLIENT_HELLO |
			       GNUTLS_EXT_FLAG_EE;

	if (conn->settings.pad_hello > 0 &&
	    gnutls_session_ext_register(conn->tls, "large", EXT_LARGE,
		GNUTLS_EXT_TLS, ignore_bytes, send_large, NULL, NULL, NULL,
		GNUTLS_EXT_FLAG_TLS | GNUTLS_EXT_FLAG_CLIENT_HELLO) != 0)
		return -EINVAL;
	if (conn->settings.params == NULL)
		return 0;
	/* What ngtcp2's helper would have set up (see tls.c for the rest). */
	gnutls_alert_set_read_function(conn->tls, on_alert);
	return gnutls_session_ext_register(conn->tls, "parameters",
		   EXT_PARAMETERS, GNUTLS_EXT_TLS, receive_parameters,
		   send_parameters, NULL, NULL, NULL, flags) == 0
		   ? 0
		   : -EINVAL;
}
