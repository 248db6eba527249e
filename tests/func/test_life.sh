#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tsan
#
# How quolld stops: a query that runs is answered, the connection ends with
# DOQ_NO_ERROR, and nothing waits for those who never end.

. "$SRC/tests/func/lib.sh"

[ -x "${FAKEBE-}" ] || skip "no fakebe"
"$FAKEBE" > "$TMPDIR/fakebe.out" 2> "$TMPDIR/fakebe.log" &
_own $!
has_port() {
	grep -q serving "$TMPDIR/fakebe.out"
}
wait_for 10 has_port || fail "fakebe does not start"
be=$(grep -oE '[0-9]+' "$TMPDIR/fakebe.out" | tail -n 1)

# Eight connections, on whichever of four workers, each with a query that takes
# two seconds and runs when the signal comes.
WORKERS=4
quolld_start -u "udp://127.0.0.1:$be"
CLIENTS=8
i=0
slow=
while [ $i -lt $CLIENTS ]; do
	"$KDIG" @127.0.0.1 -p "$QUIC_PORT" +quic +timeout=10 +retry=0 \
	    slow2000.x$i.example A > "$TMPDIR/slow.$i" 2>&1 &
	slow="$slow $!"
	i=$((i + 1))
done
running() {
	kill -USR1 "$QUOLLD_PID"
	grep -q "account queries_now $CLIENTS" "$TMPDIR/quolld.log"
}
wait_for 10 running || fail "the queries do not run"
kill -TERM "$QUOLLD_PID"
for pid in $slow; do
	wait "$pid"
done
all_answered() {
	[ "$(grep -l 'status: NOERROR' "$TMPDIR"/slow.* | wc -l)" -eq $CLIENTS ]
}
prove DOQ-080 all_answered
ended() {
	_dead "$QUOLLD_PID"
}
check "quolld ends" wait_for 10 ended
check "and says so" has 'stopped' "$TMPDIR/quolld.log"
wait "$QUOLLD_PID"
check "with status 0" [ $? -eq 0 ]

# One that is never answered does not hold it up for longer than the deadline.
quolld_start -n second -u "udp://127.0.0.1:$be"
"$KDIG" @127.0.0.1 -p "$QUIC_PORT" +quic +timeout=10 +retry=0 \
    silent.x.example A > "$TMPDIR/silent" 2>&1 &
silent=$!
running2() {
	kill -USR1 "$QUOLLD_PID"
	grep -q 'account queries_now 1' "$TMPDIR/second.log"
}
wait_for 10 running2 || fail "the query does not run"
kill -INT "$QUOLLD_PID"
check "SIGINT drains, too" wait_for 20 ended
wait $silent
wait "$QUOLLD_PID"
check "with status 0" [ $? -eq 0 ]
