/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of mutants.
 */
#include "tests/fake/wrong/mutants.h"
#include "tests/fake/wrong/wrong.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *id, *what;
} table[] = {
#define ENTRY(number, name, id, what) [number] = {name, id, what},
    WRONG_MUTANT_TABLE(ENTRY)
#undef ENTRY
};

void
wrong_mutants_list(void)
{
	for (size_t i = 0; i < WRONG_MUTANTS; i++)
		printf("%-24s %-8s %s\n", table[i].name, table[i].id,
		    table[i].what);
}

int
wrong_mutant_find(const char *name)
{
	for (size_t i = 0; i < WRONG_MUTANTS; i++)
		if (strcmp(table[i].name, name) == 0)
			return (int)i;
	return -1;
}
