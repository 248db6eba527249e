/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Buffers for bytes on their way out, with headroom in front, so that a length
 * prefix is put before a message without moving it.  They come in a few sizes,
 * each from a pool of the worker.  The tag is the public one of evquic.h: the
 * object is the same.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdint.h>

#include "base/account.h"
#include "base/pool.h"

#define BUF_HEADROOM 16
#define BUF_CLASSES 4
#define BUF_MAX (65535 + BUF_HEADROOM)

struct evquic_buf {
	struct evquic_buf *next; /* the owner's chain */
	struct buf_store *store; /* where it goes back to */
	uint8_t *data;		 /* first byte that counts */
	uint32_t len;		 /* bytes that count */
	uint32_t size_class;
};

/* The buffers of one worker. */
struct buf_store {
	struct pool pool[BUF_CLASSES];
	struct account account; /* bytes in somebody's hands */
};

/* Makes an empty store; buffers out of it charge its account. */
void buf_store_init(struct buf_store *s, struct account *parent);

/* Frees what the store keeps; asserts that every buffer came back. */
void buf_store_done(struct buf_store *s);

/*
 * Returns an empty buffer with room for `size` bytes (at most 65,535) behind
 * BUF_HEADROOM free bytes; NULL if there is no memory or `size` is too large.
 */
struct evquic_buf *buf_new(struct buf_store *s, size_t size);

/* Gives a buffer back; NULL is fine. */
void buf_free(struct evquic_buf *b);

/* Bytes that fit behind `data` in all. */
size_t buf_room(const struct evquic_buf *b);

/* Bytes that the buffer takes up in memory. */
size_t buf_footprint(const struct evquic_buf *b);

/*
 * Moves the front `n` bytes towards the beginning and returns it; the caller
 * fills them.  `n` must fit into the headroom that is left (asserted).
 */
uint8_t *buf_prepend(struct evquic_buf *b, size_t n);

#endif
