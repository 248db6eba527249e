#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The harness itself: the real backends start, serve the zone over UDP and
# TCP, and end when told.

. "$SRC/tests/func/lib.sh"

# serves PORT
serves() {
	check "an address over UDP" direct "$1" 192.0.2.1 www.example.org A
	check "a CNAME" direct "$1" 'CNAME.*www' alias.example.org CNAME
	check "20 KB over TCP" direct "$1" '"099 0*"' big.example.org TXT +tcp
	check "truncation over UDP" direct "$1" 'Flags:.* tc' \
	    big.example.org TXT +ignore
}
direct() {
	_re=$2 _p=$1
	shift 2
	"$KDIG" @127.0.0.1 -p "$_p" +timeout=5 +retry=0 "$@" 2>&1 |
	    grep -qE "$_re"
}

unbound_start '	val-log-level: 1'
serves "$UNBOUND_PORT"
knotd_start
serves "$KNOTD_PORT"
nsd_start
serves "$NSD_PORT"

stop "$UNBOUND_PID"
check "unbound ended" not alive "$UNBOUND_PID"
check "nothing answers any more" not direct "$UNBOUND_PORT" NOERROR \
    www.example.org A +timeout=1
