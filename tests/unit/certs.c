/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates for tests, by GnuTLS.  No assertion
 * of a test is here: what goes wrong ends the program with its line.
 */
#include "tests/unit/certs.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#define RSA_BITS 2048

#define MUST(cond)                                                             \
	do {                                                                   \
		if (!(cond)) {                                                 \
			fprintf(stderr, "certs.c:%d: %s\n", __LINE__, #cond);  \
			exit(1);                                               \
		}                                                              \
	} while (0)

void
certs_dir_init(struct certs_dir *dir)
{
	const char *tmp = getenv("TMPDIR");
	int n;

	n = snprintf(dir->path, sizeof(dir->path), "%s/quoll-unit.XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	MUST(n > 0 && (size_t)n < sizeof(dir->path));
	MUST(mkdtemp(dir->path) != NULL);
}

void
certs_dir_done(struct certs_dir *dir)
{
	char room[CERTS_PATH];
	struct dirent *entry;
	DIR *d;

	MUST(chmod(dir->path, 0700) == 0);
	d = opendir(dir->path);
	MUST(d != NULL);
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		(void)certs_file(dir, room, entry->d_name);
		if (unlink(room) != 0)
			(void)rmdir(room);
	}
	(void)closedir(d);
	MUST(rmdir(dir->path) == 0);
}

const char *
certs_file(const struct certs_dir *dir, char *room, const char *name)
{
	int n = snprintf(room, CERTS_PATH, "%s/%s", dir->path, name);

	MUST(n > 0 && n < CERTS_PATH);
	return room;
}

void
certs_write(
    const struct certs_dir *dir, const char *name, const void *data, size_t len)
{
	char room[CERTS_PATH];
	FILE *f = fopen(certs_file(dir, room, name), "w");

	MUST(f != NULL);
	MUST(fwrite(data, 1, len, f) == len);
	MUST(fclose(f) == 0);
	MUST(chmod(room, 0600) == 0);
}

char *
certs_read(const struct certs_dir *dir, const char *name, size_t *ret_len)
{
	char room[CERTS_PATH];
	gnutls_datum_t data;
	char *text;

	MUST(gnutls_load_file(certs_file(dir, room, name), &data) == 0);
	text = malloc(data.size + 1);
	MUST(text != NULL);
	memcpy(text, data.data, data.size);
	text[data.size] = '\0';
	*ret_len = data.size;
	gnutls_free(data.data);
	return text;
}

static const char *
with_ending(char *room, const char *name, const char *ending)
{
	int n = snprintf(room, CERTS_PATH, "%s%s", name, ending);

	MUST(n > 0 && n < CERTS_PATH);
	return room;
}

static gnutls_x509_privkey_t
load_key(const struct certs_dir *dir, const char *name)
{
	char file[CERTS_PATH];
	gnutls_x509_privkey_t key;
	gnutls_datum_t pem;
	size_t len;
	char *text;

	text = certs_read(dir, with_ending(file, name, ".key"), &len);
	pem.data = (unsigned char *)text;
	pem.size = (unsigned int)len;
	MUST(gnutls_x509_privkey_init(&key) == 0);
	MUST(gnutls_x509_privkey_import(key, &pem, GNUTLS_X509_FMT_PEM) == 0);
	free(text);
	return key;
}

static gnutls_x509_privkey_t
new_key(const struct certs_spec *spec)
{
	gnutls_pk_algorithm_t algorithm = GNUTLS_PK_ECDSA;
	unsigned int bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
	gnutls_x509_privkey_t key;

	if (spec->is_ed25519) {
		algorithm = GNUTLS_PK_EDDSA_ED25519;
		bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519);
	} else if (spec->is_rsa) {
		algorithm = GNUTLS_PK_RSA;
		bits = RSA_BITS;
	}
	MUST(gnutls_x509_privkey_init(&key) == 0);
	MUST(gnutls_x509_privkey_generate(key, algorithm, bits, 0) == 0);
	return key;
}

static void
add_names(gnutls_x509_crt_t cert, const struct certs_spec *spec)
{
	uint8_t addr[16];
	unsigned int size;
	size_t i;

	for (i = 0; spec->dns != NULL && spec->dns[i] != NULL; i++)
		MUST(gnutls_x509_crt_set_subject_alt_name(cert,
			 GNUTLS_SAN_DNSNAME, spec->dns[i],
			 (unsigned int)strlen(spec->dns[i]),
			 GNUTLS_FSAN_APPEND) == 0);
	for (i = 0; spec->ips != NULL && spec->ips[i] != NULL; i++) {
		size = 4;
		if (inet_pton(AF_INET, spec->ips[i], addr) != 1) {
			MUST(inet_pton(AF_INET6, spec->ips[i], addr) == 1);
			size = 16;
		}
		MUST(gnutls_x509_crt_set_subject_alt_name(cert,
			 GNUTLS_SAN_IPADDRESS, addr, size,
			 GNUTLS_FSAN_APPEND) == 0);
	}
}

static void
fill(gnutls_x509_crt_t cert, const struct certs_spec *spec,
    gnutls_x509_privkey_t key)
{
	bool usual = spec->from == 0 && spec->until == 0;
	const char *purpose = spec->purpose;
	uint8_t serial[8];
	time_t now = time(NULL);

	if (purpose == NULL)
		purpose = GNUTLS_KP_TLS_WWW_SERVER;
	MUST(gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial)) == 0);
	serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
	MUST(gnutls_x509_crt_set_version(cert, 3) == 0);
	MUST(gnutls_x509_crt_set_serial(cert, serial, sizeof(serial)) == 0);
	MUST(gnutls_x509_crt_set_key(cert, key) == 0);
	MUST(gnutls_x509_crt_set_activation_time(
		 cert, now + (usual ? -3600 : spec->from)) == 0);
	MUST(gnutls_x509_crt_set_expiration_time(
		 cert, now + (usual ? 86400 : spec->until)) == 0);
	if (spec->cn != NULL)
		MUST(gnutls_x509_crt_set_dn_by_oid(cert,
			 GNUTLS_OID_X520_COMMON_NAME, 0, spec->cn,
			 (unsigned int)strlen(spec->cn)) == 0);
	add_names(cert, spec);
	MUST(gnutls_x509_crt_set_basic_constraints(
		 cert, spec->is_ca ? 1 : 0, -1) == 0);
	MUST(gnutls_x509_crt_set_key_usage(
		 cert, spec->is_ca ? GNUTLS_KEY_KEY_CERT_SIGN
				   : GNUTLS_KEY_DIGITAL_SIGNATURE) == 0);
	if (!spec->is_ca)
		MUST(
		    gnutls_x509_crt_set_key_purpose_oid(cert, purpose, 0) == 0);
}

static gnutls_x509_crt_t
load_first_cert(const char *pem_text, size_t len)
{
	gnutls_datum_t pem = {0};
	gnutls_x509_crt_t cert;
	char *copy = malloc(len + 1);

	MUST(copy != NULL);
	memcpy(copy, pem_text, len + 1);
	pem.data = (unsigned char *)copy;
	pem.size = (unsigned int)len;
	MUST(gnutls_x509_crt_init(&cert) == 0);
	MUST(gnutls_x509_crt_import(cert, &pem, GNUTLS_X509_FMT_PEM) == 0);
	free(copy);
	return cert;
}

/* Signs and returns the PEM of all that the issuer's file adds. */
static char *
sign(const struct certs_dir *dir, gnutls_x509_crt_t cert, const char *issuer)
{
	char file[CERTS_PATH];
	gnutls_x509_privkey_t key = load_key(dir, issuer);
	gnutls_x509_crt_t ca;
	size_t len;
	char *text;

	text = certs_read(dir, with_ending(file, issuer, ".crt"), &len);
	ca = load_first_cert(text, len);
	MUST(gnutls_x509_crt_sign2(cert, ca, key, GNUTLS_DIG_SHA256, 0) == 0);
	if (gnutls_x509_crt_check_issuer(ca, ca) != 0)
		text[0] = '\0';
	gnutls_x509_crt_deinit(ca);
	gnutls_x509_privkey_deinit(key);
	return text;
}

static void
write_key(
    const struct certs_dir *dir, const char *name, gnutls_x509_privkey_t key)
{
	char file[CERTS_PATH];
	gnutls_datum_t pem;

	MUST(gnutls_x509_privkey_export2_pkcs8(
		 key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem) == 0);
	certs_write(dir, with_ending(file, name, ".key"), pem.data, pem.size);
	gnutls_free(pem.data);
}

static void
write_chain(const struct certs_dir *dir, const char *name,
    gnutls_x509_crt_t cert, const char *rest)
{
	char file[CERTS_PATH];
	gnutls_datum_t pem;
	char *all;

	MUST(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &pem) == 0);
	all = malloc(pem.size + strlen(rest) + 1);
	MUST(all != NULL);
	memcpy(all, pem.data, pem.size);
	memcpy(all + pem.size, rest, strlen(rest) + 1);
	gnutls_free(pem.data);
	certs_write(dir, with_ending(file, name, ".crt"), all, strlen(all));
	free(all);
}

void
certs_make(const struct certs_dir *dir, const char *name,
    const struct certs_spec *spec)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t cert;
	char *rest = NULL;

	key =
	    spec->key_of != NULL ? load_key(dir, spec->key_of) : new_key(spec);
	MUST(gnutls_x509_crt_init(&cert) == 0);
	fill(cert, spec, key);
	write_key(dir, name, key);
	if (spec->issuer != NULL)
		rest = sign(dir, cert, spec->issuer);
	else
		MUST(gnutls_x509_crt_sign2(cert, cert, key,
			 spec->is_ed25519 ? GNUTLS_DIG_SHA512
					  : GNUTLS_DIG_SHA256,
			 0) == 0);
	write_chain(dir, name, cert, rest != NULL ? rest : "");
	free(rest);
	gnutls_x509_crt_deinit(cert);
	gnutls_x509_privkey_deinit(key);
}

void
certs_pair_init(struct certs_pair *pair)
{
	struct certs_spec spec = {.cn = "raw"};

	certs_dir_init(&pair->dir);
	certs_make(&pair->dir, "raw", &spec);
	(void)certs_file(&pair->dir, pair->cert, "raw.crt");
	(void)certs_file(&pair->dir, pair->key, "raw.key");
}

void
certs_pair_done(struct certs_pair *pair)
{
	certs_dir_done(&pair->dir);
}
