#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# In front of real servers: Unbound and knotd, which are killed and come back
# while queries are asked.

. "$SRC/tests/func/lib.sh"

unbound_start
knotd_start
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream:
  servers: ["udp://127.0.0.1:$UNBOUND_PORT", "udp://127.0.0.1:$KNOTD_PORT"]
Y
quolld_start

check "an address" answers '^www\.example\.org\..*A.192\.0\.2\.1' \
    www.example.org A
check "an alias is followed or shown" answers 'CNAME.www\.example\.org' \
    alias.example.org A
prove DOQ-110,FWD-122 answers 'Received 2[0-9]{4} B' big.example.org TXT
check "all of it came" has '"099 0*"' "$TMPDIR/answer"
prove DOQ-111 answers 'Received 2[0-9]{4} B' big.example.org TXT \
    +bufsize=512
spelt() { # doqspec compares the question octet by octet
	raw -s "127.0.0.1:$QUIC_PORT" -n www.example.org -e connect \
	    -e 'send new query:wWw.eXaMpLe.oRg/A,do fin' \
	    -e 'expect answer last an=1 rr=192.0.2.1' > "$TMPDIR/spelt" 2>&1
}
prove FWD-017 spelt
check "DNSSEC OK is passed" answers 'flags: do' www.example.org A +dnssec
prove FWD-027 not answers 'EDNS PSEUDOSECTION' www.example.org A +noedns
prove FWD-070,DOQ-121 not has PADDING "$TMPDIR/answer"
check "NXDOMAIN comes through" answers 'status: NXDOMAIN' \
    no.such.example.org A
prove FWD-086 answers 'EDE: 20' www.example.org A +norec +edns
prove FWD-018 has 'status: REFUSED' "$TMPDIR/answer"

# The list fails over: Unbound dies, knotd answers.
stop "$UNBOUND_PID"
i=0
over=yes
while [ $i -lt 10 ]; do
	answers 'A.192\.0\.2\.77' "over$i.wild.example.org" A || over=no
	i=$((i + 1))
done
check "ten queries after the first server died" [ $over = yes ]

# Both are gone: SERVFAIL that says why, in time; then they are back.
stop "$KNOTD_PID"
prove DOQ-062 answers 'status: SERVFAIL' dead.wild.example.org A
prove FWD-087 has 'EDE: 2[23] ' "$TMPDIR/answer"
check "nothing of the back end leaks" not has '127\.0\.0\.1:' \
    "$TMPDIR/answer"

# The same port again, so that the configured server is back.
port=$KNOTD_PORT
dir=$TMPDIR/knotd.d
_dir=$dir
_run_knotd > "$TMPDIR/knotd2.log" 2>&1 < /dev/null &
_own $!
back=$!
tries=0
comes_back() { # under another name each time: failures are remembered
	tries=$((tries + 1))
	answers 'A.192\.0\.2\.77' "try$tries.wild.example.org" A > /dev/null
}
check "a server that comes back is used" wait_for 30 comes_back

# Killed and restarted under load: every query gets an answer, the right one
# or SERVFAIL; none is left.
raw -s "127.0.0.1:$QUIC_PORT" -n www.example.org \
    -e 'many 3000 query:w%u.wild.example.org conns=3 window=50 rcode=0|2 within 60s' \
    > "$TMPDIR/load" 2>&1 &
loader=$!
i=0
while [ $i -lt 3 ]; do
	sleep 0.1
	kill -KILL $back
	wait $back 2>/dev/null
	_run_knotd > "$TMPDIR/knotd3.log" 2>&1 < /dev/null &
	back=$!
	_own $back
	i=$((i + 1))
done
check "3,000 queries while the server dies and returns" wait $loader

kill -USR1 "$QUOLLD_PID"
drained() {
	kill -USR1 "$QUOLLD_PID"
	tac "$TMPDIR/quolld.log" | grep -m 1 -q 'account queries_now 0' &&
	    tac "$TMPDIR/quolld.log" | grep -m1 'account connections' |
	    grep -q ' 0$'
}
check "accounts are back to zero" wait_for 20 drained
quolld_stop
