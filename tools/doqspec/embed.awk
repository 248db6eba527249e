# SPDX-License-Identifier: BSD-2-Clause
#
# Makes a C table of the case files that are its arguments; a group's name is
# that of its file.

function finish() {
	if (group != "")
		print "    },"
}

BEGIN {
	print "/* Made by embed.awk from the case files. */"
	print "#include \"tools/doqspec/table.h\"\n"
	print "/* clang-format off */"
	print "const struct spec_group spec_groups[] = {"
}

FNR == 1 {
	finish()
	group = FILENAME
	sub(/.*\//, "", group)
	sub(/\.case$/, "", group)
	printf "    {\"%s\",\n", group
}

{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	gsub(/\?/, "\\?")
	printf "\t\"%s\\n\"\n", $0
}

END {
	finish()
	print "    {NULL, NULL},"
	print "};"
}
