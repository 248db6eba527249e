#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
#
# Clients that break the rules of QUIC: streams, limits, frames.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/rawclient/lib.sh"

fakebe_start
quolld_start -v -u "udp://127.0.0.1:$FAKEBE_PORT"
raw_script abuse
raw_script frames

# Reasons and names are others' octets: the log is text, in lines of its own.
check "the log holds nothing but text" \
    not env LC_ALL=C grep -q '[^ -~	]' "$TMPDIR/quolld.log"
check "and no line of it is long" \
    not grep -q '.\{1000\}' "$TMPDIR/quolld.log"
check "each has its time in front" \
    not grep -qv '^20..-..-..T' "$TMPDIR/quolld.log"
quolld_stop
