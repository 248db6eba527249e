#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tsan
#
# SIGHUP: what can change does, without dropping a connection; a bad file or
# certificate changes nothing.

. "$SRC/tests/func/lib.sh"

need openssl
WORKERS= # from the configuration, which changes it
cert() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$TMPDIR/k.pem" -out "$TMPDIR/c.pem" -days 30 \
	    -subj /CN="$1" -addext "subjectAltName=DNS:$1" 2>/dev/null
}
config() { # ALLOW
	cat > "$TMPDIR/quolld.yaml" <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {mode: none}
workers: ${2-1}
tls: {cert: $TMPDIR/c.pem, key: $TMPDIR/k.pem}
access:
  allow: [$1]
  trusted: []
Y
}
told() {
	[ "$(grep -cE "$1" "$TMPDIR/quolld.log")" -ge "${2-1}" ]
}
hup() {
	kill -HUP "$QUOLLD_PID"
	check "$1" wait_for 10 told "$2" "$3"
}
shows() { # NAME: what certificate is served
	"$KDIG" @127.0.0.1 -p "$QUIC_PORT" +tls-ca="$TMPDIR/c.pem" \
	    +tls-hostname="$1" +quic +timeout=10 +retry=0 localhost A 2>&1 |
	    grep -q 'status: NOERROR'
}

cert one.example || fail "no certificate"
config 127.0.0.0/8
quolld_start
check "the first certificate" shows one.example

# Access.
config 192.0.2.0/24
hup "reloads access" 'info: reloaded' 1
prove FWD-025 answers 'EDE: 18' localhost A +edns
check "refused" has 'status: REFUSED' "$TMPDIR/answer"
config 127.0.0.0/8
hup "and again" 'info: reloaded' 2
check "allowed again" answers '127\.0\.0\.1' localhost A

# A bad file changes nothing.
printf 'listen: nonsense\n' > "$TMPDIR/quolld.yaml"
hup "a bad file" 'everything stays as it was' 1
check "its line is told" told 'quolld.yaml:1: '
check "still answers" answers '127\.0\.0\.1' localhost A

# Certificates.
config 127.0.0.0/8
cp "$TMPDIR/c.pem" "$TMPDIR/old.pem"
head -c 100 "$TMPDIR/old.pem" > "$TMPDIR/c.pem"
hup "a truncated certificate" 'everything stays as it was' 2
cp "$TMPDIR/old.pem" "$TMPDIR/c.pem"
prove QSV-053 shows one.example
cert two.example || fail "no certificate"
hup "the repaired one" 'info: reloaded' 3
check "is shown" shows two.example

# What needs a restart is said.
config 127.0.0.0/8 3
hup "workers" 'workers changes with a restart only' 1
check "still answers" answers '127\.0\.0\.1' localhost A
check "everything is given back" wait_for 60 all_is_gone
quolld_stop
