#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# packages: iproute2
# timeout: 90
#
# EDNS Client Subnet (RFC 7871): what a scripted backend sees of a client's
# option, and what the client gets back; then what an authoritative server
# sees through a real Unbound of the address of a real client.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

# subnet_of LABEL: data of option 8 in the last query for it; none without.
subnet_of() {
	grep -E " name=$1\\." "$BACKLOG" | tail -n 1 |
	    sed -nE -e 's/.* options=(8|[0-9,]*,8)[, ].*0008000([4-9a-f])([0-9a-f]*)$/\2 \3/p' \
	        -e 's/.* options=(-|10|11|10,11|11,10) .*/none/p' |
	    while read -r _n _hex; do
		[ "$_n" = none ] && echo none ||
		    echo "$_hex" | cut -c "1-$((0x$_n * 2))"
	    done
}
# sees LABEL DATA: did the backend get just this?
sees() {
	_saw=$(subnet_of "$1")
	[ "$_saw" = "$2" ] && return
	echo "$1: $_saw, not $2"
	return 1
}
# with OPTION NAME: asks with +subnet=OPTION (- for none); a good answer?
with() {
	_subnet=$1 _name=$2
	shift 2
	[ "$_subnet" = - ] || set -- +subnet="$_subnet"
	answers 'A.192\.0\.2\.1$' "$_name.back.example.org" A +bufsize=1232 "$@"
}
echoed() { # REGEX: is it in the OPT of the answer?
	has "CLIENT-SUBNET: $1" "$TMPDIR/answer"
}
configure() { # MODE
	quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream:
  servers: ["udp://127.0.0.1:$FAKEBE_PORT"]
ecs:
  mode: $1
Y
	quolld_start
}
both() { "$1" "$2" "$3" && echoed "$4"; }

fakebe_start
configure strip
check "strip" with 203.0.113.0/24 ecs.a
prove FWD-058 sees 'ecs\.a' none
prove FWD-059 not echoed .
quolld_stop

configure forward
check "forward" with 203.0.113.77/32 ecs20.b
check "only what we let out" sees 'ecs20\.b' 00011800cb0071
check "the scope comes back" echoed '203\.0\.113\.77/32/20'
short() {
	with 203.0.0.0/16 ecs.c && sees 'ecs\.c' 00011000cb00
}
prove FWD-062 short
nobody() {
	with 0.0.0.0/0 ecs.d && sees 'ecs\.d' 00010000
}
prove FWD-061 nobody
prove FWD-063 echoed '0\.0\.0\.0/0/0'
unasked() {
	with - ecsunasked.e && not echoed .
}
prove FWD-060 unasked
wrong() { # OPTION DATA
	raw_do connect "send new query:ok.f.back.example.org/A,option=8:$1 fin" \
	    'expect answer last rcode=FORMERR'
}
all_wrong() { # too few octets, too many, bits behind, family, scope
	for _d in 00011800cb00 00011800cb007100 00011700cb0071 \
	    00031800cb0071 00010001; do
		wrong $_d || return 1
	done
	not has 'name=ok\.f\.' "$BACKLOG"
}
prove FWD-065 all_wrong
prove FWD-066 with 203.0.113.0/24 ecswrong.g
check "IPv6" with 2001:db8:1:2::/64 ecs.h
check "56 bits of it" sees 'ecs\.h' 0002380020010db8000100
refused() {
	with 203.0.113.0/24 ecsrefused.i && sees 'ecsrefused\.i' none &&
	    [ "$(grep -c 'name=ecsrefused\.i\.' "$BACKLOG")" -eq 2 ]
}
prove FWD-067 refused
check "what was not asked of anybody has scope 0" answers \
    'CLIENT-SUBNET: 203\.0\.113\.0/24/0' localhost A +subnet=203.0.113.0/24
quolld_stop

configure add
check "add" with - ecs.j
check "but no loopback address" sees 'ecs\.j' none
check "nobody" with 0.0.0.0/0 ecs.k
prove FWD-061 sees 'ecs\.k' 00010000
quolld_stop
