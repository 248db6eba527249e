#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Each header compiles alone; an installed one also as C++, where a C++
# compiler is at hand.

set -u
SRC=${SRC:-$(cd "$(dirname "$0")/.." && pwd)}
: "${CC:=cc}"
: "${CHECK_CFLAGS:=-std=c11 -D_GNU_SOURCE -I$SRC -Wall -Wextra}"
bad=0
guards=
unit=${TMPDIR:-/tmp}/quoll-header.$$.c
trap 'rm -f "$unit"' EXIT

headers=$(cd "$SRC" && for dir in base tls quic h3 dns resolver tools \
    examples tests; do
	[ -d $dir ] && find $dir -name '*.h'
done | LC_ALL=C sort)

for h in $headers; do
	printf '#include "%s"\nextern int unit;\n' "$h" > "$unit"
	# shellcheck disable=SC2086
	$CC $CHECK_CFLAGS -I"$SRC" -I"$SRC/tls" -fsyntax-only "$unit" || {
		echo "headers: $h does not compile alone"
		bad=1
	}
	guard=$(sed -n 's/^#ifndef //p' "$SRC/$h" | head -n 1)
	grep -q "^#define ${guard:-none}" "$SRC/$h" || {
		echo "headers: $h has no guard"
		bad=1
	}
	case " $guards " in
	*" $guard "*)
		echo "headers: $h: guard $guard is another header's"
		bad=1
		;;
	esac
	guards="$guards $guard"
done

if command -v c++ >/dev/null 2>&1; then
	for h in quic/evquic.h tls/evquic_tls.h; do
		[ -f "$SRC/$h" ] || continue
		printf '#include "%s"\n' "$h" > "$unit"
		c++ -x c++ -I"$SRC" -I"$SRC/tls" -fsyntax-only "$unit" || {
			echo "headers: $h does not compile as C++"
			bad=1
		}
	done
fi
exit $bad
