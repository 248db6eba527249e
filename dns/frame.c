/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of length-prefixed messages.
 *
 *	MORE --prefix and all octets--> MESSAGE --next--> MORE ...
 *	  |                                |
 *	  +--> SHORT, CUT, NOMEM           +--> TRAILING (mode ONE)
 *
 * A message that lies whole in one piece of the stream is not copied.  Else it
 * is gathered in a buffer that doubles with what has come, never with what the
 * prefix promises: 65,535 is promised for free (RFC 9000 21.6).  The length is
 * known only when both octets of the prefix are there, however they came.
 */
#include "dns/frame.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/wire.h"

/* The first buffer: an ordinary query fits. */
#define BUFFER_MIN 64

void
dns_frame_init(struct dns_frame *f, enum dns_frame_mode mode)
{
	*f = (struct dns_frame){.mode = mode, .state = DNS_FRAME_MORE};
}

void
dns_frame_done(struct dns_frame *f)
{
	free(f->buf);
	dns_frame_init(f, f->mode);
}

void
dns_frame_next(struct dns_frame *f)
{
	dns_frame_done(f);
}

size_t
dns_frame_held(const struct dns_frame *f)
{
	return f->size;
}

/* Makes room for `need` octets of a message of `promised`. */
static int
grow(struct dns_frame *f, size_t need, size_t promised)
{
	size_t size = f->size > 0 ? f->size : BUFFER_MIN;
	uint8_t *buf;

	if (need <= f->size)
		return 0;
	while (size < need)
		size *= 2;
	if (size > promised)
		size = promised;
	buf = realloc(f->buf, size);
	if (buf == NULL)
		return -ENOMEM;
	f->buf = buf;
	f->size = size;
	return 0;
}

/* Takes octets of the prefix; returns how many. */
static size_t
take_prefix(struct dns_frame *f, const uint8_t *data, size_t len)
{
	size_t used = 0;

	for (; f->prefix_len < DNS_FRAME_PREFIX && used < len; f->prefix_len++)
		f->promised = (uint16_t)(f->promised << 8 | data[used++]);
	return used;
}

/* Takes octets of the message; returns how many. */
static size_t
take_message(struct dns_frame *f, const uint8_t *data, size_t len)
{
	size_t promised = f->promised;
	size_t want = promised - f->len;

	if (f->len == 0 && len >= want) {
		f->msg = data;
		f->msg_len = promised;
		f->state = DNS_FRAME_MESSAGE;
		return want;
	}
	if (len > want)
		len = want;
	if (len == 0)
		return 0;
	if (grow(f, f->len + len, promised) != 0) {
		f->state = DNS_FRAME_NOMEM;
		return 0;
	}
	memcpy(f->buf + f->len, data, len);
	f->len += len;
	if (f->len == promised) {
		f->msg = f->buf;
		f->msg_len = promised;
		f->state = DNS_FRAME_MESSAGE;
	}
	return len;
}

enum dns_frame_state
dns_frame_feed(
    struct dns_frame *f, const uint8_t *data, size_t len, size_t *ret_used)
{
	size_t used = 0;

	if (f->state == DNS_FRAME_MORE && len > 0) {
		used = take_prefix(f, data, len);
		if (f->prefix_len == DNS_FRAME_PREFIX) {
			if (f->promised < DNS_HEADER_SIZE)
				f->state = DNS_FRAME_SHORT;
			else
				used +=
				    take_message(f, data + used, len - used);
		}
	}
	/* RFC 9250 4.3.3: one query a stream, and nothing behind it. */
	if (f->state == DNS_FRAME_MESSAGE && f->mode == DNS_FRAME_ONE &&
	    used < len)
		f->state = DNS_FRAME_TRAILING;
	*ret_used = used;
	return f->state;
}

enum dns_frame_state
dns_frame_fin(struct dns_frame *f)
{
	if (f->state == DNS_FRAME_MORE) {
		if (f->mode == DNS_FRAME_MANY && f->prefix_len == 0)
			f->state = DNS_FRAME_END;
		else
			f->state = DNS_FRAME_CUT;
	}
	return f->state;
}

int
dns_frame_keep(struct dns_frame *f)
{
	assert(f->state == DNS_FRAME_MESSAGE);
	if (f->msg == f->buf)
		return 0;
	if (grow(f, f->msg_len, f->msg_len) != 0)
		return -ENOMEM;
	memcpy(f->buf, f->msg, f->msg_len);
	f->len = f->msg_len;
	f->msg = f->buf;
	return 0;
}
