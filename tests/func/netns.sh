# SPDX-License-Identifier: BSD-2-Clause
#
# For functional tests of what happens on the wire; sourced after lib.sh.  Three
# network namespaces of the test's own, which go when it ends:
#
#	server 10.99.0.1 fd99::1 -- router -- 10.99.1.1 fd99:1::1 client
#
# quolld and fakebe run in the server's, the raw client in the client's.

_ns=quoll$$
_netns_gone() {
	_before=$?
	for _n in s r c; do
		ip netns del "$_ns$_n" 2>/dev/null
	done
	return $_before
}

# _wrap VARIABLE NAMESPACE: the program it names runs there from now on.
_wrap() {
	eval "_real=\$$1"
	_to=$TMPDIR/in-$2-$(basename "$_real")
	printf '#!/bin/sh\nexec ip netns exec %s%s %s "$@"\n' \
	    "$_ns" "$2" "$_real" > "$_to"
	chmod +x "$_to"
	eval "$1=\$_to"
}

in_server() { ip netns exec "${_ns}s" "$@"; }
in_router() { ip netns exec "${_ns}r" "$@"; }
in_client() { ip netns exec "${_ns}c" "$@"; }

# netns_up: makes them, all links 1500 wide.
netns_up() {
	need ip
	trap '_netns_gone; _finish' EXIT
	# In a chroot they can be made, and nothing can be run in them.
	_why=$(ip netns add "${_ns}s" 2>&1 &&
	    ip netns exec "${_ns}s" true 2>&1) ||
	    skip "no network namespaces can be used here: $_why"
	ip netns add "${_ns}r" && ip netns add "${_ns}c" || fail "no more"
	for _n in s r c; do
		# IPv6 addresses count at once, link-local ones too.
		ip netns exec "$_ns$_n" sh -c \
		    'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad'
	done
	ip -n "${_ns}s" link add s0 type veth peer name r0 \
	        netns "${_ns}r" &&
	    ip -n "${_ns}c" link add c0 type veth peer name r1 \
	        netns "${_ns}r" || fail "no veth"
	for _n in s c r; do
		ip -n "$_ns$_n" link set lo up
	done
	_interface s s0 10.99.0.1/24 fd99::1/64
	_interface c c0 10.99.1.1/24 fd99:1::1/64
	_interface r r0 10.99.0.254/24 fd99::fe/64
	_interface r r1 10.99.1.254/24 fd99:1::fe/64
	in_router sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward &&
	    echo 1 > /proc/sys/net/ipv6/conf/all/forwarding' ||
	    fail "the router does not forward"
	ip -n "${_ns}s" route add default via 10.99.0.254 &&
	    ip -n "${_ns}c" route add default via 10.99.1.254 &&
	    ip -n "${_ns}s" -6 route add default via fd99::fe &&
	    ip -n "${_ns}c" -6 route add default via fd99:1::fe ||
	    fail "no routes"
	# One packet a time: a train would be seen, and forwarded, as a whole.
	ip -n "${_ns}s" link set s0 gso_max_segs 1 || fail "trains stay whole"
	_wrap QUOLLD s
	_wrap FAKEBE s
	_wrap DOQSPEC c
}
_interface() { # NAMESPACE NAME ADDRESS ADDRESS6
	ip -n "$_ns$1" addr add "$3" dev "$2" &&
	    ip -n "$_ns$1" addr add "$4" dev "$2" nodad &&
	    ip -n "$_ns$1" link set "$2" up || fail "no $2"
}

# netns_mtu MTU: of the link between router and client.
netns_mtu() {
	ip -n "${_ns}r" link set r1 mtu "$1" &&
	    ip -n "${_ns}c" link set c0 mtu "$1" || fail "no MTU $1"
}

# netns_silence on|off: whether the router's own ICMP errors vanish.
netns_silence() {
	_rule=del
	[ "$1" = off ] || _rule=add
	ip -n "${_ns}r" rule $_rule iif lo to 10.99.0.0/24 pref 10 blackhole &&
	    ip -n "${_ns}r" -6 rule $_rule iif lo to fd99::/64 pref 10 \
	        blackhole || fail "the router cannot be silenced"
}

# netns_watch NAME PORT: writes what the client sends and gets to
# $TMPDIR/NAME.wire until netns_watched.
netns_watch() {
	WIRE=$TMPDIR/$1.wire
	ip netns exec "${_ns}c" "$BUILD/wire" watch c0 "$2" > "$WIRE" &
	WATCH_PID=$!
	_own $WATCH_PID
	wait_for 10 grep -q watching "$WIRE" || fail "nobody watches"
}
netns_watched() {
	sleep 0.2
	stop "$WATCH_PID"
}

# netns_serve: all of it, with a fakebe and a quolld that listens on $PORT of
# $V4 and $V6.
netns_serve() {
	netns_up
	fakebe_start
	PORT=8853
	V4=10.99.0.1
	V6=fd99::1
	quolld_config <<Y
listen: ["quic://0.0.0.0:$PORT", "quic://[::]:$PORT"]
access: {allow: [10.99.0.0/16, "fd99::/16"]}
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
Y
	quolld_start
}

# from ADDRESS COMMAND...: a script of the raw client's.
from() {
	_address=$1
	shift
	printf '%s\n' "$@" > "$TMPDIR/commands.raw"
	"$DOQSPEC" play -s "$_address:$PORT" -D "BACKLOG=$BACKLOG" \
	    "$TMPDIR/commands.raw"
}

# What came from the server; the largest of it, whole IP packets.
got() {
	grep '^in ' "$WIRE"
}
never_cut() {
	got | grep -q . && ! got | grep -qvE ' df - [0-9a-f]+$'
}
largest() {
	got | awk '$4 > n { n = $4 } END { print n + 0 }'
}
