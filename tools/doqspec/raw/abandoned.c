/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `expect abandoned`: a server may drop a connection without a word instead of
 * closing it (RFC 9250 4.3.3).
 *
 * Nobody can see a server forget.  What can be seen: whatever it is sent, it
 * acknowledges nothing and answers nothing, although it serves others.  So for
 * the first half of the time nothing is done (a close may come, or what was
 * under way), then the connection is asked, and a single datagram that comes
 * back says that it lives.  A stateless reset says as much as silence.
 */
#include "tools/doqspec/raw/expect.h"

#include <ngtcp2/ngtcp2.h>

#include <stdio.h>

/* Would one more stream keep to the server's limit? */
static bool
has_stream(struct raw_conn *conn)
{
	const ngtcp2_transport_params *p =
	    ngtcp2_conn_get_remote_transport_params(conn->quic);
	uint64_t limit = p != NULL ? p->initial_max_streams_bidi : 0;

	if (conn->state != RAW_OPEN)
		return false;
	if (!conn->is_taken_over)
		return raw_conn_has_credit(conn, conn->next_bidi);
	if (conn->seen.max_streams_bidi > limit)
		limit = conn->seen.max_streams_bidi;
	return conn->next_bidi / RAW_STREAM_KINDS < limit;
}

static int
say(struct raw_script *script, int result, const char *text)
{
	snprintf(script->seen, sizeof(script->seen), "%s", text);
	return result;
}

static int
probe(struct raw_script *script, struct raw_attempt *attempt)
{
	struct raw_conn *conn = script->current;

	attempt->has_probed = true;
	attempt->datagrams_in = conn->datagrams_in;
	if (!raw_conn_probe(conn))
		return say(script, -1, "nothing can be asked any more");
	if (has_stream(conn))
		(void)raw_script_ask(script, conn);
	return 0;
}

int
raw_check_abandoned(struct raw_script *script, struct raw_attempt *attempt)
{
	struct raw_conn *conn = script->current;
	uint64_t now = raw_now();

	script->skips_control = false; /* or else the server may be dead */
	if (conn->seen.has_reset_packet)
		return say(script, 1, "abandoned, with a stateless reset");
	if (conn->seen.close.is_seen) {
		raw_conn_describe(conn, script->seen, sizeof(script->seen));
		return -1;
	}
	if (!attempt->has_probed) {
		if (now < attempt->from + (attempt->until - attempt->from) / 2)
			return 0;
		return probe(script, attempt);
	}
	if (conn->datagrams_in > attempt->datagrams_in)
		return say(script, -1, "the connection lives");
	if (conn->state == RAW_IDLE || now >= attempt->until)
		return say(script, 1, "abandoned, without a word");
	return 0;
}
