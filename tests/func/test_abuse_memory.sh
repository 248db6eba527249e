#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
# alone
#
# The memory limit is reached: clients that try to make quolld hold more than it
# allows lose what they had, and others are served.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/abuse.inc"

LIMIT=16777216

fakebe_start
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
limits: {memory: 16M}
upstream: {servers: ["tcp://127.0.0.1:$FAKEBE_PORT"]}
Y
quolld_start
control_start

# Gaps of one octet on many streams: each costs more to remember than to send.
awk '
function vi(x) {
	if (x < 64)
		return sprintf("%02x", x)
	return sprintf("%04x", 16384 + x)
}
BEGIN {
	print "case gaps of one octet on 100 streams"
	print "allow failed"
	print "connect"
	print "takeover"
	for (s = 0; s < 400; s += 4) {
		for (off = 1; off < 1310; ) {
			p = ""
			for (; length(p) < 2100 && off < 1310; off += 2)
				p = p "0e" vi(s) vi(off) "0178"
			print "packet raw " p
			if (++n % 20 == 0)
				print "wait 1ms"
		}
	}
	print "expect close transport 0x1"
}' > "$TMPDIR/gaps.raw"
check "gaps" abuse "gaps of one octet" \
    "$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" "$TMPDIR/gaps.raw"
counted shed_large 1

# Answers that nobody takes: 30 connections with 80 queries of 60,000 octets.
{
	echo case answers that nobody takes
	echo nocontrol
	echo allow failed
	echo allow codes
	echo allow foreign
	echo repeat 30
	echo 'connect max_data=0 stream_data=0'
	i=0
	while [ $i -lt 80 ]; do
		echo "send new query:big60000.u\$I.q$i.example.org/TXT fin"
		i=$((i + 1))
	done
	echo end
	echo "set READY $TMPDIR/ready"
	echo 'expect log $READY has go within 60s'
} > "$TMPDIR/unread.raw"
"$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" "$TMPDIR/unread.raw" &
client=$!
_own $client
asked() {
	[ "$(grep -c big60000 "$BACKLOG")" -ge 1000 ]
}
wait_for 30 asked
sleep 2
bytes=$(($(said conn_bytes) + $(said buffer_bytes)))
echo "# connections hold $bytes octets"
check "the budget is for answers, too" [ $bytes -lt $((LIMIT * 5 / 4)) ]
check "others are answered" answers 192.0.2.1 ok.example.org
echo go > "$TMPDIR/ready"
wait $client
abuse_end

# Connections that do nothing: older ones make room, and clients have to prove
# their address meanwhile.
quolld_start
dribble() { # N STREAMS WITHIN
	raw_do 'case a crowd' nocontrol \
	    "dribble $1 query:ok.crowd.example.org/A streams=$2 within $3"
}
check "a crowd" abuse "1,000 idle connections" dribble 1000 0 1s
counted shed_idle 100
counted retries_sent 100
check "others are answered" answers 192.0.2.1 ok.example.org

# Nobody is idle, and nothing can be taken from anybody: new ones are refused.
dribble 700 1 4s > "$TMPDIR/out" &
crowd=$!
_own $crowd
busy() {
	[ "$(said doq_streams_now)" -ge 550 ]
}
check "a crowd that is busy" wait_for 20 busy
check "who comes too late is told" raw_do nocontrol 'allow failed' \
    'connect nowait' 'expect handshake_fail transport 0x2'
counted refused_memory 1
wait $crowd
cat "$TMPDIR/out"
check "others are served when they have gone" wait_for 20 \
    answers 192.0.2.1 ok.example.org

# Queries that wait for a backend which says nothing: 108 MB of them.
{
	echo case queries that wait
	echo nocontrol
	echo allow failed
	echo allow foreign
	echo repeat 30
	echo connect
	i=0
	while [ $i -lt 60 ]; do
		echo "send new query:silent.w\$I.q$i.example.org/A,size=60000 fin"
		i=$((i + 1))
	done
	echo end
	echo wait 1s
} > "$TMPDIR/waiting.raw"
shed=$(said shed_large)
"$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" "$TMPDIR/waiting.raw" &
client=$!
_own $client
most=0
while alive $client; do
	waiting=$(said queries_now)
	[ "$waiting" -le $most ] || most=$waiting
done
wait $client
echo "# $most queries of 60,000 octets waited"
check "queries are kept" [ $most -ge 50 ]
check "the budget is for queries, too" [ $((most * 60000)) -lt \
    $((LIMIT * 5 / 4)) ]
counted shed_large $((shed + 10))
check "others are served" wait_for 20 answers 192.0.2.1 ok.example.org
check "all accounts return to 0" wait_for 60 all_is_gone
quolld_stop
