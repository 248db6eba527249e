#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Extended DNS Errors (RFC 8914): each code of our own provoked once, with the
# RCODE that it belongs to, short, and with nothing in it that is internal.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

cd "$TMPDIR" || exit 1
fakebe_start
closed=$(free_port)

# says CODE RCODE QUERY...: that code, that RCODE, 64 octets of text at most.
says() {
	_code=$1 _rcode=$2
	shift 2
	ask "$@" > answer 2>&1
	_text=$(sed -n "s/^;; EDE: [0-9]* ([^)]*): '\(.*\)'\$/\1/p" answer)
	has "status: $_rcode;" answer && has "^;; EDE: $_code " answer &&
	    [ -n "$_text" ] && [ ${#_text} -le 64 ] && quiet && return
	cat answer
	return 1
}
# No address, port or path of ours or of a server's.
quiet() {
	case $_text in
	*[0-9].[0-9]* | *:[0-9]* | */* | *"$FAKEBE_PORT"* | *"$closed"*)
		return 1
		;;
	esac
}

quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
access: {deny: [127.0.0.9]}
limits: {query-timeout: 1s}
Y
quolld_start

prove FWD-087,FWD-088 says 18 REFUSED ok.example.org A +edns -b 127.0.0.9
prove FWD-087,FWD-086 says 20 REFUSED ok.example.org A +edns +norec
prove FWD-087,FWD-088 says 22 SERVFAIL silent.example.org A +edns
prove FWD-087,FWD-088 says 24 SERVFAIL loopname.example.org A +edns
check "a special name" says 0 NXDOMAIN x.test A +edns

# Who signs gets our own errors, too: unsigned, for there is no key here.
unsigned() {
	ask silent.example.org A -y hmac-sha256:key.example:c2VjcmV0c2VjcmV0 \
	    > answer 2>&1
	has 'status: SERVFAIL;' answer && ! has 'TSIG PSEUDOSECTION' answer
}
prove FWD-190 unsigned

# A server's own: its code, our words, and nothing changes but that.
prove FWD-085 says 17 NOERROR ede.example.org A +edns
prove FWD-085 has "EDE: 17 .*said by the upstream server" answer
prove FWD-082 has 'ede\.example\.org\..*A.192\.0\.2\.1' answer
prove FWD-088 not has 'fakeb' answer

# Without an OPT there is none.
no_opt() {
	ask silent.example.org A +noedns > answer 2>&1
	has 'status: SERVFAIL' answer && ! has 'EDE' answer
}
prove FWD-081 no_opt

# What kdig cannot send.
check "opcode, EDNS version, what cannot be parsed" raw_do \
    'case FWD-087 not supported' connect \
    'send new query:ok.example.org/A,opcode=2,opt fin' \
    'expect answer last rcode=NOTIMP ede=21' \
    'case a version of EDNS' connect \
    'send new query:ok.example.org/A,ednsver=1 fin' \
    'expect answer last extrcode=BADVERS ede=0' \
    'case two OPT records' connect \
    'send new query:ok.example.org/A,two-opts fin' \
    'expect answer last rcode=FORMERR ede=0'
quolld_stop

# Nobody listens at the server's port.
quolld_config none <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$closed"]}
Y
quolld_start -n none
prove FWD-087,FWD-088 says 23 SERVFAIL ok.example.org A +edns
quolld_stop
