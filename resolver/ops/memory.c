/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the machine's memory and the limits of the control group.  A limit may
 * stand at any level of the hierarchy, so all of them are asked, from the
 * process's own group up.  What cannot be read limits nothing.
 */
#include "resolver/ops/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CGROUP_ROOT "/sys/fs/cgroup"

static uint64_t
physical(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size
				     : UINT64_MAX;
}

/* The number in a memory.max file; UINT64_MAX for "max" and for no file. */
static uint64_t
read_limit(const char *path)
{
	FILE *f = fopen(path, "re");
	char text[32] = "", *end;
	unsigned long long v;

	if (f == NULL)
		return UINT64_MAX;
	if (fgets(text, sizeof(text), f) == NULL)
		text[0] = '\0';
	(void)fclose(f);
	errno = 0;
	v = strtoull(text, &end, 10);
	return end != text && errno == 0 && v > 0 ? v : UINT64_MAX;
}

/* The process's group in the unified hierarchy: the line "0::/a/b". */
static void
read_group(const char *root, char ret_group[PATH_MAX])
{
	char path[PATH_MAX], line[PATH_MAX];
	FILE *f;

	ret_group[0] = '\0';
	(void)snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "0::/", 4) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		(void)strcpy(ret_group, line + 3);
	}
	(void)fclose(f);
}

uint64_t
memory_available(const char *root)
{
	char group[PATH_MAX], path[2 * PATH_MAX];
	uint64_t least = physical();

	read_group(root, group);
	for (;;) {
		char *slash = strrchr(group, '/');
		uint64_t limit;

		(void)snprintf(path, sizeof(path), "%s%s%s/memory.max", root,
		    CGROUP_ROOT, group);
		limit = read_limit(path);
		if (limit < least)
			least = limit;
		if (slash == NULL)
			return least;
		*slash = '\0';
	}
}

uint64_t
memory_in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return (uint64_t)info.uordblks + (uint64_t)info.hblkhd;
}
