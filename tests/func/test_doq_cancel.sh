#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
#
# Cancelling queries and closing connections (RFC 9250 4.3).

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/rawclient/lib.sh"

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
raw_script cancel
quolld_stop
