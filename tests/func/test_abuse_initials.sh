#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 150
# takes: 50
#
# Floods of Initials from many source addresses, with Retry that switches itself
# on and off: memory is bounded, everybody else is served, and nothing is left.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/abuse.inc"
. "$SRC/tests/func/flood.inc"

ABOVE=50	# quic.retry-above
MOST=8000000	# bytes: 50 handshakes a worker, and some

fakebe_start
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
quic: {retry-above: $ABOVE, handshake-timeout: 3s}
limits: {memory: 256M}
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
Y
quolld_start
established_start || fail "nobody is served"
control_start

no_retry() {
	raw_do 'case no Retry' nocontrol connect 'expect no_retry'
}
check "at first nobody has to prove his address" no_retry
accepted=$(said conns_accepted)
prove BAD-062 under_attack hello 900 900 800 $MOST 5
prove BAD-062 [ "$(said retries_sent)" -gt 500 ]
# Handshakes end, so that others begin.
check "few handshakes were begun" [ $(($(said conns_accepted) - accepted)) \
    -lt $((4 * ABOVE * ${WORKERS:-1} + 100)) ]
prove BAD-062 no_retry

retries=$(said retries_sent)
prove BAD-067 under_attack half 900 900 800 $MOST 5
check "Retry came into force again" [ "$(said retries_sent)" -gt \
    $((retries + 500)) ]
check "handshakes were given up" [ "$(said closed_timeout)" -ge $ABOVE ]

# Those that end at once have nothing in flight, and count all the same.
retries=$(said retries_sent)
accepted=$(said conns_accepted)
prove BAD-062 under_attack refused 900 900 800 $MOST 1
check "Retry came into force again" [ "$(said retries_sent)" -gt \
    $((retries + 500)) ]
prove BAD-062 no_retry
prove BAD-062 under_attack initial 900 900 800 $MOST 1
counted drop_undecryptable 1
prove BAD-062 no_retry

# Not decrypted while nobody is let in without a proof.
prove BAD-063 under_attack token 900 900 800 $MOST 1
kill "$ESTABLISHED"
wait "$ESTABLISHED" 2>/dev/null
abuse_end
