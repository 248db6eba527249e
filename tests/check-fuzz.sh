#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Replays the corpus of every fuzz target; see tests/fuzz/driver.c.  $FUZZ_ARGS
# is -runs=0 for libFuzzer's binaries, which would go on for ever.

set -u
: "${BUILD:=.}"
SRC=${SRC:-$(cd "$(dirname "$0")/.." && pwd)}
bad=0
[ -n "${FUZZ_TARGETS:-}" ] || {
	echo "skip: no fuzz target"
	exit 77
}
for target in $FUZZ_TARGETS; do
	corpus=$SRC/tests/fuzz/corpus/${target#fuzz_}
	echo "# $target"
	"$BUILD/$target" ${FUZZ_ARGS:-} "$corpus" || {
		echo "fuzz: $target failed on $corpus"
		bad=1
	}
done
exit $bad
