#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
# takes: 11
# plain only
#
# A million names in less than 100 MB, while they are exchanged, too.

. "$SRC/tests/func/lib.sh"

LIMIT=100000 # kB

told() {
	[ "$(grep -cE "$1" "$TMPDIR/quolld.log")" -ge "$2" ]
}
kb() { # KEY: VmRSS, VmHWM
	sed -n "s/^$1:[^0-9]*\([0-9]*\) kB/\1/p" "/proc/$QUOLLD_PID/status"
}
# Lists as one finds them: some 24 octets a name.
million() { # FIRST
	awk -v first="$1" 'BEGIN {
		for (i = 0; i < 1000000; i++)
			printf "ads%d.site%d.example\n", first + i, i % 9973
	}' > "$TMPDIR/list"
}
config() {
	printf 'listen: ["quic://127.0.0.1:0"]\nupstream: {mode: none}\n'
	[ -z "${1-}" ] || printf 'local: {lists: [{file: %s}]}\n' "$1"
}

config > "$TMPDIR/quolld.yaml"
quolld_start
before=$(kb VmRSS)
million 0
config "$TMPDIR/list" > "$TMPDIR/quolld.yaml"
kill -HUP "$QUOLLD_PID"
check "reads them" wait_for 60 told 'info: reloaded' 1
check "all" told 'local: 1000000 names' 1
check "blocks" answers 'status: NXDOMAIN' ads999999.site2699.example A
one=$(kb VmRSS)
million 500000
kill -HUP "$QUOLLD_PID"
check "reads others" wait_for 60 told 'info: reloaded' 2
check "blocks these" answers 'status: NXDOMAIN' ads1499999.site2699.example A
check "not those" answers 'status: SERVFAIL' ads0.site0.example A
two=$(kb VmRSS)
most=$(kb VmHWM)
echo "# resident: $before kB without, $one kB with, $two kB with others," \
    "$most kB at most; $(grep -o 'local: .*' "$TMPDIR/quolld.log" | tail -n 1)"
check "serving" [ $((one - before)) -lt $LIMIT ]
check "after a reload" [ $((two - before)) -lt $LIMIT ]
check "while reloading" [ $((most - before)) -lt $LIMIT ]
check "the old ones are given back" [ $((two - one)) -lt $((LIMIT / 10)) ]
config > "$TMPDIR/quolld.yaml"
kill -HUP "$QUOLLD_PID"
check "reads none" wait_for 60 told 'info: reloaded' 3
check "asks" answers 'status: SERVFAIL' ads999999.site2699.example A
check "all is given back" [ $(($(kb VmRSS) - before)) -lt $((LIMIT / 10)) ]
quolld_stop
