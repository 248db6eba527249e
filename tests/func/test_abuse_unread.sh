#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
#
# Clients that ask and do not take the answers: so many bytes are kept for them
# and not more, so long and not longer, and nobody else is worse off.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/flood.inc"

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
check "everything is given back" wait_for 30 all_is_gone
quolld_stop
