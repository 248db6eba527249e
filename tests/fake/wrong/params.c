/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transport parameters as they leave: ngtcp2 writes them, mutants take one
 * out, change one or add one.
 */
#include "tests/fake/wrong/wrong.h"

enum {
	ORIGINAL_DCID = 0x00,
	MAX_IDLE = 0x01,

	RETRY_SCID = 0x10,

	PARAMS_MAX = 1024
};

/* How one mutant changes one parameter. */
enum how {
	REMOVED,
	INVERTED, /* its last octet */
	DOUBLED
};
static const struct change {
	enum wrong_mutant mutant;
	enum how how;
	uint64_t id;
} changes[] = {
    {WRONG_PARAM_BAD_ORIGINAL, INVERTED, ORIGINAL_DCID},
    {WRONG_PARAM_NO_RETRY, REMOVED, RETRY_SCID},
    {WRONG_PARAM_NO_IDLE, REMOVED, MAX_IDLE},
    {WRONG_PARAM_TWICE, DOUBLED, MAX_IDLE},
};

static void
put(struct raw_buf *out, uint64_t id, const uint8_t *data, size_t len)
{
	raw_buf_varint(out, id);
	raw_buf_varint(out, len);
	raw_buf_add(out, data, len);
}

static void
apply(
    const struct change *c, const uint8_t *p, size_t left, struct raw_buf *out)
{
	uint64_t id, len;
	while (left > 0) {
		size_t a = raw_get_varint(p, left, &id);
		size_t b = raw_get_varint(p + a, left - a, &len);
		const uint8_t *data = p + a + b;

		p = data + len;
		left -= a + b + (size_t)len;
		if (id == c->id && c->how == REMOVED)
			continue;
		put(out, id, data, (size_t)len);
		if (id == c->id && c->how == INVERTED)
			out->data[out->len - 1] ^= 0xff;
		if (id == c->id && c->how == DOUBLED)
			put(out, id, data, (size_t)len);
	}
}

/* What ends every handshake would hide all the rest. */
static bool
is_its_turn(const struct wrong_conn *conn, enum wrong_mutant mutant)
{
	return conn->datagrams > 1 || (mutant != WRONG_PARAM_BAD_ORIGINAL &&
					  mutant != WRONG_PARAM_NO_RETRY);
}

int
wrong_params_write(struct wrong_conn *conn, struct raw_buf *out)
{
	uint8_t bytes[PARAMS_MAX];
	ngtcp2_ssize len = ngtcp2_conn_encode_local_transport_params(
	    conn->quic, bytes, sizeof(bytes));

	if (len < 0)
		return -1;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (!wrong_conn_does(conn, changes[i].mutant) ||
		    !is_its_turn(conn, changes[i].mutant))
			continue;
		apply(&changes[i], bytes, (size_t)len, out);
		return 0;
	}
	raw_buf_add(out, bytes, (size_t)len);
	return 0;
}
