/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EVQUIC_TLS_H
#define EVQUIC_TLS_H

/*
 * The TLS objects that a user of libevquic builds: what a server shows
 * (evquic_cred), what a client demands (evquic_trust), and what a server has
 * seen used that may be used once only (evquic_replay).
 *
 * The first two are built once, then never changed: a reload builds a new
 * object and lets go of the old one.  All are reference-counted with atomic
 * counters, so that any thread may hold, use and release them.
 *
 * No function here logs.  Where an error can have a cause that a human
 * must repair, the function writes one sentence without a newline, naming
 * the file, into ret_why (whylen bytes, always terminated, cut if it does
 * not fit; ret_why may be NULL with whylen 0).  On success ret_why is
 * untouched.
 *
 * SSLKEYLOGFILE: GnuTLS itself appends the secrets of every session to the
 * file named by this environment variable, for TLS 1.3 over QUIC as well;
 * there is nothing to switch on here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define EVQUIC_API __attribute__((visibility("default")))
#else
#define EVQUIC_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A pin as text: 44 characters of base64 and the terminator. */
#define EVQUIC_PIN_SIZE 45

/* Room for any sentence that these functions write. */
#define EVQUIC_WHY_SIZE 512

struct evquic_cred;
struct evquic_trust;

/*
 * A server's certificates.
 */

/*
 * An object without certificates; the caller owns the one reference.
 * NULL when there is no memory or when the system's crypto policy forbids
 * TLS 1.3.
 */
EVQUIC_API struct evquic_cred *evquic_cred_new(void);

/*
 * Adds one certificate chain with its private key, both PEM.  CERT holds
 * the server's certificate and its intermediates, in any order; KEY an
 * unencrypted private key (PKCS #8, PKCS #1 or SEC1); both may be the same
 * file.  The first one added is shown to clients whose SNI is absent or
 * matches none.  Files are read once, here.
 *
 * To be called only before the object is shared.  On failure the object is
 * as it was and stays usable.  A certificate that has expired or is not yet
 * valid is accepted (see evquic_cred_state).
 *
 * 0, or:
 * -ENOENT, -EACCES, -EISDIR, -EIO ... the file cannot be read;
 * -EINVAL        it is not a regular file;
 * -EFBIG         it is larger than a megabyte;
 * -EBADMSG       no certificate or key in it, cut short, or malformed;
 * -EKEYREJECTED  the key is encrypted, or belongs to another certificate;
 * -EBUSY         somebody else holds a reference already;
 * -ENOMEM.
 */
EVQUIC_API int evquic_cred_add_files(struct evquic_cred *cred,
    const char *cert_file, const char *key_file, char *ret_why, size_t whylen);

/* One more reference; returns its argument.  Any thread. */
EVQUIC_API struct evquic_cred *evquic_cred_ref(struct evquic_cred *cred);

/* Gives one reference back; the last one frees.  NULL is fine. */
EVQUIC_API void evquic_cred_unref(struct evquic_cred *cred);

/* The number of certificates added; indices below run from 0 to it. */
EVQUIC_API size_t evquic_cred_count(const struct evquic_cred *cred);

/*
 * The SPKI pin of certificate INDEX: base64 of the SHA-256 of its DER
 * SubjectPublicKeyInfo (RFC 7858 4.2), as clients configure it.  0, or
 * -ENOENT when there is no such certificate.
 */
EVQUIC_API int evquic_cred_pin(const struct evquic_cred *cred, size_t index,
    char ret_pin[EVQUIC_PIN_SIZE]);

/*
 * The second (Unix time) after which certificate INDEX, or an intermediate
 * sent with it, is no longer valid: the earliest of the chain.  0, or
 * -ENOENT when there is no such certificate.
 */
EVQUIC_API int evquic_cred_expiry(
    const struct evquic_cred *cred, size_t index, int64_t *ret_expiry);

enum evquic_cred_state {
	EVQUIC_CRED_VALID,
	EVQUIC_CRED_NOT_YET_VALID,
	EVQUIC_CRED_EXPIRED,
	/* Valid, but it should have been renewed: 14 days are left, or a third
	 * of its life if that is less. */
	EVQUIC_CRED_ENDS_SOON,
};

/*
 * Whether the chain of certificate INDEX is valid at NOW (Unix time, s).  A
 * warning for the operator, never a reason not to serve: clients that pin
 * do not look at dates.  INDEX must be below evquic_cred_count.
 */
EVQUIC_API enum evquic_cred_state evquic_cred_state(
    const struct evquic_cred *cred, size_t index, int64_t now);

/*
 * What a server may send before it knows that the client is where it says:
 * three times the least first datagram (RFC 9000 8.1, 14.1).
 */
#define EVQUIC_FLIGHT_MAX 3600

/*
 * About how many octets of UDP payload a QUIC server sends to show
 * certificate INDEX, which must be below evquic_cred_count: its first
 * flight with the whole chain, in packets.  Beyond EVQUIC_FLIGHT_MAX each
 * handshake takes one round trip more.  An estimate, high by some 100.
 */
EVQUIC_API size_t evquic_cred_flight(
    const struct evquic_cred *cred, size_t index);

/*
 * The first name of certificate INDEX in lower case (first dNSName, else
 * ""), for messages.  Lives as long as the object; NULL when there is no
 * such certificate.
 */
EVQUIC_API const char *evquic_cred_name(
    const struct evquic_cred *cred, size_t index);

/*
 * The dNSName number N of certificate INDEX, in lower case, wildcards as they
 * are.  Lives as long as the object; NULL when there is no such name or
 * certificate.
 */
EVQUIC_API const char *evquic_cred_dns_name(
    const struct evquic_cred *cred, size_t index, size_t n);

/* How many iPAddresses certificate INDEX has; 0 when there is none such. */
EVQUIC_API size_t evquic_cred_addresses(
    const struct evquic_cred *cred, size_t index);

/*
 * Whether certificate INDEX is for HOST, a host name or an IP literal without
 * brackets, to a client that verifies it (RFC 9525 6): one of its dNSNames is
 * the name or a wildcard for it, or one of its iPAddresses the address.
 */
EVQUIC_API bool evquic_cred_is_for(
    const struct evquic_cred *cred, size_t index, const char *host);

/*
 * What a client demands of a server.
 */

/*
 * Opportunistic profile (RFC 8310 5): any server, any certificate, none
 * checked.  Must stand alone, with neither pins nor a CA file.
 */
#define EVQUIC_TRUST_INSECURE 0x1u

/*
 * The pins are all: no chain, no dates, no name.  Without this flag pins
 * come on top of chain and name, and all must match (RFC 8310 6.4).
 */
#define EVQUIC_TRUST_PIN_ONLY 0x2u

struct evquic_trust_options {
	size_t size;		 /* sizeof(struct evquic_trust_options) */
	const char *ca_file;	 /* PEM; NULL: the system's store */
	const char *const *pins; /* as evquic_cred_pin writes them */
	size_t npins;		 /* 0: no pins */
	unsigned int flags;	 /* EVQUIC_TRUST_* */
};

/*
 * Builds the demands.  Everything is copied or read here.  It fails closed:
 * an object that could verify nothing is never made.  A pin matches the
 * key of the server's own certificate only, since other keys of the chain
 * are not proved to be the server's.
 *
 * 0 and the caller owns the one reference in *ret_trust, or:
 * -EINVAL    contradictory options, unknown flags, a malformed pin;
 * -E2BIG     options of a newer library with a member set that is unknown;
 * -ENODATA   the CA file, or the system's store, holds no certificate;
 * -EBADMSG   the CA file is malformed or cut short;
 * -ENOENT, -EACCES, -EISDIR, -EFBIG ... the CA file cannot be read;
 * -ENOMEM.
 */
EVQUIC_API int evquic_trust_new(const struct evquic_trust_options *options,
    char *ret_why, size_t whylen, struct evquic_trust **ret_trust);

/* One more reference; returns its argument.  Any thread. */
EVQUIC_API struct evquic_trust *evquic_trust_ref(struct evquic_trust *trust);

/* Gives one reference back; the last one frees.  NULL is fine. */
EVQUIC_API void evquic_trust_unref(struct evquic_trust *trust);

/*
 * What a server remembers because it may be used once only.
 */

/*
 * A set that all workers share and that lives longer than a service: what
 * was used before a reload must not be new after it.  It holds hashes, and
 * each until its own expiry, never shorter; when it is full, nothing new
 * passes for unused.  Any thread.
 */
struct evquic_replay;

/*
 * A set of at most MAX entries, 16 bytes each, allocated as they come, and at
 * most 64 bytes for each 256 of them at once.  By chance some IDs find no room
 * from some 80 % of MAX on.  The caller owns the one reference.  NULL: no
 * memory, no randomness, or MAX is 0 or beyond 10^12.
 */
EVQUIC_API struct evquic_replay *evquic_replay_new(size_t max);

/* One more reference; returns its argument.  Any thread. */
EVQUIC_API struct evquic_replay *evquic_replay_ref(struct evquic_replay *r);

/* Gives one reference back; the last one frees.  NULL is fine. */
EVQUIC_API void evquic_replay_unref(struct evquic_replay *r);

#ifdef __cplusplus
}
#endif

#endif
