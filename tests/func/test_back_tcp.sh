#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
# takes: 27
#
# Asking a backend by TCP (RFC 7766), with a scripted one that answers out of
# order, slowly, cut, or closes the connection.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

right() {
	answers 'A.192\.0\.2\.1$' "$1.back.example.org" A
}
servfail() {
	answers 'status: SERVFAIL' "$1.back.example.org" A
}
in_time() {
	_start=$(date +%s)
	servfail "$1" && [ $(($(date +%s) - _start)) -le 5 ]
}
# conns NAME-REGEX: on how many connections was that asked?
conns() {
	grep -E " tcp .* name=$1" "$BACKLOG" |
	    sed -n 's/.* conn=\([0-9]*\) .*/\1/p' | sort -u | wc -l
}
open_conns() {
	awk '$2 == "tcp-open" { n++ } $2 == "tcp-close" { n-- }
	    END { print n + 0 }' "$BACKLOG"
}

# A backend without UDP.
fakebe_start -U
quolld_start -u "tcp://127.0.0.1:$FAKEBE_PORT"
prove FWD-125 right ok

# Held until ten are there, the last first: they were not sent one by one.
check "answers in reverse order" raw_do connect \
    'many 10 query:tcpreverse10.n%u.example.org/A window=10 rcode=NOERROR within 5s'
prove FWD-127,FWD-128 [ "$(conns 'tcpreverse10\.')" -eq 1 ]
prove FWD-128 right tcpwrongq
prove BAD-137 right tcpwrongid
check "an answer octet by octet" right tcpsplit
check "1,000 at once" raw_do connect connect connect connect connect connect \
    connect connect connect connect connect connect \
    'many 1000 query:slow1000.n%u.many.example.org/A conns=12 window=90 rcode=NOERROR within 20s'
unique() {
	sed -n 's/.* tcp .* conn=\([0-9]*\) id=\(....\) .* name=slow1000\..*/\1 \2/p' \
	    "$BACKLOG" | sort | uniq -d | wc -l
}
check "all of them came" \
    [ "$(grep -c 'name=slow1000\.n' "$BACKLOG")" -eq 1000 ]
prove FWD-126 [ "$(unique)" -eq 0 ]

# The backend closes early.
check "closed after three answers, again and again" raw_do connect \
    'many 20 query:tcpclose3.n%u.example.org/A window=20 rcode=NOERROR within 10s'
prove FWD-130 [ "$(conns 'tcpclose3\.')" -ge 3 ]
check "closed without an answer: SERVFAIL" servfail tcpclose
check "reset: SERVFAIL" servfail tcpabort
prove FWD-099 [ "$(conns 'tcpclose\.')" -eq 3 ]

# Impossible lengths, cut and slow answers.
bad_lengths() {
	in_time tcplen0 && in_time tcplen11 &&
	    [ "$(conns 'tcplen0\.')" -ge 2 ] &&
	    [ "$(conns 'tcplen11\.')" -ge 2 ]
}
prove FWD-133 bad_lengths
prove BAD-136 in_time tcplong
prove BAD-149 in_time tcpslow
check "silence" in_time tcpsilent
check "truncated by TCP is no answer" servfail tcptc

# Keepalive: empty in queries; 0 from the backend ends the connection.
prove FWD-134 has ' tcp .* options=11 .*000b0000$' "$BACKLOG"
keepalive() {
	right tcpkeep0 || return 1
	_conn=$(sed -n 's/.* conn=\([0-9]*\) .* name=tcpkeep0\..*/\1/p' \
	    "$BACKLOG" | tail -n 1)
	right ok || return 1
	wait_for 3 has "tcp-close conn=$_conn " "$BACKLOG" &&
	    not has " conn=$_conn .* name=ok\\..*" "$TMPDIR/after"
}
: > "$TMPDIR/after"
prove FWD-135 keepalive

# One connection is enough, and it does not stand for ever.
prove FWD-129 [ "$(open_conns)" -le 2 ]
closed() {
	[ "$(open_conns)" -eq 0 ]
}
check "idle connections are closed" wait_for 15 closed
quolld_stop

# UDP that says TC, and TCP that fails in every way: never cut data.
fakebe_start -n both
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
Y
quolld_start
fallen() {
	for _label in tcplen0 tcplen11 tcplong tcpclose tcpabort tcpslow; do
		in_time "$_label.both" || return 1
	done
}
prove BAD-135 fallen
quolld_stop

# A query that came by a stream goes by a stream, if so wished.
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream:
  servers: ["udp://127.0.0.1:$FAKEBE_PORT"]
  prefer-tcp: true
Y
quolld_start
check "an answer" right ok.prefer
prove FWD-124 not has ' udp .* name=ok\.prefer' "$BACKLOG"
quolld_stop
