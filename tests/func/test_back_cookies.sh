#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
#
# DNS cookies towards a backend (RFC 7873): with a scripted one that forges and
# refuses, and with a real one that demands them.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

# The queries for LABEL that came, as "WAY CLIENTCOOKIE LENGTH", in order.
cookies_of() {
	grep -E " name=$1\\." "$BACKLOG" | sed -nE \
	    -e 's/^[0-9]+ (...) .*000a0008([0-9a-f]{16})$/\1 \2 8/p' \
	    -e 's/^[0-9]+ (...) .*000a0010([0-9a-f]{16})[0-9a-f]{16}$/\1 \2 16/p' \
	    -e 's/^[0-9]+ (...) .* opt=1232 .* options=-.*/\1 none 0/p'
}
# asked LABEL WHAT...: did just these queries for LABEL come?
asked() {
	_label=$1
	shift
	_got=$(cookies_of "$_label" | awk '{ printf "%s/%s ", $1, $3 }')
	[ "$_got" = "$(printf '%s ' "$@")" ] && return
	echo "$_label: $_got"
	return 1
}
# query LABEL: the lines of a script that asks and gets the good answer.
query() {
	echo "send new query:$1.back.example.org/A,opt fin"
	echo 'expect answer last rcode=NOERROR an=1 rr=192.0.2.1 within 10s'
}
# On one connection, so that one worker asks them all.  The next may be another
# worker's, to whom nobody has given a cookie.
in_order() {
	{
		echo connect
		for _l; do
			query "$_l"
		done
	} > "$TMPDIR/order.raw"
	"$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" "$TMPDIR/order.raw"
}

fakebe_start -n other -a 127.0.0.3
_other_port=$FAKEBE_PORT _other_log=$BACKLOG
fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT" -u "udp://127.0.0.3:$_other_port"

# Two servers get two cookies: the second is asked what the first cannot say.
two_servers() {
	raw_do connect 'send new query:servfail.two.example.org/A,opt fin' \
	    'expect answer last rcode=SERVFAIL within 10s' || return 1
	_one=$(cookies_of servfail | awk 'NR == 1 { print $2 }')
	_two=$(BACKLOG=$_other_log cookies_of servfail |
	    awk 'NR == 1 { print $2 }')
	[ ${#_one} -eq 16 ] && [ ${#_two} -eq 16 ] && [ "$_one" != "$_two" ]
}
prove FWD-054 two_servers
quolld_stop
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"

# Each forged one comes before the good one; without a cookie is the last,
# since it is wrong only once the server is known to have them.
prove FWD-056 in_order cookie cookiewrong cookielen cookienone
check "it is shown again" asked cookiewrong udp/16
check "and TCP asked where it was missing" asked cookienone udp/16 tcp/16
prove FWD-057 in_order cookie newcookie
check "UDP twice, then TCP" asked newcookie udp/16 udp/16 tcp/16
check "one BADCOOKIE costs one query" in_order needcookie
check "no OPT of that hop" answers 'status: NOERROR' \
    cookie.back.example.org A +bufsize=1232
prove FWD-049 not has '(COOKIE|Option \(10\))' "$TMPDIR/answer"

# A server that has none: it is not shown another one.
own() { # the client's own cookie
	in_order cookie ok.a ok.b ok.c &&
	    asked 'ok\.[abc]' udp/16 tcp/16 udp/0 udp/0
}
prove FWD-055 own
quolld_stop

# Switched off.
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream:
  servers: ["udp://127.0.0.1:$FAKEBE_PORT"]
  cookies: false
Y
quolld_start
check "switched off" in_order ok.off
check "nothing is sent" asked 'ok\.off' udp/0
quolld_stop

# knotd answers UDP only to those who show its cookie.
KNOT_GLOBAL='mod-cookies:
- id: all
  badcookie-slip: 1
template:
- id: default
  global-module: mod-cookies/all'
knotd_start
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream:
  servers: ["udp://127.0.0.1:$KNOTD_PORT"]
Y
quolld_start
knot() {
	{
		echo connect
		for _l in 1 2 3 4 5; do
			echo "send new query:www.example.org/A,opt fin"
			echo 'expect answer last rcode=NOERROR rr=192.0.2.1'
		done
	} > "$TMPDIR/knot.raw"
	"$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" "$TMPDIR/knot.raw"
}
check "knotd answers" knot
check "after one BADCOOKIE" [ "$(said badcookie)" -eq 1 ]
check "and no TCP" [ "$(said tcp_sent)" -eq 0 ]
check "nothing was wrong" [ "$(said mismatch_cookie)" -eq 0 ]
quolld_stop
