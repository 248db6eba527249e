#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
#
# Floods of frames that are no violation (NEW_CONNECTION_ID, RETIRE_CONNECTION_ID,
# PATH_CHALLENGE, PING, CRYPTO, credit), and of datagrams that are nothing at
# all: what they ask for is little, and nothing is left of them.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/abuse.inc"

N=$(plain_or 5000 1000)		# packets of each kind
LINES=50			# that the log may have for all of it

# hex N OCTETS: so often
hex() {
	awk -v n="$1" -v s="$2" 'BEGIN { while (n-- > 0) printf "%s", s }'
}
# flood FILE: one case of floods.raw.
flood() {
	"$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" -D "N=$N" \
	    -D "PINGS=$(hex 1100 01)" \
	    -D "CHALLENGES=$(hex 120 1a0102030405060708)" \
	    -D "RETIRES=$(hex 550 1901)" \
	    -D "CRYPTOS=$(hex 270 06410000)" "$1"
}

abuse_serve < /dev/null
awk -v to="$TMPDIR" '/^case / { n++ }
    n > 0 { print > sprintf("%s/%02d.raw", to, n) }' \
    "$SRC/tests/func/raw/floods.raw"
for file in "$TMPDIR"/[0-9][0-9].raw; do
	title=$(sed -n 's/^case [A-Z]*-[0-9]* //p' "$file")
	check "$title" abuse "$title" flood "$file"
done
# Its own reports, of SIGUSR1, aside.
lines=$(grep -cvE ' (account|counter|gauge|certificate) ' "$TMPDIR/quolld.log")
check "the log is not flooded, $lines lines" [ "$lines" -lt $LINES ]
abuse_end
