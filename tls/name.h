/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TLS_NAME_H
#define TLS_NAME_H

/*
 * Names: who a server must be, and whom a certificate names.  Only
 * subjectAltName is ever looked at, never a common name (RFC 8310 8.1).
 */

#include <gnutls/gnutls.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest name in text form, RFC 1035 2.3.4, without the last dot. */
#define TLS_NAME_MAX 253

/* How many names of a certificate are looked at: the work is bounded. */
#define TLS_SANS_MAX 4096

enum tls_host_kind {
	TLS_HOST_NONE,
	TLS_HOST_NAME,
	TLS_HOST_IPV4,
	TLS_HOST_IPV6,
};

/* Who a server must be, in the form that certificates are compared with. */
struct tls_host {
	enum tls_host_kind kind;
	uint8_t addr[16];	     /* the first 4 octets for IPv4 */
	char name[TLS_NAME_MAX + 1]; /* lower case, no trailing dot */
};

/*
 * Reads TEXT, a host name (A-labels; one trailing dot allowed) or an IP
 * literal (no brackets; a zone such as %eth0 is dropped).  0, or -EINVAL
 * for what is neither.
 */
int tls_host_parse(const char *text, struct tls_host *ret_host);

/* How many octets of addr count: 4, 16, or 0 when HOST is no address. */
unsigned int tls_host_addr_size(const struct tls_host *host);

/* ASCII only, whatever the locale. */
char tls_lower(char c);

/*
 * Whether a certificate that holds NAME (LEN octets, not terminated) as a
 * dNSName is good for HOST, a name in lower case: equal, ignoring case, or
 * a wildcard as the whole first label, for exactly one label, above at least
 * two more (RFC 9525 6.3).
 */
bool tls_name_matches(const char *name, size_t len, const char *host);

/*
 * The subjectAltName of CERT.  0 and the caller frees *ret_sans with
 * gnutls_subject_alt_names_deinit; -ENODATA when it has none; -EBADMSG
 * when it is malformed; -ENOMEM.
 */
int tls_sans_load(gnutls_x509_crt_t cert, gnutls_subject_alt_names_t *ret_sans);

/*
 * Whether SANS names HOST: a host name among the dNSNames only, an IP
 * literal among the iPAddresses only.  Looks at the first TLS_SANS_MAX.
 */
bool tls_sans_have(
    gnutls_subject_alt_names_t sans, const struct tls_host *host);

#endif
