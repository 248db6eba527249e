/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measures the cache: `make bench`, or quoll-bench with the names of parts.
 */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	void (*run)(void);
} parts[] = {
    {"speed", bench_speed},
    {"memory", bench_memory},
    {"ratios", bench_ratios},
};

#define NPARTS (sizeof(parts) / sizeof(parts[0]))

static int
run(const char *name)
{
	for (size_t i = 0; i < NPARTS; i++) {
		if (strcmp(parts[i].name, name) == 0) {
			parts[i].run();
			return 0;
		}
	}
	fprintf(stderr, "quoll-bench: no part is called %s\n", name);
	return 2;
}

int
main(int argc, char **argv)
{
	int rc = 0;

	for (size_t i = 0; argc == 1 && i < NPARTS; i++)
		parts[i].run();
	for (int i = 1; i < argc && rc == 0; i++)
		rc = run(argv[i]);
	return rc;
}
