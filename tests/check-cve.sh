#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Every test that tests/coverage/cve.txt names is there, every advisory stands
# in it once, and what has no test has a reason.

set -u
SRC=${SRC:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$SRC" || exit 1
list=tests/coverage/cve.txt
work=$(mktemp -d "${TMPDIR:-/tmp}/quoll-cve.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT

# is_there KIND:NAME: does the tree have this test?
is_there() {
	kind=${1%%:*} name=${1#*:}
	case $kind in
	unit)
		file=tests/unit/test_${name%%:*}.c
		[ -f "$file" ] && grep -qF "unit_suite(\"${name%%:*}\")" \
		    "$file" && grep -qF "\"${name#*:}\", " "$file"
		;;
	func)
		case $name in
		*/*) grep -q "^case .*${name#*/}\$" \
		    "tests/func/raw/${name%%/*}.raw" ;;
		*) [ -f "tests/func/test_$name.sh" ] ;;
		esac
		;;
	check) [ -f "tests/check-$name.sh" ] ;;
	doqspec)
		grep -qxF "name ${name#*/}" \
		    "tools/doqspec/cases/${name%%/*}.case"
		;;
	*) false ;;
	esac 2>/dev/null
}

[ -f "$list" ] || exit 1
: > "$work/tests"
grep -v '^#' "$list" | awk -F ' [|] ' '
	NF != 3 || $1 == "" || $2 == "" || $3 == "" {
		print "cve: not of three parts: " $0
		next
	}
	{
		n = split($1, advisory, ", ")
		for (i = 1; i <= n; i++)
			if (seen[advisory[i]]++)
				print "cve: twice: " advisory[i]
	}
	$3 ~ /^none: ./ { next }
	{
		n = split($3, test, ", ")
		for (i = 1; i <= n; i++)
			print test[i] > tests
	}' tests="$work/tests" > "$work/bad"
LC_ALL=C sort -u "$work/tests" > "$work/sorted"
while read -r test; do
	is_there "$test" || echo "cve: there is no $test"
done < "$work/sorted" >> "$work/bad"

cat "$work/bad"
[ ! -s "$work/bad" ] && echo "cve: $(wc -l < "$work/sorted") tests"
