#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
#
# Packets, paths and connection IDs as no honest client has them.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
raw_script packets
quolld_stop

# The kernel brings what comes from another port to the connection's worker.
quolld_start
prove QSV-062 raw_do connect takeover \
    'expect open' rebind recount packet 'frame raw 1ad0d1d2d3d4d5d6d7' \
    'frame padding 1150' flush 'expect path_response d0d1d2d3d4d5d6d7' \
    'expect datagram >=1200'
quolld_stop
