#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What git knows is in the tarball, and what the Makefile lists is known to
# git: $DIST_FILES is automake's list, folders standing for all below them.

set -u
SRC=${SRC:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$SRC" || exit 1
[ -e .git ] || {
	echo "skip: not a git checkout"
	exit 77
}
tracked=$(git ls-files) && [ -n "$tracked" ] || {
	echo "skip: git does not tell its files"
	exit 77
}
[ -n "${DIST_FILES:-}" ] || {
	echo "skip: no list of files, run by make check"
	exit 77
}

work=$(mktemp -d "${TMPDIR:-/tmp}/quoll-dist.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
# An absolute or relative source folder in front is automake's.
echo "$DIST_FILES" | tr ' ' '\n' |
    sed -e "s,^$SRC/,," -e 's,^\(\.\./\)*,,' -e '/^$/d' |
    LC_ALL=C sort -u > "$work/listed"
echo "$tracked" | LC_ALL=C sort > "$work/tracked"

awk 'NR == FNR { listed[$0]; next }
	{
		path = $0
		while (!(path in listed) && sub(/\/[^\/]*$/, "", path))
			;
		if (!(path in listed))
			print "dist: " $0 " is in git and not in the tarball"
	}' "$work/listed" "$work/tracked" > "$work/bad"
# A file that is listed and not committed, unless it is a generated one.
while read -r path; do
	[ -d "$path" ] && continue
	grep -qxF "$path" "$work/tracked" || git check-ignore -q "$path" ||
	    echo "dist: $path is listed and not in git"
done < "$work/listed" >> "$work/bad"

cat "$work/bad"
[ ! -s "$work/bad" ] && echo "dist: complete"
