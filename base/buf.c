/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Four sizes: a padded DoQ answer of one block fits into the first, of two or
 * three into the second; the last takes the largest DNS message there can be.
 */
#include "base/buf.h"

#include <assert.h>

static const struct {
	uint32_t bytes; /* of data, headroom included */
	uint32_t max_kept;
} classes[BUF_CLASSES] = {
    {512, 4096},
    {2048, 512},
    {8192, 64},
    {BUF_MAX, 8},
};

static uint8_t *
storage(const struct evquic_buf *b)
{
	return (uint8_t *)(uintptr_t)(b + 1);
}

void
buf_store_init(struct buf_store *s, struct account *parent)
{
	*s = (struct buf_store){.account = {.parent = parent}};
	for (size_t i = 0; i < BUF_CLASSES; i++)
		pool_init(&s->pool[i],
		    sizeof(struct evquic_buf) + classes[i].bytes,
		    classes[i].max_kept);
}

void
buf_store_done(struct buf_store *s)
{
	assert(counter_get(&s->account.bytes) == 0);
	for (size_t i = 0; i < BUF_CLASSES; i++)
		pool_done(&s->pool[i]);
}

struct evquic_buf *
buf_new(struct buf_store *s, size_t size)
{
	struct evquic_buf *b;
	uint32_t c = 0;

	while (c < BUF_CLASSES && size > classes[c].bytes - BUF_HEADROOM)
		c++;
	if (c == BUF_CLASSES)
		return NULL;
	b = pool_get(&s->pool[c]);
	if (b == NULL)
		return NULL;
	*b = (struct evquic_buf){.store = s, .size_class = c};
	b->data = storage(b) + BUF_HEADROOM;
	account_charge(&s->account, s->pool[c].size);
	return b;
}

void
buf_free(struct evquic_buf *b)
{
	if (b == NULL)
		return;
	account_refund(&b->store->account, buf_footprint(b));
	pool_put(&b->store->pool[b->size_class], b);
}

size_t
buf_room(const struct evquic_buf *b)
{
	return classes[b->size_class].bytes - (size_t)(b->data - storage(b));
}

size_t
buf_footprint(const struct evquic_buf *b)
{
	return sizeof(*b) + classes[b->size_class].bytes;
}

uint8_t *
buf_prepend(struct evquic_buf *b, size_t n)
{
	assert(n <= (size_t)(b->data - storage(b)));
	b->data -= n;
	b->len += (uint32_t)n;
	return b->data;
}
