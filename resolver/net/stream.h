/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream of DNS messages, each with its length of 2 octets in front
 * (RFC 1035 4.2.2, RFC 7766 8), over TCP.
 *
 * The owner embeds the stream and is called back when a message came and when
 * the stream ended.  It may call any function here from within these calls, but
 * must not free the stream's memory before they have returned.
 */
#ifndef RESOLVER_NET_STREAM_H
#define RESOLVER_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/timer.h"
#include "dns/frame.h"
#include "resolver/net/io.h"

struct net_stream;

struct net_stream_app {
	/* The connection stands.  May be NULL. */
	void (*on_open)(struct net_stream *stream);
	/* A message of 12 octets or more; lent for this call. */
	void (*on_message)(
	    struct net_stream *stream, const uint8_t *msg, size_t len);
	/* The stream ended and is idle again; the last call.  `error` is 0 if
	 * the peer ended it between two messages, -ECONNRESET if within one,
	 * -EBADMSG for a length below that of a header, -ETIMEDOUT if it could
	 * not be connected in time, or what the system said. */
	void (*on_closed)(struct net_stream *stream, int error);
};

/* What streams of one worker share; it outlives them. */
struct net_stream_env {
	const struct net_io *io;
	struct timers *timers;
	uint8_t *scratch; /* NET_STREAM_READ_SIZE octets to read into */
};

enum net_stream_state {
	NET_STREAM_IDLE, /* not yet, or no longer */
	NET_STREAM_CONNECTING,
	NET_STREAM_OPEN,
};

/* Only `state` and `is_paused` are for others to read. */
struct net_stream {
	enum net_stream_state state;
	const struct net_stream_env *env;
	const struct net_stream_app *app;
	struct net_watch watch;
	struct timer deadline; /* for connecting */
	struct dns_frame frame;
	struct evquic_buf *out; /* what is to be sent: a chain that we own */
	struct evquic_buf **out_end;
	size_t unsent;	/* octets in it */
	bool is_broken; /* nothing more can be written */
	bool is_paused; /* nothing is read */
	unsigned epoch; /* changes with each close */
};

/* Makes an idle stream.  `app` is constant. */
void net_stream_init(struct net_stream *stream,
    const struct net_stream_env *env, const struct net_stream_app *app);

/*
 * Starts to connect an idle stream; `deadline` is a point in time, `len` the
 * length of the address.  Messages may be sent at once, they wait.  Returns 0,
 * and on_open or on_closed comes later, never from within; or a negative
 * errno, and the stream is idle.
 */
int net_stream_connect(struct net_stream *stream, const struct sockaddr *sa,
    socklen_t len, nsec deadline);

/*
 * Queues a message, whose length goes into the headroom in front of it; the
 * buffer is the stream's in any case.  Nothing is written before
 * net_stream_flush().  Returns 0; -EMSGSIZE if it is empty or longer than a
 * message can be; -ENOTCONN on an idle stream; -EAGAIN if
 * NET_STREAM_MAX_UNSENT octets wait already.
 */
int net_stream_send(struct net_stream *stream, struct evquic_buf *msg);

/*
 * The same for octets that are sent as they are, without a length: what some
 * servers want to read before the first message.
 */
int net_stream_send_bare(struct net_stream *stream, struct evquic_buf *octets);

/*
 * Writes what waits, many messages at once and each in one piece with its
 * length (RFC 7766 8).  What the socket does not take follows by itself.
 * Nothing is called from within: of a broken connection what the peer had sent
 * is still read first.
 */
void net_stream_flush(struct net_stream *stream);

/*
 * Reads no more until net_stream_resume(), so that the peer has to wait; what
 * was read already is still handed out, NET_STREAM_READ_SIZE octets at most.
 * The end of the connection is not noticed meanwhile.
 */
void net_stream_pause(struct net_stream *stream);

/* Reads on; calls nothing from within.  Harmless if it was not paused. */
void net_stream_resume(struct net_stream *stream);

/* Would net_stream_send() take a message now? */
bool net_stream_can_send(const struct net_stream *stream);

/*
 * Closes the stream at once and frees what waits; no call comes afterwards.
 * The stream is idle and may connect again.  Harmless if it is idle.
 */
void net_stream_close(struct net_stream *stream);

#endif
