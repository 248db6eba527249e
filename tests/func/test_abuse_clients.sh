#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# packages: iproute2
# timeout: 60
#
# limits.client-connections as clients of other machines meet it, in network
# namespaces: nobody on loopback is ever counted.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/netns.sh"

MOST=3

config() { # TRUSTED
	cat > "$TMPDIR/quolld.yaml" <<Y
listen: ["quic://0.0.0.0:$PORT", "quic://[::]:$PORT"]
access: {allow: [10.99.0.0/16, "fd99::/16"], trusted: [$1]}
limits: {client-connections: $MOST}
Y
}
reloaded() {
	has 'info: reloaded' "$TMPDIR/quolld.log"
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
	[ "$(said connections)" = 0 ]
}

netns_up
PORT=8853
config ''
quolld_start
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
config 10.99.1.1
kill -HUP "$QUOLLD_PID"
wait_for 10 reloaded || fail "does not reload"
check "who is trusted is not counted" from_here 10.99.0.1 \
    "$(opens $((2 * MOST)))"
check "all accounts return to 0" wait_for 40 all_is_gone
quolld_stop
