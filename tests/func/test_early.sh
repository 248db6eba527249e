#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 150
# takes: 23
# tsan
#
# Early data (0-RTT): what is taken early, that it is taken once, and that
# nothing is lost where it is not taken.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

# The server prefers x25519, so it has to ask for the key share.
SHARE=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:-GROUP-ALL
SHARE=$SHARE:+GROUP-FFDHE2048:+GROUP-X25519:%DISABLE_TLS13_COMPAT_MODE
T=$TMPDIR

config() { # PORT QUIC
	cat > "$TMPDIR/quolld.yaml" <<Y
listen: ["quic://127.0.0.1:$1"]
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
quic: {handshake-timeout: 3s, $2}
Y
}
reloads=0
reload() { # QUIC
	config "$port" "$1"
	kill -HUP "$QUOLLD_PID"
	reloads=$((reloads + 1))
	wait_for 10 reloaded || fail "does not reload"
}
reloaded() {
	[ "$(grep -c 'info: reloaded' "$TMPDIR/quolld.log")" -ge $reloads ]
}
counted() { # COUNTER
	check "$1 is counted" [ "$(said "$1")" -gt 0 ]
}
background() { # NAME: runs $T/NAME.raw, its output in $T/NAME.out
	"$DOQSPEC" play -s "127.0.0.1:$port" -D "FLAG=$T/flag" \
	    -D "BACKLOG=$BACKLOG" "$T/$1.raw" > "$T/$1.out" 2>&1 &
	_own $!
}

fakebe_start
config 0 'early-data: on'
quolld_start
port=$QUIC_PORT

# GnuTLS's own window against replays rolls every ten seconds; ours does not.
cat > "$T/aged.raw" <<'RAW'
case tickets of one time, used fifteen and sixteen seconds later
connect name=a
expect ticket
connect name=b
expect ticket
wait 15s
connect ticket_of=a early
send 0 query:ok.aged1.example.org/A fin
expect answer 0 rcode=NOERROR
expect early accepted
wait 1s
connect ticket_of=b early
send 0 query:ok.aged2.example.org/A fin
expect answer 0 rcode=NOERROR
expect early accepted
RAW
background aged
aged=$!
raw_script early -D "SHARE=$SHARE"
counted early_accepted
counted early_seen
counted early_replayed
counted early_refused
counted query_early
counted drop_unknown_cid
wait $aged
rc=$?
cat "$T/aged.out"
check "aged tickets" [ $rc -eq 0 ]

# A Retry on the way.
reload 'early-data: on, retry: always'
check "retry" raw_do 'case DOQ-109 early data and Retry' \
    'connect name=a' 'expect token' 'connect ticket_of=a early name=b' \
    'send 0 query:ok.retry.example.org/A fin' \
    'send 4 query:ok.retry.example.org/SOA,opcode=5,opt fin' \
    'expect answer 0 rcode=NOERROR' 'expect answer 4 rcode=REFUSED ede=26' \
    'expect early accepted' 'expect retry' \
    'expect log $BACKLOG has name=ok.retry.example.org count=1' \
    'connect ticket_of=b token_of=a early' \
    'send 0 query:ok.token.example.org/A fin' \
    'expect answer 0 rcode=NOERROR' 'expect early accepted' 'expect no_retry'

# Limits that a client remembers, lowered (RFC 9000 7.4.1) and back again.
check "a ticket" raw_do 'case a ticket' connect "save_ticket $T/limits"
lowered() { # NAME accepted|rejected
	raw_do "case limits, $1" "connect ticket_file=$T/limits early" \
	    "send 0 query:ok.$1.example.org/A fin" "expect early $2" \
	    'expect answer 0 rcode=NOERROR' 'expect open' \
	    "expect log $BACKLOG has name=ok.$1.example.org count=1"
}
check "the same" lowered same accepted
reload 'early-data: on, max-streams: 50'
prove DOQ-090,QSV-046 lowered streams rejected
reload 'early-data: on, connection-window: 66K'
prove QSV-046 lowered data rejected
reload 'early-data: on'
check "back" lowered back accepted

# Switched off: tickets of before are still good for resumption.
check "a ticket" raw_do 'case a ticket' connect "save_ticket $T/before"
reload 'early-data: off'
prove DOQ-101,QSV-045 raw_do 'case switched off' \
    "connect ticket_file=$T/before early withhold" \
    'send 0 query:ok.off.example.org/A fin' \
    'expect early rejected' 'expect no_answer 0' \
    "expect log $BACKLOG lacks name=ok.off" \
    "connect ticket_file=$T/before early" \
    'send 0 query:ok.off.example.org/A fin' \
    'expect resumed' 'expect early rejected' \
    'expect answer 0 rcode=NOERROR' 'expect alive' \
    "expect log $BACKLOG has name=ok.off.example.org count=1"
prove DOQ-096 raw_do 'case no more' connect 'expect ticket early=none'
reload 'early-data: on'

# Sent again, after a reload and to the next process.
: > "$T/flag"
cat > "$T/again.raw" <<'RAW'
case DOQ-102 replayed after a reload and after a restart
connect name=a
connect name=b ticket_of=a early
send 0 query:ok.again.example.org/A fin
expect answer 0 rcode=NOERROR
expect early accepted
expect streams_closed
use b
close app 0
print seen
expect log $FLAG has reloaded within 60s
wait 1s
replay b times=10
wait 500ms
expect log $BACKLOG has name=ok.again.example.org count=1
use a
print seen
expect log $FLAG has restarted within 60s
replay b times=10
# the next process does not know what was taken before its time
connect name=c ticket_of=a early
send 0 query:ok.next.example.org/A fin
expect early rejected
expect resumed
expect answer 0 rcode=NOERROR
connect ticket_of=c early
send 0 query:ok.fresh.example.org/A fin
expect early accepted
expect answer 0 rcode=NOERROR
wait 500ms
expect log $BACKLOG has name=ok.again.example.org count=1
expect log $BACKLOG has name=ok.next.example.org count=1
RAW
background again
again=$!
has_come() { # NAME
	wait_for 60 has "^# $1:" "$T/again.out" || {
		cat "$T/again.out"
		fail "the client does not come to $1"
	}
}
has_come b
replayed=$(said early_replayed)
reload 'early-data: on'
echo reloaded > "$T/flag"
has_come a
check "it came again" [ "$(said early_replayed)" -gt "$replayed" ]
quolld_stop
config "$port" 'early-data: on'
quolld_start
echo restarted > "$T/flag"
wait $again
rc=$?
cat "$T/again.out"
check "after the restart" [ $rc -eq 0 ]
check "all accounts return to 0" wait_for 40 all_is_gone
quolld_stop
