# SPDX-License-Identifier: BSD-2-Clause
#
# Makes the manual page doqspec-script(5): the table of commands of
# tools/doqspec/commands.c, then what the comments of script.h, hello.h and
# record.h say, which are its arguments, in this order.

function safe(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	return text ~ /^[.']/ ? "\\&" text : text
}

# Out of a comment: without the star in front.
function bare(text) {
	sub(/^ \* ?/, "", text)
	return text
}

function close_literal() {
	if (is_literal)
		print ".Ed"
	is_literal = 0
}

function open_literal() {
	if (!is_literal)
		print ".Bd -literal -compact"
	is_literal = 1
}

# {"name", "words", "help"}, over one line or two
function command(text, part, n) {
	n = split(text, part, "\"")
	if (n < 7)
		return
	print ".It Cm " part[2] (part[4] != "" ? " " safe(part[4]) : "")
	print safe(toupper(substr(part[6], 1, 1)) substr(part[6], 2)) "."
}

BEGIN {
	print ".\\\" Made by man/script.awk from tools/doqspec."
	print ".Dd November 22, 2026"
	print ".Dt DOQSPEC-SCRIPT 5"
	print ".Os"
	print ".Sh NAME"
	print ".Nm doqspec-script"
	print ".Nd language of doqspec's scripts"
	print ".Sh DESCRIPTION"
	print "Scripts tell"
	print ".Xr doqspec 1"
	print "what to send to a server, and what to expect."
	print "Its conformance cases are written in this language,"
	print ".Ic doqspec play"
	print "runs it from files and from its prompt, and records in it."
	print ".Sh COMMANDS"
	print ".Bl -tag -width Ds"
}

FILENAME ~ /commands.c$/ {
	if (/^    \{"/)
		entry = $0
	else if (entry != "" && /^	/)
		entry = entry $0
	if (entry ~ /\},$/) {
		command(entry)
		entry = ""
	}
	next
}

/^ \* The script language\.$/ {
	print ".El"
	print ".Sh LANGUAGE"
	mode = "intro"
	next
}

/^ \* Rewrites a ClientHello/ {
	close_literal()
	print ".Ss Rules for a ClientHello"
	mode = "text"
}

/^ \* A recording: / {
	close_literal()
	print ".Sh RECORDINGS"
	mode = "text"
}

/^ \*\/$/ {
	close_literal()
	mode = ""
}

mode == "" {
	next
}

# A blank line ends what it was, and in script.h a heading follows.
bare($0) == "" {
	if (mode == "text") {
		close_literal()
		is_next = 1
		next
	}
	close_literal()
	mode = "heading"
	next
}

mode == "intro" {
	print safe(bare($0))
	next
}

mode == "heading" {
	heading = bare($0)
	sub(/[.:;].*/, "", heading)
	print ".Ss " heading
	mode = "literal"
	if (heading == bare($0))
		next
}

mode == "literal" {
	open_literal()
	print safe(bare($0))
	next
}

# Indented lines are a table, the others text.
mode == "text" {
	if (bare($0) ~ /^  /)
		open_literal()
	else if (is_next)
		print ".Pp"
	is_next = 0
	text = safe(bare($0))
	gsub(/\.  /, ".\n", text)
	print text
}

END {
	print ".Sh SEE ALSO"
	print ".Xr doqspec 1 ,"
	print ".Xr doqspec-cases 7"
}
