#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 90
# takes: 13
#
# Backends that are told of the client (PROXY protocol, version 2): a scripted
# one, which reads every octet, and Unbound, whose access control is the proof.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

# from ADDRESS REGEX NAME [TYPE] [KDIG OPTION...]: the answer that a client at
# that address gets
from() {
	_source=$1 _want=$2
	shift 2
	answers "$_want" "$@" -b "$_source"
}
# told WAY CLIENT: was the backend told so of the last query?
told() {
	_line=$(grep -E " $1 conn=[0-9]+ proxy " "$BACKLOG" | tail -n 1)
	echo "$_line" | grep -qE "proxy client=$2#[0-9]+ local=$3#$QUIC_PORT\$" ||
	    ! echo "$_line"
}
config() { # KEYS
	quolld_config <<Y
listen: ["quic://127.0.0.1:0", "quic://[::1]:$PORT6"]
upstream: {$1}
Y
}

# ---- a scripted one -------------------------------------------------------

PORT6=$(free_port)
fakebe_start -P
config "servers: [{url: \"udp://127.0.0.1:$FAKEBE_PORT\", proxy-protocol: yes}]"
quolld_start
check "the answer" from 127.0.0.1 'A.192\.0\.2\.1$' ok.a.example.org A
check "its client" told udp 127.0.0.1 127.0.0.1
check "another's" from 127.0.0.77 'A.192\.0\.2\.1$' ok.b.example.org A
check "that client" told udp 127.0.0.77 127.0.0.1
port4=$QUIC_PORT
QUIC_PORT=$PORT6
six() {
	"$KDIG" @::1 -p "$PORT6" +quic +timeout=10 +retry=0 ok.c.example.org A |
	    grep -q 'A.192\.0\.2\.1$'
}
check "by IPv6" six
check "an IPv6 client" told udp ::1 ::1
QUIC_PORT=$port4

# Truncated: by TCP, where each client has a connection of its own.
check "truncated" from 127.0.0.77 'A.192\.0\.2\.1$' tc.d.example.org A
check "by TCP" told tcp 127.0.0.77 127.0.0.1
check "truncated for another" from 127.0.0.78 'A.192\.0\.2\.1$' \
    tc.e.example.org A
check "by another connection" told tcp 127.0.0.78 127.0.0.1
one_each() {
	[ "$(grep -c ' tcp .* name=tc' "$BACKLOG")" -eq 2 ] &&
	    [ "$(grep ' tcp .* name=tc' "$BACKLOG" |
		sed 's/.* conn=\([0-9]*\) .*/\1/' | sort -u | wc -l)" -eq 2 ]
}
check "two connections" one_each
check "one connection for what one client asks at once" raw_do connect \
    'many 20 query:tc.n%u.pipe.example.org/A window=20 rcode=NOERROR within 5s'
pipelined() {
	grep -E ' tcp .* name=tc\.n[0-9]+\.pipe' "$BACKLOG" |
	    sed 's/.* conn=\([0-9]*\) .*/\1/' | sort -u | wc -l
}
check "one" [ "$(pipelined)" -eq 1 ]
# Repetitions name the client, too; signed messages cross unaltered behind it.
check "lost once" from 127.0.0.79 'status: (NOERROR|SERVFAIL)' \
    silent.f.example.org A
check "repeated" [ "$(grep -c 'proxy client=127.0.0.79#' "$BACKLOG")" -ge 2 ]
check "every header was one" not has 'proxy (bad|local)' "$BACKLOG"
quolld_stop

# A backend that knows nothing of it: an ordinary failure.
fakebe_start -n plain
config "servers: [{url: \"udp://127.0.0.1:$FAKEBE_PORT\", proxy-protocol: yes}]"
quolld_start
check "not understood" from 127.0.0.1 'status: SERVFAIL' ok.g.example.org A
quolld_stop

# ---- Unbound --------------------------------------------------------------

P2=$(free_port)
unbound_start "	interface: 127.0.0.1@$P2
	proxy-protocol-port: $P2
	log-queries: yes
	verbosity: 1
	interface-automatic: no
	access-control: 127.0.0.0/8 allow
	access-control: 127.0.0.66/32 refuse
	access-control: ::1/128 refuse"
# asked_as CLIENT NAME: did Unbound take it from there?
asked_as() {
	has "info: $1 $2\. A IN" "$TMPDIR/unbound.log"
}
for scheme in udp tcp; do
	config "servers: [{url: \"$scheme://127.0.0.1:$P2\", proxy-protocol: yes}]"
	quolld_start
	check "$scheme: allowed" from 127.0.0.5 'A.192\.0\.2\.1$' \
	    www.example.org A
	check "$scheme: in its log" asked_as 127.0.0.5 www.example.org
	check "$scheme: refused" from 127.0.0.66 'status: REFUSED' \
	    ns.example.org A
	check "$scheme: allowed again" from 127.0.0.5 'status: NOERROR' \
	    ns.example.org A
	refused6() {
		"$KDIG" @::1 -p "$PORT6" +quic +timeout=10 +retry=0 \
		    www.example.org A | grep -q 'status: REFUSED'
	}
	check "$scheme: refused by IPv6" refused6
	check "$scheme: 20 KB" from 127.0.0.5 '"099 0*"' big.example.org TXT
	quolld_stop
done
stop "$UNBOUND_PID"
