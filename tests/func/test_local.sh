#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tsan
#
# Local data and lists of names: each format, each answer, reloads, faults.

. "$SRC/tests/func/lib.sh"

told() {
	[ "$(grep -cE "$1" "$TMPDIR/quolld.log")" -ge "${2-1}" ]
}
hup() { # WHAT REGEX COUNT
	kill -HUP "$QUOLLD_PID"
	check "$1" wait_for 10 told "$2" "$3"
}
# is WHAT REGEX NAME...: a line of the answer matches.
is() {
	_w=$1
	shift
	check "$_w" answers "$@"
}

printf '127.0.0.1\tlocalhost\n192.168.7.1 nas.lan nas # here\nbroken\n' \
    > "$TMPDIR/hosts"
echo good.ads.example > "$TMPDIR/allowed"
printf '\357\273\277# list\r\n127.0.0.1 localhost\r\n0.0.0.0 0.0.0.0\r\n' \
    > "$TMPDIR/blocked"
printf '0.0.0.0 ads.example\r\n0.0.0.0 b\303\274cher.example\r\n' \
    >> "$TMPDIR/blocked"
printf 'redir.example\n*.star.example\nlocalhost\nlan\n' > "$TMPDIR/names"
echo empty.example > "$TMPDIR/nodata"
echo never.example > "$TMPDIR/refused"
cat > "$TMPDIR/rpz" <<'Z'
$TTL 60
@ SOA ns.invalid. nobody.invalid. 1 2 3 4 5
bad.example CNAME .
*.bad.example CNAME .
nod.example CNAME *.
pass.ads.example CNAME rpz-passthru.
drop.example CNAME rpz-drop.
data.example A 192.0.2.77
32.1.2.0.192.rpz-ip CNAME .
Z
config() {
	quolld_config <<Y
listen: [quic://127.0.0.1:0]
upstream: {mode: none}
local:
  records:
    - printer.lan. 60 IN A 192.0.2.7
    - alias.lan. CNAME printer.lan.
    - "*.wild.lan. TXT hello"
    - zone.lan. 60 SOA zone.lan. nobody.invalid. 1 2 3 4 30
    - resolver.arpa. TXT mine
  hosts: $TMPDIR/hosts
  ttl: 2m
  lists:
    - {file: $TMPDIR/allowed, answer: allow}
    - {file: $TMPDIR/blocked, format: hosts, subdomains: true, name: adverts}
    - {file: $TMPDIR/nodata, answer: nodata, ede: censored}
    - {file: $TMPDIR/refused, answer: refused, ede: filtered}
    - {file: $TMPDIR/rpz, format: rpz, ede: filtered}
    - {file: $TMPDIR/names, addresses: [192.0.2.1, "2001:db8::1"], ede: none}
Y
}
config
check "--check likes it" "$QUOLLD" -c "$TMPDIR/quolld.yaml" --check \
    2> "$TMPDIR/check"
check "--check tells what is left out" has 'hosts:3: not understood' \
    "$TMPDIR/check"
quolld_start
check "says so" told 'info: local: [0-9]+ names, 7 files, '
check "left out, hosts" told 'hosts:3: not understood; left out, 1 in all'
check "left out, list" told 'blocked:5: not understood; left out, 1 in all'
check "not done" told 'rpz: 1 policies are not done here'

# Records.
is "A" 'printer\.lan\..*60.*IN.*A.*192\.0\.2\.7' PRINTER.lan A
is "no AAAA" 'printer\.lan\..*SOA' printer.lan AAAA
is "CNAME" 'printer\.lan\..*192\.0\.2\.7' alias.lan A
is "wildcard" 'a\.b\.wild\.lan\..*"hello"' a.b.wild.lan TXT
is "a zone of ours" 'status: NXDOMAIN' no.zone.lan A
is "its SOA" 'zone\.lan\..*30.*SOA' no.zone.lan A
is "a name that is asked for elsewhere" 'status: SERVFAIL' other.lan A
is "records go before what is fixed" '"mine"' resolver.arpa TXT
is "hosts" 'nas\..*120.*192\.168\.7\.1' nas A
is "reverse" 'PTR.*nas\.lan\.' -x 192.168.7.1
is "reverse, no other" 'status: NXDOMAIN' -x 192.168.7.2

# Lists.
is "NXDOMAIN" 'status: NXDOMAIN' ads.example A +edns
check "EDE 15 and its text" has 'EDE: 15 \(Blocked\).*adverts' "$TMPDIR/answer"
check "an SOA" has 'ads\.example\..*120.*SOA' "$TMPDIR/answer"
is "no OPT, no EDE" 'status: NXDOMAIN' ads.example A +noedns +nopadding
check "none" not has 'EDE' "$TMPDIR/answer"
is "subdomains" 'status: NXDOMAIN' x.y.ADS.example A +edns
is "DO and CD" 'status: NXDOMAIN' ads.example A +dnssec +cdflag
is "allowed" 'status: SERVFAIL' good.ads.example A
is "NODATA" 'status: NOERROR' empty.example A +edns
check "its SOA" has 'empty\.example\..*SOA' "$TMPDIR/answer"
check "EDE 16" has 'EDE: 16' "$TMPDIR/answer"
is "exact" 'status: SERVFAIL' x.empty.example A
is "REFUSED" 'status: REFUSED' never.example A +edns
check "EDE 17" has 'EDE: 17' "$TMPDIR/answer"
is "address" 'redir\.example\..*IN.*A.*192\.0\.2\.1' redir.example A +edns
check "no EDE" not has 'EDE' "$TMPDIR/answer"
is "address 6" '2001:db8::1' redir.example AAAA
is "no MX" 'redir\.example\..*SOA' redir.example MX
is "star" '192\.0\.2\.1' a.star.example A
is "star's own" 'status: SERVFAIL' star.example A
is "localhost stays" '127\.0\.0\.1' localhost A
is "local data first" '192\.0\.2\.7' printer.lan A
is "policy" 'status: NXDOMAIN' bad.example A +edns
check "EDE 17" has 'EDE: 17' "$TMPDIR/answer"
is "policy, below" 'status: NXDOMAIN' x.bad.example A
is "policy, no data" 'nod\.example\..*SOA' nod.example A
is "policy, drop" 'status: REFUSED' drop.example A
is "policy, data" 'data\.example\..*60.*192\.0\.2\.77' data.example A
is "the first list decides" 'status: NXDOMAIN' pass.ads.example A
check "counted" [ "$(said query_local)" -ge 9 ]
check "and these" [ "$(said query_blocked)" -ge 14 ]

# Reload.
echo '0.0.0.0 new.example' > "$TMPDIR/blocked"
hup "reloads" 'info: reloaded' 1
is "new" 'status: NXDOMAIN' new.example A
is "old" 'status: SERVFAIL' ads.example A

# A file that is broken, or gone: everything stays.
cp "$TMPDIR/rpz" "$TMPDIR/rpz.good"
printf 'x.example CNAME .\n\ny.example A 1.2.3\n' > "$TMPDIR/rpz"
echo '0.0.0.0 newer.example' > "$TMPDIR/blocked"
hup "a broken policy" 'everything stays as it was' 1
check "its line" told 'error: .*rpz:3: '
printf 'x.example CNAME .\n$INCLUDE /etc/hostname\n' > "$TMPDIR/rpz"
hup "a policy that reads others" 'everything stays as it was' 2
check "its line" told 'rpz:2: \$INCLUDE is not done'
mv "$TMPDIR/rpz.good" "$TMPDIR/rpz"
mv "$TMPDIR/names" "$TMPDIR/names.good"
hup "a missing list" 'everything stays as it was' 3
check "which one" told 'quolld.yaml:[0-9]*: local.lists: .*/names: No such file'
check "not by --check" not "$QUOLLD" -c "$TMPDIR/quolld.yaml" --check \
    2> "$TMPDIR/check"
check "with its name" has 'names: No such file' "$TMPDIR/check"
is "old is in force" 'status: NXDOMAIN' new.example A
is "nothing of the new" 'status: SERVFAIL' newer.example A
mkfifo "$TMPDIR/names"
hup "what nobody writes to" 'everything stays as it was' 4
rm "$TMPDIR/names"
mkdir "$TMPDIR/names"
hup "a directory" 'everything stays as it was' 5
check "which is said" told 'local.lists: .*/names: Is a directory'
rmdir "$TMPDIR/names"
mv "$TMPDIR/names.good" "$TMPDIR/names"
hup "whole again" 'info: reloaded' 2
is "now" 'status: NXDOMAIN' newer.example A
quolld_stop

# Nothing starts with a fault; each is told with its line.
rm "$TMPDIR/hosts"
quolld_launch
check "does not start" not wait "$QUOLLD_PID"
check "why" told 'local.hosts: .*hosts: No such file or directory'
printf 'local:\n  records:\n    - x.lan. A 1.2.3\n' > "$TMPDIR/bad.yaml"
check "a bad record" not "$QUOLLD" -c "$TMPDIR/bad.yaml" --check \
    2> "$TMPDIR/check"
check "its line" has 'bad.yaml:3: local.records: "x.lan. A 1.2.3" is no ' \
    "$TMPDIR/check"
printf 'local: {records: [x.lan. A 192.0.2.1, x.lan. CNAME y.lan.]}\n' \
    > "$TMPDIR/bad.yaml"
check "a clash" not "$QUOLLD" -c "$TMPDIR/bad.yaml" --check 2> "$TMPDIR/check"
check "told" has 'bad.yaml: local.records: "x.lan. CNAME y.lan.": a name with' \
    "$TMPDIR/check"

# A CNAME that leads to an ordinary name: what a stub resolver needs.
zone_text() {
	cat <<ZONE
$_zone. 300 IN SOA ns.$_zone. nobody.invalid. 1 3600 600 86400 60
$_zone. 300 IN NS ns.$_zone.
ns.$_zone. 300 IN A 192.0.2.53
www.$_zone. 300 IN A 192.0.2.1
back.$_zone. 300 IN CNAME out.lan.
ZONE
}
knotd_start
cat > "$TMPDIR/garden" <<Z
@ SOA ns.invalid. nobody.invalid. 1 2 3 4 5
bad.example CNAME www.$_zone.
Z
quolld_config <<Y
listen: [quic://127.0.0.1:0]
metrics: {listen: 127.0.0.1:0}
upstream: {servers: ["udp://127.0.0.1:$KNOTD_PORT"]}
dns64: {prefix: 64:ff9b::/96}
local:
  records: [far.lan. CNAME out.lan., out.lan. CNAME www.$_zone.,
    gone.lan. CNAME gone.$_zone., back.lan. CNAME back.$_zone.]
  lists:
    - {file: $TMPDIR/garden, format: rpz, ede: filtered, name: garden}
Y
quolld_start
is "followed" "www\.$_zone\..*A.*192\.0\.2\.1" far.lan A
check "from the begin" has 'far\.lan\..*CNAME.*out\.lan\.' "$TMPDIR/answer"
check "on the way" has 'out\.lan\..*CNAME.*www' "$TMPDIR/answer"
is "the target does not exist" 'status: NXDOMAIN' gone.lan A
check "its alias" has "gone\.lan\..*CNAME.*gone\.$_zone" "$TMPDIR/answer"
is "no data" 'ANSWER: 1; AUTHORITY: 1; ' out.lan MX
is "outside is outside" 'ANSWER: 2; ' back.lan A
is "with DNS64" 'AAAA.*64:ff9b::c000:201' out.lan AAAA
is "walled garden" '192\.0\.2\.1' bad.example A +edns
check "its name" has "bad\.example\..*CNAME.*www" "$TMPDIR/answer"
check "EDE 17" has 'EDE: 17 \(Filtered\).*garden' "$TMPDIR/answer"
is "not desired" 'ANSWER: 1; ' out.lan A +nordflag
is "CNAME itself" 'ANSWER: 1; ' out.lan CNAME
check "counted" [ "$(said query_followed)" -eq 6 ]

# An operator sees what is in force.
in_force() { # NAME NUMBER: SIGUSR1 and the page of metrics say so
	[ "$(said "$1")" -eq "$2" ] || return 1
	_port=$(sed -n 's,.*metrics at http://[^ ]*:\([0-9]*\)/.*,\1,p' \
	    "$TMPDIR/quolld.log" | tail -n 1)
	python3 "$SRC/tests/func/metrics.py" page "$_port" > "$TMPDIR/page" &&
	    grep -qx "quoll_$1 $2" "$TMPDIR/page"
}
check "names" in_force local_names 5
check "a list" in_force local_lists 1
check "memory" [ "$(said local_bytes)" -gt 100 ]
echo 'worse.example CNAME .' >> "$TMPDIR/garden"
hup "reloads" 'info: reloaded' 1
check "a name more" in_force local_names 6
quolld_stop
kill "$KNOTD_PID"
