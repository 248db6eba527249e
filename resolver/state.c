/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state directory: which one, and is it fit for secrets?
 *
 * What is kept there is written by others (tls/secret.c, tls/selfsign.c); this
 * file only finds and makes the directory. The environment is an argument, so
 * that the choice is a pure function.
 */
#include "resolver/state.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_MODE 0700

void
state_env_read(struct state_env *ret_env)
{
	ret_env->state_directory = getenv("STATE_DIRECTORY");
	ret_env->xdg_state_home = getenv("XDG_STATE_HOME");
	ret_env->home = getenv("HOME");
}

static bool
is_set(const char *value)
{
	return value != NULL && value[0] != '\0';
}

int
state_dir_find(const char *given, const struct state_env *env,
    char ret_path[PATH_MAX], char *why, size_t whylen)
{
	char path[PATH_MAX];
	int len;

	if (is_set(given)) {
		len = snprintf(path, sizeof(path), "%s", given);
	} else if (is_set(env->state_directory) &&
		   env->state_directory[0] != ':') {
		/* Several are joined by colons: systemd.exec(5). */
		len = snprintf(path, sizeof(path), "%.*s",
		    (int)strcspn(env->state_directory, ":"),
		    env->state_directory);
	} else if (is_set(env->xdg_state_home) &&
		   env->xdg_state_home[0] == '/') {
		len = snprintf(
		    path, sizeof(path), "%s/quoll", env->xdg_state_home);
	} else if (is_set(env->home)) {
		len = snprintf(
		    path, sizeof(path), "%s/.local/state/quoll", env->home);
	} else {
		(void)snprintf(why, whylen,
		    "no state directory: give one with --state, or set "
		    "STATE_DIRECTORY, XDG_STATE_HOME or HOME");
		return -ENOENT;
	}
	if (len < 0 || (size_t)len >= sizeof(path)) {
		(void)snprintf(
		    why, whylen, "the state directory's path is too long");
		return -ENAMETOOLONG;
	}
	memcpy(ret_path, path, (size_t)len + 1);
	return 0;
}

/* Makes each missing part. `path` is cut at slashes while it works. */
static int
make_parts(char *path)
{
	char *slash = path;
	int rc = 0;

	while (rc == 0 && slash != NULL) {
		slash = strchr(slash + 1, '/');
		if (slash != NULL)
			*slash = '\0';
		if (mkdir(path, STATE_MODE) != 0 && errno != EEXIST)
			rc = -errno;
		/* Above a read-only or foreign place the parts may exist. */
		if (rc != 0 && access(path, F_OK) == 0)
			rc = 0;
		if (slash != NULL)
			*slash = '/';
	}
	return rc;
}

/* What speaks against the directory; NULL if nothing does. */
static const char *
find_fault(const char *path, int *ret_rc)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		*ret_rc = -errno;
		return strerror(errno);
	}
	if (!S_ISDIR(st.st_mode)) {
		*ret_rc = -ENOTDIR;
		return "is no directory";
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		*ret_rc = -EPERM;
		return "others may write to it (chmod go-w)";
	}
	if (faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
		*ret_rc = -errno;
		return errno == EROFS ? "is on a read-only file system"
				      : "cannot be written";
	}
	return NULL;
}

int
state_dir_ensure(const char *path, char *why, size_t whylen)
{
	char parts[PATH_MAX];
	const char *fault;
	size_t len = strlen(path);
	int rc = len == 0 ? -ENOENT : -ENAMETOOLONG;

	if (len > 0 && len < sizeof(parts)) {
		memcpy(parts, path, len + 1);
		rc = make_parts(parts);
	}
	if (rc != 0) {
		(void)snprintf(why, whylen,
		    "state directory %s: cannot be made: %s; give another with "
		    "--state",
		    path, strerror(-rc));
		return rc;
	}
	fault = find_fault(path, &rc);
	if (fault != NULL)
		(void)snprintf(why, whylen,
		    "state directory %s: %s; give another with --state", path,
		    fault);
	return rc;
}
