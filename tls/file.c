/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small files: certificates, keys, the secret.  Everything is read through
 * one bounded function, so that no path in a configuration can block or
 * fill the memory, and written through one that is atomic: a temporary file
 * in the same folder, synced, then linked or renamed into place.
 *
 * Not for streams, not for the path of a query.
 */
#include "tls/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PERMISSION_BITS 07777

int
tls_why_set(const struct tls_why *why, int code, const char *format, ...)
{
	va_list args;

	if (why->text == NULL || why->size == 0)
		return code;
	va_start(args, format);
	(void)vsnprintf(why->text, why->size, format, args);
	va_end(args);
	return code;
}

static int
check_kind(const char *path, const struct stat *st, size_t max,
    const struct tls_why *why)
{
	if (S_ISDIR(st->st_mode))
		return tls_why_set(why, -EISDIR, "%s: is a directory", path);
	if (!S_ISREG(st->st_mode))
		return tls_why_set(
		    why, -EINVAL, "%s: is not a regular file", path);
	if (st->st_size < 0 || (uintmax_t)st->st_size > max)
		return tls_why_set(why, -EFBIG,
		    "%s: is larger than %zu bytes, the most that is read", path,
		    max);
	return 0;
}

/* Fills blob->data, which has room for len octets and the terminator. */
static int
read_whole(int fd, size_t len, struct tls_blob *blob)
{
	ssize_t n;

	while (blob->len < len) {
		n = read(fd, blob->data + blob->len, len - blob->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		blob->len += (size_t)n;
	}
	blob->data[blob->len] = '\0';
	return 0;
}

static int
read_open_file(int fd, const char *path, size_t max, const struct tls_why *why,
    struct tls_blob *ret_blob)
{
	struct tls_blob blob = {0};
	struct stat st;
	int rc;

	if (fstat(fd, &st) != 0) {
		rc = -errno;
		return tls_why_set(why, rc, "%s: %s", path, strerror(-rc));
	}
	rc = check_kind(path, &st, max, why);
	if (rc != 0)
		return rc;
	blob.data = malloc((size_t)st.st_size + 1);
	if (blob.data == NULL)
		return tls_why_set(why, -ENOMEM, "%s: out of memory", path);
	blob.mode = st.st_mode & PERMISSION_BITS;
	rc = read_whole(fd, (size_t)st.st_size, &blob);
	if (rc != 0) {
		tls_blob_done(&blob);
		return tls_why_set(why, rc, "%s: %s", path, strerror(-rc));
	}
	*ret_blob = blob;
	return 0;
}

int
tls_file_read(const char *path, size_t max, const struct tls_why *why,
    struct tls_blob *ret_blob)
{
	int fd;
	int rc;

	/* O_NONBLOCK: opening a FIFO would wait for its writer. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		rc = -errno;
		return tls_why_set(
		    why, rc, "%s: cannot be read: %s", path, strerror(-rc));
	}
	rc = read_open_file(fd, path, max, why, ret_blob);
	(void)close(fd);
	return rc;
}

void
tls_blob_done(struct tls_blob *blob)
{
	if (blob->data == NULL)
		return;
	explicit_bzero(blob->data, blob->len);
	free(blob->data);
	blob->data = NULL;
	blob->len = 0;
}

static int
write_whole(int fd, mode_t mode, const struct tls_blob *data)
{
	size_t done = 0;
	ssize_t n;

	while (done < data->len) {
		n = write(fd, data->data + done, data->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	/* mkostemp made it 0600; wider only now, and whatever the umask. */
	if (fchmod(fd, mode) != 0 || fsync(fd) != 0)
		return -errno;
	return 0;
}

static int
put_in_place(const char *temp, const char *path, bool replace)
{
	if (replace)
		return rename(temp, path) == 0 ? 0 : -errno;
	/* link, unlike rename, fails when somebody was quicker. */
	if (link(temp, path) != 0)
		return -errno;
	(void)unlink(temp);
	return 0;
}

/* The name itself must survive a power cut too; best effort. */
static void
sync_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);
	int fd;

	if (slash == NULL)
		(void)strcpy(folder, ".");
	else if (len == 0)
		(void)strcpy(folder, "/");
	else if (len < sizeof(folder)) {
		memcpy(folder, path, len);
		folder[len] = '\0';
	} else
		return;
	fd = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	if (fd < 0)
		return;
	(void)fsync(fd);
	(void)close(fd);
}

int
tls_file_write(const char *path, mode_t mode, bool replace,
    const struct tls_blob *data, const struct tls_why *why)
{
	char temp[PATH_MAX];
	int fd;
	int n;
	int rc;

	n = snprintf(temp, sizeof(temp), "%s.XXXXXX", path);
	if (n < 0 || (size_t)n >= sizeof(temp))
		return tls_why_set(
		    why, -ENAMETOOLONG, "%.64s...: too long a path", path);
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		rc = -errno;
		return tls_why_set(
		    why, rc, "%s: cannot be written: %s", path, strerror(-rc));
	}
	rc = write_whole(fd, mode, data);
	(void)close(fd);
	if (rc == 0)
		rc = put_in_place(temp, path, replace);
	if (rc != 0) {
		(void)unlink(temp);
		if (rc == -EEXIST)
			return rc;
		return tls_why_set(
		    why, rc, "%s: cannot be written: %s", path, strerror(-rc));
	}
	sync_folder(path);
	return 0;
}
