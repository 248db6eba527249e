/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading PEM files.  GnuTLS is content with a file whose last certificate
 * was cut off, and has one error number for most mistakes, so the text is
 * looked at first: the sentence tells the operator what to repair.
 *
 * These files are the operator's, not the network's, but half-written ones
 * are common while a certificate is being renewed.
 */
#include "tls/pem.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "tls/datum.h"

#define PEM_BEGIN "-----BEGIN "
#define PEM_END "-----END "
#define PEM_DASHES "-----"
/* The first octet of DER: a SEQUENCE. */
#define DER_SEQUENCE 0x30

static const char *
find_text(const struct tls_blob *blob, const char *text)
{
	return memmem(blob->data, blob->len, text, strlen(text));
}

static size_t
count_text(const struct tls_blob *blob, const char *text)
{
	const char *p = (const char *)blob->data;
	const char *end = p + blob->len;
	size_t len = strlen(text);
	size_t count = 0;

	for (;;) {
		p = memmem(p, (size_t)(end - p), text, len);
		if (p == NULL)
			return count;
		count++;
		p += len;
	}
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Whether the last line is the beginning of a PEM line, not a whole one. */
static bool
ends_inside_dashes(const struct tls_blob *blob)
{
	const char *text = (const char *)blob->data;
	const size_t dashes = strlen(PEM_DASHES);
	size_t len = blob->len;
	const char *line;

	while (len > 0 && is_space(text[len - 1]))
		len--;
	line = memrchr(text, '\n', len);
	line = line == NULL ? text : line + 1;
	len -= (size_t)(line - text);
	if (len == 0 || line[0] != '-')
		return false;
	return len <= 2 * dashes ||
	       memcmp(line + len - dashes, PEM_DASHES, dashes) != 0;
}

static bool
is_cut_short(const struct tls_blob *blob)
{
	return count_text(blob, PEM_BEGIN) != count_text(blob, PEM_END) ||
	       ends_inside_dashes(blob);
}

static bool
has_certificate(const struct tls_blob *blob)
{
	return find_text(blob, PEM_BEGIN "CERTIFICATE-----") != NULL ||
	       find_text(blob, PEM_BEGIN "X509 CERTIFICATE-----") != NULL;
}

static int
say_no_certificate(
    const char *path, const struct tls_blob *blob, const struct tls_why *why)
{
	if (blob->len == 0)
		return tls_why_set(why, -EBADMSG, "%s: is empty", path);
	if (find_text(blob, "PRIVATE KEY-----") != NULL)
		return tls_why_set(why, -EBADMSG,
		    "%s: holds a private key but no certificate", path);
	if (blob->data[0] == DER_SEQUENCE)
		return tls_why_set(why, -EBADMSG,
		    "%s: holds no PEM certificate; it looks like DER, which "
		    "must be converted",
		    path);
	return tls_why_set(why, -EBADMSG, "%s: holds no PEM certificate", path);
}

static int
say_cut_short(const char *path, const struct tls_why *why)
{
	return tls_why_set(why, -EBADMSG,
	    "%s: is cut short: its last PEM block has no end", path);
}

int
tls_pem_check(
    const char *path, const struct tls_blob *blob, const struct tls_why *why)
{
	if (is_cut_short(blob))
		return say_cut_short(path, why);
	if (!has_certificate(blob))
		return say_no_certificate(path, blob, why);
	return 0;
}

static int
parse_chain(const char *path, const struct tls_blob *blob,
    const struct tls_why *why, struct tls_chain *ret_chain)
{
	const gnutls_datum_t pem = tls_datum(blob->data, blob->len);
	struct tls_chain chain = {0};
	int rc;

	rc = tls_pem_check(path, blob, why);
	if (rc != 0)
		return rc;
	rc = gnutls_x509_crt_list_import2(&chain.certs, &chain.count, &pem,
	    GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_SORT);
	if (rc == GNUTLS_E_MEMORY_ERROR)
		return tls_why_set(why, -ENOMEM, "%s: out of memory", path);
	if (rc < 0)
		return tls_why_set(why, -EBADMSG,
		    "%s: holds a malformed certificate: %s", path,
		    gnutls_strerror(rc));
	*ret_chain = chain;
	return 0;
}

int
tls_chain_load(
    const char *path, const struct tls_why *why, struct tls_chain *ret_chain)
{
	struct tls_blob blob = {0};
	int rc;

	rc = tls_file_read(path, TLS_PEM_FILE_MAX, why, &blob);
	if (rc != 0)
		return rc;
	rc = parse_chain(path, &blob, why, ret_chain);
	tls_blob_done(&blob);
	return rc;
}

void
tls_chain_done(struct tls_chain *chain)
{
	unsigned int i;

	for (i = 0; i < chain->count; i++)
		gnutls_x509_crt_deinit(chain->certs[i]);
	gnutls_free(chain->certs);
	chain->certs = NULL;
	chain->count = 0;
}

/* GnuTLS takes a key whose last line is cut; so might be what is above. */
static int
check_key_text(
    const char *path, const struct tls_blob *blob, const struct tls_why *why)
{
	if (blob->len == 0)
		return tls_why_set(why, -EBADMSG, "%s: is empty", path);
	if (is_cut_short(blob))
		return say_cut_short(path, why);
	if (find_text(blob, "PRIVATE KEY-----") == NULL)
		return tls_why_set(
		    why, -EBADMSG, "%s: holds no PEM private key", path);
	if (find_text(blob, "ENCRYPTED") != NULL)
		return tls_why_set(why, -EKEYREJECTED,
		    "%s: the key is encrypted; store it without a passphrase",
		    path);
	return 0;
}

static int
parse_key(const char *path, const struct tls_blob *blob,
    const struct tls_why *why, gnutls_x509_privkey_t *ret_key)
{
	const gnutls_datum_t pem = tls_datum(blob->data, blob->len);
	gnutls_x509_privkey_t key;
	int rc;

	rc = check_key_text(path, blob, why);
	if (rc != 0)
		return rc;
	if (gnutls_x509_privkey_init(&key) != 0)
		return tls_why_set(why, -ENOMEM, "%s: out of memory", path);
	rc = gnutls_x509_privkey_import2(
	    key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (rc != 0) {
		gnutls_x509_privkey_deinit(key);
		return tls_why_set(why,
		    rc == GNUTLS_E_MEMORY_ERROR ? -ENOMEM : -EBADMSG,
		    "%s: holds a malformed key: %s", path, gnutls_strerror(rc));
	}
	*ret_key = key;
	return 0;
}

int
tls_key_load(const char *path, const struct tls_why *why, mode_t *ret_mode,
    gnutls_x509_privkey_t *ret_key)
{
	struct tls_blob blob = {0};
	int rc;

	rc = tls_file_read(path, TLS_PEM_FILE_MAX, why, &blob);
	if (rc != 0)
		return rc;
	rc = parse_key(path, &blob, why, ret_key);
	if (rc == 0 && ret_mode != NULL)
		*ret_mode = blob.mode;
	tls_blob_done(&blob);
	return rc;
}

int
tls_pin_of(gnutls_x509_crt_t cert, uint8_t ret_pin[TLS_PIN_OCTETS])
{
	uint8_t pin[TLS_PIN_OCTETS];
	size_t len = sizeof(pin);

	/* GnuTLS's key ID is the hash of the whole SubjectPublicKeyInfo. */
	if (gnutls_x509_crt_get_key_id(
		cert, GNUTLS_KEYID_USE_SHA256, pin, &len) != 0 ||
	    len != sizeof(pin))
		return -EBADMSG;
	memcpy(ret_pin, pin, sizeof(pin));
	return 0;
}

int
tls_pin_encode(const uint8_t pin[TLS_PIN_OCTETS], char ret_text[TLS_PIN_TEXT])
{
	const gnutls_datum_t octets = tls_datum(pin, TLS_PIN_OCTETS);
	gnutls_datum_t text = {0};

	if (gnutls_base64_encode2(&octets, &text) != 0)
		return -ENOMEM;
	assert(text.size == TLS_PIN_TEXT - 1);
	memcpy(ret_text, text.data, TLS_PIN_TEXT - 1);
	ret_text[TLS_PIN_TEXT - 1] = '\0';
	gnutls_free(text.data);
	return 0;
}

int
tls_pin_decode(const char *text, uint8_t ret_pin[TLS_PIN_OCTETS])
{
	const gnutls_datum_t given = tls_datum(text, strlen(text));
	gnutls_datum_t octets = {0};
	char again[TLS_PIN_TEXT];
	int rc = -EINVAL;

	if (given.size != TLS_PIN_TEXT - 1 ||
	    gnutls_base64_decode2(&given, &octets) != 0)
		return -EINVAL;
	/* GnuTLS forgives spaces and stray bits; a pin is compared, so not. */
	if (octets.size == TLS_PIN_OCTETS)
		rc = tls_pin_encode(octets.data, again);
	if (rc == 0 && strcmp(again, text) != 0)
		rc = -EINVAL;
	if (rc == 0)
		memcpy(ret_pin, octets.data, TLS_PIN_OCTETS);
	gnutls_free(octets.data);
	return rc;
}
