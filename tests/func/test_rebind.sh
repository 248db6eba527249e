#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tsan
#
# Clients whose address changes while queries are in flight keep their
# connection, whichever worker their packets come to: the kernel steers by
# connection ID.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/rebind.inc"

fakebe_start
rebind_server
prove QSV-059 rebind_clients 4 100
rebind_report
check "the addresses changed" rebind_changed 400
check "a control connection each, and no other" \
    [ "$(rebind_counter conns_accepted)" -eq 8 ]
check "the kernel steers: nothing is handed over" \
    [ "$(rebind_counter handovers)" -eq 0 ]
check "all accounts return to 0" wait_for 40 all_is_gone
quolld_stop
