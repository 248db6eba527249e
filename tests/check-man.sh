#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The manual pages, linted.

set -u
SRC=${SRC:-$(cd "$(dirname "$0")/.." && pwd)}
MANDOC=${MANDOC:-mandoc}
command -v "$MANDOC" >/dev/null 2>&1 || {
	echo "skip: no mandoc"
	exit 77
}
set -- "$SRC"/man/*.[1-9]
[ -e "$1" ] || {
	echo "skip: no manual page yet"
	exit 77
}
# A reference to a page of ours that is not installed is a style remark that
# depends on the machine; warnings and errors are not.
"$MANDOC" -Tlint -Wwarning "$@"
