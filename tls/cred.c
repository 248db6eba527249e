/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server's certificates.  GnuTLS holds them and chooses among them by
 * SNI; what is kept beside it are the facts that others ask for: names,
 * pins, dates.
 *
 * Not here: which sessions use the object (their owners hold references),
 * when files are read again (the service decides), tickets.
 *
 * Invariants: entries[i] describes the i-th certificate of the handle; an
 * object that anybody else holds is never changed; a pair that GnuTLS would
 * refuse never reaches the handle, because GnuTLS keeps what it refused.
 */
#include "tls/cred.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tls/file.h"
#include "tls/name.h"
#include "tls/pem.h"

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
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-"                \
	"RSA:" PRIORITY_COMMON

#define USES 2

struct entry {
	char *names;	  /* dNSNames in lower case, each terminated */
	size_t names_len; /* all of them, with terminators */
	char pin[EVQUIC_PIN_SIZE];
	int64_t valid_from; /* Unix time, s: the latest of the chain */
	int64_t expiry;	    /* the earliest */
};

struct evquic_cred {
	atomic_uint refs;
	gnutls_certificate_credentials_t handle; /* owned */
	gnutls_priority_t priorities[USES];	 /* owned, by enum tls_use */
	struct entry *entries;			 /* owned */
	size_t count;
};

/* One certificate with its key, on its way into the handle. */
struct pair {
	struct tls_chain chain;
	gnutls_x509_privkey_t key;
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
		free(cred->entries[i].names);
	free(cred->entries);
	for (i = 0; i < USES; i++) {
		if (cred->priorities[i] != NULL)
			gnutls_priority_deinit(cred->priorities[i]);
	}
	if (cred->handle != NULL)
		gnutls_certificate_free_credentials(cred->handle);
	free(cred);
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
add_name(struct entry *entry, const gnutls_datum_t *san)
{
	char *names;
	size_t i;

	if (san->size == 0 || san->size > TLS_NAME_MAX ||
	    memchr(san->data, '\0', san->size) != NULL)
		return 0;
	names = realloc(entry->names, entry->names_len + san->size + 1);
	if (names == NULL)
		return -ENOMEM;
	entry->names = names;
	names += entry->names_len;
	for (i = 0; i < san->size; i++)
		names[i] = tls_lower((char)san->data[i]);
	names[i] = '\0';
	entry->names_len += san->size + 1;
	return 0;
}

static int
read_names(gnutls_x509_crt_t cert, struct entry *entry)
{
	gnutls_subject_alt_names_t sans;
	gnutls_datum_t san;
	unsigned int type;
	unsigned int i;
	int rc;

	rc = tls_sans_load(cert, &sans);
	if (rc != 0)
		/* Without names it can still be pinned. */
		return rc == -ENOMEM ? rc : 0;
	for (i = 0; rc == 0 && i < TLS_SANS_MAX; i++) {
		if (gnutls_subject_alt_names_get(sans, i, &type, &san, NULL) !=
		    0)
			break;
		if (type == GNUTLS_SAN_DNSNAME)
			rc = add_name(entry, &san);
	}
	gnutls_subject_alt_names_deinit(sans);
	return rc;
}

static void
read_dates(const struct tls_chain *chain, struct entry *entry)
{
	unsigned int i;
	int64_t from;
	int64_t until;

	entry->valid_from = INT64_MIN;
	entry->expiry = INT64_MAX;
	for (i = 0; i < chain->count; i++) {
		from = gnutls_x509_crt_get_activation_time(chain->certs[i]);
		until = gnutls_x509_crt_get_expiration_time(chain->certs[i]);
		if (from > entry->valid_from)
			entry->valid_from = from;
		if (until < entry->expiry)
			entry->expiry = until;
	}
}

static int
describe(const struct tls_chain *chain, struct entry *ret_entry)
{
	struct entry entry = {0};
	uint8_t pin[TLS_PIN_OCTETS];
	int rc;

	rc = tls_pin_of(chain->certs[0], pin);
	if (rc == 0)
		rc = tls_pin_encode(pin, entry.pin);
	if (rc == 0)
		rc = read_names(chain->certs[0], &entry);
	if (rc != 0) {
		free(entry.names);
		return rc;
	}
	read_dates(chain, &entry);
	*ret_entry = entry;
	return 0;
}

/* The pair has passed check_pair: only memory can fail from here. */
static int
add_pair(struct evquic_cred *cred, const struct pair *pair)
{
	struct entry entry;
	struct entry *entries;
	int rc;

	entries = realloc(cred->entries, (cred->count + 1) * sizeof(*entries));
	if (entries == NULL)
		return -ENOMEM;
	cred->entries = entries;
	rc = describe(&pair->chain, &entry);
	if (rc != 0)
		return rc;
	if (gnutls_certificate_set_x509_key(cred->handle, pair->chain.certs,
		(int)pair->chain.count, pair->key) < 0) {
		free(entry.names);
		return -ENOMEM;
	}
	entries[cred->count++] = entry;
	return 0;
}

int
evquic_cred_add_files(struct evquic_cred *cred, const char *cert_file,
    const char *key_file, char *ret_why, size_t whylen)
{
	const struct tls_why why = {ret_why, whylen};
	struct pair pair;
	int rc;

	if (atomic_load_explicit(&cred->refs, memory_order_acquire) != 1)
		return tls_why_set(
		    &why, -EBUSY, "%s: the certificates are in use", cert_file);
	rc = load_pair(cert_file, key_file, &why, &pair);
	if (rc != 0)
		return rc;
	rc = add_pair(cred, &pair);
	if (rc != 0)
		(void)tls_why_set(&why, rc, "%s: %s", cert_file, strerror(-rc));
	done_pair(&pair);
	return rc;
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
	memcpy(ret_pin, cred->entries[index].pin, EVQUIC_PIN_SIZE);
	return 0;
}

int
evquic_cred_expiry(
    const struct evquic_cred *cred, size_t index, int64_t *ret_expiry)
{
	if (index >= cred->count)
		return -ENOENT;
	*ret_expiry = cred->entries[index].expiry;
	return 0;
}

enum evquic_cred_state
evquic_cred_state(const struct evquic_cred *cred, size_t index, int64_t now)
{
	assert(index < cred->count);
	if (now < cred->entries[index].valid_from)
		return EVQUIC_CRED_NOT_YET_VALID;
	if (now > cred->entries[index].expiry)
		return EVQUIC_CRED_EXPIRED;
	return EVQUIC_CRED_VALID;
}

const char *
evquic_cred_name(const struct evquic_cred *cred, size_t index)
{
	if (index >= cred->count)
		return NULL;
	return cred->entries[index].names_len > 0 ? cred->entries[index].names
						  : "";
}

gnutls_certificate_credentials_t
tls_cred_handle(const struct evquic_cred *cred)
{
	return cred->handle;
}

gnutls_priority_t
tls_cred_priority(const struct evquic_cred *cred, enum tls_use use)
{
	return cred->priorities[use];
}

static bool
entry_has(const struct entry *entry, const char *host)
{
	size_t at;

	for (at = 0; at < entry->names_len;
	     at += strlen(entry->names + at) + 1) {
		if (tls_name_matches(
			entry->names + at, strlen(entry->names + at), host))
			return true;
	}
	return false;
}

const char *
tls_cred_name_for(
    const struct evquic_cred *cred, const char *sni, size_t snilen)
{
	char host[TLS_NAME_MAX + 1];
	size_t i;

	if (cred->count == 0)
		return "";
	if (snilen > TLS_NAME_MAX)
		snilen = 0;
	for (i = 0; i < snilen; i++)
		host[i] = tls_lower(sni[i]);
	host[snilen] = '\0';
	for (i = 0; snilen > 0 && i < cred->count; i++) {
		if (entry_has(&cred->entries[i], host))
			return evquic_cred_name(cred, i);
	}
	return evquic_cred_name(cred, 0);
}
