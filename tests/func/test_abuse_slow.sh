#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
# takes: 13
#
# Slow streams on 2,000 connections: an octet of a query a second, and never the
# last.  All end by quic.query-arrival-timeout, and what they hold until then is
# what came.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/abuse.inc"

CONNS=$(plain_or 2000 300)
FEW=40			# connections
STREAMS=90		# of each, which the server allows
GROWTH=65536		# kB; 64 KiB for each stream would be 236 MB
CONN_BYTES=60000	# that one may take: ngtcp2 and TLS

dribble() { # CONNECTIONS STREAMS QUERY
	raw_do 'case slow streams' nocontrol \
	    "dribble $1 query:$3 streams=$2 every=1s within 60s" \
	    > "$TMPDIR/out"
	_rc=$?
	cat "$TMPDIR/out"
	return $_rc
}
# Pages never written to are not resident, so the heap's own size counts; only
# that of a sanitizer says nothing.
memory() {
	_key=VmData
	[ "$VARIANT" = plain ] || _key=VmRSS
	sed -n "s/^$_key:[[:space:]]*\([0-9]*\) kB/\1/p" \
	    "/proc/$QUOLLD_PID/status"
}
# watched COMMAND...: runs it; $bytes is the most that connections held
# meanwhile, $grown the kB by which quolld grew.
watched() {
	_before=$(memory)
	bytes=0
	grown=0
	"$@" &
	_watched=$!
	while alive $_watched; do
		_now=$(said conn_bytes)
		[ "$_now" -le $bytes ] || bytes=$_now
		_now=$(($(memory) - _before))
		[ $_now -le $grown ] || grown=$_now
	done
	wait $_watched
}

abuse_serve <<Y
quic: {query-arrival-timeout: 3s}
Y
# All streams that are permitted, of a query of the largest size; and again.
check "they dribble" abuse "$FEW connections with $STREAMS slow streams" \
    watched dribble $FEW $STREAMS ok.slow.example.org/A,size=65535
prove BAD-037 has "; $FEW server closed: app 0x2 " "$TMPDIR/out"
echo "# it grew by $grown kB, connections held $bytes octets"
prove BAD-008 [ $grown -lt $GROWTH ]
check "they come again" dribble $FEW $STREAMS \
    ok.slow.example.org/A,size=65535
prove BAD-037 has "; $FEW server closed: app 0x2 " "$TMPDIR/out"
counted doq_dangling $((2 * FEW))

check "they dribble" abuse "$CONNS connections with a slow stream" \
    watched dribble "$CONNS" 1 ok.slow.example.org/A
prove QSV-101 has "; $CONNS server closed: app 0x2 " "$TMPDIR/out"
echo "# connections held $bytes octets, $((bytes / CONNS)) each"
check "and are bounded" [ $bytes -lt $((CONNS * CONN_BYTES)) ]
counted doq_dangling $((2 * FEW + CONNS))
abuse_end
