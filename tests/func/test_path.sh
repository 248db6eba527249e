#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# packages: iproute2
# timeout: 180
# alone
#
# Paths of all widths, in network namespaces: no fragments, the path's MTU is
# found, answers of 64 kB arrive whatever ICMP says or does not say.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/netns.sh"

netns_serve
whole='len=65535 rcode=NOERROR'

# ---- widths --------------------------------------------------------------

# The sizes that ngtcp2 looks for, with the headers of IP and UDP.
probe() { # MTU ADDRESS
	case $1 in
	1280) _payload=1232 ;;
	1400) _payload=1342 ;;
	*) _payload=1444 ;;
	esac
	[ "$2" = $V4 ] && echo $((_payload + 28)) || echo $((_payload + 48))
}
for silence in off on; do
	[ $silence = off ] || netns_silence on
	for mtu in 1280 1400 1500; do
		netns_mtu $mtu
		for address in $V4 $V6; do
			netns_watch wide $PORT
			# At once, and when the path's MTU is known.
			prove QSV-094 from $address connect \
			    "send new query:full65535.a$mtu.example.org/TXT fin" \
			    "expect answer last $whole" 'wait 1s' \
			    "send new query:full65535.b$mtu.example.org/TXT fin" \
			    "expect answer last $whole" 'expect open'
			netns_watched
			prove QSV-093 never_cut
			prove QSV-094 [ "$(largest)" = "$(probe $mtu $address)" ]
		done
	done
done
netns_silence off

# ---- a path that gets narrower -------------------------------------------

# narrower ADDRESS WHICH COMMAND...: an answer before and one after it.
narrower() {
	_to=$1
	rm -f "$TMPDIR/go" "$TMPDIR/first"
	touch "$TMPDIR/first"
	from "$_to" connect "set READY $TMPDIR/go" \
	    'send new query:full65535.before.example.org/TXT fin' \
	    "expect answer last $whole" 'print seen' \
	    'expect log $READY has go within 30s' \
	    'send new query:full65535.after.example.org/TXT fin' \
	    "expect answer last $whole within 30s" 'expect open' \
	    > "$TMPDIR/first" 2>&1 &
	_client=$!
	_own $_client
	wait_for 20 grep -q packets "$TMPDIR/first" || return 1
	shift
	"$@"
	echo go > "$TMPDIR/go"
	wait $_client && return
	cat "$TMPDIR/first"
	return 1
}
interface_mtu() {
	ip -n "${_ns}s" link set s0 mtu "$1"
}
for address in $V4 $V6; do
	netns_mtu 1500
	netns_watch narrower $PORT
	prove QSV-095 narrower $address interface_mtu 1280
	netns_watched
	prove QSV-093 never_cut
	interface_mtu 1500
	netns_silence on
	prove QSV-094 narrower $address netns_mtu 1280
	netns_silence off
done
netns_mtu 1500
quolld_stop
