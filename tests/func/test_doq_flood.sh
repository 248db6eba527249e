#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
#
# A client that cancels everything is closed with DOQ_EXCESSIVE_LOAD, each time
# that it comes again.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

ROUNDS=10
PAIRS=1000	# query and cancellation, as fast as they can be sent
MOST=300	# of them that reach the backend

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
raw_script flood

closed=0
i=0
while [ $i -lt $ROUNDS ]; do
	raw_do "case round $i" nocontrol connect "repeat $PAIRS" \
	    "send new query:silent.n\$I.r$i.qsv077.example.org/A fin" \
	    'stop last 0x3' end 'expect close app 0x4' > /dev/null &&
	    closed=$((closed + 1))
	i=$((i + 1))
done
asked=$(grep -o 'n[0-9]*\.r[0-9]*\.qsv077' "$BACKLOG" | sort -u | wc -l)
echo "# $closed of $ROUNDS closed, $asked of $((ROUNDS * PAIRS)) asked"
prove QSV-077 [ $closed -eq $ROUNDS ]
prove BAD-036 [ "$asked" -lt $((ROUNDS * MOST)) ]
check "others are answered" answers 192.0.2.1 ok.example.org
check "closes are counted under their reason" \
    [ "$(said doq_excessive)" -ge $ROUNDS ]
check "all accounts return to 0" wait_for 40 all_is_gone
quolld_stop
