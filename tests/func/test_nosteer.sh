#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tsan
#
# Where the kernel cannot be told how to steer it spreads by addresses: the
# packets of a client that moves come to any worker, which hands them over.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/rebind.inc"

"$BUILD/nosteer" true || skip "no seccomp filter here"
fakebe_start
rebind_server "$BUILD/nosteer"
prove QSV-059 rebind_clients 4 50
rebind_report
check "the addresses changed" rebind_changed 200
check "a control connection each, and no other" \
    [ "$(rebind_counter conns_accepted)" -eq 8 ]
# Three of four ports lead to a worker that is not the owner.
check "packets come to the wrong worker" \
    [ "$(rebind_counter handovers)" -gt 100 ]
check "and none is lost" [ "$(rebind_counter handovers_lost)" -eq 0 ]
check "all accounts return to 0" wait_for 40 all_is_gone
quolld_stop
