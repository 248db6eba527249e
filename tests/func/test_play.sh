#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
#
# doqspec play: what its engine sees and waits for.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_config <<YAML
listen: [quic://127.0.0.1:0]
quic: {early-data: on}
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
YAML
quolld_start

raw_script levels

# Each of these waits sees when it is not so, too.
check "a close in the wrong packet" not raw_do nocontrol \
    'connect alpn=h3 nowait' 'expect close transport 0x178 in=1rtt'
check "credit that is not there" not raw_do connect \
    'expect credit 100000 within 300ms'
check "data that is not there" not raw_do connect 'send new hex:00' \
    'expect data last within 300ms'
check "an end that is not there" not raw_do connect 'send new hex:00' \
    'expect fin last within 300ms'
check "frames that are not there" not raw_do connect \
    'expect seen handshake:PING>=100 within 300ms'
quolld_stop

# Retry changes the keys of Initial packets (RFC 9001 5.2).
quolld_config <<YAML
listen: [quic://127.0.0.1:0]
quic: {retry: always}
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
YAML
quolld_start
check "Initial packets after Retry are opened" raw_do connect 'expect retry'     'expect seen initial:CRYPTO>=1' 'expect seen handshake:CRYPTO>=1'
quolld_stop
