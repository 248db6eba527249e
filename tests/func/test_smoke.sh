#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# takes: 11
# tsan
#
# What a person tries first: kdig over IPv4 and IPv6, without any upstream.

. "$SRC/tests/func/lib.sh"

quolld_config <<'Y'
listen: ["quic://127.0.0.1:0", "quic://[::1]:0"]
upstream: {mode: none}
Y
quolld_start

prove DOQ-001 answers '^localhost\..*IN.A.127\.0\.0\.1' localhost A
prove FWD-144 answers '^localhost\..*AAAA.::1' localhost AAAA
check "below localhost, odd case" answers '127\.0\.0\.1' A.LocalHost A
check "an answer is padded" answers '^;; PADDING' localhost A +dnssec
check "no upstream: SERVFAIL says why" \
    answers "EDE: 22 .*no upstream server is configured" example.com A
check "notlocalhost is an ordinary name" \
    answers 'status: SERVFAIL' notlocalhost A

# IPv6, on its own port.
port6=$(url_port quic 2)
six() {
	"$KDIG" @::1 -p "$port6" +quic +timeout=10 +retry=0 localhost AAAA \
	    > "$TMPDIR/six" 2>&1 && grep -qE 'AAAA.::1' "$TMPDIR/six"
}
check "over IPv6" six

# Many queries in one session, one after the other and at once, and one more
# after ten seconds of silence.
session() {
	raw -s "127.0.0.1:$QUIC_PORT" -n localhost -e 'connect' \
	    -e 'repeat 50' -e 'send new query:LocalHost/A,do fin' \
	    -e 'expect answer last an=1 rr=127.0.0.1 len%468=0' -e 'end' \
	    -e 'many 200 query:n%u.localhost window=200 an=1' \
	    -e 'wait 10s' -e 'expect open' \
	    -e 'send new query:LocalHost/A,do fin' \
	    -e 'expect answer last an=1 rr=127.0.0.1' -e 'expect open' \
	    > "$TMPDIR/session" 2>&1 &&
	    return
	cat "$TMPDIR/session"
	return 1
}
prove DOQ-017,DOQ-008,DOQ-012,DOQ-013 session

# The wildcard address answers from where it was asked (RFC 9000 9).
quolld_stop
quolld_config wild <<'Y'
listen: ["quic://0.0.0.0:0", "quic://[::]:0"]
upstream: {mode: none}
Y
quolld_start -n wild
other() {
	"$KDIG" @127.0.0.5 -p "$QUIC_PORT" +quic +timeout=10 +retry=0 \
	    localhost A > "$TMPDIR/other" 2>&1 &&
	    grep -q '127\.0\.0\.1' "$TMPDIR/other"
}
prove QSV-018 other
port6=$(url_port quic 2)
check "wildcard over IPv6" six

# A stream ends when the client's last packets are there.
none_left() {
	[ "$(said streams)" = 0 ] && [ "$(said doq_streams_now)" = 0 ]
}
check "no streams are left" wait_for 10 none_left
check "SIGUSR1 reports" has 'account doq_streams_now 0' "$TMPDIR/wild.log"
quolld_stop
