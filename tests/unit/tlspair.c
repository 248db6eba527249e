/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two GnuTLS sessions over two buffers, for tests of what happens inside
 * a handshake.
 */
#include "tests/unit/tlspair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 20

static ssize_t
push(gnutls_transport_ptr_t ptr, const void *data, size_t len)
{
	struct tlspair_end *end = ptr;
	struct tlspair_wire *wire = end->out;

	if (len > sizeof(wire->data) - wire->len) {
		gnutls_transport_set_errno(end->session, EIO);
		return -1;
	}
	memcpy(wire->data + wire->len, data, len);
	wire->len += len;
	return (ssize_t)len;
}

static ssize_t
pull(gnutls_transport_ptr_t ptr, void *data, size_t len)
{
	struct tlspair_end *end = ptr;
	struct tlspair_wire *wire = end->in;

	if (wire->read == wire->len) {
		gnutls_transport_set_errno(end->session, EAGAIN);
		return -1;
	}
	if (len > wire->len - wire->read)
		len = wire->len - wire->read;
	memcpy(data, wire->data + wire->read, len);
	wire->read += len;
	return (ssize_t)len;
}

static void
start_end(struct tlspair_end *end, unsigned int flags)
{
	end->rc = GNUTLS_E_AGAIN;
	if (gnutls_init(&end->session, flags | GNUTLS_NONBLOCK) != 0)
		exit(1);
	gnutls_transport_set_ptr(end->session, end);
	gnutls_transport_set_push_function(end->session, push);
	gnutls_transport_set_pull_function(end->session, pull);
}

struct tlspair *
tlspair_new(const struct evquic_cred *cred, const struct evquic_trust *trust,
    enum tls_use use, const char *host)
{
	struct tlspair *pair = calloc(1, sizeof(*pair));

	if (pair == NULL)
		exit(1);
	pair->client.in = pair->server.out = &pair->to_client;
	pair->client.out = pair->server.in = &pair->to_server;
	start_end(&pair->client, GNUTLS_CLIENT);
	start_end(&pair->server, GNUTLS_SERVER);
	if (tls_trust_attach(
		trust, pair->client.session, use, host, &pair->peer) != 0 ||
	    tls_cred_attach(cred, pair->server.session, use) != 0) {
		fprintf(stderr, "tlspair: %s\n", host != NULL ? host : "-");
		exit(1);
	}
	return pair;
}

static void
step_end(struct tlspair_end *end)
{
	if (end->rc == 0 || gnutls_error_is_fatal(end->rc) != 0)
		return;
	end->rc = gnutls_handshake(end->session);
	/* What QUIC does by CONNECTION_CLOSE. */
	if (end->rc < 0 && gnutls_error_is_fatal(end->rc) != 0)
		(void)gnutls_alert_send_appropriate(end->session, end->rc);
}

void
tlspair_step(struct tlspair *pair)
{
	step_end(&pair->client);
	step_end(&pair->server);
}

int
tlspair_run(struct tlspair *pair)
{
	int i;

	for (i = 0; i < STEPS_MAX; i++)
		tlspair_step(pair);
	return pair->client.rc;
}

int
tlspair_can_talk(struct tlspair *pair)
{
	static const char query[] = "query";
	char got[sizeof(query)];

	return gnutls_record_send(pair->client.session, query, sizeof(query)) ==
		   (ssize_t)sizeof(query) &&
	       gnutls_record_recv(pair->server.session, got, sizeof(got)) ==
		   (ssize_t)sizeof(got) &&
	       memcmp(query, got, sizeof(got)) == 0;
}

void
tlspair_free(struct tlspair *pair)
{
	gnutls_deinit(pair->client.session);
	gnutls_deinit(pair->server.session);
	free(pair);
}
