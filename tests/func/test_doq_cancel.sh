#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
# takes: 14
#
# Cancelling queries and closing connections (RFC 9250 4.3).

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
raw_script cancel
check "resets are counted" [ "$(said doq_reset_back)" -gt 0 ]
check "unwanted answers are counted" [ "$(said doq_stopped)" -gt 0 ]
quolld_stop

# RFC 9250 4.4: what a connection asked is given up with it, whoever ends it.
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
value() { # counter|account NAME: in the last report
	tac "$TMPDIR/quolld.log" | sed -n "s/.* $1 $2 //p" | head -n 1
}
given_up() {
	"$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" -D "BACKLOG=$BACKLOG" \
	    "$SRC/tests/func/raw/fails.raw" || return 1
	kill -USR1 "$QUOLLD_PID"
	wait_for 10 has 'account queries_now' "$TMPDIR/quolld.log"
	sleep 0.2
	echo "cancelled $(value counter query_cancelled)," \
	    "now $(value account queries_now)"
	[ "$(value counter query_cancelled)" = 30 ] &&
	    [ "$(value counter asks_cancelled)" = 30 ] &&
	    [ "$(value account queries_now)" = 0 ]
}
prove DOQ-081 given_up

# RFC 9250 4.4: either end closes when it likes.  Clients do, idle or not, and
# nothing is wrong with that; we do when we are stopped.
peers_closed() {
	_old=$(value counter closed_by_peer)
	raw_do 'connect name=a' 'expect open' 'connect name=b' 'expect open' \
	    'connect name=c' 'send new query:silent.doq083.example.org/A fin' \
	    '@a close app 0x0' '@b close app 0x4' '@c close app 0x5' \
	    'wait 100ms' || return 1
	kill -USR1 "$QUOLLD_PID"
	sleep 0.2
	# and the control client
	[ "$(value counter closed_by_peer)" -ge $((${_old:-0} + 3)) ]
}
prove DOQ-083 peers_closed
check "and is worth no line" not has ' (warning|error): .*clos' \
    "$TMPDIR/quolld.log"
raw_do nocontrol connect 'expect open' 'print seen' \
    'expect close app 0x0 within 20s' > "$TMPDIR/stays" 2>&1 &
client=$!
_own $client
wait_for 10 grep -q packets "$TMPDIR/stays"
quolld_stop
wait $client
prove DOQ-083 [ $? -eq 0 ]
