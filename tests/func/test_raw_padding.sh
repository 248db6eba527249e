#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
#
# Padding, and answers that share packets.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
raw_script padding
check "everything is given back" wait_for 60 all_is_gone
quolld_stop
