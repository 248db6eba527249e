/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/cred.c, tls/pem.c: a server's certificates and its operator's errors. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/x509.h>

#include "tests/unit/certs.h"
#include "tests/unit/tlspair.h"
#include "tests/unit/unit.h"
#include "tls/cred.h"
#include "tls/evquic_tls.h"
#include "tls/name.h"

#define DAY 86400
#define NOBODY 65534
#define NAMES(...)                                                             \
	(const char *const[])                                                  \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}

static struct evquic_trust *
any_server(void)
{
	const struct evquic_trust_options options = {
	    .size = sizeof(options),
	    .flags = EVQUIC_TRUST_INSECURE,
	};
	struct evquic_trust *trust = NULL;

	CU_ASSERT_FATAL(evquic_trust_new(&options, NULL, 0, &trust) == 0);
	return trust;
}

/* Adds two files; on failure the sentence must name one of them. */
static int
add(struct evquic_cred *cred, const struct certs_dir *dir, const char *cert,
    const char *key)
{
	char why[EVQUIC_WHY_SIZE] = "";
	char cert_path[CERTS_PATH];
	char key_path[CERTS_PATH];
	int rc;

	(void)certs_file(dir, cert_path, cert);
	(void)certs_file(dir, key_path, key);
	rc = evquic_cred_add_files(cred, cert_path, key_path, why, sizeof(why));
	CU_ASSERT((rc == 0) == (why[0] == '\0'));
	if (rc != 0)
		CU_ASSERT(strstr(why, cert_path) != NULL ||
			  strstr(why, key_path) != NULL);
	return rc;
}

/* The dNSName of the certificate that a client sees which asks for HOST. */
static bool
shows(const struct evquic_cred *cred, const char *host, const char *name)
{
	struct evquic_trust *trust = any_server();
	struct tlspair *pair = tlspair_new(cred, trust, TLS_USE_QUIC, host);
	const gnutls_datum_t *chain = NULL;
	char seen[TLS_NAME_MAX + 1] = "";
	size_t len = sizeof(seen);
	unsigned int count = 0;
	gnutls_x509_crt_t cert;

	CU_ASSERT_FATAL(gnutls_x509_crt_init(&cert) == 0);
	if (tlspair_run(pair) == 0 && tlspair_can_talk(pair))
		chain =
		    gnutls_certificate_get_peers(pair->client.session, &count);
	if (chain != NULL &&
	    gnutls_x509_crt_import(cert, chain, GNUTLS_X509_FMT_DER) == 0)
		(void)gnutls_x509_crt_get_subject_alt_name(
		    cert, 0, seen, &len, NULL);
	gnutls_x509_crt_deinit(cert);
	tlspair_free(pair);
	evquic_trust_unref(trust);
	return strcmp(seen, name) == 0;
}

static bool
is_named(const struct evquic_cred *cred, const char *sni, const char *name)
{
	size_t len = sni == NULL ? 0 : strlen(sni);

	return strcmp(tls_cred_name_for(cred, sni, len), name) == 0;
}

/* The choice by SNI, and that tickets are bound to the same. */
static void
test_sni(void)
{
	static const char *const cases[][2] = {
	    {"a.example", "a.example"},
	    {"B.EXAMPLE", "b.example"},
	    {"x.wild.example", "*.wild.example"},
	    {"y.x.wild.example", "a.example"},
	    {"second.example", "b.example"},
	    {"other.example", "a.example"},
	};
	struct evquic_cred *cred = evquic_cred_new();
	char large[4 * TLS_NAME_MAX];
	struct certs_dir dir;
	size_t i;

	certs_dir_init(&dir);
	certs_make(&dir, "a", &(struct certs_spec){.dns = NAMES("a.example")});
	certs_make(&dir, "b",
	    &(struct certs_spec){.dns = NAMES("b.example", "second.example")});
	certs_make(
	    &dir, "w", &(struct certs_spec){.dns = NAMES("*.wild.example")});
	CU_ASSERT(is_named(cred, "a.example", ""));
	CU_ASSERT(add(cred, &dir, "a.crt", "a.key") == 0);
	CU_ASSERT(add(cred, &dir, "b.crt", "b.key") == 0);
	CU_ASSERT(add(cred, &dir, "w.crt", "w.key") == 0);
	CU_ASSERT(evquic_cred_count(cred) == 3);
	CU_ASSERT_STRING_EQUAL(evquic_cred_name(cred, 1), "b.example");
	CU_ASSERT_PTR_NULL(evquic_cred_name(cred, 3));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT(shows(cred, cases[i][0], cases[i][1]));
		CU_ASSERT(is_named(cred, cases[i][0], cases[i][1]));
	}
	CU_ASSERT(shows(cred, NULL, "a.example"));
	CU_ASSERT(is_named(cred, NULL, "a.example"));
	memset(large, 'b', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	CU_ASSERT(is_named(cred, large, "a.example"));
	evquic_cred_unref(cred);
	certs_dir_done(&dir);
}

/* The key's kind of what a client sees that verifies only SIGNS. */
static gnutls_pk_algorithm_t
kind_shown(const struct evquic_cred *cred, const char *signs)
{
	struct evquic_trust *trust = any_server();
	struct tlspair *pair =
	    tlspair_new(cred, trust, TLS_USE_QUIC, "a.example");
	gnutls_pk_algorithm_t kind = GNUTLS_PK_UNKNOWN;

	CU_ASSERT(
	    gnutls_priority_set_direct(pair->client.session, signs, NULL) == 0);
	if (tlspair_run(pair) == 0)
		kind = gnutls_sign_get_pk_algorithm(
		    (gnutls_sign_algorithm_t)gnutls_sign_algorithm_get(
			pair->client.session));
	tlspair_free(pair);
	evquic_trust_unref(trust);
	return kind;
}

/* Two kinds of key for one name; a wildcard before the name itself. */
static void
test_better_choice(void)
{
	static const char ecdsa[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-SIGN-ALL:"
				    "+SIGN-ECDSA-SECP256R1-SHA256";
	static const char ed25519[] =
	    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-SIGN-ALL:+SIGN-EDDSA-ED25519";
	struct evquic_cred *cred = evquic_cred_new();
	struct certs_dir dir;

	certs_dir_init(&dir);
	certs_make(
	    &dir, "w", &(struct certs_spec){.dns = NAMES("*.wild.example")});
	certs_make(
	    &dir, "x", &(struct certs_spec){.dns = NAMES("x.wild.example")});
	certs_make(&dir, "ed",
	    &(struct certs_spec){
		.dns = NAMES("a.example"), .is_ed25519 = true});
	certs_make(&dir, "ec", &(struct certs_spec){.dns = NAMES("a.example")});
	CU_ASSERT(add(cred, &dir, "w.crt", "w.key") == 0);
	CU_ASSERT(add(cred, &dir, "x.crt", "x.key") == 0);
	CU_ASSERT(add(cred, &dir, "ed.crt", "ed.key") == 0);
	CU_ASSERT(add(cred, &dir, "ec.crt", "ec.key") == 0);
	CU_ASSERT(shows(cred, "x.wild.example", "x.wild.example"));
	CU_ASSERT(shows(cred, "y.wild.example", "*.wild.example"));
	CU_ASSERT(kind_shown(cred, ecdsa) == GNUTLS_PK_ECDSA);
	CU_ASSERT(kind_shown(cred, ed25519) == GNUTLS_PK_EDDSA_ED25519);
	evquic_cred_unref(cred);
	certs_dir_done(&dir);
}

/* CERT with KEY in front or behind, as some tools write it. */
static void
write_both(const struct certs_dir *dir, const char *name, const char *first,
    const char *second)
{
	size_t first_len;
	size_t second_len;
	char *a = certs_read(dir, first, &first_len);
	char *b = certs_read(dir, second, &second_len);
	char *both = malloc(first_len + second_len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(both);
	memcpy(both, a, first_len);
	memcpy(both + first_len, b, second_len);
	certs_write(dir, name, both, first_len + second_len);
	free(a);
	free(b);
	free(both);
}

static void
write_encrypted_key(const struct certs_dir *dir, const char *name)
{
	gnutls_x509_privkey_t key;
	gnutls_datum_t pem;

	CU_ASSERT_FATAL(gnutls_x509_privkey_init(&key) == 0);
	CU_ASSERT_FATAL(
	    gnutls_x509_privkey_generate(key, GNUTLS_PK_EDDSA_ED25519,
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519), 0) == 0);
	CU_ASSERT_FATAL(
	    gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM,
		"password", GNUTLS_PKCS_PBES2_AES_128, &pem) == 0);
	certs_write(dir, name, pem.data, pem.size);
	gnutls_free(pem.data);
	gnutls_x509_privkey_deinit(key);
}

/* All that an operator does wrong, each with its error. */
static void
test_broken_files(void)
{
	static const struct {
		const char *cert;
		const char *key;
		int rc;
	} cases[] = {
	    {"absent", "a.key", -ENOENT},
	    {"a.crt", "absent", -ENOENT},
	    {"folder", "a.key", -EISDIR},
	    {"a.crt", "folder", -EISDIR},
	    {"fifo", "a.key", -EINVAL},
	    {"large", "a.key", -EFBIG},
	    {"empty", "a.key", -EBADMSG},
	    {"a.crt", "empty", -EBADMSG},
	    {"text", "a.key", -EBADMSG},
	    {"a.crt", "text", -EBADMSG},
	    {"der", "a.key", -EBADMSG},
	    {"a.key", "a.crt", -EBADMSG},
	    {"a.crt", "a.crt", -EBADMSG},
	    {"a.crt", "encrypted.key", -EKEYREJECTED},
	    {"a.crt", "b.key", -EKEYREJECTED},
	    {"a.crt/x", "a.key", -ENOTDIR},
	};
	struct evquic_cred *cred = evquic_cred_new();
	struct certs_dir dir;
	char path[CERTS_PATH];
	size_t i;

	certs_dir_init(&dir);
	certs_make(&dir, "a", &(struct certs_spec){.dns = NAMES("a.example")});
	certs_make(&dir, "b", &(struct certs_spec){.dns = NAMES("b.example")});
	certs_write(&dir, "empty", "", 0);
	certs_write(&dir, "text", "hello\n", 6);
	certs_write(&dir, "der", "\x30\x82\x01\x00", 4);
	write_encrypted_key(&dir, "encrypted.key");
	CU_ASSERT(mkdir(certs_file(&dir, path, "folder"), 0700) == 0);
	CU_ASSERT(mkfifo(certs_file(&dir, path, "fifo"), 0600) == 0);
	certs_write(&dir, "large", "", 0);
	CU_ASSERT(truncate(certs_file(&dir, path, "large"), 1 << 21) == 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT(add(cred, &dir, cases[i].cert, cases[i].key) ==
			  cases[i].rc);
	CU_ASSERT(evquic_cred_count(cred) == 0);
	CU_ASSERT(evquic_cred_add_files(
		      cred, "/nowhere", "/nowhere", NULL, 0) == -ENOENT);
	evquic_cred_unref(cred);
	certs_dir_done(&dir);
}

/* Wherever a file of two certificates is cut, it is refused. */
static void
test_truncated(void)
{
	struct evquic_cred *cred = evquic_cred_new();
	struct certs_dir dir;
	size_t first_end;
	size_t refused = 0;
	size_t cut;
	size_t len;
	char *key;
	char *pem;

	certs_dir_init(&dir);
	certs_make(&dir, "ca", &(struct certs_spec){.cn = "ca", .is_ca = true});
	certs_make(&dir, "mid",
	    &(struct certs_spec){.cn = "mid", .issuer = "ca", .is_ca = true});
	certs_make(&dir, "a",
	    &(struct certs_spec){.issuer = "mid", .dns = NAMES("a.example")});
	pem = certs_read(&dir, "a.crt", &len);
	first_end = (size_t)(strstr(pem, "-----END") - pem) +
		    strlen("-----END CERTIFICATE-----\n");
	/* To len - 2: the last newline may be missing. */
	for (cut = 0; cut < len - 1; cut++) {
		if (cut == first_end - 1 || cut == first_end)
			continue;
		certs_write(&dir, "cut.crt", pem, cut);
		refused += add(cred, &dir, "cut.crt", "a.key") == -EBADMSG;
	}
	CU_ASSERT(refused == len - 3);
	free(pem);
	key = certs_read(&dir, "a.key", &len);
	for (refused = 0, cut = 0; cut < len - 1; cut++) {
		certs_write(&dir, "cut.key", key, cut);
		refused += add(cred, &dir, "a.crt", "cut.key") == -EBADMSG;
	}
	CU_ASSERT(refused == len - 1);
	free(key);
	CU_ASSERT(evquic_cred_count(cred) == 0);
	CU_ASSERT(add(cred, &dir, "a.crt", "a.key") == 0);
	evquic_cred_unref(cred);
	certs_dir_done(&dir);
}

/* As a user who may not read: root may do everything. */
static void
test_unreadable(void)
{
	struct evquic_cred *cred = evquic_cred_new();
	struct certs_dir dir;
	char path[CERTS_PATH];
	uid_t me = geteuid();

	certs_dir_init(&dir);
	certs_make(&dir, "a", &(struct certs_spec){.dns = NAMES("a.example")});
	CU_ASSERT(chmod(dir.path, 0755) == 0);
	CU_ASSERT(chmod(certs_file(&dir, path, "a.crt"), 0644) == 0);
	CU_ASSERT(chmod(certs_file(&dir, path, "a.key"), 0) == 0);
	if (me == 0)
		CU_ASSERT_FATAL(seteuid(NOBODY) == 0);
	CU_ASSERT(add(cred, &dir, "a.crt", "a.key") == -EACCES);
	if (me == 0)
		CU_ASSERT_FATAL(seteuid(me) == 0);
	evquic_cred_unref(cred);
	certs_dir_done(&dir);
}

/* One broken pair: what was there goes on to serve, and only that. */
static void
test_broken_pair_changes_nothing(void)
{
	struct evquic_cred *cred = evquic_cred_new();
	struct certs_dir dir;

	certs_dir_init(&dir);
	certs_make(&dir, "a", &(struct certs_spec){.dns = NAMES("a.example")});
	certs_make(&dir, "b", &(struct certs_spec){.dns = NAMES("b.example")});
	CU_ASSERT(add(cred, &dir, "a.crt", "a.key") == 0);
	CU_ASSERT(add(cred, &dir, "b.crt", "a.key") == -EKEYREJECTED);
	CU_ASSERT(evquic_cred_count(cred) == 1);
	CU_ASSERT(shows(cred, "a.example", "a.example"));
	CU_ASSERT(shows(cred, "b.example", "a.example"));
	CU_ASSERT(add(cred, &dir, "b.crt", "b.key") == 0);
	CU_ASSERT(shows(cred, "b.example", "b.example"));
	evquic_cred_unref(cred);
	certs_dir_done(&dir);
}

/* A reload: the handshake that had begun ends with the old certificate. */
static void
test_swap_in_handshake(void)
{
	struct evquic_cred *old = evquic_cred_new();
	struct evquic_cred *new = evquic_cred_new();
	struct evquic_trust *trust = any_server();
	struct tlspair *pair;
	struct certs_dir dir;

	certs_dir_init(&dir);
	certs_make(&dir, "a", &(struct certs_spec){.dns = NAMES("a.example")});
	certs_make(&dir, "b", &(struct certs_spec){.dns = NAMES("b.example")});
	CU_ASSERT(add(old, &dir, "a.crt", "a.key") == 0);
	CU_ASSERT(add(new, &dir, "b.crt", "b.key") == 0);
	pair =
	    tlspair_new(evquic_cred_ref(old), trust, TLS_USE_QUIC, "a.example");
	/* The files are never read again, and a shared object is closed. */
	CU_ASSERT(add(old, &dir, "b.crt", "b.key") == -EBUSY);
	certs_write(&dir, "a.key", "garbage", 7);
	tlspair_step(pair);
	evquic_cred_unref(old);
	CU_ASSERT(shows(new, "a.example", "b.example"));
	CU_ASSERT(tlspair_run(pair) == 0);
	CU_ASSERT(tlspair_can_talk(pair));
	tlspair_free(pair);
	evquic_cred_unref(old);
	evquic_cred_unref(new);
	evquic_cred_unref(NULL);
	evquic_trust_unref(trust);
	certs_dir_done(&dir);
}

/* Out of order, one file for both, text around: as tools write them. */
static void
test_odd_files(void)
{
	struct evquic_cred *cred = evquic_cred_new();
	struct certs_dir dir;
	size_t len;
	char *pem;

	certs_dir_init(&dir);
	certs_make(&dir, "ca", &(struct certs_spec){.cn = "ca", .is_ca = true});
	certs_make(&dir, "mid",
	    &(struct certs_spec){.cn = "mid", .issuer = "ca", .is_ca = true});
	certs_make(&dir, "a",
	    &(struct certs_spec){.issuer = "mid", .dns = NAMES("a.example")});
	write_both(&dir, "cert-key", "a.crt", "a.key");
	write_both(&dir, "key-cert", "a.key", "a.crt");
	write_both(&dir, "root-too", "a.crt", "ca.crt");
	CU_ASSERT(add(cred, &dir, "cert-key", "cert-key") == 0);
	CU_ASSERT(add(cred, &dir, "key-cert", "key-cert") == 0);
	CU_ASSERT(add(cred, &dir, "root-too", "a.key") == 0);
	pem = certs_read(&dir, "a.crt", &len);
	certs_write(&dir, "no-newline", pem, len - 1);
	CU_ASSERT(add(cred, &dir, "no-newline", "a.key") == 0);
	free(pem);
	certs_write(&dir, "text", "--- mine ---\r\n", 14);
	write_both(&dir, "commented", "text", "a.crt");
	CU_ASSERT(add(cred, &dir, "commented", "a.key") == 0);
	CU_ASSERT(evquic_cred_count(cred) == 5);
	CU_ASSERT(shows(cred, "a.example", "a.example"));
	evquic_cred_unref(cred);
	certs_dir_done(&dir);
}

static void
test_dates(void)
{
	struct evquic_cred *cred = evquic_cred_new();
	int64_t now = time(NULL);
	int64_t expiry = 0;
	char pin[EVQUIC_PIN_SIZE];
	struct certs_dir dir;

	certs_dir_init(&dir);
	certs_make(&dir, "ca", &(struct certs_spec){.cn = "ca", .is_ca = true});
	certs_make(&dir, "mid",
	    &(struct certs_spec){.cn = "mid",
		.issuer = "ca",
		.is_ca = true,
		.from = -5 * DAY,
		.until = 5 * DAY});
	certs_make(&dir, "a",
	    &(struct certs_spec){.issuer = "mid",
		.dns = NAMES("a.example"),
		.from = -DAY,
		.until = 9 * DAY});
	certs_make(&dir, "expired",
	    &(struct certs_spec){.cn = "x", .from = -2 * DAY, .until = -DAY});
	certs_make(&dir, "long",
	    &(struct certs_spec){
		.cn = "x", .from = -15 * DAY, .until = 75 * DAY});
	CU_ASSERT(add(cred, &dir, "a.crt", "a.key") == 0);
	CU_ASSERT(add(cred, &dir, "expired.crt", "expired.key") == 0);
	CU_ASSERT(add(cred, &dir, "long.crt", "long.key") == 0);
	/* The intermediate ends first. */
	CU_ASSERT(evquic_cred_expiry(cred, 0, &expiry) == 0);
	CU_ASSERT(expiry >= now + 5 * DAY && expiry < now + 5 * DAY + 60);
	CU_ASSERT(evquic_cred_state(cred, 0, now) == EVQUIC_CRED_VALID);
	CU_ASSERT(evquic_cred_state(cred, 0, now - 2 * DAY) ==
		  EVQUIC_CRED_NOT_YET_VALID);
	CU_ASSERT(
	    evquic_cred_state(cred, 0, now + 6 * DAY) == EVQUIC_CRED_EXPIRED);
	CU_ASSERT(evquic_cred_state(cred, 1, now) == EVQUIC_CRED_EXPIRED);
	/* Six days long: two of them are soon. */
	CU_ASSERT(evquic_cred_state(cred, 0, now + 3 * DAY - 60) ==
		  EVQUIC_CRED_VALID);
	CU_ASSERT(evquic_cred_state(cred, 0, now + 3 * DAY + 60) ==
		  EVQUIC_CRED_ENDS_SOON);
	/* Of 90 days, 14. */
	CU_ASSERT(evquic_cred_state(cred, 2, now) == EVQUIC_CRED_VALID);
	CU_ASSERT(evquic_cred_state(cred, 2, now + 61 * DAY - 60) ==
		  EVQUIC_CRED_VALID);
	CU_ASSERT(evquic_cred_state(cred, 2, now + 61 * DAY + 60) ==
		  EVQUIC_CRED_ENDS_SOON);
	CU_ASSERT_STRING_EQUAL(evquic_cred_name(cred, 1), "");
	CU_ASSERT(evquic_cred_expiry(cred, 3, &expiry) == -ENOENT);
	CU_ASSERT(evquic_cred_pin(cred, 3, pin) == -ENOENT);
	evquic_cred_unref(cred);
	certs_dir_done(&dir);
}

/* Whom a certificate is for, as who verifies it sees it. */
static void
test_whom(void)
{
	static const struct {
		const char *host;
		bool is_for;
	} rows[] = {
	    {"dns.example", true},
	    {"DNS.Example.", true},
	    {"x.wild.example", true},
	    {"wild.example", false},
	    {"a.b.wild.example", false},
	    {"other.example", false},
	    {"192.0.2.1", true},
	    {"192.0.2.2", false},
	    {"2001:DB8::1", true},
	    {"2001:db8::2", false},
	    {"::ffff:192.0.2.1", false},
	    {"", false},
	};
	struct evquic_cred *cred = evquic_cred_new();
	struct certs_dir dir;
	size_t i;

	certs_dir_init(&dir);
	certs_make(&dir, "a",
	    &(struct certs_spec){.dns = NAMES("Dns.Example", "*.wild.example"),
		/* the second begins with the octets of 192.0.2.2 */
		.ips = NAMES("192.0.2.1", "c000:202::1", "2001:db8::1")});
	certs_make(&dir, "b", &(struct certs_spec){.dns = NAMES("b.example")});
	CU_ASSERT_FATAL(add(cred, &dir, "a.crt", "a.key") == 0);
	CU_ASSERT_FATAL(add(cred, &dir, "b.crt", "b.key") == 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT(evquic_cred_is_for(cred, 0, rows[i].host) ==
			  rows[i].is_for);
	CU_ASSERT(!evquic_cred_is_for(cred, 1, "192.0.2.1"));
	CU_ASSERT(!evquic_cred_is_for(cred, 2, "b.example"));
	CU_ASSERT(evquic_cred_addresses(cred, 0) == 3);
	CU_ASSERT(evquic_cred_addresses(cred, 1) == 0);
	CU_ASSERT(evquic_cred_addresses(cred, 2) == 0);
	CU_ASSERT_STRING_EQUAL(evquic_cred_dns_name(cred, 0, 0), "dns.example");
	CU_ASSERT_STRING_EQUAL(
	    evquic_cred_dns_name(cred, 0, 1), "*.wild.example");
	CU_ASSERT_PTR_NULL(evquic_cred_dns_name(cred, 0, 2));
	CU_ASSERT_PTR_NULL(evquic_cred_dns_name(cred, 2, 0));
	evquic_cred_unref(cred);
	certs_dir_done(&dir);
}

/* What our two ends agree on: the fastest cipher, the fastest group. */
static void
test_priorities(void)
{
	struct evquic_cred *cred = evquic_cred_new();
	struct evquic_trust *trust = any_server();
	struct tlspair *pair;
	struct certs_dir dir;

	certs_dir_init(&dir);
	certs_make(&dir, "a", &(struct certs_spec){.dns = NAMES("a.example")});
	CU_ASSERT(add(cred, &dir, "a.crt", "a.key") == 0);
	pair = tlspair_new(cred, trust, TLS_USE_QUIC, "a.example");
	CU_ASSERT(tlspair_run(pair) == 0);
	CU_ASSERT(gnutls_cipher_get(pair->server.session) ==
		  GNUTLS_CIPHER_AES_128_GCM);
	CU_ASSERT(
	    gnutls_group_get(pair->server.session) == GNUTLS_GROUP_X25519);
	/* RFC 9001 8.4: no legacy session ID in a ClientHello over QUIC. */
	CU_ASSERT(pair->to_server.data[5 + 4 + 2 + 32] == 0);
	tlspair_free(pair);
	evquic_cred_unref(cred);
	evquic_trust_unref(trust);
	certs_dir_done(&dir);
}

void
test_cred_register(void)
{
	CU_pSuite suite = unit_suite("cred");

	unit_test(suite, "sni", test_sni);
	unit_test(suite, "whom", test_whom);
	unit_test(suite, "better_choice", test_better_choice);
	unit_test(suite, "broken_files", test_broken_files);
	unit_test(suite, "truncated", test_truncated);
	unit_test(suite, "unreadable", test_unreadable);
	unit_test(suite, "broken_pair_changes_nothing",
	    test_broken_pair_changes_nothing);
	unit_test(suite, "swap_in_handshake", test_swap_in_handshake);
	unit_test(suite, "odd_files", test_odd_files);
	unit_test(suite, "dates", test_dates);
	unit_test(suite, "priorities", test_priorities);
}
