/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the unit tests call; see unit.h.  Registering only: tests/unit/main.c
 * selects, runs and reports.
 *
 * Output is line by line, so that a crash loses nothing that was proved.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	UNIT_WORKERS_MAX = 64
};

CU_pSuite
unit_suite(const char *name)
{
	CU_pSuite suite = CU_add_suite(name, NULL, NULL);

	if (suite == NULL) {
		fprintf(stderr, "suite %s: %s\n", name, CU_get_error_msg());
		exit(1);
	}
	return suite;
}

void
unit_test(CU_pSuite suite, const char *name, CU_TestFunc func)
{
	if (CU_add_test(suite, name, func) == NULL) {
		fprintf(stderr, "test %s: %s\n", name, CU_get_error_msg());
		exit(1);
	}
}

unsigned
unit_workers(void)
{
	const char *text = getenv("QUOLL_TEST_WORKERS");
	unsigned long n = text != NULL ? strtoul(text, NULL, 10) : 1;

	return n >= 1 && n <= UNIT_WORKERS_MAX ? (unsigned)n : 1;
}

void
unit_prove(const char *id, bool held, const char *text, const char *file,
    unsigned line)
{
	printf("%sok %s\n", held ? "" : "not ", id);
	fflush(stdout);
	CU_assertImplementation(held, line, text, file, "", CU_FALSE);
}
