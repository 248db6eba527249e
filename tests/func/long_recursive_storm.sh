#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# packages: ldnsutils
# timeout: 1200
# tsan
#
# Recursors that come and go under load: reloads of which each makes another
# one, while clients ask and give up; and ends at any moment, with servers that
# are silent.  Nothing may be lost, hang, or be left behind.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/tree.inc"

ROUNDS=${ROUNDS:-200}

tree_start
TREE_TIMEOUT=3s

# servers SIGNAL: to each and its children.
servers() {
	for _p in $TREE_PIDS; do
		# shellcheck disable=SC2046
		kill "-$1" "$_p" $(pgrep -P "$_p"; pgrep -P "$(pgrep -d, -P \
		    "$_p")")
	done
}
# setting N: another resolver for each, and now and then none.
setting() {
	tree_config "$TREE_ANCHOR" "      - infra-host-ttl: $((600 + $1))"
}

# ---- reloads ----------------------------------------------------------

# All that is asked is answered; the cache is cold each time.
load() {
	raw -s "127.0.0.1:$QUIC_PORT" -n www.ecdsa.wood -e connect \
	    -e 'many 400 query:q%u.wild.rsa.wood window=20 rcode=0 within 60s' \
	    > "$TMPDIR/load.$1" 2>&1
}
reloads() { # N: have there been so many?
	[ "$(grep -c 'info: reloaded' "$TMPDIR/quolld.log")" -ge "$1" ]
}
setting 0
quolld_start
i=0
while [ $i -lt "$ROUNDS" ]; do
	if [ $((i % 20)) -eq 0 ]; then
		load a & first=$!
		load b & second=$!
	fi
	i=$((i + 1))
	setting $i
	kill -HUP "$QUOLLD_PID"
	check "reload $i" wait_for 20 reloads $i
	if [ $((i % 20)) -eq 0 ]; then
		wait $first || fail "$(cat "$TMPDIR/load.a")"
		wait $second || fail "$(cat "$TMPDIR/load.b")"
	fi
done
check "each was answered" alive "$QUOLLD_PID"
check "nothing is left" wait_for 20 all_is_gone

# Servers that are silent, clients that give up: what nobody waits for any
# longer keeps no resolver alive.
servers STOP
few_threads() {
	[ "$(ls "/proc/$QUOLLD_PID/task" | wc -l)" -le "$1" ]
}
threads=$(ls "/proc/$QUOLLD_PID/task" | wc -l)
j=0
while [ $j -lt 10 ]; do
	j=$((j + 1))
	raw -s "127.0.0.1:$QUIC_PORT" -n www.ecdsa.wood -e connect \
	    -e "many 20 query:q%u-$j.plain.wood window=20 within 1s" \
	    > /dev/null 2>&1
	setting $((1000 + j))
	kill -HUP "$QUOLLD_PID"
	check "reload $j, all silent" wait_for 20 reloads $((i + j))
done
check "their threads end with the questions" \
    wait_for 6 few_threads $((threads + 1))

# Somebody waits at each of them: there is a limit, and then time for all.
j=0
while [ $j -lt 20 ]; do
	j=$((j + 1))
	ask "w$j.plain.wood" A > /dev/null 2>&1 &
	waiting=$!
	sleep 0.05
	setting $((2000 + j))
	kill -HUP "$QUOLLD_PID"
done
check "not any number" wait_for 10 has \
    'error: 8 resolvers of earlier reloads are still busy' \
    "$TMPDIR/quolld.log"
check "their threads end, too" wait_for 10 few_threads $((threads + 1))
wait $waiting
reloaded_again() {
	kill -HUP "$QUOLLD_PID"
	sleep 0.2
	tail -n 1 "$TMPDIR/quolld.log" | grep -q 'info: reloaded'
}
check "then it is done" wait_for 10 reloaded_again
servers CONT
quolld_stop

# ---- ends -------------------------------------------------------------

k=0
while [ $k -lt "$ROUNDS" ]; do
	k=$((k + 1))
	[ $((k % 4)) -ne 0 ] || servers STOP
	setting $k
	quolld_start
	raw -s "127.0.0.1:$QUIC_PORT" -n www.ecdsa.wood -e connect \
	    -e "many 50 query:q%u.wild.rsa.wood window=50 within 8s" \
	    > "$TMPDIR/load.c" 2>&1 &
	loader=$!
	sleep "0.$(printf '%03d' $((k * 7919 % 400)))"
	if [ $((k % 3)) -eq 0 ]; then
		setting $((k + 1))
		kill -HUP "$QUOLLD_PID"
	fi
	began=$(date +%s)
	quolld_stop
	wait $loader
	check "end $k in time" [ $(($(date +%s) - began)) -le 8 ]
	[ $((k % 4)) -ne 0 ] || servers CONT
done
