# SPDX-License-Identifier: BSD-2-Clause
#
# Makes the manual page doqspec-cases(7) of the case files that are its
# arguments.

# In text, mdoc knows a line by its first character.
function safe(text) {
	gsub(/\\/, "\\e", text)
	return text ~ /^[.']/ ? "\\&" text : text
}

function finish(n, word, i, list) {
	if (name == "")
		return
	print ".It Li " group "/" name
	print safe(toupper(substr(title, 1, 1)) substr(title, 2)) "."
	print "RFC " safe(rfc) "."
	if (ids != "")
		print safe(ids) "."
	n = split(needs, word, " ")
	for (i = 1; i <= n; i++)
		list = list (i > 1 ? ", " : "") options[word[i]]
	if (list != "")
		print "Needs " list "."
	name = title = rfc = ids = needs = ""
}

BEGIN {
	options["name"] = "--name"
	options["big"] = "--big"
	options["slow"] = "--slow"
	options["xfr"] = "--xfr"
	options["write"] = "--update"
	options["dangling"] = "--dangling"
	options["sni"] = "--sni"
	options["ca"] = "--ca"
	print ".\\\" Made by man/cases.awk from tools/doqspec/cases."
	print ".Dd November 22, 2026"
	print ".Dt DOQSPEC-CASES 7"
	print ".Os"
	print ".Sh NAME"
	print ".Nm doqspec-cases"
	print ".Nd conformance cases of doqspec"
	print ".Sh DESCRIPTION"
	print "What"
	print ".Xr doqspec 1"
	print "tests, by groups."
	print "With each case stand the sections that it comes from, the ids of"
	print "the requirements that it proves, and the options without which it"
	print "is skipped."
	print ".Ic doqspec show"
	print "prints a case as it is run."
}

FNR == 1 {
	finish()
	if (group != "")
		print ".El"
	group = FILENAME
	sub(/.*\//, "", group)
	sub(/\.case$/, "", group)
	print ".Ss " group
	print ".Bl -tag -width Ds"
}

$1 == "case" {
	finish()
	for (i = 2; i <= NF && $i ~ /^[A-Z][A-Z]+-[0-9]+$/; i++)
		ids = ids (i > 2 ? " " : "") $i
	for (; i <= NF; i++)
		title = title (title != "" ? " " : "") $i
}

$1 == "name" { name = $2 }

$1 == "rfc" || $1 == "needs" {
	rest = $0
	sub(/^[a-z]+[ \t]+/, "", rest)
	if ($1 == "rfc")
		rfc = rest
	else
		needs = rest
}

END {
	finish()
	if (group != "")
		print ".El"
	print ".Sh SEE ALSO"
	print ".Xr doqspec 1"
}
