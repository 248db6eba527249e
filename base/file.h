/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that somebody names in a configuration.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdio.h>

/*
 * Opens a regular file for reading, and never waits: a FIFO would, for somebody
 * to write to it, and a device may have no end.  Returns 0 and the stream in
 * *ret_file; -EISDIR for a directory; -ENOTSUP for other things that are no
 * regular files; or another negative errno.
 */
int file_open(const char *path, FILE **ret_file);

#endif
