/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TLS_CERT_H
#define TLS_CERT_H

/* One certificate of a server, with its chain, its key and its facts. */

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tls/evquic_tls.h"
#include "tls/file.h"
#include "tls/name.h"

/* One iPAddress: 4 or 16 octets. */
struct tls_addr {
	uint8_t octets[16];
	uint8_t len;
};

/* Immutable once loaded: any number of handshakes may use it at a time. */
struct tls_cert {
	gnutls_pcert_st *chain; /* owned, as GnuTLS sends it */
	unsigned int chain_len;
	gnutls_privkey_t key; /* owned */
	gnutls_pk_algorithm_t algorithm;
	char *names;		/* dNSNames in lower case, each terminated */
	size_t names_len;	/* all of them, with terminators */
	struct tls_addr *addrs; /* owned */
	size_t naddrs;
	char pin[EVQUIC_PIN_SIZE];
	int64_t valid_from; /* Unix time, s: the latest of the chain */
	int64_t expiry;	    /* the earliest */
	size_t flight;	    /* see evquic_cred_flight */
};

/* How well a certificate answers a name; more is better. */
enum tls_match {
	TLS_MATCH_NONE,
	TLS_MATCH_WILDCARD,
	TLS_MATCH_EXACT,
};

/*
 * Loads the two files and tries the pair.  0 and the caller frees with
 * tls_cert_done; errors and sentences as evquic_cred_add_files has them.
 */
int tls_cert_load(const char *cert_file, const char *key_file,
    const struct tls_why *why, struct tls_cert *ret_cert);

/* Frees what it holds; a half-built or zeroed one too. */
void tls_cert_done(struct tls_cert *cert);

/* How well it answers HOST, a name in lower case. */
enum tls_match tls_cert_match(const struct tls_cert *cert, const char *host);

/* Whether it is for this host as a client that verifies sees it: a name by a
 * dNSName, an address by an iPAddress. */
bool tls_cert_is_for(const struct tls_cert *cert, const struct tls_host *host);

/*
 * Whether the client of SESSION, whose ClientHello was parsed, can verify
 * signatures of its kind of key.
 */
bool tls_cert_is_usable(const struct tls_cert *cert, gnutls_session_t session);

#endif
