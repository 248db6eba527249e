/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Session tickets of a raw connection.
 *
 * GnuTLS keeps a ticket inside of opaque session data.  To spoil it, its
 * octets are looked for there; what stands around is GnuTLS's own format, which
 * a test tool may know: lengths in front of it (4 octets, and 4 octets for all
 * of the TLS 1.3 part), the resumption secret with its length behind it.
 */
#include "tools/doqspec/raw/ticket.h"
#include "tools/doqspec/raw/seal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	LIFETIME_AT = 0,
	NONCE_AT = 8,
	EXT_HEAD = 4,
	EXT_EARLY_DATA = 42,
	PARAMS_MAX = 256,
	DATA_LEN_SIZE = 4
};

static bool
read_extensions(
    const uint8_t *p, const uint8_t *end, struct raw_ticket_fields *ret)
{
	while (end - p >= EXT_HEAD) {
		size_t len = raw_get_u16(p + 2);

		if ((size_t)(end - p) - EXT_HEAD < len)
			return false;
		if (raw_get_u16(p) == EXT_EARLY_DATA && len == 4) {
			ret->has_early = true;
			ret->early = raw_get_u32(p + EXT_HEAD);
		}
		p += EXT_HEAD + len;
	}
	return p == end;
}

bool
raw_ticket_read(const struct raw_buf *message, struct raw_ticket_fields *ret)
{
	const uint8_t *p = message->data;
	const uint8_t *end = p + message->len;
	size_t len;

	*ret = (struct raw_ticket_fields){0};
	if (message->len <= NONCE_AT ||
	    message->len - NONCE_AT - 1 < (size_t)p[NONCE_AT] + 2)
		return false;
	ret->nonce = p + NONCE_AT + 1;
	ret->nonce_len = p[NONCE_AT];
	ret->lifetime = raw_get_u32(p + LIFETIME_AT);
	p += NONCE_AT + 1 + p[NONCE_AT];
	ret->len = raw_get_u16(p);
	ret->ticket = p + 2;
	if ((size_t)(end - ret->ticket) < ret->len + 2)
		return false;
	p = ret->ticket + ret->len;
	len = raw_get_u16(p);
	return (size_t)(end - p) - 2 == len && read_extensions(p + 2, end, ret);
}

bool
raw_ticket_take(
    struct raw_ticket *ticket, gnutls_session_t session, ngtcp2_conn *quic)
{
	uint8_t params[PARAMS_MAX];
	gnutls_datum_t data = {NULL, 0};
	ngtcp2_ssize len = ngtcp2_conn_encode_0rtt_transport_params(
	    quic, params, sizeof(params));

	if (len < 0 || gnutls_session_get_data2(session, &data) != 0)
		return false;
	raw_buf_add(&ticket->session, data.data, data.size);
	raw_buf_add(&ticket->params, params, (size_t)len);
	gnutls_free(data.data);
	return true;
}

void
raw_ticket_done(struct raw_ticket *ticket)
{
	raw_buf_done(&ticket->session);
	raw_buf_done(&ticket->params);
	raw_buf_done(&ticket->message);
}

static void
put_hex(struct raw_buf *text, const struct raw_buf *data, char end)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < data->len; i++) {
		raw_buf_u8(text, (unsigned)digits[data->data[i] >> 4]);
		raw_buf_u8(text, (unsigned)digits[data->data[i] & 0xf]);
	}
	raw_buf_u8(text, (unsigned)end);
}

void
raw_ticket_print(const struct raw_ticket *ticket, struct raw_buf *text)
{
	put_hex(text, &ticket->session, '/');
	put_hex(text, &ticket->params, '/');
	put_hex(text, &ticket->message, '\0');
}

int
raw_ticket_scan(const char *text, struct raw_ticket *ret_ticket)
{
	struct raw_ticket ticket = {.session = {0}};
	struct raw_buf *to[] = {
	    &ticket.session, &ticket.params, &ticket.message};

	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		size_t len = strcspn(text, "/\n");

		if (raw_buf_hex(to[i], text, len) != 0 || to[i]->len == 0) {
			raw_ticket_done(&ticket);
			return -EINVAL;
		}
		text += len + (text[len] == '/');
	}
	*ret_ticket = ticket;
	return 0;
}

int
raw_ticket_use(const struct raw_ticket *ticket, gnutls_session_t session,
    ngtcp2_conn *quic, bool is_early)
{
	if (gnutls_session_set_data(
		session, ticket->session.data, ticket->session.len) != 0)
		return -EINVAL;
	if (is_early && ngtcp2_conn_decode_and_set_0rtt_transport_params(
			    quic, ticket->params.data, ticket->params.len) != 0)
		return -EINVAL;
	return 0;
}

int
raw_ticket_psk(const struct raw_ticket *ticket, uint8_t *ret, size_t len)
{
	const struct raw_buf *s = &ticket->session;
	struct raw_ticket_fields f;
	struct raw_expand how = {
	    .hash = GNUTLS_MAC_SHA256, .label = "resumption"};
	const uint8_t *at;

	if (!raw_ticket_read(&ticket->message, &f))
		return -EINVAL;
	at = memmem(s->data, s->len, f.ticket, f.len);
	if (at == NULL || (size_t)(s->data + s->len - at) < f.len + 1 + len ||
	    at[f.len] != len)
		return -EINVAL;
	how.secret = at + f.len + 1;
	how.secret_len = len;
	how.context = f.nonce;
	how.context_len = f.nonce_len;
	return raw_expand_label(&how, ret, len);
}

/* Adds to the number that stands in 4 octets. */
static void
add_u32(uint8_t *p, size_t more)
{
	uint32_t n = raw_get_u32(p) + (uint32_t)more;

	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (24 - 8 * i));
}

/* Grows the ticket at `at` of the session's data. */
static void
grow(struct raw_buf *session, size_t at, size_t len, size_t size)
{
	struct raw_buf tail = {0};
	size_t all = session->len;

	/* The part's length is the one that reaches to its end. */
	for (size_t i = at; i-- > DATA_LEN_SIZE;)
		if (raw_get_u32(session->data + i - DATA_LEN_SIZE) == all - i)
			add_u32(session->data + i - DATA_LEN_SIZE, size - len);
	add_u32(session->data + at - DATA_LEN_SIZE, size - len);
	raw_buf_add(&tail, session->data + at + len, all - at - len);
	session->len = at + len;
	raw_buf_fill(session, 0xa5, size - len);
	raw_buf_add(session, tail.data, tail.len);
	raw_buf_done(&tail);
}

int
raw_ticket_spoil(struct raw_ticket *ticket, const struct raw_ticket_spoil *how)
{
	struct raw_ticket_fields f;
	uint8_t *at;

	if (!raw_ticket_read(&ticket->message, &f) || f.len < DATA_LEN_SIZE)
		return -EINVAL;
	at = memmem(ticket->session.data, ticket->session.len, f.ticket, f.len);
	if (at == NULL || (how->is_flipped && how->flip >= f.len) ||
	    (how->size > 0 && how->size < f.len))
		return -EINVAL;
	if (how->is_flipped)
		at[how->flip] ^= 0xff;
	if (how->size > 0)
		grow(&ticket->session, (size_t)(at - ticket->session.data),
		    f.len, how->size);
	return 0;
}
