#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# packages: iproute2
# timeout: 120
#
# Storms of ICMP errors that quote a connection, all of them forged; and what
# IPv6's flow label says of connections.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/netns.sh"

STORM=500
ROUNDS=12

netns_serve

# ---- forged errors -------------------------------------------------------

client_port() {
	got | awk 'NR == 1 { print $3 }'
}
has_client() {
	[ -n "$(client_port)" ]
}
# Unreachable of all kinds, "too big" for sizes that QUIC does not go below,
# time exceeded, parameter problem: TYPE CODE MTU.
errors_4='3 0 0
3 1 0
3 2 0
3 3 0
3 4 0
3 4 68
3 4 552
3 4 1199
3 13 0
11 0 0
12 0 0'
errors_6='1 0 0
1 1 0
1 3 0
1 4 0
2 0 0
2 0 68
2 0 1199
2 0 1280
3 0 0
4 0 0'
storm() { # SERVER CLIENT ERRORS
	echo "$3" | while read -r _type _code _mtu; do
		in_client "$BUILD/wire" forge "$1" "$PORT" "$2" \
		    "$(client_port)" "$_type" "$_code" "$_mtu" $STORM
	done
}
received() { # how many ICMP errors the server's kernel took
	in_server awk '/^Icmp: [0-9]/ { print $2 }' /proc/net/snmp
	in_server awk '$1 == "Icmp6InMsgs" { print $2 }' /proc/net/snmp6
}
all_received() {
	received | awk '{ n += $1 } END { print n }'
}

# One connection asks for the largest answers while errors rain on it.
weather() { # SERVER CLIENT ERRORS
	_clouds=$(all_received)
	netns_watch icmp $PORT
	{
		echo 'connect'
		echo 'wait 300ms'
		echo "repeat $ROUNDS"
		echo 'send new query:full65535.r$I.example.org/TXT fin'
		echo 'expect answer last len=65535 rcode=NOERROR within 20s'
		echo 'wait 50ms'
		echo 'end'
		echo 'expect open'
	} > "$TMPDIR/weather.raw"
	"$DOQSPEC" play -s "$1:$PORT" "$TMPDIR/weather.raw" &
	_rained=$!
	_own $_rained
	wait_for 20 has_client || return 1
	storm "$1" "$2" "$3"
	wait $_rained || return 1
	netns_watched
	_clouds=$(($(all_received) - _clouds))
	echo "$_clouds errors came"
	[ $_clouds -ge $((STORM * $(echo "$3" | wc -l))) ]
}
# The last answer comes in packets as large as the first.
stays_large() {
	[ "$(got | tail -n 45 | awk '$4 > n { n = $4 } END { print n }')" = \
	    "$1" ]
}
prove BAD-088 weather $V4 10.99.1.1 "$errors_4"
prove BAD-088 never_cut
prove BAD-088 stays_large 1472
prove BAD-088 weather $V6 fd99:1::1 "$errors_6"
prove BAD-088 never_cut
prove BAD-088 stays_large 1492

# ---- flow labels ---------------------------------------------------------

netns_watch labels $PORT
check "five connections" from $V6 'connect name=a' 'connect name=b' \
    'connect name=c' 'connect name=d' 'connect name=e' 'repeat 3' \
    '@a expect open' '@b expect open' '@c expect open' '@d expect open' \
    '@e expect open' end
netns_watched
labels() {
	got | awk '{ print $3, $7 }' | sort -u
}
# One label a connection (there is the control one, too), none of them 0, and
# not the same for all: two of them may meet by chance.
labelled() {
	labels
	_all=$(labels | wc -l)
	[ "$_all" -ge 5 ] && ! labels | grep -q ' 00000$' &&
	    [ "$(labels | awk '{ print $1 }' | sort -u | wc -l)" = "$_all" ] &&
	    [ "$(labels | awk '{ print $2 }' | sort -u | wc -l)" -ge \
	        $((_all - 1)) ]
}
prove QSV-102 labelled
quolld_stop
