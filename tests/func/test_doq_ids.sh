#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 180
# takes: 15
#
# Message IDs towards the backend (RFC 9250 4.2.1, RFC 5452 9.2): there they
# follow the rules of UDP and TCP, not DoQ's zero.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

# Ten thousand IDs over UDP: both octets evenly spread (chi-square, 255 degrees
# of freedom: mean 255, deviation 22.6; 400 is more than six deviations off),
# no step between neighbours that comes too often, and not zero.
even() {
	sed -n 's/.* udp .* id=\(..\)\(..\) .*/\1 \2/p' "$BACKLOG" | awk '
	function hex(s) {
		return (index(digits, substr(s, 1, 1)) - 1) * 16 + \
		    index(digits, substr(s, 2, 1)) - 1
	}
	BEGIN { digits = "0123456789abcdef" }
	{
		high[hex($1)]++
		low[hex($2)]++
		id = hex($1) * 256 + hex($2)
		if (NR > 1 && ++step[(id - last + 65536) % 65536] > worst)
			worst = step[(id - last + 65536) % 65536]
		zero += id == 0
		last = id
	}
	END {
		for (i = 0; i < 256; i++) {
			want = NR / 256
			x += (high[i] - want) ^ 2 / want
			y += (low[i] - want) ^ 2 / want
		}
		printf "%d IDs, chi-square %.0f and %.0f, %s\n", NR, x, y, \
		    "most frequent step " worst " times, zero " zero + 0
		exit !(NR >= 10000 && x < 400 && y < 400 && worst < 12 &&
		    zero < 12)
	}'
}
fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
prove DOQ-089 raw_do connect \
    'many 10000 query:ok.n%u.ids.example.org/A window=90 rcode=NOERROR within 60s'
prove DOQ-036 even

# 70,000 questions outstanding, and a backend that says nothing: all get an
# answer, and no two share port and ID before the first could be repeated.
: > "$BACKLOG"
check "70,000 queries without an answer" raw_do nocontrol \
    'many 70000 query:silent.n%u.out.example.org/A conns=750 window=94 rcode=SERVFAIL within 90s'
no_collision() {
	sed -n 's/^\([0-9]*\) udp port=\([0-9]*\) .* id=\(....\) .* name=\([^ ]*\) .*/\1 \2-\3 \4/p' \
	    "$BACKLOG" | awk '
	name[$2] != $3 && name[$2] != "" && $1 - time[$2] < 700 { bad++ }
	{ name[$2] = $3; time[$2] = $1; names[$3] = 1 }
	END {
		n = 0
		for (i in names)
			n++
		printf "%d sent, %d names, %d collisions\n", NR, n, bad
		exit !(NR > 10000 && n > 10000 && bad == 0)
	}'
}
prove DOQ-038 no_collision
check "it still answers" raw_do connect 'expect open'
quolld_stop

# Over TCP: unique among those outstanding in one connection.  Every answer
# takes 1 s, so an ID that comes again earlier would be a second one.
unique() {
	sed -n 's/^\([0-9]*\) tcp .* conn=\([0-9]*\) id=\(....\) .*/\1 \2-\3/p' \
	    "$BACKLOG" | awk '
	time[$2] != "" && $1 - time[$2] < 950 { bad++ }
	{ time[$2] = $1 }
	END {
		printf "%d queries, %d repeated\n", NR, bad
		exit !(NR >= 2000 && bad == 0)
	}'
}
fakebe_start -n tcp -U
quolld_start -n tcp -u "tcp://127.0.0.1:$FAKEBE_PORT"
check "2,000 queries over TCP" raw_do \
    'many 2000 query:slow1000.n%u.tcp.example.org/A conns=20 window=90 rcode=NOERROR within 60s'
prove DOQ-036 unique
quolld_stop
