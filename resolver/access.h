/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may ask: lists of address prefixes, compiled into one immutable table.
 */
#ifndef QUOLL_RESOLVER_ACCESS_H
#define QUOLL_RESOLVER_ACCESS_H

#include <sys/socket.h>

#include <stddef.h>
#include <stdint.h>

/*
 * Ordered by severity. DENY: refused with REFUSED and Extended DNS Error 18
 * (RFC 8914 4.19). TRUSTED: allowed, and free of what limits one client.
 */
enum access_verdict {
	ACCESS_DENY,
	ACCESS_ALLOW,
	ACCESS_TRUSTED,
};

#define ACCESS_KEY_LEN 17

/*
 * One prefix: a family octet (4 or 6), then the address; `bits` counts from the
 * family octet on, so that 8 is "all of that family".
 */
struct access_prefix {
	uint8_t key[ACCESS_KEY_LEN];
	uint8_t bits;
	enum access_verdict verdict;
};

struct access;

/*
 * Reads `192.0.2.0/24`, `2001:db8::/32`, or an address alone. An IPv4 address
 * in IPv6 form (::ffff:192.0.2.1) becomes an IPv4 one. The verdict is set to
 * `verdict`. Returns 0; -EINVAL if it is no prefix, -ERANGE if its length
 * is too large for the address, -EDOM if bits are set beyond the length.
 */
int access_prefix_parse(const char *text, enum access_verdict verdict,
    struct access_prefix *ret_prefix);

/*
 * Writes it as an IPv6 prefix of *ret_bits bits, an IPv4 one in IPv6 form
 * (::ffff:192.0.2.0/120).
 */
void access_prefix_to_v6(const struct access_prefix *prefix,
    uint8_t ret_addr[ACCESS_KEY_LEN - 1], uint8_t *ret_bits);

/*
 * Compiles `count` prefixes, which stay the caller's. Where several match an
 * address, the longest decides; among equals DENY, then TRUSTED, then ALLOW.
 * What none matches is denied. Returns 0 or -ENOMEM; access_free frees.
 */
int access_new(const struct access_prefix *prefixes, size_t count,
    struct access **ret_access);

/* NULL is fine. */
void access_free(struct access *access);

/*
 * What holds for this address; the port does not matter. IPv4 in IPv6 form
 * counts as IPv4. Other families are denied. Any thread; no allocation; about
 * log2(number of prefixes) comparisons of 17 octets.
 */
enum access_verdict access_check(
    const struct access *access, const struct sockaddr *sa);

#endif
