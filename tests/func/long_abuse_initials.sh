#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 900
#
# test_abuse_initials.sh with a hundred thousand of each kind and the usual limits, and
# a million first packets that all draw Retry.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/abuse.inc"
. "$SRC/tests/func/flood.inc"

MOST=120000000	# bytes: 1,000 handshakes of 50 KB a worker
SLACK=4096	# KB of resident memory

config() { # RETRY
	quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
quic: {retry: $1}
limits: {memory: 256M}
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
Y
}
resident() {
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$QUOLLD_PID/status"
}

fakebe_start
WORKERS=2
config auto
quolld_start
established_start || fail "nobody is served"
control_start
prove BAD-062 under_attack hello 100000 900 5000 $MOST 12
prove BAD-062 [ "$(said retries_sent)" -gt 50000 ]
check "and ended" raw_do 'case no Retry' nocontrol connect 'expect no_retry'
prove BAD-067 under_attack half 100000 900 5000 $MOST 12
prove BAD-063 under_attack token 100000 900 5000 $MOST 12
check "what no key opens leaves nothing" under_attack initial 100000 900 5000 \
    $MOST 12
kill "$ESTABLISHED"
wait "$ESTABLISHED" 2>/dev/null
abuse_end

# RFC 9000 8.1.2: Retry keeps nothing.
config always
quolld_start
flood_start initial 20000 900 20000 1
check "the first ones" flood_wait
before=$(resident)
flood_start initial 1000000 900 20000 1
check "no source is sent more than three times what it sent" flood_wait
after=$(resident)
sent=$(said retries_sent)
echo "# $sent Retry packets, resident before $before kB, after $after kB"
check "Retry was sent" [ "$sent" -gt 100000 ]
prove QSV-026 [ "$after" -lt $((before + SLACK)) ]
check "nothing is kept" all_is_gone
quolld_stop
