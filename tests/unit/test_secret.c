/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/secret.c: the secret file and what is derived from it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/certs.h"
#include "tests/unit/unit.h"
#include "tls/evquic_tls.h"
#include "tls/secret.h"

#define NOBODY 65534
#define CHILDREN 8

static int
load(const struct certs_dir *dir, const char *name, char *why,
    struct tls_secret **ret_secret)
{
	char path[CERTS_PATH];

	why[0] = '\0';
	return tls_secret_load(
	    certs_file(dir, path, name), why, EVQUIC_WHY_SIZE, ret_secret);
}

/* The refusal of a file, which must say its name and leave all alone. */
static int
refusal(const struct certs_dir *dir, const char *name)
{
	struct tls_secret *secret = NULL;
	char why[EVQUIC_WHY_SIZE];
	int rc = load(dir, name, why, &secret);

	CU_ASSERT(rc < 0);
	CU_ASSERT_PTR_NULL(secret);
	CU_ASSERT(strstr(why, name) != NULL);
	return rc;
}

static void
derive(const struct tls_secret *secret, uint8_t ret_key[32])
{
	CU_ASSERT(tls_secret_derive(secret, "test", "x", 1, ret_key, 32) == 0);
}

static void
test_created(void)
{
	struct tls_secret *secret = NULL;
	struct tls_secret *again = NULL;
	char why[EVQUIC_WHY_SIZE];
	uint8_t first[32];
	uint8_t second[32];
	struct certs_dir dir;
	char path[CERTS_PATH];
	struct stat st;

	certs_dir_init(&dir);
	CU_ASSERT_FATAL(load(&dir, "secret", why, &secret) == 0);
	CU_ASSERT_STRING_EQUAL(why, "");
	CU_ASSERT(stat(certs_file(&dir, path, "secret"), &st) == 0);
	CU_ASSERT(st.st_size == TLS_SECRET_SIZE);
	CU_ASSERT((st.st_mode & 0777) == 0600);
	CU_ASSERT(st.st_nlink == 1);
	CU_ASSERT_FATAL(load(&dir, "secret", why, &again) == 0);
	derive(secret, first);
	derive(again, second);
	CU_ASSERT(memcmp(first, second, sizeof(first)) == 0);
	CU_ASSERT(tls_secret_is_equal(secret, again));
	tls_secret_free(again);
	CU_ASSERT_FATAL(load(&dir, "another", why, &again) == 0);
	derive(again, second);
	CU_ASSERT(memcmp(first, second, sizeof(first)) != 0);
	CU_ASSERT(!tls_secret_is_equal(secret, again));
	tls_secret_free(secret);
	tls_secret_free(again);
	tls_secret_free(NULL);
	certs_dir_done(&dir);
}

/* Reading makes nothing. */
static void
test_read(void)
{
	struct tls_secret *secret = NULL, *again = NULL;
	char why[EVQUIC_WHY_SIZE] = "", path[CERTS_PATH];
	struct certs_dir dir;

	certs_dir_init(&dir);
	(void)certs_file(&dir, path, "secret");
	CU_ASSERT(tls_secret_read(path, why, sizeof(why), &secret) == -ENOENT);
	CU_ASSERT(strstr(why, "secret") != NULL);
	CU_ASSERT(access(path, F_OK) != 0);
	CU_ASSERT_FATAL(load(&dir, "secret", why, &secret) == 0);
	CU_ASSERT_FATAL(tls_secret_read(path, why, sizeof(why), &again) == 0);
	CU_ASSERT(tls_secret_is_equal(secret, again));
	tls_secret_free(again);
	again = NULL;
	CU_ASSERT(chmod(path, 0640) == 0);
	CU_ASSERT(tls_secret_read(path, why, sizeof(why), &again) == -EPERM);
	CU_ASSERT(again == NULL);
	tls_secret_free(secret);
	certs_dir_done(&dir);
}

static void
test_refused(void)
{
	static const char bytes[TLS_SECRET_SIZE + 1] = "0123456789";
	struct certs_dir dir;
	char path[CERTS_PATH];
	static const mode_t open_modes[] = {0640, 0604, 0620, 0644, 0610};
	size_t i;

	certs_dir_init(&dir);
	certs_write(&dir, "empty", bytes, 0);
	certs_write(&dir, "short", bytes, TLS_SECRET_SIZE - 1);
	certs_write(&dir, "long", bytes, TLS_SECRET_SIZE + 1);
	certs_write(&dir, "open", bytes, TLS_SECRET_SIZE);
	CU_ASSERT(refusal(&dir, "empty") == -EBADMSG);
	CU_ASSERT(refusal(&dir, "short") == -EBADMSG);
	CU_ASSERT(refusal(&dir, "long") == -EBADMSG);
	(void)certs_file(&dir, path, "open");
	for (i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
		CU_ASSERT(chmod(path, open_modes[i]) == 0);
		CU_ASSERT(refusal(&dir, "open") == -EPERM);
	}
	CU_ASSERT(truncate(path, 1024L * 1024) == 0);
	CU_ASSERT(refusal(&dir, "open") == -EBADMSG);
	CU_ASSERT(mkdir(certs_file(&dir, path, "folder"), 0700) == 0);
	CU_ASSERT(refusal(&dir, "folder") == -EISDIR);
	CU_ASSERT(refusal(&dir, "absent/secret") == -ENOENT);
	CU_ASSERT(refusal(&dir, "short/secret") == -ENOTDIR);
	CU_ASSERT(mkfifo(certs_file(&dir, path, "fifo"), 0600) == 0);
	CU_ASSERT(refusal(&dir, "fifo") == -EINVAL);
	certs_dir_done(&dir);
}

/* As a user who may not write: root may do everything. */
static void
test_read_only_folder(void)
{
	struct certs_dir dir;
	uid_t me = geteuid();

	certs_dir_init(&dir);
	if (me == 0)
		CU_ASSERT_FATAL(chown(dir.path, NOBODY, NOBODY) == 0);
	CU_ASSERT_FATAL(chmod(dir.path, 0500) == 0);
	if (me == 0)
		CU_ASSERT_FATAL(seteuid(NOBODY) == 0);
	CU_ASSERT(refusal(&dir, "secret") == -EACCES);
	if (me == 0)
		CU_ASSERT_FATAL(seteuid(me) == 0);
	certs_dir_done(&dir);
}

static void
run_child(const struct certs_dir *dir, int start, int out)
{
	struct tls_secret *secret = NULL;
	char why[EVQUIC_WHY_SIZE];
	uint8_t key[32];
	char byte;

	if (read(start, &byte, 1) != 0 ||
	    load(dir, "secret", why, &secret) != 0 ||
	    tls_secret_derive(secret, "test", "x", 1, key, sizeof(key)) != 0 ||
	    write(out, key, sizeof(key)) != (ssize_t)sizeof(key))
		_exit(1);
	tls_secret_free(secret);
	_exit(0);
}

/* Several processes that start together have one secret. */
static void
test_race(void)
{
	struct certs_dir dir;
	uint8_t first[32];
	uint8_t key[32];
	int start[2];
	int out[2];
	int i;

	certs_dir_init(&dir);
	CU_ASSERT_FATAL(pipe(start) == 0 && pipe(out) == 0);
	for (i = 0; i < CHILDREN; i++) {
		if (fork() == 0) {
			(void)close(start[1]);
			run_child(&dir, start[0], out[1]);
		}
	}
	(void)close(start[1]);
	(void)close(out[1]);
	for (i = 0; i < CHILDREN; i++) {
		CU_ASSERT_FATAL(
		    read(out[0], key, sizeof(key)) == (ssize_t)sizeof(key));
		if (i == 0)
			memcpy(first, key, sizeof(first));
		CU_ASSERT(memcmp(first, key, sizeof(first)) == 0);
	}
	while (wait(NULL) > 0)
		continue;
	(void)close(start[0]);
	(void)close(out[0]);
	certs_dir_done(&dir);
}

/*
 * HMAC by hand (another implementation): the keys of a file must stay the
 * same over upgrades, or all tickets and tokens are lost.
 */
static void
test_known_answer(void)
{
	static const uint8_t expected[40] = {0x33, 0x1d, 0xe4, 0x8b, 0xda, 0xec,
	    0x61, 0x3b, 0xb2, 0x5c, 0xde, 0x28, 0x06, 0xa5, 0x80, 0xcc, 0x05,
	    0x8c, 0x67, 0x95, 0xf8, 0x6a, 0xd5, 0x3a, 0x71, 0x92, 0x00, 0x22,
	    0x30, 0x21, 0x1e, 0x22, 0x22, 0x4a, 0x58, 0xfa, 0x1f, 0x81, 0x11,
	    0x58};
	struct tls_secret *secret;
	uint8_t bytes[TLS_SECRET_SIZE];
	uint8_t out[40];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	secret = tls_secret_new(bytes);
	CU_ASSERT_PTR_NOT_NULL_FATAL(secret);
	CU_ASSERT(tls_secret_derive(
		      secret, "ticket", "doq", 3, out, sizeof(out)) == 0);
	CU_ASSERT(memcmp(out, expected, sizeof(out)) == 0);
	tls_secret_free(secret);
}

static bool
differ(const struct tls_secret *secret, const char *label, const char *ctx,
    const char *label2, const char *ctx2)
{
	uint8_t a[16];
	uint8_t b[16];

	CU_ASSERT(tls_secret_derive(
		      secret, label, ctx, strlen(ctx), a, sizeof(a)) == 0);
	CU_ASSERT(tls_secret_derive(
		      secret, label2, ctx2, strlen(ctx2), b, sizeof(b)) == 0);
	return memcmp(a, b, sizeof(a)) != 0;
}

static void
test_separation(void)
{
	struct tls_secret *secret = tls_secret_new(NULL);
	struct tls_secret *other = tls_secret_new(NULL);
	uint8_t out[64] = {0};
	uint8_t key[32];

	CU_ASSERT_PTR_NOT_NULL_FATAL(secret);
	CU_ASSERT_PTR_NOT_NULL_FATAL(other);
	CU_ASSERT(!differ(secret, "a", "b", "a", "b"));
	CU_ASSERT(differ(secret, "a", "b", "a", "c"));
	CU_ASSERT(differ(secret, "a", "b", "c", "b"));
	CU_ASSERT(differ(secret, "a", "bc", "ab", "c"));
	CU_ASSERT(differ(secret, "a", "", "", "a"));
	derive(secret, key);
	derive(other, out);
	CU_ASSERT(memcmp(key, out, sizeof(key)) != 0);
	memset(out, 0, sizeof(out));
	CU_ASSERT(tls_secret_derive(secret, "a", NULL, 0, out,
		      TLS_SECRET_MAX_OUTPUT + 1) == -EINVAL);
	CU_ASSERT(out[0] == 0 && out[63] == 0);
	CU_ASSERT(tls_secret_derive(secret, "a", NULL, 0, out, 64) == 0);
	tls_secret_free(secret);
	tls_secret_free(other);
}

void
test_secret_register(void)
{
	CU_pSuite suite = unit_suite("secret");

	unit_test(suite, "created", test_created);
	unit_test(suite, "read", test_read);
	unit_test(suite, "refused", test_refused);
	unit_test(suite, "read_only_folder", test_read_only_folder);
	unit_test(suite, "race", test_race);
	unit_test(suite, "known_answer", test_known_answer);
	unit_test(suite, "separation", test_separation);
}
