#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# packages: iproute2
# timeout: 60
#
# What quolld does when nothing is configured, on a machine without a network:
# it would resolve by itself, and says at once why it cannot.

. "$SRC/tests/func/lib.sh"
need ip

ns=quoll$$
gone() {
	_before=$?
	ip netns del $ns 2>/dev/null
	return $_before
}
trap 'gone; _finish' EXIT
why=$(ip netns add $ns 2>&1 && ip -n $ns link set lo up 2>&1 &&
    ip netns exec $ns true 2>&1) ||
    skip "no network namespaces can be used here: $why"
# inside PROGRAM NAME: a program of that name that runs in there.
inside() {
	printf '#!/bin/sh\nexec ip netns exec %s %s "$@"\n' $ns "$1" \
	    > "$TMPDIR/$2"
	chmod +x "$TMPDIR/$2"
}
inside "$QUOLLD" in-quolld
inside "$KDIG" in-kdig
QUOLLD=$TMPDIR/in-quolld KDIG=$TMPDIR/in-kdig

quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
Y
quolld_start
check "no network" answers 'EDE: 23 .*no way to the root' www.example.org A
check "it is counted" [ "$(said recursion_failed)" = 1 ]
check "nothing was waited for" [ "$(said asks_timed_out)" = 0 ]
check "without OPT it is SERVFAIL all the same" \
    answers 'status: SERVFAIL' www.example.org A +noedns
check "special names need nobody" answers 'IN.A.127\.0\.0\.1' localhost A
quolld_stop
