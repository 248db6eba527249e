#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
#
# Floods: what they ask for is little, and nothing is left of them.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
raw_script floods
lines=$(wc -l < "$TMPDIR/quolld.log")
check "the log is not flooded, $lines lines" [ "$lines" -lt 50 ]
# gone: has everything been given back?
gone() {
	kill -USR1 "$QUOLLD_PID"
	sleep 0.2
	tail -n +$((lines + 1)) "$TMPDIR/quolld.log" > "$TMPDIR/told"
	lines=$(wc -l < "$TMPDIR/quolld.log")
	has 'account conn_bytes 0$' "$TMPDIR/told" &&
	    has 'account tombstones 0$' "$TMPDIR/told" &&
	    not has 'account [a-z_]* [1-9]' "$TMPDIR/told"
}
check "all accounts return to 0" wait_for 40 gone
quolld_stop
