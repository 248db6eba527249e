#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 900
#
# 10,000 moves to another port with a query in flight, over four workers: none
# is lost, by the kernel's steering, and once more by hand-over.  That the ports
# would lead to every worker is what the second one shows.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/rebind.inc"

CLIENTS=8
EACH=1250
MOVES=$((CLIENTS * EACH))

moves() { # OPERATOR NUMBER: of hand-overs
	prove QSV-059 rebind_clients $CLIENTS $EACH
	rebind_report
	check "each of them is seen" \
	    [ "$(rebind_counter path_changes)" -eq $MOVES ]
	check "a control connection each, and no other" \
	    [ "$(rebind_counter conns_accepted)" -eq $((2 * CLIENTS)) ]
	check "none is lost" [ "$(rebind_counter handovers_lost)" -eq 0 ]
	check "hand-overs: $*" [ "$(rebind_counter handovers)" "$@" ]
	check "all accounts return to 0" wait_for 40 all_is_gone
	quolld_stop
}

fakebe_start
rebind_server
moves -eq 0
"$BUILD/nosteer" true || skip "no seccomp filter here"
rebind_server "$BUILD/nosteer"
moves -ge $MOVES
