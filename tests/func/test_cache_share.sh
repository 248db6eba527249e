#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tsan
#
# The same question asked by many at once is asked upstream once (by each
# worker), and each gets an answer of his own; who gives up disturbs nobody.
# By TCP, since a question by UDP is repeated when its answer takes a while.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

config() { # LINE...
	{
		cat <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["tcp://127.0.0.1:$FAKEBE_PORT"]}
limits: {query-timeout: 3s}
Y
		printf '%s\n' "$@"
	} | quolld_config
}
# asked MOST NAME: that often at least once, and not more often?
asked() {
	_n=$(grep -c " name=$2\\. " "$BACKLOG")
	[ "$_n" -ge 1 ] && [ "$_n" -le "$1" ] && return
	echo "$2 was asked for $_n times, not $1"
	return 1
}
WORKERS=${WORKERS:-1}

fakebe_start
config
quolld_start
raw_script cache_share

# Three sets of DO and CD, asked by each worker; DOQ-058 by two connections.
prove FWD-109 asked $((3 * WORKERS)) 'slowly500\.fwd109\.example\.org'
# Who comes late finds the answer of those before.
prove FWD-109 [ $(($(said query_shared) + $(said cache_hits))) -ge \
    $((100 - 3 * WORKERS)) ]
check "some waited together" [ "$(said query_shared)" -ge 50 ]
# A silent server may be asked again (RFC 9520 3.1).
prove FWD-109,FWD-097 asked $((3 * WORKERS)) 'silent\.fwd109\.example\.org'
prove DOQ-058 asked "$WORKERS" 'slowly600\.doq058\.example\.org'
prove DOQ-058 asked "$WORKERS" 'slowly600\.b\.doq058\.example\.org'
check "often" asked "$WORKERS" 'slowly500\.often\.example\.org'
given_up() { # what nobody wanted any longer, and its late answer
	[ "$(said asks_cancelled)" -ge 1 ] && [ "$(said late_answers)" -ge 1 ]
}
prove DOQ-051 given_up
check "all is given back" wait_for 30 all_is_gone

# Fewer may wait together: the next begin anew, and nobody is refused.
config 'limits: {waiters: 10, query-timeout: 3s}'
sed -i '3d' "$TMPDIR/quolld.yaml"
kill -HUP "$QUOLLD_PID"
wait_for 10 has 'info: reloaded' "$TMPDIR/quolld.log" || fail "does not reload"
check "ninety by tens" raw_do nocontrol connect 'deadline 10s' \
    'repeat 90' 'send new query:slowly500.tens.example.org/A,opt fin' end \
    'repeat 90' 'expect answer 4*$I rcode=NOERROR an=1 rr=192.0.2.' end
tens() {
	_n=$(grep -c ' name=slowly500\.tens\.' "$BACKLOG")
	[ "$_n" -ge 9 ] && [ "$_n" -le 10 ]
}
check "asked nine times" tens

# A reload in the middle of it.
raw_do nocontrol connect 'deadline 10s' \
    'repeat 50' 'send new query:slowly700.reload.example.org/A,opt fin' end \
    'repeat 50' 'expect answer 4*$I rcode=NOERROR an=1 rr=192.0.2.' end \
    > "$TMPDIR/reload" 2>&1 &
client=$!
_own $client
wait_for 10 has 'slowly700\.reload' "$BACKLOG"
config 'cache: {size: 1M}'
kill -HUP "$QUOLLD_PID"
reloaded() {
	[ "$(grep -c 'info: reloaded' "$TMPDIR/quolld.log")" -ge 2 ]
}
wait_for 10 reloaded || fail "does not reload"
wait $client
rc=$?
[ $rc -eq 0 ] || cat "$TMPDIR/reload"
check "all who waited are answered" [ $rc -eq 0 ]
check "all is given back" wait_for 30 all_is_gone

# Ended in the middle of it: a drain answers all of them.
raw_do nocontrol connect 'deadline 10s' \
    'repeat 50' 'send new query:slowly700.drain.example.org/A,opt fin' end \
    'repeat 50' 'expect answer 4*$I rcode=NOERROR an=1 rr=192.0.2.' end \
    > "$TMPDIR/drain" 2>&1 &
client=$!
_own $client
wait_for 10 has 'slowly700\.drain' "$BACKLOG"
sleep 0.2
quolld_stop
wait $client
rc=$?
[ $rc -eq 0 ] || cat "$TMPDIR/drain"
check "a drain answers all who wait" [ $rc -eq 0 ]
