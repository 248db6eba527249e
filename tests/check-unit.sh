#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The unit tests, once with one worker and once with two, side by side.

set -u
: "${BUILD:=.}"
[ -x "$BUILD/unit" ] || {
	echo "skip: no CUnit, no unit tests"
	exit 77
}
bad=0
said=$(mktemp -d "${TMPDIR:-/tmp}/quoll-unit.XXXXXX") || exit 1
trap 'rm -rf "$said"' EXIT
QUOLL_TEST_WORKERS=1 "$BUILD/unit" > "$said/1" 2>&1 &
one=$!
QUOLL_TEST_WORKERS=2 "$BUILD/unit" > "$said/2" 2>&1 || bad=1
wait $one || bad=1
for workers in 1 2; do
	echo "# workers: $workers"
	cat "$said/$workers"
done
exit $bad
