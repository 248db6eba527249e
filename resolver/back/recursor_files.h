/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of a recursor: trust anchors and their state, root hints.  For
 * recursor.c only.
 */
#ifndef RESOLVER_BACK_RECURSOR_FILES_H
#define RESOLVER_BACK_RECURSOR_FILES_H

#include <limits.h>
#include <stddef.h>

struct config;

enum recursor_file {
	RECURSOR_FILE_HINTS,
	RECURSOR_FILE_ANCHOR,
};

/*
 * Can it be used for that?  libunbound never comes to the end of a directory,
 * and is content with files that have nothing in them.  Returns 0; or -EINVAL
 * or -ENOMEM, with a reason in ret_why.
 */
int recursor_files_check(
    const char *path, enum recursor_file kind, char *ret_why, size_t size);

/*
 * Writes down all that a recursor is made of, what is in the files included, so
 * that two of them can be compared: a text to be freed, or NULL if there is no
 * memory.  A file that cannot be read counts as empty.
 */
char *recursor_files_describe(const struct config *config);

/* The root's own keys, as records; NULL is the last. */
extern const char *const recursor_files_root_keys[];

/*
 * Makes sure that the state directory has trust anchors that the resolver may
 * keep up to date (RFC 5011): a file that began as a copy of the configured
 * ones, or of the root's own keys, and whose name depends on what it began as.
 * Returns 0 and its path, or a negative errno; also if no other file can be
 * written beside it now, since libunbound ends the process then.
 */
int recursor_files_anchor(const struct config *config, const char *state_dir,
    char ret_path[PATH_MAX]);

#endif
