#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# takes: 12
#
# Discovery of designated resolvers (RFC 9462): what a client is told, by which
# certificate, and what a reload with another certificate changes.

. "$SRC/tests/func/lib.sh"

need openssl
cd "$TMPDIR" || exit 1
designated=_dns.resolver.arpa

# certificate FILE SAN
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -keyout "$1.key" -out "$1.crt" -days 30 -subj /CN=x \
	    -addext "subjectAltName=$2" 2> openssl.err || fail "openssl: $1"
}
certificate good 'DNS:dns.example,DNS:*.wild.example,IP:127.0.0.1,IP:127.0.0.2'
certificate other 'DNS:other.example,IP:127.0.0.1'
install_certificate() {
	cp "$1.crt" cert.pem && cp "$1.key" key.pem
}
install_certificate good

# ---- told, by a certificate that is for an address, too ----------------

quolld_config <<Y
listen: ["quic://127.0.0.1:0", "quic://127.0.0.2:0"]
tls: {cert: $TMPDIR/cert.pem, key: $TMPDIR/key.pem}
Y
quolld_start
port2=$(url_port quic 2)
prove FWD-159,FWD-160 \
    answers "SVCB.1 dns\.example\. alpn=doq port=$QUIC_PORT ipv4hint=127\.0\.0\.1\$" \
    $designated SVCB
check "the second port" has \
    "SVCB.2 dns\.example\. alpn=doq port=$port2 ipv4hint=127\.0\.0\.2\$" answer
check "no other" not has 'SVCB.3' answer
both_addresses() {
	sed -n '/ADDITIONAL SECTION/,$p' answer > additional
	has '^dns\.example\..*IN.A.127\.0\.0\.1$' additional &&
	    has '^dns\.example\..*IN.A.127\.0\.0\.2$' additional
}
prove FWD-158 both_addresses
prove FWD-157 not has 'SVCB.[0-9]+ (\.|resolver\.arpa\.) ' answer
check "it is ours" has 'Flags: qr aa rd ra' answer
prove FWD-155 answers 'ANSWER: 0; AUTHORITY: 1' $designated A
prove FWD-155 answers 'ANSWER: 0; AUTHORITY: 1' x.$designated SVCB

# Whoever was asked first, and whoever is designated: the certificate says so.
shown() { # PORT ADDRESS
	"$KDIG" "@$2" -p "$1" +tls-ca="$TMPDIR/good.crt" \
	    +tls-hostname=dns.example +quic +timeout=10 +retry=0 \
	    localhost A > shown 2>&1 &&
	    has 'localhost\..*127\.0\.0\.1' shown &&
	    openssl x509 -in good.crt -noout -checkip "$2" |
	    grep -q 'does match'
}
prove FWD-161 shown "$QUIC_PORT" 127.0.0.1
prove FWD-161 shown "$port2" 127.0.0.2

# Nothing hangs on the port that was found.  What cannot be asked for is
# remembered, and told with another code then.
"$KDIG" "@127.0.0.1" -p "$QUIC_PORT" +quic +timeout=10 +retry=0 example.com A \
    > /dev/null 2>&1
same() {
	for _q in "localhost A" "x.test A" "$designated SVCB" "example.com A"
	do
		for _at in "127.0.0.1 $QUIC_PORT" "127.0.0.2 $port2"; do
			# shellcheck disable=SC2086
			"$KDIG" "@${_at% *}" -p "${_at#* }" +quic +timeout=10 \
			    +retry=0 $_q 2>&1 |
			    grep -v '^;; \(From\|Time\|Received\|QUIC\)' > "same.$_at"
		done
		[ -s "same.$_at" ] &&
		    cmp "same.127.0.0.1 $QUIC_PORT" "same.$_at" || return 1
	done
}
prove FWD-162 same

# ---- a reload with another certificate ---------------------------------

install_certificate other
kill -HUP "$QUOLLD_PID"
check "reloaded" wait_for 10 has 'info: reloaded' quolld.log
check "the other name" answers "SVCB.1 other\.example\. alpn=doq" $designated SVCB
check "and only that" not has 'dns\.example' answer
quolld_stop

# ---- written down ------------------------------------------------------

install_certificate good
quolld_config <<Y
listen: ["quic://0.0.0.0:0"]
tls: {cert: $TMPDIR/cert.pem, key: $TMPDIR/key.pem}
ddr:
  names: [dns.example, a.wild.example]
Y
check "--check takes it" "$QUOLLD" --check -c quolld.yaml
quolld_start
check "who listens everywhere is where one asked" \
    answers 'SVCB.1 dns\.example\. .*ipv4hint=127\.0\.0\.1' $designated SVCB
check "a name below the wildcard" has 'SVCB.2 a\.wild\.example\. ' answer
there() {
	"$KDIG" @127.0.0.7 -p "$QUIC_PORT" +quic +timeout=10 +retry=0 \
	    $designated SVCB > there 2>&1 && has 'ipv4hint=127\.0\.0\.7$' there
}
check "wherever that was" there
install_certificate other
kill -HUP "$QUOLLD_PID"
check "a line for each name that is gone" wait_for 10 has \
    'quolld.yaml:4: ddr.names: no certificate is for dns.example: it is left out' \
    quolld.log
check "and the second" wait_for 10 has 'for a.wild.example: it is left out' quolld.log
check "the reload goes on" wait_for 10 has 'info: reloaded' quolld.log
prove FWD-156 answers 'status: NOERROR' $designated SVCB
prove FWD-156 has 'ANSWER: 0; AUTHORITY: 1' answer
quolld_stop

# With that certificate it does not start any more.
refused() { # COMMAND...
	if "$@" > refused.out 2>&1; then
		return 1
	fi
	has 'quolld.yaml:4: ddr.names: no certificate is for dns.example$' \
	    refused.out && return
	cat refused.out
	return 1
}
check "--check refuses it" refused "$QUOLLD" --check -c quolld.yaml
check "so does the start" refused timeout 20 "$QUOLLD" -c quolld.yaml \
    --state quolld.state
quolld_config <<'Y'
ddr: {names: [resolver.arpa]}
Y
refuses() {
	! "$QUOLLD" --check -c quolld.yaml > refused.out 2>&1 &&
	    has "ddr.names: .*$1" refused.out
}
prove FWD-157 refuses resolver.arpa

# ---- nothing to tell ---------------------------------------------------

quolld_config none <<'Y'
listen: ["quic://127.0.0.1:0"]
Y
quolld_start -n none
prove FWD-156 answers 'status: NOERROR' $designated SVCB
prove FWD-156 has 'ANSWER: 0; AUTHORITY: 1' answer
own_certificate() {
	openssl x509 -in none.state/selfsign.crt -noout -checkip 127.0.0.1 |
	    grep -q 'does match'
}
prove FWD-161 own_certificate
quolld_stop
