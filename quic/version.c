/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which versions of QUIC are spoken: 1 (RFC 9000), and 2 (RFC 9369) where it is
 * on.  They are compatible: a server changes over in its first flight when
 * the client has listed the other one (RFC 9368 2.3).
 *
 * Version 2 is the same protocol under another number, made so that the numbers
 * of version 1 do not turn to stone in middleboxes.  It serves that purpose
 * only if it is used: it is preferred where the other side has it, too.
 */
#include "quic/internal.h"

const struct quic_versions quic_version_1 = {{NGTCP2_PROTO_VER_V1}, 1};
const struct quic_versions quic_version_2 = {{NGTCP2_PROTO_VER_V2}, 1};
const struct quic_versions quic_version_2_and_1 = {
    {NGTCP2_PROTO_VER_V2, NGTCP2_PROTO_VER_V1}, 2};

bool
quic_version_is_one_of(const struct quic_versions *v, uint32_t version)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->list[i] == version)
			return true;
	return false;
}

uint32_t
quic_version_agreed(
    const struct quic_versions *v, uint32_t first, bool lists_version_2)
{
	return lists_version_2 && quic_version_is_one_of(v, NGTCP2_PROTO_VER_V2)
		   ? NGTCP2_PROTO_VER_V2
		   : first;
}

void
quic_version_set(const struct quic_versions *v, ngtcp2_settings *st)
{
	st->preferred_versions = v->list;
	st->preferred_versionslen = v->n;
	st->available_versions = v->list;
	st->available_versionslen = v->n;
}
