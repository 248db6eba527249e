#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 180
# takes: 11
#
# RFC 9250 from the client's side: handshake, framing, answers, and what is no
# DNS over QUIC at all.  The cases are in tests/func/raw/.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"

raw_script handshake
raw_script framing
raw_script answers

# counted NAME...: was each reason seen?
counted() {
	for _reason; do
		[ "$(said "$_reason")" -gt 0 ] && continue
		echo "$_reason is 0"
		return 1
	done
}
check "every breach is counted under its reason" counted doq_bad_id \
    doq_bad_keepalive doq_bad_length doq_bad_trailing doq_bad_cut
check "so are answers that are errors" counted query_formerr query_notimp \
    query_badvers query_policy query_failed

# What was forbidden above did not reach the backend at all.
check "opcode 6 was never forwarded" not has 'flags=3[0-7]' "$BACKLOG"
quolld_stop
