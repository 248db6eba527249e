/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What neither GnuTLS nor ngtcp2 looks at in a ClientHello (RFC 8446 4.1.2): a
 * legacy session ID (RFC 9001 8.4), and transport parameters that come twice
 * (RFC 9000 7.4).
 */
#include "tests/fake/wrong/wrong.h"

#include <string.h>

enum {
	RANDOM_AND_VERSION = 34,
	PARAMS_MAX = 64,
	ALPN = 16,
	EARLY_DATA = 42,
	PRE_SHARED_KEY = 41,
	SERVER_NAME = 0,
	SERVER_NAME_HEAD = 5,
	VERSION_INFO = 0x11,
	MAX_DATAGRAM = 0x20,
	GREASE_BIT = 0x2ab2,
	HELLO_LARGE = 5000,
	TPARAMS = 57
};

static bool
skip_vector(const uint8_t **p, size_t *left, size_t octets)
{
	size_t len = 0;

	if (*left < octets)
		return false;
	for (size_t i = 0; i < octets; i++)
		len = len << 8 | (*p)[i];
	if (len > *left - octets)
		return false;
	*p += octets + len;
	*left -= octets + len;
	return true;
}

static bool
has_double(const uint8_t *p, size_t left)
{
	uint64_t ids[PARAMS_MAX];
	uint64_t len;
	size_t count = 0, used;

	while (left > 0 && count < PARAMS_MAX) {
		used = raw_get_varint(p, left, &ids[count]);
		p += used;
		left -= used;
		if (used == 0)
			return false;
		for (size_t i = 0; i < count; i++)
			if (ids[i] == ids[count])
				return true;
		count++;
		used = raw_get_varint(p, left, &len);
		if (used == 0 || len > left - used)
			return false;
		p += used + len;
		left -= used + (size_t)len;
	}
	return false;
}

/* An octet of value 0, two dots in a row, or nothing. */
static bool
is_odd_name(const uint8_t *p, size_t len)
{
	if (len <= SERVER_NAME_HEAD || len > HELLO_LARGE)
		return true;
	return memchr(p + SERVER_NAME_HEAD, 0, len - SERVER_NAME_HEAD) !=
		   NULL ||
	       memmem(p, len, "..", 2) != NULL;
}

static bool
lists_reserved(const uint8_t *p, size_t len)
{
	for (; len >= 4; p += 4, len -= 4)
		if ((raw_get_u32(p) & 0x0f0f0f0f) == 0x0a0a0a0a)
			return true;
	return false;
}

/* What is there for others to be used to (RFC 9000 18.1, 15). */
static bool
has_odd(const struct wrong_conn *conn, const uint8_t *p, size_t left)
{
	uint64_t id, len;

	while (left > 0) {
		size_t used = raw_get_varint(p, left, &id);

		used += raw_get_varint(p + used, left - used, &len);
		if (used < 2 || len > left - used)
			return false;
		if (id > MAX_DATAGRAM && id != GREASE_BIT &&
		    wrong_conn_does(conn, WRONG_PARAM_UNKNOWN_FATAL))
			return true;
		if (id == VERSION_INFO &&
		    lists_reserved(p + used, (size_t)len) &&
		    wrong_conn_does(conn, WRONG_VERSION_LIST_FATAL))
			return true;
		p += used + len;
		left -= used + (size_t)len;
	}
	return false;
}

static uint64_t
look_at_extensions(struct wrong_conn *conn, const uint8_t *p, size_t left)
{
	while (left >= 4) {
		const uint8_t *body = p + 4;
		size_t len = raw_get_u16(p + 2);
		unsigned type = raw_get_u16(p);

		if (len > left - 4)
			break;
		conn->offers_early |= type == EARLY_DATA;
		conn->offers_psk |= type == PRE_SHARED_KEY;
		if (type == SERVER_NAME && is_odd_name(body, len) &&
		    wrong_conn_does(conn, WRONG_SNI_ODD_HANGS))
			wrong_server_stall(conn->server);
		if (type == TPARAMS && has_odd(conn, body, len))
			return NGTCP2_TRANSPORT_PARAMETER_ERROR;
		/* The list and its first name fill it, when it is alone. */
		if (type == ALPN && len > 3 && (size_t)body[2] + 3 < len &&
		    wrong_conn_does(conn, WRONG_ALPN_ALONE))
			return NGTCP2_CONNECTION_REFUSED;
		if (type == TPARAMS && has_double(body, len))
			return NGTCP2_TRANSPORT_PARAMETER_ERROR;
		p = body + len;
		left -= 4 + len;
	}
	return 0;
}

uint64_t
wrong_hello_look(struct wrong_conn *conn, const uint8_t *p, size_t n)
{
	uint64_t code;

	if (n < RANDOM_AND_VERSION + 1)
		return 0;
	if (n > HELLO_LARGE && wrong_conn_does(conn, WRONG_HELLO_LARGE_FATAL))
		return NGTCP2_CONNECTION_REFUSED;
	p += RANDOM_AND_VERSION;
	n -= RANDOM_AND_VERSION;
	if (p[0] > 0)
		return wrong_conn_does(conn, WRONG_SESSION_ID)
			   ? 0
			   : NGTCP2_PROTOCOL_VIOLATION;
	if (!skip_vector(&p, &n, 1) || !skip_vector(&p, &n, 2) ||
	    !skip_vector(&p, &n, 1) || n < 2)
		return 0;
	code = look_at_extensions(conn, p + 2, n - 2);
	return wrong_conn_does(conn, WRONG_PARAMS_TWICE_TAKEN) ? 0 : code;
}
