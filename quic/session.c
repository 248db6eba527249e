/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's session as bytes:
 *
 *	4  "QSN1"		4  QUIC version, big-endian
 *	1  1: early data	8  the ticket's end, ns since 1970
 *	2+n  ticket		2+n  transport parameters	2+n  token
 *
 * and nothing after that.
 */
#include "quic/session.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const uint8_t MAGIC[4] = {'Q', 'S', 'N', '1'};

enum {
	LENGTH = 2,
	VERSION_AT = sizeof(MAGIC),
	EARLY_AT = VERSION_AT + 4,
	EXPIRY_AT = EARLY_AT + 1,
	FIXED = EXPIRY_AT + 8
};

static void
put_number(uint8_t *at, uint64_t v, size_t n)
{
	while (n-- > 0) {
		at[n] = (uint8_t)v;
		v >>= 8;
	}
}

static uint64_t
get_number(const uint8_t *at, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | at[i];
	return v;
}

size_t
quic_session_size(const struct quic_session *s)
{
	return FIXED + 3 * LENGTH + s->ticket.len + s->params.len +
	       s->token.len;
}

static uint8_t *
put_bytes(uint8_t *at, const struct quic_session_bytes *b)
{
	put_number(at, b->len, LENGTH);
	if (b->len > 0)
		memcpy(at + LENGTH, b->data, b->len);
	return at + LENGTH + b->len;
}

void
quic_session_write(const struct quic_session *s, uint8_t *out)
{
	assert(s->ticket.len <= QUIC_SESSION_TICKET_MAX &&
	       s->params.len <= QUIC_SESSION_PARAMS_MAX &&
	       s->token.len <= QUIC_SESSION_TOKEN_MAX);
	memcpy(out, MAGIC, sizeof(MAGIC));
	put_number(out + VERSION_AT, s->version, 4);
	out[EARLY_AT] = s->early;
	put_number(out + EXPIRY_AT, s->expiry, 8);
	out = put_bytes(out + FIXED, &s->ticket);
	out = put_bytes(out, &s->params);
	(void)put_bytes(out, &s->token);
}

static bool
get_bytes(const uint8_t **at, size_t *left, size_t min, size_t max,
    struct quic_session_bytes *ret)
{
	size_t len;

	if (*left < LENGTH)
		return false;
	len = get_number(*at, LENGTH);
	if (len < min || len > max || len > *left - LENGTH)
		return false;
	*ret = (struct quic_session_bytes){*at + LENGTH, len};
	*at += LENGTH + len;
	*left -= LENGTH + len;
	return true;
}

int
quic_session_read(
    const uint8_t *data, size_t len, struct quic_session *ret_session)
{
	struct quic_session s;
	const uint8_t *at;
	size_t left;

	if (len < FIXED || memcmp(data, MAGIC, sizeof(MAGIC)) != 0 ||
	    data[EARLY_AT] > 1)
		return -EBADMSG;
	at = data + FIXED;
	left = len - FIXED;
	s.version = (uint32_t)get_number(data + VERSION_AT, 4);
	s.early = data[EARLY_AT] != 0;
	s.expiry = get_number(data + EXPIRY_AT, 8);
	if (!get_bytes(&at, &left, 1, QUIC_SESSION_TICKET_MAX, &s.ticket) ||
	    !get_bytes(&at, &left, 1, QUIC_SESSION_PARAMS_MAX, &s.params) ||
	    !get_bytes(&at, &left, 0, QUIC_SESSION_TOKEN_MAX, &s.token) ||
	    left > 0)
		return -EBADMSG;
	*ret_session = s;
	return 0;
}
