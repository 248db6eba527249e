#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Answers past their end, for want of better ones (RFC 8767), and answers that
# are asked for anew before their end.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

cd "$TMPDIR" || exit 1
: > mood

asked() { # COUNT NAME
	_n=$(grep -c " name=$2\\. " "$BACKLOG")
	[ "$_n" -eq "$1" ] && return
	echo "$2 was asked for $_n times, not $1"
	return 1
}
config() { # CACHE
	quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
limits: {query-timeout: 1s}
cache: {$1}
dns64: {prefix: "64:ff9b::/96", clients: [127.0.0.64]}
local:
  records: [mine.lan. 60 IN CNAME ttl2.alias.example.org.]
Y
}
reloads=0
reload() { # CACHE
	config "$1"
	kill -HUP "$QUOLLD_PID"
	reloads=$((reloads + 1))
	wait_for 10 reloaded || fail "does not reload"
}
reloaded() {
	[ "$(grep -c 'info: reloaded' quolld.log)" -ge $reloads ]
}
# stale NAME [TYPE] [REGEX]: the answer has EDE 3, TTL 30 and this.
stale() {
	answers '^;; EDE: 3 ' "$1" "${2:-A}" +edns &&
	    has '^[^;].*[[:space:]]30[[:space:]]+IN' answer &&
	    not has '^[^;].*[[:space:]]([0-24-9]|3[1-9]|[0-9]{3,})[[:space:]]+IN' \
	    answer && has "${3:-192\\.0\\.2\\.1}" answer
}
# stale_nx NAME: NXDOMAIN, EDE 19, the SOA for 30 s.
stale_nx() {
	answers '^;; EDE: 19 ' "$1" A +edns && has 'status: NXDOMAIN' answer &&
	    has '^example\.org\..*[[:space:]]30[[:space:]]+IN.SOA' answer
}
fresh() { # NAME REGEX
	answers "$2" "$1" A +edns && not has '^;; EDE' answer
}

fakebe_start -m "$TMPDIR/mood"
config 'stale: 1d, stale-client-timeout: 150ms, failure-ttl: 1s'
quolld_start

# What will be past its end.
learn='ttl2.one neg2.one ttl2.bare ttl2.many ttl2.norec ttl2.gone ttl2.alias
	none2.one then.ttl2.servfail.end then.ttl2.refused.end
	then.ttl2.neg60.end then.neg2.ttl60.end then.ttl2.nonosoa.end
	then.ttl2.slow500.end then.ttl2.silent.ok.end'
for name in $learn; do
	ask "$name.example.org" A > answer 2>&1
	has 'status: (NOERROR|NXDOMAIN)' answer || fail "$name: $(cat answer)"
done
made() {
	answers 'AAAA.64:ff9b::c000:201$' only2.synth.example.org AAAA \
	    -b 127.0.0.64 +edns
}
check "an address is made" made
answers 'AAAA' ttl2.six.example.org AAAA > /dev/null
sleep 2.1

# NOERROR and NXDOMAIN take their place, every other code leaves it.
prove FWD-106,FWD-107 stale then.ttl2.servfail.end.example.org
prove FWD-106 asked 2 'then\.ttl2\.servfail\.end\.example\.org'
prove FWD-106,FWD-104 stale then.ttl2.refused.end.example.org
check "a new NXDOMAIN" fresh then.ttl2.neg60.end.example.org \
    'status: NXDOMAIN'
check "an answer for what was not there" fresh \
    then.neg2.ttl60.end.example.org 'A.192\.0\.2\.1$'
check "a new NODATA that cannot be kept" fresh \
    then.ttl2.nonosoa.end.example.org 'ANSWER: 0; '
echo silent > mood
prove FWD-106 fresh then.ttl2.neg60.end.example.org 'status: NXDOMAIN'
prove FWD-106 fresh then.neg2.ttl60.end.example.org 'A.192\.0\.2\.1$'
prove FWD-106 answers 'status: SERVFAIL' then.ttl2.nonosoa.end.example.org A
: > mood

# A slow server: what it says comes too late for the first, not for the next.
prove FWD-105 stale then.ttl2.slow500.end.example.org
learned() {
	fresh then.ttl2.slow500.end.example.org 'A.192\.0\.2\.1$' > /dev/null
}
prove FWD-105 wait_for 10 learned

# Nobody answers.  It was tried first, and then not again for half a minute.
echo silent > mood
prove FWD-104,FWD-107,BAD-148 stale ttl2.one.example.org
prove FWD-105 not asked 1 'ttl2\.one\.example\.org'
prove FWD-107 stale_nx neg2.one.example.org
check "no data is NOERROR" answers '^;; EDE: 3 ' none2.one.example.org A +edns
check "with its SOA" has '[[:space:]]30[[:space:]]+IN.SOA' answer
bare() {
	raw_do nocontrol connect \
	    'send new query:TTL2.bare.example.org/A fin' \
	    "expect answer last rcode=NOERROR an=1 noopt aa=0 rr='TTL2.bare.example.org. 30 A 192.0.2.1'"
}
prove FWD-104 bare
together() {
	raw_do nocontrol connect 'repeat 50' \
	    'send new query:ttl2.many.example.org/A,opt fin' end \
	    'repeat 50' \
	    'expect answer 4*$I rcode=NOERROR ede=3 rr=192.0.2.1' end
}
check "fifty at once" together
norec() {
	answers 'status: REFUSED' ttl2.norec.example.org A +norec +edns &&
	    not has '192\.0\.2\.1' answer && asked 1 'ttl2\.norec\.example\.org'
}
prove FWD-018,FWD-105 norec
check "who cancels" raw_do nocontrol connect \
    'send new query:ttl2.gone.example.org/A fin' \
    "expect log $BACKLOG has ' name=ttl2.gone.example.org. ' count=2" \
    'stop last 0x3' 'expect reset 0 code=0x3'
ours() { # our CNAME has its own TTL
	answers '^;; EDE: 3 ' mine.lan A +edns &&
	    has '^mine\.lan\..*60.*CNAME' answer &&
	    has '^ttl2\.alias\..*[[:space:]]30[[:space:]]+IN.A' answer
}
check "by a name of ours" ours
check "IPv6" stale ttl2.six.example.org AAAA 2001:db8::1
settled() {
	[ "$(said asks_outstanding)" = 0 ]
}
check "an address is made of what is past its end" made
check "by DNS64 from one for 30 s" has '[[:space:]]30[[:space:]]+IN.AAAA' answer
check "all that was asked is over" wait_for 20 settled
: > "$BACKLOG"
again() {
	for _i in 1 2 3 4 5; do
		stale ttl2.one.example.org && stale_nx neg2.one.example.org &&
		    stale ttl2.six.example.org AAAA 2001:db8::1 &&
		    ours || return 1
	done
	asked 0 'ttl2\.one\.example\.org' &&
	    asked 0 'neg2\.one\.example\.org' &&
	    asked 0 'ttl2\.alias\.example\.org'
}
prove FWD-105 again
check "stale answers are counted" [ "$(said cache_stale)" -ge 70 ]
check "a name that was never known" answers 'status: SERVFAIL' \
    ttl2.never.example.org A
: > mood

# Not for longer than is wanted.
reload 'stale: 1s, stale-client-timeout: 150ms'
echo silent > mood
check "one second was enough" answers 'status: SERVFAIL' \
    ttl2.one.example.org A
: > mood
reload 'stale: 0s, failure-ttl: 1s'
echo silent > mood
prove FWD-105 answers 'status: SERVFAIL' ttl2.bare.example.org A
: > mood
check "no more than three days" not "$QUOLLD" --check -c /dev/stdin > check.log \
    2>&1 <<Y
cache: {stale: 4d}
Y
prove FWD-105 has 'cache\.stale: ' check.log
check "all is given back" wait_for 30 all_is_gone

# Asked for before its end, when it is asked for often: nobody waits.
reload 'prefetch: true'
refreshed() {
	answers 'A.192\.0\.2\.' nth3.prefetch.example.org A > /dev/null &&
	    [ "$(said cache_prefetched)" -gt 0 ]
}
check "popular names are asked for before their end" wait_for 60 refreshed
quolld_stop
