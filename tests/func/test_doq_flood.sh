#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
#
# A client that cancels everything is closed with DOQ_EXCESSIVE_LOAD.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/rawclient/lib.sh"

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
raw_script flood
quolld_stop
