#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Answers for one network are for that network (RFC 7871 7.3.1, 7.5).

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

asked() { # COUNT NAME
	_n=$(grep -c " name=$2\\. " "$BACKLOG")
	[ "$_n" -eq "$1" ] && return
	echo "$2 was asked for $_n times, not $1"
	return 1
}
# gives LAST-OCTET NAME NETWORK: the answer for it; NETWORK - for none.
gives() {
	_last=$1 _name=$2
	if [ "$3" = - ]; then set --; else set -- "+subnet=$3"; fi
	answers "A.192\\.0\\.2\\.$_last\$" "$_name.example.org" A +edns "$@"
}
echoed() {
	has "CLIENT-SUBNET: $1" "$TMPDIR/answer"
}
fakebe_start
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
ecs: {mode: forward}
Y
quolld_start

two() {
	gives 113 ecsnet24.two 203.0.113.0/24 && echoed '203\.0\.113\.0/24/24' &&
	    gives 100 ecsnet24.two 198.51.100.0/24 &&
	    echoed '198\.51\.100\.0/24/24'
}
prove FWD-064 two
prove FWD-064 two
prove FWD-064 asked 2 'ecsnet24\.two\.example\.org'
prove FWD-103 gives 113 ecsnet24.two 203.0.113.77/32
check "what is sent is 24 bits, so this is known" asked 2 \
    'ecsnet24\.two\.example\.org'
check "the scope of the answer" echoed '203\.0\.113\.77/32/24'

# A shorter scope than what was sent covers it, a longer one does not grow.
scopes() { # SCOPE [SCOPE-REMEMBERED]
	gives 113 "ecsnet$1.scope" 203.0.113.0/24 &&
	    echoed "203\\.0\\.113\\.0/24/$1" &&
	    gives 113 "ecsnet$1.scope" 203.0.113.0/24 &&
	    echoed "203\\.0\\.113\\.0/24/${2-$1}" &&
	    asked 1 "ecsnet$1\\.scope\\.example\\.org"
}
prove FWD-064 scopes 16
prove FWD-064 scopes 0
prove FWD-064 scopes 32 '(24|32)'
other() { # who is elsewhere is not given it
	gives 100 ecsnet16.scope 198.51.100.0/24 &&
	    gives 100 ecsnet32.scope 198.51.100.0/24
}
prove FWD-064 other

# Who wants to be nobody (source /0) is asked for as nobody, whatever is known
# of networks; and what he is given is no answer for one.
nobody() {
	gives 1 ecsnet24.two 0.0.0.0/0 && echoed '0\.0\.0\.0/0/0' &&
	    asked 3 'ecsnet24\.two\.example\.org' &&
	    gives 1 ecsnet24.two 0.0.0.0/0 &&
	    asked 3 'ecsnet24\.two\.example\.org' &&
	    gives 113 ecsnet24.two 203.0.113.0/24 &&
	    gives 7 ecsnet24.two 192.0.7.0/24
}
prove FWD-064 nobody
# No option at all: none is sent, none comes back.
without() {
	gives 1 ecsnet24.two - && ! echoed . && gives 1 ecsnet24.two - &&
	    gives 100 ecsnet24.two 198.51.100.0/24
}
prove FWD-064 without
six() {
	answers 'A.192\.0\.2\.' ecs48.six.example.org A +edns \
	    +subnet=2001:db8:1:2::/56 &&
	    answers 'A.192\.0\.2\.' ecs48.six.example.org A +edns \
	    +subnet=2001:db8:1:2::/56 &&
	    asked 1 'ecs48\.six\.example\.org' &&
	    answers 'A.192\.0\.2\.' ecs48.six.example.org A +edns \
	    +subnet=2001:db8:99:2::/56 && asked 2 'ecs48\.six\.example\.org'
}
prove FWD-064 six
quolld_stop
