/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replays a corpus through a fuzz target where libFuzzer is not linked:
 * `fuzz_NAME FILE|FOLDER...` runs each file and each of its prefixes, every
 * one in a heap block of exactly its length, so that AddressSanitizer sees a
 * read of one byte too many.  No mutation: that is libFuzzer's work.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Prefixes cost the square of a file's size; larger files run whole only. */
enum {
	PREFIX_MAX = 2048,
	FILE_MAX = 1 << 20,
	PATH_LEN = 4096
};

static int
run_copy(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		return -ENOMEM;
	if (len > 0)
		memcpy(copy, data, len);
	/* An empty input is a pointer to no readable byte at all. */
	(void)LLVMFuzzerTestOneInput(len > 0 ? copy : copy + 1, len);
	free(copy);
	return 0;
}

static int
run_bytes(const uint8_t *data, size_t len)
{
	int rc = run_copy(data, len);
	size_t n;

	if (len > PREFIX_MAX)
		return rc;
	for (n = 0; n < len && rc == 0; n++)
		rc = run_copy(data, n);
	return rc;
}

static int
run_file(const char *path, unsigned *count)
{
	uint8_t *data = malloc(FILE_MAX);
	FILE *file = fopen(path, "rb");
	int rc = -ENOMEM;

	if (file == NULL)
		rc = -errno;
	if (data != NULL && file != NULL) {
		size_t len = fread(data, 1, FILE_MAX, file);

		rc = ferror(file) ? -EIO : run_bytes(data, len);
		(*count)++;
	}
	if (file != NULL)
		(void)fclose(file);
	free(data);
	if (rc < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(-rc));
	return rc;
}

static int
run_folder(const char *path, unsigned *count)
{
	char name[PATH_LEN];
	const struct dirent *entry;
	DIR *dir = opendir(path);
	int rc = 0;

	if (dir == NULL)
		return -errno;
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		int n =
		    snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (n < 0 || (size_t)n >= sizeof(name))
			rc = -ENAMETOOLONG;
		else
			rc = run_file(name, count);
	}
	(void)closedir(dir);
	return rc;
}

int
main(int argc, char **argv)
{
	unsigned count = 0;
	int rc = 0;
	int i;

	for (i = 1; i < argc && rc == 0; i++) {
		struct stat st;

		if (stat(argv[i], &st) < 0)
			rc = -errno;
		else if (S_ISDIR(st.st_mode))
			rc = run_folder(argv[i], &count);
		else
			rc = run_file(argv[i], &count);
	}
	printf("%s: %u inputs\n", argv[0], count);
	/* A corpus that replays nothing would look like a test that passed. */
	return rc == 0 && count > 0 ? 0 : 1;
}
