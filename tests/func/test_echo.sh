#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Two applications on one port: DNS over QUIC and the echo of examples/, each
# with its own limits; ALPN alone decides.  And the example by itself.

. "$SRC/tests/func/lib.sh"

need openssl
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$TMPDIR/k.pem" -out "$TMPDIR/c.pem" -days 30 -subj /CN=x \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>/dev/null ||
    fail "no certificate"

has_port() {
	grep -qE '^[0-9]+$' "$TMPDIR/port"
}
echoes() { # PORT TEXT
	[ "$(timeout 20 "$BUILD/echo" client "$1" "$2" "$TMPDIR/c.pem" \
	    2>> "$TMPDIR/client.log")" = "$2" ]
}

"$BUILD/share" "$TMPDIR/c.pem" "$TMPDIR/k.pem" > "$TMPDIR/port" \
    2> "$TMPDIR/share.log" &
share=$!
_own $share
wait_for 20 has_port || fail "share does not serve"
QUIC_PORT=$(cat "$TMPDIR/port")
check "DNS over QUIC" answers '127\.0\.0\.1' localhost A
check "echo on the same port" echoes "$QUIC_PORT" "what goes in comes out"
check "DNS again" answers '::1' localhost AAAA
stop $share
check "it ends well" [ $? -eq 0 ]

# The example alone, and a client that does not trust the server.
"$BUILD/echo" server 0 "$TMPDIR/c.pem" "$TMPDIR/k.pem" > "$TMPDIR/port" \
    2> "$TMPDIR/echo.log" &
_own $!
has_new_port() {
	has_port && [ "$(cat "$TMPDIR/port")" != "$QUIC_PORT" ]
}
wait_for 20 has_new_port || fail "echo does not serve"
port=$(cat "$TMPDIR/port")
check "the example" echoes "$port" "quolls are carnivorous marsupials"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$TMPDIR/k2.pem" -out "$TMPDIR/c.pem" -days 30 -subj /CN=x \
    -addext 'subjectAltName=DNS:localhost' 2>/dev/null
check "another CA: no echo" not echoes "$port" "secret"
check "and the reason" has 'no connection: .' "$TMPDIR/client.log"
