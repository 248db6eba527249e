/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes that were given out are erased from the block, so that a later leak of
 * memory does not tell earlier IDs.
 */
#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void
fill_from_kernel(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	while (len > 0) {
		ssize_t n = getrandom(out, len, 0);

		if (n < 0 && errno != EINTR)
			abort(); /* no kernel that we run on does this */
		if (n > 0) {
			out += n;
			len -= (size_t)n;
		}
	}
}

void
random_init(struct random *r, random_fill_fn fill, void *ctx)
{
	r->fill = fill != NULL ? fill : fill_from_kernel;
	r->ctx = ctx;
	r->left = 0;
}

void
random_done(struct random *r)
{
	explicit_bzero(r->block, sizeof(r->block));
	r->left = 0;
}

void
random_bytes(struct random *r, void *out, size_t len)
{
	uint8_t *p = out;

	while (len > 0) {
		size_t n;
		uint8_t *from;

		if (r->left == 0) {
			r->fill(r->ctx, r->block, sizeof(r->block));
			r->left = sizeof(r->block);
		}
		n = len < r->left ? len : r->left;
		from = r->block + sizeof(r->block) - r->left;
		memcpy(p, from, n);
		explicit_bzero(from, n);
		r->left -= n;
		p += n;
		len -= n;
	}
}

uint32_t
random_below(struct random *r, uint32_t bound)
{
	/* Throw away the part of the range that would favour low numbers. */
	uint32_t reject = (0u - bound) % bound;
	uint32_t v;

	do {
		random_bytes(r, &v, sizeof(v));
	} while (v < reject);
	return v % bound;
}
