#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
#
# What is odd but legal is forwarded (RFC 5625 4): 300 queries made here, of
# all kinds of types, classes, flags, options and records, and names of any
# octets.  Each must reach the backend with its question, and come back.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_start -v -u "udp://127.0.0.1:$FAKEBE_PORT"

# Not here: OPT (41), TSIG (250), IXFR and AXFR (251, 252), which are answered
# by a rule, and RD=0.
types='A AAAA TXT 0 3 4 6 10 13 17 20 24 25 28 29 33 39 42 46 47 48 52 59 60
	61 64 65 99 100 104 108 128 248 249 253 254 255 256 257 258 259 260
	32768 32769 65280 65400 65534 65535'
classes='1 1 1 3 4 1 254 1 255 1 1 0 1 2 1 65280 65535'
words='do opt aa tc ra z ad cd do,cd ad,cd aa,tc,ra,z rcode=15 rcode=NXDOMAIN
	cookie option=3 option=8:00011800c00002 option=9 option=13:00
	option=15:0011 option=26946:0102 option=65001:00ff00ff
	option=65535*400 padto=128 padto=468 options=200*65002 optsize=0
	optsize=511 optsize=65535 ednsflags=0x7fff ednsflags=0xffff
	extrcode=255 size=4000 padto=128,option=12*3
	extra=00000100010000000000040a000001
	extra=0763617463686572c00cff01000100000001000401020304
	extra=c00c00010001ffffffff0004c0000201,do'

# nth N WORD...
nth() {
	shift $(($1 % ($# - 1) + 1))
	echo "$1"
}
odd_script() {
	echo 'case FWD-001 three hundred queries, odd but legal'
	_n=0
	while [ $_n -lt 300 ]; do
		[ $((_n % 50)) -ne 0 ] || echo connect
		# shellcheck disable=SC2086
		{
			_type=$(nth $_n $types)
			_class=$(nth $_n $classes)
			_word=$(nth $((_n + _n / 36)) $words)
		}
		echo "set N $_n"
		echo "send new query:ok.n$_n.fwd001.example.org/$_type,qclass=$_class,$_word fin"
		echo "expect answer last rcode=NOERROR tc=0 z=0 qclass=$_class"
		echo "expect log \$BACKLOG has ' name=ok.n$_n.fwd001.example.org. type=$(number "$_type") class=$_class '"
		_n=$((_n + 1))
	done
}
number() {
	case $1 in
	A) echo 1 ;;
	AAAA) echo 28 ;;
	TXT) echo 16 ;;
	*) echo "$1" ;;
	esac
}
odd_script > "$TMPDIR/odd.raw"
check "300 odd queries" "$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" \
    -D "BACKLOG=$BACKLOG" "$TMPDIR/odd.raw"
check "each of them once, and each its own" [ "$(grep -o \
    'name=ok.n[0-9]*.fwd001[^ ]* type=[0-9]* class=[0-9]*' "$BACKLOG" |
    sort -u | wc -l)" -eq 300 ]

raw_script names

# What names hold must not reach a log as it is.
check "the log holds nothing but text" \
    not env LC_ALL=C grep -q '[^ -~	]' "$TMPDIR/quolld.log"
check "everything is given back" wait_for 60 all_is_gone
quolld_stop
