/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/*
 * The one function of a fuzz target: feed these bytes to the parser under
 * test and return 0.  Must neither keep the pointer nor remember anything
 * from one call to the next.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
