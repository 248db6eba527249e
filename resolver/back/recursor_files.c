/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trust anchors begin as what the operator gave, or what is built in, and are
 * then the resolver's own: it writes the keys that it has seen long enough (RFC
 * 5011).  So they live in the state directory, and other beginnings give
 * another file: a key that the operator took back does not linger.
 */
#include "resolver/back/recursor_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "dns/wire.h"
#include "dns/zone.h"
#include "resolver/config.h"

/* No file of hints or anchors is anywhere near this large. */
#define FILE_MAX ((size_t)1024 * 1024)

/* https://data.iana.org/root-anchors/root-anchors.xml, of 2017 and 2024. */
const char *const recursor_files_root_keys[] = {
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D084"
    "58E880409BBC683457104237C7F8EC8D",
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219"
    "298D0A450D612C483AF444A4C0FB2B16",
    NULL,
};

/* Records of a file that are of use for what it is. */
struct search {
	enum recursor_file kind;
	bool has_names; /* root servers, or keys */
	bool has_addresses;
};

static int
look(void *arg, const struct dns_local_record *rr)
{
	struct search *s = arg;

	if (s->kind == RECURSOR_FILE_ANCHOR)
		s->has_names |=
		    rr->type == DNS_TYPE_DS || rr->type == DNS_TYPE_DNSKEY;
	else
		s->has_names |= rr->type == DNS_TYPE_NS;
	s->has_addresses |= rr->type == DNS_TYPE_A || rr->type == DNS_TYPE_AAAA;
	return 0;
}

/* What the file lacks, or NULL. */
static const char *
lack(const struct search *s)
{
	if (s->kind == RECURSOR_FILE_ANCHOR)
		return s->has_names ? NULL : "no DS or DNSKEY record in it";
	if (!s->has_names)
		return "no NS record in it";
	return s->has_addresses ? NULL : "no address (A, AAAA) in it";
}

int
recursor_files_check(
    const char *path, enum recursor_file kind, char *ret_why, size_t size)
{
	struct dns_zone_fault fault = {.text = NULL};
	struct search s = {.kind = kind};
	FILE *in;
	int rc = file_open(path, &in);

	if (rc == 0) {
		rc = dns_zone_read(in, 0, look, &s, &fault);
		(void)fclose(in); /* was only read */
	}
	if (rc == -EINVAL) {
		(void)snprintf(
		    ret_why, size, "line %zu: %s", fault.line, fault.text);
		return rc;
	}
	if (rc == 0 && lack(&s) == NULL)
		return 0;
	(void)snprintf(ret_why, size, "%s", rc == 0 ? lack(&s) : strerror(-rc));
	return rc == -ENOMEM ? rc : -EINVAL;
}

/* Copies what is in a file to a stream. */
static int
copy_file(const char *path, FILE *out)
{
	char block[4096];
	size_t total = 0;
	size_t len;
	FILE *in;
	int rc = file_open(path, &in);

	if (rc != 0)
		return rc;
	while (total <= FILE_MAX &&
	       (len = fread(block, 1, sizeof(block), in)) > 0) {
		(void)fwrite(block, 1, len, out);
		total += len;
	}
	if (ferror(in))
		rc = -EIO;
	else if (total > FILE_MAX)
		rc = -EFBIG;
	(void)fclose(in); /* was only read */
	return rc;
}

static void
describe_file(FILE *out, const char *what, const char *path)
{
	if (path == NULL)
		return;
	(void)fprintf(out, "%s %s\n", what, path);
	(void)copy_file(path, out);
}

static void
describe_stubs(FILE *out, const char *what, const struct config_stubs *list)
{
	char address[CONFIG_URL_LEN];

	for (size_t i = 0; i < list->count; i++) {
		const struct config_stub *s = &list->item[i];

		(void)fprintf(out, "%s %s %" PRIu32, what, s->zone, s->port);
		for (size_t k = 0; k < s->addresses.count; k++) {
			const void *sa = &s->addresses.item[k].ss;

			config_url_format(CONFIG_UDP, sa, address);
			(void)fprintf(out, " %s", address);
		}
		(void)fputc('\n', out);
	}
}

char *
recursor_files_describe(const struct config *config)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool is_whole;

	if (out == NULL)
		return NULL;
	(void)fprintf(out, "validate %d cache %" PRIu64 "\n",
	    config->upstream.recursive.validate,
	    config->upstream.recursive.cache_bytes);
	for (size_t i = 0; i < config->upstream.recursive.options.count; i++) {
		const struct config_option *o =
		    &config->upstream.recursive.options.item[i];

		(void)fprintf(out, "%s: %s\n", o->name, o->value);
	}
	describe_stubs(out, "stub", &config->upstream.recursive.stubs);
	describe_stubs(out, "forward", &config->upstream.recursive.forwards);
	describe_file(out, "hints", config->upstream.recursive.root_hints);
	describe_file(out, "anchor", config->upstream.recursive.trust_anchor);
	is_whole = !ferror(out);
	if (fclose(out) == 0 && is_whole)
		return text;
	free(text);
	return NULL;
}

static void
put_root_keys(FILE *out)
{
	for (size_t i = 0; recursor_files_root_keys[i] != NULL; i++)
		(void)fprintf(out, "%s\n", recursor_files_root_keys[i]);
}

/* What the anchors begin as: a text to be freed. */
static int
read_anchor(const struct config *config, char **ret_text, size_t *ret_len)
{
	const char *path = config->upstream.recursive.trust_anchor;
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);
	int rc = 0;

	if (out == NULL)
		return -errno;
	if (path != NULL)
		rc = copy_file(path, out);
	else
		put_root_keys(out);
	if (fclose(out) != 0 && rc == 0)
		rc = -ENOMEM;
	if (rc == 0)
		*ret_text = text;
	else
		free(text);
	return rc;
}

static int
write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) == 0 ? 0 : -errno;
}

/* Writes a file beside that of the path: its name is `ret_temp`. */
static int
write_temp(
    const char *path, const char *text, size_t len, char ret_temp[PATH_MAX])
{
	int n = snprintf(ret_temp, PATH_MAX, "%s.new", path);
	int fd;
	int rc;

	if (n < 0 || n >= PATH_MAX)
		return -ENAMETOOLONG;
	fd = open(ret_temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, text, len);
	if (close(fd) != 0 && rc == 0)
		rc = -errno;
	if (rc != 0)
		(void)unlink(ret_temp);
	return rc;
}

/* Whole or not at all: a start that was cut short leaves nothing half. */
static int
write_file(const char *path, const char *text, size_t len)
{
	char temp[PATH_MAX];
	int rc = write_temp(path, text, len, temp);

	if (rc == 0 && rename(temp, path) != 0) {
		rc = -errno;
		(void)unlink(temp);
	}
	return rc;
}

/* libunbound writes a file beside it and ends the process if it cannot. */
static int
try_file(const char *path, const char *text, size_t len)
{
	char temp[PATH_MAX];
	int rc = write_temp(path, text, len, temp);

	if (rc == 0 && unlink(temp) != 0)
		rc = -errno;
	return rc;
}

int
recursor_files_anchor(
    const struct config *config, const char *state_dir, char ret_path[PATH_MAX])
{
	/* Not a secret: it only has to tell one beginning from another. */
	static const uint8_t key[HASH_KEY_LEN] = {0};
	char *text = NULL;
	size_t len = 0;
	int rc = read_anchor(config, &text, &len);
	int n;

	if (rc != 0)
		return rc;
	n = snprintf(ret_path, PATH_MAX, "%s/trust-anchor-%016" PRIx64 ".key",
	    state_dir, hash_bytes(key, text, len));
	if (n < 0 || n >= PATH_MAX)
		rc = -ENAMETOOLONG;
	else if (access(ret_path, F_OK) != 0)
		rc = write_file(ret_path, text, len);
	else
		rc = try_file(ret_path, text, len);
	free(text);
	return rc;
}
