/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server's certificates, and the choice among them by SNI.  GnuTLS calls
 * on_hello when it needs one; its own choice compares names octet by octet,
 * so that a wildcard, or a name in the client's spelling, finds nothing.
 *
 * Not here: which sessions use the object (their owners hold references),
 * when files are read again (the service decides), tickets.
 *
 * Invariants: an object that anybody else holds is never changed; a pair
 * that GnuTLS would refuse is never entered.
 */
#include "tls/cred.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tls/cert.h"
#include "tls/file.h"
#include "tls/name.h"

/*
 * AES-128 first: with AES-NI the fastest by far.  The client's order decides
 * all the same, since only it knows whether it has such instructions, and
 * since a server that insists on its own order of groups causes
 * HelloRetryRequests.  Five groups, so that these are rare (no FFDHE: slow
 * enough to be an attack).  Over QUIC there is no middlebox to please, and
 * RFC 9001 8.4 forbids the compatibility mode.
 */
#define PRIORITY_COMMON                                                        \
	"-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:"            \
	"-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:"          \
	"+GROUP-SECP521R1:+GROUP-X448"
#define PRIORITY_QUIC                                                          \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:" PRIORITY_COMMON                       \
	":%DISABLE_TLS13_COMPAT_MODE"
/* RFC 8310 9: 1.2 or later; with forward secrecy only (RFC 9325 4.1). */
#define PRIORITY_STREAM                                                        \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:" PRIORITY_COMMON          \
	":-RSA:-DHE-RSA"

#define USES 2

/* Left of a certificate when somebody should have renewed it. */
#define SOON_S (INT64_C(14) * 86400)

struct evquic_cred {
	atomic_uint refs;
	gnutls_certificate_credentials_t handle; /* owned; calls on_hello */
	gnutls_priority_t priorities[USES];	 /* owned, by enum tls_use */
	struct tls_cert *certs;			 /* owned */
	size_t count;
};

int
tls_priority_parse(enum tls_use use, gnutls_priority_t *ret_priority)
{
	int rc;

	rc = gnutls_priority_init(ret_priority,
	    use == TLS_USE_QUIC ? PRIORITY_QUIC : PRIORITY_STREAM, NULL);
	if (rc == GNUTLS_E_MEMORY_ERROR)
		return -ENOMEM;
	return rc == 0 ? 0 : -EIO;
}

static void
free_cred(struct evquic_cred *cred)
{
	size_t i;

	for (i = 0; i < cred->count; i++)
		tls_cert_done(&cred->certs[i]);
	free(cred->certs);
	for (i = 0; i < USES; i++) {
		if (cred->priorities[i] != NULL)
			gnutls_priority_deinit(cred->priorities[i]);
	}
	if (cred->handle != NULL)
		gnutls_certificate_free_credentials(cred->handle);
	free(cred);
}

/* SNI as entries are compared with it; "" for none and for nonsense. */
static void
normalise_sni(const char *sni, size_t len, char ret_host[TLS_NAME_MAX + 1])
{
	size_t i;

	if (len > TLS_NAME_MAX)
		len = 0;
	for (i = 0; i < len; i++)
		ret_host[i] = tls_lower(sni[i]);
	ret_host[len] = '\0';
}

/*
 * The certificate for HOST: the better match, then one that the client of
 * SESSION (if not NULL) can use, then the first.  There is at least one.
 */
static const struct tls_cert *
choose(
    const struct evquic_cred *cred, const char *host, gnutls_session_t session)
{
	const struct tls_cert *best = NULL;
	int best_score = -1;
	int score;
	size_t i;

	for (i = 0; i < cred->count; i++) {
		score = 2 * (int)tls_cert_match(&cred->certs[i], host);
		if (session != NULL &&
		    tls_cert_is_usable(&cred->certs[i], session))
			score++;
		if (score > best_score) {
			best_score = score;
			best = &cred->certs[i];
		}
	}
	return best;
}

/* GnuTLS's call for a certificate, after the ClientHello was parsed. */
static int
on_hello(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
    gnutls_pcert_st **certs, unsigned int *certs_len,
    gnutls_ocsp_data_st **ocsp, unsigned int *ocsp_len, gnutls_privkey_t *key,
    unsigned int *flags)
{
	const struct evquic_cred *cred = gnutls_db_get_ptr(session);
	char host[TLS_NAME_MAX + 1];
	char sni[TLS_NAME_MAX + 1];
	const struct tls_cert *entry;
	size_t len = sizeof(sni);
	unsigned int type = 0;

	(void)info;
	if (cred == NULL || cred->count == 0)
		return GNUTLS_E_NO_CERTIFICATE_FOUND;
	if (gnutls_server_name_get(session, sni, &len, &type, 0) != 0 ||
	    type != GNUTLS_NAME_DNS)
		len = 0;
	normalise_sni(sni, strnlen(sni, len), host);
	entry = choose(cred, host, session);
	*certs = entry->chain;
	*certs_len = entry->chain_len;
	*key = entry->key;
	*ocsp = NULL;
	*ocsp_len = 0;
	*flags = 0;
	return 0;
}

struct evquic_cred *
evquic_cred_new(void)
{
	struct evquic_cred *cred;

	cred = calloc(1, sizeof(*cred));
	if (cred == NULL)
		return NULL;
	atomic_init(&cred->refs, 1);
	if (gnutls_certificate_allocate_credentials(&cred->handle) != 0 ||
	    tls_priority_parse(TLS_USE_QUIC, &cred->priorities[TLS_USE_QUIC]) !=
		0 ||
	    tls_priority_parse(
		TLS_USE_STREAM, &cred->priorities[TLS_USE_STREAM]) != 0) {
		free_cred(cred);
		return NULL;
	}
	gnutls_certificate_set_retrieve_function3(cred->handle, on_hello);
	return cred;
}

struct evquic_cred *
evquic_cred_ref(struct evquic_cred *cred)
{
	unsigned int before;

	before =
	    atomic_fetch_add_explicit(&cred->refs, 1, memory_order_relaxed);
	assert(before > 0);
	(void)before;
	return cred;
}

void
evquic_cred_unref(struct evquic_cred *cred)
{
	unsigned int before;

	if (cred == NULL)
		return;
	/* Whoever is last must see all that the others did. */
	before =
	    atomic_fetch_sub_explicit(&cred->refs, 1, memory_order_acq_rel);
	assert(before > 0);
	if (before == 1)
		free_cred(cred);
}

static int
add_cert(struct evquic_cred *cred, const struct tls_cert *cert)
{
	struct tls_cert *certs;

	certs = realloc(cred->certs, (cred->count + 1) * sizeof(*certs));
	if (certs == NULL)
		return -ENOMEM;
	cred->certs = certs;
	certs[cred->count++] = *cert;
	return 0;
}

int
evquic_cred_add_files(struct evquic_cred *cred, const char *cert_file,
    const char *key_file, char *ret_why, size_t whylen)
{
	const struct tls_why why = {ret_why, whylen};
	struct tls_cert cert;
	int rc;

	if (atomic_load_explicit(&cred->refs, memory_order_acquire) != 1)
		return tls_why_set(
		    &why, -EBUSY, "%s: the certificates are in use", cert_file);
	rc = tls_cert_load(cert_file, key_file, &why, &cert);
	if (rc != 0)
		return rc;
	rc = add_cert(cred, &cert);
	if (rc != 0) {
		tls_cert_done(&cert);
		return tls_why_set(&why, rc, "%s: out of memory", cert_file);
	}
	return 0;
}

size_t
evquic_cred_count(const struct evquic_cred *cred)
{
	return cred->count;
}

int
evquic_cred_pin(
    const struct evquic_cred *cred, size_t index, char ret_pin[EVQUIC_PIN_SIZE])
{
	if (index >= cred->count)
		return -ENOENT;
	memcpy(ret_pin, cred->certs[index].pin, EVQUIC_PIN_SIZE);
	return 0;
}

int
evquic_cred_expiry(
    const struct evquic_cred *cred, size_t index, int64_t *ret_expiry)
{
	if (index >= cred->count)
		return -ENOENT;
	*ret_expiry = cred->certs[index].expiry;
	return 0;
}

/* A third, since a certificate of six days is young with five left. */
static bool
ends_soon(const struct tls_cert *cert, int64_t now)
{
	int64_t third = (cert->expiry - cert->valid_from) / 3;

	return cert->expiry - now < (third < SOON_S ? third : SOON_S);
}

enum evquic_cred_state
evquic_cred_state(const struct evquic_cred *cred, size_t index, int64_t now)
{
	assert(index < cred->count);
	if (now < cred->certs[index].valid_from)
		return EVQUIC_CRED_NOT_YET_VALID;
	if (now > cred->certs[index].expiry)
		return EVQUIC_CRED_EXPIRED;
	if (ends_soon(&cred->certs[index], now))
		return EVQUIC_CRED_ENDS_SOON;
	return EVQUIC_CRED_VALID;
}

size_t
evquic_cred_flight(const struct evquic_cred *cred, size_t index)
{
	assert(index < cred->count);
	return cred->certs[index].flight;
}

const char *
evquic_cred_name(const struct evquic_cred *cred, size_t index)
{
	if (index >= cred->count)
		return NULL;
	return cred->certs[index].names_len > 0 ? cred->certs[index].names : "";
}

const char *
evquic_cred_dns_name(const struct evquic_cred *cred, size_t index, size_t n)
{
	const struct tls_cert *cert;
	size_t at = 0;

	if (index >= cred->count)
		return NULL;
	cert = &cred->certs[index];
	for (; n > 0 && at < cert->names_len; n--)
		at += strlen(cert->names + at) + 1;
	return at < cert->names_len ? cert->names + at : NULL;
}

size_t
evquic_cred_addresses(const struct evquic_cred *cred, size_t index)
{
	return index < cred->count ? cred->certs[index].naddrs : 0;
}

bool
evquic_cred_is_for(
    const struct evquic_cred *cred, size_t index, const char *host)
{
	struct tls_host parsed;

	return index < cred->count && tls_host_parse(host, &parsed) == 0 &&
	       tls_cert_is_for(&cred->certs[index], &parsed);
}

int
tls_cred_attach(
    const struct evquic_cred *cred, gnutls_session_t session, enum tls_use use)
{
	if (gnutls_priority_set(session, cred->priorities[use]) != 0 ||
	    gnutls_credentials_set(
		session, GNUTLS_CRD_CERTIFICATE, cred->handle) != 0)
		return -ENOMEM;
	/* Only read, through a const pointer, by on_hello. */
	gnutls_db_set_ptr(session, (void *)(uintptr_t)cred);
	return 0;
}

const char *
tls_cred_name_for(
    const struct evquic_cred *cred, const char *sni, size_t snilen)
{
	char host[TLS_NAME_MAX + 1];
	const struct tls_cert *entry;

	normalise_sni(sni, snilen, host);
	entry = choose(cred, host, NULL);
	return entry != NULL && entry->names_len > 0 ? entry->names : "";
}
