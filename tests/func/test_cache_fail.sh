#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Failures that quolld remembers for a while (RFC 9520), and that it forgets
# them.

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
at_most() { # COUNT NAME
	_n=$(grep -c " name=$2\\. " "$BACKLOG")
	[ "$_n" -ge 1 ] && [ "$_n" -le "$1" ] && return
	echo "$2 was asked for $_n times, not $1 at most"
	return 1
}
config() { # NAME FAILURE-TTL
	quolld_config "$1" <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
limits: {query-timeout: 1s}
cache: {failure-ttl: $2}
Y
}
says() { # EDE RCODE NAME
	_ede=$1 _rcode=$2
	shift 2
	ask "$@" A +edns > answer 2>&1
	has "status: $_rcode;" answer && has "^;; EDE: $_ede " answer && return
	cat answer
	return 1
}
fakebe_start -m "$TMPDIR/mood"
config quolld 1s
quolld_start

# Nobody answers: the first waits, those who come next do not.
prove BAD-148,FWD-097 says 22 SERVFAIL silent.dead.example.org
prove FWD-087 says 13 SERVFAIL silent.dead.example.org
check "what it was is said" has "EDE: 13 .*: '.*answer" answer
check "a hundred more" raw_do connect 'deadline 2s' 'repeat 100' \
    'send new query:silent.dead.example.org/A fin' \
    'expect answer last rcode=SERVFAIL an=0 noopt' end
# Three times for the first, and perhaps for one whose second was over.
prove FWD-097,BAD-148 at_most 9 'silent\.dead\.example\.org'
check "failures given again are counted" [ "$(said cache_failures)" -ge 50 ]

# A server's own code: as it was, each by itself, for a second here.
check "SERVFAIL" says 17 SERVFAIL ede17.own.example.org
check "SERVFAIL again" says 13 SERVFAIL ede17.own.example.org
prove FWD-097 asked 1 'ede17\.own\.example\.org'
# what RCODE: is it given as it came, and remembered?
remembers() {
	for _r in refused:REFUSED notimp:NOTIMP formerr:FORMERR; do
		_l=${_r%%:*}
		raw_do nocontrol connect 'repeat 2' \
		    "send new query:$_l.own.example.org/A,opt fin" \
		    "expect answer last rcode=${_r#*:} an=0 opt" end ||
		    return 1
	done
	asked 1 'refused\.own\.example\.org'
}
check "other codes" remembers

# It recovers: correct within the time that failures are kept.
check "fails" answers 'status: SERVFAIL' \
    then.servfail.servfail.ok.end.back.example.org A
back() {
	answers 'A.192\.0\.2\.1' then.servfail.servfail.ok.end.back.example.org \
	    A > /dev/null
}
prove FWD-098,FWD-102 wait_for 20 back
prove FWD-098 asked 3 'then\.servfail\.servfail\.ok\.end\.back\.example\.org'
check "and stays" back
check "of three answers" asked 3 \
    'then\.servfail\.servfail\.ok\.end\.back\.example\.org'

# Everything is silent, for names that were known and names that were not.
check "is known" answers 'A.192\.0\.2\.1' ok.known.example.org A
echo silent > mood
check "still is" answers 'A.192\.0\.2\.1' ok.known.example.org A
prove BAD-148 says 22 SERVFAIL ok.new.example.org
: > mood
recovers() {
	answers 'A.192\.0\.2\.1' ok.new.example.org A > /dev/null
}
prove FWD-098 wait_for 20 recovers

# Nobody listens, and then somebody does, at the same port.
stop "$FAKEBE_PID"
check "nobody listens" says '2[23]' SERVFAIL ok.gone.example.org
check "and that is known" says 13 SERVFAIL ok.gone.example.org
"$FAKEBE" -p "$FAKEBE_PORT" -l "$BACKLOG" > back.log 2>&1 < /dev/null &
_own $!
wait_for 10 has '^serving ' back.log || fail "fakebe does not come back"
returns() {
	answers 'A.192\.0\.2\.1' ok.gone.example.org A > /dev/null
}
prove FWD-098 wait_for 60 returns
quolld_stop

# By default for more than a second; and no value but from 1 s to 5 min.
config wrong 301s
check "five minutes are the most" not "$QUOLLD" --check -c wrong.yaml \
    2> wrong.log
check "says so" has 'wrong.yaml:4: cache.failure-ttl: ' wrong.log
config less 500ms
prove FWD-098 not "$QUOLLD" --check -c less.yaml 2> less.log
check "says so" has 'less.yaml:4: cache.failure-ttl: ' less.log
