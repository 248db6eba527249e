/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The self-signed certificate of a server that was given none.
 *
 * The key is made once and kept for ever, because clients pin it; the
 * certificate is a by-product that is made anew whenever it does not fit.
 * Several processes may start at once: the key is linked into place, so all
 * use the first one's; certificates of the same key replace each other.
 */
#include "tls/selfsign.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "tls/file.h"
#include "tls/name.h"
#include "tls/pem.h"

#define KEY_NAME "selfsign.key"
#define CERT_NAME "selfsign.crt"
#define KEY_MODE 0600
#define CERT_MODE 0644
#define OTHERS_BITS 077
#define X509_V3 3
/* RFC 5280 4.1.2.2: positive, at most 20 octets. */
#define SERIAL_SIZE 16
#define COMMON_NAME "quolld self-signed"

/* localhost, two addresses, the machine's name, and what is asked for. */
#define HOSTS_MAX (4 + TLS_SELFSIGN_ADDRESSES_MAX)

/* One run of tls_selfsign_ensure. */
struct job {
	const struct tls_why *why;
	int64_t now;
	struct tls_host hosts[HOSTS_MAX]; /* what it must name */
	size_t nhosts;
	gnutls_x509_privkey_t key; /* owned */
	struct tls_selfsign_files files;
};

static void
add_host(struct job *job, const char *text)
{
	struct tls_host *host = &job->hosts[job->nhosts];
	size_t i;

	*host = (struct tls_host){.kind = TLS_HOST_NONE};
	if (tls_host_parse(text, host) != 0)
		return;
	for (i = 0; i < job->nhosts; i++) {
		if (memcmp(&job->hosts[i], host, sizeof(*host)) == 0)
			return;
	}
	job->nhosts++;
}

/* The names, localhost first: it is the one that messages show. */
static void
collect_hosts(struct job *job, const struct tls_selfsign_options *options)
{
	const char *hostname = options->hostname;
	char own[HOST_NAME_MAX + 1];
	size_t i;

	add_host(job, "localhost");
	add_host(job, "127.0.0.1");
	add_host(job, "::1");
	for (i = 0; i < options->naddresses && i < TLS_SELFSIGN_ADDRESSES_MAX;
	     i++)
		add_host(job, options->addresses[i]);
	if (hostname == NULL) {
		if (gethostname(own, sizeof(own)) != 0)
			return;
		own[sizeof(own) - 1] = '\0';
		hostname = own;
	}
	if (strcasecmp(hostname, "localhost") != 0)
		add_host(job, hostname);
}

static int
join_paths(struct job *job, const char *state_dir)
{
	struct tls_selfsign_files *files = &job->files;
	int cert_len;
	int key_len;

	cert_len = snprintf(
	    files->cert, sizeof(files->cert), "%s/%s", state_dir, CERT_NAME);
	key_len = snprintf(
	    files->key, sizeof(files->key), "%s/%s", state_dir, KEY_NAME);
	if (cert_len < 0 || (size_t)cert_len >= sizeof(files->cert) ||
	    key_len < 0 || (size_t)key_len >= sizeof(files->key))
		return tls_why_set(job->why, -ENAMETOOLONG,
		    "%.64s...: too long a path", state_dir);
	return 0;
}

static int
say_failed(const struct job *job, int error)
{
	if (error == GNUTLS_E_MEMORY_ERROR)
		return tls_why_set(job->why, -ENOMEM, "out of memory");
	return tls_why_set(job->why, -EIO,
	    "making a self-signed certificate failed: %s",
	    gnutls_strerror(error));
}

static int
write_new_key(struct job *job, gnutls_x509_privkey_t key)
{
	gnutls_datum_t pem = {0};
	struct tls_blob blob = {0};
	int rc;

	rc = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
	    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (rc == 0)
		rc = gnutls_x509_privkey_export2_pkcs8(
		    key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem);
	if (rc != 0)
		return say_failed(job, rc);
	blob.data = pem.data;
	blob.len = pem.size;
	rc = tls_file_write(job->files.key, KEY_MODE, false, &blob, job->why);
	explicit_bzero(pem.data, pem.size);
	gnutls_free(pem.data);
	/* Another process was quicker: its key is ours too. */
	return rc == -EEXIST ? 0 : rc;
}

static int
create_key(struct job *job)
{
	gnutls_x509_privkey_t key;
	int rc;

	rc = gnutls_x509_privkey_init(&key);
	if (rc != 0)
		return say_failed(job, rc);
	rc = write_new_key(job, key);
	gnutls_x509_privkey_deinit(key);
	return rc;
}

/* What others pinned must be this kind of key, and nobody else's. */
static int
check_key(const struct job *job, mode_t mode)
{
	gnutls_ecc_curve_t curve;

	if ((mode & OTHERS_BITS) != 0)
		return tls_why_set(job->why, -EPERM,
		    "%s: is open to others (mode %04o): chmod 600 it",
		    job->files.key, (unsigned int)mode);
	if (gnutls_x509_privkey_export_ecc_raw(
		job->key, &curve, NULL, NULL, NULL) != 0 ||
	    curve != GNUTLS_ECC_CURVE_SECP256R1)
		return tls_why_set(job->why, -EBADMSG,
		    "%s: is not an ECDSA P-256 key", job->files.key);
	return 0;
}

static int
ensure_key(struct job *job)
{
	const struct tls_why silent = {NULL, 0};
	mode_t mode = 0;
	int rc;

	rc = tls_key_load(job->files.key, &silent, &mode, &job->key);
	if (rc == 0)
		return check_key(job, mode);
	if (rc == -ENOENT) {
		rc = create_key(job);
		if (rc != 0)
			return rc;
	}
	/* What now lies there, or once more to say what is wrong with it. */
	rc = tls_key_load(job->files.key, job->why, &mode, &job->key);
	return rc != 0 ? rc : check_key(job, mode);
}

static bool
has_our_key(const struct job *job, gnutls_x509_crt_t cert)
{
	uint8_t of_key[TLS_PIN_OCTETS];
	uint8_t of_cert[TLS_PIN_OCTETS];
	size_t len = sizeof(of_key);

	return gnutls_x509_privkey_get_key_id(
		   job->key, GNUTLS_KEYID_USE_SHA256, of_key, &len) == 0 &&
	       tls_pin_of(cert, of_cert) == 0 &&
	       memcmp(of_key, of_cert, sizeof(of_key)) == 0;
}

static bool
has_our_names(const struct job *job, gnutls_x509_crt_t cert)
{
	gnutls_subject_alt_names_t sans;
	bool found = true;
	size_t i;

	if (tls_sans_load(cert, &sans) != 0)
		return false;
	for (i = 0; found && i < job->nhosts; i++)
		found = tls_sans_have(sans, &job->hosts[i]);
	gnutls_subject_alt_names_deinit(sans);
	return found;
}

static bool
is_in_time(const struct job *job, gnutls_x509_crt_t cert)
{
	int64_t from = gnutls_x509_crt_get_activation_time(cert);
	int64_t expiry = gnutls_x509_crt_get_expiration_time(cert);

	return from <= job->now && job->now < expiry - TLS_SELFSIGN_RENEW_S;
}

/* Whether the certificate on disk can stay; whatever is wrong means no. */
static bool
is_good(const struct job *job)
{
	const struct tls_why silent = {NULL, 0};
	struct tls_chain chain = {0};
	bool good;

	if (tls_chain_load(job->files.cert, &silent, &chain) != 0)
		return false;
	good = has_our_key(job, chain.certs[0]) &&
	       has_our_names(job, chain.certs[0]) &&
	       is_in_time(job, chain.certs[0]);
	tls_chain_done(&chain);
	return good;
}

static int
set_names(const struct job *job, gnutls_x509_crt_t cert)
{
	const struct tls_host *host;
	int rc = 0;
	size_t i;

	for (i = 0; rc == 0 && i < job->nhosts; i++) {
		host = &job->hosts[i];
		if (host->kind == TLS_HOST_NAME)
			rc = gnutls_x509_crt_set_subject_alt_name(cert,
			    GNUTLS_SAN_DNSNAME, host->name,
			    (unsigned int)strlen(host->name),
			    GNUTLS_FSAN_APPEND);
		else
			rc = gnutls_x509_crt_set_subject_alt_name(cert,
			    GNUTLS_SAN_IPADDRESS, host->addr,
			    tls_host_addr_size(host), GNUTLS_FSAN_APPEND);
	}
	return rc;
}

static int
set_dates(const struct job *job, gnutls_x509_crt_t cert)
{
	/* A machine without a clock starts in 1970: nothing before that. */
	int64_t from = job->now > TLS_SELFSIGN_BACKDATE_S
			   ? job->now - TLS_SELFSIGN_BACKDATE_S
			   : 0;
	int rc;

	rc = gnutls_x509_crt_set_activation_time(cert, (time_t)from);
	if (rc == 0)
		rc = gnutls_x509_crt_set_expiration_time(
		    cert, (time_t)(job->now + TLS_SELFSIGN_LIFE_S));
	return rc;
}

static int
set_identity(const struct job *job, gnutls_x509_crt_t cert)
{
	uint8_t serial[SERIAL_SIZE];
	int rc;

	rc = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));
	if (rc != 0)
		return rc;
	/* Positive, and no leading zero octet. */
	serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
	rc = gnutls_x509_crt_set_version(cert, X509_V3);
	if (rc == 0)
		rc = gnutls_x509_crt_set_serial(cert, serial, sizeof(serial));
	if (rc == 0)
		rc = gnutls_x509_crt_set_dn_by_oid(cert,
		    GNUTLS_OID_X520_COMMON_NAME, 0, COMMON_NAME,
		    (unsigned int)strlen(COMMON_NAME));
	if (rc == 0)
		rc = gnutls_x509_crt_set_key(cert, job->key);
	return rc;
}

static int
set_usage(gnutls_x509_crt_t cert)
{
	int rc;

	rc = gnutls_x509_crt_set_basic_constraints(cert, 0, -1);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key_usage(
		    cert, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key_purpose_oid(
		    cert, GNUTLS_KP_TLS_WWW_SERVER, 0);
	return rc;
}

static int
build_cert(
    const struct job *job, gnutls_x509_crt_t cert, gnutls_datum_t *ret_pem)
{
	int rc;

	rc = set_identity(job, cert);
	if (rc == 0)
		rc = set_dates(job, cert);
	if (rc == 0)
		rc = set_names(job, cert);
	if (rc == 0)
		rc = set_usage(cert);
	if (rc == 0)
		rc = gnutls_x509_crt_sign2(
		    cert, cert, job->key, GNUTLS_DIG_SHA256, 0);
	if (rc == 0)
		rc =
		    gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, ret_pem);
	return rc;
}

static int
write_cert(const struct job *job)
{
	gnutls_datum_t pem = {0};
	struct tls_blob blob = {0};
	gnutls_x509_crt_t cert;
	int rc;

	rc = gnutls_x509_crt_init(&cert);
	if (rc != 0)
		return say_failed(job, rc);
	rc = build_cert(job, cert, &pem);
	gnutls_x509_crt_deinit(cert);
	if (rc != 0)
		return say_failed(job, rc);
	blob.data = pem.data;
	blob.len = pem.size;
	rc = tls_file_write(job->files.cert, CERT_MODE, true, &blob, job->why);
	gnutls_free(pem.data);
	return rc;
}

int
tls_selfsign_ensure(const struct tls_selfsign_options *options, char *ret_why,
    size_t whylen, struct tls_selfsign_files *ret_files)
{
	const struct tls_why why = {ret_why, whylen};
	struct job job = {.why = &why, .now = options->now};
	int rc;

	collect_hosts(&job, options);
	rc = join_paths(&job, options->state_dir);
	if (rc == 0)
		rc = ensure_key(&job);
	if (rc == 0 && !is_good(&job)) {
		rc = write_cert(&job);
		job.files.is_new = rc == 0;
	}
	if (job.key != NULL)
		gnutls_x509_privkey_deinit(job.key);
	if (rc == 0)
		*ret_files = job.files;
	return rc;
}
