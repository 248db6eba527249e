#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# generate.sh PROVED: writes tests/coverage-of-requirements to standard
# output, from PROVED (lines "ID TEST", as ./runtests collects them from the
# `ok ID` lines of tests that passed), ids.txt (every requirement) and
# not-yet.txt (why a row is not proved: "ID reason" or "DOH-* reason").

set -eu
here=$(cd "$(dirname "$0")" && pwd)
LC_ALL=C sort -u "$1" | awk -v ids="$here/ids.txt" -v why="$here/not-yet.txt" '
	{ tests[$1] = tests[$1] (tests[$1] ? ", " : "") $2 }
	function reason(row, prefix) {
		if (row in because)
			return because[row]
		prefix = substr(row, 1, 3) "-*"
		return (prefix in because) ? because[prefix] : "no test yet"
	}
	END {
		while ((getline line < why) > 0) {
			if (line ~ /^#/ || line == "")
				continue
			row = line
			sub(/[ \t].*/, "", row)
			sub(/^[^ \t]*[ \t]+/, "", line)
			because[row] = line
		}
		while ((getline line < ids) > 0) {
			if (line ~ /^#/)
				continue
			split(line, col, "\t")
			id[++n] = col[1]
			level[col[1]] = col[2]
			title[col[1]] = col[3]
			if (col[1] in tests)
				count++
		}
		close(ids)
		print "Requirements and the tests that prove them;" \
		    " written by ./runtests, not by hand."
		print ""
		print count + 0 " of " n " proved."
		print ""
		print "== proved =="
		for (i = 1; i <= n; i++)
			if (id[i] in tests)
				print id[i] " " tests[id[i]]
		print ""
		print "== not proved =="
		for (i = 1; i <= n; i++)
			if (!(id[i] in tests))
				print id[i] " (" level[id[i]] ") " \
				    title[id[i]] " -- " reason(id[i])
		bad = 0
		for (t in tests)
			if (!(t in level)) {
				print "unknown id " t " in " tests[t] \
				    > "/dev/stderr"
				bad = 1
			}
		exit bad
	}'
