/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The unit test program: `unit` runs all, `unit frame` one suite, `unit
 * frame:half_prefix` one test, `unit -l` lists them.
 *
 * It prints `# suite:test` before each test, so that the `ok ID` lines that
 * follow have an owner, and every failed assertion after it.  Exit status 0
 * only if tests ran, each of them asserted something, and nothing failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>
#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>

#include "tests/unit/unit.h"

/* CUnit's handlers take no context, so it is handed on through its registry:
 * a handler can only print, and the totals are CUnit's own. */
static void
on_test_start(const CU_pTest test, const CU_pSuite suite)
{
	printf("# %s:%s\n", suite->pName, test->pName);
	fflush(stdout);
}

static void
on_test_done(
    const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord first)
{
	const struct CU_FailureRecord *f;

	for (f = first; f != NULL; f = f->pNext) {
		printf("FAILED %s:%s %s:%u: %s\n", suite->pName, test->pName,
		    f->strFileName != NULL ? f->strFileName : "?",
		    f->uiLineNumber,
		    f->strCondition != NULL ? f->strCondition : "?");
	}
	fflush(stdout);
}

static void
register_modules(void)
{
#define UNIT_MODULE(name) test_##name##_register();
#include "tests/unit/modules.h"
}

static void
list_tests(void)
{
	const struct CU_Suite *suite = CU_get_registry()->pSuite;
	const struct CU_Test *test;

	for (; suite != NULL; suite = suite->pNext) {
		for (test = suite->pTest; test != NULL; test = test->pNext)
			printf("%s:%s\n", suite->pName, test->pName);
	}
}

/*
 * One test, and whether it asserted anything: CUnit starts its totals anew at
 * each CU_run_test().
 */
static int
run_test(CU_pSuite suite, CU_pTest test)
{
	(void)CU_run_test(suite, test);
	if (CU_get_number_of_asserts() > 0)
		return CU_get_number_of_failures() == 0 ? 0 : 1;
	printf("FAILED %s:%s asserts nothing\n", suite->pName, test->pName);
	return 1;
}

/* Runs what `pattern` names: "suite", "suite:test" or NULL for all. */
static int
run_matching(const char *pattern, unsigned *ran, unsigned *failed)
{
	size_t suite_len = pattern != NULL ? strcspn(pattern, ":") : 0;
	const char *only = pattern != NULL && pattern[suite_len] == ':'
			       ? pattern + suite_len + 1
			       : NULL;
	unsigned before = *ran;
	CU_pSuite suite;
	CU_pTest test;

	for (suite = CU_get_registry()->pSuite; suite != NULL;
	     suite = suite->pNext) {
		if (pattern != NULL &&
		    (strlen(suite->pName) != suite_len ||
			strncmp(suite->pName, pattern, suite_len) != 0))
			continue;
		for (test = suite->pTest; test != NULL; test = test->pNext) {
			if (only != NULL && strcmp(test->pName, only) != 0)
				continue;
			(*ran)++;
			if (run_test(suite, test) != 0)
				(*failed)++;
		}
	}
	if (*ran != before)
		return 0;
	fprintf(stderr, "unit: no test %s\n", pattern != NULL ? pattern : "");
	return -1;
}

int
main(int argc, char **argv)
{
	unsigned ran = 0;
	unsigned failed = 0;
	int rc = 0;
	int i;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	register_modules();
	if (argc == 2 && strcmp(argv[1], "-l") == 0) {
		list_tests();
		CU_cleanup_registry();
		return 0;
	}
	CU_set_test_start_handler(on_test_start);
	CU_set_test_complete_handler(on_test_done);
	if (argc == 1)
		rc = run_matching(NULL, &ran, &failed);
	for (i = 1; i < argc && rc == 0; i++)
		rc = run_matching(argv[i], &ran, &failed);
	printf("# %u tests, %u failed\n", ran, failed);
	CU_cleanup_registry();
	return rc == 0 && failed == 0 ? 0 : 1;
}
