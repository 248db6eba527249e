/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An application over QUIC in a hundred lines: what comes on a stream goes back
 * on it.
 *
 *	echo server PORT CERT KEY	serves on 127.0.0.1, prints the port
 *	echo client PORT TEXT CA	prints what comes back
 *
 * An application is a constant table of functions.  Each is called by the
 * library, none of them waits, and whatever they do (write, close, release) is
 * sent after all events of the loop's turn.
 */
#include <arpa/inet.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quic/evquic.h"

static int
on_opened(struct evquic_conn *conn)
{
	const char *text = evquic_conn_arg(conn); /* a client's, or NULL */
	struct evquic_stream *stream;
	struct evquic_buf *buf;

	if (text == NULL || evquic_stream_open(conn, true, &stream) != 0)
		return 0;
	buf = evquic_buf_new(evquic_conn_worker(conn), strlen(text));
	if (buf == NULL)
		return -1;
	memcpy(evquic_buf_data(buf), text, strlen(text));
	return evquic_stream_write(stream, buf, strlen(text), true);
}

static void
on_closed(struct evquic_conn *conn, const struct evquic_conn_stats *stats)
{
	const char *why = evquic_conn_verify_error(conn);

	if (evquic_conn_arg(conn) == NULL)
		return;
	if (!stats->handshake_done)
		fprintf(stderr, "no connection: %s\n", why);
	exit(stats->handshake_done ? 0 : 1);
}

static void
on_data(struct evquic_stream *stream, const uint8_t *data, size_t len, bool fin)
{
	struct evquic_conn *conn = evquic_stream_conn(stream);
	struct evquic_buf *buf;

	evquic_stream_consume(stream, len);
	if (evquic_conn_arg(conn) != NULL) { /* the client prints */
		fwrite(data, 1, len, stdout);
		if (fin)
			evquic_conn_close(conn, 0, NULL);
		return;
	}
	buf = evquic_buf_new(evquic_conn_worker(conn), len);
	if (buf != NULL)
		memcpy(evquic_buf_data(buf), data, len);
	(void)evquic_stream_write(stream, buf, buf != NULL ? len : 0, fin);
}

static void
on_reset(struct evquic_stream *stream, uint64_t code)
{
	evquic_stream_reset(stream, code);
}

static const struct evquic_app echo = {
    .size = sizeof(echo),
    .alpn = "echo",
    .limits = {.size = sizeof(echo.limits), .max_streams_bidi = 16},
    .opened = on_opened,
    .closed = on_closed,
    .stream_data = on_data,
    .stream_reset = on_reset,
    .stream_stopped = on_reset,
    .stream_closed = evquic_stream_release,
};

static void
fail(const char *what)
{
	fprintf(stderr, "echo: %s\n", what);
	exit(1);
}

static void
serve(struct evquic_endpoint *endpoint, const struct sockaddr_in *addr,
    char **file)
{
	struct evquic_offer offer = {.app = &echo};
	struct evquic_service_options options = {
	    .size = sizeof(options), .offers = &offer, .noffers = 1};
	struct sockaddr_storage bound;
	char why[EVQUIC_WHY_SIZE];

	/* Whose connections are to outlive it keeps these in a file. */
	if (getentropy(options.reset_key, sizeof(options.reset_key)) != 0 ||
	    getentropy(options.token_key, sizeof(options.token_key)) != 0)
		fail("there is no randomness");
	options.cred = evquic_cred_new();
	if (evquic_cred_add_files(
		options.cred, file[0], file[1], why, sizeof(why)) != 0)
		fail(why);
	if (evquic_endpoint_listen(endpoint, (const void *)addr, &bound) != 0)
		fail("the port is not to be had");
	evquic_endpoint_serve(endpoint, 0, evquic_service_new(&options));
	printf("%d\n", ntohs(((struct sockaddr_in *)(void *)&bound)->sin_port));
	fflush(stdout);
}

static void
ask(struct evquic_endpoint *endpoint, const struct sockaddr_in *addr,
    char **arg)
{
	struct evquic_trust_options demands = {
	    .size = sizeof(demands), .ca_file = arg[1]};
	struct evquic_connect_options options = {.size = sizeof(options),
	    .app = &echo,
	    .arg = arg[0],
	    .remote = (const void *)addr,
	    .name = "localhost"};
	struct evquic_conn *conn;
	char why[EVQUIC_WHY_SIZE];

	if (evquic_trust_new(&demands, why, sizeof(why), &options.trust) != 0)
		fail(why);
	if (evquic_connect(endpoint, 0, &options, &conn) != 0)
		fail("cannot begin a connection");
}

int
main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	struct evquic_worker *worker = evquic_worker_new(base, NULL);
	struct evquic_endpoint *endpoint = evquic_endpoint_new(&worker, 1);
	struct sockaddr_in addr = {.sin_family = AF_INET};

	if (argc != 5)
		fail("server PORT CERT KEY | client PORT TEXT CA");
	addr.sin_port = htons((uint16_t)atoi(argv[2]));
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (strcmp(argv[1], "server") == 0)
		serve(endpoint, &addr, argv + 3);
	else
		ask(endpoint, &addr, argv + 3);
	return event_base_dispatch(base);
}
