#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
#
# A server that was killed and started again has forgotten its connections, but
# not its secret: clients learn by a stateless reset that they have to connect
# again (RFC 9000 10.3).

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
port=$QUIC_PORT
: > "$TMPDIR/flag"
cat > "$TMPDIR/restart.raw" <<'RAW'
case QSV-068 QSV-071 killed and started again
connect
send 0 query:ok.before.example.org/A fin
expect answer 0 rcode=NOERROR
expect log $FLAG has again within 30s
send 4 query:ok.after.example.org/A fin
expect stateless_reset within 10s
connect
send 0 query:ok.anew.example.org/A fin
expect answer 0 rcode=NOERROR
RAW
"$DOQSPEC" play -s "127.0.0.1:$port" -D "FLAG=$TMPDIR/flag" \
    "$TMPDIR/restart.raw" > "$TMPDIR/raw.out" 2>&1 &
client=$!
_own $client
wait_for 10 has 'name=ok.before' "$BACKLOG" || fail "nobody asks"
sleep 0.3
kill -KILL "$QUOLLD_PID"
wait "$QUOLLD_PID"
quolld_start -l "quic://127.0.0.1:$port" -u "udp://127.0.0.1:$FAKEBE_PORT"
echo again > "$TMPDIR/flag"
wait $client
rc=$?
cat "$TMPDIR/raw.out"
check "the client is told, and connects again" [ $rc -eq 0 ]
check "the second query went nowhere" not has 'name=ok.after' "$BACKLOG"
kill -USR1 "$QUOLLD_PID"
check "resets are counted" wait_for 10 has 'resets_sent [1-9]' \
    "$TMPDIR/quolld.log"
check "everything is given back" wait_for 60 all_is_gone
quolld_stop
