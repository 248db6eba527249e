#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
#
# Several upstream servers: dead ones are passed over, policies choose, and a
# reload changes the list.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

right() {
	answers 'A.192\.0\.2\.1$' "$1.list.example.org" A
}
# How long did that take, in milliseconds?
timed() {
	_start=$(date +%s%N)
	"$@" || return 1
	TOOK=$((($(date +%s%N) - _start) / 1000000))
}
queries() {
	grep -c "name=.*\\.$1\\." "$2"
}

fakebe_start -n one
one=$FAKEBE_PORT onelog=$BACKLOG
fakebe_start -n two
two=$FAKEBE_PORT twolog=$BACKLOG
dead=$(free_port)

# ICMP says that nobody is there: the next one is asked at once.
quolld_start -u "udp://127.0.0.1:$dead" -u "udp://127.0.0.1:$one"
refused() {
	timed right ok && [ $TOOK -lt 700 ]
}
prove FWD-120 refused
quolld_stop

# Nobody anywhere: the reason is said, and soon enough.
quolld_start -u "udp://127.0.0.1:$dead" -u "tcp://127.0.0.1:$dead"
nobody() {
	timed answers 'status: SERVFAIL' ok.nobody.example.org A +edns &&
	    [ $TOOK -lt 5000 ] && has 'EDE: 2[23]' "$TMPDIR/answer"
}
check "SERVFAIL with a reason" nobody
quolld_stop

# The first one is silent for one name: the second one is asked for it.
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream:
  servers: ["udp://127.0.0.1:$one", "udp://127.0.0.1:$two"]
Y
quolld_start
check "silence of both" \
    answers 'status: SERVFAIL' silent.list.example.org A
check "both were asked" [ "$(queries list "$twolog")" -ge 1 ]
check "an error code is asked elsewhere, and delivered" \
    answers 'status: SERVFAIL' servfail.both.example.org A
check "again both" [ "$(queries both "$twolog")" -eq 1 ]
check "the first one is asked first" right ok.first
check "and the second one is not" [ "$(queries first "$twolog")" -eq 0 ]

# Reload: the other way round.
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream:
  policy: round-robin
  servers: ["udp://127.0.0.1:$two", "udp://127.0.0.1:$one"]
Y
kill -HUP "$QUOLLD_PID"
check "reloaded" wait_for 5 has '[Rr]eload' "$TMPDIR/quolld.log"
check "a round of queries" raw_do connect \
    'many 100 query:ok.n%u.round.example.org/A window=5 rcode=NOERROR within 10s'
check "half of them to each" \
    [ "$(queries round "$onelog")" -ge 40 -a "$(queries round "$twolog")" -ge 40 ]
quolld_stop

# The AD bit of a backend counts on loopback only (RFC 4035 4.9.3).
ad_bit() {
	answers '^;; Flags:.* ad( |;|$)' ad.list.example.org A +adflag +bufsize=1232
}
quolld_start
check "the backend on loopback is believed" ad_bit
quolld_stop
address=$(hostname -I 2>/dev/null | tr ' ' '\n' | grep -m 1 -E '^[0-9.]+$')
if [ -n "$address" ]; then
	fakebe_start -n far -a "$address"
	quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://$address:$FAKEBE_PORT"]}
Y
	quolld_start
	check "the backend elsewhere answers" right ok.far
	cleared() {
		answers 'A.192\.0\.2\.1$' ad.far.example.org A +adflag +edns &&
		    not has '^;; Flags:.* ad( |;|$)' "$TMPDIR/answer"
	}
	prove FWD-047 cleared
	quolld_stop
fi
