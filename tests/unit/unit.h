/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <stdbool.h>

#include <CUnit/CUnit.h>

/* Declares void test_NAME_register(void) for each module of the list. */
#include "tests/unit/modules.h"

/*
 * Assert cond, like CU_ASSERT, and say on standard output that requirement
 * `id` ("FWD-021") was thereby proved: `ok FWD-021`, or `not ok FWD-021`.
 * Use it only where the condition is false without the required behaviour.
 */
#define PROVE(id, cond) unit_prove((id), (cond), #cond, __FILE__, __LINE__)

/*
 * Make a suite of this name; called by test_NAME_register().  Never returns
 * NULL: a suite that cannot be made ends the program.
 */
CU_pSuite unit_suite(const char *name);

/* Add a test to the suite.  A test that asserts nothing counts as failed. */
void unit_test(CU_pSuite suite, const char *name, CU_TestFunc func);

/* How many workers a test should use: $QUOLL_TEST_WORKERS, 1 if unset. */
unsigned unit_workers(void);

/* PROVE's function; call the macro. */
void unit_prove(const char *id, bool held, const char *text, const char *file,
    unsigned line);

#endif
