#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 90
# takes: 15
#
# Rapid reset, 100,000 streams: a client that cancels everything is closed with
# DOQ_EXCESSIVE_LOAD, each time that it comes again; one that cancels less than
# half is not, however much that is.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/abuse.inc"

STREAMS=$(plain_or 100000 20000)
A_CONNECTION=1000	# streams that one gets through before it is closed

abuse_serve < /dev/null
raw_script reset

cancel() { # SHARE
	raw_do 'case rapid reset' nocontrol \
	    "cancel $STREAMS query:$2.example.org/A conns=10 share=$1 within 60s"
}
queries=$(said query_asked)
abuse "$STREAMS streams, all cancelled" cancel 100 silent.all > "$TMPDIR/out"
check "all were sent" [ $? -eq 0 ]
cat "$TMPDIR/out"
conns=$(sed -n 's/^# \([0-9]*\) connections.*/\1/p' "$TMPDIR/out")
closed=$(sed -n 's/.* \([0-9]*\) server closed: app 0x4 .*/\1/p' "$TMPDIR/out")
prove QSV-077 [ "$((conns * A_CONNECTION))" -ge "$STREAMS" ]
check "all but the last are closed for it" [ "${closed:-0}" -ge $((conns - 20)) ]
asked=$(grep -c 'silent\.all\.' "$BACKLOG")
echo "# $(($(said query_asked) - queries)) asked, $asked reached the backend"
prove BAD-036 [ "$asked" -lt $((STREAMS / 10)) ]
counted doq_excessive $((conns - 20))
counted query_cancelled 1000

# An honest front end of many clients.
excessive=$(said doq_excessive)
check "sent" abuse "$STREAMS streams, 40 % cancelled" cancel 40 ok.some
check "and nobody is closed for it" [ "$(said doq_excessive)" -eq "$excessive" ]
abuse_end
