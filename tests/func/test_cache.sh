#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Answers that quolld remembers: by which question, for how long, and how they
# are given, in front of a scripted backend.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

# asked COUNT NAME [TYPE-NUMBER]: was the backend asked for it so often?
asked() {
	_n=$(grep -c " name=$2\\. type=${3:-[0-9]*} " "$BACKLOG")
	[ "$_n" -eq "$1" ] && return
	echo "$2 was asked for $_n times, not $1"
	return 1
}
# ttls NAME TYPE [RRTYPE]: the different TTLs of its records in an answer.
ttls() {
	ask "$1" "$2" +edns > "$TMPDIR/answer" 2>&1
	awk -v t="${3:-$2}" '/^[^;]/ && $4 == t { print $2 }' \
	    "$TMPDIR/answer" | sort -u
}
between() { # LEAST MOST NUMBER: one number, and not out of these
	[ -n "$3" ] && [ "$3" -ge "$1" ] && [ "$3" -le "$2" ] && return
	echo "'$3' is not from $1 to $2"
	return 1
}
# counts_down FIRST SECOND SECONDS: after so many, by two seconds at least.
counts_down() {
	between $(($1 - $3 - 1)) $(($1 - 2)) "$2"
}
config() { # LINE...
	{
		cat <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
quic: {early-data: on}
limits: {query-timeout: 2s}
Y
		printf '%s\n' "$@"
	} | quolld_config
}

fakebe_start
config
quolld_start
raw_script cache

# learn NAME: what it says of itself is only corrected when it is remembered.
learn() {
	ask "$1" A > /dev/null 2>&1
}

# A life, and its end: asked at the same times, so that it is waited for once.
learn neg60.life.example.org
learn neg2.life.example.org
learn negttl60.life.example.org
start=$(date +%s)
kept=$(ttls ttl60.life.example.org A)
short=$(ttls ttl2.life.example.org A)
soa=$(ttls neg60.life.example.org A SOA)
soa_short=$(ttls neg2.life.example.org A SOA)
soa_ttl=$(ttls negttl60.life.example.org A SOA)
check "a TTL as it came" between 59 60 "$kept"
check "a short one" between 1 2 "$short"
prove FWD-093 between 59 60 "$soa_ttl"
sleep 2.1
later=$(ttls ttl60.life.example.org A)
soa_later=$(ttls neg60.life.example.org A SOA)
spent=$(($(date +%s) - start))
prove FWD-089 counts_down "$kept" "$later" $spent
check "nobody was asked" asked 1 'ttl60\.life\.example\.org'
prove FWD-094 counts_down "$soa" "$soa_later" $spent
prove FWD-094 has 'status: NXDOMAIN' "$TMPDIR/answer"
check "nobody was asked" asked 1 'neg60\.life\.example\.org'
check "at its end it is asked for" between 1 2 \
    "$(ttls ttl2.life.example.org A)"
prove FWD-089 asked 2 'ttl2\.life\.example\.org'
learn neg2.life.example.org
prove FWD-093 between 1 2 "$(ttls neg2.life.example.org A SOA)"
prove FWD-093 asked 2 'neg2\.life\.example\.org'
check "which was the MINIMUM" between 1 2 "$soa_short"

# Limits: a day, an hour; one TTL for a set of records.
_=$(ttls ttlmax.life.example.org A)
prove FWD-091,BAD-142 between 86000 86400 "$(ttls ttlmax.life.example.org A)"
check "from the cache" asked 1 'ttlmax\.life\.example\.org'
_=$(ttls negmax.life.example.org A SOA)
prove FWD-096,BAD-142 between 3500 3600 \
    "$(ttls negmax.life.example.org A SOA)"
_=$(ttls nonemax.life.example.org A SOA)
prove FWD-096 between 3500 3600 "$(ttls nonemax.life.example.org A SOA)"
check "from the cache" asked 1 'negmax\.life\.example\.org'
_=$(ttls ttldiff.life.example.org A)
prove FWD-089,BAD-142 between 1 7 "$(ttls ttldiff.life.example.org A)"
prove FWD-089 has 'ANSWER: 2;' "$TMPDIR/answer"

# A signed query is between its two ends.
signed() {
	ask ok.fwd110.example.org A \
	    -y hmac-sha256:key.example:c2VjcmV0c2VjcmV0 > /dev/null 2>&1
	ask ok.fwd110.example.org A \
	    -y hmac-sha256:key.example:c2VjcmV0c2VjcmV0 > /dev/null 2>&1
	asked 2 'ok\.fwd110\.example\.org'
}
prove FWD-110 signed

# Addresses in turn.
firsts() {
	ask many5.turn.example.org A many5.turn.example.org A \
	    many5.turn.example.org A many5.turn.example.org A \
	    many5.turn.example.org A many5.turn.example.org A \
	    many5.turn.example.org A many5.turn.example.org A +keepopen |
	    awk '/ANSWER SECTION/ { getline; print $NF }' | sort -u | wc -l
}
firsts=$(firsts)
check "addresses take turns" between 2 5 "$firsts"
check "from the cache" asked 1 'many5\.turn\.example\.org'
whole() {
	ask many5.turn.example.org A |
	    awk '/^many5/ { print $NF }' | sort | tr -d '\n' |
	    grep -q '^192.0.2.1192.0.2.2192.0.2.3192.0.2.4192.0.2.5$'
}
check "and none is lost" whole

check "hits are counted" [ "$(said cache_hits)" -gt 50 ]
check "misses are counted" [ "$(said cache_misses)" -gt 50 ]
check "all is given back" wait_for 30 all_is_gone

# A reload keeps what is remembered, and its limits count for what comes.
reloads=0
reload() { # LINE...
	config "$@"
	kill -HUP "$QUOLLD_PID"
	reloads=$((reloads + 1))
	wait_for 10 reloaded || fail "does not reload"
}
reloaded() {
	[ "$(grep -c 'info: reloaded' "$TMPDIR/quolld.log")" -ge $reloads ]
}
reload 'cache: {min-ttl: 15s, max-ttl: 40s, max-negative-ttl: 20s,' \
    '  rotate: false, nxdomain-cut: true}'
check "a reload keeps it" answers 'A.192\.0\.2\.1' ttl60.life.example.org A
check "nobody was asked" asked 1 'ttl60\.life\.example\.org'
limited() { # NAME RRTYPE LEAST MOST
	_=$(ttls "$1.limits.example.org" A "$2")
	between "$3" "$4" "$(ttls "$1.limits.example.org" A "$2")" &&
	    asked 1 "$1\\.limits\\.example\\.org"
}
check "a longer life than it says" limited ttl2 A 13 15
check "a shorter one" limited ttl300 A 38 40
check "negative" limited neg300 SOA 18 20
check "TTL 0 is not lifted" answers '' ttl0.limits.example.org A
check "TTL 0 is not lifted" answers '' ttl0.limits.example.org A
prove FWD-090 asked 2 'ttl0\.limits\.example\.org'
same() {
	[ "$(ask many5.same.example.org A many5.same.example.org A \
	    many5.same.example.org A many5.same.example.org A +keepopen |
	    awk '/ANSWER SECTION/ { getline; print $NF }' | sort -u |
	    wc -l)" -eq 1 ]
}
check "addresses as they came" same

# RFC 8020: nothing is below what is not there, if that is wanted.
check "no such name" answers 'status: NXDOMAIN' neg300.cut.example.org A
check "nor below" answers 'status: NXDOMAIN' neg300.x.neg300.cut.example.org A
prove FWD-101 asked 0 'neg300\.x\.neg300\.cut\.example\.org'
reload 'cache: {nxdomain-cut: false}'
check "no such name" answers 'status: NXDOMAIN' neg300.cut.example.org A
check "perhaps below" answers 'status: NXDOMAIN' neg300.x.neg300.cut.example.org A
prove FWD-101 asked 1 'neg300\.x\.neg300\.cut\.example\.org'

# Without a cache.
reload 'cache: {size: 0}'
check "not remembered" answers 'A.192\.0\.2\.1' nth.off.example.org A
check "not remembered" answers 'A.192\.0\.2\.2' nth.off.example.org A
reload 'cache: {size: 1M}'
check "remembered again" answers 'A.192\.0\.2\.3' nth.off.example.org A
check "remembered again" answers 'A.192\.0\.2\.3' nth.off.example.org A
quolld_stop
