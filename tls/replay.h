/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TLS_REPLAY_H
#define TLS_REPLAY_H

/*
 * What may be used once: tickets with early data (RFC 8446 8.1), tokens of
 * NEW_TOKEN frames (RFC 9000 8.1.4).  See struct evquic_replay.
 */

#include <stddef.h>

#include "base/clock.h"
#include "tls/evquic_tls.h"

/* Whoever may not be wrong treats FULL as SEEN: the set cannot tell. */
enum tls_replay {
	TLS_REPLAY_NEW,	 /* was not there, and is now */
	TLS_REPLAY_SEEN, /* was there */
	TLS_REPLAY_FULL, /* cannot be remembered: no room, no memory, or
			  * `expiry` is not after `now` */
};

/*
 * Enters ID (LEN octets), which is remembered until EXPIRY and then forgotten;
 * one that is there already keeps its expiry, so that nobody can hold a place
 * by coming again.  NOW and EXPIRY are in nanoseconds of one clock, any one,
 * the same in all calls.  Two IDs are taken for one with a probability of
 * 2^-64, and nobody can look for such a pair.  Any thread.
 *
 * The work is bounded, whatever is in the set and however long ago it was
 * used: at most 512 entries are looked at or moved, under a lock that is
 * shared with nothing but those.
 */
enum tls_replay tls_replay_enter(
    struct evquic_replay *r, const void *id, size_t len, nsec now, nsec expiry);

/* Entries held; those count, too, that have expired in a place where nothing
 * was entered since.  For metrics and tests: looks at each lock.  Any thread.
 */
size_t tls_replay_count(struct evquic_replay *r);

#endif
