/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One stream of framed messages over TCP.
 *
 *	IDLE --connect--> CONNECTING --writable, no error--> OPEN
 *	  ^                   |                                |
 *	  +---- close, error, deadline, end of the peer -------+
 *
 * The owner may close the stream, or even connect it again, from within its
 * own callback: `epoch` tells the loop that called it that what it walks over
 * is gone.  A message handed out is moved out of the stream first, so that it
 * outlives a close.  Writing never calls back; the end of a connection is
 * always noticed by reading, because answers may lie in front of it.
 */
#include "resolver/net/stream.h"

#include <assert.h>
#include <errno.h>

#include "base/list.h"
#include "dns/wire.h"
#include "resolver/limits.h"

static void
free_out(struct net_stream *s)
{
	while (s->out != NULL) {
		struct evquic_buf *b = s->out;

		s->out = b->next;
		buf_free(b);
	}
	s->out_end = &s->out;
	s->unsent = 0;
}

static void
end_stream(struct net_stream *s, int error)
{
	net_stream_close(s);
	s->app->on_closed(s, error);
}

/* Takes `n` octets that were written off the chain. */
static void
drop_written(struct net_stream *s, size_t n)
{
	s->unsent -= n;
	while (n > 0) {
		struct evquic_buf *b = s->out;

		if (n < b->len) {
			b->data += n;
			b->len -= (uint32_t)n;
			return;
		}
		n -= b->len;
		s->out = b->next;
		if (s->out == NULL)
			s->out_end = &s->out;
		buf_free(b);
	}
}

static ssize_t
write_some(struct net_stream *s)
{
	const struct net_io *io = s->env->io;
	struct iovec parts[NET_STREAM_WRITE_BUFS];
	struct evquic_buf *b;
	int count = 0;

	for (b = s->out; b != NULL && count < NET_STREAM_WRITE_BUFS;
	     b = b->next) {
		parts[count].iov_base = b->data;
		parts[count].iov_len = b->len;
		count++;
	}
	return io->ops->writev(io->ctx, s->watch.fd, parts, count);
}

void
net_stream_flush(struct net_stream *s)
{
	unsigned what = s->is_paused ? 0 : NET_READABLE;
	ssize_t n = 0;

	if (s->state != NET_STREAM_OPEN)
		return;
	while (s->out != NULL && n >= 0) {
		n = write_some(s);
		if (n > 0)
			drop_written(s, (size_t)n);
	}
	if (n == -EAGAIN) {
		what |= NET_WRITABLE;
	} else if (n < 0) {
		free_out(s);
		s->is_broken = true;
	}
	/* Without a watch nothing would ever come: the deadlines of the
	 * owner end it then. */
	(void)net_watch_set(&s->watch, what);
}

/* Hands out one message.  False if the stream is no longer the same. */
static bool
deliver(struct net_stream *s)
{
	unsigned epoch = s->epoch;
	struct dns_frame whole = s->frame;

	dns_frame_init(&s->frame, DNS_FRAME_MANY);
	s->app->on_message(s, whole.msg, whole.msg_len);
	dns_frame_done(&whole);
	return s->epoch == epoch;
}

/* Takes what was read.  False if the stream ended. */
static bool
take_octets(struct net_stream *s, const uint8_t *data, size_t len)
{
	enum dns_frame_state state;
	size_t used;

	while (len > 0) {
		state = dns_frame_feed(&s->frame, data, len, &used);
		data += used;
		len -= used;
		if (state == DNS_FRAME_MESSAGE) {
			if (!deliver(s))
				return false;
		} else if (state != DNS_FRAME_MORE) {
			end_stream(
			    s, state == DNS_FRAME_NOMEM ? -ENOMEM : -EBADMSG);
			return false;
		}
	}
	return true;
}

static void
read_some(struct net_stream *s)
{
	const struct net_io *io = s->env->io;
	ssize_t n;

	for (int i = 0; i < NET_STREAM_READS_PER_WAKEUP; i++) {
		n = io->ops->read(io->ctx, s->watch.fd, s->env->scratch,
		    NET_STREAM_READ_SIZE);
		if (n == -EAGAIN)
			return;
		if (n < 0) {
			end_stream(s, (int)n);
			return;
		}
		if (n == 0) {
			end_stream(s, dns_frame_fin(&s->frame) == DNS_FRAME_END
					  ? 0
					  : -ECONNRESET);
			return;
		}
		if (!take_octets(s, s->env->scratch, (size_t)n) || s->is_paused)
			return;
	}
}

static void
finish_connect(struct net_stream *s)
{
	const struct net_io *io = s->env->io;
	unsigned epoch = s->epoch;
	int rc = io->ops->error(io->ctx, s->watch.fd);

	if (rc == 0)
		rc = net_watch_set(&s->watch, NET_READABLE);
	if (rc < 0) {
		end_stream(s, rc);
		return;
	}
	s->state = NET_STREAM_OPEN;
	timer_cancel(s->env->timers, &s->deadline);
	if (s->app->on_open != NULL)
		s->app->on_open(s);
	if (s->epoch == epoch)
		net_stream_flush(s);
}

static void
on_ready(struct net_watch *watch, unsigned what)
{
	struct net_stream *s = container_of(watch, struct net_stream, watch);

	if (s->state == NET_STREAM_CONNECTING) {
		finish_connect(s);
		return;
	}
	if ((what & NET_WRITABLE) != 0)
		net_stream_flush(s);
	if ((what & NET_READABLE) != 0 && !s->is_paused)
		read_some(s);
}

static void
on_deadline(struct timer *timer, nsec now)
{
	struct net_stream *s = container_of(timer, struct net_stream, deadline);

	(void)now;
	end_stream(s, -ETIMEDOUT);
}

void
net_stream_init(struct net_stream *s, const struct net_stream_env *env,
    const struct net_stream_app *app)
{
	*s = (struct net_stream){.env = env, .app = app};
	net_watch_init(&s->watch, env->io, -1, on_ready);
	timer_init(&s->deadline, on_deadline);
	dns_frame_init(&s->frame, DNS_FRAME_MANY);
	s->out_end = &s->out;
}

int
net_stream_connect(struct net_stream *s, const struct sockaddr *sa,
    socklen_t len, nsec deadline)
{
	const struct net_io *io = s->env->io;
	int fd;
	int rc;

	assert(s->state == NET_STREAM_IDLE);
	fd = io->ops->open(io->ctx, sa->sa_family, SOCK_STREAM);
	if (fd < 0)
		return fd;
	net_watch_init(&s->watch, io, fd, on_ready);
	s->is_broken = false;
	s->is_paused = false;
	rc = io->ops->connect(io->ctx, fd, sa, len);
	/* Even if it stands already: success is told from the loop. */
	if (rc == 0 || rc == -EINPROGRESS)
		rc = net_watch_set(&s->watch, NET_WRITABLE);
	if (rc < 0) {
		net_watch_close(&s->watch);
		return rc;
	}
	s->state = NET_STREAM_CONNECTING;
	timer_arm(s->env->timers, &s->deadline, deadline);
	return 0;
}

void
net_stream_pause(struct net_stream *s)
{
	s->is_paused = true;
	net_stream_flush(s); /* which says what is watched for */
}

void
net_stream_resume(struct net_stream *s)
{
	if (!s->is_paused)
		return;
	s->is_paused = false;
	net_stream_flush(s);
}

bool
net_stream_can_send(const struct net_stream *s)
{
	return s->state != NET_STREAM_IDLE && !s->is_broken &&
	       s->unsent < NET_STREAM_MAX_UNSENT;
}

int
net_stream_send_bare(struct net_stream *s, struct evquic_buf *b)
{
	int rc = 0;

	if (b->len == 0)
		rc = -EMSGSIZE;
	else if (s->state == NET_STREAM_IDLE || s->is_broken)
		rc = -ENOTCONN;
	else if (s->unsent >= NET_STREAM_MAX_UNSENT)
		rc = -EAGAIN;
	if (rc != 0) {
		buf_free(b);
		return rc;
	}
	b->next = NULL;
	*s->out_end = b;
	s->out_end = &b->next;
	s->unsent += b->len;
	return 0;
}

int
net_stream_send(struct net_stream *s, struct evquic_buf *msg)
{
	size_t len = msg->len;

	if (len == 0 || len > DNS_MESSAGE_MAX) {
		buf_free(msg);
		return -EMSGSIZE;
	}
	dns_put16(buf_prepend(msg, DNS_FRAME_PREFIX), (uint16_t)len);
	return net_stream_send_bare(s, msg);
}

void
net_stream_close(struct net_stream *s)
{
	if (s->state == NET_STREAM_IDLE)
		return;
	s->state = NET_STREAM_IDLE;
	s->epoch++;
	timer_cancel(s->env->timers, &s->deadline);
	net_watch_close(&s->watch);
	dns_frame_done(&s->frame);
	free_out(s);
}
