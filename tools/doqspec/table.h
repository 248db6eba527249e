/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DOQSPEC_TABLE_H
#define DOQSPEC_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * The table of conformance cases.  Each is a script in the language of
 * raw/script.h with the lines `case`, `name` and `rfc` at its head; the files
 * tools/doqspec/cases/GROUP.case are built into the program as spec_groups.
 */

/* A case file as it is; the last has a NULL name. */
struct spec_group {
	const char *name, *text;
};
extern const struct spec_group spec_groups[];

/* One case.  Texts are never NULL but empty when the file has no such line;
 * the table owns them. */
struct spec_case {
	char *group, *name;
	char *full; /* GROUP/NAME */
	char *ids;  /* with blanks between them */
	char *title, *rfc;
	char *needs;   /* words, with blanks between them */
	char *text;    /* its lines, from `case` on */
	unsigned line; /* of the file, that of `case` */
	bool is_alone; /* not beside other cases */
};

struct spec_table {
	struct spec_case *cases; /* in the order of the files */
	size_t count;
};

/* What `needs WORD` asks for. */
struct spec_need {
	const char *word, *variable;
	const char *option; /* that gives it */
	const char *what;
};
/* NULL when there is no such variable. */
const struct spec_need *spec_need_find(const char *word);

void spec_table_init(struct spec_table *table, const struct spec_group *groups);
/*
 * The same from files; the part of a name between the last slash and the last
 * dot is the group's.  -errno, and a line on standard error, when one cannot be
 * read; the table is empty then.
 */
int spec_table_read(
    struct spec_table *table, const char *const *files, size_t count);
void spec_table_done(struct spec_table *table);

/* By GROUP/NAME, or NULL. */
const struct spec_case *spec_table_find(
    const struct spec_table *table, const char *full);

/*
 * Is every case fit for use: a name of its own, an RFC, known needs and
 * variables?  A line on `out` for each fault; how many there were.
 */
size_t spec_table_check(const struct spec_table *table, FILE *out);

/*
 * Marks the cases that one argument names (GROUP, GROUP/NAME or ID) in
 * chosen[count]; false when there is none.
 */
bool spec_table_choose(
    const struct spec_table *table, const char *argument, bool *chosen);

#endif
