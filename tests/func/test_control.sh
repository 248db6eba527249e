#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
#
# The control client of doqspec: answered, it ends with 0; not answered, it
# says so and ends with 1.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
url=quic://127.0.0.1:$QUIC_PORT
out=$TMPDIR/control.out

# control STATUS ARGUMENT...: does it end so?  What it says is in $out.
control() {
	_want=$1
	shift
	"$DOQSPEC" control "$@" > "$out" 2>> "$TMPDIR/control.log"
	[ $? -eq "$_want" ]
}

check "it is answered" control 0 --for 1s "$url"
cat "$out"
check "both ways" has \
    '^control: [0-9]+ asked, [0-9]+ answered, 0 lost, p50 [0-9]+ p99 ' "$out"

"$DOQSPEC" control --every 5ms "$url" > "$out" 2>> "$TMPDIR/control.log" &
pid=$!
_own $pid
sleep 0.5
check "it ends by SIGTERM" stop $pid
check "and tells all the same" has ' 0 lost, p50 ' "$out"

kill -STOP "$QUOLLD_PID"
check "a server that stands still is noticed" control 1 \
    --for 300ms --timeout 300ms "$url"
kill -CONT "$QUOLLD_PID"
check "what was lost is counted" has ', 0 answered, [1-9][0-9]* lost$' "$out"
check "refused is lost" control 1 --for 100ms \
    --name refused.example.com "$url"
check "no server is no trouble of the tool" control 1 \
    --for 100ms --timeout 200ms "quic://127.0.0.1:$(free_port)"
for bad in udp://127.0.0.1:853 quic:// quic://127.0.0.1:x quic://[::1 \
    quic://127.0.0.1:65536; do
	check "$bad is refused" control 2 "$bad"
done
quolld_stop
