/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Framed messages in pieces.  The first octet is the seed of where the stream
 * is cut; the messages that come out must be the same as in one piece.
 */
#include <stdlib.h>
#include <string.h>

#include "dns/frame.h"
#include "tests/fuzz/fuzz.h"

enum {
	PIECE_MAX = 32,
	STEP = 167,
	FNV_PRIME = 16777619
};

/* Folds what was read into a number: every octet of every message. */
static uint32_t
digest(uint32_t sum, const struct dns_frame *f)
{
	size_t i;

	sum = (sum ^ (uint32_t)f->msg_len) * FNV_PRIME;
	for (i = 0; i < f->msg_len; i++)
		sum = (sum ^ f->msg[i]) * FNV_PRIME;
	return sum;
}

/* Reads the stream in pieces of at most `most` octets, each a copy. */
static uint32_t
read_stream(const uint8_t *data, size_t len, enum dns_frame_mode mode,
    unsigned seed, size_t most)
{
	enum dns_frame_state state = DNS_FRAME_MORE;
	struct dns_frame f;
	uint32_t sum = 0;
	uint8_t *piece;
	size_t size;
	size_t used;

	dns_frame_init(&f, mode);
	while (len > 0 &&
	       (state == DNS_FRAME_MORE || state == DNS_FRAME_MESSAGE)) {
		seed = seed * STEP + 1;
		size = most == 0 ? len : 1 + seed % most;
		if (size > len)
			size = len;
		piece = malloc(size);
		if (piece == NULL)
			abort();
		memcpy(piece, data, size);
		state = dns_frame_feed(&f, piece, size, &used);
		if (used > size || dns_frame_held(&f) > 2 * (size_t)(1 << 16))
			abort();
		if (state == DNS_FRAME_MESSAGE) {
			if (dns_frame_keep(&f) != 0)
				abort();
			sum = digest(sum, &f);
			if (mode == DNS_FRAME_MANY)
				dns_frame_next(&f);
		}
		free(piece);
		/* a second message is refused without being taken */
		data += used;
		len -= used;
	}
	sum = (sum ^ (uint32_t)dns_frame_fin(&f)) * FNV_PRIME;
	dns_frame_done(&f);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint32_t whole;

	if (len < 1)
		return 0;
	whole = read_stream(data + 1, len - 1, DNS_FRAME_MANY, 0, 0);
	if (whole !=
	    read_stream(data + 1, len - 1, DNS_FRAME_MANY, data[0], PIECE_MAX))
		abort();
	(void)read_stream(data + 1, len - 1, DNS_FRAME_ONE, data[0], PIECE_MAX);
	(void)read_stream(data + 1, len - 1, DNS_FRAME_ONE, data[0], 1);
	return 0;
}
