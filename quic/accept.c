/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a connection begins: accepted from a client's first packet, or begun by
 * us.  What differs between server and client stands here; from then on
 * conn.c serves both.
 */
#include "quic/internal.h"
#include "quic/session.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRACE_LINE 1024

/* ngtcp2's own log, a line a call, as the worker's trace. */
__attribute__((format(printf, 2, 3))) static void
trace_line(void *user_data, const char *fmt, ...)
{
	const struct evquic_conn *c = user_data;
	char line[TRACE_LINE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	c->router->worker->trace(c->router->worker->trace_arg, c, line);
}

static void
fill_settings(ngtcp2_settings *st, const struct evquic_conn *c, nsec now)
{
	struct evquic_worker *w = c->router->worker;

	ngtcp2_settings_default(st);
	st->initial_ts = now;
	st->max_tx_udp_payload_size = QUIC_MAX_TX_PAYLOAD;
	st->handshake_timeout = QUIC_HANDSHAKE_TIMEOUT;
	st->rand_ctx.native_handle = w;
	if (w->trace != NULL)
		st->log_printf = trace_line;
}

int
quic_conn_new_cid(struct evquic_conn *c, ngtcp2_cid *ret_cid, uint8_t *token)
{
	struct evquic_worker *w = c->router->worker;

	quic_cid_draw(c->router, ret_cid);
	if (c->server) /* under the key of today, not of its beginning */
		quic_stateless_token(c->router->service->reset_key,
		    ret_cid->data, ret_cid->datalen, token);
	else /* nobody resets our client's connections for us */
		random_bytes(
		    &w->random, token, NGTCP2_STATELESS_RESET_TOKENLEN);
	return quic_cid_add(c, ret_cid->data, ret_cid->datalen);
}

/* RFC 9000 7.3, 8.1: the IDs that the client compares with what it saw, and
 * whether its address is proved, so that no limit holds us back. */
static void
fill_proof(ngtcp2_settings *st, ngtcp2_transport_params *tp,
    const struct quic_initial *in)
{
	tp->original_dcid = in->odcid;
	tp->original_dcid_present = 1;
	if (in->proof == QUIC_PROOF_NONE)
		return;
	st->token = in->hd.token;
	st->tokenlen = in->hd.tokenlen;
	st->token_type = NGTCP2_TOKEN_TYPE_NEW_TOKEN;
	if (in->proof == QUIC_PROOF_RETRY) {
		st->token_type = NGTCP2_TOKEN_TYPE_RETRY;
		tp->retry_scid = in->hd.dcid;
		tp->retry_scid_present = 1;
	}
}

/* Makes the ngtcp2 and TLS objects of a server's connection. */
static int
make_server(struct evquic_conn *c, const ngtcp2_path *path,
    const struct quic_initial *in, nsec now)
{
	const ngtcp2_pkt_hd *hd = &in->hd;
	ngtcp2_settings st;
	ngtcp2_transport_params tp;
	ngtcp2_conn *qc;
	ngtcp2_cid scid;
	int rc;

	fill_settings(&st, c, now);
	quic_version_set(c->service->versions, &st);
	st.handshake_timeout = c->service->handshake_timeout;
	ngtcp2_transport_params_default(&tp);
	tp.active_connection_id_limit = QUIC_ACTIVE_CID_LIMIT;
	fill_proof(&st, &tp, in);
	tp.stateless_reset_token_present = 1;
	/* The real limits are the application's, known by ALPN only; see
	 * tls.c.  The window's growth has to be said now. */
	quic_tls_limits(&tp, &c->service->limits[0]);
	st.max_window = c->service->limits[0].conn_window_max;
	st.max_stream_window = c->service->limits[0].stream_window;
	c->max_bytes = QUIC_CONN_BYTES_MAX + 2 * st.max_window;
	rc = quic_conn_new_cid(c, &scid, tp.stateless_reset_token);
	if (rc == 0)
		rc = quic_cid_add(c, hd->dcid.data, hd->dcid.datalen);
	if (rc != 0)
		return rc;
	/* On failure ngtcp2 leaves a pointer to what it has freed. */
	if (ngtcp2_conn_server_new(&qc, &hd->scid, &scid, path, hd->version,
		&quic_server_callbacks, &st, &tp, &c->mem, c) != 0)
		return -ENOMEM;
	c->qc = qc;
	return quic_tls_server_new(c);
}

void
quic_guest_leaves(struct quic_router *r, const struct quic_initial *in)
{
	const struct evquic_door *door = r->service->door;

	if (door != NULL)
		door->left(r->worker, in->guest, in->proof != QUIC_PROOF_NONE);
}

int
quic_conn_accept(struct quic_socket *s, const ngtcp2_path *path,
    const struct quic_initial *in, nsec now, struct evquic_conn **ret)
{
	struct evquic_conn *c = quic_conn_new(s, path, now);
	int rc;

	if (c == NULL) {
		quic_guest_leaves(s->router, in);
		return -ENOMEM;
	}
	c->server = true;
	c->proved = in->proof != QUIC_PROOF_NONE;
	c->guest = in->guest;
	if (!c->proved)
		list_append(&s->router->halves, &c->half_link);
	s->router->worker->handshakes++;
	c->service = evquic_service_ref(s->router->service);
	rc = make_server(c, path, in, now);
	if (rc != 0) {
		quic_conn_die(c, EVQUIC_CLOSED_FAILED);
		return rc;
	}
	counter_add(&s->router->worker->counters.conns_accepted, 1);
	*ret = c;
	return 0;
}

/* Which versions a client speaks, and the first one of its own. */
static const struct quic_versions *
client_versions(enum evquic_versions versions, uint32_t *ret_first)
{
	switch (versions) {
	case EVQUIC_VERSIONS_2:
		*ret_first = NGTCP2_PROTO_VER_V2;
		return &quic_version_2;
	case EVQUIC_VERSIONS_1_OR_2:
		*ret_first = NGTCP2_PROTO_VER_V1;
		return &quic_version_2_and_1;
	case EVQUIC_VERSIONS_1:
		break;
	}
	*ret_first = NGTCP2_PROTO_VER_V1;
	return &quic_version_1;
}

/* Makes the ngtcp2 and TLS objects of a client's connection. */
static int
make_client(struct evquic_conn *c, const ngtcp2_path *path,
    const struct evquic_connect_options *o, nsec now)
{
	struct evquic_limits limits;
	ngtcp2_settings st;
	ngtcp2_transport_params tp;
	ngtcp2_conn *qc;
	ngtcp2_cid scid, dcid;
	uint8_t unused[NGTCP2_STATELESS_RESET_TOKENLEN];
	const struct quic_versions *versions;
	const struct quic_io *io = &c->router->worker->io;
	struct quic_session resume;
	uint32_t version;
	bool resumes;
	int rc;

	quic_limits_fill(&limits, o->app, o->limits);
	fill_settings(&st, c, now);
	versions = client_versions(o->versions, &version);
	quic_version_set(versions, &st);
	resumes =
	    quic_tls_session_read(o, versions, io->wall(io->ctx), &resume);
	if (resumes) /* RFC 9369 5: where it comes from, it leads to */
		version = resume.version;
	if (o->handshake_timeout_ms != 0)
		st.handshake_timeout = o->handshake_timeout_ms * NSEC_PER_MSEC;
	st.max_window = limits.conn_window_max;
	st.max_stream_window = limits.stream_window;
	c->max_bytes = QUIC_CONN_BYTES_MAX + 2 * st.max_window;
	if (resumes && resume.token.len > 0) {
		st.token = resume.token.data;
		st.tokenlen = resume.token.len;
	}
	ngtcp2_transport_params_default(&tp);
	tp.active_connection_id_limit = QUIC_ACTIVE_CID_LIMIT;
	quic_tls_limits(&tp, &limits);
	quic_cid_draw(c->router, &dcid);
	rc = quic_conn_new_cid(c, &scid, unused);
	if (rc != 0)
		return rc;
	if (ngtcp2_conn_client_new(&qc, &dcid, &scid, path, version,
		&quic_client_callbacks, &st, &tp, &c->mem, c) != 0)
		return -ENOMEM;
	c->qc = qc;
	return quic_tls_client_new(c, o, resumes ? &resume : NULL);
}

int
quic_conn_connect(struct quic_socket *s, const struct evquic_connect_options *o,
    nsec now, struct evquic_conn **ret)
{
	union quic_addr local = s->bound, remote;
	ngtcp2_path path = {
	    .local = {&local.sa, quic_addr_len(&local)},
	    .user_data = s,
	};
	struct evquic_conn *c;
	int rc;

	(void)quic_addr_copy(&remote, o->remote);
	path.remote.addr = &remote.sa;
	path.remote.addrlen = quic_addr_len(&remote);
	c = quic_conn_new(s, &path, now);
	if (c == NULL) {
		quic_socket_free(s);
		return -ENOMEM;
	}
	c->arg = o->arg;
	s->owner = c;
	rc = make_client(c, &path, o, now);
	if (rc != 0) {
		quic_conn_die(c, EVQUIC_CLOSED_FAILED);
		return rc;
	}
	c->app = o->app; /* from here on it hears of the end */
	counter_add(&s->router->worker->counters.conns_connected, 1);
	quic_worker_ready(c);
	*ret = c;
	return 0;
}

/* A socket of its own for a client: a fresh random port, and ICMP errors. */
static int
client_socket(struct quic_router *r, const union quic_addr *remote,
    struct quic_socket **ret)
{
	union quic_addr local;
	socklen_t len = sizeof(local);
	int fd, rc = quic_udp_open(remote->sa.sa_family, &fd);

	if (rc != 0)
		return rc;
	memset(&local, 0, sizeof(local));
	if (connect(fd, &remote->sa, quic_addr_len(remote)) != 0 ||
	    getsockname(fd, &local.sa, &len) != 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	*ret = quic_socket_new(r, fd, &local, true);
	return *ret != NULL ? 0 : -ENOMEM;
}

int
evquic_connect(struct evquic_endpoint *e, size_t worker,
    const struct evquic_connect_options *o, struct evquic_conn **ret_conn)
{
	struct quic_router *r = quic_endpoint_router(e, worker);
	struct evquic_worker *w = r->worker;
	union quic_addr remote;
	struct quic_socket *s = NULL;
	int rc;

	if (o->size != sizeof(*o) || o->app == NULL || o->trust == NULL ||
	    o->remote == NULL || !quic_app_is_whole(o->app) ||
	    (unsigned)o->versions > EVQUIC_VERSIONS_1_OR_2)
		return -EINVAL;
	if (!quic_addr_copy(&remote, o->remote))
		return -EAFNOSUPPORT;
	rc = client_socket(r, &remote, &s);
	if (rc != 0)
		return rc;
	return quic_conn_connect(s, o, w->io.now(w->io.ctx), ret_conn);
}
