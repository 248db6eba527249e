/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state directory: the choice, and what makes it unfit.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "resolver/state.h"
#include "tests/unit/unit.h"

#define WHY_LEN 512

static void
test_choice(void)
{
	static const struct {
		const char *given;
		struct state_env env;
		const char *path; /* NULL: none */
	} rows[] = {
	    {"/a", {"/b", "/c", "/d"}, "/a"},
	    {"relative", {"/b", "/c", "/d"}, "relative"},
	    {NULL, {"/b", "/c", "/d"}, "/b"},
	    {"", {"/b:/bb", "/c", "/d"}, "/b"},
	    {NULL, {NULL, "/c", "/d"}, "/c/quoll"},
	    {NULL, {"", "/c", "/d"}, "/c/quoll"},
	    {NULL, {":/b", "/c", "/d"}, "/c/quoll"},
	    {NULL, {NULL, "relative", "/d"}, "/d/.local/state/quoll"},
	    {NULL, {NULL, NULL, "/d"}, "/d/.local/state/quoll"},
	    {NULL, {NULL, NULL, ""}, NULL},
	    {NULL, {NULL, NULL, NULL}, NULL},
	};
	char path[PATH_MAX];
	char why[WHY_LEN];
	size_t i;
	int rc;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rc = state_dir_find(
		    rows[i].given, &rows[i].env, path, why, sizeof(why));
		if (rows[i].path == NULL) {
			CU_ASSERT_EQUAL(rc, -ENOENT);
			CU_ASSERT_PTR_NOT_NULL(strstr(why, "--state"));
		} else {
			CU_ASSERT_EQUAL(rc, 0);
			CU_ASSERT_STRING_EQUAL(path, rows[i].path);
		}
	}
}

static void
test_too_long(void)
{
	static char given[PATH_MAX + 1];
	const struct state_env env = {NULL, NULL, NULL};
	char path[PATH_MAX] = "untouched";
	char why[WHY_LEN];

	memset(given, 'a', sizeof(given) - 1);
	CU_ASSERT_EQUAL(
	    state_dir_find(given, &env, path, why, sizeof(why)), -ENAMETOOLONG);
	CU_ASSERT_STRING_EQUAL(path, "untouched");
	CU_ASSERT_EQUAL(
	    state_dir_ensure(given, why, sizeof(why)), -ENAMETOOLONG);
	CU_ASSERT_EQUAL(state_dir_ensure("", why, sizeof(why)), -ENOENT);
}

static void
make_path(char *ret_path, const char *base, const char *name)
{
	(void)snprintf(ret_path, PATH_MAX, "%s/%s", base, name);
}

static void
test_made_private(void)
{
	char base[] = "/tmp/quoll-state-XXXXXX";
	char path[PATH_MAX];
	char why[WHY_LEN] = "";
	struct stat st = {0};
	mode_t old = umask(0);

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(base));
	make_path(path, base, "a/b");
	CU_ASSERT_EQUAL(state_dir_ensure(path, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0700);
	/* Again, and with a slash at the end. */
	CU_ASSERT_EQUAL(state_dir_ensure(path, why, sizeof(why)), 0);
	make_path(path, base, "a/b/");
	CU_ASSERT_EQUAL(state_dir_ensure(path, why, sizeof(why)), 0);
	(void)umask(old);
	(void)rmdir(path);
	make_path(path, base, "a");
	(void)rmdir(path);
	CU_ASSERT_EQUAL(rmdir(base), 0);
}

static void
test_unfit(void)
{
	char base[] = "/tmp/quoll-state-XXXXXX";
	char path[PATH_MAX];
	char why[WHY_LEN] = "";
	int fd;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(base));
	make_path(path, base, "file");
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	CU_ASSERT_FATAL(fd >= 0);
	(void)close(fd);
	CU_ASSERT_EQUAL(state_dir_ensure(path, why, sizeof(why)), -ENOTDIR);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, path));
	make_path(path, base, "file/below");
	CU_ASSERT_EQUAL(state_dir_ensure(path, why, sizeof(why)), -ENOTDIR);
	make_path(path, base, "file");
	(void)unlink(path);
	CU_ASSERT_EQUAL(chmod(base, 0770), 0);
	CU_ASSERT_EQUAL(state_dir_ensure(base, why, sizeof(why)), -EPERM);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "others may write"));
	/* Nothing can be made in /proc, whoever we are. */
	CU_ASSERT(state_dir_ensure("/proc/quoll/state", why, sizeof(why)) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "/proc/quoll/state"));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "--state"));
	if (geteuid() != 0) {
		CU_ASSERT_EQUAL(chmod(base, 0500), 0);
		CU_ASSERT_EQUAL(
		    state_dir_ensure(base, why, sizeof(why)), -EACCES);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, "cannot be written"));
	}
	CU_ASSERT_EQUAL(rmdir(base), 0);
}

static void
test_environment(void)
{
	struct state_env env = {NULL, NULL, NULL};
	const char *home = getenv("HOME");

	CU_ASSERT_EQUAL(setenv("STATE_DIRECTORY", "/from/systemd", 1), 0);
	state_env_read(&env);
	CU_ASSERT_STRING_EQUAL(env.state_directory, "/from/systemd");
	CU_ASSERT_PTR_EQUAL(env.home, home);
	(void)unsetenv("STATE_DIRECTORY");
	state_env_read(&env);
	CU_ASSERT_PTR_NULL(env.state_directory);
}

void
test_state_register(void)
{
	CU_pSuite suite = unit_suite("state");

	unit_test(suite, "choice", test_choice);
	unit_test(suite, "too_long", test_too_long);
	unit_test(suite, "made_private", test_made_private);
	unit_test(suite, "unfit", test_unfit);
	unit_test(suite, "environment", test_environment);
}
