#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 600
#
# A million packets: the peer's keys change every thousand; none of them opens.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
# RFC 9001 6.5: not faster than a probe timeout.  The raw client says nothing
# twice, so that an answer proves that the server had followed.
{
	printf '%s\n' connect takeover 'deadline 20s' 'repeat 1000' keyupdate
	yes 'frame ping' | head -n 1000
	printf '%s\n' 'send new query:ok.k$I.qsv048.example.org/A fin' \
	    'expect answer last rcode=NOERROR an=1' 'wait 100ms' end \
	    'expect open'
} > "$TMPDIR/updates.raw"
prove QSV-048 raw -s "127.0.0.1:$QUIC_PORT" "$TMPDIR/updates.raw"
# 2^20 of them.
prove BAD-087 raw_do connect takeover 'bits corrupt=1' 'repeat 1000000' \
    'frame ping' end 'repeat 48576' 'frame ping' end 'bits corrupt=0' \
    'deadline 20s' 'send new query:ok.bad087.example.org/A fin' \
    'expect answer last rcode=NOERROR an=1' 'expect open'
kill -USR1 "$QUOLLD_PID"
sleep 1
grep 'counter rx_datagrams' "$TMPDIR/quolld.log"
quolld_stop
