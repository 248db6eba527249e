#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# smoke
#
# The harness and the daemon together, as lib.sh's functions use it: it
# starts, tells where, answers an independent client, keeps its state, ends.

. "$SRC/tests/func/lib.sh"

# status N COMMAND...: its output is in $TMPDIR/out
status() {
	_want=$1
	shift
	timeout 60 "$@" > "$TMPDIR/out" 2>&1
	_got=$?
	[ $_got -eq "$_want" ] && return
	echo "status $_got"
	cat "$TMPDIR/out"
	return 1
}

quolld_config <<YAML
listen: [quic://127.0.0.1:0]
upstream: {mode: none}
YAML
quolld_start
check "a port is told" [ "$QUIC_PORT" -gt 0 ]
check "localhost" answers '^localhost\..*127\.0\.0\.1$' localhost
check "localhost AAAA" answers '^localhost\..*::1$' localhost AAAA
check "a port in use is noticed" status 1 "$QUOLLD" \
    -l "quic://127.0.0.1:$QUIC_PORT" --state "$TMPDIR/second"
quolld_stop
check "nobody answers any more" not answers NOERROR localhost +timeout=1

# Once more with the same state: the same key, so the same pin.
pin() {
	grep -o 'pin-sha256 [^ ]*' "$TMPDIR/quolld.log"
}
pin > "$TMPDIR/pin"
quolld_start
check "the pin stays" [ "$(pin)" = "$(cat "$TMPDIR/pin")" ]
kill -INT "$QUOLLD_PID"
check "SIGINT ends it" wait_for 20 not alive "$QUOLLD_PID"
quolld_stop

# Signals that ask for something are none that kill, while it ends either.
ends_well() {
	quolld_start
	kill -TERM "$QUOLLD_PID"
	while kill -USR1 "$QUOLLD_PID" 2>/dev/null; do :; done &
	_asking=$!
	_own $_asking
	wait "$QUOLLD_PID"
	_got=$?
	kill "$_asking" 2>/dev/null
	wait "$_asking" 2>/dev/null
	[ $_got -eq 0 ]
}
for i in 1 2 3 4 5 6 7 8 9 10; do
	check "asked for reports to the end" ends_well
done
