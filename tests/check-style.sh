#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The style that a machine can judge: clang-format 14 (another version
# formats differently, so it is not asked), lengths, and words that mark
# unfinished work.

set -u
SRC=${SRC:-$(cd "$(dirname "$0")/.." && pwd)}
FILE_LINES=800
FUNCTION_LINES=100
bad=0
cd "$SRC" || exit 1

sources() {
	for dir; do
		[ -d "$dir" ] && find "$dir" -name '*.[ch]'
	done | LC_ALL=C sort
}
product=$(sources base tls quic h3 dns resolver)
all="$product $(sources tools examples tests)"

complain() {
	echo "style: $1"
	bad=1
}

fmt=${CLANG_FORMAT:-clang-format-14}
if $fmt --version 2>/dev/null | grep -q 'version 14\.'; then
	# shellcheck disable=SC2086
	$fmt --dry-run -Werror $all || bad=1
else
	echo "style: skipped: no clang-format 14, formatting not looked at"
fi

for file in $product; do
	n=$(wc -l < "$file")
	case $file in
	*.c) [ "$n" -le $FILE_LINES ] ||
	    complain "$file has $n lines, more than $FILE_LINES" ;;
	esac
done

# A function opens with { in the first column and closes with } there.
# shellcheck disable=SC2086
long=$(awk -v max=$FUNCTION_LINES '
	FNR == 1 { start = 0 }
	/^\{/ { start = FNR }
	/^\}/ && start {
		if (FNR - start - 1 > max)
			print FILENAME ":" start ": " FNR - start - 1 " lines"
		start = 0
	}' $product /dev/null)
[ -z "$long" ] || complain "function too long: $long"

words=$(grep -nE '\<(TODO|FIXME|XXX)\>' $product /dev/null | head -n 5)
[ -z "$words" ] || complain "unfinished: $words"
words=$(grep -nE '\<(__DATE__|__TIME__|alloca)\>' $product /dev/null)
[ -z "$words" ] || complain "not here: $words"
words=$(for f in $all; do
	head -n 1 "$f" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' ||
	    echo "$f"
done)
[ -z "$words" ] || complain "no licence line: $words"

[ $bad -eq 0 ] && echo "style: in order"
exit $bad
