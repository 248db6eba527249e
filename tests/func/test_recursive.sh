#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
# takes: 13
# tsan
# packages: knot-dnsutils nsd
#
# quolld resolves by itself: from a root of our own, unsigned, that NSD serves
# on 127.0.0.0/8.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/nsd.inc"
need nsd

# Addresses of this run alone, since port 53 cannot be chosen; none of tree.inc.
NET=127.$(($$ / 250 % 250 + 2)).$(($$ % 250 + 2))
[ "$(id -u)" = 0 ] || skip "port 53 needs root"

zones() {
	cat > "$TMPDIR/root" <<Z
. 86400 IN SOA ns.root. x.root. 1 3600 600 86400 60
. 86400 IN NS ns.root.
ns.root. 86400 IN A $NET.11
org. 86400 IN NS ns.org.
ns.org. 86400 IN A $NET.12
dead. 86400 IN NS ns.dead.
ns.dead. 86400 IN A $NET.19
Z
	cat > "$TMPDIR/only" <<Z
only. 300 IN SOA ns.only. x.only. 1 3600 600 86400 60
only. 300 IN NS ns.only.
ns.only. 300 IN A $NET.12
www.only. 300 IN A 192.0.2.3
Z
	cat > "$TMPDIR/org" <<Z
org. 300 IN SOA ns.org. x.org. 1 3600 600 86400 60
org. 300 IN NS ns.org.
ns.org. 300 IN A $NET.12
www.example.org. 300 IN A 192.0.2.1
new.example.org. 300 IN A 192.0.2.4
alias.example.org. 300 IN CNAME www.example.org.
a\\000\\.b\\255.example.org. 300 IN A 192.0.2.2
Z
}

nsd_tree() {
	zones
	nsd_start "$NET.11 $NET.12" . root org org only only
	nsd_ready "$NET.12" org
}

nsd_tree
printf '. 3600 IN NS ns.root.\nns.root. 3600 IN A %s\n' "$NET.11" \
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

# What is for a server, not for a resolver.
check "another class" answers 'status: REFUSED' www.example.org A CH
check "a signature by a key that nobody has (RFC 8945 5.2.1)" \
    answers 'status: NOTAUTH' www.example.org A \
    -y hmac-sha256:key.example:c2VjcmV0c2VjcmV0c2VjcmV0

# ---- reload -----------------------------------------------------------

# conf LINE: the configuration, with a line more below `recursive:`.
conf() {
	quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream:
  recursive:
    root-hints: $TMPDIR/hints
    validate: false
    $1
limits: {query-timeout: 2s}
Y
}
seen() {
	tail -n +$((_seen + 1)) "$TMPDIR/quolld.log" | grep -q "$1"
}
# reload REGEX: SIGHUP, until a new line says so.
reload() {
	_seen=$(wc -l < "$TMPDIR/quolld.log")
	kill -HUP "$QUOLLD_PID"
	check "it says $1" wait_for 10 seen "$1"
}

# Without any server only the cache knows.
stop "$NSD_PID"
conf 'options: {do-not-query-localhost: false}'
reload 'info: reloaded'
check "the same settings keep the cache" \
    answers 'IN.A.192\.0\.2\.1' www.example.org A
: > "$TMPDIR/empty"
echo '. NS ns.root.' > "$TMPDIR/names"
for wrong in 'options: {private-address: nonsense}' \
    'options: {prefetch: maybe}' "root-hints: $TMPDIR/none" \
    "root-hints: $TMPDIR" "root-hints: $TMPDIR/empty" \
    "root-hints: $TMPDIR/names" \
    'stubs: [{zone: org, addresses: 192.0.2.1, port: 70000}]' \
    'options: {verbosity: 5}'; do
	conf "$wrong"
	[ "${wrong#root-hints}" = "$wrong" ] ||
	    sed -i '4d' "$TMPDIR/quolld.yaml"
	_line=$(grep -nF "$wrong" "$TMPDIR/quolld.yaml" | cut -d: -f1)
	"$QUOLLD" --check -c "$TMPDIR/quolld.yaml" > "$TMPDIR/check.log" 2>&1
	check "--check names the line of $wrong" \
	    has "quolld.yaml:$_line: upstream.recursive" "$TMPDIR/check.log"
	reload "quolld.yaml:$_line: upstream.recursive"
	check "and all stays as it was" \
	    answers 'IN.A.192\.0\.2\.1' www.example.org A
done
# Nothing is validated without anchors, so they must be there.
for wrong in "$TMPDIR" "$TMPDIR/empty" "$TMPDIR/hints" /dev/null; do
	printf 'upstream:\n recursive: {trust-anchor: %s}\n' "$wrong" \
	    > "$TMPDIR/bad.yaml"
	"$QUOLLD" --check -c "$TMPDIR/bad.yaml" > "$TMPDIR/check.log" 2>&1
	check "no trust anchor: $wrong" \
	    has "bad.yaml:2: upstream.recursive.trust-anchor: $wrong: " \
	    "$TMPDIR/check.log"
done
conf 'options: {do-not-query-localhost: false, prefetch: true}'
reload 'info: reloaded'
check "other settings begin anew" answers 'EDE: 22' www.example.org A
nsd_tree
check "and it resolves again" wait_for 10 \
    answers 'IN.A.192\.0\.2\.1' www.example.org A

# Of libunbound's options some are the process's own: a reload that fails must
# not change those either.
conf 'options: {do-not-query-localhost: false, cache-max-ttl: 7}'
reload 'info: reloaded'
conf 'options: {prefetch: maybe, cache-max-ttl: 9}'
reload 'reload failed'
check "TTLs are limited as before" \
    answers '^new\.example\.org\.[[:space:]]+7[[:space:]]' new.example.org A

# ---- other zones ------------------------------------------------------

# The root does not know `only`: its server is told.
conf "options: {do-not-query-localhost: false}
    stubs: [{zone: only, addresses: $NET.12}]
    forwards: [{zone: gone, addresses: $NET.19, port: 5353}]"
reload 'info: reloaded'
check "a stub zone" answers 'IN.A.192\.0\.2\.3' www.only A
check "a forwarded zone whose server is dead" answers 'EDE: 22' www.gone A
check "the others as before" answers 'IN.A.192\.0\.2\.1' www.example.org A

# Ended while it resolves: a drain answers what runs.
ask www.dead A > "$TMPDIR/last" 2>&1 &
last=$!
wait_for 10 sh -c "kill -USR1 $QUOLLD_PID; sleep 0.2
	tail -n 200 '$TMPDIR/quolld.log' | grep -q 'asks_outstanding 1'" ||
    fail "nothing is outstanding"
quolld_stop
wait $last
check "a drain answers what runs" has 'status: SERVFAIL' "$TMPDIR/last"
