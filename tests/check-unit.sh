#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The unit tests, once with one worker and once with two.

set -u
: "${BUILD:=.}"
[ -x "$BUILD/unit" ] || {
	echo "skip: no CUnit, no unit tests"
	exit 77
}
bad=0
for workers in 1 2; do
	echo "# workers: $workers"
	QUOLL_TEST_WORKERS=$workers "$BUILD/unit" || bad=1
done
exit $bad
