#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 240
# takes: 35
#
# QUIC version 2 (RFC 9369): who gets which version, that it can be switched
# off, and that DNS over QUIC is the same in both.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

V2=0x6b3343cf

config() { # POLICY OF quic
	cat > "$TMPDIR/quolld.yaml" <<Y
listen: [quic://127.0.0.1:0]
quic: {$1}
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
Y
}
# suite VERSION SCRIPT...
suite() {
	_version=$1
	shift
	: > "$BACKLOG" # the scripts count in it
	for _script; do
		"$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" -D "BACKLOG=$BACKLOG" \
		    -D "VERSION=$_version" "$SRC/tests/func/raw/$_script.raw" ||
		    return 1
	done
	alive "$QUOLLD_PID"
}

fakebe_start
config ''
quolld_start
raw_script version

# RFC 9368 6: framing, IDs, cancelling and errors, word for word the scripts
# of version 1; with version 2 from the first packet on, and changed over to.
prove QSV-091 suite $V2 framing answers cancel frames
prove QSV-091 suite both framing cancel
check "2,000 queries" raw_do "set VERSION $V2" connect \
    'many 2000 query:ok.n%u.v2.example.org/A window=90 rcode=NOERROR within 60s'
quolld_stop

# Retry is of the version that the client began with (RFC 9369 4.1).
config 'retry: always'
quolld_start
for version in 1 $V2 both; do
	prove QSV-090 raw_do "case Retry, version $version" \
	    "connect version=$version" 'expect retry' 'expect open'
done
quolld_stop

# Off: no more than Version Negotiation, and who lists both stays with 1.
config 'version-2: off'
quolld_start
prove BAD-058 raw_do nocontrol "connect version=$V2 nowait" \
    'expect handshake_fail vn'
prove QSV-090 raw_do 'connect version=both' 'expect version 1' 'expect open'
check "version 1 is served" answers 'status: NOERROR' localhost A
check "all accounts return to 0" wait_for 40 all_is_gone
quolld_stop
