#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 180
# takes: 35
#
# doqspec against quolld, all groups: nothing fails, what does not apply stands
# in a reviewed file, and every fatal error is told, not left to silence.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

NA=$SRC/tests/func/doqspec-na.txt
NA_MAX=15

quolld_config <<CONF
listen: [quic://127.0.0.1:0]
upstream: {mode: none}
access: {transfer: [127.0.0.1]}
quic: {early-data: on, query-arrival-timeout: 2s}
CONF
fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"

"$DOQSPEC" -v -j 4 --name ok.spec.example.org \
    --big big60000.spec.example.org/TXT \
    --slow slow2500.%u.spec.example.org/A \
    --xfr example.org --update example.org --dangling 2000 \
    --ca "$TMPDIR/quolld.state/selfsign.crt" --sni localhost \
    "quic://127.0.0.1:$QUIC_PORT" > "$TMPDIR/report" 2> "$TMPDIR/errors"
status=$?
tail -n 1 "$TMPDIR/report"
# A failure with all that was sent and seen.
awk '/^[A-Z]/ { shows = /^FAIL/ } shows' "$TMPDIR/report"
check "all cases pass" [ $status -eq 0 ]
check "it says nothing else" [ ! -s "$TMPDIR/errors" ]
check "quolld survives" alive "$QUOLLD_PID"

# Ids of a case are rows that it proves whole.
sed -n 's/^PASS [^ ]* \([^(]*\)(.*/\1/p' "$TMPDIR/report" | tr ' ' '\n' |
    grep . | sort -u > "$TMPDIR/ids"
for id in $(cat "$TMPDIR/ids"); do
	prove "$id" [ $status -eq 0 ]
done

# Not applicable, or left out: what is in the file, for the reason that was
# reviewed, and no more.
sed -n -e 's,^N/A  \([^ ]*\) [^(]*([^)]*): \(.*\) does not hold: .*,\1: \2,p' \
    -e 's,^SKIP \([^ ]*\) [^(]*([^)]*): \(.*\),\1: \2,p' "$TMPDIR/report" |
    sort > "$TMPDIR/na"
sed -n 's/^\([a-z][^;]*\);.*/\1/p' "$NA" | sort > "$TMPDIR/reviewed"
diff "$TMPDIR/reviewed" "$TMPDIR/na"
check "what does not apply is what was reviewed" \
    cmp -s "$TMPDIR/reviewed" "$TMPDIR/na"
check "all of it is there" [ "$(grep -cE '^(N/A|SKIP)' "$TMPDIR/report")" \
    -eq "$(wc -l < "$TMPDIR/na")" ]
check "that is little" [ "$(wc -l < "$TMPDIR/na")" -le $NA_MAX ]

# Where a case begins with an error that may be told or not, noticed or not,
# quolld tells it; these are the exceptions (the first: which of two closes
# comes first; floods: what the cache knows is answered before it is given up).
cat > "$TMPDIR/lenient.reviewed" <<'LIST'
early/close-early
floods/cancelled
floods/rapid-reset
framing/octets-behind-fin
keepalive/with-another-fault
transport-frames/path-response
LIST
awk '
	/^[A-Z]/ { name = $2 }
	$1 == "expected" && / [|][|] / {
		sub(/^ *expected *(@[^ ]+ )?/, "")
		first = $0
		sub(/ [|][|] .*/, "", first)
		next
	}
	$1 == "expected" { first = "" }
	$1 == "seen" && first ~ /^(close|handshake_fail) / {
		sub(/^ *seen *(@[^ ]+ )?/, "")
		if (index($0, first " (") != 1)
			print name
		first = ""
	}' "$TMPDIR/report" | sort -u > "$TMPDIR/lenient"
comm -13 "$TMPDIR/lenient.reviewed" "$TMPDIR/lenient" > "$TMPDIR/passed"
cat "$TMPDIR/passed"
check "no error is passed over" [ ! -s "$TMPDIR/passed" ]

# Where other codes would do (RFC 9000 11), quolld has the one that is named
# first, which says most.
vague() {
	awk '
	/^[A-Z]/ { name = $2 }
	$1 == "expected" { expected = $0 }
	$1 == "seen" && match($0, /closed: (app|transport) 0x[0-9a-f]+/) {
		split(substr($0, RSTART + 8, RLENGTH - 8), seen, " ")
		n = split(expected, alternative, " [|][|] ")
		has = 0
		for (i = 1; i <= n; i++) {
			sub(/^ *expected */, "", alternative[i])
			split(alternative[i], word, " ")
			is_fail = word[1] == "handshake_fail" &&
			    name ~ /^establish/
			if (!(word[1] == "close" || is_fail) ||
			    word[2] != seen[1])
				continue
			has = 1
			split(word[3], code, "|")
			if (code[1] == seen[2])
				next
		}
		if (has)
			print name ": " seen[1] " " seen[2] ": " expected
	}' "$TMPDIR/report" | grep .
}
check "no code says less than it could" not vague
quolld_stop
