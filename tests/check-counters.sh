#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Every counter of the tables is named in a test: one that nobody looks at may
# count nothing, or never.

set -u
SRC=${SRC:-$(cd "$(dirname "$0")/.." && pwd)}
bad=0
cd "$SRC" || exit 1

names() {
	sed -n 's/^	X(\([a-z0-9_]*\),.*/\1/p' "$1"
}
for table in */counters.h */*/counters.h; do
	[ -f "$table" ] || continue
	for name in $(names "$table"); do
		grep -rqw --include='*.c' --include='*.sh' --include='*.raw' \
		    --include='*.inc' -e "$name" tests/unit tests/func \
		    2>/dev/null && continue
		echo "counters: $table: no test names $name"
		bad=1
	done
done
[ $bad -eq 0 ] && echo "counters: in order"
exit $bad
