#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# packages: iproute2
# timeout: 60
# takes: 13
#
# Limits per prefix and access lists, as clients of other machines meet them, in
# network namespaces: nobody on loopback is ever counted.  The honest client is
# on loopback.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/netns.sh"
. "$SRC/tests/func/abuse.inc"

MOST=3		# connections of one prefix
HALVES=5	# handshakes of one, before it has to prove its address
FLOOD=200

config() { # TRUSTED DENIED
	cat > "$TMPDIR/quolld.yaml" <<Y
listen: ["quic://0.0.0.0:$PORT", "quic://[::]:$PORT"]
upstream: {mode: none}
access:
  allow: [10.99.0.0/16, "fd99::/16"]
  trusted: [127.0.0.0/8, $1]
  deny: [$2]
limits: {client-connections: $MOST, client-handshakes: $HALVES}
Y
}
reload() {
	_reloads=$(grep -c 'info: reloaded' "$TMPDIR/quolld.log")
	kill -HUP "$QUOLLD_PID"
	wait_for 10 reloaded || fail "does not reload"
}
reloaded() {
	[ "$(grep -c 'info: reloaded' "$TMPDIR/quolld.log")" -gt "$_reloads" ]
}
# opens N: that many are open at once, each is answered.
opens() {
	i=0
	while [ $i -lt "$1" ]; do
		printf '%s\n' "connect name=c$i" \
		    'send new query:localhost/A fin' \
		    'expect answer last rcode=NOERROR'
		i=$((i + 1))
	done
}
from_here() { # ADDRESS COMMANDS
	printf 'nocontrol\n%s\n' "$2" > "$TMPDIR/commands.raw"
	"$DOQSPEC" play -s "$1:$PORT" "$TMPDIR/commands.raw"
}
# What the client's network has is given back when its connections end.
nobody() {
	[ "$(said connections)" -le 2 ]
}

program=$DOQSPEC
netns_up
PORT=8853
config '' ''
quolld_start
outside=$DOQSPEC
DOQSPEC=$program
_wrap DOQSPEC s
control_start localhost/A "127.0.0.1:$PORT"
DOQSPEC=$outside
for address in 10.99.0.1 fd99::1; do
	check "as many as may be, $address" from_here $address "$(opens $MOST)"
	check "they are gone" wait_for 40 nobody
	# Who is one too many has to prove its address to hear of it.
	prove DOQ-084 from_here $address \
	    "$(opens $MOST)
allow failed
connect name=more nowait
expect handshake_fail transport 0x2
use c0
expect open
close app 0
wait 300ms
connect name=again
expect open"
	check "they are gone" wait_for 40 nobody
done
check "refusals are counted" [ "$(said clients_too_many)" -eq 2 ]
check "the address was proved before" [ "$(said clients_to_prove)" -ge 2 ]

# More handshakes than one prefix may have: they have to prove their address,
# and nothing is kept for them.
prove=$(said clients_to_prove)
begun=$(said conns_accepted)
flood() {
	from_here 10.99.0.1 "flood hello $FLOOD rate=500 listen=100ms"
}
check "no source is sent too much" abuse "$FLOOD handshakes of one address" flood
prove=$(($(said clients_to_prove) - prove))
echo "# $prove had to prove their address"
check "handshakes of a prefix are bounded" [ $prove -ge $((FLOOD - 50)) ]

config 10.99.1.1 ''
reload
check "who is trusted is not counted" from_here 10.99.0.1 \
    "$(opens $((2 * MOST)))"

# By prefix; the longest that matches decides.
config '' '10.99.1.0/24, "fd99:1::/64"'
reload
for address in 10.99.0.1 fd99::1; do
	denied=$(said query_denied)
	check "who is denied is told, $address" from_here $address \
	    'connect
send new query:localhost/A,do fin
expect answer last rcode=REFUSED ede=18'
	counted query_denied $((denied + 1))
done
config '' 10.0.0.0/8
reload
check "a longer prefix allows" from_here 10.99.0.1 "$(opens 1)"
abuse_end
