#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# packages: iproute2
# timeout: 90
#
# A client's network, from its address over quolld and a real Unbound to an
# authoritative server (RFC 7871), in network namespaces: the client has a
# private address and a public one.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/netns.sh"

PUBLIC=198.51.100.77
need unbound
netns_up
ip -n "${_ns}c" addr add $PUBLIC/32 dev lo &&
    ip -n "${_ns}r" route add $PUBLIC/32 via 10.99.1.1 || fail "no address"
fakebe_start

_wrap KDIG s
_run_unbound() {
	exec ip netns exec "${_ns}s" "$_dir/unbound" -d -c "$_dir/unbound.conf"
}
unbound_start "	module-config: \"subnetcache iterator\"
	send-client-subnet: 127.0.0.1
	client-subnet-always-forward: yes
	max-client-subnet-ipv4: 24
forward-zone:
	name: \"ecs.example\"
	forward-addr: 127.0.0.1@$FAKEBE_PORT
server:"

quolld_config <<Y
listen: ["quic://10.99.0.1:0"]
access:
  allow: [$PUBLIC, 10.0.0.0/8]
upstream:
  servers: ["udp://127.0.0.1:$UNBOUND_PORT"]
ecs:
  mode: add
Y
quolld_start

from() { # ADDRESS NAME: asked from there, is the answer right?
	in_client kdig @10.99.0.1 -p "$QUIC_PORT" -b "$1" +quic +timeout=10 \
	    +retry=0 "$2.ecs.example" A > "$TMPDIR/answer" 2>&1
	has 'A.192\.0\.2\.1$' "$TMPDIR/answer"
}
seen() { # NAME DATA
	has " name=$1\\.ecs\\.example\\. .* options=([0-9,]*,)?8[, ].*00080007$2" \
	    "$BACKLOG"
}
check "from a public address" from $PUBLIC ecs.a
check "24 bits of it arrive" seen 'ecs\.a' 00011800c63364
check "the client did not ask, and is told nothing" \
    not has CLIENT-SUBNET "$TMPDIR/answer"
check "from a private address" from 10.99.1.1 ecs.b
# Unbound adds the address that it sees itself: ours.
check "nothing of it arrives" not seen 'ecs\.b' 000118000a6301
quolld_stop
