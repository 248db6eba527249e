#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# takes: 16
# packages: bind9-dnsutils ldnsutils
#
# quolld resolves by itself, in a signed tree of zones: what is proved, what is
# not, what is false, and what a validator behind it makes of that.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/tree.inc"
need delv

tree_start
tree_config
quolld_start
bridge_start

prove FWD-046 is_secure '^www.*	192\.0\.2\.1$' www.ecdsa.wood A
prove FWD-042 is_secure '^www.*	2001:db8::2$' www.rsa.wood AAAA
tree_unbound "forward-zone:
	name: .
	forward-addr: 127.0.0.1@$BRIDGE_PORT"
validators_agree() {
	delv_agrees "$BRIDGE_PORT" && unbound_agrees
}
prove FWD-048 validators_agree
check "signatures are there for who asks for them" \
    answers '	RRSIG	A 13' www.ecdsa.wood RRSIG
check "aliases in three zones" \
    is_secure '^www.*	192\.0\.2\.1$' far.ecdsa.wood A
check "a wildcard" is_secure '	192\.0\.2\.72$' a.wild.rsa.wood A
check "no such name, by NSEC" is_denied NXDOMAIN nix.ecdsa.wood A
check "no such name, by NSEC3" is_denied NXDOMAIN nix.rsa.wood A
check "no such type" is_denied NOERROR www.ecdsa.wood TXT
check "an empty name" is_denied NOERROR ent.rsa.wood A
check "no such top level" is_denied NXDOMAIN www.nix A
check "not signed" is_insecure '^www.*	192\.0\.2\.5$' www.plain.wood A
check "a secure alias of what is not" \
    is_insecure '^www.*	192\.0\.2\.5$' open.ecdsa.wood A

check "bogus" is_bogus www.bogus.wood A
check "says so" has 'EDE: 6 ' "$TMPDIR/answer"
check "expired" is_bogus www.expired.wood A
check "says so, too" has 'EDE: [67] ' "$TMPDIR/answer"
check "nothing of how it was found out" \
    not has 'EDE:.*[0-9]\.[0-9]' "$TMPDIR/answer"
prove FWD-044 is_shown '^www.*	192\.0\.2\.33$' www.bogus.wood A
not_mixed() { # what is kept for the one is not for the other
	is_bogus text.expired.wood TXT &&
	    is_shown '"two words"$' text.expired.wood TXT &&
	    is_bogus text.expired.wood TXT
}
prove FWD-045 not_mixed
check "a secure alias of what is bogus" is_bogus spoilt.ecdsa.wood A
check "expired, for who checks himself" \
    is_shown '^www.*	192\.0\.2\.4$' www.expired.wood A
check "the same zone, untouched" is_secure '"two words"$' text.bogus.wood TXT
cd_and_good() { # CD asks for no check: no claim of one, though it may be known
	answers '	192\.0\.2\.1$' www.ecdsa.wood A +cdflag +dnssec &&
	    flagged cd && signed
}
check "CD and good" cd_and_good

check "aliases in a circle" answers 'status: (SERVFAIL|NOERROR)' \
    loop.ecdsa.wood A
check "large, over TCP" is_secure '^;; Received 1[0-9]{4} B' \
    big.rsa.wood TXT
check "to its end" has '"059 0*"' "$TMPDIR/answer"
spelt() { # doqspec compares the question octet by octet
	raw -s "127.0.0.1:$QUIC_PORT" -n www.ecdsa.wood -e connect \
	    -e 'send new query:wWw.eCdSa.wOoD/A,do fin' \
	    -e 'expect answer last an=2 rr=192.0.2.1' > "$TMPDIR/spelt" 2>&1
}
prove FWD-017 spelt
plain() {
	answers 'ADDITIONAL: 0$' www.ecdsa.wood A +noedns
}
check "no OPT to who sent none" plain
check "ANY is answered with something" \
    answers 'status: NOERROR.*' www.ecdsa.wood ANY
check "a class that nobody has" answers 'status: (NOTIMP|REFUSED|SERVFAIL)' \
    www.ecdsa.wood A -c CH
check "not authoritative" not flagged aa

# RFC 5011: what is trusted is kept, and known to have been seen.
kept() {
	grep -rqs 'state=2 .*VALID' "$TMPDIR/quolld.state"
}
check "the anchor's state is kept" wait_for 10 kept
quolld_stop
