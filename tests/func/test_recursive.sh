#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
# packages: knot-dnsutils nsd
#
# quolld resolves by itself: from a root of our own, unsigned, that NSD serves
# on 127.0.0.0/8.

. "$SRC/tests/func/lib.sh"
need nsd

# Addresses of this run alone, since port 53 cannot be chosen.
NET=127.$(($$ / 250 % 250 + 2)).$(($$ % 250 + 2))
[ "$(id -u)" = 0 ] || skip "port 53 needs root"

zones() {
	cat > "$TMPDIR/root" <<Z
. 86400 IN SOA ns.root. x.root. 1 3600 600 86400 60
. 86400 IN NS ns.root.
ns.root. 86400 IN A $NET.1
org. 86400 IN NS ns.org.
ns.org. 86400 IN A $NET.2
dead. 86400 IN NS ns.dead.
ns.dead. 86400 IN A $NET.9
Z
	cat > "$TMPDIR/org" <<Z
org. 300 IN SOA ns.org. x.org. 1 3600 600 86400 60
org. 300 IN NS ns.org.
ns.org. 300 IN A $NET.2
www.example.org. 300 IN A 192.0.2.1
alias.example.org. 300 IN CNAME www.example.org.
a\\000\\.b\\255.example.org. 300 IN A 192.0.2.2
Z
}

nsd_tree() {
	zones
	cat > "$TMPDIR/nsd.conf" <<CONF
server:
	ip-address: $NET.1
	ip-address: $NET.2
	username: ""
	database: ""
	pidfile: "$TMPDIR/nsd.pid"
	zonesdir: "$TMPDIR"
	xfrdir: "$TMPDIR"
	xfrdfile: "$TMPDIR/xfrd.state"
	zonelistfile: "$TMPDIR/zone.list"
	server-count: 1
remote-control:
	control-enable: no
zone:
	name: .
	zonefile: "$TMPDIR/root"
zone:
	name: org
	zonefile: "$TMPDIR/org"
CONF
	nsd -d -c "$TMPDIR/nsd.conf" > "$TMPDIR/nsd.log" 2>&1 < /dev/null &
	NSD_PID=$!
	_own $NSD_PID
	wait_for 20 nsd_serves || fail "nsd: $(tail -n 5 "$TMPDIR/nsd.log")"
}
nsd_serves() {
	"$KDIG" @"$NET.2" +timeout=1 +retry=0 org SOA 2>/dev/null |
	    grep -q 'status: NOERROR'
}

nsd_tree
printf '. 3600 IN NS ns.root.\nns.root. 3600 IN A %s\n' "$NET.1" \
    > "$TMPDIR/hints"
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream:
  recursive:
    root-hints: $TMPDIR/hints
    validate: false
    options: {do-not-query-localhost: false}
limits: {query-timeout: 2s}
Y
quolld_start

check "an address" answers '^www\.example\.org\..*IN.A.192\.0\.2\.1' \
    www.example.org A
check "recursion is available, authority is another's" \
    answers '^;; Flags: qr rd ra;' www.example.org A
check "a chain is whole" answers '^www\.example\.org\..*IN.A.192\.0\.2\.1' \
    alias.example.org A
check "no such name" answers 'status: NXDOMAIN' nx.example.org A
check "and its SOA" answers '^org\..*IN.SOA' nx.example.org A
check "no such data" answers 'status: NOERROR.*' www.example.org TXT
check "and its SOA" answers '^org\..*IN.SOA' www.example.org TXT
check "any octets" answers 'IN.A.192\.0\.2\.2' 'a\000\.b\255.example.org' A
check "nothing is proved" answers '^;; Flags: qr rd ra;' \
    www.example.org A +dnssec +adflag
check "a dead authority: SERVFAIL says so" \
    answers 'EDE: 22 .*authority' www.dead A
check "this was counted" [ "$(said asks_failed)" = 1 ]
check "for want of time" [ "$(said asks_timed_out)" = 1 ]
check "not because nobody knew" [ "$(said recursion_failed)" = 0 ]
check "none was secure" [ "$(said recursion_secure)" = 0 ]
check "none was bogus" [ "$(said recursion_bogus)" = 0 ]
check "all could be parsed" [ "$(said recursion_broken)" = 0 ]
check "nothing is outstanding" [ "$(said asks_outstanding)" = 0 ]
quolld_stop
