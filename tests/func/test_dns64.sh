#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# DNS64 in front of a real server: the set-ups of RFC 6147 7, and what it says
# of names with other answers.

. "$SRC/tests/func/lib.sh"

zone_text() {
	cat <<ZONE
$_zone. 300 IN SOA ns.$_zone. nobody.invalid. 1 3600 600 86400 60
$_zone. 300 IN NS ns.$_zone.
ns.$_zone. 300 IN A 192.0.2.53
h2.$_zone. 300 IN A 192.0.2.1
h3.$_zone. 300 IN A 192.0.2.3
h3.$_zone. 300 IN AAAA 2001:db8::3
alias.$_zone. 300 IN CNAME h2.$_zone.
private.$_zone. 300 IN A 10.0.0.1
mapped.$_zone. 300 IN AAAA ::ffff:192.0.2.9
mapped.$_zone. 300 IN A 192.0.2.9
mixed.$_zone. 300 IN AAAA ::ffff:192.0.2.9
mixed.$_zone. 300 IN AAAA 2001:db8::9
text.$_zone. 300 IN TXT "no address"
sub.$_zone. 300 IN DNAME other.$_zone.
h2.other.$_zone. 30 IN A 192.0.2.2
ZONE
}

# An answer for AAAA: is that name's the only address of it?
gives() { # NAME ADDRESS [KDIG OPTION...]
	_name=$1.$_zone _want=$2
	shift 2
	answers "AAAA.$_want\$" "$_name" AAAA "$@" &&
	    [ "$(grep -cE '^[^;].*AAAA' "$TMPDIR/answer")" -eq 1 ]
}
gives_nothing() { # NAME [TYPE]
	answers 'status: NOERROR' "$1.$_zone" "${2:-AAAA}" &&
	    has 'ANSWER: 0; ' "$TMPDIR/answer"
}

knotd_start
start() { # NAME [LINE...]
	quolld_config "$1" <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$KNOTD_PORT"]}
dns64:
  prefix: $2
${3-}
Y
	quolld_start -n "$1"
}

# RFC 6147 7.1 and 7.2: the well-known prefix.
start quolld 64:ff9b::/96
check "an address is made" gives h2 64:ff9b::c000:201
check "for as long as it is known that there is none" \
    has '^h2\.example\.org\.[[:space:]]+60[[:space:]]' "$TMPDIR/answer"
check "not longer than the A record lasts" \
    gives h2.other 64:ff9b::c000:202
check "its TTL" has '[[:space:]]30[[:space:]]+IN' "$TMPDIR/answer"
check "none is made where there is one" gives h3 2001:db8::3
check "an alias stays" gives alias 64:ff9b::c000:201
check "and is shown" has 'CNAME.h2\.example' "$TMPDIR/answer"
check "DNAME, too" gives h2.sub 64:ff9b::c000:202
check "and is shown" has 'DNAME.other\.example' "$TMPDIR/answer"
check "private addresses are not in it" gives_nothing private
check "what is excluded is absent" gives mapped 64:ff9b::c000:209
check "and taken out" gives mixed 2001:db8::9
check "a name without addresses" gives_nothing text
check "its SOA is there" has 'SOA' "$TMPDIR/answer"
check "a name that is none" answers 'status: NXDOMAIN' no.$_zone AAAA
check "A is left alone" answers 'A.192\.0\.2\.1$' h2.$_zone A
check "who validates gets what there is" \
    answers 'ANSWER: 0; ' h2.$_zone AAAA +dnssec +cdflag
check "who only asks for proofs does not" \
    gives h2 64:ff9b::c000:201 +dnssec
check "clients can find the prefix" \
    answers 'AAAA.64:ff9b::c000:aa$' ipv4only.arpa AAAA
check "by two addresses" has 'AAAA.64:ff9b::c000:ab$' "$TMPDIR/answer"
check "it is counted" [ "$(said dns64_made)" -eq 6 ]
quolld_stop

# RFC 6147 7.3: a prefix of the site, and only for some.
start site 2001:db8:122::/48 '  clients: ["127.0.0.1", "2001:db8::/32"]'
check "an address of the site is made" gives h2 2001:db8:122:c000:2:100::
check "of private ones, too" gives private 2001:db8:122:a00:0:100::
quolld_stop
start others 2001:db8:122::/48 '  clients: ["2001:db8::/32"]'
check "others get what there is" gives_nothing h2
quolld_stop
