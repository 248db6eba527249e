#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
# takes: 21
#
# A client that never reads, windows of 0 and of 1 byte: so much is kept for them
# and not more, so long and not longer, and nobody else is worse off.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/abuse.inc"

HELD=1048576	# quic.unsent-max; answers are kept up to twice that
ANSWERS=90

fakebe_start
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
quic: {delivery-timeout: 6s, unsent-max: 1M}
limits: {query-timeout: 20s}
upstream: {servers: ["tcp://127.0.0.1:$FAKEBE_PORT"]}
Y
quolld_start
control_start localhost/A	# the backend will stand still

# All answers are asked for while the backend stands still: 5 MB, of which 2 are
# kept.  Somebody else is answered meanwhile (the case's control), and later
# the connection ends although it is not idle.
{
	echo "case BAD-038 BAD-039 a client that never reads"
	echo "allow codes"
	echo "connect max_data=0 stream_data=0 keepalive=500ms"
	i=0
	while [ $i -lt $ANSWERS ]; do
		echo "send new query:big60000.u$i.example.org/TXT fin"
		i=$((i + 1))
	done
	echo "expect seen RESET_STREAM>=40 within 15s"
	echo "control"
	echo "print seen"
	echo "set READY $TMPDIR/ready"
	echo 'expect log $READY has go within 30s'
	echo "expect close app 0x4 within 15s"
} > "$TMPDIR/unread.raw"
kill -STOP "$FAKEBE_PID"
"$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" "$TMPDIR/unread.raw" \
    > "$TMPDIR/unread.out" 2>&1 &
client=$!
_own $client
all_asked() {
	[ "$(said query_asked)" -eq $ANSWERS ]
}
wait_for 10 all_asked
kill -CONT "$FAKEBE_PID"
check "answers are reset" wait_for 30 has '^# c1' "$TMPDIR/unread.out"
bytes=$(said buffer_bytes)
resets=$(said doq_overfull)
echo "# $bytes bytes of answers are kept, $resets were not"
check "as many as the limit says" [ "$bytes" -gt $HELD ]
check "and no more" [ "$bytes" -lt $((HELD * 5 / 2)) ]
check "the others are reset" [ "$resets" -gt $((ANSWERS / 3)) ]
echo go > "$TMPDIR/ready"
wait $client
rc=$?
cat "$TMPDIR/unread.out"
check "the client finds what it expects" [ $rc -eq 0 ]
check "it was closed for that" [ "$(said doq_untaken)" = 1 ]

# Never an acknowledgement: the same end.
check "quiet" raw_do 'case BAD-039 nothing is acknowledged' connect \
    'expect seen HANDSHAKE_DONE>=1' takeover quiet \
    'send new query:localhost/A fin' 'repeat 16' 'wait 500ms' 'frame ping' \
    end 'expect close app 0x4 within 20s'

# A window of 1 byte an update: the answer trickles, until its time is over.
{
	echo 'case BAD-039 a byte at a time, ten times'
	for c in 0 1 2 3 4 5 6 7 8 9; do
		echo "connect name=t$c stream_data=0"
		echo takeover
		echo "send 0 query:big60000.t$c.example.org/TXT fin"
	done
	echo 'repeat 280'
	for c in 0 1 2 3 4 5 6 7 8 9; do
		echo "@t$c frame max_stream_data 0 \$I+1"
	done
	echo 'wait 20ms'
	echo end
	for c in 0 1 2 3 4 5 6 7 8 9; do
		echo "@t$c expect close app 0x4 within 20s"
		echo "@t$c expect seen PACKETS<=700"
	done
} > "$TMPDIR/trickle.raw"
untaken=$(said doq_untaken)
check "windows of 1 byte" abuse "a byte at a time, 10 connections" \
    "$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" "$TMPDIR/trickle.raw"
counted doq_untaken $((untaken + 10))
abuse_end
