/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connection IDs: which connection, or which tombstone, an ID leads to.
 *
 * Our own IDs have 18 random octets; clients choose the ID of their first
 * packets themselves (8 to 20 octets), which is why the hash is keyed.
 * Invariant: every entry is in the router's table and in its owner's list.
 */
#include "quic/internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void
quic_cid_draw(struct quic_router *r, ngtcp2_cid *ret)
{
	ret->datalen = QUIC_CID_LEN;
	do { /* as often as there are workers, on average */
		random_bytes(&r->worker->random, ret->data, QUIC_CID_LEN);
	} while (quic_steer_id(r->steer, ret->data) != r->index);
}

struct quic_cid *
quic_cid_find(const struct quic_router *r, const uint8_t *id, size_t len)
{
	uint64_t hash = hash_bytes(r->cid_key, id, len);
	struct hash_node *n = NULL;

	while ((n = hash_find(&r->cids, hash, n)) != NULL) {
		struct quic_cid *cid = container_of(n, struct quic_cid, node);

		if (cid->len == len && memcmp(cid->bytes, id, len) == 0)
			return cid;
	}
	return NULL;
}

int
quic_cid_add(struct evquic_conn *conn, const uint8_t *id, size_t len)
{
	struct quic_router *r = conn->router;
	struct quic_cid *cid;

	assert(len <= NGTCP2_MAX_CIDLEN);
	if (quic_cid_find(r, id, len) != NULL)
		return -EEXIST;
	cid = pool_get(&r->worker->cids);
	if (cid == NULL)
		return -ENOMEM;
	*cid = (struct quic_cid){.conn = conn, .len = (uint8_t)len};
	memcpy(cid->bytes, id, len);
	list_append(&conn->cids, &cid->link);
	hash_add(&r->cids, &cid->node, hash_bytes(r->cid_key, id, len));
	account_charge(&conn->account, sizeof(*cid));
	return 0;
}

void
quic_cid_free(struct quic_router *r, struct quic_cid *cid)
{
	if (cid->conn != NULL)
		account_refund(&cid->conn->account, sizeof(*cid));
	list_remove(&cid->link);
	hash_remove(&r->cids, &cid->node);
	pool_put(&r->worker->cids, cid);
}

void
quic_cid_remove(struct evquic_conn *conn, const uint8_t *id, size_t len)
{
	struct quic_cid *cid = quic_cid_find(conn->router, id, len);

	if (cid != NULL && cid->conn == conn)
		quic_cid_free(conn->router, cid);
}
