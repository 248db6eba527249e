#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 90
# takes: 14
# tsan
#
# Zone transfers, NOTIFY and UPDATE: who may, what crosses, and every way in
# which a scripted server breaks a transfer off.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

UPDATE='opcode=5,rd=0,authority=036e6577c00c000100010000012c0004c0000263'
NOTIFY='opcode=4,rd=0,aa'

# xfr ZONE[/TYPE][,WORD...] EXPECTATION...: asks on stream 0.
xfr() {
	_query=$1
	shift
	for _e; do echo "expect $_e"; done > "$TMPDIR/expectations"
	raw_do 'allow codes' connect "send 0 query:$_query fin" \
	    "$(cat "$TMPDIR/expectations")" 'expect open'
}
# whole ZONE[/TYPE][,WORD...] MESSAGES
whole() {
	xfr "$1" "answer 0 messages=$2 rcode=NOERROR"
}
# messages ZONE...: what xfrdump says of each message of the answer.
messages() {
	raw_do connect "send 0 query:$1 fin" \
	    'expect answer 0 messages=any rcode=NOERROR' 'print data 0' |
	    "$BUILD/xfrdump" 2>&1 > "$TMPDIR/records"
}
broken() {
	xfr "$1" "reset 0 code=0x1"
}
servfail() {
	xfr "$1" "answer 0 rcode=SERVFAIL ede=${2:-22}"
}

fakebe_start

# Nobody may, unless somebody says so.
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
prove FWD-169,FWD-170 xfr xfr.example.org/AXFR,opt \
    'answer 0 rcode=REFUSED ede=21'
prove FWD-169 xfr xfr.example.org/IXFR,opt 'answer 0 rcode=REFUSED ede=21'
prove FWD-179 xfr "xfr.example.org/SOA,$NOTIFY" 'answer 0 rcode=REFUSED'
prove FWD-182,BAD-095 xfr "example.org/SOA,$UPDATE" 'answer 0 rcode=REFUSED'
check "the backend heard of none" not grep -q 'type=25[12]\|opcode=[45]' \
    "$BACKLOG"
quolld_stop

# Who is not in the list.
quolld_config <<CONF
listen: [quic://127.0.0.1:0]
access: {transfer: [127.0.0.2], notify: [127.0.0.2], update: [127.0.0.2]}
CONF
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
prove DOQ-126,FWD-170 xfr xfr.example.org/AXFR,opt \
    'answer 0 rcode=REFUSED ede=18'
check "NOTIFY" xfr "xfr.example.org/SOA,$NOTIFY" \
    'answer 0 rcode=REFUSED'
check "UPDATE" xfr "example.org/SOA,$UPDATE" 'answer 0 rcode=REFUSED'
quolld_stop

# Nobody who could do it.
quolld_config <<CONF
listen: [quic://127.0.0.1:0]
access: {transfer: [127.0.0.0/8], notify: [127.0.0.1], update: [127.0.0.1]}
upstream: {mode: none}
CONF
quolld_start
check "no server" xfr xfr.example.org/AXFR,opt \
    'answer 0 rcode=REFUSED ede=21'
quolld_stop

# Everybody may, and the server is one for transfers alone.
quolld_config <<CONF
listen: [quic://127.0.0.1:0]
quic: {early-data: on}
access: {transfer: [127.0.0.1], notify: [127.0.0.1], update: [127.0.0.1]}
upstream: {mode: none}
transfer: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"], max: 2, timeout: 1s}
CONF
quolld_start

# Whole ones, in every shape.
prove FWD-172 whole xfr300.example.org/AXFR 300
prove FWD-172 whole xfr1.example.org/AXFR 1
SERIAL3='authority=c00c0006000100000000001600000000000300000000000000000000000000000000'
prove FWD-172 whole "xfrsame.example.org/IXFR,$(echo $SERIAL3 | sed s/00000003/00000005/)" 1
prove FWD-172 whole "xfrstep.example.org/IXFR,$SERIAL3" 2
prove FWD-172 whole "xfrsteps.example.org/IXFR,$SERIAL3" 3
prove FWD-172 whole "xfrfull4.example.org/IXFR,$SERIAL3" 4
prove FWD-171 [ "$(grep -c ' type=25[12] ' "$BACKLOG")" -gt 5 ]
prove FWD-171 not grep -q ' udp .* type=25[12] ' "$BACKLOG"
check "the asker's SOA crosses" \
    has ' type=251 .*000000030000000000000000000000000000' "$BACKLOG"

# Each message is one of this hop: ID, TC, OPT, padding.
messages xfr20.example.org/AXFR > "$TMPDIR/plain"
prove FWD-172 [ "$(awk '$2 == 0' "$TMPDIR/plain" | wc -l)" -eq 20 ]
prove FWD-173 not awk '$3 != 0 { found = 1 } END { exit !found }' \
    "$TMPDIR/plain"
check "no OPT for who has none" not awk '$6 != 0 { n = 1 } END { exit !n }' \
    "$TMPDIR/plain"
check "in order" [ "$(sed -n 's/^a\([0-9]*\)-0\..*/\1/p' "$TMPDIR/records" |
    tr '\n' ' ')" = "$(seq 0 19 | tr '\n' ' ')" ]
messages xfr20.example.org/AXFR,opt > "$TMPDIR/edns"
prove FWD-174 [ "$(awk '$6 == 1 && $7 == 1 && $1 % 468 == 0' "$TMPDIR/edns" |
    wc -l)" -eq 20 ]
prove FWD-175 whole xfrempty10.example.org/AXFR 20

# Broken off after a part was sent: never a FIN.
prove FWD-177,DOQ-061 broken xfrbreak10.example.org/AXFR
prove FWD-177 broken xfrabort10.example.org/AXFR
prove FWD-177 broken xfrstall10.example.org/AXFR
prove FWD-173 broken xfrtc10.example.org/AXFR
check "another serial at the end" broken xfrserial3.example.org/AXFR

# Nothing was sent yet: a reason.
check "closed" servfail xfrbreak0.example.org/AXFR,opt 23
check "silence" servfail xfrstall0.example.org/AXFR,opt 22
check "refused" xfr xfrrefused.example.org/AXFR 'answer 0 rcode=REFUSED'
check "no transfer" servfail xfrserial1.example.org/AXFR,opt 24

# Signed, by whomever: byte for byte, or not at all (RFC 9250 5.5.2).
MAC=5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a
TSIG=extra=066e6f626f64790000fa00ff00000000003d0b686d61632d73686132353600
TSIG=${TSIG}000000000000012c0020${MAC}000000000000
prove FWD-187 broken "xfrkeep3.example.org/AXFR,$TSIG"
check "the query crossed as it was" \
    has ' type=252 .*5a5a5a5a000000000000$' "$BACKLOG"

# Two at once, and no more.
prove FWD-176 raw_do connect 'send 0 query:xfrstall2.example.org/AXFR fin' \
    'send 4 query:xfrstall2.example.org/AXFR fin' 'expect data 0' \
    'expect data 4' 'send 8 query:xfr2.example.org/AXFR,opt fin' \
    'expect answer 8 rcode=SERVFAIL' 'send 12 query:localhost/A fin' \
    'expect answer 12 rcode=NOERROR' 'expect reset 0' 'expect reset 4' \
    'send 16 query:xfr2.example.org/AXFR fin' \
    'expect answer 16 messages=2 rcode=NOERROR'

# Given up by the client: so is the connection to the server.
prove DOQ-061 raw_do connect 'send 0 query:xfrstall2.example.org/AXFR fin' \
    'expect data 0' 'stop 0 0x3' 'expect reset 0' \
    'send 4 query:xfr3.example.org/AXFR fin' \
    'expect answer 4 messages=3 rcode=NOERROR' 'expect open'
gone() {
	[ "$(said transfers_now)" -eq 0 ]
}
check "nothing of it is left" wait_for 5 gone
for counter in transfers_cancelled transfer_messages doq_parts query_broken; do
	check "counted: $counter" [ "$(said $counter)" -gt 0 ]
done
closed() {
	[ "$(grep -c tcp-open "$BACKLOG")" -eq "$(grep -c tcp-close "$BACKLOG")" ]
}
check "nor of any connection" wait_for 5 closed

# NOTIFY and UPDATE cross as they are but for the ID, UPDATE by TCP.
check "NOTIFY" xfr "ok.example.org/SOA,$NOTIFY" 'answer 0 opcode=4 rcode=NOERROR'
# The backend's octets behind the ID.
crossed() {
	grep " flags=$1 " "$BACKLOG" | tail -n 1 | sed 's/.* ....\([0-9a-f]*\)$/\1/'
}
OK=026f6b076578616d706c65036f72670000060001
prove FWD-179 [ "$(crossed 2400)" = "2400000100000000""0000$OK" ]
check "UPDATE" xfr "ok.example.org/SOA,$UPDATE" \
    'answer 0 opcode=5 rcode=NOERROR head'
prove FWD-181 [ "$(crossed 2800)" = \
    "2800000100000001""0000${OK}036e6577c00c000100010000012c0004c0000263" ]
check "never by UDP" not grep -q ' udp .* flags=28' "$BACKLOG"
check "a slow answer to UPDATE is waited for" \
    xfr "slow500.example.org/SOA,$UPDATE" 'answer 0 opcode=5 rcode=NOERROR head'

# Early: NOTIFY may be repeated, a zone is not for who has proved no address.
prove FWD-180 raw_do connect 'expect ticket' "save_ticket $TMPDIR/ticket" drop \
    "connect name=c2 ticket_file=$TMPDIR/ticket early" \
    "send 0 query:ok.example.org/SOA,$NOTIFY fin" \
    'send 4 query:xfr3.example.org/AXFR,opt fin' \
    'expect early accepted' 'expect answer 0 opcode=4 rcode=NOERROR' \
    'expect answer 4 rcode=REFUSED ede=26'

check "all is given back" wait_for 10 all_is_gone
quolld_stop

# A server that reads the PROXY protocol is told who transfers.
fakebe_start -n proxied -P
quolld_config <<CONF
listen: [quic://127.0.0.1:0]
access: {transfer: [127.0.0.1]}
upstream: {mode: none}
transfer:
  servers: [{url: "tcp://127.0.0.1:$FAKEBE_PORT", proxy-protocol: yes}]
CONF
quolld_start
check "PROXY" whole xfr4.example.org/AXFR 4
check "it is told" has " tcp conn=[0-9]+ proxy client=127.0.0.1#[0-9]+ local=127.0.0.1#$QUIC_PORT" \
    "$BACKLOG"
quolld_stop
