#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Clients that wait for one answer of the backend together.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

WORKERS=1 # each asks for itself
fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
raw_script share
check "waiting for what others asked is counted" \
    [ "$(said query_shared)" -eq 4 ]
quolld_stop
