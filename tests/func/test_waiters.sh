#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Clients that wait for one answer of the backend together, where nothing is
# kept of it.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

WORKERS=1 # each asks for itself
fakebe_start
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
cache: {size: 0}
Y
quolld_start
raw_script waiters
check "waiting for what others asked is counted" \
    [ "$(said query_shared)" -eq 4 ]
quolld_stop
