#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Counters that no other test makes move: who may not ask, what is answered
# here, what nobody can answer, and queries that wait for a client to read.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

rcode() { # RCODE NAME
	answers "status: $1" "$2" A > /dev/null
}

# Nobody is asked, and not everybody may ask.
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {mode: none}
Y
quolld_start
check "a special name" rcode NOERROR localhost
check "was answered here" [ "$(said query_special)" = 1 ]
check "no server is there to be asked" rcode SERVFAIL www.example.org
check "which is why" [ "$(said query_no_upstream)" = 1 ]
check "nobody is denied" [ "$(said query_denied)" = 0 ]
quolld_stop

quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {mode: none}
access: {allow: [192.0.2.0/24], trusted: []}
Y
quolld_start
check "who may not ask" rcode REFUSED localhost
check "is denied" [ "$(said query_denied)" = 1 ]
check "before anything else" [ "$(said query_special)" = 0 ]
quolld_stop

# Two answers of 60,000 octets are more than this connection may hold, so the
# third query waits; it is asked when the client reads.
fakebe_start
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
quic: {unsent-max: 65537}
upstream: {servers: ["tcp://127.0.0.1:$FAKEBE_PORT"]}
Y
quolld_start
{
	echo 'case a query that waits'
	echo 'nocontrol'
	echo 'connect max_data=0 stream_data=0'
	echo 'send 0 query:big60000.a.example.org/TXT fin'
	echo 'send 4 query:big60000.b.example.org/TXT fin'
	echo 'expect log $BACKLOG has big60000.b within 10s'
	echo 'print seen'
	echo "set FLAG $TMPDIR/flag"
	echo 'expect log $FLAG has third within 20s'
	echo 'send 8 query:ok.c.example.org/A fin'
	echo 'expect log $FLAG has end within 20s'
} > "$TMPDIR/waits.raw"
: > "$TMPDIR/flag"
raw -s "127.0.0.1:$QUIC_PORT" -D "BACKLOG=$BACKLOG" "$TMPDIR/waits.raw" \
    > "$TMPDIR/waits.out" 2>&1 &
client=$!
_own $client
both() {
	[ "$(said query_relayed)" = 2 ]
}
check "two answers are there" wait_for 20 both
echo third >> "$TMPDIR/flag"
waits() {
	[ "$(said doq_postponed)" = 1 ]
}
check "the third query waits" wait_for 20 waits
check "and is not asked" not has 'ok\.c\.' "$BACKLOG"
echo end >> "$TMPDIR/flag"
wait $client
rc=$?
[ $rc -eq 0 ] || cat "$TMPDIR/waits.out"
check "the client found what it expects" [ $rc -eq 0 ]
check "accounts return to 0" wait_for 60 all_is_gone
quolld_stop
