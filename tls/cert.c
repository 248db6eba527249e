/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One certificate of a server: read from two files, tried, and described.
 * Which of several is shown is decided in tls/cred.c.
 *
 * Invariant: a pair that GnuTLS would refuse in a handshake never becomes
 * a struct tls_cert.
 */
#include "tls/cert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tls/name.h"
#include "tls/pem.h"

/*
 * A server's first flight, but for what depends on the certificate: TLS's
 * ServerHello (with the longest of the usual key shares), extensions with
 * QUIC's transport parameters, Finished and the frames of other messages; and
 * what each of three datagrams spends on headers, frame and seal.
 */
#define FLIGHT_TLS 400
#define FLIGHT_PACKETS 250

/* RFC 8446 4.4.2: type and length, no context, length; and of each entry the
 * length and no extensions. */
#define CERT_MESSAGE_HEAD (4 + 1 + 3)
#define CERT_ENTRY_HEAD (3 + 2)
/* RFC 8446 4.4.3: type and length, algorithm, length. */
#define VERIFY_MESSAGE_HEAD (4 + 2 + 2)
/* The two numbers of an ECDSA signature in DER. */
#define ECDSA_DER 9

/* One certificate with its key, as parsed. */
struct pair {
	struct tls_chain chain;
	gnutls_x509_privkey_t key;
};

/*
 * Whether GnuTLS takes the pair, tried on an object that is thrown away:
 * one that refused a pair has it all the same.
 */
static int
check_pair(const struct pair *pair, const char *cert_file, const char *key_file,
    const struct tls_why *why)
{
	gnutls_certificate_credentials_t scratch;
	int rc;

	if (gnutls_certificate_allocate_credentials(&scratch) != 0)
		return tls_why_set(why, -ENOMEM, "out of memory");
	rc = gnutls_certificate_set_x509_key(
	    scratch, pair->chain.certs, (int)pair->chain.count, pair->key);
	gnutls_certificate_free_credentials(scratch);
	if (rc >= 0)
		return 0;
	if (rc == GNUTLS_E_MEMORY_ERROR)
		return tls_why_set(why, -ENOMEM, "out of memory");
	if (rc == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		return tls_why_set(why, -EKEYREJECTED,
		    "%s: is not the key of the certificate in %s", key_file,
		    cert_file);
	return tls_why_set(why, -EBADMSG, "%s, %s: cannot be used: %s",
	    cert_file, key_file, gnutls_strerror(rc));
}

static void
done_pair(struct pair *pair)
{
	tls_chain_done(&pair->chain);
	if (pair->key != NULL)
		gnutls_x509_privkey_deinit(pair->key);
}

static int
load_pair(const char *cert_file, const char *key_file,
    const struct tls_why *why, struct pair *ret_pair)
{
	struct pair pair = {0};
	int rc;

	rc = tls_chain_load(cert_file, why, &pair.chain);
	if (rc == 0)
		rc = tls_key_load(key_file, why, NULL, &pair.key);
	if (rc == 0)
		rc = check_pair(&pair, cert_file, key_file, why);
	if (rc != 0) {
		done_pair(&pair);
		return rc;
	}
	*ret_pair = pair;
	return 0;
}

/* Appends one name; one with a zero octet or too long is nobody's. */
static int
add_name(struct tls_cert *cert, const gnutls_datum_t *san)
{
	char *names;
	size_t i;

	if (san->size == 0 || san->size > TLS_NAME_MAX ||
	    memchr(san->data, '\0', san->size) != NULL)
		return 0;
	names = realloc(cert->names, cert->names_len + san->size + 1);
	if (names == NULL)
		return -ENOMEM;
	cert->names = names;
	names += cert->names_len;
	for (i = 0; i < san->size; i++)
		names[i] = tls_lower((char)san->data[i]);
	names[i] = '\0';
	cert->names_len += san->size + 1;
	return 0;
}

/* Appends an address; one of a strange length is nobody's. */
static int
add_addr(struct tls_cert *cert, const gnutls_datum_t *san)
{
	struct tls_addr *addrs;

	if (san->size != 4 && san->size != sizeof(addrs->octets))
		return 0;
	addrs = realloc(cert->addrs, (cert->naddrs + 1) * sizeof(*addrs));
	if (addrs == NULL)
		return -ENOMEM;
	cert->addrs = addrs;
	addrs += cert->naddrs++;
	memcpy(addrs->octets, san->data, san->size);
	addrs->len = (uint8_t)san->size;
	return 0;
}

static int
read_names(gnutls_x509_crt_t leaf, struct tls_cert *cert)
{
	gnutls_subject_alt_names_t sans;
	gnutls_datum_t san;
	unsigned int type;
	unsigned int i;
	int rc;

	rc = tls_sans_load(leaf, &sans);
	if (rc != 0)
		/* Without names it can still be pinned. */
		return rc == -ENOMEM ? rc : 0;
	for (i = 0; rc == 0 && i < TLS_SANS_MAX; i++) {
		if (gnutls_subject_alt_names_get(sans, i, &type, &san, NULL) !=
		    0)
			break;
		if (type == GNUTLS_SAN_DNSNAME)
			rc = add_name(cert, &san);
		else if (type == GNUTLS_SAN_IPADDRESS)
			rc = add_addr(cert, &san);
	}
	gnutls_subject_alt_names_deinit(sans);
	return rc;
}

static void
read_dates(const struct tls_chain *chain, struct tls_cert *cert)
{
	unsigned int i;
	int64_t from;
	int64_t until;

	cert->valid_from = INT64_MIN;
	cert->expiry = INT64_MAX;
	for (i = 0; i < chain->count; i++) {
		from = gnutls_x509_crt_get_activation_time(chain->certs[i]);
		until = gnutls_x509_crt_get_expiration_time(chain->certs[i]);
		if (from > cert->valid_from)
			cert->valid_from = from;
		if (until < cert->expiry)
			cert->expiry = until;
	}
}

/* The octets of a signature by this key, at most. */
static size_t
signature_size(gnutls_privkey_t key)
{
	unsigned int bits = 0;
	int algorithm = gnutls_privkey_get_pk_algorithm(key, &bits);
	size_t octets = (bits + 7) / 8;

	if (algorithm == GNUTLS_PK_RSA || algorithm == GNUTLS_PK_RSA_PSS)
		return octets;
	return 2 * octets + ECDSA_DER; /* EdDSA's are as long or shorter */
}

static size_t
measure_flight(const struct tls_cert *cert)
{
	size_t size = FLIGHT_TLS + FLIGHT_PACKETS + CERT_MESSAGE_HEAD +
		      VERIFY_MESSAGE_HEAD + signature_size(cert->key);
	unsigned int i;

	for (i = 0; i < cert->chain_len; i++)
		size += CERT_ENTRY_HEAD + cert->chain[i].cert.size;
	return size;
}

/* The pair in the form in which GnuTLS wants it at each handshake. */
static int
copy_pair(const struct pair *pair, struct tls_cert *cert)
{
	unsigned int i;

	cert->algorithm =
	    (gnutls_pk_algorithm_t)gnutls_x509_crt_get_pk_algorithm(
		pair->chain.certs[0], NULL);
	cert->chain = calloc(pair->chain.count, sizeof(*cert->chain));
	if (cert->chain == NULL)
		return -ENOMEM;
	for (i = 0; i < pair->chain.count; i++) {
		if (gnutls_pcert_import_x509(
			&cert->chain[i], pair->chain.certs[i], 0) != 0)
			return -ENOMEM;
		cert->chain_len++;
	}
	if (gnutls_privkey_init(&cert->key) != 0) {
		cert->key = NULL;
		return -ENOMEM;
	}
	return gnutls_privkey_import_x509(
		   cert->key, pair->key, GNUTLS_PRIVKEY_IMPORT_COPY) == 0
		   ? 0
		   : -ENOMEM;
}

static int
make_cert(const struct pair *pair, struct tls_cert *ret_cert)
{
	struct tls_cert made = {0};
	uint8_t pin[TLS_PIN_OCTETS];
	int rc;

	rc = tls_pin_of(pair->chain.certs[0], pin);
	if (rc == 0)
		rc = tls_pin_encode(pin, made.pin);
	if (rc == 0)
		rc = read_names(pair->chain.certs[0], &made);
	if (rc == 0)
		rc = copy_pair(pair, &made);
	if (rc != 0) {
		tls_cert_done(&made);
		return rc;
	}
	read_dates(&pair->chain, &made);
	made.flight = measure_flight(&made);
	*ret_cert = made;
	return 0;
}

int
tls_cert_load(const char *cert_file, const char *key_file,
    const struct tls_why *why, struct tls_cert *ret_cert)
{
	struct pair pair;
	int rc;

	rc = load_pair(cert_file, key_file, why, &pair);
	if (rc != 0)
		return rc;
	rc = make_cert(&pair, ret_cert);
	if (rc != 0)
		(void)tls_why_set(why, rc, "%s: %s", cert_file, strerror(-rc));
	done_pair(&pair);
	return rc;
}

void
tls_cert_done(struct tls_cert *cert)
{
	unsigned int i;

	for (i = 0; i < cert->chain_len; i++)
		gnutls_pcert_deinit(&cert->chain[i]);
	free(cert->chain);
	if (cert->key != NULL)
		gnutls_privkey_deinit(cert->key);
	free(cert->names);
	free(cert->addrs);
}

enum tls_match
tls_cert_match(const struct tls_cert *cert, const char *host)
{
	enum tls_match best = TLS_MATCH_NONE;
	const char *name;
	size_t len;
	size_t at;

	for (at = 0; at < cert->names_len; at += len + 1) {
		name = cert->names + at;
		len = strlen(name);
		if (!tls_name_matches(name, len, host))
			continue;
		if (name[0] != '*')
			return TLS_MATCH_EXACT;
		best = TLS_MATCH_WILDCARD;
	}
	return best;
}

bool
tls_cert_is_for(const struct tls_cert *cert, const struct tls_host *host)
{
	unsigned int size = tls_host_addr_size(host);
	size_t i;

	if (host->kind == TLS_HOST_NAME)
		return tls_cert_match(cert, host->name) != TLS_MATCH_NONE;
	for (i = 0; size > 0 && i < cert->naddrs; i++) {
		if (cert->addrs[i].len == size &&
		    memcmp(cert->addrs[i].octets, host->addr, size) == 0)
			return true;
	}
	return false;
}

bool
tls_cert_is_usable(const struct tls_cert *cert, gnutls_session_t session)
{
	gnutls_sign_algorithm_t sign;
	size_t i;

	for (i = 0; gnutls_sign_algorithm_get_requested(session, i, &sign) == 0;
	     i++) {
		if (gnutls_sign_supports_pk_algorithm(sign, cert->algorithm) !=
		    0)
			return true;
	}
	return false;
}
