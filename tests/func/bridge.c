/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS over TCP on one side, DNS over QUIC on the other, so that programs which
 * speak no DoQ can look through a DoQ server: a validator, above all.  What
 * passes is not understood: only the ID changes, to 0 and back.  Who comes by
 * UDP is told to come by TCP.
 *
 *	bridge PORT	to 127.0.0.1, PORT; prints its own port on 127.0.0.1
 *
 * A question (struct ask) belongs to the TCP client that asked it, or to
 * nobody when that one has gone; it ends with its stream or its connection.
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "quic/evquic.h"

enum {
	PREFIX_LEN = 2,
	HEADER_LEN = 12,
	ID_AT = 2,
	FLAGS_AT = 2, /* without prefix */
	FLAGS_QR_TC = 0x82,
	CANCELLED = 0x3
};

struct bridge {
	struct event_base *base;
	struct evquic_worker *worker;
	struct evquic_endpoint *endpoint;
	struct evquic_trust *trust;
	struct sockaddr_in server;
	struct evquic_conn *conn; /* NULL while there is none */
	struct list asks;
	struct list clients;
	bool is_open;
};

struct client {
	struct list link;
	struct bridge *bridge;
	struct bufferevent *tcp;
};

struct ask {
	struct list link;
	struct client *client;	      /* NULL: it has gone */
	struct evquic_stream *stream; /* NULL: it waits for one */
	struct evbuffer *query, *answer;
	uint8_t id[2];
};

static void
fail(const char *what)
{
	fprintf(stderr, "bridge: %s\n", what);
	exit(1);
}

/* ---- QUIC -------------------------------------------------------------- */

static void
finish(struct ask *ask)
{
	size_t len = evbuffer_get_length(ask->answer);
	uint8_t *data = evbuffer_pullup(ask->answer, -1);

	if (ask->client != NULL && len >= PREFIX_LEN + HEADER_LEN) {
		memcpy(data + ID_AT, ask->id, sizeof(ask->id));
		(void)bufferevent_write_buffer(ask->client->tcp, ask->answer);
	}
	if (ask->stream != NULL) {
		evquic_stream_set_data(ask->stream, NULL);
		evquic_stream_release(ask->stream);
	}
	list_remove(&ask->link);
	evbuffer_free(ask->query);
	evbuffer_free(ask->answer);
	free(ask);
}

static void
write_query(const struct bridge *bridge, struct ask *ask)
{
	size_t len = evbuffer_get_length(ask->query);
	struct evquic_buf *buf = evquic_buf_new(bridge->worker, len);

	if (buf == NULL)
		fail("out of memory");
	(void)evbuffer_copyout(ask->query, evquic_buf_data(buf), len);
	(void)evquic_stream_write(ask->stream, buf, len, true);
}

static void
send_waiting(struct bridge *bridge)
{
	struct list *at = bridge->asks.next;

	for (; at != &bridge->asks; at = at->next) {
		struct ask *ask = container_of(at, struct ask, link);

		if (ask->stream != NULL)
			continue;
		if (evquic_stream_open(bridge->conn, true, &ask->stream) != 0)
			return; /* on_room() or on_closed() follows */
		evquic_stream_set_data(ask->stream, ask);
		write_query(bridge, ask);
	}
}

static int
on_opened(struct evquic_conn *conn)
{
	struct bridge *bridge = evquic_conn_arg(conn);

	bridge->is_open = true;
	send_waiting(bridge);
	return 0;
}

static void
on_room(struct evquic_conn *conn)
{
	send_waiting(evquic_conn_arg(conn));
}

static void
on_closed(struct evquic_conn *conn, const struct evquic_conn_stats *stats)
{
	struct bridge *bridge = evquic_conn_arg(conn);

	(void)stats;
	bridge->conn = NULL;
	bridge->is_open = false;
	while (!list_is_empty(&bridge->asks))
		finish(container_of(bridge->asks.next, struct ask, link));
}

static void
on_data(struct evquic_stream *stream, const uint8_t *data, size_t len, bool fin)
{
	struct ask *ask = evquic_stream_data(stream);

	evquic_stream_consume(stream, len);
	if (ask == NULL)
		return;
	if (evbuffer_add(ask->answer, data, len) != 0)
		fail("out of memory");
	if (fin)
		finish(ask);
}

static void
on_reset(struct evquic_stream *stream, uint64_t code)
{
	struct ask *ask = evquic_stream_data(stream);

	(void)code;
	if (ask == NULL)
		return;
	(void)evbuffer_drain(ask->answer, evbuffer_get_length(ask->answer));
	evquic_stream_reset(stream, CANCELLED);
	finish(ask);
}

static void
on_stopped(struct evquic_stream *stream, uint64_t code)
{
	(void)stream;
	(void)code;
}

static void
on_stream_closed(struct evquic_stream *stream)
{
	struct ask *ask = evquic_stream_data(stream);

	if (ask != NULL)
		finish(ask);
}

static const struct evquic_app doq = {
    .size = sizeof(doq),
    .alpn = "doq",
    .limits = {.size = sizeof(doq.limits)},
    .opened = on_opened,
    .closed = on_closed,
    .stream_data = on_data,
    .stream_reset = on_reset,
    .stream_stopped = on_stopped,
    .stream_closed = on_stream_closed,
    .stream_room = on_room,
};

static void
need_connection(struct bridge *bridge)
{
	const struct evquic_connect_options options = {.size = sizeof(options),
	    .app = &doq,
	    .arg = bridge,
	    .remote = (const void *)&bridge->server,
	    .name = "localhost",
	    .trust = bridge->trust};

	if (bridge->conn == NULL &&
	    evquic_connect(bridge->endpoint, 0, &options, &bridge->conn) != 0)
		fail("cannot begin a connection");
	if (bridge->is_open)
		send_waiting(bridge);
}

/* ---- TCP --------------------------------------------------------------- */

static void
take_query(struct client *client, struct evbuffer *in, size_t len)
{
	static const uint8_t none[2] = {0, 0};
	struct ask *ask = calloc(1, sizeof(*ask));
	uint8_t prefix[PREFIX_LEN];

	if (ask == NULL || (ask->query = evbuffer_new()) == NULL ||
	    (ask->answer = evbuffer_new()) == NULL)
		fail("out of memory");
	ask->client = client;
	(void)evbuffer_remove(in, prefix, sizeof(prefix));
	(void)evbuffer_remove(in, ask->id, sizeof(ask->id));
	if (evbuffer_add(ask->query, prefix, sizeof(prefix)) != 0 ||
	    evbuffer_add(ask->query, none, sizeof(none)) != 0)
		fail("out of memory");
	(void)evbuffer_remove_buffer(
	    in, ask->query, len - PREFIX_LEN - sizeof(ask->id));
	list_append(&client->bridge->asks, &ask->link);
	need_connection(client->bridge);
}

static void
on_readable(struct bufferevent *tcp, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(tcp);
	uint8_t prefix[PREFIX_LEN];
	size_t len;

	while (evbuffer_copyout(in, prefix, sizeof(prefix)) == PREFIX_LEN) {
		len = PREFIX_LEN + (size_t)(prefix[0] << 8 | prefix[1]);
		if (len < PREFIX_LEN + HEADER_LEN)
			fail("that is no DNS");
		if (evbuffer_get_length(in) < len)
			return;
		take_query(arg, in, len);
	}
}

static void
free_client(struct client *client)
{
	struct list *head = &client->bridge->asks;

	for (struct list *at = head->next; at != head; at = at->next) {
		struct ask *ask = container_of(at, struct ask, link);

		if (ask->client == client)
			ask->client = NULL;
	}
	list_remove(&client->link);
	bufferevent_free(client->tcp);
	free(client);
}

static void
on_gone(struct bufferevent *tcp, short what, void *arg)
{
	(void)tcp;
	(void)what;
	free_client(arg);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *from, int len, void *arg)
{
	struct bridge *bridge = arg;
	struct client *client = calloc(1, sizeof(*client));

	(void)listener;
	(void)from;
	(void)len;
	if (client == NULL ||
	    (client->tcp = bufferevent_socket_new(
		 bridge->base, fd, BEV_OPT_CLOSE_ON_FREE)) == NULL)
		fail("out of memory");
	client->bridge = bridge;
	list_append(&bridge->clients, &client->link);
	bufferevent_setcb(client->tcp, on_readable, NULL, on_gone, client);
	(void)bufferevent_enable(client->tcp, EV_READ | EV_WRITE);
}

static void
on_datagram(evutil_socket_t fd, short what, void *arg)
{
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	uint8_t data[UINT16_MAX];
	ssize_t len =
	    recvfrom(fd, data, sizeof(data), 0, (void *)&from, &from_len);

	(void)what;
	(void)arg;
	if (len < HEADER_LEN)
		return;
	data[FLAGS_AT] |= FLAGS_QR_TC;
	(void)sendto(fd, data, (size_t)len, 0, (void *)&from, from_len);
}

/* The same port as TCP's. */
static struct event *
listen_udp(struct bridge *bridge, const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct event *event = event_new(
	    bridge->base, fd, EV_READ | EV_PERSIST, on_datagram, NULL);

	if (fd < 0 || bind(fd, (const void *)addr, sizeof(*addr)) != 0 ||
	    event == NULL || event_add(event, NULL) != 0)
		fail("no UDP port");
	return event;
}

static struct evconnlistener *
listen_tcp(struct bridge *bridge, struct sockaddr_in *ret_addr)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);
	struct evconnlistener *listener;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = evconnlistener_new_bind(bridge->base, on_accept, bridge,
	    LEV_OPT_CLOSE_ON_FREE, -1, (void *)&addr, sizeof(addr));
	if (listener == NULL || getsockname(evconnlistener_get_fd(listener),
				    (void *)&addr, &len) != 0)
		fail("no port");
	*ret_addr = addr;
	return listener;
}

static void
on_term(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static void
set_up(struct bridge *bridge, const char *port)
{
	const struct evquic_trust_options any = {
	    .size = sizeof(any), .flags = EVQUIC_TRUST_INSECURE};

	list_init(&bridge->asks);
	list_init(&bridge->clients);
	bridge->server.sin_family = AF_INET;
	bridge->server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bridge->server.sin_port = htons((uint16_t)atoi(port));
	bridge->base = event_base_new();
	bridge->worker = evquic_worker_new(bridge->base, NULL);
	bridge->endpoint = evquic_endpoint_new(&bridge->worker, 1);
	if (bridge->endpoint == NULL ||
	    evquic_trust_new(&any, NULL, 0, &bridge->trust) != 0)
		fail("out of memory");
}

int
main(int argc, char **argv)
{
	struct bridge bridge = {.is_open = false};
	struct evconnlistener *listener;
	struct sockaddr_in addr;
	struct event *term, *udp;

	if (argc != 2)
		fail("PORT");
	set_up(&bridge, argv[1]);
	listener = listen_tcp(&bridge, &addr);
	udp = listen_udp(&bridge, &addr);
	printf("%d\n", ntohs(addr.sin_port));
	fflush(stdout);
	term = evsignal_new(bridge.base, SIGTERM, on_term, bridge.base);
	(void)event_add(term, NULL);
	(void)event_base_dispatch(bridge.base);
	event_free(term);
	event_free(udp);
	evconnlistener_free(listener);
	while (!list_is_empty(&bridge.clients))
		free_client(
		    container_of(bridge.clients.next, struct client, link));
	evquic_endpoint_free(bridge.endpoint); /* its connection ends, too */
	evquic_trust_unref(bridge.trust);
	evquic_worker_free(bridge.worker);
	event_base_free(bridge.base);
	return 0;
}
