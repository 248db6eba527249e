#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
#
# Clients that do not read.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
: > "$TMPDIR/seen"

# The bytes of answers that are held for the client that does not read: those
# of 17 answers, not of 30.
held() {
	kill -USR1 "$QUOLLD_PID"
	sleep 0.2
	_bytes=$(sed -n 's/.* account buffer_bytes //p' "$TMPDIR/quolld.log" |
	    tail -n 1)
	[ "${_bytes:-0}" -gt 1000000 ] && [ "$_bytes" -lt 1400000 ]
}
"$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" -D "BACKLOG=$BACKLOG" \
    -D "SEEN=$TMPDIR/seen" "$SRC/tests/func/raw/credit.raw" &
client=$!
_own $client
check "no more is held than is allowed" wait_for 20 held
echo held > "$TMPDIR/seen"
wait $client
check "the answers waited" [ $? -eq 0 ]
quolld_stop
