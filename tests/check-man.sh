#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The manual pages, linted; and the list of cases in the one that is made is
# the program's own.

set -u
SRC=${SRC:-$(cd "$(dirname "$0")/.." && pwd)}
MANDOC=${MANDOC:-mandoc}
bad=0

made=${BUILD:-.}/man/doqspec-cases.7
if [ -f "$made" ] && [ -x "${BUILD:-.}/doqspec" ]; then
	listed=$("${BUILD:-.}/doqspec" --list | sed "s/ .*//" |
	    LC_ALL=C sort)
	[ "$(sed -n 's/^\.It Li //p' "$made" | LC_ALL=C sort)" = "$listed" ] || {
		echo "man: doqspec-cases(7) and doqspec --list differ"
		bad=1
	}
fi

command -v "$MANDOC" >/dev/null 2>&1 || {
	[ $bad -eq 0 ] || exit 1
	echo "skip: no mandoc"
	exit 77
}
set -- "$SRC"/man/*.[1-9]
[ -e "$1" ] || {
	echo "skip: no manual page yet"
	exit 77
}
for page in "$made" "${BUILD:-.}/man/doqspec-script.5"; do
	[ ! -f "$page" ] || set -- "$@" "$page"
done
# A reference to a page of ours that is not installed is a style remark that
# depends on the machine; warnings and errors are not.
"$MANDOC" -Tlint -Wwarning "$@" || bad=1
exit $bad
