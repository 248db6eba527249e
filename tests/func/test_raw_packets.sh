#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
# takes: 11
#
# Packets, paths and connection IDs as no honest client has them.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
raw_script packets
check "everything is given back" wait_for 60 all_is_gone
quolld_stop
