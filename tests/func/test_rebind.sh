#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Clients whose address changes while queries are in flight keep their
# connection, whichever worker their packets come to: the kernel steers by
# connection ID.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/rawclient/lib.sh"

REBINDS=100
CLIENTS=4

fakebe_start
WORKERS=4
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"

rebinds() { # NAME
	# Not before HANDSHAKE_DONE: a client must not move then (RFC 9000 9).
	raw -s "127.0.0.1:$QUIC_PORT" -n localhost -e connect \
	    -e 'expect seen HANDSHAKE_DONE>=1' -e "repeat $REBINDS" \
	    -e 'send new query:slow20.a$I.'"$1"'.example.org/A fin' \
	    -e rebind -e 'expect answer last rcode=NOERROR an=1' \
	    -e end > "$TMPDIR/rebind.$1" 2>&1
}
pids=
i=0
while [ $i -lt $CLIENTS ]; do
	rebinds "c$i" &
	pids="$pids $!"
	i=$((i + 1))
done
kept=yes
for pid in $pids; do
	wait "$pid" || kept=no
done
[ $kept = yes ] || tail -n 5 "$TMPDIR"/rebind.*
prove QSV-059 [ $kept = yes ]

counter() { # NAME: its value in the last report
	tac "$TMPDIR/quolld.log" | sed -n "s/.* counter $1 //p" | head -n 1
}
reported() {
	kill -USR1 "$QUOLLD_PID"
	[ -n "$(counter path_changes)" ]
}
check "SIGUSR1 reports" wait_for 10 reported
echo "path_changes $(counter path_changes), handovers $(counter handovers)"
check "the addresses changed" [ "$(counter path_changes)" -ge $((REBINDS)) ]
check "a control connection each, and no other" \
    [ "$(counter conns_accepted)" -eq $((2 * CLIENTS)) ]
check "the kernel steers: nothing is handed over" \
    [ "$(counter handovers)" = "" ]
quolld_stop
