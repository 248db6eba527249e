/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client demands of a server, and the check itself, made inside the
 * handshake: before the client's Finished, so that no query can leave to a
 * server that fails (RFC 8310 6.6, RFC 9001 4.4).
 *
 * Order: chain, dates and purpose by GnuTLS; then the name among the
 * subjectAltNames; then pins.  Everything demanded must hold.  Whatever goes
 * wrong on the way is a refusal.
 *
 * The wall clock of the dates is GnuTLS's own (gnutls_global_set_time_
 * function).  The verify function is called with the session alone, and
 * finds its struct tls_peer_name as the session's database pointer.
 */
#include "tls/verify.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "tls/datum.h"
#include "tls/file.h"
#include "tls/pem.h"

#define USES 2
#define KNOWN_FLAGS (EVQUIC_TRUST_INSECURE | EVQUIC_TRUST_PIN_ONLY)

struct evquic_trust {
	atomic_uint refs;
	gnutls_certificate_credentials_t handle; /* owned: CAs */
	gnutls_priority_t priorities[USES];	 /* owned, by enum tls_use */
	uint8_t (*pins)[TLS_PIN_OCTETS];	 /* owned */
	size_t npins;
	unsigned int flags;
	uint8_t digest[TLS_TRUST_DIGEST]; /* of all that is demanded */
};

static void
free_trust(struct evquic_trust *trust)
{
	size_t i;

	for (i = 0; i < USES; i++) {
		if (trust->priorities[i] != NULL)
			gnutls_priority_deinit(trust->priorities[i]);
	}
	if (trust->handle != NULL)
		gnutls_certificate_free_credentials(trust->handle);
	free(trust->pins);
	free(trust);
}

static struct evquic_trust *
new_trust(void)
{
	struct evquic_trust *trust;

	trust = calloc(1, sizeof(*trust));
	if (trust == NULL)
		return NULL;
	atomic_init(&trust->refs, 1);
	if (gnutls_certificate_allocate_credentials(&trust->handle) != 0 ||
	    tls_priority_parse(
		TLS_USE_QUIC, &trust->priorities[TLS_USE_QUIC]) != 0 ||
	    tls_priority_parse(
		TLS_USE_STREAM, &trust->priorities[TLS_USE_STREAM]) != 0) {
		free_trust(trust);
		return NULL;
	}
	return trust;
}

struct evquic_trust *
evquic_trust_ref(struct evquic_trust *trust)
{
	unsigned int before;

	before =
	    atomic_fetch_add_explicit(&trust->refs, 1, memory_order_relaxed);
	assert(before > 0);
	(void)before;
	return trust;
}

void
evquic_trust_unref(struct evquic_trust *trust)
{
	unsigned int before;

	if (trust == NULL)
		return;
	/* Whoever is last must see all that the others did. */
	before =
	    atomic_fetch_sub_explicit(&trust->refs, 1, memory_order_acq_rel);
	assert(before > 0);
	if (before == 1)
		free_trust(trust);
}

/*
 * Options of a program that was built with an older or newer library: what
 * is missing is zero; what is unknown must be zero.
 */
static int
copy_options(const struct evquic_trust_options *options,
    const struct tls_why *why, struct evquic_trust_options *ret_options)
{
	const uint8_t *bytes = (const uint8_t *)options;
	struct evquic_trust_options copy = {0};
	size_t known = options->size;
	size_t i;

	if (options->size < sizeof(options->size))
		return tls_why_set(why, -EINVAL, "trust: size is not set");
	if (known > sizeof(copy))
		known = sizeof(copy);
	for (i = known; i < options->size; i++) {
		if (bytes[i] != 0)
			return tls_why_set(why, -E2BIG,
			    "trust: an option is set that this version of "
			    "the library does not know");
	}
	memcpy(&copy, options, known);
	*ret_options = copy;
	return 0;
}

/* What contradicts itself would be weaker than somebody believes. */
static int
check_options(
    const struct evquic_trust_options *options, const struct tls_why *why)
{
	if ((options->flags & ~KNOWN_FLAGS) != 0)
		return tls_why_set(why, -EINVAL, "trust: unknown flags 0x%x",
		    options->flags & ~KNOWN_FLAGS);
	if (options->flags == KNOWN_FLAGS)
		return tls_why_set(why, -EINVAL,
		    "trust: insecure and pins exclude each other");
	if (options->flags != 0 && options->ca_file != NULL)
		return tls_why_set(why, -EINVAL,
		    "%s: a CA file is of no use when no chain is verified",
		    options->ca_file);
	if (options->flags == EVQUIC_TRUST_INSECURE && options->npins > 0)
		return tls_why_set(why, -EINVAL,
		    "trust: insecure and pins exclude each other");
	if (options->flags == EVQUIC_TRUST_PIN_ONLY && options->npins == 0)
		return tls_why_set(
		    why, -EINVAL, "trust: pins alone, but there is no pin");
	return 0;
}

/*
 * A digest of the demands: flags, pins and the CA file's octets `ca` (NULL: no
 * file; the system's store counts as one and the same).
 */
static int
digest_demands(struct evquic_trust *trust, const struct tls_blob *ca)
{
	gnutls_hash_hd_t hash;
	const uint64_t numbers[] = {trust->flags, trust->npins, ca != NULL};
	int rc;

	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) != 0)
		return -ENOMEM;
	rc = gnutls_hash(hash, numbers, sizeof(numbers));
	if (rc == 0 && trust->npins > 0)
		rc = gnutls_hash(
		    hash, trust->pins, trust->npins * sizeof(*trust->pins));
	if (rc == 0 && ca != NULL)
		rc = gnutls_hash(hash, ca->data, ca->len);
	gnutls_hash_deinit(hash, trust->digest);
	return rc == 0 ? 0 : -ENOMEM;
}

static int
load_pins(struct evquic_trust *trust,
    const struct evquic_trust_options *options, const struct tls_why *why)
{
	size_t i;

	if (options->npins == 0)
		return 0;
	trust->pins = calloc(options->npins, sizeof(*trust->pins));
	if (trust->pins == NULL)
		return tls_why_set(why, -ENOMEM, "out of memory");
	for (i = 0; i < options->npins; i++) {
		if (tls_pin_decode(options->pins[i], trust->pins[i]) != 0)
			return tls_why_set(why, -EINVAL,
			    "\"%.64s\" is not a pin: it must be the base64 "
			    "(44 characters) of a SHA-256",
			    options->pins[i]);
	}
	trust->npins = options->npins;
	return 0;
}

static int
load_ca_file(
    struct evquic_trust *trust, const char *path, const struct tls_why *why)
{
	struct tls_blob blob = {0};
	gnutls_datum_t pem;
	int rc;

	rc = tls_file_read(path, TLS_PEM_FILE_MAX, why, &blob);
	if (rc != 0)
		return rc;
	rc = tls_pem_check(path, &blob, why);
	if (rc != 0) {
		tls_blob_done(&blob);
		return rc;
	}
	pem = tls_datum(blob.data, blob.len);
	rc = gnutls_certificate_set_x509_trust_mem(
	    trust->handle, &pem, GNUTLS_X509_FMT_PEM);
	if (rc > 0 && digest_demands(trust, &blob) != 0)
		rc = GNUTLS_E_MEMORY_ERROR;
	tls_blob_done(&blob);
	if (rc == GNUTLS_E_MEMORY_ERROR)
		return tls_why_set(why, -ENOMEM, "%s: out of memory", path);
	if (rc < 0)
		return tls_why_set(why, -EBADMSG,
		    "%s: holds a malformed certificate: %s", path,
		    gnutls_strerror(rc));
	/* Nothing loaded is no error to GnuTLS; to us nothing verifies. */
	if (rc == 0)
		return tls_why_set(
		    why, -ENODATA, "%s: holds no CA certificate", path);
	return 0;
}

static int
load_system_store(struct evquic_trust *trust, const struct tls_why *why)
{
	int rc;

	rc = gnutls_certificate_set_x509_system_trust(trust->handle);
	if (rc > 0)
		return 0;
	return tls_why_set(why,
	    rc == GNUTLS_E_MEMORY_ERROR ? -ENOMEM : -ENODATA,
	    "the system has no CA certificates (package ca-certificates); "
	    "install them, or name a CA file or pins");
}

int
evquic_trust_new(const struct evquic_trust_options *options, char *ret_why,
    size_t whylen, struct evquic_trust **ret_trust)
{
	const struct tls_why why = {ret_why, whylen};
	struct evquic_trust_options opts = {0};
	struct evquic_trust *trust;
	int rc;

	rc = copy_options(options, &why, &opts);
	if (rc == 0)
		rc = check_options(&opts, &why);
	if (rc != 0)
		return rc;
	trust = new_trust();
	if (trust == NULL)
		return tls_why_set(&why, -ENOMEM, "trust: out of memory");
	trust->flags = opts.flags;
	rc = load_pins(trust, &opts, &why);
	if (rc == 0 && digest_demands(trust, NULL) != 0)
		rc = tls_why_set(&why, -ENOMEM, "trust: out of memory");
	if (rc == 0 && opts.ca_file != NULL)
		rc = load_ca_file(trust, opts.ca_file, &why);
	else if (rc == 0 && opts.flags == 0)
		rc = load_system_store(trust, &why);
	if (rc != 0) {
		free_trust(trust);
		return rc;
	}
	*ret_trust = trust;
	return 0;
}

static enum tls_verify_reason
judge_status(unsigned int status, gnutls_x509_crt_t cert)
{
	if (status == 0)
		return TLS_VERIFY_OK;
	if ((status & GNUTLS_CERT_REVOKED) != 0)
		return TLS_VERIFY_REVOKED;
	if ((status & (GNUTLS_CERT_SIGNER_NOT_FOUND |
			  GNUTLS_CERT_SIGNER_NOT_CA)) != 0)
		return gnutls_x509_crt_check_issuer(cert, cert) != 0
			   ? TLS_VERIFY_SELF_SIGNED
			   : TLS_VERIFY_UNKNOWN_CA;
	if ((status & GNUTLS_CERT_NOT_ACTIVATED) != 0)
		return TLS_VERIFY_NOT_YET_VALID;
	if ((status & GNUTLS_CERT_EXPIRED) != 0)
		return TLS_VERIFY_EXPIRED;
	if ((status & GNUTLS_CERT_INSECURE_ALGORITHM) != 0)
		return TLS_VERIFY_WEAK;
	if ((status & GNUTLS_CERT_PURPOSE_MISMATCH) != 0)
		return TLS_VERIFY_PURPOSE;
	return TLS_VERIFY_INVALID;
}

static enum tls_verify_reason
verify_chain(gnutls_session_t session, gnutls_x509_crt_t cert)
{
	char purpose[] = GNUTLS_KP_TLS_WWW_SERVER;
	gnutls_typed_vdata_st data = {
	    .type = GNUTLS_DT_KEY_PURPOSE_OID,
	    .data = (unsigned char *)purpose,
	};
	unsigned int status = 0;

	if (gnutls_certificate_verify_peers(session, &data, 1, &status) != 0)
		return TLS_VERIFY_INVALID;
	return judge_status(status, cert);
}

/*
 * After the chain: what is hostile in a name list has then at least a CA's
 * signature.
 */
static enum tls_verify_reason
verify_name(const struct tls_host *host, gnutls_x509_crt_t cert)
{
	gnutls_subject_alt_names_t sans;
	bool found;
	int rc;

	rc = tls_sans_load(cert, &sans);
	if (rc == -ENODATA)
		return TLS_VERIFY_NO_SAN;
	if (rc != 0)
		return TLS_VERIFY_INVALID;
	found = tls_sans_have(sans, host);
	gnutls_subject_alt_names_deinit(sans);
	return found ? TLS_VERIFY_OK : TLS_VERIFY_NAME;
}

static enum tls_verify_reason
verify_pins(const struct evquic_trust *trust, gnutls_x509_crt_t cert)
{
	uint8_t pin[TLS_PIN_OCTETS];
	size_t i;

	if (trust->npins == 0)
		return TLS_VERIFY_OK;
	if (tls_pin_of(cert, pin) != 0)
		return TLS_VERIFY_INVALID;
	for (i = 0; i < trust->npins; i++) {
		if (memcmp(trust->pins[i], pin, sizeof(pin)) == 0)
			return TLS_VERIFY_OK;
	}
	return TLS_VERIFY_PIN;
}

static enum tls_verify_reason
verify_all(const struct tls_peer_name *peer, gnutls_session_t session,
    gnutls_x509_crt_t cert)
{
	enum tls_verify_reason reason = TLS_VERIFY_OK;

	if (peer->trust->flags != EVQUIC_TRUST_PIN_ONLY) {
		reason = verify_chain(session, cert);
		if (reason == TLS_VERIFY_OK)
			reason = verify_name(&peer->host, cert);
	}
	if (reason == TLS_VERIFY_OK)
		reason = verify_pins(peer->trust, cert);
	return reason;
}

static enum tls_verify_reason
verify_session(const struct tls_peer_name *peer, gnutls_session_t session)
{
	enum tls_verify_reason reason = TLS_VERIFY_INVALID;
	const gnutls_datum_t *chain;
	gnutls_x509_crt_t cert;
	unsigned int count = 0;

	if (peer->trust->flags == EVQUIC_TRUST_INSECURE)
		return TLS_VERIFY_OK;
	if (gnutls_certificate_type_get2(session, GNUTLS_CTYPE_PEERS) !=
	    GNUTLS_CRT_X509)
		return TLS_VERIFY_NO_CERTIFICATE;
	chain = gnutls_certificate_get_peers(session, &count);
	if (chain == NULL || count == 0)
		return TLS_VERIFY_NO_CERTIFICATE;
	if (gnutls_x509_crt_init(&cert) != 0)
		return TLS_VERIFY_INVALID;
	if (gnutls_x509_crt_import(cert, &chain[0], GNUTLS_X509_FMT_DER) == 0)
		reason = verify_all(peer, session, cert);
	gnutls_x509_crt_deinit(cert);
	return reason;
}

static int
on_certificate(gnutls_session_t session)
{
	struct tls_peer_name *peer = gnutls_db_get_ptr(session);

	assert(peer != NULL);
	peer->reason = verify_session(peer, session);
	return peer->reason == TLS_VERIFY_OK
		   ? 0
		   : GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
}

/* RFC 6066 3: no literal, no trailing dot. */
static int
set_sni(gnutls_session_t session, const struct tls_host *host)
{
	if (host->kind != TLS_HOST_NAME)
		return 0;
	return gnutls_server_name_set(session, GNUTLS_NAME_DNS, host->name,
		   strlen(host->name)) == 0
		   ? 0
		   : -ENOMEM;
}

int
tls_trust_attach(const struct evquic_trust *trust, gnutls_session_t session,
    enum tls_use use, const char *host, struct tls_peer_name *peer)
{
	struct tls_host who = {.kind = TLS_HOST_NONE};

	if (host == NULL && trust->flags == 0)
		return -EINVAL;
	if (host != NULL && tls_host_parse(host, &who) != 0)
		return -EINVAL;
	if (gnutls_priority_set(session, trust->priorities[use]) != 0 ||
	    gnutls_credentials_set(
		session, GNUTLS_CRD_CERTIFICATE, trust->handle) != 0 ||
	    set_sni(session, &who) != 0)
		return -ENOMEM;
	peer->trust = trust;
	peer->host = who;
	peer->reason = TLS_VERIFY_PENDING;
	gnutls_db_set_ptr(session, peer);
	gnutls_session_set_verify_function(session, on_certificate);
	return 0;
}

const char *
tls_verify_text(enum tls_verify_reason reason)
{
	switch (reason) {
	case TLS_VERIFY_PENDING:
		return "no certificate has come";
	case TLS_VERIFY_OK:
		return "the certificate is good";
	case TLS_VERIFY_NO_CERTIFICATE:
		return "the server has no certificate";
	case TLS_VERIFY_UNKNOWN_CA:
		return "the certificate is from an unknown CA";
	case TLS_VERIFY_SELF_SIGNED:
		return "the certificate is self-signed and not trusted";
	case TLS_VERIFY_EXPIRED:
		return "the certificate, or one of its chain, has expired";
	case TLS_VERIFY_NOT_YET_VALID:
		return "the certificate, or one of its chain, is not yet valid";
	case TLS_VERIFY_REVOKED:
		return "the certificate is revoked";
	case TLS_VERIFY_WEAK:
		return "the certificate is signed with a weak algorithm";
	case TLS_VERIFY_PURPOSE:
		return "the certificate is not one for TLS servers";
	case TLS_VERIFY_NO_SAN:
		return "the certificate has no subjectAltName (a common name "
		       "does not count)";
	case TLS_VERIFY_NAME:
		return "the certificate is for another name";
	case TLS_VERIFY_PIN:
		return "the certificate's key matches no pin";
	case TLS_VERIFY_INVALID:
		return "the certificate, or its chain, is malformed";
	}
	return "the certificate is refused";
}

void
tls_trust_digest(
    const struct evquic_trust *trust, uint8_t ret_digest[TLS_TRUST_DIGEST])
{
	memcpy(ret_digest, trust->digest, TLS_TRUST_DIGEST);
}
