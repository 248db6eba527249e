#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
#
# Queries that never end: their time, and the memory that they may take.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
quic: {query-arrival-timeout: 2s}
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
Y
quolld_start
raw_script dangling
quolld_stop

# Streams that promise 65,535 octets and send one take no 64 KiB each: 40
# connections with 90 such streams would be 236 MB.
quolld_config wait <<Y
listen: ["quic://127.0.0.1:0"]
quic: {query-arrival-timeout: 60s}
Y
quolld_start -n wait
# Pages never written to are not resident, so the heap's own size counts; only
# that of a sanitizer says nothing.
memory() {
	_key=VmData
	[ "$VARIANT" = plain ] || _key=VmRSS
	sed -n "s/^$_key:[[:space:]]*\([0-9]*\) kB/\1/p" \
	    "/proc/$QUOLLD_PID/status"
}
before=$(memory)
{
	echo repeat 40
	echo connect
	i=0
	while [ $i -lt 90 ]; do
		echo send new hex:ffff00
		i=$((i + 1))
	done
	echo end
	echo wait 300ms
	echo 'expect alive'
	echo "set READY $TMPDIR/ready"
	echo 'expect log $READY has go within 30s'
} > "$TMPDIR/promise.raw"
"$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" "$TMPDIR/promise.raw" &
client=$!
_own $client
streams() {
	kill -USR1 "$QUOLLD_PID"
	sleep 0.2
	has 'account doq_streams_now 3600' "$TMPDIR/wait.log"
}
check "3,600 streams are open" wait_for 20 streams
after=$(memory)
echo "memory before $before kB, after $after kB"
check "one octet of a query does not take 64 KiB" \
    [ $((after - before)) -lt 65536 ]
echo go > "$TMPDIR/ready"
wait $client
check "the client saw nothing wrong" [ $? -eq 0 ]
quolld_stop
