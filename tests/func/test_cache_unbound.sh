#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# packages: nsd
#
# What is remembered of real servers: Unbound and, for DNS64 and aliases of
# our own, knotd; both die, and what is known is known.  Then of recursion.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/nsd.inc"
need nsd
[ "$(id -u)" = 0 ] || skip "port 53 needs root"

ttl() { # NAME TYPE [RRTYPE]: the TTL of the first such record
	ask "$1" "$2" +edns > "$TMPDIR/answer" 2>&1
	awk -v t="${3:-$2}" '/^[^;]/ && $4 == t { print $2; exit }' \
	    "$TMPDIR/answer"
}
# counts_down FIRST SECOND SECONDS
counts_down() {
	[ -n "$1" ] && [ -n "$2" ] && [ "$2" -le $(($1 - 2)) ] &&
	    [ "$2" -ge $(($1 - $3 - 1)) ] && return
	echo "$1, $3 s later $2"
	return 1
}

unbound_start
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$UNBOUND_PORT"]}
limits: {query-timeout: 1s}
Y
quolld_start
all_known() {
	answers 'A.192\.0\.2\.1' www.example.org A &&
	    answers 'Received 2[0-9]{4} B' big.example.org TXT &&
	    answers 'status: NXDOMAIN' no.example.org A &&
	    answers 'ANSWER: 0; ' www.example.org MX
}
start=$(date +%s)
check "all is asked" all_known
first=$(ttl www.example.org A)
negative=$(ttl no.example.org A SOA)
stop "$UNBOUND_PID"
check "all is known" all_known
prove FWD-092 answers 'status: NXDOMAIN' no.example.org AAAA
prove FWD-087 answers 'EDE: 2[23] ' new.example.org A +edns
sleep 2
later=$(ttl www.example.org A)
soa=$(ttl no.example.org A SOA)
spent=$(($(date +%s) - start))
prove FWD-089 counts_down "$first" "$later" $spent
prove FWD-094 counts_down "$negative" "$soa" $spent
check "counted" [ "$(said cache_hits)" -ge 7 ]
quolld_stop

# DNS64 and names of our own lead to names that are remembered.
zone_text() {
	cat <<ZONE
$_zone. 300 IN SOA ns.$_zone. nobody.invalid. 1 3600 600 86400 60
$_zone. 300 IN NS ns.$_zone.
ns.$_zone. 300 IN A 192.0.2.53
h2.$_zone. 300 IN A 192.0.2.1
ZONE
}
knotd_start
quolld_config made <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$KNOTD_PORT"]}
limits: {query-timeout: 1s}
dns64: {prefix: "64:ff9b::/96"}
local:
  records: [mine.lan. 60 IN CNAME h2.$_zone.]
Y
quolld_start -n made
made() { # NAME
	answers 'AAAA.64:ff9b::c000:201$' "$1" AAAA
}
shown() {
	answers 'A.192\.0\.2\.1$' mine.lan A &&
	    has '^mine\.lan\..*60.*CNAME.h2\.example' "$TMPDIR/answer"
}
check "an address is made" made h2.$_zone
check "our name leads there" shown
check "and by DNS64" made mine.lan
asks=$(said asks)
stop "$KNOTD_PID"
check "an address is made of what is known" made h2.$_zone
check "our name leads to it" shown
check "and by DNS64" made mine.lan
check "A was learned by the way" answers 'A.192\.0\.2\.1$' h2.$_zone A
check "nobody was asked" [ "$(said asks)" = "$asks" ]
quolld_stop

# Recursion.
NET=127.$(($$ / 250 % 250 + 2)).$(($$ % 250 + 2))
cat > "$TMPDIR/root" <<Z
. 86400 IN SOA ns.root. x.root. 1 3600 600 86400 60
. 86400 IN NS ns.root.
ns.root. 86400 IN A $NET.21
www. 300 IN A 192.0.2.1
brief. 2 IN A 192.0.2.2
Z
nsd_start "$NET.21" . root
nsd_ready "$NET.21" .
printf '. 3600 IN NS ns.root.\nns.root. 3600 IN A %s\n' "$NET.21" \
    > "$TMPDIR/hints"
quolld_config own <<Y
listen: ["quic://127.0.0.1:0"]
upstream:
  recursive:
    root-hints: $TMPDIR/hints
    validate: false
    options: {do-not-query-localhost: false}
limits: {query-timeout: 2s}
Y
quolld_start -n own
check "it resolves" answers 'IN.A.192\.0\.2\.1' www A
check "it resolves" answers 'status: NXDOMAIN' nothing A
asks=$(said asks)
check "it knows" answers 'IN.A.192\.0\.2\.1' www A
check "it knows" answers 'status: NXDOMAIN' nothing AAAA
check "and asked nobody" [ "$(said asks)" = "$asks" ]
check "a short life" answers '^brief\..*[12].*IN.A.192\.0\.2\.2' brief A
sleep 3
check "is over" answers '^brief\..*[12].*IN.A.192\.0\.2\.2' brief A
check "and asked for again" [ "$(said asks)" -ge $((asks + 2)) ]
quolld_stop
