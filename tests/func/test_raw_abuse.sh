#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
#
# Clients that break the rules of QUIC: streams, limits, frames.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_start -vv -u "udp://127.0.0.1:$FAKEBE_PORT"
raw_script abuse
raw_script frames

# Reasons and names are others' octets: the log is text, in lines of its own,
# and not long ones, even where the library tells all that it sees.
is_text() {
	LC_ALL=C
	export LC_ALL
	has 'CONNECTION_CLOSE.* reason=\[fakeerror:' "$TMPDIR/quolld.log" &&
	    has 'CONNECTION_CLOSE.* reason_len=60000 ' "$TMPDIR/quolld.log" &&
	    ! grep -q '[^ -~	]' "$TMPDIR/quolld.log" &&
	    ! grep -q '.\{1200\}' "$TMPDIR/quolld.log" &&
	    ! grep -qv '^20..-..-..T' "$TMPDIR/quolld.log"
}
prove BAD-053 is_text
check "everything is given back" wait_for 60 all_is_gone
quolld_stop
