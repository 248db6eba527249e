/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names in certificates, compared by ourselves.  GnuTLS's own check accepts
 * a common name where there is no dNSName, and takes an IP address in
 * a dNSName for an address; RFC 8310 8.1 and RFC 9525 6 allow neither.
 *
 * Everything from a certificate is octets with a length: a zero octet in a
 * name never ends it.
 */
#include "tls/name.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define OID_SUBJECT_ALT_NAME "2.5.29.17"
#define LABEL_MAX 63 /* RFC 1035 2.3.4 */
#define IPV4_SIZE 4
#define IPV6_SIZE 16

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Not isalnum(): a locale must not decide what a host name is. */
static bool
is_name_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

char
tls_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* An IPv6 literal may have a zone, which no certificate can hold. */
static bool
parse_address(const char *text, struct tls_host *host)
{
	char plain[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "%");

	if (inet_pton(AF_INET, text, host->addr) == 1) {
		host->kind = TLS_HOST_IPV4;
		return true;
	}
	if (len >= sizeof(plain))
		return false;
	memcpy(plain, text, len);
	plain[len] = '\0';
	if (inet_pton(AF_INET6, plain, host->addr) != 1)
		return false;
	host->kind = TLS_HOST_IPV6;
	return true;
}

/*
 * Labels of 1 to 63 characters.  A last label of digits alone would be an
 * address to inet_aton() and a name to us: refused.
 */
static bool
is_host_name(const char *name)
{
	bool all_digits = true;
	size_t label = 0;
	const char *p;

	for (p = name; *p != '\0'; p++) {
		if (*p == '.') {
			if (label == 0)
				return false;
			label = 0;
			all_digits = true;
			continue;
		}
		if (!is_name_char(*p) || ++label > LABEL_MAX)
			return false;
		all_digits = all_digits && is_digit(*p);
	}
	return label > 0 && !all_digits;
}

int
tls_host_parse(const char *text, struct tls_host *ret_host)
{
	struct tls_host host = {.kind = TLS_HOST_NONE};
	size_t len = strlen(text);
	size_t i;

	if (parse_address(text, &host)) {
		*ret_host = host;
		return 0;
	}
	if (len > 1 && text[len - 1] == '.')
		len--;
	if (len > TLS_NAME_MAX)
		return -EINVAL;
	for (i = 0; i < len; i++)
		host.name[i] = tls_lower(text[i]);
	if (!is_host_name(host.name))
		return -EINVAL;
	host.kind = TLS_HOST_NAME;
	*ret_host = host;
	return 0;
}

static bool
equals_ignoring_case(const char *name, size_t len, const char *host)
{
	size_t i;

	if (strlen(host) != len)
		return false;
	for (i = 0; i < len; i++) {
		if (tls_lower(name[i]) != host[i])
			return false;
	}
	return true;
}

bool
tls_name_matches(const char *name, size_t len, const char *host)
{
	const char *parent = strchr(host, '.');

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len < 2 || name[0] != '*' || name[1] != '.')
		return len > 0 && equals_ignoring_case(name, len, host);
	/* "*.com" would be good for every shop. */
	if (memchr(name + 2, '.', len - 2) == NULL)
		return false;
	return parent != NULL &&
	       equals_ignoring_case(name + 1, len - 1, parent);
}

int
tls_sans_load(gnutls_x509_crt_t cert, gnutls_subject_alt_names_t *ret_sans)
{
	gnutls_subject_alt_names_t sans;
	gnutls_datum_t der = {0};
	int rc;

	rc = gnutls_x509_crt_get_extension_by_oid2(
	    cert, OID_SUBJECT_ALT_NAME, 0, &der, NULL);
	if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return -ENODATA;
	if (rc != 0)
		return -EBADMSG;
	rc = gnutls_subject_alt_names_init(&sans);
	if (rc != 0) {
		gnutls_free(der.data);
		return -ENOMEM;
	}
	rc = gnutls_x509_ext_import_subject_alt_names(&der, sans, 0);
	gnutls_free(der.data);
	if (rc != 0) {
		gnutls_subject_alt_names_deinit(sans);
		return -EBADMSG;
	}
	*ret_sans = sans;
	return 0;
}

unsigned int
tls_host_addr_size(const struct tls_host *host)
{
	switch (host->kind) {
	case TLS_HOST_IPV4:
		return IPV4_SIZE;
	case TLS_HOST_IPV6:
		return IPV6_SIZE;
	case TLS_HOST_NONE:
	case TLS_HOST_NAME:
		break;
	}
	return 0;
}

static bool
san_is(
    const struct tls_host *host, unsigned int type, const gnutls_datum_t *san)
{
	if (host->kind == TLS_HOST_NONE)
		return false;
	if (host->kind == TLS_HOST_NAME)
		return type == GNUTLS_SAN_DNSNAME &&
		       tls_name_matches(
			   (const char *)san->data, san->size, host->name);
	return type == GNUTLS_SAN_IPADDRESS &&
	       san->size == tls_host_addr_size(host) &&
	       memcmp(san->data, host->addr, san->size) == 0;
}

bool
tls_sans_have(gnutls_subject_alt_names_t sans, const struct tls_host *host)
{
	gnutls_datum_t san;
	unsigned int type;
	unsigned int i;

	for (i = 0; i < TLS_SANS_MAX; i++) {
		if (gnutls_subject_alt_names_get(sans, i, &type, &san, NULL) !=
		    0)
			return false;
		if (san_is(host, type, &san))
			return true;
	}
	return false;
}
