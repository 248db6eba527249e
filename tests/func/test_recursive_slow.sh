#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# takes: 16
# packages: ldnsutils
# plain only
#
# Signatures that cost seconds to check (as in KeyTrap, CVE-2023-50387) keep the
# validator busy, not the workers: others are answered, and QUIC's timers are
# served in time.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/tree.inc"

# Each name takes the validator about half a second.
TREE_SLOW=8

# The processor time of quolld so far, in milliseconds.
spent() {
	awk -v hz="$(getconf CLK_TCK)" \
	    '{ print int(($14 + $15) * 1000 / hz) }' "/proc/$QUOLLD_PID/stat"
}
# The time, in milliseconds.
clock() {
	awk '{ print int($1 * 1000) }' /proc/uptime
}

tree_start
tree_config
quolld_start
check "the tree is known" answers '192\.0\.2\.1' www.ecdsa.wood A

"$DOQSPEC" control --every 10ms --name localhost/A \
    "quic://127.0.0.1:$QUIC_PORT" > "$TMPDIR/control" 2>&1 &
control=$!
_own $control
late=$(said timers_late_ms)
before=$(spent)
began=$(clock)
slow() {
	raw -s "127.0.0.1:$QUIC_PORT" -n localhost -e connect -e \
	    "many $TREE_SLOW query:s%u.slow.wood window=8 rcode=2 within 60s" \
	    > "$TMPDIR/slow" 2>&1
}
check "slow names are answered in the end" slow
took=$(($(clock) - began))
busy=$(($(spent) - before))
late=$(($(said timers_late_ms) - late))
stop $control
cat "$TMPDIR/control"
echo "busy for $busy ms of $took ms;" \
    "timers late $(said timers_late) times, by $late ms"
check "nothing is lost meanwhile" has ' 0 lost' "$TMPDIR/control"
check "the validator was busy" [ $busy -ge 1000 ]
# On a busy machine some timers may be late.  Those of a worker that waits for
# the validator are late by nearly all of the time.
check "the timers were not late" [ $late -lt $((took / 2)) ]
is_false() {
	# Not asked before: a remembered failure says 13.
	answers 'EDE: 6 ' s0.slow.wood AAAA +timeout=20
}
check "they were false" is_false
quolld_stop
