#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What helps to find faults in QUIC: -vv, and the secrets of TLS sessions for
# those who capture packets.  Neither is there unless it is asked for.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

LOG=$TMPDIR/quolld.log
KEYS=$TMPDIR/keys

fakebe_start
cat > "$TMPDIR/quolld.yaml" <<Y
listen: [quic://127.0.0.1:0]
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
quic: {early-data: on}
Y
# comes_back NAME: asks, and once more as early data.
comes_back() {
	raw_do nocontrol 'connect name=a' 'expect ticket' \
	    'connect ticket_of=a early' \
	    "send 0 query:ok.$1.example.org/A fin" \
	    'expect answer 0 rcode=NOERROR' 'expect early accepted'
}

quolld_start -v
check "a client" comes_back quiet
check "a client that makes mistakes" raw_do nocontrol connect \
    'send new hex:0000 fin' 'expect close app 0x2'
check "-v tells of him" has ' debug: closing quic:.*: length too small$' "$LOG"
check "but nothing of QUIC's inside" not has ' debug: quic: ' "$LOG"
check "nor does it warn" not has SSLKEYLOGFILE "$LOG"
quolld_stop

: > "$KEYS"
chmod 600 "$KEYS"
SSLKEYLOGFILE=$KEYS
export SSLKEYLOGFILE
quolld_start -vv
unset SSLKEYLOGFILE
check "it warns, and names the file" has " warning: SSLKEYLOGFILE .* $KEYS\$" \
    "$LOG"
check "a client" comes_back told
for what in 'pkt rx .*type=Initial' 'frm rx .* CRYPTO' 'frm tx .* STREAM' \
    'remote transport_parameters' 'type=0RTT'; do
	check "-vv tells of $what" has " debug: quic: .*$what" "$LOG"
done
check "but not what was asked" not has 'quic: .*(told|example)' "$LOG"
for label in CLIENT_EARLY CLIENT_HANDSHAKE SERVER_HANDSHAKE; do
	check "$label" has "^${label}_TRAFFIC_SECRET [0-9a-f]{64} [0-9a-f]+\$" \
	    "$KEYS"
done
for side in CLIENT SERVER; do
	check "$side" [ "$(grep -c "^${side}_TRAFFIC_SECRET_0 " "$KEYS")" -eq 2 ]
done
check "it stays closed to others" [ "$(stat -c %a "$KEYS")" = 600 ]
check "everything is given back" wait_for 60 all_is_gone
quolld_stop
