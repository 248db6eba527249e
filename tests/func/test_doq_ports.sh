#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The ports of RFC 9250 4.1.1: 853 by default, never 53, others by agreement.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

# refuses WHAT ARGUMENT...: ends at once, not with 0, and says what.
refuses() {
	_what=$1
	shift
	mkdir -p "$TMPDIR/state"
	timeout 10 "$QUOLLD" --state "$TMPDIR/state" "$@" \
	    > "$TMPDIR/refused.log" 2>&1 < /dev/null
	_rc=$?
	[ $_rc -ne 0 ] && [ $_rc -ne 124 ] && has "$_what" "$TMPDIR/refused.log"
}
echo 'listen: ["quic://127.0.0.1:53"]' > "$TMPDIR/listen.yaml"
cat > "$TMPDIR/upstream.yaml" <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["quic://127.0.0.1:53"]}
Y
prove DOQ-005 refuses '53' -l quic://127.0.0.1:53
prove DOQ-005 refuses '53' -l 'quic://[::1]:53'
prove DOQ-005 refuses 'listen.yaml:1: .*53' -c "$TMPDIR/listen.yaml"
prove DOQ-005 refuses 'listen.yaml:1: .*53' --check -c "$TMPDIR/listen.yaml"
prove DOQ-005 refuses '53' -l quic://127.0.0.1:0 -u quic://127.0.0.1:53
prove DOQ-005 refuses 'upstream.yaml:2: .*53' -c "$TMPDIR/upstream.yaml"

# 853 when nothing else is said.  The port belongs to root, or to somebody else.
on_853() {
	QUIC_PORT=853
	raw_do 'case DOQ-003 the default port' 'connect' 'expect open' \
	    'connect ::1 853' 'expect open'
}
try_853() {
	mkdir -p "$TMPDIR/state853"
	"$QUOLLD" -c "$TMPDIR/default.yaml" --state "$TMPDIR/state853" \
	    2> "$TMPDIR/quolld853.log" < /dev/null &
	QUOLLD_PID=$!
	_own $QUOLLD_PID
	wait_for 10 _served "$QUOLLD_PID" "$TMPDIR/quolld853.log"
	alive "$QUOLLD_PID"
}
echo '{}' > "$TMPDIR/default.yaml"
if try_853; then
	check "853 by default, IPv4 and IPv6" on_853
	quolld_stop
else
	echo "not tried: $(tail -n 1 "$TMPDIR/quolld853.log")"
fi
