/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/selfsign.c: one key for ever, certificates renewed in time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/certs.h"
#include "tests/unit/tlspair.h"
#include "tests/unit/unit.h"
#include "tls/evquic_tls.h"
#include "tls/selfsign.h"

#define NOBODY 65534
#define DAY 86400

static int
ensure_at(const struct certs_dir *dir, int64_t now, const char *hostname,
    struct tls_selfsign_files *ret_files)
{
	const struct tls_selfsign_options options = {
	    .state_dir = dir->path,
	    .hostname = hostname,
	    .now = now,
	};
	char why[EVQUIC_WHY_SIZE] = "";
	int rc;

	rc = tls_selfsign_ensure(&options, why, sizeof(why), ret_files);
	CU_ASSERT((rc == 0) == (why[0] == '\0'));
	if (rc != 0)
		CU_ASSERT(strstr(why, dir->path) != NULL);
	return rc;
}

/* One call that must succeed: whether the certificate is new, its pin. */
static bool
ensure(const struct certs_dir *dir, int64_t now, const char *hostname,
    char ret_pin[EVQUIC_PIN_SIZE])
{
	struct tls_selfsign_files files = {.is_new = false};
	struct evquic_cred *cred = evquic_cred_new();
	char why[EVQUIC_WHY_SIZE] = "";

	CU_ASSERT_PTR_NOT_NULL_FATAL(cred);
	CU_ASSERT_FATAL(ensure_at(dir, now, hostname, &files) == 0);
	CU_ASSERT(evquic_cred_add_files(
		      cred, files.cert, files.key, why, sizeof(why)) == 0);
	CU_ASSERT_STRING_EQUAL(why, "");
	CU_ASSERT(evquic_cred_pin(cred, 0, ret_pin) == 0);
	CU_ASSERT(evquic_cred_state(cred, 0, now) == EVQUIC_CRED_VALID);
	CU_ASSERT_STRING_EQUAL(evquic_cred_name(cred, 0), "localhost");
	evquic_cred_unref(cred);
	return files.is_new;
}

static void
test_made_and_kept(void)
{
	int64_t now = time(NULL);
	char first[EVQUIC_PIN_SIZE];
	char pin[EVQUIC_PIN_SIZE];
	struct certs_dir dir;
	char path[CERTS_PATH];
	struct stat st;

	certs_dir_init(&dir);
	CU_ASSERT(ensure(&dir, now, "box.example", first));
	CU_ASSERT(stat(certs_file(&dir, path, "selfsign.key"), &st) == 0);
	CU_ASSERT((st.st_mode & 0777) == 0600);
	CU_ASSERT(stat(certs_file(&dir, path, "selfsign.crt"), &st) == 0);
	CU_ASSERT((st.st_mode & 0777) == 0644);
	CU_ASSERT(!ensure(&dir, now, "box.example", pin));
	CU_ASSERT_STRING_EQUAL(pin, first);
	CU_ASSERT(!ensure(&dir, now + 300 * DAY, "BOX.example", pin));
	certs_dir_done(&dir);
}

/* Anew, each time with the key that clients have pinned. */
static void
test_renewed(void)
{
	int64_t now = time(NULL);
	char first[EVQUIC_PIN_SIZE];
	char pin[EVQUIC_PIN_SIZE];
	struct certs_dir dir;
	char path[CERTS_PATH];

	certs_dir_init(&dir);
	(void)ensure(&dir, now, "box.example", first);
	CU_ASSERT(ensure(&dir, now + 336 * DAY, "box.example", pin));
	CU_ASSERT_STRING_EQUAL(pin, first);
	/* The clock was set back: not yet valid. */
	CU_ASSERT(ensure(&dir, now, "box.example", pin));
	CU_ASSERT_STRING_EQUAL(pin, first);
	CU_ASSERT(ensure(&dir, now + 4000 * (int64_t)DAY, "box.example", pin));
	CU_ASSERT_STRING_EQUAL(pin, first);
	/* A machine that starts in 1970. */
	CU_ASSERT(ensure(&dir, 60, "box.example", pin));
	CU_ASSERT_STRING_EQUAL(pin, first);
	CU_ASSERT(ensure(&dir, now, "box.example", pin));
	CU_ASSERT(ensure(&dir, now, "new.example", pin));
	CU_ASSERT_STRING_EQUAL(pin, first);
	CU_ASSERT(!ensure(&dir, now, "no name at all", pin));
	certs_write(&dir, "selfsign.crt", "damaged", 7);
	CU_ASSERT(ensure(&dir, now, "new.example", pin));
	CU_ASSERT_STRING_EQUAL(pin, first);
	CU_ASSERT(unlink(certs_file(&dir, path, "selfsign.crt")) == 0);
	CU_ASSERT(ensure(&dir, now, NULL, pin));
	CU_ASSERT_STRING_EQUAL(pin, first);
	certs_dir_done(&dir);
}

/* For the addresses that are listened on, too; with the key that is pinned. */
static void
test_addresses(void)
{
	const char *addresses[TLS_SELFSIGN_ADDRESSES_MAX + 1] = {
	    "192.0.2.1", "127.0.0.1", "2001:db8::1"};
	struct tls_selfsign_options options = {.hostname = "box.example",
	    .addresses = addresses,
	    .naddresses = 3,
	    .now = time(NULL)};
	struct tls_selfsign_files files;
	struct evquic_cred *cred = evquic_cred_new();
	char first[EVQUIC_PIN_SIZE];
	char pin[EVQUIC_PIN_SIZE];
	struct certs_dir dir;
	size_t i;

	certs_dir_init(&dir);
	options.state_dir = dir.path;
	(void)ensure(&dir, options.now, "box.example", first);
	CU_ASSERT_FATAL(tls_selfsign_ensure(&options, NULL, 0, &files) == 0);
	CU_ASSERT(files.is_new);
	CU_ASSERT(
	    evquic_cred_add_files(cred, files.cert, files.key, NULL, 0) == 0);
	CU_ASSERT(evquic_cred_pin(cred, 0, pin) == 0);
	CU_ASSERT_STRING_EQUAL(pin, first);
	PROVE("FWD-161", evquic_cred_is_for(cred, 0, "192.0.2.1"));
	PROVE("FWD-161", evquic_cred_is_for(cred, 0, "2001:db8::1"));
	CU_ASSERT(!evquic_cred_is_for(cred, 0, "192.0.2.2"));
	/* localhost's two and these two, none twice */
	CU_ASSERT(evquic_cred_addresses(cred, 0) == 4);
	files.is_new = false;
	CU_ASSERT(tls_selfsign_ensure(&options, NULL, 0, &files) == 0);
	CU_ASSERT(!files.is_new);
	/* More than there is room for are not read. */
	for (i = 0; i < TLS_SELFSIGN_ADDRESSES_MAX; i++)
		addresses[i] = "192.0.2.1";
	addresses[i] = "192.0.2.99";
	options.naddresses = i + 1;
	CU_ASSERT(tls_selfsign_ensure(&options, NULL, 0, &files) == 0);
	CU_ASSERT(!files.is_new);
	evquic_cred_unref(cred);
	certs_dir_done(&dir);
}

/* The certificate of another key is replaced, the key never. */
static void
test_foreign_certificate(void)
{
	int64_t now = time(NULL);
	char first[EVQUIC_PIN_SIZE];
	char pin[EVQUIC_PIN_SIZE];
	struct certs_dir dir;
	char *other;
	size_t len;

	certs_dir_init(&dir);
	(void)ensure(&dir, now, "box.example", first);
	certs_make(&dir, "other",
	    &(struct certs_spec){
		.dns = (const char *const[]){"localhost", "box.example", NULL},
		.ips = (const char *const[]){"127.0.0.1", "::1", NULL},
		.from = -DAY,
		.until = 300 * DAY});
	other = certs_read(&dir, "other.crt", &len);
	certs_write(&dir, "selfsign.crt", other, len);
	free(other);
	CU_ASSERT(ensure(&dir, now, "box.example", pin));
	CU_ASSERT_STRING_EQUAL(pin, first);
	certs_dir_done(&dir);
}

/* A key that cannot be used is the operator's business: pins hang on it. */
static void
test_key_never_replaced(void)
{
	struct tls_selfsign_files files;
	int64_t now = time(NULL);
	char pin[EVQUIC_PIN_SIZE];
	struct certs_dir dir;
	char path[CERTS_PATH];
	char *left;
	size_t len;

	certs_dir_init(&dir);
	certs_write(&dir, "selfsign.key", "garbage", 7);
	CU_ASSERT(ensure_at(&dir, now, NULL, &files) == -EBADMSG);
	left = certs_read(&dir, "selfsign.key", &len);
	CU_ASSERT_STRING_EQUAL(left, "garbage");
	free(left);
	CU_ASSERT(unlink(certs_file(&dir, path, "selfsign.key")) == 0);
	(void)ensure(&dir, now, NULL, pin);
	CU_ASSERT(chmod(path, 0640) == 0);
	CU_ASSERT(ensure_at(&dir, now, NULL, &files) == -EPERM);
	certs_dir_done(&dir);
}

/* As a user who may not write: root may do everything. */
static void
test_bad_folders(void)
{
	struct tls_selfsign_files files;
	struct certs_dir dir;
	struct certs_dir sub;
	uid_t me = geteuid();

	certs_dir_init(&dir);
	(void)certs_file(&dir, sub.path, "absent");
	CU_ASSERT(ensure_at(&sub, 60, NULL, &files) == -ENOENT);
	certs_write(&dir, "file", "", 0);
	(void)certs_file(&dir, sub.path, "file");
	CU_ASSERT(ensure_at(&sub, 60, NULL, &files) == -ENOTDIR);
	if (me == 0)
		CU_ASSERT_FATAL(chown(dir.path, NOBODY, NOBODY) == 0);
	CU_ASSERT_FATAL(chmod(dir.path, 0500) == 0);
	if (me == 0)
		CU_ASSERT_FATAL(seteuid(NOBODY) == 0);
	CU_ASSERT(ensure_at(&dir, 60, NULL, &files) == -EACCES);
	if (me == 0)
		CU_ASSERT_FATAL(seteuid(me) == 0);
	certs_dir_done(&dir);
}

static struct evquic_trust *
make_trust(const char *ca, const char *pin)
{
	const struct evquic_trust_options options = {
	    .size = sizeof(options),
	    .ca_file = ca,
	    .pins = &pin,
	    .npins = ca == NULL ? 1 : 0,
	    .flags = ca == NULL ? EVQUIC_TRUST_PIN_ONLY : 0,
	};
	struct evquic_trust *trust = NULL;

	CU_ASSERT_FATAL(evquic_trust_new(&options, NULL, 0, &trust) == 0);
	return trust;
}

static bool
is_accepted(const struct tls_selfsign_files *files,
    const struct evquic_trust *trust, const char *host)
{
	struct evquic_cred *cred = evquic_cred_new();
	struct tlspair *pair;
	bool accepted;

	CU_ASSERT_FATAL(
	    evquic_cred_add_files(cred, files->cert, files->key, NULL, 0) == 0);
	pair = tlspair_new(cred, trust, TLS_USE_QUIC, host);
	accepted = tlspair_run(pair) == 0 && tlspair_can_talk(pair);
	tlspair_free(pair);
	evquic_cred_unref(cred);
	return accepted;
}

/* Good for a client that has the pin, or the certificate as its CA. */
static void
test_clients(void)
{
	struct tls_selfsign_files files;
	struct evquic_trust *by_pin;
	struct evquic_trust *by_ca;
	int64_t now = time(NULL);
	char pin[EVQUIC_PIN_SIZE];
	struct certs_dir dir;

	certs_dir_init(&dir);
	(void)ensure(&dir, now, "box.example", pin);
	CU_ASSERT_FATAL(ensure_at(&dir, now, "box.example", &files) == 0);
	by_pin = make_trust(NULL, pin);
	by_ca = make_trust(files.cert, NULL);
	CU_ASSERT(is_accepted(&files, by_pin, NULL));
	CU_ASSERT(is_accepted(&files, by_ca, "localhost"));
	CU_ASSERT(is_accepted(&files, by_ca, "box.example"));
	CU_ASSERT(is_accepted(&files, by_ca, "127.0.0.1"));
	CU_ASSERT(is_accepted(&files, by_ca, "::1"));
	CU_ASSERT(!is_accepted(&files, by_ca, "192.0.2.1"));
	evquic_trust_unref(by_pin);
	evquic_trust_unref(by_ca);
	certs_dir_done(&dir);
}

void
test_selfsign_register(void)
{
	CU_pSuite suite = unit_suite("selfsign");

	unit_test(suite, "addresses", test_addresses);
	unit_test(suite, "made_and_kept", test_made_and_kept);
	unit_test(suite, "renewed", test_renewed);
	unit_test(suite, "foreign_certificate", test_foreign_certificate);
	unit_test(suite, "key_never_replaced", test_key_never_replaced);
	unit_test(suite, "bad_folders", test_bad_folders);
	unit_test(suite, "clients", test_clients);
}
