/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state directory: where quolld keeps its secret and the certificate that
 * it made for itself.
 */
#ifndef QUOLL_RESOLVER_STATE_H
#define QUOLL_RESOLVER_STATE_H

#include <limits.h>
#include <stddef.h>

/* What the environment says; a member is NULL where it is not set. */
struct state_env {
	const char *state_directory; /* $STATE_DIRECTORY, from systemd */
	const char *xdg_state_home;  /* $XDG_STATE_HOME */
	const char *home;	     /* $HOME */
};

/* Fills `ret_env` from the environment of the process. Main thread only. */
void state_env_read(struct state_env *ret_env);

/*
 * Chooses the directory: `given` (--state or the file's `state`, may be NULL),
 * the first one of $STATE_DIRECTORY, $XDG_STATE_HOME/quoll,
 * $HOME/.local/state/quoll. Relative values of the XDG variable are ignored, as
 * the XDG specification demands. Creates nothing.
 *
 * Returns 0 and the path in `ret_path`, or -ENOENT (nothing to choose from) or
 * -ENAMETOOLONG with a sentence in `why`.
 */
int state_dir_find(const char *given, const struct state_env *env,
    char ret_path[PATH_MAX], char *why, size_t whylen);

/*
 * Makes sure that the directory is there (missing parts are made with mode
 * 0700), is a directory, can be written, and by nobody but its owner. Returns 0
 * or a negative errno with one sentence in `why` that names the path:
 * -ENOTDIR, -EACCES, -EROFS, -EPERM (others may write to it), or what mkdir
 * said.
 */
int state_dir_ensure(const char *path, char *why, size_t whylen);

#endif
