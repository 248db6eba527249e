#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
#
# Queries that never end: their time.  How much memory they may take is shown
# by test_abuse_slow.sh.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
quic: {query-arrival-timeout: 2s}
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
Y
quolld_start
raw_script dangling
quolld_stop
